//! The look-ups that are under way, and their threads: the only ones that this library starts,
//! named `tlsconn-resolve`.
//!
//! Connections that want the same name at the same time share a look-up, also one that others have
//! given up: a program that tries again and again while the name server is down has one thread.
//! At most [`MOST`] run at once; further names wait for a thread, as long as somebody wants them.
//! A thread owns all that it uses, takes no signals, and ends when there is no name left. One lock
//! guards the table. A forked child has none of the threads, and begins with an empty table.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread;

use rustix::io::Errno;

use super::super::system::{failed, is_exhausted};
use super::super::wake::Wake;
use crate::error::{CallCause, Error, Kind, NetworkCause};
use crate::process::{Birth, Mutex, Once, message_of, without_signals};

/// The most look-ups that run at once.
pub(super) const MOST: usize = 16;

/// How many descriptors a look-up may need at once: for the files of the system and its sockets.
const NEEDS: usize = 4;

/// What finds the addresses of a name.
type Resolver = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The result of one look-up.
#[derive(Debug)]
pub(super) struct Answer {
    found: OnceLock<Result<Vec<SocketAddr>, Error>>,
    done: Wake,
}

/// All look-ups of a process.
pub(super) struct Lookups {
    resolver: Box<Resolver>,
    most: usize,
    table: Mutex<Table>,
}

struct Table {
    birth: Birth,
    threads: usize,
    /// What has no answer yet, by name.
    open: BTreeMap<String, Arc<Answer>>,
    /// The names among them that no thread looks up yet, oldest first.
    waiting: VecDeque<String>,
}

impl Answer {
    /// The addresses, without a port. `None`: there is no answer yet.
    pub(super) fn found(&self) -> Option<Result<Vec<SocketAddr>, Error>> {
        self.found.get().cloned()
    }

    fn tell(&self, found: Result<Vec<SocketAddr>, Error>) {
        // Nobody else writes it.
        let _ = self.found.set(found);
        self.done.signal();
    }
}

impl AsFd for Answer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.done.as_fd()
    }
}

impl Table {
    fn new() -> Self {
        let (open, waiting) = (BTreeMap::new(), VecDeque::new());
        Self { birth: Birth::now(), threads: 0, open, waiting }
    }

    /// Forgets what only the parent can finish.
    fn in_this_process(&mut self) -> &mut Self {
        if !self.birth.is_here() {
            *self = Self::new();
        }
        self
    }

    /// Forgets the waiting names that nobody wants any longer.
    fn forget_unwanted(&mut self) {
        let Self { open, waiting, .. } = self;
        waiting.retain(|name| {
            let wanted = open.get(name).is_some_and(|answer| Arc::strong_count(answer) > 1);
            if !wanted {
                open.remove(name);
            }
            wanted
        });
    }
}

impl Lookups {
    /// Those of this process, by the system's resolver.
    pub(super) fn of_process() -> &'static Arc<Self> {
        static SHARED: Once<Arc<Lookups>> = Once::new();
        SHARED
            .get_or_init(|| Self::by(MOST, |name| (name, 0).to_socket_addrs().map(Vec::from_iter)))
    }

    /// At most `most` at once, by another resolver.
    pub(super) fn by(
        most: usize,
        resolver: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { resolver: Box::new(resolver), most, table: Mutex::new(Table::new()) })
    }

    /// How many threads there are.
    #[cfg(test)]
    pub(super) fn threads(&self) -> usize {
        self.table.lock().threads
    }

    /// Asks for the addresses of a name, or joins whoever has asked already.
    pub(super) fn ask(self: &Arc<Self>, name: &str) -> Result<Arc<Answer>, Error> {
        if let Some(asked) = self.table.lock().in_this_process().open.get(name) {
            return Ok(Arc::clone(asked));
        }
        let answer = Arc::new(Answer { found: OnceLock::new(), done: Wake::new()? });
        {
            let mut table = self.table.lock();
            if let Some(asked) = table.open.get(name) {
                return Ok(Arc::clone(asked));
            }
            table.forget_unwanted();
            table.open.insert(name.to_owned(), Arc::clone(&answer));
            if table.threads >= self.most {
                table.waiting.push_back(name.to_owned());
                return Ok(answer);
            }
            table.threads = table.threads.saturating_add(1);
        }
        self.start(name)?;
        Ok(answer)
    }

    /// Starts a thread, which begins with this name.
    fn start(self: &Arc<Self>, name: &str) -> Result<(), Error> {
        let (lookups, first) = (Arc::clone(self), name.to_owned());
        let thread = thread::Builder::new().name("tlsconn-resolve".to_owned());
        let started = without_signals(|| thread.spawn(move || lookups.work(first)));
        let Err(error) = started else { return Ok(()) };
        let words = message_of(&error);
        let message = format!("no thread can be started to look up {name}: {words}");
        let error = Error::new(Kind::NoMemory, message).because(&CallCause::Threads);
        self.give_up(name, &error);
        Err(error)
    }

    /// There is no thread for this name. If there is none at all, there is none for those that
    /// wait either.
    fn give_up(&self, name: &str, error: &Error) {
        let mut table = self.table.lock();
        table.threads = table.threads.saturating_sub(1);
        let mut names = vec![name.to_owned()];
        if table.threads == 0 {
            names.extend(table.waiting.drain(..));
        }
        for name in names {
            if let Some(answer) = table.open.remove(&name) {
                answer.tell(Err(error.clone()));
            }
        }
    }

    fn work(&self, first: String) {
        let mut next = Some(first);
        while let Some(name) = next {
            // A panic would leave all that wait for this name without an answer.
            let found = catch_unwind(AssertUnwindSafe(|| (self.resolver)(&name)))
                .unwrap_or_else(|_| Err(io::Error::other("it gave no readable answer")));
            let found = judged(&name, found);
            next = self.finish(&name, found);
        }
    }

    /// Tells what was found, and takes the next name that somebody wants.
    fn finish(&self, name: &str, found: Result<Vec<SocketAddr>, Error>) -> Option<String> {
        let mut table = self.table.lock();
        if let Some(answer) = table.open.remove(name) {
            answer.tell(found);
        }
        table.forget_unwanted();
        let next = table.waiting.pop_front();
        if next.is_none() {
            table.threads = table.threads.saturating_sub(1);
        }
        next
    }
}

