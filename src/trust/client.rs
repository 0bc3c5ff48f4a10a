//! The judgement of a client: who vouches for it, who it is, and whether it is allowed.
//!
//! An entry in the directory of client certificates, a known client, an authority or an answer can
//! vouch for a client; then the lists of allowed clients are checked, whatever vouched for it. It
//! gets a name, its identity; a name in the directory or among the known clients can only be given
//! to the client that has it there. The directory is read anew for each judgement.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::allow::AllowList;
use super::asked::{Asked, Asking, Grant, Policy, Situation};
use super::judge::{Admitted, Judgement, Reason};
use super::peer::Peer;
use super::shown::{Shown, with_distrust};
use super::text;
use crate::chain::{Assessment, Case, CleanChains, Rules, assess_exact};
use crate::error::{Calm, Detail, Error, Kind, PeerCause, Problems};
use crate::host::Role;
use crate::known::{
    Directory, Entry, Identity, IdentityFrom, IdentitySource, KnownView, Sought, identity,
};
use crate::material::{Certificate, Writers, source_of};

/// Whether clients must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientAuth {
    /// They are not asked for one.
    None,
    /// They are asked for one, but need none.
    Optional,
    /// They must show one.
    #[default]
    Required,
}

/// What decides about clients besides rules and known peers: a part of a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission {
    /// Whether clients must show a certificate.
    pub auth: ClientAuth,
    /// Which part of a certificate is the identity.
    pub identity_from: IdentityFrom,
    /// The directory of client certificates, if there is one.
    pub directory: Option<Arc<Directory>>,
    /// Who besides the owner may write the directory and its entries.
    pub directory_writers: Writers,
    /// Whether authorities count besides the directory.
    pub directory_and_authorities: bool,
    /// The allowed distinguished names, if there is a list.
    pub names: AllowList,
    /// The allowed identities, if there is a list.
    pub identities: Option<Arc<BTreeSet<String>>>,
}

impl Admission {
    /// Whether an authority can vouch for a client.
    const fn authorities_count(&self) -> bool {
        self.directory.is_none() || self.directory_and_authorities
    }
}

/// What a client is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientBeliefs<'a> {
    /// Authorities, revocation lists and profile.
    pub rules: &'a Rules,
    /// The chains that were found clean by these rules.
    pub clean: &'a CleanChains,
    /// What applies to clients only.
    pub admission: &'a Admission,
    /// What to do with a client that nothing vouches for.
    pub policy: Policy,
    /// Who can be asked.
    pub asking: Asking,
    /// The known peers.
    pub known: &'a KnownView,
}

/// Judges a client; with a grant, the question that it answers is not asked again.
#[must_use]
pub(crate) fn judge_client(
    client: &Peer<'_>,
    beliefs: &ClientBeliefs<'_>,
    grant: Option<&Grant>,
) -> Judgement {
    let judged = if client.chain.is_empty() {
        anonymous(beliefs)
    } else {
        hear(client, beliefs, grant).map(|(judgement, _)| judgement)
    };
    judged.unwrap_or_else(Judgement::Refused)
}

/// A client without a certificate.
fn anonymous(beliefs: &ClientBeliefs<'_>) -> Result<Judgement, Error> {
    let admission = beliefs.admission;
    let refuse = |why: &str, cause: &PeerCause| {
        Err(Error::new(Kind::NoClientCertificate, why).because(cause))
    };
    if admission.auth == ClientAuth::Required {
        return refuse(
            "the client presented no certificate, and one is required",
            &PeerCause::NoClientCertificate,
        );
    }
    if admission.identities.is_some() || admission.names.is_set() {
        return refuse(
            "the client presented no certificate, and only clients on a list are allowed",
            &PeerCause::NoListedCertificate,
        );
    }
    Ok(Judgement::Admitted(Admitted::client(Reason::Anonymous, Arc::new([]), None)))
}

/// Judges a client that shows a certificate, and returns the findings as well.
pub(crate) fn hear(
    client: &Peer<'_>,
    beliefs: &ClientBeliefs<'_>,
    grant: Option<&Grant>,
) -> Result<(Judgement, Assessment), Error> {
    let shown = Shown::look(client, beliefs.clean)?;
    let (case, chain, now) = (client.case(), shown.chain(), client.now);
    let Some(leaf) = chain.first() else {
        return Ok((anonymous(beliefs)?, Assessment::default()));
    };
    let sought = match &beliefs.admission.directory {
        Some(directory) => directory.find(leaf, beliefs.admission.directory_writers)?,
        None => Sought::Absent,
    };
    let court = ClientCourt { beliefs, leaf, chain, now, grant, sought: &sought };
    let (judgement, found) = court.hear(&case, &shown)?;
    Ok((judgement.with_usable_key(leaf, &found), found))
}

