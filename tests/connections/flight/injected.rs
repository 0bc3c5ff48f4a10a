//! Whatever is injected right after the server's flight, in the same segment, nothing of ours is
//! sent, however the connection ends.

use std::time::Duration;

use tlsconn::{Answer, Connection, Kind, Outcome, Want};

use super::link::Link;
use super::pki::{Pki, VERSIONS, Way};
use super::record::assert_alert;

use crate::support::injections::INJECTED;
use crate::support::records::records;

const SERVER_HELLO_DONE: [u8; 4] = [14, 0, 0, 0];

/// How the connection ends while its flight is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// The answer is no.
    Rejected,
    /// The judge refuses, and nobody is asked.
    Refused,
    Shutdown,
    Abort,
    Free,
    Deadline,
    /// The peer's stream ends, and the answer would have allowed.
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
fn nothing_behind_the_flight_makes_it_leave_over_memory() {
    for_all(Link::in_memory);
}

#[test]
fn nothing_behind_the_flight_makes_it_leave_over_sockets() {
    for_all(Link::over_sockets);
}

#[test]
fn a_second_server_hello_done_in_the_same_record_lets_nothing_leave() {
    let pki = Pki::new();
    for sockets in [false, true] {
        let context = pki.asking(true);
        let config = pki.server(Way::Tls12, true);
        let mut link = if sockets {
            Link::over_sockets(&context, &config)
        } else {
            Link::in_memory(&context, &config)
        };
        let flight = link.flight();
        link.give(&with_message_in_last_record(&flight, &SERVER_HELLO_DONE));
        let error = link.client().handshake().unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
        attack(link.client());
        link.record();
        link.free_client();
        link.record();
        assert_alert(&link.recorded, Way::Tls12, true, "in the same record");
    }
}

#[test]
fn what_was_injected_is_told_once_the_peer_is_admitted() {
    let pki = Pki::new();
    for (name, bytes) in INJECTED.iter().skip(1) {
        for way in VERSIONS {
            let mut link = Link::in_memory(&pki.asking(false), &pki.server(way, false));
            let flight = link.flight();
            link.give(&[&flight, *bytes].concat());
            assert_eq!(link.client().handshake(), Ok(Outcome::Not(Want::Answer)));
            link.client().question().unwrap().answer(Answer::Once).unwrap();
            let first = link.client().handshake().and_then(|_| link.listen().map(|_| ()));
            // In TLS 1.2 rustls passes over this one: anybody on the way can have made it.
            let harmless = way == Way::Tls12 && *name == "close_notify";
            assert_eq!(first.is_err(), !harmless, "{name}, {way:?}: {first:?}");
        }
    }
}

fn for_all(make: fn(&tlsconn::Context, &std::sync::Arc<rustls::ServerConfig>) -> Link) {
    let (pki, stranger) = (Pki::new(), Pki::new());
    for (name, bytes) in INJECTED {
        for way in VERSIONS {
            for exit in EXITS {
                let what = format!("{name}, {way:?}, {exit:?}");
                let context =
                    if exit == Exit::Refused { stranger.believing(true) } else { pki.asking(true) };
                if exit == Exit::Deadline {
                    let at_once = |settings: &mut tlsconn::Settings| {
                        settings.answer_timeout = Some(Duration::ZERO);
                    };
                    context.set(at_once).unwrap();
                }
                let mut link = make(&context, &pki.server(way, true));
                let flight = link.flight();
                link.give(&[&flight, bytes].concat());
                leave(&mut link, exit, &what);
                link.record();
                if exit != Exit::Free {
                    attack(link.client());
                    link.record();
                    link.free_client();
                }
                link.record();
                let told = matches!(exit, Exit::Rejected | Exit::Refused | Exit::Deadline);
                assert_alert(&link.recorded, way, told, &what);
            }
        }
    }
}

/// Ends the connection.
fn leave(link: &mut Link, exit: Exit, what: &str) {
    let end = link.client().handshake();
    match exit {
        Exit::Refused => return assert_eq!(end.unwrap_err().kind(), Kind::Certificate, "{what}"),
        _ => assert_eq!(end, Ok(Outcome::Not(Want::Answer)), "{what}"),
    }
    let client = link.client();
    match exit {
        Exit::Rejected => {
            client.question().unwrap().answer(Answer::Reject).unwrap();
            assert_eq!(client.handshake().unwrap_err().kind(), Kind::Rejected, "{what}");
        }
        Exit::Deadline => {
            assert_eq!(client.handshake().unwrap_err().kind(), Kind::AnswerTimeout, "{what}");
        }
        Exit::Shutdown => assert_eq!(client.shutdown().unwrap_err().kind(), Kind::State, "{what}"),
        Exit::Abort => {
            client.abort();
            assert_eq!(client.handshake().unwrap_err().kind(), Kind::Cancelled, "{what}");
        }
        Exit::Free => link.free_client(),
        Exit::PeerGone => {
            link.end();
            assert_eq!(client.handshake(), Ok(Outcome::Not(Want::Answer)), "{what}");
            client.question().unwrap().answer(Answer::Always).unwrap();
            assert_eq!(client.handshake().unwrap_err().kind(), Kind::PeerGone, "{what}");
        }
        Exit::Refused => unreachable!(),
    }
}

/// Whatever an application might still call.
fn attack(client: &Connection) {
    for _ in 0..2 {
        let _ = client.handshake();
        let _ = client.write(b"secret");
        let _ = client.read(&mut [0; 16]);
        let _ = client.shutdown();
        let _ = client.poll();
    }
}

/// Puts a handshake message at the end of the last record of a flight in plain text.
fn with_message_in_last_record(flight: &[u8], message: &[u8]) -> Vec<u8> {
    let last = records(flight).pop().unwrap().content.len();
    let header = flight.len() - last - 5;
    let length = u16::try_from(last + message.len()).unwrap().to_be_bytes();
    assert_eq!(flight[header], 22);
    assert!(flight.ends_with(&SERVER_HELLO_DONE));
    [&flight[..header + 3], &length, &flight[header + 5..], message].concat()
}
