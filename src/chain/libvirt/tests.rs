#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa,
    NameConstraints, SanType,
};

use super::*;
use crate::chain::own::{libvirt_authority, libvirt_own as own};
use crate::chain::{Anchors, Profile, Rules, assess_path};
use crate::host::Host;
use crate::material::testing::{DAY, Maker, NOW, Odd, authority, day, named, server};

const P: Problems = Problems::NONE;
const ANY: &str = "2.5.29.37.0";
const SERVER: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
const CODE: &str = "1.3.6.1.5.5.7.3.3";
const STAMP: &str = "1.3.6.1.5.5.7.3.8";
const SIGN: u8 = 0x80;
const ENCIPHER: u8 = 0x20;
const CERT_SIGN: u8 = 0x04;

fn rules_of(anchors: &[Certificate]) -> Rules {
    let anchors = Arc::new(Anchors::new(anchors.to_vec()));
    Rules { profile: Profile::Libvirt, anchors, ..Rules::default() }
}

fn found(
    role: Role,
    host: Option<&str>,
    chain: &[Certificate],
    anchors: &[Certificate],
) -> Assessment {
    let name = host.map(|host| Host::parse(host).unwrap());
    let case = Case { role, name: name.as_ref(), chain, now: NOW };
    assess_path(&case, &rules_of(anchors))
}

/// The problems of a server's certificate with these parameters, for this host, below a root.
fn of_server(params: &CertificateParams, host: &str) -> Problems {
    let root = Maker::authority("Root");
    found(Role::Server, Some(host), &[root.sign(params)], &[root.certificate()]).problems
}

/// The problems of a.example with these extensions.
fn with(role: Role, extensions: Vec<CustomExtension>) -> Problems {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    params.custom_extensions = extensions;
    let host = (role == Role::Server).then_some("a.example");
    found(role, host, &[root.sign(&params)], &[root.certificate()]).problems
}

fn extension(oid: &[u64], critical: bool, der: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, der);
    extension.set_criticality(critical);
    extension
}

fn key_usage(critical: bool, bits: u8) -> CustomExtension {
    let unused = u8::try_from(bits.trailing_zeros().min(7)).unwrap();
    let der = if bits == 0 { vec![3, 1, 0] } else { vec![3, 2, unused, bits] };
    extension(&[2, 5, 29, 15], critical, der)
}

fn purposes(critical: bool, oids: &[&str]) -> CustomExtension {
    let mut all = Vec::new();
    for oid in oids {
        let numbers: Vec<u8> = oid.split('.').map(|number| number.parse().unwrap()).collect();
        let content = [&[numbers[0] * 40 + numbers[1]], &numbers[2..]].concat();
        all.extend([&[6, u8::try_from(content.len()).unwrap()], content.as_slice()].concat());
    }
    let der = [&[0x30, u8::try_from(all.len()).unwrap()], all.as_slice()].concat();
    extension(&[2, 5, 29, 37], critical, der)
}

#[test]
fn a_critical_key_usage_must_have_both_bits_of_a_handshake() {
    let wrong = Problems::WRONG_PURPOSE;
    for (bits, wanted) in
        [(SIGN | ENCIPHER, P), (SIGN, wrong), (ENCIPHER, wrong), (CERT_SIGN, wrong), (0, wrong)]
    {
        for role in [Role::Server, Role::Client] {
            assert_eq!(with(role, vec![key_usage(true, bits)]), wanted, "{bits:#x} {role:?}");
            assert_eq!(with(role, vec![key_usage(false, bits)]), P, "{bits:#x} {role:?}");
        }
    }
}

