//! A certificate revocation list, parsed once: its issuer, its dates, its scope and its entries.
//!
//! A list is processed in pieces, from text to digest and fingerprints, and only what a judgement
//! needs is kept; so a million entries take nine megabytes. Every entry must parse, because a list
//! that was only partly understood could not be told from a shorter one. A [`Crl`] is immutable and
//! cheap to clone. Its signature is not checked: whether a list counts is for the trust room to
//! say.

mod extensions;
mod form;
mod list;
mod place;
mod serials;
mod signed;
mod stop;
mod stream;
mod text;

use std::cmp::Ordering;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::algorithm_names::signature_name;
use super::file::{CRL_LIMIT, Stamp, open_limited, read};
use super::memory::room_to_read;
use super::trouble::source_of;
use super::{certificate, der, oid, pem, what};
use crate::error::{Error, Kind, MaterialCause, Wanted};
use list::Fields;
pub(crate) use place::{IssuingPoint, PointName, is_place, point_name};
pub(crate) use serials::Status;
pub(crate) use signed::{SignedList, SignedPart};
use stop::Stop;
use stream::Stream;

/// A parsed revocation list (RFC 5280), of version 1 or 2: a complete one of one issuer, for
/// all reasons.
#[derive(Clone)]
pub(crate) struct Crl(Arc<Inner>);

struct Inner {
    identity: [u8; 32],
    source: String,
    fields: Fields,
}

impl Crl {
    /// All revocation lists in a PEM text; `source` names the text in errors, now and later.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] if there is no list, or if one does not parse or is delta, indirect, for
    /// some reasons only or has an unknown critical extension; it names the line.
    pub(crate) fn all_from_pem(text: &[u8], source: &str) -> Result<Vec<Self>, Error> {
        room_to_read(text.len(), source)?;
        Self::streamed(&mut &*text, source).unwrap_or_else(|| Self::from_blocks(text, source))
    }

    /// Every revocation list in a PEM file, and the file as it was when it was opened.
    ///
    /// # Errors
    ///
    /// As [`Self::all_from_pem`], and those of [`read`].
    pub(crate) fn all_from_file(path: &Path) -> Result<(Vec<Self>, Stamp), Error> {
        let source = source_of(path);
        let (file, stamp) = open_limited(path, CRL_LIMIT)?;
        // Of a list only its numbers are kept.
        room_to_read(usize::try_from(stamp.size()).unwrap_or(usize::MAX) / 8, &source)?;
        if let Some(found) = Self::streamed(&mut file.take(CRL_LIMIT), &source) {
            return Ok((found?, stamp));
        }
        let file = read(path, CRL_LIMIT)?;
        Ok((Self::from_blocks(&file.bytes, &source)?, file.stamp))
    }

    /// One list in DER; `source` names it in errors.
    #[cfg(test)]
    pub(crate) fn from_der(der: &[u8], source: &str) -> Result<Self, Error> {
        Self::from_stream(&mut Stream::new(&mut &*der), source)
            .map_err(|stop| refused(stop, source))
    }

    /// Reads a text as it comes. `None`: the whole of it must be looked at.
    fn streamed(input: &mut dyn Read, source: &str) -> Option<Result<Vec<Self>, Error>> {
        let mut text = text::Text::new(input);
        let mut all = Vec::new();
        loop {
            let block = match text.next_block() {
                Ok(Some(block)) => block,
                Ok(None) if all.is_empty() => return None,
                Ok(None) => return Some(Ok(all)),
                Err(_) => return None,
            };
            let line = block.line;
            let mut body = text.body(block);
            if !block.is_list {
                body.skip().ok()?;
                continue;
            }
            match Self::from_stream(&mut Stream::new(&mut body), source) {
                Ok(list) => all.push(list),
                Err(Stop::Irregular | Stop::Damaged(_)) => return None,
                Err(stop) => return Some(Err(refused(stop, &format!("{source}, line {line}")))),
            }
        }
    }

