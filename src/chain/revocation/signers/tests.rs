use std::sync::Arc;

use rcgen::{CertificateParams, KeyUsagePurpose, RevocationReason};

use super::*;
use crate::chain::assess::assess_path;
use crate::chain::{Anchors, Crls, Rules};
use crate::host::Role;
use crate::material::testing::{Maker, NOW, authority, day, server};

fn given(rules: &Rules) -> Given<'_> {
    let demand = Demand { mode: rules.crl_mode, grace: rules.crl_grace, form: false };
    Given { anchors: &rules.anchors, crls: &rules.crls, demand }
}

/// What a test changes in a sound second certificate.
type Change = fn(&mut CertificateParams);

/// An authority below a root, and the signers of lists under its name.
struct Scene {
    root: Maker,
    issuer: Maker,
    leaf: Certificate,
    lists: Vec<Vec<u8>>,
}

impl Scene {
    fn new() -> Self {
        let root = Maker::authority("Root");
        let issuer = root.below(authority("Issuer"));
        let leaf = issuer.sign(&server("a.example"));
        Self { root, issuer, leaf, lists: Vec::new() }
    }

    fn with_list(mut self, of: &Maker) -> Self {
        self.lists.push(of.list((-1, 30), 1, &[]));
        self
    }

    fn rules(&self) -> Rules {
        let lists = self.lists.iter().map(|der| (der.clone(), "list".to_owned())).collect();
        Rules {
            anchors: Arc::new(Anchors::new(vec![self.root.certificate()])),
            crls: Arc::new(Crls::new(lists).unwrap()),
            ..Rules::default()
        }
    }

    /// Who may have signed lists of the issuer, with the root above it, when these are sent along
    /// with the leaf and the issuer.
    fn others(&self, sent: &[&Maker], now: i64) -> Vec<Certificate> {
        self.others_below(sent, now, Some(&self.root.certificate()))
    }

    fn others_below(
        &self,
        sent: &[&Maker],
        now: i64,
        superior: Option<&Certificate>,
    ) -> Vec<Certificate> {
        let mut chain = vec![self.leaf.clone(), self.issuer.certificate()];
        chain.extend(sent.iter().map(|maker| maker.certificate()));
        let rules = self.rules();
        let case = Case { role: Role::Server, name: None, chain: &chain, now };
        let issuer = self.issuer.certificate();
        let found = others(&case, given(&rules), &self.leaf, &issuer, superior, &mut Work::new());
        found.0.into_iter().cloned().collect()
    }
}

/// A certificate for signing lists only.
fn for_lists(name: &str) -> CertificateParams {
    let mut params = authority(name);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    params
}

/// Whether a second certificate of the issuer, from the root and with this change, may sign lists.
fn counts(change: Change) -> bool {
    counts_at(NOW, change)
}

fn counts_at(now: i64, change: Change) -> bool {
    let scene = Scene::new();
    let mut params = for_lists("Issuer");
    change(&mut params);
    let second = scene.root.below(params);
    let scene = scene.with_list(&second);
    let found = scene.others(&[&second], now);
    assert!(found.is_empty() || found == [second.certificate()]);
    !found.is_empty()
}

#[test]
fn a_second_certificate_from_the_issuer_or_from_above_it_signs_lists() {
    let scene = Scene::new();
    let from_above = scene.root.below(for_lists("Issuer"));
    let own = scene.issuer.below(for_lists("Issuer"));
    let scene = scene.with_list(&own);
    let both = [from_above.certificate(), own.certificate()];
    assert_eq!(scene.others(&[&from_above, &own], NOW), both);
    // Directly below the authority there is nothing above the issuer.
    assert_eq!(scene.others_below(&[&from_above, &own], NOW, None), both[1..]);
}

