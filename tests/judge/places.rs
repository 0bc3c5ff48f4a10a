//! Which entry decides for which host, and what no answer or policy can allow.

use std::sync::Arc;

use tlsconn::{
    Answer, Connection, Context, Endpoint, Kind, Material, Place, Policy, Problems, Reason,
    Situation,
};

use crate::support::{Ask, Authority, Identity, Link, NOW, believes, knows, nobody, store};

const HOST: &str = "a.example";

/// A context that knows these entries from material that is only read.
fn given(authority: &Authority, texts: &[String]) -> Context {
    let context = believes(authority);
    context.add(Material::TrustedPeer, texts.concat().as_bytes()).unwrap();
    context
}

fn entry(place: &str, identity: &Identity) -> String {
    let fingerprint = identity.certificate.fingerprint();
    format!("Host: {place}\nSHA256: {fingerprint}\n{}\n", identity.pem)
}

#[test]
fn a_plain_pem_is_for_the_names_in_it_at_every_port() {
    let authority = Authority::new("Lab CA");
    let server = Identity::alone(&[HOST, "192.0.2.1"]);
    let context = given(&authority, std::slice::from_ref(&server.pem));
    for (host, port) in [(HOST, 1), (HOST, 2), ("192.0.2.1", 3), ("::ffff:192.0.2.1", 4)] {
        assert_eq!(Link::new(&context, host, port, &server).open(), Reason::Known, "{host}");
    }
    let error = Link::new(&context, "b.example", 1, &server).refused();
    assert!(error.problems().contains(Problems::UNKNOWN_ISSUER), "{error}");
}

#[test]
fn a_plain_pem_pins_its_names() {
    let authority = Authority::new("Lab CA");
    let context = given(&authority, &[Identity::alone(&[HOST]).pem]);
    let other = authority.server(&[HOST]);
    let error = Link::new(&context, HOST, 1, &other).refused();
    assert_eq!(error.kind(), Kind::CertificateChanged);
    assert!(error.message().contains("from the trusted material"), "{error}");
}

#[test]
fn the_closest_level_decides_alone() {
    let authority = Authority::new("Lab CA");
    let [exact, any, plain] = [0; 3].map(|_| Identity::alone(&[HOST]));
    let all = [
        plain.pem.clone(),
        entry(&format!("{HOST}:*"), &any),
        entry(&format!("{HOST}:443"), &exact),
    ];
    let context = given(&authority, &all);
    for (port, good, bad) in [(443, &exact, [&any, &plain]), (444, &any, [&exact, &plain])] {
        assert_eq!(Link::new(&context, HOST, port, good).open(), Reason::Known);
        for other in bad {
            let error = Link::new(&context, HOST, port, other).refused();
            assert_eq!(error.kind(), Kind::CertificateChanged);
        }
    }
}

#[test]
fn a_session_never_outranks_what_is_given() {
    let authority = Authority::new("Lab CA");
    let (old, new) = (authority.server(&[HOST]), authority.server(&[HOST]));
    let context = given(&authority, &[entry(&format!("{HOST}:*"), &old)]);
    context.set(|settings| settings.policies.on_changed = Policy::Ask).unwrap();
    let ask = Ask::set(&context, Answer::Session);
    for _ in 0..2 {
        Link::new(&context, HOST, 443, &new).open();
    }
    assert_eq!(ask.situations(), [Situation::Changed, Situation::Changed]);
}

#[test]
fn an_expired_entry_still_pins_and_its_certificate_is_asked_about() {
    let authority = Authority::new("Lab CA");
    let (old, new) = (authority.server(&[HOST]), authority.server(&[HOST]));
    let lines = format!("{HOST}:443\nExpires: 2026-01-01T00:00:00Z");
    let context = given(&authority, &[entry(&lines, &old)]);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    assert_eq!(Link::new(&context, HOST, 443, &new).refused().kind(), Kind::CertificateChanged);
    let ask = Ask::set(&context, Answer::Always);
    let mut link = Link::new(&context, HOST, 443, &old);
    link.open();
    assert_eq!(link.connection.error(), None);
    assert_eq!(ask.situations(), [Situation::NewProblem]);
    assert_eq!(Link::new(&context, HOST, 443, &old).open(), Reason::Known);
}

