//! What the fields and extensions of a certificate say, as values that rules can be put on.
//!
//! Extensions that decide about trust must be readable, whether critical or not. One that
//! nobody here uses may hold anything: it is passed over, or counted as unknown where it is
//! critical.

mod extensions;
mod key;

use std::net::IpAddr;

use super::certificate::Fields;
use super::oid;

/// What the fields and extensions of a certificate say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// 1, 2 or 3.
    pub version: u32,
    /// Valid from, in seconds since 1970.
    pub not_before: i64,
    /// Valid to and with, in seconds since 1970.
    pub not_after: i64,
    /// The public key's algorithm and size.
    pub key: KeyAlgorithm,
    /// The signature's algorithm, as a dotted object identifier.
    pub signature_algorithm: String,
    /// The common names of the subject, in the order of the encoding.
    pub common_names: Vec<String>,
    /// The subject alternative names; nothing where there is no such extension.
    pub alt_names: Option<Vec<AltName>>,
    /// Basic constraints, where there are any.
    pub basic_constraints: Option<BasicConstraints>,
    /// Key usage, where it is restricted.
    pub key_usage: Option<KeyUsage>,
    /// Extended key usage, where it is restricted.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// Whether there are name constraints.
    pub name_constraints: bool,
    /// The subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// The key identifier of the authority key identifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// The object identifiers of critical extensions that nobody here knows.
    pub unknown_critical: Vec<String>,
    /// Whether the subject is an empty name.
    pub empty_subject: bool,
    /// Whether the issuer is an empty name.
    pub empty_issuer: bool,
    /// Whether a date before 2050 is a GeneralizedTime (RFC 5280, section 4.1.2.5).
    pub general_dates: bool,
    /// Whether there is a unique identifier of issuer or subject.
    pub unique_ids: bool,
}

/// A public key's algorithm and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    /// An elliptic curve, with the dotted object identifier of the curve.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Another algorithm, by its dotted object identifier.
    Other(String),
}

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

impl Facts {
    /// The facts of a certificate with these fields, or why it is none.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let mut facts = Self {
            version: fields.version,
            not_before: fields.not_before.seconds,
            not_after: fields.not_after.seconds,
            key: KeyAlgorithm::read(&fields.spki),
            signature_algorithm: oid::text(fields.algorithm.oid),
            common_names: fields.subject_name.common_names(),
            alt_names: None,
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            name_constraints: false,
            subject_key_id: None,
            authority_key_id: None,
            unknown_critical: Vec::new(),
            empty_subject: fields.subject_name.is_empty(),
            empty_issuer: fields.issuer.content.is_empty(),
            general_dates: fields.not_before.is_too_general || fields.not_after.is_too_general,
            unique_ids: fields.unique_ids,
        };
        facts.read_extensions(fields.extensions)?;
        Ok(facts)
    }
}

#[cfg(test)]
mod tests;
