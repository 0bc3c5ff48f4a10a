//! The one place where a thread of the caller sleeps: until a descriptor is ready, a wake-up is
//! signalled, or a deadline passes.
//!
//! The caller does not see signals that interrupt the sleep: it continues for the remaining time.
//! The clock is the monotonic one, and is read once per sleep.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::system::failed;
use super::wake::Wake;
use crate::error::{CallCause, Error, Kind};
use crate::process::may_wait;

/// The longest single sleep. Some systems count milliseconds in an `int`, so a longer sleep is
/// split.
const LONGEST: Timespec = Timespec { tv_sec: 86_400, tv_nsec: 0 };

/// What to wait for on a descriptor. Errors and the end of the stream make it ready as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interest {
    /// Until there is something to read.
    pub readable: bool,
    /// Until there is room to write.
    pub writable: bool,
    /// Until the peer ends its direction of the stream, on systems that can tell.
    pub ended: bool,
}

impl Interest {
    /// Only reading.
    pub(crate) const READ: Self = Self { readable: true, writable: false, ended: false };
    /// Only writing.
    pub(crate) const WRITE: Self = Self { readable: false, writable: true, ended: false };
    /// Only the end.
    pub(crate) const END: Self = Self { readable: false, writable: false, ended: true };

    pub(super) const fn is_none(self) -> bool {
        !self.readable && !self.writable && !self.ended
    }
}

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// At least one descriptor is ready.
    Ready,
    /// The wake-up was signalled. It stays signalled until its owner clears it.
    Signalled,
    /// The deadline passed, and nothing was ready.
    Late,
}

/// Waits until one of `fds` is ready, `wake` is signalled or `until` is reached.
///
/// A signalled wake-up takes precedence over a ready descriptor. With a deadline in the past it
/// checks once, and never blocks. Without a deadline it waits for ever; an empty interest is
/// ignored.
///
/// # Errors
///
/// [`Kind::Invalid`] if a descriptor is not open; [`Kind::Internal`] if there is nothing at all to
/// wait for; [`Kind::NoMemory`] or [`Kind::Io`] with the system's error message.
pub(crate) fn wait(
    fds: &[(BorrowedFd<'_>, Interest)],
    wake: Option<&Wake>,
    until: Option<Instant>,
) -> Result<Woken, Error> {
    wait_by(fds, wake, until, poll, Instant::now)
}

/// Whether the peer has ended its direction of the stream, or the connection is gone.
///
/// Nothing is read, and data that arrived before the end is still there. If the system cannot tell
/// the end of one direction, only the end of both counts.
#[must_use]
pub(crate) fn hung_up(fd: BorrowedFd<'_>) -> bool {
    let gone = end_of_stream() | PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    let mut one = [PollFd::from_borrowed_fd(fd, end_of_stream())];
    while poll(&mut one, Some(&Timespec::default())) == Err(Errno::INTR) {}
    one.iter().any(|one| one.revents().intersects(gone))
}

/// Whether the stream is over in both directions, by an end of each or by a failure.
#[must_use]
pub(crate) fn is_over(fd: BorrowedFd<'_>) -> bool {
    let mut one = [PollFd::from_borrowed_fd(fd, PollFlags::empty())];
    while poll(&mut one, Some(&Timespec::default())) == Err(Errno::INTR) {}
    let over = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    one.iter().any(|one| one.revents().intersects(over))
}

const fn end_of_stream() -> PollFlags {
    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "illumos"
    ))]
    return PollFlags::RDHUP;
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "illumos"
    )))]
    return PollFlags::empty();
}

