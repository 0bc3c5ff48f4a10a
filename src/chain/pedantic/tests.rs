use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType, SerialNumber,
};
use time::macros::datetime;

use super::*;
use crate::error::bytes_shown;
use crate::material::testing::{Maker, NOW, Odd, attribute, authority, common_name, named, server};
use crate::material::testing::{Parts, extension, name, tlv};

fn found(role: Role, path: &[Certificate]) -> Vec<String> {
    let mut out = Assessment::default();
    let case = Case { role, name: None, chain: path, now: NOW };
    positions(path).for_each(|(position, one)| check(&case, one, position, &mut out));
    check_path(path, &mut out);
    assert!(out.problems == Problems::NONE || out.problems == Problems::FORM);
    out.why.into_iter().map(String::from).collect()
}

/// A server certificate as public authorities issue it.
fn good() -> CertificateParams {
    let mut params = server("a.example");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

/// An intermediate as public authorities issue it.
fn good_middle() -> CertificateParams {
    let mut params = authority("Middle");
    params.use_authority_key_identifier_extension = true;
    params
}

fn of_leaf(change: impl Fn(&mut CertificateParams)) -> Vec<String> {
    let root = Maker::authority("Root");
    let mut params = good();
    change(&mut params);
    found(Role::Server, &[root.sign(&params), root.certificate()])
}

fn of_middle(change: impl Fn(&mut CertificateParams)) -> Vec<String> {
    let root = Maker::authority("Root");
    let mut params = good_middle();
    change(&mut params);
    let middle = root.below(params);
    found(Role::Server, &[middle.sign(&good()), middle.certificate(), root.certificate()])
}

fn of_root(change: impl Fn(&mut CertificateParams)) -> Vec<String> {
    let mut params = authority("Root");
    change(&mut params);
    let root = Maker::of(params);
    found(Role::Server, &[root.sign(&good()), root.certificate()])
}

fn add(params: &mut CertificateParams, id: &[u64], critical: bool, value: &[u8]) {
    let mut one = CustomExtension::from_oid_content(id, value.to_vec());
    one.set_criticality(critical);
    params.custom_extensions.push(one);
}

#[track_caller]
fn says(why: &[String], sentence: &str) {
    assert_eq!(why, [sentence]);
}

#[test]
fn a_path_as_public_authorities_make_it_is_in_form() {
    let none: Vec<String> = Vec::new();
    assert_eq!(of_leaf(|_| {}), none);
    assert_eq!(of_middle(|_| {}), none);
}

#[test]
fn a_leaf_names_its_purpose_and_no_other_trade() {
    let with = |purposes: &[ExtendedKeyUsagePurpose]| {
        of_leaf(|params| params.extended_key_usages = purposes.to_vec())
    };
    let who = "the certificate of CN=a.example";
    says(&with(&[]), &format!("{who} has no extended key usage"));
    let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    assert!(with(&both).is_empty());
    for other in [
        ExtendedKeyUsagePurpose::Any,
        ExtendedKeyUsagePurpose::CodeSigning,
        ExtendedKeyUsagePurpose::EmailProtection,
        ExtendedKeyUsagePurpose::TimeStamping,
        ExtendedKeyUsagePurpose::OcspSigning,
    ] {
        let why = with(&[ExtendedKeyUsagePurpose::ServerAuth, other]);
        says(&why, &format!("{who} has purposes that go beyond TLS"));
    }
    let why = of_leaf(|params| {
        params.extended_key_usages.clear();
        let usage = tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1]));
        add(params, &[2, 5, 29, 37], true, &usage);
    });
    says(&why, &format!("{who} has a critical extended key usage"));
}

#[test]
fn a_common_name_repeats_an_alternative_name_letter_by_letter() {
    let with = |common: &str, names: &[&str], role: Role| {
        let mut params = named(common, names);
        let GoodParts { usages, purposes } = GoodParts::of(role);
        params.key_usages = usages;
        params.extended_key_usages = purposes;
        params.use_authority_key_identifier_extension = true;
        let root = Maker::authority("Root");
        found(role, &[root.sign(&params), root.certificate()]).is_empty()
    };
    for (common, names, good) in [
        ("a.example", vec!["b.example", "a.example"], true),
        ("A.example", vec!["a.example"], false),
        ("b.example", vec!["a.example"], false),
        ("Lab", vec!["a.example"], false),
        ("a.example", vec!["*.a.example"], true),
        ("*.b.example", vec!["*.a.example"], false),
        ("a.example", vec!["10.0.0.1"], true),
        ("10.0.0.1", vec!["10.0.0.1"], true),
        ("10.0.0.01", vec!["10.0.0.1"], false),
        ("0x0a000001", vec!["10.0.0.1"], false),
        ("FE80::1", vec!["fe80::1"], false),
        ("10.0.0.2", vec!["a.example"], false),
    ] {
        assert_eq!(with(common, &names, Role::Server), good, "{common} {names:?}");
    }
    assert!(with("alice", &["a@b.example"], Role::Client));
}

