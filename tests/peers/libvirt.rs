//! Real virsh against real libvirtd, with `virsh_ext` between them, and real QEMU's VNC.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::example::{self, Outcome};
use crate::support::folder::Pki;
use crate::support::libvirtd::Libvirtd;
use crate::support::server::{Server, free_port};
use crate::support::{has, terminal};

/// libvirtd, and a script that virsh is told to start.
struct Libvirt {
    pki: Pki,
    daemon: Libvirtd,
    wrapper: PathBuf,
}

impl Libvirt {
    fn start() -> Option<Self> {
        if !Libvirtd::is_here() {
            return None;
        }
        let pki = Pki::new();
        let daemon = Libvirtd::with_tls(&pki);
        let wrapper = wrapper(&pki, daemon.server.port);
        Some(Self { pki, daemon, wrapper })
    }

    /// The words of a virsh that comes to libvirtd through our helper.
    fn virsh(&self) -> Vec<OsString> {
        let uri = format!("test+ext:///default?command={}", self.wrapper.display());
        ["virsh", "-q", "-c", &uri, "list", "--all"].map(OsString::from).to_vec()
    }

    fn virsh_without_terminal(&self) -> Outcome {
        let mut all: Vec<OsString> = vec!["setsid".into(), "--wait".into()];
        all.extend(self.virsh());
        let output = example::bounded(&all).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Outcome::new(text(output.stdout), text(output.stderr), 0, output.status.code())
    }

    fn virsh_on_a_terminal(&self, answers: &[&str]) -> Outcome {
        terminal::run_words(&self.virsh(), &self.pki.home(), answers)
    }
}

