//! Judging the peer, the question, and what an answer does.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Connection;
use super::stage::{Driver, Judged, Pending, Stage, Waits};
use crate::context::{STORE_WAIT, Snapshot, Validator};
use crate::error::{CallCause, Error, Kind, Problems};
use crate::host::Role;
use crate::known::KnownView;
use crate::material::{Certificate, Style};
use crate::tls::{Alert, PeerChain};
use crate::trust::{
    Admitted, Answer, Asked, BRIEFLY, Grant, Judgement, Peer, Question, Reason, Reply, Waiter,
    refusal, unreadable,
};

/// How often a peer is judged again because the store changed meanwhile, before it is asked about
/// all the same: others may write it without end.
const MOST_CHANGES: usize = 8;

/// Whether a change of the store during a judgement is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Store {
    MayChange,
    Stands,
}

/// A running validator; the turn ends however the validator does.
struct Turn<'a> {
    connection: &'a Connection,
    question: &'a Question,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.connection.told(|told| told.asking_on = None);
        self.question.turn_is_over();
        if thread::panicking() {
            // Nobody else is asked, so nobody may wait for an answer that never comes.
            let words = "because the validator did not return";
            let _ = self.question.answer(Reply::no_because(words, &CallCause::LostValidator));
        }
    }
}

impl Connection {
    /// Judges the peer by the newest snapshot and the current store. If it is refused, only the
    /// matching alert is sent.
    pub(super) fn judge_peer(&self, driver: &mut Driver) -> Result<Judged, Error> {
        for _ in 0..MOST_CHANGES {
            if let Some(judged) = self.judge_once(driver, Store::MayChange)? {
                return Ok(judged);
            }
        }
        self.judge_once(driver, Store::Stands)?
            .ok_or_else(|| Error::new(Kind::Internal, "a judgement has no result"))
    }

    /// The same; `None` where the store has changed meanwhile, if it may.
    fn judge_once(&self, driver: &mut Driver, store: Store) -> Result<Option<Judged>, Error> {
        let snapshot = self.context.snapshot();
        driver.judged_by.push(Arc::clone(&snapshot));
        let PeerChain { chain, unreadable } = self.with_session(|session| Ok(session.shown()))?;
        self.told(|told| told.chain = Arc::clone(&chain));
        let view = match snapshot.known().view() {
            Ok(view) => view,
            Err(error) => return Err(self.refuse(Alert::InternalError, error)),
        };
        if let Some(error) = self.is_not_expected(driver, &chain) {
            // The answer was about the peer that hung up, and still stands.
            return Err(self.refuse(Alert::for_problems(error.problems()), error));
        }
        let judgement = match unreadable {
            Some(why) => Judgement::Refused(self.cannot_read(&why)),
            None => self.judgement(&snapshot, &view, &chain, driver.grant.as_ref()),
        };
        match judgement {
            Judgement::Admitted(admitted) => {
                // After an answer, and where an entry is replaced, that is decided at the end.
                let lasts = admitted.reason() != Reason::Answer && admitted.renews().is_none();
                let keep = self.standing(&view).filter(|_| lasts);
                self.with_session(|session| {
                    session.admit(&admitted, keep);
                    Ok(())
                })?;
                let granted = driver.ticket.as_ref().filter(|_| driver.grant.is_some());
                let granted = granted.map(|ticket| Arc::clone(ticket.question()));
                // Dropped after the lock is released: dropping the last reference to a question may
                // run the application's code.
                let _ = self.told(|told| {
                    // One copy is enough for the life of the connection.
                    told.chain = Arc::clone(admitted.chain());
                    told.admitted = Some(admitted);
                    (std::mem::replace(&mut told.granted, granted), told.question.take())
                });
                Ok(Some(Judged::Admitted))
            }
            Judgement::Refused(error) => {
                if let Some(ticket) = driver.ticket.take() {
                    ticket.question().void();
                }
                if let Some(leaf) = self.peer_certificate(0)
                    && error.problems().intersects(Problems::REVOKED | Problems::DISTRUSTED)
                {
                    self.context.forget_for_session(&leaf);
                }
                let alert = if error.kind() == Kind::NotAllowed {
                    // The certificate is valid, but its holder is not allowed.
                    Alert::AccessDenied
                } else if matches!(error.kind(), Kind::File | Kind::Permission | Kind::NoMemory) {
                    // The directory of client certificates cannot be read.
                    Alert::InternalError
                } else {
                    Alert::for_problems(error.problems())
                };
                Err(self.refuse(alert, error))
            }
            Judgement::Ask(asked) => {
                let pending = self.open_question(driver, &snapshot, *asked)?;
                let leaf = self.peer_certificate(0);
                let stands = |view: &KnownView| {
                    let client = leaf.as_ref().map(|leaf| view.client_fingerprint(leaf));
                    self.standing(view).or(client)
                };
                if store == Store::MayChange
                    && snapshot.known().view().is_ok_and(|now| stands(&now) != stands(&view))
                {
                    // An answer was stored after the known peers were read.
                    driver.ticket = None;
                    return Ok(None);
                }
                Ok(Some(Judged::Asked(pending)))
            }
        }
    }

