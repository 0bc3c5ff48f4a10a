//! What only one example shows: the functions of 2007, and the answer that comes later.

use std::process::Command;

use crate::support::example::{self, Outcome};
use crate::support::folder::Pki;
use crate::support::server::Server;
use crate::support::{has, terminal};

/// A PKI and OpenSSL's server, where there is one.
fn start() -> Option<(Pki, Server)> {
    if !has(&["openssl"]) {
        return None;
    }
    let pki = Pki::new();
    let pair = pki.server("a");
    let mut command = Command::new("openssl");
    command.args(["s_server", "-rev", "-accept", "127.0.0.1:0"]);
    command.arg("-cert").arg(&pair.certificate).arg("-key").arg(&pair.key);
    let server = Server::that_says("ACCEPT", 0, &mut command);
    Some((pki, server))
}

fn propose(pki: &Pki, server: &Server, typed: &str) -> Outcome {
    let (authority, trusted) = (pki.authority(), pki.trusted());
    let to = [authority.to_str().unwrap(), trusted.to_str().unwrap(), "localhost"];
    example::run("proposal", &[&to[..], &[&server.port.to_string()]].concat(), &pki.home(), typed)
}

#[test]
fn the_proposal_asks_once_and_writes_its_trusted_file() {
    let Some((pki, server)) = start() else { return };
    let first = propose(&pki, &server, "2\n");
    first.succeeded();
    assert!(first.printed.contains("-----BEGIN CERTIFICATE-----"), "{first:#?}");
    assert!(first.printed.contains("olleh"), "{first:#?}");
    assert!(pki.known().contains(&format!("Host: localhost:{}", server.port)));
    let second = propose(&pki, &server, "");
    second.succeeded();
    assert_eq!(second.printed, "olleh\n");
}

#[test]
fn the_proposal_takes_three_and_every_other_number_for_a_reject() {
    let Some((pki, server)) = start() else { return };
    for answer in ["0\n", "3\n", "100\n", "-1\n", "42\n", ""] {
        let run = propose(&pki, &server, answer);
        run.failed_with(&["localhost"]);
        assert!(run.printed.contains("-----BEGIN CERTIFICATE-----"), "{run:#?}");
    }
    assert_eq!(pki.known(), "");
    assert!(!server.stop().contains("CONNECTION ESTABLISHED"));
}

#[test]
fn one_of_the_proposal_allows_once() {
    let Some((pki, server)) = start() else { return };
    for _ in 0..2 {
        let run = propose(&pki, &server, "1\n");
        run.succeeded();
        assert!(run.printed.contains("-----BEGIN CERTIFICATE-----"), "{run:#?}");
    }
    assert_eq!(pki.known(), "");
}

#[test]
fn an_answer_from_another_thread_is_enough() {
    let Some((pki, server)) = start() else { return };
    let home = pki.home();
    let to = ["localhost", &server.port.to_string(), home.to_str().unwrap()];
    let first = example::run("answer_later", &to, &home, "a\n");
    first.succeeded();
    assert!(first.printed.contains("[a]lways"), "{first:#?}");
    let second = example::run("answer_later", &to, &home, "");
    second.succeeded();
    assert!(!second.printed.contains("[a]lways"), "{second:#?}");
}

#[test]
fn a_reject_from_another_thread_is_final() {
    let Some((pki, server)) = start() else { return };
    let home = pki.home();
    let to = ["localhost", &server.port.to_string(), home.to_str().unwrap()];
    let run = example::run("answer_later", &to, &home, "n\n");
    run.failed_with(&["localhost"]);
    assert!(run.printed.contains("[a]lways"), "{run:#?}");
    assert_eq!(pki.known(), "");
    assert!(!server.stop().contains("CONNECTION ESTABLISHED"));
}

#[test]
fn without_a_terminal_a_stranger_is_refused() {
    let Some((pki, server)) = start() else { return };
    let to = ["localhost", &server.port.to_string()];
    example::run("connect", &to, &pki.home(), "a\n").failed_with(&["localhost"]);
    assert_eq!(pki.known(), "");
    terminal::run("connect", &to, &pki.home(), &["a"]).succeeded().asked(1);
}

#[test]
fn a_chain_is_judged_without_a_connection() {
    let pki = Pki::new();
    let pair = pki.server("a");
    let (authority, chain) = (pki.authority(), pair.certificate);
    let files = [authority.to_str().unwrap(), chain.to_str().unwrap()];
    let good = example::run("judge", &[&files[..], &["localhost"]].concat(), &pki.home(), "");
    good.succeeded();
    assert!(good.printed.ends_with("localhost would be admitted\n"), "{good:#?}");
    assert!(good.printed.starts_with("0: ") && good.printed.contains("\n1: "), "{good:#?}");
    let bad = example::run("judge", &[&files[..], &["b.example"]].concat(), &pki.home(), "");
    bad.failed_with(&["b.example"]);
    assert!(bad.printed.contains("problem: name-mismatch\n"), "{bad:#?}");
}
