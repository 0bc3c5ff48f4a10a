#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use rcgen::RevocationReason::{self, CertificateHold, KeyCompromise, RemoveFromCrl};
use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyUsagePurpose};

use super::super::testing::{DAY, Maker, NOW, authority, list, server};
use super::*;
use crate::material::testing::{attribute, common_name, extension, name, tlv};

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

    /// A list that is so many days old and names the leaf for this reason, or does not.
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
        self.crls().revocation(&self.leaf, &issuer, &[], mode, grace, now).problems
    }

    fn found(&self) -> Problems {
        self.asked(CrlMode::IfPresent)
    }

    fn unverified(&self) -> Problems {
        self.crls().revocation_unverified(&self.leaf, &[], CrlMode::IfPresent, NOW).0
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
        let found = crls.revocation(&scene.leaf, &issuer, &[], CrlMode::Required, 0, NOW).problems;
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
        let mut params = list((-1, 30), 1, &[]);
        params.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint { uris: vec!["http://a.example/crl".into()] },
            scope: Some(scope),
        });
        scene.lists.push((scene.root.list_of(&params), "partial".to_owned()));
        assert_eq!(scene.found(), expected);
    }
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
        let found = crls.revocation(&leaf, &root.certificate(), &[], CrlMode::IfPresent, 0, NOW);
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
    let found = more.revocation(&scene.leaf, &issuer, &[], CrlMode::IfPresent, 0, NOW);
    assert_eq!(found.problems, REVOKED);
    assert!(found.why[0].contains("list 60 names its serial number"), "{:?}", found.why);
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
        assert_eq!(crls.revocation_unverified(&leaf, &[], CrlMode::Required, NOW).0, expected);
    }
}

#[test]
fn a_hold_on_a_known_peer_is_lifted_by_what_an_authority_signed_and_by_nothing_else() {
    let scene = Scene::new().list(2, Some(CertificateHold)).list(1, None);
    assert_eq!(scene.unverified(), REVOKED);
    let root = scene.root.certificate();
    let found = scene.crls().revocation_unverified(&scene.leaf, &[&root], CrlMode::IfPresent, NOW);
    assert_eq!(found.0, Problems::NONE);
}

/// A list that rcgen does not make, 2026-11-01 its date: its next update, its entries' serial
/// numbers and its extensions; without these it is of version 1.
fn odd(maker: &Maker, next: Option<&[u8]>, serials: &[&[u8]], extensions: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
    let entry = |serial: &&[u8]| tlv(0x30, &[tlv(2, serial), tlv(0x17, b"261031000000Z")].concat());
    let mut fields = if extensions.is_empty() { Vec::new() } else { tlv(2, &[1]) };
    fields.extend([&algorithm, maker.certificate().subject_der()].concat());
    fields.extend(tlv(0x17, b"261101000000Z"));
    fields.extend(next.map(|next| tlv(0x17, next)).unwrap_or_default());
    fields.extend(tlv(0x30, &serials.iter().flat_map(entry).collect::<Vec<_>>()));
    if !extensions.is_empty() {
        fields.extend(tlv(0xa0, &tlv(0x30, &extensions.concat())));
    }
    let body = tlv(0x30, &fields);
    let signature = rcgen::SigningKey::sign(&maker.key(), &body).unwrap();
    tlv(0x30, &[body, algorithm, tlv(3, &[&[0], signature.as_slice()].concat())].concat())
}

fn point(parts: &[Vec<u8>]) -> Vec<u8> {
    extension(28, true, &tlv(0x30, &parts.concat()))
}

fn asked(crls: &Crls, scene: &Scene, signers: &[&Certificate]) -> Revocation {
    let issuer = scene.root.certificate();
    crls.revocation(&scene.leaf, &issuer, signers, CrlMode::IfPresent, 0, NOW)
}

#[test]
fn revoked_wins_whatever_stands_beside_it() {
    let other = Maker::authority("Root");
    let (revoking, clean) = (Some(KeyCompromise), None);
    for (age, reason) in [(1, revoking), (2, revoking), (40, revoking), (-1, revoking)] {
        let mut scene = Scene::new().list(age, reason).list(-2, clean).list(3, clean);
        scene.lists.push((other.list((-1, 30), 7, &[]), "other".to_owned()));
        for order in orders(4) {
            let lists = order.iter().map(|index| scene.lists[*index].clone()).collect();
            let found = asked(&Crls::new(lists).unwrap(), &scene, &[]);
            assert_eq!(found.problems, REVOKED, "{age} {order:?}");
        }
    }
}

