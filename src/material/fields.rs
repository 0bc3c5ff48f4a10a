//! The fields of a certificate (RFC 5280, section 4.1), each as the bytes that it stands in; and
//! the one field of a revocation list that is asked for without the rest.
//!
//! Everything that has a form is held against it here, names and dates included; what the
//! extensions hold is read by the facts. Nothing is copied.

use super::date;
use super::der::{
    self, BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    Reader, SEQUENCE, UTC_TIME, context, context_constructed,
};
use super::name::Name;
use super::oid;

const VERSION: u8 = context_constructed(0);
const ISSUER_UNIQUE_ID: u8 = context(1);
const SUBJECT_UNIQUE_ID: u8 = context(2);
const EXTENSIONS: u8 = context_constructed(3);
const LIST_EXTENSIONS: u8 = context_constructed(0);

/// The first second of 2050, from which on a date is a GeneralizedTime.
const YEAR_2050: i64 = 2_524_608_000;

/// The fields of a certificate, without the tag and length where nothing else is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    /// What the issuer signed, whole.
    pub(super) tbs: &'a [u8],
    /// 1, 2 or 3.
    pub(super) version: u32,
    pub(super) serial: &'a [u8],
    pub(super) algorithm: Algorithm<'a>,
    /// Whole.
    pub(super) issuer: Element<'a>,
    pub(super) not_before: Date,
    pub(super) not_after: Date,
    /// Whole.
    pub(super) subject: Element<'a>,
    pub(super) subject_name: Name<'a>,
    pub(super) spki: Spki<'a>,
    /// Whether there is a unique identifier of issuer or subject.
    pub(super) unique_ids: bool,
    /// The elements that the extensions are.
    pub(super) extensions: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// An AlgorithmIdentifier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: &'a [u8],
    pub(super) parameters: Option<Element<'a>>,
}

/// A SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spki<'a> {
    pub(super) whole: &'a [u8],
    pub(super) algorithm: Algorithm<'a>,
    pub(super) key: &'a [u8],
}

/// One end of the validity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Date {
    /// In seconds since 1970.
    pub(super) seconds: i64,
    /// Whether it is a GeneralizedTime that RFC 5280 wants as a UTCTime.
    pub(super) is_too_general: bool,
    /// Whether it has no seconds.
    pub(super) is_short: bool,
}

/// One extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// The content of its object identifier.
    pub oid: &'a [u8],
    /// Whether it is critical.
    pub critical: bool,
    /// Whether that is said in a boolean that is no DER.
    pub lax: bool,
    /// What stands in its OCTET STRING.
    pub value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a certificate, or why it is not a certificate.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, String> {
        let (certificate, rest) = der::first(der).ok_or("it is not DER, or its end is missing")?;
        if !rest.is_empty() {
            return Err("there is extra data after it".to_owned());
        }
        let damaged = "its structure is damaged";
        let mut outer = tagged(certificate, SEQUENCE).ok_or(damaged)?;
        let tbs = outer.next_if(SEQUENCE).ok_or(damaged)?;
        let mut inner = Reader(tbs.content);
        let version = match inner.next_if(VERSION) {
            Some(version) => read_version(version)?,
            None => 1,
        };
        let serial = inner.next_if(INTEGER).filter(|serial| der::is_integer(serial.content));
        let serial = serial.ok_or("its serial number is damaged")?;
        let signed_algorithm = inner.next_if(SEQUENCE).ok_or(damaged)?;
        let issuer = inner.next().ok_or("its issuer is damaged")?;
        Name::read(issuer.whole).ok_or("its issuer is damaged")?;
        let (not_before, not_after) =
            inner.next_if(SEQUENCE).and_then(read_validity).ok_or("its validity is damaged")?;
        let subject = inner.next().ok_or("its subject is damaged")?;
        let subject_name = Name::read(subject.whole).ok_or("its subject is damaged")?;
        let spki = inner.next_if(SEQUENCE).and_then(Spki::read);
        let spki = spki.ok_or("its public key is damaged")?;
        let mut unique_ids = false;
        for unique_id in [ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID] {
            let found = inner.next_if(unique_id);
            unique_ids |= found.is_some();
            // It is a BIT STRING, and nothing else may hide in it.
            let is_fine = |one: Element<'_>| one.content.first().is_some_and(|unused| *unused < 8);
            found.is_none_or(is_fine).then_some(()).ok_or(damaged)?;
        }
        let extensions = match inner.next_if(EXTENSIONS) {
            Some(extensions) => der::only(extensions.content).and_then(|all| tagged(all, SEQUENCE)),
            None => Some(Reader(&[])),
        };
        let extensions = extensions.filter(|_| inner.is_empty()).ok_or(damaged)?.0;
        let algorithm = outer.next_if(SEQUENCE).ok_or(damaged)?;
        if algorithm.whole != signed_algorithm.whole {
            return Err("it names two different signature algorithms".to_owned());
        }
        let algorithm = Algorithm::read(algorithm).ok_or("its signature algorithm is damaged")?;
        let signature = outer.next_if(BIT_STRING).and_then(|bits| der::whole_bytes(bits.content));
        let signature = signature.ok_or("its signature is damaged")?;
        if !outer.is_empty() {
            return Err("there is extra data after its signature".to_owned());
        }
        let (tbs, serial) = (tbs.whole, serial.content);
        Ok(Self {
            tbs,
            version,
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            subject_name,
            spki,
            unique_ids,
            extensions,
            signature,
        })
    }
}

