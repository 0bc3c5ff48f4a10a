//! Authorities, peers and revocation lists, made anew for each test around one fixed day.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;
use tlsconn::Certificate;

/// The time of every judgement: 2026-11-21, at noon.
pub(crate) const NOW: i64 = 1_795_262_400;
/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

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
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
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

    /// A revocation list from so many days before now, in PEM.
    pub(crate) fn list(&self, age: i64, revoked: &[&Identity]) -> String {
        let entry = |one: &&Identity| RevokedCertParams {
            serial_number: SerialNumber::from_slice(one.certificate.serial()),
            revocation_time: day(-age),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: day(-age),
            next_update: day(30),
            crl_number: SerialNumber::from(u64::try_from(1000 - age).unwrap()),
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

/// So many days from now.
pub(crate) fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW + days * DAY).unwrap()
}
