//! The fields of a list (RFC 5280, section 5.1), in the order in which they come.

use super::Stop;
use super::extensions::{self, Extensions};
use super::serials::{Serials, Status};
use super::signed::SignedList;
use super::window::Window;
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
}

impl Fields {
    /// Reads the one list that comes through `window`.
    pub(super) fn read(window: &mut Window<'_>) -> Result<Self, Stop> {
        let outer = window.open(SEQUENCE, u64::MAX)?;
        window.begin_signed();
        let inner = window.open(SEQUENCE, outer)?;
        let has_extensions = version_2(window, inner)?;
        let algorithm = window.element_of(SEQUENCE, inner)?.content.to_vec();
        window.is_signed_with(&algorithm);
        let issuer = window.element_of(SEQUENCE, inner)?.whole.to_vec();
        if Name::read(&issuer).is_none() {
            return Stop::damaged("its issuer is damaged");
        }
        let Some(this_update) = next_time(window, inner)? else {
            return Stop::damaged("it has no date");
        };
        let next_update = next_time(window, inner)?;
        let mut serials = Serials::new();
        if window.peek(inner)? == Some(SEQUENCE) {
            let end = window.open(SEQUENCE, inner)?;
            entries(window, end, has_extensions, &mut serials)?;
        }
        serials.finish();
        let mut extensions = Extensions::default();
        if has_extensions && window.peek(inner)? == Some(EXTENSIONS) {
            extensions.read(window.element(inner)?.content)?;
        }
        if window.position() != inner {
            return Stop::damaged("its signed part holds more than belongs there");
        }
        let part = window.end_signed();
        if window.element_of(SEQUENCE, outer)?.content != algorithm {
            return Stop::damaged("it names two different signature algorithms");
        }
        let Some((0, signature)) = window.element_of(BIT_STRING, outer)?.content.split_first()
        else {
            return Stop::damaged("its signature is damaged");
        };
        let signed = SignedList { algorithm, part, signature: signature.to_vec() };
        if window.position() != outer || !window.is_at_end()? {
            return Stop::damaged("bytes follow it");
        }
        Ok(Self { issuer, this_update, next_update, serials, extensions, signed })
    }
}

/// Whether the list is of version 2; without a word it is of version 1.
fn version_2(window: &mut Window<'_>, end: u64) -> Result<bool, Stop> {
    if window.peek(end)? != Some(INTEGER) {
        return Ok(false);
    }
    match window.element(end)?.content {
        [1] => Ok(true),
        [other @ 0..0x7f] => {
            let version = other.saturating_add(1);
            Err(Stop::Damaged(format!("version {version} is unknown")))
        }
        _ => Stop::damaged("its version is damaged"),
    }
}

fn next_time(window: &mut Window<'_>, end: u64) -> Result<Option<i64>, Stop> {
    if !matches!(window.peek(end)?, Some(UTC_TIME | GENERALIZED_TIME)) {
        return Ok(None);
    }
    let element = window.element(end)?;
    time(element.tag, element.content)
        .map(Some)
        .map_or_else(|| Stop::damaged("a date in it is none"), Ok)
}

fn entries(
    window: &mut Window<'_>,
    end: u64,
    has_extensions: bool,
    serials: &mut Serials,
) -> Result<(), Stop> {
    let mut is_first = true;
    while window.position() < end {
        let start = window.position();
        let entry = window.element(end)?;
        if entry.tag != SEQUENCE {
            return Stop::damaged("an entry of it is damaged");
        }
        let (serial, status) = read_entry(entry.content, has_extensions)?;
        serials.add(serial, status);
        if is_first {
            is_first = false;
            let each = window.position().saturating_sub(start).max(1);
            let left = end.saturating_sub(start).checked_div(each).unwrap_or_default();
            serials.expect(usize::try_from(left.min(MAX_EXPECTED)).unwrap_or_default());
        }
    }
    Ok(())
}

