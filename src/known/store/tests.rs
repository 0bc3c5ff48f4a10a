#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use tempfile::TempDir;

use super::change::Replaces;
use super::text::{FIRST_LINE, LAST_LINE, write};
use super::*;
use crate::known::Place;
use crate::known::entries::Level;
use crate::known::testing::known;
use crate::material::testing::certificate;
use crate::material::{Guard, Writers};

mod faults;
mod processes;

/// A directory with the path of a file of known servers in it.
struct Room {
    directory: TempDir,
    path: PathBuf,
}

fn place() -> Room {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trusted.pem");
    Room { directory, path }
}

impl Room {
    fn store(&self) -> Store {
        Store::open(&self.path, Role::Server).unwrap()
    }

    fn text(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    fn put(&self, text: impl AsRef<[u8]>) {
        fs::write(&self.path, text).unwrap();
        mode(&self.path, 0o600);
    }

    /// The names in the directory.
    fn names(&self) -> Vec<String> {
        let all = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> =
            all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn now() -> Instant {
    Instant::now()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn entry(place: &str) -> Entry {
    known(place, certificate(&[]))
}

fn set(entry: &Entry) -> Change {
    Change::Set { entry: entry.clone(), replaces: Replaces::Everything }
}

fn remove(place: &str) -> Change {
    Change::Remove { place: Place::parse(place).unwrap() }
}

fn listed(store: &Store) -> Vec<Entry> {
    store.entries().unwrap().all().iter().map(|one| (**one).clone()).collect()
}

fn ours(entries: &[&Entry]) -> String {
    let entries: String = entries.iter().map(|entry| format!("{}\n", write(entry))).collect();
    format!("{FIRST_LINE}\n\n{entries}{LAST_LINE}\n")
}

#[test]
fn a_store_is_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
}

#[test]
fn a_missing_file_says_nothing() {
    assert_eq!(listed(&place().store()), []);
}

#[test]
fn what_is_set_is_there_in_this_store_and_in_the_next() {
    let place = place();
    let (store, one) = (place.store(), entry("a:1"));
    store.apply(&set(&one), soon()).unwrap();
    assert_eq!(listed(&store), std::slice::from_ref(&one));
    assert_eq!(listed(&place.store()), std::slice::from_ref(&one));
    assert_eq!(place.text(), ours(&[&one]).into_bytes());
}

#[test]
fn a_change_of_another_store_is_seen() {
    let place = place();
    let (here, there, one) = (place.store(), place.store(), entry("a:1"));
    there.apply(&set(&one), soon()).unwrap();
    assert_eq!(listed(&here), [one]);
    there.apply(&remove("a:1"), soon()).unwrap();
    assert_eq!(listed(&here), []);
}

#[test]
fn a_missing_directory_is_refused() {
    let place = place();
    let error =
        Store::open(&place.directory.path().join("no/trusted.pem"), Role::Server).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.hint().starts_with("mkdir"), "{}", error.hint());
}

#[test]
fn a_path_that_names_no_file_is_refused() {
    for path in ["", "/", "/tmp/.."] {
        let error = Store::open(Path::new(path), Role::Server).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{path}");
    }
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let place = place();
    place.put(ours(&[&entry("a:1")]));
    let store = place.store();
    for bits in [0o620, 0o602, 0o666] {
        mode(&place.path, bits);
        let error = store.entries().unwrap_err();
        assert_eq!(error.kind(), Kind::Permission);
        assert!(error.hint().starts_with("chmod go-w "), "{}", error.hint());
        assert_eq!(Store::open(&place.path, Role::Server).unwrap_err().kind(), Kind::Permission);
        assert_eq!(store.apply(&set(&entry("b:1")), now()).unwrap_err().kind(), Kind::Permission);
    }
    mode(&place.path, 0o644);
    assert_eq!(listed(&store).len(), 1);
}

#[test]
fn a_directory_that_others_may_write_is_refused_sticky_or_not() {
    let place = place();
    let store = place.store();
    for bits in [0o770, 0o702, 0o1777] {
        mode(place.directory.path(), bits);
        assert_eq!(store.entries().unwrap_err().kind(), Kind::Permission);
        assert_eq!(store.apply(&set(&entry("a:1")), now()).unwrap_err().kind(), Kind::Permission);
        assert_eq!(Store::open(&place.path, Role::Server).unwrap_err().kind(), Kind::Permission);
    }
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn only_the_own_user_and_root_are_trusted() {
    let guard = Guard::of_user(1000, Writers::Owner, "say whom we know");
    let check = |owner| guard.check(Path::new("known"), owner, 0o100_600);
    assert_eq!((check(1000), check(0)), (Ok(()), Ok(())));
    assert_eq!(check(1001).unwrap_err().kind(), Kind::Permission);
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_stranger() {
    let place = place();
    let whole = ours(&[&entry("a:1")]);
    for text in
        [whole.replace("Host:", "Hots:"), whole.replace("-----END", "----END"), "\0".repeat(64)]
    {
        place.put(&text);
        let store = place.store();
        for _ in 0..2 {
            assert_eq!(store.entries().unwrap_err().kind(), Kind::Store);
        }
        assert_eq!(store.apply(&set(&entry("b:1")), soon()).unwrap_err().kind(), Kind::Store);
        assert_eq!(place.text(), text.into_bytes());
    }
}

#[test]
fn damage_after_a_good_read_is_an_error_too() {
    let place = place();
    place.put(ours(&[&entry("a:1")]));
    let store = place.store();
    place.put(ours(&[&entry("a:1")]).replace("SHA256: ", "SHA256: 0"));
    assert_eq!(store.entries().unwrap_err().kind(), Kind::Store);
    place.put(ours(&[&entry("a:1")]));
    assert_eq!(listed(&store).len(), 1);
}

#[test]
fn a_file_without_entries_is_damage_unless_it_says_so() {
    let place = place();
    for text in ["", "\n", "# nobody\n", &FIRST_LINE[..20], FIRST_LINE] {
        place.put(text);
        let error = place.store().entries().expect_err(text);
        assert_eq!(error.kind(), Kind::Store);
    }
    place.put(ours(&[]));
    assert_eq!(listed(&place.store()), []);
}

#[test]
fn a_file_cut_anywhere_never_reads_as_fewer_entries() {
    let place = place();
    let text = ours(&[&entry("a:1"), &entry("b:1")]);
    for length in 0..text.trim_end().len() {
        place.put(&text[..length]);
        assert_eq!(place.store().entries().expect_err("cut").kind(), Kind::Store, "{length}");
    }
}

#[test]
fn a_file_that_vanished_is_an_error() {
    let place = place();
    let store = place.store();
    store.apply(&set(&entry("a:1")), soon()).unwrap();
    fs::remove_file(&place.path).unwrap();
    let error = store.entries().unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("disappeared"), "{}", error.message());
    assert_eq!(store.apply(&set(&entry("b:1")), soon()).unwrap_err().kind(), Kind::Store);
    assert!(!place.path.exists());
    assert_eq!(listed(&place.store()), []);
}

#[test]
fn what_is_no_readable_file_is_an_error() {
    let place = place();
    fs::create_dir(&place.path).unwrap();
    assert_eq!(place.store().entries().unwrap_err().kind(), Kind::Store);
    fs::remove_dir(&place.path).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &place.path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    assert_eq!(place.store().entries().unwrap_err().kind(), Kind::Store);
    assert_eq!(place.store().apply(&set(&entry("a:1")), soon()).unwrap_err().kind(), Kind::Store);
    fs::remove_file(&place.path).unwrap();
    symlink("nowhere", &place.path).unwrap();
    assert_eq!(place.store().entries().unwrap_err().kind(), Kind::Store);
}

#[test]
fn a_symbolic_link_is_read_and_never_written_through() {
    let place = place();
    let target = place.directory.path().join("target.pem");
    let text = ours(&[&entry("a:1")]);
    fs::write(&target, &text).unwrap();
    mode(&target, 0o600);
    symlink(&target, &place.path).unwrap();
    let store = place.store();
    assert_eq!(listed(&store).len(), 1);
    let error = store.apply(&set(&entry("b:1")), soon()).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("symbolic link"), "{}", error.message());
    assert_eq!(fs::read_to_string(&target).unwrap(), text);
    assert!(place.path.is_symlink());
}

#[test]
fn a_lock_that_is_a_symbolic_link_is_refused() {
    let place = place();
    symlink("elsewhere", place.directory.path().join("trusted.pem.lock")).unwrap();
    let error = place.store().apply(&set(&entry("a:1")), soon()).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("symbolic link"), "{}", error.message());
    assert_eq!(place.names(), ["trusted.pem.lock"]);
}

#[test]
fn a_file_with_a_second_name_is_read_and_not_written() {
    let place = place();
    place.put(ours(&[&entry("a:1")]));
    fs::hard_link(&place.path, place.directory.path().join("other")).unwrap();
    let store = place.store();
    assert_eq!(listed(&store).len(), 1);
    assert_eq!(store.apply(&set(&entry("b:1")), soon()).unwrap_err().kind(), Kind::Store);
}

#[test]
fn the_last_entry_leaves_a_file_that_reads_as_empty() {
    let place = place();
    place.put(write(&entry("a:1")));
    let store = place.store();
    store.apply(&remove("a:1"), soon()).unwrap();
    assert_eq!(listed(&store), []);
    assert_eq!(listed(&place.store()), []);
    assert_eq!(place.text(), ours(&[]).into_bytes());
}

#[test]
fn what_is_not_there_is_not_found_and_makes_no_file() {
    let place = place();
    assert_eq!(place.store().apply(&remove("a:1"), soon()).unwrap_err().kind(), Kind::NotFound);
    assert!(!place.path.exists());
}

#[test]
fn an_entry_that_changed_since_it_was_judged_is_not_replaced() {
    let place = place();
    let (here, there) = (place.store(), place.store());
    assert_eq!(listed(&here), []);
    there.apply(&set(&entry("a:1")), soon()).unwrap();
    let change = Change::Set { entry: entry("a:1"), replaces: Replaces::Judged(Vec::new()) };
    let error = here.apply(&change, soon()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Store, "the entry for a:1 has changed in the meantime")
    );
}

