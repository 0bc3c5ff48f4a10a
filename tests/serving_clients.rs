//! Other people's clients at a server of ours: OpenSSL's, GnuTLS's and curl, with TLS 1.2 and
//! TLS 1.3. Each asks over HTTP who it is.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use common::has;
use common::ours::Ours;
use common::pki::{Pair, Pki};
use common::server::Server;
use tlsconn::{Error, Kind, Problems};

/// Whose client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    OpenSsl,
    GnuTls,
    Curl,
}

/// A client with one version of TLS, `1.2` or `1.3`.
#[derive(Clone, Copy, Debug)]
struct Client(Program, &'static str);

/// What a client printed.
#[derive(Debug)]
struct Talk {
    printed: String,
    well: bool,
}

impl Client {
    /// The command that comes to `port`, with a certificate or without.
    fn words(self, pki: &Pki, port: u16, pair: Option<&Pair>) -> Vec<OsString> {
        let Self(program, version) = self;
        let (line, [authority, certificate, key]) = match program {
            Program::OpenSsl => (
                format!(
                    "openssl s_client -connect 127.0.0.1:{port} -servername localhost \
                     -verify_return_error -verify_hostname localhost -tls{}",
                    version.replace('.', "_")
                ),
                ["-CAfile", "-cert", "-key"],
            ),
            Program::GnuTls => (
                format!(
                    "gnutls-cli --port={port} --priority=NORMAL:-VERS-ALL:+VERS-TLS{version} \
                     localhost"
                ),
                ["--x509cafile", "--x509certfile", "--x509keyfile"],
            ),
            Program::Curl => (
                format!(
                    "curl --silent --show-error --noproxy * --tlsv{version} --tls-max {version} \
                     https://localhost:{port}/"
                ),
                ["--cacert", "--cert", "--key"],
            ),
        };
        let mut words: Vec<OsString> =
            line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        let mut add = |name: &str, path: &Path| words.extend([name.into(), path.into()]);
        add(authority, &pki.authority());
        if let Some(pair) = pair {
            add(certificate, &pair.certificate);
            add(key, &pair.key);
        }
        words
    }

    fn talk(self, pki: &Pki, server: &Ours, pair: Option<&Pair>) -> Talk {
        talk(&self.words(pki, server.port, pair))
    }
}

/// Run a client, which has typed a request and stays until the server has ended.
fn talk(words: &[OsString]) -> Talk {
    let mut child = common::example::bounded(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    // Who was refused may be gone by now.
    let _ = typed.write_all(b"GET / HTTP/1.0\r\n\r\n");
    let output = child.wait_with_output().unwrap();
    drop(typed);
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Talk { printed, well: output.status.success() }
}

macro_rules! with_every_client {
    ($($name:ident,)*) => {
        with_every_client! { @with
            openssl_with_tls_1_2 OpenSsl "1.2", openssl_with_tls_1_3 OpenSsl "1.3",
            gnutls_with_tls_1_2 GnuTls "1.2", gnutls_with_tls_1_3 GnuTls "1.3",
            curl_with_tls_1_2 Curl "1.2", curl_with_tls_1_3 Curl "1.3": ($($name)*)
        }
    };
    (@with $($module:ident $program:ident $version:literal),*: $names:tt) => {
        $(mod $module {
            with_every_client! { @in super::Client(super::Program::$program, $version), $names }
        })*
    };
    (@in $client:expr, ($($name:ident)*)) => {
        $(#[test] fn $name() { super::run(super::$name, $client); })*
    };
}

with_every_client! {
    a_client_is_let_in_and_told_who_it_is,
    a_client_without_a_certificate_is_refused,
    a_client_of_another_authority_is_refused,
    a_client_that_is_revoked_is_refused,
    a_client_that_is_not_on_the_list_is_refused,
}

fn run(test: fn(Client), client: Client) {
    let program = match client.0 {
        Program::OpenSsl => "openssl",
        Program::GnuTls => "gnutls-cli",
        Program::Curl => "curl",
    };
    if has(&[program]) {
        test(client);
    }
}

fn a_client_is_let_in_and_told_who_it_is(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, &server, Some(&pki.client("alice")));
    assert!(talk.well, "{talk:#?}");
    assert!(talk.printed.contains("you are alice\n"), "{talk:#?}");
    let guest = server.let_in("alice");
    assert_eq!(guest.version, format!("TLSv{}", client.1));
    assert!(guest.said.starts_with("GET / HTTP/1."), "{guest:?}");
}

/// The client was refused, was told so by an alert of this name and number, and heard nothing
/// else.
#[track_caller]
fn refused(client: Client, talk: &Talk, server: &Ours, (name, number): (&str, u8)) -> Error {
    let error = server.next().unwrap_err();
    let told = match client.0 {
        Program::OpenSsl | Program::Curl => format!("alert {name}"),
        Program::GnuTls => format!("Received alert [{number}]"),
    };
    assert!(talk.printed.contains(&told), "{told:?} is not said: {talk:#?}\n{error}");
    assert!(!talk.well, "{talk:#?}");
    assert!(!talk.printed.contains("you are"), "{talk:#?}");
    error
}

fn a_client_without_a_certificate_is_refused(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, &server, None);
    let error = refused(client, &talk, &server, ("certificate required", 116));
    assert_eq!(error.kind(), Kind::NoClientCertificate, "{error}");
}

fn a_client_of_another_authority_is_refused(client: Client) {
    let pki = Pki::new();
    let server = Ours::http(&pki.serving());
    let talk = client.talk(&pki, &server, Some(&pki.strange_client("alice")));
    let error = refused(client, &talk, &server, ("unknown ca", 48));
    assert_eq!(error.kind(), Kind::CertificateUnknown, "{error}");
}

fn a_client_that_is_revoked_is_refused(client: Client) {
    let pki = Pki::new();
    let (alice, bob) = (pki.client("alice"), pki.client("bob"));
    let context = pki.serving();
    context.add_file(tlsconn::Material::Crl, &pki.revoke(&[&bob])).unwrap();
    let server = Ours::http(&context);
    let talk = client.talk(&pki, &server, Some(&bob));
    let error = refused(client, &talk, &server, ("certificate revoked", 44));
    assert!(error.problems().contains(Problems::REVOKED), "{error}");
    client.talk(&pki, &server, Some(&alice));
    server.let_in("alice");
}

fn a_client_that_is_not_on_the_list_is_refused(client: Client) {
    let pki = Pki::new();
    let context = pki.serving();
    context.allow_identity(Some("alice")).unwrap();
    let server = Ours::http(&context);
    let talk = client.talk(&pki, &server, Some(&pki.client("bob")));
    let error = refused(client, &talk, &server, ("certificate unknown", 46));
    assert!(error.message().contains("the client bob"), "{error}");
    client.talk(&pki, &server, Some(&pki.client("alice")));
    server.let_in("alice");
}

/// OpenSSL's client as alice, with more arguments.
fn openssl(pki: &Pki, port: u16, version: &'static str, more: &[&str]) -> Talk {
    let pair = pki.client("alice");
    let mut words = Client(Program::OpenSsl, version).words(pki, port, Some(&pair));
    words.extend(more.iter().map(OsString::from));
    let talk = talk(&words);
    assert!(talk.well, "{talk:#?}");
    talk
}

#[test]
fn no_session_is_there_to_come_back_with() {
    if !has(&["openssl"]) {
        return;
    }
    for version in ["1.2", "1.3"] {
        let pki = Pki::new();
        let server = Ours::http(&pki.serving());
        let kept = pki.root().join("session");
        let talk = openssl(&pki, server.port, version, &["-sess_out", kept.to_str().unwrap()]);
        assert!(!kept.exists(), "{talk:#?}");
        assert!(!talk.printed.contains("TLS session ticket"), "{talk:#?}");
        assert!(!server.let_in("alice").resumed);
    }
}

#[test]
fn a_session_that_another_server_gave_is_not_resumed() {
    if !has(&["openssl"]) {
        return;
    }
    for version in ["1.2", "1.3"] {
        let pki = Pki::new();
        let pair = pki.server("other");
        let mut command = Command::new("openssl");
        command.args(["s_server", "-www", "-accept", "127.0.0.1:0"]);
        command.arg("-cert").arg(&pair.certificate).arg("-key").arg(&pair.key);
        let other = Server::that_says("ACCEPT", 0, &mut command);
        let kept = pki.root().join("session");
        let kept = kept.to_str().unwrap();
        openssl(&pki, other.port, version, &["-sess_out", kept]);
        let again = openssl(&pki, other.port, version, &["-sess_in", kept]);
        assert!(again.printed.contains("Reused, TLSv1."), "{again:#?}");

        let server = Ours::http(&pki.serving());
        let ours = openssl(&pki, server.port, version, &["-sess_in", kept]);
        assert!(ours.printed.contains("New, TLSv1."), "{ours:#?}");
        assert!(!server.let_in("alice").resumed);
    }
}
