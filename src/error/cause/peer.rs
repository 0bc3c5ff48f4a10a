//! What to do about a peer: its certificate, its messages, its verdict about us.

use super::Cause;

/// Why there is no connection to a peer.
#[derive(Clone, Debug)]
pub(crate) enum PeerCause {
    /// It shows no certificate.
    NoClientCertificate,
}

impl Cause for PeerCause {
    fn hint(&self) -> String {
        match self {
            Self::NoClientCertificate => "give the client a certificate and its key".to_owned(),
        }
    }
}
