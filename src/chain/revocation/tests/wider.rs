use super::*;
use crate::error::Kind;
use crate::material::testing::{ECDSA_SHA256, attribute, common_name, extension, name, tlv};

/// A list that rcgen cannot make, dated 2026-11-01: its next update, the serial numbers of its
/// entries and its extensions; without extensions it is version 1.
fn odd(maker: &Maker, next: Option<&[u8]>, serials: &[&[u8]], extensions: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
    let entry = |serial: &&[u8]| tlv(0x30, &[tlv(2, serial), tlv(0x17, b"261031000000Z")].concat());
    let mut fields = if extensions.is_empty() { Vec::new() } else { tlv(2, &[1]) };
    fields.extend([&algorithm, maker.certificate().subject_der()].concat());
    fields.extend(tlv(0x17, b"261101000000Z"));
    fields.extend(next.map(|next| tlv(0x17, next)).unwrap_or_default());
    if !serials.is_empty() {
        fields.extend(tlv(0x30, &serials.iter().flat_map(entry).collect::<Vec<_>>()));
    }
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

/// The CRL number, which must be present along with other extensions.
fn number() -> Vec<u8> {
    extension(20, false, &tlv(2, &[1]))
}

fn asked(crls: &Crls, scene: &Scene, signers: &[&Certificate]) -> Revocation {
    let issuer = scene.root.certificate();
    crls.revocation(
        &scene.leaf,
        &issuer,
        signers,
        in_mode(CrlMode::IfPresent),
        NOW,
        &mut Budget::new(),
    )
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
    // Nobody knows which certificates they revoke: that is not read as none.
    let entry = [(&scene.leaf, Some(KeyCompromise))];
    let liars = (0..=LIST_UNITS).map(|_| Maker::authority("Root").list((-1, 30), 1, &entry));
    scene.lists.extend(liars.map(|der| (der, "liar".to_owned())).collect::<Vec<_>>());
    assert_eq!(scene.found(), MISSING);
}

#[test]
fn a_list_is_about_the_kind_that_it_names() {
    for (flag, expected) in [(0x81, Problems::NONE), (0x82, MISSING), (0x85, MISSING)] {
        let mut scene = Scene::new();
        let der = odd(&scene.root, None, &[], &[number(), point(&[tlv(flag, &[0xff])])]);
        scene.lists.push((der, "partial".to_owned()));
        assert_eq!(scene.found(), expected, "{flag:x}");
    }
}

#[test]
fn a_place_relative_to_the_issuer_is_the_same_as_its_full_name() {
    let last = attribute(&[0x55, 4, 11], 0x13, b"CRL1");
    let root = Maker::authority("Root");
    let full = name(&[&[attribute(&[0x55, 4, 3], 0x0c, b"ROOT")], std::slice::from_ref(&last)]);
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
        let der = odd(&root, None, &[], &[number(), point(&[tlv(0xa0, of_list)])]);
        let crls = Crls::new(vec![(der, "list".to_owned())]).unwrap();
        let issuer = root.certificate();
        let found = crls.revocation(
            &leaf,
            &issuer,
            &[],
            in_mode(CrlMode::IfPresent),
            NOW,
            &mut Budget::new(),
        );
        assert_eq!(found.problems, expected, "{of_list:02x?} {of_leaf:02x?}");
    }
}

#[test]
fn a_full_name_with_a_host_in_it_leads_to_no_list() {
    let place = tlv(0x86, b"http://a.example/list");
    for (beside, expected) in [(None, Problems::NONE), (Some(tlv(0x82, b"b.example")), MISSING)] {
        let root = Maker::authority("Root");
        let names = tlv(0xa0, &[place.clone(), beside.unwrap_or_default()].concat());
        let mut params = server("a.example");
        let points = tlv(0x30, &tlv(0x30, &tlv(0xa0, &names)));
        params.custom_extensions =
            vec![rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 31], points)];
        let leaf = root.sign(&params);
        let of_list = tlv(0xa0, &tlv(0xa0, &place));
        let der = odd(&root, None, &[], &[number(), point(&[of_list])]);
        let crls = Crls::new(vec![(der, "list".to_owned())]).unwrap();
        let issuer = root.certificate();
        let found = crls.revocation(
            &leaf,
            &issuer,
            &[],
            in_mode(CrlMode::IfPresent),
            NOW,
            &mut Budget::new(),
        );
        assert_eq!(found.problems, expected);
    }
}

