//! A server of ours and a client of ours, with a wire of memory between them.

use parking_lot::Mutex;
use tlsconn::{Certificate, Connection, Context, Error, Material, Outcome, Read, Want};

use super::Identity;

/// Both ends.
pub(crate) struct Both {
    pub(crate) server: Connection,
    pub(crate) client: Connection,
    /// What one end has sent and the other has not read yet.
    on_the_way: [Mutex<Vec<u8>>; 2],
}

/// A context with this pair as its own.
pub(crate) fn own(context: Context, identity: &Identity) -> Context {
    context.add(Material::Certificate, identity.pem.as_bytes()).unwrap();
    context.add(Material::Key, identity.key_pem().as_bytes()).unwrap();
    context
}

impl Both {
    pub(crate) fn new(server: &Context, client: &Context, host: &str) -> Self {
        Self {
            server: Connection::accept_in_memory(server).unwrap(),
            client: Connection::in_memory(client, host, 443).unwrap(),
            on_the_way: Default::default(),
        }
    }

    /// Does the handshake until nothing moves any more; returns the results of the server and the
    /// client.
    pub(crate) fn run(&self) -> [Result<Outcome<()>, Error>; 2] {
        loop {
            let outcomes = [self.server.handshake(), self.client.handshake()];
            if !self.carry() {
                return outcomes;
            }
        }
    }

    /// Completes the handshake, and sends a message each way.
    #[track_caller]
    pub(crate) fn open(&self) {
        assert_eq!(self.run(), [Ok(Outcome::Done(())), Ok(Outcome::Done(()))]);
        for (from, to) in [(&self.client, &self.server), (&self.server, &self.client)] {
            assert_eq!(from.write(b"hello").unwrap(), Outcome::Done(5));
            self.carry();
            let mut buffer = [0; 16];
            assert_eq!(to.read(&mut buffer).unwrap(), Outcome::Done(Read::Bytes(5)));
        }
    }

    /// Fails in the handshake; returns the server's error.
    #[track_caller]
    pub(crate) fn refused(&self) -> Error {
        let [server, _] = self.run();
        server.unwrap_err()
    }

    /// Does the handshake up to the server's question.
    #[track_caller]
    pub(crate) fn asks(&self) {
        assert_eq!(self.run()[0], Ok(Outcome::Not(Want::Answer)));
    }

    /// Carries pending bytes both ways; returns whether there were any.
    pub(crate) fn carry(&self) -> bool {
        let one = carry(&self.server, &self.client, &mut self.on_the_way[0].lock());
        let other = carry(&self.client, &self.server, &mut self.on_the_way[1].lock());
        one || other
    }

    /// The certificate that the server has seen.
    pub(crate) fn shown(&self) -> Option<Certificate> {
        self.server.peer_certificate(0)
    }
}

fn carry(from: &Connection, to: &Connection, on_the_way: &mut Vec<u8>) -> bool {
    let mut moved = false;
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.memory_output(&mut buffer) {
        moved = true;
        on_the_way.extend_from_slice(&buffer[..count]);
    }
    while !on_the_way.is_empty() {
        let Ok(count @ 1..) = to.memory_input(on_the_way) else { break };
        moved = true;
        on_the_way.drain(..count);
    }
    moved
}
