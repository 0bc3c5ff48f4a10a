//! The immutable state of a context that a connection works with.

use std::sync::{Arc, OnceLock};

use super::Validator;
use super::pieces::Own;
use super::settings::Settings;
use crate::error::{Error, Kind};
use crate::tls::{Clients, ServerSetup, Setup};
use crate::trust::{
    Admission, Asking, Beliefs, Door, Grant, Judgement, Known, KnownView, Peer, Policy, Rules,
    Visitor, judge, judge_client,
};

/// What a context was when a connection began, or when it is judged. Never changes.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) generation: u64,
    pub(super) rules: Rules,
    pub(super) settings: Settings,
    pub(super) asking: Asking,
    pub(super) validator: Option<Arc<dyn Validator>>,
    pub(super) known: Known,
    pub(super) admission: Admission,
    pub(super) own: Own,
    pub(super) setup: OnceLock<Result<Arc<Setup>, Error>>,
    pub(super) server: OnceLock<Result<Arc<ServerSetup>, Error>>,
}

impl Snapshot {
    /// Counts the changes of the context.
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

    /// The known peers, where they live.
    #[must_use]
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// The time to judge at, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.settings.now()
    }

    /// Judges a peer by what this snapshot believes; `view` is who is known just now.
    #[must_use]
    pub fn judge(&self, peer: &Peer<'_>, view: &KnownView, grant: Option<&Grant>) -> Judgement {
        let beliefs = Beliefs {
            rules: &self.rules,
            policies: &self.settings.policies,
            asking: self.asking,
            known: view,
        };
        judge(peer, &beliefs, grant)
    }

    /// Judges a client by what this snapshot believes; `view` is who is known just now.
    #[must_use]
    pub(crate) fn judge_client(
        &self,
        visitor: &Visitor<'_>,
        view: &KnownView,
        grant: Option<&Grant>,
    ) -> Judgement {
        let door = Door {
            rules: &self.rules,
            admission: &self.admission,
            policy: self.settings.policies.on_client,
            asking: self.asking,
            known: view,
        };
        judge_client(visitor, &door, grant)
    }

    /// What sessions with clients are made of; made once.
    ///
    /// # Errors
    ///
    /// That there is no own pair, or only halves of one.
    pub(crate) fn server_setup(&self) -> Result<Arc<ServerSetup>, Error> {
        let make = || {
            let pair = self.own.pair()?.ok_or_else(|| {
                Error::new(Kind::NoKey, "a server needs an own certificate, and there is none")
                    .with_hint("add a certificate and its key to the context")
            })?;
            let clients =
                Clients { auth: self.admission.auth, authorities: self.authorities_for_clients() };
            Ok(Arc::new(ServerSetup::new(&self.settings.tls, pair, clients)?))
        };
        self.server.get_or_init(make).clone()
    }

    /// The authorities that a client is told of: none where something else vouches for clients
    /// too, for then it must show whatever it has.
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
    /// That there are only halves of an own pair.
    pub fn setup(&self) -> Result<Arc<Setup>, Error> {
        let make = || Ok(Arc::new(Setup::client(&self.settings.tls, self.own.pair()?)?));
        self.setup.get_or_init(make).clone()
    }
}
