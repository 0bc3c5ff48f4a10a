#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use rcgen::RevocationReason::{self, CertificateHold, KeyCompromise, RemoveFromCrl};
use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyUsagePurpose};

use super::*;
use crate::material::testing::{DAY, Maker, NOW, Parts, authority, list, server, spki, tlv};

fn in_mode(mode: CrlMode) -> Demand {
    Demand { mode, grace: 0, form: false }
}

/// Who signs a list, what it covers, and how long what it says holds.
mod wider;

const REVOKED: Problems = Problems::REVOKED;
const MISSING: Problems = Problems::CRL_MISSING;
const EXPIRED: Problems = Problems::CRL_EXPIRED;

struct Scene {
    root: Maker,
    leaf: Certificate,
    lists: Vec<(Vec<u8>, String)>,
}

impl Scene {
    fn new() -> Self {
        let root = Maker::authority("Root");
        let leaf = root.sign(&server("a.example"));
        Self { root, leaf, lists: Vec::new() }
    }

    /// A list that is this many days old and names the leaf for this reason, or does not name it.
    fn list(mut self, age: i64, reason: Option<RevocationReason>) -> Self {
        let entries: Vec<_> = reason.iter().map(|reason| (&self.leaf, Some(*reason))).collect();
        let number = u64::try_from(100 - age).unwrap();
        let der = self.root.list((-age, 30 - age), number, &entries);
        self.lists.push((der, format!("list {number}")));
        self
    }

    fn crls(&self) -> Crls {
        Crls::new(self.lists.clone()).unwrap()
    }

    fn asked(&self, mode: CrlMode) -> Problems {
        self.asked_at(mode, 0, NOW)
    }

    fn asked_at(&self, mode: CrlMode, grace: i64, now: i64) -> Problems {
        let issuer = self.root.certificate();
        self.crls()
            .revocation(
                &self.leaf,
                &issuer,
                &[],
                Demand { mode, grace, form: false },
                now,
                &mut Budget::new(),
            )
            .problems
    }

    fn found(&self) -> Problems {
        self.asked(CrlMode::IfPresent)
    }

    fn unverified(&self) -> Problems {
        self.crls()
            .revocation_unverified(&self.leaf, &[], CrlMode::IfPresent, NOW, &mut Budget::new())
            .0
    }
}

#[test]
fn a_listed_certificate_is_revoked_and_another_is_not() {
    assert_eq!(Scene::new().list(1, Some(KeyCompromise)).found(), REVOKED);
    assert_eq!(Scene::new().list(1, None).found(), Problems::NONE);
    assert_eq!(Scene::new().list(1, Some(KeyCompromise)).asked(CrlMode::Off), Problems::NONE);
}

#[test]
fn revoked_wins_in_every_order_of_four_lists() {
    let scene =
        Scene::new().list(1, None).list(2, Some(KeyCompromise)).list(3, None).list(60, None);
    for order in orders(4) {
        let lists = order.iter().map(|index| scene.lists[*index].clone()).collect();
        let crls = Crls::new(lists).unwrap();
        let issuer = scene.root.certificate();
        let found = crls
            .revocation(
                &scene.leaf,
                &issuer,
                &[],
                in_mode(CrlMode::Required),
                NOW,
                &mut Budget::new(),
            )
            .problems;
        assert_eq!(found, REVOKED, "{order:?}");
    }
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let insert = |order: &Vec<usize>| {
        let order = order.clone();
        (0..count).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, count - 1);
            longer
        })
    };
    shorter.iter().flat_map(insert).collect()
}

#[test]
fn a_hold_is_lifted_by_a_newer_list_that_does_not_name_it() {
    assert_eq!(Scene::new().list(2, Some(CertificateHold)).found(), REVOKED);
    assert_eq!(Scene::new().list(2, Some(CertificateHold)).list(1, None).found(), Problems::NONE);
    assert_eq!(Scene::new().list(1, Some(CertificateHold)).list(2, None).found(), REVOKED);
    let again = Scene::new().list(3, Some(CertificateHold)).list(2, None);
    assert_eq!(again.list(1, Some(CertificateHold)).found(), REVOKED);
}

#[test]
fn a_removal_lifts_what_older_lists_say_and_nothing_newer() {
    let lifted = Scene::new().list(2, Some(CertificateHold)).list(1, Some(RemoveFromCrl));
    assert_eq!(lifted.found(), Problems::NONE);
    let not_lifted = Scene::new().list(1, Some(CertificateHold)).list(2, Some(RemoveFromCrl));
    assert_eq!(not_lifted.found(), REVOKED);
}

#[test]
fn nobody_but_the_issuer_lifts_a_hold() {
    let mut scene = Scene::new().list(2, Some(CertificateHold));
    let other = Maker::authority("Root");
    scene.lists.push((other.list((-1, 30), 99, &[]), "other".to_owned()));
    assert_eq!(scene.found(), REVOKED);
    assert_eq!(scene.unverified(), REVOKED);
}