#[test]
fn nobody_else_vouches_for_a_second_certificate() {
    let scene = Scene::new();
    let stranger = Maker::authority("Stranger").below(for_lists("Issuer"));
    let by_itself = Maker::of(for_lists("Issuer"));
    let impostor = Maker::authority("Root").below(for_lists("Issuer"));
    let scene = scene.with_list(&stranger);
    assert_eq!(scene.others(&[&stranger, &by_itself, &impostor], NOW), []);
}

#[test]
fn a_signature_of_the_right_key_under_another_name_does_not_vouch() {
    let scene = Scene::new();
    let renamed = Maker::with_key(authority("Renamed"), scene.root.key());
    let second = renamed.below(for_lists("Issuer"));
    let scene = scene.with_list(&second);
    assert_eq!(scene.others(&[&second], NOW), []);
}

#[test]
fn a_second_certificate_has_the_name_of_the_issuer_however_it_is_written() {
    assert!(counts(|_| {}));
    assert!(counts(|params| params.distinguished_name = authority(" ISSUER ").distinguished_name));
    assert!(!counts(|params| params.distinguished_name = authority("Other").distinguished_name));
}

#[test]
fn a_second_certificate_says_by_its_key_usage_that_it_is_for_lists() {
    assert!(!counts(|params| params.key_usages.clear()));
    assert!(!counts(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]));
}

#[test]
fn a_second_certificate_is_valid_now() {
    assert!(counts(|params| params.not_after = day(0)));
    assert!(counts(|params| params.not_before = day(0)));
    assert!(!counts_at(NOW + 1, |params| params.not_after = day(0)));
    assert!(!counts_at(NOW - 1, |params| params.not_before = day(0)));
}

#[test]
fn a_second_certificate_has_no_critical_extension_that_nobody_knows() {
    assert!(!counts(|params| {
        let mut strange = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        strange.set_criticality(true);
        params.custom_extensions.push(strange);
    }));
}

#[test]
fn a_revoked_second_certificate_signs_no_lists() {
    let scene = Scene::new();
    let second = scene.root.below(for_lists("Issuer"));
    let mut scene = scene.with_list(&second);
    for (reason, expected) in
        [(None, vec![second.certificate()]), (Some(RevocationReason::KeyCompromise), vec![])]
    {
        let other = scene.leaf.clone();
        let named = if reason.is_some() { second.certificate() } else { other };
        scene.lists.push(scene.root.list((-1, 30), 1, &[(&named, reason)]));
        assert_eq!(scene.others(&[&second], NOW), expected, "{reason:?}");
    }
}

#[test]
fn nobody_is_looked_for_where_the_issuer_has_no_list() {
    let scene = Scene::new();
    let second = scene.root.below(for_lists("Issuer"));
    assert_eq!(scene.others(&[&second], NOW), []);
    let unrelated = Maker::authority("Unrelated");
    assert_eq!(scene.with_list(&unrelated).others(&[&second], NOW), []);
}

#[test]
fn neither_the_leaf_nor_the_issuer_is_another_certificate_of_the_issuer() {
    let scene = Scene::new();
    let leaf = scene.root.below(for_lists("Issuer"));
    let mut scene = scene.with_list(&leaf);
    scene.leaf = leaf.certificate();
    assert_eq!(scene.others(&[], NOW), []);
    assert_eq!(scene.others(&[&leaf], NOW), [leaf.certificate()], "unless it is sent again");
}

#[test]
fn only_the_first_few_namesakes_are_looked_at() {
    let scene = Scene::new();
    let junk: Vec<Maker> = (0..MAX).map(|_| Maker::of(for_lists("Issuer"))).collect();
    let second = scene.root.below(for_lists("Issuer"));
    let scene = scene.with_list(&second);
    let mut sent: Vec<&Maker> = junk.iter().collect();
    sent.push(&second);
    assert_eq!(scene.others(&sent, NOW), []);
    assert_eq!(scene.others(&sent[1..], NOW), [second.certificate()]);
}

