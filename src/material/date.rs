//! Dates in messages and files: seconds since 1970 as ISO 8601 in UTC, and back.
//!
//! One form only, `2026-11-21T10:00:00Z`, and nobody's clock or time zone.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// The first second of the year 0 and the last one of the year 9999, the limits of a certificate's
/// dates; the latter is RFC 5280's "never".
const LIMITS: (i64, i64) = (-62_167_219_200, 253_402_300_799);

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

/// The seconds since 1970 of a text that [`time_text`] could have made; nothing for any other.
#[must_use]
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let seconds = PrimitiveDateTime::parse(text, form).ok()?.assume_utc().unix_timestamp();
    (time_text(seconds) == text).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
