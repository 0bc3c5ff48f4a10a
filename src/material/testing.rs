//! Certificates made by hand for tests, byte by byte, the impossible ones too. Nobody signed them.
//! Those that somebody signed come from the maker of all tests.

#[path = "../../tests/support/maker.rs"]
#[allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]
mod maker;

use std::cell::Cell;

use super::certificate::Certificate;

pub(crate) use maker::*;

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Counts a certificate that is read on this thread.
pub(super) fn count_certificate() {
    READ.set(READ.get().wrapping_add(1));
}

/// How many certificates were read on this thread so far.
pub(crate) fn certificates_read() -> usize {
    READ.get()
}

/// Certificates that rcgen does not make, for 2026 to 2099.
#[derive(Clone, Copy)]
pub(crate) enum Odd {
    /// Self-signed, of X.509 version 1, for CN=a.example.
    VersionOne,
    /// Self-signed with SHA-1, for a.example.
    Sha1,
    /// An authority with an RSA key of 1024 bits.
    ShortAuthority,
    /// a.example below it, with a key on P-256.
    BelowShort,
    /// An authority with a key on P-256 that writes a NULL for the parameters of ECDSA.
    NullAuthority,
    /// a.example below it.
    BelowNull,
}

impl Odd {
    /// The certificate.
    pub(crate) fn read(self) -> Certificate {
        let text = match self {
            Self::VersionOne => include_bytes!("testing/version-1.pem").as_slice(),
            Self::Sha1 => include_bytes!("testing/sha-1.pem"),
            Self::ShortAuthority => include_bytes!("testing/short-authority.pem"),
            Self::BelowShort => include_bytes!("testing/below-short.pem"),
            Self::NullAuthority => include_bytes!("testing/ecdsa-null-authority.pem"),
            Self::BelowNull => include_bytes!("testing/ecdsa-null.pem"),
        };
        Certificate::all_from_pem(text, "a test").unwrap().remove(0)
    }
}

pub(crate) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// The fields of a certificate, each with its DER.
pub(crate) struct Parts {
    pub(crate) version: Option<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithms: (Vec<u8>, Vec<u8>),
    pub(crate) issuer: Vec<u8>,
    pub(crate) validity: [Vec<u8>; 2],
    pub(crate) subject: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Default for Parts {
    fn default() -> Self {
        let algorithm = tlv(0x30, &tlv(6, ECDSA_SHA256));
        Self {
            version: Some(2),
            serial: tlv(2, &[1]),
            algorithms: (algorithm.clone(), algorithm),
            issuer: common_name("Lab CA"),
            validity: [tlv(0x17, b"260101000000Z"), tlv(0x17, b"360101000000Z")],
            subject: common_name("node7"),
            spki: spki(&tlv(6, &[0x2b, 0x65, 0x70]), &[7; 32]),
            extensions: Vec::new(),
        }
    }
}

impl Parts {
    pub(crate) fn der(&self) -> Vec<u8> {
        let mut tbs = Vec::new();
        if let Some(version) = self.version {
            tbs.extend(tlv(0xa0, &tlv(2, &[version])));
        }
        tbs.extend([self.serial.as_slice(), &self.algorithms.0, &self.issuer].concat());
        tbs.extend(tlv(0x30, &self.validity.concat()));
        tbs.extend([self.subject.as_slice(), &self.spki].concat());
        if !self.extensions.is_empty() {
            tbs.extend(tlv(0xa3, &tlv(0x30, &self.extensions.concat())));
        }
        tlv(0x30, &[tlv(0x30, &tbs), self.algorithms.1.clone(), tlv(3, &[0, 1, 2])].concat())
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::from_der(&self.der()).unwrap()
    }
}

pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x83);
            out.extend(&u32::try_from(length).unwrap().to_be_bytes()[1..]);
            if length < 0x100 {
                out.splice(1.., [0x81, u8::try_from(length).unwrap()]);
            } else if length < 0x1_0000 {
                out.splice(1..3, [0x82]);
            }
        }
    }
    out.extend(content);
    out
}

pub(crate) fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(6, kind), tlv(tag, value)].concat())
}

pub(crate) fn name(relatives: &[&[Vec<u8>]]) -> Vec<u8> {
    let sets: Vec<_> = relatives.iter().map(|relative| tlv(0x31, &relative.concat())).collect();
    tlv(0x30, &sets.concat())
}

pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name(&[&[attribute(&[0x55, 4, 3], 0x0c, text.as_bytes())]])
}

pub(crate) fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, algorithm), tlv(3, &[&[0], key].concat())].concat())
}

/// An extension below 2.5.29, the value as it stands in the OCTET STRING.
pub(crate) fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    extension_of(&[0x55, 0x1d, number], critical, value)
}

pub(crate) fn extension_of(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
    tlv(0x30, &[tlv(6, oid), critical, tlv(4, value)].concat())
}

/// A subject alternative name extension of names with their tags.
pub(crate) fn alt_names(names: &[(u8, &[u8])]) -> Vec<u8> {
    let names: Vec<_> = names.iter().flat_map(|(tag, value)| tlv(*tag, value)).collect();
    extension(17, false, &tlv(0x30, &names))
}
