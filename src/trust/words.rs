//! How a judgement names the certificates of a path to people.

use std::fmt;

use crate::material::{Certificate, name_text};

/// Where in a path a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// The peer's own certificate.
    Leaf,
    /// Between the leaf and the authority, with so many others between it and the leaf.
    Intermediate(usize),
    /// The authority, with so many intermediates between it and the leaf.
    Anchor(usize),
}

impl Position {
    /// How a sentence about `certificate` begins. Names are read when the sentence is made:
    /// most certificates have nothing wrong with them.
    pub(super) const fn of(self, certificate: &Certificate) -> Named<'_> {
        Named(self, certificate)
    }
}

/// A certificate of a path, as a sentence names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a>(Position, &'a Certificate);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name_text(self.1.subject_der());
        match self.0 {
            Position::Leaf => write!(f, "the certificate of {name}"),
            Position::Intermediate(_) => write!(f, "the intermediate {name}"),
            Position::Anchor(_) => write!(f, "the authority {name}"),
        }
    }
}
