use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use rustix::process::geteuid;

use super::*;
use crate::error::Kind;

/// Somebody who is neither root nor the user of the tests.
const STRANGER: u32 = 54_321;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A directory that nobody else can lead to.
fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().canonicalize().unwrap();
    (place, path)
}

/// Why the way to this path is not believed where directories may have groups.
fn why(path: &Path) -> String {
    why_not(path, Passes::Groups)
}

fn why_not(path: &Path, passes: Passes) -> String {
    match Guard::of_known_peers().check_way(path, passes) {
        Ok(()) => String::new(),
        Err(error) => {
            assert_eq!(error.kind(), Kind::Permission);
            assert_ne!(error.hint(), "");
            error.message().to_owned()
        }
    }
}

#[test]
fn a_way_through_what_all_may_write_is_named_but_for_sticky_directories() {
    let (_place, root) = place();
    let middle = root.join("middle");
    fs::create_dir_all(middle.join("own")).unwrap();
    for bits in [0o777, 0o757] {
        mode(&middle, bits);
        for end in ["own", "own/file", "own/../file", "own/./deeper/file"] {
            let found = why(&middle.join(end));
            let wanted = format!("{}, which is writable by other users", middle.display());
            assert!(found.contains(&wanted), "{bits:o} {end}: {found}");
        }
        // What lies at the end is for others to look at.
        assert_eq!(why(&middle), "");
        assert_eq!(why_not(&middle.join("own/file"), Passes::Anybody), "");
    }
    for bits in [0o1777, 0o775, 0o755, 0o700] {
        mode(&middle, bits);
        assert_eq!(why(&middle.join("own/file")), "", "{bits:o}");
    }
}

#[test]
fn a_link_of_ours_is_followed_and_its_own_way_is_looked_at() {
    let (_place, root) = place();
    fs::create_dir_all(root.join("real/open/own")).unwrap();
    for target in ["real", "./real", "real/open/..", root.join("real").to_str().unwrap()] {
        let link = root.join("link");
        let _ = fs::remove_file(&link);
        symlink(target, &link).unwrap();
        mode(&root.join("real/open"), 0o755);
        assert_eq!(why(&link.join("open/own/file")), "", "{target}");
        mode(&root.join("real/open"), 0o777);
        assert!(why(&link.join("open/own/file")).contains("real/open, which"), "{target}");
    }
    symlink("round", root.join("round")).unwrap();
    assert!(
        Way::to(&root.join("round/file"), &Guard::of_known_peers(), Passes::Groups).end.is_none()
    );
}

#[test]
fn a_directory_that_is_left_again_is_passed_too() {
    let (_place, root) = place();
    fs::create_dir_all(root.join("open/deep")).unwrap();
    fs::create_dir_all(root.join("own")).unwrap();
    symlink("open/../own", root.join("link")).unwrap();
    mode(&root.join("open"), 0o777);
    for path in ["open/../own/file", "open/deep/../../own/file", "link/file", "link"] {
        assert!(why(&root.join(path)).contains("open, which is writable"), "{path}");
    }
    mode(&root.join("open"), 0o755);
    for path in ["open/../own/file", "open/deep/../../own/file", "link/file", "link"] {
        assert_eq!(why(&root.join(path)), "", "{path}");
    }
}

#[test]
fn a_relative_path_is_gone_from_the_root() {
    let guard = Guard::of_known_peers();
    let here = Way::to(Path::new("Cargo.toml"), &guard, Passes::Groups).end.unwrap();
    let there = rustix::fs::stat("Cargo.toml").unwrap();
    assert_eq!((here.st_dev, here.st_ino), (there.st_dev, there.st_ino));
}

#[test]
fn what_another_user_could_lead_elsewhere_is_not_followed() {
    if !geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "this needs root");
        return eprintln!("skipped, only root can give files away");
    }
    let (_place, root) = place();
    fs::create_dir_all(root.join("real/own")).unwrap();
    fs::create_dir_all(root.join("theirs/own")).unwrap();
    chown(root.join("theirs"), Some(STRANGER), None).unwrap();
    let link = root.join("link");
    symlink("real", &link).unwrap();
    lchown(&link, Some(STRANGER), None).unwrap();
    let shown = |name: &str| root.join(name).display().to_string();
    for (path, words) in [
        ("theirs/own/file", format!("is reached through {}", shown("theirs"))),
        ("link/own/file", format!("is reached through the symbolic link {}", shown("link"))),
        ("link", format!("{} is a symbolic link", shown("link"))),
    ] {
        let wanted = format!("{words}, which belongs to user 54321");
        let found = why(&root.join(path));
        assert_eq!(why_not(&root.join(path), Passes::Anybody), found);
        assert!(found.contains(&wanted), "{path}: {found}");
    }
    assert_eq!(why(&root.join("real/own/file")), "");
}
