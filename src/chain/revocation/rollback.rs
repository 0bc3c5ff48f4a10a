//! Whether a file of revocation lists goes back behind what it held before.
//!
//! What an authority at hand verifies is followed only by what the same key signed, so that no
//! list of a stranger stands in for a genuine one or keeps it out. The others are compared by
//! issuer and the key that they name. A list from the future holds nothing up and follows none.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::scope::Scope;
use crate::chain::anchors::Anchors;
use crate::chain::same_name::normal_form;
use crate::chain::signature::{self, Proof};
use crate::error::{Error, Kind};
use crate::material::{Certificate, Crl, name_text};

/// The newest lists in force, by issuer, whose they are, and scope.
type Newest<'a> = HashMap<(Vec<u8>, Owner<'a>, Scope), &'a Crl>;

/// Whose a list is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Owner<'a> {
    /// It is signed with the key of this digest, an authority's.
    Verified(&'a [u8; 32]),
    /// No authority at hand signed it; the key that it names.
    Claimed(Option<&'a [u8]>),
}

/// Why `new` may not take the place of `old`: a list would be gone without one that is as new,
/// speaks of all that it spoke of, and has the same signer; nothing where it may.
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
        "{source} holds no revocation list of {issuer} that may take the place of the one in force, which stays"
    );
    Some(Error::new(Kind::CrlRollback, message).with_hint(
        "the file must hold a list of the same signer that is as new, has begun, and is about as many certificates",
    ))
}

/// Whether a list may come after one of this owner. What nobody here verifies gives way to what
/// an authority of the name signed: otherwise a stranger's list would keep that out.
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
