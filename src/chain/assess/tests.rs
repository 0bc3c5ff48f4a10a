#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, RevocationReason,
};

use super::*;
use crate::chain::{Anchors, CrlMode, Crls};
use crate::host::Role;
use crate::material::testing::{DAY, Maker, NOW, Odd, authority, day, named, server};
use std::sync::Arc;

/// What is not computed, and what a search costs.
mod unsupported;

const P: Problems = Problems::NONE;

/// What a test changes in a sound certificate.
type Change = &'static dyn Fn(&mut CertificateParams);

fn rules_of(anchors: &[&Maker]) -> Rules {
    let anchors = anchors.iter().map(|maker| maker.certificate()).collect();
    Rules { anchors: Arc::new(Anchors::new(anchors)), ..Rules::default() }
}

fn case<'a>(chain: &'a [Certificate], host: &'a Host) -> Case<'a> {
    Case { role: Role::Server, name: Some(host), chain, now: NOW }
}

fn host() -> Host {
    Host::parse("a.example").unwrap()
}

/// The problems of a chain under these authorities, for a.example, now.
fn problems(chain: &[Certificate], anchors: &[&Maker]) -> Problems {
    assess_path(&case(chain, &host()), &rules_of(anchors)).problems
}

/// The problems of a server below one root, with these parameters.
fn of_leaf(change: impl Fn(&mut CertificateParams)) -> Problems {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    change(&mut params);
    problems(&[root.sign(&params)], &[&root])
}

/// The problems of a server below an intermediate and a root, with these changes.
fn of_authorities(
    upper: impl Fn(&mut CertificateParams),
    lower: impl Fn(&mut CertificateParams),
) -> Problems {
    let (mut root, mut middle) = (authority("Root"), authority("Middle"));
    upper(&mut root);
    lower(&mut middle);
    let root = Maker::of(root);
    let middle = root.below(middle);
    problems(&[middle.sign(&server("a.example")), middle.certificate()], &[&root])
}

fn expired(params: &mut CertificateParams) {
    params.not_after = day(-1);
}

fn strange(params: &mut CertificateParams) {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
}

fn nothing(_: &mut CertificateParams) {}

#[test]
fn an_honest_chain_has_no_problem() {
    assert_eq!(of_leaf(nothing), P);
    assert_eq!(of_authorities(nothing, nothing), P);
    let root = Maker::authority("Root");
    let chain = [root.sign(&server("a.example"))];
    let found = assess_path(&case(&chain, &host()), &rules_of(&[&root]));
    assert_eq!((found.why.len(), found.path), (0, vec![chain[0].clone(), root.certificate()]));
}

#[test]
fn dates_are_looked_at_on_leaf_intermediate_and_authority() {
    assert_eq!(of_leaf(expired), Problems::EXPIRED);
    assert_eq!(of_leaf(|params| params.not_before = day(1)), Problems::NOT_YET_VALID);
    assert_eq!(of_authorities(expired, nothing), Problems::EXPIRED);
    assert_eq!(of_authorities(nothing, expired), Problems::EXPIRED);
    assert_eq!(
        of_authorities(nothing, |params| params.not_before = day(1)),
        Problems::NOT_YET_VALID
    );
    let both = Problems::EXPIRED | Problems::NOT_YET_VALID;
    assert_eq!(of_authorities(expired, |params| params.not_before = day(1)), both);
}

#[test]
fn the_last_second_still_counts() {
    let root = Maker::authority("Root");
    let chain = [root.sign(&server("a.example"))];
    let host = host();
    for (now, expected) in [
        (NOW + 100 * DAY, P),
        (NOW + 100 * DAY + 1, Problems::EXPIRED),
        (NOW - 100 * DAY, P),
        (NOW - 100 * DAY - 1, Problems::NOT_YET_VALID),
        (i64::MIN, Problems::NOT_YET_VALID),
        (i64::MAX, Problems::EXPIRED),
    ] {
        let case = Case { now, ..case(&chain, &host) };
        assert_eq!(assess_path(&case, &rules_of(&[&root])).problems, expected, "{now}");
    }
}

