//! The revocation lists of a context, and what they say about a certificate.
//!
//! No list replaces another: a certificate that any list of its issuer names is revoked, in
//! whatever order the lists came. Only a newer complete list of the same issuer lifts that: one
//! that removes the certificate by name, or that no longer holds one which was on hold. The newest
//! list of each scope says how fresh the knowledge is; a list does not count before its date, and
//! one without a next update never expires.

mod list;
pub(crate) mod rollback;
mod scope;
pub(crate) mod signers;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::same_name::normal_form;
use super::signature;
use super::work::{Budget, LIST_UNITS};
#[cfg(test)]
use crate::error::Error;
use crate::error::{Detail, ListFault, Problems};
use crate::material::{Certificate, Crl, Status, hex_colons, name_text, time_text};
pub(crate) use list::Window;
use list::{List, may_sign_lists};
use scope::Scope;

/// The most faults of a list that a sentence names.
const MAX_TOLD: usize = 8;

/// How revocation lists are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrlMode {
    /// They are ignored.
    Off,
    /// An issuer that a list was added for must have one that counts.
    #[default]
    IfPresent,
    /// Every issuer must have one that counts.
    Required,
}

/// Revocation lists, found by the normal form of their issuer's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crls {
    /// The lists of each issuer, the newest first.
    by_issuer: HashMap<Vec<u8>, Vec<Arc<List>>>,
}

/// What the lists say about a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Revocation {
    /// REVOKED, CRL_MISSING, CRL_EXPIRED, or two of them.
    pub(crate) problems: Problems,
    /// A sentence for each.
    pub(crate) why: Vec<String>,
    /// What is known of the lists that do not count.
    pub(crate) details: Vec<Detail>,
    /// The period with the same result.
    pub(crate) window: Window,
    /// The list that says that the certificate is not revoked now, if there is one.
    pub(crate) fresh: Option<Crl>,
}

/// What is required of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// How they are used.
    pub(crate) mode: CrlMode,
    /// For how many seconds a list still counts after its next update.
    pub(crate) grace: i64,
    /// Whether a list must keep the rules for those who issue lists to clear a certificate (RFC
    /// 5280, sections 5.1 to 5.3).
    pub(crate) form: bool,
}

impl Crls {
    /// Reads lists in DER, each with the words that name it in messages.
    #[cfg(test)]
    pub(crate) fn new(lists: Vec<(Vec<u8>, String)>) -> Result<Self, Error> {
        let read = |(der, source): (Vec<u8>, String)| Crl::from_der(&der, &source);
        Ok(Self::default().of(lists.into_iter().map(read).collect::<Result<Vec<_>, _>>()?))
    }

    /// These lists, keeping the first of duplicates and what was already found out about
    /// signatures.
    #[must_use]
    pub(crate) fn of(&self, lists: impl IntoIterator<Item = Crl>) -> Self {
        let known: HashMap<(&[u8; 32], &str), &Arc<List>> = self
            .by_issuer
            .values()
            .flatten()
            .map(|list| ((list.crl().identity(), list.crl().source()), list))
            .collect();
        let mut seen = HashSet::new();
        let mut by_issuer: HashMap<Vec<u8>, Vec<Arc<List>>> = HashMap::new();
        for crl in lists {
            if !seen.insert(*crl.identity()) {
                continue;
            }
            let issuer = normal_form(crl.issuer_der());
            let list = known
                .get(&(crl.identity(), crl.source()))
                .map_or_else(|| Arc::new(List::new(crl.clone())), |known| Arc::clone(known));
            by_issuer.entry(issuer).or_default().push(list);
        }
        for lists in by_issuer.values_mut() {
            lists.sort_by(|one, other| other.crl().compare_age(one.crl()));
        }
        Self { by_issuer }
    }

