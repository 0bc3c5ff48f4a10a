//! A connection: a session stepped over a transport.
//!
//! Making one touches no network; the first handshake, read or write dials, shakes hands and
//! asks. A blocking call is the same steps as a non-blocking one, with a wait between. One
//! thread may read while another writes.
//!
//! Locks, in the order in which they are taken: `driver` (held through a handshake, but never
//! while a validator runs), `reading` and `writing` (one caller each), `outgoing` (held across
//! a write that does not block), `session` (never held across a system call). The others guard
//! a value that is set or copied.

mod asking;
mod calls;
mod drive;
mod poll;
mod transport;

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::context::{Context, Snapshot};
use crate::error::{Error, Kind};
use crate::host::{Endpoint, Host};
use crate::io::{Wake, Watch, check_stream_socket};
use crate::known::Identity;
use crate::material::Certificate;
use crate::tls::{Info, Session};
use crate::trust::{Admitted, Question, Reason};

use drive::Driver;
use poll::Wants;
use transport::{Outgoing, Transport};

/// What is to be waited for before a call is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Bytes from the peer.
    Read,
    /// Room for bytes to the peer.
    Write,
    /// The answer to the question.
    Answer,
}

/// What came of a call that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// Not yet: make the call again once this is there. Only from a non-blocking connection.
    Not(Want),
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes.
    Bytes(usize),
    /// The peer said that it sends no more.
    End,
}

/// Which side of a connection we are on.
#[derive(Debug)]
enum Side {
    /// We dial, or are led to, a server.
    Client {
        /// Where to dial; nothing where the bytes come by a descriptor or by memory.
        dialled: Option<Endpoint>,
        /// The host that was named, or the verify name, with the port.
        endpoint: Mutex<Endpoint>,
    },
    /// A client has come to us.
    Server,
}

/// A connection to a peer that was judged, or will be.
pub struct Connection {
    context: Context,
    snapshot: Arc<Snapshot>,
    blocking: bool,
    process: u32,
    side: Side,
    transport: Mutex<Transport>,
    driver: Mutex<Driver>,
    reading: Mutex<Vec<u8>>,
    writing: Mutex<()>,
    outgoing: Mutex<Outgoing>,
    session: Mutex<Option<Session>>,
    open: AtomicBool,
    aborted: AtomicBool,
    wake: OnceLock<Arc<Wake>>,
    watch: OnceLock<Watch>,
    wants: Mutex<Wants>,
    question: Mutex<Option<Arc<Question>>>,
    admitted: Mutex<Option<Admitted>>,
    /// The question whose answer admitted the peer, where one did.
    granted: Mutex<Option<Arc<Question>>>,
    chain: Mutex<Arc<[Certificate]>>,
    /// The failure that ended the connection.
    failed: Mutex<Option<Error>>,
    /// What went wrong without ending it.
    notice: Mutex<Option<Error>>,
    /// The thread on which a validator runs for this connection.
    asking_on: Mutex<Option<ThreadId>>,
}

