//! The alert for whatever a peer does wrong before it is admitted is the one that rustls sends: the
//! same bytes, changed in the same way, go to a connection of ours and to one of rustls.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, Error as TlsError};
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tlsconn::{ClientAuth, Version};

use super::link::Link;
use super::pki::{Pki, SERVER, Way};

use crate::support::lab;
use crate::support::raw::{Raw, client_with_suite};
use crate::support::records::records;
use crate::support::sealing::{Secret, changed};

type Change = fn(&mut Vec<u8>);

/// Changes of the first message in plain text, behind its header.
const OF_HELLOS: [(&str, Change); 5] = [
    ("a byte too many", |hello| hello.push(0)),
    ("nothing", Vec::clear),
    ("cut short", |hello| hello.truncate(36)),
    ("an old version", |hello| hello[1] = 1),
    ("a long session ID", |hello| hello[34] = 33),
];
const OF_SERVER_HELLOS: [(&str, Change); 6] = [
    ("an extension that nobody asked for", |hello| extended(hello, &[0xfa, 0xfa, 0, 0])),
    ("an empty list of protocols", |hello| extended(hello, &[0, 16, 0, 2, 0, 0])),
    ("an extension twice", |hello| extended(hello, &[0xfa, 0xfa, 0, 0, 0xfa, 0xfa, 0, 0])),
    ("a suite that was not offered", |hello| {
        let at = behind_session_id(hello);
        hello[at..at + 2].copy_from_slice(&[0xc0, 0x99]);
    }),
    ("compression", |hello| {
        let at = behind_session_id(hello) + 2;
        hello[at] = 1;
    }),
    ("another session ID", |hello| hello[35] ^= 1),
];
/// Changes of the record of TLS 1.3 that ends the flight of a server: it holds all that is sealed.
const OF_SEALED_FLIGHTS: [(&str, Change); 8] = [
    ("a KeyUpdate behind", |flight| flight.extend([24, 0, 0, 1, 0])),
    ("half a message behind", |flight| flight.extend([4, 0, 0])),
    ("a wrong Finished", |flight| *flight.last_mut().unwrap() ^= 1),
    ("no Finished but an unknown message", |flight| {
        let at = flight.len() - 36;
        flight[at] = 99;
    }),
    ("another message in front", |flight| flight[0] = 15),
    ("an unknown extension", |flight| {
        flight.splice(..6, [8, 0, 0, 6, 0, 4, 0xfa, 0xfa, 0, 0]);
    }),
    ("a key share among the extensions", |flight| {
        flight.splice(..6, [8, 0, 0, 6, 0, 4, 0, 51, 0, 0]);
    }),
    ("a byte too many in the extensions", |flight| {
        flight.splice(..6, [8, 0, 0, 3, 0, 0, 0]);
    }),
];

/// Where the suite stands in a server's hello.
fn behind_session_id(hello: &[u8]) -> usize {
    35 + usize::from(hello[34])
}

/// Adds extensions to a server's hello.
fn extended(hello: &mut Vec<u8>, extensions: &[u8]) {
    let at = behind_session_id(hello) + 3;
    let length = u16::from_be_bytes([hello[at], hello[at + 1]]);
    let length = length + u16::try_from(extensions.len()).unwrap();
    hello[at..at + 2].copy_from_slice(&length.to_be_bytes());
    hello.splice(at + 2..at + 2, extensions.iter().copied());
}

/// The flight with its first message, which is in plain text, changed.
fn with_first(flight: &[u8], change: Change) -> Vec<u8> {
    let content = records(flight)[0].content;
    let length = usize::from(u16::from_be_bytes([content[2], content[3]]));
    let mut message = content[4..4 + length].to_vec();
    change(&mut message);
    let [_, high, low] = *message.len().to_be_bytes().last_chunk::<3>().unwrap();
    let all = [&[content[0], 0, high, low], &message[..], &content[4 + length..]].concat();
    let record_length = u16::try_from(all.len()).unwrap().to_be_bytes();
    [&flight[..3], &record_length, &all, &flight[5 + content.len()..]].concat()
}

/// The flight with these bytes at the end of its last record, which is in plain text.
fn with_last(flight: &[u8], more: &[u8]) -> Vec<u8> {
    let last = records(flight).pop().unwrap().content.len();
    let header = flight.len() - last - 5;
    let length = u16::try_from(last + more.len()).unwrap().to_be_bytes();
    [&flight[..header + 3], &length, &flight[header + 5..], more].concat()
}

