use super::super::testing::check;
use super::*;

const NOW: &str = "2026-12-01T00:00:00Z";

fn hint(problems: Problems, details: &[Detail]) -> String {
    of(Side::Server, problems, details)
}

fn of(side: Side, problems: Problems, details: &[Detail]) -> String {
    let whom = match side {
        Side::Server => "a.example:16514",
        Side::Client => "the client alice",
    };
    Faults {
        whom,
        side,
        problems,
        details,
        now: (TimeFrom::Clock, NOW),
        no_authority: false,
        then: Then::Nothing,
    }
    .hint()
}

fn list_of(fault: ListFault) -> Detail {
    Detail::List("CN=Field CA".to_owned(), Some("/etc/pki/ca.crl".to_owned()), fault)
}

/// Every problem that there is, alone.
fn alone() -> impl Iterator<Item = Problems> {
    (0..32).filter_map(|bit| Problems::from_bits(1 << bit)).filter(|one| !one.is_empty())
}

#[test]
fn every_cause_has_a_hint_of_its_own() {
    use PeerCause as C;
    let text = || "x".to_owned();
    let all = [
        C::NewServer,
        C::OtherCertificate(text()),
        C::UnknownClient,
        C::NoClientCertificate,
        C::NoListedCertificate,
        C::NameInDirectory,
        C::NameOfKnownClient,
        C::NoIdentity,
        C::IdentityNotListed(text()),
        C::NameNotListed(text()),
        C::HiddenNameNotListed,
        C::WildNameNotListed,
        C::DamagedName,
        C::UnusableKey,
        C::Unreadable(text()),
    ];
    check(&all.map(|one| one.hint()));
}

#[test]
fn every_problem_and_every_pair_of_problems_says_what_to_do_and_about_whom() {
    for side in [Side::Server, Side::Client] {
        let hints: Vec<String> = alone().map(|one| of(side, one, &[])).collect();
        assert_eq!(hints.len(), 19);
        for hint in &hints {
            assert!(!hint.is_empty() && hint.len() < 1000, "{hint}");
        }
        for one in alone() {
            for other in alone() {
                let hint = of(side, one | other, &[]);
                assert!(!hint.is_empty() && hint.len() < 1000, "{hint}");
                if other.intersects(Problems::SEVERE) {
                    assert!(hint.starts_with("no answer can allow"), "{one} {other}: {hint}");
                }
            }
        }
    }
}

#[test]
fn what_no_answer_can_allow_comes_first_and_alone_and_with_what_to_do() {
    let all = alone().fold(Problems::NONE, |all, one| all | one);
    assert!(hint(all, &[]).contains("tlsconn_known_distrust()"));
    let all = all.without(Problems::DISTRUSTED);
    assert!(hint(all, &[]).contains("a new certificate, with a new key"));
    let all = all.without(Problems::REVOKED);
    assert!(hint(all, &[]).contains("the key that belongs to it"));
    let all = all.without(Problems::BAD_SIGNATURE);
    assert!(hint(all, &[]).contains("openssl x509"));
    assert!(!hint(all.without(Problems::BAD_ENCODING), &[]).contains("no answer"));
}

#[test]
fn a_list_of_ours_is_ours_to_renew_and_the_server_is_not_to_blame() {
    let expired = hint(Problems::CRL_EXPIRED, &[list_of(ListFault::Expired)]);
    for words in ["newest", "CN=Field CA", "/etc/pki/ca.crl", NOW, "nothing is wrong with"] {
        assert!(expired.contains(words), "{expired}");
    }
    assert!(!expired.contains("ask the administrator"), "{expired}");
    let memory = Detail::List(
        "CN=Field CA".to_owned(),
        Some(LISTS_IN_MEMORY.to_owned()),
        ListFault::Expired,
    );
    assert!(hint(Problems::CRL_EXPIRED, &[memory]).contains("came from memory"));
    let missing = Detail::List("CN=Field CA".to_owned(), None, ListFault::None);
    assert!(
        hint(Problems::CRL_MISSING, &[missing])
            .starts_with("add the newest revocation list (CRL) of CN=Field CA with")
    );
    let early = ListFault::NotYetValid("2027-01-01T00:00:00Z".to_owned());
    assert!(hint(Problems::CRL_MISSING, &[list_of(early)]).contains("this machine's clock says"));
    let faults = [
        ListFault::Signature,
        ListFault::Scope,
        ListFault::Form,
        ListFault::Issuer,
        ListFault::TooMany,
    ];
    let hints = faults.map(|fault| hint(Problems::CRL_MISSING, &[list_of(fault)]));
    check(&hints);
    assert!(hints.iter().all(|hint| hint.contains("CN=Field CA")), "{hints:?}");
}

#[test]
fn dates_that_are_all_wrong_ask_for_the_clock_first() {
    for problem in [Problems::EXPIRED, Problems::NOT_YET_VALID] {
        let hint = hint(problem, &[Detail::Clock]);
        assert!(hint.starts_with("this machine's clock says 2026-12-01T00:00:00Z: is it right?"));
        assert!(hint.contains("if it is, the administrator"), "{hint}");
    }
}

