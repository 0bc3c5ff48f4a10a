//! What a session tells: how far it has come, what came of a read, what its peer shows, and
//! what was agreed on.

use std::sync::Arc;

use rustls::{Connection, HandshakeKind, ProtocolVersion};

use super::algorithms::{group_name, suite_name};
use crate::error::Error;
use crate::material::Certificate;

/// What happened to the certificate of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certified {
    /// The server did not ask for one.
    NotAsked,
    /// It was sent, or will be once the server is admitted.
    Sent,
    /// The server asked, and ours does not fit what it asked for.
    Withheld,
    /// The server asked, and the client has no certificate.
    Lacking,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing more happens before more bytes come.
    NeedsInput,
    /// The peer has proven its key and waits to be admitted or refused.
    Held,
    /// The handshake is complete.
    Open,
}

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes of plaintext.
    Bytes(usize),
    /// The peer said that it sends no more.
    Closed,
    /// Nothing before more bytes come.
    NeedsInput,
}

/// The certificates that a peer sent.
#[derive(Clone, Debug)]
pub(crate) struct PeerChain {
    /// The leaf first, up to the first that cannot be parsed.
    pub chain: Arc<[Certificate]>,
    /// Why that one cannot be parsed.
    pub unreadable: Option<Error>,
}

/// What was agreed on, for people and programs.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// `TLSv1.3` or `TLSv1.2`; empty before the server's hello.
    pub version: &'static str,
    /// The cipher suite's name in the registry of IANA.
    pub cipher: String,
    /// The key exchange group's name in the registry of IANA.
    pub group: String,
    /// The application protocol.
    pub alpn: Vec<u8>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The server name that a client asked for (RFC 6066, section 3); empty if it asked for
    /// no name, and on a client.
    pub asked_for: String,
}

impl Info {
    /// What rustls has agreed on so far.
    pub(super) fn of(tls: &Connection) -> Self {
        let suite = tls.negotiated_cipher_suite();
        let group = tls.negotiated_key_exchange_group();
        Self {
            version: match tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                _ => "",
            },
            cipher: suite
                .and_then(|suite| suite_name(suite.suite()))
                .unwrap_or_default()
                .to_owned(),
            group: group.and_then(|group| group_name(group.name())).unwrap_or_default().to_owned(),
            alpn: tls.alpn_protocol().unwrap_or_default().to_vec(),
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            asked_for: match tls {
                Connection::Client(_) => String::new(),
                Connection::Server(server) => server.server_name().unwrap_or_default().to_owned(),
            },
        }
    }
}
