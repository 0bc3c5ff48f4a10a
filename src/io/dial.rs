//! From a host and a port to a connected socket: all addresses of the host, address families
//! alternating, a new attempt every quarter of a second until one is connected (RFC 8305).
//!
//! Nothing here blocks or reads a clock: [`Dial::step`] does what can be done at the given time,
//! and [`Dial::interests`] and [`Dial::until`] say when the next step is due. The first socket to
//! connect wins; all others are then closed.

mod attempt;

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use attempt::{Attempt, Began};

use super::resolve::Resolving;
use super::system::{failed, is_exhausted, words};
use super::wait::Interest;
use crate::error::{CallCause, Error, Kind, NetworkCause};

/// How long an attempt runs alone before the next address is tried as well.
const HEAD_START: Duration = Duration::from_millis(250);

/// The most addresses that an error names.
const NAMED: usize = 4;

/// A host being dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    host: String,
    /// What the resolver is asked for.
    look_up: String,
    port: u16,
    stage: Stage,
    waiting: VecDeque<SocketAddr>,
    trying: Vec<Attempt>,
    failed: Vec<(SocketAddr, Errno)>,
    next: Option<Instant>,
}

#[derive(Debug)]
enum Stage {
    New,
    Resolving(Resolving),
    Dialling,
    Over,
}

/// The result of a step.
#[derive(Debug)]
pub(crate) enum Step {
    /// A connected, non-blocking socket.
    Connected(OwnedFd),
    /// Step again when an interest is ready, or at [`Dial::until`].
    Wait,
}

impl Dial {
    /// Dials `host`, a name or an IP address without brackets. Nothing happens before the first
    /// step.
    #[must_use]
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            look_up: host.to_owned(),
            port,
            stage: Stage::New,
            waiting: VecDeque::new(),
            trying: Vec::new(),
            failed: Vec::new(),
            next: None,
        }
    }

    /// Asks the resolver for `name`, which is the host with a dot behind it if that was written.
    #[must_use]
    pub(crate) fn looking_up(self, name: &str) -> Self {
        Self { look_up: name.to_owned(), ..self }
    }

    /// Dials these addresses, in the resolver's order; host and port are for messages only.
    #[cfg(test)]
    pub(super) fn to_addresses(host: &str, port: u16, addresses: &[SocketAddr]) -> Self {
        let mut dial = Self::new(host, port);
        dial.waiting = taking_turns(addresses);
        dial.stage = Stage::Dialling;
        dial
    }

    /// Does what can be done at `now` without waiting.
    ///
    /// # Errors
    ///
    /// [`Kind::Resolve`] if the host has no address; [`Kind::Connect`] if no address accepted the
    /// connection, with the system's error for each; [`Kind::NoMemory`] if out of descriptors or
    /// threads; [`Kind::State`] after the end.
    pub(crate) fn step(&mut self, now: Instant) -> Result<Step, Error> {
        let step = self.try_step(now);
        if !matches!(step, Ok(Step::Wait)) {
            self.stage = Stage::Over;
            self.waiting.clear();
            self.trying.clear();
        }
        step
    }

    /// What to wait for until the next step: the resolver, then the sockets that connect.
    #[must_use]
    pub(crate) fn interests(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        match &self.stage {
            Stage::Resolving(resolving) => {
                resolving.done().map(|fd| (fd, Interest::READ)).into_iter().collect()
            }
            Stage::New | Stage::Dialling | Stage::Over => {
                self.trying.iter().map(|one| (one.socket.as_fd(), Interest::WRITE)).collect()
            }
        }
    }

    /// When to try the next address if nothing happens before. `None`: no address is left.
    #[must_use]
    pub(crate) fn until(&self) -> Option<Instant> {
        self.next.filter(|_| !self.waiting.is_empty())
    }

    /// Whether the addresses of the host are not known yet.
    #[must_use]
    pub(crate) const fn is_resolving(&self) -> bool {
        matches!(self.stage, Stage::Resolving(_))
    }

    fn try_step(&mut self, now: Instant) -> Result<Step, Error> {
        if !self.knows_addresses(Resolving::start)? {
            return Ok(Step::Wait);
        }
        if let Some(won) = self.look_at_attempts() {
            return Ok(Step::Connected(won.socket));
        }
        while self.may_start(now) {
            let Some(address) = self.waiting.pop_front() else { break };
            match Attempt::begin(address) {
                Began::Connected(socket) => return Ok(Step::Connected(socket)),
                Began::Connecting(attempt) => {
                    self.trying.push(attempt);
                    self.next = now.checked_add(HEAD_START);
                }
                // A running attempt may still succeed, or free a descriptor.
                Began::Failed(errno) if is_exhausted(errno) && !self.trying.is_empty() => {
                    self.waiting.push_front(address);
                    self.next = now.checked_add(HEAD_START);
                    break;
                }
                Began::Failed(errno) if is_exhausted(errno) => {
                    return Err(failed(&format!("{} cannot be reached", self.place()), errno));
                }
                Began::Failed(errno) => self.failed.push((address, errno)),
            }
        }
        if self.trying.is_empty() { Err(self.failure()) } else { Ok(Step::Wait) }
    }

    fn knows_addresses(
        &mut self,
        resolve: impl FnOnce(&str, u16) -> Result<Resolving, Error>,
    ) -> Result<bool, Error> {
        if let Stage::New = self.stage {
            self.stage = Stage::Resolving(resolve(&self.look_up, self.port)?);
        }
        match &self.stage {
            Stage::Resolving(resolving) => {
                let Some(found) = resolving.poll() else { return Ok(false) };
                self.waiting = taking_turns(&found?);
                self.stage = Stage::Dialling;
                Ok(true)
            }
            Stage::Dialling => Ok(true),
            Stage::New | Stage::Over => {
                Err(Error::new(Kind::State, format!("connecting to {} is over", self.place()))
                    .because(&CallCause::ConnectionOver))
            }
        }
    }

    /// The attempt that is connected, if any. Each one that failed makes room for the next address
    /// at once.
    fn look_at_attempts(&mut self) -> Option<Attempt> {
        let mut running = Vec::with_capacity(self.trying.len());
        for attempt in std::mem::take(&mut self.trying) {
            match attempt.outcome() {
                None => running.push(attempt),
                Some(Ok(())) => return Some(attempt),
                Some(Err(errno)) => {
                    self.failed.push((attempt.address, errno));
                    self.next = None;
                }
            }
        }
        self.trying = running;
        None
    }

    fn may_start(&self, now: Instant) -> bool {
        self.trying.is_empty() || self.next.is_none_or(|next| next <= now)
    }

    fn failure(&self) -> Error {
        let mut told: Vec<String> = self
            .failed
            .iter()
            .take(NAMED)
            .map(|(address, errno)| format!("{}: {}", address.ip(), words_of(*errno)))
            .collect();
        match self.failed.len().saturating_sub(NAMED) {
            0 => {}
            1 => told.push("and 1 more".to_owned()),
            more => told.push(format!("and {more} more")),
        }
        let sentence = match (&*self.failed, self.host.parse::<IpAddr>()) {
            // The host is the address: do not repeat it.
            ([(_, errno)], Ok(_)) => words_of(*errno),
            ([], _) => "there is no address to try".to_owned(),
            _ => told.join(", "),
        };
        Error::new(Kind::Connect, format!("{} cannot be reached: {sentence}", self.place()))
            .because(&cause_of(&self.failed))
    }

    fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Why an address was not reached, in our own words: those of the system depend on the language.
