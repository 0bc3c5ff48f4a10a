//! The judgement: admitted, refused with every problem, or a question.
//!
//! [`judge`] is pure: what a peer shows, what the context trusts and knows, and the time go in; the
//! judgement comes out. An [`Admitted`] is made nowhere else, and a session opens its gate for
//! nothing else.

use std::sync::Arc;

use super::asked::{Asked, Asking, Grant, Policies, Policy, Situation};
use super::peer::{Peer, unusable_key};
use super::shown::{Shown, with_distrust};
use super::text;
use crate::chain::{Assessment, Case, CleanChains, Rules, assess_exact};
use crate::error::{Calm, Detail, Error, Kind, Problems};
use crate::host::{Endpoint, Role};
use crate::known::{Entry, Identity, KnownView, Standing};
use crate::material::Certificate;

/// What a peer is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beliefs<'a> {
    /// Authorities, revocation lists and profile.
    pub rules: &'a Rules,
    /// The chains that were found clean by these rules.
    pub clean: &'a CleanChains,
    /// The policies.
    pub policies: &'a Policies,
    /// Who can be asked.
    pub asking: Asking,
    /// The known peers.
    pub known: &'a KnownView,
}

/// The result of a judgement.
#[derive(Clone, Debug)]
pub enum Judgement {
    /// The peer is admitted.
    Admitted(Admitted),
    /// The peer is refused; the error has every problem.
    Refused(Error),
    /// Somebody must be asked.
    Ask(Box<Asked>),
}

impl Judgement {
    /// The judgement of a peer that shows this certificate, if TLS here can use its key: nobody
    /// else is admitted or asked about. On a connection the handshake has said so before; here it
    /// is said again, so that a chain that is judged without one gets the same answer.
    pub(super) fn with_usable_key(self, leaf: &Certificate, found: &Assessment) -> Self {
        let (Self::Admitted(_) | Self::Ask(_), Some(key)) = (&self, leaf.unusable_key_text())
        else {
            return self;
        };
        let error = unusable_key(&leaf.subject(), &key);
        let problems = error.problems() | found.problems;
        Self::Refused(error.with_problems(problems))
    }
}

/// The proof that a peer was judged and admitted.
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
    /// It is known by exactly this certificate.
    Known,
    /// It has a new certificate for its known key.
    Renewed,
    /// The user, or the application, allowed it.
    Answer,
    /// Exactly its certificate is in the directory of client certificates.
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

/// An entry to replace once the connection is open.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The new entry.
    pub entry: Entry,
    /// The fingerprint of the key that both certificates have.
    pub key: [u8; 32],
}

impl Admitted {
    /// Why the peer was admitted.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The entry to replace once the connection is open.
    #[must_use]
    pub const fn renews(&self) -> Option<&Renewal> {
        self.renews.as_ref()
    }

    /// Who a client is, and who vouches for it. `None`: a server, or a client without a
    /// certificate.
    #[must_use]
    pub const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// A client that was admitted; only [`super::client`] may say so.
    pub(crate) const fn client(
        reason: Reason,
        chain: Arc<[Certificate]>,
        identity: Option<Identity>,
    ) -> Self {
        Self { reason, renews: None, chain, identity }
    }

    /// What the peer showed, leaf first.
    #[must_use]
    pub fn chain(&self) -> &Arc<[Certificate]> {
        &self.chain
    }
}

/// Judges a server; with a grant, the question that it answers is not asked again. It must be
/// said where the server is: policies and known servers are about places.
#[must_use]
pub(crate) fn judge(server: &Peer<'_>, beliefs: &Beliefs<'_>, grant: Option<&Grant>) -> Judgement {
    let Some(endpoint) = server.endpoint else {
        let message = "the host of the server to judge was not given";
        return Judgement::Refused(Error::new(Kind::Internal, message));
    };
    match hear(server, endpoint, beliefs, grant) {
        Ok((judgement, _)) => judgement,
        Err(error) => Judgement::Refused(error),
    }
}

/// Judges the server at an endpoint, and returns the findings as well; an error if it shows no
/// certificate.
pub(crate) fn hear(
    server: &Peer<'_>,
    endpoint: &Endpoint,
    beliefs: &Beliefs<'_>,
    grant: Option<&Grant>,
) -> Result<(Judgement, Assessment), Error> {
    let shown = Shown::look(server, beliefs.clean)?;
    let chain = Arc::clone(shown.chain());
    let court = Court { peer: server, endpoint, beliefs, grant, chain };
    let standing = beliefs.known.standing(server.role, endpoint);
    let found = court.find(&standing, &shown);
    let judgement = if standing.entries.is_empty() {
        court.stranger(&found)
    } else {
        court.known(&standing, &found)
    };
    let leaf = court.chain.first();
    let judgement = match leaf {
        Some(leaf) => judgement.with_usable_key(leaf, &found),
        None => judgement,
    };
    Ok((judgement, found))
}

