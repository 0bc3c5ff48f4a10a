//! A fork happens while no thread is inside the library's data.
//!
//! A child has only the thread that forked, and what another thread had locked then stays locked in
//! it for ever. So threads that are inside a section, such as one that holds a lock of this room,
//! are counted. A fork waits until there are none, and whoever comes meanwhile waits for the fork.
//!
//! A section is short. In it no foreign code runs, nothing waits for a file, a socket or a lock of
//! another room: [`may_wait`] says so where something might. Sections nest, and only the outermost
//! counts. The two waits look again and again, first at once and then ten thousand times a second:
//! a lock to sleep on would itself have to survive the fork.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::birth;

/// How many threads are inside.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// How many threads are forking.
static FORKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// How many sections this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread is forking.
    static FORKS: Cell<bool> = const { Cell::new(false) };
}

/// How often a wait looks again at once before it begins to sleep.
const EAGER: u32 = 100;
/// How long it sleeps then.
const MOMENT: Duration = Duration::from_micros(100);
/// How long a fork waits before it goes ahead all the same: no section takes that long, and nothing
/// that happens to a thread in one may keep the process from forking.
const PATIENCE: Duration = Duration::from_secs(10);

/// A section. It ends when this is dropped, on the thread that began it.
#[derive(Debug)]
pub(crate) struct Inside {
    on_this_thread: PhantomData<*const ()>,
}

/// Begins a section.
pub(crate) fn enter() -> Inside {
    let depth = DEPTH.get();
    if depth == 0 {
        count_in();
    }
    DEPTH.set(depth.saturating_add(1));
    Inside { on_this_thread: PhantomData }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let depth = DEPTH.get().saturating_sub(1);
        DEPTH.set(depth);
        if depth == 0 {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Runs foreign code from inside a section that has nothing locked.
pub(crate) fn outside<R>(work: impl FnOnce() -> R) -> R {
    struct Back(usize);
    impl Drop for Back {
        fn drop(&mut self) {
            if self.0 > 0 {
                count_in();
            }
            DEPTH.set(self.0);
        }
    }
    let back = Back(DEPTH.replace(0));
    if back.0 > 0 {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
    work()
}

/// Says that the caller is about to do what may take long, which nobody does in a section.
pub(crate) fn may_wait() {
    debug_assert_eq!(DEPTH.get(), 0, "a fork would have to wait for this");
}

fn count_in() {
    loop {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        // What another handler of a fork does with the library must not wait for that fork.
        if FORKING.load(Ordering::SeqCst) == 0 || FORKS.get() {
            return;
        }
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        let _ = look_until(None, || FORKING.load(Ordering::SeqCst) == 0);
    }
}

/// Looks until `done` says so, or the time is over.
fn look_until(patience: Option<Duration>, done: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    let mut looks = 0_u32;
    while !done() {
        if patience.is_some_and(|patience| begin.elapsed() >= patience) {
            return false;
        }
        #[cfg(test)]
        tests::looked();
        looks = looks.saturating_add(1);
        if looks < EAGER { thread::yield_now() } else { thread::sleep(MOMENT) }
    }
    true
}

/// The calling thread is about to fork: waits until no other thread is inside, and keeps them out.
pub(crate) fn before() {
    FORKS.set(true);
    FORKING.fetch_add(1, Ordering::SeqCst);
    if DEPTH.get() > 0 {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
    let _ = look_until(Some(PATIENCE), || INSIDE.load(Ordering::SeqCst) == 0);
}

/// The calling thread has forked, and this is the parent.
pub(crate) fn after_in_parent() {
    if DEPTH.get() > 0 {
        INSIDE.fetch_add(1, Ordering::SeqCst);
    }
    FORKING.fetch_sub(1, Ordering::SeqCst);
    FORKS.set(false);
}

/// The calling thread has forked, and this is the child, where there is no other thread.
pub(crate) fn after_in_child() {
    birth::count();
    INSIDE.store(usize::from(DEPTH.get() > 0), Ordering::SeqCst);
    FORKING.store(0, Ordering::SeqCst);
    FORKS.set(false);
}

#[cfg(test)]
mod tests;
