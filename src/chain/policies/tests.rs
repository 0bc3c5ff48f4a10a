use rcgen::CustomExtension;

use super::*;
use crate::chain::assess::{assess_exact, assess_path};
use crate::chain::finding::{Case, Profile};
use crate::chain::{Anchors, Rules};
use crate::host::Role;
use crate::material::testing::{Maker, NOW, authority, server, tlv};
use std::sync::Arc;

const POLICIES: u64 = 32;
const MAPPINGS: u64 = 33;
const CONSTRAINTS: u64 = 36;
const INHIBIT: u64 = 54;

const FINE: Problems = Problems::NONE;
const WRONG: Problems = Problems::CONSTRAINT;

fn extension(number: u64, critical: bool, value: &[u8]) -> CustomExtension {
    let mut one = CustomExtension::from_oid_content(&[2, 5, 29, number], value.to_vec());
    one.set_criticality(critical);
    one
}

/// What STRICT and LIBVIRT say of a chain with this extension at each place, root first.
fn found(number: u64, critical: bool, value: &[u8]) -> [[Problems; 2]; 3] {
    let with = |place: usize, profile: Profile| {
        let mut all = [authority("Root"), authority("Middle"), server("a.example")];
        all[place].custom_extensions = vec![extension(number, critical, value)];
        let [root, middle, leaf] = all;
        let root = Maker::of(root);
        let middle = root.below(middle);
        let chain = [middle.sign(&leaf), middle.certificate()];
        let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
        let rules = Rules { profile, anchors, ..Rules::default() };
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        let found = assess_path(&case, &rules);
        assert_eq!(found.problems.is_empty(), found.why.is_empty());
        found.problems
    };
    [0, 1, 2].map(|place| [Profile::Strict, Profile::Libvirt].map(|profile| with(place, profile)))
}

fn oid(content: &[u8]) -> Vec<u8> {
    tlv(6, content)
}

fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn any() -> Vec<u8> {
    oid(policy::ANY)
}

fn one() -> Vec<u8> {
    oid(&[0x2a, 3])
}

#[test]
fn policies_and_what_inhibits_any_are_understood_everywhere() {
    let page = tlv(0x16, b"http://a.example/cps");
    let cps = list(&[oid(&[0x2b, 6, 1, 5, 5, 7, 2, 1]), page]);
    let notice = list(&[oid(&[0x2b, 6, 1, 5, 5, 7, 2, 2]), list(&[tlv(0x0c, b"read this")])]);
    for (number, value) in [
        (POLICIES, list(&[list(&[any()])])),
        (POLICIES, list(&[list(&[one()]), list(&[oid(&[0x2a, 4])])])),
        (POLICIES, list(&[list(&[one(), list(&[cps, notice])])])),
        (INHIBIT, tlv(2, &[0])),
        (INHIBIT, tlv(2, &[9])),
        (INHIBIT, tlv(2, &[0, 0xff, 0xff, 0xff, 0xff, 0xff])),
    ] {
        for critical in [true, false] {
            assert_eq!(found(number, critical, &value), [[FINE; 2]; 3], "{number} {value:02x?}");
        }
    }
}

#[test]
fn malformed_ones_are_refused_where_they_are_critical() {
    for (number, value) in [
        (POLICIES, b"junk".to_vec()),
        (POLICIES, vec![]),
        (POLICIES, list(&[])),
        (POLICIES, list(&[list(&[])])),
        (POLICIES, list(&[one()])),
        (POLICIES, list(&[list(&[tlv(6, &[0x80, 1])])])),
        (POLICIES, list(&[list(&[one(), list(&[])])])),
        (POLICIES, list(&[list(&[one(), list(&[list(&[one()])])])])),
        (POLICIES, list(&[list(&[one(), list(&[]), one()])])),
        (POLICIES, [list(&[list(&[any()])]), vec![0]].concat()),
        (INHIBIT, b"junk".to_vec()),
        (INHIBIT, tlv(2, &[])),
        (INHIBIT, tlv(2, &[0xff])),
        (INHIBIT, tlv(2, &[0, 1])),
        (INHIBIT, tlv(0x0a, &[0])),
        (INHIBIT, [tlv(2, &[0]), vec![0]].concat()),
    ] {
        assert_eq!(found(number, true, &value), [[WRONG; 2]; 3], "{number} {value:02x?}");
        assert_eq!(found(number, false, &value), [[FINE; 2]; 3], "{number} {value:02x?}");
    }
}

