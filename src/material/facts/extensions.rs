//! The extensions of a certificate (RFC 5280, section 4.2).
//!
//! One that decides about trust must parse to its last byte. One that only helps to find an
//! issuer may hold anything: what it says is then nothing, and a critical one is not known.

use std::net::IpAddr;

use super::{AltName, BasicConstraints, ExtendedKeyUsage, Facts, KeyUsage};
use crate::material::certificate::Extension;
use crate::material::der::{self, Element, Reader};
use crate::material::name::Name;

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const BIT_STRING: u8 = 3;
const OCTET_STRING: u8 = 4;
const OBJECT_IDENTIFIER: u8 = 6;
const SEQUENCE: u8 = 0x30;

/// The extensions below 2.5.29, by their last number.
const SUBJECT_KEY_ID: u8 = 14;
const KEY_USAGE: u8 = 15;
const ALT_NAMES: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const NAME_CONSTRAINTS: u8 = 30;
const CRL_DISTRIBUTION_POINTS: u8 = 31;
const AUTHORITY_KEY_ID: u8 = 35;
const EXTENDED_KEY_USAGE: u8 = 37;

/// Below 1.3.6.1.5.5.7.3.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 37, 0];

impl Facts {
    /// Reads the elements that the extensions are.
    pub(super) fn read_extensions(&mut self, extensions: &[u8]) -> Result<(), String> {
        let mut seen = Vec::with_capacity(8);
        let mut reader = Reader(extensions);
        for element in reader.by_ref() {
            let extension = Extension::read(element).ok_or("an extension is damaged")?;
            seen.push(extension.oid);
            self.take(&extension).ok_or_else(|| {
                format!("extension {} does not parse", der::oid_text(extension.oid))
            })?;
        }
        if !reader.is_empty() {
            return Err("an extension is damaged".to_owned());
        }
        seen.sort_unstable();
        match seen.windows(2).find_map(|pair| pair.first().filter(|one| Some(*one) == pair.last()))
        {
            Some(oid) => Err(format!("extension {} stands in it twice", der::oid_text(oid))),
            None => Ok(()),
        }
    }

    /// Takes what one extension says; nothing where it decides and does not parse.
    fn take(&mut self, extension: &Extension<'_>) -> Option<()> {
        let (critical, value) = (extension.critical, der::only(extension.value));
        let number = match extension.oid {
            [0x55, 0x1d, number @ 0..0x80] => *number,
            _ => 0,
        };
        let mut known = true;
        match number {
            ALT_NAMES => self.alt_names = Some(read_names(value?)?),
            BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(BasicConstraints::read(value?, critical)?);
            }
            KEY_USAGE => self.key_usage = Some(KeyUsage::read(value?, critical)?),
            EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(ExtendedKeyUsage::read(value?, critical)?);
            }
            // Whoever compares them reads them from the certificate.
            NAME_CONSTRAINTS => self.name_constraints = true,
            SUBJECT_KEY_ID => {
                let id = value.filter(|value| value.tag == OCTET_STRING);
                known = id.is_some();
                self.subject_key_id = id.map(|id| id.content.to_vec());
            }
            AUTHORITY_KEY_ID => {
                let found = value.and_then(read_authority_key);
                known = found.is_some();
                self.authority_key_id = found.flatten().map(<[u8]>::to_vec);
            }
            // Whoever matches revocation lists reads them from the certificate.
            CRL_DISTRIBUTION_POINTS => known = value.is_some_and(is_distribution_points),
            _ => known = false,
        }
        if critical && !known {
            self.unknown_critical.push(der::oid_text(extension.oid));
        }
        Some(())
    }
}

impl BasicConstraints {
    fn read(value: Element<'_>, critical: bool) -> Option<Self> {
        let mut parts = sequence(value)?;
        let ca = match parts.next_if(BOOLEAN) {
            Some(ca) => der::boolean(ca.content)?,
            None => false,
        };
        let path_len = match parts.next_if(INTEGER) {
            Some(number) => Some(der::number(number.content)?),
            None => None,
        };
        parts.is_empty().then_some(Self { ca, path_len, critical })
    }
}

impl KeyUsage {
    /// Zeros at the end may be there or not; bits behind the end may not be set.
    fn read(value: Element<'_>, critical: bool) -> Option<Self> {
        let (unused, bytes) = value.content.split_first()?;
        let beyond = 1_u8.checked_shl(u32::from(*unused)).map(|bit| bit.wrapping_sub(1))?;
        let last = bytes.last().copied().unwrap_or_default();
        let is_whole = last & beyond == 0 && (*unused == 0 || !bytes.is_empty());
        let (low, high) = match bytes {
            [] => (0, 0),
            [low] => (*low, 0),
            [low, high] => (*low, *high),
            _ => return None,
        };
        let bits = u16::from_le_bytes([low.reverse_bits(), high.reverse_bits()]);
        (value.tag == BIT_STRING && is_whole).then_some(Self { bits, critical })
    }
}

