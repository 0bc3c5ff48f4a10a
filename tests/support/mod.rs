//! What the tests share: the maker of certificates, peers on the other end of a wire, validators
//! that remember what they were asked, the programs of others, and the C examples, on a terminal
//! or without one.
//!
//! Nothing here waits by the clock or leaves this machine. What is over memory is judged at one
//! fixed time; a server of others is ready when it says so or lets us in, and a program has
//! asked when its last line ends in `? `.
#![allow(dead_code, unused_imports, reason = "each executable uses its part")]

pub(crate) mod ask;
pub(crate) mod both;
pub(crate) mod clients;
pub(crate) mod docker;
pub(crate) mod example;
pub(crate) mod folder;
pub(crate) mod front;
pub(crate) mod hostmanager;
pub(crate) mod injections;
pub(crate) mod installed;
pub(crate) mod libvirtd;
pub(crate) mod maker;
pub(crate) mod memory;
pub(crate) mod openssl;
pub(crate) mod ours;
pub(crate) mod pair;
pub(crate) mod pki;
pub(crate) mod raw;
pub(crate) mod records;
pub(crate) mod sealing;
pub(crate) mod server;
pub(crate) mod tcp;
pub(crate) mod terminal;

use std::path::PathBuf;

use tlsconn::{Certificate, Context, Material, Problems};

pub(crate) use ask::{Ask, Does};
pub(crate) use both::{Both, own};
pub(crate) use installed::{find, has};
pub(crate) use memory::Link;
pub(crate) use pki::{Authority, DAY, Identity, NOW};

/// A context that trusts `authority`, at the time of the tests.
pub(crate) fn believes(authority: &Authority) -> Context {
    let context = nobody();
    context.add(Material::Authority, authority.pem().as_bytes()).unwrap();
    context
}

/// A context that trusts nobody, at the time of the tests.
pub(crate) fn nobody() -> Context {
    let context = Context::new();
    context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
    context
}

/// A server of this name, and the authority that vouches for it and that it trusts.
pub(crate) fn lab(host: &str) -> (Authority, Context) {
    let authority = Authority::new("Lab CA");
    let server = own(believes(&authority), &authority.server(&[host]));
    (authority, server)
}

/// A directory of its own for one test, and a known file in it that does not exist yet.
pub(crate) fn store() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trusted.pem");
    (dir, path)
}

/// What the context knows: place, certificate and what was accepted with it.
pub(crate) fn knows(context: &Context) -> Vec<(String, Der, Problems)> {
    let known = context.known().unwrap();
    known
        .iter()
        .filter(|entry| !entry.distrust)
        .map(|entry| {
            let place = entry.place.as_ref().map(ToString::to_string).unwrap_or_default();
            (place, entry.certificate.der().to_vec(), entry.accepted)
        })
        .collect()
}

/// A certificate in DER.
pub(crate) type Der = Vec<u8>;
