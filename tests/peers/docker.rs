//! Real docker at a server of ours: the example `tls_front`, before the socket of a stub that
//! speaks docker's API, and a server of this process.

use std::ffi::OsString;
use std::process::Stdio;

use tlsconn::{Kind, Version};

use crate::support::folder::{Pair, Pki};
use crate::support::front::Front;
use crate::support::ours::{Ours, read_until};
use crate::support::{docker, example, has};

/// What docker says at this port, and whether it ended well.
fn docker(pki: &Pki, port: u16, pair: Option<&Pair>, words: &[&str]) -> (bool, String) {
    let mut all: Vec<OsString> = ["docker", "--tlsverify", "--host"].map(OsString::from).into();
    all.push(format!("tcp://127.0.0.1:{port}").into());
    all.extend(["--tlscacert".into(), pki.authority().into()]);
    if let Some(pair) = pair {
        all.extend(["--tlscert".into(), pair.certificate.clone().into()]);
        all.extend(["--tlskey".into(), pair.key.clone().into()]);
    }
    all.extend(words.iter().map(OsString::from));
    let output = example::bounded(&all)
        // No settings of the user who runs the test.
        .env("DOCKER_CONFIG", pki.root())
        .env_remove("DOCKER_CONTEXT")
        .env_remove("DOCKER_CERT_PATH")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}

/// A front before the stub, where docker is there.
fn start() -> Option<(Pki, Front)> {
    has(&["docker"]).then(|| {
        let pki = Pki::new();
        let socket = pki.root().join("docker.sock");
        docker::serve(&socket);
        let front = Front::start(&pki, &socket, &["--ca".into(), pki.authority()]);
        (pki, front)
    })
}

#[test]
fn docker_reaches_its_api_behind_the_front() {
    let Some((pki, front)) = start() else { return };
    let alice = pki.client("alice");
    let (well, printed) = docker(&pki, front.port(), Some(&alice), &["info"]);
    assert!(well && printed.contains(&format!("Name: {}", docker::NAME)), "{printed}");
    let (well, printed) = docker(&pki, front.port(), Some(&alice), &["ps"]);
    assert!(well && printed.starts_with("CONTAINER ID"), "{printed}");
    front.wait_for("admitted alice by authority");
    front.ends();
}

#[test]
fn a_docker_without_a_certificate_is_refused() {
    let Some((pki, front)) = start() else { return };
    let (well, printed) = docker(&pki, front.port(), None, &["info"]);
    assert!(!well && printed.contains("certificate required"), "{printed}");
    assert!(!printed.contains(docker::NAME), "{printed}");
    front.wait_for("presented no certificate");
    front.ends();
}

#[test]
fn a_docker_with_a_foreign_certificate_is_refused() {
    let Some((pki, front)) = start() else { return };
    let stranger = pki.strange_client("alice");
    let (well, printed) = docker(&pki, front.port(), Some(&stranger), &["info"]);
    assert!(!well && printed.contains("unknown certificate authority"), "{printed}");
    assert!(!printed.contains(docker::NAME), "{printed}");
    front.wait_for("no authority here vouches for it");
    front.ends();
}

/// Which version docker takes is the server's choice alone.
#[test]
fn docker_comes_with_either_version_of_tls() {
    if !has(&["docker"]) {
        return;
    }
    for newest in [Version::Tls12, Version::Tls13] {
        let pki = Pki::new();
        let context = pki.serving();
        context.set(|settings| settings.tls.max_version = newest).unwrap();
        let server = Ours::start(&context, |connection| {
            let mut all = String::new();
            loop {
                let head = match read_until(connection, "\r\n\r\n") {
                    // It has its answer and goes without a goodbye.
                    Err(error) if error.kind() == Kind::Truncated => return Ok(all),
                    other => other?,
                };
                let Some(request) = head.lines().next() else { return Ok(all) };
                connection.write(docker::answer(request).as_bytes())?;
                all.push_str(&head);
            }
        });
        let (well, printed) = docker(&pki, server.port, Some(&pki.client("alice")), &["info"]);
        assert!(well && printed.contains(&format!("Name: {}", docker::NAME)), "{printed}");
        let guest = server.let_in("alice");
        assert!(guest.said.starts_with("HEAD /_ping "), "{guest:?}");
        let version = if newest == Version::Tls12 { "TLSv1.2" } else { "TLSv1.3" };
        assert_eq!(guest.version, version);
    }
}
