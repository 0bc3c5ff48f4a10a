//! Extensions of a certificate that the rules look into: whether they are present, and which
//! critical ones a profile does not understand.

use crate::material::oid;
use crate::material::{Certificate, Extension};

/// Whether `certificate` has this extension, critical or not as given.
pub(crate) fn has(certificate: &Certificate, id: &[u8], critical: bool) -> bool {
    certificate.extension(id).is_some_and(|found| found.critical == critical)
}

/// The first critical extension that the reader of certificates does not know, and that the rules
/// do not understand either, as its object identifier.
pub(crate) fn not_understood(
    certificate: &Certificate,
    is_understood: impl Fn(&Extension<'_>) -> bool,
) -> Option<String> {
    let unknown = &certificate.facts().unknown_critical;
    if unknown.is_empty() {
        return None;
    }
    let critical = certificate.extensions().filter(|one| one.critical);
    let mut named = critical.map(|one| (oid::text(one.oid), one));
    named.find(|(name, one)| unknown.contains(name) && !is_understood(one)).map(|(name, _)| name)
}
