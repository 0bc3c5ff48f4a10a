//! What an application may choose, with the defaults.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::chain::{CrlMode, Profile};
use crate::error::{Error, Kind, TimeFrom};
use crate::known::IdentityFrom;
use crate::material::Writers;
use crate::tls::{Clock, Options, Version};
use crate::trust::{ClientAuth, Policies, Policy};

/// The choices of an application. [`Settings::default`] is what a new context has.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to do in each situation.
    pub policies: Policies,
    /// How revocation lists are used.
    pub crl_mode: CrlMode,
    /// For how many seconds a list still counts after its next update.
    pub crl_grace: i64,
    /// How strictly a chain is judged.
    pub profile: Profile,
    /// The time to judge at, in seconds since 1970. `None`: the system time.
    pub verify_time: Option<i64>,
    /// The TLS options of sessions.
    pub tls: Options,
    /// How long a handshake may take, not counting the wait for an answer. `None`: no limit.
    pub handshake_timeout: Option<Duration>,
    /// How long a question may stay open. `None`: no limit.
    pub answer_timeout: Option<Duration>,
    /// How long a read or a write may wait. `None`: no limit.
    pub io_timeout: Option<Duration>,
    /// Whether clients must show a certificate.
    pub client_auth: ClientAuth,
    /// Which part of a client's certificate is its identity.
    pub identity_from: IdentityFrom,
    /// Whether the group may write the directory of client certificates and its entries.
    pub directory_group_may_write: bool,
    /// Whether authorities vouch for clients besides a directory of client certificates.
    pub directory_and_authorities: bool,
    /// Whether clients get tickets to resume their sessions.
    pub tickets: bool,
    /// How long a handshake of TLS 1.3 waits for the server to refuse our certificate.
    pub confirm_client_auth: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policies: Policies::default(),
            crl_mode: CrlMode::default(),
            crl_grace: 0,
            profile: Profile::default(),
            verify_time: None,
            tls: Options::default(),
            handshake_timeout: Some(Duration::from_secs(60)),
            answer_timeout: Some(Duration::from_secs(600)),
            io_timeout: None,
            client_auth: ClientAuth::default(),
            identity_from: IdentityFrom::default(),
            directory_group_may_write: false,
            directory_and_authorities: false,
            tickets: false,
            confirm_client_auth: None,
        }
    }
}

/// The time to judge at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// In seconds since 1970.
    pub(super) at: i64,
    /// What says so.
    pub(super) from: TimeFrom,
}

impl Settings {
    /// The time to judge at, and what says so.
    pub(super) fn time(&self) -> Now {
        match self.verify_time {
            Some(at) => Now { at, from: TimeFrom::Option },
            None => Now { at: system_time(), from: TimeFrom::Clock },
        }
    }

    /// Where the time to judge at comes from.
    pub(super) fn clock(&self) -> Clock {
        let fixed = self.verify_time;
        Arc::new(move || fixed.unwrap_or_else(system_time))
    }

    /// Who besides the owner may write the directory of client certificates.
    pub(super) const fn directory_writers(&self) -> Writers {
        if self.directory_group_may_write { Writers::Group } else { Writers::Owner }
    }

    /// Refuses settings that contradict each other or are unsafe.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Policies {
            on_new: _,
            on_renewed: _,
            on_changed,
            on_untrusted,
            on_new_problem,
            on_client,
        } = self.policies;
        if [on_changed, on_untrusted, on_new_problem, on_client].contains(&Policy::Allow) {
            return Err(Error::new(
                Kind::Invalid,
                "a policy that admits without a question is only for new and renewed servers, which an authority vouches for",
            ));
        }
        if self.tls.min_version > self.tls.max_version {
            let name = |version| match version {
                Version::Tls12 => "1.2",
                Version::Tls13 => "1.3",
            };
            let (min, max) = (name(self.tls.min_version), name(self.tls.max_version));
            let message = format!(
                "the oldest version allowed, TLS {min}, is newer than the newest, TLS {max}"
            );
            return Err(Error::new(Kind::Invalid, message));
        }
        self.tls.check()
    }
}

/// The system time, in seconds since 1970.
fn system_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
