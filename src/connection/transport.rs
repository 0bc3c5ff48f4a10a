//! What carries a connection's bytes, and the bytes that wait to be sent.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::Connection;
use crate::error::{Error, Kind, NetworkCause};
use crate::io::{self, Received, Sent, hung_up, peer_address};
use crate::tls::Certified;

/// How much is read from a socket at a time: one record with overhead, and some more.
const CHUNK: usize = 32 * 1024;
/// The most output over memory that may wait to be taken before writes have to wait.
const MEMORY_LIMIT: usize = 256 * 1024;
/// The most that one call reads without result.
const SHARE: usize = 256 * 1024;

/// How much one call may still read before it must wait, however much a peer sends.
#[derive(Debug)]
pub(super) struct Share(usize);

impl Share {
    /// The share of one call, or of a blocking one between two waits.
    pub(super) const fn new() -> Self {
        Self(SHARE)
    }

    pub(super) const fn is_used_up(&self) -> bool {
        self.0 == 0
    }
}

/// What carries the bytes.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    /// Nothing yet: it will be dialled.
    None,
    /// A socket of our own.
    Own(Arc<OwnedFd>),
    /// A socket of the caller's.
    Given(BorrowedFd<'static>),
    /// The caller.
    Memory,
}

impl Transport {
    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Own(socket) => Some(socket.as_fd()),
            Self::Given(socket) => Some(*socket),
            Self::None | Self::Memory => None,
        }
    }

    /// Whether the peer has hung up, as far as can be seen without reading.
    pub(super) fn is_gone(&self) -> bool {
        self.socket().is_some_and(hung_up)
    }

    /// The address of the peer, for messages.
    pub(super) fn address(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Memory => "memory".to_owned(),
            Self::Own(_) | Self::Given(_) => self.socket().map(peer_address).unwrap_or_default(),
        }
    }
}

/// Bytes for the peer that have left the session.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    pub(super) fn waiting(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.waiting().is_empty() {
            // An idle connection keeps no buffer.
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Whether all pending output was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// All of it.
    All,
    /// There is no room for the rest yet.
    Some,
}

/// The result of a look for bytes from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The session has something to process, even if only the end.
    Some,
    /// Nothing has arrived.
    Nothing,
}

impl Connection {
    /// Sends pending output, as far as there is room.
    pub(super) fn flush(&self) -> Result<Flushed, Error> {
        let transport = self.transport.lock().clone();
        let mut outgoing = self.outgoing.lock();
        if transport.socket().is_none() {
            // The caller takes it at any time, so all of it counts as sent.
            if let Some(session) = self.session.lock().as_mut() {
                session.take_output(&mut outgoing.bytes);
            }
            let room = outgoing.waiting().len() < MEMORY_LIMIT;
            return Ok(if room { Flushed::All } else { Flushed::Some });
        }
        loop {
            if outgoing.waiting().is_empty()
                && let Some(session) = self.session.lock().as_mut()
            {
                outgoing.clear();
                session.take_output(&mut outgoing.bytes);
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
                share.0 = share.0.saturating_sub(count);
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
