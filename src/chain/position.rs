//! How findings name the certificates of a path to the user.

use std::fmt;

use super::same_name::normal_form;
use crate::material::Certificate;

/// Where in a path a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Position {
    /// The peer's own certificate.
    Leaf,
    /// Between the leaf and the authority, with this many intermediates between it and the leaf.
    /// Self-issued ones are not counted (RFC 5280, section 4.2.1.9).
    Intermediate(usize),
    /// The authority, with this many intermediates between it and the leaf, counted likewise.
    Anchor(usize),
}

impl Position {
    /// How a sentence about `certificate` begins. Names are read only when the sentence is made:
    /// most certificates have nothing wrong with them.
    pub(crate) const fn of(self, certificate: &Certificate) -> Named<'_> {
        Named(self, certificate)
    }
}

/// Where each certificate of a path stands, from the leaf to the authority.
pub(crate) fn positions(path: &[Certificate]) -> impl Iterator<Item = (Position, &Certificate)> {
    let last = path.len().saturating_sub(1);
    let mut below = 0_usize;
    path.iter().enumerate().map(move |(index, certificate)| {
        let position = match index {
            0 => Position::Leaf,
            _ if index == last => Position::Anchor(below),
            _ => Position::Intermediate(below),
        };
        if index > 0 && !has_issuers_name(certificate) {
            below = below.saturating_add(1);
        }
        (position, certificate)
    })
}

/// Whether `certificate` has the name of its issuer, however it is encoded. RFC 5280 calls it
/// self-issued; [`Certificate::is_self_issued`] compares the bytes.
pub(crate) fn has_issuers_name(certificate: &Certificate) -> bool {
    let (subject, issuer) = (certificate.subject_der(), certificate.issuer_der());
    subject == issuer || normal_form(subject) == normal_form(issuer)
}

/// A certificate of a path, as a sentence names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a>(Position, &'a Certificate);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.1.subject_text();
        match self.0 {
            Position::Leaf => write!(f, "the certificate of {name}"),
            Position::Intermediate(_) => write!(f, "the intermediate {name}"),
            Position::Anchor(_) => write!(f, "the authority {name}"),
        }
    }
}
