//! A certificate revocation list, read once: who issued it, when, and which one it is.
//!
//! A [`Crl`] is immutable and cheap to clone. Its entries are checked to parse, for a list of
//! which a part was not understood could not be told from a shorter one; its signature is
//! not looked at, and whether a list counts is the trust room's business.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::certificate::sha256;
use super::pem;
use crate::error::{Error, Kind};

/// A parsed revocation list (RFC 5280), of version 1 or 2.
#[derive(Clone)]
pub(crate) struct Crl(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    sha256: [u8; 32],
    source: String,
    fields: Fields,
}

struct Fields {
    issuer: Vec<u8>,
    this_update: i64,
    entries: usize,
}

impl Crl {
    /// Every revocation list in a PEM text; `source` names the text in errors, now and later.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where there is none, or where one does not parse; it names the line.
    pub(crate) fn all_from_pem(text: &[u8], source: &str) -> Result<Vec<Self>, Error> {
        let mut blocks = pem::blocks(text, source)?;
        let mut all = Vec::new();
        for block in blocks.iter_mut().filter(|block| block.label == "X509 CRL") {
            let der = std::mem::take(&mut *block.der);
            let fields = Fields::read(&der).map_err(|why| {
                let line = block.line;
                Error::new(
                    Kind::Parse,
                    format!("{source}, line {line}: not a revocation list: {why}"),
                )
            })?;
            let sha256 = sha256(&der);
            all.push(Self(Arc::new(Inner { der, sha256, source: source.to_owned(), fields })));
        }
        if all.is_empty() {
            let holdings = pem::holdings(&blocks);
            let sentence = format!("{source} holds no revocation list but {holdings}");
            return Err(Error::new(Kind::Parse, sentence));
        }
        Ok(all)
    }

    /// The whole list.
    #[must_use]
    pub(crate) fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// What the text was called from which the list came: a file, or words for memory.
    #[must_use]
    pub(crate) fn source(&self) -> &str {
        &self.0.source
    }

    /// The issuer's name, with its SEQUENCE header.
    #[must_use]
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.fields.issuer
    }

    /// When it was issued, in seconds since 1970.
    #[must_use]
    pub(crate) fn this_update(&self) -> i64 {
        self.0.fields.this_update
    }

    /// How many certificates it lists.
    #[must_use]
    pub(crate) fn entries(&self) -> usize {
        self.0.fields.entries
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} entries, {:02x?})", self.0.source, self.entries(), self.0.sha256)
    }
}

impl Fields {
    fn read(der: &[u8]) -> Result<Self, String> {
        let (rest, parsed) =
            CertificateRevocationList::from_der(der).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err("bytes follow it".to_owned());
        }
        let tbs = &parsed.tbs_cert_list;
        if let Some(version) = tbs.version.filter(|version| version.0 != 1) {
            return Err(format!("version {} is unknown", version.0.saturating_add(1)));
        }
        let fields = Self {
            issuer: tbs.issuer.as_raw().to_vec(),
            this_update: tbs.this_update.timestamp(),
            entries: tbs.revoked_certificates.len(),
        };
        let mut seen = HashSet::new();
        for extension in tbs.extensions() {
            if !seen.insert(&extension.oid) {
                return Err(format!("extension {} stands twice", extension.oid.to_id_string()));
            }
            check_extension(extension)?;
        }
        Ok(fields)
    }
}

/// An extension that does not parse makes the list unreadable: it may say whom the list is for.
fn check_extension(extension: &X509Extension<'_>) -> Result<(), String> {
    if let ParsedExtension::ParseError { error } = extension.parsed_extension() {
        let oid = extension.oid.to_id_string();
        return Err(format!("extension {oid} does not parse: {error}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
