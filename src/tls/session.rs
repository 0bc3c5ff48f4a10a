//! A session: bytes of the wire in, bytes of the wire out, and a gate between.
//!
//! rustls considers a handshake complete before anybody has judged the peer. Here the gate decides:
//! one record at a time goes in, and once the peer has proved its key the session is *held*. From
//! then until [`Session::admit`] nothing that rustls has ready is sent, whatever happens; a failure
//! or [`Session::refuse`] throws it away and sends one alert of our own (`ending.rs`). There is no
//! socket, clock, thread or lock here.

mod ahead;
mod ending;
mod heard;
mod why;

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::Error as TlsError;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, HandshakeKind, ProtocolVersion};

use super::alert::Alert;
use super::cache::{SessionKey, View};
use super::failure::{Moment, explain, ours};
use super::outcome::{Certified, Info, PeerChain, Progress, Received};
use super::record;
use super::secrets::Secrets;
use super::server::ServerSetup;
use super::setup::Setup;
use super::step::{Step, read_all};
use crate::error::{CallCause, Error, Kind};
use crate::host::Host;
use crate::material::Certificate;
use crate::process::enter;
use crate::trust::{Admitted, ClientAuth};
use heard::Heard;
use why::Why;

/// The most plaintext that one call of [`Session::write`] takes.
const WRITE_LIMIT: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before the peer's proof: only hellos may leave.
    Hello,
    /// The peer has proven its key: nothing may leave.
    Held,
    /// Admitted: everything may leave.
    Admitted,
    /// Over: what is in `outgoing` may leave, and nothing more comes.
    Failed,
}

/// One TLS session with one peer.
pub(crate) struct Session {
    tls: Connection,
    phase: Phase,
    peer: String,
    /// What came from the wire and rustls has not seen.
    incoming: Vec<u8>,
    /// What rustls wrote and may not leave yet.
    held: Vec<u8>,
    /// What may leave.
    outgoing: Vec<u8>,
    /// Plaintext that rustls has ready for [`Self::read`].
    plaintext: usize,
    ended: bool,
    closed: bool,
    peer_closed: bool,
    data_came: bool,
    /// The certificates of the peer that were read, until it is admitted.
    read: Vec<Certificate>,
    certified: Certified,
    /// Why the peer cannot verify any signature that our keys can make, where that came up.
    unverifiable: Option<String>,
    heard: Heard,
    /// On a server: whether the client shows a certificate.
    auth: ClientAuth,
    secrets: Arc<Secrets>,
    view: Option<Arc<View>>,
}

impl Session {
    /// Starts a session to the server `name`; messages call it `peer`. With a key, an earlier
    /// session of that key is resumed, and this one may be kept under it.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`]: `name` is not a name that TLS can carry.
    pub(crate) fn client(
        setup: &Setup,
        name: &Host,
        peer: String,
        key: Option<SessionKey>,
    ) -> Result<Self, Error> {
        let server_name = match name.ip() {
            Some(address) => ServerName::IpAddress(address.into()),
            None => ServerName::try_from(name.as_str().to_owned()).map_err(|_| {
                Error::new(Kind::Invalid, format!("{name} is not a valid name for a TLS server"))
            })?,
        };
        let (config, view, secrets) = setup.session(key);
        let tls = ClientConnection::new(Arc::new(config), server_name)
            .map_err(|failure| ours(&failure, &peer))?;
        let mut heard = Heard::nothing(Arc::clone(setup.offers()));
        heard.has_big_hello = setup.has_big_hello();
        heard.sent_name = name.ip().is_none().then(|| name.to_string());
        let mut session = Self::new(Connection::Client(tls), peer, secrets, heard);
        session.view = view;
        session.collect();
        Ok(session)
    }