    /// Judges the peer of an open connection again, by the current context: whether it would still
    /// be admitted. Nobody is asked, and the connection goes on.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] before the peer was admitted; otherwise the error that a new connection of
    /// the peer would end with, or the question that it would ask.
    pub fn recheck(&self) -> Result<(), Error> {
        self.check_process()?;
        let (admitted, granted) = self.told(|told| (told.admitted.clone(), told.granted.clone()));
        let Some(before) = admitted else {
            let message = format!("{} has not been admitted yet", self.whom());
            return Err(Error::new(Kind::State, message).because(&CallCause::NotAdmitted));
        };
        let snapshot = self.context.snapshot();
        let view = snapshot.known().view()?;
        let grant = granted.as_ref().and_then(|question| question.lasting_grant());
        match self.judgement(&snapshot, &view, before.chain(), grant.as_ref()) {
            Judgement::Admitted(now) => {
                let name = |admitted: &Admitted| admitted.identity().map(|one| one.name.clone());
                if name(&now) == name(&before) {
                    return Ok(());
                }
                let message = format!("{} would have another identity now", self.whom());
                Err(Error::new(Kind::NotAllowed, message).because(&CallCause::OtherIdentity))
            }
            Judgement::Refused(error) => Err(error),
            Judgement::Ask(asked) => Err(refusal(&asked)),
        }
    }

    /// Judges the peer by this snapshot, and by the peers that are known now.
    pub(super) fn judgement(
        &self,
        snapshot: &Snapshot,
        view: &KnownView,
        chain: &Arc<[Certificate]>,
        grant: Option<&Grant>,
    ) -> Judgement {
        let (endpoint, now) = (self.endpoint(), snapshot.now());
        let peer = match &endpoint {
            Some(endpoint) => Peer::server(endpoint, chain, now),
            None => Peer::client(chain, now),
        };
        snapshot.judge(&peer, view, grant)
    }

    /// The error for a peer whose certificates cannot be read.
    fn cannot_read(&self, why: &Error) -> Error {
        let endpoint = self.endpoint();
        unreadable(endpoint.as_ref().map(|endpoint| &endpoint.host), why.message())
    }

    /// A fingerprint of what is known about the server. `None`: the peer is a client.
    fn standing(&self, view: &KnownView) -> Option<[u8; 32]> {
        let endpoint = self.endpoint()?;
        Some(view.standing(Role::Server, &endpoint).fingerprint())
    }

    /// After a slow answer the peer must present exactly the certificate that was asked about.
    fn is_not_expected(&self, driver: &Driver, chain: &[Certificate]) -> Option<Error> {
        let expected = driver.expected.as_ref()?;
        if chain.first() == Some(expected) {
            return None;
        }
        let message = format!(
            "{} closed the connection while the question about it was open, and now presents a certificate other than the one that was asked about ({})",
            self.whom(),
            expected.fingerprint()
        );
        Some(Error::new(Kind::CertificateChanged, message).because(&CallCause::AskAgain))
    }

    fn open_question(
        &self,
        driver: &mut Driver,
        snapshot: &Snapshot,
        asked: Asked,
    ) -> Result<Pending, Error> {
        let waits = Arc::new(Waits::new(self.wake()?, Arc::clone(&self.aborted)));
        let waiter: Arc<dyn Waiter> = Arc::<Waits>::clone(&waits);
        let recorder = self.context.recorder();
        let questions = self.context.questions();
        let ticket = questions
            .join(asked, snapshot.generation(), &recorder, waiter)
            .map_err(|error| self.refuse(Alert::InternalError, error))?;
        let question = Arc::clone(ticket.question());
        let _ = self.told(|told| told.question.replace(Arc::clone(&question)));
        if let Some(before) = driver.ticket.replace(ticket) {
            // This is a different question, so the earlier answer is not stored.
            before.question().void();
        }
        driver.grant = None;
        let now = Instant::now();
        let left = driver.deadline.map(|deadline| deadline.saturating_duration_since(now));
        Ok(Pending::new(question, left, waits))
    }