fn alert(refusal: Option<TlsError>) -> Option<AlertDescription> {
    match refusal {
        Some(TlsError::AlertReceived(alert)) => Some(alert),
        _ => None,
    }
}

/// Both are told the same, and something.
#[track_caller]
fn assert_same(ours: Option<AlertDescription>, of_rustls: Option<AlertDescription>, what: &str) {
    assert!(ours.is_some(), "{what}: the peer is not told");
    // Of some things rustls says nothing.
    assert!(of_rustls.is_none() || ours == of_rustls, "{what}: {ours:?}, not {of_rustls:?}");
}

/// What a server is told by each client about its flight with this change.
fn clients(pki: &Pki, config: &Arc<ServerConfig>, what: &str, change: impl Fn(&[u8]) -> Vec<u8>) {
    let mut link = Link::in_memory(&pki.believing(false), config);
    let flight = link.flight();
    link.give(&change(&flight));
    assert!(link.client().handshake().is_err(), "{what}");
    link.carry_to_server();

    let mut roots = RootCertStore::empty();
    roots.add(pki.authority.certificate.der().to_vec().into()).unwrap();
    let plain = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(SERVER).unwrap();
    let mut client = ClientConnection::new(Arc::new(plain), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    server.read_tls(&mut &bytes[..]).unwrap();
    server.process_new_packets().unwrap();
    let mut flight = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut flight).unwrap();
    }
    let mut rest = &change(&flight)[..];
    let mut failed = false;
    while !rest.is_empty() && !failed {
        client.read_tls(&mut rest).unwrap();
        failed = client.process_new_packets().is_err();
    }
    assert!(failed, "{what}: rustls takes it");
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    server.read_tls(&mut &bytes[..]).unwrap();
    let refusal = server.process_new_packets().err();
    assert_same(alert(link.refusal.clone()), alert(refusal), what);
}

#[test]
fn a_client_says_of_a_hello_what_rustls_says() {
    let pki = Pki::new();
    for way in [Way::Tls12, Way::Tls13, Way::Retry] {
        let config = pki.server(way, false);
        for (name, change) in OF_HELLOS.into_iter().chain(OF_SERVER_HELLOS) {
            if way != Way::Retry && name == "another session ID" {
                // It is no session of TLS 1.2, and of a first hello of TLS 1.3 only the keys tell.
                continue;
            }
            if way == Way::Retry && name == "an old version" {
                // There rustls does not look at it.
                continue;
            }
            let what = format!("{way:?}: {name}");
            clients(&pki, &config, &what, |flight| with_first(flight, change));
        }
        for (name, record) in [
            ("no TLS at all", &b"HTTP/1.1 400 Bad Request\r\n"[..]),
            ("a record that is too long", &[22, 3, 3, 0x50, 0]),
            ("data", &[23, 3, 3, 0, 1, 7]),
            ("an empty handshake record", &[22, 3, 3, 0, 0]),
        ] {
            clients(&pki, &config, &format!("{way:?}: {name}"), |_| record.to_vec());
        }
    }
}

/// rustls has sealed its alert behind its Finished, where only the error tells which it is.
#[test]
fn a_client_of_tls_1_2_says_of_what_stands_behind_a_flight_what_rustls_says() {
    let pki = Pki::new();
    let config = pki.server(Way::Tls12, false);
    for (name, more) in [
        ("a second end of the flight", &[14, 0, 0, 0][..]),
        ("a Finished", &[20, 0, 0, 1, 0]),
        ("an unknown message", &[99, 0, 0, 0]),
        ("a hello that cannot be read", &[2, 0, 0, 1, 0]),
    ] {
        clients(&pki, &config, name, |flight| with_last(flight, more));
    }
}

#[test]
fn a_client_of_tls_1_3_says_of_a_sealed_flight_what_rustls_says() {
    let pki = Pki::new();
    let provider =
        CryptoProvider { cipher_suites: vec![TLS13_AES_128_GCM_SHA256], ..default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&pki.server(Way::Tls13, false).cert_resolver));
    let secret = Secret::of("SERVER_HANDSHAKE_TRAFFIC_SECRET");
    config.key_log = Arc::<Secret>::clone(&secret);
    let config = Arc::new(config);
    for (name, change) in OF_SEALED_FLIGHTS {
        clients(&pki, &config, name, |flight| changed(flight, &secret.kept().1, change));
    }
    clients(&pki, &config, "a broken seal", |flight| {
        let mut flight = flight.to_vec();
        *flight.last_mut().unwrap() ^= 1;
        flight
    });
}

