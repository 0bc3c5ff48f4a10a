//! The environment, as far as it may be believed.
//!
//! A program that runs with rights that whoever started it does not have (set-user-ID,
//! set-group-ID, file capabilities) believes none of its variables: they are the caller's. Every
//! variable is read here, and the header lists them.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::process::{getegid, geteuid, getgid, getuid};

/// Where the system tells a process what it must know from the start.
const AUXILIARY: &str = "/proc/self/auxv";

/// The number of the entry that is not 0 for a process that must not believe its caller.
const AT_SECURE: usize = 23;

/// A variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// The user's directory.
    Home,
    /// The directory of our own layout.
    TlsconnDir,
    /// The system's authorities, in a file.
    CertFile,
    /// The system's authorities, in directories.
    CertDir,
}

impl Variable {
    const fn name(self) -> &'static str {
        match self {
            Self::Home => "HOME",
            Self::TlsconnDir => "TLSCONN_DIR",
            Self::CertFile => "SSL_CERT_FILE",
            Self::CertDir => "SSL_CERT_DIR",
        }
    }

    /// Its value. `None`: it is not set, is empty, or is not to be believed.
    pub(crate) fn value(self) -> Option<OsString> {
        let value = std::env::var_os(self.name()).filter(|value| !value.is_empty());
        value.filter(|_| is_believed())
    }
}

/// What the C library was told when the process began, if it was asked.
static SAID: AtomicU8 = AtomicU8::new(NOTHING);
const NOTHING: u8 = 0;
const SECURE: u8 = 1;
const NOT_SECURE: u8 = 2;

/// Takes note of what the system says: whether this process must not believe its caller.
pub(crate) fn the_system_says(is_secure: bool) {
    SAID.store(if is_secure { SECURE } else { NOT_SECURE }, Ordering::Relaxed);
}

/// Whether the environment comes from somebody who has all rights of this process.
fn is_believed() -> bool {
    if getuid() != geteuid() || getgid() != getegid() {
        return false;
    }
    match SAID.load(Ordering::Relaxed) {
        SECURE => return false,
        NOT_SECURE => return true,
        _ => {}
    }
    match std::fs::read(AUXILIARY) {
        Ok(entries) => !is_secure(&entries),
        // There is no such file on this system, or none where the process was locked up.
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        // The system closes it to a process that has less rights now than it began with, whatever
        // the reason.
        Err(_) => false,
    }
}

/// Whether these entries, each a number and a value, say that the caller must not be believed.
fn is_secure(entries: &[u8]) -> bool {
    const WORD: usize = size_of::<usize>();
    let (pairs, _) = entries.as_chunks::<{ 2 * WORD }>();
    pairs.iter().any(|pair| {
        let (number, value) = pair.split_at(WORD);
        number == AT_SECURE.to_ne_bytes() && value.iter().any(|byte| *byte != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_the_system_decides_whether_the_caller_is_believed() {
        let entry =
            |number: usize, value: usize| [number.to_ne_bytes(), value.to_ne_bytes()].concat();
        let with = |secure| [entry(6, 4096), entry(AT_SECURE, secure), entry(0, 0)].concat();
        assert!(!is_secure(&with(0)));
        assert!(is_secure(&with(1)));
        assert!(!is_secure(&[]));
        assert!(!is_secure(&entry(4096, AT_SECURE)));
        // Half an entry is none.
        assert!(!is_secure(&with(1)[..size_of::<usize>() * 3]));
    }

    #[test]
    fn this_process_believes_who_started_it() {
        assert!(is_believed());
    }
}
