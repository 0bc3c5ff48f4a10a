//! The key exchange groups and cipher suites that sessions may agree on, by the names that IANA
//! gives them.
//!
//! A list is in order of preference. What it may name is what the provider of cryptography has;
//! whether a list leaves something for a version is for [`Options`](super::Options) to say.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{CipherSuite, NamedGroup, ProtocolVersion, SupportedCipherSuite};

use super::stock::{Version, stock};
use crate::error::{CallCause, Error, Kind};

type Group = &'static dyn SupportedKxGroup;

/// The most bytes of a name that an error repeats.
const SHOWN: usize = 80;

/// Key exchange groups.
#[derive(Clone, Debug, Default)]
pub struct Groups(Option<Vec<Group>>);

/// Cipher suites.
#[derive(Clone, Debug, Default)]
pub struct Suites(Option<Vec<SupportedCipherSuite>>);

/// What we offer a peer, or allow it, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    /// The versions.
    pub(super) versions: &'static str,
    /// The key exchange groups, by their names.
    pub(super) groups: String,
    /// The cipher suites, by their names.
    pub(super) suites: String,
    /// The application protocols.
    pub(super) alpn: String,
}

impl Offers {
    /// These versions, groups, suites and application protocols.
    pub(super) fn new(
        (min, max): (Version, Version),
        groups: &Groups,
        suites: &Suites,
        alpn: &[Vec<u8>],
    ) -> Self {
        let versions = match (min, max) {
            (Version::Tls13, _) => "TLS 1.3",
            (Version::Tls12, Version::Tls12) => "TLS 1.2",
            (Version::Tls12, Version::Tls13) => "TLS 1.2 and 1.3",
        };
        let alpn = alpn.iter().map(|name| String::from_utf8_lossy(name));
        Self {
            versions,
            groups: groups.names().join(", "),
            suites: suites.names().join(", "),
            alpn: alpn.collect::<Vec<_>>().join(", "),
        }
    }
}

impl Groups {
    /// The groups in a list of names, separated by commas; the default ones for an empty text.
    /// Capital and small letters are the same.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for a name that is empty, unknown or repeated.
    pub fn parse(list: &str) -> Result<Self, Error> {
        let all =
            ALL_KX_GROUPS.iter().filter_map(|group| Some((group_name(group.name())?, *group)));
        read("key exchange group", list, &all.collect::<Vec<_>>()).map(Self)
    }

    /// Their names, the preferred first.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.all().iter().filter_map(|group| group_name(group.name())).collect()
    }

    /// Whether a client's first hello carries a key share that makes it longer than one packet.
    pub(super) fn is_big(&self) -> bool {
        let first = self.all().first().map(|group| group.name());
        first.is_some_and(|name| group_name(name).is_some_and(|name| name.contains("MLKEM")))
    }

    fn all(&self) -> &[Group] {
        self.0.as_deref().unwrap_or(&stock().kx_groups)
    }
}

impl Suites {
    /// The suites in a list of names, separated by commas; the default ones for an empty text.
    /// Capital and small letters are the same.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for a name that is empty, unknown or repeated.
    pub fn parse(list: &str) -> Result<Self, Error> {
        let all = ALL_CIPHER_SUITES.iter();
        let all = all.filter_map(|suite| Some((suite_name(suite.suite())?, *suite)));
        read("cipher suite", list, &all.collect::<Vec<_>>()).map(Self)
    }

    /// Their names, the preferred first.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.all().iter().filter_map(|suite| suite_name(suite.suite())).collect()
    }

    /// Whether somebody chose these.
    pub(super) const fn are_chosen(&self) -> bool {
        self.0.is_some()
    }

    fn all(&self) -> &[SupportedCipherSuite] {
        self.0.as_deref().unwrap_or(&stock().cipher_suites)
    }
}

/// Refuses lists that leave a version without a group or a suite.
pub(super) fn check(groups: &Groups, suites: &Suites, versions: &[Version]) -> Result<(), Error> {
    for version in versions {
        let (number, words) = match version {
            Version::Tls12 => (ProtocolVersion::TLSv1_2, "TLS 1.2"),
            Version::Tls13 => (ProtocolVersion::TLSv1_3, "TLS 1.3"),
        };
        let lacks = |what, names: Vec<&str>| {
            let listed = names.join(",");
            let message = format!(
                "{words} is allowed, but none of these is a {what} that it can use: {listed}"
            );
            Error::new(Kind::Invalid, message).because(&CallCause::NoAlgorithm(what, words))
        };
        if !groups.all().iter().any(|group| group.usable_for_version(number)) {
            return Err(lacks("key exchange group", groups.names()));
        }
        if !suites.all().iter().any(|suite| suite.version().version == number) {
            return Err(lacks("cipher suite", suites.names()));
        }
    }
    Ok(())
}

/// The provider of cryptography with these groups and suites alone.
pub(super) fn provider(groups: &Groups, suites: &Suites) -> Arc<CryptoProvider> {
    if groups.0.is_none() && suites.0.is_none() {
        return Arc::clone(stock());
    }
    Arc::new(CryptoProvider {
        kx_groups: groups.all().to_vec(),
        cipher_suites: suites.all().to_vec(),
        ..CryptoProvider::clone(stock())
    })
}

