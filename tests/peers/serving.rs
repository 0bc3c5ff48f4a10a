//! Real virsh at a server of ours: the example `tls_front`, before the socket of a real libvirtd,
//! with TLS 1.2 and 1.3.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::example;
use crate::support::folder::{Pair, Pki};
use crate::support::front::Front;
use crate::support::libvirtd::Libvirtd;

const BOTH: [&str; 2] = ["1.2", "1.3"];

/// What a program has printed, and whether it ended well.
#[derive(Debug)]
struct Run {
    printed: String,
    well: bool,
}

fn run(words: &[OsString], environment: &[(&str, &Path)]) -> Run {
    let output = example::bounded(words)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Run { printed, well: output.status.success() }
}

/// libvirtd behind its socket, and the clients that the front before it allows.
struct Libvirt {
    pki: Pki,
    _daemon: Libvirtd,
}

impl Libvirt {
    fn start() -> Option<Self> {
        Libvirtd::is_here().then(|| {
            let pki = Pki::new();
            Self { _daemon: Libvirtd::on_its_socket(&pki), pki }
        })
    }

    fn front(&self, more: &[&str]) -> Front {
        let words: Vec<OsString> =
            [&["--libvirt"], more].concat().into_iter().map(OsString::from).collect();
        Front::start(&self.pki, &Libvirtd::socket(&self.pki), &words)
    }

    /// What the owner of this certificate sees of the machines.
    fn virsh(&self, front: &Front, version: &str, pair: &Pair) -> Run {
        let place = tempfile::tempdir_in(self.pki.root()).unwrap();
        // virsh does not even come with a certificate that its own authorities do not know.
        let authorities = [self.pki.authority(), self.pki.strange_authority()]
            .map(|file| fs::read(file).unwrap_or_default());
        fs::write(place.path().join("cacert.pem"), authorities.concat()).unwrap();
        fs::copy(&pair.certificate, place.path().join("clientcert.pem")).unwrap();
        fs::copy(&pair.key, place.path().join("clientkey.pem")).unwrap();
        let (port, place) = (front.port(), place.path().display());
        let uri = format!(
            "test+tls://localhost:{port}/default?pkipath={place}&\
             tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS{version}"
        );
        run(&["virsh", "-q", "-c", &uri, "list", "--all"].map(OsString::from), &[])
    }

    #[track_caller]
    fn lets_in(&self, front: &Front, version: &str, pair: &Pair) {
        let virsh = self.virsh(front, version, pair);
        assert!(virsh.well && virsh.printed.contains("running"), "{version} {virsh:#?}");
    }

    #[track_caller]
    fn refuses(&self, front: &Front, version: &str, pair: &Pair) {
        let virsh = self.virsh(front, version, pair);
        assert!(!virsh.well && !virsh.printed.contains("running"), "{version} {virsh:#?}");
    }
}

#[test]
fn virsh_lists_the_machines_behind_the_front() {
    let Some(libvirt) = Libvirt::start() else { return };
    let authority = libvirt.pki.authority();
    let front = libvirt.front(&["--ca", authority.to_str().unwrap()]);
    let alice = libvirt.pki.client("alice");
    BOTH.iter().for_each(|version| libvirt.lets_in(&front, version, &alice));
    front.says("admitted alice by authority", 2);
    front.ends();
}

#[test]
fn a_virsh_with_a_name_that_is_not_allowed_is_refused() {
    let Some(libvirt) = Libvirt::start() else { return };
    let authority = libvirt.pki.authority();
    let front = libvirt.front(&[
        "--ca",
        authority.to_str().unwrap(),
        "--allow-dn",
        "CN=a*",
        "--allow-dn",
        "CN=carol",
    ]);
    let [alice, bob] = ["alice", "bob"].map(|name| libvirt.pki.client(name));
    for version in BOTH {
        libvirt.lets_in(&front, version, &alice);
        libvirt.refuses(&front, version, &bob);
    }
    front.says("refused: the client CN=bob", 2);
    front.says("admitted alice by authority", 2);
    front.ends();
}

#[test]
fn a_virsh_with_a_foreign_certificate_is_refused() {
    let Some(libvirt) = Libvirt::start() else { return };
    let authority = libvirt.pki.authority();
    let front = libvirt.front(&["--ca", authority.to_str().unwrap()]);
    let stranger = libvirt.pki.strange_client("alice");
    BOTH.iter().for_each(|version| libvirt.refuses(&front, version, &stranger));
    front.says("refused: ", 2);
    front.ends();
}

#[test]
fn a_virsh_that_was_revoked_does_not_come_again() {
    let Some(libvirt) = Libvirt::start() else { return };
    let pki = &libvirt.pki;
    let (authority, list) = (pki.authority(), pki.revoke(&[]));
    let words = ["--ca", authority.to_str().unwrap(), "--crl", list.to_str().unwrap()];
    let front = libvirt.front(&words);
    let [alice, bob] = ["alice", "bob"].map(|name| pki.client(name));
    BOTH.iter().for_each(|version| libvirt.lets_in(&front, version, &alice));
    pki.revoke(&[&alice]);
    for version in BOTH {
        libvirt.refuses(&front, version, &alice);
        libvirt.lets_in(&front, version, &bob);
    }
    front.says("was revoked", 2);
    front.ends();
}

#[test]
fn a_virsh_that_was_taken_out_of_the_directory_does_not_come_again() {
    let Some(libvirt) = Libvirt::start() else { return };
    let clients = tempfile::TempDir::new().unwrap();
    let front = libvirt.front(&["--client-dir", clients.path().to_str().unwrap()]);
    let [alice, bob] = ["alice", "bob"].map(|name| libvirt.pki.client(name));
    for pair in [&alice, &bob] {
        fs::copy(&pair.certificate, clients.path().join(pair.certificate.file_name().unwrap()))
            .unwrap();
    }
    BOTH.iter().for_each(|version| libvirt.lets_in(&front, version, &alice));
    fs::remove_file(clients.path().join("alice.pem")).unwrap();
    for version in BOTH {
        libvirt.refuses(&front, version, &alice);
        libvirt.lets_in(&front, version, &bob);
    }
    front.says("refused: the client alice", 2);
    front.says("admitted alice by directory", 2);
    front.ends();
}
