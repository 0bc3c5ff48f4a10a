#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use rustix::process::Uid;

use super::*;

/// Somebody who is neither root nor the user of the tests.
const SOMEBODY: u32 = 54_321;

fn error_of(doing: Doing, path: &Path, errno: Errno) -> Error {
    system_error(doing, "read", path, &errno.into())
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs `work` as somebody else, if this is root; else as nobody else, and says so.
fn as_somebody<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    if !geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "needs root");
        eprintln!("skipped: only root can be another user");
        return None;
    }
    std::thread::scope(|scope| {
        let work = || {
            let user = Some(Uid::from_raw(SOMEBODY));
            // For this thread alone, which ends with the work.
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            work()
        };
        Some(scope.spawn(work).join().unwrap())
    })
}

#[test]
fn every_failure_of_the_system_has_words_and_a_hint_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pem");
    fs::write(&path, "").unwrap();
    let mut hints = BTreeMap::new();
    for (errno, said, hint) in [
        (Errno::PERM, "operation not permitted", "immutable"),
        (Errno::NOENT, "no such file or directory", "check the name"),
        (Errno::NOTDIR, "not a directory", "is not a directory"),
        (Errno::LOOP, "too many levels of symbolic links", "lead back to themselves"),
        (Errno::NAMETOOLONG, "file name too long", "255 bytes"),
        (Errno::ISDIR, "is a directory", "name another file"),
        (Errno::ROFS, "read-only file system", "mounted read-write"),
        (Errno::NOSPC, "no space left on device", "free some space"),
        (Errno::DQUOT, "disk quota exceeded", "disk quota"),
        (Errno::IO, "input/output error", "check the disk"),
        (Errno::MFILE, "too many open files", "ulimit -n"),
        (Errno::NFILE, "too many open files in the system", "look for the program"),
        (Errno::NOMEM, "out of memory", "raise its limit"),
        (Errno::FBIG, "file too large", "ulimit -f"),
        (Errno::TXTBSY, "text file busy", "a program runs from this one"),
        (Errno::BUSY, "device or resource busy", "try again"),
        (Errno::STALE, "stale file handle", "check the file server"),
    ] {
        let error = error_of(Doing::Writing, &path, errno);
        let expected = format!("cannot read {}: {said}", path.display());
        assert_eq!(error.message(), expected);
        assert!(error.hint().contains(hint), "{errno:?}: {}", error.hint());
        assert_eq!(hints.insert(error.hint().to_owned(), errno), None, "{errno:?}");
        let is_exhausted = matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM);
        assert_eq!(error.kind() == Kind::NoMemory, is_exhausted, "{errno:?}");
        let store = system_error_of(Kind::Store, Doing::Writing, "write", &path, &errno.into());
        assert_eq!(store.kind() == Kind::NoMemory, is_exhausted, "{errno:?}");
    }
    let hint = error_of(Doing::Locking, &path, Errno::NOLCK).hint().to_owned();
    assert!(hint.contains("with locks"), "{hint}");
}

#[test]
fn no_number_and_no_word_of_the_program_is_among_the_words_of_the_system() {
    for number in 1..140 {
        let errno = Errno::from_raw_os_error(number);
        let error = error_of(Doing::Reading, Path::new("/a/b"), errno);
        let words = words(&errno.into());
        assert!(!words.is_empty() && words.len() < 80, "{number}: {words}");
        for raw in ["os error", "Errno", "Os {", "Kind", "code:"] {
            assert!(!error.message().contains(raw), "{error}");
        }
    }
    let others = [io::ErrorKind::WriteZero, io::ErrorKind::InvalidInput, io::ErrorKind::Other];
    for kind in others {
        let custom = io::Error::new(kind, "Custom { nom: Asn1 }");
        for error in [io::Error::from(kind), custom] {
            let words = words(&error);
            assert!(!words.contains(['{', ':']) && words.contains(' '), "{words}");
        }
    }
}

#[test]
fn what_is_missing_on_the_way_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "").unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    let read = |path: &Path| super::super::file::read(path, 10).unwrap_err();
    let hint = read(&at("none.pem")).hint().to_owned();
    assert!(hint.contains("its directory is there"), "{hint}");
    let hint = read(&at("no/such/none.pem")).hint().to_owned();
    assert!(hint.ends_with(&format!("no directory {}", at("no").display())), "{hint}");
    let hint = read(&at("file/none.pem")).hint().to_owned();
    assert!(hint.contains(&format!("{} is not a directory", at("file").display())), "{hint}");
    let error = read(&at("dangling"));
    assert!(error.message().ends_with("for it is a symbolic link to nowhere"), "{error}");
    assert!(error.hint().contains("what this symbolic link leads to"), "{}", error.hint());
}

