//! The judge's verdict on a chain that no connection carries.
//!
//! It is the judgement of connections, by the same rules and with the same known peers, as it
//! comes out where nobody is asked and no policy is set. Whether the peer holds the key of its
//! certificate cannot be seen here.

use super::asked::{Asking, Policies, Policy};
use super::client::{self, Client, ClientBeliefs};
use super::judge::{Beliefs, Judgement, Peer, Reason, hear};
use super::shown::{Shown, with_distrust};
use super::text;
use crate::chain::{Assessment, Case, Sent};
use crate::error::{Error, Kind, Problems, escaped};
use crate::host::{Endpoint, Host, Role};
use crate::material::{Certificate, Crl, Style, time_text};

/// A server's chain to be judged without a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspect<'a> {
    /// The name that its certificate must have; nothing: names are not looked at.
    pub host: Option<&'a Host>,
    /// The port of the host; nothing: known peers are not looked at.
    pub port: Option<u16>,
    /// What it shows, the leaf first, in DER.
    pub chain: &'a [Vec<u8>],
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What the judge says of a chain.
#[derive(Clone, Debug)]
pub struct Verdict {
    problems: Problems,
    why: Vec<String>,
    path: Vec<Certificate>,
    lists: Vec<(usize, Crl)>,
    outcome: Result<Reason, Error>,
}

impl Verdict {
    /// Everything that is wrong, what was accepted with a known peer included.
    #[must_use]
    pub const fn problems(&self) -> Problems {
        self.problems
    }

    /// A sentence for each thing that is wrong, naming certificate, date, authority or list.
    #[must_use]
    pub fn why(&self) -> &[String] {
        &self.why
    }

    /// The path that the verdict is about, from the leaf to the authority; the leaf alone where
    /// no authority vouches for it, and nothing where what was shown cannot be read.
    #[must_use]
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// Why a connection would be let through, or the error that it would end with.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Certificate`], [`crate::Kind::CertificateRevoked`],
    /// [`crate::Kind::CertificateChanged`] or [`crate::Kind::CertificateDistrusted`], with every
    /// problem; for a client also [`crate::Kind::CertificateUnknown`] and
    /// [`crate::Kind::NotAllowed`].
    pub const fn outcome(&self) -> Result<Reason, &Error> {
        match &self.outcome {
            Ok(reason) => Ok(*reason),
            Err(error) => Err(error),
        }
    }

    /// The verdict for people: what is wrong, a line each, and the path, a line for each depth,
    /// with the revocation list that was asked about it.
    #[must_use]
    pub fn text(&self) -> String {
        let wrong = self.why.iter().map(|why| format!("! {why}\n"));
        let path = self.path.iter().enumerate();
        let path = path.map(|(depth, one)| {
            let list = self.lists.iter().find(|(of, _)| *of == depth);
            let list = list.map(|(_, list)| {
                let (date, source) = (time_text(list.this_update()), escaped(list.source()));
                format!(", asked in the revocation list of {date} from {source}")
            });
            format!("{depth}: {}{}\n", one.text(Style::Line), list.unwrap_or_default())
        });
        wrong.chain(path).collect()
    }
}

/// Judges a server's chain that no connection carries; of `beliefs` neither policies nor whom to ask
/// matter.
#[must_use]
pub(crate) fn verify(suspect: &Suspect<'_>, beliefs: &Beliefs<'_>) -> Verdict {
    let policies = Policies::default();
    let beliefs = &Beliefs { policies: &policies, asking: Asking::Nobody, ..*beliefs };
    let endpoint = suspect.host.cloned().zip(suspect.port);
    let judged = match endpoint.map(|(host, port)| Endpoint { host, port }) {
        Some(endpoint) => at(&endpoint, suspect, beliefs),
        None => nowhere(suspect, beliefs),
    };
    match judged {
        Ok(judged) => verdict(judged),
        Err(error) => unreadable(error),
    }
}

/// Judges a client's chain that no connection carries; of `beliefs` neither the policy nor whom to
/// ask matter.
#[must_use]
pub(crate) fn verify_client(client: &Client<'_>, beliefs: &ClientBeliefs<'_>) -> Verdict {
    let beliefs = &ClientBeliefs { policy: Policy::Auto, asking: Asking::Nobody, ..*beliefs };
    match client::hear(client, beliefs, None) {
        Ok((judgement, mut found)) => {
            let outcome = outcome(judgement);
            if let Err(error) = &outcome
                && error.kind() == Kind::NotAllowed
                && !found.why.iter().any(|why| why == error.message())
            {
                found.why.push(error.message().to_owned());
            }
            verdict((found, outcome))
        }
        Err(error) => unreadable(error),
    }
}

fn verdict((found, outcome): Judged) -> Verdict {
    let Assessment { problems, why, path, lists, .. } = found;
    Verdict { problems, why, path, lists, outcome }
}

/// What was found, and what comes of it.
type Judged = (Assessment, Result<Reason, Error>);

/// The verdict where it is said which peer this is: it may be a known one.
fn at(endpoint: &Endpoint, suspect: &Suspect<'_>, beliefs: &Beliefs<'_>) -> Result<Judged, Error> {
    let peer = Peer { endpoint, chain: suspect.chain, now: suspect.now };
    let (judgement, found) = hear(&peer, beliefs, None)?;
    Ok((found, outcome(judgement)))
}

fn outcome(judgement: Judgement) -> Result<Reason, Error> {
    match judgement {
        Judgement::Admitted(admitted) => Ok(admitted.reason()),
        Judgement::Refused(error) => Err(error),
        Judgement::Ask(asked) => Err(text::refusal(&asked)),
    }
}

/// The verdict on the chain alone.
fn nowhere(suspect: &Suspect<'_>, beliefs: &Beliefs<'_>) -> Result<Judged, Error> {
    let Suspect { host: name, chain, now, .. } = *suspect;
    let role = Role::Server;
    let shown = Shown::read(&Sent { role, name, chain }, beliefs.clean, now)?;
    let case = Case { role, name, chain: &shown.chain, now };
    let found =
        with_distrust(shown.find_path(&case, beliefs.rules, beliefs.clean), &case, beliefs.known);
    let outcome = if found.problems.is_empty() {
        Ok(Reason::Authority)
    } else {
        Err(text::bad_chain(shown.chain.first(), &found))
    };
    Ok((found, outcome))
}

fn unreadable(error: Error) -> Verdict {
    Verdict {
        problems: error.problems(),
        why: vec![error.message().to_owned()],
        path: Vec::new(),
        lists: Vec::new(),
        outcome: Err(error),
    }
}

#[cfg(test)]
mod tests;
