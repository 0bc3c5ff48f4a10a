use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DnType, GeneralSubtree, NameConstraints};
use time::macros::datetime;

use super::*;
use crate::chain::Anchors;
use crate::chain::assess::assess_path;
use crate::chain::rules::Rules;
use crate::host::Role;
use crate::material::testing::{Maker, NOW, authority, named, server, tlv};

/// Chains that webpki does not read.
mod alone;

fn problems(chain: &[Certificate], root: &Maker) -> (Problems, Vec<String>) {
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let rules = Rules { anchors, ..Rules::default() };
    let found = assess_path(&Case { role: Role::Server, name: None, chain, now: NOW }, &rules);
    (found.problems, found.why.into_iter().map(String::from).collect())
}

fn limited(permitted: Vec<GeneralSubtree>) -> Maker {
    let mut params = authority("Root");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: vec![] });
    Maker::of(params)
}

#[test]
fn constraints_on_subjects_that_are_kept_are_no_problem_of_webpki() {
    let mut leaf = server("a.example");
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(DnType::OrganizationName, "Lab");
    let base = leaf.distinguished_name.clone();
    leaf.distinguished_name.push(DnType::CommonName, "a.example");
    let root = limited(vec![GeneralSubtree::DirectoryName(base)]);
    assert_eq!(problems(&[root.sign(&leaf)], &root).0, Problems::NONE);
    assert_eq!(problems(&[root.sign(&server("a.example"))], &root).0, Problems::CONSTRAINT);
}

#[test]
fn an_authority_that_signed_itself_anew_may_lie_outside_the_constraints_on_hosts() {
    let root = limited(vec![GeneralSubtree::DnsName("a.example".to_owned())]);
    for (name, expected) in [("Root", Problems::NONE), ("Other", Problems::CONSTRAINT)] {
        let mut params = authority(name);
        params.subject_alt_names = server("b.example").subject_alt_names;
        let again = root.below(params);
        let chain = [again.sign(&server("a.example")), again.certificate()];
        assert_eq!(problems(&chain, &root).0, expected, "{name}");
    }
}

#[test]
fn a_name_that_is_written_otherwise_is_no_problem_of_webpki() {
    let root = Maker::authority("The Root");
    let written = Maker::with_key(authority("the  root"), root.key());
    assert_eq!(problems(&[written.sign(&server("a.example"))], &root).0, Problems::NONE);
}

