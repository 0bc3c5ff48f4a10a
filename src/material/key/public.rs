//! The public half of a private key, and the words for a key that cannot be used.
//!
//! The key is read by the same calls that the TLS engine makes, so that a key which passes
//! here is never refused later.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
};

use crate::error::MaterialCause;
use crate::material::algorithm_names::{curve_name, key_name};
use crate::material::der::{
    BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, context_constructed,
};
use crate::material::facts::{self, Fitness, KeyAlgorithm, RSA_BITS};
use crate::material::oid::{self, key};

/// How a private key is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs1,
    Sec1,
    Pkcs8,
}

/// Why a key cannot be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not what it should be.
    Damaged(String),
    /// It is of another kind or size.
    Unsupported(String),
}

impl Fault {
    /// What is said about it, and what follows from it.
    pub(super) fn words(self) -> (String, MaterialCause) {
        match self {
            Self::Damaged(why) => (why, MaterialCause::DamagedKey),
            Self::Unsupported(why) => (why, MaterialCause::UnsupportedKey),
        }
    }
}

/// An algorithm and, where it is named, a curve: the contents of their object identifiers.
type Named<'a> = (&'a [u8], Option<&'a [u8]>);

/// In the order in which a key that does not name its curve can be tried: a number of one
/// curve is out of range for those before it.
const CURVES: [&EcdsaSigningAlgorithm; 3] = [
    &ECDSA_P256_SHA256_ASN1_SIGNING,
    &ECDSA_P384_SHA384_ASN1_SIGNING,
    &ECDSA_P521_SHA512_ASN1_SIGNING,
];

/// The `SubjectPublicKeyInfo` of the private key `der`, or why the key cannot be used.
pub(super) fn spki(form: Form, der: &[u8]) -> Result<Vec<u8>, Fault> {
    let named = match form {
        Form::Pkcs1 => Some((key::RSA, None)),
        Form::Sec1 => Some((key::EC, sec1_curve(der))),
        Form::Pkcs8 => pkcs8_algorithm(der),
    };
    let Some((algorithm, curve)) = named else {
        return Err(Fault::Damaged("the key does not parse".to_owned()));
    };
    let found = match algorithm {
        key::RSA => rsa_spki(form, der),
        key::EC => CURVES.iter().find_map(|curve| ec_spki(form, der, curve)),
        key::ED25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .ok()
            .and_then(|pair| bytes(pair.public_key())),
        _ => None,
    };
    found.ok_or_else(|| unusable(form, der, algorithm, curve))
}

/// Whether two `SubjectPublicKeyInfo` are the same key: same algorithm, same curve where there
/// is one, same bits. Parameters that say nothing may be there or not, and a point may be
/// compressed.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let usual = facts::usual_form;
    one == other
        || public_part(one).is_some_and(|one| public_part(other) == Some(one))
        || usual(one).is_some_and(|one| usual(other) == Some(one))
}

/// Algorithm, curve and bits of `SEQUENCE { SEQUENCE { algorithm, parameters }, BIT STRING }`.
fn public_part(spki: &[u8]) -> Option<(Named<'_>, &[u8])> {
    let mut parts = sequence(spki)?;
    let named = algorithm(&mut parts)?;
    Some((named, parts.next_if(BIT_STRING)?.content))
}

fn rsa_spki(form: Form, der: &[u8]) -> Option<Vec<u8>> {
    let pair = match form {
        Form::Pkcs1 => rsa::KeyPair::from_der(der),
        Form::Pkcs8 | Form::Sec1 => rsa::KeyPair::from_pkcs8(der),
    };
    bytes(pair.ok()?.public_key())
}

fn ec_spki(form: Form, der: &[u8], curve: &'static EcdsaSigningAlgorithm) -> Option<Vec<u8>> {
    let pair = match form {
        Form::Sec1 => EcdsaKeyPair::from_private_key_der(curve, der),
        Form::Pkcs8 | Form::Pkcs1 => EcdsaKeyPair::from_pkcs8(curve, der),
    };
    bytes(pair.ok()?.public_key())
}

