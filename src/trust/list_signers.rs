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

/// The other certificates that may have signed lists of `issuer`, above which `superior` stands
/// in the path, if it is not the authority.
pub(super) fn others<'a>(
    case: &Case<'a>,
    rules: &'a Rules,
    issuer: &Certificate,
    superior: Option<&Certificate>,
) -> Vec<&'a Certificate> {
    if !rules.crls.are_there_of(issuer.subject_der()) {
        return Vec::new();
    }
    let name = normal_form(issuer.subject_der());
    let sent = case.chain.iter().skip(1);
    sent.filter(|one| *one != issuer && may_sign_lists(one))
        .filter(|one| normal_form(one.subject_der()) == name)
        .take(MAX)
        .filter(|one| is_valid(case, one))
        .filter(|one| {
            let mut above = [Some(issuer), superior].into_iter().flatten();
            above.any(|above| is_vouched_for(case, rules, one, above))
        })
        .collect()
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
    normal_form(certificate.issuer_der()) == normal_form(above.subject_der())
        && signed::check(certificate, above) == Proof::Good
        && !rules
            .crls
            .revocation(certificate, above, &[], rules.demand(), case.now)
            .problems
            .contains(Problems::REVOKED)
}
