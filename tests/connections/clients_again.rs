//! A long-lived connection judged again: what changed its peer's standing since, and what did not.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::channel;
use std::thread;

use tlsconn::{
    Answer, Connection, Context, Endpoint, IdentityFrom, Kind, Material, Outcome, Policy, Problems,
    Read, Reason, SendCertificate,
};

use crate::support::{
    Ask, Authority, Both, DAY, Identity, Link, NOW, believes, nobody, own, store,
};

const HOST: &str = "a.example";

/// The result of `recheck` on the server.
#[track_caller]
fn still(both: &Both) -> Result<(), Kind> {
    both.server.recheck().map_err(|error| error.kind())
}

/// A connection of a client, alice, that the server's authority vouches for.
fn of_authority() -> (Authority, Context, Identity, Both) {
    let authority = Authority::new("Lab CA");
    let server = own(believes(&authority), &authority.server(&[HOST]));
    let alice = authority.server(&["alice"]);
    let both = Both::new(&server, &own(believes(&authority), &alice), HOST);
    both.open();
    assert_eq!(still(&both), Ok(()));
    (authority, server, alice, both)
}

/// A connection of a client after a question, with a file of known clients.
fn answered(answer: Answer) -> (tempfile::TempDir, Context, Identity, Both) {
    let authority = Authority::new("Lab CA");
    let server = own(nobody(), &authority.server(&[HOST]));
    server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let (dir, path) = store();
    server.set_known_client_file(&path).unwrap();
    Ask::set(&server, answer);
    let alice = Identity::alone(&["alice"]);
    let client = own(believes(&authority), &alice);
    client.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
    let both = Both::new(&server, &client, HOST);
    both.open();
    assert_eq!(still(&both), Ok(()));
    (dir, server, alice, both)
}

// ---------- clients ----------

#[test]
fn a_client_that_was_revoked_since_would_not_come_in() {
    let (authority, server, alice, both) = of_authority();
    let bob = authority.server(&["bob"]);
    server.add(Material::Crl, authority.list(2, &[&bob]).as_bytes()).unwrap();
    assert_eq!(still(&both), Ok(()));
    server.add(Material::Crl, authority.list(1, &[&alice, &bob]).as_bytes()).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateRevoked));
    // It says so and does nothing.
    both.open();
}

#[test]
fn a_client_that_has_expired_since_would_not_come_in() {
    let (_authority, server, _alice, both) = of_authority();
    for (days, wanted) in [(99, Ok(())), (101, Err(Kind::Certificate)), (1, Ok(()))] {
        server.set(|settings| settings.verify_time = Some(NOW + days * DAY)).unwrap();
        assert_eq!(still(&both), wanted, "{days}");
    }
}

#[test]
fn a_client_that_was_taken_off_a_list_would_not_come_in() {
    let (_authority, server, _alice, both) = of_authority();
    server.allow_dn(Some("CN=alice")).unwrap();
    server.allow_identity(Some("alice")).unwrap();
    assert_eq!(still(&both), Ok(()));
    server.allow_dn(None).unwrap();
    assert_eq!(still(&both), Err(Kind::NotAllowed));
    server.allow_dn(Some("*")).unwrap();
    server.allow_identity(None).unwrap();
    assert_eq!(still(&both), Err(Kind::NotAllowed));
}

#[test]
fn a_client_that_is_distrusted_since_would_not_come_in() {
    let (_authority, server, alice, both) = of_authority();
    server.distrust(&alice.certificate, true).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateDistrusted));
    server.distrust(&alice.certificate, false).unwrap();
    assert_eq!(still(&both), Ok(()));
}

#[test]
fn a_client_that_would_get_another_name_would_not_come_in_as_the_same() {
    let (_authority, server, _alice, both) = of_authority();
    server.set(|settings| settings.identity_from = IdentityFrom::Sha256).unwrap();
    assert_eq!(still(&both), Err(Kind::NotAllowed));
    assert_eq!(both.server.identity().unwrap().name, "alice");
    server.set(|settings| settings.identity_from = IdentityFrom::DnsName).unwrap();
    assert_eq!(still(&both), Ok(()));
}

