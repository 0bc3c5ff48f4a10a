//! Types of keys: how an algorithm identifier encodes them, and of which type and size TLS here can
//! use them. Whether it can use a certain key is for [`fitness`](super::fitness()) to say, which
//! also looks at how the key is written.

use std::ops::RangeInclusive;

use crate::material::der::{self, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE};
use crate::material::fields::Spki;
use crate::material::oid::{self, curve, key};

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
    /// Its algorithm and size can be used, but not how it is written, or its numbers: in words.
    Malformed(&'static str),
    /// Its algorithm or its curve is not computed here.
    Unknown,
}

/// The bits of an RSA modulus that can be used.
pub(in crate::material) const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// The curves that can be used.
const GOOD_CURVES: [&str; 3] = [curve::P256, curve::P384, curve::P521];

impl KeyAlgorithm {
    /// What a key of this algorithm and size is good for here, if it is written as it should be.
    pub(in crate::material) fn fitness(&self) -> Fitness {
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
    let (modulus, _) = rsa_numbers(key)?;
    if modulus.first().is_some_and(|byte| *byte >= 0x80) {
        return Some(0);
    }
    bits(modulus)
}

/// Modulus and exponent of an RSAPublicKey, each the content of an INTEGER.
pub(super) fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = Reader(der::only(key).filter(|key| key.tag == SEQUENCE)?.content);
    let modulus = numbers.next_if(INTEGER)?.content;
    let exponent = numbers.next_if(INTEGER)?.content;
    let are_numbers = der::is_integer(modulus) && der::is_integer(exponent);
    (numbers.is_empty() && are_numbers).then_some((modulus, exponent))
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
