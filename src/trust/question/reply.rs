//! An answer with its author: a rejection names who gave it, or why nobody could.

use crate::error::{CallCause, Calm};

/// The user's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No. Never stored.
    Reject,
    /// For the connections that wait for this question now.
    Once,
    /// Until the context is freed.
    Session,
    /// From now on, stored.
    Always,
}

/// An answer to a question, and who gave it.
#[derive(Clone, Debug)]
pub struct Reply {
    answer: Answer,
    said: Option<Said>,
}

/// Who gave an answer, or why there is none, as the end of the sentence "it was rejected ...", and
/// what to do about it.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) words: Calm,
    pub(super) cause: Option<CallCause>,
}

impl Reply {
    /// An answer by somebody: `by_whom` ends the sentence "the peer was rejected ...", as in "by the
    /// user, in the dialog". Empty: nobody knows.
    #[must_use]
    pub fn by(answer: Answer, by_whom: &str) -> Self {
        let words = Calm::sentence(by_whom);
        let said = (!words.is_empty()).then_some(Said { words, cause: None });
        Self { answer, said }
    }

    /// No, because nobody was asked or could answer: what to do follows from `cause`.
    pub(crate) fn no_because(why: &str, cause: &CallCause) -> Self {
        let said = Said { words: Calm::sentence(why), cause: Some(cause.clone()) };
        Self { answer: Answer::Reject, said: Some(said) }
    }

    /// The answer.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// Who gave it, or why there is none. Empty where that is not known.
    pub(crate) fn words(&self) -> &str {
        self.said.as_ref().map_or("", |said| said.words.as_str())
    }

    /// The same by somebody, unless it is known by whom.
    pub(crate) fn or_by(self, by_whom: impl FnOnce() -> String) -> Self {
        match self.said {
            Some(_) => self,
            None => Self::by(self.answer, &by_whom()),
        }
    }

    pub(super) fn into_said(self) -> Option<Said> {
        self.said
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, said: None }
    }
}
