//! OpenSSL's clients: what they are told when they are refused, and which keys they show and are
//! shown.

use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use tempfile::TempDir;
use tlsconn::{Answer, Connection, Context, Error, Groups, Kind, Outcome, Policy, Read, Suites};

use crate::support::has;
use crate::support::{Authority, Identity};

const HOST: &str = "a.example";
const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];
/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, and a client of OpenSSL with its files.
struct Lab {
    authority: Authority,
    server: Context,
    home: TempDir,
}

/// The results of a connection.
struct Outcomes {
    /// On the server.
    server: Result<(), Error>,
    /// What the client printed.
    client: String,
}

fn lab() -> Lab {
    let (authority, server) = crate::support::lab(HOST);
    server
        .set(|settings| {
            settings.handshake_timeout = Some(PATIENCE);
            settings.io_timeout = Some(PATIENCE);
        })
        .unwrap();
    let alice = authority.server(&["alice"]);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("ca.pem"), authority.pem()).unwrap();
    let lab = Lab { authority, server, home };
    lab.shows(&alice);
    lab
}

impl Lab {
    /// From now on the client shows this certificate.
    fn shows(&self, identity: &Identity) {
        fs::write(self.home.path().join("client.pem"), &identity.pem).unwrap();
        fs::write(self.home.path().join("client.key"), identity.key_pem()).unwrap();
    }

    fn comes(&self, version: &str, more: &[&str]) -> Outcomes {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.serve(listener);
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", HOST])
            .args(["-cert", "client.pem", "-key", "client.key", "-CAfile", "ca.pem", "-ign_eof"])
            .arg(version)
            .args(more)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let client = String::from_utf8_lossy(&text).into_owned();
        Outcomes { server: server.join().unwrap(), client }
    }

    /// Serves one client: says hello and hangs up.
    fn serve(&self, listener: TcpListener) -> JoinHandle<Result<(), Error>> {
        let context = self.server.clone();
        thread::spawn(move || {
            let stream: &'static TcpStream = Box::leak(Box::new(listener.accept().unwrap().0));
            let outcome = talk(&context, stream);
            // It is never dropped.
            let _ = stream.shutdown(Shutdown::Both);
            outcome
        })
    }
}

fn talk(context: &Context, stream: &'static TcpStream) -> Result<(), Error> {
    let connection = Connection::accept_socket(context, stream.as_fd(), true)?;
    assert_eq!(connection.handshake()?, Outcome::Done(()));
    assert_eq!(connection.write(b"hello\n")?, Outcome::Done(6));
    connection.shutdown()?;
    while connection.read(&mut [0; 64])? != Outcome::Done(Read::End) {}
    Ok(())
}

#[test]
fn openssl_understands_why_it_is_refused() {
    if !has(&["openssl"]) {
        return;
    }
    // The last wants a group for which it sends no share at first.
    let retries: &[&str] = &["-groups", "X448:P-256"];
    for (version, more) in [("-tls1_2", &[][..]), ("-tls1_3", &[]), ("-tls1_3", retries)] {
        let lab = lab();
        lab.shows(&Identity::alone(&["mallory"]));
        let refused = lab.comes(version, more);
        assert_eq!(refused.server.unwrap_err().kind(), Kind::CertificateUnknown);
        assert!(refused.client.contains("alert unknown ca"), "{}", refused.client);
        assert!(!refused.client.contains("hello"), "{}", refused.client);

        lab.server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        crate::support::Ask::set(&lab.server, Answer::Reject);
        let rejected = lab.comes(version, more);
        assert_eq!(rejected.server.unwrap_err().kind(), Kind::Rejected);
        assert!(rejected.client.contains("alert access denied"), "{}", rejected.client);
    }
}

#[test]
fn a_key_that_is_too_short_is_named() {
    if !has(&["openssl"]) {
        return;
    }
    for version in VERSIONS {
        for (kind, make) in [("RSA", SHORT_RSA), ("P-192", P_192)] {
            let lab = lab();
            // In TLS 1.3 there is no signature for this one, and OpenSSL shows nothing.
            if (version, kind) == ("-tls1_3", "P-192") || !lab.makes_key(make) {
                continue;
            }
            let refused = lab.comes(version, &["-cipher", "DEFAULT@SECLEVEL=0"]);
            let error = refused.server.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{version}: {error}\n{}", refused.client);
            let short = if kind == "RSA" { "1024" } else { "192" };
            assert!(error.message().contains(short), "{error}");
            assert!(!refused.client.contains("hello"));
        }
    }
}

const SHORT_RSA: &[&str] = &["rsa:1024"];
const P_192: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-192"];

