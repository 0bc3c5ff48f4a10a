//! The table of judgements, row by row, over real handshakes.

use tlsconn::{Answer, Context, Endpoint, Kind, Material, Policy, Problems, Reason, Situation};

use crate::support::pki::{day, named};
use crate::support::{Ask, Authority, DAY, Identity, Link, NOW, believes, knows, nobody, store};

const HOST: &str = "a.example";

struct Lab {
    authority: Authority,
    server: Identity,
    context: Context,
    _dir: tempfile::TempDir,
    path: std::path::PathBuf,
}

/// An authority, a server below it that is not known yet, and a context with a store.
fn lab() -> Lab {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    let (dir, path) = store();
    context.set_known_file(&path).unwrap();
    Lab { authority, server, context, _dir: dir, path }
}

impl Lab {
    fn know(&self, identity: &Identity, accepted: Problems) {
        let place = Endpoint::new(HOST, 443).unwrap();
        self.context.set_known(&place, identity.certificate.clone(), accepted).unwrap();
    }

    fn meet(&self, identity: &Identity) -> Link {
        Link::new(&self.context, HOST, 443, identity)
    }

    /// Writes the known file by hand, with a context that reads it.
    fn by_hand(&mut self, texts: &[String]) {
        std::fs::write(&self.path, texts.concat()).unwrap();
        self.context = believes(&self.authority);
        self.context.set_known_file(&self.path).unwrap();
    }

    fn at(&self, days: i64) {
        self.context.set(|settings| settings.verify_time = Some(NOW + days * DAY)).unwrap();
    }

    fn known(&self) -> Vec<Vec<u8>> {
        knows(&self.context).into_iter().map(|(_, der, _)| der).collect()
    }
}

/// An entry as written by hand.
fn entry(lines: &str, identity: &Identity) -> String {
    format!("{lines}\nSHA256: {}\n{}\n", identity.certificate.fingerprint(), identity.pem)
}

#[test]
fn a_known_server_is_admitted_without_a_question_whoever_signed_it() {
    for signed in [true, false] {
        let lab = lab();
        let alone = Identity::alone(&[HOST]);
        let server = if signed { &lab.server } else { &alone };
        lab.know(server, Problems::NONE);
        let ask = Ask::set(&lab.context, Answer::Reject);
        assert_eq!(lab.meet(server).open(), Reason::Known);
        assert_eq!(ask.count(), 0);
    }
}

#[test]
fn a_known_server_that_expired_since_is_asked_about_where_there_is_a_validator() {
    let lab = lab();
    lab.know(&lab.server, Problems::NONE);
    lab.at(200);
    let error = lab.meet(&lab.server).refused();
    assert_eq!((error.kind(), error.problems()), (Kind::Certificate, Problems::EXPIRED));
    assert!(error.message().contains("2027-03-01"), "{error}");
    let ask = Ask::set(&lab.context, Answer::Always);
    assert_eq!(lab.meet(&lab.server).open(), Reason::Answer);
    assert_eq!(ask.situations(), [Situation::NewProblem]);
    assert_eq!(knows(&lab.context)[0].2, Problems::EXPIRED);
    assert_eq!(lab.meet(&lab.server).open(), Reason::Known);
}

#[test]
fn what_was_accepted_before_stays_accepted_with_a_new_problem() {
    let lab = lab();
    let server = Identity::alone(&["b.example"]);
    lab.know(&server, Problems::NAME_MISMATCH);
    assert_eq!(lab.meet(&server).open(), Reason::Known);
    lab.at(200);
    let ask = Ask::set(&lab.context, Answer::Always);
    lab.meet(&server).open();
    assert!(ask.last().asked().problems.contains(Problems::EXPIRED));
    assert_eq!(knows(&lab.context)[0].2, Problems::NAME_MISMATCH | Problems::EXPIRED);
    lab.meet(&server).open();
    assert_eq!(ask.count(), 1);
}

#[test]
fn a_renewed_certificate_takes_the_place_of_its_entry_and_of_no_other() {
    let mut lab = lab();
    let (renewed, other) = (lab.authority.renew(&lab.server, &[HOST]), Identity::alone(&[HOST]));
    let place = format!("Host: {HOST}:443");
    lab.by_hand(&[entry(&place, &lab.server), entry(&place, &other)]);
    let ask = Ask::set(&lab.context, Answer::Reject);
    assert_eq!(lab.meet(&renewed).open(), Reason::Renewed);
    assert_eq!(lab.known(), [renewed.certificate.der(), other.certificate.der()]);
    assert_eq!(lab.meet(&renewed).open(), Reason::Known);
    assert_eq!(ask.count(), 0);
}

#[test]
fn a_renewed_certificate_takes_the_place_of_a_plain_pem() {
    let mut lab = lab();
    let renewed = lab.authority.renew(&lab.server, &[HOST]);
    lab.by_hand(&[lab.server.pem.clone()]);
    let mut link = lab.meet(&renewed);
    assert_eq!(link.open(), Reason::Renewed);
    assert_eq!(link.connection.error(), None);
    assert_eq!(lab.known(), [renewed.certificate.der()]);
}

