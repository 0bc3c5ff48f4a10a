//! Peers whose every text means harm, and every text that we make of them: each is bounded, shows
//! all that it holds, and has no line that could pass for one of ours.

use std::fs;

use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    OtherNameValue, SanType, SerialNumber,
};
use tlsconn::{
    Answer, Certificate, Context, Error, Kind, Material, Policy, Question, SendCertificate, Style,
    difference, escaped,
};

use crate::support::pki::named;
use crate::support::{Ask, Authority, Both, Identity, believes, nobody, own, store};

const HOST: &str = "a.example";

/// What a peer would have a line of its own begin with.
const FORGED: &str = "FORGED";

/// Texts that mean harm, each in its own way.
fn harmful() -> Vec<String> {
    let line = |text: &str| format!("{text:80}");
    let forged = [line(""), line(&format!("{FORGED} is known since 2025")), line("")].concat();
    let mut all = vec![
        // On a screen of 80 columns, behind any of our labels, a line begins with it.
        forged.repeat(10),
        (0..40).map(|column| format!("{}{FORGED}", "x".repeat(column % 7 + 60))).collect(),
        format!("a\r\n{FORGED}\n\n{FORGED}\u{2028}{FORGED}\u{85}{FORGED}\x0b{FORGED}"),
        "\x1b[2J\x1b[H\u{9b}1m\u{9b}2J\x07".to_owned(),
        format!("\u{202e}{FORGED}\u{2066}\u{200f}\u{61c}"),
        "\u{2800}".repeat(300),
        "\u{e0041}\u{e0100}\u{ad}\u{34f}\u{3164}\u{ffa0}\u{fe0f}\u{e000}\u{378}".repeat(50),
        format!("a{}", "\u{338}".repeat(400)),
        "\u{301}b".to_owned(),
        "x".repeat(3_000),
        "東".repeat(900),
        "\\".repeat(2_000),
        "a, issued by CN=Lab CA, SHA-256 00:11\"}]".to_owned(),
        " ".to_owned(),
        String::new(),
    ];
    all.push(all.concat().chars().take(1_500).collect());
    all
}

/// A certificate in whose every field this text stands, if the field takes it.
fn with(text: &str) -> CertificateParams {
    let mut params = named(text, &[HOST]);
    for oid in [&[2, 5, 4, 13][..], &[2, 5, 4, 10], &[2, 5, 4, 11], &[1, 2, 3, 4]] {
        params.distinguished_name.push(DnType::CustomDnType(oid.to_vec()), text);
    }
    let ascii: String = text.chars().filter(char::is_ascii).take(1_000).collect();
    params.crl_distribution_points.push(CrlDistributionPoint { uris: vec![ascii.clone()] });
    if let Ok(ascii) = Ia5String::try_from(ascii) {
        params.subject_alt_names.extend([
            SanType::DnsName(ascii.clone()),
            SanType::Rfc822Name(ascii.clone()),
            SanType::URI(ascii),
        ]);
    }
    let other = (vec![1, 2, 3, 4], OtherNameValue::Utf8String(text.to_owned()));
    params.subject_alt_names.push(SanType::OtherName(other));
    let long: Vec<u64> = [1, 2].into_iter().chain(std::iter::repeat_n(127, 500)).collect();
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::Other(long.clone()),
    ];
    let mut unknown = CustomExtension::from_oid_content(&long, text.as_bytes().to_vec());
    unknown.set_criticality(true);
    params.custom_extensions.push(unknown);
    params
}

/// The same with many names and many parts, and a long serial number.
fn with_many() -> CertificateParams {
    let mut params = named("many", &[HOST]);
    for number in 0..700 {
        let kind = DnType::CustomDnType(vec![1, 2, 3, number]);
        params.distinguished_name.push(kind, format!("u{number}"));
        let name = format!("h{number:05}.example");
        params.subject_alt_names.push(SanType::DnsName(name.try_into().unwrap()));
    }
    params.serial_number = Some(SerialNumber::from_slice(&[7; 3_000]));
    params
}

fn all_harmful() -> Vec<CertificateParams> {
    harmful().iter().map(|text| with(text)).chain([with_many()]).collect()
}

/// Checks a text of one line: a sentence, a value.
#[track_caller]
fn is_calm(text: &str, limit: usize) {
    assert_eq!(escaped(text), text);
    assert!(!text.contains("  "), "{text:?}");
    assert!(text.chars().count() < limit, "{} characters: {text}", text.chars().count());
}

#[track_caller]
fn is_calm_error(error: &Error) {
    is_calm(error.message(), 1_000);
    is_calm(error.hint(), 1_000);
    assert!(error.message().len() < 1_000 && error.hint().len() < 1_000, "{error}");
}

/// Checks a text of several lines, on a screen of 80 columns.
#[track_caller]
fn is_calm_text(text: &str, limit: usize) {
    assert!(text.len() < limit, "{} bytes: {text}", text.len());
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
        is_calm(&words.join(" "), 1_000);
        let columns: Vec<char> = line.chars().collect();
        for row in columns.chunks(80) {
            let row: String = row.iter().collect();
            assert!(!row.starts_with(FORGED), "{text}");
        }
    }
}

