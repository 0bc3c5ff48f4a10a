//! Extensions of a certificate that the rules look into: whether they are present, and what two of
//! them say that no parsed fact covers.

use crate::material::Certificate;
use crate::material::der::{self, OBJECT_IDENTIFIER, SEQUENCE, context};

/// The context tag `[0]` of policy constraints.
const REQUIRE_EXPLICIT: u8 = context(0);

/// Whether `certificate` has this extension, critical or not as given.
pub(crate) fn has(certificate: &Certificate, id: &[u8], critical: bool) -> bool {
    certificate.extension(id).is_some_and(|found| found.critical == critical)
}

/// Whether the value of an extension is authority information access, in the form of RFC 5280,
/// section 4.2.2.1.
pub(crate) fn is_access(mut value: &[u8]) -> bool {
    let list = der::next_if(&mut value, SEQUENCE).map(|list| list.content);
    let Some(mut list) = list.filter(|list| value.is_empty() && !list.is_empty()) else {
        return false;
    };
    while let Some(one) = der::next_if(&mut list, SEQUENCE) {
        let mut parts = one.content;
        let method = der::next_if(&mut parts, OBJECT_IDENTIFIER);
        if method.and(der::next(&mut parts)).is_none() || !parts.is_empty() {
            return false;
        }
    }
    list.is_empty()
}

/// Whether policy constraints require an explicit policy (section 4.2.1.11), or do not parse.
pub(crate) fn demands_policy(mut value: &[u8]) -> bool {
    let fields = der::next_if(&mut value, SEQUENCE).map(|list| list.content);
    fields.is_none_or(|mut fields| {
        fields.is_empty() || der::next_if(&mut fields, REQUIRE_EXPLICIT).is_some()
    })
}
