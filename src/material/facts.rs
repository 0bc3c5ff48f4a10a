//! What the fields and extensions of a certificate say, as values that rules can be put on.
//!
//! Extensions that decide about trust must be readable, whether critical or not. One that
//! nobody here uses may hold anything: it is passed over, or counted as unknown where it is
//! critical.

use std::collections::HashSet;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage as ParsedUsage, GeneralName};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::der;
use super::name::Name;

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
    /// Any other kind in words, an IP address of a wrong length included.
    Other(String),
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

/// The extensions that decide about trust.
const JUDGED: [&str; 5] =
    [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, ALT_NAMES, NAME_CONSTRAINTS];
const KEY_USAGE: &str = "2.5.29.15";
const ALT_NAMES: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

impl Facts {
    /// The facts of a certificate with this subject, or why it is none.
    pub(super) fn read(parsed: &X509Certificate<'_>, subject: &Name<'_>) -> Result<Self, String> {
        let tbs = &parsed.tbs_certificate;
        if tbs.version.0 > 2 {
            return Err(format!("its version number is {}", tbs.version.0));
        }
        let mut facts = Self {
            version: tbs.version.0.saturating_add(1),
            not_before: tbs.validity.not_before.timestamp(),
            not_after: tbs.validity.not_after.timestamp(),
            key: KeyAlgorithm::read(&tbs.subject_pki),
            signature_algorithm: der::oid_text(parsed.signature_algorithm.algorithm.as_bytes()),
            common_names: subject.common_names(),
            alt_names: None,
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            name_constraints: false,
            subject_key_id: None,
            authority_key_id: None,
            unknown_critical: Vec::new(),
        };
        let mut seen = HashSet::new();
        for extension in tbs.extensions() {
            let oid = der::oid_text(extension.oid.as_bytes());
            if !seen.insert(extension.oid.as_bytes()) {
                return Err(format!("extension {oid} stands in it twice"));
            }
            facts.take(oid, extension)?;
        }
        Ok(facts)
    }

    fn take(&mut self, oid: String, extension: &X509Extension<'_>) -> Result<(), String> {
        let critical = extension.critical;
        let is_judged = JUDGED.contains(&oid.as_str());
        if is_judged && der::only(extension.value).is_none() {
            return Err(format!("extension {oid} does not parse"));
        }
        match (oid.as_str(), extension.parsed_extension()) {
            (ALT_NAMES, ParsedExtension::SubjectAlternativeName(names)) => {
                self.alt_names = Some(names.general_names.iter().map(AltName::read).collect());
            }
            (BASIC_CONSTRAINTS, ParsedExtension::BasicConstraints(found)) => {
                let (ca, path_len) = (found.ca, found.path_len_constraint);
                self.basic_constraints = Some(BasicConstraints { ca, path_len, critical });
            }
            (KEY_USAGE, ParsedExtension::KeyUsage(found)) => {
                self.key_usage = Some(KeyUsage { bits: found.flags, critical });
            }
            (EXTENDED_KEY_USAGE, ParsedExtension::ExtendedKeyUsage(found)) => {
                self.extended_key_usage = Some(ExtendedKeyUsage::read(found, critical));
            }
            (NAME_CONSTRAINTS, ParsedExtension::NameConstraints(_)) => self.name_constraints = true,
            _ if is_judged => return Err(format!("extension {oid} does not parse")),
            // The two key identifiers only help to find an issuer: one that does not parse is none.
            (_, ParsedExtension::SubjectKeyIdentifier(id)) => {
                self.subject_key_id = Some(id.0.to_vec());
            }
            (_, ParsedExtension::AuthorityKeyIdentifier(id)) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            // Whoever matches revocation lists reads it from the certificate.
            (_, ParsedExtension::CRLDistributionPoints(_)) => {}
            _ if critical => self.unknown_critical.push(oid),
            _ => {}
        }
        Ok(())
    }
}

impl ExtendedKeyUsage {
    fn read(found: &ParsedUsage<'_>, critical: bool) -> Self {
        let named = [
            (found.code_signing, "1.3.6.1.5.5.7.3.3"),
            (found.email_protection, "1.3.6.1.5.5.7.3.4"),
            (found.time_stamping, "1.3.6.1.5.5.7.3.8"),
            (found.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
        ];
        let named = named.iter().filter(|(is_set, _)| *is_set).map(|(_, oid)| (*oid).to_owned());
        let unnamed = found.other.iter().map(|oid| der::oid_text(oid.as_bytes()));
        Self {
            any: found.any,
            server_auth: found.server_auth,
            client_auth: found.client_auth,
            others: unnamed.chain(named).collect(),
            critical,
        }
    }
}

impl KeyAlgorithm {
    fn read(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let oid = der::oid_text(spki.algorithm.algorithm.as_bytes());
        if let Ok(ParsedKey::RSA(key)) = spki.parsed() {
            return Self::Rsa(bits(key.modulus));
        }
        match oid.as_str() {
            "1.2.840.10045.2.1" => {
                let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
                Self::Ec(curve.map(|oid| der::oid_text(oid.as_bytes())).unwrap_or_default())
            }
            "1.3.101.112" => Self::Ed25519,
            _ => Self::Other(oid),
        }
    }
}

/// The bits of a big integer; a negative one has none.
fn bits(integer: &[u8]) -> usize {
    let mut rest = integer;
    if rest.first().is_some_and(|byte| *byte >= 0x80) {
        return 0;
    }
    while let Some((0, after)) = rest.split_first() {
        rest = after;
    }
    let unused = rest.first().map_or(0, |byte| byte.leading_zeros());
    rest.len().saturating_mul(8).saturating_sub(usize::try_from(unused).unwrap_or_default())
}

impl AltName {
    fn read(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(text) => Self::Dns((*text).to_owned()),
            GeneralName::RFC822Name(text) => Self::Email((*text).to_owned()),
            GeneralName::URI(text) => Self::Uri((*text).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map_or_else(
                || Self::Other(format!("IP address of {} bytes {}", bytes.len(), der::hex(bytes))),
                Self::Ip,
            ),
            GeneralName::OtherName(oid, value) => {
                Self::Other(format!("{} {}", der::oid_text(oid.as_bytes()), der::hex(value)))
            }
            GeneralName::DirectoryName(name) => {
                let text = Name::read(name.as_raw()).map(|name| name.text());
                Self::Other(text.unwrap_or_else(|| der::hex(name.as_raw())))
            }
            GeneralName::RegisteredID(oid) => Self::Other(der::oid_text(oid.as_bytes())),
            GeneralName::X400Address(any) | GeneralName::EDIPartyName(any) => {
                Self::Other(format!("name of type {} {}", any.tag().0, der::hex(any.data)))
            }
            GeneralName::Invalid(tag, bytes) => {
                Self::Other(format!("bad name of type {} {}", tag.0, der::hex(bytes)))
            }
        }
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests;
