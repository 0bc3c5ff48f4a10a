//! From a host name to addresses, without blocking the caller.
//!
//! The system's resolver has no deadline and cannot be interrupted, so it runs on threads of the
//! library's own; see `lookups`. An IP address needs none.

mod lookups;

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use crate::error::Error;
use lookups::{Answer, Lookups};

/// A host name being resolved.
#[derive(Debug)]
pub(super) struct Resolving {
    port: u16,
    state: State,
}

#[derive(Debug)]
enum State {
    Literal(IpAddr),
    Asked(Arc<Answer>),
}

impl Resolving {
    /// Asks the system for the addresses of `host`. An IP address is its own answer, and needs no
    /// thread.
    ///
    /// # Errors
    ///
    /// [`Kind::NoMemory`] if out of threads or descriptors.
    pub(super) fn start(host: &str, port: u16) -> Result<Self, Error> {
        Self::start_with(Lookups::of_process(), host, port)
    }

    /// The addresses in the system's order, at least one. `None`: there is no answer yet.
    ///
    /// The inner error is [`Kind::Resolve`] with the host and why, or
    /// [`Kind::NoMemory`].
    #[must_use]
    pub(super) fn poll(&self) -> Option<Result<Vec<SocketAddr>, Error>> {
        match &self.state {
            State::Literal(address) => Some(Ok(vec![SocketAddr::new(*address, self.port)])),
            State::Asked(answer) => {
                let mut found = answer.found()?;
                for address in found.iter_mut().flatten() {
                    address.set_port(self.port);
                }
                Some(found)
            }
        }
    }

    /// What becomes readable when there is an answer. `None`: it was there at once.
    #[must_use]
    pub(super) fn done(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Literal(_) => None,
            State::Asked(answer) => Some(answer.as_fd()),
        }
    }

    fn start_with(lookups: &Arc<Lookups>, host: &str, port: u16) -> Result<Self, Error> {
        let state = match host.parse::<IpAddr>() {
            Ok(address) => State::Literal(address),
            Err(_) => State::Asked(lookups.ask(host)?),
        };
        Ok(Self { port, state })
    }
}

#[cfg(test)]
mod tests;