#[test]
fn an_entry_that_would_read_as_another_is_not_written() {
    let place = place();
    let mut one = entry("a:1");
    one.added = Some(i64::MAX);
    assert_eq!(place.store().apply(&set(&one), soon()).unwrap_err().kind(), Kind::Invalid);
    assert!(!place.path.exists());
}

#[test]
fn a_live_lock_is_respected_until_the_deadline_and_no_longer() {
    let place = place();
    let directory = Parent::of(&place.path).unwrap();
    let lock = directory.lock(soon(), &|_| Ok(())).unwrap();
    let store = place.store();
    let error = store.apply(&set(&entry("a:1")), now()).unwrap_err();
    assert_eq!(error.kind(), Kind::StoreLocked);
    let error = store.apply(&set(&entry("a:1")), now() + Duration::from_millis(5)).unwrap_err();
    assert_eq!(error.kind(), Kind::StoreLocked);
    drop(lock);
    store.apply(&set(&entry("a:1")), now()).unwrap();
}

#[test]
fn a_lock_file_that_was_swapped_is_not_the_lock() {
    let place = place();
    let name = place.directory.path().join("trusted.pem.lock");
    let directory = Parent::of(&place.path).unwrap();
    let _old = directory.lock(soon(), &|_| Ok(())).unwrap();
    fs::rename(&name, place.directory.path().join("away")).unwrap();
    let _new = directory.lock(now(), &|_| Ok(())).unwrap();
    let refused = directory.lock(now(), &|_| Ok(())).unwrap_err();
    assert_eq!(refused.kind(), Kind::StoreLocked);
}

