use super::*;
use crate::material::testing::tlv;
use crate::material::testing::{Maker, authority, named, server};
use rcgen::{
    CertificateParams, CidrSubnet, CustomExtension, DnType, GeneralSubtree as Tree, NameConstraints,
};

fn problems(path: &[Certificate]) -> Vec<String> {
    let mut out = Assessment::default();
    check(path, &mut Comparisons::default(), &mut out);
    assert!(out.problems == Problems::NONE || out.problems == Problems::CONSTRAINT);
    out.why.into_iter().map(String::from).collect()
}

fn root(permitted: Vec<Tree>, excluded: Vec<Tree>) -> Maker {
    let mut params = authority("Root");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
    Maker::of(params)
}

fn breaks(permitted: Vec<Tree>, excluded: Vec<Tree>, leaf: &CertificateParams) -> bool {
    let root = root(permitted, excluded);
    !problems(&[root.sign(leaf), root.certificate()]).is_empty()
}

/// What is wrong with a root whose name constraints are these bytes.
fn encoded(value: Vec<u8>) -> Vec<String> {
    let mut params = authority("Root");
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], value);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    let root = Maker::of(params);
    problems(&[root.sign(&server("a.example")), root.certificate()])
}

fn tree(base: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, base)
}

fn dns(name: &str) -> Vec<Tree> {
    vec![Tree::DnsName(name.to_owned())]
}

fn net() -> Vec<Tree> {
    vec![Tree::IpAddress(CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8))]
}

fn of_lab(common_name: &str) -> CertificateParams {
    let mut params = named("x", &["a.example"]);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Lab");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

#[test]
fn each_kind_of_name_is_held_against_the_constraints_of_its_kind_only() {
    for (permitted, name, wrong) in [
        (dns("example"), "a.example", false),
        (dns("b.example"), "a.example", true),
        (net(), "10.1.2.3", false),
        (net(), "11.1.2.3", true),
        (net(), "a.example", false),
        (dns("example"), "11.1.2.3", false),
        (vec![Tree::Rfc822Name("b.example".into())], "a@b.example", false),
        (vec![Tree::Rfc822Name("c.example".into())], "a@b.example", true),
        (vec![Tree::Rfc822Name("c.example".into())], "a.example", false),
    ] {
        assert_eq!(breaks(permitted, vec![], &named("x", &[name])), wrong, "{name}");
    }
}

#[test]
fn what_is_both_permitted_and_excluded_is_excluded() {
    assert!(breaks(dns("example"), dns("a.example"), &server("a.example")));
    assert!(!breaks(dns("example"), dns("b.example"), &server("a.example")));
}

#[test]
fn the_subject_is_a_name_too() {
    let lab = |name| vec![Tree::DirectoryName(of_lab(name).distinguished_name)];
    assert!(!breaks(lab("x"), vec![], &of_lab("x")));
    assert!(breaks(lab("x"), vec![], &of_lab("y")));
    assert!(breaks(vec![], lab("x"), &of_lab("x")));
    assert!(!breaks(vec![], lab("x"), &of_lab("y")));
}

#[test]
fn a_mail_address_of_the_subject_counts_where_there_are_no_alternative_names() {
    let mails = || vec![Tree::Rfc822Name("b.example".into())];
    let kind = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
    let with = |hosts: &[&str], mail: &str| {
        let mut params = named("x", hosts);
        params.distinguished_name.push(kind.clone(), mail);
        breaks(mails(), vec![], &params)
    };
    assert!(with(&[], "a@c.example"));
    assert!(!with(&[], "a@b.example"));
    assert!(!with(&["a.example"], "a@c.example"));
}

#[test]
fn of_a_self_issued_authority_the_names_do_not_count_and_of_a_self_issued_leaf_they_do() {
    let root = root(dns("b.example"), vec![]);
    let again = |name: &str, is_self_issued: bool| {
        let mut params = authority(if is_self_issued { "Root" } else { name });
        params.subject_alt_names = server(name).subject_alt_names;
        root.below(params)
    };
    for (is_self_issued, expected) in [(true, 0), (false, 1)] {
        let middle = again("a.example", is_self_issued);
        let path = [middle.sign(&server("b.example")), middle.certificate(), root.certificate()];
        assert_eq!(problems(&path).len(), expected);
    }
    let leaf = again("a.example", true).certificate();
    assert_eq!(problems(&[leaf, root.certificate()]).len(), 1);
}

#[test]
fn an_intermediate_is_held_against_constraints_above_it_and_may_not_widen_them() {
    let root = root(dns("a.example"), vec![]);
    let mut params = authority("Middle");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: dns("b.example"), excluded_subtrees: vec![] });
    let middle = root.below(params);
    for name in ["a.example", "b.example"] {
        let path = [middle.sign(&server(name)), middle.certificate(), root.certificate()];
        assert_eq!(problems(&path).len(), 1, "{name}");
    }
}

