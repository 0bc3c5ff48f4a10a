//! How far a connection is from being open, and what is only needed until then.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::context::Snapshot;
use crate::io::{Dial, Wake};
use crate::material::Certificate;
use crate::trust::{Grant, Patience, Question, Ticket, Waiter};

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

    /// Whether it waits for the answer to a question that is not asked any longer.
    pub(super) fn waits_in_vain(&self) -> bool {
        matches!(&self.stage, Stage::Asking(pending) if pending.question.is_withdrawn())
    }
}

/// A question that the connection waits for.
pub(super) struct Pending {
    question: Arc<Question>,
    /// How much of the handshake timeout was left when the question came up.
    left: Option<Duration>,
    waits: Arc<Waits>,
}

impl Pending {
    pub(super) const fn new(
        question: Arc<Question>,
        left: Option<Duration>,
        waits: Arc<Waits>,
    ) -> Self {
        Self { question, left, waits }
    }

    /// Somebody is asked now, or told that there is a question: from here on the time for the
    /// answer counts, the first time that this is called.
    pub(super) fn is_put(&self, until: Option<Instant>) {
        self.waits.until.get_or_init(|| until);
    }

    /// Takes the right to call a validator for the question.
    pub(super) fn take_turn(&self) -> bool {
        let waits: Arc<dyn Waiter> = Arc::<Waits>::clone(&self.waits);
        self.question.take_turn(&waits)
    }

    pub(super) const fn question(&self) -> &Arc<Question> {
        &self.question
    }

    /// When it must be answered. There is no such time before anybody was asked.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waits.deadline()
    }

    pub(super) const fn left(&self) -> Option<Duration> {
        self.left
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("question", &self.question).finish_non_exhaustive()
    }
}

/// What a question knows of a connection that waits for it.
pub(super) struct Waits {
    wake: Arc<Wake>,
    aborted: Arc<AtomicBool>,
    /// When it must be answered; set when it is put.
    until: OnceLock<Option<Instant>>,
}

impl Waits {
    pub(super) const fn new(wake: Arc<Wake>, aborted: Arc<AtomicBool>) -> Self {
        Self { wake, aborted, until: OnceLock::new() }
    }

    fn deadline(&self) -> Option<Instant> {
        self.until.get().copied().flatten()
    }
}

impl Waiter for Waits {
    fn wake(&self) {
        self.wake.signal();
    }

    fn patience(&self) -> Patience {
        if self.aborted.load(Ordering::SeqCst) {
            Patience::Aborted
        } else if self.deadline().is_some_and(|until| until <= Instant::now()) {
            Patience::Ended
        } else {
            Patience::Lasts
        }
    }
}

/// The judgement, if the peer was not refused.
pub(super) enum Judged {
    Admitted,
    Asked(Pending),
}
