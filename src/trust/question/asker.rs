//! What whoever asks the user must know meanwhile: whether the answer is still wanted, and whether
//! the question still stands; and what comes of it where the peer is rejected.

use std::any::Any;

use super::{Patience, Question, Reply};
use crate::error::{Calm, Error, Kind};

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

    /// Somebody whom the validator asks has said no; the validator may still ask somebody else.
    pub(crate) fn remark(&self, reply: &Reply) {
        let words = Calm::sentence(reply.words());
        self.state.lock().remark = Some(words).filter(|words| !words.is_empty());
    }

    /// Whose answer it is that the application gives, after whom it asked before.
    pub(crate) fn by(&self, whom: &str) -> String {
        let remark = self.state.lock().remark.clone();
        let before = remark.map_or_else(String::new, |words| {
            format!("; tlsconn_ask_terminal() had rejected it {words}")
        });
        format!("by {whom}{before}")
    }

    /// The error of the connections that the answer rejects.
    #[must_use]
    pub(crate) fn rejection(&self) -> Error {
        let said = self.state.lock().said.clone();
        let words =
            said.as_ref().map_or("by the answer to the question about it", |said| &said.words);
        let message = format!("{} was rejected {words}", self.asked.whom());
        let error = Error::new(Kind::Rejected, message).with_problems(self.asked.problems);
        match said.and_then(|said| said.cause) {
            Some(cause) => error.because(&cause),
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