#[test]
fn one_expired_certificate_names_it_and_who_can_renew_it() {
    let expired = |whose, name: &str| {
        let since = "2026-11-01T00:00:00Z".to_owned();
        hint(Problems::EXPIRED, &[Detail::Expired(whose, name.to_owned(), since)])
    };
    let peer = expired(Whose::Peer, "the certificate of CN=a");
    assert!(
        peer.starts_with("the certificate of CN=a expired on 2026-11-01T00:00:00Z: "),
        "{peer}"
    );
    assert!(peer.contains("the administrator of a.example:16514 must renew it"), "{peer}");
    let authority = expired(Whose::Authority, "the authority CN=Field CA");
    assert!(
        authority.contains("whoever runs it") && !authority.contains("a.example"),
        "{authority}"
    );
    assert!(expired(Whose::Intermediate, "the intermediate CN=b").contains("send it along"));
    let early = Detail::NotYetValid("the certificate of CN=a".to_owned(), "2027".to_owned());
    assert!(hint(Problems::NOT_YET_VALID, &[early]).contains("this machine's clock says 2026"));
}

#[test]
fn an_expired_authority_is_replaced_in_its_file() {
    let since = "2026-11-01T00:00:00Z".to_owned();
    let file = Detail::AuthorityFile("/etc/pki/CA/cacert.pem".to_owned());
    let expired = Detail::Expired(Whose::Authority, "the authority CN=Field CA".to_owned(), since);
    let told = hint(Problems::EXPIRED, &[expired.clone(), file.clone()]);
    assert!(told.contains("of the old one in /etc/pki/CA/cacert.pem, and reload"), "{told}");
    let told = hint(Problems::EXPIRED, &[Detail::Clock, expired.clone(), file]);
    assert!(told.contains("the authority in /etc/pki/CA/cacert.pem"), "{told}");
    let told = hint(Problems::EXPIRED, &[expired]);
    assert!(told.contains("of the old one; ") && !told.contains("reload"), "{told}");
}

#[test]
fn a_time_that_was_set_is_not_that_of_the_clock() {
    let text = || "2027-01-01T00:00:00Z".to_owned();
    let name = || "the certificate of CN=a".to_owned();
    let early = ListFault::NotYetValid(text());
    for (problems, details) in [
        (Problems::EXPIRED, vec![Detail::Clock]),
        (Problems::EXPIRED, Vec::new()),
        (Problems::EXPIRED, vec![Detail::Expired(Whose::Peer, name(), text())]),
        (Problems::EXPIRED, vec![Detail::Expired(Whose::Intermediate, name(), text())]),
        (Problems::EXPIRED, vec![Detail::Expired(Whose::Authority, name(), text())]),
        (Problems::NOT_YET_VALID, vec![Detail::NotYetValid(name(), text())]),
        (Problems::CRL_EXPIRED, vec![list_of(ListFault::Expired)]),
        (Problems::CRL_MISSING, vec![list_of(early)]),
    ] {
        let told = |from: TimeFrom| {
            let (whom, side, details) = ("a.example:16514", Side::Server, details.as_slice());
            let (now, then) = ((from, NOW), Then::Nothing);
            Faults { whom, side, problems, details, now, no_authority: false, then }.hint()
        };
        let (clock, option) = (told(TimeFrom::Clock), told(TimeFrom::Option));
        assert!(clock.contains(&format!("this machine's clock says {NOW}")), "{clock}");
        assert!(option.contains(&format!("TLSCONN_OPT_VERIFY_TIME says {NOW}")), "{option}");
        assert!(!option.contains("this machine's clock"), "{option}");
    }
}

#[test]
fn a_name_that_does_not_match_lists_the_names_and_how_to_set_one() {
    let names = Detail::Names(Some("b.example, c.example".to_owned()));
    let told = hint(Problems::NAME_MISMATCH, &[names]);
    assert!(told.contains("b.example, c.example"), "{told}");
    assert!(told.contains("tlsconn_conn_set_verify_name()"), "{told}");
    let none = hint(Problems::NAME_MISMATCH | Problems::NO_SAN, &[Detail::Names(None)]);
    assert!(none.contains("subjectAltName"), "{none}");
}

#[test]
fn what_we_can_mend_is_told_together_with_what_the_peer_can() {
    let details = [
        Detail::Expired(Whose::Peer, "the certificate of CN=a".to_owned(), "2026".to_owned()),
        list_of(ListFault::Expired),
    ];
    let both = hint(Problems::EXPIRED | Problems::CRL_EXPIRED, &details);
    assert!(both.contains("must renew it") && both.contains("/etc/pki/ca.crl"), "{both}");
    assert!(!both.contains("nothing is wrong"), "{both}");
}

#[test]
fn an_unknown_issuer_says_what_is_missing() {
    let unknown = Problems::UNKNOWN_ISSUER;
    assert!(hint(unknown, &[]).contains("add the authority that issued"));
    assert!(hint(unknown | Problems::SELF_SIGNED, &[]).contains("signed by its own key"));
    let faults = Faults {
        whom: "a.example",
        side: Side::Server,
        problems: unknown,
        details: &[],
        now: (TimeFrom::Clock, NOW),
        no_authority: true,
        then: Then::Ask,
    };
    assert!(faults.hint().ends_with("TLSCONN_POLICY_ASK"));
    assert!(faults.hint().contains("no authority at all"));
    let name = Detail::Unsupported("CN=Field CA".to_owned());
    assert!(hint(unknown, &[name]).starts_with("CN=Field CA needs another key"));
    assert!(hint(unknown, &[Detail::Limit]).contains("fewer certificates"));
    assert!(of(Side::Client, unknown, &[]).contains("directory of clients"));
}
