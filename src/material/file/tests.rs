use std::fs::{Permissions, set_permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn dir_with(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::write(dir.path().join(name), name).unwrap();
    }
    dir
}

fn set_mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_is_read_whole_with_its_stamp() {
    let dir = dir_with(&["a"]);
    let path = dir.path().join("a");
    std::fs::write(&path, vec![7; 100_000]).unwrap();
    let text = read(&path, LIMIT).unwrap();
    assert_eq!(*text.bytes, vec![7; 100_000]);
    assert_eq!(text.stamp, stamp(&path).unwrap());
}

#[test]
fn an_empty_file_is_read_as_nothing() {
    let dir = dir_with(&[]);
    let path = dir.path().join("a");
    std::fs::write(&path, "").unwrap();
    assert!(read(&path, LIMIT).unwrap().bytes.is_empty());
}

#[test]
fn a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
    let dir = dir_with(&["four"]);
    let path = dir.path().join("four");
    assert!(read(&path, 4).is_ok());
    let error = read(&path, 3).unwrap_err();
    assert_eq!(error.kind(), Kind::TooBig);
    assert!(error.message().contains("four has 4 bytes, more than the 3"), "{error}");
}

#[test]
fn a_file_that_grew_since_it_was_opened_is_read_up_to_the_limit() {
    let dir = dir_with(&["a"]);
    let path = dir.path().join("a");
    let (file, metadata) = open(&path).unwrap();
    std::fs::write(&path, vec![7; 20_000]).unwrap();
    assert_eq!(read_open(&path, LIMIT, &file, &metadata).unwrap().bytes.len(), 20_000);
    let mut again = &file;
    again.seek(SeekFrom::Start(0)).unwrap();
    let error = read_open(&path, 10_000, &file, &metadata).unwrap_err();
    assert_eq!(error.kind(), Kind::TooBig);
}

#[test]
fn what_is_no_regular_file_is_refused_at_once_and_named() {
    let dir = dir_with(&[]);
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let refused = [
        (dir.path(), "a directory"),
        (&pipe, "a named pipe"),
        (&socket, "a socket"),
        (Path::new("/dev/zero"), "a device"),
    ];
    for (path, what) in refused {
        let error = read(path, LIMIT).unwrap_err();
        assert_eq!(error.kind(), Kind::File, "{what}");
        assert_eq!(error.message(), format!("{} is not a file but {what}", path.display()));
    }
}

#[test]
fn a_file_of_a_gibibyte_is_refused_at_once() {
    let dir = dir_with(&[]);
    let path = dir.path().join("big");
    std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    for limit in [LIMIT, CRL_LIMIT] {
        let error = read(&path, limit).unwrap_err();
        assert_eq!(error.kind(), Kind::TooBig);
        assert!(error.message().contains("1073741824 bytes"), "{error}");
    }
}

#[test]
fn a_missing_file_is_named_in_the_systems_words() {
    let dir = dir_with(&[]);
    let path = dir.path().join("none.pem");
    let error = read(&path, LIMIT).unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    let expected = format!("cannot read {}: no such file or directory", path.display());
    assert_eq!(error.message(), expected);
    assert_eq!(stamp(&path).unwrap_err().kind(), Kind::File);
}

#[test]
fn a_secret_that_others_have_any_right_to_is_refused() {
    let dir = dir_with(&["key.pem"]);
    let path = dir.path().join("key.pem");
    for mode in [0o644, 0o604, 0o602, 0o601] {
        set_mode(&path, mode);
        let error = read_secret(&path, LIMIT, Readers::Few, |_| true).unwrap_err();
        assert_eq!(error.kind(), Kind::Permission);
        assert!(error.message().contains(&format!("mode {mode:04o}")), "{error}");
        assert_eq!(error.hint(), format!("chmod o= {}", path.display()));
    }
}

