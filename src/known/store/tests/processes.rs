//! Several writers at once, in threads and in processes.

use std::process::{Command, Stdio};

use super::*;

const PATH: &str = "TLSCONN_TEST_PATH";
const ARGUMENT: &str = "TLSCONN_TEST_ARGUMENT";

/// A process that runs one of the ignored tests here.
pub(crate) fn child(test: &str, place: &Room, argument: &str) -> Command {
    let file = if test == "child_is_killed" { "faults" } else { "processes" };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", &format!("known::store::tests::{file}::{test}")])
        .env(PATH, &place.path)
        .env(ARGUMENT, argument)
        .stdout(Stdio::null());
    command
}

/// What the parent gave.
pub(crate) fn given() -> (PathBuf, String) {
    (std::env::var_os(PATH).unwrap().into(), std::env::var(ARGUMENT).unwrap())
}

fn add_hundred(store: &Store, who: &str) {
    let certificate = certificate(&[]);
    for at in 0..100 {
        let entry = known(&format!("{who}-{at}.example:1"), certificate.clone());
        let change = Change::Set { entry, replaces: Replaces::Judged(Vec::new()) };
        store.apply(&change, soon()).unwrap();
    }
}

#[test]
fn several_processes_lose_nothing() {
    let place = place();
    let children: Vec<_> = (0..4)
        .map(|who| child("child_adds_a_hundred", &place, &format!("p{who}")).spawn().unwrap())
        .collect();
    let store = place.store();
    let mut seen = 0;
    for mut child in children {
        while child.try_wait().unwrap().is_none() {
            let now = store.entries().unwrap().all().len();
            assert!(now >= seen, "{seen} entries became {now}");
            seen = now;
        }
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(store.entries().unwrap().all().len(), 400);
    assert_eq!(place.names(), ["trusted.pem", "trusted.pem.lock"]);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_adds_a_hundred() {
    let (path, who) = given();
    add_hundred(&Store::open(&path, Role::Server).unwrap(), &who);
}

#[test]
fn several_threads_lose_nothing_with_one_store_or_with_several() {
    let place = place();
    let shared = place.store();
    std::thread::scope(|threads| {
        for who in ["a", "b"] {
            threads.spawn(|| add_hundred(&place.store(), who));
        }
        for who in ["c", "d"] {
            let shared = &shared;
            threads.spawn(move || add_hundred(shared, who));
        }
    });
    assert_eq!(listed(&shared).len(), 400);
    assert_eq!(listed(&place.store()).len(), 400);
}

#[test]
fn our_files_are_for_us_alone_whatever_the_umask() {
    for umask in ["0", "777"] {
        let place = place();
        assert!(child("child_adds_with_umask", &place, umask).status().unwrap().success());
        for name in place.names() {
            let mode = fs::metadata(place.directory.path().join(&name)).unwrap().mode();
            assert_eq!(mode & 0o7777, 0o600, "{name}");
        }
        assert_eq!(place.names().len(), 2);
    }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_adds_with_umask() {
    let (path, umask) = given();
    let umask = u32::from_str_radix(&umask, 8).unwrap();
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
    Store::open(&path, Role::Server).unwrap().apply(&set(&entry("a:1")), soon()).unwrap();
}
