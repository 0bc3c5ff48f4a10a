//! The examples against the TLS servers of OpenSSL and GnuTLS, with TLS 1.2 and TLS 1.3.

use std::process::Command;

use crate::support::folder::{Pair, Pki};
use crate::support::server::{Server, free_port};
use crate::support::{example, has, terminal};

/// Whose server, and which version of TLS.
#[derive(Clone, Copy)]
enum Peer {
    OpenSsl(&'static str),
    GnuTls(&'static str),
}

impl Peer {
    fn is_here(self) -> bool {
        has(&[match self {
            Self::OpenSsl(_) => "openssl",
            Self::GnuTls(_) => "gnutls-serv",
        }])
    }

    /// A server that says back what it hears. `port` 0 is any.
    fn start(self, pki: &Pki, pair: &Pair, port: u16, wants_client: bool) -> Server {
        match self {
            Self::OpenSsl(version) => {
                let mut command = Command::new("openssl");
                command.args([
                    "s_server",
                    "-rev",
                    version,
                    "-accept",
                    &format!("127.0.0.1:{port}"),
                ]);
                command.arg("-cert").arg(&pair.certificate).arg("-key").arg(&pair.key);
                if wants_client {
                    command.args(["-Verify", "1", "-verify_return_error", "-CAfile"]);
                    command.arg(pki.authority());
                }
                Server::that_says("ACCEPT", port, &mut command)
            }
            Self::GnuTls(version) => {
                let port = if port == 0 { free_port() } else { port };
                let mut command = Command::new("gnutls-serv");
                command.args(["--echo", "--port", &port.to_string()]);
                command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-{version}"));
                command.arg("--x509certfile").arg(&pair.certificate);
                command.arg("--x509keyfile").arg(&pair.key);
                if wants_client {
                    command.args(["--require-client-cert", "--verify-client-cert"]);
                    command.arg("--x509cafile").arg(pki.authority());
                } else {
                    command.arg("--disable-client-cert");
                }
                Server::that_says("listening on IPv4", port, &mut command)
            }
        }
    }

    /// What the server says when a handshake is complete on its side.
    const fn sign_of_a_client(self) -> &'static str {
        match self {
            Self::OpenSsl(_) => "CONNECTION ESTABLISHED",
            Self::GnuTls(_) => "- Description:",
        }
    }

    /// What comes back for "hello".
    const fn reply(self) -> &'static str {
        match self {
            Self::OpenSsl(_) => "olleh",
            Self::GnuTls(_) => "hello",
        }
    }
}

macro_rules! on_every_server {
    ($($name:ident,)*) => {
        mod openssl_with_tls_1_2 {
            $(#[test] fn $name() { super::run(super::$name, super::Peer::OpenSsl("-tls1_2")); })*
        }
        mod openssl_with_tls_1_3 {
            $(#[test] fn $name() { super::run(super::$name, super::Peer::OpenSsl("-tls1_3")); })*
        }
        mod gnutls_with_tls_1_2 {
            $(#[test] fn $name() { super::run(super::$name, super::Peer::GnuTls("TLS1.2")); })*
        }
        mod gnutls_with_tls_1_3 {
            $(#[test] fn $name() { super::run(super::$name, super::Peer::GnuTls("TLS1.3")); })*
        }
    };
}

on_every_server! {
    a_stranger_is_asked_about_and_after_always_never_again,
    another_certificate_is_refused_and_the_entry_is_named,
    a_reject_admits_nothing,
    the_end_of_the_input_is_a_reject,
    once_asks_again_next_time,
    a_server_that_asks_for_our_certificate_gets_it,
    a_refused_client_certificate_is_told_in_words,
}

fn run(test: fn(Peer), peer: Peer) {
    if peer.is_here() {
        test(peer);
    }
}

fn a_stranger_is_asked_about_and_after_always_never_again(peer: Peer) {
    let pki = Pki::new();
    let server = peer.start(&pki, &pki.server("a"), 0, false);
    let to = ["localhost", &server.port.to_string()];
    let first = terminal::run("connect", &to, &pki.home(), &["a"]);
    first.succeeded().asked(1);
    assert!(first.printed.contains(peer.reply()), "{first:#?}");
    let second = terminal::run("connect", &to, &pki.home(), &[]);
    second.succeeded().asked(0);
    assert!(second.printed.contains(peer.reply()), "{second:#?}");
    assert!(server.stop().contains(peer.sign_of_a_client()));
}

fn another_certificate_is_refused_and_the_entry_is_named(peer: Peer) {
    let pki = Pki::new();
    let server = peer.start(&pki, &pki.server("a"), 0, false);
    let port = server.port;
    let to = ["localhost", &port.to_string()];
    terminal::run("connect", &to, &pki.home(), &["a"]).succeeded().asked(1);
    server.stop();
    let known = pki.known();

    let other = peer.start(&pki, &pki.server("b"), port, false);
    let run = terminal::run("connect", &to, &pki.home(), &["a"]);
    run.failed_with(&[&format!("localhost:{port} presented a certificate other than")]).asked(0);
    assert!(!other.stop().contains(peer.sign_of_a_client()));
    assert_eq!(pki.known(), known);
}

fn a_reject_admits_nothing(peer: Peer) {
    let pki = Pki::new();
    pki.add_client();
    let server = peer.start(&pki, &pki.server("a"), 0, true);
    let to = ["localhost", &server.port.to_string()];
    let run = terminal::run("connect", &to, &pki.home(), &["n"]);
    run.failed_with(&["localhost"]).asked(1);
    assert_eq!(pki.known(), "");
    let log = server.stop();
    assert!(!log.contains(peer.sign_of_a_client()), "{log}");
    assert!(!log.contains("alice"), "our certificate was shown: {log}");
}

fn the_end_of_the_input_is_a_reject(peer: Peer) {
    let pki = Pki::new();
    let server = peer.start(&pki, &pki.server("a"), 0, false);
    let to = ["localhost", &server.port.to_string()];
    terminal::run("connect", &to, &pki.home(), &[]).failed_with(&["localhost"]).asked(1);
    assert_eq!(pki.known(), "");
    assert!(!server.stop().contains(peer.sign_of_a_client()));
}

fn once_asks_again_next_time(peer: Peer) {
    let pki = Pki::new();
    let home = pki.home();
    let server = peer.start(&pki, &pki.server("a"), 0, false);
    let to = ["localhost", &server.port.to_string(), home.to_str().unwrap()];
    for answer in ["o\n", "s\n", "o\n"] {
        let run = example::run("first_contact", &to, &home, answer);
        run.succeeded();
        assert!(run.printed.contains("CN=localhost"), "{run:#?}");
    }
    assert_eq!(pki.known(), "");
}

fn a_server_that_asks_for_our_certificate_gets_it(peer: Peer) {
    let pki = Pki::new();
    pki.add_client();
    let server = peer.start(&pki, &pki.server("a"), 0, true);
    let to = ["localhost", &server.port.to_string()];
    let run = terminal::run("connect", &to, &pki.home(), &["a"]);
    run.succeeded().asked(1);
    assert!(run.printed.contains(peer.reply()), "{run:#?}");
    assert!(server.stop().contains("alice"), "the server saw no certificate");
}

fn a_refused_client_certificate_is_told_in_words(peer: Peer) {
    let pki = Pki::new();
    pki.add_strange_client();
    let server = peer.start(&pki, &pki.server("a"), 0, true);
    let to = ["localhost", &server.port.to_string()];
    let run = terminal::run("connect", &to, &pki.home(), &["a"]);
    run.failed_with(&["localhost", "certificate"]).asked(1);
}
