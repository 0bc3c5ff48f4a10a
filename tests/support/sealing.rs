//! The last record of a flight of TLS 1.3, opened with its sender's own key, changed and sealed
//! again. The suite is TLS_AES_128_GCM_SHA256.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use rustls::KeyLog;

use super::records::records;

const HANDSHAKE: u8 = 22;
const SEALED: u8 = 23;

/// Keeps one secret of a session.
pub(crate) struct Secret {
    label: &'static str,
    kept: Mutex<(Vec<u8>, Vec<u8>)>,
}

impl Secret {
    /// Keeps the secret that has this label in a log of keys.
    pub(crate) fn of(label: &'static str) -> Arc<Self> {
        Arc::new(Self { label, kept: Mutex::default() })
    }

    /// The random bytes of the client, and the secret.
    pub(crate) fn kept(&self) -> (Vec<u8>, Vec<u8>) {
        self.kept.lock().unwrap().clone()
    }
}

impl KeyLog for Secret {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if label == self.label {
            *self.kept.lock().unwrap() = (client_random.to_vec(), secret.to_vec());
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The flight with the content of its last record changed; `secret` is what its sender seals it
/// with.
pub(crate) fn changed(flight: &[u8], secret: &[u8], change: fn(&mut Vec<u8>)) -> Vec<u8> {
    let all = records(flight);
    let sealed = all.iter().filter(|record| record.kind == SEALED).count();
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
