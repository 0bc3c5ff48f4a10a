//! What a non-blocking connection waits for: a descriptor and a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Connection;
use super::closing::Closing;
use super::drive::busy;
use super::stage::{Driver, Stage};
use super::transport::Transport;
use crate::error::{CallCause, Error, Kind};
use crate::io::{Interest, Watch};
use crate::tls::Session;

impl Connection {
    /// The descriptor to poll for reading, the same one for the whole life of the connection, and
    /// the longest time to wait. `None`: for ever.
    ///
    /// # Errors
    ///
    /// [`Kind::Busy`] while another thread does the handshake; [`Kind::NoMemory`] if out of
    /// descriptors; [`Kind::Forked`].
    pub fn poll(&self) -> Result<(BorrowedFd<'_>, Option<Duration>), Error> {
        // A child process shares the watched set with its parent and must not change it.
        self.check_process()?;
        let wake = self.wake()?;
        let watch = match self.watch.get() {
            Some(watch) => watch,
            None => {
                let made = Watch::new()?;
                self.watch.get_or_init(|| made)
            }
        };
        // The wake was for a call that was made since, or is made next.
        let _ = self.hush(&wake);
        let driver = self.driver.try_lock().ok_or_else(|| busy("the handshake"))?;
        let transport = self.transport.lock().clone();
        let mut interests = self.all_interests(&driver, &transport);
        interests.push((wake.as_fd(), Interest::READ));
        watch.set(&interests)?;
        Ok((watch.as_fd(), self.patience_of(&driver)))
    }

    /// What to poll the caller's own socket for, and the longest time to wait. `None`: for ever. No
    /// descriptor is made for it, and it does not wake up when a question is answered or the
    /// connection is aborted.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] if the socket is not the caller's; [`Kind::Busy`] while another thread does
    /// the handshake; [`Kind::Forked`].
    pub(crate) fn poll_socket(&self) -> Result<(Interest, Option<Duration>), Error> {
        self.check_process()?;
        let driver = self.driver.try_lock().ok_or_else(|| busy("the handshake"))?;
        let transport = self.transport.lock().clone();
        if !matches!(transport, Transport::Given(_)) {
            let message =
                "only a connection over a descriptor of yours can do without one of the library's";
            return Err(Error::new(Kind::State, message).because(&CallCause::NotYourDescriptor));
        }
        let interests = self.all_interests(&driver, &transport);
        let interest = interests.first().map(|(_, interest)| *interest).unwrap_or_default();
        Ok((interest, self.patience_of(&driver)))
    }

    /// What to wait for on the transport, before and after the connection is open.
    fn all_interests<'a>(
        &self,
        driver: &'a Driver,
        transport: &'a Transport,
    ) -> Vec<(BorrowedFd<'a>, Interest)> {
        if !self.open.load(Ordering::Acquire) {
            return self.interests(driver, transport);
        }
        let (wants, reads_on) = self.told(|told| {
            let reads_on = told.closing.as_ref().is_some_and(Closing::reads_on);
            (told.wants, told.wants.end && reads_on)
        });
        let writable = self.has_output() || wants.write;
        let readable = wants.reads() || reads_on;
        let interest = Interest { readable, writable, ended: false };
        transport.socket().map(|socket| (socket, interest)).into_iter().collect()
    }

    /// The longest time to wait.
    fn patience_of(&self, driver: &Driver) -> Option<Duration> {
        if self.must_not_wait(driver) {
            return Some(Duration::ZERO);
        }
        let until = if self.open.load(Ordering::Acquire) {
            self.told(|told| {
                let closing = told.closing.as_ref().filter(|_| told.wants.end || told.wants.write);
                closing.and_then(Closing::next)
            })
        } else {
            Self::next_deadline(driver)
        };
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Whether a call gets further now, whatever the descriptor says. It must not be true after a
    /// call that got as far as it could, or an event loop spins.
    fn must_not_wait(&self, driver: &Driver) -> bool {
        let is_over = self.told(|told| told.failed.is_some());
        if is_over || self.aborted.load(Ordering::SeqCst) {
            return true;
        }
        let has_input = || self.session.lock().as_ref().is_some_and(Session::has_input);
        if self.open.load(Ordering::Acquire) {
            let (wants, is_closed) = self.told(|told| {
                let is_closed = told.closing.as_mut().is_some_and(Closing::take_news);
                // It is said once; the shutdown is called again, or it is not.
                told.wants.end &= !is_closed;
                (told.wants, is_closed)
            });
            let has_room = wants.write && self.has_room_in_memory();
            return is_closed || has_room || (wants.reads() && has_input());
        }
        match &driver.stage {
            // The first call has everything to do, and its timeouts begin with it.
            Stage::Start => true,
            Stage::Asking(pending) => {
                pending.question().answered().is_some() || self.client_is_gone()
            }
            // Once our side is complete, only the last flight is left to be sent.
            Stage::Shaking => {
                let session = self.session.lock();
                session.as_ref().is_some_and(|session| !session.is_open() && session.has_input())
            }
            Stage::Confirming => has_input(),
            Stage::Dialling(_) | Stage::Open => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::connection::{Outcome, Want};
    use crate::context::Context;

    #[test]
    fn a_socket_of_the_caller_is_polled_without_another_descriptor() {
        let (near, _far) = UnixStream::pair().unwrap();
        // The connection only borrows it.
        let near: &'static OwnedFd = Box::leak(Box::new(near.into()));
        let connection =
            Connection::over_socket(&Context::new(), near.as_fd(), "h", 1, false).unwrap();
        assert_eq!(connection.handshake().unwrap(), Outcome::Not(Want::Read));
        let (interest, timeout) = connection.poll_socket().unwrap();
        assert_eq!(interest, Interest::READ);
        assert!(timeout.is_some_and(|timeout| timeout > Duration::ZERO));
        assert!(connection.watch.get().is_none() && connection.wake.get().is_none());
    }

    #[test]
    fn without_a_socket_of_the_caller_there_is_nothing_to_poll() {
        let connection = Connection::in_memory(&Context::new(), "h", 1).unwrap();
        assert_eq!(connection.poll_socket().unwrap_err().kind(), Kind::State);
    }
}