#[test]
fn a_list_of_version_1_revokes_in_every_order() {
    let mut scene = Scene::new().list(1, None).list(40, None).list(-1, None);
    scene.lists.push((odd(&scene.root, None, &[scene.leaf.serial()], &[]), "old".to_owned()));
    for order in orders(4) {
        let lists = order.iter().map(|index| scene.lists[*index].clone()).collect();
        assert_eq!(asked(&Crls::new(lists).unwrap(), &scene, &[]).problems, REVOKED, "{order:?}");
    }
}

#[test]
fn a_list_without_a_next_update_never_ends() {
    let mut scene = Scene::new();
    scene.lists.push((odd(&scene.root, None, &[], &[]), "endless".to_owned()));
    assert_eq!(scene.found(), Problems::NONE);
    assert_eq!(scene.asked_at(CrlMode::Required, 0, i64::MAX), Problems::NONE);
    assert_eq!(asked(&scene.crls(), &scene, &[]).window.until, i64::MAX);
    let mut ended = Scene::new();
    ended.lists.push((odd(&ended.root, Some(b"261102000000Z"), &[], &[]), "ended".to_owned()));
    assert_eq!(ended.found(), EXPIRED);
}

#[test]
fn a_list_finds_its_issuer_however_the_name_is_written() {
    let root = Maker::authority("Root");
    let leaf = root.sign(&server("a.example"));
    let same = Maker::with_key(authority(" rOOT "), root.key());
    let der = same.list((-1, 30), 1, &[(&leaf, Some(KeyCompromise))]);
    let scene = Scene { root, leaf, lists: vec![(der, "list".to_owned())] };
    assert_eq!(scene.found(), REVOKED);
    assert_eq!(scene.unverified(), REVOKED);
}

#[test]
fn another_certificate_of_the_authority_may_sign_its_lists() {
    let mut scene = Scene::new();
    let signer = Maker::authority("Root");
    scene.lists.push((signer.list((-1, 30), 1, &[]), "list".to_owned()));
    let certificate = signer.certificate();
    assert_eq!(asked(&scene.crls(), &scene, &[]).problems, MISSING);
    assert_eq!(asked(&scene.crls(), &scene, &[&certificate]).problems, Problems::NONE);
    let entry = (&scene.leaf, Some(KeyCompromise));
    scene.lists.push((signer.list((-2, 30), 2, &[entry]), "list".to_owned()));
    assert_eq!(asked(&scene.crls(), &scene, &[&certificate]).problems, REVOKED);
}

#[test]
fn no_other_certificate_signs_for_an_authority() {
    let mut without_right = authority("Root");
    without_right.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    for signer in [Maker::of(without_right), Maker::authority("Other")] {
        let mut scene = Scene::new();
        let named = Maker::with_key(authority("Root"), signer.key());
        scene.lists.push((named.list((-1, 30), 1, &[]), "list".to_owned()));
        let found = asked(&scene.crls(), &scene, &[&signer.certificate()]);
        assert_eq!(found.problems, MISSING);
    }
}

#[test]
fn an_answer_says_how_long_it_stays_the_same() {
    let window = |scene: &Scene| asked(&scene.crls(), scene, &[]).window;
    assert_eq!(window(&Scene::new()), Window::ALWAYS);
    let day = |days: i64| NOW + days * DAY;
    let fresh = Scene::new().list(3, None).list(1, None);
    assert_eq!(window(&fresh), Window { from: day(-1), until: day(29) });
    let until_the_next = fresh.list(-5, None);
    assert_eq!(window(&until_the_next), Window { from: day(-1), until: day(5) - 1 });
    let one = Window { from: 1, until: 5 };
    assert_eq!(one.and(Window { from: 3, until: 9 }), Window { from: 3, until: 5 });
}

#[test]
fn the_edges_of_the_window_are_those_of_the_answer() {
    let scene = Scene::new().list(1, None).list(-5, None);
    let at = |now| scene.asked_at(CrlMode::IfPresent, 0, now);
    let window = asked(&scene.crls(), &scene, &[]).window;
    assert_eq!(at(window.from), Problems::NONE);
    assert_eq!(at(window.from - 1), MISSING);
    let ended = Scene::new().list(40, None);
    let found = asked(&ended.crls(), &ended, &[]).window;
    assert_eq!(ended.asked_at(CrlMode::IfPresent, 0, found.from), EXPIRED);
    assert_eq!(ended.asked_at(CrlMode::IfPresent, 0, found.from - 1), Problems::NONE);
}

#[test]
fn what_was_found_out_about_a_list_outlives_another_one() {
    let scene = Scene::new().list(1, None).list(2, None);
    let read = |at: usize| Crl::from_der(&scene.lists[at].0, &scene.lists[at].1).unwrap();
    let before = Crls::default().of([read(0)]);
    assert_eq!(asked(&before, &scene, &[]).problems, Problems::NONE);
    let after = before.of([read(1), read(0), read(0)]);
    let [one, other] = [&before, &after].map(|crls| crls.by_issuer.values().next().unwrap());
    assert_eq!(other.len(), 2);
    assert!(Arc::ptr_eq(&one[0], &other[0]));
}

