//! Clients of ours at a server of ours over real sockets: much in both directions at once, one
//! direction that ends before the other, many clients at once, and silent ones.

use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Barrier};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tlsconn::{Connection, Context, Outcome, Read, Version};

use crate::support::pair::{in_time, wait_for};
use crate::support::{Authority, believes, own};

const HOST: &str = "localhost";
/// Whether the server and the client wait in their calls.
const COMBINATIONS: [(bool, bool); 4] =
    [(true, true), (true, false), (false, true), (false, false)];
/// More than the buffers of both sockets hold.
const MUCH: usize = 12 << 20;

/// An authority, and a server that it vouches for.
struct Lab {
    authority: Authority,
    server: Context,
    listener: TcpListener,
}

impl Lab {
    fn new() -> Self {
        let authority = Authority::new("Lab CA");
        let server = own(believes(&authority), &authority.server(&[HOST]));
        Self { authority, server, listener: TcpListener::bind(("127.0.0.1", 0)).unwrap() }
    }

    fn client(&self, name: &str) -> Context {
        own(believes(&self.authority), &self.authority.server(&[name]))
    }

    /// A client that comes when it is first used.
    fn dial(&self, client: &Context, blocking: bool) -> Connection {
        let port = i32::from(self.listener.local_addr().unwrap().port());
        Connection::dial(client, HOST, port, blocking).unwrap()
    }

    /// What the server and the client have heard, each after it has done its part.
    fn run<S: Send, C: Send>(
        &self,
        (server_waits, client_waits): (bool, bool),
        client: &Context,
        serve: impl FnOnce(&Connection) -> S + Send,
        visit: impl FnOnce(&Connection) -> C,
    ) -> (S, C) {
        thread::scope(|scope| {
            let server = scope.spawn(|| {
                let (connection, stream) = accept(&self.server, &self.listener, server_waits);
                let heard = serve(&connection);
                assert_eq!(connection.identity().unwrap().name, "alice");
                drop(connection);
                stream.shutdown(Shutdown::Both).unwrap();
                heard
            });
            let visitor = self.dial(client, client_waits);
            let heard = visit(&visitor);
            (server.join().unwrap(), heard)
        })
    }
}

/// The next client; its stream is kept for as long as a connection may need it.
fn accept(
    context: &Context,
    listener: &TcpListener,
    blocking: bool,
) -> (Connection, &'static TcpStream) {
    let stream: &'static TcpStream = Box::leak(Box::new(listener.accept().unwrap().0));
    (Connection::accept_socket(context, stream.as_fd(), blocking).unwrap(), stream)
}

