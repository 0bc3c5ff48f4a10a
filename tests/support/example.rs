//! The C examples, built once, and what became of a run.
//!
//! `TLSCONN_EXAMPLES` names a directory where they are built already; without it they are
//! linked with the library that cargo has just made. `TLSCONN_RUN` is put before each, as
//! `valgrind` with its options is.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What valgrind and the sanitizers end with when they find something.
const UNCLEAN: i32 = 99;
/// What `timeout` ends with when it had to end the program.
const TOO_LATE: i32 = 124;

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// All that was printed; on a terminal, the errors and what was typed too.
    pub(crate) printed: String,
    /// What was written as errors; on a terminal, what came after the last question.
    pub(crate) errors: String,
    /// How often it asked on the terminal.
    pub(crate) asked: usize,
    code: i32,
}

impl Outcome {
    /// The outcome, once it is certain that the program neither hung nor misused memory.
    pub(crate) fn new(printed: String, errors: String, asked: usize, code: Option<i32>) -> Self {
        let printed = printed.replace('\r', "");
        let code = code.unwrap_or_else(|| panic!("ended by a signal\n{printed}{errors}"));
        assert_ne!(code, UNCLEAN, "not clean\n{printed}{errors}");
        assert_ne!(code, TOO_LATE, "hung\n{printed}{errors}");
        Self { printed, errors, asked, code }
    }

    /// It ended well.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// It ended with a failure, and said why in words that hold each of `words`.
    #[track_caller]
    pub(crate) fn failed_with(&self, words: &[&str]) -> &Self {
        assert_eq!(self.code, 1, "{self:#?}");
        for word in words {
            assert!(self.errors.contains(word), "{word:?} is not said: {self:#?}");
        }
        self
    }

    /// It asked so often.
    #[track_caller]
    pub(crate) fn asked(&self, times: usize) -> &Self {
        assert_eq!(self.asked, times, "{self:#?}");
        self
    }
}

/// The words of a command that runs the example `name`, under `TLSCONN_RUN` where that is set.
pub(crate) fn words(name: &str) -> Vec<OsString> {
    let run = std::env::var("TLSCONN_RUN").unwrap_or_default();
    let mut words: Vec<OsString> = run.split_whitespace().map(OsString::from).collect();
    words.push(directory().join(name).into());
    words
}

/// What the sanitizers look at; the exit code is one that no example uses.
pub(crate) fn environment() -> [(&'static str, String); 3] {
    ["ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"]
        .map(|name| (name, format!("exitcode={UNCLEAN}")))
}

/// A command that runs `words` and ends them when they hang. `--foreground` leaves them the
/// terminal.
pub(crate) fn bounded(words: &[OsString]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--foreground", "300"]).args(words).envs(environment());
    // Cargo points it at its own library; the programs know theirs.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Run an example without any terminal; `typed` is all of its standard input.
pub(crate) fn run(name: &str, arguments: &[&str], home: &Path, typed: &str) -> Outcome {
    let mut all: Vec<OsString> = vec!["setsid".into(), "--wait".into()];
    all.extend(words(name));
    all.extend(arguments.iter().map(OsString::from));
    let mut child = bounded(&all)
        .env("TLSCONN_DIR", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome::new(text(output.stdout), text(output.stderr), 0, output.status.code())
}

fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| std::env::var_os("TLSCONN_EXAMPLES").map_or_else(build, PathBuf::from))
}

/// Build them beside the library that this test was built with.
fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    // Test programs that run at the same time build one after the other.
    let lock = File::create(profile.join("examples.lock")).unwrap();
    lock.lock().unwrap();
    let status = Command::new("make")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--silent", "examples"])
        .arg(format!("LIBRARY={}", profile.display()))
        .arg(format!("CARGO_TARGET_DIR={}", profile.parent().unwrap().display()))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .status()
        .unwrap();
    assert!(status.success(), "make examples: {status}");
    profile.join("examples-c")
}
