#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop at once"
)]

use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, RevocationReason};

use super::*;
use crate::material::testing::{Maker, NOW, list, server};

fn made(root: &Maker, days: i64, number: u64) -> Crl {
    Crl::from_der(&root.list((days, days.max(0) + 30), number, &[]), "a").unwrap()
}

/// A list that only covers certificates that name these distribution points.
fn partial(root: &Maker, days: i64, places: &[&str]) -> Crl {
    let mut params = list((days, 30), 1, &[]);
    let uris = places.iter().map(|place| (*place).to_owned()).collect();
    params.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint { uris },
        scope: None,
    });
    Crl::from_der(&root.list_of(&params), "a").unwrap()
}

fn anchors(all: &[&Maker]) -> Anchors {
    Anchors::new(all.iter().map(|one| one.certificate()).collect())
}

fn is_back(old: &[Crl], new: &[Crl], anchors: &Anchors) -> bool {
    let found = rolled_back(old, new, anchors, NOW);
    assert!(found.as_ref().is_none_or(|error| error.kind() == Kind::CrlRollback));
    found.is_some()
}

#[test]
fn a_namesakes_newer_list_does_not_bring_an_older_genuine_one_in() {
    let (root, bogus) = (Maker::authority("Root"), Maker::authority("Root"));
    let leaf = root.sign(&server("a.example"));
    let entry = [(&leaf, Some(RevocationReason::KeyCompromise))];
    let revoking = Crl::from_der(&root.list((-2, 30), 2, &entry), "a").unwrap();
    let new = [made(&root, -5, 1), made(&bogus, -1, 9)];
    assert!(is_back(std::slice::from_ref(&revoking), &new, &anchors(&[&root])));
    assert!(is_back(std::slice::from_ref(&revoking), &new[1..], &anchors(&[&root])));
    let newer = [made(&bogus, -1, 9), made(&root, -1, 3)];
    assert!(!is_back(&[revoking], &newer, &anchors(&[&root])));
}

#[test]
fn a_list_that_names_the_authoritys_key_and_is_not_signed_by_it_follows_none() {
    let root = Maker::authority("Root");
    let genuine = made(&root, -2, 1);
    let newer = root.list((-1, 30), 2, &[]);
    let mut forged = newer.clone();
    // Within the last number of an ECDSA signature.
    let at = forged.len() - 5;
    forged[at] ^= 1;
    let [newer, forged] = [newer, forged].map(|der| Crl::from_der(&der, "a").unwrap());
    let anchors = anchors(&[&root]);
    assert!(is_back(std::slice::from_ref(&genuine), &[forged], &anchors));
    assert!(!is_back(&[genuine], &[newer], &anchors));
}

#[test]
fn a_strangers_list_does_not_keep_genuine_ones_out() {
    let (root, bogus) = (Maker::authority("Root"), Maker::authority("Root"));
    let anchors = anchors(&[&root]);
    let old = [made(&root, -2, 1), made(&bogus, 9000, 9), made(&bogus, -2, 9)];
    assert!(!is_back(&old, &[made(&root, -1, 2)], &anchors));
    assert!(is_back(&old, &[made(&root, -3, 2)], &anchors));
}

#[test]
fn a_list_from_the_future_holds_nothing_up_and_follows_none() {
    let root = Maker::authority("Root");
    for anchors in [anchors(&[&root]), Anchors::default()] {
        assert!(!is_back(&[made(&root, 9000, 9)], &[made(&root, -1, 2)], &anchors));
        assert!(is_back(&[made(&root, -2, 1)], &[made(&root, 1, 2)], &anchors));
        let both = [made(&root, -2, 1), made(&root, 1, 2)];
        assert!(!is_back(&both[..1], &both, &anchors));
    }
}

#[test]
fn each_authority_of_a_name_is_followed_only_by_itself() {
    let (one, other) = (Maker::authority("Root"), Maker::authority("Root"));
    let old = [made(&one, -2, 2), made(&other, -3, 2)];
    for anchors in [anchors(&[&one, &other]), Anchors::default()] {
        assert!(is_back(&old, &[made(&one, -1, 3), made(&other, -4, 1)], &anchors));
        assert!(is_back(&old, &[made(&one, -4, 1), made(&other, -1, 3)], &anchors));
        assert!(is_back(&old, &[made(&one, -1, 3)], &anchors));
        assert!(!is_back(&old, &[made(&one, -1, 3), made(&other, -3, 2)], &anchors));
    }
}

#[test]
fn a_newer_list_about_more_may_follow_and_one_about_less_may_not() {
    let root = Maker::authority("Root");
    let (a, b) = ("http://a.example/1", "http://a.example/2");
    let whole = |days| made(&root, days, 1);
    for anchors in [anchors(&[&root]), Anchors::default()] {
        let goes_back = |old: Crl, new: &[Crl]| is_back(&[old], new, &anchors);
        assert!(!goes_back(partial(&root, -2, &[a]), &[whole(-1)]));
        assert!(goes_back(partial(&root, -2, &[a]), &[whole(-3)]));
        assert!(goes_back(whole(-2), &[partial(&root, -1, &[a])]));
        assert!(!goes_back(whole(-2), &[partial(&root, -1, &[a]), whole(-1)]));
        assert!(goes_back(partial(&root, -2, &[a]), &[partial(&root, -1, &[b])]));
        assert!(!goes_back(partial(&root, -2, &[a]), &[partial(&root, -1, &[b, a])]));
    }
}