#[test]
fn a_verify_name_stands_for_the_host_everywhere() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&["real.example"]);
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    let connection = Connection::in_memory(&context, "tunnel.example", 443).unwrap();
    connection.set_verify_name("Real.Example.").unwrap();
    let mut link = Link::with(connection, &server);
    link.open();
    assert_eq!(link.server.server_name(), Some("real.example"));
    assert_eq!(ask.last().asked().endpoint.as_ref().unwrap().to_string(), "real.example:443");
    assert_eq!(knows(&context)[0].0, "real.example:443");
    assert_eq!(Link::new(&context, "real.example", 443, &server).open(), Reason::Known);
    assert_eq!(link.connection.set_verify_name("x").unwrap_err().kind(), Kind::State);
}

#[test]
fn an_address_is_a_host_like_any_other() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&["192.0.2.1", "2001:db8::1"]);
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    Link::new(&context, "[2001:0db8::0:1]", 443, &server).open();
    Link::new(&context, "::ffff:192.0.2.1", 443, &server).open();
    let places: Vec<_> = knows(&context).into_iter().map(|(place, ..)| place).collect();
    assert_eq!(places, ["[2001:db8::1]:443", "192.0.2.1:443"]);
    assert_eq!(Link::new(&context, "192.0.2.1", 443, &server).open(), Reason::Known);
    assert_eq!(ask.count(), 2);
}

#[test]
fn a_revoked_server_is_refused_whatever_is_known_or_answered() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    for known in [true, false] {
        let context = believes(&authority);
        context.add(Material::Crl, authority.list(1, &[&server]).as_bytes()).unwrap();
        if known {
            let place = Endpoint::new(HOST, 443).unwrap();
            context.set_known(&place, server.certificate.clone(), Problems::NONE).unwrap();
        }
        ask_about_everything(&context);
        let ask = Ask::set(&context, Answer::Always);
        let error = Link::new(&context, HOST, 443, &server).refused();
        assert_eq!(error.kind(), Kind::CertificateRevoked);
        assert!(error.hint().contains("no answer can allow"), "{}", error.hint());
        assert_eq!(ask.count(), 0);
    }
}

#[test]
fn a_distrusted_authority_takes_all_below_it_along_until_the_mark_is_lifted() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    ask_about_everything(&context);
    let ask = Ask::set(&context, Answer::Once);
    context.distrust(&authority.certificate, true).unwrap();
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let place = Place::parse("a.example:443").unwrap();
    assert_eq!(context.remove_known(&place).unwrap_err().kind(), Kind::NotFound);
    let error = Link::new(&context, HOST, 443, &server).refused();
    assert_eq!(error.kind(), Kind::CertificateDistrusted);
    assert_eq!(ask.count(), 0);
    context.distrust(&authority.certificate, false).unwrap();
    Link::new(&context, HOST, 443, &server).open();
    assert_eq!(context.distrust(&authority.certificate, false).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_policy_or_an_entry_that_would_open_a_door_is_refused() {
    let context = nobody();
    let before = context.snapshot().generation();
    for which in 0..3 {
        let set = context.set(|settings| {
            let policies = &mut settings.policies;
            *[&mut policies.on_changed, &mut policies.on_untrusted, &mut policies.on_new_problem]
                [which] = Policy::Allow;
        });
        assert_eq!(set.unwrap_err().kind(), Kind::Invalid);
    }
    let place = Endpoint::new(HOST, 443).unwrap();
    let certificate = Identity::alone(&[HOST]).certificate;
    let error = context.set_known(&place, certificate, Problems::REVOKED).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(context.snapshot().generation(), before);
    assert!(context.known().unwrap().is_empty());
    assert_eq!(context.snapshot().settings().verify_time, Some(NOW));
}

#[test]
fn the_validator_of_2007_is_asked_about_new_servers_only() {
    let authority = Authority::new("Lab CA");
    let (server, alone) = (authority.server(&[HOST]), Identity::alone(&[HOST]));
    let context = believes(&authority);
    ask_about_everything(&context);
    let ask = Ask::set(&context, Answer::Once);
    context.set_proposal_validator(Some(Arc::<Ask>::clone(&ask)));
    Link::new(&context, HOST, 443, &server).open();
    assert_eq!(Link::new(&context, HOST, 443, &alone).refused().kind(), Kind::Certificate);
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, alone.certificate, Problems::NONE).unwrap();
    let error = Link::new(&context, HOST, 443, &server).refused();
    assert_eq!(error.kind(), Kind::CertificateChanged);
    assert_eq!(ask.situations(), [Situation::New]);
}

fn ask_about_everything(context: &Context) {
    context
        .set(|settings| {
            let policies = &mut settings.policies;
            policies.on_changed = Policy::Ask;
            policies.on_untrusted = Policy::Ask;
            policies.on_new_problem = Policy::Ask;
            policies.on_renewed = Policy::Ask;
            policies.on_new = Policy::Ask;
        })
        .unwrap();
}
