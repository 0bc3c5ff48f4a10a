//! Candidate paths from a leaf to an authority.
//!
//! A candidate is a path on which every signature verifies; what else is wrong with it is for the
//! rules to say. The search is bounded whatever a peer sends: there are limits on certificates,
//! work, steps and paths, and it says at which one it ended. Authorities are tried before what the peer presents, so that
//! junk sent with an honest chain costs time and never the path.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::anchors::Anchors;
use super::same_name::normal_form;
use super::signature::Proof;
use super::work::{Limit, Work};
use crate::material::Certificate;

/// The most certificates of a chain that a search looks at, including the leaf.
const MAX_CHAIN: usize = 100;
/// The most certificates that a search visits, counted each time.
const MAX_STEPS: usize = 2_000;
/// The most candidates that a search returns: every rule is applied to each.
const MAX_PATHS: usize = 16;
/// The most certificates in a path, including leaf and authority. Peers follow 16 to 100.
pub(crate) const MAX_LENGTH: usize = 32;

/// The most signatures that could not be computed and are remembered.
const MAX_UNCOMPUTABLE: usize = 4;

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Every candidate, from the leaf to the authority; the leaf alone if it is itself an
    /// authority.
    pub(crate) paths: Vec<Vec<Certificate>>,
    /// The leaf and every presented certificate that verified signatures lead to.
    pub(crate) reached: Vec<Certificate>,
    /// Certificates, each with a possible issuer, where nobody here can tell whether that one
    /// signed it.
    pub(crate) uncomputable: Vec<(Certificate, Certificate)>,
    /// The limit at which the search ended before everything was tried.
    pub(crate) given_up: Option<Limit>,
    /// Whether there was more to a path than may be followed.
    pub(crate) too_long: bool,
}

/// Looks for paths from the first certificate of `chain` through the others to `anchors`.
/// The signatures are checked at the cost of `work`.
pub(crate) fn search(chain: &[Certificate], anchors: &Anchors, work: &mut Work) -> Found {
    let Some((leaf, presented)) = chain.split_first() else { return Found::default() };
    let mut by_subject: HashMap<Vec<u8>, Vec<&Certificate>> = HashMap::new();
    let mut known = HashSet::from([*leaf.sha256()]);
    for certificate in presented.iter().take(MAX_CHAIN.saturating_sub(1)) {
        if known.insert(*certificate.sha256()) {
            let namesakes = by_subject.entry(normal_form(certificate.subject_der())).or_default();
            namesakes.push(certificate);
        }
    }
    let mut search = Search {
        anchors,
        by_subject,
        issuers: HashMap::new(),
        work,
        steps: MAX_STEPS,
        found: Found {
            reached: vec![leaf.clone()],
            given_up: (chain.len() > MAX_CHAIN).then_some(Limit::Certificates(MAX_CHAIN)),
            ..Found::default()
        },
    };
    if anchors.contains(leaf) {
        search.found.paths.push(vec![leaf.clone()]);
    }
    search.extend(&mut vec![leaf.clone()]);
    search.found
}

struct Search<'a, 'w> {
    anchors: &'a Anchors,
    /// What the peer presents, by the normal form of its name.
    by_subject: HashMap<Vec<u8>, Vec<&'a Certificate>>,
    /// The possible issuers of a certificate, by its hash: names are read and sorted once.
    issuers: HashMap<[u8; 32], Rc<Issuers<'a>>>,
    work: &'w mut Work,
    steps: usize,
    found: Found,
}

/// The possible issuers of a certificate.
struct Issuers<'a> {
    anchors: Vec<&'a Certificate>,
    /// Those that the peer presents.
    presented: Vec<&'a Certificate>,
}

impl<'a> Search<'a, '_> {
    fn extend(&mut self, path: &mut Vec<Certificate>) {
        let Some(head) = path.last().cloned() else { return };
        let Some(steps) = self.steps.checked_sub(1) else {
            self.found.given_up = Some(Limit::Steps(MAX_STEPS));
            return;
        };
        self.steps = steps;
        let issuers = self.issuers(&head);
        for anchor in &issuers.anchors {
            let anchor = *anchor;
            let is_leaf = path.first() == Some(anchor);
            if is_leaf || path.iter().skip(1).any(|one| is_same(one, anchor)) {
                continue;
            }
            if self.is_signed(&head, anchor) {
                if self.found.paths.len() >= MAX_PATHS {
                    self.found.given_up = Some(Limit::Paths(MAX_PATHS));
                    return;
                }
                let mut whole = path.clone();
                whole.push(anchor.clone());
                self.found.paths.push(whole);
            }
        }
        if path.len() >= MAX_LENGTH.saturating_sub(1) {
            self.found.too_long |= !issuers.presented.is_empty();
            return;
        }
        for issuer in &issuers.presented {
            if path.iter().any(|one| is_same(one, issuer)) || !self.is_signed(&head, issuer) {
                continue;
            }
            if !self.found.reached.contains(issuer) {
                self.found.reached.push((*issuer).clone());
            }
            path.push((*issuer).clone());
            self.extend(path);
            path.pop();
        }
    }

    /// The possible issuers of `certificate`, those with the key identifier that it names first.
    fn issuers(&mut self, certificate: &Certificate) -> Rc<Issuers<'a>> {
        if let Some(known) = self.issuers.get(certificate.sha256()) {
            return Rc::clone(known);
        }
        let wanted = certificate.facts().authority_key_id.as_ref();
        let namesakes = self.by_subject.get(&normal_form(certificate.issuer_der()));
        let mut presented = namesakes.cloned().unwrap_or_default();
        presented
            .sort_by_key(|one| wanted.is_none() || one.facts().subject_key_id.as_ref() != wanted);
        let issuers = Issuers { anchors: self.anchors.candidates(certificate), presented };
        let issuers = Rc::new(issuers);
        self.issuers.insert(*certificate.sha256(), Rc::clone(&issuers));
        issuers
    }

    fn is_signed(&mut self, certificate: &Certificate, issuer: &Certificate) -> bool {
        match self.work.check(certificate, issuer) {
            Some(Proof::Good) => return true,
            Some(Proof::Bad) => {}
            Some(Proof::Uncomputable) => {
                let pair = (certificate.clone(), issuer.clone());
                let known = &mut self.found.uncomputable;
                if known.len() < MAX_UNCOMPUTABLE && !known.contains(&pair) {
                    known.push(pair);
                }
            }
            None => self.found.given_up = Some(Limit::Units),
        }
        false
    }
}

/// Whether two certificates have the same name and key (RFC 4158, section 5.2).
fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.key_sha256() == other.key_sha256() && one.subject_der() == other.subject_der()
}

#[cfg(test)]
mod tests;
