//! Validators that remember what they were asked.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tlsconn::{Answer, Context, Question, Reply, Situation, Validator};

/// Gives one answer, or no answer, and remembers each question.
#[derive(Debug)]
pub(crate) struct Ask {
    answer: Option<Answer>,
    asked: Mutex<Vec<Arc<Question>>>,
}

impl Ask {
    /// Sets a validator that gives this answer. `None`: the answer comes later.
    pub(crate) fn set(context: &Context, answer: impl Into<Option<Answer>>) -> Arc<Self> {
        let made = Arc::new(Self { answer: answer.into(), asked: Mutex::default() });
        context.set_validator(Some(Arc::<Self>::clone(&made)));
        made
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().len()
    }

    pub(crate) fn last(&self) -> Arc<Question> {
        Arc::clone(self.asked.lock().last().unwrap())
    }

    pub(crate) fn situations(&self) -> Vec<Situation> {
        self.asked.lock().iter().map(|question| question.asked().situation).collect()
    }
}

impl Validator for Ask {
    fn validate(&self, question: &Arc<Question>) -> Option<Reply> {
        self.asked.lock().push(Arc::clone(question));
        self.answer.map(Reply::from)
    }
}

type Work = dyn Fn(&Arc<Question>) -> Option<Reply> + Send + Sync;

/// A validator that does something first.
pub(crate) struct Does(Box<Work>);

impl Does {
    pub(crate) fn set(
        context: &Context,
        work: impl Fn(&Arc<Question>) -> Option<Answer> + Send + Sync + 'static,
    ) {
        Self::replies(context, move |question| work(question).map(Reply::from));
    }

    /// The same, and says who answers.
    pub(crate) fn replies(
        context: &Context,
        work: impl Fn(&Arc<Question>) -> Option<Reply> + Send + Sync + 'static,
    ) {
        context.set_validator(Some(Arc::new(Self(Box::new(work)))));
    }
}

impl Validator for Does {
    fn validate(&self, question: &Arc<Question>) -> Option<Reply> {
        (self.0)(question)
    }
}

impl fmt::Debug for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Does")
    }
}
