#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use tempfile::TempDir;

use super::*;

/// Somebody who is neither root nor the user of the tests.
const STRANGER: u32 = 54_321;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn open(path: &Path) -> Result<File, Error> {
    open_private(path, Kind::File, OpenToOthers::Refused)
}

/// Whether this process may give files away; else a line says what is not tried.
fn may_give_away(what: &str) -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what}: needs root");
        eprintln!("skipped, only root can give files away: {what}");
    }
    is_root
}

#[test]
fn a_missing_file_is_made_for_us_alone_and_then_written_at_its_end() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    for _ in 0..2 {
        rustix::io::write(open(&path).unwrap(), b"line\n").unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), b"line\nline\n");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn what_is_no_file_of_its_own_is_refused_by_name_and_never_waited_for() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("victim"), "victim").unwrap();
    mode(&at("victim"), 0o600);
    symlink("victim", at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    let pipe = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), pipe, private(), 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, what) in [
        ("link", "is a symbolic link"),
        ("dangling", "is a symbolic link"),
        ("folder", "a directory"),
        ("pipe", "a named pipe"),
        ("socket", "a socket"),
    ] {
        for others in [OpenToOthers::Refused, OpenToOthers::Mended] {
            let error = open_private(&at(name), Kind::Store, others).unwrap_err();
            assert_eq!(error.kind(), Kind::Store, "{error}");
            assert!(error.message().contains(&format!("/{name} is ")), "{error}");
            assert!(error.message().contains(what), "{error}");
        }
    }
    assert!(open(Path::new("/dev/null")).unwrap_err().message().contains("a device"));
    assert!(!at("nowhere").exists());
    fs::hard_link(at("victim"), at("second")).unwrap();
    let error = open(&at("second")).unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    assert!(error.message().contains("has a second name"), "{error}");
    assert_eq!(fs::read(at("victim")).unwrap(), b"victim");
}

#[test]
fn a_file_that_is_open_to_others_is_refused_or_mended() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "").unwrap();
    for bits in [0o640, 0o620, 0o604, 0o666, 0o610] {
        mode(&path, bits);
        let error = open(&path).unwrap_err();
        assert_eq!(error.kind(), Kind::Permission, "{error}");
        assert!(error.message().contains(&format!("mode {bits:04o}")), "{error}");
        assert_eq!(error.hint(), format!("chmod 0600 {}", path.display()));
        let run = std::process::Command::new("sh").args(["-c", error.hint()]).status().unwrap();
        assert!(run.success() && open(&path).is_ok(), "{}", error.hint());
        mode(&path, bits);
        open_private(&path, Kind::Store, OpenToOthers::Mended).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    }
}

#[test]
fn a_file_of_another_user_is_refused() {
    if !may_give_away("a file of another user") {
        return;
    }
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "").unwrap();
    mode(&path, 0o600);
    chown(&path, Some(STRANGER), None).unwrap();
    for others in [OpenToOthers::Refused, OpenToOthers::Mended] {
        let error = open_private(&path, Kind::File, others).unwrap_err();
        assert_eq!(error.kind(), Kind::Permission);
        assert!(error.message().ends_with("log belongs to user 54321"), "{error}");
    }
}

#[test]
fn nothing_is_made_in_a_directory_of_another_user() {
    if !may_give_away("a directory of another user") {
        return;
    }
    let home = TempDir::new().unwrap();
    chown(home.path(), Some(STRANGER), None).unwrap();
    let (file, directory) = (home.path().join("log"), home.path().join("server"));
    let errors = [open(&file).unwrap_err(), make_private_directory(&directory).unwrap_err()];
    for (path, error) in [file, directory].iter().zip(errors) {
        assert_eq!(error.kind(), Kind::Permission);
        let (path, home) = (path.display(), home.path().display());
        let expected = format!("{path} is not made: the directory {home} belongs to user 54321");
        assert!(error.message().starts_with(&expected), "{error}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_is_made_for_us_alone_or_not_at_all() {
    let dir = TempDir::new().unwrap();
    let server = dir.path().join("server");
    assert_eq!(make_private_directory(&server), Ok(true));
    assert_eq!(fs::metadata(&server).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(make_private_directory(&server), Ok(true), "it is there");
    assert_eq!(make_private_directory(&dir.path().join("a/b")), Ok(false), "nothing to make it in");
    assert_eq!(make_private_directory(Path::new("/proc/server")), Ok(false), "it cannot be made");
}

#[test]
fn a_file_to_which_others_could_lead_the_way_is_not_opened() {
    if !may_give_away("a link of another user") {
        return;
    }
    let dir = TempDir::new().unwrap();
    let (own, all) = (dir.path().join("own"), dir.path().join("all"));
    fs::create_dir(&own).unwrap();
    fs::create_dir(&all).unwrap();
    mode(&all, 0o777);
    symlink(&own, all.join("link")).unwrap();
    std::os::unix::fs::lchown(all.join("link"), Some(STRANGER), None).unwrap();
    let error = open(&all.join("link/file")).unwrap_err();
    assert_eq!(error.kind(), Kind::Permission);
    assert!(error.message().contains("is reached through the symbolic link"), "{error}");
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0);
    assert!(open(&all.join("file")).is_ok(), "it is looked at itself");
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_shows_as_a_file_is_none_to_write_to() {
    let error = open(Path::new("/proc/self/mem")).unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    assert!(error.message().contains("not a file on a disk"), "{error}");
}
