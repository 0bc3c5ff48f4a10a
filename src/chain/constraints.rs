//! Name constraints (RFC 5280, section 4.2.1.10).
//!
//! DNS names, IP addresses, mail addresses, URIs and distinguished names are compared. A name of
//! any other kind that a constraint covers is refused, because it cannot be compared here. A
//! malformed constraint refuses the whole path, whether critical or not. There is a limit on
//! comparisons, far above what any honest chain needs; a path that reaches it is refused.

pub(crate) mod general_name;

use std::collections::HashMap;

use super::finding::Assessment;
use super::position::{has_issuers_name, positions};
use crate::error::Problems;
use crate::material::Certificate;
use crate::material::der::general_name::EMAIL;
use crate::material::der::{self, SEQUENCE, SET, context_constructed};
use crate::material::oid::{attribute::EMAIL_ADDRESS, extension as id};
use general_name::GeneralName;

/// The most comparisons of a name with a constraint in one judgement, over all its paths.
const MAX_COMPARISONS: usize = 1 << 20;
/// The length in bytes of a name that counts once in each comparison.
const NAME_LENGTH: usize = 512;
/// The context's `[0]` and `[1]`, constructed.
const PERMITTED: u8 = context_constructed(0);
const EXCLUDED: u8 = context_constructed(1);

/// What an authority says about the names below it.
#[derive(Debug)]
struct Constraints {
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
}

/// How many comparisons are left in one judgement.
#[derive(Debug)]
pub(crate) struct Comparisons(usize);

impl Default for Comparisons {
    fn default() -> Self {
        Self(MAX_COMPARISONS)
    }
}

