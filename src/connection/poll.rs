//! What a non-blocking connection waits for, as one descriptor and a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::drive::busy;
use super::{Connection, Want};
use crate::error::Error;
use crate::io::{Interest, Watch};
use crate::tls::Session;

/// What the last unfinished calls wait for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    pub(super) read: Option<Want>,
    pub(super) write: Option<Want>,
}

impl Connection {
    /// The descriptor to poll for reading, the same one for the connection's whole life, and
    /// how long to wait at most; nothing: for ever.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Busy`] while another thread is at the handshake;
    /// [`crate::error::Kind::NoMemory`] where no descriptor is left;
    /// [`crate::error::Kind::Forked`].
    pub fn poll(&self) -> Result<(BorrowedFd<'_>, Option<Duration>), Error> {
        // What is watched is the parent's too: a child that changed it would change both.
        self.check_process()?;
        let wake = self.wake()?;
        let watch = match self.watch.get() {
            Some(watch) => watch,
            None => {
                let made = Watch::new()?;
                self.watch.get_or_init(|| made)
            }
        };
        // What rang before was for a call that has been made since, or is made next.
        let _ = self.hush(&wake);
        let driver = self.driver.try_lock().ok_or_else(|| busy("the handshake"))?;
        let transport = self.transport.lock().clone();
        let open = self.open.load(Ordering::Acquire);
        let mut interests = if open {
            let wants = *self.wants.lock();
            let writable = self.has_output() || wants.write.is_some();
            let readable = wants.read.is_some() || wants.write.is_none();
            let interest = Interest { readable, writable };
            transport.socket().map(|socket| (socket, interest)).into_iter().collect()
        } else {
            self.interests(&driver, &transport)
        };
        interests.push((wake.as_fd(), Interest { readable: true, writable: false }));
        watch.set(&interests)?;
        let timeout = if self.must_not_wait() {
            Some(Duration::ZERO)
        } else if open {
            None
        } else {
            let now = Instant::now();
            Self::next_deadline(&driver).map(|until| until.saturating_duration_since(now))
        };
        Ok((watch.as_fd(), timeout))
    }

    /// Whether a call would get on at once, whatever the descriptor says.
    fn must_not_wait(&self) -> bool {
        let over = self.failed.lock().is_some() || self.aborted.load(Ordering::SeqCst);
        let answered =
            self.question.lock().as_ref().is_some_and(|question| question.answered().is_some());
        let wants = *self.wants.lock();
        let reads = wants.read.is_some() || wants.write.is_none();
        let plaintext = reads && self.session.lock().as_ref().is_some_and(Session::has_input);
        over || answered || plaintext
    }
}
