use rcgen::{BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa};

use super::*;
use crate::chain::Profile;
use crate::chain::assess::assess_path;
use crate::chain::finding::Case;
use crate::chain::rules::Rules;
use crate::material::testing::tlv;
use crate::material::testing::{Maker, NOW, Odd, authority, server};
use rcgen::DistinguishedName;
use std::sync::Arc;

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
fn an_authority_has_a_name() {
    let root = Maker::authority("Root");
    let nameless = root.below({
        let mut params = authority("x");
        params.distinguished_name = DistinguishedName::new();
        params
    });
    let chain = [nameless.sign(&server("a.example")), nameless.certificate()];
    let (found, why) = problems(&chain, &root, Profile::Strict);
    assert_eq!(found, Problems::CONSTRAINT);
    assert_eq!(why.len(), 2, "the leaf has no issuer either: {why:?}");
    assert!(why.contains(&"the certificate of CN=a.example names no issuer".to_owned()), "{why:?}");
}

#[test]
fn without_a_subject_the_alternative_names_are_critical() {
    let nobody = |params: &mut CertificateParams, critical: bool| {
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names.clear();
        let names = tlv(0x30, &tlv(0x82, b"a.example"));
        params.custom_extensions.push(extension(&[2, 5, 29, 17], critical, names));
    };
    assert_eq!(of_leaf(|params| nobody(params, false)).0, Problems::CONSTRAINT);
    assert_eq!(of_leaf(|params| nobody(params, true)).0, Problems::NONE);
}

#[test]
fn a_key_identifier_is_never_critical() {
    for (id, value) in
        [([2, 5, 29, 35], tlv(0x30, &tlv(0x80, &[1]))), ([2, 5, 29, 14], tlv(4, &[1]))]
    {
        for (critical, expected) in [(true, Problems::CONSTRAINT), (false, Problems::NONE)] {
            let one = extension(&id, critical, value.clone());
            let found = of_leaf(|params| params.custom_extensions.push(one.clone()));
            assert_eq!(found.0, expected, "{id:?}");
        }
    }
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
fn a_demand_for_a_policy_is_not_passed_over() {
    for (value, critical, expected) in [
        (tlv(0x30, &tlv(0x80, &[0])), false, Problems::CONSTRAINT),
        (tlv(0x30, &tlv(0x80, &[0])), true, Problems::CONSTRAINT),
        (tlv(0x30, &tlv(0x81, &[0])), false, Problems::NONE),
        (tlv(0x30, &[]), false, Problems::CONSTRAINT),
    ] {
        let one = extension(&[2, 5, 29, 36], critical, value.clone());
        let found = of_middle(Profile::Strict, |params| params.custom_extensions.push(one.clone()));
        assert_eq!(found, expected, "{value:02x?}");
    }
}

#[test]
fn the_words_name_an_old_version() {
    let (found, why) = problems(&[Odd::VersionOne.read()], &Maker::authority("x"), Profile::Strict);
    assert!(found.contains(Problems::OLD_VERSION));
    let wanted = "the certificate of CN=a.example is of X.509 version 1";
    assert!(why.iter().any(|why| why == wanted), "{why:?}");
}
