//! The judge's verdict on a chain without a connection.
//!
//! This is the judgement of connections, by the same rules and with the same known peers, with the
//! result that it has if nobody is asked and no policy is set. Whether the peer holds the key of
//! its certificate cannot be checked here.

use super::asked::{Asking, Policies, Policy};
use super::client::{self, ClientBeliefs};
use super::judge::{Beliefs, Judgement, Reason, hear};
use super::peer::Peer;
use super::shown::{Shown, with_distrust};
use super::text;
use crate::chain::Assessment;
use crate::error::{Calm, Error, Kind, Problems};
use crate::material::{Certificate, Crl, Style, time_text};

/// What the judge says about a chain.
#[derive(Clone, Debug)]
pub struct Verdict {
    problems: Problems,
    why: Vec<Calm>,
    path: Vec<Certificate>,
    lists: Vec<(usize, Crl)>,
    outcome: Result<Reason, Error>,
}

impl Verdict {
    /// The verdict on a chain that cannot be read.
    pub(crate) fn unreadable(error: Error) -> Self {
        Self {
            problems: error.problems(),
            why: vec![Calm::sentence(error.message())],
            path: Vec::new(),
            lists: Vec::new(),
            outcome: Err(error),
        }
    }

    /// Everything that is wrong, including what was accepted with a known peer.
    #[must_use]
    pub const fn problems(&self) -> Problems {
        self.problems
    }

    /// A sentence for each problem, naming the certificate, date, authority or list.
    #[must_use]
    pub fn why(&self) -> &[Calm] {
        &self.why
    }

    /// The path that the verdict is about, from the leaf to the authority; the leaf alone if no
    /// authority vouches for it, and empty if the certificates cannot be read.
    #[must_use]
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// Why a connection would be admitted, or the error that it would end with.
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

    /// The verdict for the user: a line for each problem, then the path, a line for each depth,
    /// with the revocation list that was consulted.
    #[must_use]
    pub fn text(&self) -> String {
        let wrong = self.why.iter().map(|why| format!("! {why}\n"));
        let path = self.path.iter().enumerate();
        let path = path.map(|(depth, one)| {
            let list = self.lists.iter().find(|(of, _)| *of == depth);
            let list = list.map(|(_, list)| {
                let (date, source) = (time_text(list.this_update()), list.source());
                format!(", asked in the revocation list of {date} from {source}")
            });
            let line = format!("{}{}", one.text(Style::Line), list.unwrap_or_default());
            format!("{depth}: {}\n", Calm::sentence(line))
        });
        wrong.chain(path).collect()
    }
}

/// Judges a server's chain without a connection; the policies and the validator in `beliefs` are
/// ignored.
#[must_use]
pub(crate) fn verify(server: &Peer<'_>, beliefs: &Beliefs<'_>) -> Verdict {
    let policies = Policies::default();
    let beliefs = &Beliefs { policies: &policies, asking: Asking::Nobody, ..*beliefs };
    let judged = match server.endpoint {
        Some(endpoint) => hear(server, endpoint, beliefs, None)
            .map(|(judgement, found)| (found, outcome(judgement))),
        None => nowhere(server, beliefs),
    };
    match judged {
        Ok((found, outcome)) => verdict(found, outcome),
        Err(error) => Verdict::unreadable(error),
    }
}

/// The findings and the outcome if it is not said which server this is: of the chain alone. It makes
/// no [`super::judge::Admitted`], since no place was judged.
fn nowhere(
    server: &Peer<'_>,
    beliefs: &Beliefs<'_>,
) -> Result<(Assessment, Result<Reason, Error>), Error> {
    let shown = Shown::look(server, beliefs.clean)?;
    let found = shown.find_path(beliefs.rules, beliefs.clean);
    let found = with_distrust(found, &server.case(), beliefs.known);
    let outcome = if found.problems.is_empty() {
        Ok(Reason::Authority)
    } else {
        Err(text::bad_chain(
            shown.chain().first(),
            &found,
            server.role,
            (server.now, beliefs.rules.time_from),
        ))
    };
    Ok((found, outcome))
}

/// Judges a client's chain without a connection; the policy and the validator in `beliefs` are
/// ignored.
#[must_use]
pub(crate) fn verify_client(client: &Peer<'_>, beliefs: &ClientBeliefs<'_>) -> Verdict {
    let beliefs = &ClientBeliefs { policy: Policy::Auto, asking: Asking::Nobody, ..*beliefs };
    match client::hear(client, beliefs, None) {
        Ok((judgement, mut found)) => {
            let outcome = outcome(judgement);
            if let Err(error) = &outcome
                && error.kind() == Kind::NotAllowed
                && !found.why.iter().any(|why| why.as_str() == error.message())
            {
                found.why.push(Calm::sentence(error.message()));
            }
            verdict(found, outcome)
        }
        Err(error) => Verdict::unreadable(error),
    }
}

fn verdict(found: Assessment, outcome: Result<Reason, Error>) -> Verdict {
    let Assessment { problems, why, details: _, path, lists, valid_from: _, valid_until: _ } =
        found;
    Verdict { problems, why, path, lists, outcome }
}

fn outcome(judgement: Judgement) -> Result<Reason, Error> {
    match judgement {
        Judgement::Admitted(admitted) => Ok(admitted.reason()),
        Judgement::Refused(error) => Err(error),
        Judgement::Ask(asked) => Err(text::refusal(&asked)),
    }
}

#[cfg(test)]
mod tests;