#[test]
fn the_lock_file_stays_and_is_for_us_alone() {
    let place = place();
    let name = place.directory.path().join("trusted.pem.lock");
    fs::write(&name, "").unwrap();
    mode(&name, 0o666);
    let inode = fs::metadata(&name).unwrap().ino();
    place.store().apply(&set(&entry("a:1")), soon()).unwrap();
    let found = fs::metadata(&name).unwrap();
    assert_eq!((found.ino(), found.mode() & 0o7777), (inode, 0o600));
    assert_eq!(place.names(), ["trusted.pem", "trusted.pem.lock"]);
}

#[test]
fn the_next_writer_removes_what_dead_writers_left_and_nothing_else() {
    let place = place();
    let at = |name: &str| place.directory.path().join(name);
    let (leftovers, others) = (
        [".trusted.pem.0123456789abcdef.new", ".trusted.pem.fedcba9876543210.old"],
        [
            ".trusted.pem.0123456789abcde.new",
            ".trusted.pem.0123456789ABCDEF.new",
            ".trusted.pem.0123456789abcdef.new~",
            ".trusted.pem.0123456789abcdef.tmp",
            ".other.pem.0123456789abcdef.new",
            "trusted.pem.0123456789abcdef.new",
        ],
    );
    for name in leftovers.iter().chain(&others) {
        fs::write(at(name), "half").unwrap();
    }
    symlink("half", at(".trusted.pem.00000000000000aa.new")).unwrap();
    fs::create_dir(at(".trusted.pem.00000000000000bb.new")).unwrap();
    let store = place.store();
    assert_eq!(listed(&store), [], "reading removes nothing");
    assert!(leftovers.iter().all(|name| at(name).exists()));
    store.apply(&set(&entry("a:1")), soon()).unwrap();
    assert_eq!(listed(&store).len(), 1);
    assert!(leftovers.iter().all(|name| !at(name).exists()), "{:?}", place.names());
    assert!(others.iter().all(|name| at(name).exists()), "{:?}", place.names());
    assert_eq!(place.names().len(), others.len() + 4);
}

