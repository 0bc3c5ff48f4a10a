//! The fields of a list (RFC 5280, section 5.1), in the order in which they come.

use super::extensions::{self, Extensions};
use super::form::Form;
use super::serials::{Serials, Status};
use super::signed::SignedList;
use super::stop::Stop;
use super::stream::Stream;
use crate::material::date;
use crate::material::der::{
    self, BIT_STRING, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, context_constructed,
};
use crate::material::name::Name;

const EXTENSIONS: u8 = context_constructed(0);

/// For how many entries room is made at once.
const MAX_EXPECTED: u64 = 1 << 20;

/// What a list says.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) issuer: Vec<u8>,
    pub(super) this_update: i64,
    pub(super) next_update: Option<i64>,
    pub(super) serials: Serials,
    pub(super) extensions: Extensions,
    pub(super) signed: SignedList,
    /// What it has against the rules for those who issue lists.
    pub(super) form: Form,
}

impl Fields {
    /// Reads the one list that comes through `stream`.
    pub(super) fn read(stream: &mut Stream<'_>) -> Result<Self, Stop> {
        let outer = stream.open(SEQUENCE, u64::MAX)?;
        stream.begin_signed();
        let inner = stream.open(SEQUENCE, outer)?;
        let has_extensions = version_2(stream, inner)?;
        let mut form = Form::default();
        form.add(!has_extensions, "is of version 1");
        let algorithm = stream.element_of(SEQUENCE, inner)?.content.to_vec();
        stream.is_signed_with(&algorithm);
        let issuer = stream.element_of(SEQUENCE, inner)?.whole.to_vec();
        let Some(name) = Name::read(&issuer) else {
            return Stop::damaged("its issuer is damaged");
        };
        form.add(name.is_empty(), "names no issuer");
        let Some(this_update) = next_time(stream, inner, &mut form)? else {
            return Stop::damaged("it has no date");
        };
        let next_update = next_time(stream, inner, &mut form)?;
        form.add(next_update.is_none(), "has no nextUpdate date");
        form.add(
            next_update.is_some_and(|next| next < this_update),
            "has a nextUpdate date before its thisUpdate date",
        );
        let mut serials = Serials::new();
        if stream.peek(inner)? == Some(SEQUENCE) {
            let end = stream.open(SEQUENCE, inner)?;
            form.add(stream.position() == end, "has an empty list of certificates");
            entries(stream, end, has_extensions, &mut serials, &mut form)?;
        }
        form.add(serials.finish(), "lists a serial number twice");
        let mut extensions = Extensions::default();
        if has_extensions && stream.peek(inner)? == Some(EXTENSIONS) {
            extensions.read(stream.element(inner)?.content, &mut form)?;
        }
        form.add(extensions.number.is_none(), "has no CRL number");
        form.add(extensions.authority_key_id.is_none(), "has no authority key identifier");
        if stream.position() != inner {
            return Stop::damaged("there is extra data in its signed part");
        }
        let part = stream.end_signed();
        if stream.element_of(SEQUENCE, outer)?.content != algorithm {
            return Stop::damaged("it names two different signature algorithms");
        }
        let Some((0, signature)) = stream.element_of(BIT_STRING, outer)?.content.split_first()
        else {
            return Stop::damaged("its signature is damaged");
        };
        let signed = SignedList { algorithm, part, signature: signature.to_vec() };
        if stream.position() != outer || !stream.is_at_end()? {
            return Stop::damaged("there is extra data after it");
        }
        Ok(Self { issuer, this_update, next_update, serials, extensions, signed, form })
    }
}

/// Whether the list is of version 2; without a word it is of version 1.
fn version_2(stream: &mut Stream<'_>, end: u64) -> Result<bool, Stop> {
    if stream.peek(end)? != Some(INTEGER) {
        return Ok(false);
    }
    match stream.element(end)?.content {
        [1] => Ok(true),
        [other @ 0..0x7f] => {
            let version = other.saturating_add(1);
            Err(Stop::Damaged(format!("its version number is {version}")))
        }
        _ => Stop::damaged("its version is damaged"),
    }
}

fn next_time(stream: &mut Stream<'_>, end: u64, form: &mut Form) -> Result<Option<i64>, Stop> {
    if !matches!(stream.peek(end)?, Some(UTC_TIME | GENERALIZED_TIME)) {
        return Ok(None);
    }
    let element = stream.element(end)?;
    let Some(seconds) = date::time(element.tag, element.content) else {
        return Stop::damaged("a date in it is invalid");
    };
    form.date(element.tag, seconds);
    Ok(Some(seconds))
}

fn entries(
    stream: &mut Stream<'_>,
    end: u64,
    has_extensions: bool,
    serials: &mut Serials,
    form: &mut Form,
) -> Result<(), Stop> {
    let mut is_first = true;
    while stream.position() < end {
        let start = stream.position();
        let entry = stream.element(end)?;
        if entry.tag != SEQUENCE {
            return Stop::damaged("an entry is damaged");
        }
        let (serial, status) = read_entry(entry.content, has_extensions, form)?;
        serials.add(serial, status);
        if is_first {
            is_first = false;
            let each = stream.position().saturating_sub(start).max(1);
            let left = end.saturating_sub(start).checked_div(each).unwrap_or_default();
            serials.expect(usize::try_from(left.min(MAX_EXPECTED)).unwrap_or_default());
        }
    }
    Ok(())
}

fn read_entry<'a>(
    entry: &'a [u8],
    has_extensions: bool,
    form: &mut Form,
) -> Result<(&'a [u8], Status), Stop> {
    let damaged = || Stop::Damaged("an entry is damaged".to_owned());
    let (serial, rest) = der::first(entry).ok_or_else(damaged)?;
    let (when, rest) = der::first(rest).ok_or_else(damaged)?;
    if serial.tag != INTEGER || serial.content.is_empty() {
        return Err(damaged());
    }
    form.serial(serial.content);
    form.date(when.tag, date::time(when.tag, when.content).ok_or_else(damaged)?);
    if rest.is_empty() {
        return Ok((serial.content, Status::Revoked));
    }
    let extensions = der::only(rest).filter(|found| found.tag == SEQUENCE && has_extensions);
    let extensions = extensions.ok_or_else(damaged)?;
    Ok((serial.content, extensions::of_entry(extensions.content, form)?))
}
