//! Strings, buffers, numbers and places for answers from C.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{Error, Kind};

/// The `len` bytes at `start`; `name` is the parameter's name in the header.
///
/// # Safety
///
/// `start` is NULL, or `len` bytes there stay readable and unchanged during the call.
pub(super) unsafe fn bytes<'call>(
    name: &str,
    start: *const c_void,
    len: usize,
) -> Result<&'call [u8], Error> {
    check(name, start.is_null(), len)?;
    // SAFETY: not NULL, short enough, and readable by our caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(start.cast(), len) })
}

/// Room for `len` bytes at `start`.
///
/// # Safety
///
/// `start` is NULL, or `len` bytes there may be written and are used by nobody else during
/// the call. They need not be initialised: nothing is read from them.
pub(super) unsafe fn room<'call>(
    name: &str,
    start: *mut c_void,
    len: usize,
) -> Result<&'call mut [u8], Error> {
    check(name, start.is_null(), len)?;
    // SAFETY: not NULL, short enough, and ours to write by our caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), len) })
}

/// The NUL-terminated UTF-8 text at `start`.
///
/// # Safety
///
/// `start` is NULL, or a NUL-terminated string that stays unchanged during the call.
pub(super) unsafe fn text<'call>(name: &str, start: *const c_char) -> Result<&'call str, Error> {
    // SAFETY: passed on.
    let text = unsafe { string(name, start) }?;
    text.to_str().map_err(|_| Error::new(Kind::Invalid, format!("{name} is not UTF-8")))
}

/// The NUL-terminated bytes at `start`.
///
/// # Safety
///
/// As for [`text`].
pub(super) unsafe fn string<'call>(name: &str, start: *const c_char) -> Result<&'call CStr, Error> {
    if start.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and NUL-terminated by our caller's promise.
    Ok(unsafe { CStr::from_ptr(start) })
}

/// The path at `start`: any bytes but NUL.
///
/// # Safety
///
/// As for [`text`].
pub(super) unsafe fn path<'call>(name: &str, start: *const c_char) -> Result<&'call Path, Error> {
    // SAFETY: passed on.
    let bytes = unsafe { string(name, start) }?.to_bytes();
    if bytes.is_empty() {
        return Err(Error::new(Kind::Invalid, format!("{name} is empty")));
    }
    Ok(Path::new(OsStr::from_bytes(bytes)))
}

/// The place at `out` for an answer, which is set to `nothing` at once: whatever the call comes
/// to, and whatever else is wrong with it, a place holds what is true. `None`: `out` is NULL.
///
/// # Safety
///
/// `out` is NULL, or one `T` there may be written and is used by nobody else during the call.
pub(super) unsafe fn place<'call, T>(out: *mut T, nothing: T) -> Option<&'call mut T> {
    // SAFETY: not NULL is aligned, and ours to write, by our caller's promise.
    let place = unsafe { out.as_mut() };
    place.map(|place| {
        *place = nothing;
        place
    })
}

/// A place that must be there; `name` is the parameter's name in the header.
pub(super) fn needed<'call, T>(
    name: &str,
    place: Option<&'call mut T>,
) -> Result<&'call mut T, Error> {
    place.ok_or_else(|| null(name))
}

/// What the constant `number` stands for; `set` names the constants in the header.
pub(super) fn constant<T: Copy>(
    name: &str,
    number: c_int,
    set: &str,
    table: &[(c_int, T)],
) -> Result<T, Error> {
    pick(number, table).ok_or_else(|| no_constant(name, number, set))
}

/// What `number` stands for in `table`: the one way from a number of C to a value of ours.
pub(super) fn pick<N: PartialEq, T: Copy>(number: N, table: &[(N, T)]) -> Option<T> {
    pick_at(number, table).map(|(_, meaning)| meaning)
}

/// As [`pick`], with the row of the table.
pub(super) fn pick_at<N: PartialEq, T: Copy>(number: N, table: &[(N, T)]) -> Option<(usize, T)> {
    let row = table.iter().position(|(known, _)| *known == number)?;
    table.get(row).map(|(_, meaning)| (row, *meaning))
}

pub(super) fn no_constant(name: &str, number: c_int, set: &str) -> Error {
    Error::new(Kind::Invalid, format!("{name} is {number}, which is not one of {set}"))
}

fn null(name: &str) -> Error {
    Error::new(Kind::Invalid, format!("{name} is NULL"))
}

fn check(name: &str, is_null: bool, len: usize) -> Result<(), Error> {
    if is_null {
        return Err(null(name));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::new(
            Kind::Invalid,
            format!("{name} cannot be {len} bytes long: no object is"),
        ));
    }
    Ok(())
}
