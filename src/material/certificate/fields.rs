//! The fields of a certificate (RFC 5280, section 4.1), each as the bytes that it stands in.
//!
//! Everything that has a form is held against it here, names and dates included; what the
//! extensions hold is read by the facts. Nothing is copied.

use crate::material::date;
use crate::material::der::{
    self, BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    Reader, SEQUENCE, UTC_TIME, context, context_constructed,
};
use crate::material::name::Name;
use crate::material::oid;

const VERSION: u8 = context_constructed(0);
const ISSUER_UNIQUE_ID: u8 = context(1);
const SUBJECT_UNIQUE_ID: u8 = context(2);
const EXTENSIONS: u8 = context_constructed(3);

/// The first second of 2050, from which on a date is a GeneralizedTime.
const YEAR_2050: i64 = 2_524_608_000;

/// The fields of a certificate, without the tag and length where nothing else is said.
#[derive(Clone, Copy, Debug)]
pub(in crate::material) struct Fields<'a> {
    /// What the issuer signed, whole.
    pub(in crate::material) tbs: &'a [u8],
    /// 1, 2 or 3.
    pub(in crate::material) version: u32,
    pub(in crate::material) serial: &'a [u8],
    pub(in crate::material) algorithm: Algorithm<'a>,
    /// Whole.
    pub(in crate::material) issuer: Element<'a>,
    pub(in crate::material) not_before: Date,
    pub(in crate::material) not_after: Date,
    /// Whole.
    pub(in crate::material) subject: Element<'a>,
    pub(in crate::material) subject_name: Name<'a>,
    pub(in crate::material) spki: Spki<'a>,
    /// Whether there is a unique identifier of issuer or subject.
    pub(in crate::material) unique_ids: bool,
    /// The elements that the extensions are.
    pub(in crate::material) extensions: &'a [u8],
    pub(in crate::material) signature: &'a [u8],
}

/// An AlgorithmIdentifier.
#[derive(Clone, Copy, Debug)]
pub(in crate::material) struct Algorithm<'a> {
    pub(in crate::material) oid: &'a [u8],
    pub(in crate::material) parameters: Option<Element<'a>>,
}

/// A SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug)]
pub(in crate::material) struct Spki<'a> {
    pub(in crate::material) whole: &'a [u8],
    pub(in crate::material) algorithm: Algorithm<'a>,
    pub(in crate::material) key: &'a [u8],
}

/// One end of the validity.
#[derive(Clone, Copy, Debug)]
pub(in crate::material) struct Date {
    /// In seconds since 1970.
    pub(in crate::material) seconds: i64,
    /// Whether it is a GeneralizedTime that RFC 5280 wants as a UTCTime.
    pub(in crate::material) is_too_general: bool,
}

/// One extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// The content of its object identifier.
    pub oid: &'a [u8],
    /// Whether it is critical.
    pub critical: bool,
    /// What stands in its OCTET STRING.
    pub value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of a certificate, or why it is none.
    pub(in crate::material) fn read(der: &'a [u8]) -> Result<Self, String> {
        let (certificate, rest) = der::first(der).ok_or("it is no DER, or cut short")?;
        if !rest.is_empty() {
            return Err("bytes follow it".to_owned());
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
            return Err("bytes follow its signature".to_owned());
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
    pub(in crate::material) fn read(element: Element<'a>) -> Option<Self> {
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
    fn read(element: Element<'a>) -> Option<Self> {
        let mut parts = tagged(element, SEQUENCE)?;
        let algorithm = Algorithm::read(parts.next()?)?;
        let key = der::whole_bytes(parts.next_if(BIT_STRING)?.content)?;
        parts.is_empty().then_some(Self { whole: element.whole, algorithm, key })
    }
}

impl<'a> Extension<'a> {
    /// The extension that an element is.
    pub(in crate::material) fn read(element: Element<'a>) -> Option<Self> {
        let mut parts = tagged(element, SEQUENCE)?;
        let oid = parts
            .next_if(OBJECT_IDENTIFIER)
            .filter(|oid| oid::is_well_formed(oid.content))?
            .content;
        let critical = match parts.next_if(BOOLEAN) {
            Some(critical) => der::boolean(critical.content)?,
            None => false,
        };
        let value = parts.next_if(OCTET_STRING)?.content;
        parts.is_empty().then_some(Self { oid, critical, value })
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
    match date.tag {
        UTC_TIME => Some(Date { seconds: date::utc_time(date.content)?, is_too_general: false }),
        GENERALIZED_TIME => {
            let seconds = date::generalized_time(date.content)?;
            Some(Date { seconds, is_too_general: seconds < YEAR_2050 })
        }
        _ => None,
    }
}