/// Refuses a name that already belongs to a client whose key has another fingerprint: in a file of
/// the directory, or as a known client.
///
/// # Errors
///
/// [`Kind::NotAllowed`], naming the other client; those of reading the directory.
pub(crate) fn is_its_own(
    name: &str,
    key_sha256: &[u8; 32],
    admission: &Admission,
    known: &KnownView,
) -> Result<(), Error> {
    let refuse = |holder: &str, cause: &PeerCause| {
        let message = format!(
            "the client {name} has another key than {holder}, which that name belongs to: no authority and no answer can give it away"
        );
        Err(Error::new(Kind::NotAllowed, message).because(cause))
    };
    let from = admission.identity_from;
    if let Some(directory) = &admission.directory
        && let Some(file) =
            directory.other_holder(name, key_sha256, from, admission.directory_writers)?
    {
        return refuse(&source_of(&file), &PeerCause::NameInDirectory);
    }
    match known.other_holder(name, key_sha256, from) {
        Some(old) => {
            let old =
                format!("the known client with the certificate {}", old.certificate.fingerprint());
            refuse(&old, &PeerCause::NameOfKnownClient)
        }
        None => Ok(()),
    }
}

/// The judgement of one client that shows a certificate.
struct ClientCourt<'a> {
    beliefs: &'a ClientBeliefs<'a>,
    leaf: &'a Certificate,
    chain: &'a Arc<[Certificate]>,
    now: i64,
    grant: Option<&'a Grant>,
    /// What the directory says of the certificate.
    sought: &'a Sought,
}

