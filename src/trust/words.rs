//! How a judgement names certificates, authorities and serial numbers to people.
//!
//! Every text here comes from strangers and is escaped before it enters a sentence.

use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::error::escaped;
use crate::material::Certificate;

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
    /// How a sentence about `certificate` begins.
    pub(super) fn of(self, certificate: &Certificate) -> String {
        let name = name_text(certificate.subject_der());
        match self {
            Self::Leaf => format!("the certificate of {name}"),
            Self::Intermediate(_) => format!("the intermediate {name}"),
            Self::Anchor(_) => format!("the authority {name}"),
        }
    }
}

/// A distinguished name as text.
pub(super) fn name_text(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) if name.iter_attributes().next().is_some() => escaped(&name.to_string()),
        Ok(_) => "an empty name".to_owned(),
        Err(_) => "an unreadable name".to_owned(),
    }
}

/// Bytes as pairs of hexadecimal digits with colons between them.
pub(super) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}
