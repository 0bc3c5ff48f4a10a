//! Dates in messages, files and certificates: seconds since 1970, and their texts in UTC.
//!
//! Messages and files have one form only, `2026-11-21T10:00:00Z`; certificates have the two of
//! RFC 5280, section 4.1.2.5. Nobody's clock or time zone is asked.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::der::{GENERALIZED_TIME, UTC_TIME};

/// The first second of the year 0 and the last one of the year 9999, the limits of a certificate's
/// dates; the latter is RFC 5280's "never".
const LIMITS: (i64, i64) = (-62_167_219_200, 253_402_300_799);

/// The days from the first day of the year 1 to that of 1970.
const DAYS_TO_1970: i64 = 719_162;

/// `seconds` since 1970 as `2026-11-21T10:00:00Z`.
///
/// What lies before the year 0 or after 9999 is shown as the first or the last second of these.
#[must_use]
pub(crate) fn time_text(seconds: i64) -> String {
    let seconds = seconds.clamp(LIMITS.0, LIMITS.1);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The seconds since 1970 of a text that [`time_text`] could have made. `None`: it could not.
#[must_use]
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let seconds = PrimitiveDateTime::parse(text, form).ok()?.assume_utc().unix_timestamp();
    (time_text(seconds) == text).then_some(seconds)
}

/// The seconds since 1970 of a UTCTime or a GeneralizedTime. `None`: it is neither, or malformed.
#[must_use]
pub(super) fn time(tag: u8, content: &[u8]) -> Option<i64> {
    match tag {
        UTC_TIME => utc_time(content),
        GENERALIZED_TIME => generalized_time(content),
        _ => None,
    }
}

/// As [`time`], of a date that may lack its seconds, and whether it has them.
#[must_use]
pub(super) fn lax_time(tag: u8, content: &[u8]) -> Option<(i64, bool)> {
    if let Some(seconds) = time(tag, content) {
        return Some((seconds, true));
    }
    let completed = [content.strip_suffix(b"Z")?, b"00Z"].concat();
    Some((time(tag, &completed)?, false))
}

/// The seconds since 1970 of the content of a UTCTime, `261121100000Z`: 1950 to 2049.
fn utc_time(content: &[u8]) -> Option<i64> {
    let (year, rest) = two_digits(content)?;
    let century: i64 = if year >= 50 { 1900 } else { 2000 };
    seconds(century.checked_add(year)?, rest)
}

/// The seconds since 1970 of the content of a GeneralizedTime, `20261121100000Z`.
fn generalized_time(content: &[u8]) -> Option<i64> {
    let (century, rest) = two_digits(content)?;
    let (year, rest) = two_digits(rest)?;
    seconds(century.checked_mul(100)?.checked_add(year)?, rest)
}

/// The seconds since 1970 of a year and `1121100000Z` in it.
fn seconds(year: i64, text: &[u8]) -> Option<i64> {
    let (month, text) = two_digits(text)?;
    let (day, text) = two_digits(text)?;
    let (hour, text) = two_digits(text)?;
    let (minute, text) = two_digits(text)?;
    let (second, text) = two_digits(text)?;
    if text != b"Z" || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if is_leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    let (before, from) = lengths.split_at_checked(month)?;
    if day < 1 || day > *from.first()? {
        return None;
    }
    // Leap days are counted up to the year before, and from the year 0 on.
    let years = year.checked_sub(1)?;
    let leaps = years.div_euclid(4).checked_sub(years.div_euclid(100))?;
    let leaps = leaps.checked_add(years.div_euclid(400))?;
    let days = years.checked_mul(365)?.checked_add(leaps)?.checked_sub(DAYS_TO_1970)?;
    let days = days.checked_add(before.iter().sum())?.checked_add(day.checked_sub(1)?)?;
    let minutes = days.checked_mul(24)?.checked_add(hour)?.checked_mul(60)?.checked_add(minute)?;
    minutes.checked_mul(60)?.checked_add(second)
}

