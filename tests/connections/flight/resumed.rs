//! Sessions are resumed for peers that are allowed for longer than once, and for nobody after
//! the decision, the policy or the material has changed.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::server::ProducesTickets;
use tlsconn::{
    Answer, Certificate, Connection, Context, Kind, Material, Outcome, Place, Policy, Problems,
    Question, Reply, Validator, Want,
};

use super::link::{Link, PORT};
use super::pki::{OTHER_NAME, Pki, SERVER, VERSIONS, Way};
use super::record::{assert_only_hellos, assert_rejection, hellos};

const ASKED: Outcome<()> = Outcome::Not(Want::Answer);

#[derive(Debug)]
struct Says(Option<Answer>);

impl Validator for Says {
    fn validate(&self, _question: &Arc<Question>) -> Option<Reply> {
        self.0.map(Reply::from)
    }
}

/// Completes a handshake, with a question answered where there is one, and takes the tickets.
fn complete(mut link: Link, answer: Option<Answer>) -> Link {
    let mut end = link.shake().unwrap();
    if let Some(answer) = answer {
        assert_eq!(end, ASKED);
        link.client().question().unwrap().answer(answer).unwrap();
        end = link.shake().unwrap();
    }
    assert_eq!(end, Outcome::Done(()));
    link.carry();
    assert_eq!(link.listen(), Ok(Outcome::Not(Want::Read)));
    link
}

fn connect(context: &Context, config: &Arc<ServerConfig>) -> Link {
    complete(Link::in_memory(context, config), None)
}

fn is_resumed(context: &Context, config: &Arc<ServerConfig>) -> bool {
    connect(context, config).client().info().resumed
}

/// A context that the authority's word is enough for, with a session that could be resumed.
fn with_session(pki: &Pki, way: Way) -> (Context, Arc<ServerConfig>) {
    let (context, config) = (pki.believing(true), pki.server(way, true));
    assert!(!is_resumed(&context, &config), "{way:?}");
    assert!(is_resumed(&context, &config), "{way:?}");
    (context, config)
}

fn leaf(pki: &Pki) -> Certificate {
    pki.server.certificate.clone()
}

#[test]
fn a_server_that_an_authority_vouches_for_is_resumed_and_talks() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = with_session(&pki, way);
        let mut link = connect(&context, &config);
        assert!(link.client().info().resumed, "{way:?}");
        link.assert_talks("resumed");
    }
}

#[test]
fn a_server_that_was_allowed_once_is_asked_about_again_from_the_start() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = (pki.asking(true), pki.server(way, true));
        for round in 0..3 {
            let link = complete(Link::in_memory(&context, &config), Some(Answer::Once));
            assert!(!link.client().info().resumed, "{way:?}, round {round}");
        }
        let mut link = Link::in_memory(&context, &config);
        assert_eq!(link.shake(), Ok(ASKED));
        link.client().question().unwrap().answer(Answer::Reject).unwrap();
        assert_eq!(link.shake().unwrap_err().kind(), Kind::Rejected, "{way:?}");
    }
}

#[test]
fn a_server_that_was_allowed_for_longer_is_resumed_without_a_question() {
    let pki = Pki::new();
    for way in VERSIONS {
        for answer in [Answer::Session, Answer::Always] {
            let home = home();
            let (context, config) = (pki.asking(true), pki.server(way, true));
            context.set_known_file(&home.path().join("trusted.pem")).unwrap();
            complete(Link::in_memory(&context, &config), Some(answer));
            assert!(is_resumed(&context, &config), "{way:?}, {answer:?}");
            assert!(is_resumed(&context, &config), "{way:?}, {answer:?}: once more");
        }
    }
}

/// The tickets of a rustls server come right behind its part of the handshake.
#[test]
fn nothing_of_a_server_that_was_rejected_is_resumed_once_it_is_allowed() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = (pki.asking(true), pki.server(way, true));
        let mut link = Link::in_memory(&context, &config);
        assert_eq!(link.shake(), Ok(ASKED));
        link.client().question().unwrap().answer(Answer::Reject).unwrap();
        assert_eq!(link.shake().unwrap_err().kind(), Kind::Rejected, "{way:?}");
        let link = complete(Link::in_memory(&context, &config), Some(Answer::Session));
        assert!(!link.client().info().resumed, "{way:?}");
    }
}

