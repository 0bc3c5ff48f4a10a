//! Whether TLS here can use a public key, and what it costs to verify a signature with it.
//!
//! This is the one place that knows. What the handshake takes is judged by this, and so is what
//! our own pair is made of; paths and lists ask it before they verify a signature. It goes by the
//! bytes of the key, since the engine below takes each key in one form only, and reads them once
//! with the engine itself.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{self as aws, ParsedPublicKey, VerificationAlgorithm};

use super::key::{Fitness, KeyAlgorithm, bits, rsa_numbers};
use crate::material::der::{self, OBJECT_IDENTIFIER, Reader};
use crate::material::fields::{Algorithm, Spki};
use crate::material::oid::{curve, key};

/// The most bits of an RSA exponent: more would make each verification slow.
const EXPONENT_BITS: usize = 33;
/// Up to so many bits of the exponent a verification costs what it usually does.
const USUAL_EXPONENT_BITS: usize = 17;

/// What the key in this `SubjectPublicKeyInfo` is good for here.
pub(crate) fn fitness(spki: &[u8]) -> Fitness {
    let Some(spki) = der::only(spki).and_then(Spki::read) else {
        return Fitness::Malformed("which does not parse");
    };
    match (KeyAlgorithm::read(&spki).fitness(), spki.algorithm.oid) {
        (Fitness::Good, _) => form(&spki).map_or(Fitness::Good, Fitness::Malformed),
        (_, key::RSA) if rsa_numbers(spki.key).is_none() => {
            Fitness::Malformed("whose numbers do not parse")
        }
        (other, _) => other,
    }
}

/// Whether a key with this algorithm identifier, without its SEQUENCE header, can be
/// [`Fitness::Good`].
pub(crate) fn is_usable_kind(algorithm: &[u8]) -> bool {
    let mut parts = Reader(algorithm);
    let Some(oid) = parts.next_if(OBJECT_IDENTIFIER) else { return false };
    let algorithm = Algorithm { oid: oid.content, parameters: parts.next() };
    // An RSA key can be, by its size.
    let spki = Spki { whole: &[], algorithm, key: &[] };
    oid.content == key::RSA || KeyAlgorithm::read(&spki).fitness() == Fitness::Good
}

/// What a verification with this key costs at most, in those with an ECDSA key on P-256.
///
/// Measured with aws-lc-rs 1.19 on two cores of 2026: P-256 76 microseconds, P-384 240 (303 with a
/// compressed point), P-521 570 (660), Ed25519 57; RSA with 2048, 3072, 4096 and 8192 bits 27, 68,
/// 79 and 384, with an exponent of 33 bits 62, 213, 191 and 998.
pub(crate) fn cost(spki: &[u8]) -> u32 {
    let Some(spki) = der::only(spki).and_then(Spki::read) else { return 1 };
    match KeyAlgorithm::read(&spki) {
        KeyAlgorithm::Ec(curve) if curve == curve::P384 => 4,
        KeyAlgorithm::Ec(curve) if curve == curve::P521 => 9,
        KeyAlgorithm::Rsa(size) => {
            let exponent = rsa_numbers(spki.key).and_then(|(_, exponent)| bits(exponent));
            let is_usual = exponent.is_some_and(|bits| bits <= USUAL_EXPONENT_BITS);
            let usual = match size {
                0..=3072 => 1,
                3073..=4096 => 2,
                _ => 6,
            };
            if is_usual { usual } else { usual.saturating_mul(3) }
        }
        KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::Other(_) => 1,
    }
}

/// The same key in the one form that our own keys have. `None`: TLS here cannot use it.
pub(in crate::material) fn usual_form(spki: &[u8]) -> Option<Vec<u8>> {
    let spki = der::only(spki).and_then(Spki::read)?;
    let key = ParsedPublicKey::new(engine(&spki)?, spki.key).ok()?;
    let whole: PublicKeyX509Der<'static> = key.as_der().ok()?;
    Some(whole.as_ref().to_vec())
}

/// Why a key of good algorithm and size cannot be used, as it goes on after the name of the key.
fn form(spki: &Spki<'_>) -> Option<&'static str> {
    let wrong = match spki.algorithm.oid {
        key::RSA => rsa(spki),
        key::EC => ec(spki.key),
        _ if spki.algorithm.parameters.is_some() => Some("with parameters, which it must not have"),
        _ if spki.key.len() != 32 => Some("which does not have 32 bytes"),
        _ => None,
    };
    let is_read = || engine(spki).is_some_and(|one| ParsedPublicKey::new(one, spki.key).is_ok());
    wrong.or_else(|| {
        (!is_read()).then_some("which is not a key of that kind: its numbers are wrong")
    })
}

fn rsa(spki: &Spki<'_>) -> Option<&'static str> {
    let Some((modulus, exponent)) = rsa_numbers(spki.key) else {
        return Some("whose numbers do not parse");
    };
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    let is_negative = exponent.first().is_some_and(|byte| *byte >= 0x80);
    match spki.algorithm.parameters.map(|one| one.whole) {
        None => return Some("without the parameters NULL, which RFC 3279 requires"),
        Some([5, 0]) => {}
        Some(_) => return Some("with parameters other than NULL, which RFC 3279 requires"),
    }
    if !is_odd(modulus) {
        Some("with an even modulus")
    } else if is_negative || !is_odd(exponent) || exponent == [1] {
        Some("with a public exponent that is even, 1 or negative")
    } else if bits(exponent).is_none_or(|bits| bits > EXPONENT_BITS) {
        Some("with a public exponent of more than 33 bits")
    } else {
        None
    }
}

fn ec(point: &[u8]) -> Option<&'static str> {
    // RFC 5480, section 2.2: uncompressed or compressed, and nothing else.
    (!matches!(point.first(), Some(2..=4)))
        .then_some("whose point is in a form that is not allowed")
}

/// What the engine verifies with a key of this kind.
fn engine(spki: &Spki<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let algorithm = KeyAlgorithm::read(spki);
    match &algorithm {
        _ if algorithm.fitness() != Fitness::Good => None,
        KeyAlgorithm::Rsa(_) => Some(&aws::RSA_PKCS1_2048_8192_SHA256),
        KeyAlgorithm::Ec(curve) if curve == curve::P256 => Some(&aws::ECDSA_P256_SHA256_ASN1),
        KeyAlgorithm::Ec(curve) if curve == curve::P384 => Some(&aws::ECDSA_P384_SHA384_ASN1),
        KeyAlgorithm::Ec(_) => Some(&aws::ECDSA_P521_SHA512_ASN1),
        KeyAlgorithm::Ed25519 => Some(&aws::ED25519),
        KeyAlgorithm::Other(_) => None,
    }
}

#[cfg(test)]
mod tests;