#[test]
fn namesakes_with_a_list_each_do_not_hide_the_right_one() {
    let mut scene = Scene::new();
    for number in 0..100 {
        let other = Maker::authority("Root");
        scene.lists.push((other.list((-1, 30), number, &[]), "other".to_owned()));
    }
    let mut scene = scene.list(2, None);
    assert_eq!(scene.found(), Problems::NONE);
    // Nobody knows which of them revoke: it is not taken for none.
    let entry = [(&scene.leaf, Some(KeyCompromise))];
    let liars = (0..100).map(|_| Maker::authority("Root").list((-1, 30), 1, &entry));
    scene.lists.extend(liars.map(|der| (der, "liar".to_owned())).collect::<Vec<_>>());
    assert_eq!(scene.found(), MISSING);
}

#[test]
fn a_list_is_about_the_kind_that_it_names() {
    for (flag, expected) in [(0x81, Problems::NONE), (0x82, MISSING), (0x85, MISSING)] {
        let mut scene = Scene::new();
        let der = odd(&scene.root, None, &[], &[point(&[tlv(flag, &[0xff])])]);
        scene.lists.push((der, "partial".to_owned()));
        assert_eq!(scene.found(), expected, "{flag:x}");
    }
}

#[test]
fn a_place_relative_to_the_issuer_is_the_same_as_its_full_name() {
    let last = attribute(&[0x55, 4, 11], 0x13, b"CRL1");
    let root = Maker::authority("Root");
    let full = name(&[&[attribute(&[0x55, 4, 3], 0x0c, b"ROOT")], &[last.clone()]]);
    let full = tlv(0xa0, &tlv(0xa4, &full));
    let relative = tlv(0xa1, &last);
    let elsewhere = tlv(0xa0, &tlv(0xa4, &common_name("Root")));
    for (of_list, of_leaf, expected) in [
        (&full, &full, Problems::NONE),
        (&full, &relative, Problems::NONE),
        (&relative, &full, Problems::NONE),
        (&relative, &relative, Problems::NONE),
        (&relative, &elsewhere, MISSING),
    ] {
        let mut params = server("a.example");
        let points = tlv(0x30, &tlv(0x30, &tlv(0xa0, of_leaf)));
        params.custom_extensions =
            vec![rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 31], points)];
        let leaf = root.sign(&params);
        let der = odd(&root, None, &[], &[point(&[tlv(0xa0, of_list)])]);
        let crls = Crls::new(vec![(der, "list".to_owned())]).unwrap();
        let issuer = root.certificate();
        let found = crls.revocation(&leaf, &issuer, &[], CrlMode::IfPresent, 0, NOW);
        assert_eq!(found.problems, expected, "{of_list:02x?} {of_leaf:02x?}");
    }
}

#[test]
fn a_newer_list_of_one_scope_does_not_end_the_knowledge_of_another() {
    let mut scene = Scene::new().list(25, None);
    let next = Some(b"261102000000Z".as_slice());
    let der = odd(&scene.root, next, &[], &[point(&[tlv(0x81, &[0xff])])]);
    scene.lists.push((der, "for peers".to_owned()));
    assert_eq!(scene.found(), Problems::NONE);
}

#[test]
fn going_back_is_told_by_date_by_number_and_by_what_is_gone() {
    let read = |scene: &Scene| -> Vec<Crl> {
        scene.lists.iter().map(|(der, name)| Crl::from_der(der, name).unwrap()).collect()
    };
    let root = Maker::authority("Root");
    let made = |days, number| Crl::from_der(&root.list((days, 30), number, &[]), "a").unwrap();
    let now = made(-2, 7);
    for (new, is_back) in [
        (made(-3, 8), true),
        (made(-2, 6), true),
        (made(-2, 7), false),
        (made(-2, 8), false),
        (made(-1, 1), false),
    ] {
        let found = rolled_back(&[now.clone()], &[new]);
        assert_eq!(found.map(|error| error.kind()), is_back.then_some(Kind::CrlRollback));
    }
    let other = read(&Scene { root: Maker::authority("Other"), ..Scene::new() }.list(1, None));
    assert!(rolled_back(&[now.clone()], &other).is_some());
    assert!(rolled_back(&[now.clone()], &[other[0].clone(), made(-2, 7)]).is_none());
    let partial = odd(&root, None, &[], &[point(&[tlv(0x81, &[0xff])])]);
    assert!(rolled_back(&[now], &[Crl::from_der(&partial, "a").unwrap()]).is_some());
}