/// Opens each of its tickets once.
#[derive(Debug, Default)]
struct OpensOnce(Mutex<HashMap<Vec<u8>, Vec<u8>>>, AtomicUsize);

impl ProducesTickets for OpensOnce {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        3600
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut all = self.0.lock().unwrap();
        let ticket = format!("ticket {}", self.1.fetch_add(1, Ordering::Relaxed)).into_bytes();
        all.insert(ticket.clone(), plain.to_vec());
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().unwrap().remove(ticket)
    }
}

#[test]
fn a_ticket_that_is_renewed_in_a_resumed_session_of_tls_1_2_takes_the_place_of_the_old_one() {
    let pki = Pki::new();
    for answer in [None, Some(Answer::Session)] {
        let context = if answer.is_some() { pki.asking(true) } else { pki.believing(true) };
        let mut config = (*pki.server(Way::Tls12, true)).clone();
        config.ticketer = Arc::new(OpensOnce::default());
        let config = Arc::new(config);
        let first = complete(Link::in_memory(&context, &config), answer);
        assert!(!first.client().info().resumed);
        for round in 0..3 {
            assert!(is_resumed(&context, &config), "round {round}, {answer:?}");
        }
    }
}

#[test]
fn the_group_that_a_server_asked_for_is_offered_at_once_the_next_time() {
    let pki = Pki::new();
    for (answer, remembered) in
        [(None, true), (Some(Answer::Session), true), (Some(Answer::Once), false)]
    {
        let context = if answer.is_some() { pki.asking(false) } else { pki.believing(false) };
        let mut config = (*pki.server(Way::Retry, false)).clone();
        // A resumed session would need no group.
        config.send_tls13_tickets = 0;
        let config = Arc::new(config);
        let first = complete(Link::in_memory(&context, &config), answer);
        assert_eq!(hellos(&first.recorded), 2, "{answer:?}");
        let answer = answer.filter(|answer| *answer == Answer::Once);
        let second = complete(Link::in_memory(&context, &config), answer);
        assert!(!second.client().info().resumed);
        assert_eq!(hellos(&second.recorded), if remembered { 1 } else { 2 }, "{answer:?}");
    }
}

#[test]
fn a_server_that_is_distrusted_since_is_refused() {
    let pki = Pki::new();
    for way in VERSIONS {
        for stored in [false, true] {
            let home = home();
            let (context, config) = with_session(&pki, way);
            if stored {
                context.set_known_file(&home.path().join("trusted.pem")).unwrap();
                connect(&context, &config);
                assert!(is_resumed(&context, &config));
            }
            let before = Connection::in_memory(&context, SERVER, PORT).unwrap();
            context.distrust(&leaf(&pki), true).unwrap();
            for client in [before, Connection::in_memory(&context, SERVER, PORT).unwrap()] {
                let error = Link::over_memory_to(client, &config).shake().unwrap_err();
                assert_eq!(error.kind(), Kind::CertificateDistrusted, "{way:?}, {stored}");
            }
        }
    }
}

#[test]
fn a_server_that_is_forgotten_since_is_asked_about_from_the_start() {
    let pki = Pki::new();
    for way in VERSIONS {
        for stored in [false, true] {
            let home = home();
            let (context, config) = (pki.asking(true), pki.server(way, true));
            if stored {
                context.set_known_file(&home.path().join("trusted.pem")).unwrap();
            }
            let answer = if stored { Answer::Always } else { Answer::Session };
            complete(Link::in_memory(&context, &config), Some(answer));
            connect(&context, &config);
            assert!(is_resumed(&context, &config), "{way:?}, {stored}");
            context.remove_known(&Place::parse(&format!("{SERVER}:{PORT}")).unwrap()).unwrap();
            let mut link = Link::in_memory(&context, &config);
            assert_eq!(link.shake(), Ok(ASKED), "{way:?}, {stored}");
            assert!(!link.client().info().resumed, "{way:?}, {stored}");
        }
    }
}

