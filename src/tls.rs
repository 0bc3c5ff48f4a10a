//! The only room that speaks rustls: a session without sockets, clocks or threads.
//!
//! A [`Session`] turns bytes of the wire into plaintext and back. It stops by itself once the
//! peer has proven its key, and holds everything that it would send next until the trust room
//! hands it an `Admitted`. A [`Setup`] is what the sessions of one snapshot share: keys,
//! versions, the verifier that checks signatures and never decides, and the session cache.
//!
//! What stands behind [`Session`] may be exchanged without anybody outside noticing.

mod alert;
mod algorithms;
mod cache;
mod failure;
mod outcome;
mod own_pairs;
mod record;
mod secrets;
mod server;
mod session;
mod setup;
mod signature;
mod step;
mod stock;
mod tickets;

pub(crate) use alert::Alert;
pub use algorithms::{Groups, Suites};
pub(crate) use cache::SessionKey;
pub use outcome::{Certified, Info};
pub(crate) use outcome::{PeerChain, Progress, Received};
pub(crate) use own_pairs::{NamePattern, OwnPair};
pub use secrets::KeyLogSink;
pub(crate) use server::{Clients, ServerSetup};
pub(crate) use session::Session;
pub(crate) use setup::Setup;
pub use setup::{Options, SendCertificate};
pub use stock::Version;
pub(crate) use tickets::{Clock, TicketSecret, Tickets};
