//! Questions about clients: when there is one and what it says, answers that come later, are shared
//! or come too late, and what they leave in the file of known clients.

use std::fs;
use std::io::Read as _;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tlsconn::{
    Answer, Connection, Context, Entry, IdentitySource, Kind, Layout, Material, Outcome, Policy,
    Problems, Read, Reason, Role, SendCertificate, Situation, Style, Version, Want,
};

use crate::support::pki::{day, named};
use crate::support::{
    Ask, Authority, Both, DAY, Does, Identity, NOW, believes, nobody, own, store,
};

const HOST: &str = "a.example";

/// A server that asks about the clients that nothing vouches for, and its authority.
struct Lab {
    authority: Authority,
    server: Context,
}

impl Lab {
    fn new() -> Self {
        let authority = Authority::new("Lab CA");
        let server = own(nobody(), &authority.server(&[HOST]));
        server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        Self { authority, server }
    }

    /// The same with a file of known clients.
    fn with_store() -> (Self, tempfile::TempDir, PathBuf) {
        let lab = Self::new();
        let (dir, path) = store();
        lab.server.set_known_client_file(&path).unwrap();
        (lab, dir, path)
    }

    fn client(&self, identity: &Identity) -> Context {
        let context = believes(&self.authority);
        context.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
        own(context, identity)
    }

    fn meets(&self, identity: &Identity) -> Both {
        Both::new(&self.server, &self.client(identity), HOST)
    }

    fn clients(&self) -> Vec<Arc<Entry>> {
        self.server.known().unwrap()
    }
}

fn alice() -> Identity {
    Identity::alone(&["alice"])
}

// ---------- answers ----------

#[test]
fn once_is_for_this_connection_and_asks_anew() {
    for version in [Version::Tls12, Version::Tls13] {
        let (lab, _dir, _) = Lab::with_store();
        lab.server.set(|settings| settings.tls.max_version = version).unwrap();
        let ask = Ask::set(&lab.server, Answer::Once);
        let alice = alice();
        for count in [1, 2] {
            let both = lab.meets(&alice);
            both.open();
            assert_eq!(both.server.reason(), Some(Reason::Answer));
            assert_eq!(ask.count(), count);
        }
        assert!(lab.clients().is_empty());
    }
}

#[test]
fn always_makes_a_known_client_that_outlives_the_context() {
    let (lab, _dir, path) = Lab::with_store();
    let ask = Ask::set(&lab.server, Answer::Always);
    let alice = alice();
    let both = lab.meets(&alice);
    both.open();
    assert_eq!(both.server.error(), None);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("Role: client\n") && !text.contains("Host:"), "{text}");
    assert!(text.contains("Accepted: "), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let later = Lab::new();
    later.server.set_known_client_file(&path).unwrap();
    let both = later.meets(&alice);
    both.open();
    assert_eq!(both.server.reason(), Some(Reason::Known));
    assert_eq!(both.server.identity().unwrap().source, IdentitySource::Answer);
    assert_eq!(ask.count(), 1);
}

#[test]
fn a_reject_refuses_and_is_not_stored() {
    let (lab, _dir, path) = Lab::with_store();
    let ask = Ask::set(&lab.server, Answer::Reject);
    for count in [1, 2] {
        let both = lab.meets(&alice());
        assert_eq!(both.refused().kind(), Kind::Rejected);
        let told = both.client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), Kind::PeerRejectedUs, "{told}");
        assert_eq!(ask.count(), count);
    }
    assert!(!path.exists());
}

#[test]
fn always_counts_for_the_session_where_there_is_no_file() {
    let lab = Lab::new();
    let ask = Ask::set(&lab.server, None);
    let alice = alice();
    let both = lab.meets(&alice);
    both.asks();
    assert!(!ask.last().allows(Answer::Always) && ask.last().allows(Answer::Session));
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(both.run()[0], Ok(Outcome::Done(())));
    lab.meets(&alice).open();
    assert_eq!((ask.count(), lab.clients().len()), (1, 1));
}

#[test]
fn an_answer_may_come_from_another_thread_while_a_call_waits() {
    let lab = Lab::new();
    Does::set(&lab.server, |question| {
        let question = Arc::clone(question);
        thread::spawn(move || question.answer(Answer::Once).unwrap());
        None
    });
    let (near, far) = UnixStream::pair().unwrap();
    let client = lab.client(&alice());
    let far: &'static UnixStream = Box::leak(Box::new(far));
    let near: &'static UnixStream = Box::leak(Box::new(near));
    let at_work = thread::spawn(move || {
        let client = Connection::over_socket(&client, far.as_fd(), HOST, 443, true).unwrap();
        client.write(b"hello").unwrap();
        client.read(&mut [0; 8]).unwrap();
    });
    let server = Connection::accept_socket(&lab.server, near.as_fd(), true).unwrap();
    assert_eq!(server.handshake(), Ok(Outcome::Done(())));
    assert_eq!(server.read(&mut [0; 8]), Ok(Outcome::Done(Read::Bytes(5))));
    server.write(b"hello").unwrap();
    at_work.join().unwrap();
    assert_eq!(server.whom(), "the client alice");
}

