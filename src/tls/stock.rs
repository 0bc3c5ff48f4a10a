//! What TLS is made of here before anybody chooses: the provider of cryptography, and the versions.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::process::Once;

/// The one provider of cryptography.
pub(super) fn stock() -> &'static Arc<CryptoProvider> {
    static PROVIDER: Once<Arc<CryptoProvider>> = Once::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider()))
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}
