//! No test forks here: what a child finds is told to `after_in_child`, and C programs fork for real.

use std::sync::mpsc;

use parking_lot::{Mutex, MutexGuard};

use super::*;

/// The tests here count threads of the whole process, so they go one after the other, and others
/// that are inside meanwhile are waited for.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock()
}

thread_local! {
    /// Where this thread counts how often it looks, if anybody wants to know.
    static WATCHED: Cell<Option<&'static AtomicUsize>> = const { Cell::new(None) };
}

pub(super) fn looked() {
    if let Some(count) = WATCHED.get() {
        count.fetch_add(1, Ordering::SeqCst);
    }
}

/// A thread that is watched does something, and does not get past it: it looks again and again.
fn is_kept_waiting(looks: &AtomicUsize, told: &mpsc::Receiver<&str>) {
    while looks.load(Ordering::SeqCst) < 3 {
        assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
        thread::yield_now();
    }
}

#[test]
fn a_fork_that_has_waited_long_enough_goes_ahead() {
    assert!(!look_until(Some(Duration::ZERO), || false));
    assert!(look_until(Some(Duration::ZERO), || true));
}

#[test]
fn a_fork_waits_for_whoever_is_inside() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let _alone = alone();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let inside = enter();
        scope.spawn(move || {
            WATCHED.set(Some(&LOOKS));
            before();
            tell.send("forked").unwrap();
            after_in_parent();
        });
        is_kept_waiting(&LOOKS, &told);
        drop(inside);
        assert_eq!(told.recv(), Ok("forked"));
    });
}

#[test]
fn whoever_comes_during_a_fork_waits_for_it_and_goes_on_then() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let _alone = alone();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        before();
        scope.spawn(move || {
            WATCHED.set(Some(&LOOKS));
            let _inside = enter();
            tell.send("inside").unwrap();
        });
        is_kept_waiting(&LOOKS, &told);
        after_in_parent();
        assert_eq!(told.recv(), Ok("inside"));
    });
}

#[test]
fn a_section_inside_a_section_waits_for_no_fork() {
    let _alone = alone();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let outer = enter();
        scope.spawn(move || {
            before();
            after_in_parent();
            tell.send("forked").unwrap();
        });
        assert!(look_until(None, || FORKING.load(Ordering::SeqCst) > 0));
        // It would wait for the fork, which waits for the outer one.
        drop(enter());
        drop(outer);
        assert_eq!(told.recv(), Ok("forked"));
    });
}

#[test]
fn foreign_code_that_runs_from_inside_keeps_no_fork_waiting() {
    let _alone = alone();
    let _inside = enter();
    outside(|| {
        may_wait();
        thread::scope(|scope| {
            scope.spawn(|| {
                before();
                after_in_parent();
            });
        });
    });
    assert_eq!(DEPTH.get(), 1);
}

#[test]
fn the_thread_that_forks_may_use_the_library_in_its_other_handlers_and_fork_from_inside() {
    let _alone = alone();
    let inside = enter();
    before();
    drop(enter());
    after_in_parent();
    drop(inside);
    before();
    drop(enter());
    after_in_parent();
    assert_eq!(DEPTH.get(), 0);
}