/// The parts of a sound leaf of either role.
struct GoodParts {
    usages: Vec<KeyUsagePurpose>,
    purposes: Vec<ExtendedKeyUsagePurpose>,
}

impl GoodParts {
    fn of(role: Role) -> Self {
        let purpose = match role {
            Role::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Role::Client => ExtendedKeyUsagePurpose::ClientAuth,
        };
        Self { usages: vec![KeyUsagePurpose::DigitalSignature], purposes: vec![purpose] }
    }
}

#[test]
fn a_dns_name_is_a_host_or_one_wildcard_before_it() {
    for (name, good) in [
        ("b.example", true),
        ("*.b.example", true),
        ("b_c.example", false),
        ("-b.example", false),
        ("b-.example", false),
        ("b*.example", false),
        ("b..example", false),
        ("10.0.0.1", false),
    ] {
        let why = of_leaf(|params| {
            params.subject_alt_names.push(SanType::DnsName(name.try_into().unwrap()));
        });
        assert_eq!(why.is_empty(), good, "{why:?}");
    }
}

#[test]
fn critical_alternative_names_stand_beside_no_subject() {
    let why = of_leaf(|params| {
        params.subject_alt_names.clear();
        add(params, &[2, 5, 29, 17], true, &tlv(0x30, &tlv(0x82, b"a.example")));
    });
    let expected =
        "the certificate of CN=a.example has critical alternative names beside a subject";
    says(&why, expected);
}

#[test]
fn a_leaf_has_no_constraints_of_an_authority() {
    let value = tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x82, b"a.example"))));
    for critical in [true, false] {
        let why = of_leaf(|params| add(params, &[2, 5, 29, 30], critical, &value));
        let who = "the certificate of CN=a.example";
        says(&why, &format!("{who} has name constraints, which are an authority's"));
    }
}

#[test]
fn an_authority_has_a_name_and_its_leaf_an_issuer() {
    let why = of_middle(|params| params.distinguished_name = DistinguishedName::new());
    let expected = [
        "the certificate of CN=a.example names no issuer",
        "the intermediate an empty name has no name of its own",
    ];
    assert_eq!(why, expected);
}

#[test]
fn without_a_subject_the_alternative_names_are_critical() {
    let with = |critical: bool| {
        of_leaf(|params| {
            params.distinguished_name = DistinguishedName::new();
            params.subject_alt_names.clear();
            let names = tlv(0x30, &tlv(0x82, b"a.example"));
            add(params, &[2, 5, 29, 17], critical, &names);
        })
    };
    assert!(with(true).is_empty());
    assert!(with(false)[0].ends_with("has no subject, and its alternative names are not critical"));
}

#[test]
fn a_key_identifier_is_never_critical() {
    let value = tlv(4, &[1]);
    let why = of_leaf(|params| add(params, &[2, 5, 29, 14], true, &value));
    says(&why, "the certificate of CN=a.example has a key identifier that is critical");
    assert!(of_leaf(|params| add(params, &[2, 5, 29, 14], false, &value)).is_empty());
    let why = of_leaf(|params| {
        params.use_authority_key_identifier_extension = false;
        add(params, &[2, 5, 29, 35], true, &tlv(0x30, &tlv(0x80, &[1])));
    });
    assert!(why.contains(
        &"the certificate of CN=a.example has a key identifier that is critical".to_owned()
    ));
}

