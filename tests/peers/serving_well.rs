//! What every server among the examples does: it sends what it has at once, finds a wrong key or
//! port when it starts, and lets nobody stay who would not be let in any more.

use std::fs;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::thread::spawn;

use rustix::process::{PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use tlsconn::{Connection, Context, Kind, Material, Outcome, Read};

use crate::support::example;
use crate::support::folder::{Pair, Pki};
use crate::support::has;
use crate::support::openssl::{issued, revocation_list, self_signed};
use crate::support::server::Server;

/// What the servers need.
struct Place {
    pki: Pki,
    own: Pair,
    clients: PathBuf,
}

/// A server at a place, with this pair and at this address.
type Start = fn(&Place, &Pair, &str) -> Command;

/// All of them.
const SERVERS: [(&str, Start); 3] =
    [("tls_front", front), ("serve", serve), ("hostmanager", hostmanager)];

impl Place {
    /// With a directory that knows alice.
    fn new() -> Option<Self> {
        if !has(&["openssl"]) {
            return None;
        }
        let pki = Pki::new();
        let own = pki.server("own");
        let clients = pki.root().join("clients");
        fs::DirBuilder::new().mode(0o700).create(&clients).unwrap();
        let alice = self_signed(pki.root(), "alice", "alice");
        fs::copy(&alice.certificate, clients.join("alice.pem")).unwrap();
        Some(Self { pki, own, clients })
    }

    fn alice(&self) -> Pair {
        let file = |kind| self.pki.root().join(format!("alice.{kind}"));
        Pair { certificate: file("pem"), key: file("key") }
    }

    fn connect(&self, server: &Server, pair: &Pair) -> Connection {
        let context = Context::new();
        context.add_file(Material::Authority, &self.pki.authority()).unwrap();
        context.add_file(Material::Certificate, &pair.certificate).unwrap();
        context.add_file(Material::Key, &pair.key).unwrap();
        Connection::dial(&context, "127.0.0.1", server.port.into(), true).unwrap()
    }
}

fn command(name: &str) -> Command {
    let words = example::words(name);
    let mut command = Command::new(words.first().unwrap());
    command.args(words.iter().skip(1));
    command.envs(example::environment()).env_remove("LD_LIBRARY_PATH");
    command
}

/// Before a daemon that says back what it hears.
fn front(place: &Place, own: &Pair, address: &str) -> Command {
    let socket = place.pki.root().join("socket");
    if let Ok(listener) = UnixListener::bind(&socket) {
        spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut &stream));
            }
        });
    }
    let mut command = command("tls_front");
    command.args(["--listen", address, "--unix"]).arg(socket);
    command.arg("--cert").arg(&own.certificate).arg("--key").arg(&own.key);
    command.arg("--client-dir").arg(&place.clients);
    command
}

fn serve(place: &Place, own: &Pair, address: &str) -> Command {
    let mut command = command("serve");
    command.arg(address.rsplit(':').next().unwrap());
    command.args([&own.certificate, &own.key, &place.clients]);
    command
}

fn hostmanager(place: &Place, own: &Pair, address: &str) -> Command {
    let mut command = command("hostmanager");
    command.args(["--listen", address, "--clients"]).arg(&place.clients);
    command.arg("--cert").arg(&own.certificate).arg("--key").arg(&own.key);
    command.arg("--database").arg(place.pki.root().join("objects.db"));
    command
}

fn start(place: &Place, start: Start) -> Server {
    Server::that_says("listening on", 0, &mut start(place, &place.own, "127.0.0.1:0"))
}

/// A server that is to end by itself: what it says.
fn complains(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The processes that the process has started, and that still run.
fn children(id: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{id}");
    let numbers = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    numbers
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number: &u32| {
            let status = fs::read_to_string(format!("/proc/{number}/status")).unwrap_or_default();
            status.lines().any(|line| line == parent)
        })
        .collect()
}

/// The sockets of connections that the process, or a child of it, has.
fn connections(id: u32) -> Vec<OwnedFd> {
    let mut found: Vec<_> = children(id).into_iter().flat_map(connections).collect();
    let Ok(list) = fs::read_dir(format!("/proc/{id}/fd")) else { return found };
    let process = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
    let Ok(process) = pidfd_open(process, PidfdFlags::empty()) else { return found };
    for entry in list.map_while(Result::ok) {
        let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
        let Ok(fd) = pidfd_getfd(&process, number, PidfdGetfdFlags::empty()) else { continue };
        let peer = rustix::net::getpeername(&fd).ok().flatten();
        if peer.is_some_and(|peer| peer.address_family() == rustix::net::AddressFamily::INET) {
            found.push(fd);
        }
    }
    found
}

#[test]
fn every_server_sends_the_end_of_a_long_reply_at_once() {
    for (name, starts) in SERVERS {
        let Some(place) = Place::new() else { return };
        let server = start(&place, starts);
        let connection = place.connect(&server, &place.alice());
        // With TLS 1.3 the server has shaken hands when it says something.
        assert!(matches!(connection.write(b"list network\n"), Ok(Outcome::Done(13))), "{name}");
        if name != "serve" {
            assert!(matches!(connection.read(&mut [0; 64]), Ok(Outcome::Done(Read::Bytes(_)))));
            let sockets = connections(server.id());
            assert!(!sockets.is_empty(), "{name}");
            for socket in sockets {
                assert!(rustix::net::sockopt::tcp_nodelay(socket.as_fd()).unwrap(), "{name}");
            }
        }
        // A server reads to the end of what the client sends.
        drop(connection);
        server.stop();
    }
}

