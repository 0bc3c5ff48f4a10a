//! A certificate, parsed once: what the judge, the store and the user need to know about it.
//!
//! A [`Certificate`] is immutable and cheap to clone. All of its bytes were checked when it was
//! parsed: no later access can fail. Nothing here says whether it can be trusted; that is for the
//! trust room to say.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::digest;

use super::der::Reader;
use super::facts::{self, Facts, Fitness};
use super::fields::{Extension, Fields};
use super::name::{Name, name_text};
use super::pem::{self, Block, Blocks};
use super::what;
use crate::error::{Calm, Error, FileName, Kind, MaterialCause, Wanted};
use crate::process::Once;

/// A parsed certificate (RFC 5280), of version 1 to 3.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    der: Vec<u8>,
    sha256: Once<[u8; 32]>,
    key_sha256: Once<[u8; 32]>,
    fitness: Once<Fitness>,
    subject_text: Once<Calm>,
    issuer_text: Once<Calm>,
    tbs: Range<usize>,
    subject: Range<usize>,
    issuer: Range<usize>,
    spki: Range<usize>,
    serial: Range<usize>,
    signature: Range<usize>,
    extensions: Range<usize>,
    facts: Facts,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where `der` is not a certificate, or has bytes behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_vec(der.to_vec())
    }

    /// Reads one certificate and keeps its bytes.
    ///
    /// # Errors
    ///
    /// As for [`Self::from_der`].
    pub(crate) fn from_vec(der: Vec<u8>) -> Result<Self, Error> {
        Self::read(der).map_err(|why| Error::new(Kind::Parse, format!("not a certificate: {why}")))
    }

    /// All certificates in a PEM text; `source` names the text in an error.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] if there is no certificate, or if one does not parse; it names the line.
    pub fn all_from_pem(text: &[u8], source: &str) -> Result<Vec<Self>, Error> {
        Ok(Self::located_from_pem(text, source)?.into_iter().map(|(_, one)| one).collect())
    }

    /// The same, each with the line on which its block begins.
    ///
    /// # Errors
    ///
    /// As for [`Self::all_from_pem`].
    pub(crate) fn located_from_pem(text: &[u8], source: &str) -> Result<Vec<(usize, Self)>, Error> {
        let mut all = Vec::new();
        let blocks = Blocks::of(text, source)
            .map_err(|error| pem::not_wanted(Wanted::Certificate, text, source, error))?;
        for block in blocks {
            let mut block = block?;
            let at = |error: &Error| {
                let message = format!("{source}, line {}: {}", block.line, error.message());
                Error::new(Kind::Parse, message).with_hint_of(error)
            };
            let damaged = |error: &Error| at(error).because(&MaterialCause::DamagedCertificate);
            if block.label == "CERTIFICATE" {
                // A certificate is no secret: its bytes are kept, and not copied and wiped.
                let der = std::mem::take(&mut *block.der);
                let read = Self::from_vec(der);
                let certificate = read.map_err(|error| {
                    mislabelled(text, source, block.line).unwrap_or_else(|| damaged(&error))
                })?;
                all.push((block.line, certificate));
            } else if let Some(error) = unread(&block.label, source) {
                return Err(at(&error));
            }
        }
        if all.is_empty() {
            return Err(pem::lacks(Wanted::Certificate, text, source));
        }
        Ok(all)
    }

    /// The certificate in a block that is labelled as one; `source` names the text that it is in.
    ///
    /// # Errors
    ///
    /// As for [`Self::from_der`], and saying what the block holds instead.
    pub(crate) fn from_block(block: &Block, source: &str) -> Result<Self, Error> {
        Self::from_der(&block.der).map_err(|error| {
            match what::mislabelled(&block.label, &block.der, source) {
                Some((why, cause)) => Error::new(Kind::Parse, why).because(&cause),
                None => error,
            }
        })
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of [`Self::der`].
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        self.0.sha256.get_or_init(|| sha256(self.der()))
    }

    /// The SHA-256 of [`Self::spki`].
    #[must_use]
    pub fn key_sha256(&self) -> &[u8; 32] {
        self.0.key_sha256.get_or_init(|| sha256(self.spki()))
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

    /// The subject's name for the user. It is made once: a peer chooses how long the name is, and how
    /// many sentences are about it.
    #[must_use]
    pub(crate) fn subject_text(&self) -> &Calm {
        self.0.subject_text.get_or_init(|| name_text(self.subject_der()))
    }

    /// The issuer's name for the user, made once.
    #[must_use]
    pub(crate) fn issuer_text(&self) -> &Calm {
        self.0.issuer_text.get_or_init(|| name_text(self.issuer_der()))
    }

    /// The public key, a whole `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.part(&self.0.spki)
    }

    /// The SHA-256 of the key in the one form that TLS here would write it in: the same for every
    /// form of a key that it can use.
    #[must_use]
    pub(crate) fn usual_key_sha256(&self) -> [u8; 32] {
        facts::usual_form(self.spki()).map_or_else(|| *self.key_sha256(), |usual| sha256(&usual))
    }

    /// What its key is good for here.
    #[must_use]
    pub(crate) fn fitness(&self) -> Fitness {
        *self.0.fitness.get_or_init(|| facts::fitness(self.spki()))
    }

    /// What it costs at most to verify a signature with its key, in verifications with P-256.
    #[must_use]
    pub(crate) fn cost_of_its_key(&self) -> u32 {
        facts::cost(self.spki())
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

    /// The extensions, in the order of the encoding.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        Reader(self.part(&self.0.extensions)).map_while(Extension::read)
    }

    /// The extension with this object identifier, the content of its encoding.
    #[must_use]
    pub fn extension(&self, oid: &[u8]) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid == oid)
    }

    /// The common names of the subject, in the order of the encoding. `None`: one of them can only
    /// be guessed at.
    #[must_use]
    pub(crate) fn certain_common_names(&self) -> Option<Vec<String>> {
        Name::read(self.subject_der())?.certain_common_names()
    }

    /// Whether subject and issuer are the same name, byte for byte.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    fn read(der: Vec<u8>) -> Result<Self, String> {
        #[cfg(test)]
        super::testing::count_certificate();
        let fields = Fields::read(&der)?;
        let within = |part| range_of(&der, part).ok_or("its structure is damaged");
        let inner = Inner {
            sha256: Once::new(),
            key_sha256: Once::new(),
            fitness: Once::new(),
            subject_text: Once::new(),
            issuer_text: Once::new(),
            tbs: within(fields.tbs)?,
            subject: within(fields.subject.whole)?,
            issuer: within(fields.issuer.whole)?,
            spki: within(fields.spki.whole)?,
            serial: within(fields.serial)?,
            signature: within(fields.signature)?,
            extensions: within(fields.extensions)?,
            facts: Facts::read(&fields)?,
            der,
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
        self.sha256().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:02x?})", self.sha256())
    }
}

