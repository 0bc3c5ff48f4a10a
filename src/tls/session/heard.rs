//! What was heard from a peer, as far as it tells why something fails later.

use std::sync::Arc;

use rustls::ProtocolVersion;

use crate::tls::algorithms::Offers;
use crate::tls::record;

/// How many of the first bytes are kept: enough for the greeting of another protocol.
const FIRST: usize = 16;

/// What was heard, and what was said before.
pub(super) struct Heard {
    /// What we offer.
    pub(super) offers: Arc<Offers>,
    /// The name that a server was asked for.
    pub(super) sent_name: Option<String>,
    /// Whether the first hello is longer than one packet.
    pub(super) has_big_hello: bool,
    /// The first bytes that came.
    pub(super) first: Vec<u8>,
    /// The version in the peer's hello, if it is an old one.
    pub(super) old_version: Option<&'static str>,
    /// Whether the peer has asked to renegotiate.
    pub(super) renegotiates: bool,
}

impl Heard {
    /// Nothing yet.
    pub(super) const fn nothing(offers: Arc<Offers>) -> Self {
        Self {
            offers,
            sent_name: None,
            has_big_hello: false,
            first: Vec::new(),
            old_version: None,
            renegotiates: false,
        }
    }

    /// Bytes that came from the wire.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = FIRST.saturating_sub(self.first.len()).min(bytes.len());
        self.first.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    /// A whole record, before anybody else reads it. In TLS 1.2 a message of the handshake that
    /// comes on an open connection asks for another handshake.
    pub(super) fn record(
        &mut self,
        record: &[u8],
        is_handshaking: bool,
        version: Option<ProtocolVersion>,
    ) {
        if version.is_none() && self.old_version.is_none() {
            self.old_version = record::old_version(record);
        }
        self.renegotiates |= !is_handshaking
            && version == Some(ProtocolVersion::TLSv1_2)
            && record::is_handshake(record);
    }
}
