//! Where a connection is on its way to being open, and what only the way needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::context::Snapshot;
use crate::io::Dial;
use crate::material::Certificate;
use crate::trust::{Grant, Question, Ticket};

/// Where a connection is on its way.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// Nothing has happened yet.
    #[default]
    Start,
    /// A socket is being connected.
    Dialling(Box<Dial>),
    /// Bytes of the handshake go back and forth.
    Shaking,
    /// The peer has proven its key, and somebody is asked about it.
    Asking(Pending),
    /// The handshake is complete, and the server may still refuse our certificate.
    Confirming,
    /// There is nothing left to drive.
    Open,
}

/// Everything that only the way to an open connection needs.
#[derive(Debug, Default)]
pub(super) struct Driver {
    pub(super) stage: Stage,
    /// When the handshake must be over; it stands still while a question is open.
    pub(super) deadline: Option<Instant>,
    /// The answer that the connection brings along when it is judged again.
    pub(super) grant: Option<Grant>,
    /// The place among those that wait for the question; kept until the answer is home.
    pub(super) ticket: Option<Ticket>,
    /// After a slow answer: the certificate that the peer must show again.
    pub(super) expected: Option<Certificate>,
    /// What it was judged by: dropped with the connection, for a validator of the caller may
    /// go with the last of it, and his code must not run while the driver is locked.
    pub(super) judged_by: Vec<Arc<Snapshot>>,
    pub(super) buffer: Vec<u8>,
}

impl Driver {
    pub(super) const fn has_not_begun(&self) -> bool {
        matches!(self.stage, Stage::Start)
    }
}

/// A question that is waited for.
#[derive(Debug)]
pub(super) struct Pending {
    question: Arc<Question>,
    /// When it must be answered.
    deadline: Option<Instant>,
    /// What was left for the handshake when the question came up.
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

/// What the judge said, where it did not refuse.
pub(super) enum Judged {
    Admitted,
    Asked(Pending),
}
