//! The way to an open connection: dial, do the handshake, judge the peer, wait for an answer.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::stage::{Driver, Judged, Stage};
use super::transport::{Filled, Flushed, Share, Transport};
use super::{Connection, Outcome, Side, Want, check_room};
use crate::context::Validator;
use crate::error::{CallCause, Error, Kind, NetworkCause};
use crate::host::{Dialled, Endpoint, Role};
use crate::io::{Dial, Interest, Step, Woken, wait};
use crate::tls::{Alert, Certified, Progress, Session, SessionKey};
use crate::trust::{Answer, Question, Ticket};

/// What the driver cannot do itself.
enum Next {
    /// The handshake is complete.
    Open,
    /// Wait for the transport.
    Wait(Want),
    /// Ask, with no lock held.
    Ask(Arc<Question>, Arc<dyn Validator>),
}

impl Connection {
    /// Drives the connection until it is open.
    pub(super) fn drive(&self) -> Result<Outcome<()>, Error> {
        loop {
            if self.open.load(Ordering::Acquire) {
                return Ok(Outcome::Done(()));
            }
            let mut driver = if self.blocking {
                self.driver.lock()
            } else {
                self.driver.try_lock().ok_or_else(|| busy("the handshake"))?
            };
            self.enter()?;
            let next = self.steps(&mut driver);
            match next {
                Ok(Next::Open) => return Ok(Outcome::Done(())),
                Ok(Next::Wait(want)) => return Ok(Outcome::Not(want)),
                Ok(Next::Ask(question, validator)) => {
                    drop(driver);
                    self.ask(&question, &*validator);
                }
                Err(error) => {
                    self.end_with(&error);
                    self.give_up(&mut driver, error.kind());
                    return Err(error);
                }
            }
        }
    }

    /// Steps until something else is needed; waits if the connection blocks.
    fn steps(&self, driver: &mut Driver) -> Result<Next, Error> {
        let mut share = Share::new();
        loop {
            self.check_aborted()?;
            self.check_deadlines(driver)?;
            if driver.waits_in_vain() {
                self.judge_anew(driver)?;
                continue;
            }
            let want = match &mut driver.stage {
                Stage::Start => {
                    self.begin(driver)?;
                    continue;
                }
                Stage::Dialling(dial) => match dial.step(Instant::now())? {
                    Step::Connected(socket) => {
                        self.connected(driver, socket)?;
                        continue;
                    }
                    Step::Wait => Want::Write,
                },
                Stage::Shaking => match self.shake(driver, &mut share) {
                    Ok(Some(want)) => want,
                    Ok(None) => continue,
                    Err(error) => {
                        self.dial_again_or(driver, error)?;
                        continue;
                    }
                },
                Stage::Asking(pending) => match pending.question().answered() {
                    Some(answer) => {
                        self.apply(driver, answer)?;
                        continue;
                    }
                    None if self.client_is_gone() => return Err(self.hung_up(driver)),
                    None => match self.whom_to_ask(pending)? {
                        Some(validator) => {
                            return Ok(Next::Ask(Arc::clone(pending.question()), validator));
                        }
                        None => Want::Answer,
                    },
                },
                Stage::Confirming => match self.confirm(driver, &mut share)? {
                    Some(want) => want,
                    None => continue,
                },
                Stage::Open => {
                    self.open.store(true, Ordering::Release);
                    return Ok(Next::Open);
                }
            };
            if !self.blocking {
                return Ok(Next::Wait(want));
            }
            self.wait_for(driver)?;
            share = Share::new();
        }
    }

    fn begin(&self, driver: &mut Driver) -> Result<(), Error> {
        check_room()?;
        driver.deadline = Self::deadline(self.snapshot.settings().handshake_timeout);
        // An unreadable store is reported before anybody is dialled.
        self.snapshot.known().view()?;
        self.start_over(driver)
    }

