//! The only room that speaks rustls: a session without sockets, clocks or threads.
//!
//! A [`Session`] turns bytes of the wire into plaintext and back. It stops by itself once the
//! peer has proven its key, and holds everything that it would send next until the trust room
//! hands it an `Admitted`. A [`Setup`] is what the sessions of one snapshot share: keys,
//! versions, the verifier that checks signatures and never decides, and the session cache.
//!
//! What stands behind [`Session`] may be exchanged without anybody outside noticing.

mod alert;
mod cache;
mod failure;
mod outcome;
mod record;
mod secrets;
mod session;
mod setup;
mod signature;

pub use alert::Alert;
pub use cache::SessionKey;
pub use outcome::{Certified, Info, Progress, Received};
pub use secrets::KeyLogSink;
pub use session::Session;
pub use setup::{Options, SendCertificate, Setup, Version};