fn bytes<K: AsDer<PublicKeyX509Der<'static>>>(key: &K) -> Option<Vec<u8>> {
    Some(AsDer::as_der(key).ok()?.as_ref().to_vec())
}

fn unusable(form: Form, der: &[u8], algorithm: &[u8], curve: Option<&[u8]>) -> Fault {
    let damaged = |why: &str| Fault::Damaged(why.to_owned());
    match algorithm {
        key::RSA => {
            let Some(bits) = rsa_bits(form, der) else {
                return damaged("the RSA key does not parse");
            };
            match KeyAlgorithm::Rsa(bits).fitness() {
                Fitness::Short => {
                    let least = RSA_BITS.start();
                    Fault::Unsupported(format!(
                        "an RSA key of {bits} bits is too short: at least {least} are needed"
                    ))
                }
                Fitness::Long => {
                    let most = RSA_BITS.end();
                    Fault::Unsupported(format!(
                        "an RSA key of {bits} bits is too long: at most {most} are supported"
                    ))
                }
                Fitness::Good | Fitness::Unknown | Fitness::Malformed(_) => {
                    damaged("the RSA key is damaged: its numbers do not fit together")
                }
            }
        }
        key::EC => {
            let Some(curve) = curve.map(oid::text) else {
                return damaged("the EC key does not parse, or does not name its curve");
            };
            let name = curve_name(&curve).to_owned();
            if KeyAlgorithm::Ec(curve).fitness() == Fitness::Good {
                Fault::Damaged(format!("the EC key on {name} does not parse"))
            } else {
                Fault::Unsupported(format!(
                    "an EC key on {name} is not supported: P-256, P-384 and P-521 are"
                ))
            }
        }
        key::ED25519 => damaged("the Ed25519 key does not parse"),
        other => {
            let other = oid::text(other);
            Fault::Unsupported(format!("{} keys are not supported", key_name(&other)))
        }
    }
}

/// What stands in the SEQUENCE that `der` begins with.
pub(super) fn sequence(der: &[u8]) -> Option<Reader<'_>> {
    Reader(der).next_if(SEQUENCE).map(|found| Reader(found.content))
}

/// The algorithm that comes next: `SEQUENCE { algorithm, parameters }`.
pub(super) fn algorithm<'a>(parts: &mut Reader<'a>) -> Option<Named<'a>> {
    let mut parts = Reader(parts.next_if(SEQUENCE)?.content);
    let algorithm = parts.next_if(OBJECT_IDENTIFIER)?.content;
    Some((algorithm, parts.next_if(OBJECT_IDENTIFIER).map(|curve| curve.content)))
}

/// `SEQUENCE { version, SEQUENCE { algorithm, parameters }, … }` (RFC 5958).
fn pkcs8_algorithm(der: &[u8]) -> Option<Named<'_>> {
    let mut parts = sequence(der)?;
    parts.next_if(INTEGER)?;
    algorithm(&mut parts)
}

/// `SEQUENCE { version, OCTET STRING, [0] curve, … }` (RFC 5915).
fn sec1_curve(der: &[u8]) -> Option<&[u8]> {
    let mut parts = sequence(der)?;
    parts.next_if(INTEGER)?;
    parts.next_if(OCTET_STRING)?;
    let curve = parts.next_if(context_constructed(0))?.content;
    Reader(curve).next_if(OBJECT_IDENTIFIER).map(|curve| curve.content)
}

/// The bits of the modulus, the second number of an `RSAPrivateKey` (RFC 8017).
fn rsa_bits(form: Form, der: &[u8]) -> Option<usize> {
    let mut parts = sequence(der)?;
    if form != Form::Pkcs1 {
        parts.next_if(INTEGER)?;
        parts.next_if(SEQUENCE)?;
        parts = sequence(parts.next_if(OCTET_STRING)?.content)?;
    }
    parts.next_if(INTEGER)?;
    facts::bits(parts.next_if(INTEGER)?.content).filter(|bits| *bits > 0)
}
