//! Whether the programs that a test needs are here. One that is not skips the test aloud, and is
//! a failure where everything must be here.

use std::io::Write as _;
use std::path::PathBuf;

/// Whether every one of `programs` is there. Where one is not, the test says so and is
/// skipped; with `CI=true` it fails.
pub(crate) fn has(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    let line = format!("skipped: not installed: {missing:?}");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}");
    // Not `eprintln!`, which the test runner swallows where a test passes.
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
    false
}

/// Where a program is; daemons live beyond the path of an ordinary user.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}
