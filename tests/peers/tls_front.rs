//! The front for a unix socket: who comes through, in both directions and to the very end.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Condvar, Mutex};
use std::thread::spawn;
use std::time::Duration;

use tlsconn::{Connection, Context, Kind, Material, Outcome, Read};

use crate::support::example;
use crate::support::folder::{Pair, Pki};
use crate::support::has;
use crate::support::openssl::{issued, revocation_list, self_signed};
use crate::support::server::Server;

/// Longer than anything here takes; what takes longer never ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// A front with an authority of its clients, and what it stands before.
struct Front {
    pki: Pki,
    authority: Pair,
    server: Server,
}

impl Front {
    fn start(more: &[&str], behind: fn(UnixStream)) -> Option<Self> {
        if !has(&["openssl"]) {
            return None;
        }
        let pki = Pki::new();
        let own = pki.server("own");
        let authority = self_signed(pki.root(), "authority", "Clients");
        let socket = pki.root().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        spawn(move || listener.incoming().for_each(|stream| behind(stream.unwrap())));
        let words = example::words("tls_front");
        let mut command = Command::new(words.first().unwrap());
        command.args(words.iter().skip(1)).args(["--listen", "127.0.0.1:0", "--unix"]).arg(socket);
        command.arg("--cert").arg(&own.certificate).arg("--key").arg(&own.key);
        command.arg("--ca").arg(&authority.certificate).arg("--ca").arg(pki.authority());
        let list = pki.root().join("list.crl");
        if more.contains(&"--crl") {
            revocation_list(pki.root(), &list, &authority, None);
        }
        command.args(
            more.iter().map(|word| if *word == "LIST" { list.to_str().unwrap() } else { word }),
        );
        command.envs(example::environment()).env_remove("LD_LIBRARY_PATH");
        let server = Server::that_says("listening on", 0, &mut command);
        Some(Self { pki, authority, server })
    }

    fn root(&self) -> &Path {
        self.pki.root()
    }

    /// A certificate of the authority.
    fn client(&self, name: &str) -> Pair {
        issued(self.root(), name, name, &self.authority)
    }

    fn connect(&self, pair: &Pair) -> Connection {
        let context = Context::new();
        context.add_file(Material::Authority, &self.pki.authority()).unwrap();
        context.add_file(Material::Certificate, &pair.certificate).unwrap();
        context.add_file(Material::Key, &pair.key).unwrap();
        Connection::dial(&context, "127.0.0.1", self.server.port.into(), true).unwrap()
    }

    /// What becomes of a client that says nothing and waits.
    fn refuses(&self, pair: &Pair, words: &[&str]) {
        let connection = self.connect(pair);
        // With TLS 1.3 the first read tells.
        let refused = connection.read(&mut [0; 16]).unwrap_err();
        assert_eq!(refused.kind(), Kind::PeerRejectedUs, "{refused}");
        let line = self.server.wait_for("refused: ");
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }

    fn ends(self) {
        let log = self.server.stop();
        for word in ["Sanitizer", "runtime error", "Invalid ", "uninitialised", "definitely"] {
            assert!(!log.contains(word), "{log}");
        }
    }
}

/// Says back what it hears, until there is no more to hear.
fn echo(mut stream: UnixStream) {
    spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
}

fn send(connection: &Connection, bytes: &[u8]) {
    assert!(matches!(connection.write(bytes), Ok(Outcome::Done(n)) if n == bytes.len()));
}

/// All that comes, up to the goodbye.
fn read_all(connection: &Connection) -> Vec<u8> {
    let (mut all, mut chunk) = (Vec::new(), [0; 16384]);
    loop {
        match connection.read(&mut chunk).unwrap() {
            Outcome::Done(Read::Bytes(n)) => all.extend_from_slice(chunk.get(..n).unwrap()),
            Outcome::Done(Read::End) => return all,
            Outcome::Not(want) => panic!("{want:?}"),
        }
    }
}

#[test]
fn what_a_client_says_comes_back_whole_after_it_has_said_goodbye() {
    let Some(front) = Front::start(&[], echo) else { return };
    let connection = front.connect(&front.client("alice"));
    let said: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            send(&connection, &said);
            connection.shutdown().unwrap();
        });
        assert!(read_all(&connection) == said);
    });
    assert!(front.server.wait_for("admitted").contains("alice by authority"));
    front.ends();
}