#[test]
fn twenty_connections_of_one_client_make_one_question() {
    let (lab, _dir, _) = Lab::with_store();
    let ask = Ask::set(&lab.server, None);
    let alice = alice();
    let client = lab.client(&alice);
    let all: Vec<_> = (0..20).map(|_| Both::new(&lab.server, &client, HOST)).collect();
    all.iter().for_each(Both::asks);
    let other = lab.meets(&Identity::alone(&["bob"]));
    other.asks();
    assert_eq!(ask.count(), 2);
    let question = all[0].server.question().unwrap();
    assert!(all.iter().all(|one| Arc::ptr_eq(&one.server.question().unwrap(), &question)));
    question.answer(Answer::Always).unwrap();
    for one in &all {
        assert_eq!(one.run()[0], Ok(Outcome::Done(())));
    }
    assert_eq!(lab.clients().len(), 1);
    assert_eq!(other.server.handshake(), Ok(Outcome::Not(Want::Answer)));
}

#[test]
fn nobody_to_ask_leaves_the_question_to_the_application() {
    let lab = Lab::new();
    let both = lab.meets(&alice());
    both.asks();
    both.server.question().unwrap().answer(Answer::Once).unwrap();
    assert_eq!(both.run()[0], Ok(Outcome::Done(())));
}

#[test]
fn a_policy_that_admits_whom_nothing_vouches_for_is_refused() {
    let lab = Lab::new();
    let error = lab.server.set(|settings| settings.policies.on_client = Policy::Allow).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
}

#[test]
fn the_validator_of_the_proposal_is_not_asked_about_clients() {
    let lab = Lab::new();
    let ask = Ask::set(&lab.server, Answer::Always);
    lab.server.set_proposal_validator(Some(Arc::<Ask>::clone(&ask)));
    assert_eq!(lab.meets(&alice()).refused().kind(), Kind::CertificateUnknown);
    assert_eq!(ask.count(), 0);
}

// ---------- too late ----------

#[test]
fn the_answer_is_kept_for_a_client_that_hung_up() {
    for (answer, count) in [(Answer::Once, 0), (Answer::Session, 1), (Answer::Always, 1)] {
        let (lab, _dir, _) = Lab::with_store();
        let ask = Ask::set(&lab.server, None);
        let (near, far) = UnixStream::pair().unwrap();
        let far: &'static UnixStream = Box::leak(Box::new(far));
        let near: &'static UnixStream = Box::leak(Box::new(near));
        let client =
            Connection::over_socket(&lab.client(&alice()), far.as_fd(), HOST, 443, false).unwrap();
        let server = Connection::accept_socket(&lab.server, near.as_fd(), false).unwrap();
        while server.handshake() != Ok(Outcome::Not(Want::Answer)) {
            let _ = client.handshake();
        }
        drop(client);
        far.shutdown(std::net::Shutdown::Both).unwrap();
        ask.last().answer(answer).unwrap();
        let error = server.handshake().unwrap_err();
        assert_eq!(error.kind(), Kind::PeerGone, "{answer:?}: {error}");
        assert_eq!(lab.clients().len(), count, "{answer:?}");
    }
}

#[test]
fn an_answer_is_judged_by_the_newest_state() {
    let lab = Lab::new();
    let alice = lab.authority.server(&["alice"]);
    let ask = Ask::set(&lab.server, None);
    let both = lab.meets(&alice);
    both.asks();
    lab.server.add(Material::Crl, lab.authority.list(1, &[&alice]).as_bytes()).unwrap();
    ask.last().answer(Answer::Session).unwrap();
    assert_eq!(both.refused().kind(), Kind::CertificateRevoked);
    assert!(lab.clients().is_empty());
}

#[test]
fn an_answer_cannot_give_away_a_name_that_came_into_the_directory_meanwhile() {
    let (lab, _dir, path) = Lab::with_store();
    let ask = Ask::set(&lab.server, None);
    let [one, gone] = [(); 2].map(|()| lab.meets(&alice()));
    one.asks();
    let first = ask.last();
    gone.asks();
    let second = ask.last();
    drop(gone);
    let entries = tempfile::tempdir().unwrap();
    fs::write(entries.path().join("a.pem"), alice().pem).unwrap();
    lab.server.set_client_dir(entries.path()).unwrap();
    first.answer(Answer::Always).unwrap();
    assert_eq!(one.refused().kind(), Kind::NotAllowed);
    // Nobody waits for this one any more, so it is stored at once, or not at all.
    assert_eq!(second.answer(Answer::Always).unwrap_err().kind(), Kind::NotAllowed);
    assert!(lab.clients().is_empty() && !path.exists());
}