impl Lab {
    /// Makes a self-signed certificate for a new key of this kind; whether OpenSSL does that.
    fn makes_key(&self, kind: &[&str]) -> bool {
        fs::write(self.home.path().join("config"), "[req]\ndistinguished_name=dn\n[dn]\n").unwrap();
        let made = Command::new("openssl")
            .args(["req", "-config", "config", "-x509", "-nodes", "-sha256", "-subj", "/CN=short"])
            .args(["-keyout", "client.key", "-out", "client.pem", "-newkey"])
            .args(kind)
            .current_dir(self.home.path())
            .stderr(Stdio::null())
            .status();
        made.unwrap().success()
    }
}

#[test]
fn openssl_is_shown_the_key_that_it_can_check() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    for (name, key) in [
        ("ec", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()),
        ("rsa", KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()),
    ] {
        let pair = lab.authority.sign(&crate::support::pki::named(name, &[HOST]), key);
        let path = |ending: &str| lab.home.path().join(format!("{name}.{ending}"));
        fs::write(path("pem"), &pair.pem).unwrap();
        fs::write(path("key"), pair.key_pem()).unwrap();
        restrict(&path("key"));
        lab.server.add_server_pair(Some(HOST), &path("pem"), &path("key")).unwrap();
    }
    for version in VERSIONS {
        for (sigalgs, name) in
            [("ECDSA+SHA256", "CN = ec"), ("rsa_pss_rsae_sha256:RSA+SHA256", "CN = rsa")]
        {
            // The client's own signature must be among those that it offers.
            let more = if name == "CN = rsa" {
                vec!["-sigalgs", sigalgs, "-client_sigalgs", "ECDSA+SHA256"]
            } else {
                vec!["-sigalgs", sigalgs]
            };
            let outcomes = lab.comes(version, &more);
            assert!(outcomes.client.contains(name), "{version}, {name}: {}", outcomes.client);
        }
    }
}

#[test]
fn a_client_that_can_check_no_signature_of_ours_is_told_and_named_with_what_it_offers() {
    if !has(&["openssl"]) {
        return;
    }
    for version in VERSIONS {
        for sigalgs in ["rsa_pss_rsae_sha256:RSA+SHA256", "ECDSA+SHA384:RSA+SHA256"] {
            let lab = lab();
            let more = ["-sigalgs", sigalgs, "-client_sigalgs", "ECDSA+SHA256"];
            let outcomes = lab.comes(version, &more);
            let error = outcomes.server.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{version}, {sigalgs}: {error}");
            let message = error.message();
            assert!(message.contains("our key can make ecdsa_secp256r1_sha256"), "{message}");
            // With an RSA suite alone nothing goes with our key, and so nothing is offered for it.
            let offered = message.contains("rsa_p") || message.contains("ecdsa_secp384r1_sha384");
            assert!(offered, "{version}, {sigalgs}: {message}");
            assert!(!error.hint().is_empty());
            assert!(outcomes.client.contains("handshake failure"), "{}", outcomes.client);
        }
    }
}

#[test]
fn openssl_is_offered_the_groups_and_suites_that_were_chosen_and_no_others() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    lab.server
        .set(|settings| {
            settings.tls.groups = Groups::parse("secp384r1,x25519").unwrap();
            let suites = "TLS_CHACHA20_POLY1305_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
            settings.tls.suites = Suites::parse(suites).unwrap();
        })
        .unwrap();
    for (version, more, said) in [
        ("-tls1_3", &["-groups", "P-256:P-384"][..], "TLS_CHACHA20_POLY1305_SHA256"),
        ("-tls1_3", &["-groups", "P-384"], "ECDH, secp384r1, 384 bits"),
        ("-tls1_3", &["-groups", "X25519:P-384"], "X25519, 253 bits"),
        ("-tls1_2", &[], "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ] {
        let outcomes = lab.comes(version, more);
        assert_eq!(outcomes.server, Ok(()), "{version}, {more:?}");
        assert!(outcomes.client.contains(said), "{version}, {more:?}: {}", outcomes.client);
    }
    for (version, more) in [
        ("-tls1_3", &["-groups", "P-256"][..]),
        ("-tls1_3", &["-ciphersuites", "TLS_AES_128_GCM_SHA256"]),
        ("-tls1_2", &["-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"]),
    ] {
        let outcomes = lab.comes(version, more);
        assert_eq!(outcomes.server.unwrap_err().kind(), Kind::Protocol, "{version}, {more:?}");
        assert!(outcomes.client.contains("handshake failure"), "{more:?}: {}", outcomes.client);
    }
}

fn restrict(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
