//! A certificate, read once: what the judge, the store and people want to know of it.
//!
//! A [`Certificate`] is immutable and cheap to clone. Nothing here says whether it may be
//! believed; that is the trust room's business.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::digest;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::nom;
use x509_parser::prelude::FromDer;

use super::facts::Facts;
use super::name::Name;
use super::{der, pem};
use crate::error::{Error, Kind};

/// A parsed certificate (RFC 5280), of version 1 to 3.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    der: Vec<u8>,
    sha256: [u8; 32],
    key_sha256: [u8; 32],
    tbs: Range<usize>,
    subject: Range<usize>,
    issuer: Range<usize>,
    spki: Range<usize>,
    serial: Range<usize>,
    signature: Range<usize>,
    facts: Facts,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where `der` is no certificate, or has bytes behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::read(der).map_err(|why| Error::new(Kind::Parse, format!("not a certificate: {why}")))
    }

    /// Every certificate in a PEM text; `source` names the text in an error.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where there is none, or where one does not parse; it names the line.
    pub fn all_from_pem(text: &[u8], source: &str) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for block in pem::blocks(text, source)? {
            if matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE") {
                all.push(Self::from_der(&block.der).map_err(|error| {
                    let line = block.line;
                    Error::new(Kind::Parse, format!("{source}, line {line}: {}", error.message()))
                })?);
            }
        }
        if all.is_empty() {
            return Err(Error::new(Kind::Parse, format!("{source} holds no certificate")));
        }
        Ok(all)
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of [`Self::der`].
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }

    /// The SHA-256 of [`Self::spki`].
    #[must_use]
    pub fn key_sha256(&self) -> &[u8; 32] {
        &self.0.key_sha256
    }

    /// What the issuer signed.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.part(&self.0.tbs)
    }

    /// The subject's name, with its SEQUENCE header.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.part(&self.0.subject)
    }

    /// The issuer's name, with its SEQUENCE header.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.part(&self.0.issuer)
    }

    /// The public key, a whole `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.part(&self.0.spki)
    }

    /// The serial number's bytes, most significant first.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.part(&self.0.serial)
    }

    /// The signature's bytes, without the count of unused bits.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.part(&self.0.signature)
    }

    /// What the fields and extensions say.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Whether subject and issuer are the same name, byte for byte.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    fn read(der: &[u8]) -> Result<Self, String> {
        let (_, rest) = der::first(der).ok_or("it is no DER, or cut short")?;
        if !rest.is_empty() {
            return Err("bytes follow it".to_owned());
        }
        let (_, parsed) = X509Certificate::from_der(der).map_err(reason)?;
        let tbs = &parsed.tbs_certificate;
        if parsed.signature_algorithm.algorithm != tbs.signature.algorithm {
            return Err("it names two different signature algorithms".to_owned());
        }
        let within =
            |part: &[u8], what| range_of(der, part).ok_or_else(|| format!("its {what} is damaged"));
        let signature = within(&parsed.signature_value.data, "signature")?;
        if signature.end != der.len() {
            return Err("bytes follow its signature".to_owned());
        }
        // The parser stops inside a name or a key at what it does not understand.
        let whole = |part, what| {
            der::only(part).ok_or_else(|| format!("its {what} is damaged"))?;
            within(part, what)
        };
        let subject = Name::read(tbs.subject.as_raw()).ok_or("its subject is damaged")?;
        Name::read(tbs.issuer.as_raw()).ok_or("its issuer is damaged")?;
        let inner = Inner {
            sha256: sha256(der),
            key_sha256: sha256(tbs.subject_pki.raw),
            tbs: whole(tbs.as_ref(), "signed part")?,
            subject: within(tbs.subject.as_raw(), "subject")?,
            issuer: within(tbs.issuer.as_raw(), "issuer")?,
            spki: whole(tbs.subject_pki.raw, "public key")?,
            serial: within(parsed.raw_serial(), "serial number")?,
            signature,
            facts: Facts::read(&parsed, &subject)?,
            der: der.to_vec(),
        };
        Ok(Self(Arc::new(inner)))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.sha256.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:02x?})", &self.0.sha256)
    }
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest::digest(&digest::SHA256, bytes);
    out.iter_mut().zip(digest.as_ref()).for_each(|(out, byte)| *out = *byte);
    out
}

/// Why the parser found no certificate; what only its own makers understand is not passed on.
fn reason(error: nom::Err<X509Error>) -> String {
    let damaged = || "its structure is damaged".to_owned();
    let why = match error {
        nom::Err::Incomplete(_) => return damaged(),
        nom::Err::Error(why) | nom::Err::Failure(why) => why,
    };
    let is_obscure = matches!(why, X509Error::NomError(_) | X509Error::Der(_) | X509Error::Generic);
    if is_obscure { damaged() } else { why.to_string() }
}

/// Where `part`, a slice of `whole`, stands in it.
fn range_of(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (whole.get(start..end)? == part).then_some(start..end)
}

#[cfg(test)]
mod tests;