#[test]
fn what_a_second_certificate_signed_revokes_along_the_path() {
    let scene = Scene::new();
    let second = scene.root.below(for_lists("Issuer"));
    let outsider = Maker::of(for_lists("Issuer"));
    for (signer, expected) in [(&second, Problems::REVOKED), (&outsider, Problems::CRL_MISSING)] {
        let entry = (&scene.leaf, Some(RevocationReason::KeyCompromise));
        let list = signer.list((-1, 30), 1, &[entry]);
        let rules = Rules {
            crls: Arc::new(Crls::new(vec![(list, "list".to_owned())]).unwrap()),
            ..scene.rules()
        };
        let chain = [scene.leaf.clone(), scene.issuer.certificate(), signer.certificate()];
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        assert_eq!(assess_path(&case, &rules).problems, expected);
    }
}

#[test]
fn the_older_key_of_an_authority_signs_for_the_newer_one() {
    let older = Maker::authority("Issuer");
    let newer = older.below(authority("Issuer"));
    let leaf = newer.sign(&server("a.example"));
    let namesake = Maker::authority("Issuer");
    for (signer, expected) in [(&older, Problems::NONE), (&namesake, Problems::CRL_MISSING)] {
        // First the older certificate ends the path, then the newer one is an authority itself.
        for anchors in [vec![&older, &namesake], vec![&newer, &older, &namesake]] {
            let anchors = anchors.into_iter().map(Maker::certificate).collect();
            let list = (signer.list((-1, 30), 1, &[]), "list".to_owned());
            let rules = Rules {
                anchors: Arc::new(Anchors::new(anchors)),
                crls: Arc::new(Crls::new(vec![list]).unwrap()),
                ..Rules::default()
            };
            let chain = [leaf.clone(), newer.certificate()];
            let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
            assert_eq!(assess_path(&case, &rules).problems, expected);
        }
    }
}

#[test]
fn an_answer_holds_only_as_long_as_those_who_sign_are_the_same() {
    for (change, expected) in [
        ((|params| params.not_after = day(5)) as Change, (None, Some(5))),
        (|params| params.not_before = day(5), (None, Some(5))),
        (|params| params.not_after = day(-5), (Some(-5), None)),
        (|params| params.not_before = day(-5), (Some(-5), None)),
    ] {
        let scene = Scene::new();
        let mut params = for_lists("Issuer");
        change(&mut params);
        let second = scene.root.below(params);
        let scene = scene.with_list(&second);
        let chain = [scene.leaf.clone(), scene.issuer.certificate(), second.certificate()];
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        let (issuer, root) = (scene.issuer.certificate(), scene.root.certificate());
        let rules = scene.rules();
        let (_, window) =
            others(&case, given(&rules), &scene.leaf, &issuer, Some(&root), &mut Work::new());
        let near = |time: i64, days: Option<i64>| {
            days.is_none_or(|days| (time - NOW - days * crate::material::testing::DAY).abs() <= 1)
        };
        assert!(near(window.from, expected.0) && near(window.until, expected.1), "{window:?}");
    }
}

#[test]
fn a_second_signer_lifts_nothing_that_the_issuer_revoked() {
    let scene = Scene::new();
    let second = scene.root.below(for_lists("Issuer"));
    let revoking = (&scene.leaf, Some(RevocationReason::KeyCompromise));
    let lifting = (&scene.leaf, Some(RevocationReason::RemoveFromCrl));
    for (signer, expected) in [(&second, true), (&scene.issuer, false)] {
        let lists =
            [scene.issuer.list((-3, 30), 1, &[revoking]), signer.list((-1, 30), 2, &[lifting])];
        let lists = lists.into_iter().map(|der| (der, "list".to_owned())).collect();
        let rules = Rules { crls: Arc::new(Crls::new(lists).unwrap()), ..scene.rules() };
        let chain = [scene.leaf.clone(), scene.issuer.certificate(), second.certificate()];
        let case = Case { role: Role::Server, name: None, chain: &chain, now: NOW };
        let problems = assess_path(&case, &rules).problems;
        assert_eq!(problems.contains(Problems::REVOKED), expected);
    }
}
