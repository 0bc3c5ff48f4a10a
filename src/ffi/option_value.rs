//! What the numbers of the number options stand for: times, limits, and what a table says.

use std::time::Duration;

use super::read::pick;
use crate::error::{Error, Kind};

/// What `value` stands for among the values of its option.
pub(super) fn meaning<T: Copy>(value: i64, known: &[(i64, T)]) -> Result<T, Error> {
    let none = || Error::new(Kind::Invalid, format!("{value} is not a value of this option"));
    pick(value, known).ok_or_else(none)
}

pub(super) fn switch(value: i64) -> Result<bool, Error> {
    meaning(value, &[(0, false), (1, true)])
}

/// Seconds since 1970; -1 is now.
pub(super) fn time(value: i64) -> Result<Option<i64>, Error> {
    if value == -1 { Ok(None) } else { not_negative(value).map(Some) }
}

pub(super) fn not_negative(value: i64) -> Result<i64, Error> {
    meaning(value.min(0), &[(0, value)])
}

/// Milliseconds; -1 for no limit.
pub(super) fn limit(value: i64) -> Result<Option<Duration>, Error> {
    if value == -1 {
        return Ok(None);
    }
    let milliseconds = u64::try_from(value).ok().filter(|milliseconds| *milliseconds > 0);
    let none = || {
        Error::new(
            Kind::Invalid,
            format!("{value} is not a number of milliseconds; -1 means no limit"),
        )
    };
    milliseconds.map(|milliseconds| Some(Duration::from_millis(milliseconds))).ok_or_else(none)
}

/// As [`limit`], with 0 for none; -1 would be a handshake that never ends.
pub(super) fn confirm(value: i64) -> Result<Option<Duration>, Error> {
    not_negative(value)?;
    if value == 0 { Ok(None) } else { limit(value) }
}
