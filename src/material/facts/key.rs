//! Types of keys: how an algorithm identifier encodes them, what people call them, and which are
//! supported. This is the one place that knows; judging, signing and TLS ask it.

use std::ops::RangeInclusive;

use crate::material::der::{self, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE};
use crate::material::fields::Spki;
use crate::material::oid::{self, key};

/// A public key's algorithm and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    /// An elliptic curve, with the dotted object identifier of the curve.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Another algorithm, by its dotted object identifier.
    Other(String),
}

/// What a key is good for here: for handshakes, and for signatures of certificates and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fitness {
    /// It can be used for both.
    Good,
    /// An RSA key with fewer bits than [`RSA_BITS`].
    Short,
    /// An RSA key with more bits than [`RSA_BITS`].
    Long,
    /// Its algorithm or its curve is not computed here.
    Unknown,
}

/// The bits of an RSA modulus that can be used.
pub(in crate::material) const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// The curves that can be used: P-256, P-384 and P-521.
const GOOD_CURVES: [&str; 3] = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

const CURVES: [(&str, &str); 9] = [
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
];

/// Those that [`KeyAlgorithm`] has no variant for.
const ALGORITHMS: [(&str, &str); 9] = [
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "DH"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];

/// What people call a curve; its dotted object identifier where it has no name.
pub(in crate::material) fn curve_name(oid: &str) -> &str {
    name_in(&CURVES, oid)
}

/// What people call an algorithm that [`KeyAlgorithm`] has no variant for; its dotted object
/// identifier where it has no name.
pub(in crate::material) fn algorithm_name(oid: &str) -> &str {
    name_in(&ALGORITHMS, oid)
}

fn name_in<'a>(table: &[(&str, &'a str)], oid: &'a str) -> &'a str {
    table.iter().find(|(known, _)| *known == oid).map_or(oid, |(_, name)| name)
}

impl KeyAlgorithm {
    /// What such a key is good for here.
    pub(crate) fn fitness(&self) -> Fitness {
        match self {
            Self::Rsa(bits) if bits < RSA_BITS.start() => Fitness::Short,
            Self::Rsa(bits) if bits > RSA_BITS.end() => Fitness::Long,
            Self::Ec(curve) if !GOOD_CURVES.contains(&curve.as_str()) => Fitness::Unknown,
            Self::Rsa(_) | Self::Ec(_) | Self::Ed25519 => Fitness::Good,
            Self::Other(_) => Fitness::Unknown,
        }
    }

    pub(super) fn read(spki: &Spki<'_>) -> Self {
        let other = || Self::Other(oid::text(spki.algorithm.oid));
        match spki.algorithm.oid {
            key::RSA => rsa_bits(spki.key).map_or_else(other, Self::Rsa),
            key::EC => {
                let curve = spki.algorithm.parameters.filter(|one| one.tag == OBJECT_IDENTIFIER);
                Self::Ec(curve.map(|curve| oid::text(curve.content)).unwrap_or_default())
            }
            key::ED25519 => Self::Ed25519,
            _ => other(),
        }
    }
}

/// The bits of the modulus of an RSAPublicKey (RFC 8017); a negative one has none.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let mut numbers = Reader(der::only(key).filter(|key| key.tag == SEQUENCE)?.content);
    let modulus = numbers.next_if(INTEGER)?.content;
    let exponent = numbers.next_if(INTEGER)?.content;
    if !numbers.is_empty() || !der::is_integer(modulus) || !der::is_integer(exponent) {
        return None;
    }
    if modulus.first().is_some_and(|byte| *byte >= 0x80) {
        return Some(0);
    }
    bits(modulus)
}

/// The bits of the number that the content of an INTEGER is; its sign is not looked at.
pub(in crate::material) fn bits(number: &[u8]) -> Option<usize> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..)?;
    let unused = digits.first().map_or(0, |byte| byte.leading_zeros());
    digits.len().checked_mul(8)?.checked_sub(usize::try_from(unused).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_can_be_used_by_its_kind_and_size() {
        let ec = |curve: &str| KeyAlgorithm::Ec(curve.to_owned());
        for (key, expected) in [
            (KeyAlgorithm::Rsa(0), Fitness::Short),
            (KeyAlgorithm::Rsa(2047), Fitness::Short),
            (KeyAlgorithm::Rsa(2048), Fitness::Good),
            (KeyAlgorithm::Rsa(8192), Fitness::Good),
            (KeyAlgorithm::Rsa(8193), Fitness::Long),
            (ec("1.2.840.10045.3.1.7"), Fitness::Good),
            (ec("1.3.132.0.34"), Fitness::Good),
            (ec("1.3.132.0.35"), Fitness::Good),
            (ec("1.3.132.0.33"), Fitness::Unknown),
            (ec(""), Fitness::Unknown),
            (KeyAlgorithm::Ed25519, Fitness::Good),
            (KeyAlgorithm::Other("1.2.840.10040.4.1".to_owned()), Fitness::Unknown),
        ] {
            assert_eq!(key.fitness(), expected, "{key:?}");
        }
    }

    #[test]
    fn bits_are_counted_from_the_first_that_is_set() {
        for (number, expected) in
            [(&[0][..], 0), (&[], 0), (&[1], 1), (&[0, 0x80], 8), (&[0x7f, 0], 15)]
        {
            assert_eq!(bits(number), Some(expected), "{number:?}");
        }
    }
}
