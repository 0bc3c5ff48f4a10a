//! Who may sign revocation lists besides the issuer itself.
//!
//! An authority may have two keys, one for certificates and one for lists, and changes its key now
//! and then: then a list is signed with the key of another certificate of the same name (RFC 5280,
//! section 6.3.3). Such a certificate counts only if its key usage allows signing lists, if it
//! comes from the same authority as the issuer's own, and if no list revokes it.

use super::{Crls, Demand, Window};
use crate::chain::anchors::Anchors;
use crate::chain::finding::Case;
use crate::chain::same_name::normal_form;
use crate::chain::signature::Proof;
use crate::chain::work::Work;
use crate::error::Problems;
use crate::material::{Certificate, KeyUsage};

/// The most such certificates that are looked at for one issuer: each costs signature checks.
const MAX: usize = 4;

/// The authorities and lists of an application, and what is required of lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) anchors: &'a Anchors,
    pub(crate) crls: &'a Crls,
    pub(crate) demand: Demand,
}

/// The other certificates that may have signed lists about `certificate`, and for how long they
/// stay the same. In the path `issuer` stands above the certificate, then `superior`, unless the
/// issuer is the authority.
pub(crate) fn others<'a>(
    case: &Case<'a>,
    given: Given<'a>,
    certificate: &Certificate,
    issuer: &Certificate,
    superior: Option<&'a Certificate>,
    work: &mut Work,
) -> (Vec<&'a Certificate>, Window) {
    let mut found = (Vec::new(), Window::ALWAYS);
    if !given.crls.are_there_of(issuer.subject_der()) {
        return found;
    }
    let name = normal_form(issuer.subject_der());
    let may = |one: &&Certificate| {
        *one != issuer && is_for_lists(one) && normal_form(one.subject_der()) == name
    };
    // It is in the path itself, where it is judged.
    found.0.extend(superior.filter(may).filter(|one| is_valid(case, one)));
    let anchors = given.anchors.candidates(certificate).into_iter().filter(may).take(MAX);
    for one in case.chain.iter().skip(1).filter(may).take(MAX) {
        let above = [Some(issuer), superior].into_iter().flatten();
        for above in above {
            if !is_signed(one, above, work) {
                continue;
            }
            let budget = &mut work.lists;
            let said = given.crls.revocation(one, above, &[], given.demand, case.now, budget);
            found.1 = found.1.and(said.window).and(validity(case, one));
            if is_valid(case, one) && !said.problems.contains(Problems::REVOKED) {
                found.0.push(one);
                break;
            }
        }
    }
    // An authority with the same name may belong to somebody else: a signature must link the two.
    for one in anchors {
        if !is_signed(issuer, one, work) && !is_signed(one, issuer, work) {
            continue;
        }
        found.1 = found.1.and(validity(case, one));
        found.0.extend(Some(one).filter(|one| is_valid(case, one)));
    }
    found
}

/// Whether its key usage allows signing lists. An authority in the path may have no key usage; any
/// other certificate with the same name must have been made for it.
fn is_for_lists(certificate: &Certificate) -> bool {
    certificate.facts().key_usage.is_some_and(|usage| usage.allows(KeyUsage::CRL_SIGN))
}

fn is_valid(case: &Case<'_>, certificate: &Certificate) -> bool {
    let facts = certificate.facts();
    (facts.not_before..=facts.not_after).contains(&case.now) && facts.unknown_critical.is_empty()
}

/// The period around now in which a certificate is valid, or is not valid.
fn validity(case: &Case<'_>, certificate: &Certificate) -> Window {
    let facts = certificate.facts();
    let (begin, end) = (facts.not_before, facts.not_after);
    if case.now < begin {
        Window { until: begin.saturating_sub(1), ..Window::ALWAYS }
    } else if case.now > end {
        Window { from: end.saturating_add(1), ..Window::ALWAYS }
    } else {
        Window { from: begin, until: end }
    }
}

/// Whether `above` issued `certificate`.
fn is_signed(certificate: &Certificate, above: &Certificate, work: &mut Work) -> bool {
    normal_form(certificate.issuer_der()) == normal_form(above.subject_der())
        && work.check(certificate, above) == Some(Proof::Good)
}

#[cfg(test)]
mod tests;