/// Checks every string in a JSON text.
#[track_caller]
fn is_calm_json(text: &str, limit: usize) {
    fn strings(value: &serde_json::Value, limit: usize) {
        match value {
            serde_json::Value::String(text) => is_calm(text, limit),
            serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, limit)),
            serde_json::Value::Object(all) => all.values().for_each(|one| strings(one, limit)),
            _ => {}
        }
    }
    assert!(text.len() < limit && !text.contains('\n'), "{} bytes", text.len());
    strings(&serde_json::from_str(text).unwrap(), 1_100);
}

#[track_caller]
fn is_calm_certificate(one: &Certificate) {
    is_calm(&one.text(Style::Line), 1_000);
    is_calm_text(&one.text(Style::Summary), 3_000);
    is_calm_text(&one.text(Style::Full), 32_000);
    is_calm_json(&one.text(Style::Json), 64_000);
    let values = [one.subject(), one.issuer(), one.common_name(), one.serial_text()];
    values.iter().for_each(|value| is_calm(value, 1_100));
    [one.key_text(), one.signature_text()].iter().for_each(|value| is_calm(value, 300));
    is_calm(&one.names_text(), 5_100);
    let other = Identity::alone(&[HOST]).certificate;
    for text in [difference(&other, one), difference(one, &other)] {
        text.lines().for_each(|line| is_calm(line, 1_000));
        assert!(text.lines().count() < 12, "{text}");
    }
}

#[track_caller]
fn is_calm_question(question: &Question) {
    is_calm(&question.text(Style::Line), 1_000);
    is_calm_text(&question.text(Style::Summary), 16_000);
    is_calm_text(&question.text(Style::Full), 64_000);
    is_calm_json(&question.text(Style::Json), 256_000);
    let asked = question.asked();
    asked.why.iter().for_each(|why| is_calm(why, 1_000));
    is_calm(&asked.whom(), 500);
    if let Some(name) = &asked.identity {
        is_calm(name, 401);
    }
    is_calm_certificate(asked.certificate().unwrap());
    let whole: String = question.text(Style::Summary).split_whitespace().collect();
    assert!(whole.contains(&asked.certificate().unwrap().fingerprint()));
}

/// A server that shows this, without asking its clients for anything.
fn shows(identity: &Identity) -> Context {
    let context = own(nobody(), identity);
    context.set(|settings| settings.client_auth = tlsconn::ClientAuth::None).unwrap();
    context
}

#[test]
fn a_server_with_harmful_names_is_refused_asked_about_and_listed_in_calm_words() {
    let authority = Authority::new("Lab CA");
    for params in all_harmful() {
        let stranger = Identity::with(&params);
        let vouched = authority.sign(&params, stranger.key_copy());
        for (identity, asks) in [
            (&stranger, Policy::Refuse),
            (&stranger, Policy::Ask),
            (&vouched, Policy::Refuse),
            (&vouched, Policy::Ask),
        ] {
            let client = believes(&authority);
            client
                .set(|settings| {
                    settings.policies.on_new = asks;
                    settings.policies.on_untrusted = asks;
                })
                .unwrap();
            let ask = Ask::set(&client, Answer::Reject);
            let both = Both::new(&shows(identity), &client, HOST);
            let error = both.run()[1].clone().unwrap_err();
            is_calm_error(&error);
            assert_eq!(error.kind() == Kind::Rejected, asks == Policy::Ask, "{error}");
            if asks == Policy::Ask {
                is_calm_question(&ask.last());
            }
            let shown = both.client.peer_certificate(0);
            is_calm_certificate(&shown.unwrap_or_else(|| panic!("none is shown: {error}")));
        }
    }
}

#[test]
fn a_known_server_that_shows_harmful_names_is_told_of_with_both_fingerprints() {
    let authority = Authority::new("Lab CA");
    let old = authority.server(&[HOST]);
    for params in all_harmful() {
        let new = authority.sign(&params, Identity::alone(&[HOST]).key_copy());
        for policy in [Policy::Refuse, Policy::Ask] {
            let (_dir, path) = store();
            let client = believes(&authority);
            client.set_known_file(&path).unwrap();
            let endpoint = tlsconn::Endpoint::new(HOST, 443).unwrap();
            client.set_known(&endpoint, old.certificate.clone(), tlsconn::Problems::NONE).unwrap();
            client.set(|settings| settings.policies.on_changed = policy).unwrap();
            let ask = Ask::set(&client, Answer::Reject);
            let both = Both::new(&shows(&new), &client, HOST);
            let error = both.run()[1].clone().unwrap_err();
            is_calm_error(&error);
            let text = if policy == Policy::Ask {
                is_calm_question(&ask.last());
                ask.last().text(Style::Summary).split_whitespace().collect()
            } else {
                assert_eq!(error.kind(), Kind::CertificateChanged, "{error}");
                error.message().replace(' ', "")
            };
            for fingerprint in [old.certificate.fingerprint(), new.certificate.fingerprint()] {
                assert!(text.contains(&fingerprint), "{text}");
            }
            let file = format!("{},line", path.display());
            assert!(text.contains(&file), "{file}: {text}");
            client.distrust(&new.certificate, true).unwrap();
            let both = Both::new(&shows(&new), &client, HOST);
            is_calm_error(&both.run()[1].clone().unwrap_err());
            let error = client.distrust(&Identity::with(&params).certificate, false).unwrap_err();
            is_calm_error(&error);
        }
    }
}

