//! What can go wrong, in words for people and kinds for programs.
//!
//! An [`Error`] names the thing that failed and says what to do next. Whatever a peer or a
//! file put into its words is escaped when the error is made, so that no message can move a
//! terminal's cursor or turn a line of text around.

mod escape;
mod problems;

use std::fmt;

pub use escape::escaped;
pub use problems::Problems;

/// A failure: its kind, one sentence that names what failed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: String,
    problems: Problems,
}

impl Error {
    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence, without a full stop; escaped.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, or nothing.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Everything that was wrong with the peer, where the failure is about one.
    #[must_use]
    pub const fn problems(&self) -> Problems {
        self.problems
    }

    pub(crate) fn new(kind: Kind, message: impl AsRef<str>) -> Self {
        let message = escaped(message.as_ref());
        Self { kind, message, hint: String::new(), problems: Problems::NONE }
    }

    pub(crate) fn with_hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = escaped(hint.as_ref());
        self
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

/// The sorts of failure. Each has one C number; see `ffi::code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The call itself was wrong. Reading the calling code is enough to find out why.
    Invalid,
    /// Memory or another resource of the process ran out.
    NoMemory,
    /// The call does not fit the state that the connection is in.
    State,
    /// The call would have to wait for the very thread that makes it.
    Reentrant,
    /// Another thread is using the same direction of the connection.
    Busy,
    /// The question was answered before.
    Stale,
    /// The process is a child that was forked after the object was made.
    Forked,
    /// This build or this platform cannot do it.
    Unsupported,
    /// There is no such thing to look at or to remove.
    NotFound,
    /// A bug in this library.
    Internal,
    /// The operating system reported a failure while bytes were moved.
    Io,
    /// A host name has no address.
    Resolve,
    /// No address of the host let us in.
    Connect,
    /// A deadline of the handshake, of reading or of writing passed.
    Timeout,
    /// The connection was aborted.
    Cancelled,
    /// The stream ended without the peer's closing alert.
    Truncated,
    /// The peer hung up while the question was open.
    PeerGone,
    /// A file of our own material cannot be read.
    File,
    /// Others may read or write what must be ours alone.
    Permission,
    /// Material that does not parse, or holds nothing of the kind asked for.
    Parse,
    /// No passphrase, or not the one that opens the key.
    Passphrase,
    /// The own key and the own certificate do not belong together.
    KeyMismatch,
    /// There is no certificate authority where one is required.
    NoAuthority,
    /// An own certificate without its key.
    NoKey,
    /// A revocation list that is older than the one in force.
    CrlRollback,
    /// Material that is larger than any honest one.
    TooBig,
    /// The peer's certificate has problems.
    Certificate,
    /// The peer's certificate, or one above it, was revoked.
    CertificateRevoked,
    /// The peer shows another certificate than the one that is known.
    CertificateChanged,
    /// The peer is a stranger, and strangers are refused.
    CertificateUnknown,
    /// The peer's certificate or key is marked distrusted.
    CertificateDistrusted,
    /// The user, or the application for the user, said no.
    Rejected,
    /// There is a question and nobody to ask.
    NoValidator,
    /// The question was not answered in time.
    AnswerTimeout,
    /// The store of known servers cannot be read or written, or is damaged.
    Store,
    /// Another process holds the store of known servers.
    StoreLocked,
    /// The peer does not speak TLS as it should, or we have nothing in common.
    Protocol,
    /// The peer ended the connection with an alert.
    Alert,
    /// The peer refused the certificate that we sent, or wanted one.
    PeerRejectedUs,
    /// A client came without the certificate that it needs.
    NoClientCertificate,
    /// A client is not on the list of those that may come.
    NotAllowed,
    /// There is no application protocol that both sides speak.
    Alpn,
}
