//! What whoever asks the user must know meanwhile: whether the answer is still wanted, and whether
//! the question still stands.

use std::any::Any;

use super::{Patience, Question};

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