#[test]
fn nothing_is_removed_while_another_writer_holds_the_lock() {
    let place = place();
    let directory = Parent::of(&place.path).unwrap();
    let _lock = directory.lock(soon(), &|_| Ok(())).unwrap();
    let name = place.directory.path().join(".trusted.pem.0123456789abcdef.new");
    fs::write(&name, "half").unwrap();
    let error = place.store().apply(&set(&entry("a:1")), now()).unwrap_err();
    assert_eq!(error.kind(), Kind::StoreLocked);
    assert!(name.exists());
}

#[test]
fn a_writer_killed_between_two_names_of_the_old_file_stops_nobody() {
    let place = place();
    place.put(ours(&[&entry("a:1")]));
    let kept = place.directory.path().join(".trusted.pem.0123456789abcdef.old");
    fs::hard_link(&place.path, &kept).unwrap();
    let store = place.store();
    assert_eq!(listed(&store).len(), 1);
    store.apply(&set(&entry("b:1")), soon()).unwrap();
    assert_eq!(listed(&store).len(), 2);
    assert_eq!(place.names(), ["trusted.pem", "trusted.pem.lock"]);
}

#[test]
fn a_stamp_is_settled_two_seconds_after_the_last_change() {
    let place = place();
    place.put("");
    let found = fs::metadata(&place.path).unwrap();
    let written = SystemTime::UNIX_EPOCH
        + Duration::new(found.ctime().try_into().unwrap(), found.ctime_nsec().try_into().unwrap());
    let stamp = Stamp::of(&found);
    assert!(stamp.is_settled(written + Duration::from_secs(2)));
    assert!(!stamp.is_settled(written + Duration::from_millis(1999)));
    assert!(!stamp.is_settled(written - Duration::from_secs(60)));
}

/// What a store says after another program changed the file without changing the stamp: the clock
/// of the file system is too coarse.
fn after_a_change_without_a_new_stamp(age: i64) -> Vec<Entry> {
    let place = place();
    let (old, new) = (entry("a:1"), entry("b:1"));
    place.put(ours(&[&old]));
    let written = SystemTime::UNIX_EPOCH
        + Duration::from_secs(fs::metadata(&place.path).unwrap().mtime().try_into().unwrap());
    let then = written + Duration::from_secs(age.try_into().unwrap());
    let outside = Outside { now: Box::new(move || then), ..Outside::default() };
    let store = Store::open_in(&place.path, Role::Server, outside).unwrap();
    assert_eq!(listed(&store), [old]);
    place.put(ours(&[&new]));
    let stamp = disk::look(&place.path).unwrap().unwrap();
    store.state.lock().as_mut().unwrap().stamp = stamp;
    listed(&store)
}

#[test]
fn a_file_younger_than_two_seconds_counts_as_changed() {
    let said = after_a_change_without_a_new_stamp(1);
    assert_eq!(said.first().unwrap().place.as_ref().unwrap().to_string(), "b:1");
}

#[test]
fn an_older_file_with_the_same_stamp_is_not_read_again() {
    let said = after_a_change_without_a_new_stamp(60);
    assert_eq!(said.first().unwrap().place.as_ref().unwrap().to_string(), "a:1");
}

#[test]
fn of_many_entries_each_is_found_and_one_more_fits() {
    let place = place();
    let certificate = certificate(&["a.example"]);
    let entries: Vec<Entry> =
        (0..2_000).map(|at| known(&format!("h{at}.example:1"), certificate.clone())).collect();
    place.put(ours(&entries.iter().collect::<Vec<_>>()));
    let store = place.store();
    let all = store.entries().unwrap();
    for at in 0..2_000 {
        let host = crate::host::Host::parse(&format!("h{at}.example")).unwrap();
        assert_eq!(all.at(Role::Server, Level::Exact, &host, 1).len(), 1, "{host}");
    }
    store.apply(&set(&entry("new.example:1")), soon()).unwrap();
    assert_eq!(store.entries().unwrap().all().len(), 2_001);
}
