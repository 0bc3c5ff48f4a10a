//! A server of ours over memory, and rustls as the client at the other end, which believes
//! everybody and remembers what it was shown. Every byte of the server is recorded.

use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError, HandshakeKind,
    SignatureScheme, SupportedCipherSuite,
};
use tlsconn::{Connection, Context, Error, Outcome, Read, Version, Want};

use super::Identity;

/// The versions of TLS.
pub(crate) const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

/// Believes everybody, and can check these signatures.
#[derive(Debug)]
struct Believes(Vec<SignatureScheme>);

impl ServerCertVerifier for Believes {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

/// A client's configuration: with this certificate, of this version.
pub(crate) fn client(identity: Option<&Identity>, version: Version) -> ClientConfig {
    let all = default_provider().signature_verification_algorithms.supported_schemes();
    client_that_checks(identity, version, all)
}

/// The same for a client that can check these signatures alone.
pub(crate) fn client_that_checks(
    identity: Option<&Identity>,
    version: Version,
    schemes: Vec<SignatureScheme>,
) -> ClientConfig {
    configured(default_provider(), identity, version, schemes)
}

/// The same for a client that speaks one suite alone.
pub(crate) fn client_with_suite(
    identity: &Identity,
    version: Version,
    suite: SupportedCipherSuite,
) -> ClientConfig {
    let provider = CryptoProvider { cipher_suites: vec![suite], ..default_provider() };
    let schemes = provider.signature_verification_algorithms.supported_schemes();
    configured(provider, Some(identity), version, schemes)
}

fn configured(
    provider: CryptoProvider,
    identity: Option<&Identity>,
    version: Version,
    schemes: Vec<SignatureScheme>,
) -> ClientConfig {
    let version = match version {
        Version::Tls12 => &TLS12,
        Version::Tls13 => &TLS13,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believes(schemes)));
    match identity {
        Some(identity) => {
            let chain = vec![CertificateDer::from(identity.certificate.der().to_vec())];
            let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

/// Both ends.
pub(crate) struct Raw {
    server: Option<Connection>,
    pub(crate) client: ClientConnection,
    /// What the client said and the server has not taken yet.
    pending: Vec<u8>,
    /// Every byte that left the server.
    pub(crate) recorded: Vec<u8>,
    /// How many of them the client was given.
    fed: usize,
    /// Why the client gave up.
    pub(crate) refusal: Option<TlsError>,
}

impl Raw {
    pub(crate) fn new(server: &Context, client: &Arc<ClientConfig>, name: &str) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        Self {
            server: Some(Connection::accept_in_memory(server).unwrap()),
            client: ClientConnection::new(Arc::clone(client), name).unwrap(),
            pending: Vec::new(),
            recorded: Vec::new(),
            fed: 0,
            refusal: None,
        }
    }

    pub(crate) fn server(&self) -> &Connection {
        self.server.as_ref().unwrap()
    }

    /// Frees the server.
    pub(crate) fn free(&mut self) {
        drop(self.server.take());
    }

    /// Shakes hands until nothing moves any more; what came of it on the server.
    pub(crate) fn run(&mut self) -> Result<Outcome<()>, Error> {
        loop {
            let outcome = self.server().handshake();
            if !self.carry() {
                return outcome;
            }
        }
    }

    /// Shakes hands to the end, and lets a word pass each way.
    #[track_caller]
    pub(crate) fn open(&mut self) {
        assert_eq!(self.run(), Ok(Outcome::Done(())), "{:?}", self.refusal);
        self.talk();
    }

    /// Lets a word pass each way.
    #[track_caller]
    pub(crate) fn talk(&mut self) {
        self.client.writer().write_all(b"ping").unwrap();
        self.carry();
        let mut buffer = [0; 16];
        assert_eq!(self.server().read(&mut buffer), Ok(Outcome::Done(Read::Bytes(4))));
        assert_eq!(self.server().write(b"pong"), Ok(Outcome::Done(4)));
        self.carry();
        assert_eq!(self.hear(), b"pong");
    }

    /// Shakes hands up to the question.
    #[track_caller]
    pub(crate) fn asks(&mut self) {
        assert_eq!(self.run(), Ok(Outcome::Not(Want::Answer)));
    }

    /// Shakes hands in vain; why the server let nobody in.
    #[track_caller]
    pub(crate) fn refused(&mut self) -> Error {
        self.run().unwrap_err()
    }

    /// Whether an earlier session was resumed, as both sides see it.
    #[track_caller]
    pub(crate) fn is_resumed(&self) -> bool {
        let client = self.client.handshake_kind() == Some(HandshakeKind::Resumed);
        let server = self.server().info();
        // A connection that failed has nothing to tell.
        assert!(server.version.is_empty() || server.resumed == client);
        client
    }

    /// The first certificate that the client was shown.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.client.peer_certificates().unwrap()[0].to_vec()
    }

    /// What the client hears.
    pub(crate) fn hear(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let end = self.client.reader().read_to_end(&mut heard);
        assert!(end.is_ok() || end.unwrap_err().kind() == ErrorKind::WouldBlock);
        heard
    }

    /// Carries what there is both ways; whether there was anything.
    pub(crate) fn carry(&mut self) -> bool {
        let to_client = self.carry_to_client();
        self.collect();
        let mut moved = false;
        while !self.pending.is_empty() {
            let Ok(count @ 1..) = self.server().memory_input(&self.pending) else { break };
            moved = true;
            self.pending.drain(..count);
        }
        to_client || moved
    }

    /// Takes what the client has ready, in place of carrying it.
    pub(crate) fn take_from_client(&mut self) -> Vec<u8> {
        self.collect();
        std::mem::take(&mut self.pending)
    }

    /// Gives the server these bytes in one piece.
    pub(crate) fn give(&self, bytes: &[u8]) {
        assert_eq!(self.server().memory_input(bytes), Ok(bytes.len()));
    }

    /// Gives the client what the server sent.
    pub(crate) fn carry_to_client(&mut self) -> bool {
        self.record();
        let mut rest = &self.recorded[self.fed..];
        let is_new = !rest.is_empty();
        self.fed = self.recorded.len();
        while !rest.is_empty() && self.refusal.is_none() {
            self.client.read_tls(&mut rest).unwrap();
            self.refusal = self.client.process_new_packets().err();
        }
        is_new
    }

    /// Records what left the server; how many bytes there are new.
    pub(crate) fn record(&mut self) -> usize {
        let before = self.recorded.len();
        let mut buffer = [0; 16 * 1024];
        while let Some(server) = &self.server
            && let Ok(count @ 1..) = server.memory_output(&mut buffer)
        {
            self.recorded.extend_from_slice(&buffer[..count]);
        }
        self.recorded.len() - before
    }

    fn collect(&mut self) {
        while self.client.wants_write() {
            self.client.write_tls(&mut self.pending).unwrap();
        }
    }
}
