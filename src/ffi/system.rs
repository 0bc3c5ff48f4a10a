//! What the rooms below cannot ask the system themselves, because no safe crate does. They are
//! handed these functions.

use std::os::fd::BorrowedFd;

/// How many of the bytes that were sent on a stream socket the peer's system has not acknowledged;
/// the end of our direction counts as one. `None`: the system cannot tell.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64")),
    not(any(target_arch = "powerpc", target_arch = "powerpc64"))
))]
pub(super) fn unsent(socket: BorrowedFd<'_>) -> Option<usize> {
    use std::ffi::c_int;

    use rustix::ioctl::{Getter, Opcode, ioctl};

    /// SIOCOUTQ, which has the number of TIOCOUTQ; the processors left out have another one.
    const UNSENT: Opcode = 0x5411;

    // SAFETY: this request writes one int, and nothing else.
    let request = unsafe { Getter::<UNSENT, c_int>::new() };
    // SAFETY: the descriptor is open, and the request is sound for every kind of descriptor.
    let count = unsafe { ioctl(socket, request) };
    usize::try_from(count.ok()?).ok()
}

/// On this system nobody has been found to ask.
#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64")),
    not(any(target_arch = "powerpc", target_arch = "powerpc64"))
)))]
pub(super) const fn unsent(_: BorrowedFd<'_>) -> Option<usize> {
    None
}

#[cfg(test)]
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests;
