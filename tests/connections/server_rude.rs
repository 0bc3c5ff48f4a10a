//! Clients that hang up, are silent, do not speak TLS, show too much, or prove nothing.

use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, SignatureScheme};
use tlsconn::{Answer, Connection, Context, Error, Kind, Outcome, Policy, Problems, Want};

use crate::support::pair::{in_time, wait_for};
use crate::support::raw::{Raw, VERSIONS, client};
use crate::support::{Ask, Authority, Identity, lab};

const HOST: &str = "a.example";

/// Everything that a server sends.
fn said(server: &Connection) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = server.memory_output(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
    }
    all
}

#[test]
fn a_client_that_hangs_up_in_its_hello_is_told_apart_at_every_byte() {
    let (_, context) = lab(HOST);
    for version in VERSIONS {
        let mut raw = Raw::new(&context, &Arc::new(client(None, version)), HOST);
        let hello = raw.take_from_client();
        for length in 0..hello.len() {
            let server = Connection::accept_in_memory(&context).unwrap();
            if length > 0 {
                assert_eq!(server.memory_input(&hello[..length]), Ok(length));
            }
            assert_eq!(server.handshake(), Ok(Outcome::Not(Want::Read)), "{length}");
            assert_eq!(server.memory_input(&[]), Ok(0));
            let error = server.handshake().unwrap_err();
            assert_eq!(error.kind(), Kind::Truncated, "{length}: {error}");
            assert!(!error.hint().is_empty());
            assert_eq!(said(&server), b"", "{length}");
        }
    }
}

#[test]
fn a_client_that_hangs_up_behind_our_flight_is_told_apart_too() {
    let (authority, context) = lab(HOST);
    for version in VERSIONS {
        let alice = authority.server(&["alice"]);
        let mut raw = Raw::new(&context, &Arc::new(client(Some(&alice), version)), HOST);
        let hello = raw.take_from_client();
        raw.give(&hello);
        assert_eq!(raw.server().handshake(), Ok(Outcome::Not(Want::Read)));
        raw.carry_to_client();
        let flight = raw.take_from_client();
        raw.give(&flight[..flight.len() - 1]);
        assert_eq!(raw.server().memory_input(&[]), Ok(0));
        assert_eq!(raw.server().handshake().unwrap_err().kind(), Kind::Truncated);
        assert_eq!(raw.record(), 0, "{version:?}");
    }
}

#[test]
fn what_is_not_tls_is_told_at_its_first_words_with_at_most_one_alert() {
    let (_, context) = lab(HOST);
    let ssl_2: &[u8] = &[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80];
    let ssl_2_for_3: &[u8] = &[0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80];
    let strangers: [&[u8]; 7] = [
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"RFB 003.008\n",
        b"\x00\x00\x00\x00\x00\x00",
        ssl_2,
        ssl_2_for_3,
        // A record of the handshake that is longer than any.
        &[22, 3, 1, 0xff, 0xff, 1, 0],
    ];
    for bytes in strangers {
        let server = Connection::accept_in_memory(&context).unwrap();
        assert_eq!(server.memory_input(bytes), Ok(bytes.len()));
        let error = server.handshake().unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{bytes:02x?}: {error}");
        assert!(!error.hint().is_empty(), "{error}");
        let said = said(&server);
        let is_alert = said.len() == 7 && said[0] == 21 && said[5] == 2;
        assert!(said.is_empty() || is_alert, "{bytes:02x?}: {said:02x?}");
    }
}