struct Court<'a> {
    peer: &'a Peer<'a>,
    endpoint: &'a Endpoint,
    beliefs: &'a Beliefs<'a>,
    grant: Option<&'a Grant>,
    chain: Arc<[Certificate]>,
}

impl Court<'_> {
    /// Checks the chain: the leaf alone if it is the known certificate, otherwise its path.
    fn find(&self, standing: &Standing, sent: &Shown<'_>) -> Assessment {
        let case = self.peer.case();
        let shown = self.chain.first();
        let is_known = standing.entries.iter().any(|one| Some(&one.certificate) == shown);
        let rules = self.beliefs.rules;
        let found = if is_known {
            assess_exact(&case, rules)
        } else {
            sent.find_path(rules, self.beliefs.clean)
        };
        with_distrust(found, &case, self.beliefs.known)
    }

    /// Nothing is known about the peer.
    fn stranger(&self, found: &Assessment) -> Judgement {
        let policies = self.beliefs.policies;
        if !found.problems.is_empty() {
            let nobody = self.beliefs.rules.anchors.is_empty();
            let more = nobody.then(|| "this context has no authority at all".to_owned());
            let (policy, nothing) = (policies.on_untrusted, Standing::default());
            return self.decide(Situation::Untrusted, policy, (found, more), &nothing);
        }
        let policy = match (policies.on_new, self.beliefs.asking) {
            (Policy::Auto, Asking::Nobody) => Policy::Allow,
            (Policy::Auto, Asking::Validator | Asking::Proposal) => Policy::Ask,
            (Policy::Auto, Asking::NobodyAnyMore) => Policy::Refuse,
            (set, _) => set,
        };
        self.decide(Situation::New, policy, (found, None), &Standing::default())
    }

    /// The place is known, with this certificate or with others.
    fn known(&self, standing: &Standing, found: &Assessment) -> Judgement {
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
        let is_over = !(alive || renewed_for_session);
        let more = is_over.then(|| text::entry_expired(self.endpoint, standing));
        let policy = match (self.beliefs.policies.on_new_problem, self.beliefs.asking) {
            (Policy::Auto, Asking::Validator) => Policy::Ask,
            (Policy::Auto, _) => Policy::Refuse,
            (set, _) => set,
        };
        self.decide(Situation::NewProblem, policy, (found, more), standing)
    }

    /// The place is known with other certificates than the one that is shown.
    fn other_certificate(&self, standing: &Standing, found: &Assessment) -> Judgement {
        let same_key = self.chain.first().and_then(|shown| {
            standing
                .entries
                .iter()
                .find(|entry| entry.certificate.key_sha256() == shown.key_sha256())
        });
        let renews = same_key.filter(|old| found.problems.is_empty() && self.is_good(old));
        let Some(old) = renews else {
            let policy = self.beliefs.policies.on_changed;
            return self.decide(Situation::Changed, policy, (found, None), standing);
        };
        match self.beliefs.policies.on_renewed {
            Policy::Auto | Policy::Allow => self.admit(Reason::Renewed, self.renewal(old)),
            policy @ (Policy::Ask | Policy::Refuse) => {
                self.decide(Situation::Renewed, policy, (found, None), standing)
            }
        }
    }

    /// Applies the policy to the situation, with what was found and what else is said about it.
    /// Severe problems refuse the peer whatever the policy says.
    fn decide(
        &self,
        situation: Situation,
        policy: Policy,
        (found, more): (&Assessment, Option<String>),
        standing: &Standing,
    ) -> Judgement {
        let admits = matches!(situation, Situation::New | Situation::Renewed);
        if policy == Policy::Allow && admits && found.problems.is_empty() {
            return self.admit(Reason::Authority, None);
        }
        let mut details = found.details.clone();
        if situation == Situation::NewProblem && more.is_some() {
            details.push(Detail::Entry);
        }
        let asked = Asked {
            role: Role::Server,
            endpoint: Some(self.endpoint.clone()),
            identity: None,
            situation,
            problems: found.problems,
            why: found.why.iter().cloned().chain(more.map(Calm::sentence)).collect(),
            details,
            no_authority: self.beliefs.rules.anchors.is_empty(),
            chain: Arc::clone(&self.chain),
            previous: self.previous(standing),
            judged: standing.certificates(),
            stored: standing.stored.clone(),
            lasting: standing.lasting,
            authority: found.authority(),
            now: self.peer.now,
            time_from: self.beliefs.rules.time_from,
        };
        let ask = match policy {
            _ if asked.problems.intersects(Problems::SEVERE) => false,
            Policy::Ask => self.beliefs.asking != Asking::Proposal || situation == Situation::New,
            Policy::Auto | Policy::Refuse | Policy::Allow => false,
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

    /// Whether an old entry may be replaced with a new certificate for its key.
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

    /// The entry to show beside the new certificate: the one with the same certificate or key if
    /// there is one.
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
