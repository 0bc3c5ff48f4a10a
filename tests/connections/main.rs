//! Connections through the Rust face: over memory, over sockets of the test, and with the programs
//! of others at the other end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop at once"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod broken_pipe;
mod clients;
mod clients_again;
mod clients_asked;
mod clients_gone;
mod flight;
mod hostile;
mod odd_keys;
mod options;
mod outside;
mod reload;
mod server_gate;
mod server_offers;
mod server_openssl;
mod server_pairs;
mod server_rude;
mod server_sealed;
mod server_tickets;
mod serving;
mod serving_clients;
mod serving_qemu;
mod serving_sessions;
mod serving_sockets;
mod slow_user;
mod store_again;
mod told;
mod waiting;
