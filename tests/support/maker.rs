//! The maker of certificates and revocation lists: made anew for each test, valid around one fixed
//! day, and judged on it.
//!
//! The tests inside the library have this file too, and so another `Certificate` above it.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationList,
    CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::Certificate;

/// The day of every test: 2026-11-21, at noon.
pub(crate) const NOW: i64 = 1_795_262_400;
/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

/// Somebody with a key and a certificate, who signs others.
pub(crate) struct Maker {
    params: CertificateParams,
    key: KeyPair,
    certificate: Certificate,
}

impl Maker {
    /// A self-signed authority.
    pub(crate) fn authority(name: &str) -> Self {
        Self::of(authority(name))
    }

    /// A self-signed certificate of these parameters.
    pub(crate) fn of(params: CertificateParams) -> Self {
        Self::with_key(params, KeyPair::generate().unwrap())
    }

    /// A self-signed certificate of these parameters and this key.
    pub(crate) fn with_key(params: CertificateParams, key: KeyPair) -> Self {
        let certificate = read(params.self_signed(&key).unwrap().der());
        Self { params, key, certificate }
    }

    /// Somebody whose certificate this one signs.
    pub(crate) fn below(&self, params: CertificateParams) -> Self {
        self.below_with_key(params, KeyPair::generate().unwrap())
    }

    /// Somebody with this key whose certificate this one signs.
    pub(crate) fn below_with_key(&self, params: CertificateParams, key: KeyPair) -> Self {
        let certificate = read(params.signed_by(&key, &self.issuer()).unwrap().der());
        Self { params, key, certificate }
    }

    /// A certificate with a new key.
    pub(crate) fn sign(&self, params: &CertificateParams) -> Certificate {
        self.below(params.clone()).certificate
    }

    /// The maker's own certificate.
    pub(crate) fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    /// A copy of the maker's own key.
    pub(crate) fn key(&self) -> KeyPair {
        KeyPair::try_from(self.key.serialized_der()).unwrap()
    }

    /// A revocation list: days from now of its update and the next, number, serials.
    pub(crate) fn list(&self, days: (i64, i64), number: u64, entries: &[Entry<'_>]) -> Vec<u8> {
        self.list_of(&list(days, number, entries))
    }

    /// A revocation list of these parameters.
    pub(crate) fn list_of(&self, params: &CertificateRevocationListParams) -> Vec<u8> {
        self.sign_list(params).der().to_vec()
    }

    /// The same, before it is written. Whether we may sign lists is not looked at.
    pub(crate) fn sign_list(
        &self,
        params: &CertificateRevocationListParams,
    ) -> CertificateRevocationList {
        let mut issuer = self.params.clone();
        issuer.key_usages.clear();
        params.signed_by(&Issuer::new(issuer, &self.key)).unwrap()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

/// A certificate that a list names, and why.
pub(crate) type Entry<'a> = (&'a Certificate, Option<RevocationReason>);

/// The parameters of a revocation list.
pub(crate) fn list(
    days: (i64, i64),
    number: u64,
    entries: &[Entry<'_>],
) -> CertificateRevocationListParams {
    let entry = |(certificate, reason): &Entry<'_>| RevokedCertParams {
        serial_number: SerialNumber::from_slice(certificate.serial()),
        revocation_time: day(-10),
        reason_code: *reason,
        invalidity_date: None,
    };
    CertificateRevocationListParams {
        this_update: day(days.0),
        next_update: day(days.1),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: entries.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// The parameters of an authority.
pub(crate) fn authority(name: &str) -> CertificateParams {
    may_sign(named(name, &[]))
}

/// These parameters, and what makes them those of an authority.
pub(crate) fn may_sign(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The parameters of a server with one name.
pub(crate) fn server(host: &str) -> CertificateParams {
    named(host, &[host])
}

/// Parameters with one common name and these hosts, addresses and e-mail addresses.
pub(crate) fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let (mails, hosts): (Vec<&str>, Vec<&str>) = hosts.iter().partition(|host| host.contains('@'));
    let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    for mail in mails {
        params.subject_alt_names.push(SanType::Rfc822Name(mail.try_into().unwrap()));
    }
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = day(-100);
    params.not_after = day(100);
    params
}

/// So many days from now.
pub(crate) fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW + days * DAY).unwrap()
}

fn read(der: &[u8]) -> Certificate {
    Certificate::from_der(der).unwrap()
}

/// A self-signed certificate with a new key for these DNS and IP names.
pub(crate) fn certificate(names: &[&str]) -> Certificate {
    certificate_named(names, &["test"])
}

/// The same, with these common names.
pub(crate) fn certificate_named(names: &[&str], common_names: &[&str]) -> Certificate {
    certificate_with(&KeyPair::generate().unwrap(), names, common_names)
}

/// The same, with a key of the test's own; two calls make two certificates.
pub(crate) fn certificate_with(
    key: &KeyPair,
    names: &[&str],
    common_names: &[&str],
) -> Certificate {
    static SERIAL: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let mut params = CertificateParams::default();
    params.serial_number = Some(SERIAL.fetch_add(1, std::sync::atomic::Ordering::Relaxed).into());
    params.distinguished_name = rcgen::DistinguishedName::new();
    for name in common_names {
        params.distinguished_name.push(DnType::CommonName, *name);
    }
    params.subject_alt_names = names
        .iter()
        .map(|name| match name.parse() {
            Ok(ip) => SanType::IpAddress(ip),
            Err(_) => SanType::DnsName((*name).try_into().unwrap()),
        })
        .collect();
    Certificate::from_der(params.self_signed(key).unwrap().der()).unwrap()
}
