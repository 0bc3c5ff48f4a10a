//! A connection: a TLS session driven over a transport.
//!
//! Making one does not touch the network; the first handshake, read or write dials, does the
//! handshake and asks. A blocking call takes the same steps as a non-blocking one, with waits
//! between them. One thread may read while another writes.
//!
//! Locks, in the order in which they are taken: `driver` (held through a handshake, but never
//! while a validator runs), `reading` and `writing` (one caller each), `incoming` (held by whoever
//! reads from the socket, also while it waits there), `outgoing` (held across a write that does not
//! block), `session` (never held across a system call). `transport` and `told` guard values that
//! are set or copied, and nothing else is done while they are held. In a forked child none of them
//! is taken: see `forked`.

mod asking;
mod calls;
mod carry;
mod closing;
mod drive;
mod ending;
mod forked;
mod poll;
mod stage;
mod told;
mod transport;

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::context::{Context, Snapshot};
use crate::error::{CallCause, Error, Kind};
use crate::host::{Dialled, Endpoint, Host};
use crate::io::{Wake, Watch, check_connect, check_random, check_stream_socket};
use crate::known::Identity;
use crate::material::{Certificate, room_for};
use crate::process::Birth;
use crate::tls::{Info, Session};
use crate::trust::{Admitted, Question, Reason};

pub use ending::Unsent;
use stage::Driver;
use told::Told;
use transport::{Outgoing, Transport};

/// The most memory that a connection is likely to need at a time: both flights of a handshake, a
/// write and a read.
const ROOM: usize = 512 * 1024;

/// What to wait for before the call is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Bytes from the peer.
    Read,
    /// Room for bytes to the peer.
    Write,
    /// The answer to the question.
    Answer,
}

/// The result of a call that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The call is complete.
    Done(T),
    /// Not yet: make the call again once this is there. Only on a non-blocking connection.
    Not(Want),
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// This many bytes.
    Bytes(usize),
    /// The peer will send no more.
    End,
}

/// Which side of a connection we are on.
#[derive(Debug)]
enum Side {
    /// We connect to a server.
    Client {
        /// Where to dial. `None`: the caller supplies a socket or carries the bytes.
        dialled: Option<Dialled>,
    },
    /// We serve a client.
    Server,
}

/// A connection to a peer that was judged, or will be.
pub struct Connection {
    context: Context,
    snapshot: Arc<Snapshot>,
    blocking: bool,
    birth: Birth,
    side: Side,
    transport: Mutex<Transport>,
    driver: Mutex<Driver>,
    reading: Mutex<()>,
    writing: Mutex<()>,
    incoming: Mutex<Vec<u8>>,
    outgoing: Mutex<Outgoing>,
    session: Mutex<Option<Session>>,
    open: AtomicBool,
    aborted: Arc<AtomicBool>,
    wake: OnceLock<Arc<Wake>>,
    watch: OnceLock<Watch>,
    unsent: Option<Unsent>,
    told: Mutex<Told>,
}

impl Connection {
    /// A connection that dials `host`. Nothing is dialled yet.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an invalid host or port; [`Kind::NoKey`] and [`Kind::KeyMismatch`] if
    /// our own certificate and key are incomplete or do not match.
    pub fn dial(context: &Context, host: &str, port: i32, blocking: bool) -> Result<Self, Error> {
        let dialled = Dialled::new(host, port)?;
        let endpoint = dialled.endpoint.clone();
        let side = Side::Client { dialled: Some(dialled) };
        Self::new(context, side, Some(endpoint), Transport::None, blocking)
    }

