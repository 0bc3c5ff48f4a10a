//! Descriptors that are never a standard stream.
//!
//! A program may have closed 0, 1 or 2, and a new descriptor gets the lowest free number. What is
//! printed later would then go to our peer, or into the file of known servers. So whatever the
//! library opens is opened here, or moved here.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::path::Arg;

/// The lowest number that is no standard stream.
const FIRST: i32 = 3;

/// The same descriptor under a number that is not 0, 1 or 2.
pub(crate) fn above_standard(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() >= FIRST { Ok(fd) } else { fcntl_dupfd_cloexec(&fd, FIRST) }
}

/// Opens a file. Programs that are started do not get it.
pub(crate) fn open(path: impl Arg, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    above_standard(rustix::fs::open(path, flags | OFlags::CLOEXEC, mode)?)
}

/// Opens a file in a directory. Programs that are started do not get it.
pub(crate) fn openat(
    directory: impl AsFd,
    path: impl Arg,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    above_standard(rustix::fs::openat(directory, path, flags | OFlags::CLOEXEC, mode)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_never_a_standard_stream_and_reaches_no_program_that_is_started() {
        // Whatever number it gets first, a copy of it is what a low one would become.
        let file = open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
        let moved = fcntl_dupfd_cloexec(&file, FIRST).unwrap();
        for fd in [file, moved] {
            assert!(fd.as_raw_fd() >= FIRST);
            let flags = rustix::io::fcntl_getfd(&fd).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
    }
}