#[test]
fn a_small_server_that_waits_for_a_line_sends_its_reply_at_once() {
    let Some(place) = Place::new() else { return };
    let server = start(&place, serve);
    let connection = place.connect(&server, &place.alice());
    assert!(matches!(connection.handshake(), Ok(Outcome::Done(()))));
    let nodelay = || {
        let sockets = connections(server.id());
        sockets.iter().any(|socket| rustix::net::sockopt::tcp_nodelay(socket).unwrap())
    };
    while !nodelay() {
        std::thread::yield_now();
    }
    // Its child stays for as long as we do.
    drop(connection);
    server.stop();
}

#[test]
fn every_server_finds_the_key_of_another_certificate_when_it_starts() {
    for (_, starts) in SERVERS {
        let Some(place) = Place::new() else { return };
        let other = place.pki.server("other");
        let mixed = Pair { certificate: place.own.certificate.clone(), key: other.key };
        let said = complains(&mut starts(&place, &mixed, "127.0.0.1:0"));
        assert!(said.contains("key") && said.contains("localhost"), "{said}");
    }
}

#[test]
fn every_server_says_why_it_cannot_listen() {
    for (_, starts) in SERVERS {
        let Some(place) = Place::new() else { return };
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let said = complains(&mut starts(&place, &place.own, &address));
        assert!(said.contains(&address) && said.contains("in use"), "{said}");
    }
}

#[test]
fn the_front_names_an_address_that_is_none() {
    let Some(place) = Place::new() else { return };
    let said = complains(&mut front(&place, &place.own, "nothing"));
    assert!(said.contains("nothing: cannot listen: this is not HOST:PORT"), "{said}");
}

#[test]
fn a_client_that_is_taken_out_of_the_directory_is_cut_off_while_it_says_nothing() {
    let Some(place) = Place::new() else { return };
    let server = start(&place, front);
    let connection = place.connect(&server, &place.alice());
    assert!(matches!(connection.write(b"hello"), Ok(Outcome::Done(5))));
    assert!(matches!(connection.read(&mut [0; 8]), Ok(Outcome::Done(Read::Bytes(5)))));
    fs::remove_file(place.clients.join("alice.pem")).unwrap();
    let end = connection.read(&mut [0; 8]).unwrap_err();
    assert!(matches!(end.kind(), Kind::Truncated | Kind::Io), "{end}");
    assert!(server.wait_for("cut off").contains("alice"));
    server.stop();
}

#[test]
fn a_client_that_is_revoked_is_cut_off_while_another_one_stays() {
    let Some(place) = Place::new() else { return };
    let root = place.pki.root();
    let authority = self_signed(root, "authority", "Clients");
    let list = root.join("list.crl");
    revocation_list(root, &list, &authority, None);
    let mut command = front(&place, &place.own, "127.0.0.1:0");
    command.arg("--ca").arg(&authority.certificate).arg("--crl").arg(&list);
    let server = Server::that_says("listening on", 0, &mut command);
    let (bob, carol) =
        (issued(root, "bob", "bob", &authority), issued(root, "carol", "carol", &authority));
    let [first, second] = [&bob, &carol].map(|pair| {
        let connection = place.connect(&server, pair);
        assert!(matches!(connection.write(b"hello"), Ok(Outcome::Done(5))));
        assert!(matches!(connection.read(&mut [0; 8]), Ok(Outcome::Done(Read::Bytes(5)))));
        connection
    });
    revocation_list(root, &list, &authority, Some(&bob));
    let end = first.read(&mut [0; 8]).unwrap_err();
    assert!(matches!(end.kind(), Kind::Truncated | Kind::Io), "{end}");
    assert!(server.wait_for("cut off").contains("revoked"));
    assert!(matches!(second.write(b"still"), Ok(Outcome::Done(5))));
    assert!(matches!(second.read(&mut [0; 8]), Ok(Outcome::Done(Read::Bytes(5)))));
    server.stop();
}

#[test]
fn a_small_server_does_not_greet_who_was_taken_out_after_the_handshake() {
    let Some(place) = Place::new() else { return };
    let server = start(&place, serve);
    let connection = place.connect(&server, &place.alice());
    assert!(matches!(connection.handshake(), Ok(Outcome::Done(()))));
    // The entry is looked at twice; taken out before either, it admits nobody.
    fs::remove_file(place.clients.join("alice.pem")).unwrap();
    let _ = connection.write(b"hello\n");
    assert!(connection.read(&mut [0; 64]).is_err());
    let said = server.stop();
    assert!(!said.contains("was here"), "{said}");
}

#[test]
fn a_client_that_leaves_without_a_word_is_told_of_as_no_error() {
    let Some(place) = Place::new() else { return };
    let server = start(&place, serve);
    let connection = place.connect(&server, &place.alice());
    assert!(matches!(connection.handshake(), Ok(Outcome::Done(()))));
    assert!(matches!(connection.shutdown(), Ok(Outcome::Done(()))));
    drop(connection);
    server.wait_for("serve: a client left without a word");
    let said = server.stop();
    let lines = said.lines().filter(|line| line.starts_with("serve: "));
    let words: Vec<_> = lines.map(|line| line.split(" on ").next().unwrap()).collect();
    assert_eq!(words, ["serve: listening", "serve: a client left without a word"], "{said}");
}
