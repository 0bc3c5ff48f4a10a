//! What a server tells a client before it is admitted: authorities, and an application protocol.

use std::sync::{Arc, Mutex};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use tlsconn::{ClientAuth, Context, Kind, Material, Outcome, Policy, Settings, Version};

use crate::support::raw::{Raw, VERSIONS, client};
use crate::support::{Authority, Both, believes, lab, own};

const HOST: &str = "a.example";

/// Remembers the authorities that a server names.
#[derive(Debug, Default)]
struct Hears(Mutex<Option<Vec<Vec<u8>>>>);

impl ResolvesClientCert for Hears {
    fn resolve(&self, named: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = Some(named.iter().map(|name| name.to_vec()).collect());
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The authorities that a client is told. `None`: it is not asked for a certificate.
fn named(server: &Context, version: Version) -> Option<Vec<Vec<u8>>> {
    let hears = Arc::<Hears>::default();
    let mut config = client(None, version);
    config.client_auth_cert_resolver = Arc::<Hears>::clone(&hears);
    let _ = Raw::new(server, &Arc::new(config), HOST).run();
    hears.0.lock().unwrap().take()
}

#[test]
fn a_client_is_told_the_authorities_that_vouch_for_clients() {
    let (authority, server) = lab(HOST);
    let mut all = vec![authority.certificate.subject_der().to_vec()];
    for number in 1..10 {
        let other = Authority::new(&format!("CA {number}"));
        server.add(Material::Authority, other.pem().as_bytes()).unwrap();
        all.push(other.certificate.subject_der().to_vec());
    }
    for version in VERSIONS {
        assert_eq!(named(&server, version).unwrap(), all, "{version:?}");
    }
}

#[test]
fn two_thousand_authorities_are_not_named_and_all_of_them_vouch() {
    let (_, server) = lab(HOST);
    let mut bundle = String::new();
    let all: Vec<_> = (0..2000).map(|number| Authority::new(&format!("CA {number}"))).collect();
    all.iter().for_each(|one| bundle.push_str(one.pem()));
    server.add(Material::Authority, bundle.as_bytes()).unwrap();
    for version in VERSIONS {
        assert_eq!(named(&server, version), Some(Vec::new()), "{version:?}");
        let alice = all[1999].server(&["alice"]);
        let mut raw = Raw::new(&server, &Arc::new(client(Some(&alice), version)), HOST);
        raw.open();
        assert_eq!(raw.server().identity().unwrap().name, "alice");
    }
}

#[test]
fn where_something_else_may_vouch_no_authority_is_named() {
    type Change = fn(&Context, &std::path::Path);
    let changes: [(&str, Change); 3] = [
        ("a directory", |context, home| {
            let dir = home.join("clients");
            std::fs::create_dir(&dir).unwrap();
            context.set_client_dir(&dir).unwrap();
        }),
        ("a question", |context, _| {
            context.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        }),
        ("known clients", |context, home| {
            context.set_known_client_file(&home.join("trusted.pem")).unwrap();
        }),
    ];
    for (name, change) in changes {
        let (_, server) = lab(HOST);
        let home = tempfile::tempdir().unwrap();
        change(&server, home.path());
        for version in VERSIONS {
            assert_eq!(named(&server, version), Some(Vec::new()), "{name}, {version:?}");
        }
    }
}

#[test]
fn a_server_that_wants_no_certificate_asks_for_none() {
    let (_, server) = lab(HOST);
    server.set(|settings| settings.client_auth = ClientAuth::None).unwrap();
    for version in VERSIONS {
        assert_eq!(named(&server, version), None, "{version:?}");
    }
}

/// A server and a client that speak these application protocols.
fn speak(version: Version, server: &[&str], client: &[&str]) -> Both {
    let (authority, context) = lab(HOST);
    let dialler = own(believes(&authority), &authority.server(&["alice"]));
    let protocols = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let set = |context: &Context, alpn| {
        let change = |settings: &mut Settings| {
            settings.tls.alpn = alpn;
            settings.tls.max_version = version;
        };
        context.set(change).unwrap();
    };
    set(&context, protocols(server));
    set(&dialler, protocols(client));
    Both::new(&context, &dialler, HOST)
}

#[test]
fn the_servers_favourite_protocol_among_the_clients_is_spoken() {
    for version in VERSIONS {
        let both = speak(version, &["b/2", "b/1"], &["b/1", "b/2", "b/3"]);
        both.open();
        assert_eq!(both.server.info().alpn, b"b/2", "{version:?}");
        assert_eq!(both.client.info().alpn, b"b/2", "{version:?}");
    }
}

#[test]
fn without_a_protocol_in_common_both_sides_say_so() {
    for version in VERSIONS {
        let both = speak(version, &["b/2"], &["c/1"]);
        let [server, client] = both.run();
        assert_eq!(server.unwrap_err().kind(), Kind::Alpn, "{version:?}");
        assert_eq!(client.unwrap_err().kind(), Kind::Alpn, "{version:?}");
    }
}

#[test]
fn who_offers_no_protocol_or_asks_for_none_comes_in() {
    for version in VERSIONS {
        for (server, client) in [(&["b/2"][..], &[][..]), (&[], &["c/1"]), (&[], &[])] {
            let both = speak(version, server, client);
            assert_eq!(both.run(), [Ok(Outcome::Done(())), Ok(Outcome::Done(()))]);
            assert_eq!(both.server.info().alpn, b"", "{version:?}");
        }
    }
}