    /// What identifies each list, in no particular order.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.by_issuer.values().flatten().map(|list| list.crl().identity())
    }

    /// Whether there is any list with this issuer's name.
    #[must_use]
    pub(crate) fn are_there_of(&self, issuer: &[u8]) -> bool {
        !self.by_issuer.is_empty() && self.by_issuer.contains_key(&normal_form(issuer))
    }

    /// What the lists say of `certificate`, which `issuer` issued.
    ///
    /// A list counts if it is signed with the key of `issuer`, or of one of `signers`: other
    /// certificates with the issuer's name, verified like it, that may sign lists. [`CrlMode::Off`]
    /// finds nothing; [`CrlMode::IfPresent`] finds nothing unless there is a list with the issuer's
    /// name.
    #[must_use]
    pub(crate) fn revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        signers: &[&Certificate],
        demand: Demand,
        now: i64,
        budget: &mut Budget,
    ) -> Revocation {
        let Demand { mode, grace, form } = demand;
        let lists = self.of_issuer(certificate);
        let mut found = Revocation {
            problems: Problems::NONE,
            why: Vec::new(),
            details: Vec::new(),
            window: Window::ALWAYS,
            fresh: None,
        };
        if mode == CrlMode::Off || (mode == CrlMode::IfPresent && lists.is_empty()) {
            return found;
        }
        let others = signers.iter().copied().filter(|signer| {
            may_sign_lists(signer)
                && normal_form(signer.subject_der()) == normal_form(certificate.issuer_der())
        });
        let issuers = std::iter::once(issuer).chain(others).collect();
        let mut inquiry = Inquiry { lists, issuers, certificate, form, now, budget };
        if let Some(list) = inquiry.revoking() {
            let why = inquiry.revoked(list);
            found.add(Problems::REVOKED, why);
        }
        inquiry.freshness(grace, &mut found);
        if inquiry.budget.was_short && !found.problems.contains(Problems::REVOKED) {
            let name = certificate.issuer_text();
            let why = format!(
                "there are more revocation lists (CRLs) of {name} than are looked at at once: their signatures take more than the limit of {LIST_UNITS} units of work, and the next time it goes on from there"
            );
            found.details.push(Detail::List(name.to_string(), None, ListFault::TooMany));
            found.add(Problems::CRL_MISSING, why);
        }
        let later = inquiry.lists.iter().map(|list| list.crl().this_update());
        if let Some(later) = later.filter(|begin| *begin > now).min() {
            found.window.until = found.window.until.min(later.saturating_sub(1));
        }
        found
    }

    /// Whether any list with the name of the issuer revokes `certificate`, a peer that is known by
    /// exactly this certificate: REVOKED or no problem, and why.
    ///
    /// A list counts even if it cannot be verified, unless it names another key than the
    /// certificate does; so it can revoke but never clear. What lifts a revocation must be signed
    /// by one of `issuers`. Only the user vouches for a known peer, so the modes that require a
    /// list require none here; [`CrlMode::Off`] ignores them all.
    #[must_use]
    pub(crate) fn revocation_unverified(
        &self,
        certificate: &Certificate,
        issuers: &[&Certificate],
        mode: CrlMode,
        now: i64,
        budget: &mut Budget,
    ) -> (Problems, Vec<String>) {
        if mode == CrlMode::Off {
            return (Problems::NONE, Vec::new());
        }
        let mut lists = self.of_issuer(certificate);
        lists.retain(|list| !list.contradicts(certificate));
        let suspects = lists.clone();
        let issuers = issuers.iter().copied().filter(|issuer| may_sign_lists(issuer)).collect();
        let form = false;
        let mut inquiry = Inquiry { lists, issuers, certificate, form, now, budget };
        let revoking = suspects.into_iter().find(|list| inquiry.names(list));
        match revoking {
            Some(list) => (Problems::REVOKED, vec![inquiry.revoked(list)]),
            None => (Problems::NONE, Vec::new()),
        }
    }

    /// The lists with the name of the issuer, the newest first.
    fn of_issuer(&self, certificate: &Certificate) -> Vec<&List> {
        if self.by_issuer.is_empty() {
            return Vec::new();
        }
        let lists = self.by_issuer.get(&normal_form(certificate.issuer_der()));
        lists.into_iter().flatten().map(AsRef::as_ref).collect()
    }
}

impl Revocation {
    fn add(&mut self, problem: Problems, why: String) {
        self.problems |= problem;
        self.why.push(why);
    }
}

/// A certificate that the lists are searched for.
struct Inquiry<'a, 'b> {
    /// The lists with its issuer's name, the newest first.
    lists: Vec<&'a List>,
    /// Whose signature makes a list the issuer's own: the issuer, then others.
    issuers: Vec<&'a Certificate>,
    certificate: &'a Certificate,
    /// Whether a list must be in form to clear it.
    form: bool,
    now: i64,
    budget: &'b mut Budget,
}