#[test]
fn a_secret_of_owner_and_group_is_read() {
    let dir = dir_with(&["key.pem"]);
    let path = dir.path().join("key.pem");
    for mode in [0o600, 0o640, 0o400] {
        set_mode(&path, mode);
        assert!(read_secret(&path, LIMIT, Readers::Few, |_| true).is_ok(), "{mode:o}");
    }
}

#[test]
fn a_secret_that_everybody_may_read_is_written_by_nobody_else() {
    let dir = dir_with(&["key.pem"]);
    let path = dir.path().join("key.pem");
    for mode in [0o644, 0o604, 0o640, 0o600] {
        set_mode(&path, mode);
        assert!(read_secret(&path, LIMIT, Readers::All, |_| true).is_ok(), "{mode:o}");
    }
    for mode in [0o646, 0o666, 0o602, 0o601, 0o777] {
        set_mode(&path, mode);
        let error = read_secret(&path, LIMIT, Readers::All, |_| true).unwrap_err();
        assert_eq!(error.kind(), Kind::Permission);
        assert_eq!(error.hint(), format!("chmod o=r {}", path.display()));
    }
}

#[test]
fn the_mode_of_a_secret_is_that_of_the_file_behind_a_link() {
    let dir = dir_with(&["key.pem"]);
    set_mode(&dir.path().join("key.pem"), 0o600);
    symlink("key.pem", dir.path().join("link.pem")).unwrap();
    assert!(read_secret(&dir.path().join("link.pem"), LIMIT, Readers::Few, |_| true).is_ok());
}

#[test]
fn a_stamp_differs_after_a_write_and_after_a_rename_over_it() {
    let dir = dir_with(&["a", "b"]);
    let path = dir.path().join("a");
    let before = stamp(&path).unwrap();
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
    let written = stamp(&path).unwrap();
    assert_ne!(before, written);
    std::fs::rename(dir.path().join("b"), &path).unwrap();
    assert_ne!(written, stamp(&path).unwrap());
}

#[test]
fn a_stamp_is_settled_when_both_times_are_older_than_two_seconds() {
    let second = 1_000_000_000;
    let stamp = |modified, changed| Stamp { device: 1, inode: 1, size: 1, modified, changed };
    let at = |ns: u64| SystemTime::UNIX_EPOCH + Duration::from_nanos(ns);
    assert!(stamp(0, 0).is_settled(at(2_000_000_000)));
    assert!(!stamp(0, 0).is_settled(at(1_999_999_999)));
    assert!(!stamp(0, second).is_settled(at(2_000_000_001)));
    assert!(!stamp(second, 0).is_settled(at(2_000_000_001)));
    assert!(!stamp(9 * second, 0).is_settled(at(2_000_000_001)));
}

#[test]
fn the_files_of_a_directory_are_those_with_names_of_material_in_order() {
    let dir = dir_with(&[
        "b.pem",
        "a.CRT",
        "c.key",
        "d.Cer",
        "e.crl",
        ".hidden.pem",
        ".pem",
        "f.txt",
        "README",
    ]);
    std::fs::create_dir(dir.path().join("sub.pem")).unwrap();
    std::fs::write(dir.path().join("sub.pem/x.pem"), "").unwrap();
    let names: Vec<_> = pem_files(dir.path())
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a.CRT", "b.pem", "c.key", "d.Cer", "e.crl"]);
}

#[test]
fn a_link_in_a_directory_that_leads_nowhere_is_listed() {
    let dir = dir_with(&[]);
    symlink("nowhere", dir.path().join("a.pem")).unwrap();
    assert_eq!(pem_files(dir.path()).unwrap(), [dir.path().join("a.pem")]);
}

#[test]
fn a_directory_that_is_missing_or_is_a_file_is_an_error() {
    let dir = dir_with(&["a"]);
    for name in ["a", "none"] {
        let error = pem_files(&dir.path().join(name)).unwrap_err();
        assert_eq!(error.kind(), Kind::File);
        assert!(error.message().starts_with("cannot read the directory "), "{error}");
    }
}