#[test]
fn a_list_out_of_form_revokes_and_clears_nobody_where_form_is_asked_for() {
    let key = extension(35, false, &tlv(0x30, &tlv(0x80, &[7])));
    for (extensions, form, expected) in [
        // As EasyRSA and cfssl write lists: with the key of the issuer, and without a number.
        (vec![key.clone()], false, Problems::NONE),
        (vec![key.clone()], true, MISSING),
        (vec![], false, Problems::NONE),
        (vec![], true, MISSING),
        (vec![number()], true, MISSING),
        (vec![key, number()], true, Problems::NONE),
    ] {
        let mut scene = Scene::new();
        let next = Some(b"270101000000Z".as_slice());
        scene.lists.push((odd(&scene.root, next, &[], &extensions), "list".to_owned()));
        let demand = Demand { form, ..in_mode(CrlMode::IfPresent) };
        let issuer = scene.root.certificate();
        let found =
            scene.crls().revocation(&scene.leaf, &issuer, &[], demand, NOW, &mut Budget::new());
        assert_eq!(found.problems, expected, "{extensions:02x?}");
        let names_it = odd(&scene.root, next, &[scene.leaf.serial()], &extensions);
        scene.lists.push((names_it, "other".to_owned()));
        let found =
            scene.crls().revocation(&scene.leaf, &issuer, &[], demand, NOW, &mut Budget::new());
        assert!(found.problems.contains(REVOKED), "{extensions:02x?}");
    }
}

#[test]
fn the_words_name_what_is_out_of_form() {
    let mut scene = Scene::new();
    scene.lists.push((odd(&scene.root, None, &[], &[]), "crl.pem".to_owned()));
    let demand = Demand { form: true, ..in_mode(CrlMode::IfPresent) };
    let issuer = scene.root.certificate();
    let found = scene.crls().revocation(&scene.leaf, &issuer, &[], demand, NOW, &mut Budget::new());
    let why = "no revocation list (CRL) of CN=Root counts for CN=a.example: crl.pem is of version 1, has no nextUpdate date, has no CRL number, has no authority key identifier";
    assert_eq!(found.why, [why]);
}

#[test]
fn a_newer_list_of_one_scope_does_not_end_the_knowledge_of_another() {
    let mut scene = Scene::new().list(25, None);
    let next = Some(b"261102000000Z".as_slice());
    let der = odd(&scene.root, next, &[], &[number(), point(&[tlv(0x81, &[0xff])])]);
    scene.lists.push((der, "for peers".to_owned()));
    assert_eq!(scene.found(), Problems::NONE);
}

/// If there is no authority at hand.
fn is_back(old: &[Crl], new: &[Crl]) -> Option<Error> {
    let nobody = crate::chain::anchors::Anchors::default();
    crate::chain::revocation::rollback::rolled_back(old, new, &nobody, NOW)
}

#[test]
fn going_back_is_told_by_date_by_number_and_by_what_is_gone() {
    let read = |scene: &Scene| -> Vec<Crl> {
        scene.lists.iter().map(|(der, name)| Crl::from_der(der, name).unwrap()).collect()
    };
    let root = Maker::authority("Root");
    let made = |days, number| Crl::from_der(&root.list((days, 30), number, &[]), "a").unwrap();
    let now = made(-2, 7);
    for (new, goes_back) in [
        (made(-3, 8), true),
        (made(-2, 6), true),
        (made(-2, 7), false),
        (made(-2, 8), false),
        (made(-1, 1), false),
    ] {
        let found = is_back(std::slice::from_ref(&now), &[new]);
        assert_eq!(found.map(|error| error.kind()), goes_back.then_some(Kind::CrlRollback));
    }
    let other = read(&Scene { root: Maker::authority("Other"), ..Scene::new() }.list(1, None));
    assert!(is_back(std::slice::from_ref(&now), &other).is_some());
    assert!(is_back(std::slice::from_ref(&now), &[other[0].clone(), made(-2, 7)]).is_none());
    let partial = odd(&root, None, &[], &[number(), point(&[tlv(0x81, &[0xff])])]);
    assert!(is_back(&[now], &[Crl::from_der(&partial, "a").unwrap()]).is_some());
}