impl<'a> Inquiry<'a, '_> {
    /// A list of the issuer that names the certificate, and that no newer one lifts. One whose
    /// signature cannot be computed may be the issuer's: it can revoke, and never clear.
    fn revoking(&mut self) -> Option<&'a List> {
        let lists = self.lists.clone();
        lists.into_iter().find(|list| {
            list.crl().status(self.certificate.serial()).is_some()
                && (self.signer(list).is_some() || self.is_uncomputable(list))
                && self.names(list)
        })
    }

    /// Whether nobody here can tell if the issuer signed a list, which does not name another key.
    fn is_uncomputable(&mut self, list: &List) -> bool {
        !list.contradicts(self.certificate)
            && self.issuers.iter().any(|issuer| list.is_uncomputable(issuer, self.budget))
    }

    /// Whether `list` revokes the certificate, and no newer one that counts lifts it.
    fn names(&mut self, list: &List) -> bool {
        let serial = self.certificate.serial();
        let Some(status @ (Status::Held | Status::Revoked)) = list.crl().status(serial) else {
            return false;
        };
        let newer = self.lists.clone();
        let is_lifted = newer
            .into_iter()
            .take_while(|other| other.crl().compare_age(list.crl()) == Ordering::Greater)
            .any(|other| {
                let lifts = match other.crl().status(serial) {
                    Some(Status::Lifted) => true,
                    None => status == Status::Held,
                    Some(Status::Held | Status::Revoked) => false,
                };
                lifts && self.counts(other) && self.may_lift(other, list)
            });
        !is_lifted
    }

    /// Whether `newer` may lift what `list` says: it is signed by the issuer itself, or by the
    /// signer of the other list.
    fn may_lift(&mut self, newer: &List, list: &List) -> bool {
        let key = |one: Option<&Certificate>| one.map(Certificate::key_sha256).copied();
        let (newer, list) = (key(self.signer(newer)), key(self.signer(list)));
        newer.is_some() && (newer == list || newer == key(self.issuers.first().copied()))
    }

    /// Checks how fresh the knowledge is, by the newest list of each scope that counts.
    fn freshness(&mut self, grace: i64, found: &mut Revocation) {
        // Issuers with the same name may have a list each: those that name another key come last.
        let (first, then): (Vec<&List>, Vec<&List>) =
            self.lists.iter().partition(|list| self.may_be_its(list));
        let mut scopes: Vec<&Scope> = Vec::new();
        let mut ended: Option<&List> = None;
        for list in first.into_iter().chain(then) {
            if scopes.contains(&list.scope()) || !self.counts(list) {
                continue;
            }
            scopes.push(list.scope());
            let end = list.crl().next_update().map_or(i64::MAX, |end| end.saturating_add(grace));
            if self.now <= end {
                let window = Window { from: list.crl().this_update(), until: end };
                found.window = found.window.and(window);
                found.fresh = Some(list.crl().clone());
                return;
            }
            ended = ended.or(Some(list));
        }
        let Some(list) = ended else {
            let (why, source, fault) = self.missing();
            let issuer = self.certificate.issuer_text();
            found.details.push(Detail::List(issuer.to_string(), source, fault));
            return found.add(Problems::CRL_MISSING, why);
        };
        let end = list.crl().next_update().unwrap_or(i64::MAX);
        let from = end.saturating_add(grace).saturating_add(1);
        found.window = found.window.and(Window { from, until: i64::MAX });
        let name = name_text(list.crl().issuer_der());
        let (source, end) = (list.crl().source(), time_text(end));
        let detail = Detail::List(name.clone().into(), Some(source.to_owned()), ListFault::Expired);
        found.details.push(detail);
        let why = format!("the revocation list (CRL) of {name}, {source}, expired on {end}");
        found.add(Problems::CRL_EXPIRED, why);
    }

    /// Whether a list names the key of an issuer, or no key.
    fn may_be_its(&self, list: &List) -> bool {
        list.crl().authority_key_id().is_none_or(|wanted| {
            let key_ids = self.issuers.iter().map(|issuer| issuer.facts().subject_key_id.as_ref());
            key_ids.into_iter().any(|key_id| key_id.is_none_or(|key_id| key_id == wanted))
        })
    }

    /// Whether a list can say that the certificate is not revoked.
    fn counts(&mut self, list: &List) -> bool {
        list.crl().this_update() <= self.now
            && self.faults(list).is_empty()
            && list.scope().covers(self.certificate)
            && self.signer(list).is_some_and(may_sign_lists)
    }

    /// What is wrong with the form of a list, where that matters.
    fn faults<'b>(&self, list: &'b List) -> &'b [&'static str] {
        if self.form { list.crl().faults() } else { &[] }
    }

    /// Who signed a list; certificates with the key that it names are tried first.
    fn signer(&mut self, list: &List) -> Option<&'a Certificate> {
        let named = list.crl().authority_key_id();
        let is_named = |issuer: &Certificate| issuer.facts().subject_key_id.as_deref() == named;
        let (first, then): (Vec<_>, Vec<_>) =
            self.issuers.iter().copied().partition(|issuer| is_named(issuer));
        let budget = &mut *self.budget;
        first.into_iter().chain(then).find(|issuer| list.is_signed_by(issuer, budget) == Some(true))
    }

    /// Why no list counts, by the list that came closest: the sentence, where that list is, and the
    /// fault.
    fn missing(&mut self) -> (String, Option<String>, ListFault) {
        let issuer = self.certificate.issuer_text();
        let name = self.certificate.subject_text();
        let lists = self.lists.clone();
        let signed = lists.iter().find_map(|list| self.signer(list).map(|signer| (list, signer)));
        let closest = signed.map(|(list, _)| list).or(lists.first());
        let place = closest.map(|list| list.crl().source().to_owned());
        let (reason, fault) = match (lists.first(), signed) {
            (None, _) => ("none was added".to_owned(), ListFault::None),
            (Some(list), None) => (self.unsigned(list), ListFault::Signature),
            (_, Some((_, signer))) if !may_sign_lists(signer) => {
                ("it is not allowed to sign revocation lists".to_owned(), ListFault::Issuer)
            }
            (_, Some((list, _))) if !list.scope().covers(self.certificate) => {
                let source = list.crl().source();
                (format!("{source} covers other certificates"), ListFault::Scope)
            }
            (_, Some((list, _))) if !self.faults(list).is_empty() => {
                let (faults, source) = (self.faults(list), list.crl().source());
                let told = faults.get(..MAX_TOLD).unwrap_or(faults).join(", ");
                (format!("{source} {told}"), ListFault::Form)
            }
            (_, Some((list, _))) => {
                let begin = time_text(list.crl().this_update());
                let reason = format!("{} is not valid before {begin}", list.crl().source());
                (reason, ListFault::NotYetValid(begin))
            }
        };
        let why = format!("no revocation list (CRL) of {issuer} counts for {name}: {reason}");
        (why, place, fault)
    }

    /// Why the signature on a list is not the issuer's.
    fn unsigned(&mut self, list: &List) -> String {
        let source = list.crl().source();
        if let Some(algorithm) = signature::uncomputable_list(list.crl()) {
            return format!("the signature of {source}, {algorithm}, is not supported");
        }
        match self.unusable_key(list) {
            Some(key) => format!(
                "the signature of {source} cannot be checked with the key of that name, {key}"
            ),
            None => format!("{source} is not signed by its key"),
        }
    }

    /// The key of an issuer that nobody here can check the signature of a list with.
    fn unusable_key(&mut self, list: &List) -> Option<String> {
        let budget = &mut *self.budget;
        let issuer = self.issuers.iter().find(|issuer| list.is_uncomputable(issuer, budget))?;
        Some(issuer.unusable_key_text().unwrap_or_else(|| issuer.key_text()))
    }

    /// That a list revokes the certificate, and whether nobody here can check its signature.
    fn revoked(&mut self, list: &List) -> String {
        let name = self.certificate.subject_text();
        let (serial, source) = (hex_colons(self.certificate.serial()), list.crl().source());
        let what = match signature::uncomputable_list(list.crl()) {
            Some(algorithm) => Some(format!(", {algorithm}, is not supported")),
            None if self.signer(list).is_some() => None,
            None => self
                .unusable_key(list)
                .map(|key| format!(" cannot be checked with the key of that name, {key}")),
        };
        let unchecked = what
            .map(|what| format!(" (its signature{what}; such a list can revoke but not clear)"))
            .unwrap_or_default();
        format!(
            "the certificate of {name} was revoked: {source} lists its serial number {serial}{unchecked}"
        )
    }
}

#[cfg(test)]
mod tests;
