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
use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag};

use super::Form;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

/// In the order in which a key that does not name its curve can be tried: a number of one
/// curve is out of range for those before it.
const CURVES: [&EcdsaSigningAlgorithm; 3] = [
    &ECDSA_P256_SHA256_ASN1_SIGNING,
    &ECDSA_P384_SHA384_ASN1_SIGNING,
    &ECDSA_P521_SHA512_ASN1_SIGNING,
];

/// What people call the algorithms and curves that we cannot use.
const NAMES: [(&str, &str); 14] = [
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.113", "Ed448"),
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

/// The `SubjectPublicKeyInfo` of the private key `der`, or why the key cannot be used.
pub(super) fn spki(form: Form, der: &[u8]) -> Result<Vec<u8>, String> {
    let algorithm = match form {
        Form::Pkcs1 => Some((RSA.to_owned(), None)),
        Form::Sec1 => Some((EC.to_owned(), sec1_curve(der))),
        Form::Pkcs8 => pkcs8_algorithm(der),
    };
    let Some((algorithm, curve)) = algorithm else {
        return Err("the key does not parse".to_owned());
    };
    let found = match algorithm.as_str() {
        RSA => rsa_spki(form, der),
        EC => CURVES.iter().find_map(|curve| ec_spki(form, der, curve)),
        ED25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .ok()
            .and_then(|pair| bytes(pair.public_key())),
        _ => None,
    };
    found.ok_or_else(|| unusable(form, der, &algorithm, curve.as_deref()))
}

/// Whether two `SubjectPublicKeyInfo` are the same key: same algorithm, same curve where there
/// is one, same bits. Parameters that say nothing may be there or not.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one == other || public_part(one).is_some_and(|one| public_part(other) == Some(one))
}

/// Algorithm, curve and bits of `SEQUENCE { SEQUENCE { algorithm, parameters }, BIT STRING }`.
fn public_part(spki: &[u8]) -> Option<(Oid<'_>, Option<Oid<'_>>, &[u8])> {
    let (rest, identifier) = part(sequence(spki)?, Tag::Sequence)?;
    let (parameters, algorithm) = oid(identifier)?;
    let (_, bits) = part(rest, Tag::BitString)?;
    Some((algorithm, oid(parameters).map(|(_, curve)| curve), bits))
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

fn unusable(form: Form, der: &[u8], algorithm: &str, curve: Option<&str>) -> String {
    let name = |oid: &str| {
        let known = NAMES.iter().find(|(known, _)| *known == oid);
        known.map_or_else(|| oid.to_owned(), |(_, name)| (*name).to_owned())
    };
    match algorithm {
        RSA => match rsa_bits(form, der) {
            Some(bits @ ..2048) => {
                format!("an RSA key of {bits} bits is too short: 2048 are needed")
            }
            Some(bits @ 8193..) => {
                format!("an RSA key of {bits} bits is too long: 8192 are the most")
            }
            Some(_) => "the RSA key is damaged: its numbers do not fit each other".to_owned(),
            None => "the RSA key does not parse".to_owned(),
        },
        EC => match curve.map(name).as_deref() {
            Some(curve @ ("P-256" | "P-384" | "P-521")) => {
                format!("the EC key over {curve} does not parse")
            }
            Some(curve) => {
                format!("an EC key over {curve} is not supported: P-256, P-384 and P-521 are")
            }
            None => "the EC key does not parse, or does not name its curve".to_owned(),
        },
        ED25519 => "the Ed25519 key does not parse".to_owned(),
        other => format!("a key of the algorithm {} is not supported", name(other)),
    }
}

/// The object identifier that `der` begins with, and what follows it. (The parser's own
/// `Oid::from_der` takes any element for one.)
pub(super) fn oid(der: &[u8]) -> Option<(&[u8], Oid<'_>)> {
    part(der, Tag::Oid).map(|(rest, content)| (rest, Oid::new(content.into())))
}

/// What stands in a SEQUENCE.
pub(super) fn sequence(der: &[u8]) -> Option<&[u8]> {
    part(der, Tag::Sequence).map(|(_, content)| content)
}

/// The first element of `der` where it has this tag: what follows it, and its content.
fn part(der: &[u8], tag: Tag) -> Option<(&[u8], &[u8])> {
    let (rest, any) = Any::from_der(der).ok()?;
    (any.tag() == tag).then_some((rest, any.data))
}

/// `SEQUENCE { version, SEQUENCE { algorithm, parameters }, … }` (RFC 5958).
fn pkcs8_algorithm(der: &[u8]) -> Option<(String, Option<String>)> {
    let (rest, _version) = part(sequence(der)?, Tag::Integer)?;
    let (rest, algorithm) = oid(sequence(rest)?)?;
    let curve = oid(rest).map(|(_, oid)| oid.to_id_string());
    Some((algorithm.to_id_string(), curve))
}

/// `SEQUENCE { version, OCTET STRING, [0] curve, … }` (RFC 5915).
fn sec1_curve(der: &[u8]) -> Option<String> {
    let (rest, _version) = part(sequence(der)?, Tag::Integer)?;
    let (rest, _number) = part(rest, Tag::OctetString)?;
    let (_, tagged) = part(rest, Tag(0))?;
    oid(tagged).map(|(_, oid)| oid.to_id_string())
}

/// The bits of the modulus, the second number of an `RSAPrivateKey` (RFC 8017).
fn rsa_bits(form: Form, der: &[u8]) -> Option<usize> {
    let key = match form {
        Form::Pkcs1 => sequence(der)?,
        Form::Pkcs8 | Form::Sec1 => {
            let (rest, _version) = part(sequence(der)?, Tag::Integer)?;
            let (rest, _algorithm) = part(rest, Tag::Sequence)?;
            sequence(part(rest, Tag::OctetString)?.1)?
        }
    };
    let (rest, _version) = part(key, Tag::Integer)?;
    let (_, modulus) = part(rest, Tag::Integer)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?;
    let bits = modulus.len().checked_sub(zeros)?.checked_mul(8)?;
    bits.checked_sub(usize::try_from(first.leading_zeros()).ok()?)
}
