//! The names of a certificate that name constraints cover (RFC 5280, section 4.2.1.6), and whether
//! one lies within another (section 4.2.1.10).
//!
//! A name that does not have the form of its kind is kept as malformed: no constraint covers it,
//! and a malformed constraint is refused as a whole.

use std::net::IpAddr;

use crate::chain::same_name::{may_begin_with, well_formed};
use crate::error::Calm;
use crate::material::der::general_name::{DIRECTORY, DNS, EMAIL, IP, URI};
use crate::material::der::{self, Element};
use crate::material::name_text;

/// A name, or a constraint on names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName {
    /// An e-mail address, in ASCII.
    Mail(String),
    /// A DNS name, in ASCII.
    Dns(String),
    /// A distinguished name: itself, and its relative names in their normal form.
    Directory(Vec<u8>, Vec<u8>),
    /// A URI, in ASCII.
    Uri(String),
    /// The bytes of an address, or of an address and a mask.
    Ip(Vec<u8>),
    /// Another kind, by its tag, or a malformed name of one of the kinds above.
    Other(u8),
}

impl GeneralName {
    /// Reads one name.
    pub(crate) fn read(element: &Element<'_>) -> Self {
        let text = |make: fn(String) -> Self| match std::str::from_utf8(element.content) {
            Ok(text) if text.is_ascii() => make(text.to_owned()),
            _ => Self::Other(element.tag),
        };
        match element.tag {
            EMAIL => text(Self::Mail),
            DNS => text(Self::Dns),
            URI => text(Self::Uri),
            IP => Self::Ip(element.content.to_vec()),
            DIRECTORY => Self::directory(element.content),
            tag => Self::Other(tag),
        }
    }

    /// A distinguished name with its SEQUENCE header.
    pub(crate) fn directory(der: &[u8]) -> Self {
        let normal = well_formed(der).unwrap_or_default();
        match der::next(&mut normal.as_slice()) {
            Some(name) => Self::Directory(der.to_vec(), name.content.to_vec()),
            None => Self::Other(DIRECTORY),
        }
    }

    /// A number for each kind; a malformed name has the number of its kind.
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Mail(_) => EMAIL,
            Self::Dns(_) => DNS,
            Self::Directory(..) => DIRECTORY,
            Self::Uri(_) => URI,
            Self::Ip(_) => IP,
            Self::Other(tag) => *tag,
        }
    }

    /// Its length in bytes.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Mail(text) | Self::Dns(text) | Self::Uri(text) => text.len(),
            Self::Directory(_, bytes) | Self::Ip(bytes) => bytes.len(),
            Self::Other(_) => 1,
        }
    }

    /// Whether it can be a constraint: other kinds are not supported.
    pub(crate) fn is_constraint(&self) -> bool {
        match self {
            Self::Dns(base) => base.is_empty() || is_domain(base),
            Self::Uri(base) => is_domain(base),
            Self::Mail(base) => match base.rsplit_once('@') {
                Some((user, host)) => is_user(user) && is_host(host),
                None => base.is_empty() || is_domain(base),
            },
            Self::Ip(base) => is_net(base),
            Self::Directory(..) => true,
            Self::Other(tag) => ![EMAIL, DNS, URI, IP, DIRECTORY].contains(tag),
        }
    }

    /// Whether the constraint `self` permits `name`, a name of the same kind.
    pub(crate) fn permits(&self, name: &Self) -> bool {
        name.is_name() && self.covers(name)
    }

    /// Whether the constraint `self` excludes `name`, or something that `name` stands for; a name
    /// of the same kind.
    pub(crate) fn excludes(&self, name: &Self) -> bool {
        if !name.is_name() || self.covers(name) {
            return true;
        }
        match (self, name) {
            (Self::Dns(base), Self::Dns(name)) => may_reach(base, name),
            (Self::Directory(_, base), Self::Directory(_, name)) => may_begin_with(name, base),
            _ => false,
        }
    }

    /// Whether a certificate may have it as a name, as far as the kind is supported.
    fn is_name(&self) -> bool {
        match self {
            Self::Dns(name) => is_host(name.strip_prefix("*.").unwrap_or(name)),
            Self::Mail(name) => {
                name.rsplit_once('@').is_some_and(|(user, host)| is_user(user) && is_host(host))
            }
            Self::Uri(name) => uri_host(name).is_some(),
            Self::Ip(bytes) => matches!(bytes.len(), 4 | 16),
            Self::Directory(..) => true,
            Self::Other(_) => false,
        }
    }

    fn covers(&self, name: &Self) -> bool {
        match (self, name) {
            (Self::Dns(base), Self::Dns(name)) => covers_host(base, name),
            (Self::Uri(base), Self::Uri(name)) => {
                uri_host(name).is_some_and(|host| is_one_or_below(base, host))
            }
            (Self::Mail(base), Self::Mail(name)) => covers_mail(base, name),
            (Self::Ip(base), Self::Ip(address)) => covers_address(base, address),
            (Self::Directory(_, base), Self::Directory(_, name)) => name.starts_with(base),
            _ => false,
        }
    }

    /// The name for the user.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Mail(text) | Self::Dns(text) | Self::Uri(text) => Calm::name(text).into(),
            Self::Directory(der, _) => name_text(der).into(),
            Self::Ip(bytes) => {
                let v4 = <[u8; 4]>::try_from(bytes.as_slice()).map(IpAddr::from);
                let address =
                    v4.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from));
                address.map_or_else(
                    |_| format!("an address of {} bytes", bytes.len()),
                    |address| address.to_string(),
                )
            }
            Self::Other(tag) => format!("a name of kind {}", tag & 0x1f),
        }
    }
}

