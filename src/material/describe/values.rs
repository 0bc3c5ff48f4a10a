//! The single values of a certificate as texts, of which the longer texts are made.

use aws_lc_rs::digest;

use super::words;
use crate::error::{Calm, Foreign, listed, some};
use crate::material::certificate::Certificate;
use crate::material::date::time_text;
use crate::material::facts::{AltName, Fitness, RSA_BITS};
use crate::material::hex::hex_colons;
use crate::material::name::Name;

/// How many characters all the values of a list have that is for programs.
pub(super) const LIST_SHOWN: usize = 4_000;

/// How many values such a list has.
pub(super) const VALUES_SHOWN: usize = 100;

impl Certificate {
    /// The subject's name in the order of its encoding, as `C=GB,O=Lab,CN=alice`. Like all values
    /// here it is exact, each invisible character an escape, and cut after 1,000 characters.
    #[must_use]
    pub fn subject(&self) -> String {
        Calm::value(&name_of(self.subject_der())).into()
    }

    /// The issuer's name in the order of its encoding.
    #[must_use]
    pub fn issuer(&self) -> String {
        Calm::value(&name_of(self.issuer_der())).into()
    }

    /// The first common name of the subject; empty if there is none.
    #[must_use]
    pub fn common_name(&self) -> String {
        self.facts().common_names.first().map(|name| Calm::value(name).into()).unwrap_or_default()
    }

    /// The serial number as pairs of hexadecimal digits, without the leading zero byte that only
    /// makes the number positive.
    #[must_use]
    pub fn serial_text(&self) -> String {
        Calm::value(&self.serial_digits()).into()
    }

    pub(super) fn serial_digits(&self) -> String {
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

    /// The SHA-1 of the certificate, which old tools show. It proves nothing: two certificates may
    /// have the same.
    pub(super) fn sha1_fingerprint(&self) -> String {
        hex_colons(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.der()).as_ref())
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

    /// The subject alternative names, as `DNS:a, IP:192.0.2.1`; empty if there are no names. The
    /// first 100 at most, and how many more there are.
    #[must_use]
    pub fn names_text(&self) -> String {
        let show = |name| Calm::value(&labelled(name));
        let (shown, more) = some(self.names(), show, VALUES_SHOWN, LIST_SHOWN);
        with_more(&shown.join(", "), more)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &AltName> {
        self.facts().alt_names.iter().flatten()
    }
}

/// The text of a name that [`Certificate::from_der`] has read before.
pub(super) fn name_of(der: &[u8]) -> Foreign {
    Name::read(der).map(|name| name.text()).unwrap_or_default()
}

/// A name with its type before it. A comma in it is escaped: it cannot pretend to be two names.
pub(super) fn labelled(name: &AltName) -> Foreign {
    let (kind, value) = match name {
        AltName::Dns(text) => ("DNS", text),
        AltName::Ip(address) => return format!("IP:{address}").into(),
        AltName::Email(text) => ("email", text),
        AltName::Uri(text) => ("URI", text),
        AltName::Other(text) | AltName::Damaged(text) => ("other", text),
    };
    let value = value.replace('\\', "\\\\").replace(',', "\\,");
    format!("{kind}:{value}").into()
}

/// The first names, each cut where it is long, and how many more there are.
pub(super) fn some_names<'a>(names: impl Iterator<Item = &'a AltName>) -> String {
    listed(names, |name| labelled(name).calm())
}

/// A list of which more was left out.
pub(super) fn with_more(shown: &str, more: usize) -> String {
    if more == 0 { shown.to_owned() } else { format!("{shown}, and {more} more") }
}

pub(super) fn or_none(text: impl Into<String>) -> String {
    let text = text.into();
    if text.is_empty() { "none".to_owned() } else { text }
}
