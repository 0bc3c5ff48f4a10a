//! The extensions of a certificate as they are encoded: for rules about criticality, and about
//! contents that no parser hands out whole.
//!
//! What is read was parsed before. Where it still is not of the form that X.509 gives it,
//! reading ends there.

use super::der::{self, BOOLEAN, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use crate::material::Certificate;

/// Object identifiers of extensions.
pub(super) mod id {
    pub(in super::super) const AUTHORITY_ACCESS: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub(in super::super) const SUBJECT_KEY_ID: [u8; 3] = [0x55, 0x1d, 14];
    pub(in super::super) const ALT_NAMES: [u8; 3] = [0x55, 0x1d, 17];
    pub(in super::super) const NAME_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 30];
    pub(in super::super) const AUTHORITY_KEY_ID: [u8; 3] = [0x55, 0x1d, 35];
    pub(in super::super) const POLICY_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 36];
    pub(in super::super) const INHIBIT_ANY_POLICY: [u8; 3] = [0x55, 0x1d, 54];
}

/// The context's `[3]`, constructed: where the extensions of a certificate stand.
const CONTEXT_3: u8 = 0xa3;

/// The context's `[0]` of constraints on policies.
const REQUIRE_EXPLICIT: u8 = 0x80;

/// One extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension<'a> {
    /// The content of its object identifier.
    pub(super) id: &'a [u8],
    /// Whether who does not know it must refuse the certificate.
    pub(super) critical: bool,
    /// What it says, in DER.
    pub(super) value: &'a [u8],
}

/// The extensions of one certificate.
#[derive(Clone, Debug)]
pub(super) struct Extensions<'a>(Vec<Extension<'a>>);

impl<'a> Extensions<'a> {
    /// Reads the extensions of `certificate`.
    pub(super) fn of(certificate: &'a Certificate) -> Self {
        let mut all = Vec::new();
        let mut input = list(certificate).unwrap_or_default();
        while let Some(one) = next(&mut input) {
            all.push(one);
        }
        Self(all)
    }

    /// The extension with this identifier.
    pub(super) fn find(&self, id: &[u8]) -> Option<Extension<'a>> {
        self.0.iter().copied().find(|one| one.id == id)
    }

    /// Whether there is one with this identifier and it is critical.
    pub(super) fn is_critical(&self, id: &[u8]) -> bool {
        self.find(id).is_some_and(|one| one.critical)
    }
}

impl Extension<'_> {
    /// Whether it says where to ask about the authority, in the form of RFC 5280, section
    /// 4.2.2.1.
    pub(super) fn is_access(&self) -> bool {
        let mut rest = self.value;
        let list = der::next_if(&mut rest, SEQUENCE).map(|list| list.content);
        let Some(mut list) = list.filter(|list| rest.is_empty() && !list.is_empty()) else {
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

    /// Whether it demands a policy of those below (section 4.2.1.11), or does not parse.
    pub(super) fn demands_policy(&self) -> bool {
        let mut rest = self.value;
        let fields = der::next_if(&mut rest, SEQUENCE).map(|list| list.content);
        fields.is_none_or(|fields| {
            let mut fields = fields;
            fields.is_empty() || der::next_if(&mut fields, REQUIRE_EXPLICIT).is_some()
        })
    }
}

/// The extensions, without the headers around them.
fn list(certificate: &Certificate) -> Option<&[u8]> {
    let mut rest = certificate.tbs();
    let mut fields = der::next_if(&mut rest, SEQUENCE)?.content;
    while let Some(field) = der::next(&mut fields) {
        if field.tag == CONTEXT_3 {
            let mut inside = field.content;
            return der::next_if(&mut inside, SEQUENCE).map(|list| list.content);
        }
    }
    None
}

fn next<'a>(input: &mut &'a [u8]) -> Option<Extension<'a>> {
    let mut parts = der::next_if(input, SEQUENCE)?.content;
    let id = der::next_if(&mut parts, OBJECT_IDENTIFIER)?.content;
    let critical = der::next_if(&mut parts, BOOLEAN).is_some_and(|flag| flag.content != [0]);
    let value = der::next_if(&mut parts, OCTET_STRING)?.content;
    Some(Extension { id, critical, value })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Maker, Odd, server};
    use super::*;

    #[test]
    fn an_extension_is_found_with_its_criticality_and_value() {
        let mut params = server("a.example");
        for (last, critical) in [(1, true), (2, false)] {
            let mut one = rcgen::CustomExtension::from_oid_content(&[1, 2, last], vec![5, 0]);
            one.set_criticality(critical);
            params.custom_extensions.push(one);
        }
        let leaf = Maker::of(params).certificate();
        let all = Extensions::of(&leaf);
        assert!(all.is_critical(&[0x2a, 1]) && !all.is_critical(&[0x2a, 2]));
        assert_eq!(all.find(&[0x2a, 2]).unwrap().value, [5, 0]);
        assert!(all.find(&id::ALT_NAMES).is_some() && all.find(&[0x2a, 3]).is_none());
    }

    #[test]
    fn a_certificate_before_version_three_has_none() {
        assert!(Extensions::of(&Odd::VersionOne.read()).0.is_empty());
    }
}
