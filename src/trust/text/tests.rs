use std::sync::Arc;

use super::*;
use crate::known::testing::known;
use crate::material::testing::{certificate, certificate_with};
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
    assert!(text.starts_with("h:1 shows ANOTHER certificate than the one known since "), "{text}");
    for part in ["! why unknown-issuer", "Compared with", "do not allow it"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let old = changed.previous.as_ref().unwrap().certificate.clone();
    let same = Asked { chain: Arc::new([old]), ..changed };
    assert!(!question(&same, Style::Summary).contains("Compared with"));
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
        (Situation::Untrusted, "by another way than this network"),
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
        (Situation::Untrusted, STRANGE, Kind::Certificate, "add the authority of h:1"),
        (Situation::Untrusted, Problems::NAME_MISMATCH, Kind::Certificate, "check the name h"),
        (Situation::NewProblem, Problems::NAME_MISMATCH, Kind::Certificate, "check the name h"),
        (Situation::NewProblem, Problems::EXPIRED, Kind::Certificate, "without these problems"),
        (Situation::Changed, Problems::REVOKED, Kind::CertificateRevoked, "by any answer"),
        (Situation::New, Problems::DISTRUSTED, Kind::CertificateDistrusted, "by any answer"),
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
    assert!(strange.contains("  ! why unknown-issuer\n  It would be let in as alice"), "{strange}");
    assert!(strange.ends_with("before you let it in."), "{strange}");
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
        (Problems::NONE, None, Kind::CertificateUnknown, "alice is not known here", "to ask"),
        (STRANGE, None, Kind::CertificateUnknown, "alice is not known here", "let an authority"),
        (Problems::EXPIRED, None, Kind::Certificate, "alice may not come", "without these"),
        (Problems::EXPIRED, entry, Kind::Certificate, "alice is known since", "without these"),
        (Problems::REVOKED, None, Kind::CertificateRevoked, "may not come", "of the client"),
    ] {
        let error = refusal(&client(problems, previous));
        assert_eq!((error.kind(), error.problems()), (kind, problems));
        assert!(error.message().contains(message), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
    let nameless = Asked { identity: None, ..client(STRANGE, None) };
    assert!(refusal(&nameless).message().starts_with("the client is not known here"));
}
