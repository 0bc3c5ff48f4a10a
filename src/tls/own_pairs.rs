//! Which of our certificates a client is shown: by the server name that it asks for, and by the
//! signatures that it can verify.
//!
//! A name matches as a whole or not at all: an exact pattern first, then one with a wildcard for
//! its first label, then the pair for all others. Nothing here reads a file or decides about a
//! client.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::setup::certified_key;
use super::signature::nothing_in_common;
use super::step;
use crate::error::{CallCause, Error, Kind};
use crate::host::Host;
use crate::material::{Certificate, Key};

/// The names of servers for which a pair is: one DNS name, or all with one more label before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern {
    wildcard: bool,
    /// In its one form, without the wildcard.
    name: String,
}

impl NamePattern {
    /// Reads a DNS name, or `*.` and a DNS name, which stands for one label before that name
    /// (RFC 6125, section 6.4.3).
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (wildcard, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let bad = |why: &str| {
            let shown: String = text.chars().take(80).collect();
            let message = format!("\"{shown}\" is not a name for servers: {why}");
            Error::new(Kind::Invalid, message).because(&CallCause::NamePattern)
        };
        if name.contains('*') {
            return Err(bad("a wildcard stands for the whole first label and nowhere else"));
        }
        let host = Host::parse(name)?;
        if host.ip().is_some() {
            return Err(bad("clients never ask for an address (RFC 6066, section 3)"));
        }
        Ok(Self { wildcard, name: host.as_str().to_owned() })
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.name)
    }
}

/// A chain, the leaf first, its key, and the server names that they are for. Without names they
/// are for clients that ask for no name, or for a name that no pair has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPair<'a> {
    /// The server names.
    pub names: Option<&'a NamePattern>,
    /// The leaf first.
    pub chain: &'a [Certificate],
    /// The key of the leaf.
    pub key: &'a Key,
}

type Pairs = Vec<Arc<CertifiedKey>>;

/// The own certificates, as rustls asks for them.
#[derive(Debug, Default)]
pub(super) struct OwnCertificates {
    exact: HashMap<String, Pairs>,
    /// By the name behind the wildcard.
    wildcard: HashMap<String, Pairs>,
    others: Pairs,
}

impl OwnCertificates {
    /// These pairs, in order of preference. If all have names, the first is also for clients
    /// that ask for another name.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where a key is of no use for TLS.
    pub(super) fn new(pairs: &[OwnPair<'_>]) -> Result<Self, Error> {
        let mut all = Self::default();
        let mut first = None;
        for pair in pairs {
            let certified = certified_key((pair.chain, pair.key))?;
            first.get_or_insert_with(|| Arc::clone(&certified));
            let place = match pair.names {
                Some(NamePattern { wildcard: false, name }) => {
                    all.exact.entry(name.clone()).or_default()
                }
                Some(NamePattern { wildcard: true, name }) => {
                    all.wildcard.entry(name.clone()).or_default()
                }
                None => &mut all.others,
            };
            place.push(certified);
        }
        if all.others.is_empty() {
            all.others.extend(first);
        }
        Ok(all)
    }

    /// The pairs for a name, in order of preference; the pairs without names if it has no pair.
    fn fitting(&self, name: Option<&str>) -> Vec<&Arc<CertifiedKey>> {
        let name = name.unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let above = name.split_once('.').filter(|(label, _)| !label.is_empty());
        let wildcard = above.and_then(|(_, above)| self.wildcard.get(above));
        let of_name: Vec<_> = self.exact.get(&name).into_iter().chain(wildcard).flatten().collect();
        if of_name.is_empty() { self.others.iter().collect() } else { of_name }
    }
}

impl ResolvesServerCert for OwnCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let fitting = self.fitting(hello.server_name());
        let schemes = hello.signature_schemes();
        let lasting: Vec<_> = schemes.iter().filter(|one| !is_of_tls12(**one)).copied().collect();
        let fits = |schemes: &[SignatureScheme]| {
            fitting.iter().find(|pair| pair.key.choose_scheme(schemes).is_some())
        };
        let best = fits(&lasting);
        if best.is_none() {
            // What rustls makes of it depends on the version, which is not known here.
            step::unverifiable(nothing_in_common(schemes, fitting.iter().copied()));
        }
        let chosen = best.or_else(|| fits(schemes)).or(fitting.first());
        chosen.map(|pair| Arc::clone(pair))
    }
}

/// Whether a signature scheme is not allowed in the handshake of TLS 1.3 (RFC 8446, section
/// 4.2.3). The version is not known here; what TLS 1.3 allows, TLS 1.2 allows too.
const fn is_of_tls12(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        NamePattern::parse(text).unwrap()
    }

    #[test]
    fn a_pattern_has_the_one_form_that_hosts_have() {
        assert_eq!(pattern("A.Example.").to_string(), "a.example");
        assert_eq!(pattern("*.BÜCHER.example").to_string(), "*.xn--bcher-kva.example");
    }

    #[test]
    fn what_no_client_can_ask_for_is_no_pattern() {
        for text in ["", "*", "*.", "a.*.example", "*a.example", "*.*.example", "192.0.2.1", "::1"]
        {
            let error = NamePattern::parse(text).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{text}: {error}");
        }
        assert!(NamePattern::parse("*.192.0.2.1").is_err());
    }
}
