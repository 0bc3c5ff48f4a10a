//! The examples in C, with the programs of others at the other end. They are built here where
//! `TLSCONN_EXAMPLES` does not say where they are; `TLSCONN_RUN` is put before each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop at once"
)]

#[path = "../support/mod.rs"]
mod support;

mod docker;
mod examples;
mod hostmanager;
mod libvirt;
mod serving;
mod serving_well;
mod tls;
mod tls_front;
