//! Words for the numbers in a certificate: algorithms, curves, uses and purposes.

use crate::material::algorithm_names::{curve_name, key_name, signature_name};
use crate::material::facts::{ExtendedKeyUsage, KeyAlgorithm, KeyUsage};

/// What a key is named that says RSA, and is not an RSA key.
const RSA: &str = "1.2.840.113549.1.1.1";

/// Key usages in the order of their bits: in words, and as RFC 5280 calls them.
const USAGES: [(&str, &str); 9] = [
    ("digital signature", "digitalSignature"),
    ("non-repudiation", "nonRepudiation"),
    ("key encipherment", "keyEncipherment"),
    ("data encipherment", "dataEncipherment"),
    ("key agreement", "keyAgreement"),
    ("certificate signing", "keyCertSign"),
    ("CRL signing", "cRLSign"),
    ("encipher only", "encipherOnly"),
    ("decipher only", "decipherOnly"),
];

/// Purposes: the object identifier, in words, and as RFC 5280 calls them.
const PURPOSES: [(&str, &str, &str); 4] = [
    ("1.3.6.1.5.5.7.3.3", "code signing", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "e-mail", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "time stamping", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSP signing", "OCSPSigning"),
];

/// Words for people, or the names in the standards for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    People,
    Programs,
}

pub(super) fn key(key: &KeyAlgorithm) -> String {
    match key {
        KeyAlgorithm::Rsa(bits) => format!("RSA {bits} bits"),
        KeyAlgorithm::Ec(curve) if curve.is_empty() => "ECDSA on an unnamed curve".to_owned(),
        KeyAlgorithm::Ec(curve) => format!("ECDSA {}", curve_name(curve)),
        KeyAlgorithm::Ed25519 => "Ed25519".to_owned(),
        KeyAlgorithm::Other(oid) if oid == RSA => "RSA, damaged".to_owned(),
        KeyAlgorithm::Other(oid) => key_name(oid).to_owned(),
    }
}

pub(super) fn signature(oid: &str) -> String {
    signature_name(oid).to_owned()
}

pub(super) fn usages(usage: KeyUsage, reader: For) -> Vec<&'static str> {
    let bits = std::iter::successors(Some(1_u16), |bit| bit.checked_mul(2));
    let set = bits.zip(USAGES).filter(|(bit, _)| usage.allows(*bit));
    set.map(|(_, (people, programs))| pick(reader, people, programs)).collect()
}

pub(super) fn purposes(usage: &ExtendedKeyUsage, reader: For) -> Vec<&str> {
    let named = [
        (usage.any, "any", "anyExtendedKeyUsage"),
        (usage.server_auth, "TLS server", "serverAuth"),
        (usage.client_auth, "TLS client", "clientAuth"),
    ];
    let named = named.into_iter().filter(|(is_set, ..)| *is_set);
    let named = named.map(|(_, people, programs)| pick(reader, people, programs));
    let others = usage.others.iter().map(|oid| {
        let known = PURPOSES.iter().find(|(known, ..)| known == oid);
        known.map_or(oid.as_str(), |(_, people, programs)| pick(reader, people, programs))
    });
    named.chain(others).collect()
}

const fn pick<'a>(reader: For, people: &'a str, programs: &'a str) -> &'a str {
    match reader {
        For::People => people,
        For::Programs => programs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_people_know() {
        assert_eq!(key(&KeyAlgorithm::Rsa(2048)), "RSA 2048 bits");
        assert_eq!(key(&KeyAlgorithm::Ec("1.3.132.0.34".to_owned())), "ECDSA P-384");
        assert_eq!(key(&KeyAlgorithm::Ec("1.2.3".to_owned())), "ECDSA 1.2.3");
        assert_eq!(key(&KeyAlgorithm::Ec(String::new())), "ECDSA on an unnamed curve");
        assert_eq!(key(&KeyAlgorithm::Ed25519), "Ed25519");
        assert_eq!(key(&KeyAlgorithm::Other("1.3.101.113".to_owned())), "Ed448");
        assert_eq!(key(&KeyAlgorithm::Other("1.2.3".to_owned())), "1.2.3");
    }

    #[test]
    fn a_signature_without_a_name_is_its_number() {
        assert_eq!(signature("1.2.840.10045.4.3.2"), "ECDSA with SHA-256");
        assert_eq!(signature("1.2.3"), "1.2.3");
    }

    #[test]
    fn usages_come_in_the_order_of_their_bits() {
        let usage = KeyUsage { bits: 0b1_0010_0001, critical: true };
        assert_eq!(
            usages(usage, For::People),
            ["digital signature", "certificate signing", "decipher only"]
        );
        assert_eq!(
            usages(usage, For::Programs),
            ["digitalSignature", "keyCertSign", "decipherOnly"]
        );
    }
}
