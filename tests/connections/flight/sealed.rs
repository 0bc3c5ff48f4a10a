//! What a server of TLS 1.3 seals into the very record that ends its flight makes nothing of
//! ours leave either. The record is opened with the server's own key, changed and sealed again.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::aws_lc_rs::default_provider;
use tlsconn::Kind;

use super::link::Link;
use super::pki::{Pki, Way};
use super::record::assert_alert;

use crate::support::sealing::{Secret, changed};

#[test]
fn what_is_sealed_into_the_last_record_of_the_flight_lets_nothing_leave() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change, bool); 4] = [
        ("nothing", |_| {}, true),
        ("a KeyUpdate", |flight| flight.extend([24, 0, 0, 1, 0]), false),
        ("a CertificateRequest", |flight| flight.extend([13, 0, 0, 3, 0, 0, 0]), false),
        ("a wrong Finished", |flight| *flight.last_mut().unwrap() ^= 1, false),
    ];
    let pki = Pki::new();
    for (name, change, is_good) in changes {
        let (config, secret) = server(&pki);
        let mut link = Link::in_memory(&pki.asking(true), &config);
        let flight = link.flight();
        link.give(&changed(&flight, &secret.kept().1, change));
        let end = link.client().handshake();
        link.record();
        assert_alert(&link.recorded, Way::Tls13, !is_good, name);
        assert_eq!(end.is_ok(), is_good, "{name}: {end:?}");
        if let Err(error) = end {
            assert_eq!(error.kind(), Kind::Protocol, "{name}: {error}");
        }
    }
}

/// A server with one suite, and where its secret goes.
fn server(pki: &Pki) -> (Arc<ServerConfig>, Arc<Secret>) {
    let like = pki.server(Way::Tls13, true);
    let suites = vec![TLS13_AES_128_GCM_SHA256];
    let provider = CryptoProvider { cipher_suites: suites, ..default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(pki.verifier())
        .with_cert_resolver(Arc::clone(&like.cert_resolver));
    let secret = Secret::of("SERVER_HANDSHAKE_TRAFFIC_SECRET");
    config.key_log = Arc::<Secret>::clone(&secret);
    (Arc::new(config), secret)
}
