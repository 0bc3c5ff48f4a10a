//! What a server sends, and when: nothing after its flight before the client is admitted, and at
//! most one alert if it is not.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::AlertDescription;
use rustls::crypto::aws_lc_rs::default_provider;
use tlsconn::{Answer, Connection, Context, Kind, Outcome, Policy, Read, Version, Want};

use crate::support::injections::INJECTED;
use crate::support::pair::wait_for;
use crate::support::raw::{Raw, VERSIONS, client, client_with_suite};
use crate::support::{Authority, Identity, lab, own};

const HOST: &str = "a.example";
const ASKED: Outcome<()> = Outcome::Not(Want::Answer);
/// Header, alert, its type and the tag of the AEAD.
const SEALED_ALERT: usize = 5 + 2 + 1 + 16;

/// A server that asks about strangers, although it has no validator; it gives tickets.
fn asking() -> Context {
    let (_, context) = lab(HOST);
    context
        .set(|settings| {
            settings.policies.on_client = Policy::Ask;
            settings.tickets = true;
        })
        .unwrap();
    context
}

/// A stranger that is about to send its last flight.
fn stranger(context: &Context, version: Version) -> Raw {
    let identity = Identity::alone(&["mallory"]);
    let mut raw = Raw::new(context, &Arc::new(client(Some(&identity), version)), HOST);
    let hello = raw.take_from_client();
    raw.give(&hello);
    assert_eq!(raw.server().handshake(), Ok(Outcome::Not(Want::Read)));
    raw.carry_to_client();
    assert_eq!(raw.refusal, None);
    raw
}

/// The last flight of a client, and what it says right behind it where it may already.
fn last_flight(raw: &mut Raw, early: &[u8]) -> Vec<u8> {
    if !raw.client.is_handshaking() {
        raw.client.writer().write_all(early).unwrap();
    }
    raw.take_from_client()
}

#[test]
fn while_a_question_is_open_nothing_leaves() {
    for version in VERSIONS {
        let context = asking();
        let mut raw = stranger(&context, version);
        let flight = last_flight(&mut raw, b"early");
        raw.give(&flight);
        for _ in 0..3 {
            assert_eq!(raw.server().handshake(), Ok(ASKED), "{version:?}");
            assert_eq!(raw.server().write(b"secret"), Ok(Outcome::Not(Want::Answer)));
            assert_eq!(raw.server().read(&mut [0; 8]), Ok(Outcome::Not(Want::Answer)));
            assert_eq!(raw.server().shutdown().unwrap_err().kind(), Kind::State);
            assert_eq!(raw.record(), 0, "{version:?}");
        }
        assert_eq!(raw.client.tls13_tickets_received(), 0);
        assert_eq!(raw.client.is_handshaking(), version == Version::Tls12);
        raw.server().question().unwrap().answer(Answer::Once).unwrap();
        assert_eq!(raw.run(), Ok(Outcome::Done(())));
        assert_eq!(raw.hear(), b"", "{version:?}: what was refused must not be sent later");
        if version == Version::Tls13 {
            let mut buffer = [0; 16];
            assert_eq!(raw.server().read(&mut buffer), Ok(Outcome::Done(Read::Bytes(5))));
            assert_eq!(raw.client.tls13_tickets_received(), 2);
        }
        raw.talk();
    }
}

#[test]
fn what_the_client_sends_while_a_question_is_open_is_not_read_further() {
    for version in VERSIONS {
        let context = asking();
        let mut raw = stranger(&context, version);
        let flight = last_flight(&mut raw, b"early");
        raw.give(&flight);
        assert_eq!(raw.server().handshake(), Ok(ASKED));
        let mut taken = 0;
        let chunk = vec![23; 16 * 1024];
        while let Ok(count @ 1..) = raw.server().memory_input(&chunk) {
            taken += count;
            assert!(taken <= 64 * 1024, "{version:?}: it takes whatever comes");
            assert_eq!(raw.server().handshake(), Ok(ASKED));
        }
    }
}

#[test]
fn a_client_whose_resumed_session_of_tls_1_3_is_refused_is_told_why() {
    for_each_refused_resumption(Version::Tls13, |mut raw, suite| {
        raw.carry_to_client();
        let denied = rustls::Error::AlertReceived(AlertDescription::AccessDenied);
        assert_eq!(raw.refusal, Some(denied), "{suite}");
        assert_eq!(raw.record(), 0, "{suite}");
    });
}

/// The server has encrypted its Finished before it knows the client, so only rustls could encrypt
/// an alert after it.
#[test]
fn a_resumed_session_of_tls_1_2_that_is_refused_ends_without_another_byte() {
    for_each_refused_resumption(Version::Tls12, |mut raw, suite| {
        for _ in 0..2 {
            assert!(raw.server().handshake().is_err(), "{suite}");
            assert!(raw.server().write(b"secret").is_err(), "{suite}");
            assert!(raw.server().read(&mut [0; 16]).is_err(), "{suite}");
            assert!(raw.server().shutdown().is_err(), "{suite}");
            assert_eq!(raw.record(), 0, "{suite}");
        }
        // The transport is closed then, and the client knows that this was no orderly end.
        assert_eq!(raw.client.read_tls(&mut &[][..]).unwrap(), 0);
        raw.client.process_new_packets().unwrap();
        let end = raw.client.reader().read(&mut [0; 16]).unwrap_err();
        assert_eq!(end.kind(), ErrorKind::UnexpectedEof, "{suite}");
    });
}

