//! The end of a connection that we dialled: what was written arrives before the socket is closed.
//!
//! A socket that is closed while bytes lie unread in it, or to which some come later, is reset, and
//! what the system had not sent by then is lost. A server's session tickets are such bytes. So a
//! shutdown ends our direction of the stream and reads on, into the session, until the peer's
//! system has acknowledged everything or the peer has ended its direction, after which nothing can
//! come that would reset the socket. What is read is kept for the application: once there is much
//! of it, nothing more is read until the application does.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use super::calls::INPUT_LIMIT;
use super::closing::{Closing, State};
use super::transport::{Filled, Share, Transport};
use super::{Connection, Outcome, Want};
use crate::error::{CallCause, Error, Kind};
use crate::io::{Interest, Woken, end_sending, is_over, take_failure, wait};
use crate::tls::Session;

/// Asks the system how many of the bytes that were sent on a socket the peer's system has not
/// acknowledged; the end of our direction counts as one. `None`: the system cannot tell.
pub type Unsent = fn(BorrowedFd<'_>) -> Option<usize>;

/// The result of reading on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadOn {
    /// Nothing more has come yet.
    Nothing,
    /// Enough has come, until the application reads.
    Full,
    /// Another thread reads.
    Elsewhere,
    /// The peer has ended its direction.
    Ended,
}

/// The result of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The peer has everything, or nothing can keep it from coming.
    Taken,
    /// It has not.
    Waits { reads_on: bool },
}

impl Connection {
    /// Begins a shutdown, or goes on with it; when this call is late.
    pub(super) fn begin_closing(&self) -> Option<Instant> {
        let limit = Self::deadline(self.snapshot.settings().io_timeout);
        if self.own_socket().is_none() {
            return limit;
        }
        let until =
            self.told(|told| told.closing.get_or_insert_with(|| Closing::begin(limit)).until);
        if self.blocking { limit } else { until }
    }

    /// Waits until the peer has taken what was sent, on a connection that we dialled. A connection
    /// that does not block looks once.
    pub(super) fn wait_until_taken(&self, deadline: Option<Instant>) -> Result<Outcome<()>, Error> {
        let Some(socket) = self.own_socket() else { return Ok(Outcome::Done(())) };
        loop {
            self.check_aborted()?;
            self.told(|told| told.wants.end = false);
            if self.look_at_queue(&socket, false)? {
                return Ok(Outcome::Done(()));
            }
            self.check_closing(deadline)?;
            if !self.blocking {
                self.told(|told| {
                    told.wants.end = true;
                    told.wants.turn_from_reading();
                });
                return Ok(Outcome::Not(Want::Read));
            }
            let closing = self.told(|told| told.closing.clone());
            let next = closing.as_ref().and_then(Closing::next);
            let readable = closing.as_ref().is_some_and(Closing::reads_on);
            let interest = Interest { readable, ..Interest::default() };
            let until = [deadline, next].into_iter().flatten().min();
            let wake = self.wake()?;
            // The flag is read after the wake exists, so that no abort gets lost in between.
            self.check_aborted()?;
            if wait(&[(socket.as_fd(), interest)], Some(&wake), until)? == Woken::Signalled {
                self.hush(&wake)?;
            }
        }
    }

    /// The error for a shutdown that is late. The next call has as much time again.
    pub(super) fn check_closing(&self, deadline: Option<Instant>) -> Result<(), Error> {
        if deadline.is_none_or(|deadline| deadline > Instant::now()) {
            return Ok(());
        }
        let limit = Self::deadline(self.snapshot.settings().io_timeout);
        self.told(|told| {
            told.closing.iter_mut().for_each(|closing| closing.until = limit);
        });
        let whom = self.whom();
        let message = format!("timed out waiting for {whom} to take what was written to it");
        let error = Error::new(Kind::Timeout, message);
        let is_full = self.with_session(|session| Ok(session.buffered() >= INPUT_LIMIT));
        Err(if is_full.unwrap_or(false) {
            error.because(&CallCause::ReadOn)
        } else {
            error.because(&CallCause::SlowPeer)
        })
    }

