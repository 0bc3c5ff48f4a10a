//! What an application does with a connection: handshake, read, write, shut down, carry bytes.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::drive::busy;
use super::told::Reads;
use super::transport::{Filled, Flushed, Share, Transport};
use super::{Connection, Outcome, Read, Want};
use crate::error::{CallCause, Error, Kind};
use crate::io::{Interest, Woken, wait};
use crate::tls::{Received, Session};

/// The most input that may wait to be processed, over memory and while a shutdown reads on.
pub(super) const INPUT_LIMIT: usize = 64 * 1024;

impl Connection {
    /// Does everything that must happen before the first byte: dials, does the handshake, asks.
    ///
    /// # Errors
    ///
    /// The error that ended the connection.
    pub fn handshake(&self) -> Result<Outcome<()>, Error> {
        self.enter()?;
        self.drive()
    }

    /// Reads into `buffer`, after the handshake.
    ///
    /// # Errors
    ///
    /// [`Kind::Truncated`] if the stream ended without the peer's close_notify alert;
    /// [`Kind::Timeout`], which leaves the connection as it was; the error that ended it.
    pub fn read(&self, buffer: &mut [u8]) -> Result<Outcome<Read>, Error> {
        self.check_process()?;
        if !self.blocking {
            self.go_on_closing();
        }
        if let Outcome::Not(want) = self.handshake()? {
            return Ok(Outcome::Not(want));
        }
        let _reading = self.reading.try_lock().ok_or_else(|| busy("reading"))?;
        // Another call that reads from the socket does not wait with it.
        let mut incoming = self.incoming.lock();
        let deadline = Self::deadline(self.snapshot.settings().io_timeout);
        let mut share = Share::new();
        loop {
            self.check_aborted()?;
            let received = self.lasting(self.with_session(|session| session.read(buffer)));
            match received? {
                Received::Bytes(count) => {
                    self.told(|told| told.wants.read = Reads::Served);
                    return Ok(Outcome::Done(Read::Bytes(count)));
                }
                Received::Closed => {
                    self.told(|told| told.wants.read = Reads::Over);
                    return Ok(Outcome::Done(Read::End));
                }
                Received::NeedsInput => {}
            }
            // Reading may have produced output, such as the reply to a KeyUpdate. If it cannot be
            // sent any more, what came before is still read.
            let flushed = self.flush();
            if self.lasting(self.fill(&mut incoming, &mut share))? == Filled::Some {
                continue;
            }
            let flushed = self.lasting(flushed)?;
            if !self.blocking {
                self.told(|told| told.wants.read = Reads::Waits);
                return Ok(Outcome::Not(Want::Read));
            }
            if share.is_used_up() && deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(self.waited_too_long("to come"));
            }
            let writable = flushed == Flushed::Some;
            self.wait_on_socket(Interest { writable, ..Interest::READ }, deadline, "to come")?;
            share = Share::new();
        }
    }

    /// Writes `bytes`, after the handshake: all of them on a blocking connection, otherwise as many
    /// as there is room for; returns how many.
    ///
    /// # Errors
    ///
    /// Those of [`Self::write_counting`], which also tells how many bytes were taken before.
    pub fn write(&self, bytes: &[u8]) -> Result<Outcome<usize>, Error> {
        let mut taken = 0;
        Ok(match self.write_counting(bytes, Some(&mut taken))? {
            Outcome::Done(()) => Outcome::Done(taken),
            Outcome::Not(want) => Outcome::Not(want),
        })
    }

    /// Writes as [`Self::write`] does, and sets `taken` to the number of bytes that were taken,
    /// however the call ends. What was taken is sent, by later calls if there is no room now: who
    /// goes on behind it neither repeats nor loses a byte. Without `taken` a non-blocking call could
    /// not tell how much of it that was, and is refused.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] if a non-blocking call has no `taken`; [`Kind::State`] after [`Self::shutdown`]; [`Kind::Timeout`] if not everything could be
    /// taken in time, which leaves the connection as it was; the error that ended the connection.
    pub fn write_counting(
        &self,
        bytes: &[u8],
        taken: Option<&mut usize>,
    ) -> Result<Outcome<()>, Error> {
        if taken.is_none() && !self.blocking {
            let message = "n is NULL, and a non-blocking write may take less than all";
            return Err(Error::new(Kind::Invalid, message));
        }
        let mut unwatched = 0;
        let taken = taken.unwrap_or(&mut unwatched);
        *taken = 0;
        if let Outcome::Not(want) = self.handshake()? {
            return Ok(Outcome::Not(want));
        }
        let _writing = self.writing.try_lock().ok_or_else(|| busy("writing"))?;
        let deadline = Self::deadline(self.snapshot.settings().io_timeout);
        loop {
            if !self.flush_all(deadline)? {
                return Ok(Outcome::Not(Want::Write));
            }
            let rest = bytes.get(*taken..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Outcome::Done(()));
            }
            let count = self.with_session(|session| session.write(rest));
            // The reader may have found out meanwhile why there is no writing any more.
            let why = |error| self.told(|told| told.failed.clone()).unwrap_or(error);
            *taken = taken.saturating_add(count.map_err(why)?);
            if !self.blocking {
                // What there is no room for is sent by the next call of any kind.
                self.flush_for_writer()?;
                self.told(|told| told.wants.write = false);
                return Ok(Outcome::Done(()));
            }
        }
    }

    /// Tells the peer that we send no more; reading goes on. Before the handshake is complete
    /// nothing is sent.
    ///
    /// A connection that was dialled also ends its direction of the stream, and is done when the
    /// peer's system has acknowledged everything or the peer has ended its direction; see
    /// [`Self::with_unsent`]. If it does not block, it has as long as a blocking one from its first
    /// call on.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] before the handshake is complete; [`Kind::Timeout`], which leaves the
    /// connection as it was; [`Kind::Io`] if the connection broke before the peer had everything;
    /// the error that ended the connection.
    pub fn shutdown(&self) -> Result<Outcome<()>, Error> {
        self.enter()?;
        if !self.open.load(Ordering::Acquire) {
            return Err(Error::new(
                Kind::State,
                format!(
                    "the handshake with {} is not complete, so there is nothing to shut down",
                    self.whom()
                ),
            )
            .because(&CallCause::Incomplete));
        }
        let _writing = self.writing.try_lock().ok_or_else(|| busy("writing"))?;
        self.with_session(|session| {
            session.close();
            Ok(())
        })?;
        let deadline = self.begin_closing();
        if self.flush_all(deadline)? {
            return self.wait_until_taken(deadline);
        }
        self.check_closing(deadline)?;
        Ok(Outcome::Not(Want::Write))
    }

    /// Takes bytes that the caller received for a connection over memory; returns how many it took.
    /// No bytes mean the end of the stream. While a question is open, and while enough is waiting
    /// to be read, fewer are taken than were given.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] if the connection is not over memory; the error that ended it.
    pub fn memory_input(&self, bytes: &[u8]) -> Result<usize, Error> {
        self.enter()?;
        self.check_memory()?;
        self.begin_in_memory()?;
        self.with_session(|session| {
            if bytes.is_empty() {
                session.end();
                return Ok(0);
            }
            let room = INPUT_LIMIT.saturating_sub(session.buffered());
            let part = bytes.get(..bytes.len().min(room)).unwrap_or(bytes);
            session.feed(part);
            Ok(part.len())
        })
    }

    /// Gives the caller bytes to send for a connection over memory; returns how many. After a
    /// failure there may be an alert to send.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] if the connection is not over memory; [`Kind::Forked`].
    pub fn memory_output(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.check_process()?;
        self.check_memory()?;
        if self.told(|told| told.failed.is_none()) {
            self.enter()?;
            self.begin_in_memory()?;
            self.flush()?;
        }
        let mut outgoing = self.outgoing.lock();
        let waiting = outgoing.waiting();
        let count = waiting.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(waiting) {
            *to = *from;
        }
        outgoing.advance(count);
        Ok(count)
    }

    fn check_memory(&self) -> Result<(), Error> {
        match *self.transport.lock() {
            Transport::Memory => Ok(()),
            Transport::None | Transport::Own(_) | Transport::Given(_) => Err(Error::new(
                Kind::State,
                "this connection is not over memory: it carries its bytes itself",
            )
            .because(&CallCause::NotOverMemory)),
        }
    }

    /// Sends all pending output; returns whether everything was sent: a non-blocking connection
    /// does not wait for room.
    fn flush_all(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        self.check_aborted()?;
        while self.flush_for_writer()? == Flushed::Some {
            if !self.blocking {
                self.told(|told| {
                    told.wants.write = true;
                    told.wants.turn_from_reading();
                });
                return Ok(false);
            }
            let interest = Interest::WRITE;
            self.wait_on_socket(interest, deadline, "to be taken")?;
        }
        self.told(|told| told.wants.write = false);
        Ok(true)
    }

    /// Sends pending output. A peer that is gone may have said why, such as that it refused our
    /// certificate; and what it sent can still be read.
    fn flush_for_writer(&self) -> Result<Flushed, Error> {
        let broke = match self.flush() {
            Err(error) if error.kind() == Kind::Io => error,
            other => return self.lasting(other),
        };
        let Some(mut incoming) = self.incoming.try_lock() else { return Err(broke) };
        let mut share = Share::new();
        loop {
            match self.with_session(Session::look) {
                // It left without an alert, and there is nothing more to read.
                Err(told) if told.kind() == Kind::Truncated => return self.lasting(Err(broke)),
                Err(told) => return self.lasting(Err(told)),
                Ok(()) => {}
            }
            // What it said behind the first plaintext is told to whoever reads that far.
            let is_enough =
                |session: &mut Session| Ok(session.has_plaintext() || session.has_ended());
            let goes_on = !self.with_session(is_enough)?
                && self.fill(&mut incoming, &mut share).is_ok_and(|filled| filled == Filled::Some);
            if !goes_on {
                return Err(broke);
            }
        }
    }

    /// Ends the connection with an error, unless the error is temporary.
    pub(super) fn lasting<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome
            && !matches!(error.kind(), Kind::State | Kind::Busy)
        {
            self.end_with(error);
            // This may send our alert; the error that counts is the first one.
            let _ = self.flush();
        }
        outcome
    }

    fn wait_on_socket(
        &self,
        interest: Interest,
        deadline: Option<Instant>,
        what: &str,
    ) -> Result<(), Error> {
        let wake = self.wake()?;
        // The flag is read after the wake exists, so that no abort gets lost in between.
        self.check_aborted()?;
        let transport = self.transport.lock().clone();
        let Some(socket) = transport.socket() else {
            return Err(Error::new(Kind::Internal, "a connection over memory was about to wait"));
        };
        match wait(&[(socket, interest)], Some(&wake), deadline)? {
            Woken::Late => Err(self.waited_too_long(what)),
            Woken::Signalled => self.hush(&wake),
            Woken::Ready => Ok(()),
        }
    }

    fn waited_too_long(&self, what: &str) -> Error {
        let message =
            format!("timed out waiting for bytes {what} on the connection to {}", self.whom());
        Error::new(Kind::Timeout, message).because(&CallCause::SlowPeer)
    }
}
