//! Real QEMU in both roles: its monitor speaks QMP through TLS, and each side shows the other
//! a certificate.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tlsconn::{Connection, Context, Error, Kind, Material, SendCertificate};

use crate::support::folder::{Pair, Pki};
use crate::support::ours::{Ours, read_until};
use crate::support::server::{Server, free_port};
use crate::support::{find, has};

const PROGRAM: &str = "qemu-system-x86_64";
const BOTH: [&str; 2] = ["1.2", "1.3"];

/// A QEMU whose monitor is the socket `socket` with what is in `credentials`.
fn qemu(credentials: &str, socket: &str) -> Command {
    let mut command = Command::new(find(PROGRAM).unwrap());
    command.args(["-machine", "none", "-nodefaults", "-display", "none", "-S", "-object"]);
    command.arg(format!("tls-creds-x509,id=tls0,{credentials}"));
    command.arg("-chardev").arg(format!("socket,id=m,tls-creds=tls0,host=127.0.0.1,{socket}"));
    command.args(["-mon", "chardev=m,mode=control"]);
    command
}

/// What QEMU is told about its own files, which have fixed names, and about TLS.
fn credentials(pki: &Pki, role: &str, pair: &Pair, version: &str) -> String {
    let place = pki.root().join(format!("qemu-{version}"));
    fs::create_dir(&place).unwrap();
    let copies: [(PathBuf, &str); 3] = [
        (pki.authority(), "ca-cert.pem"),
        (pair.certificate.clone(), &format!("{role}-cert.pem")),
        (pair.key.clone(), &format!("{role}-key.pem")),
    ];
    for (from, to) in copies {
        fs::copy(from, place.join(to)).unwrap();
    }
    let place = place.display();
    // It would not even start with a certificate that its own authority does not know.
    format!(
        "dir={place},endpoint={role},verify-peer=on,sanity-check=off,priority=NORMAL:-VERS-ALL:+VERS-TLS{version}"
    )
}

/// What a monitor says in greeting, and to the first two requests of every program that uses
/// it.
fn converse(connection: &Connection) -> Result<String, Error> {
    let greeting = read_until(connection, "\r\n")?;
    let ready = ask(connection, "qmp_capabilities")?;
    let status = ask(connection, "query-status")?;
    Ok(format!("{greeting}{ready}{status}"))
}

/// What a monitor says to a request.
fn ask(connection: &Connection, request: &str) -> Result<String, Error> {
    // The monitor takes one byte at a time. QEMU 7.2 then waits for the socket, and does not
    // see what GnuTLS has kept of a record: each byte goes in one of its own.
    for byte in format!("{{\"execute\":\"{request}\"}}\n").bytes() {
        connection.write(&[byte])?;
    }
    read_until(connection, "\r\n")
}

/// It was a monitor of a machine that was not started.
#[track_caller]
fn is_a_monitor(said: &str) {
    let [greeting, ready, status] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("not three lines: {said}");
    };
    assert!(greeting.starts_with("{\"QMP\": {\"version\": {\"qemu\": {"), "{said}");
    assert_eq!(ready, "{\"return\": {}}", "{said}");
    assert!(status.contains("\"running\": false"), "{said}");
}

#[test]
fn a_qemu_that_comes_to_us_is_let_in_and_its_monitor_obeys() {
    if !has(&[PROGRAM]) {
        return;
    }
    for version in BOTH {
        let pki = Pki::new();
        let server = Ours::start(&pki.serving(), converse);
        let credentials = credentials(&pki, "client", &pki.client("node7"), version);
        let qemu = Server::that_runs(&mut qemu(&credentials, &format!("port={}", server.port)));
        let guest = server.next().unwrap_or_else(|error| panic!("{error}\n{}", qemu.stop()));
        assert_eq!(guest.identity.unwrap().0, "node7");
        assert_eq!(guest.version, format!("TLSv{version}"));
        is_a_monitor(&guest.said);
    }
}

#[test]
fn a_qemu_that_comes_with_a_foreign_certificate_is_refused() {
    if !has(&[PROGRAM]) {
        return;
    }
    // GnuTLS does not show a certificate of an authority that we have not named.
    let kinds = [
        (Pki::strange_client as fn(&Pki, &str) -> Pair, Kind::CertificateUnknown),
        (Pki::foreign_client, Kind::NoClientCertificate),
    ];
    for (version, (foreign, kind)) in BOTH.into_iter().flat_map(|one| kinds.map(|two| (one, two))) {
        let pki = Pki::new();
        let server = Ours::start(&pki.serving(), converse);
        let credentials = credentials(&pki, "client", &foreign(&pki, "node7"), version);
        let qemu = Server::that_runs(&mut qemu(&credentials, &format!("port={}", server.port)));
        let error = server.next().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}\n{}", qemu.stop());
    }
}

/// A context for a client of ours that shows this certificate, whichever authorities the server
/// names.
fn client(pki: &Pki, pair: &Pair) -> Context {
    let context = Context::new();
    context.add_file(Material::Authority, &pki.authority()).unwrap();
    context.add_file(Material::Certificate, &pair.certificate).unwrap();
    context.add_file(Material::Key, &pair.key).unwrap();
    context.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
    context
}

#[test]
fn the_monitor_of_a_qemu_that_waits_for_us_obeys_and_refuses_strangers() {
    if !has(&[PROGRAM]) {
        return;
    }
    for version in BOTH {
        let pki = Pki::new();
        let credentials = credentials(&pki, "server", &pki.server("qemu"), version);
        let port = free_port();
        let command = &mut qemu(&credentials, &format!("port={port},server=on,wait=off"));
        let server = Server::that_listens(port, command);
        let dial = |pair: &Pair| {
            let port = i32::from(server.port);
            Connection::dial(&client(&pki, pair), "localhost", port, true).unwrap()
        };
        // QEMU refuses by hanging up.
        let refused = converse(&dial(&pki.foreign_client("mallory"))).unwrap_err();
        assert!(refused.message().contains("may have refused our certificate"), "{refused}");
        let alice = dial(&pki.client("alice"));
        is_a_monitor(&converse(&alice).unwrap());
        assert_eq!(alice.info().version, format!("TLSv{version}"));
    }
}
