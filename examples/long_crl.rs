//! What a long revocation list costs: CPU time and memory of a load through a context.
//!
//! `long_crl make DIR ENTRIES` writes `ca.pem` and `crl.pem`; `long_crl load DIR` loads them,
//! in a process of its own so that its peak is the list's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement may stop at once"
)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the same")]

#[path = "../tests/support/long_list.rs"]
mod long_list;

use std::fs;
use std::path::Path;

use tlsconn::{Context, Material};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", dir, entries] => make(Path::new(dir), entries.parse().unwrap()),
        ["load", dir] => load(Path::new(dir)),
        _ => panic!("make DIR ENTRIES, or load DIR"),
    }
}

fn make(dir: &Path, entries: u64) {
    let made = long_list::long_list(entries);
    fs::write(dir.join("ca.pem"), made.authority).unwrap();
    fs::write(dir.join("crl.pem"), made.list).unwrap();
    println!("the first serial number is {:02x?}", long_list::serial(0));
}

fn load(dir: &Path) {
    let context = Context::new();
    context.add_file(Material::Authority, &dir.join("ca.pem")).unwrap();
    let before = (cpu_ms(), status("VmHWM"), status("VmRSS"));
    context.add_file(Material::Crl, &dir.join("crl.pem")).unwrap();
    let after = (cpu_ms(), status("VmHWM"), status("VmRSS"));
    println!(
        "CPU {:.1} ms, peak {} kB more, resident {} kB more",
        after.0 - before.0,
        after.1 - before.1,
        after.2 - before.2
    );
}

fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// A line of this process's status, in kB.
fn status(name: &str) -> i64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