/// Two decimal digits, and what follows them.
fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let ([ten, one], rest) = text.split_first_chunk::<2>()?;
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte & 15));
    Some((digit(*ten)?.checked_mul(10)?.checked_add(digit(*one)?)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_certificate_is_the_calendar_s() {
        for seconds in (LIMITS.0..=LIMITS.1).step_by(86_400 * 13 + 3_601) {
            let text: String =
                time_text(seconds).chars().filter(char::is_ascii_alphanumeric).collect();
            let text = text.replace('T', "");
            assert_eq!(generalized_time(text.as_bytes()), Some(seconds), "{text}");
            let year: i64 = text[..4].parse().unwrap();
            let short = (1950..2050).contains(&year).then_some(seconds);
            assert!(short.is_none() || utc_time(&text.as_bytes()[2..]) == short, "{text}");
        }
    }

    #[test]
    fn a_date_of_a_certificate_has_one_form() {
        assert_eq!(utc_time(b"240229235959Z"), parse_time("2024-02-29T23:59:59Z"));
        for bad in [
            &b""[..],
            b"2602290000Z",
            b"260229000000Z",
            b"260100000000Z",
            b"260132000000Z",
            b"260001000000Z",
            b"261301000000Z",
            b"260101240000Z",
            b"260101006000Z",
            b"260101000060Z",
            b"260101000000",
            b"260101000000z",
            b"260101000000ZZ",
            b"260101000000+0000",
            b"2601010000Z",
            b"26010100000:Z",
            b"+60101000000Z",
        ] {
            assert_eq!(utc_time(bad), None, "{bad:?}");
        }
        assert_eq!(generalized_time(b"20260101000000.0Z"), None);
        assert_eq!(generalized_time(b"260101000000Z"), None);
        assert_eq!(generalized_time(b"19000229000000Z"), None);
    }

    #[test]
    fn a_date_may_lack_its_seconds_and_nothing_else() {
        let whole = parse_time("2026-11-21T10:05:00Z");
        for (tag, text, has_them) in [
            (UTC_TIME, "261121100500Z", true),
            (UTC_TIME, "2611211005Z", false),
            (GENERALIZED_TIME, "20261121100500Z", true),
            (GENERALIZED_TIME, "202611211005Z", false),
        ] {
            let found = lax_time(tag, text.as_bytes());
            assert_eq!(found, whole.map(|seconds| (seconds, has_them)), "{text}");
        }
        for bad in ["26112110Z", "2611211005", "2611211005+0000", "261121100500.0Z", "Z", ""] {
            assert_eq!(lax_time(UTC_TIME, bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(lax_time(GENERALIZED_TIME, b"2026112110Z"), None);
        assert_eq!(lax_time(0x02, b"2611211005Z"), None);
    }

    #[test]
    fn a_time_is_iso_8601() {
        assert_eq!(time_text(0), "1970-01-01T00:00:00Z");
        assert_eq!(time_text(1_795_255_200), "2026-11-21T10:00:00Z");
        assert_eq!(time_text(-1), "1969-12-31T23:59:59Z");
        assert_eq!(time_text(-2_208_988_800), "1900-01-01T00:00:00Z");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_its_limit() {
        assert_eq!(time_text(LIMITS.0), "0000-01-01T00:00:00Z");
        assert_eq!(time_text(LIMITS.1), "9999-12-31T23:59:59Z");
        assert_eq!(time_text(i64::MIN), "0000-01-01T00:00:00Z");
        assert_eq!(time_text(i64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn every_time_comes_back() {
        for seconds in (LIMITS.0..=LIMITS.1).step_by(7_777_777_777) {
            assert_eq!(parse_time(&time_text(seconds)), Some(seconds));
        }
        assert_eq!(parse_time("2024-02-29T23:59:59Z"), Some(1_709_251_199));
    }

    #[test]
    fn only_the_one_form_is_read() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T10:00:00",
            "2026-11-21T10:00:00z",
            "2026-11-21 10:00:00Z",
            "2026-11-21T10:00:00Z ",
            " 2026-11-21T10:00:00Z",
            "2026-11-21T10:00:00.5Z",
            "2026-11-21T10:00:00+00:00",
            "2026-1-21T10:00:00Z",
            "+2026-11-21T10:00:00Z",
            "-0026-11-21T10:00:00Z",
            "2026-02-29T10:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-12-31T23:59:60Z",
            "２026-11-21T10:00:00Z",
        ] {
            assert_eq!(parse_time(text), None, "{text:?}");
        }
    }

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
        assert_eq!(time(0x02, b"261121100001Z"), None);
    }
}
