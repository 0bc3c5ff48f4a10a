//! The extensions of lists and of their entries (RFC 5280, sections 5.2 and 5.3).
//!
//! What would make a list mean something else than "these, of this issuer, for any reason"
//! makes it unusable; so does what is critical and not known here.

use super::form::Form;
use super::place::{IssuingPoint, PointName, point_name};
use super::serials::Status;
use super::stop::Stop;
use crate::material::der::{
    self, ENUMERATED, INTEGER, Reader, SEQUENCE, context, context_constructed,
};
use crate::material::fields::Extension;
use crate::material::oid::{self, extension as id};

/// The parts of an issuing distribution point (RFC 5280, section 5.2.5).
const DISTRIBUTION_POINT: u8 = context_constructed(0);
const ONLY_PEERS: u8 = context(1);
const ONLY_AUTHORITIES: u8 = context(2);
const SOME_REASONS: u8 = context(3);
const INDIRECT: u8 = context(4);
const ONLY_ATTRIBUTES: u8 = context(5);

/// How many extensions a list or an entry may have: each is compared with all before it.
const MAX_EXTENSIONS: usize = 64;
/// How many names a distribution point may have: each is looked for among those of certificates.
const MAX_NAMES: usize = 64;

/// What a list's extensions say.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// The CRL number, without leading zeros.
    pub(super) number: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) issuing_point: Option<IssuingPoint>,
}

impl Extensions {
    /// Reads what stands in the `[0]` of a list.
    pub(super) fn read(&mut self, content: &[u8], form: &mut Form) -> Result<(), Stop> {
        let damaged = || Stop::Damaged("its extensions are damaged".to_owned());
        let all = der::only(content).filter(|all| all.tag == SEQUENCE).ok_or_else(damaged)?;
        let all = extensions(all.content).ok_or_else(damaged)?;
        if all.len() > MAX_EXTENSIONS {
            let what = format!("a revocation list with more than {MAX_EXTENSIONS} extensions");
            return Err(Stop::Unusable(what));
        }
        for extension in all {
            form.extension(&extension);
            let oid = || oid::text(extension.oid);
            let broken = || Stop::Damaged(format!("extension {} does not parse", oid()));
            match extension.oid {
                id::CRL_NUMBER => {
                    self.number = Some(number(extension.value).ok_or_else(broken)?);
                }
                id::AUTHORITY_KEY_ID => {
                    self.authority_key_id = key_id(extension.value).ok_or_else(broken)?;
                }
                id::ISSUING_POINT => {
                    let point = issuing_point(extension.value, broken)?;
                    form.point(&point);
                    self.issuing_point = Some(point);
                }
                id::DELTA_CRL => return Stop::unusable("a delta revocation list"),
                _ if extension.critical => {
                    let what = format!("a revocation list with the critical extension {}", oid());
                    return Err(Stop::Unusable(what));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What the extensions of an entry come to.
pub(super) fn of_entry(content: &[u8], form: &mut Form) -> Result<Status, Stop> {
    let damaged = || Stop::Damaged("the extensions of an entry are damaged".to_owned());
    let mut status = Status::Revoked;
    let all = extensions(content).ok_or_else(damaged)?;
    if all.len() > MAX_EXTENSIONS {
        let what =
            format!("a revocation list with more than {MAX_EXTENSIONS} extensions in an entry");
        return Err(Stop::Unusable(what));
    }
    form.add(all.is_empty(), "has an empty list of extensions");
    for extension in all {
        form.of_entry(&extension);
        match extension.oid {
            id::REASON => {
                let reason = der::only(extension.value).filter(|found| found.tag == ENUMERATED);
                status = match reason.ok_or_else(damaged)?.content {
                    [6] => Status::Held,
                    [8] => Status::Lifted,
                    [_] => Status::Revoked,
                    _ => return Err(damaged()),
                };
            }
            id::CERTIFICATE_ISSUER => return Stop::unusable("an indirect revocation list"),
            id::INVALIDITY_DATE => {}
            _ if extension.critical => {
                let oid = oid::text(extension.oid);
                let what =
                    format!("a revocation list with the critical extension {oid} in an entry");
                return Err(Stop::Unusable(what));
            }
            _ => {}
        }
    }
    Ok(status)
}

/// The extensions in a row, none twice; no more are read than tells that there are too many.
fn extensions(content: &[u8]) -> Option<Vec<Extension<'_>>> {
    let mut reader = Reader(content);
    let mut all: Vec<Extension<'_>> = Vec::new();
    while !reader.is_empty() && all.len() <= MAX_EXTENSIONS {
        let extension = Extension::read(reader.next()?).filter(|one| !one.lax)?;
        if all.iter().any(|other| other.oid == extension.oid) {
            return None;
        }
        all.push(extension);
    }
    Some(all)
}

fn number(value: &[u8]) -> Option<Vec<u8>> {
    let digits = der::only(value).filter(|number| number.tag == INTEGER)?.content;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    (!digits.is_empty()).then(|| digits.get(zeros..).unwrap_or_default().to_vec())
}

/// The key identifier of an authority key identifier, if it has one.
fn key_id(value: &[u8]) -> Option<Option<Vec<u8>>> {
    let parts = der::elements(der::only(value).filter(|all| all.tag == SEQUENCE)?.content)?;
    Some(parts.iter().find(|part| part.tag == context(0)).map(|part| part.content.to_vec()))
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
        let yes = || der::boolean(part.content).ok_or_else(&broken);
        match part.tag {
            DISTRIBUTION_POINT => point.name = Some(name()?),
            ONLY_PEERS => point.only_peers = yes()?,
            ONLY_AUTHORITIES => point.only_authorities = yes()?,
            SOME_REASONS => return Stop::unusable("a revocation list for some reasons only"),
            INDIRECT if yes()? => return Stop::unusable("an indirect revocation list"),
            INDIRECT => {}
            ONLY_ATTRIBUTES => point.only_attributes = yes()?,
            _ => return Err(broken()),
        }
    }
    Ok(point)
}