#[test]
fn the_newest_list_tells_how_fresh_the_knowledge_is() {
    assert_eq!(Scene::new().list(40, None).found(), EXPIRED);
    assert_eq!(Scene::new().list(1, None).list(40, None).found(), Problems::NONE);
    assert_eq!(Scene::new().list(40, None).list(1, None).found(), Problems::NONE);
    assert_eq!(Scene::new().list(40, Some(KeyCompromise)).found(), REVOKED | EXPIRED);
}

#[test]
fn an_expired_list_counts_while_its_grace_lasts() {
    let scene = Scene::new().list(40, None);
    assert_eq!(scene.asked_at(CrlMode::IfPresent, 10 * DAY, NOW), Problems::NONE);
    assert_eq!(scene.asked_at(CrlMode::IfPresent, 10 * DAY - 1, NOW), EXPIRED);
    assert_eq!(scene.asked_at(CrlMode::IfPresent, i64::MAX, NOW), Problems::NONE);
}

#[test]
fn a_list_from_the_future_revokes_and_is_not_fresh() {
    assert_eq!(Scene::new().list(-1, None).found(), MISSING);
    assert_eq!(Scene::new().list(-1, Some(KeyCompromise)).found(), REVOKED | MISSING);
    assert_eq!(Scene::new().list(-1, None).list(1, None).found(), Problems::NONE);
    let held = Scene::new().list(2, Some(CertificateHold)).list(-1, None);
    assert_eq!(held.found(), REVOKED);
}

#[test]
fn a_mode_decides_whether_a_list_must_be_there() {
    assert_eq!(Scene::new().asked(CrlMode::IfPresent), Problems::NONE);
    assert_eq!(Scene::new().asked(CrlMode::Required), MISSING);
    assert_eq!(Scene::new().list(1, None).asked(CrlMode::Required), Problems::NONE);
}

#[test]
fn a_list_of_another_key_with_the_same_name_neither_revokes_nor_counts() {
    let mut scene = Scene::new();
    let other = Maker::authority("Root");
    let entry = (&scene.leaf, Some(KeyCompromise));
    scene.lists.push((other.list((-1, 30), 1, &[entry]), "other".to_owned()));
    assert_eq!(scene.found(), MISSING);
    assert_eq!(scene.list(1, None).found(), Problems::NONE);
}

#[test]
fn a_list_of_another_name_is_no_list_at_all() {
    let mut scene = Scene::new();
    let other = Maker::authority("Other");
    scene.lists.push((other.list((-1, 30), 1, &[(&scene.leaf, None)]), "other".to_owned()));
    assert_eq!(scene.found(), Problems::NONE);
    assert_eq!(scene.asked(CrlMode::Required), MISSING);
}

#[test]
fn an_issuer_without_the_right_to_sign_lists_revokes_and_does_not_clear() {
    let mut params = authority("Root");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = Maker::of(params);
    let leaf = root.sign(&server("a.example"));
    let scene = Scene { root, leaf, lists: Vec::new() }.list(1, None);
    assert_eq!(scene.found(), MISSING);
    assert_eq!(scene.list(2, Some(KeyCompromise)).found(), REVOKED | MISSING);
}

#[test]
fn a_list_for_authorities_does_not_clear_a_server() {
    for (scope, expected) in
        [(CrlScope::CaCertsOnly, MISSING), (CrlScope::UserCertsOnly, Problems::NONE)]
    {
        let mut scene = Scene::new();
        let at = || CrlDistributionPoint { uris: vec!["http://a.example/crl".into()] };
        let mut wanted = server("a.example");
        wanted.crl_distribution_points = vec![at()];
        scene.leaf = scene.root.sign(&wanted);
        let mut params = list((-1, 30), 1, &[]);
        params.issuing_distribution_point =
            Some(CrlIssuingDistributionPoint { distribution_point: at(), scope: Some(scope) });
        scene.lists.push((scene.root.list_of(&params), "partial".to_owned()));
        assert_eq!(scene.found(), expected);
    }
}

#[test]
fn a_list_for_one_place_clears_and_lifts_nothing_for_who_names_no_place() {
    let place = CrlDistributionPoint { uris: vec!["http://a.example/crl/7".into()] };
    let mut params = list((-1, 30), 2, &[]);
    params.issuing_distribution_point =
        Some(CrlIssuingDistributionPoint { distribution_point: place, scope: None });
    let part = |scene: &Scene| (scene.root.list_of(&params), "part".to_owned());
    let mut alone = Scene::new();
    alone.lists.push(part(&alone));
    assert_eq!(alone.found(), MISSING);
    let mut held = Scene::new().list(3, Some(CertificateHold));
    held.lists.push(part(&held));
    assert_eq!(held.found(), REVOKED);
    let mut ended = Scene::new().list(40, None);
    ended.lists.push(part(&ended));
    assert_eq!(ended.found(), EXPIRED);
}