    /// Dials, or starts the session if there is a transport.
    fn start_over(&self, driver: &mut Driver) -> Result<(), Error> {
        match self.side.dialled() {
            Some(Dialled { endpoint: Endpoint { host, port }, look_up }) => {
                let dial = Dial::new(host.as_str(), *port).looking_up(look_up);
                driver.stage = Stage::Dialling(Box::new(dial));
                Ok(())
            }
            None => self.start_session(driver),
        }
    }

    fn connected(&self, driver: &mut Driver, socket: OwnedFd) -> Result<(), Error> {
        *self.transport.lock() = Transport::Own(Arc::new(socket));
        self.start_session(driver)
    }

    fn start_session(&self, driver: &mut Driver) -> Result<(), Error> {
        let session = match self.endpoint() {
            Some(endpoint) => self.session_to(&endpoint)?,
            None => Session::server(&*self.snapshot.server_setup()?, self.whom())?,
        };
        *self.session.lock() = Some(session);
        driver.stage = Stage::Shaking;
        Ok(())
    }

    fn session_to(&self, endpoint: &Endpoint) -> Result<Session, Error> {
        let standing = self.snapshot.known().view()?.standing(Role::Server, endpoint);
        let key = SessionKey {
            dialled: self.side.dialled().map_or(endpoint, |place| &place.endpoint).clone(),
            name: endpoint.host.clone(),
            standing: standing.fingerprint(),
        };
        let setup = self.snapshot.setup()?;
        Session::client(&setup, &endpoint.host, endpoint.to_string(), Some(key))
    }

    /// One round of the handshake; returns what to wait for if it cannot go on.
    fn shake(&self, driver: &mut Driver, share: &mut Share) -> Result<Option<Want>, Error> {
        let flushed = self.flush()?;
        let progress = self.with_session(Session::advance)?;
        match progress {
            Progress::Held => {
                match self.judge_peer(driver)? {
                    Judged::Admitted => {}
                    Judged::Asked(pending) => driver.stage = Stage::Asking(pending),
                }
                Ok(None)
            }
            Progress::Open => match self.flush()? {
                Flushed::Some if self.transport.lock().socket().is_some() => Ok(Some(Want::Write)),
                Flushed::Some | Flushed::All => {
                    self.handshake_is_complete(driver);
                    Ok(None)
                }
            },
            Progress::NeedsInput => {
                // Output of this step must be sent before any reply can come.
                let flushed = if flushed == Flushed::All { self.flush()? } else { flushed };
                if self.fill(&mut driver.buffer, share)? == Filled::Some {
                    return Ok(None);
                }
                Ok(Some(if flushed == Flushed::Some { Want::Write } else { Want::Read }))
            }
        }
    }

    fn handshake_is_complete(&self, driver: &mut Driver) {
        self.settle(driver);
        driver.buffer = Vec::new();
        driver.stage = Stage::Open;
        let limit = self.snapshot.settings().confirm_client_auth;
        let Some(limit) = limit.filter(|_| self.endpoint().is_some()) else { return };
        let unsure = self.with_session(|session| {
            Ok(session.certified() == Certified::Sent && !session.peer_went_on())
        });
        if unsure.unwrap_or(false) {
            driver.deadline = Self::deadline(Some(limit));
            driver.stage = Stage::Confirming;
        }
    }

    /// Waits for the server to continue, or to refuse our certificate.
    fn confirm(&self, driver: &mut Driver, share: &mut Share) -> Result<Option<Want>, Error> {
        if self.with_session(|session| session.look().map(|()| session.peer_went_on()))? {
            driver.stage = Stage::Open;
            return Ok(None);
        }
        // What was looked at may ask for a reply.
        let flushed = self.flush()?;
        Ok(match self.fill(&mut driver.buffer, share)? {
            Filled::Some => None,
            Filled::Nothing if flushed == Flushed::Some => Some(Want::Write),
            Filled::Nothing => Some(Want::Read),
        })
    }

