//! Known clients, and questions about unknown ones.

use super::*;

#[test]
fn a_known_client_comes_in_by_its_very_certificate() {
    let alice = Maker::of(own_authority("alice"));
    let house = House::new().knows(known(&alice.certificate(), Problems::NONE));
    let identity = house.admits(&alice.certificate());
    assert_eq!((identity.name.as_str(), identity.source), ("alice", IdentitySource::Answer));
    let other = Maker::with_key(named("alice", &[]), alice.key()).certificate();
    assert!(house.refuses(&other).problems().contains(Problems::UNKNOWN_ISSUER));
}

#[test]
fn the_entry_of_a_server_lets_no_client_in() {
    let alice = alone("alice");
    let entry = Entry { role: Role::Server, ..known(&alice, Problems::NONE) };
    assert_eq!(House::new().knows(entry).refuses(&alice).kind(), Kind::CertificateUnknown);
}

#[test]
fn a_known_client_with_a_new_problem_is_asked_about_or_refused() {
    let alice = at_another_time("alice", -9, -1);
    let house = House::new().knows(known(&alice, Problems::NONE));
    let error = house.refuses(&alice);
    assert_eq!(error.problems(), Problems::EXPIRED);
    assert!(error.message().contains("is known since"), "{error}");
    let asked = house.asking().asks(&alice);
    assert_eq!((asked.problems, asked.identity.as_deref()), (Problems::EXPIRED, Some("alice")));
    assert!(asked.previous.is_some());
    let accepting = House::new().knows(known(&alice, Problems::EXPIRED));
    accepting.admits(&alice);
}

#[test]
fn an_entry_that_is_over_admits_nobody() {
    let alice = alone("alice");
    let over = Entry { expires: Some(NOW - 1), ..known(&alice, Problems::NONE) };
    let house = House::new().knows(over);
    let error = house.refuses(&alice);
    assert!(error.message().contains("expired on"), "{error}");
    assert_eq!(house.asking().asks(&alice).problems, Problems::NONE);
    let last_moment = Entry { expires: Some(NOW), ..known(&alice, Problems::NONE) };
    House::new().knows(last_moment).admits(&alice);
}

#[test]
fn what_was_allowed_for_the_session_adds_to_what_was_accepted() {
    let alice = at_another_time("alice", -9, -1);
    let mut house = House::new().knows(known(&alice, Problems::NONE));
    house.session.push(known(&alice, Problems::EXPIRED));
    house.admits(&alice);
}

#[test]
fn two_known_clients_with_one_name_are_both_refused() {
    let (one, other) = (alone("alice"), alone("alice"));
    let entries = [&one, &other].map(|one| known(one, Problems::NONE));
    let house = entries.into_iter().fold(House::new().asking(), House::knows);
    for one in [&one, &other] {
        assert_eq!(house.refuses(one).kind(), Kind::NotAllowed);
    }
}

#[test]
fn a_known_client_cannot_keep_a_name_that_came_into_the_directory() {
    let (known_one, owner) = (alone("alice"), alone("alice"));
    let house = House::with_directory(&[&owner]).knows(known(&known_one, Problems::NONE));
    assert_eq!(house.refuses(&known_one).kind(), Kind::NotAllowed);
    assert_eq!(house.admits(&owner).source, IdentitySource::Directory);
}

// ---------- questions ----------

#[test]
fn only_where_the_policy_says_so_is_a_client_asked_about() {
    let alice = alone("alice");
    for policy in [Policy::Auto, Policy::Refuse, Policy::Allow] {
        let house = House { policy, ..House::new() };
        let error = house.refuses(&alice);
        assert_eq!(error.kind(), Kind::CertificateUnknown, "{policy:?}");
        assert!(error.message().contains("no authority at all"), "{error}");
    }
    let proposal = House { asking: Asking::Proposal, ..House::new().asking() };
    assert_eq!(proposal.refuses(&alice).kind(), Kind::CertificateUnknown);
    let asked = House::new().asking().asks(&alice);
    assert_eq!((asked.situation, asked.role), (Situation::Client, Role::Client));
    assert_eq!(asked.endpoint, None);
}

#[test]
fn nobody_is_asked_about_a_name_that_is_anothers() {
    let (owner, thief) = (alone("alice"), alone("alice"));
    let houses = [
        House::with_directory(&[&owner]).asking(),
        House::new().knows(known(&owner, Problems::NONE)).asking(),
    ];
    for house in houses {
        assert_eq!(house.refuses(&thief).kind(), Kind::NotAllowed);
    }
}

#[test]
fn an_answer_cannot_give_away_a_name_that_was_taken_meanwhile() {
    let (owner, thief) = (alone("alice"), alone("alice"));
    let house = House::new().asking();
    let grant = Grant { asked: house.asks(&thief) };
    assert!(matches!(house.hear(&[&thief], Some(&grant)), Judgement::Admitted(_)));
    let house = house.knows(known(&owner, Problems::NONE));
    assert!(matches!(house.hear(&[&thief], Some(&grant)), Judgement::Refused(_)));
}

#[test]
fn an_answer_covers_the_problems_that_were_shown_and_no_more() {
    let alice = at_another_time("alice", -9, 1);
    let mut house = House::new().asking();
    let grant = Grant { asked: house.asks(&alice) };
    let admitted = house.hear(&[&alice], Some(&grant));
    assert!(matches!(admitted, Judgement::Admitted(one) if one.reason() == Reason::Answer));
    house.now = NOW + 2 * DAY;
    let Judgement::Ask(asked) = house.hear(&[&alice], Some(&grant)) else { panic!() };
    assert!(asked.problems.contains(Problems::EXPIRED));
    assert!(matches!(house.hear(&[&alone("alice")], Some(&grant)), Judgement::Ask(_)));
}

#[test]
fn no_answer_helps_a_revoked_client() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    let mut house = House::new().asking();
    let grant = Grant { asked: house.asks(&alice) };
    house.rules.crls = crls(&[root.list((-1, 9), 1, &[(&alice, None)])]);
    let Judgement::Refused(error) = house.hear(&[&alice], Some(&grant)) else { panic!() };
    assert_eq!(error.kind(), Kind::CertificateRevoked);
}

#[test]
fn a_client_without_a_name_is_not_asked_about() {
    let nobody = Maker::authority("").certificate();
    let error = House::new().asking().refuses(&nobody);
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.problems().contains(Problems::UNKNOWN_ISSUER));
}