    /// Reads a text with the care that an odd one needs, and the words for what is wrong.
    fn from_blocks(text: &[u8], source: &str) -> Result<Vec<Self>, Error> {
        let blocks = pem::blocks(text, source)
            .map_err(|error| pem::not_wanted(Wanted::List, text, source, error))?;
        let mut all = Vec::new();
        for block in blocks.iter().filter(|block| block.label == "X509 CRL") {
            let mut der = block.der.as_slice();
            let list = Self::from_stream(&mut Stream::new(&mut der), source);
            let line = block.line;
            let place = format!("{source}, line {line}");
            all.push(list.map_err(|stop| {
                match what::mislabelled(&block.label, &block.der, source) {
                    Some((why, cause)) => {
                        Error::new(Kind::Parse, format!("{place}: {why}")).because(&cause)
                    }
                    None => refused(stop, &place),
                }
            })?);
        }
        if all.is_empty() {
            return Err(pem::lacks(Wanted::List, text, source));
        }
        Ok(all)
    }

    fn from_stream(stream: &mut Stream<'_>, source: &str) -> Result<Self, Stop> {
        let fields = Fields::read(stream)?;
        let identity = certificate::sha256(&fields.signed.identity());
        Ok(Self(Arc::new(Inner { identity, source: source.to_owned(), fields })))
    }

    /// What distinguishes this list from every other one.
    #[must_use]
    pub(crate) fn identity(&self) -> &[u8; 32] {
        &self.0.identity
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

    /// When the next one is due, in seconds since 1970. `None`: it does not say, and never expires.
    #[must_use]
    pub(crate) fn next_update(&self) -> Option<i64> {
        self.0.fields.next_update
    }

    /// The key that it says signed it.
    #[must_use]
    pub(crate) fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.fields.extensions.authority_key_id.as_deref()
    }

    /// What it has against the rules for those who issue lists, each as the end of a sentence.
    #[must_use]
    pub(crate) fn faults(&self) -> &[&'static str] {
        self.0.fields.form.faults()
    }

    /// Which certificates it covers. `None`: all of its issuer's.
    #[must_use]
    pub(crate) fn issuing_point(&self) -> Option<&IssuingPoint> {
        self.0.fields.extensions.issuing_point.as_ref()
    }

    /// How many certificates it lists.
    #[must_use]
    pub(crate) fn entries(&self) -> usize {
        self.0.fields.serials.count()
    }

    /// What it says about a serial number.
    #[must_use]
    pub(crate) fn status(&self, serial: &[u8]) -> Option<Status> {
        self.0.fields.serials.status(serial)
    }

    /// What was signed, and how.
    #[must_use]
    pub(crate) fn signed(&self) -> &SignedList {
        &self.0.fields.signed
    }

    /// The signature's algorithm, as `ECDSA with SHA-256`, or its dotted object identifier.
    #[must_use]
    pub(crate) fn signature_text(&self) -> String {
        let oid = der::first(&self.signed().algorithm).map(|(oid, _)| oid::text(oid.content));
        signature_name(&oid.unwrap_or_default()).to_owned()
    }

    /// Which of two lists is the newer one: by date, then by number.
    #[must_use]
    pub(crate) fn compare_age(&self, other: &Self) -> Ordering {
        let number = |list: &Self| {
            let number = list.0.fields.extensions.number.clone().unwrap_or_default();
            (number.len(), number)
        };
        let by_date = self.this_update().cmp(&other.this_update());
        by_date.then_with(|| number(self).cmp(&number(other)))
    }
}

/// The error of a list; `place` is its source, and the line where it begins.
fn refused(stop: Stop, place: &str) -> Error {
    let (sentence, cause) = match stop {
        Stop::Damaged(why) => {
            (format!("{place}: not a revocation list: {why}"), MaterialCause::DamagedList)
        }
        Stop::Unusable(what) => {
            (format!("{place}: {what} is not supported"), MaterialCause::UnusableList)
        }
        Stop::Irregular => (format!("{place}: not a revocation list"), MaterialCause::DamagedList),
    };
    Error::new(Kind::Parse, sentence).because(&cause)
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.identity == other.0.identity
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} entries, {:02x?})", self.0.source, self.entries(), self.0.identity)
    }
}

#[cfg(test)]
mod tests;