impl ClientCourt<'_> {
    /// Who vouches for the client, and what was found.
    fn hear(&self, case: &Case<'_>, shown: &Shown<'_>) -> Result<(Judgement, Assessment), Error> {
        if let Sought::Listed(file) = self.sought {
            let found = self.of_directory(case);
            let judgement = if found.problems.is_empty() {
                self.let_in(IdentitySource::Directory, Reason::Directory)
            } else {
                let who = format!("the client of {}", source_of(file));
                Judgement::Refused(text::bad_client(
                    &who,
                    self.leaf,
                    &found,
                    (self.now, self.beliefs.rules.time_from),
                ))
            };
            return Ok((judgement, found));
        }
        let (lasting, session) = self.beliefs.known.client(self.leaf);
        if !(lasting.is_empty() && session.is_empty()) {
            let mut found =
                with_distrust(assess_exact(case, self.beliefs.rules), case, self.beliefs.known);
            let judgement = self.known(&lasting, &session, &mut found);
            return Ok((judgement, found));
        }
        let mut found = with_distrust(
            shown.find_path(self.beliefs.rules, self.beliefs.clean),
            case,
            self.beliefs.known,
        );
        let vouched = found.problems.is_empty();
        if vouched && self.beliefs.admission.authorities_count() {
            let judgement = self.let_in(IdentitySource::Authority, Reason::Authority);
            return Ok((judgement, found));
        }
        self.say_who_vouches(vouched, &mut found);
        Ok((self.unknown(None, &mut found), found))
    }

    /// The findings that count for an entry of the directory: path, authority and purpose do not.
    fn of_directory(&self, case: &Case<'_>) -> Assessment {
        let mut found = assess_exact(case, self.beliefs.rules);
        found.forget(Problems::WRONG_PURPOSE);
        with_distrust(found, case, self.beliefs.known)
    }

    /// A client that is known by exactly this certificate.
    fn known(
        &self,
        lasting: &[Arc<Entry>],
        session: &[Arc<Entry>],
        found: &mut Assessment,
    ) -> Judgement {
        let alive = |entry: &&Arc<Entry>| entry.expires.is_none_or(|last| self.now <= last);
        let all = || lasting.iter().chain(session).filter(alive);
        if all().next().is_none() {
            let why = text::client_entry_expired(lasting.iter().chain(session));
            found.why.push(Calm::sentence(why));
            found.details.push(Detail::Entry);
        } else if all().fold(Problems::NONE, |all, one| all | one.accepted).contains(found.problems)
        {
            return self.let_in(IdentitySource::Answer, Reason::Known);
        }
        self.unknown(lasting.first().or(session.first()), found)
    }

    /// Says why nothing vouches for an unknown client, or why what vouches for it does not count.
    fn say_who_vouches(&self, vouched: bool, found: &mut Assessment) {
        let why = match &self.beliefs.admission.directory {
            Some(directory) => {
                let not_there = match self.sought {
                    Sought::Ignored(why) => {
                        format!("its certificate is in a file that does not count: {why}")
                    }
                    Sought::Listed(_) | Sought::Absent => {
                        format!("its certificate is not in {}", source_of(directory.path()))
                    }
                };
                let unheard = ", and beside that directory an authority is not enough (TLSCONN_OPT_DIR_AND_CA)";
                if vouched { not_there + unheard } else { not_there }
            }
            None if self.beliefs.rules.anchors.is_empty() => {
                "this context has no authority at all".to_owned()
            }
            None => return,
        };
        // This is the reason; the other problems only show why nothing else helped.
        found.why.insert(0, Calm::sentence(why));
    }

    /// Nothing vouches for the client: ask about it, or refuse it.
    fn unknown(&self, previous: Option<&Arc<Entry>>, found: &mut Assessment) -> Judgement {
        let may_ask = self.beliefs.policy == Policy::Ask
            && self.beliefs.asking != Asking::Proposal
            && !found.problems.intersects(Problems::SEVERE);
        // Only look for the holder of the name if an answer could admit the client: it may mean
        // reading every entry, and a stranger could make us do that for free.
        let name = if may_ask { self.name_for(IdentitySource::Answer) } else { self.listed_name() };
        let identity = match name {
            Ok(name) => Some(name),
            // No answer can help, so nobody is asked.
            Err(error) if may_ask => {
                return Judgement::Refused(error.with_problems(found.problems));
            }
            Err(error) => {
                found.why.push(Calm::sentence(error.message()));
                None
            }
        };
        let (lasting, session) = self.beliefs.known.client(self.leaf);
        let mut judged: Vec<_> =
            lasting.iter().chain(&session).map(|one| *one.certificate.sha256()).collect();
        judged.dedup();
        let asked = Asked {
            role: Role::Client,
            endpoint: None,
            identity,
            situation: Situation::Client,
            problems: found.problems,
            why: found.why.clone(),
            details: found.details.clone(),
            no_authority: self.beliefs.rules.anchors.is_empty(),
            chain: Arc::clone(self.chain),
            previous: previous.cloned(),
            judged,
            stored: self.beliefs.known.stored_client(self.leaf),
            lasting: !lasting.is_empty(),
            authority: None,
            now: self.now,
            time_from: self.beliefs.rules.time_from,
        };
        if !may_ask {
            return Judgement::Refused(text::refusal(&asked));
        }
        if self.grant.is_some_and(|grant| grant.asked.covers(&asked)) {
            return self.let_in(IdentitySource::Answer, Reason::Answer);
        }
        Judgement::Ask(Box::new(asked))
    }

    /// Something vouches for the client: it is admitted, unless a list excludes it.
    fn let_in(&self, source: IdentitySource, reason: Reason) -> Judgement {
        match self.name_for(source) {
            Ok(name) => {
                let identity = Some(Identity { name, source });
                Judgement::Admitted(Admitted::client(reason, Arc::clone(self.chain), identity))
            }
            Err(error) => Judgement::Refused(error),
        }
    }

    /// The identity that the client gets from this source, or why it cannot have it.
    fn name_for(&self, source: IdentitySource) -> Result<String, Error> {
        let name = self.listed_name()?;
        if source != IdentitySource::Directory {
            is_its_own(&name, self.leaf.key_sha256(), self.beliefs.admission, self.beliefs.known)?;
        }
        Ok(name)
    }

    /// The identity in the client's certificate, unless a list excludes it.
    fn listed_name(&self) -> Result<String, Error> {
        let admission = self.beliefs.admission;
        if let Some(error) = admission.names.refusal(self.leaf) {
            return Err(error);
        }
        let name = identity(self.leaf, admission.identity_from).map_err(|why| {
            let subject = self.leaf.subject_text();
            let message = format!("the certificate of the client {subject} {why}");
            Error::new(Kind::NotAllowed, message).because(&PeerCause::NoIdentity)
        })?;
        if let Some(list) = &admission.identities
            && !list.contains(&name)
        {
            let message = format!("the client {name} is not on the list of identities");
            let cause = PeerCause::IdentityNotListed(name);
            return Err(Error::new(Kind::NotAllowed, message).because(&cause));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests;
