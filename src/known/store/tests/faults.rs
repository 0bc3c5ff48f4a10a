//! A system call fails, or the process dies, at every step of a change.

use super::*;
use crate::material::{Certificate, words};

/// A store whose step number `at` fails.
fn failing(place: &Room, at: usize, errno: Errno) -> (Store, Arc<AtomicUsize>) {
    failing_where(place, move |step, _| step == at, errno)
}

/// A store whose steps fail that are selected by their number and kind.
fn failing_where(
    place: &Room,
    fails: impl Fn(usize, Step) -> bool + Send + Sync + 'static,
    errno: Errno,
) -> (Store, Arc<AtomicUsize>) {
    let steps = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&steps);
    let before = move |step| match fails(count.fetch_add(1, Ordering::Relaxed), step) {
        true => Err(errno.into()),
        false => Ok(()),
    };
    let outside = Outside { before: Box::new(before), ..Outside::default() };
    (Store::open_in(&place.path, Role::Server, outside).unwrap(), steps)
}

fn mark(certificate: &Certificate, on: bool) -> Change {
    Change::Distrust { certificate: certificate.clone(), on, added: 1_795_255_200 }
}

/// Enough entries for more than one chunk.
fn many() -> String {
    let certificate = certificate(&[]);
    let entries: Vec<Entry> =
        (0..200).map(|at| known(&format!("h{at}:1"), certificate.clone())).collect();
    ours(&entries.iter().collect::<Vec<_>>())
}

#[test]
fn a_failure_at_any_step_is_told_and_leaves_the_old_file() {
    let old = many();
    let out = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    for errno in [Errno::NOSPC, Errno::IO, Errno::ROFS].into_iter().chain(out) {
        let expected = if out.contains(&errno) { Kind::NoMemory } else { Kind::Store };
        for at in 0.. {
            let place = place();
            place.put(&old);
            let (store, steps) = failing(&place, at, errno);
            let done = store.apply(&set(&entry("new:1")), soon());
            let made = steps.load(Ordering::Relaxed);
            if made <= at {
                assert_eq!(done, Ok(()));
                assert!(at > 9, "only {at} steps, so one chunk");
                break;
            }
            if done == Ok(()) {
                // The last look, by which nothing is decided any more.
                assert_eq!((at, listed(&store).len()), (made - 1, 201));
                assert_eq!(listed(&place.store()).len(), 201);
                continue;
            }
            let error = done.unwrap_err();
            assert_eq!(error.kind(), expected);
            let words = words(&errno.into());
            assert!(
                error.message().contains("trusted.pem") && error.message().contains(&words),
                "{}",
                error.message()
            );
            assert_eq!(place.text(), old.as_bytes(), "step {at}");
            assert_eq!(listed(&store).len(), 200);
            assert!(place.names().iter().all(|name| !name.ends_with(".new")), "step {at}");
            store.apply(&set(&entry("new:1")), now()).unwrap();
            assert_eq!(listed(&place.store()).len(), 201);
        }
    }
}

#[test]
fn a_failure_of_the_first_change_leaves_no_file() {
    for at in 0..7 {
        let place = place();
        let (store, _) = failing(&place, at, Errno::NOSPC);
        assert_eq!(store.apply(&set(&entry("new:1")), soon()).unwrap_err().kind(), Kind::Store);
        assert!(!place.path.exists(), "step {at}");
        assert_eq!(listed(&store), []);
        store.apply(&set(&entry("new:1")), now()).unwrap();
    }
}

#[test]
fn a_disk_that_goes_on_failing_leaves_the_old_file_too() {
    let (known, marked) = (entry("a:1"), certificate(&[]));
    for at in 0.. {
        for change in [set(&entry("new:1")), remove("a:1"), mark(&marked, false)] {
            let place = place();
            place.put(ours(&[&known]));
            place.store().apply(&mark(&marked, true), soon()).unwrap();
            let old = place.text();
            // What moves names in memory works on a disk that takes no writes.
            let fails = move |step, kind| step >= at && kind != Step::PutBack;
            let (store, steps) = failing_where(&place, fails, Errno::IO);
            let done = store.apply(&change, soon());
            if steps.load(Ordering::Relaxed) <= at {
                assert!(at > 8, "only {at} steps");
                return;
            }
            if done.is_ok() {
                assert_ne!(place.text(), old, "step {at}");
                continue;
            }
            assert_eq!(place.text(), old, "step {at}");
            assert!(!done.unwrap_err().message().contains("may have been"), "step {at}");
            assert_eq!(listed(&place.store()).len(), 2);
            assert!(place.store().entries().unwrap().distrusts(&marked).is_some());
        }
    }
}

#[test]
fn a_change_that_cannot_be_undone_is_told_as_one_that_may_have_been_stored() {
    for first in [true, false] {
        let place = place();
        if !first {
            place.put(ours(&[&entry("a:1")]));
        }
        let fails = |_, step| matches!(step, Step::SyncDirectory | Step::PutBack);
        let (store, _) = failing_where(&place, fails, Errno::IO);
        let error = store.apply(&set(&entry("b:1")), soon()).unwrap_err();
        assert_eq!(error.kind(), Kind::Store);
        assert!(error.message().contains("the change may have been stored"), "{error}");
        let there = usize::from(!first) + 1;
        assert_eq!(listed(&store).len(), there, "what is read is what is there");
        assert_eq!(listed(&place.store()).len(), there);
        assert_eq!(place.names(), ["trusted.pem", "trusted.pem.lock"]);
    }
}

#[test]
fn a_change_that_is_stored_is_no_failure_if_the_file_cannot_be_looked_at_afterwards() {
    let place = place();
    let looks = AtomicUsize::new(0);
    let fails = move |_, step| step == Step::Look && looks.fetch_add(1, Ordering::Relaxed) == 1;
    let (store, _) = failing_where(&place, fails, Errno::IO);
    store.apply(&set(&entry("a:1")), soon()).unwrap();
    place.put(ours(&[&entry("b:1"), &entry("c:1")]));
    assert_eq!(listed(&store).len(), 2, "the file is read again, for its stamp is not known");
}

#[test]
fn a_process_killed_at_any_step_leaves_the_old_or_the_new_file_and_no_lock() {
    let place = place();
    let store = place.store();
    store.apply(&set(&entry("old:1")), soon()).unwrap();
    let mut outcomes = Vec::new();
    for at in 0..9 {
        let before = listed(&store);
        let status = processes::child("child_is_killed", &place, &at.to_string()).status().unwrap();
        assert!(!status.success(), "step {at}");
        let after = listed(&store);
        let new = after.len() - before.len();
        assert!(new <= 1 && after.starts_with(&before), "step {at}");
        outcomes.push(new);
        store.apply(&set(&entry(&format!("alive{at}:1"))), now()).unwrap();
        assert_eq!(place.names(), ["trusted.pem", "trusted.pem.lock"], "step {at}");
    }
    assert_eq!(outcomes, [0, 0, 0, 0, 0, 0, 0, 1, 1]);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_is_killed() {
    let (path, argument) = processes::given();
    let at: usize = argument.parse().unwrap();
    let steps = AtomicUsize::new(0);
    let before = move |_| {
        if steps.fetch_add(1, Ordering::Relaxed) == at {
            rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            )?;
        }
        Ok(())
    };
    let outside = Outside { before: Box::new(before), ..Outside::default() };
    let store = Store::open_in(&path, Role::Server, outside).unwrap();
    store.apply(&set(&entry(&format!("killed{at}:1"))), now()).unwrap();
}
