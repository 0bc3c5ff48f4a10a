//! Chapter "Results" of the header: failures as numbers.

use crate::error::Kind;

/// What a call came to: 0 it is done; below 0 it failed, and tlsconn_last_error() has the words;
/// above 0 it did not fail, but is not done yet or, with `TLSCONN_EOF`, has come to the end.
///
/// A number is never changed and never used again, so it may be stored. Any release may
/// bring new ones: give every `switch` a `default`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tlsconn_code {
    /// The call did what its text says.
    TLSCONN_OK = 0,
    /// Not yet: call again once the peer has sent something. See tlsconn_conn_poll().
    TLSCONN_WANT_READ = 1,
    /// Not yet: call again once there is room for bytes to the peer.
    TLSCONN_WANT_WRITE = 2,
    /// Not yet: there is a question, see tlsconn_conn_question(). Call again once it is
    /// answered; tlsconn_conn_poll() wakes then.
    TLSCONN_WANT_ANSWER = 3,
    /// The peer said, by the closing alert of TLS, that it sends no more.
    TLSCONN_EOF = 4,
    /// The call itself was wrong: a NULL, a length, a number out of range. A bug in the
    /// caller.
    TLSCONN_E_INVALID = -1,
    /// Memory, descriptors or threads of the process ran out.
    TLSCONN_E_NOMEM = -2,
    /// The call does not fit the state that the object is in, such as a write after
    /// tlsconn_conn_shutdown().
    TLSCONN_E_STATE = -3,
    /// A callback made a call that would have to wait for that very callback.
    TLSCONN_E_REENTRANT = -4,
    /// Another thread is using the same direction of the connection.
    TLSCONN_E_BUSY = -5,
    /// The question was answered before.
    TLSCONN_E_STALE = -6,
    /// The process was forked after the object was made, and the object does not survive that.
    TLSCONN_E_FORKED = -7,
    /// This build, or this platform, cannot do it.
    TLSCONN_E_UNSUPPORTED = -8,
    /// There is no such thing to remove or to look at.
    TLSCONN_E_NOT_FOUND = -9,
    /// A bug in libtlsconn. Every object may still be given up.
    TLSCONN_E_INTERNAL = -99,
    /// The operating system failed to move bytes; the message has its words.
    TLSCONN_E_IO = -100,
    /// The host name has no address.
    TLSCONN_E_RESOLVE = -101,
    /// No address of the host let us in; the message has the words for each.
    TLSCONN_E_CONNECT = -102,
    /// A deadline passed, see TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS and TLSCONN_OPT_IO_TIMEOUT_MS.
    TLSCONN_E_TIMEOUT = -103,
    /// The connection was aborted by tlsconn_conn_abort().
    TLSCONN_E_CANCELLED = -104,
    /// The stream ended without the closing alert of TLS (RFC 8446, section 6.1): what came
    /// may not be all.
    TLSCONN_E_TRUNCATED = -105,
    /// The peer hung up while the question about it was open. An answer that lasts is kept.
    TLSCONN_E_PEER_GONE = -106,
    /// A file or directory cannot be read; the message has the system's words.
    TLSCONN_E_FILE = -200,
    /// Others may read a private key, or may write what must be ours.
    TLSCONN_E_PERMISSION = -201,
    /// The PEM text does not parse, or holds nothing of the kind asked for.
    TLSCONN_E_PARSE = -202,
    /// A key is encrypted, and there was no passphrase or not the right one.
    TLSCONN_E_PASSPHRASE = -203,
    /// The own key and the own certificate do not belong together.
    TLSCONN_E_KEY_MISMATCH = -204,
    /// There is no authority where one is required.
    TLSCONN_E_NO_CA = -205,
    /// Half of an own pair: a certificate without its key, or the reverse.
    TLSCONN_E_NO_KEY = -206,
    /// A file holds an older revocation list than the one in force, which stays.
    TLSCONN_E_CRL_ROLLBACK = -207,
    /// A file is larger than any honest one of its kind.
    TLSCONN_E_TOO_BIG = -208,
    /// The peer's certificate has problems; tlsconn_error_problems() has them all.
    TLSCONN_E_CERT = -300,
    /// The peer's certificate, or one above it, is revoked.
    TLSCONN_E_CERT_REVOKED = -301,
    /// The peer shows another certificate than the one that is known.
    TLSCONN_E_CERT_CHANGED = -302,
    /// The peer is a stranger, and strangers are refused.
    TLSCONN_E_CERT_UNKNOWN = -303,
    /// The peer's certificate, or a key in its chain, is marked distrusted.
    TLSCONN_E_CERT_DISTRUSTED = -304,
    /// The user, or the application for the user, said no.
    TLSCONN_E_REJECTED = -400,
    /// There is a question and nobody to ask.
    TLSCONN_E_NO_VALIDATOR = -401,
    /// The question was not answered in time, see TLSCONN_OPT_ANSWER_TIMEOUT_MS.
    TLSCONN_E_ANSWER_TIMEOUT = -402,
    /// A store of known servers or known clients cannot be read or written, or is damaged.
    TLSCONN_E_STORE = -403,
    /// Another process holds a store of known servers or known clients.
    TLSCONN_E_STORE_LOCKED = -404,
    /// The peer does not speak TLS as it should, or we have nothing in common.
    TLSCONN_E_PROTOCOL = -500,
    /// The peer ended the connection with an alert; the message names it.
    TLSCONN_E_ALERT = -501,
    /// The peer refused our certificate, or wanted one and we have none.
    TLSCONN_E_PEER_REJECTED_US = -502,
    /// A client came without the certificate that it needs.
    TLSCONN_E_NO_CLIENT_CERT = -503,
    /// A client is not on the list of those that may come.
    TLSCONN_E_NOT_ALLOWED = -504,
    /// There is no application protocol that both sides speak (RFC 7301).
    TLSCONN_E_ALPN = -505,
}

