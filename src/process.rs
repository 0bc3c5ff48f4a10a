//! What the library owes to the process that it lives in: that a fork finds nothing locked, that
//! no descriptor of ours takes the number of a standard stream, and that a thread of ours takes no
//! signal.
//!
//! [`Birth`] says in which process an object was made. The locks here are free in a forked child,
//! because a fork waits until nobody is [inside](fork::enter); other locks of the library belong
//! to connections, which a child does not use.

mod birth;
mod descriptor;
mod exhausted;
mod fork;
mod lock;
mod once;
mod signals;

pub(crate) use birth::{Birth, begin_to_count};
pub(crate) use descriptor::{above_standard, open, openat};
pub(crate) use exhausted::{is_exhausted, without_number};
pub(crate) use fork::{after_in_child, after_in_parent, before, enter, may_wait, outside};
pub(crate) use lock::{Mutex, PerProcess, RwLock};
pub(crate) use once::Once;
pub(crate) use signals::{For, KeptBack, Waited, without_signals};
