//! A connection over a socket of the test, and rustls at the other end in a thread that ends
//! with the handshake.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::{ServerConfig, ServerConnection};
use tlsconn::{Connection, Context};

/// Longer than anything here takes; what takes longer never ends.
const FOR_EVER: Duration = Duration::from_secs(20);

/// What leads from one end to the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Tcp,
    Unix,
}

/// The server's end, after its part of the handshake.
pub(crate) struct Server {
    tls: ServerConnection,
    stream: File,
}

/// A connection that waits for its handshake, and the server that waits for it too.
pub(crate) struct Pair {
    pub(crate) connection: Arc<Connection>,
    /// The connection's socket.
    pub(crate) socket: BorrowedFd<'static>,
    server: JoinHandle<Server>,
}

impl Pair {
    pub(crate) fn new(
        way: Way,
        context: &Context,
        host: &str,
        config: Arc<ServerConfig>,
        blocking: bool,
    ) -> Self {
        let (near, far) = ends(way);
        // The connection only borrows it.
        let near: &'static OwnedFd = Box::leak(Box::new(near));
        let socket = near.as_fd();
        let connection = Connection::over_socket(context, socket, host, 443, blocking).unwrap();
        let server = thread::spawn(move || {
            let (mut tls, mut stream) = (ServerConnection::new(config).unwrap(), File::from(far));
            // Whether it succeeds or not: what there is to say is said.
            let _ = tls.complete_io(&mut stream);
            while tls.wants_write() && tls.write_tls(&mut stream).is_ok() {}
            Server { tls, stream }
        });
        Self { connection: Arc::new(connection), socket, server }
    }

    /// The server, once its part of the handshake is over.
    pub(crate) fn server(self) -> (Arc<Connection>, Server) {
        (self.connection, self.server.join().unwrap())
    }
}

impl Server {
    pub(crate) fn says(&mut self, words: &[u8]) {
        rustls::Stream::new(&mut self.tls, &mut self.stream).write_all(words).unwrap();
    }

    /// Whoever writes to it learns that nobody reads.
    pub(crate) fn stops_reading(&self) {
        rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Read).unwrap();
    }

    pub(crate) fn hears(&mut self, words: &[u8]) {
        let mut heard = vec![0; words.len()];
        rustls::Stream::new(&mut self.tls, &mut self.stream).read_exact(&mut heard).unwrap();
        assert_eq!(heard, words);
    }
}

fn ends(way: Way) -> (OwnedFd, OwnedFd) {
    match way {
        Way::Unix => {
            let (near, far) = UnixStream::pair().unwrap();
            far.set_read_timeout(Some(FOR_EVER)).unwrap();
            (near.into(), far.into())
        }
        Way::Tcp => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (far, _) = listener.accept().unwrap();
            far.set_read_timeout(Some(FOR_EVER)).unwrap();
            (near.into(), far.into())
        }
    }
}

/// What `work` gives; a failure where it never ends.
pub(crate) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = channel();
    thread::spawn(move || send.send(work()));
    receive.recv_timeout(FOR_EVER).expect("it never ends, or it panicked")
}

/// Whether there is something to read now.
pub(crate) fn is_readable(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, PollFlags::IN, Duration::ZERO)
}

/// Whether there is room to write now.
pub(crate) fn is_writable(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, PollFlags::OUT, Duration::ZERO)
}

/// Waits as an event loop does for what the connection's last call wants.
pub(crate) fn wait_for(connection: &Connection) {
    let (fd, limit) = connection.poll().unwrap();
    let limit = limit.unwrap_or(FOR_EVER).min(FOR_EVER);
    assert!(is_ready(fd, PollFlags::IN, limit) || limit < FOR_EVER, "nothing comes");
}

fn is_ready(fd: BorrowedFd<'_>, flags: PollFlags, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).unwrap();
    poll(&mut [PollFd::from_borrowed_fd(fd, flags)], Some(&limit)).unwrap() > 0
}
