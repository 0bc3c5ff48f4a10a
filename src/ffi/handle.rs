//! Handles: the one place where a pointer becomes a Rust value, and back.
//!
//! A handle is an `Arc` that C counts. Rust makes only `&T` from it, never `&mut T`: a
//! callback may call the library again with the same handle, and two `&mut` to one value
//! are undefined behaviour. What changes inside a handle sits behind a lock, and no lock
//! is held while a callback runs.

use std::sync::Arc;

use crate::error::{Error, Kind};

/// Give a new handle to C, which owns one reference.
pub(super) fn give<T: Send + Sync>(value: Arc<T>) -> *mut T {
    Arc::into_raw(value).cast_mut()
}

/// Borrow a handle for one call; `name` is its name in the header. The call holds a reference
/// of its own: a callback may release the caller's.
///
/// # Safety
///
/// `raw` is NULL, or somebody owns a reference to it that came from [`give`] or [`show`].
pub(super) unsafe fn lend<T: Send + Sync>(name: &str, raw: *const T) -> Result<Arc<T>, Error> {
    if raw.is_null() {
        return Err(Error::new(Kind::Invalid, format!("{name} is NULL")));
    }
    // SAFETY: passed on.
    unsafe { share(raw) };
    // SAFETY: the reference that was just counted is taken here.
    Ok(unsafe { Arc::from_raw(raw) })
}

/// Look at what is no handle of its own but lives as long as one, such as an error.
///
/// # Safety
///
/// `raw` is NULL, or what it points to outlives the call.
pub(super) const unsafe fn peek<'call, T: Sync>(raw: *const T) -> Option<&'call T> {
    // SAFETY: what is not NULL is aligned and alive by our caller's promise.
    unsafe { raw.as_ref() }
}

/// Count one more reference to a handle for C.
///
/// # Safety
///
/// As for [`lend`].
pub(super) unsafe fn share<T: Send + Sync>(raw: *const T) {
    if !raw.is_null() {
        // SAFETY: what is not NULL came from `give` and is alive.
        unsafe { Arc::increment_strong_count(raw) };
    }
}

/// A pointer for C to borrow: it lives as long as somebody here holds `value`.
pub(super) fn show<T: Sync>(value: &Arc<T>) -> *mut T {
    Arc::as_ptr(value).cast_mut()
}

/// Take one reference back from C, for `call::release` to drop; NULL is fine.
///
/// # Safety
///
/// As for [`lend`], and C does not use the reference again.
#[must_use]
pub(super) unsafe fn take_back<T: Send + Sync>(raw: *const T) -> Option<Arc<T>> {
    if raw.is_null() {
        return None;
    }
    // SAFETY: the reference came from `give` and C no longer owns it.
    Some(unsafe { Arc::from_raw(raw) })
}
