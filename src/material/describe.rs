//! A certificate in words, for people who must decide and for files they read.
//!
//! Whatever the certificate itself put into a text is escaped: no text made here can move a
//! terminal's cursor, begin a line of its own or turn the direction of writing. Nothing here
//! says whether the certificate may be believed, and no clock is asked.

mod difference;
mod full;
mod json;
mod values;
mod words;

pub use self::difference::difference;
use super::certificate::Certificate;
use super::hex::hex_colons;
use super::name;
use super::public_base64::pem_text;
use values::{labelled, or_none, shortened, some_names};

/// The texts that a certificate has as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One line: who, by whom, until when, and the start of the fingerprint.
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

#[cfg(test)]
mod tests;
