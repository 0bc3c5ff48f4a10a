//! How bytes pass between a connection's transport and its session.

use super::Connection;
use super::transport::{Filled, Flushed, Share, Transport};
use crate::error::{Error, Kind, NetworkCause};
use crate::io::{self, Received, Sent};
use crate::tls::Certified;

/// How much is read from a socket at a time: one record with overhead, and some more.
const CHUNK: usize = 32 * 1024;
/// The most output over memory that may wait to be taken before writes have to wait.
const MEMORY_LIMIT: usize = 256 * 1024;

impl Connection {
    /// Sends pending output, as far as there is room.
    pub(super) fn flush(&self) -> Result<Flushed, Error> {
        let transport = self.transport.lock().clone();
        let mut outgoing = self.outgoing.lock();
        if transport.socket().is_none() {
            // The caller takes it at any time, so all of it counts as sent.
            if let Some(session) = self.session.lock().as_mut() {
                outgoing.take_from(session);
            }
            let room = outgoing.waiting().len() < MEMORY_LIMIT;
            return Ok(if room { Flushed::All } else { Flushed::Some });
        }
        loop {
            if outgoing.waiting().is_empty()
                && let Some(session) = self.session.lock().as_mut()
            {
                outgoing.clear();
                outgoing.take_from(session);
            }
            let waiting = outgoing.waiting();
            let Some(socket) = transport.socket() else { return Ok(Flushed::All) };
            if waiting.is_empty() {
                return Ok(Flushed::All);
            }
            match io::send(socket, waiting)? {
                Sent::Bytes(count) => outgoing.advance(count),
                Sent::NotYet => return Ok(Flushed::Some),
                Sent::Gone(words) => return Err(self.gone(&words)),
            }
        }
    }

    /// Reads bytes from the socket into the session, out of the call's `share`. `buffer` is kept by
    /// the caller; it comes back empty if nothing arrived.
    pub(super) fn fill(&self, buffer: &mut Vec<u8>, share: &mut Share) -> Result<Filled, Error> {
        let transport = self.transport.lock().clone();
        let Some(socket) = transport.socket().filter(|_| !share.is_used_up()) else {
            return Ok(Filled::Nothing);
        };
        buffer.resize(CHUNK, 0);
        let received = io::receive(socket, buffer);
        let outcome = match received? {
            Received::Bytes(count) => {
                share.take(count);
                if let Some(session) = self.session.lock().as_mut() {
                    session.feed(buffer.get(..count).unwrap_or_default());
                }
                return Ok(Filled::Some);
            }
            Received::End => {
                if let Some(session) = self.session.lock().as_mut() {
                    session.end();
                }
                Ok(Filled::Some)
            }
            Received::NotYet => Ok(Filled::Nothing),
            Received::Reset(words) => Err(self.gone(&words)),
        };
        // An idle connection keeps no buffer.
        *buffer = Vec::new();
        outcome
    }

    /// The error for a connection that is gone, with the system's words.
    pub(super) fn gone(&self, words: &str) -> Error {
        let error =
            Error::new(Kind::Io, format!("the connection to {} broke: {words}", self.whom()));
        let asked = self.with_session(|session| {
            Ok(session.certified() != Certified::NotAsked && !session.peer_went_on())
        });
        if self.with_session(|session| Ok(session.has_lost_hello())).unwrap_or(false) {
            return error.because(&NetworkCause::LostHello);
        }
        if asked.unwrap_or(false) {
            return error.because(&NetworkCause::BrokeAfterRequest);
        }
        error.because(&NetworkCause::Broke)
    }

    /// Whether there is something left to send.
    pub(super) fn has_output(&self) -> bool {
        !self.outgoing.lock().waiting().is_empty()
    }

    /// Whether a write over memory would take something.
    pub(super) fn has_room_in_memory(&self) -> bool {
        matches!(*self.transport.lock(), Transport::Memory)
            && self.outgoing.lock().waiting().len() < MEMORY_LIMIT
    }
}
