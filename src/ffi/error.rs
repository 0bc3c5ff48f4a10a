//! Chapter "Errors" of the header.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::sync::Arc;

use super::code::tlsconn_code;
use super::handle::{peek, show};
use super::text::c_string;
use crate::error::Error;
use crate::process::Once;

/// An error: what failed, and what to do about it. It never changes.
///
/// The message names what failed, with names, paths, line numbers and dates. Errors are borrowed:
/// never free one.
#[derive(Debug)]
pub struct tlsconn_error {
    code: c_int,
    problems: u32,
    message: CString,
    hint: CString,
}

impl tlsconn_error {
    pub(super) fn new(error: &Error) -> Self {
        Self {
            code: tlsconn_code::from(error.kind()) as c_int,
            problems: error.problems().bits(),
            message: c_string(error.message()),
            hint: c_string(error.hint()),
        }
    }
}

thread_local! {
    static LAST: RefCell<Option<Arc<tlsconn_error>>> = const { RefCell::new(None) };
}

/// Make `error` this thread's last one; its code, for the caller to return.
pub(super) fn remember(error: &Error) -> c_int {
    let error = Arc::new(tlsconn_error::new(error));
    let code = error.code;
    // A thread that is ending has no place left to keep it.
    let _ = LAST.try_with(|last| last.replace(Some(error)));
    code
}

/// Make `note`, what a call that succeeded has to tell, this thread's last error; or nothing.
pub(super) fn note(note: Option<&Error>) {
    let note = note.map(|note| Arc::new(tlsconn_error::new(note)));
    let _ = LAST.try_with(|last| last.replace(note));
}

/// The error that stands for "nothing has failed".
pub(super) fn nothing() -> *const tlsconn_error {
    static NOTHING: Once<tlsconn_error> = Once::new();
    std::ptr::from_ref(NOTHING.get_or_init(|| tlsconn_error {
        code: tlsconn_code::TLSCONN_OK as c_int,
        problems: 0,
        message: CString::default(),
        hint: CString::default(),
    }))
}

/// Get the last error of the calling thread.
///
/// Never NULL: before the first failure its code is `TLSCONN_OK` and its message is empty. It
/// lives until the next failure on this thread. Success does not clear it, so look at it only
/// after a call has failed; or after tlsconn_ctx_set_client_dir() has succeeded, which leaves here
/// what it has to tell. Do not use it on another thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_last_error() -> *const tlsconn_error {
    let last = LAST.try_with(|last| last.borrow().as_ref().map(|last| show(last).cast_const()));
    last.ok().flatten().unwrap_or_else(nothing)
}

/// Get the code of an error: one of `TLSCONN_E_*`, or `TLSCONN_OK` if nothing has failed or
/// `error` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_error_code(error: *const tlsconn_error) -> c_int {
    // SAFETY: the contract: an error or NULL.
    unsafe { peek(error) }.map_or(tlsconn_code::TLSCONN_OK as c_int, |error| error.code)
}

/// Get the message of an error: one English sentence that says what failed, UTF-8, escaped, without
/// a full stop, and shorter than 1,000 bytes. It lives as long as `error`, and is empty if `error`
/// is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_error_message(error: *const tlsconn_error) -> *const c_char {
    // SAFETY: the contract: an error or NULL.
    unsafe { peek(error) }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Get a hint on what to do about an error: one English sentence, shorter than 1,000 bytes; empty
/// if the error has no hint or `error` is NULL. It lives as long as `error`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_error_hint(error: *const tlsconn_error) -> *const c_char {
    // SAFETY: the contract: an error or NULL.
    unsafe { peek(error) }.map_or(c"".as_ptr(), |error| error.hint.as_ptr())
}

/// Get all problems of the peer's certificate as bits of `tlsconn_problem`; 0 if the error is not
/// about a certificate or `error` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_error_problems(error: *const tlsconn_error) -> u32 {
    // SAFETY: the contract: an error or NULL.
    unsafe { peek(error) }.map_or(0, |error| error.problems)
}
