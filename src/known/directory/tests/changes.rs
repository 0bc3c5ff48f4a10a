//! Changes during a look-up: no entry is missed, and no name is free for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn the_name_of_an_entry_that_is_being_written_is_not_free() {
    // First the files are young by this clock, then old.
    for (now, is_free) in [(Duration::ZERO, false), (Duration::from_secs(1 << 32), true)] {
        let (lab, alice) = (Lab::at(now), client("alice"));
        lab.put("a.pem", &alice);
        assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "a.pem");
        lab.put_text("a.pem", text(&alice).split_at(100).0);
        assert_eq!(lab.other_holder("alice", &client("alice")).is_none(), is_free);
        assert_eq!(lab.found(&alice), None, "who has the name is not let in for that");
        lab.put("a.pem", &client("bob"));
        assert_eq!(lab.other_holder("alice", &client("alice")), None);
        lab.put_text("a.pem", "");
        lab.remove("a.pem");
        assert_eq!(lab.other_holder("bob", &client("bob")), None);
    }
}

/// A directory with an entry of `alice`, in which `change` happens in the middle of the first
/// look-up after the one that `first` does.
fn changed_meanwhile(
    alice: &Certificate,
    first: impl Fn(&Directory),
    change: impl Fn(&Path) + Send + Sync + 'static,
) -> (TempDir, Directory) {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().to_owned();
    fs::write(path.join("a.pem"), text(alice)).unwrap();
    let (armed, at) = (Arc::new(AtomicBool::new(false)), path.clone());
    let is_armed = Arc::clone(&armed);
    let now = move || {
        if is_armed.swap(false, Ordering::Relaxed) {
            let before = Opened::open(&at, STRICT).unwrap();
            change(&at);
            // The clock of a file system ticks slowly.
            while before.is_as_it_was() {
                fs::write(at.join("other"), "").unwrap();
                fs::remove_file(at.join("other")).unwrap();
            }
        }
        SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 32)
    };
    let directory = Directory::open_with(&path, STRICT, Box::new(now)).unwrap();
    first(&directory);
    armed.store(true, Ordering::Relaxed);
    (temporary, directory)
}

#[test]
fn an_entry_whose_link_is_moved_in_the_middle_of_a_look_is_found() {
    let alice = client("alice");
    let [low, high] = [1, 2].map(|number| link_name(&alice, number));
    let link = high.clone();
    let first = move |directory: &Directory| {
        symlink("a.pem", directory.path().join(&link)).unwrap();
        assert_eq!(directory.find(&client("bob"), STRICT).unwrap(), Sought::Absent);
    };
    let (_temporary, directory) = changed_meanwhile(&alice, first, move |path| {
        symlink("a.pem", path.join(&low)).unwrap();
        fs::remove_file(path.join(&high)).unwrap();
    });
    assert!(matches!(directory.find(&alice, STRICT).unwrap(), Sought::Listed(_)));
}

#[test]
fn the_name_of_an_entry_that_is_renamed_in_the_middle_of_a_look_is_not_free() {
    let (alice, other) = (client("alice"), client("alice"));
    let holder = |directory: &Directory| {
        let rule = IdentityFrom::CommonName;
        directory.other_holder("alice", other.key_sha256(), rule, STRICT).unwrap()
    };
    let first = |directory: &Directory| assert!(holder(directory).is_some());
    let (_temporary, directory) = changed_meanwhile(&alice, first, |path| {
        fs::rename(path.join("a.pem"), path.join("b.pem")).unwrap();
    });
    assert!(holder(&directory).is_some_and(|file| file.ends_with("b.pem")));
}

#[test]
fn a_directory_that_changes_all_the_time_is_an_error_and_not_an_unknown_client() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().to_owned();
    let now = move || {
        let before = Opened::open(&path, STRICT).unwrap();
        while before.is_as_it_was() {
            fs::write(path.join("other"), "").unwrap();
            fs::remove_file(path.join("other")).unwrap();
        }
        SystemTime::UNIX_EPOCH
    };
    let directory = Directory::open_with(temporary.path(), STRICT, Box::new(now)).unwrap();
    assert_eq!(directory.find(&client("alice"), STRICT).unwrap_err().kind(), Kind::File);
}
