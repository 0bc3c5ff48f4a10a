//! What a connection tells about itself at any time and to any thread.

use std::sync::Arc;
use std::thread::ThreadId;

use super::closing::Closing;
use crate::error::Error;
use crate::host::Endpoint;
use crate::material::Certificate;
use crate::trust::{Admitted, Question};

/// What is set as a connection progresses, and can be asked for.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The host that was named, or the verify name, with the port. `None`: the peer is a client.
    pub(super) endpoint: Option<Endpoint>,
    /// The question that was opened last.
    pub(super) question: Option<Arc<Question>>,
    /// The proof that the peer was admitted.
    pub(super) admitted: Option<Admitted>,
    /// The question whose answer admitted the peer, if one did.
    pub(super) granted: Option<Arc<Question>>,
    /// The chain that the peer showed and proved to own, leaf first.
    pub(super) chain: Arc<[Certificate]>,
    /// The error that ended the connection.
    pub(super) failed: Option<Error>,
    /// An error that did not end it.
    pub(super) notice: Option<Error>,
    /// The thread on which a validator runs for this connection.
    pub(super) asking_on: Option<ThreadId>,
    /// What the application waits for.
    pub(super) wants: Wants,
    /// How far the shutdown of a connection that we dialled has come.
    pub(super) closing: Option<Closing>,
}

/// What the application waits for on an open connection, as its last calls show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    pub(super) read: Reads,
    /// Whether a write, or what a shutdown has to send, waits for room.
    pub(super) write: bool,
    /// Whether a shutdown waits for the peer to take what was sent.
    pub(super) end: bool,
}

/// Whether the application reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reads {
    /// If it waits for nothing else.
    #[default]
    Maybe,
    /// Its last read gave something, and there may be more.
    Served,
    /// Its last read must be made again.
    Waits,
    /// It has read all up to the end.
    Over,
}

impl Wants {
    /// Whether the application is to hear of what there is to read.
    pub(super) const fn reads(self) -> bool {
        match self.read {
            Reads::Maybe => !self.write && !self.end,
            Reads::Served | Reads::Waits => true,
            Reads::Over => false,
        }
    }

    /// Another call than a read has to wait: who reads no further must not be woken by what comes.
    pub(super) fn turn_from_reading(&mut self) {
        if self.read == Reads::Served {
            self.read = Reads::Maybe;
        }
    }
}
