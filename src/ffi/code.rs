//! Chapter "Results" of the header: failures as numbers.

use crate::error::Kind;

/// The result of a call. 0 is success. Below 0 the call failed, and tlsconn_last_error() says
/// why. Above 0 it has not failed: it is not finished yet or, with `TLSCONN_EOF`, it has
/// reached the end of the stream.
///
/// The numbers never change and are never reused, so you may store them. Any release may add
/// new ones: give every `switch` a `default`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tlsconn_code {
    /// Success.
    TLSCONN_OK = 0,
    /// Not yet: call again once the peer has sent something. See tlsconn_conn_poll().
    TLSCONN_WANT_READ = 1,
    /// Not yet: call again once there is room to send to the peer.
    TLSCONN_WANT_WRITE = 2,
    /// Not yet: a question is open, see tlsconn_conn_question(). Call again once it is
    /// answered; tlsconn_conn_poll() wakes up then.
    TLSCONN_WANT_ANSWER = 3,
    /// End of stream: the peer closed it properly, with the closing alert of TLS.
    TLSCONN_EOF = 4,
    /// Invalid argument: a NULL pointer, a bad length, a number out of range. A bug in the
    /// caller.
    TLSCONN_E_INVALID = -1,
    /// The process ran out of file descriptors, threads or memory. For memory see "Limits" at the
    /// top: not every lack of it can be told.
    TLSCONN_E_NOMEM = -2,
    /// The call is not allowed in the object's present state, such as a write after
    /// tlsconn_conn_shutdown().
    TLSCONN_E_STATE = -3,
    /// A callback made a call that would have to wait for that same callback.
    TLSCONN_E_REENTRANT = -4,
    /// Another thread is using the same direction of the connection.
    TLSCONN_E_BUSY = -5,
    /// The question has already been answered.
    TLSCONN_E_STALE = -6,
    /// The process has forked since the object was made, and the object cannot be used in the
    /// child.
    TLSCONN_E_FORKED = -7,
    /// Not supported by this build or on this platform, or the system gives no random numbers.
    TLSCONN_E_UNSUPPORTED = -8,
    /// There is nothing to remove or to look at.
    TLSCONN_E_NOT_FOUND = -9,
    /// A callback of yours returned a number below 0, which the message quotes.
    TLSCONN_E_CALLBACK = -10,
    /// A bug in libtlsconn. You can still free every object.
    TLSCONN_E_INTERNAL = -99,
    /// The operating system failed to send or receive; the message quotes it.
    TLSCONN_E_IO = -100,
    /// The host name could not be resolved.
    TLSCONN_E_RESOLVE = -101,
    /// Could not connect to any address of the host; the message says why for each.
    TLSCONN_E_CONNECT = -102,
    /// Timed out. A handshake that ran into TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS ends the connection;
    /// a read, write or shutdown that ran into TLSCONN_OPT_IO_TIMEOUT_MS does not.
    TLSCONN_E_TIMEOUT = -103,
    /// tlsconn_conn_abort() aborted the connection.
    TLSCONN_E_CANCELLED = -104,
    /// The stream ended without the closing alert of TLS (RFC 8446, section 6.1): the data may
    /// be incomplete.
    TLSCONN_E_TRUNCATED = -105,
    /// The peer hung up while the question about it was open. A lasting answer is kept.
    TLSCONN_E_PEER_GONE = -106,
    /// A file or directory cannot be read; the message quotes the operating system.
    TLSCONN_E_FILE = -200,
    /// Bad permissions: others can read a private key, or can write a file or directory that
    /// only you should be able to write.
    TLSCONN_E_PERMISSION = -201,
    /// Not valid PEM, or PEM without anything of the kind asked for.
    TLSCONN_E_PARSE = -202,
    /// The key is encrypted, and the passphrase is missing or wrong.
    TLSCONN_E_PASSPHRASE = -203,
    /// Your private key does not match your certificate.
    TLSCONN_E_KEY_MISMATCH = -204,
    /// A CA certificate is required, but the context has none.
    TLSCONN_E_NO_CA = -205,
    /// You have a certificate without its private key, or a private key without its
    /// certificate.
    TLSCONN_E_NO_KEY = -206,
    /// A file holds an older revocation list (CRL) than the one in use; the newer one stays in
    /// use.
    TLSCONN_E_CRL_ROLLBACK = -207,
    /// The file is too large to be a genuine one of its kind.
    TLSCONN_E_TOO_BIG = -208,
    /// The peer's certificate has problems; tlsconn_error_problems() lists them all.
    TLSCONN_E_CERT = -300,
    /// The peer's certificate, or one above it in the chain, has been revoked.
    TLSCONN_E_CERT_REVOKED = -301,
    /// The peer's certificate is not the one it is known by.
    TLSCONN_E_CERT_CHANGED = -302,
    /// The peer is not known, and unknown peers are refused.
    TLSCONN_E_CERT_UNKNOWN = -303,
    /// The peer's certificate, or a key in its chain, is marked as distrusted.
    TLSCONN_E_CERT_DISTRUSTED = -304,
    /// The user, or the application on the user's behalf, rejected the peer.
    TLSCONN_E_REJECTED = -400,
    /// There is a question, but no validator is set to answer it.
    TLSCONN_E_NO_VALIDATOR = -401,
    /// The question was not answered in time, see TLSCONN_OPT_ANSWER_TIMEOUT_MS.
    TLSCONN_E_ANSWER_TIMEOUT = -402,
    /// A store of known servers or known clients is damaged, or cannot be read or written.
    TLSCONN_E_STORE = -403,
    /// Another process has locked a store of known servers or known clients.
    TLSCONN_E_STORE_LOCKED = -404,
    /// The peer broke the TLS protocol, or has no version or cipher in common with us.
    TLSCONN_E_PROTOCOL = -500,
    /// The peer ended the connection with an alert; the message names it.
    TLSCONN_E_ALERT = -501,
    /// The peer rejected your certificate, or requires one and you have none.
    TLSCONN_E_PEER_REJECTED_US = -502,
    /// The client sent no certificate, and one is required.
    TLSCONN_E_NO_CLIENT_CERT = -503,
    /// The client is not on the list of allowed clients.
    TLSCONN_E_NOT_ALLOWED = -504,
    /// No application protocol in common (RFC 7301).
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
            Kind::Callback => Self::TLSCONN_E_CALLBACK,
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