impl Comparisons {
    /// Takes `count` away; returns whether that many were left. If not, nothing is left.
    fn take(&mut self, count: usize) -> bool {
        let left = self.0.checked_sub(count);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Checks the names of a path, from the leaf to the authority, against its constraints; the
/// comparisons are taken from `left`.
pub(crate) fn check(path: &[Certificate], left: &mut Comparisons, out: &mut Assessment) {
    for (index, (position, above)) in positions(path).enumerate() {
        if !above.facts().name_constraints {
            continue;
        }
        let what = position.of(above);
        match Constraints::of(above) {
            Ok(constraints) => {
                let below = path.get(..index).unwrap_or_default();
                if let Some(name) = constraints.broken_by(below, left) {
                    let who = above.subject_text();
                    let why = format!("{who} is not allowed to issue certificates for {name}");
                    out.add(Problems::CONSTRAINT, why);
                }
            }
            Err(reason) => {
                let why = format!("{what} has malformed name constraints: {reason}");
                out.add(Problems::CONSTRAINT, why);
            }
        }
    }
}

/// Whether a constraint of `certificate` on DNS names begins with a dot, which RFC 5280 does not
/// define and everybody reads as "below".
pub(crate) fn has_leading_dot(certificate: &Certificate) -> bool {
    let is_dotted =
        |one: &GeneralName| matches!(one, GeneralName::Dns(base) if base.starts_with('.'));
    Constraints::of(certificate).is_ok_and(|constraints| constraints.all().any(is_dotted))
}

/// Whether the constraints of `certificate` allow a host of this name.
pub(crate) fn allows_host(certificate: &Certificate, name: &str) -> bool {
    !certificate.facts().name_constraints
        || Constraints::of(certificate)
            .is_ok_and(|all| Trees::of(&all).allow(&GeneralName::Dns(name.to_owned())))
}

/// Whether `certificate` has constraints on names other than hosts and addresses.
pub(crate) fn is_on_others_than_hosts(certificate: &Certificate) -> bool {
    let is_host = |one: &GeneralName| matches!(one, GeneralName::Dns(_) | GeneralName::Ip(_));
    certificate.facts().name_constraints
        && Constraints::of(certificate).is_ok_and(|constraints| !constraints.all().all(is_host))
}

impl Constraints {
    fn of(certificate: &Certificate) -> Result<Self, String> {
        let broken = || "they cannot be read".to_owned();
        let found = certificate.extension(id::NAME_CONSTRAINTS).ok_or_else(broken)?;
        let mut rest = found.value;
        let mut lists = der::next_if(&mut rest, SEQUENCE).ok_or_else(broken)?.content;
        let permitted = subtrees(&mut lists, PERMITTED)?;
        let excluded = subtrees(&mut lists, EXCLUDED)?;
        if !rest.is_empty() || !lists.is_empty() {
            return Err(broken());
        }
        let constraints = Self { permitted, excluded };
        if constraints.all().next().is_none() {
            return Err("they are empty".to_owned());
        }
        if let Some(bad) = constraints.all().find(|one| !one.is_constraint()) {
            return Err(format!("{} is not a valid name constraint", bad.shown()));
        }
        Ok(constraints)
    }

    fn all(&self) -> impl Iterator<Item = &GeneralName> {
        self.permitted.iter().chain(&self.excluded)
    }

    /// The first name that violates them. The names of self-issued authorities, as after a key
    /// renewal, do not count (section 6.1.3).
    fn broken_by(&self, below: &[Certificate], left: &mut Comparisons) -> Option<String> {
        let too_many = || Some("so many names: its constraints are too many to compare".to_owned());
        if left.0 == 0 {
            return too_many();
        }
        let counted = below.iter().enumerate();
        let counted = counted.filter(|(index, one)| *index == 0 || !has_issuers_name(one));
        let names: Vec<GeneralName> = counted.flat_map(|(_, one)| names_of(one)).collect();
        let trees = Trees::of(self);
        // Reading them is work as well, even if there is nothing to compare.
        let read = names.len().saturating_add(self.all().count());
        let compared = names.iter().fold(0_usize, |sum, name| sum.saturating_add(trees.cost(name)));
        if !left.take(compared.max(read)) {
            return too_many();
        }
        names.iter().find(|name| !trees.allow(name)).map(GeneralName::shown)
    }
}

/// What is permitted and what is excluded, by kind.
#[derive(Debug, Default)]
struct Trees<'a>(HashMap<u8, (Vec<&'a GeneralName>, Vec<&'a GeneralName>)>);

impl<'a> Trees<'a> {
    fn of(constraints: &'a Constraints) -> Self {
        let mut trees = Self::default();
        for tree in &constraints.permitted {
            trees.0.entry(tree.kind()).or_default().0.push(tree);
        }
        for tree in &constraints.excluded {
            trees.0.entry(tree.kind()).or_default().1.push(tree);
        }
        trees
    }

    /// The most comparisons that [`Self::allow`] makes; more for a long name.
    fn cost(&self, name: &GeneralName) -> usize {
        let Some((permitted, excluded)) = self.0.get(&name.kind()) else { return 0 };
        let each = (name.len() / NAME_LENGTH).saturating_add(1);
        permitted.len().saturating_add(excluded.len()).saturating_mul(each)
    }

    fn allow(&self, name: &GeneralName) -> bool {
        let Some((permitted, excluded)) = self.0.get(&name.kind()) else { return true };
        (permitted.is_empty() || permitted.iter().any(|tree| tree.permits(name)))
            && !excluded.iter().any(|tree| tree.excludes(name))
    }
}

/// The subtrees behind this tag; empty if it is absent.
fn subtrees(lists: &mut &[u8], tag: u8) -> Result<Vec<GeneralName>, String> {
    let Some(list) = der::next_if(lists, tag) else { return Ok(Vec::new()) };
    let mut rest = list.content;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let tree = der::next_if(&mut rest, SEQUENCE).ok_or("they cannot be read")?;
        let mut parts = tree.content;
        let base = der::next(&mut parts).ok_or("they cannot be read")?;
        if !parts.is_empty() {
            return Err("they have a minimum or a maximum".to_owned());
        }
        all.push(GeneralName::read(&base));
    }
    if all.is_empty() {
        return Err("they have an empty list".to_owned());
    }
    Ok(all)
}

/// Every name of a certificate: the subject, the alternative names, and the mail addresses in the
/// subject if there are no alternative names.
fn names_of(certificate: &Certificate) -> Vec<GeneralName> {
    let mut all = Vec::new();
    let subject = certificate.subject_der();
    if !certificate.facts().empty_subject {
        all.push(GeneralName::directory(subject));
    }
    match certificate.extension(id::ALT_NAMES) {
        Some(names) => {
            let mut rest = names.value;
            let mut list = der::next_if(&mut rest, SEQUENCE).map(|list| list.content);
            while let Some(name) = list.as_mut().and_then(der::next) {
                all.push(GeneralName::read(&name));
            }
        }
        None => all.extend(mails_of(subject)),
    }
    all
}

/// The mail addresses among the attributes of a name.
fn mails_of(name: &[u8]) -> Vec<GeneralName> {
    let mut all = Vec::new();
    let mut rest = name;
    let mut relatives = der::next_if(&mut rest, SEQUENCE).map(|name| name.content);
    while let Some(relative) = relatives.as_mut().and_then(|rest| der::next_if(rest, SET)) {
        let mut attributes = relative.content;
        while let Some(attribute) = der::next_if(&mut attributes, SEQUENCE) {
            let mut parts = attribute.content;
            let kind = der::next(&mut parts);
            let value = der::next(&mut parts);
            if let (Some(kind), Some(value)) = (kind, value)
                && kind.content == EMAIL_ADDRESS
            {
                all.push(match std::str::from_utf8(value.content) {
                    Ok(text) if text.is_ascii() => GeneralName::Mail(text.to_owned()),
                    _ => GeneralName::Other(EMAIL),
                });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
