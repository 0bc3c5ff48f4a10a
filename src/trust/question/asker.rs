//! What whoever asks the user must know meanwhile: whether the answer is still wanted, and whether
//! the question still stands; and what comes of it where the peer is rejected.

use std::any::Any;

use super::{Patience, Question};
use crate::error::{CallCause, Calm, Error, Kind};

/// Whether the user is still to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Yes.
    Still,
    /// No: there is an answer, or nobody waits for one any longer.
    NoMore,
    /// No: the connection that asks was aborted.
    Aborted,
}

impl Question {
    /// Whether the user is still to be asked. If the time of the connection that asks is over,
    /// another one that waits may ask.
    pub(crate) fn wanted(&self) -> Wanted {
        let mut state = self.state.lock();
        if state.answer.is_some() || state.withdrawn {
            return Wanted::NoMore;
        }
        let others = state.waiting.values().any(|one| one.patience() == Patience::Lasts);
        match state.asker.as_ref().map(|asker| asker.patience()) {
            Some(Patience::Lasts) => return Wanted::Still,
            Some(Patience::Aborted) => return Wanted::Aborted,
            None if others => return Wanted::Still,
            None => return Wanted::NoMore,
            Some(Patience::Ended) => {}
        }
        state.put = false;
        let waiters: Vec<_> = state.waiting.values().cloned().collect();
        drop(state);
        waiters.iter().for_each(|waiter| waiter.wake());
        Wanted::NoMore
    }

    /// Says by whom the peer is rejected, or why, as the end of the sentence "it was rejected ...".
    /// What is said first counts; it means nothing if the answer turns out to be yes.
    pub fn explain(&self, by_whom: &str) {
        self.state.lock().said.get_or_insert_with(|| (Calm::sentence(by_whom), None));
    }

    /// The same where nobody was asked, or nobody could answer: what to do follows from that.
    pub(crate) fn explain_because(&self, why: &str, cause: &CallCause) {
        let said = || (Calm::sentence(why), Some(cause.clone()));
        self.state.lock().said.get_or_insert_with(said);
    }

    /// The error of the connections that the answer rejects.
    #[must_use]
    pub(crate) fn rejection(&self) -> Error {
        let said = self.state.lock().said.clone();
        let (said, cause) = said
            .unwrap_or_else(|| (Calm::sentence("by the answer to the question about it"), None));
        let message = format!("{} was rejected {said}", self.asked.whom());
        let error = Error::new(Kind::Rejected, message).with_problems(self.asked.problems);
        match &cause {
            Some(cause) => error.because(cause),
            None => error,
        }
    }

    /// Whether the same would be asked by what is known now.
    pub(crate) fn still_stands(&self) -> bool {
        self.record.still_asks(&self.asked)
    }

    /// Whether an answer for the session would count for more than this once.
    pub(crate) fn has_a_session(&self) -> bool {
        self.record.has_a_session(self.asked.role)
    }

    /// The question is not asked any longer: every connection that waits judges its peer again.
    pub(crate) fn withdraw(&self) {
        let waiters: Vec<_> = {
            let mut state = self.state.lock();
            state.withdrawn = true;
            state.waiting.values().cloned().collect()
        };
        waiters.iter().for_each(|waiter| waiter.wake());
    }

    /// Keeps something until the answer is stored, or never will be.
    pub(crate) fn hold(&self, what: Box<dyn Any + Send + Sync>) {
        let mut state = self.state.lock();
        let unused = if state.answer.is_some() { Some(what) } else { state.held.replace(what) };
        drop(state);
        drop(unused);
    }

    /// Whether it was withdrawn.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.state.lock().withdrawn
    }
}
