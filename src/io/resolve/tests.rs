use std::collections::VecDeque;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::super::wait::{Interest, Woken, wait};
use super::lookups::MOST;
use super::*;
use crate::error::{Kind, NetworkCause};

/// A resolver whose every call is told, with what it has to wait for.
struct Slow {
    lookups: Arc<Lookups>,
    calls: mpsc::Receiver<(String, mpsc::Sender<()>)>,
}

fn slow(most: usize) -> Slow {
    let (tell, calls) = mpsc::channel();
    let lookups = Lookups::by(most, move |name| {
        let (go, wait) = mpsc::channel();
        tell.send((name.to_owned(), go)).unwrap();
        // Whoever drops the sender lets it go on.
        let _ = wait.recv();
        Ok(vec!["127.0.0.1:0".parse().unwrap()])
    });
    Slow { lookups, calls }
}

impl Slow {
    fn start(&self, name: &str) -> Resolving {
        Resolving::start_with(&self.lookups, name, 7).unwrap()
    }

    /// The name that a thread looks up now, and what lets it go on when dropped.
    fn next(&self) -> (String, mpsc::Sender<()>) {
        self.calls.recv().unwrap()
    }

    fn is_idle(&self) -> bool {
        matches!(self.calls.try_recv(), Err(mpsc::TryRecvError::Empty))
    }
}