impl Connection {
    /// A connection that dials `host`. Nothing is dialled yet.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for a host or port that is none; [`Kind::NoKey`] and
    /// [`Kind::KeyMismatch`] where the context has half an own pair.
    pub fn dial(context: &Context, host: &str, port: i32, blocking: bool) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        let side = Side::to(endpoint, true);
        Self::new(context, side, Transport::None, blocking)
    }

    /// A connection over a connected stream socket, which stays the caller's and must stay
    /// open; `host` and `port` say whom it leads to.
    ///
    /// # Errors
    ///
    /// As for [`Self::dial`], and [`Kind::Invalid`] for a descriptor that is no stream socket.
    pub fn over_socket(
        context: &Context,
        socket: BorrowedFd<'static>,
        host: &str,
        port: i32,
        blocking: bool,
    ) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        check_stream_socket(socket)?;
        Self::new(context, Side::to(endpoint, false), Transport::Given(socket), blocking)
    }

    /// A connection whose bytes the caller carries; never blocks.
    ///
    /// # Errors
    ///
    /// As for [`Self::dial`].
    pub fn in_memory(context: &Context, host: &str, port: i32) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        Self::new(context, Side::to(endpoint, false), Transport::Memory, false)
    }

    /// The connection of a client that was accepted on a stream socket, which stays the
    /// caller's and must stay open. Nothing is waited for yet.
    ///
    /// # Errors
    ///
    /// [`Kind::NoKey`] and [`Kind::KeyMismatch`] where the context has no own pair, or half of
    /// one; [`Kind::Invalid`] for a descriptor that is no stream socket.
    pub fn accept_socket(
        context: &Context,
        socket: BorrowedFd<'static>,
        blocking: bool,
    ) -> Result<Self, Error> {
        check_stream_socket(socket)?;
        Self::new(context, Side::Server, Transport::Given(socket), blocking)
    }

    /// The connection of a client whose bytes the caller carries; never blocks.
    ///
    /// # Errors
    ///
    /// As for [`Self::accept_socket`].
    pub fn accept_in_memory(context: &Context) -> Result<Self, Error> {
        Self::new(context, Side::Server, Transport::Memory, false)
    }

    fn new(
        context: &Context,
        side: Side,
        transport: Transport,
        blocking: bool,
    ) -> Result<Self, Error> {
        let snapshot = context.snapshot();
        match side {
            Side::Client { .. } => drop(snapshot.setup()?),
            Side::Server => drop(snapshot.server_setup()?),
        }
        Ok(Self {
            context: context.clone(),
            snapshot,
            blocking,
            process: std::process::id(),
            side,
            transport: Mutex::new(transport),
            driver: Mutex::default(),
            reading: Mutex::default(),
            writing: Mutex::default(),
            outgoing: Mutex::default(),
            session: Mutex::default(),
            open: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            wake: OnceLock::new(),
            watch: OnceLock::new(),
            wants: Mutex::default(),
            question: Mutex::default(),
            admitted: Mutex::default(),
            granted: Mutex::default(),
            chain: Mutex::new(Arc::new([])),
            failed: Mutex::default(),
            notice: Mutex::default(),
            asking_on: Mutex::default(),
        })
    }

    /// Sets the name that the peer must have, in place of the host that was named: for SNI,
    /// the certificate's name, the known servers, the question and kept sessions.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for what is no name; [`Kind::State`] once the handshake has begun.
    pub fn set_verify_name(&self, name: &str) -> Result<(), Error> {
        self.enter()?;
        let Side::Client { endpoint, .. } = &self.side else {
            let message = "a verify name is for connections to servers";
            return Err(Error::new(Kind::State, message));
        };
        let host = Host::parse(name)?;
        let driver = self.driver.try_lock().filter(|driver| driver.has_not_begun());
        if driver.is_none() {
            return Err(Error::new(
                Kind::State,
                "the verify name must be set before the handshake begins",
            ));
        }
        endpoint.lock().host = host;
        Ok(())
    }

    /// Ends every call that waits, and every later one, with [`Kind::Cancelled`]. From any
    /// thread, and from a signal handler: one store and one write. In a child process it does
    /// nothing: what it would write to is the parent's too.
    pub fn abort(&self) {
        if self.process != std::process::id() {
            return;
        }
        self.aborted.store(true, Ordering::SeqCst);
        if let Some(wake) = self.wake.get() {
            wake.signal();
        }
    }

    /// Whether calls wait.
    #[must_use]
    pub const fn is_blocking(&self) -> bool {
        self.blocking
    }

    /// The question that is open, while there is one.
    #[must_use]
    pub fn question(&self) -> Option<Arc<Question>> {
        self.question.lock().clone().filter(|question| question.answered().is_none())
    }

    /// What ended the connection, or, where it goes on, what went wrong beside it.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        let failed = self.failed.lock().clone();
        failed.or_else(|| self.check_aborted().err()).or_else(|| self.notice.lock().clone())
    }

    /// The host that was named, or the verify name, with the port; a client has none.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        match &self.side {
            Side::Client { endpoint, .. } => Some(endpoint.lock().clone()),
            Side::Server => None,
        }
    }

    /// The name of the server that is asked for: the verify name or the host that was named,
    /// and on a server what the client asked for (RFC 6066, section 3).
    #[must_use]
    pub fn server_name(&self) -> String {
        self.endpoint().map_or_else(|| self.info().asked_for, |one| one.host.to_string())
    }

    /// The peer, for a sentence: its host and port, or the client by its identity, by its
    /// address, or as such.
    #[must_use]
    pub fn whom(&self) -> String {
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

    /// Who the client is and who says so, once it was admitted; nothing for servers, and for
    /// clients without a certificate.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.admitted.lock().as_ref().and_then(|admitted| admitted.identity().cloned())
    }

    /// What was agreed on so far.
    #[must_use]
    pub fn info(&self) -> Info {
        self.session.lock().as_ref().map(Session::info).unwrap_or_default()
    }

    /// Who is at the other end of the transport, for people; empty before there is one.
    #[must_use]
    pub fn address(&self) -> String {
        self.transport.lock().address()
    }

    /// What happened to the own certificate; nothing before the handshake.
    #[must_use]
    pub fn certified(&self) -> Option<crate::tls::Certified> {
        self.session.lock().as_ref().map(Session::certified)
    }

    /// Why the peer was admitted, once it was.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.admitted.lock().as_ref().map(Admitted::reason)
    }

    /// The certificate at `index` of what the peer has shown and proven, the leaf first.
    #[must_use]
    pub fn peer_certificate(&self, index: usize) -> Option<Certificate> {
        self.chain.lock().get(index).cloned()
    }

    /// Refuses a call that cannot be made: in a child process, from the connection's own
    /// validator, or after the end.
    fn enter(&self) -> Result<(), Error> {
        self.check_process()?;
        if *self.asking_on.lock() == Some(thread::current().id()) {
            return Err(Error::new(
                Kind::Reentrant,
                "a validator cannot use the connection that it is asked about",
            ));
        }
        if let Some(error) = self.failed.lock().clone() {
            return Err(error);
        }
        self.check_aborted()
    }

    fn check_process(&self) -> Result<(), Error> {
        if self.process != std::process::id() {
            return Err(Error::new(
                Kind::Forked,
                "a connection does not survive a fork: make a new one in the child",
            ));
        }
        Ok(())
    }

    fn check_aborted(&self) -> Result<(), Error> {
        if self.aborted.load(Ordering::SeqCst) {
            let message = format!("the connection to {} was aborted", self.whom());
            return Err(Error::new(Kind::Cancelled, message));
        }
        Ok(())
    }

    /// Silences the wake once it was heard. An abort rings on: it is for every thread.
    fn hush(&self, wake: &Wake) -> Result<(), Error> {
        wake.clear();
        let aborted = self.check_aborted();
        if aborted.is_err() {
            wake.signal();
        }
        aborted
    }

    /// What wakes a call that waits; made when first needed.
    fn wake(&self) -> Result<Arc<Wake>, Error> {
        if let Some(wake) = self.wake.get() {
            return Ok(Arc::clone(wake));
        }
        let made = Arc::new(Wake::new()?);
        Ok(Arc::clone(self.wake.get_or_init(|| made)))
    }

    /// Remembers the failure that ends the connection.
    fn end_with(&self, error: &Error) {
        let mut failed = self.failed.lock();
        if failed.is_none() {
            *failed = Some(error.clone());
        }
    }

    /// Remembers what went wrong without ending the connection.
    fn note(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            *self.notice.lock() = Some(error);
        }
    }

    /// When something must be over that may take `limit` from now on.
    fn deadline(limit: Option<Duration>) -> Option<Instant> {
        limit.and_then(|limit| Instant::now().checked_add(limit))
    }
}

impl Side {
    fn to(endpoint: Endpoint, dial: bool) -> Self {
        let dialled = dial.then(|| endpoint.clone());
        Self::Client { dialled, endpoint: Mutex::new(endpoint) }
    }

    /// Where to dial, where we do.
    const fn dialled(&self) -> Option<&Endpoint> {
        match self {
            Self::Client { dialled, .. } => dialled.as_ref(),
            Self::Server => None,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.whom()).finish_non_exhaustive()
    }
}
