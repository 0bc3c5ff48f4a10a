//! What a server of TLS 1.3 seals into the very record that ends its flight makes nothing of
//! ours leave either. The record is opened with the server's own key, changed and sealed again.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{KeyLog, ServerConfig};
use tlsconn::Kind;

use crate::link::Link;
use crate::pki::{Pki, Way};
use crate::record::{assert_at_most_an_alert, records};

const HANDSHAKE: u8 = 22;

/// Keeps the secret that the server seals its flight with.
#[derive(Default)]
struct Secret(Mutex<Vec<u8>>);

impl KeyLog for Secret {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        if label == "SERVER_HANDSHAKE_TRAFFIC_SECRET" {
            *self.0.lock().unwrap() = secret.to_vec();
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

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
        link.give(&changed(&flight, &secret.0.lock().unwrap(), change));
        let end = link.client().handshake();
        link.record();
        let alerts = records(&link.recorded).len() - 1;
        assert_at_most_an_alert(&link.recorded, Way::Tls13, name);
        assert_eq!((end.is_ok(), alerts), (is_good, usize::from(!is_good)), "{name}: {end:?}");
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
    let secret = Arc::<Secret>::default();
    config.key_log = Arc::<Secret>::clone(&secret);
    (Arc::new(config), secret)
}

/// The flight with the content of its last record changed.
fn changed(flight: &[u8], secret: &[u8], change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let all = records(flight);
    let sealed = all.iter().filter(|record| record.kind == 23).count();
    let last = all.last().unwrap();
    let secret = Prk::new_less_safe(HKDF_SHA256, secret);
    let mut key = [0; 16];
    expand(&secret, b"tls13 key", &mut key);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
    let mut nonce = [0; NONCE_LEN];
    expand(&secret, b"tls13 iv", &mut nonce);
    nonce[NONCE_LEN - 1] ^= u8::try_from(sealed - 1).unwrap();

    let mut content = last.content.to_vec();
    let aad = Aad::from(header(content.len()));
    let nonce_of = || Nonce::assume_unique_for_key(nonce);
    let opened = key.open_in_place(nonce_of(), aad, &mut content).unwrap().len();
    content.truncate(opened);
    assert_eq!(content.pop(), Some(HANDSHAKE));
    change(&mut content);
    content.push(HANDSHAKE);
    let header = header(content.len() + AES_128_GCM.tag_len());
    key.seal_in_place_append_tag(nonce_of(), Aad::from(header), &mut content).unwrap();
    let before = &flight[..flight.len() - last.content.len() - 5];
    [before, &header, &content].concat()
}

fn header(length: usize) -> [u8; 5] {
    let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
    [23, 3, 3, high, low]
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(secret: &Prk, label: &[u8], out: &mut [u8]) {
    let length = u8::try_from(out.len()).unwrap();
    let label_length = u8::try_from(label.len()).unwrap();
    let info: [&[u8]; 4] = [&[0, length], &[label_length], label, &[0]];
    secret.expand(&info, Length(out.len())).unwrap().fill(out).unwrap();
}