/// So many bytes that nobody else says.
fn speech(seed: u32, length: usize) -> Vec<u8> {
    (0..u32::try_from(length).unwrap())
        .map(|at| ((at ^ seed).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// Calls until it is done, and waits between as an event loop does.
fn done<T>(connection: &Connection, mut call: impl FnMut() -> Outcome<T>) -> T {
    loop {
        match call() {
            Outcome::Done(value) => return value,
            Outcome::Not(_) if !connection.is_blocking() => wait_for(connection),
            Outcome::Not(want) => panic!("a connection that blocks wants {want:?}"),
        }
    }
}

/// Says it all and that this was all.
fn say(connection: &Connection, words: &[u8]) {
    let mut said = 0;
    while said < words.len() {
        said += done(connection, || connection.write(&words[said..]).unwrap());
    }
    done(connection, || connection.shutdown().unwrap());
}

/// All that comes until the other says that this was all.
fn hear(connection: &Connection) -> Vec<u8> {
    let (mut heard, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match done(connection, || connection.read(&mut chunk).unwrap()) {
            Read::Bytes(count) => heard.extend_from_slice(&chunk[..count]),
            Read::End => return heard,
        }
    }
}

/// Says and hears at once: with a thread for each, or in one loop of events.
fn say_and_hear(connection: &Connection, words: &[u8]) -> Vec<u8> {
    if connection.is_blocking() {
        done(connection, || connection.handshake().unwrap());
        return thread::scope(|scope| {
            scope.spawn(|| say(connection, words));
            hear(connection)
        });
    }
    let (mut heard, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    let (mut said, mut told, mut ended) = (0, false, false);
    while !(told && ended) {
        let mut waits = true;
        if said < words.len() {
            if let Outcome::Done(count) = connection.write(&words[said..]).unwrap() {
                said += count;
                waits = false;
            }
        } else if !told && connection.shutdown().unwrap() == Outcome::Done(()) {
            told = true;
            waits = false;
        }
        if !ended && let Outcome::Done(read) = connection.read(&mut chunk).unwrap() {
            match read {
                Read::Bytes(count) => heard.extend_from_slice(&chunk[..count]),
                Read::End => ended = true,
            }
            waits = false;
        }
        if waits {
            wait_for(connection);
        }
    }
    heard
}

#[test]
fn much_passes_both_ways_at_once() {
    for version in [Version::Tls12, Version::Tls13] {
        let lab = Lab::new();
        let client = lab.client("alice");
        client.set(|settings| settings.tls.max_version = version).unwrap();
        let [question, answer] = [1, 2].map(|seed| speech(seed << 24, MUCH));
        for who_waits in COMBINATIONS {
            let (heard, told) = lab.run(
                who_waits,
                &client,
                |connection| say_and_hear(connection, &answer),
                |connection| say_and_hear(connection, &question),
            );
            assert!(heard == question && told == answer, "{version:?} {who_waits:?}");
        }
    }
}

#[test]
fn the_client_may_end_first_and_still_hears_all() {
    let lab = Lab::new();
    let client = lab.client("alice");
    let answer = speech(3, MUCH);
    for who_waits in COMBINATIONS {
        let serve = |connection: &Connection| {
            let heard = hear(connection);
            say(connection, &answer);
            heard
        };
        let visit = |connection: &Connection| {
            say(connection, b"question");
            hear(connection)
        };
        let (heard, told) = lab.run(who_waits, &client, serve, visit);
        assert!(heard == b"question" && told == answer, "{who_waits:?}");
    }
}

#[test]
fn the_server_may_end_first_and_still_hears_all() {
    let lab = Lab::new();
    let client = lab.client("alice");
    let long = speech(4, MUCH);
    for who_waits in COMBINATIONS {
        let serve = |connection: &Connection| {
            say(connection, b"go on");
            hear(connection)
        };
        let visit = |connection: &Connection| {
            let told = hear(connection);
            say(connection, &long);
            told
        };
        let (heard, told) = lab.run(who_waits, &client, serve, visit);
        assert!(heard == long && told == b"go on", "{who_waits:?}");
    }
}

#[test]
fn many_clients_at_once_are_each_told_their_own_name() {
    const MANY: usize = 64;
    for who_waits in [true, false] {
        let lab = Arc::new(Lab::new());
        in_time(move || {
            let all_are_in = Barrier::new(MANY);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..MANY {
                        let (connection, _) = accept(&lab.server, &lab.listener, who_waits);
                        let all_are_in = &all_are_in;
                        scope.spawn(move || {
                            done(&connection, || connection.handshake().unwrap());
                            all_are_in.wait();
                            let name = connection.identity().unwrap().name;
                            say(&connection, name.as_bytes());
                            assert_eq!(hear(&connection), name.as_bytes());
                        });
                    }
                });
                for number in 0..MANY {
                    let lab = &lab;
                    scope.spawn(move || {
                        let name = format!("client{number}");
                        let connection = lab.dial(&lab.client(&name), who_waits);
                        assert_eq!(hear(&connection), name.as_bytes());
                        say(&connection, name.as_bytes());
                    });
                }
            });
        });
    }
}

/// Serves clients in one thread, until one of them has been told its name.
fn event_loop(lab: &Lab) -> usize {
    lab.listener.set_nonblocking(true).unwrap();
    let mut guests: Vec<Connection> = Vec::new();
    loop {
        while let Ok((stream, _)) = lab.listener.accept() {
            let stream: &'static TcpStream = Box::leak(Box::new(stream));
            let guest = Connection::accept_socket(&lab.server, stream.as_fd(), false).unwrap();
            guests.push(guest);
        }
        for guest in &guests {
            if guest.handshake().unwrap() == Outcome::Done(()) {
                say(guest, guest.identity().unwrap().name.as_bytes());
                return guests.len();
            }
        }
        let mut all = vec![PollFd::new(&lab.listener, PollFlags::IN)];
        for guest in &guests {
            all.push(PollFd::from_borrowed_fd(guest.poll().unwrap().0, PollFlags::IN));
        }
        let limit = Timespec { tv_sec: 20, tv_nsec: 0 };
        assert!(poll(&mut all, Some(&limit)).unwrap() > 0, "nothing happens");
    }
}

#[test]
fn silent_clients_keep_nobody_waiting_in_one_thread() {
    let lab = Lab::new();
    let address = lab.listener.local_addr().unwrap();
    let mut silent: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
    // The first bytes of a hello, of which the rest never comes.
    for stream in silent.iter_mut().skip(4) {
        stream.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    }
    let client = lab.client("alice");
    thread::scope(|scope| {
        let server = scope.spawn(|| event_loop(&lab));
        let connection = lab.dial(&client, true);
        assert_eq!(hear(&connection), b"alice");
        assert_eq!(server.join().unwrap(), 9);
    });
}

#[test]
fn taking_a_silent_client_waits_for_nothing_though_its_connection_does() {
    let lab = Lab::new();
    let silent = TcpStream::connect(lab.listener.local_addr().unwrap()).unwrap();
    let client = lab.client("alice");
    let (first, _) = accept(&lab.server, &lab.listener, true);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| first.handshake());
        let serve = |connection: &Connection| say(connection, b"hello");
        let (_, told) = lab.run((true, true), &client, serve, hear);
        assert_eq!(told, b"hello");
        assert!(!waiting.is_finished());
        drop(silent);
        assert!(waiting.join().unwrap().is_err());
    });
}
