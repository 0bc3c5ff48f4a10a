//! What the tests against other people's programs share: a PKI of their own, servers that end
//! with the test, and the C examples, run on a terminal or without one.
//!
//! Nothing here waits by the clock: a server is ready when it says so or lets us in, and a
//! program has asked when its last line ends in `? `.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test may stop at once, and not every test uses everything"
)]

pub mod clients;
pub mod docker;
pub mod example;
pub mod front;
pub mod hostmanager;
pub mod libvirtd;
pub mod openssl;
pub mod ours;
pub mod pki;
pub mod server;
pub mod terminal;

use std::io::Write as _;

/// Whether every one of `programs` is there. Where one is not, the test says so and is
/// skipped; with `CI=true` it fails.
pub fn has(programs: &[&str]) -> bool {
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
pub fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}
