//! A server in process: what is held, what a rejection shows, what an answer releases.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::SingleCertAndKey;
use rustls::{AlertDescription, ServerConfig};
use tlsconn::{Answer, Kind, Outcome, Read, Want};

use super::link::Link;
use super::pki::{Pki, WAYS, Way, certified};
use super::record::{assert_at_most_an_alert, assert_only_hellos, assert_rejection, shows_client};

const ASKED: Outcome<()> = Outcome::Not(Want::Answer);

/// Runs a test over every way and carrier, with and without a client certificate, and with the
/// question open.
fn for_each_open_question(test: impl Fn(Link, Way, bool, &str)) {
    let pki = Pki::new();
    for way in WAYS {
        for certified in [true, false] {
            for sockets in [false, true] {
                let what = format!("{way:?}, certified {certified}, sockets {sockets}");
                let (context, config) = (pki.asking(certified), pki.server(way, certified));
                let mut link = if sockets {
                    Link::over_sockets(&context, &config)
                } else {
                    Link::in_memory(&context, &config)
                };
                assert_eq!(link.shake(), Ok(ASKED), "{what}");
                test(link, way, certified, &what);
            }
        }
    }
}

#[test]
fn while_a_question_is_open_only_hellos_have_left() {
    for_each_open_question(|mut link, way, _, what| {
        assert!(link.client().question().is_some(), "{what}");
        assert_only_hellos(&link.recorded, way, what);
        for _ in 0..3 {
            assert_eq!(link.client().handshake(), Ok(ASKED), "{what}");
            link.carry();
        }
        assert_only_hellos(&link.recorded, way, what);
        assert!(link.server.is_handshaking(), "{what}");
    });
}

#[test]
fn writing_and_reading_carry_nothing_while_a_question_is_open() {
    for_each_open_question(|mut link, way, _, what| {
        if way != Way::Tls12 {
            link.say(b"early");
        }
        assert_eq!(link.client().write(b"secret"), Ok(Outcome::Not(Want::Answer)), "{what}");
        assert_eq!(link.listen(), Ok(Outcome::Not(Want::Answer)), "{what}");
        assert_eq!(link.client().shutdown().unwrap_err().kind(), Kind::State, "{what}");
        link.carry();
        assert_only_hellos(&link.recorded, way, what);

        link.client().question().unwrap().answer(Answer::Once).unwrap();
        assert_eq!(link.shake(), Ok(Outcome::Done(())), "{what}");
        assert_eq!(link.hear(), b"", "{what}: what was refused must not be sent later");
        if way != Way::Tls12 {
            assert_eq!(link.listen(), Ok(Outcome::Done(Read::Bytes(5))), "{what}");
        }
    });
}

#[test]
fn a_rejection_shows_one_alert_that_the_server_understands_and_no_certificate() {
    for_each_open_question(|mut link, way, _, what| {
        link.client().question().unwrap().answer(Answer::Reject).unwrap();
        assert_eq!(link.shake().unwrap_err().kind(), Kind::Rejected, "{what}");
        assert_rejection(&link.recorded, way, what);
        link.carry_to_server();
        let denied = rustls::Error::AlertReceived(AlertDescription::AccessDenied);
        assert_eq!(link.refusal, Some(denied), "{what}");
        assert!(link.server.peer_certificates().is_none(), "{what}");
        for _ in 0..2 {
            assert_eq!(link.client().write(b"x").unwrap_err().kind(), Kind::Rejected, "{what}");
            assert_eq!(link.listen().unwrap_err().kind(), Kind::Rejected, "{what}");
            assert_eq!(link.record(), 0, "{what}: something left behind the alert");
        }
    });
}

#[test]
fn an_allowing_answer_completes_and_data_flows_both_ways() {
    for_each_open_question(|mut link, way, certified, what| {
        link.client().question().unwrap().answer(Answer::Once).unwrap();
        assert_eq!(link.shake(), Ok(Outcome::Done(())), "{what}");
        link.assert_talks(what);
        assert_eq!(link.server.peer_certificates().is_some(), certified, "{what}");
        // Otherwise no test here could see a certificate that is sent.
        let readable = certified && way == Way::Tls12;
        assert_eq!(shows_client(&link.recorded), readable, "{what}");
    });
}

#[test]
fn a_peer_that_is_refused_without_a_question_sees_no_certificate_either() {
    let pki = Pki::new();
    for way in WAYS {
        let stranger = Pki::new();
        // The server's authority is not the one that the context trusts.
        let context = stranger.believing(true);
        let mut link = Link::in_memory(&context, &pki.server(way, true));
        let error = link.shake().unwrap_err();
        assert!(error.problems().contains(tlsconn::Problems::UNKNOWN_ISSUER), "{way:?}: {error}");
        assert_at_most_an_alert(&link.recorded, way, "refused");
        link.carry_to_server();
        let unknown = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        assert_eq!(link.refusal, Some(unknown), "{way:?}");
    }
}

#[test]
fn every_suite_of_tls_1_3_seals_an_alert_that_the_server_understands() {
    let pki = Pki::new();
    for suite in default_provider().cipher_suites {
        if suite.tls13().is_none() {
            continue;
        }
        let provider = CryptoProvider { cipher_suites: vec![suite], ..default_provider() };
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(
                pki.server.der(),
                &pki.server.key,
            ))));
        let mut link = Link::in_memory(&pki.asking(true), &Arc::new(config));
        assert_eq!(link.shake(), Ok(ASKED), "{suite:?}");
        link.client().question().unwrap().answer(Answer::Reject).unwrap();
        assert!(link.shake().is_err());
        link.carry_to_server();
        let denied = rustls::Error::AlertReceived(AlertDescription::AccessDenied);
        assert_eq!(link.refusal, Some(denied), "{suite:?}");
    }
}
