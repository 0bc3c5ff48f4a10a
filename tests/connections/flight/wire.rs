//! A wire between a client that dials and a real server, carried by the test itself: every
//! byte of the client is recorded the moment it has left.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tlsconn::{Connection, Context, Error, Outcome, Read, Want};

use super::pki::SERVER;

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing must come for a wire to count as quiet.
const QUIET: Duration = Duration::from_millis(40);

pub(crate) struct Wire {
    listener: TcpListener,
    client: Option<TcpStream>,
    server: TcpStream,
    client_ended: bool,
    server_ended: bool,
    /// Every byte that left the client.
    pub(crate) recorded: Vec<u8>,
}

impl Wire {
    /// A wire to the server at this port.
    pub(crate) fn to(port: u16) -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            client: None,
            server: TcpStream::connect(("127.0.0.1", port)).unwrap(),
            client_ended: false,
            server_ended: false,
            recorded: Vec::new(),
        }
    }

    /// A client that dials the near end.
    pub(crate) fn dial(&self, context: &Context) -> Connection {
        let port = self.listener.local_addr().unwrap().port();
        let client = Connection::dial(context, "127.0.0.1", i32::from(port), false).unwrap();
        client.set_verify_name(SERVER).unwrap();
        client
    }

    /// Shakes hands until that is done, fails or waits for an answer.
    pub(crate) fn shake(&mut self, client: &Connection) -> Result<Outcome<()>, Error> {
        self.until(client, Connection::handshake)
    }

    /// Reads this many bytes.
    pub(crate) fn read(&mut self, client: &Connection, length: usize) -> Vec<u8> {
        let mut heard = Vec::new();
        while heard.len() < length {
            let mut buffer = [0; 64];
            match self.until(client, |client| client.read(&mut buffer)) {
                Ok(Outcome::Done(Read::Bytes(count))) => heard.extend(&buffer[..count]),
                other => panic!("{other:?} after {heard:?}"),
            }
        }
        heard
    }

    /// Carries until nothing more comes from either side.
    pub(crate) fn settle(&mut self) {
        while self.carry(None, QUIET) {}
    }

    /// Carries until both sides have ended. The client must have been freed.
    pub(crate) fn finish(&mut self) {
        let until = Instant::now() + PATIENCE;
        while !(self.client_ended && self.server_ended) {
            self.carry(None, PATIENCE);
            assert!(Instant::now() < until, "the server does not hang up");
        }
    }

    fn until<T>(
        &mut self,
        client: &Connection,
        mut call: impl FnMut(&Connection) -> Result<Outcome<T>, Error>,
    ) -> Result<Outcome<T>, Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            match call(client) {
                Ok(Outcome::Not(Want::Read | Want::Write)) => {}
                over => return over,
            }
            assert!(Instant::now() < until, "nothing comes of it");
            let (descriptor, timeout) = client.poll().unwrap();
            self.carry(Some(descriptor), timeout.unwrap_or(PATIENCE).min(PATIENCE));
        }
    }

    /// Waits for something, and carries what there is; whether there was anything.
    fn carry(&mut self, beside: Option<BorrowedFd<'_>>, wait: Duration) -> bool {
        let from_client = match &self.client {
            Some(client) => client.as_fd(),
            None => self.listener.as_fd(),
        };
        let mut all = Vec::new();
        if !self.client_ended {
            all.push((0, PollFd::from_borrowed_fd(from_client, PollFlags::IN)));
        }
        if !self.server_ended {
            all.push((1, PollFd::new(&self.server, PollFlags::IN)));
        }
        all.extend(beside.map(|one| (2, PollFd::from_borrowed_fd(one, PollFlags::IN))));
        let (names, mut polled): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let timeout = Timespec::try_from(wait).unwrap();
        poll(&mut polled, Some(&timeout)).unwrap();
        let is_ready = |name| {
            let mut both = names.iter().zip(&polled);
            both.any(|(one, polled)| *one == name && !polled.revents().is_empty())
        };
        let (client_ready, server_ready) = (is_ready(0), is_ready(1));
        drop(polled);
        if client_ready {
            self.take_from_client();
        }
        if server_ready {
            self.take_from_server();
        }
        client_ready || server_ready
    }

    fn take_from_client(&mut self) {
        let Some(client) = &mut self.client else {
            self.client = Some(self.listener.accept().unwrap().0);
            return;
        };
        let mut buffer = [0; 16 * 1024];
        let count = client.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            self.client_ended = true;
            let _ = self.server.shutdown(Shutdown::Write);
            return;
        }
        self.recorded.extend(&buffer[..count]);
        // A server that is gone already still leaves a record.
        let _ = self.server.write_all(&buffer[..count]);
    }

    fn take_from_server(&mut self) {
        let mut buffer = [0; 16 * 1024];
        let count = self.server.read(&mut buffer).unwrap_or(0);
        self.server_ended = count == 0;
        if let Some(client) = &mut self.client {
            if self.server_ended {
                let _ = client.shutdown(Shutdown::Write);
            } else {
                let _ = client.write_all(&buffer[..count]);
            }
        } else {
            assert!(self.server_ended, "the server spoke first");
        }
    }
}