/// The error for the block on this line, if it holds something else than its label says.
fn mislabelled(text: &[u8], source: &str, line: usize) -> Option<Error> {
    let blocks = Blocks::of(text, source).ok()?;
    let block = blocks.map_while(Result::ok).find(|block| block.line == line)?;
    let (why, cause) = what::mislabelled(&block.label, &block.der, source)?;
    Some(Error::new(Kind::Parse, format!("{source}, line {line}: {why}")).because(&cause))
}

/// Why a block that is not a certificate cannot be skipped: it contains one in another form.
fn unread(label: &str, source: &str) -> Option<Error> {
    let name = || FileName::of_source(source);
    let (why, cause) = match label {
        "CERTIFICATE REQUEST" | "ATTRIBUTE CERTIFICATE" => return None,
        "TRUSTED CERTIFICATE" => (
            "a TRUSTED CERTIFICATE may say what OpenSSL trusts it for, which is not supported",
            MaterialCause::Trusted(name()),
        ),
        "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
            ("certificates in PKCS#7 are not supported", MaterialCause::Pkcs7(name()))
        }
        other if other.contains("CERTIFICATE") => {
            ("this is not how a certificate begins", MaterialCause::BadLabel)
        }
        _ => return None,
    };
    Some(Error::new(Kind::Parse, why).because(&cause))
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest::digest(&digest::SHA256, bytes);
    out.iter_mut().zip(digest.as_ref()).for_each(|(out, byte)| *out = *byte);
    out
}

/// Where `part`, a slice of `whole`, stands in it. An empty one may stand anywhere.
fn range_of(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    if part.is_empty() {
        return Some(0..0);
    }
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

#[cfg(test)]
mod tests;
