//! How far a connection is from being open, and what is only needed until then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::context::Snapshot;
use crate::io::Dial;
use crate::material::Certificate;
use crate::trust::{Grant, Question, Ticket};

/// How far a connection has come.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// Nothing has happened yet.
    #[default]
    Start,
    /// A socket is connecting.
    Dialling(Box<Dial>),
    /// The handshake is under way.
    Shaking,
    /// The peer has proved that it holds its key, and there is a question about it.
    Asking(Pending),
    /// The handshake is complete, but the server may still refuse our certificate.
    Confirming,
    /// There is nothing left to do.
    Open,
}

/// Everything that is only needed until the connection is open.
#[derive(Debug, Default)]
pub(super) struct Driver {
    pub(super) stage: Stage,
    /// When the handshake must be complete; paused while a question is open.
    pub(super) deadline: Option<Instant>,
    /// The answer that the connection uses when it is judged again.
    pub(super) grant: Option<Grant>,
    /// The place among those that wait for the question; kept until the answer is stored.
    pub(super) ticket: Option<Ticket>,
    /// After a slow answer: the certificate that the peer must show again.
    pub(super) expected: Option<Certificate>,
    /// What it was judged by. Dropped with the connection: the last reference may free a validator
    /// of the caller, whose code must not run while the driver is locked.
    pub(super) judged_by: Vec<Arc<Snapshot>>,
    pub(super) buffer: Vec<u8>,
}

impl Driver {
    pub(super) const fn has_not_begun(&self) -> bool {
        matches!(self.stage, Stage::Start)
    }
}

/// A question that the connection waits for.
#[derive(Debug)]
pub(super) struct Pending {
    question: Arc<Question>,
    /// When it must be answered.
    deadline: Option<Instant>,
    /// How much of the handshake timeout was left when the question came up.
    left: Option<Duration>,
}

impl Pending {
    pub(super) const fn new(
        question: Arc<Question>,
        deadline: Option<Instant>,
        left: Option<Duration>,
    ) -> Self {
        Self { question, deadline, left }
    }

    pub(super) const fn question(&self) -> &Arc<Question> {
        &self.question
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) const fn left(&self) -> Option<Duration> {
        self.left
    }
}

/// The judgement, if the peer was not refused.
pub(super) enum Judged {
    Admitted,
    Asked(Pending),
}
