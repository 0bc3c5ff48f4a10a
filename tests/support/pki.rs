//! Authorities, peers and revocation lists, in the form in which users have them.
//!
//! Those of [`named`] are valid around one fixed day, and are judged on it. Those of [`lasting`]
//! are valid on that day and on any other of this century: programs of others look at the clock.
//! What no careful library makes, odd certificates byte by byte, is made in `tests/judge`.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{CertificateParams, KeyPair, SerialNumber};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use time::macros::datetime;
use tlsconn::{Certificate, Style};

use super::maker::{self, Maker};
pub(crate) use super::maker::{DAY, NOW, day};

/// As long as anybody runs this.
pub(crate) const CENTURY: [OffsetDateTime; 2] =
    [datetime!(2020-01-01 0:00 UTC), datetime!(2099-01-01 0:00 UTC)];

static SERIAL: AtomicU64 = AtomicU64::new(1000);

/// Somebody who signs.
pub(crate) struct Authority {
    maker: Maker,
    pem: String,
    pub(crate) certificate: Certificate,
}

/// Somebody with a certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: Certificate,
    pub(crate) pem: String,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(named(name, &[]))
    }

    /// One of these parameters, and what makes it an authority.
    pub(crate) fn with(params: CertificateParams) -> Self {
        Self::of(params, KeyPair::generate().unwrap())
    }

    /// The same with this key.
    pub(crate) fn of(params: CertificateParams, key: KeyPair) -> Self {
        let maker = Maker::with_key(maker::may_sign(params), key);
        let certificate = maker.certificate();
        Self { maker, pem: certificate.text(Style::Pem), certificate }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A server with these names and a new key.
    pub(crate) fn server(&self, names: &[&str]) -> Identity {
        self.sign(&named(names[0], names), KeyPair::generate().unwrap())
    }

    /// Another certificate for the key of `old`.
    pub(crate) fn renew(&self, old: &Identity, names: &[&str]) -> Identity {
        self.sign(&named(names[0], names), old.key_copy())
    }

    pub(crate) fn sign(&self, params: &CertificateParams, key: KeyPair) -> Identity {
        Identity::of(&self.maker.below_with_key(params.clone(), key))
    }

    /// A revocation list from this many days before now, in PEM.
    pub(crate) fn list(&self, age: i64, revoked: &[&Identity]) -> String {
        let revoked: Vec<_> = revoked.iter().map(|one| &one.certificate).collect();
        self.list_of(u64::try_from(1000 - age).unwrap(), [day(-age), day(30)], &revoked)
    }

    /// A revocation list with this number, in PEM. What it lists was revoked when it begins.
    pub(crate) fn list_of(
        &self,
        number: u64,
        [begin, end]: [OffsetDateTime; 2],
        revoked: &[&Certificate],
    ) -> String {
        let revoked: Vec<_> = revoked.iter().map(|one| (*one, None)).collect();
        let mut params = maker::list((0, 0), number, &revoked);
        [params.this_update, params.next_update] = [begin, end];
        for one in &mut params.revoked_certs {
            one.revocation_time = begin;
        }
        self.maker.sign_list(&params).pem().unwrap()
    }
}

impl Identity {
    fn of(maker: &Maker) -> Self {
        let certificate = maker.certificate();
        Self { pem: certificate.text(Style::Pem), key: maker.key(), certificate }
    }

    /// One that signed itself.
    pub(crate) fn alone(names: &[&str]) -> Self {
        Self::with(&named(names[0], names))
    }

    /// One of these parameters that signed itself.
    pub(crate) fn with(params: &CertificateParams) -> Self {
        Self::of(&Maker::of(params.clone()))
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().to_vec().into()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn key_copy(&self) -> KeyPair {
        KeyPair::try_from(self.key.serialized_der()).unwrap()
    }
}

/// Parameters with one common name and these names.
pub(crate) fn named(name: &str, names: &[&str]) -> CertificateParams {
    let mut params = maker::named(name, names);
    // Without it the serial number comes from the key, and a renewed certificate has the same.
    params.serial_number = Some(SerialNumber::from(SERIAL.fetch_add(1, Ordering::Relaxed)));
    params
}

/// The same, valid for as long as anybody runs this.
pub(crate) fn lasting(name: &str, names: &[&str]) -> CertificateParams {
    let mut params = named(name, names);
    // Nobody may take one that was made by an earlier process for it.
    params.serial_number = None;
    [params.not_before, params.not_after] = CENTURY;
    params
}
