//! Real docker at a server of ours: the example `tls_front`, before the socket of a stub that
//! speaks docker's API.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use std::ffi::OsString;
use std::process::Stdio;

use common::front::Front;
use common::pki::{Pair, Pki};
use common::{docker, example, has};

struct Docker {
    pki: Pki,
    front: Front,
}

impl Docker {
    fn start() -> Option<Self> {
        has(&["docker"]).then(|| {
            let pki = Pki::new();
            let socket = pki.root().join("docker.sock");
            docker::serve(&socket);
            let front = Front::start(&pki, &socket, &["--ca".into(), pki.authority()]);
            Self { pki, front }
        })
    }

    fn says(&self, pair: Option<&Pair>, words: &[&str]) -> (bool, String) {
        let mut all: Vec<OsString> = ["docker", "--tlsverify", "--host"].map(OsString::from).into();
        all.push(format!("tcp://127.0.0.1:{}", self.front.port()).into());
        all.extend(["--tlscacert".into(), self.pki.authority().into()]);
        if let Some(pair) = pair {
            all.extend(["--tlscert".into(), pair.certificate.clone().into()]);
            all.extend(["--tlskey".into(), pair.key.clone().into()]);
        }
        all.extend(words.iter().map(OsString::from));
        let output = example::bounded(&all)
            // No settings of whoever runs the test.
            .env("DOCKER_CONFIG", self.pki.root())
            .env_remove("DOCKER_CONTEXT")
            .env_remove("DOCKER_CERT_PATH")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }
}

#[test]
fn docker_reaches_its_api_behind_the_front() {
    let Some(docker) = Docker::start() else { return };
    let alice = docker.pki.client("alice");
    let (well, printed) = docker.says(Some(&alice), &["info"]);
    assert!(well && printed.contains(&format!("Name: {}", docker::NAME)), "{printed}");
    let (well, printed) = docker.says(Some(&alice), &["ps"]);
    assert!(well && printed.starts_with("CONTAINER ID"), "{printed}");
    docker.front.wait_for("admitted alice by authority");
    docker.front.ends();
}

#[test]
fn a_docker_without_a_certificate_is_refused() {
    let Some(docker) = Docker::start() else { return };
    let (well, printed) = docker.says(None, &["info"]);
    assert!(!well && !printed.contains(docker::NAME), "{printed}");
    docker.front.wait_for("shows no certificate");
    docker.front.ends();
}

#[test]
fn a_docker_with_a_foreign_certificate_is_refused() {
    let Some(docker) = Docker::start() else { return };
    let stranger = docker.pki.strange_client("alice");
    let (well, printed) = docker.says(Some(&stranger), &["info"]);
    assert!(!well && !printed.contains(docker::NAME), "{printed}");
    docker.front.wait_for("no authority here vouches for it");
    docker.front.ends();
}
