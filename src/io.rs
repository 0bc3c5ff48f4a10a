//! Sockets, deadlines and wake-ups: everything that the library needs of the operating system to
//! move bytes.
//!
//! Nothing here blocks except [`wait()`], which ends at its deadline or when its [`Wake`] is
//! signalled. A descriptor that belongs to the caller is used as it is: its flags never change. The
//! only threads that the library ever starts are in `resolve`. This room knows neither certificates
//! nor TLS.

mod dial;
mod resolve;
mod socket;
mod system;
mod wait;
mod wake;
mod watch;

pub(crate) use dial::{Dial, Step};
pub(crate) use socket::{
    Received, Sent, check_connect, check_stream_socket, end_sending, peer_address, receive, send,
    take_failure,
};
pub(crate) use system::check_random;
pub(crate) use wait::{Interest, Woken, hung_up, is_over, wait};
pub(crate) use wake::Wake;
pub(crate) use watch::Watch;

#[cfg(test)]
mod tests;