/// What a client is told by each server about its hello or its last flight with this change.
fn servers(version: Version, what: &str, of_hello: bool, change: impl Fn(&[u8], &[u8]) -> Vec<u8>) {
    let (authority, context) = lab(SERVER);
    context.set(|settings| settings.client_auth = ClientAuth::None).unwrap();
    let like = Pki::new();
    let way = if version == Version::Tls12 { Way::Tls12 } else { Way::Tls13 };
    let suite = match version {
        Version::Tls12 => {
            rustls::crypto::aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        }
        Version::Tls13 => TLS13_AES_128_GCM_SHA256,
    };
    let secret = Secret::of("CLIENT_HANDSHAKE_TRAFFIC_SECRET");
    let mut config = client_with_suite(&authority.server(&["alice"]), version, suite);
    config.key_log = Arc::<Secret>::clone(&secret);
    let config = Arc::new(config);

    let mut raw = Raw::new(&context, &config, SERVER);
    let mut bytes = raw.take_from_client();
    if !of_hello {
        raw.give(&bytes);
        raw.server().handshake().unwrap();
        raw.carry_to_client();
        bytes = raw.take_from_client();
    }
    raw.give(&change(&bytes, &secret.kept().1));
    assert!(raw.server().handshake().is_err(), "{what}");
    raw.carry_to_client();

    let name = ServerName::try_from(SERVER).unwrap();
    let mut client = ClientConnection::new(config, name).unwrap();
    let mut server = ServerConnection::new(like.server(way, false)).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    let pass = |server: &mut ServerConnection, bytes: &[u8], client: &mut ClientConnection| {
        let mut rest = bytes;
        let mut end = Ok(());
        while !rest.is_empty() && end.is_ok() {
            server.read_tls(&mut rest).unwrap();
            end = server.process_new_packets().map(|_| ());
        }
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).unwrap();
        }
        client.read_tls(&mut &answer[..]).unwrap();
        (end, client.process_new_packets().err())
    };
    if !of_hello {
        assert_eq!(pass(&mut server, &bytes, &mut client), (Ok(()), None));
        bytes.clear();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
    }
    let (end, refusal) = pass(&mut server, &change(&bytes, &secret.kept().1), &mut client);
    assert!(end.is_err(), "{what}: rustls takes it");
    assert_same(alert(raw.refusal.clone()), alert(refusal), what);
}

#[test]
fn a_server_says_of_a_hello_what_rustls_says() {
    for version in [Version::Tls12, Version::Tls13] {
        for (name, change) in OF_HELLOS {
            if name == "an old version" {
                // The extension counts, which the client sends (RFC 8446, section 4.2.1).
                continue;
            }
            let what = format!("{version:?}: {name}");
            servers(version, &what, true, |hello, _| with_first(hello, change));
        }
        servers(version, "no TLS at all", true, |_, _| b"GET / HTTP/1.1\r\n\r\n".to_vec());
    }
}

#[test]
fn a_server_says_of_a_last_flight_what_rustls_says() {
    let changes: [(&str, Change); 4] = [
        ("a wrong Finished", |flight| *flight.last_mut().unwrap() ^= 1),
        ("a KeyUpdate behind", |flight| flight.extend([24, 0, 0, 1, 0])),
        ("half a message behind", |flight| flight.extend([24, 0, 0])),
        ("another message", |flight| flight[0] = 99),
    ];
    for (name, change) in changes {
        servers(Version::Tls13, name, false, |flight, secret| changed(flight, secret, change));
    }
    for (name, change) in
        [("a byte too many", (|message| message.push(0)) as Change), ("nothing", Vec::clear)]
    {
        servers(Version::Tls12, name, false, |flight, _| with_first(flight, change));
    }
    for version in [Version::Tls12, Version::Tls13] {
        servers(version, "a broken seal", false, |flight, _| {
            let mut flight = flight.to_vec();
            *flight.last_mut().unwrap() ^= 1;
            flight
        });
    }
}