    /// The validator to call for the question now. `None`: the answer comes without a call.
    pub(super) fn whom_to_ask(
        &self,
        pending: &Pending,
    ) -> Result<Option<Arc<dyn Validator>>, Error> {
        let question = pending.question();
        let whom = question.asked().whom();
        if self.blocking && question.is_asked_on_this_thread() {
            let message = format!(
                "the question about {whom} is being asked on this very thread, so waiting for its answer here would never end"
            );
            return Err(self.refuse(
                Alert::InternalError,
                Error::new(Kind::Reentrant, message).because(&CallCause::OwnQuestion),
            ));
        }
        let validator = self.context.snapshot().validator().cloned();
        pending.is_put(Self::deadline(self.snapshot.settings().answer_timeout));
        match validator {
            None if self.blocking => {
                let message = format!(
                    "there is a question about {whom} and nobody to ask: {}",
                    question.text(Style::Line)
                );
                let error = Error::new(Kind::NoValidator, message)
                    .with_problems(question.asked().problems)
                    .because(&CallCause::NoValidator);
                Err(self.refuse(Alert::AccessDenied, error))
            }
            None => Ok(None),
            Some(validator) => Ok(pending.take_turn().then_some(validator)),
        }
    }

    /// Calls the validator, with no lock held.
    pub(super) fn ask(&self, question: &Arc<Question>, validator: &dyn Validator) {
        self.told(|told| told.asking_on = Some(thread::current().id()));
        let turn = Turn { connection: self, question };
        let reply = validator.validate(question);
        drop(turn);
        if let Some(reply) = reply {
            let reply = reply.or_by(|| question.by("the application's validator"));
            // An answer that was given through the question came first, and stands. That the store
            // cannot be written is reported to each connection that completes with the answer.
            self.note_store(question.answer(reply));
        }
    }

    fn note_store(&self, outcome: Result<(), Error>) {
        self.note(
            outcome.or_else(|error| if error.kind() == Kind::Stale { Ok(()) } else { Err(error) }),
        );
    }

    /// Applies an answer: the peer is judged again with it.
    pub(super) fn apply(&self, driver: &mut Driver, answer: Answer) -> Result<(), Error> {
        let Stage::Asking(pending) = &driver.stage else { return Ok(()) };
        let (question, left) = (Arc::clone(pending.question()), pending.left());
        if answer == Answer::Reject {
            driver.ticket = None;
            return Err(self.refuse(Alert::AccessDenied, question.rejection()));
        }
        driver.deadline = Self::deadline(left);
        driver.grant = question.grant();
        driver.stage = Stage::Shaking;
        let ended = self.with_session(|session| Ok(session.has_ended()))?;
        if ended || self.transport.lock().is_gone() {
            let message = format!("{} closed the connection", question.asked().whom());
            let gone = Error::new(Kind::PeerGone, message);
            return self.dial_again(driver, gone);
        }
        Ok(())
    }

    /// The question is not asked any longer, such as where another program has stored the answer:
    /// the peer is judged again, without one.
    pub(super) fn judge_anew(&self, driver: &mut Driver) -> Result<(), Error> {
        let Stage::Asking(pending) = &driver.stage else { return Ok(()) };
        driver.deadline = Self::deadline(pending.left());
        driver.stage = Stage::Shaking;
        let before = (driver.ticket.take(), self.told(|told| told.question.take()));
        let ended = self.with_session(|session| Ok(session.has_ended()))?;
        if !ended && !self.transport.lock().is_gone() {
            return Ok(());
        }
        if self.side.dialled().is_none() {
            driver.ticket = before.0;
            return Err(self.hung_up(driver));
        }
        self.dial_afresh(driver)
    }

    /// The handshake is complete: stores what was to be stored with it.
    pub(super) fn settle(&self, driver: &mut Driver) {
        // What sessions are kept under changes here; without a change that was decided before.
        let mut kept = None;
        if let Some(ticket) = driver.ticket.take() {
            self.note(ticket.question().settle(self.patience()));
            kept = Some(matches!(
                ticket.question().answered(),
                Some(Answer::Session | Answer::Always)
            ));
        }
        let renewal =
            self.told(|told| told.admitted.as_ref().and_then(|one| one.renews().cloned()));
        if let Some(renewal) = renewal {
            self.note(self.context.renew(&renewal, self.patience()));
            kept = Some(true);
        }
        if let Some(lasts) = kept {
            self.keep_sessions(lasts);
        }
    }

    /// Sessions may be resumed under what is known of the server now, or not at all.
    fn keep_sessions(&self, lasts: bool) {
        let view = self.context.snapshot().known().view().ok().filter(|_| lasts);
        let standing = view.and_then(|view| self.standing(&view));
        let _ = self.with_session(|session| {
            match standing {
                Some(standing) => session.keep(standing),
                None => session.forget(),
            }
            Ok(())
        });
    }

    /// How long to wait for the store.
    const fn patience(&self) -> Duration {
        if self.blocking { STORE_WAIT } else { BRIEFLY }
    }

    /// Ends the session with an alert and returns the error to report.
    fn refuse(&self, alert: Alert, error: Error) -> Error {
        if let Some(session) = self.session.lock().as_mut() {
            session.refuse(alert);
        }
        error
    }
}

#[cfg(test)]
mod tests;
