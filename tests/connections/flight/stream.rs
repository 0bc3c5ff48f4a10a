//! The stream under TLS: in pieces, cut off anywhere, ended with and without an alert.

use tlsconn::{Kind, Outcome, Read, Want};

use super::link::Link;
use super::pki::{Pki, VERSIONS, WAYS};
use super::record::assert_only_hellos;

#[test]
fn a_handshake_and_data_come_through_one_byte_at_a_time() {
    let pki = Pki::new();
    for way in WAYS {
        let mut link = Link::in_memory(&pki.asking(true), &pki.server(way, true));
        link.portion = 1;
        assert_eq!(link.shake(), Ok(Outcome::Not(Want::Answer)), "{way:?}");
        assert_only_hellos(&link.recorded, way, "a byte at a time");
        link.client().question().unwrap().answer(tlsconn::Answer::Once).unwrap();
        assert_eq!(link.shake(), Ok(Outcome::Done(())), "{way:?}");
        link.say(b"pong");
        let mut heard = Ok(Outcome::Not(Want::Read));
        while heard == Ok(Outcome::Not(Want::Read)) {
            heard = link.listen();
            link.carry();
        }
        assert_eq!(heard, Ok(Outcome::Done(Read::Bytes(4))), "{way:?}");
    }
}

#[test]
fn a_handshake_cut_off_at_any_byte_ends_in_an_error() {
    let pki = Pki::new();
    for way in WAYS {
        let (context, config) = (pki.believing(false), pki.server(way, false));
        for limit in 0.. {
            let mut link = Link::in_memory(&context, &config);
            link.limit = limit;
            let end = match link.shake() {
                Ok(Outcome::Not(Want::Read)) => {
                    assert_eq!(link.limit, 0, "{way:?}: waits though there is more to come");
                    link.end();
                    link.client().handshake()
                }
                other => other,
            };
            match end {
                Ok(Outcome::Done(())) => {
                    assert_eq!(link.owed(), 0, "{way:?}: done before all had come");
                    assert!(limit > 500, "{way:?}: done after {limit} bytes");
                    break;
                }
                Ok(Outcome::Not(want)) => panic!("{way:?}: waits for {want:?} after {limit} bytes"),
                Err(error) => assert_eq!(error.kind(), Kind::Truncated, "{way:?} at {limit}"),
            }
        }
    }
}

#[test]
fn an_end_without_a_word_is_told_and_data_before_it_is_not_lost() {
    let pki = Pki::new();
    for way in VERSIONS {
        let mut link = Link::in_memory(&pki.believing(false), &pki.server(way, false));
        assert_eq!(link.shake(), Ok(Outcome::Done(())));
        link.say(b"last");
        link.end();
        assert_eq!(link.listen(), Ok(Outcome::Done(Read::Bytes(4))), "{way:?}");
        for _ in 0..2 {
            assert_eq!(link.listen().unwrap_err().kind(), Kind::Truncated, "{way:?}");
        }
    }
}

#[test]
fn an_end_with_a_word_is_an_end() {
    let pki = Pki::new();
    for way in VERSIONS {
        let mut link = Link::in_memory(&pki.believing(false), &pki.server(way, false));
        assert_eq!(link.shake(), Ok(Outcome::Done(())));
        link.say(b"last");
        link.server.send_close_notify();
        link.carry();
        link.end();
        assert_eq!(link.listen(), Ok(Outcome::Done(Read::Bytes(4))), "{way:?}");
        for _ in 0..2 {
            assert_eq!(link.listen(), Ok(Outcome::Done(Read::End)), "{way:?}");
        }
    }
}

#[test]
fn after_the_peers_last_word_the_other_direction_goes_on() {
    let pki = Pki::new();
    for way in VERSIONS {
        let mut link = Link::in_memory(&pki.believing(false), &pki.server(way, false));
        assert_eq!(link.shake(), Ok(Outcome::Done(())));
        link.carry();
        link.server.send_close_notify();
        link.carry();
        assert_eq!(link.listen(), Ok(Outcome::Done(Read::End)), "{way:?}");
        assert_eq!(link.client().write(b"more"), Ok(Outcome::Done(4)), "{way:?}");
        assert_eq!(link.hear(), b"more", "{way:?}");
    }
}

#[test]
fn a_record_cut_off_behind_the_handshake_is_no_data_and_no_end() {
    let pki = Pki::new();
    for way in VERSIONS {
        let (context, config) = (pki.believing(false), pki.server(way, false));
        for limit in 0..25 {
            let mut link = Link::in_memory(&context, &config);
            assert_eq!(link.shake(), Ok(Outcome::Done(())));
            link.carry();
            link.limit = limit;
            link.say(b"half");
            link.end();
            assert_eq!(link.listen().unwrap_err().kind(), Kind::Truncated, "{way:?} at {limit}");
        }
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_at_its_first_words() {
    let pki = Pki::new();
    let greetings: [&[u8]; 4] =
        [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail\r\n", b"HTTP/1.1 400\r\n", b"RFB 003.008\n"];
    for greeting in greetings {
        let link = Link::in_memory(&pki.believing(true), &pki.server(VERSIONS[0], true));
        assert_eq!(link.client().handshake(), Ok(Outcome::Not(Want::Read)));
        link.give(greeting);
        let error = link.client().handshake().unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
        assert!(!error.hint().is_empty(), "{error}");
    }
}

#[test]
fn a_record_longer_than_any_is_told_and_not_waited_for() {
    let pki = Pki::new();
    for way in VERSIONS {
        let mut link = Link::in_memory(&pki.believing(false), &pki.server(way, false));
        assert_eq!(link.shake(), Ok(Outcome::Done(())));
        link.carry();
        link.give(&[23, 3, 3, 0xff, 0xff]);
        assert_eq!(link.listen().unwrap_err().kind(), Kind::Protocol, "{way:?}");
    }
}
