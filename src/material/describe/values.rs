//! The single values of a certificate as texts, of which the longer texts are made.

use super::words;
use crate::error::escaped;
use crate::material::certificate::Certificate;
use crate::material::date::time_text;
use crate::material::facts::{AltName, Fitness, RSA_BITS};
use crate::material::hex::hex_colons;
use crate::material::name::Name;

/// How many of its names a short text shows.
const NAMES_SHOWN: usize = 8;

/// How many characters of one value a short text shows.
const VALUE_SHOWN: usize = 200;

impl Certificate {
    /// The subject's name in the order of its encoding, as `C=GB,O=Lab,CN=alice`.
    #[must_use]
    pub fn subject(&self) -> String {
        name_text(self.subject_der())
    }

    /// The issuer's name in the order of its encoding.
    #[must_use]
    pub fn issuer(&self) -> String {
        name_text(self.issuer_der())
    }

    /// The serial number as pairs of hexadecimal digits, without the leading zero byte that only
    /// makes the number positive.
    #[must_use]
    pub fn serial_text(&self) -> String {
        match self.serial() {
            [0, rest @ ..] if !rest.is_empty() => hex_colons(rest),
            serial => hex_colons(serial),
        }
    }

    /// The SHA-256 of the certificate as pairs of hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex_colons(self.sha256())
    }

    /// The SHA-256 of the public key as pairs of hexadecimal digits.
    #[must_use]
    pub fn key_fingerprint(&self) -> String {
        hex_colons(self.key_sha256())
    }

    /// The public key's algorithm and size, as `RSA 2048 bits` or `ECDSA P-256`.
    #[must_use]
    pub fn key_text(&self) -> String {
        words::key(&self.facts().key)
    }

    /// The public key and why TLS here cannot use it, as `ECDSA secp256k1` or `RSA 1024 bits, and
    /// at least 2048 are needed`. `None`: it can.
    #[must_use]
    pub(crate) fn unusable_key_text(&self) -> Option<String> {
        let key = self.key_text();
        match self.fitness() {
            Fitness::Good => None,
            Fitness::Short => Some(format!("{key}, and at least {} are needed", RSA_BITS.start())),
            Fitness::Long => Some(format!("{key}, and at most {} can be used", RSA_BITS.end())),
            Fitness::Malformed(why) => Some(format!("{key}, {why}")),
            Fitness::Unknown => Some(key),
        }
    }

    /// The signature's algorithm, as `ECDSA with SHA-256`, or its dotted object identifier.
    #[must_use]
    pub fn signature_text(&self) -> String {
        words::signature(&self.facts().signature_algorithm)
    }

    /// The begin of the validity, as `2026-11-21T10:00:00Z`.
    #[must_use]
    pub fn not_before_text(&self) -> String {
        time_text(self.facts().not_before)
    }

    /// The end of the validity, as `2026-11-21T10:00:00Z`.
    #[must_use]
    pub fn not_after_text(&self) -> String {
        time_text(self.facts().not_after)
    }

    /// All subject alternative names, as `DNS:a, IP:192.0.2.1`; empty if there are no names.
    #[must_use]
    pub fn names_text(&self) -> String {
        self.names().map(labelled).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &AltName> {
        self.facts().alt_names.iter().flatten()
    }
}

/// The text of a name that [`Certificate::from_der`] has read before.
fn name_text(der: &[u8]) -> String {
    Name::read(der).map(|name| name.text()).unwrap_or_default()
}

/// A name with its type before it. A comma in it is escaped: it cannot pretend to be two names.
pub(super) fn labelled(name: &AltName) -> String {
    let (kind, value) = match name {
        AltName::Dns(text) => ("DNS", text.clone()),
        AltName::Ip(address) => ("IP", address.to_string()),
        AltName::Email(text) => ("email", text.clone()),
        AltName::Uri(text) => ("URI", text.clone()),
        AltName::Other(text) | AltName::Damaged(text) => ("other", text.clone()),
    };
    let value = value.replace('\\', "\\\\").replace(',', "\\,");
    format!("{kind}:{}", escaped(&value))
}

/// The first names, each cut where it is long, and how many more there are.
pub(super) fn some_names<'a>(names: impl Iterator<Item = &'a AltName>) -> String {
    let mut names = names.peekable();
    let mut shown: Vec<_> =
        names.by_ref().take(NAMES_SHOWN).map(|name| shortened(&labelled(name))).collect();
    if names.peek().is_some() {
        shown.push(format!("and {} more", names.count()));
    }
    shown.join(", ")
}

/// `text`, cut where it is longer than a dialog should be.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "...",
        None => text.to_owned(),
    }
}

pub(super) fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