#[test]
fn a_client_with_harmful_names_is_refused_and_asked_about_in_calm_words() {
    let authority = Authority::new("Lab CA");
    let lists: [fn(&Context); 4] = [
        |_| {},
        |server| server.allow_identity(Some("alice")).unwrap(),
        |server| server.allow_dn(Some("CN=alice")).unwrap(),
        |server| server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap(),
    ];
    for params in all_harmful() {
        let stranger = Identity::with(&params);
        let vouched = authority.sign(&params, stranger.key_copy());
        for identity in [&stranger, &vouched] {
            for list in lists {
                let server = own(believes(&authority), &authority.server(&[HOST]));
                list(&server);
                let ask = Ask::set(&server, Answer::Reject);
                let client = own(believes(&authority), identity);
                let always = SendCertificate::Always;
                client.set(|settings| settings.tls.send_certificate = always).unwrap();
                let both = Both::new(&server, &client, HOST);
                match &both.run()[0] {
                    Err(error) => is_calm_error(error),
                    Ok(_) => is_calm(&both.server.identity().unwrap().name, 401),
                }
                if ask.count() > 0 {
                    is_calm_question(&ask.last());
                }
            }
        }
    }
}

#[test]
fn a_chain_with_harmful_names_is_verified_in_calm_words() {
    for params in all_harmful() {
        let authority = Authority::with(params.clone());
        let leaf = authority.sign(&params, Identity::alone(&[HOST]).key_copy());
        let pem = format!("{}{}", leaf.pem, authority.pem());
        for context in [nobody(), believes(&authority)] {
            for role in [tlsconn::Role::Server, tlsconn::Role::Client] {
                let verdict = context.verify(role, Some(HOST), 443, pem.as_bytes()).unwrap();
                verdict.why().iter().for_each(|why| is_calm(why, 1_000));
                verdict.text().lines().for_each(|line| is_calm(line, 1_010));
                assert!(verdict.text().len() < 64_000);
                if let Err(error) = verdict.outcome() {
                    is_calm_error(error);
                }
            }
        }
    }
}

#[test]
fn a_file_with_a_harmful_name_is_named_in_calm_words() {
    let dir = tempfile::tempdir().unwrap();
    for text in harmful() {
        let name: String = text.chars().filter(|c| !matches!(c, '/' | '\0')).take(60).collect();
        let path = dir.path().join(format!("{name}.pem"));
        fs::write(&path, text.as_bytes()).unwrap();
        let kinds = [Material::Authority, Material::Crl, Material::Key, Material::Certificate];
        for material in kinds.into_iter().chain([Material::TrustedPeer]) {
            is_calm_error(&nobody().add_file(material, &path).unwrap_err());
            is_calm_error(&nobody().add(material, text.as_bytes()).unwrap_err());
        }
        let gone = nobody().add_file(Material::Crl, &path.with_extension("gone")).unwrap_err();
        is_calm_error(&gone);
        is_calm_error(&nobody().set_known_file(&path.join("trusted.pem")).unwrap_err());
        let entry = format!("Host: {text}\nSHA256: {text}\n{text}: x\n");
        let known = nobody().add(Material::TrustedPeer, entry.as_bytes()).unwrap_err();
        is_calm_error(&known);
        if let Err(error) = tlsconn::Endpoint::new(&text, 1) {
            is_calm_error(&error);
        }
    }
}

#[test]
fn a_refusal_says_by_whom() {
    let authority = Authority::new("Lab CA");
    let server = shows(&authority.server(&[HOST]));
    let refused = |client: &Context| Both::new(&server, client, HOST).run()[1].clone().unwrap_err();
    let client = believes(&authority);
    let _ask = Ask::set(&client, Answer::Reject);
    let error = refused(&client);
    assert_eq!(error.message(), "a.example:443 was rejected by the application's validator");
    crate::support::Does::replies(&client, |_| {
        Some(tlsconn::Reply::by(Answer::Reject, "by the user, in the dialog"))
    });
    let error = refused(&client);
    assert_eq!(error.message(), "a.example:443 was rejected by the user, in the dialog");
    client.set(|settings| settings.policies.on_new = Policy::Refuse).unwrap();
    let error = refused(&client);
    assert!(error.message().contains("strangers are refused (TLSCONN_OPT_ON_NEW): "), "{error}");
}
