//! A descriptor that a signal handler or another thread makes readable.
//!
//! It is an eventfd on Linux and a pipe elsewhere. Signalled once or a hundred times, it is
//! readable until cleared. It has no lock. After a fork parent and child share it: the child must
//! leave it alone.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;

use super::system::failed;
use crate::error::Error;

#[cfg(any(target_os = "linux", target_os = "android"))]
use counter as inner;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use tube as inner;

/// A wait that any thread can end.
#[derive(Debug)]
pub(crate) struct Wake(inner::Bell);

impl Wake {
    /// A wake-up that is not signalled.
    ///
    /// # Errors
    ///
    /// [`Kind::NoMemory`](crate::error::Kind::NoMemory) if out of descriptors.
    pub(crate) fn new() -> Result<Self, Error> {
        Self::try_new()
            .map_err(|errno| failed("no descriptor can be made to wake the connection", errno))
    }

    /// The same, with the system's own error.
    pub(super) fn try_new() -> Result<Self, Errno> {
        inner::Bell::new().map(Self)
    }

    /// Makes it readable, and wakes everybody who waits for it.
    ///
    /// Async-signal-safe: one system call, no lock, no allocation. On Linux `errno` stays as it
    /// was, because the call does not go through the C library.
    pub(crate) fn signal(&self) {
        self.0.ring();
    }

    /// Makes it unreadable until it is signalled again.
    pub(crate) fn clear(&self) {
        self.0.hush();
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod counter {
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

    use rustix::event::{EventfdFlags, eventfd};
    use rustix::io::{Errno, read, write};

    use crate::process::above_standard;

    #[derive(Debug)]
    pub(super) struct Bell(OwnedFd);

    impl Bell {
        pub(super) fn new() -> Result<Self, Errno> {
            let made = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            above_standard(made).map(Self)
        }

        pub(super) fn ring(&self) {
            // This fails only if the counter is full, and then it is readable already.
            let _ = write(&self.0, &1_u64.to_ne_bytes());
        }

        pub(super) fn hush(&self) {
            // This fails only if nobody has signalled.
            let _ = read(&self.0, &mut [0_u8; 8]);
        }
    }

    impl AsFd for Bell {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
}

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod tube {
    use std::io::pipe;
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

    use rustix::io::{Errno, ioctl_fionbio, read, write};

    use crate::process::above_standard;

    #[derive(Debug)]
    pub(super) struct Bell {
        reader: OwnedFd,
        writer: OwnedFd,
    }

    impl Bell {
        pub(super) fn new() -> Result<Self, Errno> {
            let (reader, writer) =
                pipe().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
            let reader = above_standard(reader.into())?;
            let writer = above_standard(writer.into())?;
            ioctl_fionbio(&reader, true)?;
            ioctl_fionbio(&writer, true)?;
            Ok(Self { reader, writer })
        }

        pub(super) fn ring(&self) {
            // A full pipe is readable already.
            while write(&self.writer, &[1]) == Err(Errno::INTR) {}
        }

        pub(super) fn hush(&self) {
            let mut rubbish = [0_u8; 256];
            while matches!(read(&self.reader, &mut rubbish), Ok(1..) | Err(Errno::INTR)) {}
        }
    }

    impl AsFd for Bell {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.reader.as_fd()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::wait::{Interest, Woken, wait};
    use super::*;

    fn is_readable(fd: BorrowedFd<'_>) -> bool {
        wait(&[(fd, Interest::READ)], None, Some(Instant::now())) == Ok(Woken::Ready)
    }

    #[test]
    fn a_wake_up_is_readable_from_its_signal_to_its_clearing() {
        let wake = Wake::new().unwrap();
        assert!(!is_readable(wake.as_fd()));
        wake.signal();
        assert!(is_readable(wake.as_fd()));
        wake.clear();
        assert!(!is_readable(wake.as_fd()));
    }

    #[test]
    fn one_clearing_ends_any_number_of_signals() {
        let wake = Wake::new().unwrap();
        for _ in 0..1000 {
            wake.signal();
        }
        wake.clear();
        assert!(!is_readable(wake.as_fd()));
        wake.signal();
        assert!(is_readable(wake.as_fd()));
    }

    #[test]
    fn clearing_what_nobody_signalled_returns_at_once() {
        let wake = Wake::new().unwrap();
        wake.clear();
        assert!(!is_readable(wake.as_fd()));
    }

    #[test]
    fn the_pipe_of_other_platforms_keeps_the_same_promises() {
        let bell = tube::Bell::new().unwrap();
        bell.hush();
        assert!(!is_readable(bell.as_fd()));
        // More than any pipe holds: a signal to a full pipe must not block.
        for _ in 0..200_000 {
            bell.ring();
        }
        assert!(is_readable(bell.as_fd()));
        bell.hush();
        assert!(!is_readable(bell.as_fd()));
    }

    #[test]
    fn a_wake_up_does_not_reach_programs_that_are_started() {
        let wake = Wake::new().unwrap();
        let flags = rustix::io::fcntl_getfd(&wake).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }
}
