//! The lists of allowed clients, identities, and clients without a certificate.

use super::*;

fn identities(names: &[&str]) -> Option<Arc<BTreeSet<String>>> {
    Some(Arc::new(names.iter().map(|&name| name.to_owned()).collect()))
}

fn names(patterns: &[&str]) -> AllowList {
    let empty = AllowList::default().with(None).unwrap();
    patterns.iter().fold(empty, |list, one| list.with(Some(one)).unwrap())
}

/// One house for each way to vouch for this client; only a list can exclude it.
fn open_houses(root: &Maker, one: &Certificate) -> [House; 4] {
    [
        House::with_directory(&[one]),
        House::of(root),
        House::new().knows(known(one, Problems::UNKNOWN_ISSUER)),
        House::new().asking(),
    ]
}

#[test]
fn a_list_of_names_counts_whoever_vouches() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    for (patterns, fits) in [(&["CN=al*"][..], true), (&["CN=bob", "CN=AL*"], false), (&[], false)]
    {
        for mut house in open_houses(&root, &alice) {
            house.admission.names = names(patterns);
            let judgement = house.hear(&[&alice], None);
            assert_eq!(!matches!(judgement, Judgement::Refused(_)), fits, "{patterns:?}");
            if let Judgement::Refused(error) = judgement {
                assert_eq!(error.kind(), Kind::NotAllowed);
            }
        }
    }
}

#[test]
fn a_list_of_identities_is_compared_whole_whoever_vouches() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    for (list, fits) in [(&["bob", "alice"][..], true), (&["al*", "Alice", "alice "], false)] {
        for mut house in open_houses(&root, &alice) {
            house.admission.identities = identities(list);
            let judgement = house.hear(&[&alice], None);
            assert_eq!(!matches!(judgement, Judgement::Refused(_)), fits, "{list:?}");
        }
    }
}

#[test]
fn an_empty_list_admits_nobody_and_no_client_without_a_certificate() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    let open = || {
        let mut house = House::of(&root);
        house.admission.auth = ClientAuth::Optional;
        house
    };
    let (mut by_name, mut by_identity) = (open(), open());
    by_name.admission.names = names(&[]);
    by_identity.admission.identities = identities(&[]);
    for house in [by_name, by_identity] {
        assert_eq!(house.refuses(&alice).kind(), Kind::NotAllowed);
        assert_eq!(house.refuses_chain(&[]).kind(), Kind::NoClientCertificate);
    }
    let free = open();
    let Judgement::Admitted(nobody) = free.hear(&[], None) else { panic!() };
    assert_eq!((nobody.reason(), nobody.identity()), (Reason::Anonymous, None));
}

#[test]
fn the_identity_is_what_the_rule_says() {
    let root = Maker::authority("Root");
    let mut params = named("alice", &["a.example", "alice@a.example"]);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Lab, Inc");
    let alice = root.sign(&params);
    let mut house = House::of(&root);
    let fingerprint = alice.fingerprint();
    let name = alice.distinguished_name().unwrap();
    assert!(name.contains("\\,"), "{name}");
    for (from, wanted) in [
        (IdentityFrom::CommonName, "alice"),
        (IdentityFrom::DnsName, "a.example"),
        (IdentityFrom::Email, "alice@a.example"),
        (IdentityFrom::DistinguishedName, name.as_str()),
        (IdentityFrom::Sha256, &fingerprint),
    ] {
        house.admission.identity_from = from;
        assert_eq!(house.admits(&alice).name, wanted, "{from:?}");
    }
}

#[test]
fn a_name_is_taken_by_the_rule_that_is_in_force() {
    let root = Maker::authority("Root");
    let owner = Maker::of(named("one", &["a.example"])).certificate();
    let other = root.sign(&named("one", &["b.example"]));
    let third = root.sign(&named("two", &["a.example"]));
    let mut house = House::of(&root).knows(known(&owner, Problems::NONE));
    assert_eq!(house.refuses(&other).kind(), Kind::NotAllowed);
    house.admits(&third);
    house.admission.identity_from = IdentityFrom::DnsName;
    house.admits(&other);
    assert_eq!(house.refuses(&third).kind(), Kind::NotAllowed);
}
