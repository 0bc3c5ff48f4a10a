//! What can go wrong: messages for people and kinds for programs.
//!
//! An [`Error`] names what failed and says what to do about it. Text from a peer or a file is
//! escaped and bounded when the error is made, so that no message can move a terminal's cursor,
//! reverse the direction of a line, or fill a log.

mod cause;
mod escape;
mod layout;
mod problems;

use std::fmt;

pub(crate) use cause::{CallCause, FileCause, MaterialCause, NetworkCause, OwnCause, PeerCause};
pub(crate) use cause::{Der, FileName, Found, OldCiphers, Secret, Standing, Wanted, user_name};
pub(crate) use cause::{
    Detail, Faults, Greeting, HandshakeCause, LISTS_IN_MEMORY, ListFault, Refused, Side, Then,
    TimeFrom, Topic, Whose,
};
#[cfg(test)]
pub(crate) use escape::tests::bytes_shown;
pub use escape::{Calm, escaped};
pub(crate) use escape::{Foreign, LONGEST_IDENTITY, is_shown_as_it_is, listed, some};
pub(crate) use layout::{fingerprint_lines, hung};
pub use problems::Problems;

/// A failure: its kind, one sentence that names what failed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: Calm,
    hint: Calm,
    problems: Problems,
}

impl Error {
    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The message, without a full stop; escaped, and less than 1,000 bytes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it; less than 1,000 bytes, too.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Everything that is wrong with the peer, if the failure is about one.
    #[must_use]
    pub const fn problems(&self) -> Problems {
        self.problems
    }

    pub(crate) fn new(kind: Kind, message: impl AsRef<str>) -> Self {
        let message = Calm::sentence(message);
        Self { kind, message, hint: Calm::default(), problems: Problems::NONE }
    }

    pub(crate) const fn with_problems(mut self, problems: Problems) -> Self {
        self.problems = problems;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The kinds of failure. Each has one C number; see `ffi::code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The call itself was wrong. Reading the calling code is enough to find out why.
    Invalid,
    /// Out of memory or another resource of the process.
    NoMemory,
    /// The call is not possible in the current state of the connection.
    State,
    /// The call would wait for the thread that makes it.
    Reentrant,
    /// Another thread is using the same direction of the connection.
    Busy,
    /// The question was already answered.
    Stale,
    /// The process was forked after the object was made.
    Forked,
    /// This build or this platform does not support it.
    Unsupported,
    /// There is nothing to look at or to remove.
    NotFound,
    /// A callback of the application reported a failure of its own.
    Callback,
    /// A bug in this library.
    Internal,
    /// The operating system reported an error while data was transferred.
    Io,
    /// A host name has no address.
    Resolve,
    /// No address of the host accepted the connection.
    Connect,
    /// A handshake, read or write timed out.
    Timeout,
    /// The connection was aborted.
    Cancelled,
    /// The stream ended without the peer's close_notify alert.
    Truncated,
    /// The peer hung up while the question was open.
    PeerGone,
    /// A file of our own material cannot be read.
    File,
    /// Others may read or write what must be private.
    Permission,
    /// Material that does not parse, or contains nothing of the requested kind.
    Parse,
    /// The passphrase is missing or wrong.
    Passphrase,
    /// Our own key and certificate do not match.
    KeyMismatch,
    /// No certificate authority where one is required.
    NoAuthority,
    /// Our own certificate has no key.
    NoKey,
    /// A revocation list is older than the one in force.
    CrlRollback,
    /// Material that is larger than any legitimate one.
    TooBig,
    /// The peer's certificate has problems.
    Certificate,
    /// The peer's certificate, or one above it, is revoked.
    CertificateRevoked,
    /// The peer shows a certificate other than the known one.
    CertificateChanged,
    /// The peer is a stranger, and strangers are refused.
    CertificateUnknown,
    /// The peer's certificate or key is marked as distrusted.
    CertificateDistrusted,
    /// The user, or the application on the user's behalf, said no.
    Rejected,
    /// There is a question and nobody to ask.
    NoValidator,
    /// The question was not answered in time.
    AnswerTimeout,
    /// The store of known servers cannot be read or written, or is damaged.
    Store,
    /// Another process holds the store of known servers.
    StoreLocked,
    /// The peer violates the TLS protocol, or has no parameters in common with us.
    Protocol,
    /// The peer ended the connection with an alert.
    Alert,
    /// The peer rejected our certificate, or requires one.
    PeerRejectedUs,
    /// A client shows no certificate where one is required.
    NoClientCertificate,
    /// A client is not on the list of allowed clients.
    NotAllowed,
    /// No application protocol in common.
    Alpn,
}
