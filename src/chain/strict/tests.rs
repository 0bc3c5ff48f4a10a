use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose,
};

use super::*;
use crate::chain::Profile;
use crate::chain::assess::{assess_exact, assess_path};
use crate::chain::finding::Case;
use crate::chain::rules::Rules;
use crate::material::testing::{Maker, NOW, Odd, Parts, authority, day, server, tlv};
use rcgen::DistinguishedName;
use std::sync::Arc;
use time::macros::datetime;

const ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];

fn problems(chain: &[Certificate], root: &Maker, profile: Profile) -> (Problems, Vec<String>) {
    let anchors = Arc::new(crate::chain::Anchors::new(vec![root.certificate()]));
    let rules = Rules { profile, anchors, ..Rules::default() };
    let case = Case { role: Role::Server, name: None, chain, now: NOW };
    let found = assess_path(&case, &rules);
    (found.problems, found.why.into_iter().map(String::from).collect())
}

fn of_leaf(change: impl Fn(&mut CertificateParams)) -> (Problems, Vec<String>) {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    change(&mut params);
    problems(&[root.sign(&params)], &root, Profile::Strict)
}

fn of_middle(profile: Profile, change: impl Fn(&mut CertificateParams)) -> Problems {
    let root = Maker::authority("Root");
    let mut params = authority("Middle");
    change(&mut params);
    let middle = root.below(params);
    problems(&[middle.sign(&server("a.example")), middle.certificate()], &root, profile).0
}

fn extension(id: &[u64], critical: bool, value: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(id, value);
    extension.set_criticality(critical);
    extension
}

#[test]
fn an_authority_for_any_purpose_limits_nobody_and_a_leaf_must_name_its_own() {
    let any = |params: &mut CertificateParams| {
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::Any, ExtendedKeyUsagePurpose::ClientAuth];
    };
    assert_eq!(of_middle(Profile::Strict, any), Problems::NONE);
    assert_eq!(of_leaf(any).0, Problems::WRONG_PURPOSE);
}

#[test]
fn self_issued_intermediates_do_not_count_for_the_path_length() {
    let short = |name: &str| {
        let mut params = authority(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
    };
    let root = Maker::authority("Root");
    let middle = root.below(short("Middle"));
    for (name, expected) in [("Middle", Problems::NONE), ("Other", Problems::CONSTRAINT)] {
        let again = middle.below(authority(name));
        let leaf = again.sign(&server("a.example"));
        let chain = [leaf, again.certificate(), middle.certificate()];
        assert_eq!(problems(&chain, &root, Profile::Strict).0, expected, "{name}");
    }
}

#[test]
fn the_key_of_a_leaf_may_sign_on_either_side_and_as_a_known_peer() {
    let wrong = Problems::WRONG_PURPOSE;
    let root = Maker::authority("Root");
    for (usages, expected) in [
        (&[][..], Problems::NONE),
        (&[KeyUsagePurpose::DigitalSignature], Problems::NONE),
        (&[KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment], Problems::NONE),
        (&[KeyUsagePurpose::KeyEncipherment], wrong),
        (&[KeyUsagePurpose::KeyAgreement], wrong),
        (&[KeyUsagePurpose::ContentCommitment], wrong),
        (&[KeyUsagePurpose::DataEncipherment], wrong),
    ] {
        let mut params = server("a.example");
        params.key_usages = usages.to_vec();
        let chain = [root.sign(&params)];
        for (role, profile) in [
            (Role::Server, Profile::Strict),
            (Role::Server, Profile::Pedantic),
            (Role::Client, Profile::Strict),
            (Role::Client, Profile::Pedantic),
        ] {
            let case = Case { role, name: None, chain: &chain, now: NOW };
            let anchors = Arc::new(crate::chain::Anchors::new(vec![root.certificate()]));
            let rules = Rules { profile, anchors, ..Rules::default() };
            let found = assess_path(&case, &rules).problems.without(Problems::FORM);
            assert_eq!(found, expected, "{usages:?} {role:?} {profile:?}");
            assert_eq!(assess_exact(&case, &rules).problems, expected, "{usages:?} {role:?}");
        }
    }
}

#[test]
fn rules_that_bind_issuers_alone_are_not_asked_of_them() {
    let nameless = |params: &mut CertificateParams| {
        params.distinguished_name = DistinguishedName::new();
    };
    let root = Maker::authority("Root");
    let middle = root.below({
        let mut params = authority("x");
        nameless(&mut params);
        params
    });
    let chain = [middle.sign(&server("a.example")), middle.certificate()];
    assert_eq!(problems(&chain, &root, Profile::Strict).0, Problems::NONE);
    let names = || tlv(0x30, &tlv(0x82, b"a.example"));
    for critical in [true, false] {
        let found = of_leaf(|params| {
            nameless(params);
            params.subject_alt_names.clear();
            params.custom_extensions.push(extension(&[2, 5, 29, 17], critical, names()));
        });
        assert_eq!(found.0, Problems::NONE);
    }
    for (id, value) in [
        ([2, 5, 29, 35], tlv(0x30, &tlv(0x80, &[1]))),
        ([2, 5, 29, 14], tlv(4, &[1])),
        ([2, 5, 29, 30], tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x82, b"b.example"))))),
    ] {
        for critical in [true, false] {
            let one = extension(&id, critical, value.clone());
            let found = of_leaf(|params| params.custom_extensions.push(one.clone()));
            assert_eq!(found.0, Problems::NONE, "{id:?}");
        }
    }
}