#[test]
fn a_list_for_one_place_clears_those_certificates_that_name_it() {
    let root = Maker::authority("Root");
    let at = |place: &str| CrlDistributionPoint { uris: vec![place.to_owned()] };
    let mut params = list((-1, 30), 1, &[]);
    params.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
        distribution_point: at("http://a.example/1"),
        scope: None,
    });
    let crls = Crls::new(vec![(root.list_of(&params), "one".to_owned())]).unwrap();
    for (place, expected) in
        [("http://a.example/1", Problems::NONE), ("http://a.example/2", MISSING)]
    {
        let mut params = server("a.example");
        params.crl_distribution_points = vec![at(place)];
        let leaf = root.sign(&params);
        let found = crls.revocation(
            &leaf,
            &root.certificate(),
            &[],
            in_mode(CrlMode::IfPresent),
            NOW,
            &mut Budget::new(),
        );
        assert_eq!(found.problems, expected, "{place}");
    }
}

#[test]
fn adding_an_older_list_keeps_the_newer_one_and_adds_its_revocations() {
    let scene = Scene::new().list(1, None).list(40, Some(KeyCompromise));
    let crls = |lists: &[(Vec<u8>, String)]| {
        lists.iter().map(|(der, source)| Crl::from_der(der, source).unwrap()).collect::<Vec<_>>()
    };
    let issuer = scene.root.certificate();
    let more = Crls::default().of(crls(&scene.lists[..1])).of(crls(&scene.lists));
    let found = more.revocation(
        &scene.leaf,
        &issuer,
        &[],
        in_mode(CrlMode::IfPresent),
        NOW,
        &mut Budget::new(),
    );
    assert_eq!(found.problems, REVOKED);
    assert!(found.why[0].contains("list 60 lists its serial number"), "{:?}", found.why);
}

#[test]
fn a_list_that_nobody_can_verify_revokes_a_known_peer() {
    assert_eq!(Scene::new().list(1, Some(KeyCompromise)).unverified(), REVOKED);
    assert_eq!(Scene::new().list(40, Some(KeyCompromise)).list(1, None).unverified(), REVOKED);
    assert_eq!(Scene::new().list(1, None).unverified(), Problems::NONE);
    assert_eq!(Scene::new().unverified(), Problems::NONE);
}

#[test]
fn a_list_with_another_authority_key_says_nothing_of_a_known_peer() {
    let root = Maker::authority("Root");
    let mut params = server("a.example");
    params.use_authority_key_identifier_extension = true;
    let leaf = root.sign(&params);
    let entry = [(&leaf, Some(KeyCompromise))];
    for (maker, expected) in [(&root, REVOKED), (&Maker::authority("Root"), Problems::NONE)] {
        let crls = Crls::new(vec![(maker.list((-1, 30), 1, &entry), "list".to_owned())]).unwrap();
        assert_eq!(
            crls.revocation_unverified(&leaf, &[], CrlMode::Required, NOW, &mut Budget::new()).0,
            expected
        );
    }
}

#[test]
fn a_hold_on_a_known_peer_is_lifted_by_what_an_authority_signed_and_by_nothing_else() {
    let scene = Scene::new().list(2, Some(CertificateHold)).list(1, None);
    assert_eq!(scene.unverified(), REVOKED);
    let root = scene.root.certificate();
    let found = scene.crls().revocation_unverified(
        &scene.leaf,
        &[&root],
        CrlMode::IfPresent,
        NOW,
        &mut Budget::new(),
    );
    assert_eq!(found.0, Problems::NONE);
}

#[test]
fn a_list_whose_signature_nobody_here_can_check_says_that_it_revokes_and_does_not_clear() {
    let scene = Scene::new().list(1, Some(KeyCompromise));
    let secp256k1 =
        [tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), tlv(6, &[0x2b, 0x81, 4, 0, 10])];
    let odd = Parts {
        subject: scene.root.certificate().subject_der().to_vec(),
        spki: spki(&secp256k1.concat(), &[4; 65]),
        ..Parts::default()
    };
    let odd = odd.certificate();
    let crls = scene.crls();
    let demand = in_mode(CrlMode::IfPresent);
    let found = crls.revocation(&scene.leaf, &odd, &[], demand, NOW, &mut Budget::new());
    let (problems, known) = crls.revocation_unverified(
        &scene.leaf,
        &[&odd],
        CrlMode::IfPresent,
        NOW,
        &mut Budget::new(),
    );
    assert!(found.problems.contains(REVOKED) && problems == REVOKED);
    let words = "(its signature cannot be checked with the key of that name, ECDSA secp256k1; such a list can revoke but not clear)";
    for why in [&found.why[0], &known[0]] {
        assert!(why.ends_with(words), "{why}");
    }
    let verified = scene.root.certificate();
    let found = crls.revocation(&scene.leaf, &verified, &[], demand, NOW, &mut Budget::new());
    assert!(found.why[0].contains("was revoked") && !found.why[0].contains("not clear"));
}
