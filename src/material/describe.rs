//! A certificate in words, for people who must decide and for files they read.
//!
//! Whatever the certificate itself put into a text is escaped: no text made here can move a
//! terminal's cursor, begin a line of its own or turn the direction of writing. Nothing here
//! says whether the certificate may be believed, and no clock is asked.

mod difference;
mod full;
mod json;
mod words;

use pkcs8::der::pem::{self, LineEnding};

pub use self::difference::difference;
use super::certificate::Certificate;
use super::date::time_text;
use super::facts::AltName;
use super::hex::hex_colons;
use super::name::{self, Name};
use crate::error::escaped;

/// How many of its names a short text shows.
const NAMES_SHOWN: usize = 8;

/// How many characters of one value a short text shows.
const VALUE_SHOWN: usize = 200;

/// The texts that a certificate has as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One line: who, by whom, until when, and the begin of the fingerprint.
    Line,
    /// Six lines with labels, for a dialog.
    Summary,
    /// Everything that is known of it, one line with a label each.
    Full,
    /// One JSON object in one line, its keys always in the same order.
    Json,
    /// A PEM block, the only one that ends with a line break.
    Pem,
}

impl Certificate {
    /// The certificate as a text; values that are long without measure are cut in
    /// [`Style::Line`] and [`Style::Summary`].
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        match style {
            Style::Line => self.line(),
            Style::Summary => self.summary(),
            Style::Full => full::text(self),
            Style::Json => json::text(self),
            Style::Pem => pem_text("CERTIFICATE", self.der()),
        }
    }

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

    /// All subject alternative names, as `DNS:a, IP:192.0.2.1`; empty where there are none.
    #[must_use]
    pub fn names_text(&self) -> String {
        self.names().map(labelled).collect::<Vec<_>>().join(", ")
    }

    fn names(&self) -> impl Iterator<Item = &AltName> {
        self.facts().alt_names.iter().flatten()
    }

    fn line(&self) -> String {
        let facts = self.facts();
        let who = match (facts.common_names.first(), self.names().next()) {
            (Some(name), _) => name::escaped_value(name),
            (None, Some(name)) => labelled(name),
            (None, None) => or_none(self.subject()),
        };
        let short = self.sha256().first_chunk::<8>().map_or_else(String::new, |b| hex_colons(b));
        format!(
            "{}, issued by {}, valid to {}, SHA-256 {short}...",
            shortened(&who),
            shortened(&or_none(self.issuer())),
            self.not_after_text(),
        )
    }

    fn summary(&self) -> String {
        [
            format!("Subject:  {}", shortened(&or_none(self.subject()))),
            format!("Issuer:   {}", shortened(&or_none(self.issuer()))),
            format!("Names:    {}", or_none(some_names(self.names()))),
            format!("Valid:    {} to {}", self.not_before_text(), self.not_after_text()),
            format!("Key:      {}", self.key_text()),
            format!("SHA-256:  {}", self.fingerprint()),
        ]
        .join("\n")
    }
}

/// A PEM block (RFC 7468) in lines of 64 columns, with a line break at its end; empty where
/// `label` cannot be one.
#[must_use]
pub(crate) fn pem_text(label: &str, der: &[u8]) -> String {
    pem::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}

/// The text of a name that [`Certificate::from_der`] has read before.
fn name_text(der: &[u8]) -> String {
    Name::read(der).map(|name| name.text()).unwrap_or_default()
}

/// A name with its type before it. A comma in it is escaped: it cannot pretend to be two names.
fn labelled(name: &AltName) -> String {
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
fn some_names<'a>(names: impl Iterator<Item = &'a AltName>) -> String {
    let mut names = names.peekable();
    let mut shown: Vec<_> =
        names.by_ref().take(NAMES_SHOWN).map(|name| shortened(&labelled(name))).collect();
    if names.peek().is_some() {
        shown.push(format!("and {} more", names.count()));
    }
    shown.join(", ")
}

/// `text`, cut where it is longer than a dialog should be.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "...",
        None => text.to_owned(),
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