#[test]
fn a_purpose_that_is_not_this_side_is_wrong() {
    let with = |purpose: ExtendedKeyUsagePurpose| {
        of_leaf(|params| params.extended_key_usages = vec![purpose.clone()])
    };
    assert_eq!(with(ExtendedKeyUsagePurpose::ServerAuth), P);
    assert_eq!(with(ExtendedKeyUsagePurpose::ClientAuth), Problems::WRONG_PURPOSE);
    assert_eq!(with(ExtendedKeyUsagePurpose::Any), Problems::WRONG_PURPOSE);
}

#[test]
fn a_client_is_asked_for_a_clients_purpose() {
    let root = Maker::authority("Root");
    for (purpose, expected) in [
        (ExtendedKeyUsagePurpose::ClientAuth, P),
        (ExtendedKeyUsagePurpose::ServerAuth, Problems::WRONG_PURPOSE),
    ] {
        let mut params = server("a.example");
        params.extended_key_usages = vec![purpose];
        let chain = [root.sign(&params)];
        let case = Case { role: Role::Client, name: None, chain: &chain, now: NOW };
        assert_eq!(assess_path(&case, &rules_of(&[&root])).problems, expected);
    }
}

#[test]
fn the_purpose_of_an_authority_limits_those_below() {
    let clients = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    assert_eq!(of_authorities(nothing, clients), Problems::WRONG_PURPOSE);
    assert_eq!(of_authorities(clients, nothing), Problems::WRONG_PURPOSE);
}

#[test]
fn an_authority_as_leaf_is_told() {
    let ca = of_leaf(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(ca, Problems::CA_AS_LEAF);
    let signer = of_leaf(|params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    });
    assert_eq!(signer, Problems::CA_AS_LEAF);
}

#[test]
fn what_signs_must_be_an_authority_and_may_sign() {
    let no_authority = |params: &mut CertificateParams| {
        params.is_ca = IsCa::NoCa;
        params.key_usages.clear();
    };
    let no_signer = |params: &mut CertificateParams| {
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
    };
    assert_eq!(of_authorities(no_authority, nothing), Problems::CONSTRAINT);
    assert_eq!(of_authorities(nothing, no_authority), Problems::CONSTRAINT);
    assert_eq!(of_authorities(no_signer, nothing), Problems::CONSTRAINT);
    assert_eq!(of_authorities(nothing, no_signer), Problems::CONSTRAINT);
}

#[test]
fn the_path_length_of_intermediate_and_authority_is_kept() {
    let short = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    };
    assert_eq!(of_authorities(nothing, short), P);
    assert_eq!(of_authorities(short, nothing), Problems::CONSTRAINT);
    let root = Maker::authority("Root");
    let mut upper = authority("Upper");
    short(&mut upper);
    let upper = root.below(upper);
    let lower = upper.below(authority("Lower"));
    let chain = [lower.sign(&server("a.example")), lower.certificate(), upper.certificate()];
    assert_eq!(problems(&chain, &[&root]), Problems::CONSTRAINT);
}

#[test]
fn a_critical_extension_that_nobody_knows_is_a_problem_on_each() {
    assert_eq!(of_leaf(strange), Problems::CONSTRAINT);
    assert_eq!(of_authorities(strange, nothing), Problems::CONSTRAINT);
    assert_eq!(of_authorities(nothing, strange), Problems::CONSTRAINT);
}

#[test]
fn a_name_outside_the_constraints_is_a_problem_also_beside_others() {
    let limited = |params: &mut CertificateParams| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("b.example".to_owned())],
            excluded_subtrees: vec![],
        });
    };
    assert_eq!(of_authorities(limited, nothing), Problems::CONSTRAINT);
    assert_eq!(of_authorities(nothing, limited), Problems::CONSTRAINT);
    let mut root = authority("Root");
    limited(&mut root);
    let root = Maker::of(root);
    let mut leaf = server("a.example");
    leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let both = Problems::CONSTRAINT | Problems::CA_AS_LEAF;
    assert_eq!(problems(&[root.sign(&leaf)], &[&root]), both);
}

