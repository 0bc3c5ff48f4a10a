//! A question, and the connections that wait for its answer.
//!
//! Connections that would ask the same share one question: twenty of them cause one dialog. The
//! first answer wins. Any thread may give it; each waiting connection is then woken and judged
//! again with it. A question outlives its connections: an answer that comes too late for them is
//! stored all the same. There are two locks, one for the state of a question and one for the list
//! of open ones; neither is held while foreign code runs.

mod asker;
mod reply;

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::asked::{Asked, Grant, Situation};
use super::text;
use crate::error::{CallCause, Calm, Error, Kind, Problems};
use crate::host::Role;
use crate::material::{Certificate, Style};
use crate::process::{Birth, Mutex};

/// How long a caller that must not block waits for another process that holds the store.
pub(crate) const BRIEFLY: Duration = Duration::from_millis(250);

/// The most questions about clients that may be open in a context: anybody who reaches the port can
/// cause one, with a new certificate each time, and no user answers more.
const MOST_ABOUT_CLIENTS: usize = 64;

/// Stores lasting answers in the context, or in its store.
pub(crate) trait Record: Send + Sync {
    /// Whether there is a store for `lasting` answers about peers of this role.
    fn has_store(&self, role: Role) -> bool;

    /// Makes the peer in question known: in the store if `lasting`, otherwise until the context is
    /// freed. Waits up to `patience` for another process that holds the store.
    ///
    /// # Errors
    ///
    /// Those of the store. The peer is then known until the context is freed.
    fn record(&self, asked: &Asked, lasting: bool, patience: Duration) -> Result<(), Error>;

    /// Whether the same would be asked now, by what is known now.
    fn still_asks(&self, asked: &Asked) -> bool;

    /// Whether an answer for the session can count for more than the connection that asks: a
    /// program that makes a single one to a server has no session.
    fn has_a_session(&self, role: Role) -> bool;
}

/// A connection that waits for an answer.
pub(crate) trait Waiter: Send + Sync {
    /// Wakes it: there is an answer, or the question is withdrawn.
    fn wake(&self);

    /// Whether an answer can still reach it.
    fn patience(&self) -> Patience;
}

/// Whether an answer can still reach a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It can.
    Lasts,
    /// The time for it is over.
    Ended,
    /// The connection was aborted.
    Aborted,
}

pub(crate) use asker::Wanted;
use reply::Said;
pub use reply::{Answer, Reply};

/// A question to the user, shared by every connection that would ask the same.
pub struct Question {
    asked: Asked,
    generation: u64,
    record: Arc<dyn Record>,
    offers_always: bool,
    birth: Birth,
    state: Mutex<State>,
    companion: Mutex<Option<Weak<dyn Any + Send + Sync>>>,
}

#[derive(Default)]
struct State {
    answer: Option<Answer>,
    /// The thread on which the validator runs for this question.
    asking_on: Option<ThreadId>,
    /// The connection that called it.
    asker: Option<Arc<dyn Waiter>>,
    /// What was asked is no longer so: the peer is judged again.
    withdrawn: bool,
    /// What is given back once the answer is stored, or never will be.
    held: Option<Box<dyn Any + Send + Sync>>,
    /// Whether a validator was called for it, or is about to be.
    put: bool,
    waiting: HashMap<u64, Arc<dyn Waiter>>,
    next_ticket: u64,
    /// The answer is being or was stored, or may no longer be stored.
    settled: bool,
    /// The answer was stored, or never will be.
    over: bool,
    /// Why it could not be stored.
    failure: Option<Error>,
    /// Who answered, or why nobody could.
    said: Option<Said>,
    /// Who said no before, where the validator asked somebody itself.
    remark: Option<Calm>,
}

/// A connection's place among those that wait. Dropping it leaves the queue.
pub(crate) struct Ticket {
    question: Arc<Question>,
    number: u64,
    given_up: bool,
}

impl Question {
    /// What the question is about.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The certificate at `index` of the peer's chain, leaf first.
    #[must_use]
    pub fn certificate(&self, index: usize) -> Option<&Certificate> {
        self.asked.chain.get(index)
    }