#[test]
fn a_demand_for_a_policy_is_refused_whether_critical_or_not() {
    let (demand, inhibition) = (tlv(0x80, &[0]), tlv(0x81, &[0]));
    for value in [
        list(std::slice::from_ref(&demand)),
        list(&[tlv(0x80, &[9])]),
        list(&[demand.clone(), inhibition.clone()]),
    ] {
        assert_eq!(found(CONSTRAINTS, true, &value), [[WRONG; 2]; 3], "{value:02x?}");
        // GnuTLS passes over what it does not know and is not critical.
        assert_eq!(found(CONSTRAINTS, false, &value), [[WRONG, FINE]; 3], "{value:02x?}");
    }
    // Without a demand there is nothing that a mapping could lead away from.
    let inhibits = list(std::slice::from_ref(&inhibition));
    assert_eq!(found(CONSTRAINTS, true, &inhibits), [[FINE, WRONG]; 3]);
    assert_eq!(found(CONSTRAINTS, false, &inhibits), [[FINE; 2]; 3]);
    for malformed in [
        list(&[]),
        list(&[inhibition.clone(), demand.clone()]),
        list(&[demand, inhibition.clone(), inhibition.clone()]),
        list(&[tlv(0x81, &[])]),
        list(&[tlv(0x81, &[0xff])]),
        list(&[tlv(0x82, &[0])]),
        [list(&[inhibition]), vec![0]].concat(),
        b"junk".to_vec(),
    ] {
        assert_eq!(found(CONSTRAINTS, true, &malformed), [[WRONG; 2]; 3], "{malformed:02x?}");
        assert_eq!(found(CONSTRAINTS, false, &malformed), [[WRONG, FINE]; 3], "{malformed:02x?}");
    }
}

#[test]
fn policies_may_be_mapped_but_for_any() {
    let other = oid(&[0x2a, 4]);
    let plain = list(&[list(&[one(), other.clone()]), list(&[other.clone(), one()])]);
    assert_eq!(found(MAPPINGS, true, &plain), [[FINE, WRONG]; 3], "GnuTLS does not know them");
    assert_eq!(found(MAPPINGS, false, &plain), [[FINE; 2]; 3]);
    for any in [list(&[list(&[any(), one()])]), list(&[list(&[one(), any()])])] {
        // A leaf has nobody below it whose policies it could map.
        let expected = [[WRONG; 2], [WRONG; 2], [FINE, WRONG]];
        assert_eq!(found(MAPPINGS, true, &any), expected, "{any:02x?}");
        assert_eq!(found(MAPPINGS, false, &any), [[WRONG, FINE], [WRONG, FINE], [FINE; 2]]);
    }
    for malformed in [
        list(&[]),
        list(&[one()]),
        list(&[list(&[one()])]),
        list(&[list(&[one(), other, one()])]),
        list(&[list(&[one(), tlv(6, &[])])]),
        list(&[list(&[one(), tlv(4, &[1])])]),
        [plain, vec![0]].concat(),
        b"junk".to_vec(),
    ] {
        assert_eq!(found(MAPPINGS, true, &malformed), [[WRONG; 2]; 3], "{malformed:02x?}");
        let expected = [[WRONG, FINE], [WRONG, FINE], [FINE; 2]];
        assert_eq!(found(MAPPINGS, false, &malformed), expected, "{malformed:02x?}");
    }
}

