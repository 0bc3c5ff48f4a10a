//! Verdicts and parsing: the tables of verdicts on certificates, the cases of others, material in
//! every state, and the shape of the source.
//!
//! A connection here is one over memory; no other program is needed, except the one that `rehash`
//! is compared with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test may stop at once"
)]

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod circles;
mod commands;
mod environment;
mod fuzz;
mod golden;
mod header;
mod hints;
mod judgement;
mod lists;
mod material;
mod misplaced;
mod pem;
mod places;
mod product;
mod properties;
mod raw_words;
mod rehash;
mod rooms;
mod trusted_pem;
mod verify;