#[test]
fn a_leaf_may_have_the_key_usage_of_an_authority_but_not_be_one() {
    assert_eq!(with(Role::Server, vec![key_usage(true, SIGN | ENCIPHER | CERT_SIGN)]), P);
    let mut params = server("a.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(of_server(&params, "a.example"), Problems::CA_AS_LEAF);
}

#[test]
fn purposes_count_only_where_they_are_critical() {
    for role in [Role::Server, Role::Client] {
        for oids in [&[SERVER][..], &[CLIENT], &[CODE], &[ANY], &[STAMP]] {
            assert_eq!(with(role, vec![purposes(false, oids)]), P, "{oids:?} {role:?}");
        }
    }
}

#[test]
fn libvirts_inverted_test_is_followed_for_servers_and_not_opened_for_clients() {
    let wrong = Problems::WRONG_PURPOSE;
    for (oids, server, client) in [
        (&[SERVER][..], P, wrong),
        (&[CLIENT], wrong, P),
        (&[SERVER, CLIENT], P, P),
        (&[ANY], wrong, wrong),
        (&[CODE], P, wrong),
        (&[STAMP], P, wrong),
        (&[CODE, CLIENT], P, P),
        (&[CODE, ANY], P, P),
    ] {
        assert_eq!(with(Role::Server, vec![purposes(true, oids)]), server, "{oids:?}");
        assert_eq!(with(Role::Client, vec![purposes(true, oids)]), client, "{oids:?}");
    }
}

#[test]
fn purposes_of_authorities_do_not_count() {
    let mut params = authority("Root");
    params.custom_extensions = vec![purposes(true, &[CODE])];
    let root = Maker::of(params);
    let leaf = root.sign(&server("a.example"));
    assert_eq!(found(Role::Server, Some("a.example"), &[leaf], &[root.certificate()]).problems, P);
}

#[test]
fn an_authority_that_was_given_may_lack_basic_constraints_but_not_deny() {
    let below = |is_ca| {
        let mut params = named("Root", &[]);
        params.is_ca = is_ca;
        let root = Maker::of(params);
        let leaf = root.sign(&server("a.example"));
        found(Role::Server, Some("a.example"), &[leaf], &[root.certificate()]).problems
    };
    assert_eq!(below(IsCa::NoCa), P);
    assert_eq!(below(IsCa::ExplicitNoCa), Problems::CONSTRAINT);
    let middle = |is_ca| {
        let root = Maker::authority("Root");
        let mut params = named("Middle", &[]);
        params.is_ca = is_ca;
        let middle = root.below(params);
        let chain = [middle.sign(&server("a.example")), middle.certificate()];
        found(Role::Server, Some("a.example"), &chain, &[root.certificate()]).problems
    };
    assert_eq!(middle(IsCa::NoCa), Problems::CONSTRAINT);
    assert_eq!(middle(IsCa::Ca(BasicConstraints::Unconstrained)), P);
}

#[test]
fn an_authority_needs_key_cert_sign_whether_its_key_usage_is_critical_or_not() {
    for critical in [true, false] {
        let mut params = authority("Root");
        params.key_usages.clear();
        params.custom_extensions = vec![key_usage(critical, SIGN)];
        let root = Maker::of(params);
        let leaf = root.sign(&server("a.example"));
        let problems = found(Role::Server, None, &[leaf], &[root.certificate()]).problems;
        assert_eq!(problems, Problems::CONSTRAINT, "{critical}");
    }
}

#[test]
fn every_authority_must_be_valid_now_and_count_its_intermediates() {
    for (change, problem) in [
        (
            &(|params: &mut CertificateParams| params.not_after = day(-1))
                as &dyn Fn(&mut CertificateParams),
            Problems::EXPIRED,
        ),
        (&|params: &mut CertificateParams| params.not_before = day(1), Problems::NOT_YET_VALID),
        (
            &|params: &mut CertificateParams| {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            },
            Problems::CONSTRAINT,
        ),
    ] {
        let mut params = authority("Root");
        change(&mut params);
        let root = Maker::of(params);
        let middle = root.below(authority("Middle"));
        let chain = [middle.sign(&server("a.example")), middle.certificate()];
        assert_eq!(found(Role::Server, None, &chain, &[root.certificate()]).problems, problem);
    }
}

#[test]
fn an_unknown_critical_extension_refuses() {
    let strange = || extension(&[1, 2, 3, 4], true, vec![5, 0]);
    assert_eq!(with(Role::Server, vec![strange()]), Problems::CONSTRAINT);
}

#[test]
fn old_versions_are_taken_for_leaves_and_authorities_that_were_given() {
    let old = Odd::VersionOne.read();
    let problems = found(
        Role::Server,
        Some("a.example"),
        std::slice::from_ref(&old),
        std::slice::from_ref(&old),
    )
    .problems;
    assert_eq!(problems, P);
}

#[test]
fn short_rsa_keys_are_taken_as_gnutls_takes_them() {
    let chain = [Odd::BelowShort.read()];
    let problems = found(Role::Server, None, &chain, &[Odd::ShortAuthority.read()]).problems;
    assert_eq!(problems, P);
}

#[test]
fn everything_that_is_sent_must_be_valid_now() {
    let root = Maker::authority("Root");
    let leaf = root.sign(&server("a.example"));
    let mut old = authority("Old");
    old.not_after = day(-1);
    let mut new = authority("New");
    new.not_before = day(1);
    let beside = [Maker::of(old).certificate(), Maker::of(new).certificate()];
    let chain = [leaf, beside[0].clone(), beside[1].clone()];
    let found = found(Role::Server, None, &chain, &[root.certificate()]);
    assert_eq!(found.problems, Problems::EXPIRED | Problems::NOT_YET_VALID);
    assert!(
        found.why[0].starts_with("CN=Old, which the peer sent along, expired on "),
        "{:?}",
        found.why
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let mut params = named("b.example", &["b.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = day(-1);
    params.custom_extensions = vec![key_usage(true, 0), purposes(true, &[CLIENT])];
    let root = Maker::authority("Root");
    let found =
        found(Role::Server, Some("a.example"), &[root.sign(&params)], &[root.certificate()]);
    let all =
        [Problems::EXPIRED, Problems::CA_AS_LEAF, Problems::WRONG_PURPOSE, Problems::NAME_MISMATCH];
    assert_eq!(found.problems, all.into_iter().fold(P, |all, one| all | one));
    assert_eq!(found.why.len(), 6, "{:?}", found.why);
}

#[test]
fn a_known_certificate_is_read_as_libvirt_reads_it() {
    let known = |extensions| {
        let mut params = server("a.example");
        params.custom_extensions = extensions;
        let host = Host::parse("a.example").unwrap();
        let chain = [Maker::of(params).certificate()];
        let case = Case { role: Role::Server, name: Some(&host), chain: &chain, now: NOW };
        crate::chain::assess::assess_exact(&case, &rules_of(&[])).problems
    };
    assert_eq!(known(vec![key_usage(false, ENCIPHER), purposes(false, &[CODE])]), P);
    assert_eq!(known(vec![key_usage(true, ENCIPHER)]), Problems::WRONG_PURPOSE);
}

#[test]
fn one_plain_common_name_stands_for_a_host_where_nothing_else_does() {
    let mismatch = Problems::NAME_MISMATCH;
    for (common, names, host, wanted) in [
        ("a.example", &[][..], "a.example", P),
        ("A.Example", &[], "a.example", P),
        ("localhost", &[], "localhost", P),
        ("a_b.example", &[], "a_b.example", P),
        ("a.example", &["x@y.example"], "a.example", P),
        ("a.example", &["b.example"], "a.example", mismatch),
        ("a.example", &["10.0.0.1"], "a.example", mismatch),
        ("b.example", &[], "a.example", mismatch),
        ("a.example.", &[], "a.example", mismatch),
        ("a.example ", &[], "a.example", mismatch),
        ("a.example\0.b.example", &[], "a.example", mismatch),
        ("*.a.example", &[], "b.a.example", mismatch),
        ("10.0.0.1", &[], "10.0.0.1", mismatch),
        ("::1", &[], "::1", mismatch),
    ] {
        let problems = of_server(&named(common, names), host);
        assert_eq!(problems, wanted, "{common} {names:?} {host}");
    }
}

#[test]
fn a_uri_or_a_second_common_name_takes_the_first_its_meaning() {
    let mut params = named("a.example", &[]);
    params.subject_alt_names = vec![SanType::URI("http://a.example/".try_into().unwrap())];
    assert_eq!(of_server(&params, "a.example"), Problems::NAME_MISMATCH);
    let mut params = named("a.example", &[]);
    let second = DnType::CustomDnType(vec![2, 5, 4, 3]);
    params.distinguished_name.push(second, "b.example");
    assert_eq!(of_server(&params, "a.example"), Problems::NAME_MISMATCH);
    let mut params = named("a.example", &[]);
    params.subject_alt_names = vec![SanType::OtherName((
        vec![1, 2, 3],
        rcgen::OtherNameValue::Utf8String("x".to_owned()),
    ))];
    assert_eq!(of_server(&params, "a.example"), P);
}

#[test]
fn a_common_name_needs_a_purpose_of_servers() {
    for (oids, wanted) in [
        (&[SERVER][..], P),
        (&[ANY], P),
        (&[CODE, SERVER], P),
        (&[CLIENT], Problems::NAME_MISMATCH),
        (&[CODE], Problems::NAME_MISMATCH),
    ] {
        let mut params = named("a.example", &[]);
        params.custom_extensions = vec![purposes(false, oids)];
        assert_eq!(of_server(&params, "a.example"), wanted, "{oids:?}");
    }
}

#[test]
fn a_common_name_stands_inside_the_name_constraints_of_its_path() {
    let below = |permitted: &[&str], excluded: &[&str], common: &str| {
        let trees = |names: &[&str]| {
            names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect()
        };
        let mut params = authority("Root");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: trees(permitted),
            excluded_subtrees: trees(excluded),
        });
        let root = Maker::of(params);
        let leaf = root.sign(&named(common, &[]));
        found(Role::Server, Some(common), &[leaf], &[root.certificate()]).problems
    };
    assert_eq!(below(&["example"], &[], "a.example"), P);
    assert_eq!(below(&["other", "example"], &[], "a.example"), P);
    assert_eq!(below(&["other"], &[], "a.example"), Problems::NAME_MISMATCH);
    assert_eq!(below(&[], &["a.example"], "a.example"), Problems::NAME_MISMATCH);
    assert_eq!(below(&[], &["b.example"], "a.example"), P);
}

#[test]
fn the_words_say_why_a_common_name_does_not_count() {
    let root = Maker::authority("Root");
    let mut params = named("a.example", &[]);
    params.custom_extensions = vec![purposes(false, &[CODE])];
    let found =
        found(Role::Server, Some("a.example"), &[root.sign(&params)], &[root.certificate()]);
    let end = "its common name does not count: the extended key usage is not for servers";
    assert!(found.why[0].ends_with(end), "{:?}", found.why);
}

#[test]
fn wildcards_are_those_of_gnutls() {
    let mismatch = Problems::NAME_MISMATCH;
    for (pattern, host, wanted) in [
        ("*.b.example", "a.b.example", P),
        ("*.B.example", "a.b.EXAMPLE", P),
        ("*.co.uk", "a.co.uk", P),
        ("*b.c.example", "ab.c.example", P),
        ("*.c.example", "xn--bcher-kva.c.example", P),
        ("a_b.example", "a_b.example", P),
        ("*.b.example", "b.example", mismatch),
        ("*.b.example", "x.a.b.example", mismatch),
        ("*.example", "a.example", mismatch),
        ("*", "localhost", mismatch),
        ("f*.b.example", "foo.b.example", mismatch),
        ("a.*.example", "a.b.example", mismatch),
        ("*.*.b.example", "a.a.b.example", mismatch),
        ("a.example.", "a.example", mismatch),
        ("*.2.3.4", "1.2.3.4", mismatch),
    ] {
        assert_eq!(of_server(&named("x", &[pattern]), host), wanted, "{pattern} {host}");
    }
}

#[test]
fn an_own_certificate_is_for_either_side_unless_one_is_said() {
    let root = Maker::authority("Root");
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let mut params = server("a.example");
    params.custom_extensions = vec![purposes(true, &[CLIENT])];
    let chain = [root.sign(&params)];
    assert_eq!(own(&chain, None, &anchors, NOW).0, P);
    assert_eq!(own(&chain, Some(Role::Client), &anchors, NOW).0, P);
    assert_eq!(own(&chain, Some(Role::Server), &anchors, NOW).0, Problems::WRONG_PURPOSE);
    assert_eq!(own(&chain, None, &anchors, NOW + 101 * DAY).0, Problems::EXPIRED);
    params.custom_extensions = vec![purposes(true, &[SERVER])];
    let chain = [root.sign(&params)];
    assert_eq!(own(&chain, None, &anchors, NOW).0, P);
    assert_eq!(own(&chain, Some(Role::Client), &anchors, NOW).0, Problems::WRONG_PURPOSE);
    params.custom_extensions = vec![purposes(false, &[SERVER])];
    let chain = [root.sign(&params)];
    assert_eq!(own(&chain, Some(Role::Client), &anchors, NOW).0, P, "it is not critical");
}

#[test]
fn an_own_certificate_leads_to_an_authority_where_there_is_one() {
    let root = Maker::authority("Root");
    let chain = [root.sign(&server("a.example"))];
    let other = Arc::new(Anchors::new(vec![Maker::authority("Other").certificate()]));
    assert_eq!(own(&chain, None, &other, NOW).0, Problems::UNKNOWN_ISSUER);
    assert_eq!(own(&chain, None, &Arc::default(), NOW).0, P);
}

#[test]
fn an_authority_beside_an_own_certificate_must_say_that_it_is_one() {
    let of = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = authority("Root");
        change(&mut params);
        authority_problems(&Maker::of(params).certificate())
    };
    assert_eq!(of(&|_| ()), P);
    assert_eq!(of(&|params| params.is_ca = IsCa::NoCa), Problems::CONSTRAINT);
    assert_eq!(of(&|params| params.not_after = day(-1)), Problems::EXPIRED);
    assert_eq!(of(&|params| params.not_before = day(1)), Problems::NOT_YET_VALID);
    for (critical, wanted) in [(true, Problems::CONSTRAINT), (false, P)] {
        let change = |params: &mut CertificateParams| {
            params.key_usages.clear();
            params.custom_extensions = vec![key_usage(critical, SIGN)];
        };
        assert_eq!(of(&change), wanted, "{critical}");
    }
}

fn authority_problems(certificate: &Certificate) -> Problems {
    libvirt_authority(certificate, NOW).0
}
