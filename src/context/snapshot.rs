//! The immutable state of a context that a connection works with.

use std::sync::{Arc, OnceLock};

use super::Validator;
use super::pieces::Own;
use super::settings::Settings;
use crate::error::Error;
use crate::tls::Setup;
use crate::trust::{Asking, Beliefs, Grant, Judgement, Known, KnownView, Peer, Rules, judge};

/// What a context was when a connection began, or when it is judged. Never changes.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) generation: u64,
    pub(super) rules: Rules,
    pub(super) settings: Settings,
    pub(super) asking: Asking,
    pub(super) validator: Option<Arc<dyn Validator>>,
    pub(super) known: Known,
    pub(super) own: Own,
    pub(super) setup: OnceLock<Result<Arc<Setup>, Error>>,
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
