//! Certificates and entries for the tests of this room.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use super::entry::{Entry, Origin, Place};
use super::host::{Endpoint, Host, Role};
use super::judge::{Asked, Situation};
use crate::error::Problems;
use crate::material::Certificate;

/// A self-signed certificate with a new key for these DNS and IP names.
pub(super) fn certificate(names: &[&str]) -> Certificate {
    certificate_named(names, &["test"])
}

/// The same, with these common names.
pub(super) fn certificate_named(names: &[&str], common_names: &[&str]) -> Certificate {
    certificate_with(&KeyPair::generate().unwrap(), names, common_names)
}

/// The same, with a key of the test's own; two calls make two certificates.
pub(super) fn certificate_with(
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

/// An entry as a plain PEM in the server's file makes it.
pub(super) fn plain(certificate: Certificate) -> Entry {
    Entry {
        place: None,
        role: Role::Server,
        certificate,
        accepted: Problems::NONE,
        added: None,
        expires: None,
        origin: Origin::Admin,
        distrust: false,
    }
}

/// An entry for a place, as an answer of the user makes it.
pub(super) fn known(place: &str, certificate: Certificate) -> Entry {
    Entry {
        place: Some(Place::parse(place).unwrap()),
        added: Some(1_795_255_200),
        origin: Origin::User,
        ..plain(certificate)
    }
}

/// What is asked about a server at h:1 with this certificate and these problems.
pub(super) fn asked(situation: Situation, problems: Problems, certificate: Certificate) -> Asked {
    Asked {
        role: Role::Server,
        endpoint: Some(Endpoint { host: Host::parse("h").unwrap(), port: 1 }),
        identity: None,
        situation,
        problems,
        why: problems.names().map(|name| format!("why {name}")).collect(),
        chain: Arc::new([certificate]),
        previous: None,
        judged: Vec::new(),
        stored: Vec::new(),
        lasting: false,
    }
}
