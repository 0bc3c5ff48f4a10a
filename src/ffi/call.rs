//! One call from C, from its first line to its return value.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::code::tlsconn_code;
use super::error::remember;
use super::fork::watch;
use crate::connection::{Outcome, Want};
use crate::error::{Error, Kind};

/// Run `body`. A failure becomes this thread's last error, and a panic becomes a failure.
pub(super) fn call(body: impl FnOnce() -> Result<(), Error>) -> c_int {
    call_for(|| body().map(|()| tlsconn_code::TLSCONN_OK as c_int))
}

/// Run a `body` that answers with a number of its own.
pub(super) fn call_for(body: impl FnOnce() -> Result<c_int, Error>) -> c_int {
    super::secure::tell();
    watch();
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::new(Kind::Internal, "libtlsconn has a bug")));
    match result {
        Ok(code) => code,
        Err(error) => remember(&error),
    }
}

/// Run a `body` whose failure C sees as `otherwise`, such as NULL.
pub(super) fn call_or<T>(otherwise: T, body: impl FnOnce() -> Result<T, Error>) -> T {
    let mut answer = otherwise;
    call(|| {
        answer = body()?;
        Ok(())
    });
    answer
}

/// Drop a reference that C gave back. What goes with the last one may run code of the application.
pub(super) fn release<T>(handle: Option<Arc<T>>) {
    call(|| {
        drop(handle);
        Ok(())
    });
}

/// The number for a call that is done, or for what is to be waited for.
pub(super) const fn answer(outcome: Outcome<()>) -> c_int {
    match outcome {
        Outcome::Done(()) => tlsconn_code::TLSCONN_OK as c_int,
        Outcome::Not(what) => want(what),
    }
}

/// The number for what is to be waited for.
pub(super) const fn want(want: Want) -> c_int {
    (match want {
        Want::Read => tlsconn_code::TLSCONN_WANT_READ,
        Want::Write => tlsconn_code::TLSCONN_WANT_WRITE,
        Want::Answer => tlsconn_code::TLSCONN_WANT_ANSWER,
    }) as c_int
}
