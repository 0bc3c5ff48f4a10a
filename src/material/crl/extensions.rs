//! The extensions of lists and of their entries (RFC 5280, sections 5.2 and 5.3).
//!
//! What would make a list mean something else than "these, of this issuer, for any reason"
//! makes it unusable; so does what is critical and not known here.

use super::Stop;
use super::list::SEQUENCE;
use super::serials::Status;
use crate::material::der::{self, Element};

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;

/// 2.5.29, below which all extensions stand that are known here.
const CERTIFICATE_EXTENSIONS: &[u8] = &[0x55, 0x1d];
const CRL_NUMBER: u8 = 20;
const REASON: u8 = 21;
const INVALIDITY_DATE: u8 = 24;
const DELTA: u8 = 27;
const ISSUING_POINT: u8 = 28;
const CERTIFICATE_ISSUER: u8 = 29;
const AUTHORITY_KEY: u8 = 35;

/// How many extensions a list or an entry may have: each is compared with all before it.
const MAX_EXTENSIONS: usize = 64;
/// How many names a distribution point may have: each is looked for among those of certificates.
const MAX_NAMES: usize = 64;

/// What a list's extensions say.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// Whether there are any.
    pub(super) are_there: bool,
    /// The CRL number, without leading zeros.
    pub(super) number: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) issuing_point: Option<IssuingPoint>,
}

/// Which certificates of its issuer a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IssuingPoint {
    /// The distribution point, where it is named.
    pub(crate) name: Option<PointName>,
    /// Those of peers and nobody else.
    pub(crate) only_peers: bool,
    /// Those of authorities and nobody else.
    pub(crate) only_authorities: bool,
    /// Attribute certificates and nothing else.
    pub(crate) only_attributes: bool,
}

/// The name of a distribution point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PointName {
    /// Names of any kind, each with its tag.
    Full(Vec<Vec<u8>>),
    /// The attributes that come behind the issuer's name.
    Relative(Vec<u8>),
}

struct Extension<'a> {
    /// Its number below 2.5.29; nothing for one elsewhere.
    number: Option<u8>,
    oid: &'a [u8],
    is_critical: bool,
    value: &'a [u8],
}