#[test]
fn a_hello_that_goes_on_for_ever_ends() {
    let (_, context) = lab(HOST);
    let server = Connection::accept_in_memory(&context).unwrap();
    // A hello of 16 MiB, in records as long as they may be.
    let mut record = vec![22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
    record.resize(5 + 0x4000, 0);
    let mut given = 0;
    let error = loop {
        let Ok(count) = server.memory_input(&record) else { panic!("it was over before") };
        given += count;
        assert!(given < 1 << 20, "it takes whatever comes");
        if let Err(error) = server.handshake() {
            break error;
        }
        record[5..9].fill(0);
    };
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
}

/// Shows this, whatever is asked for.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The error for a client that shows these certificates and signs with this key.
fn shows(
    context: &Context,
    version: tlsconn::Version,
    (chain, key): (Vec<Vec<u8>>, &Identity),
) -> (Raw, Result<Outcome<()>, Error>) {
    let key = PrivateKeyDer::try_from(key.key.serialize_der()).unwrap();
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let certified = CertifiedKey::new(chain, any_supported_type(&key).unwrap());
    let mut config = client(None, version);
    config.client_auth_cert_resolver = Arc::new(Shows(Arc::new(certified)));
    let mut raw = Raw::new(context, &Arc::new(config), HOST);
    let outcome = raw.run();
    (raw, outcome)
}

#[test]
fn a_client_without_the_key_of_its_certificate_is_told_and_nobody_is_asked() {
    let (authority, context) = lab(HOST);
    context.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    let (alice, thief) = (authority.server(&["alice"]), authority.server(&["thief"]));
    for version in VERSIONS {
        let chain = vec![alice.certificate.der().to_vec()];
        let (raw, outcome) = shows(&context, version, (chain, &thief));
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), Kind::Certificate, "{version:?}: {error}");
        assert_eq!(error.problems(), Problems::BAD_SIGNATURE);
        assert!(error.message().contains("the client"), "{error}");
        let told = rustls::Error::AlertReceived(AlertDescription::DecryptError);
        assert_eq!(raw.refusal, Some(told), "{version:?}");
        assert_eq!(raw.server().identity(), None);
    }
    assert_eq!(ask.count(), 0);
}

#[test]
fn what_is_no_certificate_is_told_and_nobody_is_asked() {
    let (authority, context) = lab(HOST);
    context.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    let alice = authority.server(&["alice"]);
    for version in VERSIONS {
        let (raw, outcome) = shows(&context, version, (vec![b"junk".to_vec()], &alice));
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind(), Kind::Certificate | Kind::Protocol), "{error}");
        assert!(matches!(raw.refusal, Some(rustls::Error::AlertReceived(_))), "{version:?}");
    }
    assert_eq!(ask.count(), 0);
}

#[test]
fn a_chain_longer_than_any_is_told_and_a_long_one_comes_in_without_a_ticket() {
    let (authority, context) = lab(HOST);
    context.set(|settings| settings.tickets = true).unwrap();
    let alice = authority.server(&["alice"]);
    let one = alice.certificate.der().to_vec();
    let ballast = Authority::new("Ballast").certificate.der().to_vec();
    for version in VERSIONS {
        for (count, opens) in [(60, true), (300, false)] {
            let mut chain = vec![one.clone()];
            chain.extend(std::iter::repeat_n(ballast.clone(), count));
            let (mut raw, outcome) = shows(&context, version, (chain, &alice));
            if opens {
                assert_eq!(outcome, Ok(Outcome::Done(())), "{version:?}, {count}");
                raw.talk();
                assert_eq!(raw.client.tls13_tickets_received(), 0);
            } else {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), Kind::Protocol, "{version:?}, {count}: {error}");
            }
        }
    }
}

/// Both ends of a socket; the near one is never closed.
fn socket() -> (&'static TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (Box::leak(Box::new(listener.accept().unwrap().0)), far)
}

#[test]
fn a_silent_client_is_waited_for_no_longer_than_the_handshake_may_take() {
    let (_, context) = lab(HOST);
    context.set(|settings| settings.handshake_timeout = Some(Duration::from_millis(5))).unwrap();
    let (near, far) = socket();
    let connection = Connection::accept_socket(&context, near.as_fd(), true).unwrap();
    let error = in_time(move || connection.handshake()).unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    let address = far.local_addr().unwrap().to_string();
    assert!(error.message().contains(&address), "{error}");
}

#[test]
fn an_event_loop_is_woken_when_a_silent_client_has_had_its_time() {
    let (_, context) = lab(HOST);
    context.set(|settings| settings.handshake_timeout = Some(Duration::from_millis(5))).unwrap();
    let (near, _far) = socket();
    let connection = Connection::accept_socket(&context, near.as_fd(), false).unwrap();
    let error = in_time(move || {
        loop {
            match connection.handshake() {
                Ok(outcome) => assert_eq!(outcome, Outcome::Not(Want::Read)),
                Err(error) => return error,
            }
            wait_for(&connection);
        }
    });
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
}

#[test]
fn accepting_a_client_waits_for_nothing() {
    let (_, context) = lab(HOST);
    context.set(|settings| settings.handshake_timeout = None).unwrap();
    let (near, _far) = socket();
    let accepted = in_time(move || Connection::accept_socket(&context, near.as_fd(), true));
    drop(accepted.unwrap());
}
