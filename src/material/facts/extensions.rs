//! The extensions of a certificate (RFC 5280, section 4.2).
//!
//! One that decides about trust must parse to its last byte. One that only helps to find an
//! issuer may hold anything: what it says is then nothing, and a critical one is not known.

use std::net::IpAddr;

use super::{AltName, BasicConstraints, ExtendedKeyUsage, Facts, KeyUsage};
use crate::material::certificate::Extension;
use crate::material::der::{
    self, BIT_STRING, BOOLEAN, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
    context, context_constructed, general_name,
};
use crate::material::hex::hex_after_hash;
use crate::material::name::Name;
use crate::material::oid::{self, extension, purpose};

impl Facts {
    /// Reads the elements that the extensions are.
    pub(super) fn read_extensions(&mut self, extensions: &[u8]) -> Result<(), String> {
        let mut seen = Vec::with_capacity(8);
        let mut reader = Reader(extensions);
        for element in reader.by_ref() {
            let extension = Extension::read(element).ok_or("an extension is damaged")?;
            seen.push(extension.oid);
            self.take(&extension)
                .ok_or_else(|| format!("extension {} does not parse", oid::text(extension.oid)))?;
        }
        if !reader.is_empty() {
            return Err("an extension is damaged".to_owned());
        }
        seen.sort_unstable();
        match seen.windows(2).find_map(|pair| pair.first().filter(|one| Some(*one) == pair.last()))
        {
            Some(oid) => Err(format!("extension {} stands in it twice", oid::text(oid))),
            None => Ok(()),
        }
    }

    /// Takes what one extension says; nothing where it decides and does not parse.
    fn take(&mut self, found: &Extension<'_>) -> Option<()> {
        let (critical, value) = (found.critical, der::only(found.value));
        let mut known = true;
        match found.oid {
            extension::ALT_NAMES => self.alt_names = Some(read_names(value?)?),
            extension::BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(BasicConstraints::read(value?, critical)?);
            }
            extension::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value?, critical)?),
            extension::EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(ExtendedKeyUsage::read(value?, critical)?);
            }
            // Whoever compares them reads them from the certificate.
            extension::NAME_CONSTRAINTS => self.name_constraints = true,
            extension::SUBJECT_KEY_ID => {
                let id = value.filter(|value| value.tag == OCTET_STRING);
                known = id.is_some();
                self.subject_key_id = id.map(|id| id.content.to_vec());
            }
            extension::AUTHORITY_KEY_ID => {
                let id = value.and_then(read_authority_key);
                known = id.is_some();
                self.authority_key_id = id.flatten().map(<[u8]>::to_vec);
            }
            // Whoever matches revocation lists reads them from the certificate.
            extension::DISTRIBUTION_POINTS => known = value.is_some_and(is_distribution_points),
            _ => known = false,
        }
        if critical && !known {
            self.unknown_critical.push(oid::text(found.oid));
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
            if purpose.tag != OBJECT_IDENTIFIER || !oid::is_well_formed(purpose.content) {
                return None;
            }
            match purpose.content {
                purpose::ANY => found.any = true,
                purpose::SERVER_AUTH => found.server_auth = true,
                purpose::CLIENT_AUTH => found.client_auth = true,
                other => found.others.push(oid::text(other)),
            }
        }
        purposes.is_empty().then_some(found)
    }
}

impl AltName {
    /// The name that an element is; nothing where it is of no kind that a GeneralName has.
    fn read(name: Element<'_>) -> Option<Self> {
        let bytes = name.content;
        let bad = || {
            Self::Damaged(format!("bad name of type {} {}", name.tag & 31, hex_after_hash(bytes)))
        };
        let text = |make: fn(String) -> Self| {
            std::str::from_utf8(bytes).map_or_else(|_| bad(), |text| make(text.to_owned()))
        };
        Some(match name.tag {
            general_name::OTHER => other_name(bytes).map_or_else(bad, Self::Other),
            general_name::EMAIL => text(Self::Email),
            general_name::DNS => text(Self::Dns),
            general_name::X400 | general_name::EDI => {
                Self::Other(format!("name of type {} {}", name.tag & 31, hex_after_hash(bytes)))
            }
            general_name::DIRECTORY => {
                Name::read(bytes).map(|name| name.text()).map_or_else(bad, Self::Other)
            }
            general_name::URI => text(Self::Uri),
            general_name::IP => address(bytes).map_or_else(
                || {
                    Self::Damaged(format!(
                        "IP address of {} bytes {}",
                        bytes.len(),
                        hex_after_hash(bytes)
                    ))
                },
                Self::Ip,
            ),
            general_name::REGISTERED_ID => Self::Other(oid::text(bytes)),
            _ => return None,
        })
    }
}

fn other_name(content: &[u8]) -> Option<String> {
    let (kind, value) = der::first(content)?;
    (kind.tag == OBJECT_IDENTIFIER)
        .then(|| format!("{} {}", oid::text(kind.content), hex_after_hash(value)))
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
    matches!(
        name.tag,
        general_name::OTHER
            | general_name::EMAIL
            | general_name::DNS
            | general_name::X400
            | general_name::DIRECTORY
            | general_name::EDI
            | general_name::URI
            | general_name::IP
            | general_name::REGISTERED_ID
    )
}

/// `SEQUENCE { keyIdentifier [0], issuer [1], serial [2] }`, all of them optional.
/// Gives the key identifier, if there is one.
fn read_authority_key(value: Element<'_>) -> Option<Option<&[u8]>> {
    let mut parts = sequence(value)?;
    let key_id = parts.next_if(context(0)).map(|id| id.content);
    let issuer = parts.next_if(context_constructed(1));
    let serial = parts.next_if(context(2));
    let are_names = issuer.is_none_or(|names| der::all_are(names.content, is_general_name));
    let is_number = serial.is_none_or(|serial| der::is_integer(serial.content));
    (are_names && is_number && parts.is_empty()).then_some(key_id)
}

/// `SEQUENCE OF SEQUENCE { point [0], reasons [1], issuer [2] }`, all of them optional.
fn is_distribution_points(value: Element<'_>) -> bool {
    let is_point = |point: Element<'_>| {
        let Some(mut parts) = sequence(point) else { return false };
        for tag in [context_constructed(0), context(1), context_constructed(2)] {
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
