use std::sync::Arc;

use super::*;
use crate::host::Host;
use crate::known::Spot;
use crate::known::testing::known;
use crate::material::testing::{certificate, certificate_named, certificate_with};
use crate::trust::testing::asked;

const STRANGE: Problems = Problems::UNKNOWN_ISSUER;

fn changed() -> Asked {
    let previous = Some(Arc::new(known("h:1", certificate(&["h"]))));
    Asked { previous, ..asked(Situation::Changed, STRANGE, certificate(&["h"])) }
}

#[test]
fn a_question_begins_with_what_it_is_about() {
    for (situation, problems, part) in [
        (Situation::New, Problems::NONE, "h:1 is a new server:"),
        (Situation::Untrusted, STRANGE, "and no authority vouches for it (unknown-issuer):"),
        (Situation::Untrusted, Problems::EXPIRED, "and something is wrong with it (expired):"),
        (Situation::Renewed, Problems::NONE, "h:1 has a new certificate for its known key:"),
        (Situation::NewProblem, Problems::EXPIRED, "but something is wrong with it now"),
    ] {
        let line = question(&asked(situation, problems, certificate(&["h"])), Style::Line);
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_changed_certificate_is_shown_beside_the_known_one() {
    let changed = changed();
    let text = question(&changed, Style::Summary);
    assert!(
        text.starts_with("h:1 presents ANOTHER certificate than the one known since "),
        "{text}"
    );
    for part in ["! why unknown-issuer", "Compared with", "do not allow it"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let old = changed.previous.as_ref().unwrap().certificate.clone();
    let same = Asked { chain: Arc::new([old]), ..changed };
    let text = question(&same, Style::Summary);
    assert!(!text.contains("Compared with") && !text.contains("New:"), "{text}");
}

/// The entry of a known server, as it is read from line 7 of a file.
fn stored(certificate: Certificate) -> Entry {
    let spot = Spot::new(&Arc::new(Calm::path("/home/u/.tls/trusted.pem")), 7);
    Entry { spot, ..known("h:1", certificate) }
}

/// A question about a certificate instead of that of `old`, by an authority if it has a name.
fn instead(situation: Situation, old: Entry, authority: Option<&str>) -> Asked {
    let problems = if authority.is_some() { Problems::NONE } else { STRANGE };
    let authority = authority.map(Calm::name);
    let previous = Some(Arc::new(old));
    Asked { previous, authority, ..asked(situation, problems, certificate(&["h"])) }
}

#[test]
fn old_and_new_are_told_with_both_fingerprints_the_file_and_who_vouches() {
    for situation in [Situation::Changed, Situation::Renewed] {
        for (authority, vouched) in [
            (Some("CN=Lab CA"), "the authority CN=Lab CA vouches for it"),
            (None, "no authority here vouches for it"),
        ] {
            let one = instead(situation, stored(certificate(&["h"])), authority);
            let [old, new] = [&one.previous.as_ref().unwrap().certificate, &one.chain[0]];
            let error = refusal(&one);
            let message = error.message();
            for part in [
                &*format!("known is SHA-256 {}", old.fingerprint()),
                vouched,
                &format!("shown is SHA-256 {}", new.fingerprint()),
                "since 2026-11-21T10:00:00Z in /home/u/.tls/trusted.pem, line 7",
            ] {
                assert!(message.contains(part), "{part}: {message}");
            }
            let text = question(&one, Style::Summary);
            for (label, certificate) in [("Known:", old), ("New:", new)] {
                let fingerprint = certificate.fingerprint();
                let (first, second) = fingerprint.split_at(48);
                let lines = format!("{label:10}SHA-256 {first}\n{:18}{second}\n", "");
                assert!(text.contains(&lines), "{text}");
            }
            assert!(
                text.contains(
                    "\nSince:    2026-11-21T10:00:00Z in /home/u/.tls/trusted.pem, line 7\n"
                ),
                "{text}"
            );
            assert!(text.contains(&format!("\nTrust:    {vouched}\n")), "{text}");
            let line = question(&one, Style::Line);
            assert!(line.contains(&old.fingerprint()) && line.contains(&new.fingerprint()));
            let json: Value = serde_json::from_str(&question(&one, Style::Json)).unwrap();
            assert_eq!(json["known_in"], "/home/u/.tls/trusted.pem, line 7");
            assert_eq!(json["authority"].as_str(), authority);
        }
    }
}

#[test]
fn an_old_certificate_that_has_ended_or_soon_will_is_said_to() {
    let old = stored(certificate(&["h"]));
    let end = old.certificate.facts().not_after;
    let told = |now, expires| {
        let old = Entry { expires, ..old.clone() };
        let one = Asked { now, ..instead(Situation::Changed, old, None) };
        let (error, text) = (refusal(&one), question(&one, Style::Summary));
        let said = error.message().split("known is SHA-256 ").nth(1).unwrap();
        let said = said[95..].split(", shown is").next().unwrap().trim_start().to_owned();
        let shown = text.replace("\n        | ", " ");
        assert!(said.is_empty() || shown.contains(&format!("line 7 {said}\n")), "{text}");
        said
    };
    let at = time_text(end);
    assert_eq!(told(end + 1, None), format!("(it expired on {at})"));
    assert_eq!(told(end, None), format!("(it expires on {at}, within a day)"));
    assert_eq!(told(end - DAY, None), format!("(it expires on {at}, in a day)"));
    assert_eq!(told(end - SOON + 1, None), format!("(it expires on {at}, in 29 days)"));
    assert_eq!(told(end - SOON, None), "");
    let before = time_text(end - SOON - 1);
    let entry = format!("(its entry expired on {before})");
    assert_eq!(told(end - SOON, Some(end - SOON - 1)), entry);
    assert_eq!(told(end - SOON, Some(end)), "");
}

#[test]
fn a_new_problem_names_the_certificate_and_its_entry() {
    let entry = stored(certificate(&["h"]));
    let (previous, shown) = (Some(Arc::new(entry.clone())), entry.certificate.clone());
    let one = Asked { previous, ..asked(Situation::NewProblem, Problems::EXPIRED, shown) };
    let (error, fingerprint) = (refusal(&one), entry.certificate.fingerprint());
    let expected = format!(
        "h:1 is known since 2026-11-21T10:00:00Z in /home/u/.tls/trusted.pem, line 7 by this certificate (SHA-256 {fingerprint}), but something is wrong with it now: why expired"
    );
    assert_eq!(error.message(), expected);
    assert!(distrusted(&entry.certificate, &entry).ends_with("/trusted.pem, line 7"));
}

#[test]
fn a_refusal_by_a_policy_names_the_option() {
    for (situation, option) in [
        (Situation::New, "TLSCONN_OPT_ON_NEW"),
        (Situation::Changed, "TLSCONN_OPT_ON_CHANGED"),
        (Situation::Renewed, "TLSCONN_OPT_ON_RENEWED"),
    ] {
        let one = instead(situation, stored(certificate(&["h"])), Some("CN=a"));
        assert!(refusal(&one).message().contains(&format!(" ({option}): ")), "{option}");
        let severe = Asked { problems: Problems::REVOKED, ..one };
        assert!(!refusal(&severe).message().contains(option), "{option}");
    }
}

#[test]
fn more_reasons_than_a_message_has_room_for_are_counted() {
    let why = |length: usize, count: usize| -> Vec<Calm> {
        (0..count).map(|n| Calm::sentence(format!("{n}{}", "x".repeat(length)))).collect()
    };
    let one = asked(Situation::Untrusted, STRANGE, certificate(&["h"]));
    let many = refusal(&Asked { why: why(200, 20), ..one.clone() });
    assert!(many.message().len() < 1_000, "{many}");
    assert!(many.message().ends_with("; and 17 more"), "{many}");
    let long = refusal(&Asked { why: why(900, 2), ..one.clone() });
    assert!(long.message().ends_with(": unknown-issuer"), "{long}");
    let text = question(&Asked { why: why(10, 20), ..one }, Style::Summary);
    assert_eq!(text.matches("\n  ! ").count(), 17);
    assert!(text.contains("\n  ! and 4 more\n"), "{text}");
}

#[test]
fn the_worst_names_cut_no_fingerprint_and_no_word_of_ours() {
    let host =
        Host::parse(&["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join("."));
    let endpoint = Some(Endpoint { host: host.unwrap(), port: 65535 });
    let path = Arc::new(Calm::path(&format!("/{}", "p".repeat(300))));
    let old = Entry { spot: Spot::new(&path, 1_000_000), ..known("h:1", certificate(&["h"])) };
    for hidden in ["\u{e0041}", "東", "x", "\\,"] {
        let nasty = hidden.repeat(5_000);
        for situation in [Situation::Changed, Situation::Renewed] {
            let one = instead(situation, old.clone(), Some(&nasty));
            let chain = Arc::from([certificate_named(&[], &[&nasty])]);
            let one = Asked { endpoint: endpoint.clone(), chain, ..one };
            let error = refusal(&one);
            assert!(error.message().len() < 1_000, "{error}");
            for certificate in [&one.previous.as_ref().unwrap().certificate, &one.chain[0]] {
                assert!(error.message().contains(&certificate.fingerprint()), "{error}");
            }
        }
    }
}

#[test]
fn another_certificate_for_the_known_key_is_said_to_be_one() {
    let key = rcgen::KeyPair::generate().unwrap();
    let [one, other] = [(); 2].map(|()| certificate_with(&key, &["h"], &["test"]));
    let previous = Some(Arc::new(known("h:1", one)));
    let same_key = Asked { previous, ..asked(Situation::Changed, STRANGE, other) };
    assert!(question(&same_key, Style::Line).contains("certificate with the same key than"));
    assert!(!question(&changed(), Style::Line).contains("with the same key"));
}

#[test]
fn each_situation_has_advice_of_its_own() {
    for (situation, part) in [
        (Situation::New, "If you expected this server"),
        (Situation::Renewed, "most likely the same server"),
        (Situation::Changed, "somebody may be listening"),
        (Situation::Untrusted, "by some way other than this network"),
        (Situation::NewProblem, "only if you know why"),
    ] {
        let one = asked(situation, Problems::NONE, certificate(&["h"]));
        assert!(question(&one, Style::Full).contains(part), "{part}");
    }
}

#[test]
fn a_question_for_programs_has_every_part() {
    let asked = changed();
    let json: Value = serde_json::from_str(&question(&asked, Style::Json)).unwrap();
    assert_eq!(json["situation"], "changed");
    assert_eq!((&json["host"], &json["port"]), (&json!("h"), &json!(1)));
    assert_eq!(json["problems"], json!(["unknown-issuer"]));
    assert_eq!(json["chain"].as_array().map(Vec::len), Some(1));
    assert!(json["previous"].is_object() && json["known_since"].is_string(), "{json}");
    let pem = question(&asked, Style::Pem);
    assert_eq!(Certificate::all_from_pem(pem.as_bytes(), "a test").unwrap(), asked.chain.to_vec());
}

#[test]
fn a_refusal_is_of_the_gravest_kind_and_says_what_to_do() {
    for (situation, problems, kind, hint) in [
        (Situation::New, Problems::NONE, Kind::CertificateUnknown, "set a validator"),
        (Situation::Changed, Problems::NONE, Kind::CertificateChanged, "remove the entry"),
        (Situation::Renewed, Problems::NONE, Kind::CertificateChanged, "remove the entry"),
        (Situation::Untrusted, STRANGE, Kind::Certificate, "make h:1 a known server"),
        (Situation::Untrusted, Problems::NAME_MISMATCH, Kind::Certificate, "subjectAltName"),
        (Situation::NewProblem, Problems::NAME_MISMATCH, Kind::Certificate, "subjectAltName"),
        (Situation::NewProblem, Problems::EXPIRED, Kind::Certificate, "this machine's clock says"),
        (Situation::Changed, Problems::REVOKED, Kind::CertificateRevoked, "no answer can allow"),
        (Situation::New, Problems::DISTRUSTED, Kind::CertificateDistrusted, "no answer can allow"),
    ] {
        let error = refusal(&asked(situation, problems, certificate(&["h"])));
        assert_eq!((error.kind(), error.problems()), (kind, problems), "{situation:?}");
        assert!(error.hint().contains(hint), "{situation:?}: {}", error.hint());
    }
}

#[test]
fn what_is_distrusted_is_the_certificate_or_its_key() {
    let key = rcgen::KeyPair::generate().unwrap();
    let [one, other] = [(); 2].map(|()| certificate_with(&key, &["h"], &["test"]));
    let entry = known("h:1", one.clone());
    assert!(distrusted(&one, &entry).starts_with("the certificate of CN=test is marked"));
    assert!(distrusted(&other, &entry).starts_with("the key of CN=test is marked"));
    assert!(distrusted(&one, &entry).contains(" since 2026-"));
}

/// A question about a client that would be alice.
fn client(problems: Problems, previous: Option<Arc<Entry>>) -> Asked {
    Asked {
        role: Role::Client,
        endpoint: None,
        identity: Some("alice".to_owned()),
        previous,
        ..asked(Situation::Client, problems, certificate(&[]))
    }
}

#[test]
fn a_question_about_a_client_says_what_it_would_get() {
    let strange = question(&client(STRANGE, None), Style::Summary);
    assert!(strange.starts_with("the client alice is new here and asks"), "{strange}");
    assert!(
        strange.contains("  ! why unknown-issuer\n  It would be admitted as alice"),
        "{strange}"
    );
    assert!(strange.ends_with("before you allow it."), "{strange}");
    let entry = Entry { place: None, role: Role::Client, ..known("h:1", certificate(&[])) };
    let again = question(&client(Problems::EXPIRED, Some(Arc::new(entry))), Style::Line);
    assert!(again.starts_with("the client alice is known since 2026-"), "{again}");
    let json: Value = serde_json::from_str(&question(&client(STRANGE, None), Style::Json)).unwrap();
    assert_eq!((&json["identity"], &json["host"]), (&json!("alice"), &Value::Null));
}

#[test]
fn a_client_is_refused_as_a_stranger_or_for_what_is_wrong_with_it() {
    let entry = Entry { place: None, role: Role::Client, ..known("h:1", certificate(&[])) };
    let entry = Some(Arc::new(entry));
    for (problems, previous, kind, message, hint) in [
        (Problems::NONE, None, Kind::CertificateUnknown, "alice is not known here", "POLICY_ASK"),
        (
            STRANGE,
            None,
            Kind::CertificateUnknown,
            "alice is not known here",
            "issued by an authority",
        ),
        (Problems::EXPIRED, None, Kind::Certificate, "alice is not allowed", "POLICY_ASK"),
        (Problems::EXPIRED, entry, Kind::Certificate, "alice is known since", "POLICY_ASK"),
        (
            Problems::REVOKED,
            None,
            Kind::CertificateRevoked,
            "is not allowed",
            "whoever runs the client alice",
        ),
    ] {
        let error = refusal(&client(problems, previous));
        assert_eq!((error.kind(), error.problems()), (kind, problems));
        assert!(error.message().contains(message), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
    let nameless = Asked { identity: None, ..client(STRANGE, None) };
    assert!(refusal(&nameless).message().starts_with("the client is not known here"));
}
