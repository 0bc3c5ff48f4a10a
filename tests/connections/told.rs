//! What is told about servers that do not get as far as a certificate: alerts, other protocols, old
//! versions, and a second handshake. Nothing of what is told is in the words of a library.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tlsconn::{Connection, Context, Error, Kind, Outcome, Version, Want};

use crate::support::{Authority, has, nobody};

const HOST: &str = "a.example";

/// The error where the answer to our hello is `bytes`, and then the end.
fn answered(context: &Context, host: &str, bytes: &[u8]) -> Error {
    let (near, mut far) = UnixStream::pair().unwrap();
    // The connection only borrows it.
    let near: &'static UnixStream = Box::leak(Box::new(near));
    let client = Connection::over_socket(context, near.as_fd(), host, 443, false).unwrap();
    assert_eq!(client.handshake(), Ok(Outcome::Not(Want::Read)));
    far.write_all(bytes).unwrap();
    drop(far);
    client.handshake().unwrap_err()
}

/// A fatal alert as the answer to our hello.
fn alert(context: &Context, host: &str, number: u8) -> Error {
    answered(context, host, &[21, 3, 3, 0, 2, 2, number])
}

#[test]
fn an_alert_before_anybody_asked_for_a_certificate_is_told_by_its_name_and_not_as_advice_on_one() {
    let context = nobody();
    for number in 1..=u8::MAX {
        let error = alert(&context, HOST, number);
        if number == 120 {
            assert_eq!(error.kind(), Kind::Alpn, "{error}");
            continue;
        }
        assert_eq!(error.kind(), Kind::Alert, "{error}");
        let words = format!("ended the connection with TLS alert {number}, ");
        assert!(error.message().contains(&words), "{error}");
        assert!(!error.message().contains("refused our certificate"), "{error}");
        assert!(!error.hint().contains("tlsconn_ctx_add_file()"), "{number}: {}", error.hint());
        assert!(!error.hint().is_empty(), "{error}");
    }
    assert!(alert(&context, HOST, 48).message().contains("48, unknown_ca: "));
    assert!(alert(&context, HOST, 200).message().ends_with("200, which has no name"));
}

#[test]
fn a_server_that_does_not_know_our_name_is_told_with_the_name_or_that_none_was_sent() {
    let context = nobody();
    for number in [112, 80] {
        let error = alert(&context, HOST, number);
        assert!(
            error.hint().contains("the name a.example, which we asked for"),
            "{}",
            error.hint()
        );
        let by_address = alert(&context, "192.0.2.1", number);
        assert!(by_address.hint().starts_with("no name was sent"), "{}", by_address.hint());
        for error in [error, by_address] {
            assert!(error.hint().contains("tlsconn_conn_set_verify_name()"), "{}", error.hint());
        }
    }
}

