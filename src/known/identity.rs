//! The identity that a client certificate proves.
//!
//! A certificate proves one identity or none: if it has two names of the requested kind, an empty
//! one, or one that cannot be shown whole and byte for byte as it is, there is no identity. Who vouches for
//! the identity is its source, and for the judge to say.

use crate::error::{Foreign, LONGEST_IDENTITY, is_shown_as_it_is};
use crate::material::{AltName, Certificate};

/// Which part of a client certificate is the identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IdentityFrom {
    /// The one common name of the subject.
    #[default]
    CommonName,
    /// The one DNS name of the subject alternative names.
    DnsName,
    /// The one e-mail address of the subject alternative names.
    Email,
    /// The whole subject, as [`Certificate::distinguished_name`] writes it.
    DistinguishedName,
    /// The SHA-256 of the certificate, as [`Certificate::fingerprint`] writes it.
    Sha256,
}

impl IdentityFrom {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = 5;

    /// Its number among them.
    pub(crate) const fn number(self) -> usize {
        match self {
            Self::CommonName => 0,
            Self::DnsName => 1,
            Self::Email => 2,
            Self::DistinguishedName => 3,
            Self::Sha256 => 4,
        }
    }
}

/// Who vouches for an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentitySource {
    /// An entry of the directory of client certificates.
    Directory,
    /// An authority.
    Authority,
    /// An answer of the user, or of the application on the user's behalf.
    Answer,
}

impl IdentitySource {
    /// The source in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Authority => "authority",
            Self::Answer => "answer",
        }
    }
}

/// An identity that was proven, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name, byte for byte as in the certificate.
    pub name: String,
    /// Who vouches for it.
    pub source: IdentitySource,
}

/// The identity in a certificate, or why there is none, as the end of a sentence about it.
pub(crate) fn identity(certificate: &Certificate, from: IdentityFrom) -> Result<String, String> {
    let is_damaged = |name: &AltName| matches!(name, AltName::Damaged(_));
    if matches!(from, IdentityFrom::DnsName | IdentityFrom::Email)
        && certificate.facts().alt_names.iter().flatten().any(is_damaged)
    {
        return Err("has a damaged alternative name, which may be a second one".to_owned());
    }
    let (what, names) = match from {
        IdentityFrom::CommonName => {
            let names = certificate.certain_common_names();
            ("common name", names.ok_or("has a common name in an ambiguous encoding")?)
        }
        IdentityFrom::DnsName => {
            let names = alt_names(certificate, |name| match name {
                AltName::Dns(name) => Some(name),
                AltName::Ip(_) | AltName::Email(_) | AltName::Uri(_) => None,
                AltName::Other(_) | AltName::Damaged(_) => None,
            });
            ("DNS name", names)
        }
        IdentityFrom::Email => {
            let names = alt_names(certificate, |name| match name {
                AltName::Email(name) => Some(name),
                AltName::Ip(_) | AltName::Dns(_) | AltName::Uri(_) => None,
                AltName::Other(_) | AltName::Damaged(_) => None,
            });
            ("e-mail address", names)
        }
        IdentityFrom::DistinguishedName => {
            let name = certificate.certain_distinguished_name();
            ("distinguished name in an unambiguous encoding", name.into_iter().collect())
        }
        IdentityFrom::Sha256 => return Ok(certificate.fingerprint()),
    };
    match names.as_slice() {
        [] => Err(format!("has no {what}")),
        [name] if name.is_empty() => Err(format!("has an empty {what}")),
        [name] if name.trim() != name => {
            Err(format!("has a {what} that begins or ends with a space"))
        }
        [name] if !is_shown_as_it_is(name) => {
            Err(format!("has a {what} with characters that cannot be shown as they are"))
        }
        [name] if name.chars().count() > LONGEST_IDENTITY => {
            let length = name.chars().count();
            Err(format!(
                "has a {what} of {length} characters, more than the {LONGEST_IDENTITY} that are allowed"
            ))
        }
        [name] => Ok(name.clone()),
        many => Err(format!("has {} {what}s, but exactly one is needed", many.len())),
    }
}