/// What a list names. `None`: it is empty.
fn read<T: Copy>(
    what: &str,
    list: &str,
    all: &[(&'static str, T)],
) -> Result<Option<Vec<T>>, Error> {
    if list.is_empty() {
        return Ok(None);
    }
    let exist = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let wrong = |message: String| {
        Err(Error::new(Kind::Invalid, message).because(&CallCause::AlgorithmName(exist())))
    };
    let mut found: Vec<(&str, T)> = Vec::new();
    for name in list.split(',') {
        if name.is_empty() {
            return wrong(format!("the name of a {what} is empty"));
        }
        let Some((known, one)) = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
        else {
            let shown: String = name.chars().take(SHOWN).collect();
            return wrong(format!("there is no {what} \"{shown}\", but {}", exist()));
        };
        if found.iter().any(|(before, _)| before == known) {
            return wrong(format!("the {what} {known} is listed twice"));
        }
        found.push((known, *one));
    }
    Ok(Some(found.into_iter().map(|(_, one)| one).collect()))
}

/// The name of a group in IANA's registry "TLS Supported Groups".
#[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
pub(super) const fn group_name(group: NamedGroup) -> Option<&'static str> {
    Some(match group {
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        NamedGroup::secp256r1MLKEM768 => "SecP256r1MLKEM768",
        NamedGroup::MLKEM768 => "MLKEM768",
        NamedGroup::MLKEM1024 => "MLKEM1024",
        NamedGroup::X25519 => "x25519",
        NamedGroup::secp256r1 => "secp256r1",
        NamedGroup::secp384r1 => "secp384r1",
        _ => return None,
    })
}

/// The name of a suite in IANA's registry "TLS Cipher Suites".
#[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
pub(super) fn suite_name(suite: CipherSuite) -> Option<&'static str> {
    Some(match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        _ => return suite.as_str(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_and_suite_of_the_provider_has_a_name_of_its_own_that_is_read() {
        for group in ALL_KX_GROUPS {
            let name = group_name(group.name()).unwrap();
            assert_eq!(Groups::parse(name).unwrap().names(), [name]);
        }
        for suite in ALL_CIPHER_SUITES {
            let name = suite_name(suite.suite()).unwrap();
            assert!(name.starts_with("TLS_") && !name.contains("TLS13"), "{name}");
            assert_eq!(Suites::parse(name).unwrap().names(), [name]);
        }
    }

    #[test]
    fn a_list_is_in_order_of_preference_and_an_empty_one_is_the_default() {
        let groups = Groups::parse("secp384r1,X25519").unwrap();
        assert_eq!(groups.names(), ["secp384r1", "x25519"]);
        assert_eq!(Groups::parse("").unwrap().names(), Groups::default().names());
        assert_eq!(Groups::default().names()[0], "X25519MLKEM768");
        assert_eq!(Suites::parse("").unwrap().names(), Suites::default().names());
        assert_eq!(Suites::default().names().len(), ALL_CIPHER_SUITES.len());
    }

    #[test]
    fn what_is_empty_unknown_or_repeated_is_refused_by_name_with_what_there_is() {
        for (list, said) in [
            (",", "empty"),
            ("x25519,", "empty"),
            ("x25519,,secp256r1", "empty"),
            ("x25519, secp256r1", "\" secp256r1\""),
            ("P-256", "\"P-256\""),
            ("x25519,X25519", "x25519 is listed twice"),
        ] {
            let error = Groups::parse(list).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{list}");
            assert!(error.message().contains(said), "{list}: {error}");
            let told = format!("{} {}", error.message(), error.hint());
            assert!(told.contains("secp384r1") && told.contains("X25519MLKEM768"), "{list}");
        }
        let error = Suites::parse("ECDHE-RSA-AES128-GCM-SHA256").unwrap_err();
        assert!(error.message().contains("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "{error}");
    }

    #[test]
    fn a_version_without_a_group_or_a_suite_is_refused_by_name() {
        let (both, old, new) = (
            [Version::Tls12, Version::Tls13].as_slice(),
            [Version::Tls12].as_slice(),
            [Version::Tls13].as_slice(),
        );
        let hybrid = Groups::parse("X25519MLKEM768").unwrap();
        let of_13 = Suites::parse("TLS_AES_128_GCM_SHA256").unwrap();
        let of_12 = Suites::parse("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").unwrap();
        let (groups, suites) = (Groups::default(), Suites::default());
        assert!(check(&groups, &suites, both).is_ok());
        assert!(check(&hybrid, &of_13, new).is_ok());
        assert!(check(&groups, &of_12, old).is_ok());
        for (groups, suites, versions, said) in [
            (&hybrid, &suites, both, "TLS 1.2"),
            (&groups, &of_13, both, "TLS 1.2"),
            (&groups, &of_13, old, "TLS 1.2"),
            (&groups, &of_12, both, "TLS 1.3"),
        ] {
            let error = check(groups, suites, versions).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(error.message().starts_with(said), "{error}");
        }
    }
}