impl Extensions {
    /// Reads what stands in the `[0]` of a list.
    pub(super) fn read(&mut self, content: &[u8]) -> Result<(), Stop> {
        let damaged = || Stop::Damaged("its extensions are damaged".to_owned());
        let all = der::only(content).filter(|all| all.tag == SEQUENCE).ok_or_else(damaged)?;
        let all = extensions(all.content).ok_or_else(damaged)?;
        if all.len() > MAX_EXTENSIONS {
            let what = format!("a revocation list with more than {MAX_EXTENSIONS} extensions");
            return Err(Stop::Unusable(what));
        }
        for extension in all {
            self.are_there = true;
            let oid = || der::oid_text(extension.oid);
            let broken = || Stop::Damaged(format!("extension {} does not parse", oid()));
            match extension.number {
                Some(CRL_NUMBER) => {
                    self.number = Some(number(extension.value).ok_or_else(broken)?);
                }
                Some(AUTHORITY_KEY) => {
                    self.authority_key_id = key_id(extension.value).ok_or_else(broken)?;
                }
                Some(ISSUING_POINT) => {
                    self.issuing_point = Some(issuing_point(extension.value, broken)?);
                }
                Some(DELTA) => return Stop::unusable("a delta revocation list"),
                Some(_) | None if extension.is_critical => {
                    let what = format!("a revocation list with the critical extension {}", oid());
                    return Err(Stop::Unusable(what));
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

/// What the extensions of an entry come to.
pub(super) fn of_entry(content: &[u8]) -> Result<Status, Stop> {
    let damaged = || Stop::Damaged("the extensions of an entry are damaged".to_owned());
    let mut status = Status::Revoked;
    let all = extensions(content).ok_or_else(damaged)?;
    if all.len() > MAX_EXTENSIONS {
        let what =
            format!("a revocation list with more than {MAX_EXTENSIONS} extensions in an entry");
        return Err(Stop::Unusable(what));
    }
    for extension in all {
        match extension.number {
            Some(REASON) => {
                let reason = der::only(extension.value).filter(|found| found.tag == ENUMERATED);
                status = match reason.ok_or_else(damaged)?.content {
                    [6] => Status::Held,
                    [8] => Status::Lifted,
                    [_] => Status::Revoked,
                    _ => return Err(damaged()),
                };
            }
            Some(CERTIFICATE_ISSUER) => return Stop::unusable("an indirect revocation list"),
            Some(INVALIDITY_DATE) => {}
            Some(_) | None if extension.is_critical => {
                let oid = der::oid_text(extension.oid);
                let what =
                    format!("a revocation list with the critical extension {oid} in an entry");
                return Err(Stop::Unusable(what));
            }
            Some(_) | None => {}
        }
    }
    Ok(status)
}

/// The extensions in a row, none twice; no more are read than tells that there are too many.
fn extensions(mut content: &[u8]) -> Option<Vec<Extension<'_>>> {
    let mut all: Vec<Extension<'_>> = Vec::new();
    while !content.is_empty() && all.len() <= MAX_EXTENSIONS {
        let (element, rest) = der::first(content)?;
        content = rest;
        let (oid, rest) =
            tagged(element.content, OBJECT_IDENTIFIER).filter(|_| element.tag == SEQUENCE)?;
        let (is_critical, rest) = match tagged(rest, BOOLEAN) {
            Some((critical, rest)) => (truth(critical.content)?, rest),
            None => (false, rest),
        };
        let value = der::only(rest).filter(|value| value.tag == OCTET_STRING)?.content;
        if all.iter().any(|other| other.oid == oid.content) {
            return None;
        }
        let number = match oid.content.strip_prefix(CERTIFICATE_EXTENSIONS) {
            Some([number]) => Some(*number),
            _ => None,
        };
        all.push(Extension { number, oid: oid.content, is_critical, value });
    }
    Some(all)
}

fn tagged(input: &[u8], tag: u8) -> Option<(Element<'_>, &[u8])> {
    der::first(input).filter(|(element, _)| element.tag == tag)
}

fn truth(content: &[u8]) -> Option<bool> {
    match content {
        [0] => Some(false),
        [0xff] => Some(true),
        _ => None,
    }
}

fn number(value: &[u8]) -> Option<Vec<u8>> {
    let digits = der::only(value).filter(|number| number.tag == INTEGER)?.content;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    (!digits.is_empty()).then(|| digits.get(zeros..).unwrap_or_default().to_vec())
}

/// The key identifier of an authority key identifier, if it has one.
fn key_id(value: &[u8]) -> Option<Option<Vec<u8>>> {
    let parts = der::elements(der::only(value).filter(|all| all.tag == SEQUENCE)?.content)?;
    Some(parts.iter().find(|part| part.tag == 0x80).map(|part| part.content.to_vec()))
}

fn issuing_point(value: &[u8], broken: impl Fn() -> Stop) -> Result<IssuingPoint, Stop> {
    let whole = der::only(value).filter(|all| all.tag == SEQUENCE).ok_or_else(&broken)?;
    let mut point = IssuingPoint::default();
    let mut before = 0;
    for part in der::elements(whole.content).ok_or_else(&broken)? {
        if part.tag & 0x1f < before {
            return Err(broken());
        }
        before = (part.tag & 0x1f).saturating_add(1);
        let name = || {
            let name = point_name(part.content).ok_or_else(&broken)?;
            match &name {
                PointName::Full(names) if names.len() > MAX_NAMES => Err(Stop::Unusable(format!(
                    "a revocation list whose distribution point has more than {MAX_NAMES} names"
                ))),
                PointName::Full(_) | PointName::Relative(_) => Ok(name),
            }
        };
        let yes = || truth(part.content).ok_or_else(&broken);
        match part.tag {
            0xa0 => point.name = Some(name()?),
            0x81 => point.only_peers = yes()?,
            0x82 => point.only_authorities = yes()?,
            0x83 => return Stop::unusable("a revocation list for some reasons only"),
            0x84 if yes()? => return Stop::unusable("an indirect revocation list"),
            0x84 => {}
            0x85 => point.only_attributes = yes()?,
            _ => return Err(broken()),
        }
    }
    Ok(point)
}

/// Reads the name of a distribution point, without the tag around it; nothing where it is none.
pub(crate) fn point_name(content: &[u8]) -> Option<PointName> {
    let name = der::only(content)?;
    match name.tag {
        0xa0 => {
            let names = der::elements(name.content)?;
            let names: Vec<_> = names.iter().map(|name| name.whole.to_vec()).collect();
            (!names.is_empty()).then_some(PointName::Full(names))
        }
        0xa1 => Some(PointName::Relative(name.content.to_vec())),
        _ => None,
    }
}