#[test]
fn two_problems_at_once_are_both_found() {
    let cases: [(Problems, Change); 5] = [
        (Problems::EXPIRED, &expired),
        (Problems::WRONG_PURPOSE, &|params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }),
        (Problems::CA_AS_LEAF, &|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }),
        (Problems::CONSTRAINT, &strange),
        (Problems::NAME_MISMATCH, &|params| {
            params.subject_alt_names = server("b.example").subject_alt_names;
        }),
    ];
    for (first, change) in &cases {
        assert_eq!(of_leaf(change), *first);
        for (second, other) in &cases {
            let found = of_leaf(|params| {
                change(params);
                if first != second {
                    other(params);
                }
            });
            assert_eq!(found, *first | *second);
        }
    }
}

#[test]
fn a_stranger_without_an_authority_keeps_its_other_problems() {
    let root = Maker::authority("Root");
    let mut params = server("b.example");
    expired(&mut params);
    let found = problems(&[root.sign(&params)], &[]);
    assert_eq!(found, Problems::UNKNOWN_ISSUER | Problems::EXPIRED | Problems::NAME_MISMATCH);
}

#[test]
fn a_self_signed_stranger_is_both() {
    let leaf = Maker::of(server("a.example"));
    let both = Problems::UNKNOWN_ISSUER | Problems::SELF_SIGNED;
    assert_eq!(problems(&[leaf.certificate()], &[]), both);
    assert_eq!(problems(&[leaf.certificate()], &[&leaf]), P);
}

