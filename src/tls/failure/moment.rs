//! What is known of a session at the moment when something fails.

use crate::tls::algorithms::Offers;
use crate::tls::outcome::Certified;

/// What the session knows when something fails.
#[derive(Clone, Copy, Debug)]
pub(in crate::tls) struct Moment<'a> {
    /// The peer, as messages name it.
    pub(in crate::tls) peer: &'a str,
    /// The name that a server was asked for. `None`: it was dialled by its address, or we serve.
    pub(in crate::tls) sent_name: Option<&'a str>,
    /// What we offer.
    pub(in crate::tls) offers: &'a Offers,
    /// What happened to our own certificate.
    pub(in crate::tls) certified: Certified,
    /// We are the server.
    pub(in crate::tls) is_server: bool,
    /// Our flight has left, and no application data has come yet.
    pub(in crate::tls) before_first_data: bool,
    /// Why the peer cannot verify any signature that our keys can make, where that came up.
    pub(in crate::tls) unverifiable: Option<&'a str>,
    /// We sent a first hello that is longer than one packet, and nothing came back.
    pub(in crate::tls) lost_hello: bool,
    /// The first bytes that came.
    pub(in crate::tls) first: &'a [u8],
    /// The version in the peer's hello, if it is an old one.
    pub(in crate::tls) old_version: Option<&'static str>,
    /// A version was agreed on.
    pub(in crate::tls) has_version: bool,
    /// The handshake is complete.
    pub(in crate::tls) is_open: bool,
    /// The peer has asked to renegotiate.
    pub(in crate::tls) renegotiates: bool,
}
