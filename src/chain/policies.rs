//! Policies, of which nobody here demands one.
//!
//! With any policy to begin with and none demanded, certificate policies, their mappings and what
//! inhibits them change nothing (RFC 5280, section 6.1), so they are understood where they are
//! critical. Two things are left: a certificate that demands a policy is refused, because the
//! policies of a path are not computed here, and no authority may map "any policy".

use super::extensions::{Understood, has};
use super::finding::Assessment;
use super::position::Position;
use crate::error::Problems;
use crate::material::der::{self, OBJECT_IDENTIFIER, Reader, SEQUENCE, context};
use crate::material::oid::{self, extension as id, policy};
use crate::material::{Certificate, Extension};

/// The fields of policy constraints.
const REQUIRE_EXPLICIT: u8 = context(0);
const INHIBIT_MAPPING: u8 = context(1);

/// Whether an extension is about policies and has the form of its kind. Policies themselves and
/// the inhibition of "any policy" are among the extensions that every profile knows.
pub(crate) fn understood(extension: &Extension<'_>) -> Understood {
    match extension.oid {
        id::POLICY_CONSTRAINTS => {
            Understood::if_in_form(Constraints::read(extension.value).is_some())
        }
        id::POLICY_MAPPINGS => Understood::if_in_form(mappings(extension.value).is_some()),
        _ => Understood::Unknown,
    }
}

/// Checks a certificate of a path.
pub(crate) fn check(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let what = position.of(certificate);
    let mut add = |why: &str| out.add(Problems::CONSTRAINT, format!("{what} {why}"));
    if let Some(found) = certificate.extension(id::POLICY_CONSTRAINTS) {
        match Constraints::read(found.value) {
            Some(Constraints { demands: true }) => {
                add("demands a policy of those below it, and policies are not computed here");
            }
            Some(Constraints { demands: false }) => {}
            // Of a critical one the rule for all critical extensions says so.
            None if found.critical => {}
            None => add("has malformed constraints on policies"),
        }
    }
    // What a leaf would map is for nobody below it (section 6.1.4).
    if let Some(found) = certificate.extension(id::POLICY_MAPPINGS)
        && position != Position::Leaf
    {
        match mappings(found.value) {
            Some(all) if all.contains(&policy::ANY) => add("maps the policy that stands for any"),
            Some(_) => {}
            None if found.critical => {}
            None => add("has malformed mappings of policies"),
        }
    }
}

/// Checks a leaf that is known by exactly this certificate: its critical extensions must be kept.
pub(crate) fn check_known(leaf: &Certificate, out: &mut Assessment) {
    if has(leaf, id::POLICY_CONSTRAINTS, true) {
        check(leaf, Position::Leaf, out);
    }
}

/// Policy constraints (section 4.2.1.11).
struct Constraints {
    demands: bool,
}

impl Constraints {
    fn read(value: &[u8]) -> Option<Self> {
        let mut fields = Reader(der::only(value).filter(|all| all.tag == SEQUENCE)?.content);
        let is_count = |number: &[u8]| {
            der::is_integer(number) && number.first().is_some_and(|byte| *byte < 0x80)
        };
        let (demand, inhibition) =
            (fields.next_if(REQUIRE_EXPLICIT), fields.next_if(INHIBIT_MAPPING));
        let mut all = demand.iter().chain(&inhibition);
        let is_whole = fields.is_empty() && all.all(|one| is_count(one.content));
        let demands = demand.is_some();
        (is_whole && (demands || inhibition.is_some())).then_some(Self { demands })
    }
}

/// All policies of policy mappings (section 4.2.1.5), on either side.
fn mappings(value: &[u8]) -> Option<Vec<&[u8]>> {
    let pairs = der::elements(der::only(value).filter(|all| all.tag == SEQUENCE)?.content)?;
    let mut all = Vec::new();
    for pair in &pairs {
        let mut parts = Reader(Some(pair).filter(|pair| pair.tag == SEQUENCE)?.content);
        for _ in 0..2 {
            let one = parts.next_if(OBJECT_IDENTIFIER)?.content;
            all.push(Some(one).filter(|one| oid::is_well_formed(one))?);
        }
        parts.is_empty().then_some(())?;
    }
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests;
