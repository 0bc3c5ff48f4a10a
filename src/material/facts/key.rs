//! Public keys, as their algorithm identifiers have them.

use super::KeyAlgorithm;
use crate::material::certificate::Spki;
use crate::material::der::{self, Reader};

const INTEGER: u8 = 2;
const OBJECT_IDENTIFIER: u8 = 6;
const SEQUENCE: u8 = 0x30;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

impl KeyAlgorithm {
    pub(super) fn read(spki: &Spki<'_>) -> Self {
        let other = || Self::Other(der::oid_text(spki.algorithm.oid));
        match spki.algorithm.oid {
            RSA => rsa_bits(spki.key).map_or_else(other, Self::Rsa),
            EC => {
                let curve = spki.algorithm.parameters.filter(|one| one.tag == OBJECT_IDENTIFIER);
                Self::Ec(curve.map(|curve| der::oid_text(curve.content)).unwrap_or_default())
            }
            ED25519 => Self::Ed25519,
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
