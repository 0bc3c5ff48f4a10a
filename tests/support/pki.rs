//! The maker of certificates: authorities, peers and revocation lists, made anew for each test.
//!
//! Those of [`named`] are valid around one fixed day, and are judged on it. Those of [`lasting`]
//! are valid on that day and on any other of this century: programs of others look at the clock.
//! What no careful library makes, odd certificates byte by byte, is made in `tests/judge`.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use time::macros::datetime;
use tlsconn::Certificate;

/// The time of every judgement: 2026-11-21, at noon.
pub(crate) const NOW: i64 = 1_795_262_400;
/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

/// As long as anybody runs this.
pub(crate) const CENTURY: [OffsetDateTime; 2] =
    [datetime!(2020-01-01 0:00 UTC), datetime!(2099-01-01 0:00 UTC)];

static SERIAL: AtomicU64 = AtomicU64::new(1000);

/// Somebody who signs.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
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
    pub(crate) fn of(mut params: CertificateParams, key: KeyPair) -> Self {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let made = params.self_signed(&key).unwrap();
        let certificate = Certificate::from_der(made.der()).unwrap();
        Self { pem: made.pem(), params, key, certificate }
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
        let issuer = Issuer::from_params(&self.params, &self.key);
        Identity::of(&params.signed_by(&key, &issuer).unwrap(), key)
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
        let entry = |one: &&Certificate| RevokedCertParams {
            serial_number: SerialNumber::from_slice(one.serial()),
            revocation_time: begin,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: begin,
            next_update: end,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(&issuer).unwrap().pem().unwrap()
    }
}

impl Identity {
    fn of(made: &rcgen::Certificate, key: KeyPair) -> Self {
        let certificate = Certificate::from_der(made.der()).unwrap();
        Self { certificate, pem: made.pem(), key }
    }

    /// One that signed itself.
    pub(crate) fn alone(names: &[&str]) -> Self {
        Self::with(&named(names[0], names))
    }

    /// One of these parameters that signed itself.
    pub(crate) fn with(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::of(&params.self_signed(&key).unwrap(), key)
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
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // Without it the serial number comes from the key, and a renewed certificate has the same.
    params.serial_number = Some(SerialNumber::from(SERIAL.fetch_add(1, Ordering::Relaxed)));
    params.not_before = day(-100);
    params.not_after = day(100);
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

/// So many days from now.
pub(crate) fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW + days * DAY).unwrap()
}
