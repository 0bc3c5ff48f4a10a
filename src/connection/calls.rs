//! What an application does with a connection: handshake, read, write, shut down, carry bytes.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::drive::busy;
use super::transport::{Filled, Flushed, Transport};
use super::{Connection, Outcome, Read, Want};
use crate::error::{Error, Kind};
use crate::io::{Interest, Woken, wait};
use crate::tls::{Received, Session};

/// How much of what the caller carries may wait to be looked at.
const INPUT_LIMIT: usize = 64 * 1024;

impl Connection {
    /// Does everything that must be done before the first byte: dials, shakes hands, asks.
    ///
    /// # Errors
    ///
    /// Whatever ended the connection.
    pub fn handshake(&self) -> Result<Outcome<()>, Error> {
        self.enter()?;
        self.drive()
    }

    /// Reads into `buffer`, after the handshake.
    ///
    /// # Errors
    ///
    /// [`Kind::Truncated`] where the stream ended without the peer's closing alert;
    /// [`Kind::Timeout`], which leaves the connection as it was; whatever ended it.
    pub fn read(&self, buffer: &mut [u8]) -> Result<Outcome<Read>, Error> {
        if let Outcome::Not(want) = self.handshake()? {
            return Ok(Outcome::Not(want));
        }
        let mut incoming = self.reading.try_lock().ok_or_else(|| busy("reading"))?;
        let deadline = Self::deadline(self.snapshot.settings().io_timeout);
        loop {
            self.check_aborted()?;
            let received = self.lasting(self.with_session(|session| session.read(buffer)));
            match received? {
                Received::Bytes(count) => {
                    self.told(|told| told.wants.read = None);
                    return Ok(Outcome::Done(Read::Bytes(count)));
                }
                Received::Closed => {
                    self.told(|told| told.wants.read = None);
                    return Ok(Outcome::Done(Read::End));
                }
                Received::NeedsInput => {}
            }
            // Reading may have made an answer, such as that to a KeyUpdate.
            let flushed = self.lasting(self.flush())?;
            if self.lasting(self.fill(&mut incoming))? == Filled::Some {
                continue;
            }
            if !self.blocking {
                self.told(|told| told.wants.read = Some(Want::Read));
                return Ok(Outcome::Not(Want::Read));
            }
            let writable = flushed == Flushed::Some;
            self.wait_on_socket(Interest { writable, ..Interest::READ }, deadline, "to come")?;
        }
    }

    /// Writes `bytes`, after the handshake: all of them where the connection blocks, else as
    /// many as there is room for; how many they were.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] after [`Self::shutdown`]; [`Kind::Timeout`] where nothing, or not all,
    /// could be sent in time; whatever ended the connection.
    pub fn write(&self, bytes: &[u8]) -> Result<Outcome<usize>, Error> {
        if let Outcome::Not(want) = self.handshake()? {
            return Ok(Outcome::Not(want));
        }
        let _writing = self.writing.try_lock().ok_or_else(|| busy("writing"))?;
        let deadline = Self::deadline(self.snapshot.settings().io_timeout);
        let mut written: usize = 0;
        loop {
            if !self.flush_all(deadline)? {
                return Ok(Outcome::Not(Want::Write));
            }
            let rest = bytes.get(written..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Outcome::Done(written));
            }
            let count = self.with_session(|session| session.write(rest))?;
            written = written.saturating_add(count);
            if !self.blocking {
                // What there is no room for leaves with the next call of any kind.
                self.flush_for_writer()?;
                self.told(|told| told.wants.write = None);
                return Ok(Outcome::Done(written));
            }
        }
    }

    /// Says that we send no more; reading goes on. Before the handshake is complete nothing
    /// is said.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] before the handshake is complete; whatever ended the connection.
    pub fn shutdown(&self) -> Result<Outcome<()>, Error> {
        self.enter()?;
        if !self.open.load(Ordering::Acquire) {
            return Err(Error::new(
                Kind::State,
                format!(
                    "the handshake with {} is not complete, so there is nothing to shut down",
                    self.whom()
                ),
            ));
        }
        let _writing = self.writing.try_lock().ok_or_else(|| busy("writing"))?;
        self.with_session(|session| {
            session.close();
            Ok(())
        })?;
        let deadline = Self::deadline(self.snapshot.settings().io_timeout);
        let all = self.flush_all(deadline)?;
        Ok(if all { Outcome::Done(()) } else { Outcome::Not(Want::Write) })
    }

    /// Takes bytes that the caller received for a connection over memory; how many were taken.
    /// No bytes at all are the end of the stream. While a question is open, and while enough
    /// waits to be read, fewer are taken than were given.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] where the connection is not over memory; whatever ended it.
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

    /// Gives the caller bytes to send for a connection over memory; how many there were.
    /// After a failure there may be an alert to send.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] where the connection is not over memory; [`Kind::Forked`].
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
            Transport::None | Transport::Own(_) | Transport::Given(_) => {
                Err(Error::new(Kind::State, "this connection carries its bytes itself"))
            }
        }
    }

    /// Sends all that waits; whether it did: a connection that does not block waits for no room.
    fn flush_all(&self, deadline: Option<Instant>) -> Result<bool, Error> {
        self.check_aborted()?;
        while self.flush_for_writer()? == Flushed::Some {
            if !self.blocking {
                self.told(|told| told.wants.write = Some(Want::Write));
                return Ok(false);
            }
            let interest = Interest::WRITE;
            self.wait_on_socket(interest, deadline, "to be taken")?;
        }
        self.told(|told| told.wants.write = None);
        Ok(true)
    }

    /// Sends what waits. Where the peer is gone it may have said why before it went, such as
    /// that it refused our certificate; and what it sent may still be read.
    fn flush_for_writer(&self) -> Result<Flushed, Error> {
        let broke = match self.flush() {
            Err(error) if error.kind() == Kind::Io => error,
            other => return self.lasting(other),
        };
        let Some(mut incoming) = self.reading.try_lock() else { return Err(broke) };
        while self.with_session(|session| Ok(!session.has_ended())).unwrap_or(false)
            && self.fill(&mut incoming).is_ok_and(|filled| filled == Filled::Some)
        {}
        match self.with_session(Session::look) {
            // It went without a word, and there is nothing left to read.
            Err(told) if told.kind() == Kind::Truncated => self.lasting(Err(broke)),
            Err(told) => self.lasting(Err(told)),
            Ok(()) => Err(broke),
        }
    }

    /// Ends the connection with a failure, unless it is one that passes.
    fn lasting<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome
            && !matches!(error.kind(), Kind::State | Kind::Busy)
        {
            self.end_with(error);
            // An alert of ours may be on its way; the failure that counts is the first one.
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
        // The flag is looked at after the wake exists, so that no abort is lost between.
        self.check_aborted()?;
        let transport = self.transport.lock().clone();
        let Some(socket) = transport.socket() else {
            return Err(Error::new(Kind::Internal, "a connection over memory was about to wait"));
        };
        match wait(&[(socket, interest)], Some(&wake), deadline)? {
            Woken::Late => {
                let message = format!(
                    "waited too long for bytes {what} at the connection to {}",
                    self.whom()
                );
                Err(Error::new(Kind::Timeout, message))
            }
            Woken::Signalled => self.hush(&wake),
            Woken::Ready => Ok(()),
        }
    }
}
