//! Who may sign revocation lists beside the issuer itself.
//!
//! An authority may keep two keys, one for certificates and one for lists, and changes its key
//! now and then: then a list is signed by the key of another certificate of the same name (RFC
//! 5280, section 6.3.3). Such a certificate counts only if it comes from where the issuer's own
//! comes from, and no list revokes it.

use super::assess::{Case, Rules};
use super::crl::may_sign_lists;
use super::same_name::normal_form;
use super::signed::{self, Proof};
use crate::error::Problems;
use crate::material::Certificate;

/// How many such certificates are looked at for one issuer: each costs signature checks.
const MAX: usize = 4;

/// The other certificates that may have signed lists about `certificate`, above which `issuer`
/// stands in the path and then `superior`, if the issuer is not the authority.
pub(super) fn others<'a>(
    case: &Case<'a>,
    rules: &'a Rules,
    certificate: &Certificate,
    issuer: &Certificate,
    superior: Option<&'a Certificate>,
) -> Vec<&'a Certificate> {
    if !rules.crls.are_there_of(issuer.subject_der()) {
        return Vec::new();
    }
    let name = normal_form(issuer.subject_der());
    let may = |one: &&Certificate| {
        *one != issuer
            && may_sign_lists(one)
            && is_valid(case, one)
            && normal_form(one.subject_der()) == name
    };
    // It stands in the path itself, where it is judged.
    let above = superior.filter(may);
    let sent = case.chain.iter().skip(1).filter(may).take(MAX).filter(|one| {
        let mut above = [Some(issuer), superior].into_iter().flatten();
        above.any(|above| is_vouched_for(case, rules, one, above))
    });
    // An authority with the same name may be somebody else's: a signature must link the two.
    let given = rules.anchors.candidates(certificate).into_iter().filter(may).take(MAX);
    let given = given.filter(|one| is_signed(issuer, one) || is_signed(one, issuer));
    above.into_iter().chain(sent).chain(given).collect()
}

fn is_valid(case: &Case<'_>, certificate: &Certificate) -> bool {
    let facts = certificate.facts();
    (facts.not_before..=facts.not_after).contains(&case.now) && facts.unknown_critical.is_empty()
}

/// Whether `above` issued `certificate`, and its lists do not revoke it.
fn is_vouched_for(
    case: &Case<'_>,
    rules: &Rules,
    certificate: &Certificate,
    above: &Certificate,
) -> bool {
    is_signed(certificate, above)
        && !rules
            .crls
            .revocation(certificate, above, &[], rules.demand(), case.now)
            .problems
            .contains(Problems::REVOKED)
}

/// Whether `above` issued `certificate`.
fn is_signed(certificate: &Certificate, above: &Certificate) -> bool {
    normal_form(certificate.issuer_der()) == normal_form(above.subject_der())
        && signed::check(certificate, above) == Proof::Good
}

#[cfg(test)]
mod tests;