/// A host, or with a leading dot everything below one.
fn is_domain(text: &str) -> bool {
    is_host(text.strip_prefix('.').unwrap_or(text))
}

/// Whether `text` is a DNS name of plain labels; underscores count as letters, for hosts in home
/// networks have them.
pub(crate) fn is_host(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..64).contains(&label.len()) && label.bytes().all(is_letter);
    text.len() < 254 && text.split('.').all(is_label)
}

/// The part of a mail address before the `@`; quoted ones are not supported.
fn is_user(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"@\"".contains(&byte))
}

fn is_net(bytes: &[u8]) -> bool {
    let half = match bytes.len() {
        8 => 4,
        32 => 16,
        _ => return false,
    };
    let mask = bytes.iter().skip(half);
    let ones = mask.clone().take_while(|byte| **byte == 0xff).count();
    let mut rest = mask.skip(ones);
    let is_edge = rest.next().is_none_or(|byte| byte.leading_ones() == byte.count_ones());
    is_edge && rest.all(|byte| *byte == 0)
}

fn covers_host(base: &str, name: &str) -> bool {
    let Some(at) = name.len().checked_sub(base.len()) else { return false };
    let Some((before, end)) = name.split_at_checked(at) else { return false };
    let is_whole = before.is_empty() || base.is_empty() || base.starts_with('.');
    (is_whole || before.ends_with('.')) && end.eq_ignore_ascii_case(base)
}

/// Whether `base` covers any name that the wildcard `name` stands for.
fn may_reach(base: &str, name: &str) -> bool {
    let Some(behind) = name.strip_prefix("*.") else { return false };
    let under = base.strip_prefix('.').unwrap_or(base).split_once('.');
    under.is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(behind))
}

/// Whether `base` is `host` itself, or has a leading dot and `host` is below it.
fn is_one_or_below(base: &str, host: &str) -> bool {
    if base.starts_with('.') { covers_host(base, host) } else { base.eq_ignore_ascii_case(host) }
}

fn covers_mail(base: &str, name: &str) -> bool {
    let Some((user, host)) = name.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((only, at)) => only == user && at.eq_ignore_ascii_case(host),
        None => base.is_empty() || is_one_or_below(base, host),
    }
}

/// The host of a URI. `None`: it has no host, or an address.
fn uri_host(uri: &str) -> Option<&str> {
    let (_, behind) = uri.split_once("://")?;
    let authority = behind.split(['/', '?', '#']).next()?;
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let host = match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return None,
        None => place,
    };
    (is_host(host) && host.parse::<IpAddr>().is_err()).then_some(host)
}

fn covers_address(base: &[u8], address: &[u8]) -> bool {
    let Some((net, mask)) = base.split_at_checked(address.len()) else { return false };
    mask.len() == address.len()
        && address.iter().zip(net).zip(mask).all(|((octet, net), mask)| octet & mask == net & mask)
}

#[cfg(test)]
mod tests;
