//! A connection over memory, and rustls as the server at the other end.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use tlsconn::{Connection, Context, Error, Outcome, Read, Reason, Want};

use super::Identity;

/// A server's configuration with this certificate.
pub(crate) fn config(identity: &Identity) -> Arc<ServerConfig> {
    config_with(identity, &[])
}

/// The same with this behind its certificate.
pub(crate) fn config_with(identity: &Identity, behind: &[&[u8]]) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let all = [identity.certificate.der()].into_iter().chain(behind.iter().copied());
    let chain = all.map(|der| CertificateDer::from(der.to_vec())).collect();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// Both ends.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) server: ServerConnection,
    /// What the server has sent and the connection has not read yet.
    pending: Vec<u8>,
    /// The alert that the server was sent.
    pub(crate) alert: Option<rustls::AlertDescription>,
}

impl Link {
    pub(crate) fn new(context: &Context, host: &str, port: i32, server: &Identity) -> Self {
        Self::with(Connection::in_memory(context, host, port).unwrap(), server)
    }

    pub(crate) fn with(connection: Connection, server: &Identity) -> Self {
        let server = ServerConnection::new(config(server)).unwrap();
        Self { connection, server, pending: Vec::new(), alert: None }
    }

    /// Does the handshake until it is over or nothing moves any more.
    pub(crate) fn run(&mut self) -> Result<Outcome<()>, Error> {
        loop {
            let outcome = self.connection.handshake();
            let moved = self.carry();
            match outcome {
                Ok(Outcome::Not(Want::Read | Want::Write)) if moved => {}
                other => return other,
            }
        }
    }

    /// Completes the handshake; returns why the server was admitted.
    pub(crate) fn open(&mut self) -> Reason {
        assert_eq!(self.run(), Ok(Outcome::Done(())));
        self.talk();
        self.connection.reason().unwrap()
    }

    /// Does the handshake up to the question.
    pub(crate) fn asks(&mut self) {
        assert_eq!(self.run(), Ok(Outcome::Not(Want::Answer)));
    }

    /// Fails in the handshake; returns the error.
    pub(crate) fn refused(&mut self) -> Error {
        let error = self.run().unwrap_err();
        assert!(self.server.is_handshaking(), "the held flight has left");
        error
    }

    /// A word from the server arrives.
    fn talk(&mut self) {
        assert!(!self.server.is_handshaking());
        std::io::Write::write_all(&mut self.server.writer(), b"hello").unwrap();
        self.carry();
        let mut buffer = [0; 16];
        let read = self.connection.read(&mut buffer);
        assert_eq!(read, Ok(Outcome::Done(Read::Bytes(5))));
    }

    /// Carries pending bytes both ways; returns whether there were any.
    pub(crate) fn carry(&mut self) -> bool {
        let mut moved = false;
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = self.connection.memory_output(&mut buffer) {
            moved = true;
            let mut rest = &buffer[..count];
            while !rest.is_empty() {
                self.server.read_tls(&mut rest).unwrap();
                if let Err(rustls::Error::AlertReceived(alert)) = self.server.process_new_packets()
                {
                    self.alert = Some(alert);
                }
            }
        }
        while self.server.wants_write() {
            self.server.write_tls(&mut self.pending).unwrap();
        }
        while !self.pending.is_empty() {
            let Ok(count @ 1..) = self.connection.memory_input(&self.pending) else { break };
            moved = true;
            self.pending.drain(..count);
        }
        moved
    }
}
