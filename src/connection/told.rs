//! What a connection tells about itself at any time and to any thread.

use std::sync::Arc;
use std::thread::ThreadId;

use super::Want;
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
    /// What the last unfinished calls wait for.
    pub(super) wants: Wants,
}

/// What the last unfinished calls wait for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    pub(super) read: Option<Want>,
    pub(super) write: Option<Want>,
}
