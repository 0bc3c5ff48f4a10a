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
    assert_eq!(uncomputable(&sha1).as_deref(), Some("ECDSA with SHA-1"));
    assert_eq!(uncomputable(&honest), None);
    assert_eq!(check(&sha1, &sha1), Proof::Uncomputable);
}

#[test]
fn a_null_for_the_parameters_of_ecdsa_changes_nothing_about_the_signature() {
    let [leaf, root] = [Odd::BelowNull.read(), Odd::NullAuthority.read()];
    assert_eq!(uncomputable(&leaf), None);
    assert_eq!(check(&leaf, &root), Proof::Good);
    assert_eq!(check(&root, &root), Proof::Good);
    assert_eq!(check(&leaf, &leaf), Proof::Bad);
    let algorithm = |oid: &[u8], rest: &[u8]| [tlv(6, oid), rest.to_vec()].concat();
    let ecdsa = |last: u8| [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last];
    for last in [2, 3, 4] {
        let with_null = algorithm(&ecdsa(last), &[5, 0]);
        assert_eq!(without_null(&with_null), algorithm(&ecdsa(last), &[]));
    }
    let ed25519 = &[0x2b, 0x65, 0x70][..];
    for (oid, rest) in [
        (&ecdsa(1)[..], &[5, 0][..]),
        (ed25519, &[5, 0]),
        (&ecdsa(2), &[4, 1, 0]),
        (&ecdsa(2), &[]),
    ] {
        let other = algorithm(oid, rest);
        assert_eq!(without_null(&other), other, "{oid:02x?} {rest:02x?}");
    }
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
