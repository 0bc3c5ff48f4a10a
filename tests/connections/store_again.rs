//! Known files that are named again, layouts that have no place for one yet, and answers that
//! meet in one place.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tlsconn::{
    Answer, Context, Endpoint, Kind, Layout, Outcome, Problems, Question, Reason, Version, Want,
};

use crate::support::{Ask, Authority, Identity, Link, believes, knows, nobody, store};

const HOST: &str = "a.example";

fn lab() -> (Authority, Identity, Identity) {
    let authority = Authority::new("Lab CA");
    let (one, other) = (authority.server(&[HOST]), authority.server(&[HOST]));
    (authority, one, other)
}

#[test]
fn a_known_file_that_vanished_makes_nobody_a_stranger_though_it_is_named_again() {
    let (authority, server, other) = lab();
    let context = believes(&authority);
    let (dir, path) = store();
    context.set_known_file(&path).unwrap();
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, server.certificate, Problems::NONE).unwrap();
    fs::remove_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    let before = context.snapshot().generation();
    for path in [&path, &dir.path().join("./trusted.pem")] {
        let error = context.set_known_file(path).unwrap_err();
        assert_eq!(error.kind(), Kind::Store, "{error}");
        assert!(error.message().contains("trusted.pem"), "{error}");
    }
    assert_eq!(context.snapshot().generation(), before);
    let error = Link::new(&context, HOST, 443, &other).run().unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert_eq!(ask.count(), 0);
    assert!(!path.exists());
}

/// A directory of our layout with an authority and nothing else.
fn layout(authority: &Authority) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("ca")).unwrap();
    fs::write(dir.path().join("ca/cert.pem"), authority.pem()).unwrap();
    dir
}

#[test]
fn a_layout_with_only_an_authority_gets_a_private_place_for_its_store() {
    let (authority, server, _) = lab();
    let dir = layout(&authority);
    let context = nobody();
    context.add_layout(Layout::Tlsconn, Some(dir.path())).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Answer);
    assert_eq!(ask.last().answered(), Some(Answer::Always));
    let private = fs::metadata(dir.path().join("server")).unwrap();
    assert_eq!(private.permissions().mode() & 0o7777, 0o700);
    let text = fs::read_to_string(dir.path().join("server/trusted.pem")).unwrap();
    assert!(text.contains("Host: a.example:443"), "{text}");
    let later = nobody();
    later.add_layout(Layout::Tlsconn, Some(dir.path())).unwrap();
    assert_eq!(Link::new(&later, HOST, 443, &server).open(), Reason::Known);
}

#[test]
fn a_layout_that_is_added_again_does_not_forget_that_it_had_a_store() {
    let (authority, server, _) = lab();
    let dir = layout(&authority);
    let context = nobody();
    context.add_layout(Layout::Tlsconn, Some(dir.path())).unwrap();
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, server.certificate, Problems::NONE).unwrap();
    fs::remove_dir_all(dir.path().join("server")).unwrap();
    let error = context.add_layout(Layout::Tlsconn, Some(dir.path())).unwrap_err();
    assert_eq!(error.kind(), Kind::Store, "{error}");
}

/// Two connections to one place that show different certificates, each with its question.
fn two(context: &Context, servers: [&Identity; 2]) -> [(Link, std::sync::Arc<Question>); 2] {
    let ask = Ask::set(context, None);
    servers.map(|server| {
        let mut link = Link::new(context, HOST, 443, server);
        link.asks();
        (link, ask.last())
    })
}

#[test]
fn of_two_certificates_for_one_place_the_second_is_a_change() {
    let (authority, one, other) = lab();
    let context = believes(&authority);
    let [(mut first, about_one), (mut second, about_other)] = two(&context, [&one, &other]);
    about_one.answer(Answer::Session).unwrap();
    about_other.answer(Answer::Session).unwrap();
    assert_eq!(first.open(), Reason::Answer);
    assert_eq!(second.refused().kind(), Kind::CertificateChanged);
    assert_pinned(&context, &one);
}

#[test]
fn an_answer_that_nobody_waits_for_does_not_take_the_place_of_another() {
    let (authority, one, other) = lab();
    let context = believes(&authority);
    let [(mut first, about_one), (second, about_other)] = two(&context, [&one, &other]);
    about_one.answer(Answer::Session).unwrap();
    assert_eq!(first.open(), Reason::Answer);
    drop(second);
    let error = about_other.answer(Answer::Session).unwrap_err();
    assert_eq!(error.kind(), Kind::CertificateChanged, "{error}");
    assert!(error.message().contains("a.example:443"), "{error}");
    assert_pinned(&context, &one);
}

#[test]
fn an_answer_that_was_applied_first_and_comes_home_second_takes_no_place() {
    let (authority, one, other) = lab();
    let context = believes(&authority);
    // Here the handshake needs one more flight of the server after the judgement.
    context.set(|settings| settings.tls.max_version = Version::Tls12).unwrap();
    let [(mut first, about_one), (mut second, about_other)] = two(&context, [&one, &other]);
    about_one.answer(Answer::Session).unwrap();
    about_other.answer(Answer::Session).unwrap();
    assert_eq!(second.connection.handshake(), Ok(Outcome::Not(Want::Read)));
    assert_eq!(first.open(), Reason::Answer);
    assert_eq!(second.run(), Ok(Outcome::Done(())));
    assert_eq!(second.connection.error().unwrap().kind(), Kind::CertificateChanged);
    assert_pinned(&context, &one);
}

/// The place is known with this certificate only, which needs no question any more.
fn assert_pinned(context: &Context, server: &Identity) {
    let known = knows(context);
    assert_eq!(known.len(), 1);
    assert_eq!(known.first().unwrap().1, server.certificate.der());
    let ask = Ask::set(context, Answer::Reject);
    assert_eq!(Link::new(context, HOST, 443, server).open(), Reason::Known);
    assert_eq!(ask.count(), 0);
}