    /// After a slow answer a connection that was dialled is dialled once more.
    fn dial_again_or(&self, driver: &mut Driver, error: Error) -> Result<(), Error> {
        if error.kind() == Kind::Io && driver.grant.is_some() {
            self.dial_again(driver, error)
        } else {
            Err(error)
        }
    }

    /// Dials once more, if that is possible and was not done before.
    pub(super) fn dial_again(&self, driver: &mut Driver, error: Error) -> Result<(), Error> {
        if driver.expected.is_some() {
            return Err(error);
        }
        let asked = driver.grant.as_ref().and_then(|grant| grant.asked.certificate().cloned());
        let (Some(_), Some(expected)) = (self.side.dialled(), asked) else {
            return Err(self.hung_up(driver));
        };
        driver.expected = Some(expected);
        self.dial_afresh(driver)
    }

    /// Dials with nothing left of the connection before.
    pub(super) fn dial_afresh(&self, driver: &mut Driver) -> Result<(), Error> {
        driver.deadline = Self::deadline(self.snapshot.settings().handshake_timeout);
        *self.session.lock() = None;
        self.outgoing.lock().clear();
        *self.transport.lock() = Transport::None;
        self.start_over(driver)
    }

    /// The error for a peer that hung up during the question and is not dialled again.
    pub(super) fn hung_up(&self, driver: &Driver) -> Error {
        let question = driver.ticket.as_ref().map(Ticket::question);
        let whom = question.map_or_else(|| self.whom(), |question| question.asked().whom());
        let mut message =
            format!("{whom} closed the connection while the question about it was open");
        let answer = question.and_then(|question| question.answered());
        if matches!(answer, Some(Answer::Session | Answer::Always)) {
            message.push_str("; the answer counts for its next connection");
        }
        let cause = match self.side {
            Side::Client { .. } => CallCause::AskAgain,
            Side::Server => CallCause::ClientHungUp,
        };
        Error::new(Kind::PeerGone, message).because(&cause)
    }

    fn check_deadlines(&self, driver: &mut Driver) -> Result<(), Error> {
        let now = Instant::now();
        let late = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        match &driver.stage {
            Stage::Asking(pending)
                if late(pending.deadline()) && pending.question().answered().is_none() =>
            {
                self.with_session(|session| {
                    session.refuse(Alert::AccessDenied);
                    Ok(())
                })?;
                // The alert is a courtesy; what matters is that nothing else is sent.
                let _ = self.flush();
                let message = format!("nobody answered the question about {} in time", self.whom());
                Err(Error::new(Kind::AnswerTimeout, message).because(&CallCause::LateAnswer))
            }
            Stage::Confirming if late(driver.deadline) => {
                driver.stage = Stage::Open;
                Ok(())
            }
            Stage::Asking(_) | Stage::Confirming | Stage::Open => Ok(()),
            Stage::Dialling(dial) if late(driver.deadline) && dial.is_resolving() => {
                let message = format!("looking up the address of {} timed out", self.whom());
                Err(Error::new(Kind::Timeout, message).because(&NetworkCause::LateName))
            }
            Stage::Start | Stage::Dialling(_) | Stage::Shaking if late(driver.deadline) => {
                let message = format!("the handshake with {} timed out", self.whom());
                Err(Error::new(Kind::Timeout, message).because(&NetworkCause::LateHandshake))
            }
            Stage::Start | Stage::Dialling(_) | Stage::Shaking => Ok(()),
        }
    }

    /// When the stage must be checked again even if nothing has arrived.
    pub(super) fn next_deadline(driver: &Driver) -> Option<Instant> {
        match &driver.stage {
            Stage::Asking(pending) => pending.deadline(),
            Stage::Dialling(dial) => [driver.deadline, dial.until()].into_iter().flatten().min(),
            Stage::Start | Stage::Shaking | Stage::Confirming => driver.deadline,
            Stage::Open => None,
        }
    }