impl ExtendedKeyUsage {
    fn read(value: Element<'_>, critical: bool) -> Option<Self> {
        let mut found = Self {
            any: false,
            server_auth: false,
            client_auth: false,
            others: Vec::new(),
            critical,
        };
        let mut purposes = sequence(value)?;
        for purpose in purposes.by_ref() {
            if purpose.tag != OBJECT_IDENTIFIER || !der::is_oid(purpose.content) {
                return None;
            }
            match purpose.content {
                ANY_PURPOSE => found.any = true,
                SERVER_AUTH => found.server_auth = true,
                CLIENT_AUTH => found.client_auth = true,
                other => found.others.push(der::oid_text(other)),
            }
        }
        purposes.is_empty().then_some(found)
    }
}

impl AltName {
    /// The name that an element is; nothing where it is of no kind that a GeneralName has.
    fn read(name: Element<'_>) -> Option<Self> {
        let bytes = name.content;
        let bad =
            || Self::Damaged(format!("bad name of type {} {}", name.tag & 31, der::hex(bytes)));
        let text = |make: fn(String) -> Self| {
            std::str::from_utf8(bytes).map_or_else(|_| bad(), |text| make(text.to_owned()))
        };
        Some(match name.tag {
            0xa0 => other_name(bytes).map_or_else(bad, Self::Other),
            0x81 => text(Self::Email),
            0x82 => text(Self::Dns),
            0xa3 | 0xa5 => {
                Self::Other(format!("name of type {} {}", name.tag & 31, der::hex(bytes)))
            }
            0xa4 => Name::read(bytes).map(|name| name.text()).map_or_else(bad, Self::Other),
            0x86 => text(Self::Uri),
            0x87 => address(bytes).map_or_else(
                || {
                    Self::Damaged(format!(
                        "IP address of {} bytes {}",
                        bytes.len(),
                        der::hex(bytes)
                    ))
                },
                Self::Ip,
            ),
            0x88 => Self::Other(der::oid_text(bytes)),
            _ => return None,
        })
    }
}

fn other_name(content: &[u8]) -> Option<String> {
    let (kind, value) = der::first(content)?;
    (kind.tag == OBJECT_IDENTIFIER)
        .then(|| format!("{} {}", der::oid_text(kind.content), der::hex(value)))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn read_names(value: Element<'_>) -> Option<Vec<AltName>> {
    let mut names = sequence(value)?;
    let mut found = Vec::new();
    for name in names.by_ref() {
        found.push(AltName::read(name)?);
    }
    names.is_empty().then_some(found)
}

/// Whether an element has the form of a GeneralName, whatever it holds.
const fn is_general_name(name: Element<'_>) -> bool {
    matches!(name.tag, 0xa0 | 0x81 | 0x82 | 0xa3 | 0xa4 | 0xa5 | 0x86 | 0x87 | 0x88)
}

/// `SEQUENCE { keyIdentifier [0], issuer [1], serial [2] }`, all of them optional.
/// Gives the key identifier, if there is one.
fn read_authority_key(value: Element<'_>) -> Option<Option<&[u8]>> {
    let mut parts = sequence(value)?;
    let key_id = parts.next_if(0x80).map(|id| id.content);
    let issuer = parts.next_if(0xa1);
    let serial = parts.next_if(0x82);
    let are_names = issuer.is_none_or(|names| der::all_are(names.content, is_general_name));
    let is_number = serial.is_none_or(|serial| der::is_integer(serial.content));
    (are_names && is_number && parts.is_empty()).then_some(key_id)
}

/// `SEQUENCE OF SEQUENCE { point [0], reasons [1], issuer [2] }`, all of them optional.
fn is_distribution_points(value: Element<'_>) -> bool {
    let is_point = |point: Element<'_>| {
        let Some(mut parts) = sequence(point) else { return false };
        for tag in [0xa0, 0x81, 0xa2] {
            parts.next_if(tag);
        }
        parts.is_empty()
    };
    value.tag == SEQUENCE && der::all_are(value.content, is_point)
}

/// What is in a SEQUENCE.
fn sequence(value: Element<'_>) -> Option<Reader<'_>> {
    (value.tag == SEQUENCE).then_some(Reader(value.content))
}