fn alt_names(
    certificate: &Certificate,
    wanted: impl Fn(&AltName) -> Option<&Foreign>,
) -> Vec<String> {
    let names = certificate.facts().alt_names.as_deref().unwrap_or_default();
    names.iter().filter_map(wanted).map(|name| str::to_owned(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::certificate;
    use crate::material::testing::{Parts, alt_names, attribute, name};

    fn named(names: &[&str]) -> Certificate {
        let names = names.iter().map(|name| vec![attribute(&[0x55, 4, 3], 0x0c, name.as_bytes())]);
        let names: Vec<_> = names.collect();
        let subject = name(&names.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Parts { subject, ..Parts::default() }.certificate()
    }

    fn common_name(names: &[&str]) -> Result<String, String> {
        identity(&named(names), IdentityFrom::CommonName)
    }

    #[test]
    fn the_one_common_name_is_the_identity() {
        assert_eq!(common_name(&["backendA"]).unwrap(), "backendA");
        assert_eq!(common_name(&["Zürich 7"]).unwrap(), "Zürich 7");
    }

    #[test]
    fn no_empty_and_doubled_common_names_name_nobody() {
        assert_eq!(common_name(&[]).unwrap_err(), "has no common name");
        assert_eq!(common_name(&[""]).unwrap_err(), "has an empty common name");
        assert_eq!(
            common_name(&["a", "b"]).unwrap_err(),
            "has 2 common names, but exactly one is needed"
        );
        assert!(common_name(&["a", "a"]).is_err());
    }

    #[test]
    fn what_cannot_be_shown_as_it_is_names_nobody() {
        for name in ["a\0b", "a\nb", "a\u{85}b", "a\u{202e}b", "\u{200b}a", " a", "a ", "a\u{a0}"] {
            assert!(common_name(&[name]).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_looks_blank_or_like_another_name_names_nobody() {
        for hidden in [
            "\u{2800}",
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{a0}",
            "\u{2007}",
            "\u{3000}",
            "\u{ad}",
            "\u{34f}",
            "\u{180e}",
            "\u{200d}",
            "\u{2066}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{e0100}",
            "\u{fff9}",
            "\u{fffc}",
            "\u{e000}",
            "\u{378}",
            "\u{1d159}",
            "\u{13441}",
            "  ",
        ] {
            for name in [format!("a{hidden}b"), format!("{hidden}a"), format!("a{hidden}")] {
                assert!(common_name(&[&name]).is_err(), "{name:?}");
            }
            assert!(common_name(&[hidden]).is_err(), "{hidden:?}");
        }
        assert!(common_name(&["\u{301}a"]).is_err(), "a mark on nothing");
        assert!(common_name(&["a \u{301}b"]).is_err(), "a mark on a blank");
        assert!(common_name(&[&format!("a{}", "\u{301}".repeat(5))]).is_err(), "a pile of marks");
        assert_eq!(common_name(&["Zu\u{308}rich"]).unwrap(), "Zu\u{308}rich");
    }

    #[test]
    fn a_name_that_no_question_shows_whole_names_nobody() {
        let [longest, longer] = [400, 401].map(|length| "x".repeat(length));
        assert_eq!(common_name(&[&longest]).unwrap(), longest);
        let why = common_name(&[&longer]).unwrap_err();
        assert_eq!(why, "has a common name of 401 characters, more than the 400 that are allowed");
    }

    #[test]
    fn the_one_dns_name_is_the_identity_by_choice() {
        let one = certificate(&["a.example", "192.0.2.1"]);
        assert_eq!(identity(&one, IdentityFrom::DnsName).unwrap(), "a.example");
        assert!(
            identity(&certificate(&["a.example", "b.example"]), IdentityFrom::DnsName).is_err()
        );
        assert!(identity(&one, IdentityFrom::Email).is_err());
    }

    #[test]
    fn a_damaged_alternative_name_beside_the_one_names_nobody() {
        let with = |names: &[(u8, &[u8])]| {
            Parts { extensions: vec![alt_names(names)], ..Parts::default() }.certificate()
        };
        let one = with(&[(0x82, b"a.example"), (0x81, b"a@b")]);
        assert_eq!(identity(&one, IdentityFrom::DnsName).unwrap(), "a.example");
        assert_eq!(identity(&one, IdentityFrom::Email).unwrap(), "a@b");
        let two = with(&[(0x82, b"a.example"), (0x82, b"b.\xff"), (0x81, b"a@b")]);
        for from in [IdentityFrom::DnsName, IdentityFrom::Email] {
            identity(&two, from).unwrap_err();
        }
    }

    #[test]
    fn two_distinguished_names_never_are_one_identity() {
        let of = |tag, value: &[u8]| {
            let subject = name(&[&[attribute(&[0x55, 4, 3], tag, value)]]);
            let one = Parts { subject, ..Parts::default() }.certificate();
            identity(&one, IdentityFrom::DistinguishedName)
        };
        assert_eq!(of(0x0c, b"alice").unwrap(), "CN=alice");
        // GnuTLS prints both of these like names with other letters.
        of(0x1e, b"\0a\0l\0i\0c\0e\0\0").unwrap_err();
        assert_eq!(of(0x0c, b"#e9").unwrap(), "CN=\\#e9");
        of(0x14, b"\xe9").unwrap_err();
    }

    #[test]
    fn the_fingerprint_is_an_identity_that_every_certificate_has() {
        let one = named(&[]);
        assert_eq!(identity(&one, IdentityFrom::Sha256).unwrap(), one.fingerprint());
        assert!(identity(&one, IdentityFrom::DistinguishedName).is_err());
    }
}
