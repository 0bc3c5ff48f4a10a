//! What the fields and extensions of a certificate say, as values that rules can be put on.
//!
//! Extensions that decide about trust must be readable, whether critical or not. One that
//! nobody here uses may hold anything: it is passed over, or counted as unknown where it is
//! critical.

mod extensions;
mod fitness;
mod key;

use super::der::{self, OCTET_STRING, Reader};
use super::fields::{Extension, Fields};
use super::oid::{self, extension};
use crate::error::Foreign;
pub(crate) use extensions::{AltName, BasicConstraints, ExtendedKeyUsage, KeyUsage};
pub(crate) use extensions::{are_general_names, is_access, is_distribution_points};
pub(crate) use fitness::is_usable_kind;
pub(super) use fitness::{cost, fitness, usual_form};
pub(crate) use key::{Fitness, KeyAlgorithm};
pub(super) use key::{RSA_BITS, bits};

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
    pub common_names: Vec<Foreign>,
    /// The subject alternative names. `None`: there is no such extension.
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
    /// The object identifiers of critical extensions that nobody here knows, or that do not parse.
    pub unknown_critical: Vec<String>,
    /// Whether the subject is an empty name.
    pub empty_subject: bool,
    /// Whether the issuer is an empty name.
    pub empty_issuer: bool,
    /// Whether a date before 2050 is a GeneralizedTime (RFC 5280, section 4.1.2.5).
    pub general_dates: bool,
    /// Whether there is a unique identifier of issuer or subject.
    pub unique_ids: bool,
    /// What is read although it is not written as DER demands, each in words.
    pub lax: Vec<&'static str>,
    /// Whether the signature's algorithm is ECDSA and has parameters, which RFC 5758, section 3.2,
    /// excludes.
    pub ecdsa_parameters: bool,
}

/// What is read although it is no DER.
const LAX_BOOLEAN: &str = "a boolean that is neither 0 nor 255";
const LAX_DATE: &str = "a date without seconds";

impl Facts {
    /// The facts of a certificate with these fields, or why it is not a certificate.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let mut facts = Self {
            version: fields.version,
            not_before: fields.not_before.seconds,
            not_after: fields.not_after.seconds,
            key: KeyAlgorithm::read(&fields.spki),
            signature_algorithm: oid::text(fields.algorithm.oid),
            common_names: fields
                .subject_name
                .common_names()
                .into_iter()
                .map(Foreign::from)
                .collect(),
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
            lax: Vec::new(),
            ecdsa_parameters: fields.algorithm.oid.starts_with(oid::signature::ECDSA_SHA_2)
                && fields.algorithm.parameters.is_some(),
        };
        if fields.not_before.is_short || fields.not_after.is_short {
            facts.is_lax(LAX_DATE);
        }
        facts.read_extensions(fields.extensions)?;
        Ok(facts)
    }

    /// Reads the elements that the extensions are.
    fn read_extensions(&mut self, extensions: &[u8]) -> Result<(), String> {
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
            Some(oid) => Err(format!("it contains the extension {} twice", oid::text(oid))),
            None => Ok(()),
        }
    }

    fn is_lax(&mut self, what: &'static str) {
        if !self.lax.contains(&what) {
            self.lax.push(what);
        }
    }

    /// Takes what one extension says. `None`: trust depends on it, and it does not parse.
    fn take(&mut self, found: &Extension<'_>) -> Option<()> {
        let (critical, value) = (found.critical, der::only(found.value));
        let mut known = true;
        if found.lax {
            self.is_lax(LAX_BOOLEAN);
        }
        match found.oid {
            extension::ALT_NAMES => self.alt_names = Some(AltName::read_all(value?)?),
            extension::BASIC_CONSTRAINTS => {
                let (constraints, is_der) = BasicConstraints::read(value?, critical)?;
                self.basic_constraints = Some(constraints);
                if !is_der {
                    self.is_lax(LAX_BOOLEAN);
                }
            }
            extension::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value?, critical)?),
            extension::EXTENDED_KEY_USAGE => {
                self.extended_key_usage = Some(ExtendedKeyUsage::read(value?, critical)?);
            }
            // The name constraints check reads them from the certificate.
            extension::NAME_CONSTRAINTS => self.name_constraints = true,
            extension::SUBJECT_KEY_ID => {
                let id = value.filter(|value| value.tag == OCTET_STRING);
                known = id.is_some();
                self.subject_key_id = id.map(|id| id.content.to_vec());
            }
            extension::AUTHORITY_KEY_ID => {
                let id = value.and_then(extensions::authority_key);
                known = id.is_some();
                self.authority_key_id = id.flatten().map(<[u8]>::to_vec);
            }
            // Nobody here demands a policy: without that they change nothing (section 6.1).
            extension::POLICIES => known = value.is_some_and(extensions::are_policies),
            extension::INHIBIT_ANY_POLICY => {
                known = value.is_some_and(extensions::is_count);
            }
            // The revocation check reads them from the certificate.
            extension::DISTRIBUTION_POINTS => {
                known = value.is_some_and(extensions::is_distribution_points)
            }
            _ => known = false,
        }
        if critical && !known {
            self.unknown_critical.push(oid::text(found.oid));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