    /// A connection over a connected stream socket, which still belongs to the caller and must stay
    /// open; `host` and `port` name the server at the other end. A socket that is still connecting
    /// is waited for.
    ///
    /// # Errors
    ///
    /// As for [`Self::dial`], and [`Kind::Invalid`] for a descriptor that is no stream socket, or
    /// one that is neither connected nor connecting.
    pub fn over_socket(
        context: &Context,
        socket: BorrowedFd<'static>,
        host: &str,
        port: i32,
        blocking: bool,
    ) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        check_stream_socket(socket)?;
        check_connect(socket)?;
        let side = Side::Client { dialled: None };
        Self::new(context, side, Some(endpoint), Transport::Given(socket), blocking)
    }

    /// A connection over memory, whose bytes the caller carries; never blocks.
    ///
    /// # Errors
    ///
    /// As for [`Self::dial`].
    pub fn in_memory(context: &Context, host: &str, port: i32) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        let side = Side::Client { dialled: None };
        Self::new(context, side, Some(endpoint), Transport::Memory, false)
    }

    /// The connection of a client that was accepted on a stream socket, which still belongs to the
    /// caller and must stay open. Nothing is read yet.
    ///
    /// # Errors
    ///
    /// [`Kind::NoKey`] and [`Kind::KeyMismatch`] if our own certificate or key is missing or does
    /// not match; [`Kind::Invalid`] for a descriptor that is no connected stream socket.
    pub fn accept_socket(
        context: &Context,
        socket: BorrowedFd<'static>,
        blocking: bool,
    ) -> Result<Self, Error> {
        check_stream_socket(socket)?;
        Self::new(context, Side::Server, None, Transport::Given(socket), blocking)
    }

    /// The connection of a client over memory, whose bytes the caller carries; never blocks.
    ///
    /// # Errors
    ///
    /// As for [`Self::accept_socket`].
    pub fn accept_in_memory(context: &Context) -> Result<Self, Error> {
        Self::new(context, Side::Server, None, Transport::Memory, false)
    }

    fn new(
        context: &Context,
        side: Side,
        endpoint: Option<Endpoint>,
        transport: Transport,
        blocking: bool,
    ) -> Result<Self, Error> {
        check_random()?;
        check_room()?;
        let snapshot = context.snapshot();
        match side {
            Side::Client { .. } => drop(snapshot.setup()?),
            Side::Server => drop(snapshot.server_setup()?),
        }
        context.count_connection();
        Ok(Self {
            context: context.clone(),
            snapshot,
            blocking,
            birth: Birth::now(),
            side,
            transport: Mutex::new(transport),
            driver: Mutex::default(),
            reading: Mutex::default(),
            writing: Mutex::default(),
            incoming: Mutex::default(),
            outgoing: Mutex::default(),
            session: Mutex::default(),
            open: AtomicBool::new(false),
            aborted: Arc::default(),
            wake: OnceLock::new(),
            watch: OnceLock::new(),
            unsent: None,
            told: Mutex::new(Told { endpoint, ..Told::default() }),
        })
    }

    /// Tells how the system is asked what a peer has not taken yet, so that [`Self::shutdown`] of a
    /// connection that was dialled can wait for it. Without it, shutting down is done as soon as the
    /// system has everything.
    #[must_use]
    pub fn with_unsent(mut self, unsent: Unsent) -> Self {
        self.unsent = Some(unsent);
        self
    }

    /// Sets the name that the peer must have, instead of the dialled host: for SNI, the name in the
    /// certificate, the known servers, the question and resumed sessions.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an invalid name; [`Kind::State`] once the handshake has begun.
    pub fn set_verify_name(&self, name: &str) -> Result<(), Error> {
        self.enter()?;
        if let Side::Server = self.side {
            let message = "a verify name is for connections to servers";
            return Err(Error::new(Kind::State, message).because(&CallCause::ServerHasNoName));
        }
        let host = Host::parse(name)?;
        let driver = self.driver.try_lock().filter(|driver| driver.has_not_begun());
        if driver.is_none() {
            return Err(Error::new(
                Kind::State,
                "the verify name must be set before the handshake begins",
            )
            .because(&CallCause::LateName));
        }
        self.told(|told| {
            told.endpoint.iter_mut().for_each(|endpoint| endpoint.host = host.clone())
        });
        Ok(())
    }

    /// Ends every waiting call, and every later one, with [`Kind::Cancelled`]. May be called from
    /// any thread and from a signal handler: one store and one write. In a child process it does
    /// nothing: it would write to a descriptor that the parent shares.
    pub fn abort(&self) {
        if !self.is_here() {
            return;
        }
        self.aborted.store(true, Ordering::SeqCst);
        if let Some(wake) = self.wake.get() {
            wake.signal();
        }
    }

    /// Ends the connection although a call with it has not returned, and perhaps never will: its
    /// validator was left by a jump, and took nothing along. The socket is closed, and whoever
    /// else waits for the answer to the same question may be asked in its place.
    pub fn abandon(&self) {
        if !self.is_here() {
            return;
        }
        self.abort();
        let left = self.told(|told| told.asking_on.take().and(told.question.clone()));
        if let Some(mut driver) = self.driver.try_lock() {
            self.give_up(&mut driver, Kind::Cancelled);
        }
        if let Some(question) = left {
            question.turn_is_lost();
        }
    }

    /// Whether calls block.
    #[must_use]
    pub const fn is_blocking(&self) -> bool {
        self.blocking
    }

    /// The open question, if there is one.
    #[must_use]
    pub fn question(&self) -> Option<Arc<Question>> {
        if !self.is_here() {
            return None;
        }
        self.told(|told| told.question.clone()).filter(|question| question.answered().is_none())
    }

    /// The error that ended the connection or, if it is still open, one that did not end it.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        if let Err(forked) = self.check_process() {
            return Some(forked);
        }
        let failed = self.told(|told| told.failed.clone());
        let notice = || self.told(|told| told.notice.clone());
        failed.or_else(|| self.check_aborted().err()).or_else(notice)
    }

    /// The host that was named, or the verify name, with the port. `None`: the peer is a client.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        if self.is_here() { self.told(|told| told.endpoint.clone()) } else { None }
    }

    /// The name of the server: the verify name or the host that was named; on a server what the
    /// client asked for (RFC 6066, section 3).
    #[must_use]
    pub fn server_name(&self) -> String {
        self.endpoint().map_or_else(|| self.info().asked_for, |one| one.host.to_string())
    }

    /// The peer, for a message: its host and port, or the client by its identity or its address, or
    /// just as a client.
    #[must_use]
    pub fn whom(&self) -> String {
        if !self.is_here() {
            return "the peer".to_owned();
        }
        if let Some(endpoint) = self.endpoint() {
            return endpoint.to_string();
        }
        let named = self.identity().map(|identity| format!("the client {}", identity.name));
        named.unwrap_or_else(|| match &*self.transport.lock() {
            Transport::Memory | Transport::None => "the client".to_owned(),
            given @ (Transport::Own(_) | Transport::Given(_)) => {
                format!("the client at {}", given.address())
            }
        })
    }

    /// Who the client is and who vouches for it, once it is admitted. `None`: a server, or a client
    /// without a certificate.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        if !self.is_here() {
            return None;
        }
        self.told(|told| told.admitted.as_ref().and_then(|admitted| admitted.identity().cloned()))
    }

    /// What has been negotiated so far.
    #[must_use]
    pub fn info(&self) -> Info {
        let session = self.is_here().then(|| self.session.lock());
        session.and_then(|session| session.as_ref().map(Session::info)).unwrap_or_default()
    }

    /// The address of the peer, for messages; empty before there is a transport.
    #[must_use]
    pub fn address(&self) -> String {
        if self.is_here() { self.transport.lock().address() } else { String::new() }
    }

    /// What happened to our own certificate. `None`: before the handshake.
    #[must_use]
    pub fn certified(&self) -> Option<crate::tls::Certified> {
        let session = self.is_here().then(|| self.session.lock())?;
        session.as_ref().map(Session::certified)
    }

    /// Why the peer was admitted. `None`: it is not admitted yet.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        if !self.is_here() {
            return None;
        }
        self.told(|told| told.admitted.as_ref().map(Admitted::reason))
    }

    /// The certificate at `index` of the chain that the peer showed and proved to own, leaf first.
    #[must_use]
    pub fn peer_certificate(&self, index: usize) -> Option<Certificate> {
        if self.is_here() { self.told(|told| told.chain.get(index).cloned()) } else { None }
    }

    /// Refuses a call that is not possible: in a child process, from the connection's own
    /// validator, or after the end.
    fn enter(&self) -> Result<(), Error> {
        self.check_process()?;
        if self.told(|told| told.asking_on) == Some(thread::current().id()) {
            return Err(Error::new(
                Kind::Reentrant,
                "a validator cannot use the connection that it is asked about",
            )
            .because(&CallCause::OwnValidator));
        }
        if let Some(error) = self.told(|told| told.failed.clone()) {
            return Err(error);
        }
        self.check_aborted()
    }

    fn check_aborted(&self) -> Result<(), Error> {
        if self.aborted.load(Ordering::SeqCst) {
            let message = format!("the connection to {} was aborted", self.whom());
            return Err(Error::new(Kind::Cancelled, message));
        }
        Ok(())
    }

    /// Clears the wake after it was noticed. After an abort it stays signalled: it is for all
    /// threads.
    fn hush(&self, wake: &Wake) -> Result<(), Error> {
        wake.clear();
        let aborted = self.check_aborted();
        if aborted.is_err() {
            wake.signal();
        }
        aborted
    }

    /// What wakes a waiting call; made on first use.
    fn wake(&self) -> Result<Arc<Wake>, Error> {
        if let Some(wake) = self.wake.get() {
            return Ok(Arc::clone(wake));
        }
        let made = Arc::new(Wake::new()?);
        Ok(Arc::clone(self.wake.get_or_init(|| made)))
    }

    /// Remembers the error that ends the connection.
    fn end_with(&self, error: &Error) {
        self.told(|told| {
            told.failed.get_or_insert_with(|| error.clone());
        });
    }

    /// Remembers an error that does not end the connection.
    fn note(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.told(|told| told.notice = Some(error));
        }
    }

    /// Reads or changes what is told about the connection. What `work` returns is dropped by the
    /// caller, after the lock is released: dropping the last reference to a question may run the
    /// application's code.
    fn told<R>(&self, work: impl FnOnce(&mut Told) -> R) -> R {
        work(&mut self.told.lock())
    }

    /// When something that may take `limit` from now must be finished.
    fn deadline(limit: Option<Duration>) -> Option<Instant> {
        limit.and_then(|limit| Instant::now().checked_add(limit))
    }
}

/// Refuses to begin what would not have the memory to go on.
///
/// # Errors
///
/// [`Kind::NoMemory`].
fn check_room() -> Result<(), Error> {
    room_for(ROOM, "for another connection")
}

impl Side {
    /// Where to dial, if we do.
    const fn dialled(&self) -> Option<&Dialled> {
        match self {
            Self::Client { dialled } => dialled.as_ref(),
            Self::Server => None,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.whom()).finish_non_exhaustive()
    }
}
