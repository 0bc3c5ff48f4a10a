//! Public keys, as their algorithm identifiers have them.

use super::KeyAlgorithm;
use crate::material::certificate::Spki;
use crate::material::der::{self, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE};
use crate::material::oid::{self, key};

impl KeyAlgorithm {
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
    let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let unused = digits.first().map_or(0, |byte| byte.leading_zeros());
    digits.len().checked_mul(8)?.checked_sub(usize::try_from(unused).ok()?)
}
