//! What a client of TLS 1.3 seals into the very record that ends its flight makes nothing leave
//! but an alert. The record is opened with the client's own key, changed and sealed again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the same")]

mod support;

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::{AlertDescription, KeyLog};
use support::raw::{Raw, client_with_suite};
use support::{Authority, Identity, believes, own};
use tlsconn::{Answer, Kind, Outcome, Policy, Version, Want};

const HOST: &str = "a.example";
const HANDSHAKE: u8 = 22;
const SEALED: u8 = 23;
/// Header, alert, its type and the tag of the AEAD.
const SEALED_ALERT: usize = 5 + 2 + 1 + 16;

/// Keeps the secret that the client seals its flight with.
#[derive(Default)]
struct Secret(Mutex<Vec<u8>>);

impl KeyLog for Secret {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        if label == "CLIENT_HANDSHAKE_TRAFFIC_SECRET" {
            *self.0.lock().unwrap() = secret.to_vec();
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A stranger to a server that asks about it and gives tickets, and its secret.
fn stranger() -> (Raw, Arc<Secret>) {
    let authority = Authority::new("Lab CA");
    let context = own(believes(&authority), &authority.server(&[HOST]));
    context
        .set(|settings| {
            settings.policies.on_client = Policy::Ask;
            settings.tickets = true;
        })
        .unwrap();
    let mallory = Identity::alone(&["mallory"]);
    let mut config = client_with_suite(&mallory, Version::Tls13, TLS13_AES_128_GCM_SHA256);
    let secret = Arc::<Secret>::default();
    config.key_log = Arc::<Secret>::clone(&secret);
    let mut raw = Raw::new(&context, &Arc::new(config), HOST);
    let hello = raw.take_from_client();
    raw.give(&hello);
    assert_eq!(raw.server().handshake(), Ok(Outcome::Not(Want::Read)));
    raw.carry_to_client();
    (raw, secret)
}

#[test]
fn what_is_sealed_into_the_last_record_lets_nothing_leave_but_an_alert() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change, Option<AlertDescription>); 6] = [
        ("nothing", |_| {}, None),
        (
            "a KeyUpdate",
            |flight| flight.extend([24, 0, 0, 1, 1]),
            Some(AlertDescription::UnexpectedMessage),
        ),
        (
            "a second Finished",
            |flight| {
                let finished = flight[flight.len() - 36..].to_vec();
                flight.extend(finished);
            },
            Some(AlertDescription::UnexpectedMessage),
        ),
        (
            "half a message",
            |flight| flight.extend([24, 0, 0]),
            Some(AlertDescription::UnexpectedMessage),
        ),
        (
            "a wrong Finished",
            |flight| *flight.last_mut().unwrap() ^= 1,
            Some(AlertDescription::DecryptError),
        ),
        (
            "a wrong proof",
            |flight| {
                // The last byte of the signature, before the Finished.
                let at = flight.len() - 36 - 1;
                flight[at] ^= 1;
            },
            Some(AlertDescription::DecryptError),
        ),
    ];
    for (name, change, told) in changes {
        let (mut raw, secret) = stranger();
        let flight = raw.take_from_client();
        let before = raw.recorded.len();
        raw.give(&changed(&flight, &secret.0.lock().unwrap(), change));
        let end = raw.server().handshake();
        raw.carry_to_client();
        let left = &raw.recorded[before..];
        let Some(told) = told else {
            assert_eq!(end, Ok(Outcome::Not(Want::Answer)), "{name}");
            assert!(left.is_empty(), "{name}: {left:02x?}");
            raw.server().question().unwrap().answer(Answer::Once).unwrap();
            raw.open();
            continue;
        };
        let error = end.unwrap_err();
        assert!(matches!(error.kind(), Kind::Protocol | Kind::Certificate), "{name}: {error}");
        assert_eq!((left.len(), left[0]), (SEALED_ALERT, SEALED), "{name}: {left:02x?}");
        assert_eq!(raw.refusal, Some(rustls::Error::AlertReceived(told)), "{name}: {error}");
        assert_eq!(raw.client.tls13_tickets_received(), 0, "{name}");
        assert!(raw.server().question().is_none(), "{name}");
    }
}

/// The flight with the content of its last record changed.
fn changed(flight: &[u8], secret: &[u8], change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let all = records(flight);
    let sealed = all.iter().filter(|(kind, _)| *kind == SEALED).count();
    let (_, last) = all.last().unwrap();
    let secret = Prk::new_less_safe(HKDF_SHA256, secret);
    let mut key = [0; 16];
    expand(&secret, b"tls13 key", &mut key);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
    let mut nonce = [0; NONCE_LEN];
    expand(&secret, b"tls13 iv", &mut nonce);
    nonce[NONCE_LEN - 1] ^= u8::try_from(sealed - 1).unwrap();

    let mut content = last.to_vec();
    let aad = Aad::from(header(content.len()));
    let nonce_of = || Nonce::assume_unique_for_key(nonce);
    let opened = key.open_in_place(nonce_of(), aad, &mut content).unwrap().len();
    content.truncate(opened);
    assert_eq!(content.pop(), Some(HANDSHAKE));
    change(&mut content);
    content.push(HANDSHAKE);
    let header = header(content.len() + AES_128_GCM.tag_len());
    key.seal_in_place_append_tag(nonce_of(), Aad::from(header), &mut content).unwrap();
    let before = &flight[..flight.len() - last.len() - 5];
    [before, &header, &content].concat()
}

/// The records, each with its type.
fn records(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        all.push((bytes[0], &bytes[5..5 + length]));
        bytes = &bytes[5 + length..];
    }
    all
}

fn header(length: usize) -> [u8; 5] {
    let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
    [SEALED, 3, 3, high, low]
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