/// libvirt starts a command without arguments and with little of the environment.
fn wrapper(pki: &Pki, port: u16) -> PathBuf {
    let path = pki.root().join("helper");
    let mut file = File::create(&path).unwrap();
    writeln!(file, "#!/bin/sh").unwrap();
    for (name, value) in example::environment() {
        writeln!(file, "export {name}='{value}'").unwrap();
    }
    let words: Vec<_> = example::words("virsh_ext")
        .iter()
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    writeln!(file, "exec {} localhost {port} '{}'", words.join(" "), pki.home().display()).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[test]
fn virsh_asks_on_the_terminal_and_after_always_never_again() {
    let Some(libvirt) = Libvirt::start() else { return };
    libvirt.pki.add_client();
    let first = libvirt.virsh_on_a_terminal(&["a"]);
    first.succeeded().asked(1);
    assert!(first.printed.contains("test"), "{first:#?}");
    let second = libvirt.virsh_on_a_terminal(&[]);
    second.succeeded().asked(0);
    assert!(second.printed.contains("running"), "{second:#?}");
    let third = libvirt.virsh_without_terminal();
    third.succeeded();
    assert!(third.printed.contains("running"), "{third:#?}");
}

#[test]
fn without_a_terminal_virsh_is_refused_and_prints_why() {
    let Some(libvirt) = Libvirt::start() else { return };
    libvirt.pki.add_client();
    libvirt.virsh_without_terminal().failed_with(&["localhost", "there is no terminal to ask on"]);
    assert_eq!(libvirt.pki.known(), "");
}

/// A helper that is gone before libvirt has written its first request leaves it with a broken pipe.
#[test]
fn virsh_prints_why_in_every_one_of_many_runs() {
    let Some(libvirt) = Libvirt::start() else { return };
    for _ in 0..20 {
        libvirt.virsh_without_terminal().failed_with(&["there is no terminal to ask on"]);
    }
}

#[test]
fn virsh_prints_what_to_do_about_it() {
    let Some(libvirt) = Libvirt::start() else { return };
    fs::remove_file(libvirt.pki.authority()).unwrap();
    let run = libvirt.virsh_without_terminal();
    run.failed_with(&["localhost", "ca/cert.pem"]);
    // The second line of what the helper says is what to do.
    assert!(run.errors.lines().filter(|line| !line.trim().is_empty()).count() >= 2, "{run:#?}");
}

/// The four files of libvirt's pkipath, and libvirt's rules: a name in the CN alone is enough.
#[test]
fn the_helper_takes_libvirts_own_files_and_keeps_its_known_servers_beside_them() {
    let Some(libvirt) = Libvirt::start() else { return };
    let pki = &libvirt.pki;
    pki.add_client();
    let place = pki.root().join("pkipath");
    fs::DirBuilder::new().mode(0o700).create(&place).unwrap();
    let home = pki.home();
    for (from, to) in [
        ("ca/cert.pem", "cacert.pem"),
        ("client/cert.pem", "clientcert.pem"),
        ("client/key.pem", "clientkey.pem"),
    ] {
        fs::copy(home.join(from), place.join(to)).unwrap();
    }
    let script = fs::read_to_string(&libvirt.wrapper).unwrap();
    let script =
        script.replace(&format!("'{}'", home.display()), &format!("'{}'", place.display()));
    fs::write(&libvirt.wrapper, script).unwrap();
    libvirt.virsh_on_a_terminal(&["a"]).succeeded().asked(1);
    assert!(fs::read_to_string(place.join("trusted.pem")).unwrap().contains("Host: localhost:"));
    libvirt.virsh_without_terminal().succeeded();
}

#[test]
fn virsh_prints_that_the_user_said_no() {
    let Some(libvirt) = Libvirt::start() else { return };
    libvirt.pki.add_client();
    libvirt.virsh_on_a_terminal(&["n"]).failed_with(&["localhost", "was rejected"]).asked(1);
    assert_eq!(libvirt.pki.known(), "");
}

#[test]
fn virsh_prints_that_our_certificate_was_refused() {
    let Some(libvirt) = Libvirt::start() else { return };
    libvirt.pki.add_strange_client();
    libvirt
        .virsh_on_a_terminal(&["a"])
        .failed_with(&["localhost", "refused our certificate"])
        .asked(1);
}

#[test]
fn the_helper_ends_when_libvirt_hangs_up() {
    let Some(libvirt) = Libvirt::start() else { return };
    libvirt.pki.add_client();
    libvirt.virsh_on_a_terminal(&["a"]).succeeded();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs = OwnedFd::from(theirs);
    let mut child = example::bounded(&[libvirt.wrapper.clone().into()])
        .stdin(theirs.try_clone().unwrap())
        .stdout(theirs)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It looks at us once the server has let it in.
    ours.shutdown(Shutdown::Write).unwrap();
    let mut errors = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
    Outcome::new(String::new(), errors, 0, child.wait().unwrap().code()).succeeded();
    drop(libvirt.daemon);
}

/// QEMU's VNC server, which demands TLS and a certificate of ours.
fn qemu(pki: &Pki) -> Option<Server> {
    const PROGRAM: &str = "qemu-system-x86_64";
    /// VNC counts displays from this port.
    const DISPLAY_0: u16 = 5900;
    if !has(&[PROGRAM]) {
        return None;
    }
    let pair = pki.server("qemu");
    let place = pki.root().join("qemu");
    fs::create_dir(&place).unwrap();
    fs::copy(pki.authority(), place.join("ca-cert.pem")).unwrap();
    fs::copy(&pair.certificate, place.join("server-cert.pem")).unwrap();
    fs::copy(&pair.key, place.join("server-key.pem")).unwrap();
    let port = free_port();
    let mut command = Command::new(PROGRAM);
    command.args(["-machine", "none", "-nodefaults", "-S", "-name", "lab", "-object"]);
    command.arg(format!(
        "tls-creds-x509,id=tls0,dir={},endpoint=server,verify-peer=on",
        place.display()
    ));
    command
        .arg("-display")
        .arg(format!("vnc=127.0.0.1:{},tls-creds=tls0", port.checked_sub(DISPLAY_0).unwrap()));
    Some(Server::that_listens(port, &mut command))
}

#[test]
fn a_vnc_server_is_asked_about_and_after_always_never_again() {
    let pki = Pki::new();
    pki.add_client();
    let Some(server) = qemu(&pki) else { return };
    let to = ["localhost", &server.port.to_string()];
    let first = terminal::run("upgrade_vnc", &to, &pki.home(), &["a"]);
    first.succeeded().asked(1);
    assert!(first.printed.contains("QEMU (lab)"), "{first:#?}");
    let second = terminal::run("upgrade_vnc", &to, &pki.home(), &[]);
    second.succeeded().asked(0);
    assert_eq!(second.printed, "QEMU (lab)\n");
}

#[test]
fn a_vnc_server_that_the_user_rejects_is_not_remembered() {
    let pki = Pki::new();
    pki.add_client();
    let Some(server) = qemu(&pki) else { return };
    let to = ["localhost", &server.port.to_string()];
    terminal::run("upgrade_vnc", &to, &pki.home(), &["n"])
        .failed_with(&["localhost", "was rejected"])
        .asked(1);
    assert_eq!(pki.known(), "");
}

#[test]
fn a_vnc_server_that_refuses_our_certificate_is_told_in_words() {
    let pki = Pki::new();
    pki.add_strange_client();
    let Some(server) = qemu(&pki) else { return };
    let to = ["localhost", &server.port.to_string()];
    let run = terminal::run("upgrade_vnc", &to, &pki.home(), &["a"]);
    run.failed_with(&["localhost", "certificate"]).asked(1);
}