impl<'a> Algorithm<'a> {
    /// The algorithm that an element is.
    pub(super) fn read(element: Element<'a>) -> Option<Self> {
        let mut parts = tagged(element, SEQUENCE)?;
        let oid = parts
            .next_if(OBJECT_IDENTIFIER)
            .filter(|oid| oid::is_well_formed(oid.content))?
            .content;
        let parameters = parts.next();
        let are_whole = parameters.is_none_or(der::is_whole);
        (are_whole && parts.is_empty()).then_some(Self { oid, parameters })
    }
}

impl<'a> Spki<'a> {
    /// The public key that an element is.
    pub(super) fn read(element: Element<'a>) -> Option<Self> {
        let mut parts = tagged(element, SEQUENCE)?;
        let algorithm = Algorithm::read(parts.next()?)?;
        let key = der::whole_bytes(parts.next_if(BIT_STRING)?.content)?;
        parts.is_empty().then_some(Self { whole: element.whole, algorithm, key })
    }
}

impl<'a> Extension<'a> {
    /// The extension that an element is.
    pub(super) fn read(element: Element<'a>) -> Option<Self> {
        let mut parts = tagged(element, SEQUENCE)?;
        let oid = parts
            .next_if(OBJECT_IDENTIFIER)
            .filter(|oid| oid::is_well_formed(oid.content))?
            .content;
        let (critical, is_der) = match parts.next_if(BOOLEAN) {
            Some(critical) => der::lax_boolean(critical.content)?,
            None => (false, true),
        };
        let value = parts.next_if(OCTET_STRING)?.content;
        parts.is_empty().then_some(Self { oid, critical, lax: !is_der, value })
    }
}

