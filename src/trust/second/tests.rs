use std::sync::Arc;

use rcgen::{DnType, GeneralSubtree, NameConstraints};

use super::super::Anchors;
use super::super::assess::{Rules, assess_path};
use super::super::entry::Role;
use super::super::testing::{Maker, NOW, authority, named, server};
use super::*;

fn problems(chain: &[Certificate], root: &Maker) -> (Problems, Vec<String>) {
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let rules = Rules { anchors, ..Rules::default() };
    let found = assess_path(&Case { role: Role::Server, name: None, chain, now: NOW }, &rules);
    (found.problems, found.why)
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
    assert_eq!(out.why, ["the path of CN=a.example breaks RFC 5280: it is too long"]);
}