#[test]
fn a_long_path_hides_neither_the_words_nor_the_name() {
    let path = PathBuf::from(format!("/{}/key.pem", "x".repeat(5_000)));
    let error = super::super::file::read(&path, 10).unwrap_err();
    assert!(error.message().ends_with("/key.pem: file name too long"), "{error}");
    assert!(error.hint().starts_with("use a shorter path"), "{}", error.hint());
}

#[test]
fn the_missing_permission_is_named_with_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let [theirs, ours] = ["theirs", "ours"].map(|name| dir.path().join(name));
    mode(dir.path(), 0o755);
    for directory in [&theirs, &ours] {
        fs::create_dir(directory).unwrap();
        fs::write(directory.join("a.pem"), "").unwrap();
        if geteuid().is_root() && *directory == ours {
            chown(directory, Some(SOMEBODY), None).unwrap();
            chown(directory.join("a.pem"), Some(SOMEBODY), None).unwrap();
        }
    }
    for (directory, owner) in [(&theirs, "root"), (&ours, "user 54321")] {
        let file = directory.join("a.pem");
        for (of_directory, of_file) in [(0o755, 0o000), (0o000, 0o600)] {
            let is_directory = of_directory == 0;
            mode(directory, 0o700);
            mode(&file, of_file);
            mode(directory, of_directory);
            let Some(error) = as_somebody(|| super::super::file::read(&file, 10).unwrap_err())
            else {
                return;
            };
            assert_eq!(error.kind(), Kind::File);
            let who = if is_directory {
                format!("for the directory {} is owned by {owner} (mode 0000)", directory.display())
            } else {
                format!("for it is owned by {owner} (mode 0000)")
            };
            let expected = format!("cannot read {}: permission denied, {who}", file.display());
            assert_eq!(error.message(), expected);
            let expected = if owner == "root" {
                "ask root, who owns it, for the permission, or name another file".to_owned()
            } else if is_directory {
                format!("chmod u+x {}", directory.display())
            } else {
                format!("chmod u+r {}", file.display())
            };
            assert_eq!(error.hint(), expected);
        }
    }
}

#[test]
fn a_refusal_against_the_permissions_is_told_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pem");
    fs::write(&path, "").unwrap();
    mode(dir.path(), 0o777);
    mode(&path, 0o644);
    let hint = |error: Error| error.hint().to_owned();
    let for_others = as_somebody(|| hint(error_of(Doing::Reading, &path, Errno::ACCESS)));
    if let Some(for_others) = for_others {
        assert!(for_others.contains("the permissions allow it, but SELinux"), "{for_others}");
        let for_root = hint(error_of(Doing::Reading, &path, Errno::ACCESS));
        assert!(for_root.contains("root_squash"), "{for_root}");
    }
}

#[test]
fn nobody_is_told_to_change_what_belongs_to_the_system_or_to_somebody_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pem");
    fs::write(&path, "").unwrap();
    symlink("a.pem", dir.path().join("link")).unwrap();
    let user = geteuid().as_raw();
    assert_eq!(standing(&path, user), Standing::Ours);
    assert_eq!(standing(dir.path(), user), Standing::Ours);
    assert_eq!(standing(&path, SOMEBODY), Standing::Of(SOMEBODY));
    assert_eq!(standing(&dir.path().join("link"), user), Standing::Link);
    symlink("/tmp", dir.path().join("to-tmp")).unwrap();
    let to_tmp = dir.path().join("to-tmp");
    for shared in ["/", "/tmp", "/tmp/", "/etc", "/var/tmp", "/usr/share", "/dev", "/proc"] {
        assert_eq!(standing(Path::new(shared), 0), Standing::System, "{shared}");
        assert_eq!(standing(Path::new(shared), user), Standing::System, "{shared}");
    }
    assert_eq!(standing(&to_tmp, user), Standing::System);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn file_systems_without_permissions_are_told_from_others() {
    for without in [0x4d44, 0x2011_bab0, 0x5346_544e, 0xff53_4d42] {
        assert!(is_without_modes(without));
    }
    for with in [0xef53, 0x5846_5342, 0x0102_1994, 0x6969] {
        assert!(!is_without_modes(with));
    }
}