    /// The text of the question, ready for a dialog.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        text::question(&self.asked, style)
    }

    /// Whether an answer is possible here.
    ///
    /// ALWAYS needs a store. An answer for the session cannot outrank what the store pins.
    #[must_use]
    pub fn allows(&self, answer: Answer) -> bool {
        match answer {
            Answer::Reject | Answer::Once => true,
            Answer::Always => self.offers_always,
            Answer::Session => {
                let same =
                    matches!(self.asked.situation, Situation::NewProblem | Situation::Client);
                same || !self.asked.lasting
            }
        }
    }

    /// Answers the question. The first answer wins, and a rejection names its author: an
    /// [`Answer`] has none, a [`Reply`] may have one.
    ///
    /// # Errors
    ///
    /// [`Kind::Stale`] if it was answered before; [`Kind::Forked`] in a child process; those of the
    /// store if the answer had to be stored at once and could not be: it then counts until the
    /// context is freed.
    pub fn answer(&self, reply: impl Into<Reply>) -> Result<(), Error> {
        if !self.birth.is_here() {
            return Err(Error::new(
                Kind::Forked,
                "a question does not survive a fork: answer it in the process that asked",
            )
            .because(&CallCause::ForkedQuestion));
        }
        let reply = reply.into();
        let answer = match reply.answer() {
            Answer::Always if !self.offers_always => Answer::Session,
            Answer::Session if !self.allows(Answer::Session) => Answer::Once,
            Answer::Reject | Answer::Once | Answer::Session | Answer::Always => reply.answer(),
        };
        // Dropped with no lock held.
        let _held;
        let (wakers, record_now) = {
            let mut state = self.state.lock();
            if state.answer.is_some() || state.withdrawn {
                let message =
                    format!("the question about {} is answered already", self.asked.whom());
                _held = state.held.take();
                drop(state);
                return Err(Error::new(Kind::Stale, message));
            }
            let lasts = matches!(answer, Answer::Session | Answer::Always);
            _held = if lasts { None } else { state.held.take() };
            state.answer = Some(answer);
            state.said = reply.into_said();
            // A lasting answer waits for a completed handshake, as long as one is possible: judged
            // again, the peer may still be refused.
            (state.waiting.values().cloned().collect::<Vec<_>>(), state.waiting.is_empty())
        };
        let recorded = if record_now { self.settle(BRIEFLY) } else { Ok(()) };
        for wake in wakers {
            wake.wake();
        }
        recorded
    }

    /// The answer, once there is one.
    #[must_use]
    pub fn answered(&self) -> Option<Answer> {
        self.state.lock().answer
    }

    /// What a connection needs to be judged again, if the answer allows the peer.
    #[must_use]
    pub fn grant(&self) -> Option<Grant> {
        let answer = self.answered()?;
        (answer != Answer::Reject).then(|| Grant { asked: self.asked.clone() })
    }

    /// The same for a connection that the answer admitted, and that is judged again later: once a
    /// lasting answer was stored, what is known counts instead.
    #[must_use]
    pub(crate) fn lasting_grant(&self) -> Option<Grant> {
        let recorded = {
            let state = self.state.lock();
            state.over && matches!(state.answer, Some(Answer::Session | Answer::Always))
        };
        if recorded { None } else { self.grant() }
    }

    /// Takes the right to call a validator for this question; only one connection gets it.
    #[must_use]
    pub(crate) fn take_turn(&self, asker: &Arc<dyn Waiter>) -> bool {
        let mut state = self.state.lock();
        if state.put || state.answer.is_some() || state.withdrawn {
            return false;
        }
        state.asker = Some(Arc::clone(asker));
        state.put = true;
        state.asking_on = Some(thread::current().id());
        true
    }

    /// The validator that was called for this question has returned.
    pub fn turn_is_over(&self) {
        let mut state = self.state.lock();
        state.asking_on = None;
        state.asker = None;
    }

    /// The validator that was called for this question will not return, and the connection that
    /// called it is gone: another one may call it.
    pub(crate) fn turn_is_lost(&self) {
        let wakers: Vec<_> = {
            let mut state = self.state.lock();
            (state.asking_on, state.put) = (None, false);
            state.waiting.values().cloned().collect()
        };
        for wake in wakers {
            wake.wake();
        }
    }

    /// Whether the validator is running for this question on the calling thread.
    #[must_use]
    pub fn is_asked_on_this_thread(&self) -> bool {
        self.state.lock().asking_on == Some(thread::current().id())
    }

    /// Stores a lasting answer, once, because a handshake with it is complete.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn settle(&self, patience: Duration) -> Result<(), Error> {
        let lasting = {
            let mut state = self.state.lock();
            let lasting = match state.answer {
                Some(Answer::Always) => true,
                Some(Answer::Session) => false,
                Some(Answer::Reject | Answer::Once) | None => return Ok(()),
            };
            if state.settled {
                // All connections that share the question get the same result.
                return state.failure.clone().map_or(Ok(()), Err);
            }
            state.settled = true;
            lasting
        };
        let recorded = self.record.record(&self.asked, lasting, patience);
        let held = {
            let mut state = self.state.lock();
            state.over = true;
            state.failure = recorded.clone().err();
            state.held.take()
        };
        drop(held);
        recorded
    }

    /// The answer may no longer be stored: the peer was judged again and refused.
    pub fn void(&self) {
        let held = {
            let mut state = self.state.lock();
            (state.settled, state.over) = (true, true);
            state.held.take()
        };
        drop(held);
    }

    /// An object that a language binding keeps with the question: the same one for as long as
    /// anybody holds it, so that one question is one object there too.
    pub fn companion<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let mut slot = self.companion.lock();
        let kept = slot.as_ref().and_then(Weak::upgrade).and_then(|any| any.downcast().ok());
        kept.unwrap_or_else(|| {
            let made = make();
            let any: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&made);
            *slot = Some(Arc::downgrade(&any));
            made
        })
    }

    fn join(self: &Arc<Self>, waker: Arc<dyn Waiter>) -> Option<Ticket> {
        let mut state = self.state.lock();
        // A lasting answer also counts for connections that come before it is stored.
        let counts = match state.answer {
            None => !state.withdrawn,
            Some(Answer::Session | Answer::Always) => !state.over,
            Some(Answer::Reject | Answer::Once) => false,
        };
        if !counts {
            return None;
        }
        let number = state.next_ticket;
        state.next_ticket = number.wrapping_add(1);
        state.waiting.insert(number, waker);
        Some(Ticket { question: Arc::clone(self), number, given_up: false })
    }
}

