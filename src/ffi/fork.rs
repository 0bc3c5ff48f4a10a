//! How the library is told of forks: handlers of the C library's, for the life of the process.
//!
//! They keep the library's data whole in a child and count the process; see [`crate::process`].
//! They are set by the first call, and not when the library is loaded. `_Fork()`, `vfork()` and a
//! bare system call run no handlers.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::process::{after_in_child, after_in_parent, before, begin_to_count};

/// Makes sure that the handlers are set. Nobody waits here: whoever comes while another thread sets
/// them tells processes apart by their IDs.
pub(super) fn watch() {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.load(Ordering::Relaxed) || BEGUN.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: functions of the right type that are never unloaded: the C library takes the handlers
    // away with the object that they are in.
    let failed = unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    if failed == 0 {
        begin_to_count();
    } else {
        // There was no memory for it. The next call tries again.
        BEGUN.store(false, Ordering::Relaxed);
    }
}

extern "C" fn prepare() {
    before();
}

extern "C" fn parent() {
    after_in_parent();
}

extern "C" fn child() {
    after_in_child();
}