    /// A read goes on with a shutdown that was begun: nobody may call that one again. What there is
    /// to tell is told by the shutdown, and by polling.
    pub(super) fn go_on_closing(&self) {
        let waits = self.told(|told| {
            let state = told.closing.as_ref().map(|closing| &closing.state);
            matches!(state, Some(State::Waiting { .. }))
        });
        if let Some(socket) = self.own_socket().filter(|_| waits) {
            let _ = self.look_at_queue(&socket, true);
        }
    }

    fn own_socket(&self) -> Option<Arc<OwnedFd>> {
        match &*self.transport.lock() {
            Transport::Own(socket) => Some(Arc::clone(socket)),
            Transport::Given(_) | Transport::Memory | Transport::None => None,
        }
    }

    /// Whether the peer has taken everything; remembers it, or when to look again.
    fn look_at_queue(&self, socket: &OwnedFd, is_news: bool) -> Result<bool, Error> {
        let state = self.told(|told| told.closing.as_ref().map(|closing| closing.state.clone()));
        match state {
            Some(State::Over { result, .. }) => return result.map(|()| true),
            Some(State::Waiting { .. }) => {}
            Some(State::Sending) | None => end_sending(socket.as_fd()),
        }
        let looked = self.look(socket);
        let now = Instant::now();
        self.told(|told| {
            let Some(closing) = &mut told.closing else { return };
            match &looked {
                Ok(Look::Waits { reads_on }) => closing.look_again(now, *reads_on),
                Ok(Look::Taken) => closing.state = State::Over { result: Ok(()), is_news },
                Err(error) => {
                    closing.state = State::Over { result: Err(error.clone()), is_news };
                }
            }
        });
        looked.map(|looked| looked == Look::Taken)
    }

    fn look(&self, socket: &OwnedFd) -> Result<Look, Error> {
        // A thread that reads may have found out how the connection ended.
        if let Some(error) = self.told(|told| told.failed.clone()) {
            return Err(error);
        }
        let read_on = self.read_on()?;
        if read_on == ReadOn::Ended {
            return Ok(Look::Taken);
        }
        let waits = Look::Waits { reads_on: read_on == ReadOn::Nothing };
        match self.unsent.and_then(|unsent| unsent(socket.as_fd())) {
            None => Ok(Look::Taken),
            Some(1..) => Ok(waits),
            Some(0) if !is_over(socket.as_fd()) => Ok(Look::Taken),
            // Nothing is unsent after a reset, either. Whoever reads next finds out.
            Some(0) if read_on != ReadOn::Full => Ok(waits),
            Some(0) => match take_failure(socket.as_fd()) {
                Some(words) => Err(self.gone(&words)),
                None => Ok(Look::Taken),
            },
        }
    }

    /// Reads into the session, without taking any plaintext from it. What the peer says behind the
    /// plaintext is told to whoever reads that far.
    fn read_on(&self) -> Result<ReadOn, Error> {
        let Some(mut incoming) = self.incoming.try_lock() else { return Ok(ReadOn::Elsewhere) };
        let mut share = Share::new();
        loop {
            self.lasting(self.with_session(Session::look_ahead))?;
            let (buffered, has_ended, has_input) = self.with_session(|session| {
                Ok((session.buffered(), session.has_ended(), session.has_input()))
            })?;
            if has_ended {
                return Ok(ReadOn::Ended);
            }
            if buffered >= INPUT_LIMIT {
                return Ok(ReadOn::Full);
            }
            match self.fill(&mut incoming, &mut share) {
                Ok(Filled::Some) => {}
                Ok(Filled::Nothing) => return Ok(ReadOn::Nothing),
                // What came before can still be read.
                Err(error) if has_input => return Err(error),
                Err(error) => return self.lasting(Err(error)),
            }
        }
    }
}