impl Ticket {
    /// The question that the connection waits for.
    #[must_use]
    pub(crate) const fn question(&self) -> &Arc<Question> {
        &self.question
    }

    /// Leaves because the connection is gone; a lasting answer is stored now if no other connection
    /// can still complete a handshake with it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub(crate) fn give_up(mut self) -> Result<(), Error> {
        self.leave()
    }

    fn leave(&mut self) -> Result<(), Error> {
        if self.given_up {
            return Ok(());
        }
        self.given_up = true;
        if !self.question.birth.is_here() {
            // A child process that frees its copy leaves the answer to the process that asked.
            return Ok(());
        }
        let last = {
            let mut state = self.question.state.lock();
            state.waiting.remove(&self.number);
            state.waiting.is_empty()
        };
        if last { self.question.settle(BRIEFLY) } else { Ok(()) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // There is nobody left to be told that the store cannot be written.
        let _ = self.leave();
    }
}

/// The open questions of a context.
#[derive(Default)]
pub(crate) struct Questions(Mutex<Vec<Weak<Question>>>);

impl Questions {
    /// Joins the open question that asks the same, or opens one.
    ///
    /// # Errors
    ///
    /// [`Kind::NoMemory`] if the limit of open questions about clients is reached.
    pub(crate) fn join(
        &self,
        asked: Asked,
        generation: u64,
        record: &Arc<dyn Record>,
        waker: Arc<dyn Waiter>,
    ) -> Result<Ticket, Error> {
        let mut open = self.0.lock();
        // Nobody in a child can answer what its parent was asked.
        open.retain(|question| question.upgrade().is_some_and(|one| one.birth.is_here()));
        for question in open.iter().filter_map(Weak::upgrade) {
            if question.generation == generation
                && question.asked.is_same(&asked)
                && let Some(ticket) = question.join(Arc::clone(&waker))
            {
                return Ok(ticket);
            }
        }
        if asked.role == Role::Client && open_about_clients(&open) >= MOST_ABOUT_CLIENTS {
            let message = format!(
                "{MOST_ABOUT_CLIENTS} questions about clients are open already, so {} cannot be asked about",
                asked.whom()
            );
            return Err(Error::new(Kind::NoMemory, message).because(&CallCause::OpenQuestions));
        }
        let question = Arc::new(Question {
            offers_always: record.has_store(asked.role),
            asked,
            generation,
            record: Arc::clone(record),
            birth: Birth::now(),
            state: Mutex::default(),
            companion: Mutex::default(),
        });
        open.push(Arc::downgrade(&question));
        let number = 0;
        {
            let mut state = question.state.lock();
            state.waiting.insert(number, waker);
            state.next_ticket = 1;
        }
        Ok(Ticket { question, number, given_up: false })
    }
}

/// How many questions about clients are waiting for an answer.
fn open_about_clients(open: &[Weak<Question>]) -> usize {
    let waits = |question: &Arc<Question>| {
        question.asked.role == Role::Client && question.answered().is_none()
    };
    open.iter().filter_map(Weak::upgrade).filter(waits).count()
}

/// The problems that an answer to allow accepts.
#[must_use]
pub(crate) fn accepted_by(asked: &Asked) -> Problems {
    let before = match asked.situation {
        Situation::NewProblem | Situation::Client => {
            asked.previous.as_ref().map_or(Problems::NONE, |entry| entry.accepted)
        }
        Situation::New | Situation::Changed | Situation::Renewed | Situation::Untrusted => {
            Problems::NONE
        }
    };
    (asked.problems | before).without(Problems::SEVERE)
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("question", &self.question.asked.whom()).finish()
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Questions")
    }
}

#[cfg(test)]
mod tests;
