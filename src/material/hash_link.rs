//! The file names under which OpenSSL looks for things in a directory: `756b76dc.0` for a
//! certificate, `756b76dc.r0` for a revocation list.
//!
//! Only the spelling that OpenSSL itself would look for is such a name: small digits, and numbers
//! without zeros in front. Nothing here touches a file.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// A name that says what to find in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HashLink {
    pub(crate) place: HashPlace,
    /// Counted from 0, for names may share a hash.
    pub(crate) number: u32,
}

/// What things have in common that are told apart by their numbers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HashPlace {
    /// Of the subject of a certificate, of the issuer of a list.
    pub(crate) hash: u32,
    /// Whether it is for revocation lists, and not for certificates.
    pub(crate) is_list: bool,
}

impl HashLink {
    /// Reads a file name. `None`: OpenSSL never looks for such a name.
    pub(crate) fn read(name: &OsStr) -> Option<Self> {
        let name = std::str::from_utf8(name.as_bytes()).ok()?;
        let (hash, rest) = name.split_once('.')?;
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        let hash = (hash.len() == 8 && hash.chars().all(is_digit)).then_some(hash)?;
        let number = rest.strip_prefix('r').unwrap_or(rest);
        let is_plain = number == "0" || !number.starts_with(['0', '+']);
        let place = HashPlace {
            hash: u32::from_str_radix(hash, 16).ok()?,
            is_list: number.len() != rest.len(),
        };
        Some(Self { place, number: number.parse().ok().filter(|_| is_plain)? })
    }

    /// The file name.
    pub(crate) fn file_name(self) -> OsString {
        self.to_string().into()
    }
}

impl HashPlace {
    /// The name with this number.
    pub(crate) const fn numbered(self, number: u32) -> HashLink {
        HashLink { place: self, number }
    }
}

impl fmt::Display for HashLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.place.is_list { "r" } else { "" };
        write!(f, "{:08x}.{kind}{}", self.place.hash, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for name in ["756b76dc.0", "0000000a.255", "756b76dc.r0", "ffffffff.r10"] {
            assert_eq!(HashLink::read(OsStr::new(name)).unwrap().file_name(), name);
        }
        let place = HashPlace { hash: 0x0a, is_list: true };
        assert_eq!(HashLink::read(OsStr::new("0000000a.r7")), Some(place.numbered(7)));
    }

    #[test]
    fn what_openssl_would_not_look_for_is_no_such_name() {
        for name in [
            "756B76DC.0",
            "756b76dc.",
            "756b76dc.r",
            "756b76dc.R0",
            "756b76dc.00",
            "756b76dc.+1",
            "756b76dc.-1",
            "756b76dc.0.pem",
            "756b76dc.99999999999",
            "56b76dc.0",
            "0756b76dc.0",
            "+56b76dc.0",
            "756b76dc.pem",
            "alice.pem",
            "",
        ] {
            assert_eq!(HashLink::read(OsStr::new(name)), None, "{name}");
        }
        assert_eq!(HashLink::read(OsStr::from_bytes(b"756b76dc.\xff")), None);
    }
}