// ---------- what is asked ----------

#[test]
fn a_question_says_who_it_is_what_it_would_get_what_is_wrong_and_what_to_do() {
    let lab = Lab::new();
    let ask = Ask::set(&lab.server, None);
    let mut params = named("alice", &[]);
    params.not_after = day(-1);
    let client = {
        let context = lab.client(&alice());
        context.set(|settings| settings.verify_time = Some(NOW - 5 * DAY)).unwrap();
        own(context, &Identity::with(&params))
    };
    Both::new(&lab.server, &client, HOST).asks();
    let question = ask.last();
    let asked = question.asked();
    assert_eq!((asked.situation, asked.role), (Situation::Client, Role::Client));
    assert_eq!((asked.endpoint.clone(), asked.identity.as_deref()), (None, Some("alice")));
    let line = question.text(Style::Line);
    assert!(line.starts_with("the client alice is new here"), "{line}");
    assert!(line.contains("expired") && line.lines().count() == 1, "{line}");
    for style in [Style::Summary, Style::Full] {
        let text = question.text(style);
        for part in ["the client alice is new here", "  ! ", "admitted as alice", "fingerprint"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("server"), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&question.text(Style::Json)).unwrap();
    assert_eq!(json["situation"], "client");
    assert_eq!(json["identity"], "alice");
    assert!(json["host"].is_null() && json["port"].is_null());
    assert!(question.text(Style::Pem).contains("BEGIN CERTIFICATE"));
}

#[test]
fn a_known_client_with_a_new_problem_is_asked_about_and_refused_otherwise() {
    let (lab, _dir, _) = Lab::with_store();
    let alice = alice();
    let ask = Ask::set(&lab.server, Answer::Always);
    let client = lab.client(&alice);
    Both::new(&lab.server, &client, HOST).open();
    lab.server.set(|settings| settings.verify_time = Some(NOW + 101 * DAY)).unwrap();
    lab.server.set(|settings| settings.policies.on_client = Policy::Auto).unwrap();
    let error = Both::new(&lab.server, &client, HOST).refused();
    assert_eq!(error.problems(), Problems::EXPIRED);
    lab.server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    Both::new(&lab.server, &client, HOST).open();
    assert_eq!(ask.last().asked().problems, Problems::EXPIRED);
    assert!(ask.last().text(Style::Summary).contains("is known since"));
    let both = Both::new(&lab.server, &client, HOST);
    both.open();
    assert_eq!(both.server.reason(), Some(Reason::Known));
    assert_eq!((ask.count(), lab.clients().len()), (2, 1));
    assert!(lab.clients()[0].accepted.contains(Problems::EXPIRED | Problems::UNKNOWN_ISSUER));
}

// ---------- the file ----------

#[test]
fn a_file_that_is_damaged_gone_or_open_to_others_lets_nobody_in() {
    type Break = fn(&PathBuf);
    let break_it: [(Break, Kind); 3] = [
        (|path| fs::write(path, "Role: client\nno PEM\n").unwrap(), Kind::Store),
        (|path| fs::remove_file(path).unwrap(), Kind::Store),
        (
            |path| fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap(),
            Kind::Permission,
        ),
    ];
    for (break_it, kind) in break_it {
        let (lab, _dir, path) = Lab::with_store();
        Ask::set(&lab.server, Answer::Always);
        let alice = alice();
        let both = lab.meets(&alice);
        both.open();
        break_it(&path);
        assert_eq!(lab.meets(&alice).refused().kind(), kind);
        assert_eq!(both.server.recheck().unwrap_err().kind(), kind);
        assert_eq!(lab.server.reload().unwrap_err().kind(), kind);
    }
}

#[test]
fn an_entry_for_clients_makes_no_known_server_and_the_reverse() {
    let authority = Authority::new("Lab CA");
    let both_sides = Identity::alone(&[HOST]);
    let entry = |role: &str| {
        let sha256 = both_sides.certificate.fingerprint();
        format!("SHA256: {sha256}\nRole: {role}\n{}", both_sides.pem)
    };
    let server = own(nobody(), &both_sides);
    let client = own(believes(&authority), &both_sides);
    server.add(Material::TrustedPeer, entry("server").as_bytes()).unwrap();
    client.add(Material::TrustedPeer, entry("client").as_bytes()).unwrap();
    let [of_client, of_server] = {
        let both = Both::new(&server, &client, HOST);
        both.run()
    };
    assert!(of_server.is_err() && of_client.is_err());
    client.add(Material::TrustedPeer, entry("server").as_bytes()).unwrap();
    client.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
    assert_eq!(Both::new(&server, &client, HOST).refused().kind(), Kind::CertificateUnknown);
    server.add(Material::TrustedPeer, entry("client").as_bytes()).unwrap();
    Both::new(&server, &client, HOST).open();
}

#[test]
fn the_file_of_clients_holds_no_server_and_is_no_file_of_servers() {
    let (lab, dir, path) = Lab::with_store();
    let same = dir.path().join(".").join("trusted.pem");
    assert_eq!(lab.server.set_known_file(&same).unwrap_err().kind(), Kind::Invalid);
    lab.server.set_known_file(&dir.path().join("servers.pem")).unwrap();
    let one = alice();
    let sha256 = one.certificate.fingerprint();
    let text = format!("Host: {HOST}:443\nSHA256: {sha256}\nRole: server\n{}", one.pem);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let error = lab.server.known().unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("line"), "{error}");
}

