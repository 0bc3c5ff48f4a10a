//! A process that is out of descriptors. The limit applies to the whole process, so the test runs
//! itself again, alone in its own process.

use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::resolve::Resolving;
use super::*;
use crate::error::{Error, Kind};

const NAME: &str = "io::tests::without_a_descriptor_left_everything_says_so_and_recovers";
const INSIDE: &str = "TLSCONN_TEST_WITHOUT_DESCRIPTORS";

fn is_told(error: &Error) -> bool {
    error.kind() == Kind::NoMemory && error.message().contains("open files")
}

#[test]
fn without_a_descriptor_left_everything_says_so_and_recovers() {
    if std::env::var_os(INSIDE).is_none() {
        let program = std::env::current_exe().unwrap();
        let output =
            Command::new(program).args(["--exact", NAME]).env(INSIDE, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let wake = Wake::new().unwrap();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), ..before }).unwrap();

    assert!(is_told(&Wake::new().unwrap_err()));
    if cfg!(target_os = "linux") {
        assert!(is_told(&Watch::new().unwrap_err()));
    }
    let mut dial = Dial::to_addresses("localhost", 16514, &[address]);
    assert!(is_told(&dial.step(Instant::now()).unwrap_err()));
    // Resolving a name needs a descriptor to report the addresses.
    assert!(is_told(&Resolving::start("localhost", 16514).unwrap_err()));

    setrlimit(Resource::Nofile, before).unwrap();
    Watch::new().unwrap().set(&[(wake.as_fd(), Interest::READ)]).unwrap();
    assert!(Dial::to_addresses("localhost", 16514, &[address]).step(Instant::now()).is_ok());
}
