//! Servers that leave while the application writes: what they said before is still reported.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tlsconn::{Connection, Context, Error, Groups, Kind, Material, Outcome, Read, Want};

use crate::support::memory::config;
use crate::support::pair::{Pair, Way, in_time, wait_for};
use crate::support::{Authority, Identity, believes};

const HOST: &str = "a.example";
/// Each way, blocking and not.
const ALL: [(Way, bool); 4] =
    [(Way::Tcp, true), (Way::Tcp, false), (Way::Unix, true), (Way::Unix, false)];

/// A TLS 1.3 server that only admits clients of `authority`, and does not name it.
fn wary(server: &Identity, authority: &Authority) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.certificate.der().to_vec())).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .clear_root_hint_subjects()
            .build()
            .unwrap();
    let chain = vec![CertificateDer::from(server.certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(server.key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// An open connection, after `last` was done with the server before it left.
fn left(
    context: &Context,
    (way, blocking): (Way, bool),
    config: &Arc<ServerConfig>,
    last: impl FnOnce(&mut crate::support::pair::Server),
) -> Arc<Connection> {
    let pair = Pair::new(way, context, HOST, Arc::clone(config), blocking);
    while pair.connection.handshake().unwrap() != Outcome::Done(()) {
        crate::support::pair::wait_for(&pair.connection);
    }
    let (connection, mut server) = pair.server();
    last(&mut server);
    connection
}

/// Writes until that fails.
fn write(connection: &Arc<Connection>) -> Error {
    let writer = Arc::clone(connection);
    in_time(move || {
        loop {
            if let Err(error) = writer.write(b"hello") {
                return error;
            }
        }
    })
}

fn read(connection: &Connection) -> Result<Outcome<Read>, Error> {
    connection.read(&mut [0; 64])
}

#[test]
fn who_writes_to_a_server_that_refused_us_and_went_is_told_of_the_refusal() {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let config = wary(&server, &Authority::new("Other CA"));
    let with = believes(&authority);
    let own = authority.server(&["me"]);
    with.add(Material::Certificate, own.pem.as_bytes()).unwrap();
    with.add(Material::Key, own.key_pem().as_bytes()).unwrap();
    let without = believes(&authority);
    for context in [with, without] {
        for how in ALL {
            let connection = left(&context, how, &config, |_| ());
            let mut told = write(&connection);
            if told.kind() == Kind::Io {
                told = read(&connection).unwrap_err();
            }
            assert_eq!(told.kind(), Kind::PeerRejectedUs, "{how:?}: {told}");
            assert_eq!(connection.error(), Some(told), "{how:?}");
        }
    }
}

#[test]
fn what_a_server_said_before_it_went_can_be_read_after_a_write_failed() {
    let authority = Authority::new("Lab CA");
    let config = config(&authority.server(&[HOST]));
    for how in ALL {
        let connection = left(&believes(&authority), how, &config, |server| server.says(b"bye"));
        assert_eq!(write(&connection).kind(), Kind::Io, "{how:?}");
        assert_eq!(read(&connection), Ok(Outcome::Done(Read::Bytes(3))), "{how:?}");
        assert_eq!(read(&connection).unwrap_err().kind(), Kind::Truncated, "{how:?}");
    }
}

#[test]
fn a_server_that_went_without_a_word_is_told_the_same_way_again() {
    let authority = Authority::new("Lab CA");
    let config = config(&authority.server(&[HOST]));
    for how in ALL {
        let connection = left(&believes(&authority), how, &config, |_| ());
        let error = write(&connection);
        assert_eq!(error.kind(), Kind::Io, "{how:?}");
        assert_eq!(connection.error().as_ref(), Some(&error), "{how:?}");
        assert_eq!(read(&connection).as_ref(), Err(&error), "{how:?}");
        assert_eq!(connection.write(b"hello").as_ref(), Err(&error), "{how:?}");
    }
}

#[test]
fn a_write_to_a_server_that_only_sends_reads_a_bounded_amount() {
    let authority = Authority::new("Lab CA");
    let pair = Pair::new(
        Way::Unix,
        &believes(&authority),
        HOST,
        config(&authority.server(&[HOST])),
        false,
    );
    while pair.connection.handshake().unwrap() != Outcome::Done(()) {
        crate::support::pair::wait_for(&pair.connection);
    }
    let socket = pair.socket;
    let (connection, mut server) = pair.server();
    // As much as the system holds, and the server does not read any more.
    server.stops_reading();
    for _ in 0..8 {
        server.says(&[0; 16 * 1024]);
    }
    let before = rustix::io::ioctl_fionread(socket).unwrap();
    assert!(before > 128 * 1024);
    for _ in 0..3 {
        assert_eq!(connection.write(b"hello").unwrap_err().kind(), Kind::Io);
    }
    // One piece is enough to see that there is something to read.
    let after = rustix::io::ioctl_fionread(socket).unwrap();
    assert!(before - after <= 32 * 1024, "{}", before - after);
    assert_eq!(read(&connection), Ok(Outcome::Done(Read::Bytes(64))));
}

#[test]
fn a_server_that_breaks_off_before_its_first_byte_may_not_take_a_big_hello() {
    let context = believes(&Authority::new("Lab CA"));
    for (groups, is_big) in [("", true), ("x25519,secp256r1", false)] {
        context.set(|settings| settings.tls.groups = Groups::parse(groups).unwrap()).unwrap();
        for resets in [true, false] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            // The connection only borrows it.
            let near: &'static TcpStream =
                Box::leak(Box::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap()));
            let (mut far, _) = listener.accept().unwrap();
            let client = Connection::over_socket(&context, near.as_fd(), HOST, 443, false).unwrap();
            assert_eq!(client.handshake(), Ok(Outcome::Not(Want::Read)));
            // What was not read makes the end a reset.
            let mut hello = vec![0; if resets { 1 } else { 16 * 1024 }];
            assert_eq!(far.read(&mut hello).unwrap() > 1, !resets);
            drop(far);
            wait_for(&client);
            let error = client.handshake().unwrap_err();
            assert_eq!(error.kind(), if resets { Kind::Io } else { Kind::Truncated }, "{error}");
            let says = error.hint().contains("TLSCONN_OPT_GROUPS without X25519MLKEM768");
            assert_eq!(says, is_big, "{groups:?}, {resets}: {}", error.hint());
        }
    }
}
