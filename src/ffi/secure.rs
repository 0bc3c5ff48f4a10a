//! What the system says of this process to its C library: whether its caller must be believed.
//!
//! Asked once, before the first call does anything: only C can be asked, and nothing else tells a
//! program that had more rights than its caller from a daemon that has given some up.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::material::the_system_says;

/// Hands on what the system says, if it says anything here.
pub(super) fn tell() {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if IS_TOLD.load(Ordering::Relaxed) {
        return;
    }
    // Two threads may both ask: the answer never changes.
    if let Some(is_secure) = is_secure() {
        the_system_says(is_secure);
    }
    IS_TOLD.store(true, Ordering::Relaxed);
}

#[cfg(target_os = "linux")]
fn is_secure() -> Option<bool> {
    use std::ffi::c_ulong;

    const AT_SECURE: c_ulong = 23;
    unsafe extern "C" {
        fn getauxval(kind: c_ulong) -> c_ulong;
    }
    // SAFETY: the C library's: a look into a table that never changes, for any number.
    Some(unsafe { getauxval(AT_SECURE) } != 0)
}

#[cfg(not(target_os = "linux"))]
fn is_secure() -> Option<bool> {
    None
}