#[test]
fn an_entry_that_left_the_directory_would_not_come_in() {
    let (_authority, server, alice, both) = of_authority();
    let dir = tempfile::tempdir().unwrap();
    server.set_client_dir(dir.path()).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateUnknown));
    let file = dir.path().join("alice.pem");
    fs::write(&file, &alice.pem).unwrap();
    assert_eq!(still(&both), Ok(()));
    fs::remove_file(&file).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateUnknown));
    server.set(|settings| settings.directory_and_authorities = true).unwrap();
    assert_eq!(still(&both), Ok(()));
    fs::write(&file, Identity::alone(&["alice"]).pem).unwrap();
    assert_eq!(still(&both), Err(Kind::NotAllowed));
    fs::remove_dir_all(dir.path()).unwrap();
    assert_eq!(still(&both), Err(Kind::File));
}

#[test]
fn a_client_without_a_certificate_is_judged_again_too() {
    let authority = Authority::new("Lab CA");
    let server = own(believes(&authority), &authority.server(&[HOST]));
    server.set(|settings| settings.client_auth = tlsconn::ClientAuth::Optional).unwrap();
    let both = Both::new(&server, &believes(&authority), HOST);
    both.open();
    assert_eq!(still(&both), Ok(()));
    server.set(|settings| settings.client_auth = tlsconn::ClientAuth::Required).unwrap();
    assert_eq!(still(&both), Err(Kind::NoClientCertificate));
}

// ---------- clients that were asked about ----------

#[test]
fn once_goes_on_counting_for_its_connection() {
    let (_dir, server, alice, both) = answered(Answer::Once);
    assert_eq!(both.server.reason(), Some(Reason::Answer));
    // Changes that have nothing to do with it.
    server.add(Material::Authority, Authority::new("Other CA").pem().as_bytes()).unwrap();
    server.distrust(&Identity::alone(&["bob"]).certificate, true).unwrap();
    server.set(|settings| settings.crl_grace = 5).unwrap();
    server.allow_dn(Some("CN=alice")).unwrap();
    server.set_validator(None);
    let dir = tempfile::tempdir().unwrap();
    server.set_client_dir(dir.path()).unwrap();
    assert_eq!(still(&both), Ok(()));
    // And one that does.
    server.set(|settings| settings.verify_time = Some(NOW + 101 * DAY)).unwrap();
    assert_eq!(both.server.recheck().unwrap_err().problems(), expired());
    server.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    assert_eq!(still(&both), Ok(()));
    server.distrust(&alice.certificate, true).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateDistrusted));
}

fn expired() -> Problems {
    Problems::EXPIRED | Problems::UNKNOWN_ISSUER | Problems::SELF_SIGNED
}

#[test]
fn an_answer_that_lasts_counts_until_it_is_forgotten() {
    for answer in [Answer::Session, Answer::Always] {
        let (_dir, server, alice, both) = answered(answer);
        server.set(|settings| settings.policies.on_client = Policy::Auto).unwrap();
        assert_eq!(still(&both), Ok(()), "{answer:?}");
        server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        server.remove_known_certificate(&alice.certificate).unwrap();
        assert_eq!(still(&both), Err(Kind::CertificateUnknown), "{answer:?}");
    }
}

#[test]
fn nobody_is_asked_when_a_peer_is_judged_again() {
    let (_dir, server, _alice, both) = answered(Answer::Once);
    let ask = Ask::set(&server, Answer::Once);
    assert_eq!(still(&both), Ok(()));
    server.set(|settings| settings.verify_time = Some(NOW + 101 * DAY)).unwrap();
    assert_eq!(still(&both), Err(Kind::CertificateUnknown));
    assert_eq!(ask.count(), 0);
    assert!(both.server.question().is_none());
}