fn words_of(errno: Errno) -> String {
    const KNOWN: [(Errno, &str); 13] = [
        (Errno::CONNREFUSED, "connection refused"),
        (Errno::CONNRESET, "connection reset"),
        (Errno::TIMEDOUT, "no answer"),
        (Errno::HOSTUNREACH, "no way to the host"),
        (Errno::HOSTDOWN, "the host is down"),
        (Errno::NETUNREACH, "no way to the network"),
        (Errno::NETDOWN, "the network is down"),
        (Errno::AFNOSUPPORT, "addresses of that kind are not supported"),
        (Errno::ADDRNOTAVAIL, "no local address or port left"),
        (Errno::ADDRINUSE, "no local port left"),
        (Errno::ACCESS, "not allowed by this machine"),
        (Errno::PERM, "not allowed by this machine"),
        (Errno::INVAL, "not an address to connect to"),
    ];
    let known = KNOWN.iter().find(|(known, _)| *known == errno);
    known.map_or_else(|| words(errno), |(_, ours)| (*ours).to_owned())
}

/// Why no address was reached: of several causes the one that says most. An address that refused
/// us was reached, whatever became of the others.
fn cause_of(failed: &[(SocketAddr, Errno)]) -> NetworkCause {
    let any = |wanted: &[Errno]| failed.iter().any(|(_, errno)| wanted.contains(errno));
    if let Some(address) = failed.iter().find_map(|(address, errno)| no_interface(address, *errno))
    {
        return NetworkCause::NoInterface(address);
    }
    if any(&[Errno::CONNREFUSED]) {
        return NetworkCause::Refused;
    }
    if any(&[Errno::ACCESS, Errno::PERM]) {
        return NetworkCause::Forbidden;
    }
    if any(&[Errno::TIMEDOUT]) {
        return NetworkCause::NoAnswer;
    }
    if any(&[Errno::HOSTUNREACH, Errno::HOSTDOWN]) {
        return NetworkCause::NoRoute;
    }
    let is_away = |errno: &Errno| {
        matches!(*errno, Errno::NETUNREACH | Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL)
    };
    let only_version6 = |(address, errno): &(SocketAddr, Errno)| {
        matches!(address, SocketAddr::V6(one) if !one.ip().is_loopback()) && is_away(errno)
    };
    if !failed.is_empty() && failed.iter().all(only_version6) {
        return NetworkCause::OnlyVersion6;
    }
    if any(&[Errno::NETUNREACH, Errno::NETDOWN, Errno::AFNOSUPPORT]) {
        return NetworkCause::NoNetwork;
    }
    if any(&[Errno::ADDRNOTAVAIL, Errno::ADDRINUSE]) {
        return NetworkCause::NoLocalAddress;
    }
    if failed.is_empty() { NetworkCause::NoAddress } else { NetworkCause::Unreachable }
}

/// The address, if the system refused it because it does not say by which interface.
fn no_interface(address: &SocketAddr, errno: Errno) -> Option<String> {
    let SocketAddr::V6(address) = address else { return None };
    let lacks = address.ip().is_unicast_link_local() && address.scope_id() == 0;
    (lacks && errno == Errno::INVAL).then(|| address.ip().to_string())
}

/// Every address once, alternating families, beginning with the family that came first.
fn taking_turns(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (preferred, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|one| one.is_ipv4() == first_is_v4);
    let mut other = other.into_iter();
    let mut turns: Vec<SocketAddr> =
        preferred.into_iter().flat_map(|one| [Some(one), other.next()]).flatten().collect();
    turns.extend(other);
    let mut seen = HashSet::new();
    turns.into_iter().filter(|one| seen.insert(*one)).collect()
}

#[cfg(test)]
mod tests;