fn read_entry(entry: &[u8], has_extensions: bool) -> Result<(&[u8], Status), Stop> {
    let damaged = || Stop::Damaged("an entry of it is damaged".to_owned());
    let (serial, rest) = der::first(entry).ok_or_else(damaged)?;
    let (when, rest) = der::first(rest).ok_or_else(damaged)?;
    if serial.tag != INTEGER || serial.content.is_empty() || date(when.tag, when.content).is_none()
    {
        return Err(damaged());
    }
    if rest.is_empty() {
        return Ok((serial.content, Status::Revoked));
    }
    let extensions = der::only(rest).filter(|found| found.tag == SEQUENCE && has_extensions);
    let extensions = extensions.ok_or_else(damaged)?;
    Ok((serial.content, extensions::of_entry(extensions.content)?))
}

/// The parts of a date, from year to second.
type Date = [u32; 6];

/// Seconds since 1970 of a UTCTime or GeneralizedTime.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let [year, month, day, hour, minute, second] = date(tag, text)?.map(i64::from);
    Some(
        days_since_1970(year, month, day)
            .saturating_mul(24)
            .saturating_add(hour)
            .saturating_mul(60)
            .saturating_add(minute)
            .saturating_mul(60)
            .saturating_add(second),
    )
}

/// A UTCTime or GeneralizedTime in the form of RFC 5280, section 4.1.2.5.
fn date(tag: u8, text: &[u8]) -> Option<Date> {
    let (year, rest) = match (tag, text) {
        (UTC_TIME, [y1, y2, rest @ ..]) => {
            let year = two(*y1, *y2)?;
            (year.saturating_add(if year < 50 { 2000 } else { 1900 }), rest)
        }
        (GENERALIZED_TIME, [y1, y2, y3, y4, rest @ ..]) => {
            (two(*y1, *y2)?.saturating_mul(100).saturating_add(two(*y3, *y4)?), rest)
        }
        _ => return None,
    };
    let [m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = rest else { return None };
    let (month, day) = (two(*m1, *m2)?, two(*d1, *d2)?);
    let (hour, minute, second) = (two(*h1, *h2)?, two(*n1, *n2)?, two(*s1, *s2)?);
    let is_leap = || (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days_of_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap() => 29,
        2 => 28,
        _ => return None,
    };
    let is_one = day >= 1 && day <= days_of_month && hour <= 23 && minute <= 59 && second <= 59;
    is_one.then_some([year, month, day, hour, minute, second])
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let number = u32::from(tens).wrapping_mul(10).wrapping_add(u32::from(ones));
    (tens <= 9 && ones <= 9).then_some(number)
}

/// Years are counted from March, so that a leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month {
        1 | 2 => (year.saturating_sub(1), month.saturating_add(9)),
        _ => (year, month.saturating_sub(3)),
    };
    let leap_days = (year / 4).saturating_sub(year / 100).saturating_add(year / 400);
    let days_before_month = month.saturating_mul(153).saturating_add(2) / 5;
    let days = year.saturating_mul(365).saturating_add(leap_days).saturating_add(days_before_month);
    days.saturating_add(day).saturating_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::parse_time;

    #[test]
    fn a_date_is_what_everybody_reads_in_it() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", "1970-01-01T00:00:00Z"),
            (UTC_TIME, "261121100001Z", "2026-11-21T10:00:01Z"),
            (UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (UTC_TIME, "240229000000Z", "2024-02-29T00:00:00Z"),
            (GENERALIZED_TIME, "20500301000000Z", "2050-03-01T00:00:00Z"),
            (GENERALIZED_TIME, "99991231235959Z", "9999-12-31T23:59:59Z"),
            (GENERALIZED_TIME, "20000229000000Z", "2000-02-29T00:00:00Z"),
        ] {
            assert_eq!(time(tag, text.as_bytes()), parse_time(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Z",
            "2611211000Z",
            "261121100001",
            "261121100001+0100",
            "260231000000Z",
            "261321000000Z",
            "260021000000Z",
            "261100000000Z",
            "261121240000Z",
            "261121006000Z",
            "261121000060Z",
            "26112110000aZ",
            "261121100001ZZ",
            "250229000000Z",
        ] {
            assert_eq!(time(UTC_TIME, text.as_bytes()), None, "{text}");
        }
        assert_eq!(time(GENERALIZED_TIME, b"261121100001Z"), None);
        assert_eq!(time(GENERALIZED_TIME, b"19000229000000Z"), None);
        assert_eq!(time(INTEGER, b"261121100001Z"), None);
    }
}
