//! What to do about PEM texts, certificates, keys and lists.

use super::Cause;

/// Why material is not taken.
#[derive(Clone, Debug)]
pub(crate) enum MaterialCause {
    /// More than one private key in a file.
    SeveralKeys,
}

impl Cause for MaterialCause {
    fn hint(&self) -> String {
        match self {
            Self::SeveralKeys => "leave the one that belongs to the certificate".to_owned(),
        }
    }
}