#[test]
fn a_daemon_that_ends_first_ends_the_connection() {
    let last_words = |mut stream: UnixStream| stream.write_all(b"no time").unwrap();
    let Some(front) = Front::start(&[], last_words) else { return };
    let connection = front.connect(&front.client("alice"));
    assert_eq!(read_all(&connection), b"no time");
    front.ends();
}

#[test]
fn a_daemon_may_end_its_half_and_go_on_listening() {
    static HEARD: (Mutex<Option<usize>>, Condvar) = (Mutex::new(None), Condvar::new());
    let half = |mut stream: UnixStream| {
        stream.write_all(b"ready").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        *HEARD.0.lock().unwrap() = Some(heard.len());
        HEARD.1.notify_all();
    };
    let Some(front) = Front::start(&[], half) else { return };
    let connection = front.connect(&front.client("alice"));
    assert_eq!(read_all(&connection), b"ready");
    send(&connection, &[b'x'; 100_000]);
    connection.shutdown().unwrap();
    let heard = HEARD.0.lock().unwrap();
    let heard = HEARD.1.wait_timeout_while(heard, PATIENCE, |heard| heard.is_none()).unwrap().0;
    assert_eq!(*heard, Some(100_000));
    front.ends();
}

#[test]
fn a_reply_arrives_whole_though_the_daemon_hangs_up_and_the_client_still_sends() {
    const REPLY: usize = 300_000;
    let reply_and_leave = |mut stream: UnixStream| stream.write_all(&[b'r'; REPLY]).unwrap();
    let Some(front) = Front::start(&[], reply_and_leave) else { return };
    for _ in 0..20 {
        let connection = front.connect(&front.client("alice"));
        let (mut all, mut chunk) = (0, [0; 4096]);
        while let Outcome::Done(Read::Bytes(n)) = connection.read(&mut chunk).unwrap() {
            all += n;
            send(&connection, b"more");
        }
        assert_eq!(all, REPLY);
    }
    front.ends();
}

#[test]
fn libvirts_clients_are_told_that_they_are_in_before_anything_else() {
    let Some(front) = Front::start(&["--libvirt"], echo) else { return };
    let connection = front.connect(&front.client("alice"));
    let mut first = [0; 16];
    assert!(matches!(connection.read(&mut first), Ok(Outcome::Done(Read::Bytes(1)))));
    assert_eq!(first.first(), Some(&1));
    send(&connection, b"hello");
    connection.shutdown().unwrap();
    assert_eq!(read_all(&connection), b"hello");
    front.ends();
}

#[test]
fn only_who_is_on_the_list_comes_through() {
    let Some(front) = Front::start(&["--allow-dn", "CN=al*", "--allow-identity", "alice"], echo)
    else {
        return;
    };
    let connection = front.connect(&front.client("alice"));
    send(&connection, b"hello");
    connection.shutdown().unwrap();
    assert_eq!(read_all(&connection), b"hello");
    front.refuses(&front.client("alfred"), &["alfred"]);
    front.ends();
}

#[test]
fn a_client_of_another_authority_is_refused() {
    let Some(front) = Front::start(&[], echo) else { return };
    front.refuses(&self_signed(front.root(), "alice", "alice"), &["127.0.0.1:"]);
    front.ends();
}

#[test]
fn a_client_that_was_revoked_does_not_come_again() {
    let Some(front) = Front::start(&["--crl", "LIST"], echo) else { return };
    let alice = front.client("alice");
    let connection = front.connect(&alice);
    send(&connection, b"hello");
    connection.shutdown().unwrap();
    assert_eq!(read_all(&connection), b"hello");
    revocation_list(front.root(), &front.root().join("list.crl"), &front.authority, Some(&alice));
    front.refuses(&alice, &["revoked"]);
    front.ends();
}

#[test]
fn a_client_that_was_taken_out_of_the_directory_does_not_come_again() {
    if !has(&["openssl"]) {
        return;
    }
    let clients = tempfile::TempDir::new().unwrap();
    let alice = self_signed(clients.path(), "alice", "alice");
    let entry = clients.path().join("alice.pem");
    let Some(front) = Front::start(&["--client-dir", clients.path().to_str().unwrap()], echo)
    else {
        return;
    };
    let connection = front.connect(&alice);
    send(&connection, b"hello");
    connection.shutdown().unwrap();
    assert_eq!(read_all(&connection), b"hello");
    let kept = front.root().join("alice.pem");
    fs::copy(&entry, &kept).unwrap();
    fs::remove_file(&entry).unwrap();
    front.refuses(&Pair { certificate: kept, key: alice.key }, &["127.0.0.1:"]);
    front.ends();
}
