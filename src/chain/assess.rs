//! What is wrong with a peer's chain: the judge's findings, without his verdict.
//!
//! Nothing here has a clock, opens a file or knows who is distrusted. All rules are looked
//! at, so that a person is told everything at once.

use std::sync::Arc;

use super::anchors::Anchors;
use super::clean::CleanChains;
use super::constraints;
use super::libvirt;
use super::path::{self, Found};
use super::pedantic;
use super::position::{Position, positions};
use super::revocation::signers;
use super::revocation::{Crls, Demand};
use super::signature::{self, Proof};
use super::strict::host_name;
use super::strict::{self, Asked};
use super::webpki;
use crate::error::{Problems, escaped};
use crate::host::{Host, Role};
use crate::material::{Certificate, Crl, name_text};

/// How strictly a chain is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// RFC 5280 and RFC 6125.
    #[default]
    Strict,
    /// What libvirt's own TLS code accepts and refuses.
    Libvirt,
    /// [`Self::Strict`], and what public authorities promise and home-made ones lack.
    Pedantic,
}

/// What revocation lists are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrlMode {
    /// They are not looked at.
    Off,
    /// An issuer for which one was given must have one that counts.
    #[default]
    IfPresent,
    /// Every issuer must have one that counts.
    Required,
}

/// What a chain is judged by: immutable, shared by every connection of a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// How strictly a chain is read.
    pub profile: Profile,
    /// What revocation lists are for.
    pub crl_mode: CrlMode,
    /// For how many seconds a list counts after its next update.
    pub crl_grace: i64,
    /// The authorities.
    pub anchors: Arc<Anchors>,
    /// The revocation lists.
    pub crls: Arc<Crls>,
    /// The chains that were found clean by these rules.
    pub clean: Arc<CleanChains>,
    /// Counts the changes of what the rules were made of.
    pub generation: u64,
}

impl Rules {
    /// What is demanded of revocation lists. That they are numbered is nothing that libvirt looks
    /// at.
    pub(crate) fn demand(&self) -> Demand {
        let numbers = self.profile != Profile::Libvirt;
        Demand { mode: self.crl_mode, grace: self.crl_grace, numbers }
    }
}

/// A chain to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// Which side the peer is on.
    pub role: Role,
    /// The name it must have; nothing: names are not looked at.
    pub name: Option<&'a Host>,
    /// What the peer sent, the leaf first. Never empty.
    pub chain: &'a [Certificate],
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assessment {
    /// Everything that is wrong with the best path.
    pub problems: Problems,
    /// A sentence for each thing that is wrong, naming certificate, date, authority or list.
    pub why: Vec<String>,
    /// The best path, from the leaf to the authority; the leaf alone where there is none, or
    /// where it is an authority itself.
    pub path: Vec<Certificate>,
    /// The lists that were fresh, each with the depth of the certificate that it was asked about.
    pub lists: Vec<(usize, Crl)>,
    /// From when on a path without problems has none, in seconds since 1970.
    pub valid_from: i64,
    /// Until when.
    pub valid_until: i64,
}

impl Assessment {
    /// Adds a problem and its sentence.
    pub(crate) fn add(&mut self, problem: Problems, why: String) {
        self.problems |= problem;
        // Names of files and of certificates are in it.
        let why = escaped(&why);
        if !self.why.contains(&why) {
            self.why.push(why);
        }
    }

    fn add_all(&mut self, (problems, why): (Problems, Vec<String>)) {
        self.problems |= problems;
        self.why.extend(why.iter().map(|why| escaped(why)));
    }

    /// Forgets a problem that does not count here. Its sentence is forgotten with it where
    /// nothing else is wrong.
    pub(crate) fn forget(&mut self, problem: Problems) {
        self.problems = self.problems.without(problem);
        if self.problems.is_empty() {
            self.why.clear();
        }
    }

    fn rank(&self) -> (u32, u32) {
        ((self.problems & Problems::SEVERE).count(), self.problems.count())
    }
}

/// Looks for the best path from the leaf to an authority of `rules`: the one with the fewest
/// severe problems, and among those the one with the fewest.
///
/// Where there is none, what can be said of the leaf alone is said, and lists that name it
/// count although nobody can verify them.
#[must_use]
pub(crate) fn assess_path(case: &Case<'_>, rules: &Rules) -> Assessment {
    let Some(leaf) = case.chain.first() else { return nobody() };
    let found = path::search(case.chain, &rules.anchors);
    let mut left = constraints::Comparisons::default();
    let mut best: Option<Assessment> = None;
    for path in &found.paths {
        let one = along(case, rules, path, &mut left);
        if one.problems.is_empty() {
            return one;
        }
        if best.as_ref().is_none_or(|best| one.rank() < best.rank()) {
            best = Some(one);
        }
    }
    best.unwrap_or_else(|| without_path(case, rules, leaf, &found))
}

/// Looks at the leaf alone, as a peer that is known by its very certificate: dates, name,
/// purpose, key, critical extensions and revocation. What the peer sends beside the leaf is not
/// looked at.
#[must_use]
pub(crate) fn assess_exact(case: &Case<'_>, rules: &Rules) -> Assessment {
    let Some(leaf) = case.chain.first() else { return nobody() };
    let mut out = Assessment { path: vec![leaf.clone()], ..Assessment::default() };
    strict::check_known(asked(case, rules), leaf, &mut out);
    if let Some(host) = case.name {
        host_name::check_known(host, leaf, &mut out);
    }
    out.add_all(unverified(case, rules, leaf));
    out
}