#[test]
fn the_words_say_why_no_list_counts() {
    let why = |scene: &Scene| {
        let issuer = scene.root.certificate();
        let found = scene.crls().revocation(
            &scene.leaf,
            &issuer,
            &[],
            Demand { mode: CrlMode::Required, grace: 0, form: false },
            NOW,
            &mut Budget::new(),
        );
        found.why.concat()
    };
    let with = |extensions: &[Vec<u8>]| {
        let mut scene = Scene::new();
        scene.lists.push((odd(&scene.root, None, &[], extensions), "list".to_owned()));
        scene
    };
    let mut foreign = Scene::new();
    let other = Maker::authority("Root");
    foreign.lists.push((other.list((-1, 30), 1, &[]), "list".to_owned()));
    for (scene, part) in [
        (Scene::new(), "counts for CN=a.example: none was added"),
        (foreign, ": list is not signed by its key"),
        (with(&[number(), point(&[tlv(0x82, &[0xff])])]), "list covers other certificates"),
        (Scene::new().list(-1, None), "list 101 is not valid before 2026-11-22"),
        (Scene::new().list(1, Some(KeyCompromise)), "of CN=a.example was revoked: list 99 lists"),
    ] {
        assert!(why(&scene).contains(part), "{part}: {}", why(&scene));
    }
}

#[test]
fn a_list_whose_signature_cannot_be_computed_revokes_and_never_clears() {
    // ECDSA with SHA-224, of the same length.
    let uncomputable = |der: Vec<u8>| -> Vec<u8> {
        let (old, new) = (ECDSA_SHA256, [&ECDSA_SHA256[..7], &[1]].concat());
        let mut out = der;
        while let Some(at) = out.windows(old.len()).position(|part| part == old) {
            out[at..at + old.len()].copy_from_slice(&new);
        }
        out
    };
    let scene = Scene::new();
    let entry = [(&scene.leaf, Some(KeyCompromise))];
    let names_it = uncomputable(scene.root.list((-1, 30), 1, &entry));
    let silent = uncomputable(scene.root.list((-1, 30), 1, &[]));
    let honest = scene.root.list((-1, 30), 2, &[]);
    let words = "ECDSA with SHA-224";
    for (lists, expected) in [
        (vec![names_it.clone()], REVOKED | MISSING),
        (vec![names_it, honest.clone()], REVOKED),
        (vec![silent.clone()], MISSING),
        (vec![silent, honest], Problems::NONE),
    ] {
        let lists = lists.into_iter().map(|der| (der, "list".to_owned())).collect();
        let found = asked(&Crls::new(lists).unwrap(), &scene, &[]);
        assert_eq!(found.problems, expected, "{:?}", found.why);
        let is_named = found.why.iter().any(|why| why.contains(words));
        assert_eq!(is_named, expected != Problems::NONE, "{:?}", found.why);
    }
    // One that names another key than the certificate's issuer has is somebody else's.
    let other = Maker::authority("Root");
    let mut params = server("a.example");
    params.use_authority_key_identifier_extension = true;
    let leaf = scene.root.sign(&params);
    let list = uncomputable(other.list((-1, 30), 1, &[(&leaf, Some(KeyCompromise))]));
    let crls = Crls::new(vec![(list, "list".to_owned())]).unwrap();
    let issuer = scene.root.certificate();
    let demand = in_mode(CrlMode::IfPresent);
    let found = crls.revocation(&leaf, &issuer, &[], demand, NOW, &mut Budget::new());
    assert_eq!(found.problems, MISSING, "{:?}", found.why);
}
