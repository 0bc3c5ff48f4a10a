use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyCompressedBin};
use aws_lc_rs::signature::{ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::*;
use crate::material::testing::{Maker, Odd, Parts, authority, spki, tlv};

const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P521: &[u8] = &[0x2b, 0x81, 4, 0, 0x23];
const SECP256K1: &[u8] = &[0x2b, 0x81, 4, 0, 10];

fn rsa_with(parameters: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [tlv(2, modulus), tlv(2, exponent)].concat();
    spki(&[&tlv(6, key::RSA), parameters].concat(), &tlv(0x30, &numbers))
}

fn modulus(first: u8, bytes: usize, last: u8) -> Vec<u8> {
    let mut all = vec![0x5a; bytes];
    all[0] = first;
    *all.last_mut().unwrap() = last;
    [vec![0], all].concat()
}

fn ec_with(curve: &[u8], point: &[u8]) -> Vec<u8> {
    spki(&[tlv(6, EC), tlv(6, curve)].concat(), point)
}

fn is_malformed(spki: &[u8], why: &str) -> bool {
    matches!(fitness(spki), Fitness::Malformed(found) if found.contains(why))
}

#[test]
fn the_usual_forms_of_keys_are_good() {
    for kind in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let key = rcgen::KeyPair::generate_for(kind).unwrap();
        let made = Maker::with_key(authority("A"), key).certificate();
        assert_eq!(made.fitness(), Fitness::Good);
    }
    assert_eq!(fitness(&rsa_with(&[5, 0], &modulus(0x80, 256, 1), &[1, 0, 1])), Fitness::Good);
    assert_eq!(fitness(&rsa_with(&[5, 0], &modulus(0xff, 1024, 1), &[3])), Fitness::Good);
    assert_eq!(fitness(&Parts::default().spki), Fitness::Good);
    assert_eq!(Odd::ShortAuthority.read().fitness(), Fitness::Short);
}

#[test]
fn a_compressed_point_is_good_and_the_same_key() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).unwrap();
    let short: EcPublicKeyCompressedBin<'_> = pair.public_key().as_be_bytes().unwrap();
    let (long, short) = (ec_with(P521, pair.public_key().as_ref()), ec_with(P521, short.as_ref()));
    assert_eq!([fitness(&long), fitness(&short)], [Fitness::Good; 2]);
    assert_eq!(usual_form(&short), Some(long.clone()));
    assert_eq!(usual_form(&long), Some(long));
}

#[test]
fn an_rsa_key_that_the_handshake_would_not_read_is_malformed() {
    let good = modulus(0x80, 256, 1);
    for (spki, why) in [
        (rsa_with(&[], &good, &[1, 0, 1]), "without the parameters NULL"),
        (rsa_with(&tlv(6, EC), &good, &[1, 0, 1]), "other than NULL"),
        (rsa_with(&[5, 0], &modulus(0x80, 256, 2), &[1, 0, 1]), "even modulus"),
        (rsa_with(&[5, 0], &good, &[1]), "exponent"),
        (rsa_with(&[5, 0], &good, &[4]), "exponent"),
        (rsa_with(&[5, 0], &good, &[0xff]), "exponent"),
        (rsa_with(&[5, 0], &good, &[2, 0, 0, 0, 1]), "more than 33 bits"),
        (rsa_with(&[5, 0], &[&[0], good.as_slice()].concat(), &[3]), "do not parse"),
        (spki(&[tlv(6, key::RSA), tlv(5, &[])].concat(), b"junk"), "do not parse"),
    ] {
        assert!(is_malformed(&spki, why), "{why}: {:?}", fitness(&spki));
    }
    assert_eq!(fitness(&rsa_with(&[5, 0], &modulus(0x80, 255, 1), &[3])), Fitness::Short);
    assert_eq!(fitness(&rsa_with(&[5, 0], &modulus(0x80, 1025, 1), &[3])), Fitness::Long);
    assert_eq!(fitness(&rsa_with(&[5, 0], &good, &[1, 0xff, 0xff, 0xff, 0xff])), Fitness::Good);
}

#[test]
fn a_point_that_is_none_is_malformed() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).unwrap();
    let mut point = pair.public_key().as_ref().to_vec();
    let with_first = |first: u8| [&[first], &point[1..]].concat();
    for first in [0, 1, 5, 6, 7, 0x30] {
        assert!(is_malformed(&ec_with(P521, &with_first(first)), "form"), "{first}");
    }
    assert!(is_malformed(&ec_with(P521, &point[..100]), "numbers"));
    assert!(is_malformed(&ec_with(P521, &[0]), "form"));
    point[60] ^= 1;
    assert!(is_malformed(&ec_with(P521, &point), "numbers"));
    assert_eq!(fitness(&ec_with(SECP256K1, &point)), Fitness::Unknown);
    assert_eq!(fitness(&spki(&[tlv(6, EC), tlv(0x30, &[])].concat(), &point)), Fitness::Unknown);
}

#[test]
fn an_edwards_key_has_32_bytes_and_no_parameters() {
    let ed25519 = tlv(6, key::ED25519);
    assert!(is_malformed(&spki(&ed25519, &[7; 31]), "32 bytes"));
    assert!(is_malformed(&spki(&[ed25519, tlv(5, &[])].concat(), &[7; 32]), "parameters"));
}

#[test]
fn a_larger_key_costs_more_and_a_long_exponent_costs_most() {
    let rsa = |bytes, exponent: &[u8]| cost(&rsa_with(&[5, 0], &modulus(0x80, bytes, 1), exponent));
    assert_eq!([256, 384, 512, 1024].map(|bytes| rsa(bytes, &[1, 0, 1])), [1, 1, 2, 6]);
    assert_eq!(rsa(1024, &[1, 0xff, 0xff, 0xff, 0xff]), 18);
    assert_eq!(cost(&ec_with(P521, &[4])), 9);
    assert_eq!(cost(&Parts::default().spki), 1);
    assert_eq!(cost(b"junk"), 1);
}

#[test]
fn a_kind_is_usable_exactly_if_some_key_of_it_is_good() {
    let ed25519 = spki(&tlv(6, key::ED25519), &[7; 32]);
    let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let [good, odd] = [256, 127].map(|bytes| modulus(0x80, bytes, 1));
    for (key, is_good) in [
        (rsa_with(&[5, 0], &good, &[1, 0, 1]), true),
        (Parts::default().spki, true),
        (ec_with(P521, point), true),
        (ec_with(SECP256K1, point), false),
        (ed25519, true),
        (spki(&tlv(6, &[0x2b, 0x65, 0x71]), &[7; 57]), false),
    ] {
        assert_eq!(fitness(&key) == Fitness::Good, is_good);
        let algorithm = der::only(&key).and_then(|key| der::first(key.content)).unwrap().0;
        assert_eq!(is_usable_kind(algorithm.content), is_good);
    }
    assert_eq!(fitness(&rsa_with(&[5, 0], &odd, &[1, 0, 1])), Fitness::Short);
    assert!(!is_usable_kind(&[]) && !is_usable_kind(&[6, 0]));
}
