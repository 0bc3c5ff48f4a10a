//! How often a peer's certificates are parsed.
#![allow(clippy::indexing_slicing, reason = "a test may stop at once")]

use super::*;
use crate::connection::{Outcome, Read};
use crate::context::Context;
use crate::material::Material;
use crate::material::testing::{Maker, NOW, authority, certificates_read, server};
use crate::tls::Version;
use crate::trust::Policy;

const HOST: &str = "a.example";

/// A client and a server with certificates below one authority that both trust.
struct Lab {
    client: Context,
    server: Context,
    /// How many certificates the two show in total.
    shown: usize,
}

fn lab(version: Version) -> Lab {
    let root = Maker::authority("Root");
    let issuer = root.below(authority("Middle"));
    let context = |host: &str| {
        let own = issuer.below(server(host));
        let [leaf, middle, root] = [own.certificate(), issuer.certificate(), root.certificate()]
            .map(|one| one.text(Style::Pem));
        let context = Context::new();
        context.add(Material::Authority, root.as_bytes()).unwrap();
        context.add(Material::Certificate, (leaf + &middle).as_bytes()).unwrap();
        context.add(Material::Key, own.key().serialize_pem().as_bytes()).unwrap();
        context
            .set(|settings| {
                settings.verify_time = Some(NOW);
                settings.tls.max_version = version;
                settings.tickets = true;
            })
            .unwrap();
        context
    };
    Lab { client: context("alice"), server: context(HOST), shown: 4 }
}

fn carry(from: &Connection, to: &Connection) -> bool {
    let mut buffer = [0; 16 * 1024];
    let mut moved = false;
    while let Ok(count @ 1..) = from.memory_output(&mut buffer) {
        assert_eq!(to.memory_input(&buffer[..count]), Ok(count));
        moved = true;
    }
    moved
}

impl Lab {
    /// Both ends, open, after one message in each direction.
    fn open(&self) -> [Connection; 2] {
        let client = Connection::in_memory(&self.client, HOST, 443).unwrap();
        let server = Connection::accept_in_memory(&self.server).unwrap();
        loop {
            let outcomes = [client.handshake(), server.handshake()];
            if !carry(&client, &server) & !carry(&server, &client) {
                assert_eq!(outcomes, [Ok(Outcome::Done(())), Ok(Outcome::Done(()))]);
                break;
            }
        }
        for (from, to) in [(&client, &server), (&server, &client)] {
            assert_eq!(from.write(b"word"), Ok(Outcome::Done(4)));
            carry(from, to);
            assert_eq!(to.read(&mut [0; 8]), Ok(Outcome::Done(Read::Bytes(4))));
        }
        [client, server]
    }
}

#[test]
fn a_handshake_parses_each_certificate_once() {
    for version in [Version::Tls12, Version::Tls13] {
        let lab = lab(version);
        // A stranger, then one whose chain was found clean, then a resumed session.
        for (resumption, is_resumed) in [(false, false), (true, false), (true, true)] {
            if resumption != lab.client.snapshot().settings().tls.resumption {
                lab.client.set(|settings| settings.tls.resumption = resumption).unwrap();
            }
            // What all sessions share is made from our own certificates.
            lab.client.snapshot().setup().unwrap();
            let before = certificates_read();
            let [client, server] = lab.open();
            assert_eq!(client.info().resumed, is_resumed, "{version:?}");
            assert_eq!(certificates_read() - before, lab.shown, "{version:?}, {is_resumed}");
            assert_eq!([client.recheck(), server.recheck()], [Ok(()), Ok(())]);
            assert_eq!(certificates_read() - before, lab.shown, "{version:?}, judged again");
        }
    }
}

#[test]
fn a_question_and_its_answer_parse_no_certificate_again() {
    let lab = lab(Version::Tls13);
    lab.client.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
    let client = Connection::in_memory(&lab.client, HOST, 443).unwrap();
    let server = Connection::accept_in_memory(&lab.server).unwrap();
    let before = certificates_read();
    while client.question().is_none() {
        let _ = [client.handshake(), server.handshake()];
        assert!(carry(&client, &server) | carry(&server, &client) | client.question().is_some());
    }
    assert_eq!(certificates_read() - before, lab.shown / 2);
    client.question().unwrap().answer(Answer::Once).unwrap();
    assert_eq!(client.handshake(), Ok(Outcome::Done(())));
    assert_eq!(certificates_read() - before, lab.shown / 2);
}