#[test]
fn a_server_that_speaks_something_else_is_told_by_what_it_looks_like() {
    let context = nobody();
    for (greeting, looks, hint) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], "looks like HTTP without TLS", "https"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "looks like SSH", "SSH"),
        (b"220 mail.example ESMTP\r\n", "looks like SMTP or FTP without TLS", "STARTTLS"),
        (b"* OK IMAP4rev1 ready\r\n", "looks like IMAP without TLS", "STARTTLS"),
        (b"+OK POP3 ready\r\n", "looks like POP3 without TLS", "STARTTLS"),
        (b"RFB 003.008\n", "looks like VNC without TLS", "VNC"),
        (b"hello there", "sent something that is not TLS", "right port"),
    ] {
        let error = answered(&context, HOST, greeting);
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
        assert!(error.message().contains(looks), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
}

#[test]
fn an_old_version_is_told_by_its_name_with_what_is_allowed() {
    let context = nobody();
    for (minor, name) in [(0, "SSL 3.0"), (1, "TLS 1.0"), (2, "TLS 1.1")] {
        // A server's hello: version, 32 random bytes, no session, a suite, no compression.
        let body = [&[3, minor][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        let hello = [&[22, 3, minor, 0, length + 4, 2, 0, 0, length][..], &body].concat();
        let error = answered(&context, HOST, &hello);
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
        let words = format!("speaks {name} at most, and TLS 1.2 and 1.3 is allowed here");
        assert!(error.message().ends_with(&words), "{error}");
        assert!(error.hint().contains("RFC 8996"), "{}", error.hint());
    }
}

#[test]
fn records_without_end_are_told_as_what_they_are() {
    let context = nobody();
    let warnings = [21, 3, 3, 0, 2, 1, 112].repeat(8);
    let error = answered(&context, HOST, &warnings);
    assert!(error.message().ends_with("sent too many warning alerts in a row"), "{error}");
    let long = [22, 3, 3, 0x40, 0, 11, 1, 0, 0].to_vec();
    let error = answered(&context, HOST, &[long, vec![0; 16 * 1024 - 4]].concat());
    assert!(error.message().contains("longer than the limit"), "{error}");
    assert!(error.hint().contains("leave out the others"), "{}", error.hint());
}

/// A server of OpenSSL that listens on a port of its own choice, and takes commands.
struct Server {
    child: Child,
    port: i32,
}

impl Server {
    fn start(authority: &Authority) -> Self {
        let home = tempfile::tempdir().unwrap();
        let identity = authority.server(&["localhost"]);
        let [chain, key] = ["server.pem", "server.key"].map(|name| home.path().join(name));
        fs::write(&chain, &identity.pem).unwrap();
        fs::write(&key, identity.key_pem()).unwrap();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-cert"])
            .arg(&chain)
            .arg("-key")
            .arg(&key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| {
            line.unwrap().strip_prefix("ACCEPT ").map(|place| place.trim().to_owned())
        });
        let port = line.unwrap().rsplit(':').next().unwrap().parse().unwrap();
        // What it prints later is read, too, so that it never waits for that.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_that_wants_to_renegotiate_is_told_as_one() {
    if !has(&["openssl"]) {
        return;
    }
    let authority = Authority::new("Lab CA");
    let context = crate::support::believes(&authority);
    let patience = Some(Duration::from_secs(60));
    context
        .set(|settings| {
            (settings.handshake_timeout, settings.io_timeout) = (patience, patience);
        })
        .unwrap();
    let mut server = Server::start(&authority);
    let client = Connection::dial(&context, "localhost", server.port, true).unwrap();
    assert_eq!(client.handshake(), Ok(Outcome::Done(())));
    server.child.stdin.as_mut().unwrap().write_all(b"r\n").unwrap();
    let error = client.read(&mut [0; 64]).unwrap_err();
    assert_eq!(error.kind(), Kind::Alert, "{error}");
    assert!(error.message().contains("asked to renegotiate"), "{error}");
    assert!(error.message().ends_with("alert 40, handshake_failure"), "{error}");
    assert!(error.hint().contains("TLS 1.3"), "{}", error.hint());
}

#[test]
fn a_client_that_has_no_version_in_common_with_us_is_told_what_we_allow() {
    let (authority, server) = crate::support::lab(HOST);
    server.set(|settings| settings.tls.min_version = Version::Tls13).unwrap();
    let client = crate::support::believes(&authority);
    client.set(|settings| settings.tls.max_version = Version::Tls12).unwrap();
    let both = crate::support::Both::new(&server, &client, HOST);
    let [at_server, at_client] = both.run().map(Result::unwrap_err);
    assert!(at_server.message().contains("TLS 1.3"), "{at_server}");
    assert!(at_client.message().contains("70, protocol_version"), "{at_client}");
    assert!(at_client.message().ends_with("we allow TLS 1.2"), "{at_client}");
}

#[test]
fn a_mute_peer_is_not_read_in_the_end() {
    let (near, mut far) = UnixStream::pair().unwrap();
    let near: &'static UnixStream = Box::leak(Box::new(near));
    let client = Connection::over_socket(&nobody(), near.as_fd(), HOST, 443, false).unwrap();
    assert_eq!(client.handshake(), Ok(Outcome::Not(Want::Read)));
    let mut hello = vec![0; 16 * 1024];
    assert!(far.read(&mut hello).unwrap() > 0);
    drop(far);
    let error = client.handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::Truncated, "{error}");
    assert!(error.message().contains("closed the connection in the middle"), "{error}");
    assert!(error.hint().contains("right port"), "{}", error.hint());
}