#[test]
fn a_renewal_that_no_authority_vouches_for_is_a_change_with_the_same_key() {
    let lab = lab();
    lab.know(&lab.server, Problems::NONE);
    let key = lab.server.key_copy();
    let alone = Authority::new("Other CA").sign(&named(HOST, &[HOST]), key);
    let error = lab.meet(&alone).refused();
    assert_eq!(error.kind(), Kind::CertificateChanged);
    assert!(error.problems().contains(Problems::UNKNOWN_ISSUER));
    assert!(error.message().contains("same key"), "{error}");
}

#[test]
fn an_entry_that_is_over_hands_its_place_to_nobody() {
    let mut lab = lab();
    let renewed = lab.authority.renew(&lab.server, &[HOST]);
    let lines = format!("Host: {HOST}:443\nExpires: 2026-01-01T00:00:00Z");
    lab.by_hand(&[entry(&lines, &lab.server)]);
    assert_eq!(lab.meet(&renewed).refused().kind(), Kind::CertificateChanged);
    assert_eq!(lab.known(), [lab.server.certificate.der()]);
}

#[test]
fn an_entry_that_is_revoked_hands_its_place_to_nobody() {
    let lab = lab();
    let renewed = lab.authority.renew(&lab.server, &[HOST]);
    lab.know(&lab.server, Problems::NONE);
    let list = lab.authority.list(1, &[&lab.server]);
    lab.context.add(Material::Crl, list.as_bytes()).unwrap();
    assert_eq!(lab.meet(&renewed).refused().kind(), Kind::CertificateChanged);
}

#[test]
fn a_distrusted_key_is_refused_whatever_certificate_it_is_in() {
    let lab = lab();
    let renewed = lab.authority.renew(&lab.server, &[HOST]);
    lab.know(&lab.server, Problems::NONE);
    lab.context.distrust(&lab.server.certificate, true).unwrap();
    for server in [&lab.server, &renewed] {
        let error = lab.meet(server).refused();
        assert_eq!(error.kind(), Kind::CertificateDistrusted);
        assert!(error.problems().contains(Problems::DISTRUSTED));
    }
}

#[test]
fn renewal_is_asked_about_or_refused_by_policy() {
    for (policy, outcome) in [(Policy::Ask, None), (Policy::Refuse, Some(Kind::CertificateChanged))]
    {
        let lab = lab();
        let renewed = lab.authority.renew(&lab.server, &[HOST]);
        lab.know(&lab.server, Problems::NONE);
        lab.context.set(|settings| settings.policies.on_renewed = policy).unwrap();
        let ask = Ask::set(&lab.context, Answer::Always);
        let told = lab.meet(&renewed).run().err().map(|error| error.kind());
        assert_eq!(told, outcome);
        if policy == Policy::Ask {
            assert_eq!(ask.situations(), [Situation::Renewed]);
            assert_eq!(lab.known(), [renewed.certificate.der()]);
        }
    }
}

#[test]
fn another_certificate_is_refused_and_the_entry_named() {
    let lab = lab();
    let other = lab.authority.server(&[HOST]);
    lab.know(&lab.server, Problems::NONE);
    let ask = Ask::set(&lab.context, Answer::Always);
    let error = lab.meet(&other).refused();
    assert_eq!(error.kind(), Kind::CertificateChanged);
    for part in ["a.example:443", "2026-11-21", &lab.server.certificate.fingerprint()] {
        assert!(error.message().contains(part), "{error}");
    }
    assert!(error.hint().contains("remove the entry"), "{}", error.hint());
    assert_eq!(ask.count(), 0);
}

#[test]
fn another_certificate_is_asked_about_by_policy_and_always_replaces_the_old() {
    let lab = lab();
    let other = lab.authority.server(&[HOST]);
    lab.know(&lab.server, Problems::NONE);
    lab.context.set(|settings| settings.policies.on_changed = Policy::Ask).unwrap();
    let ask = Ask::set(&lab.context, Answer::Always);
    let mut link = lab.meet(&other);
    assert_eq!(link.open(), Reason::Answer);
    assert_eq!(link.connection.error(), None);
    assert_eq!(ask.situations(), [Situation::Changed]);
    assert!(!ask.last().allows(Answer::Session));
    assert_eq!(lab.known(), [other.certificate.der()]);
    assert_eq!(lab.meet(&other).open(), Reason::Known);
}

#[test]
fn always_is_stored_whatever_level_pinned_before() {
    let plain = |server: &Identity| server.pem.clone();
    let any_port = |server: &Identity| entry(&format!("Host: {HOST}:*"), server);
    let writers: [&dyn Fn(&Identity) -> String; 2] = [&plain, &any_port];
    for write in writers {
        let mut lab = lab();
        let other = lab.authority.server(&[HOST]);
        lab.by_hand(&[write(&lab.server)]);
        lab.context.set(|settings| settings.policies.on_changed = Policy::Ask).unwrap();
        let ask = Ask::set(&lab.context, Answer::Always);
        let mut link = lab.meet(&other);
        assert_eq!(link.open(), Reason::Answer);
        assert_eq!(link.connection.error(), None);
        assert_eq!(lab.known().len(), 2);
        assert_eq!(lab.meet(&other).open(), Reason::Known);
        assert_eq!(ask.count(), 1);
    }
}