#[test]
fn more_comparisons_than_webpki_makes_are_made() {
    let hosts: Vec<String> = (0..510).map(|index| format!("{index}.a.example")).collect();
    let root = limited(hosts.iter().map(|host| GeneralSubtree::DnsName(host.clone())).collect());
    let leaf = named("x", &hosts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(problems(&[root.sign(&leaf)], &root), (Problems::NONE, vec![]));
}

#[test]
fn what_only_webpki_finds_is_told() {
    let leaf = Maker::authority("Root").sign(&server("a.example"));
    let mut out = Assessment::default();
    add(&Error::MaximumPathDepthExceeded, &leaf, &mut out);
    assert_eq!(out.problems, Problems::CONSTRAINT);
    let expected = "the path of CN=a.example breaks RFC 5280: it has more than six intermediates";
    assert_eq!(out.why, [expected]);
}

#[test]
fn what_is_told_already_is_not_told_again() {
    let leaf = Maker::authority("Root").sign(&server("a.example"));
    let (time, validity) = (UnixTime::since_unix_epoch(Duration::ZERO), Error::InvalidCertValidity);
    let late = Error::CertExpired { time, not_after: time };
    let early = Error::CertNotValidYet { time, not_before: time };
    let (over, weak) = (Problems::EXPIRED, Problems::WEAK_KEY);
    for (before, error, after) in [
        (Problems::NONE, &late, over),
        (Problems::NONE, &early, Problems::NOT_YET_VALID),
        (over, &early, over),
        (Problems::NOT_YET_VALID, &late, Problems::NOT_YET_VALID),
        (weak, &late, weak | over),
        (Problems::NONE, &validity, Problems::CONSTRAINT),
        (over, &validity, over),
        (weak, &validity, weak | Problems::CONSTRAINT),
        (Problems::NONE, &Error::UnknownIssuer, Problems::CONSTRAINT),
        (weak, &Error::UnknownIssuer, weak),
        (weak, &Error::InvalidSignatureForPublicKey, weak),
        (weak, &Error::PathLenConstraintViolated, weak | Problems::CONSTRAINT),
    ] {
        let mut out = Assessment { problems: before, ..Assessment::default() };
        add(error, &leaf, &mut out);
        assert_eq!(out.problems, after, "{before} {error:?}");
        assert_eq!(out.why.len(), usize::from(before != after), "{before} {error:?}");
    }
}

#[test]
fn each_error_of_webpki_is_a_problem_in_words() {
    for (error, problem, part) in [
        (Error::CaUsedAsEndEntity, Problems::CA_AS_LEAF, "stands where a peer's belongs"),
        (Error::CertDistrusted, Problems::DISTRUSTED, "known to be compromised"),
        (Error::EmptyEkuExtension, Problems::WRONG_PURPOSE, "extended key usage is empty"),
        (Error::UnsupportedCertVersion, Problems::OLD_VERSION, "not of X.509 version 3"),
        (Error::EndEntityUsedAsCa, Problems::CONSTRAINT, "not an authority (CA) signed another"),
        (Error::UnknownIssuer, Problems::CONSTRAINT, "leads to no authority"),
        (Error::MaximumPathDepthExceeded, Problems::CONSTRAINT, "more than six intermediates"),
        (Error::NameConstraintViolation, Problems::CONSTRAINT, "outside what its authority"),
        (Error::MalformedNameConstraint, Problems::CONSTRAINT, "constraints are malformed"),
        (Error::PathLenConstraintViolated, Problems::CONSTRAINT, "more intermediates"),
        (Error::SignatureAlgorithmMismatch, Problems::CONSTRAINT, "two signature algorithms"),
        (Error::UnsupportedCriticalExtension, Problems::CONSTRAINT, "critical extension"),
    ] {
        assert_eq!(super::problem(&error), problem, "{error:?}");
        assert!(words(&error).contains(part), "{error:?}: {}", words(&error));
    }
}

#[test]
fn webpki_is_asked_about_what_it_reads() {
    let root = Maker::authority("Root");
    let mut makers = vec![root.below(authority("0"))];
    while makers.len() <= MAX_BETWEEN {
        let name = makers.len().to_string();
        makers.extend(makers.last().map(|last| last.below(authority(&name))));
    }
    let path = |count: usize, leaf: &CertificateParams| {
        let mut path = vec![makers[count - 1].sign(leaf)];
        path.extend(makers[..count].iter().rev().map(Maker::certificate));
        path.push(root.certificate());
        path
    };
    let leaf = server("a.example");
    for (count, is_read) in [(1, true), (MAX_BETWEEN, true), (MAX_BETWEEN + 1, false)] {
        let path = path(count, &leaf);
        assert_eq!(reads(&path), is_read, "{count}");
        let (leaf, between) = (&path[0], &path[1..=count]);
        let said = verify(leaf, between, &root.certificate(), valid_time(&path, NOW));
        assert_eq!(said.is_ok(), is_read, "{count}: {said:?}");
    }
    for (id, is_read) in [(15, true), (17, true), (31, true), (37, true), (14, false), (32, false)]
    {
        let mut params = server("a.example");
        params.subject_alt_names.clear();
        let value = match id {
            15 => vec![3, 2, 7, 0x80],
            14 => vec![4, 1, 1],
            37 => tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1])),
            17 => tlv(0x30, &tlv(0x82, b"a.example")),
            _ => tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://x"))))),
        };
        let mut one = CustomExtension::from_oid_content(&[2, 5, 29, id], value);
        one.set_criticality(true);
        params.custom_extensions.push(one);
        let path = path(1, &params);
        assert_eq!(reads(&path), is_read, "{id}");
        let said = verify(&path[0], &path[1..2], &path[2], valid_time(&path, NOW));
        assert_eq!(said.is_ok(), is_read, "{id}: {said:?}");
    }
    let mut old = server("a.example");
    old.not_before = datetime!(1969-12-31 23:59:59 UTC);
    assert!(!reads(&path(1, &old)));
    old.not_before = datetime!(1970-01-01 0:00 UTC);
    assert!(reads(&path(1, &old)));
}
