//! The extensions of a certificate (RFC 5280, section 4.2).
//!
//! One that decides about trust must parse to its last byte. One that only helps to find an
//! issuer may hold anything: what it says is then left out, and a critical one is not known.

use std::net::IpAddr;

use crate::material::der::{
    self, BIT_STRING, BOOLEAN, Element, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE, context,
    context_constructed, general_name,
};
use crate::material::hex::hex_after_hash;
use crate::material::name::Name;
use crate::material::oid::{self, purpose};

/// One subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AltName {
    /// A DNS name as it is encoded, not checked and not folded.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// Any other kind, in words.
    Other(String),
    /// One without the form of its kind, in words: an IP address of a wrong length, say.
    Damaged(String),
}

/// Basic constraints (RFC 5280, section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is an authority.
    pub ca: bool,
    /// How many intermediates may stand below it.
    pub path_len: Option<u32>,
    /// Whether the extension is critical.
    pub critical: bool,
}

/// Key usage (RFC 5280, section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The bits: `digitalSignature` is 1, `nonRepudiation` 2, `keyEncipherment` 4, and so on.
    pub bits: u16,
    /// Whether the extension is critical.
    pub critical: bool,
}

impl KeyUsage {
    /// The key may sign handshakes.
    pub const DIGITAL_SIGNATURE: u16 = 1;
    /// The key may sign certificates.
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    /// The key may sign revocation lists.
    pub const CRL_SIGN: u16 = 1 << 6;

    /// Whether all of `bits` are set.
    #[must_use]
    pub const fn allows(self, bits: u16) -> bool {
        self.bits & bits == bits
    }

    /// Zeros at the end may be there or not; bits behind the end may not be set.
    pub(super) fn read(value: Element<'_>, critical: bool) -> Option<Self> {
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

/// Extended key usage (RFC 5280, section 4.2.1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// `anyExtendedKeyUsage`.
    pub any: bool,
    /// `serverAuth`.
    pub server_auth: bool,
    /// `clientAuth`.
    pub client_auth: bool,
    /// Every other purpose, as dotted object identifiers.
    pub others: Vec<String>,
    /// Whether the extension is critical.
    pub critical: bool,
}

impl BasicConstraints {
    /// What an extension says, and whether it says so in DER.
    pub(super) fn read(value: Element<'_>, critical: bool) -> Option<(Self, bool)> {
        let mut parts = sequence(value)?;
        let (ca, is_der) = match parts.next_if(BOOLEAN) {
            Some(ca) => der::lax_boolean(ca.content)?,
            None => (false, true),
        };
        let path_len = match parts.next_if(INTEGER) {
            Some(number) => Some(der::number(number.content)?),
            None => None,
        };
        parts.is_empty().then_some((Self { ca, path_len, critical }, is_der))
    }
}

impl ExtendedKeyUsage {
    pub(super) fn read(value: Element<'_>, critical: bool) -> Option<Self> {
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
    pub(super) fn read_all(value: Element<'_>) -> Option<Vec<Self>> {
        let mut names = sequence(value)?;
        let mut found = Vec::new();
        for name in names.by_ref() {
            found.push(Self::read_one(name)?);
        }
        names.is_empty().then_some(found)
    }

    /// The name that an element is. `None`: it is not a GeneralName of any kind.
    pub(crate) fn read_one(name: Element<'_>) -> Option<Self> {
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
pub(super) fn authority_key(value: Element<'_>) -> Option<Option<&[u8]>> {
    let mut parts = sequence(value)?;
    let key_id = parts.next_if(context(0)).map(|id| id.content);
    let issuer = parts.next_if(context_constructed(1));
    let serial = parts.next_if(context(2));
    let are_names = issuer.is_none_or(|names| der::all_are(names.content, is_general_name));
    let is_number = serial.is_none_or(|serial| der::is_integer(serial.content));
    (are_names && is_number && parts.is_empty()).then_some(key_id)
}

/// `SEQUENCE OF SEQUENCE { point [0], reasons [1], issuer [2] }`, all of them optional.
pub(crate) fn is_distribution_points(value: Element<'_>) -> bool {
    let is_point = |point: Element<'_>| {
        let Some(mut parts) = sequence(point) else { return false };
        for tag in [context_constructed(0), context(1), context_constructed(2)] {
            parts.next_if(tag);
        }
        parts.is_empty()
    };
    value.tag == SEQUENCE && der::all_are(value.content, is_point)
}

/// Certificate policies (RFC 5280, section 4.2.1.4): `SEQUENCE OF SEQUENCE { policy, SEQUENCE OF
/// SEQUENCE { kind, qualifier } }`, the qualifiers optional and no list empty.
pub(super) fn are_policies(value: Element<'_>) -> bool {
    let is_kind =
        |one: Element<'_>| one.tag == OBJECT_IDENTIFIER && oid::is_well_formed(one.content);
    let is_qualifier = |one: Element<'_>| {
        let Some(mut parts) = sequence(one) else { return false };
        parts.next().is_some_and(is_kind)
            && parts.next().is_some_and(der::is_whole)
            && parts.is_empty()
    };
    let is_policy = |one: Element<'_>| {
        let Some(mut parts) = sequence(one) else { return false };
        parts.next().is_some_and(is_kind)
            && parts.next().is_none_or(|all| is_list(all, is_qualifier))
            && parts.is_empty()
    };
    is_list(value, is_policy)
}

/// Whether an element is a number of certificates.
pub(super) fn is_count(value: Element<'_>) -> bool {
    value.tag == INTEGER
        && der::is_integer(value.content)
        && value.content.first().is_some_and(|byte| *byte < 0x80)
}

/// Whether the value of an extension is GeneralNames (section 4.2.1.6).
pub(crate) fn are_general_names(value: &[u8]) -> bool {
    der::only(value).is_some_and(|all| is_list(all, is_general_name))
}

/// Whether the value of an extension is authority information access (section 4.2.2.1), with
/// `is_method` for each of its methods.
pub(crate) fn is_access(value: &[u8], is_method: impl Fn(&[u8]) -> bool) -> bool {
    let is_one = |one: Element<'_>| {
        let Some(mut parts) = sequence(one) else { return false };
        let method = parts.next_if(OBJECT_IDENTIFIER);
        method.is_some_and(|method| is_method(method.content))
            && parts.next().is_some()
            && parts.is_empty()
    };
    der::only(value).is_some_and(|all| is_list(all, is_one))
}

/// Whether an element is a SEQUENCE of one or more elements that are all fine.
fn is_list<'a>(value: Element<'a>, is_fine: impl FnMut(Element<'a>) -> bool) -> bool {
    value.tag == SEQUENCE && !value.content.is_empty() && der::all_are(value.content, is_fine)
}

/// What is in a SEQUENCE.
fn sequence(value: Element<'_>) -> Option<Reader<'_>> {
    (value.tag == SEQUENCE).then_some(Reader(value.content))
}