#[test]
fn always_is_stored_over_what_was_allowed_for_the_session() {
    let lab = lab();
    let other = lab.authority.server(&[HOST]);
    Ask::set(&lab.context, Answer::Session);
    lab.meet(&lab.server).open();
    lab.context.set(|settings| settings.policies.on_changed = Policy::Ask).unwrap();
    let ask = Ask::set(&lab.context, Answer::Always);
    let mut link = lab.meet(&other);
    assert_eq!(link.open(), Reason::Answer);
    assert_eq!(link.connection.error(), None);
    assert_eq!(ask.situations(), [Situation::Changed]);
    assert_eq!(lab.meet(&other).open(), Reason::Known);
}

#[test]
fn an_allowed_session_pins_until_its_certificate_is_revoked() {
    let lab = lab();
    let other = lab.authority.server(&[HOST]);
    Ask::set(&lab.context, Answer::Session);
    lab.meet(&lab.server).open();
    assert_eq!(lab.meet(&other).refused().kind(), Kind::CertificateChanged);
    let list = lab.authority.list(1, &[&lab.server]);
    lab.context.add(Material::Crl, list.as_bytes()).unwrap();
    assert_eq!(lab.meet(&lab.server).refused().kind(), Kind::CertificateRevoked);
    let ask = Ask::set(&lab.context, Answer::Once);
    lab.meet(&other).open();
    assert_eq!(ask.situations(), [Situation::New]);
}

#[test]
fn a_stranger_that_an_authority_vouches_for_is_new() {
    let lab = lab();
    assert_eq!(lab.meet(&lab.server).open(), Reason::Authority);
    let ask = Ask::set(&lab.context, Answer::Once);
    lab.meet(&lab.server).open();
    assert_eq!(ask.situations(), [Situation::New]);
    assert!(ask.last().asked().problems.is_empty());
}

#[test]
fn a_stranger_that_no_authority_vouches_for_is_refused_with_all_its_problems() {
    let context = nobody();
    let ask = Ask::set(&context, Answer::Always);
    let mut params = named("b.example", &["b.example"]);
    params.not_after = day(-1);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = Authority::new("Nobody's CA").sign(&params, key);
    let error = Link::new(&context, HOST, 443, &server).refused();
    assert_eq!(error.kind(), Kind::Certificate);
    let all = Problems::UNKNOWN_ISSUER | Problems::NAME_MISMATCH | Problems::EXPIRED;
    assert_eq!(error.problems(), all);
    assert_eq!(ask.count(), 0);
}

#[test]
fn the_problems_that_a_question_showed_are_stored_with_its_answer() {
    let lab = lab();
    let server = Identity::alone(&["b.example"]);
    lab.context.set(|settings| settings.policies.on_untrusted = Policy::Ask).unwrap();
    let ask = Ask::set(&lab.context, Answer::Always);
    assert_eq!(lab.meet(&server).open(), Reason::Answer);
    assert_eq!(ask.situations(), [Situation::Untrusted]);
    let text = std::fs::read_to_string(&lab.path).unwrap();
    let line = text.lines().find(|line| line.starts_with("Accepted: ")).unwrap();
    for word in ["unknown-issuer", "self-signed", "name-mismatch"] {
        assert!(line.contains(word), "{line}");
    }
    assert_eq!(lab.meet(&server).open(), Reason::Known);
    lab.at(200);
    Ask::set(&lab.context, Answer::Reject);
    assert!(lab.meet(&server).refused().problems().contains(Problems::EXPIRED));
}

#[test]
fn a_server_that_shows_junk_behind_its_certificate_is_refused_and_told() {
    let lab = lab();
    let mut link = lab.meet(&lab.server);
    let config = crate::support::memory::config_with(&lab.server, &[&[0x30, 0]]);
    link.server = rustls::ServerConnection::new(config).unwrap();
    let error = link.refused();
    assert_eq!(error.problems(), Problems::BAD_ENCODING);
    assert!(error.message().starts_with("what a.example presented"), "{error}");
    assert_eq!(link.alert, Some(rustls::AlertDescription::BadCertificate));
    assert_eq!(link.connection.peer_certificate(0).unwrap(), lab.server.certificate);
    assert!(link.connection.peer_certificate(1).is_none());
}

#[test]
fn a_message_of_the_handshake_beyond_the_limit_is_told_with_the_limit() {
    let lab = lab();
    let mut link = lab.meet(&lab.server);
    let der = lab.server.certificate.der();
    let behind = vec![der; 0x1_0000 / der.len()];
    let config = crate::support::memory::config_with(&lab.server, &behind);
    link.server = rustls::ServerConnection::new(config).unwrap();
    let error = link.run().unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    assert!(error.message().contains("longer than the limit: 65535 bytes"), "{error}");
    assert!(error.hint().contains("leave out the others"), "{error}");
}
