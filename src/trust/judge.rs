//! The judgement: admitted, refused with every problem, or a question.
//!
//! [`judge`] is pure: what a peer shows, what the context believes and knows, and the time go
//! in; the answer comes out. An [`Admitted`] is made nowhere else, and a session opens its
//! gate for nothing else.

use std::sync::Arc;

use super::asked::{Asked, Asking, Grant, Policies, Policy, Situation};
use super::shown::{Shown, with_distrust};
use super::text;
use crate::chain::{Assessment, Case, CleanChains, Rules, Sent, assess_exact};
use crate::error::{Error, Problems};
use crate::host::{Endpoint, Role};
use crate::known::{Entry, Identity, KnownView, Standing};
use crate::material::Certificate;

/// A server to be judged. It has proven that it holds the key of the first certificate.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// The host that was dialled, or the verify name, with the port.
    pub endpoint: &'a Endpoint,
    /// What it shows, the leaf first, in DER.
    pub chain: &'a [Vec<u8>],
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What a peer is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beliefs<'a> {
    /// Authorities, revocation lists and profile.
    pub rules: &'a Rules,
    /// The chains that these rules found clean.
    pub clean: &'a CleanChains,
    /// The policies.
    pub policies: &'a Policies,
    /// Who can be asked.
    pub asking: Asking,
    /// The known peers.
    pub known: &'a KnownView,
}

/// What came of the judgement.
#[derive(Clone, Debug)]
pub enum Judgement {
    /// The peer may be talked to.
    Admitted(Admitted),
    /// The peer may not be talked to; the error has every problem.
    Refused(Error),
    /// Somebody must be asked.
    Ask(Box<Asked>),
}

/// The proof that a peer was judged and may be talked to.
#[derive(Clone, Debug)]
pub struct Admitted {
    reason: Reason,
    renews: Option<Renewal>,
    chain: Arc<[Certificate]>,
    identity: Option<Identity>,
}

/// Why a peer was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An authority vouches for it.
    Authority,
    /// Its very certificate is known.
    Known,
    /// It has a new certificate for its known key.
    Renewed,
    /// The user, or the application, allowed it.
    Answer,
    /// Its very certificate is in the directory of client certificates.
    Directory,
    /// It is a client without a certificate, and needs none.
    Anonymous,
}

impl Reason {
    /// The reason in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Known => "known",
            Self::Renewed => "renewed",
            Self::Answer => "answer",
            Self::Directory => "directory",
            Self::Anonymous => "anonymous",
        }
    }
}

/// An entry that is to be replaced once the connection is open.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The new entry.
    pub entry: Entry,
    /// The fingerprint of the key that both certificates have.
    pub key: [u8; 32],
}

impl Admitted {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The entry to replace once the connection is open.
    #[must_use]
    pub const fn renews(&self) -> Option<&Renewal> {
        self.renews.as_ref()
    }

    /// Who a client is, and who says so; nothing for servers, and for clients without a
    /// certificate.
    #[must_use]
    pub const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// A client that was judged; [`super::client`] alone says so.
    pub(crate) const fn client(
        reason: Reason,
        chain: Arc<[Certificate]>,
        identity: Option<Identity>,
    ) -> Self {
        Self { reason, renews: None, chain, identity }
    }

    /// What the peer showed, the leaf first.
    #[must_use]
    pub fn chain(&self) -> &Arc<[Certificate]> {
        &self.chain
    }
}

/// Judges a peer; with a grant, the question that it answers is not asked again.
#[must_use]
pub(crate) fn judge(peer: &Peer<'_>, beliefs: &Beliefs<'_>, grant: Option<&Grant>) -> Judgement {
    match hear(peer, beliefs, grant) {
        Ok((judgement, _)) => judgement,
        Err(error) => Judgement::Refused(error),
    }
}

