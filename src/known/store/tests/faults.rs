//! A system call fails, or the process dies, at every step of a change.

use super::*;

/// A store whose step number `at` fails.
fn failing(place: &Room, at: usize, errno: Errno) -> (Store, Arc<AtomicUsize>) {
    let steps = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&steps);
    let before = move |_| match count.fetch_add(1, Ordering::Relaxed) == at {
        true => Err(errno.into()),
        false => Ok(()),
    };
    let outside = Outside { before: Box::new(before), ..Outside::default() };
    (Store::open_in(&place.path, Role::Server, outside).unwrap(), steps)
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
    for errno in [Errno::NOSPC, Errno::IO, Errno::ROFS] {
        for at in 0.. {
            let place = place();
            place.put(&old);
            let (store, steps) = failing(&place, at, errno);
            let done = store.apply(&set(&entry("new:1")), soon());
            if steps.load(Ordering::Relaxed) <= at {
                assert_eq!(done, Ok(()));
                assert!(at > 6, "only {at} steps, so one chunk");
                break;
            }
            let error = done.unwrap_err();
            assert_eq!(error.kind(), Kind::Store);
            let words = io::Error::from(errno).to_string();
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
    for at in 0..6 {
        let place = place();
        let (store, _) = failing(&place, at, Errno::NOSPC);
        assert_eq!(store.apply(&set(&entry("new:1")), soon()).unwrap_err().kind(), Kind::Store);
        assert!(!place.path.exists(), "step {at}");
        assert_eq!(listed(&store), []);
        store.apply(&set(&entry("new:1")), now()).unwrap();
    }
}

#[test]
fn a_process_killed_at_any_step_leaves_the_old_or_the_new_file_and_no_lock() {
    let place = place();
    let store = place.store();
    store.apply(&set(&entry("old:1")), soon()).unwrap();
    let mut outcomes = Vec::new();
    for at in 0..6 {
        let before = listed(&store);
        let status = processes::child("child_is_killed", &place, &at.to_string()).status().unwrap();
        assert!(!status.success(), "step {at}");
        let after = listed(&store);
        let new = after.len() - before.len();
        assert!(new <= 1 && after.starts_with(&before), "step {at}");
        outcomes.push(new);
        store.apply(&set(&entry(&format!("alive{at}:1"))), now()).unwrap();
    }
    assert_eq!(outcomes, [0, 0, 0, 0, 0, 1]);
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