/// All problems of one candidate path.
fn along(
    case: &Case<'_>,
    rules: &Rules,
    path: &[Certificate],
    left: &mut constraints::Comparisons,
) -> Assessment {
    let dates = path.iter().map(Certificate::facts);
    let mut out = Assessment {
        path: path.to_vec(),
        valid_from: dates.clone().map(|facts| facts.not_before).max().unwrap_or_default(),
        valid_until: dates.map(|facts| facts.not_after).min().unwrap_or_default(),
        ..Assessment::default()
    };
    for (position, certificate) in positions(path) {
        strict::check(asked(case, rules), certificate, position, &mut out);
    }
    if let (Some(host), Some(leaf)) = (case.name, path.first()) {
        host_name::check(rules.profile, host, leaf, &mut out);
    }
    constraints::check(path, left, &mut out);
    for (index, (certificate, issuer)) in path.iter().zip(path.iter().skip(1)).enumerate() {
        let superior = path.get(index.saturating_add(2));
        let (signers, window) = signers::others(case, rules, certificate, issuer, superior);
        let found = rules.crls.revocation(certificate, issuer, &signers, rules.demand(), case.now);
        out.add_all((found.problems, found.why));
        out.lists.extend(found.fresh.map(|list| (index, list)));
        let window = window.and(found.window);
        out.valid_from = out.valid_from.max(window.from);
        out.valid_until = out.valid_until.min(window.until);
    }
    // A leaf that is an authority itself has no issuer in its path, and may have lists.
    if let [alone] = path
        && !alone.is_self_issued()
    {
        out.add_all(unverified(case, rules, alone));
    }
    match rules.profile {
        Profile::Strict | Profile::Pedantic => webpki::opinion(case, path, &mut out),
        Profile::Libvirt => libvirt::check_path(case, path, &mut out),
    }
    if rules.profile == Profile::Pedantic {
        pedantic::check(case.role, path, &mut out);
    }
    out
}

/// What can be said of a leaf that no authority vouches for.
fn without_path(case: &Case<'_>, rules: &Rules, leaf: &Certificate, found: &Found) -> Assessment {
    let mut out = Assessment { path: vec![leaf.clone()], ..Assessment::default() };
    let issuer = name_text(leaf.issuer_der());
    let what = Position::Leaf.of(leaf);
    let mut why = format!("{what} was issued by {issuer}, and no authority here vouches for it");
    if found.given_up {
        why.push_str(": what the peer sent is too much to search");
    }
    out.add(Problems::UNKNOWN_ISSUER, why);
    own_signature(leaf, found, &mut out);
    for certificate in found.reached.iter().filter(|one| !signature::is_computable(one)) {
        let name = name_text(certificate.subject_der());
        let algorithm = &certificate.facts().signature_algorithm;
        let why = format!("the signature on {name} is not computed here: algorithm {algorithm}");
        out.add(Problems::WEAK_SIGNATURE, why);
    }
    strict::check(asked(case, rules), leaf, Position::Leaf, &mut out);
    if let Some(host) = case.name {
        host_name::check(rules.profile, host, leaf, &mut out);
    }
    for certificate in &found.reached {
        out.add_all(unverified(case, rules, certificate));
    }
    match rules.profile {
        Profile::Strict | Profile::Pedantic => webpki::opinion_on_leaf(case, leaf, &mut out),
        Profile::Libvirt => libvirt::check_path(case, std::slice::from_ref(leaf), &mut out),
    }
    if rules.profile == Profile::Pedantic {
        pedantic::check(case.role, &out.path.clone(), &mut out);
    }
    out
}

/// Whether the leaf signed itself, or says so and did not.
fn own_signature(leaf: &Certificate, found: &Found, out: &mut Assessment) {
    if !leaf.is_self_issued() {
        return;
    }
    let what = Position::Leaf.of(leaf);
    let facts = leaf.facts();
    let names_itself =
        facts.authority_key_id.is_none() || facts.authority_key_id == facts.subject_key_id;
    match signature::check(leaf, leaf) {
        Proof::Good => out.add(Problems::SELF_SIGNED, format!("{what} is signed by its own key")),
        Proof::Bad if names_itself && found.reached.len() == 1 => {
            let why = format!("{what} says that its own key signed it, and the signature is wrong");
            out.add(Problems::BAD_SIGNATURE, why);
        }
        Proof::Bad | Proof::Uncomputable => {}
    }
}

fn unverified(
    case: &Case<'_>,
    rules: &Rules,
    certificate: &Certificate,
) -> (Problems, Vec<String>) {
    let issuers = rules.anchors.candidates(certificate);
    rules.crls.revocation_unverified(certificate, &issuers, rules.crl_mode, case.now)
}

const fn asked(case: &Case<'_>, rules: &Rules) -> Asked {
    Asked { profile: rules.profile, role: case.role, now: case.now }
}

/// A chain of nobody: callers never hand one over, and it must not look clean.
fn nobody() -> Assessment {
    let mut out = Assessment::default();
    out.add(Problems::UNKNOWN_ISSUER, "the peer sent no certificate".to_owned());
    out
}

#[cfg(test)]
mod tests;
