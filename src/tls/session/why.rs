//! Why a session ends.

use rustls::Error as TlsError;

use crate::tls::alert::Alert;

/// What the peer is told in the end.
pub(super) enum Why<'a> {
    /// We say no.
    Ours(Alert),
    /// rustls failed.
    Failed(&'a TlsError),
    /// Nothing.
    Silent,
}