/// A client comes back with a session, under each suite of this version, and is rejected: bare,
/// and with junk behind its Finished. `then` looks at what comes of it.
fn for_each_refused_resumption(version: Version, then: impl Fn(Raw, &str)) {
    let suites = default_provider().cipher_suites.into_iter();
    for suite in suites.filter(|suite| suite.tls13().is_some() == (version == Version::Tls13)) {
        let context = asking();
        let name = format!("{suite:?}");
        let key = if name.contains("RSA") { rsa() } else { KeyPair::generate().unwrap() };
        let pair = Authority::new("Lab CA").sign(&crate::support::pki::named(HOST, &[HOST]), key);
        let context = own(context, &pair);
        let identity = Identity::alone(&["mallory"]);
        let config = Arc::new(client_with_suite(&identity, version, suite));
        let mut first = Raw::new(&context, &config, HOST);
        first.asks();
        first.server().question().unwrap().answer(Answer::Once).unwrap();
        first.open();

        for junk in [&[][..], b"\x63\x63\x63\x00\x04junk"] {
            let mut raw = Raw::new(&context, &config, HOST);
            let hello = raw.take_from_client();
            raw.give(&hello);
            assert_eq!(raw.server().handshake(), Ok(Outcome::Not(Want::Read)));
            raw.carry_to_client();
            let flight = raw.take_from_client();
            raw.give(&[&flight, junk].concat());
            assert_eq!(raw.server().handshake(), Ok(ASKED), "{name}");
            assert!(raw.is_resumed(), "{name}");
            assert_eq!(raw.record(), 0, "{name}");
            raw.server().question().unwrap().answer(Answer::Reject).unwrap();
            assert_eq!(raw.server().handshake().unwrap_err().kind(), Kind::Rejected);
            then(raw, &name);
        }
    }
}

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

#[test]
fn bytes_behind_the_last_flight_stay_in_the_socket_while_a_question_is_open() {
    for version in VERSIONS {
        let context = asking();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        // The connection only borrows it.
        let near: &'static TcpStream = Box::leak(Box::new(listener.accept().unwrap().0));
        let server = Connection::accept_socket(&context, near.as_fd(), false).unwrap();
        let identity = Identity::alone(&["mallory"]);
        let name = rustls::pki_types::ServerName::try_from(HOST).unwrap();
        let config = Arc::new(client(Some(&identity), version));
        let mut client = rustls::ClientConnection::new(config, name).unwrap();
        while server.handshake() != Ok(ASKED) {
            far.set_nonblocking(true).unwrap();
            if client.wants_write() {
                client.write_tls(&mut far).unwrap();
            } else if client.read_tls(&mut far).is_ok() {
                client.process_new_packets().unwrap();
            } else {
                wait_for(&server);
            }
        }
        far.set_nonblocking(false).unwrap();
        far.write_all(b"behind").unwrap();
        for _ in 0..3 {
            assert_eq!(server.handshake(), Ok(ASKED));
            assert_eq!(server.read(&mut [0; 8]), Ok(Outcome::Not(Want::Answer)));
        }
        near.set_nonblocking(false).unwrap();
        let mut waiting = [0; 64];
        assert_eq!(near.peek(&mut waiting).unwrap(), 6, "{version:?}");
        assert_eq!(waiting[..6], *b"behind");
        drop(server);
        near.shutdown(std::net::Shutdown::Write).unwrap();
        let mut left = Vec::new();
        far.read_to_end(&mut left).unwrap();
        assert!(left.is_empty(), "{version:?}: {left:02x?}");
    }
}

/// How a connection ends while its client is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Rejected,
    Refused,
    Shutdown,
    Abort,
    Free,
    Deadline,
    PeerGone,
}

const EXITS: [Exit; 7] = [
    Exit::Rejected,
    Exit::Refused,
    Exit::Shutdown,
    Exit::Abort,
    Exit::Free,
    Exit::Deadline,
    Exit::PeerGone,
];

