//! The authorities that the operating system trusts.

use super::certificate::Certificate;
use crate::error::{Error, Kind};

/// Every authority of the operating system. One that does not parse is left out: the list is
/// not ours, and one odd entry must not cost the others.
///
/// # Errors
///
/// [`Kind::NoAuthority`] if there are none; it says what went wrong on the way.
pub(crate) fn system_authorities() -> Result<Vec<Certificate>, Error> {
    let found = rustls_native_certs::load_native_certs();
    let all: Vec<_> =
        found.certs.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    if all.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Error::new(
            Kind::NoAuthority,
            format!("the operating system has no certificate authorities{why}"),
        )
        .with_hint("install the package ca-certificates"));
    }
    Ok(all)
}
