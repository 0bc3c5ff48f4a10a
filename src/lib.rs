//! TLS connections that know who they trust.

pub mod error;
pub mod io;
pub mod material;
pub mod tls;
pub mod trust;