/// What is in an element that has this tag.
fn tagged(element: Element<'_>, tag: u8) -> Option<Reader<'_>> {
    (element.tag == tag).then_some(Reader(element.content))
}

fn read_version(version: Element<'_>) -> Result<u32, String> {
    let number = der::only(version.content).filter(|number| number.tag == INTEGER);
    match number.and_then(|number| der::number(number.content)) {
        Some(number @ 0..=2) => Ok(number.saturating_add(1)),
        Some(number) => Err(format!("its version number is {number}")),
        None => Err("its version is damaged".to_owned()),
    }
}

fn read_validity(validity: Element<'_>) -> Option<(Date, Date)> {
    let mut dates = Reader(validity.content);
    let (begin, end) = (read_date(dates.next()?)?, read_date(dates.next()?)?);
    dates.is_empty().then_some((begin, end))
}

fn read_date(date: Element<'_>) -> Option<Date> {
    let (seconds, has_seconds) = date::lax_time(date.tag, date.content)?;
    let is_too_general = date.tag == GENERALIZED_TIME && seconds < YEAR_2050;
    Some(Date { seconds, is_too_general, is_short: !has_seconds })
}

/// The issuer of the revocation list (RFC 5280, section 5.1) that `der` is, whole. `None`: a part
/// of it is out of place. Of what kind it is, and what its extensions say, is not looked at.
pub(super) fn issuer_of_list(der: &[u8]) -> Option<&[u8]> {
    let mut outer = tagged(der::only(der)?, SEQUENCE)?;
    let mut inner = Reader(outer.next_if(SEQUENCE)?.content);
    Algorithm::read(outer.next()?)?;
    der::whole_bytes(outer.next_if(BIT_STRING)?.content)?;
    if let Some(version) = inner.next_if(INTEGER) {
        der::number(version.content)?;
    }
    Algorithm::read(inner.next()?)?;
    let issuer = inner.next()?.whole;
    Name::read(issuer)?;
    date_of_list(inner.next()?)?;
    if let Some(next) = inner.next_if(UTC_TIME).or_else(|| inner.next_if(GENERALIZED_TIME)) {
        date_of_list(next)?;
    }
    let entries = inner.next_if(SEQUENCE);
    let extensions = inner.next_if(LIST_EXTENSIONS);
    let are_whole = entries.is_none_or(|all| der::all_are(all.content, is_entry_of_list))
        && extensions.is_none_or(|all| der::only(all.content).is_some_and(are_extensions));
    (are_whole && inner.is_empty() && outer.is_empty()).then_some(issuer)
}

fn is_entry_of_list(entry: Element<'_>) -> bool {
    let Some(mut parts) = tagged(entry, SEQUENCE) else { return false };
    parts.next_if(INTEGER).is_some_and(|serial| !serial.content.is_empty())
        && parts.next().and_then(date_of_list).is_some()
        && parts.next().is_none_or(are_extensions)
        && parts.is_empty()
}

fn are_extensions(all: Element<'_>) -> bool {
    let is_one = |one| Extension::read(one).is_some_and(|one| !one.lax);
    all.tag == SEQUENCE && der::all_are(all.content, is_one)
}

fn date_of_list(date: Element<'_>) -> Option<i64> {
    date::time(date.tag, date.content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::der::wrap;
    use crate::material::testing::{ECDSA_SHA256, common_name, extension};

    /// A list of these parts: version, algorithm, issuer, dates, entries, extensions, signature.
    fn list(parts: &[Vec<u8>; 8]) -> Vec<u8> {
        let [before @ .., signature] = parts;
        let signed = wrap(SEQUENCE, &before.concat());
        wrap(SEQUENCE, &[signed, wrap(SEQUENCE, &oid()), signature.clone()].concat())
    }

    fn oid() -> Vec<u8> {
        wrap(OBJECT_IDENTIFIER, ECDSA_SHA256)
    }

    fn entry(serial: &[u8], date: &[u8], extensions: &[u8]) -> Vec<u8> {
        let parts = [wrap(INTEGER, serial), wrap(UTC_TIME, date), extensions.to_vec()];
        wrap(SEQUENCE, &wrap(SEQUENCE, &parts.concat()))
    }

    fn good() -> [Vec<u8>; 8] {
        let extensions = wrap(SEQUENCE, &extension(21, false, &wrap(0x0a, &[1])));
        [
            wrap(INTEGER, &[1]),
            wrap(SEQUENCE, &oid()),
            common_name("Lab CA"),
            wrap(UTC_TIME, b"261101000000Z"),
            wrap(GENERALIZED_TIME, b"20500101000000Z"),
            entry(&[5], b"261101000000Z", &extensions),
            wrap(LIST_EXTENSIONS, &wrap(SEQUENCE, &extension(20, false, &wrap(INTEGER, &[1])))),
            wrap(BIT_STRING, &[0, 1]),
        ]
    }

    #[test]
    fn the_issuer_of_a_list_is_found_whatever_may_be_left_out() {
        assert_eq!(issuer_of_list(&list(&good())), Some(common_name("Lab CA").as_slice()));
        for optional in [0, 4, 5, 6] {
            let mut parts = good();
            parts[optional].clear();
            assert!(issuer_of_list(&list(&parts)).is_some(), "without part {optional}");
        }
    }

    #[test]
    fn a_list_with_a_part_out_of_place_is_not_a_list() {
        for needed in [1, 2, 3, 7] {
            let mut parts = good();
            parts[needed].clear();
            // The next date takes the place of the first.
            parts[4].clear();
            assert!(issuer_of_list(&list(&parts)).is_none(), "without part {needed}");
        }
        for (at, bad) in [
            (0, wrap(INTEGER, &[0xff])),
            (1, wrap(SEQUENCE, &[])),
            (2, wrap(SEQUENCE, &[5, 0])),
            (3, wrap(UTC_TIME, b"261301000000Z")),
            (4, wrap(UTC_TIME, b"")),
            (5, wrap(SEQUENCE, &[5, 0])),
            (5, entry(&[], b"261101000000Z", &[])),
            (5, entry(&[5], b"26", &[])),
            (5, entry(&[5], b"261101000000Z", &[5, 0])),
            (5, entry(&[5], b"261101000000Z", &[0x30, 0, 0x30, 0])),
            (6, wrap(LIST_EXTENSIONS, &[])),
            (6, wrap(LIST_EXTENSIONS, &wrap(SEQUENCE, &[5, 0]))),
            (6, wrap(EXTENSIONS, &[])),
            (7, wrap(BIT_STRING, &[])),
        ] {
            let mut parts = good();
            parts[at].clone_from(&bad);
            assert!(issuer_of_list(&list(&parts)).is_none(), "part {at}: {bad:02x?}");
        }
        let mut behind = list(&good());
        behind.push(0);
        assert!(issuer_of_list(&behind).is_none(), "a byte behind it");
        assert!(issuer_of_list(&crate::material::testing::Parts::default().der()).is_none());
    }
}