fn found_by(
    resolver: impl Fn(&str) -> std::io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> Result<Vec<SocketAddr>, Error> {
    answered(&Resolving::start_with(&Lookups::by(MOST, resolver), "a.example", 7).unwrap())
}

fn answered(resolving: &Resolving) -> Result<Vec<SocketAddr>, Error> {
    let deadline = Instant::now().checked_add(Duration::from_secs(60));
    let woken = wait(&[(resolving.done().unwrap(), Interest::READ)], None, deadline);
    assert_eq!(woken, Ok(Woken::Ready));
    resolving.poll().unwrap()
}

#[test]
fn an_address_is_its_own_answer_without_a_thread() {
    let lookups = Lookups::by(1, |_| unreachable!());
    for literal in ["127.0.0.1", "::1"] {
        let resolving = Resolving::start_with(&lookups, literal, 16514).unwrap();
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
    let slow = slow(1);
    let resolving = slow.start("a.example");
    let (_, go) = slow.next();
    assert_eq!(resolving.poll(), None);
    let woken = wait(&[(resolving.done().unwrap(), Interest::READ)], None, Some(Instant::now()));
    assert_eq!(woken, Ok(Woken::Late));
    drop(go);
    let address: SocketAddr = "127.0.0.1:7".parse().unwrap();
    assert_eq!(answered(&resolving), Ok(vec![address]));
    assert_eq!(resolving.poll(), Some(Ok(vec![address])));
}

#[test]
fn one_name_is_looked_up_once_for_all_who_want_it_at_the_same_time() {
    let slow = slow(8);
    let first = slow.start("a.example");
    let (_, go) = slow.next();
    let second = slow.start("a.example");
    drop(first);
    let third = slow.start("a.example");
    assert_eq!(slow.lookups.threads(), 1);
    drop(go);
    assert_eq!(answered(&second), answered(&third));
    assert!(slow.is_idle());
}

#[test]
fn a_name_that_is_wanted_again_later_is_looked_up_again() {
    let slow = slow(1);
    for _ in 0..2 {
        let resolving = slow.start("a.example");
        drop(slow.next());
        answered(&resolving).unwrap();
    }
}

#[test]
fn a_program_that_gives_up_again_and_again_has_one_thread() {
    let slow = slow(8);
    for _ in 0..100 {
        drop(slow.start("dead.example"));
    }
    let (name, go) = slow.next();
    assert_eq!((name.as_str(), slow.lookups.threads()), ("dead.example", 1));
    assert!(slow.is_idle());
    drop(go);
}

#[test]
fn more_names_than_threads_wait_for_a_thread_in_their_order() {
    let slow = slow(2);
    let names = ["a", "b", "c", "d"];
    let all = names.map(|name| slow.start(name));
    let mut running = VecDeque::from([slow.next(), slow.next()]);
    assert!(slow.is_idle() && slow.lookups.threads() == 2);
    running.pop_front();
    assert_eq!(slow.next().0, "c");
    running.pop_front();
    assert_eq!(slow.next().0, "d");
    for one in &all {
        answered(one).unwrap();
    }
}

#[test]
fn a_name_that_nobody_wants_any_longer_takes_no_thread() {
    let slow = slow(1);
    let first = slow.start("first");
    let (_, go) = slow.next();
    drop(slow.start("unwanted"));
    let wanted = slow.start("wanted");
    drop(go);
    assert_eq!(slow.next().0, "wanted");
    answered(&first).unwrap();
    answered(&wanted).unwrap();
}

#[test]
fn a_thread_ends_when_there_is_nothing_to_look_up() {
    let slow = slow(1);
    let resolving = slow.start("a.example");
    drop(slow.next());
    answered(&resolving).unwrap();
    let Slow { lookups, calls } = slow;
    drop((resolving, lookups));
    // The resolver goes with the last thread.
    assert!(calls.recv().is_err());
}

/// The hint that goes with a cause.
fn hint_of(cause: &NetworkCause) -> String {
    Error::new(Kind::Internal, "").because(cause).hint().to_owned()
}

/// What becomes of a look-up of `host` that ends with these words of the resolver.
fn refused(host: &str, words: &'static str) -> Error {
    let resolver = move |_: &str| {
        let words = format!("failed to lookup address information: {words}");
        Err(std::io::Error::other(words))
    };
    answered(&Resolving::start_with(&Lookups::by(MOST, resolver), host, 7).unwrap()).unwrap_err()
}

#[test]
fn each_way_in_which_a_name_is_not_found_has_our_own_words_and_its_hint() {
    use NetworkCause as C;
    let (unknown, bare, mute) =
        ("there is no such name", "the name has no address", "no name server gives an answer");
    for (theirs, ours, cause) in [
        ("Name or service not known", unknown, C::UnknownName),
        ("Name does not resolve", unknown, C::UnknownName),
        ("nodename nor servname provided, or not known", unknown, C::UnknownName),
        ("No address associated with hostname", bare, C::NoAddress),
        ("Name has no usable address", bare, C::NoAddress),
        ("Temporary failure in name resolution", mute, C::NoNameServer),
        ("Try again", mute, C::NoNameServer),
        ("Name could not be resolved at this time", mute, C::NoNameServer),
        ("Non-recoverable failure in name resolution", mute, C::NoNameServer),
        ("Non-recoverable error", mute, C::NoNameServer),
    ] {
        let error = refused("a.example", theirs);
        assert_eq!(error.kind(), Kind::Resolve, "{theirs}");
        assert_eq!(error.message(), format!("a.example cannot be looked up: {ours}"));
        assert_eq!(error.hint(), hint_of(&cause), "{theirs}");
    }
}

#[test]
fn words_of_the_resolver_that_are_in_another_language_are_shown_as_they_are() {
    let error = refused("a.example", "Der Name oder der Dienst ist nicht bekannt");
    let words = "a.example cannot be looked up: the system's resolver says \
                 \"Der Name oder der Dienst ist nicht bekannt\"";
    assert_eq!(error.message(), words);
    assert_eq!(error.hint(), hint_of(&NetworkCause::NotFound));
}

#[test]
fn an_interface_that_is_not_here_is_told_by_its_name() {
    let error = refused("fe80::1%eth9", "Name or service not known");
    assert_eq!(error.message(), "fe80::1%eth9 cannot be looked up: there is no such name");
    assert_eq!(error.hint(), hint_of(&NetworkCause::Zone("eth9".to_owned())));
}

#[test]
fn a_resolver_without_memory_does_not_blame_the_name() {
    for words in ["Memory allocation failure", "Out of memory"] {
        assert_eq!(refused("a.example", words).kind(), Kind::NoMemory, "{words}");
    }
}

#[test]
fn a_resolver_that_panics_leaves_nobody_waiting_and_its_thread_goes_on() {
    let lookups = Lookups::by(1, |name| {
        assert_ne!(name, "bad.example");
        Ok(vec!["127.0.0.1:0".parse().unwrap()])
    });
    let bad = Resolving::start_with(&lookups, "bad.example", 7).unwrap();
    let good = Resolving::start_with(&lookups, "good.example", 7).unwrap();
    assert_eq!(answered(&bad).unwrap_err().kind(), Kind::Resolve);
    answered(&good).unwrap();
}

#[test]
fn an_empty_answer_is_a_failure() {
    assert_eq!(found_by(|_| Ok(Vec::new())).unwrap_err().kind(), Kind::Resolve);
}

#[test]
fn a_resolver_without_descriptors_says_so_and_does_not_blame_the_name() {
    let error = found_by(|_| Err(Errno::MFILE.into())).unwrap_err();
    assert_eq!(error.kind(), Kind::NoMemory);
    assert!(error.hint().contains("limit of open files"), "{}", error.hint());
}

#[test]
fn a_thread_has_a_name_that_people_find_and_takes_no_signals() {
    let (tell, told) = mpsc::channel();
    let resolving = found_by(move |_| {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        tell.send(status).unwrap();
        Ok(Vec::new())
    });
    assert!(resolving.is_err());
    let status = told.recv().unwrap();
    assert!(status.starts_with("Name:\ttlsconn-resolve\n"), "{status}");
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    // All but 9 and 19, which cannot be blocked, and the two that the C library keeps for itself.
    let unblocked = [9, 19, 32, 33].map(|number: u32| 1_u64 << (number - 1));
    assert_eq!(!mask("SigBlk:") & !unblocked.iter().sum::<u64>(), 0, "{status}");
}