#[test]
fn a_self_signed_authority_as_leaf_is_a_problem_even_as_its_own_authority() {
    let mut params = server("a.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let leaf = Maker::of(params);
    assert_eq!(problems(&[leaf.certificate()], &[&leaf]), Problems::CA_AS_LEAF);
}

#[test]
fn a_leaf_given_as_authority_needs_no_issuer() {
    let leaf = Maker::authority("Root").below(server("a.example"));
    assert_eq!(problems(&[leaf.certificate()], &[&leaf]), P);
}

#[test]
fn a_self_signed_leaf_with_a_wrong_signature_is_severe() {
    let leaf = Maker::of(server("a.example")).certificate();
    let mut der = leaf.der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let forged = Certificate::from_der(&der).unwrap();
    let both = Problems::UNKNOWN_ISSUER | Problems::BAD_SIGNATURE;
    assert_eq!(problems(&[forged], &[]), both);
}

#[test]
fn an_issuer_of_the_same_name_is_no_wrong_signature() {
    let root = Maker::authority("a.example");
    let chain = [root.sign(&server("a.example")), root.certificate()];
    assert_eq!(problems(&chain, &[]), Problems::UNKNOWN_ISSUER);
    assert_eq!(problems(&chain, &[&root]), P);
}

#[test]
fn the_best_of_two_paths_is_told() {
    let (good, bad) = (
        Maker::authority("Good"),
        Maker::of({
            let mut params = authority("Bad");
            expired(&mut params);
            params
        }),
    );
    let middle = bad.below(authority("Middle"));
    let crossed = good.below_with_key(authority("Middle"), middle.key());
    let leaf = middle.sign(&server("a.example"));
    let chain = [leaf, middle.certificate(), crossed.certificate()];
    assert_eq!(problems(&chain, &[&bad, &good]), P);
    assert_eq!(problems(&chain, &[&bad]), Problems::EXPIRED);
    assert_eq!(problems(&chain[..2], &[&good]), Problems::UNKNOWN_ISSUER);
}

#[test]
fn the_fewest_severe_problems_count_first_and_then_the_fewest() {
    let rank = |problems| Assessment { problems, ..Assessment::default() }.rank();
    let mild = Problems::EXPIRED | Problems::NO_SAN | Problems::CONSTRAINT;
    assert!(rank(P) < rank(Problems::EXPIRED) && rank(Problems::EXPIRED) < rank(mild));
    assert!(rank(mild) < rank(Problems::REVOKED));
    assert!(rank(Problems::REVOKED) < rank(Problems::REVOKED | Problems::EXPIRED));
    let leaf = Maker::authority("Root").sign(&server("a.example"));
    let alone = assess_path(&case(std::slice::from_ref(&leaf), &host()), &Rules::default());
    let exact = assess_exact(&case(std::slice::from_ref(&leaf), &host()), &Rules::default());
    assert_eq!((alone.path, exact.path), (vec![leaf.clone()], vec![leaf]));
}

#[test]
fn adding_an_authority_never_removes_a_path() {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    params.use_authority_key_identifier_extension = true;
    let chain = [root.sign(&params)];
    let mut others: Vec<Maker> = (0..100).map(|_| Maker::authority("Root")).collect();
    let mut late = authority("Root");
    expired(&mut late);
    others.push(Maker::with_key(late, root.key()));
    let mut all: Vec<&Maker> = others.iter().collect();
    all.push(&root);
    assert_eq!(problems(&chain, &all), P);
    all.reverse();
    assert_eq!(problems(&chain, &all), P);
}

#[test]
fn a_revoked_certificate_anywhere_below_the_authority_is_severe() {
    let root = Maker::authority("Root");
    let middle = root.below(authority("Middle"));
    let chain = [middle.sign(&server("a.example")), middle.certificate()];
    let reason = Some(RevocationReason::KeyCompromise);
    for (signer, index) in [(&middle, 0), (&root, 1)] {
        let list = signer.list((-1, 30), 1, &[(&chain[index], reason)]);
        let crls = Arc::new(Crls::new(vec![(list, "list".to_owned())]).unwrap());
        for anchors in [&[&root][..], &[]] {
            let rules = Rules { crls: Arc::clone(&crls), ..rules_of(anchors) };
            let found = assess_path(&case(&chain, &host()), &rules).problems;
            assert!(found.contains(Problems::REVOKED), "{index}: {found}");
        }
    }
}

#[test]
fn every_certificate_below_the_authority_needs_a_list_where_lists_are_required() {
    let root = Maker::authority("Root");
    let middle = root.below(authority("Middle"));
    let chain = [middle.sign(&server("a.example")), middle.certificate()];
    let mut lists = vec![(middle.list((-1, 30), 1, &[]), "middle".to_owned())];
    let with = |lists: &[(Vec<u8>, String)]| {
        let crls = Arc::new(Crls::new(lists.to_vec()).unwrap());
        let rules = Rules { crls, crl_mode: CrlMode::Required, ..rules_of(&[&root]) };
        assess_path(&case(&chain, &host()), &rules).problems
    };
    assert_eq!(with(&lists), Problems::CRL_MISSING);
    lists.push((root.list((-1, 30), 1, &[]), "root".to_owned()));
    assert_eq!(with(&lists), P);
}

/// The problems of a known peer.
fn exact(leaf: &Certificate, crls: Crls) -> Problems {
    let rules = Rules { crls: Arc::new(crls), crl_mode: CrlMode::Required, ..Rules::default() };
    assess_exact(&case(std::slice::from_ref(leaf), &host()), &rules).problems
}

#[test]
fn a_known_peer_may_be_self_signed_an_authority_and_without_alternative_names() {
    let mut params = named("a.example", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let leaf = Maker::of(params).certificate();
    assert_eq!(exact(&leaf, Crls::default()), P);
}

#[test]
fn a_known_peer_has_a_problem_with_a_critical_extension_that_nobody_knows() {
    let mut params = server("a.example");
    strange(&mut params);
    assert_eq!(exact(&Maker::of(params).certificate(), Crls::default()), Problems::CONSTRAINT);
}

#[test]
fn a_known_peer_still_has_dates_a_name_a_purpose_and_revocation() {
    let root = Maker::authority("Root");
    let mut params = named("b.example", &[]);
    expired(&mut params);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = root.sign(&params);
    let list = root.list((-1, 30), 1, &[(&leaf, None)]);
    let found = exact(&leaf, Crls::new(vec![(list, "list".to_owned())]).unwrap());
    let all = [Problems::NAME_MISMATCH, Problems::WRONG_PURPOSE, Problems::REVOKED];
    assert_eq!(found, all.into_iter().fold(Problems::EXPIRED, |all, one| all | one));
}

#[test]
fn what_a_known_peer_sends_beside_its_certificate_changes_nothing() {
    let root = Maker::authority("Root");
    let held = Some(RevocationReason::CertificateHold);
    let chain = [root.sign(&server("a.example")), root.certificate()];
    let lists = vec![
        (root.list((-2, 30), 1, &[(&chain[0], held)]), "held".to_owned()),
        (root.list((-1, 30), 2, &[]), "lifted".to_owned()),
    ];
    let rules = Rules { crls: Arc::new(Crls::new(lists).unwrap()), ..Rules::default() };
    assert_eq!(assess_exact(&case(&chain, &host()), &rules).problems, Problems::REVOKED);
}

#[test]
fn a_short_key_is_weak_on_leaf_and_authority_and_its_path_is_found() {
    let chain = [Odd::BelowShort.read()];
    let anchors = Arc::new(Anchors::new(vec![Odd::ShortAuthority.read()]));
    let rules = Rules { anchors, ..Rules::default() };
    assert_eq!(assess_path(&case(&chain, &host()), &rules).problems, Problems::WEAK_KEY);
    let chain = [Odd::ShortAuthority.read()];
    let found = assess_path(&case(&chain, &host()), &Rules::default()).problems;
    assert!(found.contains(Problems::WEAK_KEY | Problems::SELF_SIGNED), "{found}");
    assert!(exact(&chain[0], Crls::default()).contains(Problems::WEAK_KEY));
}

#[test]
fn a_broken_signature_algorithm_is_weak_and_leads_nowhere() {
    let leaf = Odd::Sha1.read();
    let found =
        assess_path(&case(std::slice::from_ref(&leaf), &host()), &Rules::default()).problems;
    assert!(found.contains(Problems::WEAK_SIGNATURE | Problems::UNKNOWN_ISSUER), "{found}");
    assert!(!found.intersects(Problems::SELF_SIGNED | Problems::BAD_SIGNATURE), "{found}");
}

#[test]
fn version_one_is_old_as_a_leaf_and_good_as_a_known_peer_and_as_an_authority() {
    let leaf = Odd::VersionOne.read();
    let found =
        assess_path(&case(std::slice::from_ref(&leaf), &host()), &Rules::default()).problems;
    assert!(found.contains(Problems::OLD_VERSION | Problems::UNKNOWN_ISSUER), "{found}");
    assert_eq!(exact(&leaf, Crls::default()), P);
    let mut out = Assessment::default();
    let chain = [leaf];
    let [leaf] = &chain;
    strict::check(&case(&chain, &host()), leaf, Position::Anchor(0), &mut out);
    assert_eq!(out.problems, P);
}

#[test]
fn sentences_name_who_and_when() {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    params.distinguished_name.push(DnType::OrganizationName, "A\u{202e}\n");
    expired(&mut params);
    let chain = [root.sign(&params)];
    let found = assess_path(&case(&chain, &host()), &rules_of(&[&root]));
    let ended = "expired on 2026-11-20T12:00:00Z";
    assert!(found.why[0].starts_with("the certificate of CN=a.example,O=A"), "{:?}", found.why);
    assert!(found.why[0].ends_with(ended) && !found.why[0].contains('\n'), "{:?}", found.why);
}

#[test]
fn a_path_through_an_intermediate_of_another_key_kind_is_found() {
    let root =
        Maker::with_key(authority("Root"), KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap());
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let middle = root.below_with_key(authority("Middle"), key);
    let chain = [middle.sign(&server("a.example")), middle.certificate()];
    assert_eq!(problems(&chain, &[&root]), P);
}

#[test]
fn no_chain_is_never_clean() {
    assert!(!assess_path(&case(&[], &host()), &Rules::default()).problems.is_empty());
    assert!(!assess_exact(&case(&[], &host()), &Rules::default()).problems.is_empty());
}
