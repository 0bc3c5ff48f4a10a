use super::*;
use crate::material::testing::{Maker, Odd, authority, server};
use crate::material::testing::{Parts, spki, tlv};

#[test]
fn the_key_of_another_kind_did_not_sign() {
    let root = Maker::authority("Root");
    let leaf = root.sign(&server("a.example"));
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let other = Maker::with_key(authority("Root"), key);
    assert_eq!(check(&leaf, &root.certificate()), Proof::Good);
    assert_eq!(check(&leaf, &Maker::authority("Root").certificate()), Proof::Bad);
    assert_eq!(check(&leaf, &other.certificate()), Proof::Bad);
    assert_eq!(check(&other.certificate(), &other.certificate()), Proof::Good);
}

#[test]
fn with_a_key_that_nobody_knows_nothing_is_computed() {
    let leaf = Maker::authority("Root").sign(&server("a.example"));
    let strange = spki(&tlv(6, &[0x2b, 0x65, 0x6e]), &[7; 32]);
    let strange = Parts { spki: strange, ..Parts::default() }.certificate();
    assert_eq!(check(&leaf, &strange), Proof::Uncomputable);
}

#[test]
fn an_algorithm_that_is_broken_is_not_computed() {
    let [sha1, honest] = [Odd::Sha1.read(), Odd::BelowShort.read()];
    assert!(!is_computable(&sha1) && is_computable(&honest));
    assert_eq!(check(&sha1, &sha1), Proof::Uncomputable);
}

#[test]
fn a_short_key_is_computed_with_its_own_algorithms_only() {
    let short = Odd::ShortAuthority.read();
    assert_eq!(check(&Odd::BelowShort.read(), &short), Proof::Good);
    assert_eq!(check(&short, &short), Proof::Good);
    let leaf = Maker::authority("Root").sign(&server("a.example"));
    assert_eq!(check(&leaf, &short), Proof::Uncomputable);
}

#[test]
fn what_stands_behind_the_signature_makes_it_none() {
    let der = Odd::BelowShort.read().der().to_vec();
    assert!(Signed::read(&der).is_some());
    assert!(Signed::read(&[der.as_slice(), &[0]].concat()).is_none());
    let mut rest = der.as_slice();
    let inner = der::next_if(&mut rest, SEQUENCE).unwrap().content;
    assert!(Signed::read(&tlv(SEQUENCE, &[inner, &[5, 0]].concat())).is_none());
}