/// [`wait()`] with a system call and a clock that a test can replace.
fn wait_by(
    fds: &[(BorrowedFd<'_>, Interest)],
    wake: Option<&Wake>,
    until: Option<Instant>,
    mut poll: impl FnMut(&mut [PollFd<'_>], Option<&Timespec>) -> rustix::io::Result<usize>,
    mut now: impl FnMut() -> Instant,
) -> Result<Woken, Error> {
    may_wait();
    let wanted = fds.iter().filter(|(_, interest)| !interest.is_none());
    let mut watched: Vec<PollFd<'_>> = wake
        .map(|wake| PollFd::from_borrowed_fd(wake.as_fd(), PollFlags::IN))
        .into_iter()
        .chain(wanted.map(|(fd, interest)| PollFd::from_borrowed_fd(*fd, flags(*interest))))
        .collect();
    if watched.is_empty() && until.is_none() {
        return Err(Error::new(Kind::Internal, "there is nothing to wait for"));
    }
    loop {
        let left = until.map(|until| piece(until.saturating_duration_since(now())));
        match poll(&mut watched, left.as_ref()) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed("waiting for a connection", errno)),
            Ok(0) if left.is_some_and(|left| left != LONGEST) => return Ok(Woken::Late),
            Ok(0) => {}
            Ok(_) => return judge(&watched, wake.is_some()),
        }
    }
}

/// How long to sleep this time, out of the remaining time.
fn piece(left: Duration) -> Timespec {
    Timespec::try_from(left).map_or(LONGEST, |left| left.min(LONGEST))
}

fn judge(watched: &[PollFd<'_>], has_wake: bool) -> Result<Woken, Error> {
    let signalled = watched.first().is_some_and(|first| first.revents().contains(PollFlags::IN));
    if has_wake && signalled {
        return Ok(Woken::Signalled);
    }
    match watched.iter().find(|one| one.revents().contains(PollFlags::NVAL)) {
        None => Ok(Woken::Ready),
        Some(closed) => Err(not_open(closed.as_fd())),
    }
}

/// The error for a descriptor that was closed too early.
pub(super) fn not_open(fd: BorrowedFd<'_>) -> Error {
    Error::new(Kind::Invalid, format!("descriptor {} is not open", fd.as_raw_fd()))
        .because(&CallCause::ClosedDescriptor)
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, interest.readable);
    flags.set(PollFlags::OUT, interest.writable);
    flags.set(end_of_stream(), interest.ended);
    flags
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    use super::*;

    /// Far enough for any machine; a test that gets there has failed.
    fn in_a_minute() -> Option<Instant> {
        Instant::now().checked_add(Duration::from_secs(60))
    }

    #[test]
    fn a_past_deadline_is_late() {
        let (near, _far) = UnixStream::pair().unwrap();
        let past = Some(Instant::now());
        assert_eq!(wait(&[(near.as_fd(), Interest::READ)], None, past), Ok(Woken::Late));
        assert_eq!(wait(&[], None, past), Ok(Woken::Late));
    }

    #[test]
    fn what_is_ready_counts_even_after_the_deadline() {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"x").unwrap();
        let past = Some(Instant::now());
        assert_eq!(wait(&[(near.as_fd(), Interest::READ)], None, past), Ok(Woken::Ready));
    }

    #[test]
    fn room_to_write_ends_waiting_only_for_writing() {
        let (near, _far) = UnixStream::pair().unwrap();
        let both = Interest { writable: true, ..Interest::READ };
        let past = Some(Instant::now());
        assert_eq!(wait(&[(near.as_fd(), Interest::WRITE)], None, None), Ok(Woken::Ready));
        assert_eq!(wait(&[(near.as_fd(), both)], None, None), Ok(Woken::Ready));
        assert_eq!(wait(&[(near.as_fd(), Interest::READ)], None, past), Ok(Woken::Late));
    }

    #[test]
    fn another_thread_ends_waiting_by_a_signal() {
        let (near, _far) = UnixStream::pair().unwrap();
        let wake = Arc::new(Wake::new().unwrap());
        let theirs = Arc::clone(&wake);
        let aborter = std::thread::spawn(move || theirs.signal());
        let woken = wait(&[(near.as_fd(), Interest::READ)], Some(&wake), in_a_minute());
        assert_eq!(woken, Ok(Woken::Signalled));
        aborter.join().unwrap();
    }

    #[test]
    fn a_signal_comes_before_a_ready_descriptor_and_stays() {
        let (near, _far) = UnixStream::pair().unwrap();
        let wake = Wake::new().unwrap();
        wake.signal();
        for _ in 0..2 {
            let woken = wait(&[(near.as_fd(), Interest::WRITE)], Some(&wake), None);
            assert_eq!(woken, Ok(Woken::Signalled));
        }
    }

    #[test]
    fn an_interest_in_nothing_is_not_waited_for() {
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        let nothing = Interest::default();
        let woken = wait(&[(near.as_fd(), nothing)], None, Some(Instant::now()));
        assert_eq!(woken, Ok(Woken::Late));
    }

    #[test]
    fn waiting_for_nothing_without_end_is_refused() {
        assert_eq!(wait(&[], None, None).unwrap_err().kind(), Kind::Internal);
    }

    #[test]
    fn an_interrupted_sleep_goes_on_with_the_time_that_is_left() {
        let start = Instant::now();
        let mut clock = (0_u64..).map(|second| start + Duration::from_secs(second * 4));
        let mut slept = Vec::new();
        let woken = wait_by(
            &[],
            None,
            start.checked_add(Duration::from_secs(10)),
            |_, left| {
                slept.push(left.unwrap().tv_sec);
                if slept.len() < 4 { Err(Errno::INTR) } else { Ok(0) }
            },
            || clock.next().unwrap(),
        );
        assert_eq!(woken, Ok(Woken::Late));
        assert_eq!(slept, [10, 6, 2, 0]);
    }

    #[test]
    fn a_sleep_of_months_is_slept_in_days() {
        let start = Instant::now();
        let mut clock = (0_u32..).map(|day| start + Duration::from_secs(86_400) * day);
        let mut days = 0;
        let woken = wait_by(
            &[],
            None,
            start.checked_add(Duration::from_secs(86_400 * 60)),
            |_, left| {
                assert!(left.unwrap() <= &LONGEST);
                days += 1;
                Ok(0)
            },
            || clock.next().unwrap(),
        );
        assert_eq!(woken, Ok(Woken::Late));
        assert_eq!(days, 61);
    }

    #[test]
    fn a_failure_of_the_system_is_told_in_its_words() {
        let error =
            wait_by(&[], None, in_a_minute(), |_, _| Err(Errno::NOMEM), Instant::now).unwrap_err();
        assert_eq!(error.kind(), Kind::NoMemory);
        assert_eq!(error.message(), "waiting for a connection: Cannot allocate memory");
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn a_peer_that_ended_its_direction_has_hung_up_even_before_its_last_bytes_are_read() {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"last words").unwrap();
        assert!(!hung_up(near.as_fd()));
        far.shutdown(Shutdown::Write).unwrap();
        assert!(hung_up(near.as_fd()));
        assert!(!hung_up(far.as_fd()));
    }

    #[test]
    fn a_stream_is_over_when_both_directions_have_ended() {
        let (near, far) = UnixStream::pair().unwrap();
        near.shutdown(Shutdown::Write).unwrap();
        assert!(!is_over(near.as_fd()));
        far.shutdown(Shutdown::Write).unwrap();
        assert!(is_over(near.as_fd()));
    }

    #[test]
    fn a_peer_that_is_gone_has_hung_up() {
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        assert!(hung_up(near.as_fd()));
    }
}
