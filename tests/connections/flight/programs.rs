//! The servers of OpenSSL and GnuTLS as children of the test, ended by their own id.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::pki::{Pki, Way};
use crate::support::server::free_port;

/// A server in a process of its own.
pub(crate) struct Server {
    child: Child,
    port: u16,
    home: TempDir,
    /// Where the child's words go; kept open for as long as it may speak.
    _words: Option<BufReader<std::process::ChildStdout>>,
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server and returns its complaints.
    pub(crate) fn complaints(mut self) -> String {
        self.end();
        String::from_utf8_lossy(&fs::read(self.home.path().join("complaints")).unwrap()).into()
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) struct OpenSsl;

impl OpenSsl {
    /// A server that turns each line around.
    pub(crate) fn serve(pki: &Pki, way: Way, asks: bool) -> Server {
        let home = home(pki);
        let mut extra = match way {
            Way::Tls12 => vec!["-tls1_2"],
            Way::Tls13 => vec!["-tls1_3"],
            Way::Retry => vec!["-tls1_3", "-groups", "P-384"],
        };
        if asks {
            extra.extend(["-Verify", "1", "-CAfile", "ca.pem", "-verify_return_error"]);
        }
        Self::start(home, &extra)
    }

    /// A server with an RSA key of 1024 bits.
    pub(crate) fn with_short_key(way: Way) -> Server {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("config"), "[req]\ndistinguished_name=dn\n[dn]\n").unwrap();
        let made = Command::new("openssl")
            .args(["req", "-config", "config", "-x509", "-newkey", "rsa:1024", "-nodes", "-sha256"])
            .args(["-subj", "/CN=server.example", "-keyout", "server.key", "-out", "server.pem"])
            .current_dir(home.path())
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let version = if way == Way::Tls12 { "-tls1_2" } else { "-tls1_3" };
        Self::start(home, &[version, "-cipher", "DEFAULT@SECLEVEL=0"])
    }

    fn start(home: TempDir, extra: &[&str]) -> Server {
        let complaints = File::create(home.path().join("complaints")).unwrap();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-rev"])
            .args(["-cert", "server.pem", "-key", "server.key"])
            .args(extra)
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(complaints)
            .spawn()
            .unwrap();
        let mut words = BufReader::new(child.stdout.take().unwrap());
        let mut server = Server { child, port: 0, home, _words: None };
        let mut line = String::new();
        while server.port == 0 {
            line.clear();
            assert_ne!(words.read_line(&mut line).unwrap(), 0, "openssl s_server did not start");
            // The line is ACCEPT and the address that the system chose.
            let port = line.trim().strip_prefix("ACCEPT ").and_then(|rest| rest.rsplit(':').next());
            server.port = port.map_or(0, |port| port.parse().unwrap());
        }
        server._words = Some(words);
        server
    }
}

pub(crate) struct GnuTls;

impl GnuTls {
    /// A server that sends back what it gets.
    pub(crate) fn serve(pki: &Pki, way: Way, asks: bool) -> Server {
        let home = home(pki);
        let priority = match way {
            Way::Tls12 => "NORMAL:-VERS-ALL:+VERS-TLS1.2",
            Way::Tls13 => "NORMAL:-VERS-ALL:+VERS-TLS1.3",
            Way::Retry => "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1",
        };
        let port = free_port();
        let complaints = File::create(home.path().join("complaints")).unwrap();
        let child = Command::new("gnutls-serv")
            // In TLS 1.2 only the trace tells an alert from a client without a certificate.
            .args(["--debug", "5", "--echo", "--port", &port.to_string(), "--priority", priority])
            .args(["--x509certfile", "server.pem", "--x509keyfile", "server.key"])
            .args(["--x509cafile", "ca.pem"])
            .arg(if asks { "--require-client-cert" } else { "--disable-client-cert" })
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints)
            .spawn()
            .unwrap();
        let mut server = Server { child, port, home, _words: None };
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "gnutls-serv did not start");
            assert!(Instant::now() < until, "gnutls-serv does not listen");
            thread::yield_now();
        }
        server
    }
}

/// A directory with what a server needs.
fn home(pki: &Pki) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let write =
        |name: &str, text: &str| fs::write(Path::new(home.path()).join(name), text).unwrap();
    write("ca.pem", pki.authority.pem());
    write("server.pem", &pki.server.pem);
    write("server.key", &pki.server.key_pem());
    home
}
