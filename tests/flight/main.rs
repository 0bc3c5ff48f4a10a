//! What leaves the machine, and when: a recorder stands between client and server.
//!
//! While a question is open nothing but hellos has left; a refusal of any kind shows the peer
//! one alert and nothing else; a session never outlives the decision that allowed it. Servers
//! run in process over memory or a pair of sockets, or are the real ones of OpenSSL and GnuTLS
//! behind a wire that the test itself carries. No thread, no sleep, loopback only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop at once"
)]

mod held;
mod injected;
#[path = "../support/injections.rs"]
mod injections;
#[path = "../common/installed.rs"]
mod installed;
mod keys;
mod link;
mod pki;
mod programs;
mod real;
mod record;
#[path = "../support/records.rs"]
mod records;
mod resumed;
mod sealed;
#[path = "../support/sealing.rs"]
mod sealing;
mod stream;
mod wire;
