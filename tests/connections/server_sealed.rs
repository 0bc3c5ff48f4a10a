//! Whatever a client encrypts into the same record that ends its flight, only an alert is sent. The
//! record is decrypted with the client's own key, changed and encrypted again.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::tls_prf::{self, P_SHA256};
use rustls::AlertDescription;
use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
};
use tlsconn::{Answer, Kind, Outcome, Policy, Version, Want};

use crate::support::raw::{Raw, client_with_suite};
use crate::support::records::{Record, records};
use crate::support::sealing::{Secret, changed};
use crate::support::{Identity, lab};

const HOST: &str = "a.example";
const HANDSHAKE: u8 = 22;
const SEALED: u8 = 23;
/// Header, alert, its type and the tag of the AEAD.
const SEALED_ALERT: usize = 5 + 2 + 1 + 16;

/// Of a record of AES-GCM in TLS 1.2, the part of the nonce that travels with it.
const EXPLICIT: usize = 8;

/// A stranger to a server that asks about it and gives tickets, and the secret that it seals its
/// flight with: in TLS 1.2 the master secret.
fn stranger(version: Version) -> (Raw, Arc<Secret>) {
    let (_, context) = lab(HOST);
    context
        .set(|settings| {
            settings.policies.on_client = Policy::Ask;
            settings.tickets = true;
        })
        .unwrap();
    let mallory = Identity::alone(&["mallory"]);
    let (suite, label) = match version {
        Version::Tls12 => (TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "CLIENT_RANDOM"),
        Version::Tls13 => (TLS13_AES_128_GCM_SHA256, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
    };
    let mut config = client_with_suite(&mallory, version, suite);
    let secret = Secret::of(label);
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
        let (mut raw, secret) = stranger(Version::Tls13);
        let flight = raw.take_from_client();
        let before = raw.recorded.len();
        raw.give(&changed(&flight, &secret.kept().1, change));
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

#[test]
fn what_is_sealed_behind_a_finished_of_tls_1_2_lets_no_finished_of_ours_leave() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change, bool); 4] = [
        ("nothing", |_| {}, true),
        ("a second Finished", |message| message.extend(message.clone()), false),
        ("a HelloRequest", |message| message.extend([0, 0, 0, 0]), false),
        ("a wrong Finished", |message| *message.last_mut().unwrap() ^= 1, false),
    ];
    for (name, change, is_good) in changes {
        let (mut raw, secret) = stranger(Version::Tls12);
        let flight = raw.take_from_client();
        // Behind the headers of record and message, and the version.
        let server_random = raw.recorded[11..43].to_vec();
        let before = raw.recorded.len();
        raw.give(&changed_tls12(&flight, secret.kept(), &server_random, change));
        let end = raw.server().handshake();
        raw.carry_to_client();
        let left = &raw.recorded[before..];
        if is_good {
            assert_eq!(end, Ok(Outcome::Not(Want::Answer)), "{name}");
            assert!(left.is_empty(), "{name}: {left:02x?}");
            continue;
        }
        assert_eq!(end.unwrap_err().kind(), Kind::Protocol, "{name}");
        assert_eq!((left.len(), &left[..6]), (7, &[21, 3, 3, 0, 2, 2][..]), "{name}: {left:02x?}");
        let told = matches!(raw.refusal, Some(rustls::Error::AlertReceived(_)));
        assert!(told, "{name}: {:?}", raw.refusal);
        assert!(raw.client.is_handshaking(), "{name}");
    }
}

/// The flight of TLS 1.2 with the content of its last record, the Finished, changed.
fn changed_tls12(
    flight: &[u8],
    (client_random, master): (Vec<u8>, Vec<u8>),
    server_random: &[u8],
    change: fn(&mut Vec<u8>),
) -> Vec<u8> {
    let master = tls_prf::Secret::new(&P_SHA256, &master).unwrap();
    let seed = [server_random, &client_random].concat();
    let block = master.derive(b"key expansion", &seed, 40).unwrap();
    let (key, salt) = (&block.as_ref()[..16], &block.as_ref()[32..36]);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).unwrap());

    let all = records(flight);
    let Record { kind, content: last } = all.last().unwrap();
    assert_eq!(*kind, HANDSHAKE);
    let (explicit, sealed) = last.split_at(EXPLICIT);
    let nonce: [u8; NONCE_LEN] = [salt, explicit].concat().try_into().unwrap();
    let nonce_of = || Nonce::assume_unique_for_key(nonce);
    let aad = |length: usize| {
        let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
        // The first record under this key.
        Aad::from([0, 0, 0, 0, 0, 0, 0, 0, HANDSHAKE, 3, 3, high, low])
    };
    let mut content = sealed.to_vec();
    let length = content.len() - AES_128_GCM.tag_len();
    key.open_in_place(nonce_of(), aad(length), &mut content).unwrap();
    content.truncate(length);
    change(&mut content);
    key.seal_in_place_append_tag(nonce_of(), aad(content.len()), &mut content).unwrap();
    let [high, low] = u16::try_from(EXPLICIT + content.len()).unwrap().to_be_bytes();
    let before = &flight[..flight.len() - last.len() - 5];
    [before, &[HANDSHAKE, 3, 3, high, low], explicit, &content].concat()
}
