//! TLS connections that know who they trust.
//!
//! A [`Context`] is an application's trust: the authorities it trusts, its own key, the servers it
//! knows, and whom to ask about a server that it does not know. A [`Connection`] belongs to a
//! context and does not touch the network before its first use.
//!
//! ```
//! let context = tlsconn::Context::new();
//! let error = context.add(tlsconn::Material::Authority, b"not PEM").unwrap_err();
//! assert_eq!(error.kind(), tlsconn::Kind::Parse);
//! ```
//!
//! C programs see the same library through `include/tlsconn.h`.

mod chain;
mod connection;
mod context;
mod error;
mod ffi;
mod host;
mod io;
mod known;
mod material;
mod pki;
mod process;
mod terminal;
mod tls;
mod trust;

pub use chain::{CrlMode, Profile};
pub use connection::{Connection, Outcome, Read, Unsent, Want};
pub use context::{AskPassphrase, Context, Settings, Snapshot, Validator};
pub use error::{Calm, Error, Kind, Problems, escaped};
pub use host::{Endpoint, Host, Role};
pub use known::{Entry, Identity, IdentityFrom, IdentitySource, Origin, Place, Spot};
pub use material::{Certificate, Layout, Material, Style, difference};
pub use pki::{Rehashed, Skipped, rehash};
pub use terminal::ask_terminal;
pub use tls::{Certified, Groups, Info, KeyLogSink, Options, SendCertificate, Suites, Version};
pub use trust::{
    Answer, ClientAuth, Policies, Policy, Question, Reason, Reply, Situation, Verdict,
};