#[test]
fn a_plain_certificate_in_the_file_is_a_known_client_and_waives_what_an_exact_match_does() {
    let (lab, _dir, path) = Lab::with_store();
    let alice = alice();
    fs::write(&path, &alice.pem).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    lab.meets(&alice).open();
    let entry = &lab.clients()[0];
    assert_eq!((entry.role, entry.accepted), (Role::Client, Problems::NONE));
}

#[test]
fn a_mark_of_distrust_counts_in_either_file_for_both_roles() {
    let authority = Authority::new("Lab CA");
    let identity = authority.server(&[HOST]);
    for with_servers in [false, true] {
        let context = own(believes(&authority), &identity);
        let (dir, clients) = store();
        context.set_known_client_file(&clients).unwrap();
        let servers = dir.path().join("servers.pem");
        if with_servers {
            context.set_known_file(&servers).unwrap();
        }
        Both::new(&context, &context, HOST).open();
        context.distrust(&identity.certificate, true).unwrap();
        assert_eq!((servers.exists(), clients.exists()), (with_servers, !with_servers));
        let fresh = own(believes(&authority), &identity);
        for (role, path) in [(Role::Client, &clients), (Role::Server, &servers)] {
            if path.exists() && role == Role::Client {
                fresh.set_known_client_file(path).unwrap();
            } else if path.exists() {
                fresh.set_known_file(path).unwrap();
            }
        }
        for role in [Role::Client, Role::Server] {
            let verdict = fresh.verify(role, None, 0, identity.pem.as_bytes()).unwrap();
            assert_eq!(verdict.outcome().unwrap_err().kind(), Kind::CertificateDistrusted);
        }
        fresh.distrust(&identity.certificate, false).unwrap();
        Both::new(&fresh, &fresh, HOST).open();
        assert_eq!(
            fresh.distrust(&identity.certificate, false).unwrap_err().kind(),
            Kind::NotFound
        );
    }
}

#[test]
fn a_certificate_is_forgotten_in_both_files_and_in_the_session() {
    let (lab, dir, _) = Lab::with_store();
    let servers = dir.path().join("servers.pem");
    lab.server.set_known_file(&servers).unwrap();
    let alice = alice();
    let place = tlsconn::Endpoint::new("b.example", 443).unwrap();
    lab.server.set_known(&place, alice.certificate.clone(), Problems::NONE).unwrap();
    Ask::set(&lab.server, Answer::Always);
    lab.meets(&alice).open();
    Ask::set(&lab.server, Answer::Session);
    lab.meets(&Identity::alone(&["bob"])).open();
    assert_eq!(lab.clients().len(), 3);
    lab.server.remove_known_certificate(&alice.certificate).unwrap();
    let left = lab.clients();
    assert_eq!(left.len(), 1);
    lab.server.remove_known_certificate(&left[0].certificate).unwrap();
    assert!(lab.clients().is_empty());
    let error = lab.server.remove_known_certificate(&alice.certificate).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    lab.server.distrust(&alice.certificate, true).unwrap();
    let error = lab.server.remove_known_certificate(&alice.certificate).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(lab.clients()[0].distrust);
}

#[test]
fn the_layout_has_a_file_of_known_clients() {
    let lab = Lab::new();
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("ca")).unwrap();
    fs::write(dir.path().join("ca/cert.pem"), lab.authority.pem()).unwrap();
    lab.server.add_layout(Layout::Tlsconn, Some(dir.path())).unwrap();
    let clients = dir.path().join("client");
    assert_eq!(fs::metadata(&clients).unwrap().permissions().mode() & 0o777, 0o700);
    Ask::set(&lab.server, Answer::Always);
    lab.meets(&alice()).open();
    let mut text = String::new();
    fs::File::open(clients.join("trusted.pem")).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("Role: client"), "{text}");
    assert!(!dir.path().join("server/trusted.pem").exists());
}
