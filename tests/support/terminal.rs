//! A terminal with a user at it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::example::{Outcome, bounded, words};

/// Run an example on a terminal of its own. Whenever it asks the user types the next of
/// `answers`, or leaves when there is none.
pub(crate) fn run(name: &str, arguments: &[&str], home: &Path, answers: &[&str]) -> Outcome {
    let mut all = words(name);
    all.extend(arguments.iter().map(OsString::from));
    run_words(&all, home, answers)
}

/// As [`run`], for any program.
pub(crate) fn run_words(program: &[OsString], home: &Path, answers: &[&str]) -> Outcome {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave = ptsname(&master, Vec::new()).unwrap();
    let slave = File::from(
        rustix::fs::open(
            OsStr::from_bytes(slave.as_bytes()),
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap(),
    );
    // A process that leads its session, and has the terminal as the one that /dev/tty means.
    let mut all: Vec<OsString> = vec!["setsid".into(), "--ctty".into(), "--wait".into()];
    all.extend_from_slice(program);
    let mut child = bounded(&all)
        .env("TLSCONN_DIR", home)
        .env("TERM", "dumb")
        .stdin(slave.try_clone().unwrap())
        .stdout(slave.try_clone().unwrap())
        .stderr(slave)
        .spawn()
        .unwrap();
    let (printed, asked) = converse(File::from(master), answers);
    let errors = printed.rsplit("? ").next().unwrap().to_owned();
    Outcome::new(printed, errors, asked, child.wait().unwrap().code())
}

/// Everything that appears on the terminal, and how often the user was asked.
fn converse(mut terminal: File, answers: &[&str]) -> (String, usize) {
    let mut text = Vec::new();
    let mut asked = 0;
    let mut chunk = [0; 4096];
    let mut seen = 0;
    // The terminal reports an error when the last program has left it.
    while let Ok(n @ 1..) = terminal.read(&mut chunk) {
        text.extend_from_slice(&chunk[..n]);
        if text[seen..].ends_with(b"? ") {
            let typed =
                answers.get(asked).map_or("\x04".to_owned(), |answer| format!("{answer}\n"));
            terminal.write_all(typed.as_bytes()).unwrap();
            asked += 1;
            seen = text.len();
        }
    }
    (String::from_utf8_lossy(&text).into_owned(), asked)
}
