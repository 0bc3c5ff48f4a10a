//! What leaves the machine, and when: a recorder stands between client and server.
//!
//! While a question is open only hellos have been sent; a refusal of any kind shows the peer one
//! alert and nothing else; a session never outlives the decision that allowed it. Servers run in
//! process over memory or a pair of sockets, or are the real ones of OpenSSL and GnuTLS behind a
//! wire that the test itself carries. No thread, no sleep, loopback only.

mod alerts;
mod held;
mod injected;
mod keys;
mod link;
mod pki;
mod programs;
mod real;
mod record;
mod resumed;
mod sealed;
mod stream;
mod wire;