#[test]
fn everybody_but_a_root_names_the_key_of_its_authority_and_nothing_else() {
    let missing = |params: &mut CertificateParams| {
        params.use_authority_key_identifier_extension = false;
    };
    let who = "the certificate of CN=a.example";
    says(&of_leaf(missing), &format!("{who} does not name its authority's key"));
    says(&of_middle(missing), "the intermediate CN=Middle does not name its authority's key");
    assert!(of_root(missing).is_empty());
    let with = |fields: &[u8]| {
        of_leaf(|params| {
            missing(params);
            add(params, &[2, 5, 29, 35], false, &tlv(0x30, fields));
        })
    };
    let why = with(&tlv(0x80, &[7]));
    says(&why, &format!("{who} names another key of its authority"));
    let why = with(&[]);
    says(&why, &format!("{who} has an authority key identifier without a key identifier"));
    assert_eq!(with(&[tlv(0xa1, &tlv(0x82, b"x")), tlv(0x82, &[1])].concat()).len(), 2);
}

#[test]
fn a_root_names_its_own_key_if_any() {
    let why = of_root(|params| add(params, &[2, 5, 29, 35], false, &tlv(0x30, &tlv(0x80, &[7]))));
    says(&why, "the authority CN=Root is a root and names another key as its authority's");
    assert!(of_root(|params| params.use_authority_key_identifier_extension = true).is_empty());
}

#[test]
fn an_authority_has_critical_basic_constraints_a_key_usage_and_a_key_identifier() {
    let why = of_root(|params| {
        params.is_ca = IsCa::NoCa;
        add(params, &[2, 5, 29, 19], false, &tlv(0x30, &tlv(1, &[0xff])));
    });
    assert!(why.contains(&"the authority CN=Root has no critical basic constraints".to_owned()));
    assert!(why.contains(&"the authority CN=Root has no subject key identifier".to_owned()));
    says(
        &of_middle(|params| params.key_usages.clear()),
        "the intermediate CN=Middle has no key usage",
    );
}

#[test]
fn an_authority_names_the_purpose_of_tls_and_a_root_none() {
    let with = |purpose: ExtendedKeyUsagePurpose| {
        move |params: &mut CertificateParams| params.extended_key_usages = vec![purpose.clone()]
    };
    assert!(of_middle(with(ExtendedKeyUsagePurpose::ServerAuth)).is_empty());
    let why = of_middle(with(ExtendedKeyUsagePurpose::Any));
    says(&why, "the intermediate CN=Middle does not name the purpose of TLS");
    let why = of_root(with(ExtendedKeyUsagePurpose::ServerAuth));
    says(&why, "the authority CN=Root is a root and has an extended key usage");
}

#[test]
fn name_constraints_are_critical_and_begin_with_no_dot() {
    let with = |critical: bool, name: &[u8]| {
        let value = tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x82, name))));
        of_middle(|params| add(params, &[2, 5, 29, 30], critical, &value))
    };
    assert!(with(true, b"example").is_empty());
    let who = "the intermediate CN=Middle has name constraints that";
    says(&with(false, b"example"), &format!("{who} are not critical"));
    says(&with(true, b".example"), &format!("{who} begin with a dot"));
}

#[test]
fn constraints_on_policies_are_critical() {
    for id in [[2, 5, 29, 36], [2, 5, 29, 54]] {
        let value = if id[3] == 36 { tlv(0x30, &tlv(0x81, &[0])) } else { tlv(2, &[0]) };
        let why = of_middle(|params| add(params, &id, false, &value));
        let expected =
            "the intermediate CN=Middle has constraints on policies that are not critical";
        says(&why, expected);
    }
}

#[test]
fn the_names_of_distribution_points_are_in_form() {
    let with = |points: &[u8]| {
        let value = tlv(0x30, points);
        of_leaf(|params| add(params, &[2, 5, 29, 31], false, &value))
    };
    let named = |names: &[u8]| tlv(0xa0, &tlv(0xa0, names));
    let uri = tlv(0x86, b"http://a.example/list");
    let issuer = tlv(0xa2, &tlv(0xa4, &common_name("Lab")));
    let some = tlv(0x81, &[6, 0x40]);
    for point in [
        named(&uri),
        named(&[uri.clone(), tlv(0x86, b"ldap:///CN=Lab?list")].concat()),
        [named(&uri), some.clone(), issuer.clone()].concat(),
        issuer,
        tlv(0xa0, &tlv(0xa1, &attribute(&[0x55, 4, 3], 0x0c, b"part"))),
    ] {
        assert!(with(&tlv(0x30, &point)).is_empty(), "{point:02x?}");
    }
    let odd = "the certificate of CN=a.example has a malformed name of a distribution point";
    for point in [
        named(&tlv(0x86, b"list")),
        named(&tlv(0x86, b"http:///list")),
        named(&tlv(0x86, b"http://a.example/a list")),
        named(&tlv(0x86, &[0xe4])),
        named(&tlv(0xa4, &tlv(0x30, &[]))),
        named(&tlv(0xa4, b"junk")),
        named(&tlv(0x82, b"a..example")),
        named(&tlv(0x81, b"nobody")),
        named(&tlv(0x87, &[1, 2, 3, 4, 5])),
        named(&tlv(0x88, &[0x80])),
        named(&tlv(0x04, b"x")),
        [named(&uri), tlv(0x81, &[0])].concat(),
        tlv(0xa0, &tlv(0xa1, b"junk")),
        some,
        Vec::new(),
    ] {
        let why = with(&tlv(0x30, &point));
        assert!(why.iter().any(|why| why == odd), "{point:02x?}: {why:?}");
    }
    assert!(with(&[]).iter().any(|why| why == odd));
}

