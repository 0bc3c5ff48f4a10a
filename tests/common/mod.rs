//! What the tests against other people's programs share: a PKI of their own, servers that end
//! with the test, and the C examples, run on a terminal or without one.
//!
//! Nothing here waits by the clock: a server is ready when it says so or lets us in, and a
//! program has asked when its last line ends in `? `.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test may stop at once, and not every test uses everything"
)]

pub mod clients;
pub mod docker;
pub mod example;
pub mod front;
pub mod hostmanager;
pub mod installed;
pub mod libvirtd;
pub mod openssl;
pub mod ours;
pub mod pki;
pub mod server;
pub mod terminal;

pub(crate) use installed::{find, has};