#[test]
fn a_date_before_1970_is_a_date() {
    for (end, expected) in [(day(100), Problems::NONE), (day(-1), Problems::EXPIRED)] {
        let old = |params: &mut CertificateParams| {
            params.not_before = datetime!(1950-01-01 0:00 UTC);
            params.not_after = end;
        };
        assert_eq!(of_leaf(old).0, expected);
        assert_eq!(of_middle(Profile::Strict, old), expected);
    }
}

#[test]
fn what_is_no_der_is_refused_wherever_it_is_sent_and_by_libvirt_nowhere() {
    let dates = [tlv(0x17, b"2601010000Z"), tlv(0x17, b"4601010000Z")];
    let odd = Parts { validity: dates, ..Parts::default() }.certificate();
    let root = Maker::authority("Root");
    let leaf = root.sign(&server("a.example"));
    for (chain, rest) in [
        (vec![leaf, odd.clone()], Problems::NONE),
        (vec![odd.clone()], Problems::UNKNOWN_ISSUER | Problems::NO_SAN),
    ] {
        for (profile, expected) in [
            (Profile::Strict, Problems::BAD_ENCODING),
            (Profile::Pedantic, Problems::BAD_ENCODING),
            (Profile::Libvirt, Problems::NONE),
        ] {
            let (found, why) = problems(&chain, &root, profile);
            let found = found.without(rest).without(Problems::FORM);
            assert_eq!(found, expected, "{profile:?}: {why:?}");
            let said =
                "the certificate of CN=node7 is not encoded in DER: it has a date without seconds";
            assert_eq!(why.iter().any(|why| why == said), !expected.is_empty(), "{why:?}");
        }
    }
    let anchors = Arc::new(crate::chain::Anchors::new(vec![odd.clone()]));
    let chain = [odd];
    for (profile, expected) in
        [(Profile::Strict, Problems::BAD_ENCODING), (Profile::Libvirt, Problems::NONE)]
    {
        let rules = Rules { profile, anchors: Arc::clone(&anchors), ..Rules::default() };
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        let found = [assess_path(&case, &rules), assess_exact(&case, &rules)];
        for found in found {
            assert_eq!(found.problems & Problems::BAD_ENCODING, expected, "{profile:?}");
        }
    }
}

#[test]
fn parameters_of_ecdsa_are_a_problem_of_everybody_but_libvirt_and_authorities() {
    let leaf = [Odd::BelowNull.read()];
    let with = |anchor: Certificate, profile: Profile| {
        let anchors = Arc::new(crate::chain::Anchors::new(vec![anchor]));
        let rules = Rules { profile, anchors, ..Rules::default() };
        let case = Case { role: Role::Server, name: None, chain: &leaf, now: NOW };
        assess_path(&case, &rules)
    };
    let found = with(Odd::NullAuthority.read(), Profile::Strict);
    assert_eq!(found.problems, Problems::WEAK_SIGNATURE);
    let said = "the signature on the certificate of CN=a.example has parameters, which ECDSA does not have";
    assert_eq!(found.why, [said]);
    assert_eq!(with(Odd::NullAuthority.read(), Profile::Libvirt).problems, Problems::NONE);
    let mut out = Assessment::default();
    encoding(&Odd::NullAuthority.read(), Position::Anchor(0), &mut out);
    assert_eq!(out.problems, Problems::NONE, "its own signature proves nothing");
}

#[test]
fn a_malformed_address_of_the_authority_is_a_problem() {
    let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let good = tlv(0x30, &[method.clone(), tlv(0x86, b"http://a.example/ca.cer")].concat());
    for (value, expected) in [
        (tlv(0x30, &good), Problems::NONE),
        (tlv(0x30, &[]), Problems::CONSTRAINT),
        (tlv(0x30, &tlv(0x30, &method)), Problems::CONSTRAINT),
        (tlv(0x30, &[good.clone(), tlv(4, &[])].concat()), Problems::CONSTRAINT),
        ([tlv(0x30, &good), good.clone()].concat(), Problems::CONSTRAINT),
        (b"malformed".to_vec(), Problems::CONSTRAINT),
    ] {
        let one = extension(&ACCESS, false, value.clone());
        let found = of_leaf(|params| params.custom_extensions.push(one.clone()));
        assert_eq!(found.0, expected, "{value:02x?}");
    }
}

#[test]
fn the_words_name_an_old_version() {
    let (found, why) = problems(&[Odd::VersionOne.read()], &Maker::authority("x"), Profile::Strict);
    assert!(found.contains(Problems::OLD_VERSION));
    let wanted = "the certificate of CN=a.example is of X.509 version 1";
    assert!(why.iter().any(|why| why == wanted), "{why:?}");
}
