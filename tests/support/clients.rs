//! Real clients, each with one version of TLS. They ask over HTTP.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::example::bounded;
use super::folder::{Pair, Pki};
use super::has;

/// Whose client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    OpenSsl,
    GnuTls,
    Curl,
}

/// A client with one version of TLS, `1.2` or `1.3`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub Program, pub &'static str);

/// What a client printed.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) printed: String,
    pub(crate) well: bool,
}

impl Client {
    /// Whether its program is there.
    pub(crate) fn is_here(self) -> bool {
        has(&[match self.0 {
            Program::OpenSsl => "openssl",
            Program::GnuTls => "gnutls-cli",
            Program::Curl => "curl",
        }])
    }

    /// The command that connects to `port`, with a certificate or without.
    pub(crate) fn words(self, pki: &Pki, port: u16, pair: Option<&Pair>) -> Vec<OsString> {
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

    /// Connects to `port` and asks who it is.
    pub(crate) fn talk(self, pki: &Pki, port: u16, pair: Option<&Pair>) -> Talk {
        talk(&self.words(pki, port, pair))
    }
}

/// Run a client, which has typed a request and stays until the server has ended.
pub(crate) fn talk(words: &[OsString]) -> Talk {
    let mut child = bounded(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    // A refused client may be gone by now.
    let _ = typed.write_all(b"GET / HTTP/1.0\r\n\r\n");
    let output = child.wait_with_output().unwrap();
    drop(typed);
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Talk { printed, well: output.status.success() }
}
