//! Whether a file of revocation lists is older than what it held before.
//!
//! A list that an authority at hand verifies is only replaced by one signed with the same key, so
//! that a stranger's list neither replaces a genuine one nor blocks it. The others are compared by
//! issuer and the key that they name. A list from the future neither blocks nor replaces any.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::scope::Scope;
use crate::chain::anchors::Anchors;
use crate::chain::same_name::normal_form;
use crate::chain::signature::{self, Proof};
use crate::error::{CallCause, Error, Kind};
use crate::material::{Certificate, Crl, name_text};

/// The newest lists in force, by issuer, owner and scope.
type Newest<'a> = HashMap<(Vec<u8>, Owner<'a>, Scope), &'a Crl>;

/// Who a list belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Owner<'a> {
    /// Signed with the key of an authority; the digest of that key.
    Verified(&'a [u8; 32]),
    /// Not signed by any authority at hand; the key that it names.
    Claimed(Option<&'a [u8]>),
}

/// Why `new` may not replace `old`: a list would be lost without one that is as new, covers all
/// that it covered, and has the same signer. `None`: it may.
#[must_use]
pub(crate) fn rolled_back(old: &[Crl], new: &[Crl], anchors: &Anchors, now: i64) -> Option<Error> {
    let has_begun = |crl: &&Crl| crl.this_update() <= now;
    let mut successors: HashMap<Vec<u8>, Vec<&Crl>> = HashMap::new();
    for crl in new.iter().filter(has_begun) {
        successors.entry(normal_form(crl.issuer_der())).or_default().push(crl);
    }
    let mut newest = Newest::new();
    for crl in old.iter().filter(has_begun) {
        let key = (normal_form(crl.issuer_der()), owner(crl, anchors), Scope::of(crl));
        let newest = newest.entry(key).or_insert(crl);
        if crl.compare_age(newest) == Ordering::Greater {
            *newest = crl;
        }
    }
    let lost = newest.iter().find(|((issuer, owner, scope), old)| {
        let mut all = successors.get(issuer).into_iter().flatten();
        !all.any(|new| {
            new.identity() == old.identity()
                || (new.compare_age(old) != Ordering::Less
                    && Scope::of(new).includes(scope)
                    && may_follow(new, *owner, anchors))
        })
    });
    let (_, lost) = lost?;
    let (source, issuer) = (lost.source(), name_text(lost.issuer_der()));
    let message = format!(
        "{source} contains no revocation list (CRL) of {issuer} that can replace the one in force, which stays"
    );
    Some(Error::new(Kind::CrlRollback, message).because(&CallCause::ListRollback))
}

/// Whether a list may replace one of this owner. A list that cannot be verified here gives way to
/// one that an authority of that name signed: otherwise a stranger's list would block it.
fn may_follow(new: &Crl, old: Owner<'_>, anchors: &Anchors) -> bool {
    match old {
        Owner::Verified(key) => {
            let all = anchors.named(new.issuer_der(), new.authority_key_id());
            all.into_iter().any(|one| one.key_sha256() == key && has_signed(one, new))
        }
        Owner::Claimed(key_id) => {
            new.authority_key_id() == key_id || matches!(owner(new, anchors), Owner::Verified(_))
        }
    }
}

fn owner<'a>(crl: &'a Crl, anchors: &'a Anchors) -> Owner<'a> {
    let all = anchors.named(crl.issuer_der(), crl.authority_key_id());
    all.into_iter().find(|one| has_signed(one, crl)).map_or_else(
        || Owner::Claimed(crl.authority_key_id()),
        |one| Owner::Verified(one.key_sha256()),
    )
}

fn has_signed(authority: &Certificate, crl: &Crl) -> bool {
    signature::check_list(crl.signed(), authority) == Proof::Good
}

#[cfg(test)]
mod tests;
