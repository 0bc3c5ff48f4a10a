//! libvirtd with its test driver, one at a time on a machine.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use super::folder::Pki;
use super::server::{Server, free_port};
use super::{find, has};

/// A running libvirtd.
pub(crate) struct Libvirtd {
    pub(crate) server: Server,
    _alone: File,
}

impl Libvirtd {
    /// Whether it and its client are there.
    pub(crate) fn is_here() -> bool {
        has(&["virsh", "libvirtd"])
    }

    /// One that speaks TLS itself, and lets in clients of our authority.
    pub(crate) fn with_tls(pki: &Pki) -> Self {
        let pair = pki.server("libvirtd");
        let port = free_port();
        let tls = format!(
            "listen_tls = 1\ntls_port = \"{port}\"\nlisten_addr = \"127.0.0.1\"\n\
             auth_tls = \"none\"\nkey_file = \"{}\"\ncert_file = \"{}\"\nca_file = \"{}\"\n",
            pair.key.display(),
            pair.certificate.display(),
            pki.authority().display(),
        );
        let alone = alone();
        let server = Server::that_listens(port, command(pki, &tls).arg("--listen"));
        Self { server, _alone: alone }
    }

    /// One that is at [`Self::socket`] alone.
    pub(crate) fn on_its_socket(pki: &Pki) -> Self {
        let alone = alone();
        let socket = Self::socket(pki);
        let server = Server::that_lets_in(&mut command(pki, "listen_tls = 0\n"), || {
            UnixStream::connect(&socket).is_ok()
        });
        Self { server, _alone: alone }
    }

    /// The socket of the one that runs for this test.
    pub(crate) fn socket(pki: &Pki) -> PathBuf {
        pki.root().join("run/libvirt-sock")
    }
}

fn alone() -> File {
    // Each user has a lock: nobody can open another's in the shared directory.
    let user = rustix::process::getuid().as_raw();
    let lock = std::env::temp_dir().join(format!("tlsconn-libvirtd-{user}.lock"));
    let alone = File::create(lock).unwrap();
    alone.lock().unwrap();
    alone
}

fn command(pki: &Pki, more: &str) -> Command {
    let (root, config) = (pki.root().display(), pki.root().join("libvirtd.conf"));
    let text = format!(
        "listen_tcp = 0\nunix_sock_dir = \"{root}/run\"\nauth_unix_ro = \"none\"\n\
         auth_unix_rw = \"none\"\nlog_outputs = \"3:stderr\"\n{more}"
    );
    fs::write(&config, text).unwrap();
    fs::create_dir(pki.root().join("run")).unwrap();
    let mut command = Command::new(find("libvirtd").unwrap());
    command.arg("-f").arg(&config).arg("-p").arg(pki.root().join("pid"));
    command
}
