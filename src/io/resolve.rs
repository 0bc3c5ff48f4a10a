//! From a host name to addresses, without blocking the caller.
//!
//! The system's resolver has no deadline and cannot be interrupted, so it runs on a thread of its
//! own, named `tlsconn-resolve`: the only thread that this library starts. The thread owns all that
//! it uses, and ends by itself if nobody waits any longer. It inherits the signal mask of the
//! thread that dials. A child that is forked meanwhile has no such thread and never gets an answer.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, OnceLock};

use rustix::io::Errno;

use super::system::{failed, is_exhausted, without_number};
use super::wake::Wake;
use crate::error::{Error, Kind};

/// A host name being resolved.
#[derive(Debug)]
pub(super) struct Resolving(State);

#[derive(Debug)]
enum State {
    Literal(SocketAddr),
    Asked(Arc<Answer>),
}

/// The result of the thread.
#[derive(Debug)]
struct Answer {
    found: OnceLock<Result<Vec<SocketAddr>, Error>>,
    done: Wake,
}

impl Resolving {
    /// Asks the system for the addresses of `host`. An IP address is its own answer, and needs no
    /// thread.
    ///
    /// # Errors
    ///
    /// [`Kind::NoMemory`] if out of threads or descriptors.
    pub(super) fn start(host: &str, port: u16) -> Result<Self, Error> {
        Self::start_by(host, port, |host, port| {
            (host, port).to_socket_addrs().map(Iterator::collect)
        })
    }

    /// The addresses in the system's order, at least one. `None`: there is no answer yet.
    ///
    /// The inner error is [`Kind::Resolve`] with the host and the system's error message, or
    /// [`Kind::NoMemory`].
    #[must_use]
    pub(super) fn poll(&self) -> Option<Result<Vec<SocketAddr>, Error>> {
        match &self.0 {
            State::Literal(address) => Some(Ok(vec![*address])),
            State::Asked(answer) => answer.found.get().cloned(),
        }
    }

    /// What becomes readable when there is an answer. `None`: it was there at once.
    #[must_use]
    pub(super) fn done(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            State::Literal(_) => None,
            State::Asked(answer) => Some(answer.done.as_fd()),
        }
    }

    /// [`Self::start`] with a resolver that a test can replace.
    fn start_by(
        host: &str,
        port: u16,
        resolver: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> Result<Self, Error> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Self(State::Literal(SocketAddr::new(address, port))));
        }
        let answer = Arc::new(Answer { found: OnceLock::new(), done: Wake::new()? });
        let theirs = Arc::clone(&answer);
        let name = host.to_owned();
        std::thread::Builder::new()
            .name("tlsconn-resolve".to_owned())
            .spawn(move || {
                let found = judged(&name, resolver(&name, port));
                // Nobody else writes it.
                let _ = theirs.found.set(found);
                theirs.done.signal();
            })
            .map_err(|error| {
                let words = without_number(&error);
                Error::new(Kind::NoMemory, format!("no thread to look up {host}: {words}"))
                    .with_hint("raise the limit of threads, or dial an address")
            })?;
        Ok(Self(State::Asked(answer)))
    }
}

