//! A peer to judge: which side it is on, where it is, and what it shows.
//!
//! What it shows is parsed once, before it comes here. A peer whose certificates cannot be read is
//! refused without a judgement.

use std::sync::Arc;

use crate::chain::Case;
use crate::error::{Error, Kind, PeerCause, Problems};
use crate::host::{Endpoint, Host, Role};
use crate::material::Certificate;

/// A peer to judge. On a connection it has proved that it holds the key of its first certificate.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// Which side it is on.
    pub role: Role,
    /// The name that its certificate must have. `None`: names are not checked.
    pub name: Option<&'a Host>,
    /// Where a server is known: the host that was dialled, or the verify name, with the port.
    /// `None`: known servers are not consulted.
    pub endpoint: Option<&'a Endpoint>,
    /// What it shows, leaf first; empty for a client without a certificate.
    pub chain: &'a Arc<[Certificate]>,
    /// The time, in seconds since 1970.
    pub now: i64,
}

impl<'a> Peer<'a> {
    /// The server at this endpoint.
    pub const fn server(endpoint: &'a Endpoint, chain: &'a Arc<[Certificate]>, now: i64) -> Self {
        let (role, name) = (Role::Server, Some(&endpoint.host));
        Self { role, name, endpoint: Some(endpoint), chain, now }
    }

    /// A client.
    pub const fn client(chain: &'a Arc<[Certificate]>, now: i64) -> Self {
        Self { role: Role::Client, name: None, endpoint: None, chain, now }
    }

    /// The peer as the rules look at it.
    pub(super) fn case(&self) -> Case<'a> {
        let Self { role, name, endpoint: _, chain, now } = *self;
        Case { role, name, chain, now }
    }
}

/// The error for a peer whose chain cannot be read. `name` is `None` for a client, and for a server
/// without a name.
pub(crate) fn unreadable(name: Option<&Host>, why: &str) -> Error {
    let whose = name.map_or("the peer", Host::as_str);
    let message = format!("what {whose} presented as its certificate cannot be read: {why}");
    Error::new(Kind::Certificate, message)
        .with_problems(Problems::BAD_ENCODING)
        .because(&PeerCause::Unreadable(whose.to_owned()))
}

/// The error for a peer whose key TLS here cannot use; `key` names it and says why. No answer and
/// no policy can help.
pub(crate) fn unusable_key(whose: &str, key: &str) -> Error {
    let message = format!("{whose} has a key that TLS cannot use here: {key}");
    Error::new(Kind::Protocol, message)
        .with_problems(Problems::WEAK_KEY)
        .because(&PeerCause::UnusableKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_a_bad_encoding_of_whoever_shows_it() {
        let host = Host::parse("a.example").unwrap();
        for (name, whose) in
            [(Some(&host), "what a.example presented"), (None, "what the peer presented")]
        {
            let error = unreadable(name, "cut off");
            assert_eq!(error.problems(), Problems::BAD_ENCODING);
            assert!(error.message().starts_with(whose), "{error}");
            assert!(error.message().ends_with(": cut off"), "{error}");
        }
    }
}