#[test]
fn no_policy_stands_twice_in_a_certificate() {
    let with = |policies: &[&[u8]]| {
        let all: Vec<_> = policies.iter().map(|one| tlv(0x30, &tlv(6, one))).collect();
        let value = tlv(0x30, &all.concat());
        of_leaf(|params| add(params, &[2, 5, 29, 32], false, &value))
    };
    assert!(with(&[&[0x2a, 3], &[0x2a, 4]]).is_empty());
    let why = with(&[&[0x2a, 3], &[0x2a, 4], &[0x2a, 3]]);
    assert!(why[0].ends_with("names a policy twice"), "{why:?}");
}

#[test]
fn a_serial_number_is_positive_and_short() {
    let with = |serial: &[u8]| {
        of_leaf(|params| params.serial_number = Some(SerialNumber::from_slice(serial)))
    };
    assert!(with(&[0x7f; 20]).is_empty());
    let who = "the certificate of CN=a.example has a serial number";
    says(&with(&[0x7f; 21]), &format!("{who} of more than 20 octets"));
    says(&with(&[0]), &format!("{who} that is not positive"));
    assert!(
        of_root(|params| params.serial_number = Some(SerialNumber::from_slice(&[0]))).is_empty()
    );
}

#[test]
fn the_form_of_a_date_follows_its_year() {
    let root = Maker::authority("Root");
    let mut params = good();
    params.not_after = datetime!(2050-01-01 0:00 UTC);
    let leaf = root.sign(&params);
    assert!(found(Role::Server, &[leaf.clone(), root.certificate()]).is_empty());
    // The same length and form, but a year that should have been written with two digits.
    let at = leaf.der().windows(15).position(|text| text == b"20500101000000Z").unwrap();
    let mut der = leaf.der().to_vec();
    der[at..at + 4].copy_from_slice(b"2049");
    let early = Certificate::from_der(&der).unwrap();
    let why = found(Role::Server, &[early, root.certificate()]);
    says(&why, "the certificate of CN=a.example writes a date in the form of another century");
}

#[test]
fn an_extension_that_does_not_parse_is_named() {
    let why = of_leaf(|params| add(params, &[2, 5, 29, 32], false, b"x"));
    says(&why, "the certificate of CN=a.example has an extension that cannot be read: 2.5.29.32");
}

#[test]
fn version_one_is_out_of_form() {
    let why = found(Role::Server, &[Odd::VersionOne.read()]);
    assert!(why[0].ends_with("is before X.509 version 3"), "{why:?}");
}

#[test]
fn constraints_of_length_are_no_matter_of_form() {
    let short = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    };
    assert!(of_middle(short).is_empty());
}

#[test]
fn of_thousands_of_common_names_only_what_is_told_is_written() {
    let all: Vec<Vec<u8>> = (0..3_000)
        .map(|n| attribute(&[0x55, 4, 3], 0x0c, format!("{n}.example").as_bytes()))
        .collect();
    let each: Vec<&[Vec<u8>]> = all.iter().map(std::slice::from_ref).collect();
    let subject = name(&each);
    let length = subject.len();
    let host = tlv(0x30, &tlv(0x82, b"a.example"));
    let extensions = vec![extension(17, false, &host)];
    let parts = Parts { subject, extensions, ..Parts::default() };
    let leaf = Certificate::from_der(&parts.der()).unwrap();
    assert_eq!(leaf.facts().common_names.len(), all.len());
    let before = bytes_shown();
    assert_eq!(found(Role::Server, &[leaf]).len(), MOST_SENTENCES);
    let shown = bytes_shown() - before;
    assert!(shown < length * 2 + 50_000, "{shown} of {length}");
}