#[test]
fn of_a_known_peer_only_what_is_critical_counts() {
    let known = |number: u64, critical: bool, value: Vec<u8>| {
        let mut params = server("a.example");
        params.custom_extensions = vec![extension(number, critical, &value)];
        let chain = [Maker::of(params).certificate()];
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        assess_exact(&case, &Rules::default()).problems
    };
    let demand = || list(&[tlv(0x80, &[0])]);
    assert_eq!(known(CONSTRAINTS, true, demand()), WRONG);
    assert_eq!(known(CONSTRAINTS, false, demand()), FINE);
    assert_eq!(known(CONSTRAINTS, true, list(&[tlv(0x81, &[0])])), FINE);
    assert_eq!(known(POLICIES, true, list(&[list(&[any()])])), FINE);
    assert_eq!(known(POLICIES, true, list(&[])), WRONG);
    assert_eq!(known(POLICIES, false, list(&[])), FINE);
    assert_eq!(known(INHIBIT, true, tlv(2, &[0])), FINE);
}

#[test]
fn the_words_say_what_about_policies_is_wrong() {
    let root = Maker::authority("Root");
    let said = |number: u64, value: Vec<u8>| {
        let mut params = authority("Middle");
        params.custom_extensions = vec![extension(number, false, &value)];
        let mut out = Assessment::default();
        let middle = root.below(params).certificate();
        check(&middle, Position::Intermediate(0), &mut out);
        out.why
    };
    let who = "the intermediate CN=Middle";
    for (number, value, expected) in [
        (
            CONSTRAINTS,
            list(&[tlv(0x80, &[0])]),
            "demands a policy of those below it, and policies are not computed here",
        ),
        (CONSTRAINTS, list(&[]), "has malformed constraints on policies"),
        (MAPPINGS, list(&[list(&[any(), one()])]), "maps the policy that stands for any"),
        (MAPPINGS, list(&[]), "has malformed mappings of policies"),
    ] {
        let words: Vec<_> = said(number, value).iter().map(ToString::to_string).collect();
        assert_eq!(words, [format!("{who} {expected}")]);
    }
}

#[test]
fn a_malformed_critical_extension_of_a_known_kind_is_called_malformed_and_once() {
    let root = Maker::authority("Root");
    let said = |profile: Profile, number: u64, value: &[u8]| {
        let mut params = authority("Middle");
        params.custom_extensions = vec![extension(number, true, value)];
        let middle = root.below(params);
        let chain = [middle.sign(&server("a.example")), middle.certificate()];
        let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
        let rules = Rules { profile, anchors, ..Rules::default() };
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        let why = assess_path(&case, &rules).why;
        why.iter().map(ToString::to_string).filter(|why| why.contains("CN=Middle")).collect()
    };
    let all = |profile: Profile, number: u64, value: &[u8], what: &str| {
        let found: Vec<String> = said(profile, number, value);
        let wanted = format!("the intermediate CN=Middle has a critical extension that is {what}");
        assert_eq!(found, [format!("{wanted}: 2.5.29.{number}")]);
    };
    const DISTRIBUTION_POINTS: u64 = 31;
    for (number, value) in [
        (POLICIES, list(&[])),
        (INHIBIT, tlv(2, &[0xff])),
        (CONSTRAINTS, list(&[])),
        (MAPPINGS, list(&[])),
        (DISTRIBUTION_POINTS, tlv(2, &[0])),
    ] {
        all(Profile::Strict, number, &value, "malformed");
    }
    const ISSUER_ALT_NAMES: u64 = 18;
    all(Profile::Libvirt, ISSUER_ALT_NAMES, &list(&[]), "malformed");
    all(Profile::Strict, ISSUER_ALT_NAMES, &list(&[]), "not known here");
    all(Profile::Libvirt, CONSTRAINTS, &list(&[]), "not known here");
    all(Profile::Libvirt, POLICIES, &list(&[]), "malformed");
}
