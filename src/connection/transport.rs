//! What carries a connection's bytes, and the bytes that wait to be sent.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use crate::io::{hung_up, peer_address};
use crate::tls::Session;

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

    pub(super) const fn take(&mut self, count: usize) {
        self.0 = self.0.saturating_sub(count);
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
    /// Adds what the session has ready.
    pub(super) fn take_from(&mut self, session: &mut Session) {
        session.take_output(&mut self.bytes);
    }

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
