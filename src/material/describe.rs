//! A certificate in words, for people who must decide and for files they read.
//!
//! Whatever the certificate itself put into a text is escaped and bounded: no text made here can
//! move a terminal's cursor, begin a line of its own, turn the direction of writing or fill a
//! screen. Nothing here says whether the certificate may be believed, and no clock is asked.

mod difference;
mod full;
mod json;
mod values;
mod words;

pub use self::difference::difference;
use super::certificate::Certificate;
use super::name;
use super::public_base64::pem_text;
use crate::error::{Calm, Foreign, fingerprint_lines, hung};
use values::{labelled, name_of, or_none, some_names};

/// The texts that a certificate has as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One line: who, by whom, until when, and the fingerprint.
    Line,
    /// Six values with labels, for a dialog. No line is longer than 79 columns; what goes on in
    /// the next one stands further right than the labels.
    Summary,
    /// Everything that is known of it, in the same form.
    Full,
    /// One JSON object in one line, its keys always in the same order. Its values are exact, each
    /// invisible character an escape, up to 1,000 characters each.
    Json,
    /// A PEM block, the only one that ends with a line break.
    Pem,
}

impl Certificate {
    /// The certificate as a text. Values that are long without measure are cut, and lists of
    /// them, in every style but [`Style::Pem`].
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
            (Some(name), _) => Foreign::from(name::escaped_value(name)),
            (None, Some(name)) => labelled(name),
            (None, None) => name_of(self.subject_der()),
        };
        format!(
            "{}, issued by {}, valid to {}, SHA-256 {}",
            or_none(Calm::short_name(&who)),
            or_none(Calm::short_name(&name_of(self.issuer_der()))),
            self.not_after_text(),
            self.fingerprint(),
        )
    }

    fn summary(&self) -> String {
        let name = |label, der| hung(label, 10, &or_none(Calm::name(&name_of(der))));
        [
            name("Subject:  ", self.subject_der()),
            name("Issuer:   ", self.issuer_der()),
            hung("Names:    ", 10, &or_none(some_names(self.names()))),
            format!("Valid:    {} to {}", self.not_before_text(), self.not_after_text()),
            hung("Key:      ", 10, &self.key_text()),
            fingerprint_lines("SHA-256:  ", 10, &self.fingerprint()),
        ]
        .join("\n")
    }
}

#[cfg(test)]
mod tests;
