//! The immutable state of a context that a connection works with.

use std::sync::Arc;

use super::Validator;
use super::own::{JudgedBy, for_servers};
use super::pairs::ServerPair;
use super::pieces::Own;
use super::settings::{Now, Settings};
use super::ticket_secret::SecretFile;
use crate::chain::{CleanChains, Rules};
use crate::error::{Error, Kind, OwnCause, Problems};
use crate::host::Role;
use crate::known::{Known, KnownView};
use crate::material::Certificate;
use crate::process::Once;
use crate::tls::{Clients, OwnPair, ServerSetup, Setup, TicketSecret, Tickets};
use crate::trust::{
    Admission, Asking, Beliefs, ClientBeliefs, Grant, Judgement, Peer, Policy, Verdict, judge,
    judge_client, verify, verify_client,
};

/// A context at the time when a connection began, or when it is judged. Immutable.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) generation: u64,
    pub(super) rules: Rules,
    pub(super) clean: CleanChains,
    pub(super) settings: Settings,
    pub(super) asking: Asking,
    pub(super) validator: Option<Arc<dyn Validator>>,
    pub(super) known: Known,
    pub(super) admission: Admission,
    pub(super) own: Own,
    pub(super) pairs: Vec<ServerPair>,
    pub(super) ticket_secret: Option<SecretFile>,
    pub(super) setup: Once<Result<Arc<Setup>, Error>>,
    pub(super) server: Once<Result<Arc<ServerSetup>, Error>>,
}

impl Snapshot {
    /// The number of changes to the context so far.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// What the application chose.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whom to ask.
    #[must_use]
    pub const fn validator(&self) -> Option<&Arc<dyn Validator>> {
        self.validator.as_ref()
    }

    /// Where known peers are looked up.
    #[must_use]
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// The time to judge at, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.time().at
    }

    /// The time to judge at, and what says so.
    pub(super) fn time(&self) -> Now {
        self.settings.time()
    }

    /// Judges a peer by what this snapshot trusts; `view` is who is known now.
    #[must_use]
    pub fn judge(&self, peer: &Peer<'_>, view: &KnownView, grant: Option<&Grant>) -> Judgement {
        match peer.role {
            Role::Server => judge(peer, &self.beliefs(view), grant),
            Role::Client => judge_client(peer, &self.client_beliefs(view), grant),
        }
    }

    /// Judges a peer's chain without a connection.
    pub(super) fn verify(&self, peer: &Peer<'_>, view: &KnownView) -> Verdict {
        match peer.role {
            Role::Server => verify(peer, &self.beliefs(view)),
            Role::Client => verify_client(peer, &self.client_beliefs(view)),
        }
    }

    const fn beliefs<'a>(&'a self, known: &'a KnownView) -> Beliefs<'a> {
        Beliefs {
            rules: &self.rules,
            clean: &self.clean,
            policies: &self.settings.policies,
            asking: self.asking,
            known,
        }
    }

    const fn client_beliefs<'a>(&'a self, known: &'a KnownView) -> ClientBeliefs<'a> {
        ClientBeliefs {
            rules: &self.rules,
            clean: &self.clean,
            admission: &self.admission,
            policy: self.settings.policies.on_client,
            asking: self.asking,
            known,
        }
    }

    /// What sessions with clients are made of; made once.
    ///
    /// # Errors
    ///
    /// If there is no pair for servers, or only half of our own.
    pub(crate) fn server_setup(&self) -> Result<Arc<ServerSetup>, Error> {
        let make = || {
            let pairs = self.pairs_for_servers()?;
            let clients =
                Clients { auth: self.admission.auth, authorities: self.authorities_for_clients() };
            let tickets = if self.settings.tickets { Some(self.tickets()?) } else { None };
            Ok(Arc::new(ServerSetup::new(&self.settings.tls, &pairs, clients, tickets)?))
        };
        self.server.get_or_init(make).clone()
    }

    /// The pairs that clients may be shown, our own first. If there are others, our own may be for
    /// connections to servers only.
    fn pairs_for_servers(&self) -> Result<Vec<OwnPair<'_>>, Error> {
        let mut pairs = Vec::new();
        if let Some((chain, key)) = self.own.pair()? {
            match self.is_for_servers(chain) {
                Ok(()) => pairs.push(OwnPair { names: None, chain, key }),
                Err(error) if self.pairs.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        pairs.extend(self.pairs.iter().map(ServerPair::pair));
        if pairs.is_empty() {
            let message = "a server needs a certificate of its own, and this context has none";
            return Err(Error::new(Kind::NoKey, message).because(&OwnCause::NoneForServer));
        }
        Ok(pairs)
    }

    /// Refuses our own certificate if it is not for servers. It was fit for use when it was added,
    /// and the passing of time does not make it unfit.
    fn is_for_servers(&self, chain: &[Certificate]) -> Result<(), Error> {
        let (profile, anchors) = (self.rules.profile, &self.rules.anchors);
        match for_servers(chain, JudgedBy { profile, anchors, now: self.time() }) {
            Err(error) if error.problems().contains(Problems::WRONG_PURPOSE) => Err(error),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn tickets(&self) -> Result<Tickets, Error> {
        let of_file = self.ticket_secret.as_ref().map(|file| file.secret.clone());
        let secret = of_file.or_else(TicketSecret::of_process).ok_or_else(|| {
            Error::new(Kind::Internal, "the operating system gives no random numbers")
        })?;
        let (fingerprint, clock) = (self.admission_fingerprint(), self.settings.clock());
        Ok(Tickets { secret, fingerprint, clock })
    }

    /// The authorities that a client is told about: empty if something else vouches for clients
    /// too, since then the client must show whatever it has.
    fn authorities_for_clients(&self) -> Vec<Vec<u8>> {
        let others = self.admission.directory.is_some()
            || self.settings.policies.on_client == Policy::Ask
            || self.known.clients.is_some();
        if others { Vec::new() } else { self.rules.anchors.names() }
    }

    /// What sessions to servers are made of; made once.
    ///
    /// # Errors
    ///
    /// If there is a certificate without its key, or the reverse.
    pub fn setup(&self) -> Result<Arc<Setup>, Error> {
        let make = || Ok(Arc::new(Setup::client(&self.settings.tls, self.own.pair()?)?));
        self.setup.get_or_init(make).clone()
    }
}