// ---------- servers ----------

#[test]
fn a_server_is_judged_again_in_the_same_way() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    let mut link = Link::new(&context, HOST, 443, &server);
    link.open();
    let still = || link.connection.recheck().map_err(|error| error.kind());
    assert_eq!(still(), Ok(()));
    context.set(|settings| settings.verify_time = Some(NOW + 101 * DAY)).unwrap();
    assert_eq!(still(), Err(Kind::Certificate));
    context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, authority.server(&[HOST]).certificate, Problems::NONE).unwrap();
    assert_eq!(still(), Err(Kind::CertificateChanged));
    context.set_known(&place, server.certificate.clone(), Problems::NONE).unwrap();
    assert_eq!(still(), Ok(()));
    context.add(Material::Crl, authority.list(1, &[&server]).as_bytes()).unwrap();
    assert_eq!(still(), Err(Kind::CertificateRevoked));
}

#[test]
fn a_server_that_was_allowed_once_goes_on_being_allowed() {
    let context = nobody();
    context.set(|settings| settings.policies.on_untrusted = Policy::Ask).unwrap();
    let server = Identity::alone(&[HOST]);
    for answer in [Answer::Once, Answer::Session, Answer::Always] {
        let (_dir, path) = store();
        context.set_known_file(&path).unwrap();
        Ask::set(&context, answer);
        let mut link = Link::new(&context, HOST, 443, &server);
        link.open();
        assert_eq!(link.connection.recheck(), Ok(()), "{answer:?}");
        let removed = context.remove_known_certificate(&server.certificate);
        assert_eq!(removed.is_ok(), answer != Answer::Once);
        let again = link.connection.recheck().map_err(|error| error.kind());
        let wanted = if answer == Answer::Once { Ok(()) } else { Err(Kind::Certificate) };
        assert_eq!(again, wanted, "{answer:?}");
    }
}

// ---------- when and where ----------

#[test]
fn before_the_peer_was_let_in_there_is_nothing_to_judge_again() {
    let authority = Authority::new("Lab CA");
    let server = own(nobody(), &authority.server(&[HOST]));
    server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let client = own(believes(&authority), &Identity::alone(&["alice"]));
    client.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
    let both = Both::new(&server, &client, HOST);
    assert_eq!(still(&both), Err(Kind::State));
    both.asks();
    assert_eq!(still(&both), Err(Kind::State));
    both.server.question().unwrap().answer(Answer::Reject).unwrap();
    both.refused();
    assert_eq!(still(&both), Err(Kind::State));
}

#[test]
fn another_thread_may_ask_while_a_read_waits() {
    let authority = Authority::new("Lab CA");
    let server = own(believes(&authority), &authority.server(&[HOST]));
    let client = own(believes(&authority), &authority.server(&["alice"]));
    let (near, far) = UnixStream::pair().unwrap();
    let [near, far]: [&'static UnixStream; 2] = [near, far].map(|one| &*Box::leak(Box::new(one)));
    let (open, is_open) = channel();
    let (judged, is_judged) = channel::<()>();
    let at_work = thread::spawn(move || {
        let client = Connection::over_socket(&client, far.as_fd(), HOST, 443, true).unwrap();
        client.handshake().unwrap();
        is_judged.recv().unwrap();
        client.write(b"hello").unwrap();
    });
    let connection = Connection::accept_socket(&server, near.as_fd(), true).unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            connection.handshake().unwrap();
            open.send(()).unwrap();
            connection.read(&mut [0; 8])
        });
        is_open.recv().unwrap();
        assert_eq!(connection.recheck(), Ok(()));
        server.allow_dn(None).unwrap();
        assert_eq!(connection.recheck().unwrap_err().kind(), Kind::NotAllowed);
        judged.send(()).unwrap();
        assert_eq!(reader.join().unwrap(), Ok(Outcome::Done(Read::Bytes(5))));
    });
    at_work.join().unwrap();
}