    /// Starts a session with a client; messages call it `peer`.
    ///
    /// # Errors
    ///
    /// Whatever rustls has against the setup.
    pub(crate) fn server(setup: &ServerSetup, peer: String) -> Result<Self, Error> {
        let (tls, secrets) = setup.session()?;
        let mut session = Self::new(
            Connection::Server(tls),
            peer,
            secrets,
            Heard::nothing(Arc::clone(setup.offers())),
        );
        session.auth = setup.auth();
        Ok(session)
    }

    const fn new(tls: Connection, peer: String, secrets: Arc<Secrets>, heard: Heard) -> Self {
        Self {
            tls,
            phase: Phase::Hello,
            peer,
            incoming: Vec::new(),
            held: Vec::new(),
            outgoing: Vec::new(),
            plaintext: 0,
            ended: false,
            closed: false,
            peer_closed: false,
            data_came: false,
            read: Vec::new(),
            certified: Certified::NotAsked,
            unverifiable: None,
            heard,
            auth: ClientAuth::None,
            secrets,
            view: None,
        }
    }

    /// Takes bytes that came from the wire. They are looked at by [`Self::advance`].
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.heard.add(bytes);
        self.incoming.extend_from_slice(bytes);
    }

    /// The wire will bring no more bytes.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether [`Self::end`] was called.
    #[must_use]
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Works through what came, a record at a time, until the session is held, is open, or
    /// needs more.
    ///
    /// # Errors
    ///
    /// Whatever the peer did wrong; the session is over then, and an alert may be ready to leave.
    pub(crate) fn advance(&mut self) -> Result<Progress, Error> {
        loop {
            match self.phase {
                Phase::Held => return Ok(Progress::Held),
                Phase::Admitted if !self.tls.is_handshaking() => return Ok(Progress::Open),
                Phase::Failed => {
                    return Err(Error::new(
                        Kind::State,
                        format!("the connection to {} has ended", self.peer),
                    )
                    .because(&CallCause::ConnectionOver));
                }
                Phase::Hello | Phase::Admitted => {}
            }
            if !self.step()? {
                if self.ended {
                    return Err(self.truncated());
                }
                return Ok(Progress::NeedsInput);
            }
        }
    }

    /// What the peer shows. `None`: it has not proved its key yet. No certificate is parsed twice
    /// in the life of the session.
    #[must_use]
    pub(crate) fn shown(&mut self) -> PeerChain {
        let is_proven = self.phase != Phase::Hello;
        let sent = self.tls.peer_certificates().filter(|_| is_proven);
        read_all(&mut self.read, sent.unwrap_or_default())
    }

    /// Opens the gate: what was held leaves, and the session goes on. Messages call a client by
    /// its identity from now on.
    ///
    /// With `keep`, the fingerprint of the decision, sessions may be resumed under it.
    pub(crate) fn admit(&mut self, admitted: &Admitted, keep: Option<[u8; 32]>) {
        if self.phase != Phase::Held {
            return;
        }
        if let Some(identity) = admitted.identity() {
            self.peer = format!("the client {}", identity.name);
        }
        self.phase = Phase::Admitted;
        drop(self.secrets.take());
        // Whoever admitted the peer has its chain.
        self.read = Vec::new();
        if let (Some(view), Some(standing)) = (&self.view, keep) {
            view.keep(standing);
        }
        self.outgoing.append(&mut self.held);
        self.collect();
    }

    /// Ends the session with an alert and without the held flight.
    pub(crate) fn refuse(&mut self, alert: Alert) {
        self.fail(Why::Ours(alert));
    }

    /// From now on sessions may be resumed under the decision with this fingerprint.
    pub(crate) fn keep(&self, standing: [u8; 32]) {
        if let (Phase::Admitted, Some(view)) = (self.phase, &self.view) {
            view.keep(standing);
        }
    }

    /// Sessions are not resumed: the decision was for once.
    pub(crate) fn forget(&self) {
        if let Some(view) = &self.view {
            view.forget();
        }
    }

    /// Encrypts as many of `bytes` as fit; how many they were.
    ///
    /// # Errors
    ///
    /// [`Kind::State`] before the session is open, after [`Self::close`], and after a failure.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if !self.is_open() {
            return Err(Error::new(
                Kind::State,
                format!("the connection to {} is not open for writing", self.peer),
            )
            .because(&CallCause::Incomplete));
        }
        if self.closed {
            return Err(Error::new(
                Kind::State,
                format!("the connection to {} was shut down for writing", self.peer),
            )
            .because(&CallCause::ConnectionOver));
        }
        let part = bytes.get(..bytes.len().min(WRITE_LIMIT)).unwrap_or(bytes);
        let written = self.tls.writer().write(part);
        self.collect();
        written.map_err(|_| ours(&TlsError::EncryptError, &self.peer))
    }

    /// Decrypts into `buffer`.
    ///
    /// # Errors
    ///
    /// [`Kind::Truncated`] where the wire ended without the peer's closing alert; whatever the
    /// peer did wrong.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, Error> {
        if self.phase != Phase::Admitted {
            return Err(Error::new(
                Kind::State,
                format!("the connection to {} is not open for reading", self.peer),
            )
            .because(&CallCause::Incomplete));
        }
        loop {
            match self.tls.reader().read(buffer) {
                Ok(0) if buffer.is_empty() => return Ok(Received::Bytes(0)),
                Ok(0) => return Ok(Received::Closed),
                Ok(count) => {
                    self.data_came = true;
                    self.plaintext = self.plaintext.saturating_sub(count);
                    return Ok(Received::Bytes(count));
                }
                Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(self.truncated()),
            }
            if !self.step()? {
                return if self.ended { Err(self.truncated()) } else { Ok(Received::NeedsInput) };
            }
        }
    }

    /// Says that we send no more. Before the session is open nothing is said at all.
    pub(crate) fn close(&mut self) {
        if self.phase == Phase::Admitted && !self.closed {
            self.tls.send_close_notify();
            self.collect();
            self.closed = true;
        }
    }

    /// Moves what may leave behind `out`.
    pub(crate) fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.outgoing);
    }

    /// What was agreed on so far.
    #[must_use]
    pub(crate) fn info(&self) -> Info {
        Info::of(&self.tls)
    }

    /// What happened to our own certificate.
    #[must_use]
    pub(crate) const fn certified(&self) -> Certified {
        self.certified
    }

    /// Whether application data, or anything else behind the handshake, has come.
    #[must_use]
    pub(crate) fn peer_went_on(&self) -> bool {
        let tickets = match &self.tls {
            Connection::Client(client) => client.tls13_tickets_received(),
            Connection::Server(_) => 0,
        };
        self.data_came
            || self.plaintext > 0
            || self.peer_closed
            || tickets > 0
            || self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_2)
    }

    /// Works through one record; whether there was a whole one.
    fn step(&mut self) -> Result<bool, Error> {
        let Some(length) = self.next_record() else { return Ok(false) };
        let mut record = self.incoming.get(..length).unwrap_or_default();
        self.heard.record(record, self.tls.is_handshaking(), self.tls.protocol_version());
        Step::begin(std::mem::take(&mut self.read));
        let mut outcome = Ok(());
        while !record.is_empty() {
            match self.tls.read_tls(&mut record) {
                // Behind the closing alert nothing counts any more.
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    outcome = Err(ours(&TlsError::HandshakeNotComplete, &self.peer));
                    break;
                }
            }
        }
        self.incoming.drain(..length);
        if self.incoming.is_empty() {
            self.incoming = Vec::new();
        }
        let state = {
            // The keys of a context lock themselves for moments while they sign.
            let _inside = self.tls.is_handshaking().then(enter);
            self.tls.process_new_packets()
        };
        let Step { read, certified, unverifiable } = Step::end();
        self.read = read;
        self.unverifiable = unverifiable.or(self.unverifiable.take());
        self.certified = certified.unwrap_or(self.certified);
        if let Ok(state) = &state {
            self.plaintext = state.plaintext_bytes_to_read();
            self.peer_closed = state.peer_has_closed();
        }
        if let Err(failure) = state {
            let error = explain(&failure, self.moment());
            self.fail(Why::Failed(&failure));
            return Err(error);
        }
        if let Err(error) = outcome {
            self.fail(Why::Ours(Alert::InternalError));
            return Err(error);
        }
        if self.phase == Phase::Hello && self.is_proven() {
            self.phase = Phase::Held;
            if self.auth != ClientAuth::None {
                let shown = self.tls.peer_certificates().is_some();
                self.certified = if shown { Certified::Sent } else { Certified::Lacking };
            }
        }
        self.collect();
        Ok(true)
    }

    /// The length of the next record, where it is here as a whole.
    fn next_record(&self) -> Option<usize> {
        record::length(&self.incoming).filter(|length| *length <= self.incoming.len())
    }

    /// Whether the peer has proven that it holds the key of its certificate: by a signature,
    /// or, in a resumed session, by its Finished.
    ///
    /// A client has done so with its Finished, and one without a certificate has nothing to
    /// prove.
    fn is_proven(&self) -> bool {
        if self.is_server() {
            return !self.tls.is_handshaking();
        }
        let shown = self.tls.peer_certificates().is_some();
        let resumed = self.tls.handshake_kind() == Some(HandshakeKind::Resumed);
        shown && (!resumed || !self.tls.is_handshaking())
    }

    /// Takes what rustls has written to where the phase wants it.
    fn collect(&mut self) {
        match self.phase {
            Phase::Hello | Phase::Held => self.hold(),
            // Nothing may follow the closing alert: no answer to a KeyUpdate, no other alert.
            Phase::Admitted if self.closed => write_all(&mut self.tls, &mut Vec::new()),
            Phase::Admitted => write_all(&mut self.tls, &mut self.outgoing),
            Phase::Failed => return,
        }
        if self.phase == Phase::Hello {
            // A server's flight tells no client anything that another one may not know.
            let leave = match self.tls {
                Connection::Client(_) => record::through_last_hello(&self.held),
                Connection::Server(_) => self.held.len(),
            };
            self.outgoing.extend(self.held.drain(..leave));
        }
    }

    /// Takes what rustls has written to where nothing leaves.
    fn hold(&mut self) {
        write_all(&mut self.tls, &mut self.held);
    }

    /// What is known when something fails.
    fn moment(&self) -> Moment<'_> {
        let heard = &self.heard;
        Moment {
            peer: &self.peer,
            sent_name: heard.sent_name.as_deref(),
            offers: &heard.offers,
            certified: self.certified,
            is_server: self.is_server(),
            before_first_data: !self.data_came,
            unverifiable: self.unverifiable.as_deref(),
            lost_hello: self.has_lost_hello(),
            first: &heard.first,
            old_version: heard.old_version,
            has_version: self.tls.protocol_version().is_some(),
            is_open: !self.tls.is_handshaking(),
            renegotiates: heard.renegotiates,
        }
    }

    /// Whether a first hello that is longer than one packet brought no answer at all: some old
    /// servers and middleboxes cannot take one.
    #[must_use]
    pub(crate) const fn has_lost_hello(&self) -> bool {
        self.heard.has_big_hello && self.heard.first.is_empty()
    }

    const fn is_server(&self) -> bool {
        matches!(self.tls, Connection::Server(_))
    }
}

/// Moves what rustls has written behind `target`.
fn write_all(tls: &mut Connection, target: &mut Vec<u8>) {
    while tls.wants_write() {
        // Writing to a vector cannot fail.
        let _ = tls.write_tls(target);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("peer", &self.peer).field("phase", &self.phase).finish()
    }
}