#[test]
fn constraints_of_a_leaf_bind_nobody() {
    let mut params = server("a.example");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: dns("a.example"), excluded_subtrees: vec![] });
    let root = Maker::authority("Root");
    assert!(problems(&[root.sign(&params), root.certificate()]).is_empty());
}

#[test]
fn malformed_constraints_are_told_whether_or_not_a_name_breaks_them() {
    let good = tree(&tlv(0x82, b"a.example"));
    assert!(encoded(tlv(SEQUENCE, &tlv(PERMITTED, &good))).is_empty());
    let with_minimum = tree(&[tlv(0x82, b"a.example"), tlv(0x80, &[0])].concat());
    for (lists, reason) in [
        (vec![], "they are empty"),
        (tlv(PERMITTED, &[]), "they have an empty list"),
        ([tlv(PERMITTED, &good), tlv(EXCLUDED, &[])].concat(), "they have an empty list"),
        (tlv(PERMITTED, &with_minimum), "they have a minimum or a maximum"),
        (
            tlv(EXCLUDED, &tree(&tlv(0x82, b"*.b.example"))),
            "*.b.example is not a valid name constraint",
        ),
        (
            tlv(EXCLUDED, &tree(&tlv(0x87, &[10, 0, 0, 0]))),
            "10.0.0.0 is not a valid name constraint",
        ),
    ] {
        let why = encoded(tlv(SEQUENCE, &lists));
        assert_eq!(
            why,
            [format!("the authority CN=Root has malformed name constraints: {reason}")]
        );
    }
}

#[test]
fn a_kind_that_is_not_computed_is_refused_where_a_name_is_of_it() {
    let directory = |of: &str| vec![Tree::DirectoryName(of_lab(of).distinguished_name)];
    let other = tlv(SEQUENCE, &tlv(EXCLUDED, &tree(&tlv(0x88, &[0x2a, 3]))));
    assert!(encoded(other).is_empty(), "no name is of that kind");
    let mut params = server("a.example");
    params.subject_alt_names.push(rcgen::SanType::OtherName((vec![1, 2, 3], "x".into())));
    let mut top = authority("Root");
    let tree = tree(&tlv(0xa0, &[tlv(6, &[0x2a, 3]), tlv(0xa0, &tlv(0x0c, b"y"))].concat()));
    let value = tlv(SEQUENCE, &tlv(EXCLUDED, &tree));
    top.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 30], value));
    let top = Maker::of(top);
    assert_eq!(problems(&[top.sign(&params), top.certificate()]).len(), 1);
    assert!(is_on_others_than_hosts(&top.certificate()));
    assert!(is_on_others_than_hosts(&root(directory("x"), vec![]).certificate()));
    assert!(!is_on_others_than_hosts(&root(dns("a"), net()).certificate()));
}

#[test]
fn a_dot_at_the_beginning_is_seen() {
    assert!(has_leading_dot(&root(dns(".a.example"), vec![]).certificate()));
    assert!(has_leading_dot(&root(dns("a.example"), dns(".b")).certificate()));
    assert!(!has_leading_dot(&root(dns("a.example"), vec![]).certificate()));
}

#[test]
fn more_comparisons_than_any_honest_path_needs_are_not_made() {
    let hosts: Vec<String> = (0..1_025).map(|index| format!("{index}.a.example")).collect();
    let trees: Vec<Tree> = hosts.iter().map(|host| Tree::DnsName(host.clone())).collect();
    let mut params = named("x", &hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let root = root(trees, vec![]);
    let why = problems(&[root.sign(&params), root.certificate()]);
    assert!(why[0].contains("too many to compare"), "{why:?}");
    params.subject_alt_names.truncate(500);
    assert!(problems(&[root.sign(&params), root.certificate()]).is_empty());
}

#[test]
fn all_paths_and_authorities_of_a_judgement_share_their_comparisons() {
    let hosts: Vec<String> = (0..40).map(|index| format!("{index}.a.example")).collect();
    let params = named("x", &hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let root = root(dns("example"), vec![]);
    let path = [root.sign(&params), root.certificate()];
    let mut left = Comparisons(100);
    for (refused, rest) in [(false, 58), (false, 16), (true, 0), (true, 0)] {
        let mut out = Assessment::default();
        check(&path, &mut left, &mut out);
        assert_eq!(out.why.iter().any(|why| why.contains("too many to compare")), refused);
        assert_eq!(left.0, rest);
    }
}

#[test]
fn a_long_name_costs_more_than_a_short_one() {
    let mail = |length: usize| GeneralName::Mail(format!("{}@a.example", "a".repeat(length)));
    let root = root(vec![Tree::Rfc822Name("a.example".into())], vec![]).certificate();
    let constraints = Constraints::of(&root).unwrap();
    let trees = Trees::of(&constraints);
    assert_eq!(trees.cost(&mail(10)), 1);
    assert_eq!(trees.cost(&mail(10 * NAME_LENGTH)), 11);
    assert_eq!(trees.cost(&GeneralName::Dns("a".repeat(10 * NAME_LENGTH))), 0);
}
