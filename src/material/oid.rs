//! Object identifiers: those that are looked for, the form of their encoding (X.690), their text.
//!
//! A constant is the content of the encoding, as readers meet it.

use super::hex::hex_after_hash;
use crate::error::Calm;

/// Attributes of names.
pub(crate) mod attribute {
    pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
}

/// Extensions of certificates, of revocation lists and of their entries.
pub(crate) mod extension {
    pub(crate) const AUTHORITY_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub(crate) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(crate) const ALT_NAMES: &[u8] = &[0x55, 0x1d, 17];
    pub(crate) const ISSUER_ALT_NAMES: &[u8] = &[0x55, 0x1d, 18];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
    pub(crate) const REASON: &[u8] = &[0x55, 0x1d, 21];
    pub(crate) const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
    pub(crate) const DELTA_CRL: &[u8] = &[0x55, 0x1d, 27];
    pub(crate) const ISSUING_POINT: &[u8] = &[0x55, 0x1d, 28];
    pub(crate) const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
    pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub(crate) const DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(crate) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
    pub(crate) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
    pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(crate) const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 46];
    pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
}

/// Policies.
pub(crate) mod policy {
    pub(crate) const ANY: &[u8] = &[0x55, 0x1d, 32, 0];
}

/// Ways to reach an authority (RFC 5280, section 4.2.2.1).
pub(crate) mod access {
    pub(crate) const ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 2];
}

/// Purposes of an extended key usage.
pub(crate) mod purpose {
    pub(crate) const ANY: &[u8] = &[0x55, 0x1d, 37, 0];
    pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
}

/// Algorithms of public keys.
pub(crate) mod key {
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
}

/// Algorithms of signatures.
pub(crate) mod signature {
    /// What all of ECDSA with SHA-2 begin with (RFC 5758, section 3.2).
    pub(crate) const ECDSA_SHA_2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
}

/// Curves of elliptic keys, dotted.
pub(crate) mod curve {
    pub(crate) const P256: &str = "1.2.840.10045.3.1.7";
    pub(crate) const P384: &str = "1.3.132.0.34";
    pub(crate) const P521: &str = "1.3.132.0.35";
}

/// Whether the content of an OBJECT IDENTIFIER is well-formed, each number in its shortest form.
pub(crate) fn is_well_formed(content: &[u8]) -> bool {
    let mut begins = true;
    for byte in content {
        if begins && *byte == 0x80 {
            return false;
        }
        begins = *byte < 0x80;
    }
    begins && !content.is_empty()
}

/// The longest content of an object identifier that is shown whole. None that is in use is longer.
const SHOWN_WHOLE: usize = 48;

/// An object identifier's content as dotted numbers; as `#` and hexadecimal where it is
/// malformed, or has a number above 64 bits. Cut where it is longer than any name is shown.
pub(crate) fn text(content: &[u8]) -> String {
    let whole = whole_text(content);
    if content.len() > SHOWN_WHOLE { Calm::name(&whole).into() } else { whole }
}

/// The same, however long it is: for comparing only.
pub(crate) fn whole_text(content: &[u8]) -> String {
    arcs(content).unwrap_or_else(|| hex_after_hash(content))
}

fn arcs(content: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(content.len().saturating_mul(3).saturating_add(4));
    let mut number = 0_u64;
    let mut is_open = true;
    for byte in content {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        is_open = byte & 0x80 != 0;
        if is_open {
            continue;
        }
        if out.is_empty() {
            let root = (number / 40).min(2);
            push_number(&mut out, root);
            number = number.checked_sub(root.checked_mul(40)?)?;
        }
        out.push('.');
        push_number(&mut out, number);
        number = 0;
    }
    (!is_open).then_some(out)
}

/// In decimal. Object identifiers are read so often that the standard way shows.
fn push_number(out: &mut String, number: u64) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0'.saturating_add(u8::try_from(number % 10).unwrap_or_default())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_identifier_has_one_form() {
        assert!(is_well_formed(&[0x55, 4, 3]) && is_well_formed(&[0x88, 0x37, 3]));
        for bad in [&[][..], &[0x55, 0x80, 3], &[0x80, 1], &[0x55, 0x84]] {
            assert!(!is_well_formed(bad), "{bad:?}");
        }
    }

    #[test]
    fn object_identifiers_are_dotted() {
        assert_eq!(text(&[0x55, 4, 3]), "2.5.4.3");
        assert_eq!(text(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]), "1.2.840.113549");
        assert_eq!(text(&[0x88, 0x37, 3]), "2.999.3");
    }

    #[test]
    fn what_is_no_object_identifier_is_hexadecimal() {
        assert_eq!(text(&[]), "#");
        assert_eq!(text(&[0x55, 0x84]), "#5584");
        assert_eq!(text(&[0xff; 12]), format!("#{}", "ff".repeat(12)));
    }

    #[test]
    fn one_that_is_longer_than_any_name_is_cut() {
        assert_eq!(text(&[1; 48]), whole_text(&[1; 48]));
        assert!(text(&[1; 10_000]).ends_with("... (20001 characters)"));
        assert!(text(&[0xff; 10_000]).len() < 300);
    }
}
