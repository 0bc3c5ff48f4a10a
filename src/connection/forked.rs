//! A connection in a child of the process that made it.
//!
//! A thread that the child does not have may have locked a part of it, and left that half-changed.
//! So in a child no lock of a connection is taken, and what was locked is neither looked at nor
//! freed.

use std::mem::{forget, take};

use parking_lot::Mutex;

use super::Connection;
use super::transport::Transport;
use crate::error::{CallCause, Error, Kind};

impl Connection {
    /// Whether this is the process that made the connection.
    pub(super) fn is_here(&self) -> bool {
        self.birth.is_here()
    }

    pub(super) fn check_process(&self) -> Result<(), Error> {
        if self.is_here() {
            return Ok(());
        }
        let message = "a connection does not survive a fork: make a new one in the child";
        Err(Error::new(Kind::Forked, message).because(&CallCause::ForkedConnection))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_here() {
            return;
        }
        let Self {
            context: _,
            snapshot: _,
            blocking: _,
            birth: _,
            side: _,
            transport,
            driver,
            reading: _,
            writing: _,
            incoming,
            outgoing,
            session,
            open: _,
            aborted: _,
            wake: _,
            watch: _,
            unsent: _,
            told,
        } = self;
        if transport.is_locked() {
            forget(std::mem::replace(transport.get_mut(), Transport::None));
        }
        forget_if_locked(driver);
        forget_if_locked(incoming);
        forget_if_locked(outgoing);
        forget_if_locked(session);
        forget_if_locked(told);
    }
}

fn forget_if_locked<T: Default>(lock: &mut Mutex<T>) {
    if lock.is_locked() {
        forget(take(lock.get_mut()));
    }
}

#[cfg(test)]
mod tests {
    use crate::context::Context;
    use crate::process::Birth;

    use super::*;

    /// A connection in a child, with everything locked by a thread of the parent.
    fn locked_elsewhere() -> Connection {
        let mut connection = Connection::in_memory(&Context::new(), "h.example", 1).unwrap();
        connection.begin_in_memory().unwrap();
        connection.birth = Birth::ELSEWHERE;
        forget(connection.transport.lock());
        forget(connection.driver.lock());
        forget(connection.reading.lock());
        forget(connection.writing.lock());
        forget(connection.incoming.lock());
        forget(connection.outgoing.lock());
        forget(connection.session.lock());
        forget(connection.told.lock());
        connection
    }

    #[test]
    fn every_call_that_can_fail_says_so_in_a_child_and_takes_no_lock() {
        let it = locked_elsewhere();
        let room = &mut [0; 8];
        let calls = [
            it.handshake().err(),
            it.read(room).err(),
            it.write(b"x").err(),
            it.shutdown().err(),
            it.memory_input(b"x").err(),
            it.memory_output(room).err(),
            it.poll().err(),
            it.poll_socket().err(),
            it.recheck().err(),
            it.set_verify_name("other.example").err(),
            it.error(),
        ];
        for (number, error) in calls.into_iter().enumerate() {
            assert_eq!(error.map(|error| error.kind()), Some(Kind::Forked), "call {number}");
        }
    }

    #[test]
    fn what_is_told_about_a_connection_is_nothing_in_a_child_and_takes_no_lock() {
        let it = locked_elsewhere();
        it.abort();
        assert!(it.question().is_none() && it.endpoint().is_none() && it.identity().is_none());
        assert!(it.certified().is_none() && it.reason().is_none());
        assert!(it.peer_certificate(0).is_none() && it.address().is_empty());
        assert!(it.info().version.is_empty() && !it.is_blocking());
        assert_eq!((it.server_name(), it.whom()), (String::new(), "the peer".to_owned()));
        assert!(format!("{it:?}").contains("the peer"));
    }

    #[test]
    fn a_child_frees_no_part_that_was_locked() {
        // A leak would be no failure, and a double free would end this process.
        drop(locked_elsewhere());
    }
}
