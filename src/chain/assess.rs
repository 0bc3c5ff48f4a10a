//! What is wrong with a peer's chain: findings for the judge, without a verdict.
//!
//! Every rule is applied, so that the user is told everything at once. What a profile asks for is
//! in its own module, and is chosen here, in [`Asks::of`], and nowhere else.

use std::collections::HashMap;

use super::constraints;
use super::finding::{Assessment, Case, Profile};
use super::path::{self, Found};
use super::position::{Position, positions};
use super::revocation::Demand;
use super::revocation::signers::{self, Given};
use super::rules::Rules;
use super::signature::{self, Proof};
use super::work::{Limit, Work};
use super::{libvirt, pedantic, strict, webpki};
use crate::error::{Calm, Detail, Problems, Whose};
use crate::host::Host;
use crate::material::Certificate;

/// What a profile asks for beyond what all of them ask of paths, name constraints, signatures and
/// revocation.
struct Asks {
    /// Of each certificate of a path.
    each: fn(&Case<'_>, &Certificate, Position, &mut Assessment),
    /// Of a leaf that is known by exactly this certificate.
    known: fn(&Case<'_>, &Certificate, &mut Assessment),
    /// Of the leaf's names.
    name: fn(&Host, &Certificate, &mut Assessment),
    /// Of the form of each certificate of a path.
    form: fn(&Case<'_>, &Certificate, Position, &mut Assessment),
    /// Of a whole path.
    path: fn(&Case<'_>, &[Certificate], &mut Assessment),
    /// Of a leaf for which there is no path.
    alone: fn(&Case<'_>, &Certificate, &mut Assessment),
    /// Of everything that the peer sent, whether a path needs it or not.
    sent: fn(&[Certificate], &mut Assessment),
    /// Whether a list must be in form to clear a certificate.
    lists_in_form: bool,
}

impl Asks {
    const STRICT: Self = Self {
        each: strict::check,
        known: strict::check_known,
        name: strict::check_name,
        form: |_, _, _, _| {},
        path: webpki::opinion,
        alone: webpki::opinion_on_leaf,
        sent: strict::encoding_of,
        lists_in_form: false,
    };
    const LIBVIRT: Self = Self {
        each: libvirt::check,
        known: libvirt::check_known,
        name: libvirt::check_name,
        form: |_, _, _, _| {},
        path: libvirt::check_path,
        alone: |case, leaf, out| libvirt::check_path(case, std::slice::from_ref(leaf), out),
        sent: |_, _| {},
        lists_in_form: false,
    };
    const PEDANTIC: Self = Self {
        form: pedantic::check,
        path: |case, path, out| {
            (Self::STRICT.path)(case, path, out);
            pedantic::check_path(path, out);
        },
        lists_in_form: true,
        ..Self::STRICT
    };

    const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Strict => Self::STRICT,
            Profile::Libvirt => Self::LIBVIRT,
            Profile::Pedantic => Self::PEDANTIC,
        }
    }

    const fn demand(&self, rules: &Rules) -> Demand {
        Demand { mode: rules.crl_mode, grace: rules.crl_grace, form: self.lists_in_form }
    }
}

/// What one judgement has found and spent so far, over all its paths.
struct Progress {
    asks: Asks,
    work: Work,
    left: constraints::Comparisons,
    /// What each certificate shows at each place. It is the same in every path, and a peer's
    /// certificates may lie on all of them and have thousands of names.
    each: HashMap<([u8; 32], Position), Each>,
    /// What the names of the leaf show.
    name: Option<Assessment>,
}

/// What one certificate shows at one place.
#[derive(Default)]
struct Each {
    itself: Assessment,
    form: Assessment,
}

impl Progress {
    fn new(asks: Asks) -> Self {
        let left = constraints::Comparisons::default();
        Self { asks, work: Work::new(), left, each: HashMap::new(), name: None }
    }

    fn each(&mut self, case: &Case<'_>, certificate: &Certificate, position: Position) -> &Each {
        let asks = &self.asks;
        self.each.entry((*certificate.sha256(), position)).or_insert_with(|| {
            let mut found = Each::default();
            (asks.each)(case, certificate, position, &mut found.itself);
            (asks.form)(case, certificate, position, &mut found.form);
            found
        })
    }

    fn name(&mut self, host: &Host, leaf: &Certificate) -> &Assessment {
        let asks = &self.asks;
        self.name.get_or_insert_with(|| {
            let mut found = Assessment::default();
            (asks.name)(host, leaf, &mut found);
            found
        })
    }
}

/// Looks for the best path from the leaf to an authority in `rules`: the one with the fewest severe
/// problems, and among those the one with the fewest problems.
///
/// If there is no path, reports what can be said of the leaf alone; lists that name it count even
/// though nobody can verify them.
#[must_use]
pub(crate) fn assess_path(case: &Case<'_>, rules: &Rules) -> Assessment {
    let Some(leaf) = case.chain.first() else { return nobody() };
    let mut progress = Progress::new(Asks::of(rules.profile));
    let mut found = path::search(case.chain, &rules.anchors, &mut progress.work);
    let mut best: Option<Assessment> = None;
    for path in &found.paths {
        // Each path is verified a second time by webpki; the first one always.
        if !progress.work.take_path(path) && best.is_some() {
            found.given_up = Some(Limit::Units);
            break;
        }
        let one = along(case, rules, path, &mut progress);
        if one.problems.is_empty() {
            return one;
        }
        if best.as_ref().is_none_or(|best| one.rank() < best.rank()) {
            best = Some(one);
        }
    }
    let Some(mut best) = best else {
        return without_path(case, rules, leaf, &found, &mut progress);
    };
    name_file(rules, &mut best);
    if let Some(limit) = found.given_up {
        best.why.push(Calm::sentence(format!("there may be a better path: {}", ended(limit))));
    }
    best
}

/// Checks the leaf alone, as a peer that is known by exactly this certificate: dates, name,
/// purpose, key, critical extensions and revocation. Other certificates that the peer sends are
/// ignored.
#[must_use]
pub(crate) fn assess_exact(case: &Case<'_>, rules: &Rules) -> Assessment {
    let Some(leaf) = case.chain.first() else { return nobody() };
    let mut out = Assessment { path: vec![leaf.clone()], ..Assessment::default() };
    let asks = Asks::of(rules.profile);
    (asks.sent)(case.chain, &mut out);
    (asks.known)(case, leaf, &mut out);
    if let Some(host) = case.name {
        strict::host_name::check_known(host, leaf, &mut out);
    }
    out.add_all(unverified(case, rules, leaf, &mut Work::new()));
    out
}

/// Says where the authority of a path came from, if it has expired: there it is replaced.
fn name_file(rules: &Rules, out: &mut Assessment) {
    let is_expired = |one: &Detail| matches!(one, Detail::Expired(Whose::Authority, ..));
    let authority = out.path.last().filter(|_| out.details.iter().any(is_expired));
    if let Some(file) = authority.and_then(|one| rules.anchors.file(one)) {
        out.detail(Detail::AuthorityFile(file.to_owned()));
    }
}

/// All problems of one candidate path.
fn along(
    case: &Case<'_>,
    rules: &Rules,
    path: &[Certificate],
    progress: &mut Progress,
) -> Assessment {
    let dates = path.iter().map(Certificate::facts);
    let mut out = Assessment {
        path: path.to_vec(),
        valid_from: dates.clone().map(|facts| facts.not_before).max().unwrap_or_default(),
        valid_until: dates.map(|facts| facts.not_after).min().unwrap_or_default(),
        ..Assessment::default()
    };
    (progress.asks.sent)(case.chain, &mut out);
    (progress.asks.sent)(path, &mut out);
    for (position, certificate) in positions(path) {
        out.merge(&progress.each(case, certificate, position).itself);
    }
    if is_out_of_time(path, case.now) {
        out.detail(Detail::Clock);
    }
    if let (Some(host), Some(leaf)) = (case.name, path.first()) {
        out.merge(progress.name(host, leaf));
    }
    constraints::check(path, &mut progress.left, &mut out);
    for (index, (certificate, issuer)) in path.iter().zip(path.iter().skip(1)).enumerate() {
        let superior = path.get(index.saturating_add(2));
        let demand = progress.asks.demand(rules);
        let work = &mut progress.work;
        let given = Given { anchors: &rules.anchors, crls: &rules.crls, demand };
        let (signers, window) = signers::others(case, given, certificate, issuer, superior, work);
        let budget = &mut work.lists;
        let found = rules.crls.revocation(certificate, issuer, &signers, demand, case.now, budget);
        out.add_all((found.problems, found.why));
        found.details.into_iter().for_each(|one| out.detail(one));
        out.lists.extend(found.fresh.map(|list| (index, list)));
        let window = window.and(found.window);
        out.valid_from = out.valid_from.max(window.from);
        out.valid_until = out.valid_until.min(window.until);
    }
    // A leaf that is itself an authority has no issuer in its path, and may have lists.
    if let [alone] = path
        && !alone.is_self_issued()
    {
        out.add_all(unverified(case, rules, alone, &mut progress.work));
    }
    (progress.asks.path)(case, path, &mut out);
    for (position, certificate) in positions(path) {
        out.merge(&progress.each(case, certificate, position).form);
    }
    out
}

/// What can be said of a leaf without a path to an authority.
fn without_path(
    case: &Case<'_>,
    rules: &Rules,
    leaf: &Certificate,
    found: &Found,
    progress: &mut Progress,
) -> Assessment {
    let mut out = Assessment { path: vec![leaf.clone()], ..Assessment::default() };
    let issuer = leaf.issuer_text();
    let what = Position::Leaf.of(leaf);
    let mut why = format!("{what} was issued by {issuer}, and no authority here vouches for it");
    if found.given_up.is_some() || found.too_long {
        out.detail(Detail::Limit);
    }
    if let Some(limit) = found.given_up {
        why = format!("{why}: {}", ended(limit));
    } else if found.too_long {
        let limit = path::MAX_LENGTH;
        why.push_str(&format!(
            ": a path may have at most {limit} certificates, and this one has more"
        ));
    }
    out.add(Problems::UNKNOWN_ISSUER, why);
    own_signature(leaf, found, &mut progress.work, &mut out);
    for certificate in &found.reached {
        if let Some(algorithm) = signature::uncomputable(certificate) {
            let name = certificate.subject_text();
            let why = format!("the signature on {name}, {algorithm}, is not supported");
            out.add(Problems::WEAK_SIGNATURE, why);
        }
    }
    for (certificate, issuer) in &found.uncomputable {
        if signature::uncomputable(certificate).is_none() {
            out.detail(Detail::Unsupported(issuer.subject_text().to_string()));
            out.add(Problems::UNKNOWN_ISSUER, unusable_issuer(issuer, rules));
        }
    }
    (progress.asks.sent)(case.chain, &mut out);
    out.merge(&progress.each(case, leaf, Position::Leaf).itself);
    if let Some(host) = case.name {
        out.merge(progress.name(host, leaf));
    }
    for certificate in &found.reached {
        out.add_all(unverified(case, rules, certificate, &mut progress.work));
    }
    (progress.asks.alone)(case, leaf, &mut out);
    out.merge(&progress.each(case, leaf, Position::Leaf).form);
    out
}

/// Whether the dates of a whole path are wrong in the same way, as where the clock is wrong.
fn is_out_of_time(path: &[Certificate], now: i64) -> bool {
    path.len() > 1
        && (path.iter().all(|one| now > one.facts().not_after)
            || path.iter().all(|one| now < one.facts().not_before))
}

/// At which limit the search for a path ended.
fn ended(limit: Limit) -> String {
    format!("the search for a path ended at its limit of {limit}")
}

/// Who may have issued a certificate, and has a key that nothing is computed with.
fn unusable_issuer(issuer: &Certificate, rules: &Rules) -> String {
    let name = issuer.subject_text();
    let place = if rules.anchors.contains(issuer) { "is here" } else { "was sent along" };
    match issuer.unusable_key_text() {
        Some(key) => format!("{name} {place}, but its key, {key}, is not supported"),
        None => format!(
            "{name} {place}, but a signature with its key, {}, is not supported",
            issuer.key_text()
        ),
    }
}

/// Whether the leaf is self-signed, or claims to be and is not.
fn own_signature(leaf: &Certificate, found: &Found, work: &mut Work, out: &mut Assessment) {
    if !leaf.is_self_issued() {
        return;
    }
    let what = Position::Leaf.of(leaf);
    let facts = leaf.facts();
    let names_itself =
        facts.authority_key_id.is_none() || facts.authority_key_id == facts.subject_key_id;
    match work.check(leaf, leaf) {
        Some(Proof::Good) => {
            out.add(Problems::SELF_SIGNED, format!("{what} is signed by its own key"));
        }
        Some(Proof::Bad) if names_itself && found.reached.len() == 1 => {
            let why = format!("{what} says that its own key signed it, and the signature is wrong");
            out.add(Problems::BAD_SIGNATURE, why);
        }
        Some(Proof::Bad | Proof::Uncomputable) | None => {}
    }
}

fn unverified(
    case: &Case<'_>,
    rules: &Rules,
    certificate: &Certificate,
    work: &mut Work,
) -> (Problems, Vec<String>) {
    let issuers = rules.anchors.candidates(certificate);
    let (mode, budget) = (rules.crl_mode, &mut work.lists);
    rules.crls.revocation_unverified(certificate, &issuers, mode, case.now, budget)
}

/// An empty chain: callers never pass one, and it must not look clean.
fn nobody() -> Assessment {
    let mut out = Assessment::default();
    out.add(Problems::UNKNOWN_ISSUER, "the peer sent no certificate".to_owned());
    out
}

#[cfg(test)]
mod tests;