fn judged(host: &str, found: io::Result<Vec<SocketAddr>>) -> Result<Vec<SocketAddr>, Error> {
    let words = match found {
        Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
        Ok(_) => "the name has no address".to_owned(),
        Err(error) => match Errno::from_io_error(&error) {
            Some(errno) if is_exhausted(errno) => {
                return Err(failed(&format!("{host} cannot be looked up"), errno));
            }
            _ => without_number(&error),
        },
    };
    let words = words.trim_start_matches("failed to lookup address information: ");
    Err(Error::new(Kind::Resolve, format!("{host} cannot be looked up: {words}"))
        .with_hint("check the spelling of the name, and that this machine reaches a name server"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::super::wait::{Interest, Woken, wait};
    use super::*;

    fn answered(resolving: &Resolving) -> Result<Vec<SocketAddr>, Error> {
        let deadline = Instant::now().checked_add(Duration::from_secs(60));
        let woken = wait(&[(resolving.done().unwrap(), Interest::READ)], None, deadline);
        assert_eq!(woken, Ok(Woken::Ready));
        resolving.poll().unwrap()
    }

    #[test]
    fn an_address_is_its_own_answer_without_a_thread() {
        for literal in ["127.0.0.1", "::1"] {
            let resolving = Resolving::start_by(literal, 16514, |_, _| unreachable!()).unwrap();
            let expected = SocketAddr::new(literal.parse().unwrap(), 16514);
            assert_eq!(resolving.poll(), Some(Ok(vec![expected])));
            assert!(resolving.done().is_none());
        }
    }

    #[test]
    fn localhost_is_found_without_a_network() {
        let addresses = answered(&Resolving::start("localhost", 16514).unwrap()).unwrap();
        assert!(addresses.iter().all(|one| one.ip().is_loopback() && one.port() == 16514));
    }

    #[test]
    fn there_is_no_answer_before_the_resolver_has_one() {
        let (tell, told) = mpsc::channel();
        let resolving =
            Resolving::start_by("a.example", 7, move |_, _| Ok(told.recv().unwrap())).unwrap();
        assert_eq!(resolving.poll(), None);
        let woken =
            wait(&[(resolving.done().unwrap(), Interest::READ)], None, Some(Instant::now()));
        assert_eq!(woken, Ok(Woken::Late));
        let address: SocketAddr = "127.0.0.1:7".parse().unwrap();
        tell.send(vec![address]).unwrap();
        assert_eq!(answered(&resolving), Ok(vec![address]));
        assert_eq!(resolving.poll(), Some(Ok(vec![address])));
    }

    #[test]
    fn a_name_without_an_address_is_told_with_the_words_of_the_system() {
        let resolving = Resolving::start_by("typo.example", 7, |_, _| {
            let words = "failed to lookup address information: Name or service not known";
            Err(io::Error::other(words))
        })
        .unwrap();
        let error = answered(&resolving).unwrap_err();
        assert_eq!(error.kind(), Kind::Resolve);
        assert_eq!(error.message(), "typo.example cannot be looked up: Name or service not known");
        assert!(!error.hint().is_empty());
    }

    #[test]
    fn an_empty_answer_is_a_failure() {
        let resolving = Resolving::start_by("bare.example", 7, |_, _| Ok(Vec::new())).unwrap();
        assert_eq!(answered(&resolving).unwrap_err().kind(), Kind::Resolve);
    }

    #[test]
    fn a_resolver_without_descriptors_says_so_and_does_not_blame_the_name() {
        let resolving =
            Resolving::start_by("a.example", 7, |_, _| Err(Errno::MFILE.into())).unwrap();
        assert_eq!(answered(&resolving).unwrap_err().kind(), Kind::NoMemory);
    }

    #[test]
    fn a_resolver_that_nobody_waits_for_any_longer_ends_by_itself() {
        let (tell, told) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        let resolving = Resolving::start_by("a.example", 7, move |_, _| {
            let _dropped_with_the_thread: mpsc::Sender<()> = ended;
            Ok(told.recv().unwrap())
        })
        .unwrap();
        drop(resolving);
        tell.send(Vec::new()).unwrap();
        assert_eq!(
            end.recv_timeout(Duration::from_secs(60)),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }

    #[test]
    fn the_thread_has_a_name_that_people_find() {
        let (tell, told) = mpsc::channel();
        let _resolving = Resolving::start_by("a.example", 7, move |_, _| {
            tell.send(std::thread::current().name().map(str::to_owned)).unwrap();
            Ok(Vec::new())
        })
        .unwrap();
        assert_eq!(told.recv().unwrap().as_deref(), Some("tlsconn-resolve"));
    }
}
