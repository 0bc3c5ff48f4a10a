//! When a thread takes the application's signals.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The descriptor is ready.
    Ready,
    /// The time is over.
    Late,
    /// A signal handler ran, or the wait failed.
    Interrupted,
}

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// Something to read.
    Input,
    /// Room to write.
    Room,
}

/// Signals of this thread that are kept back until it [waits](Self::wait), so that no handler runs
/// unnoticed between two waits. Those of job control come as always: they stop a program.
#[derive(Debug)]
pub(crate) struct KeptBack(Option<SigSet>);

impl KeptBack {
    /// Keeps them back until this is dropped.
    pub(crate) fn new() -> Self {
        let mut kept = SigSet::all();
        for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGCONT] {
            kept.remove(signal);
        }
        Self(kept.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok())
    }

    /// Waits for a descriptor, or just waits, and lets signals come meanwhile.
    pub(crate) fn wait(&self, fd: Option<(BorrowedFd<'_>, For)>, limit: Duration) -> Waited {
        use nix::poll::{PollFd, PollFlags};

        let mut fds: Vec<PollFd<'_>> = fd
            .into_iter()
            .map(|(fd, what)| match what {
                For::Input => PollFd::new(fd, PollFlags::POLLIN),
                For::Room => PollFd::new(fd, PollFlags::POLLOUT),
            })
            .collect();
        match self.poll(&mut fds, limit) {
            Ok(0) => Waited::Late,
            Ok(_) => Waited::Ready,
            Err(_) => Waited::Interrupted,
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn poll(&self, fds: &mut [nix::poll::PollFd<'_>], limit: Duration) -> nix::Result<i32> {
        nix::poll::ppoll(fds, Some(limit.into()), self.0)
    }

    /// A handler that runs between the change of the mask and the wait is not noticed here.
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    fn poll(&self, fds: &mut [nix::poll::PollFd<'_>], limit: Duration) -> nix::Result<i32> {
        let kept = self.0.map(|before| before.thread_swap_mask(SigmaskHow::SIG_SETMASK));
        let limit = u16::try_from(limit.as_millis()).unwrap_or(u16::MAX);
        let polled = nix::poll::poll(fds, limit);
        if let Some(Ok(kept)) = kept {
            let _ = kept.thread_set_mask();
        }
        polled
    }
}

impl Drop for KeptBack {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // It can only fail for an invalid number.
            let _ = before.thread_set_mask();
        }
    }
}

/// Runs `work` with all signals blocked on this thread. A thread that is started meanwhile has them
/// blocked from its first instruction on, so its mask is never open.
pub(crate) fn without_signals<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(Option<SigSet>);
    impl Drop for Restore {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                // It can only fail for an invalid number.
                let _ = before.thread_set_mask();
            }
        }
    }
    let _restore = Restore(SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).ok());
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_kept_back_until_a_wait_ends_with_them() {
        let before = SigSet::thread_get_mask().unwrap();
        let kept = KeptBack::new();
        let during = SigSet::thread_get_mask().unwrap();
        assert!(during.contains(Signal::SIGINT) && !during.contains(Signal::SIGTSTP));
        assert_eq!(kept.wait(None, Duration::ZERO), Waited::Late);
        let file = std::fs::File::open("/dev/null").unwrap();
        let fd = std::os::fd::AsFd::as_fd(&file);
        for what in [For::Input, For::Room] {
            assert_eq!(kept.wait(Some((fd, what)), Duration::ZERO), Waited::Ready);
        }
        drop(kept);
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }

    #[test]
    fn a_thread_that_is_started_meanwhile_takes_no_signal_and_the_caller_does_again() {
        let before = SigSet::thread_get_mask().unwrap();
        let theirs = without_signals(|| {
            std::thread::spawn(|| SigSet::thread_get_mask().unwrap()).join().unwrap()
        });
        for signal in nix::sys::signal::Signal::iterator() {
            use nix::sys::signal::Signal::{SIGKILL, SIGSTOP};
            assert!(theirs.contains(signal) || matches!(signal, SIGKILL | SIGSTOP), "{signal}");
        }
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
    }
}