    /// Blocks until the stage can go on.
    fn wait_for(&self, driver: &Driver) -> Result<(), Error> {
        let wake = self.wake()?;
        // The flag is looked at after the wake exists, so that no abort is lost between.
        self.check_aborted()?;
        let transport = self.transport.lock().clone();
        let until = Self::next_deadline(driver);
        let woken = wait(&self.interests(driver, &transport), Some(&wake), until)?;
        if woken == Woken::Signalled { self.hush(&wake) } else { Ok(()) }
    }

    /// What the stage waits for on the transport. While a question is open this is only a client
    /// hanging up: the socket is not read any further. Before the first call it is what that call
    /// begins with.
    pub(super) fn interests<'a>(
        &self,
        driver: &'a Driver,
        transport: &'a Transport,
    ) -> Vec<(BorrowedFd<'a>, Interest)> {
        match &driver.stage {
            Stage::Dialling(dial) => dial.interests(),
            Stage::Start if matches!(self.side, Side::Server) => {
                on_socket(transport, Interest::READ)
            }
            Stage::Start => on_socket(transport, Interest::WRITE),
            Stage::Shaking if self.session.lock().as_ref().is_some_and(Session::is_open) => {
                // What comes meanwhile is for later.
                on_socket(transport, Interest::WRITE)
            }
            Stage::Shaking | Stage::Confirming => {
                on_socket(transport, Interest { writable: self.has_output(), ..Interest::READ })
            }
            Stage::Asking(_) if matches!(self.side, Side::Server) => {
                on_socket(transport, Interest::END)
            }
            Stage::Asking(_) | Stage::Open => Vec::new(),
        }
    }

    /// Whether a client has hung up during its question: nobody waits for the answer any longer,
    /// but it may still be given.
    pub(super) fn client_is_gone(&self) -> bool {
        let has_ended = || self.session.lock().as_ref().is_some_and(Session::has_ended);
        matches!(self.side, Side::Server) && (has_ended() || self.transport.lock().is_gone())
    }

    /// Uses the session; it exists in every stage that does.
    pub(super) fn with_session<R>(
        &self,
        work: impl FnOnce(&mut Session) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self.session.lock().as_mut() {
            Some(session) => work(session),
            None => Err(Error::new(Kind::State, "the handshake has not begun")
                .because(&CallCause::Incomplete)),
        }
    }

    /// The connection failed before it was open: sends the pending alert, and closes the socket.
    pub(super) fn give_up(&self, driver: &mut Driver, kind: Kind) {
        if kind != Kind::Cancelled {
            // The peer may already be gone; the error that counts is the first one.
            let _ = self.flush();
        }
        driver.stage = Stage::Open;
        if let Some(ticket) = driver.ticket.take() {
            self.note(ticket.give_up());
        }
        // Dropped after the lock is released: dropping the last reference to a question may run the
        // application's code.
        let _ = self.told(|told| told.question.take());
        *self.session.lock() = None;
        let mut transport = self.transport.lock();
        // Over memory the alert waits until the caller takes it.
        if kind == Kind::Cancelled || !matches!(*transport, Transport::Memory) {
            self.outgoing.lock().clear();
        }
        if let Transport::Own(_) = *transport {
            *transport = Transport::None;
        }
    }

    /// Makes the ClientHello of a connection over memory, so that there is something to carry.
    pub(super) fn begin_in_memory(&self) -> Result<(), Error> {
        let mut driver = self.driver.try_lock().ok_or_else(|| busy("the handshake"))?;
        if !driver.has_not_begun() {
            return Ok(());
        }
        let begun = self.begin(&mut driver);
        if let Err(error) = &begun {
            self.end_with(error);
        }
        begun
    }
}

/// This interest in the socket, if there is one.
fn on_socket(transport: &Transport, interest: Interest) -> Vec<(BorrowedFd<'_>, Interest)> {
    transport.socket().map(|socket| (socket, interest)).into_iter().collect()
}

/// The error for a second caller in the same direction.
pub(super) fn busy(what: &str) -> Error {
    let message = format!("another thread is busy with {what} of this connection");
    Error::new(Kind::Busy, message).because(&CallCause::OneThreadEach)
}