impl From<Kind> for tlsconn_code {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Invalid => Self::TLSCONN_E_INVALID,
            Kind::NoMemory => Self::TLSCONN_E_NOMEM,
            Kind::State => Self::TLSCONN_E_STATE,
            Kind::Reentrant => Self::TLSCONN_E_REENTRANT,
            Kind::Busy => Self::TLSCONN_E_BUSY,
            Kind::Stale => Self::TLSCONN_E_STALE,
            Kind::Forked => Self::TLSCONN_E_FORKED,
            Kind::Unsupported => Self::TLSCONN_E_UNSUPPORTED,
            Kind::NotFound => Self::TLSCONN_E_NOT_FOUND,
            Kind::Internal => Self::TLSCONN_E_INTERNAL,
            Kind::Io => Self::TLSCONN_E_IO,
            Kind::Resolve => Self::TLSCONN_E_RESOLVE,
            Kind::Connect => Self::TLSCONN_E_CONNECT,
            Kind::Timeout => Self::TLSCONN_E_TIMEOUT,
            Kind::Cancelled => Self::TLSCONN_E_CANCELLED,
            Kind::Truncated => Self::TLSCONN_E_TRUNCATED,
            Kind::PeerGone => Self::TLSCONN_E_PEER_GONE,
            Kind::File => Self::TLSCONN_E_FILE,
            Kind::Permission => Self::TLSCONN_E_PERMISSION,
            Kind::Parse => Self::TLSCONN_E_PARSE,
            Kind::Passphrase => Self::TLSCONN_E_PASSPHRASE,
            Kind::KeyMismatch => Self::TLSCONN_E_KEY_MISMATCH,
            Kind::NoAuthority => Self::TLSCONN_E_NO_CA,
            Kind::NoKey => Self::TLSCONN_E_NO_KEY,
            Kind::CrlRollback => Self::TLSCONN_E_CRL_ROLLBACK,
            Kind::TooBig => Self::TLSCONN_E_TOO_BIG,
            Kind::Certificate => Self::TLSCONN_E_CERT,
            Kind::CertificateRevoked => Self::TLSCONN_E_CERT_REVOKED,
            Kind::CertificateChanged => Self::TLSCONN_E_CERT_CHANGED,
            Kind::CertificateUnknown => Self::TLSCONN_E_CERT_UNKNOWN,
            Kind::CertificateDistrusted => Self::TLSCONN_E_CERT_DISTRUSTED,
            Kind::Rejected => Self::TLSCONN_E_REJECTED,
            Kind::NoValidator => Self::TLSCONN_E_NO_VALIDATOR,
            Kind::AnswerTimeout => Self::TLSCONN_E_ANSWER_TIMEOUT,
            Kind::Store => Self::TLSCONN_E_STORE,
            Kind::StoreLocked => Self::TLSCONN_E_STORE_LOCKED,
            Kind::Protocol => Self::TLSCONN_E_PROTOCOL,
            Kind::Alert => Self::TLSCONN_E_ALERT,
            Kind::PeerRejectedUs => Self::TLSCONN_E_PEER_REJECTED_US,
            Kind::NoClientCertificate => Self::TLSCONN_E_NO_CLIENT_CERT,
            Kind::NotAllowed => Self::TLSCONN_E_NOT_ALLOWED,
            Kind::Alpn => Self::TLSCONN_E_ALPN,
        }
    }
}