#[test]
fn nothing_behind_the_last_flight_makes_more_leave_than_an_alert() {
    for (name, bytes) in INJECTED {
        for version in VERSIONS {
            for exit in EXITS {
                let what = format!("{name}, {version:?}, {exit:?}");
                let context = asking();
                if exit == Exit::Refused {
                    context.set(|settings| settings.policies.on_client = Policy::Refuse).unwrap();
                }
                if exit == Exit::Deadline {
                    context.set(|settings| settings.answer_timeout = Some(Duration::ZERO)).unwrap();
                }
                let mut raw = stranger(&context, version);
                let flight = last_flight(&mut raw, b"early");
                let before = raw.recorded.len();
                raw.give(&[&flight, bytes].concat());
                leave(&mut raw, exit, &what);
                raw.record();
                if exit != Exit::Free {
                    for _ in 0..2 {
                        let _ = raw.server().handshake();
                        let _ = raw.server().write(b"secret");
                        let _ = raw.server().read(&mut [0; 16]);
                        let _ = raw.server().shutdown();
                    }
                    raw.record();
                    raw.free();
                }
                let left = raw.recorded[before..].to_vec();
                match exit {
                    Exit::Rejected | Exit::Deadline => {
                        assert_told(&mut raw, &left, AlertDescription::AccessDenied, &what);
                    }
                    Exit::Refused => {
                        assert_told(&mut raw, &left, AlertDescription::UnknownCA, &what);
                    }
                    Exit::Shutdown | Exit::Abort | Exit::Free | Exit::PeerGone => {
                        assert!(left.is_empty(), "{what}: {left:02x?}");
                    }
                }
            }
        }
    }
}

/// Exactly one alert was sent, and the client understands it.
#[track_caller]
fn assert_told(raw: &mut Raw, left: &[u8], alert: AlertDescription, what: &str) {
    let is_plain = left == [21, 3, 3, 0, 2, 2, u8::from(alert)];
    let is_sealed = left.len() == SEALED_ALERT && left[..3] == [23, 3, 3];
    let is_tls12 = raw.client.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_2);
    assert!(if is_tls12 { is_plain } else { is_sealed }, "{what}: {left:02x?}");
    raw.carry_to_client();
    assert_eq!(raw.refusal, Some(rustls::Error::AlertReceived(alert)), "{what}");
}

/// Ends the connection.
fn leave(raw: &mut Raw, exit: Exit, what: &str) {
    let end = raw.server().handshake();
    match exit {
        Exit::Refused => {
            return assert_eq!(end.unwrap_err().kind(), Kind::CertificateUnknown, "{what}");
        }
        Exit::Rejected
        | Exit::Deadline
        | Exit::Shutdown
        | Exit::Abort
        | Exit::Free
        | Exit::PeerGone => {
            assert_eq!(end, Ok(ASKED), "{what}")
        }
    }
    let server = raw.server();
    match exit {
        Exit::Rejected => {
            server.question().unwrap().answer(Answer::Reject).unwrap();
            assert_eq!(server.handshake().unwrap_err().kind(), Kind::Rejected, "{what}");
        }
        Exit::Deadline => {
            assert_eq!(server.handshake().unwrap_err().kind(), Kind::AnswerTimeout, "{what}");
        }
        Exit::Shutdown => assert_eq!(server.shutdown().unwrap_err().kind(), Kind::State, "{what}"),
        Exit::Abort => {
            server.abort();
            assert_eq!(server.handshake().unwrap_err().kind(), Kind::Cancelled, "{what}");
        }
        Exit::Free => raw.free(),
        Exit::PeerGone => {
            let question = server.question().unwrap();
            assert_eq!(server.memory_input(&[]), Ok(0));
            assert_eq!(server.handshake().unwrap_err().kind(), Kind::PeerGone, "{what}");
            question.answer(Answer::Always).unwrap();
        }
        Exit::Refused => unreachable!(),
    }
}

#[test]
fn what_was_injected_is_told_once_the_client_is_admitted() {
    for (name, bytes) in INJECTED.into_iter().skip(1) {
        for version in VERSIONS {
            let context = asking();
            let mut raw = stranger(&context, version);
            let flight = last_flight(&mut raw, b"");
            raw.give(&[&flight, bytes].concat());
            assert_eq!(raw.server().handshake(), Ok(ASKED));
            raw.server().question().unwrap().answer(Answer::Once).unwrap();
            let end = raw.server().handshake().and_then(|_| raw.server().read(&mut [0; 8]));
            assert!(end.is_err(), "{name}, {version:?}: {end:?}");
        }
    }
}

#[test]
fn one_byte_at_a_time_changes_nothing() {
    for version in VERSIONS {
        let context = asking();
        let mut raw = stranger(&context, version);
        let flight = last_flight(&mut raw, b"early");
        for byte in flight {
            raw.give(&[byte]);
            let end = raw.server().handshake().unwrap();
            assert_eq!(raw.record(), 0);
            assert!(matches!(end, Outcome::Not(Want::Read | Want::Answer)), "{end:?}");
        }
        assert_eq!(raw.server().handshake(), Ok(ASKED));
        raw.server().question().unwrap().answer(Answer::Reject).unwrap();
        assert_eq!(raw.refused().kind(), Kind::Rejected);
        let denied = rustls::Error::AlertReceived(AlertDescription::AccessDenied);
        assert_eq!(raw.refusal, Some(denied), "{version:?}");
    }
}
