//! A client of ours and a server of rustls in one process, linked by memory or by a pair of
//! sockets, and every byte of the client recorded.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use tlsconn::{Connection, Context, Error, Outcome, Read, Want};

use super::pki::SERVER;

pub(crate) const PORT: i32 = 16514;

/// The two sides, and what left the client.
pub(crate) struct Link {
    client: Option<Connection>,
    pub(crate) server: ServerConnection,
    /// Every byte that left the client.
    pub(crate) recorded: Vec<u8>,
    /// How many of them the server was given.
    fed: usize,
    /// Why the server gave up.
    pub(crate) refusal: Option<rustls::Error>,
    /// The server's end of the sockets, where there are sockets.
    socket: Option<UnixStream>,
    /// What the server has ready for the client.
    ready: Vec<u8>,
    /// How many bytes the client may still get before its stream ends.
    pub(crate) limit: usize,
    /// How many bytes the client gets at a time.
    pub(crate) portion: usize,
}

impl Link {
    pub(crate) fn in_memory(context: &Context, config: &Arc<ServerConfig>) -> Self {
        Self::over_memory_to(Connection::in_memory(context, SERVER, PORT).unwrap(), config)
    }

    pub(crate) fn over_memory_to(client: Connection, config: &Arc<ServerConfig>) -> Self {
        Self {
            client: Some(client),
            server: ServerConnection::new(Arc::clone(config)).unwrap(),
            recorded: Vec::new(),
            fed: 0,
            refusal: None,
            socket: None,
            ready: Vec::new(),
            limit: usize::MAX,
            portion: usize::MAX,
        }
    }

    /// Over sockets of the caller's. The client's end stays open, so that nothing but the
    /// library decides what goes through it.
    pub(crate) fn over_sockets(context: &Context, config: &Arc<ServerConfig>) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let ours: &'static UnixStream = Box::leak(Box::new(ours));
        let client = Connection::over_socket(context, ours.as_fd(), SERVER, PORT, false).unwrap();
        Self { socket: Some(theirs), ..Self::over_memory_to(client, config) }
    }

    pub(crate) fn client(&self) -> &Connection {
        self.client.as_ref().unwrap()
    }

    /// Frees the client.
    pub(crate) fn free_client(&mut self) {
        drop(self.client.take());
    }

    /// Shakes hands until that is done, fails, or waits for what this link cannot give.
    pub(crate) fn shake(&mut self) -> Result<Outcome<()>, Error> {
        loop {
            match self.client().handshake() {
                Ok(Outcome::Not(Want::Read | Want::Write)) => {
                    if !self.carry() {
                        return Ok(Outcome::Not(Want::Read));
                    }
                }
                over => {
                    self.record();
                    return over;
                }
            }
        }
    }

    /// Carries bytes both ways, the client's to the last, the server's in portions; whether
    /// there were any.
    pub(crate) fn carry(&mut self) -> bool {
        let to_server = self.carry_to_server();
        self.collect();
        let count = self.ready.len().min(self.portion).min(self.limit);
        let portion: Vec<u8> = self.ready.drain(..count).collect();
        self.limit -= count;
        if count > 0 {
            self.give(&portion);
        }
        to_server || count > 0
    }

    /// Gives the server what the client sent.
    pub(crate) fn carry_to_server(&mut self) -> bool {
        self.record();
        let mut rest = &self.recorded[self.fed..];
        let new = !rest.is_empty();
        self.fed = self.recorded.len();
        while !rest.is_empty() && self.refusal.is_none() {
            self.server.read_tls(&mut rest).unwrap();
            self.refusal = self.server.process_new_packets().err();
        }
        new
    }

    /// Gives the client these bytes in one piece.
    pub(crate) fn give(&self, bytes: &[u8]) {
        match &self.socket {
            Some(socket) => (&*socket).write_all(bytes).unwrap(),
            None => assert_eq!(self.client().memory_input(bytes).unwrap(), bytes.len()),
        }
    }

    /// Ends the stream to the client.
    pub(crate) fn end(&self) {
        match &self.socket {
            Some(socket) => socket.shutdown(std::net::Shutdown::Write).unwrap(),
            None => assert_eq!(self.client().memory_input(&[]).unwrap(), 0),
        }
    }

    /// The server's whole first flight, which the client has not got.
    pub(crate) fn flight(&mut self) -> Vec<u8> {
        let _ = self.client().handshake();
        assert!(self.carry_to_server());
        self.collect();
        std::mem::take(&mut self.ready)
    }

    /// How many bytes the server has ready which the client did not get.
    pub(crate) const fn owed(&self) -> usize {
        self.ready.len()
    }

    /// Records what left the client; how many bytes there are new.
    pub(crate) fn record(&mut self) -> usize {
        let before = self.recorded.len();
        let mut buffer = [0; 4096];
        loop {
            let count = match (&self.socket, &self.client) {
                (Some(socket), _) => match (&*socket).read(&mut buffer) {
                    Ok(count) => count,
                    Err(failure) if failure.kind() == ErrorKind::WouldBlock => 0,
                    Err(failure) => panic!("{failure}"),
                },
                (None, Some(client)) => client.memory_output(&mut buffer).unwrap_or(0),
                (None, None) => 0,
            };
            if count == 0 {
                return self.recorded.len() - before;
            }
            self.recorded.extend_from_slice(&buffer[..count]);
        }
    }

    /// Sends data to the server and back.
    pub(crate) fn assert_talks(&mut self, what: &str) {
        assert_eq!(self.client().write(b"ping"), Ok(Outcome::Done(4)), "{what}");
        assert_eq!(self.hear(), b"ping", "{what}");
        self.say(b"pong");
        assert_eq!(self.listen().unwrap(), Outcome::Done(Read::Bytes(4)), "{what}");
    }

    /// Has the server say something.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.server.writer().write_all(bytes).unwrap();
        self.carry();
    }

    /// What the server hears.
    pub(crate) fn hear(&mut self) -> Vec<u8> {
        self.carry();
        let mut heard = Vec::new();
        let end = self.server.reader().read_to_end(&mut heard);
        assert!(end.is_ok() || end.unwrap_err().kind() == ErrorKind::WouldBlock);
        assert_eq!(self.refusal, None);
        heard
    }

    /// Has the client read once.
    pub(crate) fn listen(&self) -> Result<Outcome<Read>, Error> {
        self.client().read(&mut [0; 64])
    }

    fn collect(&mut self) {
        while self.server.wants_write() {
            self.server.write_tls(&mut self.ready).unwrap();
        }
    }
}