/// Why the process cannot open `count` descriptors now. `None`: it can.
fn exhausted(count: usize) -> Option<Errno> {
    let mut held = Vec::new();
    for _ in 0..count {
        match Wake::try_new() {
            Ok(one) => held.push(one),
            Err(errno) => return is_exhausted(errno).then_some(errno),
        }
    }
    None
}

fn judged(host: &str, found: io::Result<Vec<SocketAddr>>) -> Result<Vec<SocketAddr>, Error> {
    let cannot = format!("{host} cannot be looked up");
    let why = match found {
        Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
        Ok(_) => Why::Known(BARE, NetworkCause::NoAddress),
        Err(error) => {
            // The resolver has words of its own for what it could not open.
            let errno = Errno::from_io_error(&error).filter(|errno| is_exhausted(*errno));
            if let Some(errno) = errno.or_else(|| exhausted(NEEDS)) {
                return Err(failed(&cannot, errno));
            }
            Why::told_by(&message_of(&error))
        }
    };
    let (words, cause) = match why {
        Why::OutOfMemory => return Err(failed(&cannot, Errno::NOMEM)),
        Why::Known(ours, cause) => (ours.to_owned(), cause),
        Why::Other(words) => {
            (format!("the system's resolver says \"{words}\""), NetworkCause::NotFound)
        }
    };
    let cause = match host.split_once('%') {
        Some((_, zone)) => NetworkCause::Zone(zone.to_owned()),
        None => cause,
    };
    Err(Error::new(Kind::Resolve, format!("{cannot}: {words}")).because(&cause))
}

const UNKNOWN: &str = "there is no such name";
const BARE: &str = "the name has no address";
const MUTE: &str = "no name server gives an answer";

/// Why a look-up failed.
enum Why {
    /// In our own words, the same in every system and language.
    Known(&'static str, NetworkCause),
    OutOfMemory,
    /// The resolver's own words.
    Other(String),
}

impl Why {
    /// The standard library keeps the resolver's number to itself and gives its words, which are
    /// English unless the program has set another language with `setlocale()`. What is not
    /// recognized is shown as it is.
    fn told_by(words: &str) -> Self {
        use NetworkCause::{NoAddress, NoNameServer, UnknownName};
        /// How the words of the C libraries begin: of Linux (glibc, musl), macOS and the BSDs.
        const KNOWN: [(&str, &str, NetworkCause); 9] = [
            ("Name or service not known", UNKNOWN, UnknownName),
            ("Name does not resolve", UNKNOWN, UnknownName),
            ("nodename nor servname provided", UNKNOWN, UnknownName),
            ("No address associated with", BARE, NoAddress),
            ("Name has no usable address", BARE, NoAddress),
            ("Temporary failure in name resolution", MUTE, NoNameServer),
            ("Try again", MUTE, NoNameServer),
            ("Name could not be resolved at this time", MUTE, NoNameServer),
            ("Non-recoverable", MUTE, NoNameServer),
        ];
        const MEMORY: [&str; 2] = ["Memory allocation failure", "Out of memory"];
        let words = words.trim_start_matches("failed to lookup address information: ");
        if MEMORY.iter().any(|known| words.starts_with(known)) {
            return Self::OutOfMemory;
        }
        let known = KNOWN.iter().find(|(theirs, ..)| words.starts_with(theirs));
        known.map_or_else(
            || Self::Other(words.to_owned()),
            |(_, ours, cause)| Self::Known(ours, cause.clone()),
        )
    }
}

impl std::fmt::Debug for Lookups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lookups")
    }
}