/// Judges a peer, and tells what was found as well; an error where its chain cannot be read.
pub(crate) fn hear(
    peer: &Peer<'_>,
    beliefs: &Beliefs<'_>,
    grant: Option<&Grant>,
) -> Result<(Judgement, Assessment), Error> {
    let Peer { endpoint, chain, now } = *peer;
    let (role, name) = (Role::Server, Some(&endpoint.host));
    let shown = Shown::read(&Sent { role, name, chain }, beliefs.clean, now)?;
    let court = Court { peer, beliefs, grant, chain: Arc::clone(&shown.chain) };
    let standing = beliefs.known.standing(role, endpoint);
    let found = court.find(&standing, &shown);
    let judgement = if standing.entries.is_empty() {
        court.stranger(found.clone())
    } else {
        court.known(&standing, found.clone())
    };
    Ok((judgement, found))
}

struct Court<'a> {
    peer: &'a Peer<'a>,
    beliefs: &'a Beliefs<'a>,
    grant: Option<&'a Grant>,
    chain: Arc<[Certificate]>,
}

impl Court<'_> {
    /// Looks at the chain: by itself where its certificate is the known one, else by its path.
    fn find(&self, standing: &Standing, sent: &Shown) -> Assessment {
        let case = Case {
            role: Role::Server,
            name: Some(&self.peer.endpoint.host),
            chain: &self.chain,
            now: self.peer.now,
        };
        let shown = self.chain.first();
        let is_known = standing.entries.iter().any(|one| Some(&one.certificate) == shown);
        let rules = self.beliefs.rules;
        let found = if is_known {
            assess_exact(&case, rules)
        } else {
            sent.find_path(&case, rules, self.beliefs.clean)
        };
        with_distrust(found, &case, self.beliefs.known)
    }

    /// Nothing is known of the peer.
    fn stranger(&self, mut found: Assessment) -> Judgement {
        let policies = self.beliefs.policies;
        if !found.problems.is_empty() {
            if self.beliefs.rules.anchors.is_empty() {
                found.why.push("this context has no authority at all".to_owned());
            }
            let nothing = Standing::default();
            return self.decide(Situation::Untrusted, policies.on_untrusted, found, &nothing);
        }
        let policy = match (policies.on_new, self.beliefs.asking) {
            (Policy::Auto, Asking::Nobody) => Policy::Allow,
            (Policy::Auto, Asking::Validator | Asking::Proposal) => Policy::Ask,
            (Policy::Auto, Asking::NobodyAnyMore) => Policy::Refuse,
            (set, _) => set,
        };
        self.decide(Situation::New, policy, found, &Standing::default())
    }

    /// The place is known: by this certificate, or by others.
    fn known(&self, standing: &Standing, mut found: Assessment) -> Judgement {
        let shown = self.chain.first();
        let is_shown = |entry: &&Arc<Entry>| Some(&entry.certificate) == shown;
        let mut same = standing.entries.iter().filter(is_shown).peekable();
        if same.peek().is_none() {
            return self.other_certificate(standing, found);
        }
        let alive = same.clone().any(|entry| self.is_alive(entry));
        let accepted = same
            .chain(standing.beside.iter().filter(is_shown))
            .filter(|entry| self.is_alive(entry))
            .fold(Problems::NONE, |all, entry| all | entry.accepted);
        let renewed_for_session =
            standing.beside.iter().filter(is_shown).any(|entry| self.is_alive(entry));
        if (alive || renewed_for_session) && accepted.contains(found.problems) {
            return self.admit(Reason::Known, None);
        }
        if !(alive || renewed_for_session) {
            found.why.push(text::entry_expired(self.peer.endpoint, standing));
        }
        let policy = match (self.beliefs.policies.on_new_problem, self.beliefs.asking) {
            (Policy::Auto, Asking::Validator) => Policy::Ask,
            (Policy::Auto, _) => Policy::Refuse,
            (set, _) => set,
        };
        self.decide(Situation::NewProblem, policy, found, standing)
    }

    /// The place is known by other certificates than the one that is shown.
    fn other_certificate(&self, standing: &Standing, found: Assessment) -> Judgement {
        let same_key = self.chain.first().and_then(|shown| {
            standing
                .entries
                .iter()
                .find(|entry| entry.certificate.key_sha256() == shown.key_sha256())
        });
        let renews = same_key.filter(|old| found.problems.is_empty() && self.is_good(old));
        let Some(old) = renews else {
            let policy = self.beliefs.policies.on_changed;
            return self.decide(Situation::Changed, policy, found, standing);
        };
        match self.beliefs.policies.on_renewed {
            Policy::Auto | Policy::Allow => self.admit(Reason::Renewed, self.renewal(old)),
            policy @ (Policy::Ask | Policy::Refuse) => {
                self.decide(Situation::Renewed, policy, found, standing)
            }
        }
    }

    /// What the policy makes of the situation. Severe problems refuse whatever it says.
    fn decide(
        &self,
        situation: Situation,
        policy: Policy,
        found: Assessment,
        standing: &Standing,
    ) -> Judgement {
        let asked = Asked {
            role: Role::Server,
            endpoint: Some(self.peer.endpoint.clone()),
            identity: None,
            situation,
            problems: found.problems,
            why: found.why,
            chain: Arc::clone(&self.chain),
            previous: self.previous(standing),
            judged: standing.certificates(),
            stored: standing.stored.clone(),
            lasting: standing.lasting,
        };
        let ask = match policy {
            _ if asked.problems.intersects(Problems::SEVERE) => false,
            Policy::Allow => {
                let admits = matches!(situation, Situation::New | Situation::Renewed);
                if admits && asked.problems.is_empty() {
                    return self.admit(Reason::Authority, None);
                }
                false
            }
            Policy::Ask => self.beliefs.asking != Asking::Proposal || situation == Situation::New,
            Policy::Auto | Policy::Refuse => false,
        };
        if !ask {
            return Judgement::Refused(text::refusal(&asked));
        }
        if self.grant.is_some_and(|grant| grant.asked.covers(&asked)) {
            return self.admit(Reason::Answer, None);
        }
        Judgement::Ask(Box::new(asked))
    }

    fn is_alive(&self, entry: &Entry) -> bool {
        entry.expires.is_none_or(|expires| self.peer.now <= expires)
    }

    /// Whether an old entry may hand its place to a new certificate for its key.
    fn is_good(&self, old: &Entry) -> bool {
        let distrusted = self.beliefs.known.distrusts(&old.certificate).is_some();
        let case = Case {
            role: Role::Server,
            name: None,
            chain: std::slice::from_ref(&old.certificate),
            now: self.peer.now,
        };
        let found = assess_exact(&case, self.beliefs.rules);
        self.is_alive(old) && !distrusted && !found.problems.contains(Problems::REVOKED)
    }

    fn renewal(&self, old: &Entry) -> Option<Renewal> {
        let certificate = self.chain.first()?.clone();
        let key = *certificate.key_sha256();
        let entry = Entry {
            certificate,
            accepted: Problems::NONE,
            added: Some(self.peer.now),
            ..old.clone()
        };
        Some(Renewal { entry, key })
    }

    /// The entry that a person is shown beside the new certificate: the one with the same
    /// certificate or key where there is one.
    fn previous(&self, standing: &Standing) -> Option<Arc<Entry>> {
        let shown = self.chain.first()?;
        let by_key =
            standing.entries.iter().find(|old| old.certificate.key_sha256() == shown.key_sha256());
        by_key.or_else(|| standing.entries.first()).cloned()
    }

    fn admit(&self, reason: Reason, renews: Option<Renewal>) -> Judgement {
        let chain = Arc::clone(&self.chain);
        Judgement::Admitted(Admitted { reason, renews, chain, identity: None })
    }
}

#[cfg(test)]
mod tests;
