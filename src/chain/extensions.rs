//! Extensions of a certificate that the rules look into: whether they are present, and which
//! critical ones a profile does not understand.

use crate::material::oid::{self, extension as id};
use crate::material::{Certificate, Extension};

/// Whether `certificate` has this extension, critical or not as given.
pub(crate) fn has(certificate: &Certificate, id: &[u8], critical: bool) -> bool {
    certificate.extension(id).is_some_and(|found| found.critical == critical)
}

/// How a profile takes a critical extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Understood {
    Yes,
    /// It knows the kind, and the content is not in its form.
    Malformed,
    Unknown,
}

impl Understood {
    /// For an extension of a kind that is known.
    pub(crate) const fn if_in_form(is_in_form: bool) -> Self {
        if is_in_form { Self::Yes } else { Self::Malformed }
    }
}

/// The kinds that the reader of certificates leaves to the rules where they are malformed.
const READ: [&[u8]; 5] = [
    id::SUBJECT_KEY_ID,
    id::AUTHORITY_KEY_ID,
    id::POLICIES,
    id::INHIBIT_ANY_POLICY,
    id::DISTRIBUTION_POINTS,
];

/// The first critical extension that neither the reader of certificates nor the rules understand,
/// as its object identifier, and why.
pub(crate) fn not_understood(
    certificate: &Certificate,
    understood: impl Fn(&Extension<'_>) -> Understood,
) -> Option<(String, Understood)> {
    let unknown = &certificate.facts().unknown_critical;
    if unknown.is_empty() {
        return None;
    }
    let critical = certificate.extensions().filter(|one| one.critical);
    let mut named = critical.map(|one| (oid::text(one.oid), one));
    named.find_map(|(name, one)| {
        let how = match understood(&one) {
            Understood::Unknown if READ.contains(&one.oid) => Understood::Malformed,
            how @ (Understood::Yes | Understood::Malformed | Understood::Unknown) => how,
        };
        (how != Understood::Yes && unknown.contains(&name)).then_some((name, how))
    })
}
