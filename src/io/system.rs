//! Errors of the operating system, as our own.

use rustix::io::Errno;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::rand::GetRandomFlags;

use crate::error::{CallCause, Error, Kind};
pub(super) use crate::process::without_number;

/// The system's message for `errno`, without its number.
pub(super) fn words(errno: Errno) -> String {
    without_number(&std::io::Error::from(errno))
}

/// Whether the process or the machine ran out of a resource; for sockets and what waits for them,
/// no space means that no more descriptors can be watched.
pub(super) const fn is_exhausted(errno: Errno) -> bool {
    crate::process::is_exhausted(errno) || matches!(errno, Errno::NOSPC)
}

/// The error for `what`, a noun or a clause, that failed with `errno`.
pub(super) fn failed(what: &str, errno: Errno) -> Error {
    let kind = if is_exhausted(errno) { Kind::NoMemory } else { Kind::Io };
    let error = Error::new(kind, format!("{what}: {}", words(errno)));
    match errno {
        Errno::MFILE => error.because(&CallCause::OpenFiles),
        Errno::NFILE => error.because(&CallCause::OpenFilesOfMachine),
        Errno::NOSPC => error.because(&CallCause::Watches),
        Errno::NOMEM | Errno::NOBUFS => error.because(&CallCause::Memory),
        _ => error,
    }
}

/// Whether the system gives random numbers. What cryptography needs of them it takes by itself, and
/// where it is refused them it ends the process: so they are asked for before.
///
/// # Errors
///
/// [`Kind::Unsupported`] with the system's message, such as where a filter of system calls stands
/// in the way.
pub(crate) fn check_random() -> Result<(), Error> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return refused(rustix::rand::getrandom(&mut [0_u8; 1], GetRandomFlags::NONBLOCK).err());
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return Ok(());
}

#[cfg(any(test, target_os = "linux", target_os = "android"))]
fn refused(errno: Option<Errno>) -> Result<(), Error> {
    match errno {
        // Not yet: whoever needs them waits. Not at all: they come from /dev/urandom then.
        None | Some(Errno::INTR | Errno::AGAIN | Errno::NOSYS) => Ok(()),
        Some(errno) => {
            let message = format!("the operating system gives no random numbers: {}", words(errno));
            Err(Error::new(Kind::Unsupported, message).because(&CallCause::Random))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_that_are_refused_are_an_error_and_late_ones_are_not() {
        check_random().unwrap();
        for fine in [Errno::INTR, Errno::AGAIN, Errno::NOSYS] {
            refused(Some(fine)).unwrap();
        }
        let error = refused(Some(Errno::PERM)).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
        let words = "the operating system gives no random numbers: Operation not permitted";
        assert_eq!(error.message(), words);
    }

    #[test]
    fn the_number_of_an_error_is_not_shown() {
        assert_eq!(failed("x", Errno::CONNRESET).message(), "x: Connection reset by peer");
    }

    #[test]
    fn running_out_of_descriptors_is_its_own_kind_with_a_hint() {
        let error = failed("x", Errno::MFILE);
        assert_eq!(error.kind(), Kind::NoMemory);
        assert!(error.hint().contains("limit of open files"));
        assert_eq!(failed("x", Errno::IO).kind(), Kind::Io);
    }
}