#[test]
fn a_server_that_is_revoked_since_is_refused() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = with_session(&pki, way);
        let before = Connection::in_memory(&context, SERVER, PORT).unwrap();
        context.add(Material::Crl, pki.revocation().as_bytes()).unwrap();
        for client in [before, Connection::in_memory(&context, SERVER, PORT).unwrap()] {
            let error = Link::over_memory_to(client, &config).shake().unwrap_err();
            assert_eq!(error.kind(), Kind::CertificateRevoked, "{way:?}: {error}");
            assert!(error.problems().contains(Problems::REVOKED), "{way:?}");
        }
    }
}

#[test]
fn a_changed_policy_or_validator_or_material_leaves_no_session() {
    type Change = fn(&Context, &Pki);
    let changes: [(&str, Change, Outcome<()>); 4] = [
        (
            "policy",
            |context, _| {
                context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
            },
            ASKED,
        ),
        (
            "validator that answers later",
            |context, _| {
                context.set_validator(Some(Arc::new(Says(None))));
            },
            ASKED,
        ),
        (
            "validator that allows",
            |context, _| {
                context.set_validator(Some(Arc::new(Says(Some(Answer::Once)))));
            },
            Outcome::Done(()),
        ),
        (
            "another authority",
            |context, _| {
                context.add(Material::Authority, Pki::new().authority.pem().as_bytes()).unwrap();
            },
            Outcome::Done(()),
        ),
    ];
    let pki = Pki::new();
    for way in VERSIONS {
        for (name, change, end) in changes {
            let (context, config) = with_session(&pki, way);
            change(&context, &pki);
            let mut link = Link::in_memory(&context, &config);
            assert_eq!(link.shake(), Ok(end), "{way:?}, {name}");
            assert!(!link.client().info().resumed, "{way:?}, {name}");
        }
    }
}

#[test]
fn a_connection_that_began_before_the_change_is_held_though_it_is_resumed() {
    let pki = Pki::new();
    for way in VERSIONS {
        for answer in [Answer::Reject, Answer::Once] {
            let (context, config) = with_session(&pki, way);
            let before = Connection::in_memory(&context, SERVER, PORT).unwrap();
            context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
            let mut link = Link::over_memory_to(before, &config);
            assert_eq!(link.shake(), Ok(ASKED), "{way:?}");
            assert!(link.client().info().resumed, "{way:?}: the test shows nothing otherwise");
            assert_only_hellos(&link.recorded, way, "resumed");
            link.client().question().unwrap().answer(answer).unwrap();
            if answer == Answer::Reject {
                assert_eq!(link.shake().unwrap_err().kind(), Kind::Rejected, "{way:?}");
                assert_rejection(&link.recorded, way, "resumed");
                link.carry_to_server();
                let denied = rustls::AlertDescription::AccessDenied;
                assert_eq!(link.refusal, Some(rustls::Error::AlertReceived(denied)), "{way:?}");
            } else {
                assert_eq!(link.shake(), Ok(Outcome::Done(())), "{way:?}");
                link.assert_talks("resumed");
            }
        }
    }
}

#[test]
fn another_port_and_another_name_are_not_resumed() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = with_session(&pki, way);
        let port = Connection::in_memory(&context, SERVER, PORT + 1).unwrap();
        let name = Connection::in_memory(&context, SERVER, PORT).unwrap();
        name.set_verify_name(OTHER_NAME).unwrap();
        for (client, what) in [(port, "port"), (name, "name")] {
            let link = complete(Link::over_memory_to(client, &config), None);
            assert!(!link.client().info().resumed, "{way:?}, {what}");
        }
    }
}

#[test]
fn a_verify_name_stands_for_the_host_that_carries_it() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = with_session(&pki, way);
        let client = Connection::in_memory(&context, "gateway.example", PORT).unwrap();
        client.set_verify_name(SERVER).unwrap();
        let link = complete(Link::over_memory_to(client, &config), None);
        // Over memory nothing is dialled, so the name is all there is.
        assert!(link.client().info().resumed, "{way:?}");
    }
}

#[test]
fn without_resumption_there_is_none() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = (pki.believing(false), pki.server(way, false));
        context.set(|settings| settings.tls.resumption = false).unwrap();
        assert!(!is_resumed(&context, &config) && !is_resumed(&context, &config), "{way:?}");
    }
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    home
}
