//! Who is woken, by what and how often; what a descriptor to poll says; and how much a
//! connection over memory takes.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tlsconn::{Answer, Connection, Context, Error, Kind, Material, Outcome, Read, Want};

use crate::support::both::own;
use crate::support::memory::config;
use crate::support::pair::{Pair, Way, in_time, is_readable, is_writable, wait_for};
use crate::support::{Ask, Authority, Identity, Link, believes};

const HOST: &str = "a.example";
/// More than a connection over memory may hold for its caller.
const TOO_MUCH: usize = 1024 * 1024;

fn lab() -> (Context, Identity) {
    let authority = Authority::new("Lab CA");
    (believes(&authority), authority.server(&[HOST]))
}

/// A connection over memory that is open.
fn open() -> Link {
    let (context, server) = lab();
    let mut link = Link::new(&context, HOST, 443, &server);
    link.open();
    link
}

fn read(connection: &Connection) -> Result<Outcome<Read>, Error> {
    connection.read(&mut [0; 64])
}

/// Writes until there is no room for more; how much there was room for.
fn fill(connection: &Connection, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match connection.write(&bytes[written..]).unwrap() {
            Outcome::Done(count) => written += count,
            Outcome::Not(want) => {
                assert_eq!(want, Want::Write);
                break;
            }
        }
    }
    written
}

#[test]
fn a_read_after_an_answer_ends_in_time_and_the_connection_goes_on() {
    let (context, server) = lab();
    context.set(|settings| settings.io_timeout = Some(Duration::from_millis(5))).unwrap();
    let ask = Ask::set(&context, Answer::Once);
    let pair = Pair::new(Way::Tcp, &context, HOST, config(&server), true);
    assert_eq!(pair.connection.handshake(), Ok(Outcome::Done(())));
    assert_eq!(pair.connection.info().version, "TLSv1.3");
    assert_eq!(ask.count(), 1);
    let (connection, mut server) = pair.server();
    for _ in 0..2 {
        let reader = Arc::clone(&connection);
        let error = in_time(move || read(&reader)).unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{error}");
    }
    server.says(b"hello");
    let reader = Arc::clone(&connection);
    let heard = in_time(move || {
        loop {
            match read(&reader) {
                Err(error) if error.kind() == Kind::Timeout => {}
                heard => return heard,
            }
        }
    });
    assert_eq!(heard, Ok(Outcome::Done(Read::Bytes(5))));
    assert_eq!(connection.write(b"ping"), Ok(Outcome::Done(4)));
    server.hears(b"ping");
    assert_eq!(connection.error(), None);
}

#[test]
fn an_event_loop_is_woken_by_an_answer_and_sleeps_again() {
    let (context, server) = lab();
    let ask = Ask::set(&context, None);
    // After the handshake this server is silent: it gives no tickets.
    let mut silent = Arc::unwrap_or_clone(config(&server));
    silent.send_tls13_tickets = 0;
    let pair = Pair::new(Way::Tcp, &context, HOST, Arc::new(silent), false);
    while pair.connection.handshake() != Ok(Outcome::Not(Want::Answer)) {
        wait_for(&pair.connection);
    }
    let (fd, _) = pair.connection.poll().unwrap();
    assert!(!is_readable(fd));
    thread::spawn(move || ask.last().answer(Answer::Once)).join().unwrap().unwrap();
    assert!(is_readable(fd));
    while pair.connection.handshake() != Ok(Outcome::Done(())) {
        wait_for(&pair.connection);
    }
    let (connection, mut server) = pair.server();
    assert_eq!(read(&connection), Ok(Outcome::Not(Want::Read)));
    let (fd, limit) = connection.poll().unwrap();
    assert!(!is_readable(fd));
    assert_eq!(limit, None);
    server.says(b"hello");
    wait_for(&connection);
    assert_eq!(read(&connection), Ok(Outcome::Done(Read::Bytes(5))));
}

#[test]
fn an_answer_is_not_slept_through_though_its_wake_was_heard() {
    let (context, server) = lab();
    let ask = Ask::set(&context, None);
    let mut link = Link::new(&context, HOST, 443, &server);
    link.asks();
    assert_ne!(link.connection.poll().unwrap().1, Some(Duration::ZERO));
    ask.last().answer(Answer::Once).unwrap();
    for _ in 0..2 {
        assert_eq!(link.connection.poll().unwrap().1, Some(Duration::ZERO));
    }
    link.open();
    let (fd, limit) = link.connection.poll().unwrap();
    assert!(!is_readable(fd));
    assert_eq!(limit, None);
}

#[test]
fn an_abort_wakes_the_reader_and_the_writer() {
    let (context, server) = lab();
    // Where one of them is not woken, this ends him.
    context.set(|settings| settings.io_timeout = Some(Duration::from_secs(10))).unwrap();
    for _ in 0..8 {
        let pair = Pair::new(Way::Unix, &context, HOST, config(&server), true);
        assert_eq!(pair.connection.handshake(), Ok(Outcome::Done(())));
        let socket = pair.socket;
        let (connection, _server) = pair.server();
        let (begins, begun) = channel();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                begins.send(()).unwrap();
                read(&connection)
            });
            let writer = scope.spawn(|| connection.write(&vec![0; 64 << 20]));
            begun.recv().unwrap();
            while is_writable(socket) {
                thread::yield_now();
            }
            connection.abort();
            assert_eq!(reader.join().unwrap().unwrap_err().kind(), Kind::Cancelled);
            assert_eq!(writer.join().unwrap().unwrap_err().kind(), Kind::Cancelled);
        });
    }
}

#[test]
fn an_abort_rings_on_however_often_it_was_heard() {
    let link = open();
    assert!(!is_readable(link.connection.poll().unwrap().0));
    link.connection.abort();
    for _ in 0..3 {
        let (fd, limit) = link.connection.poll().unwrap();
        assert!(is_readable(fd));
        assert_eq!(limit, Some(Duration::ZERO));
    }
}

#[test]
fn an_open_connection_that_was_aborted_says_so() {
    let link = open();
    assert_eq!(link.connection.error(), None);
    link.connection.abort();
    assert_eq!(link.connection.error().unwrap().kind(), Kind::Cancelled);
    assert_eq!(read(&link.connection).unwrap_err().kind(), Kind::Cancelled);
}

#[test]
fn who_only_waits_to_write_is_not_hurried_by_what_there_is_to_read() {
    let mut link = open();
    std::io::Write::write_all(&mut link.server.writer(), b"hello").unwrap();
    link.carry();
    let limit = |link: &Link| link.connection.poll().unwrap().1;
    assert_eq!(limit(&link), Some(Duration::ZERO), "there is something to read");
    let written = fill(&link.connection, &vec![0; TOO_MUCH]);
    assert!(written < TOO_MUCH);
    assert_eq!(limit(&link), None);
    assert_eq!(read(&link.connection), Ok(Outcome::Done(Read::Bytes(5))));
    assert_eq!(limit(&link), None);
}

#[test]
fn memory_takes_a_bounded_amount_and_loses_nothing() {
    let mut link = open();
    let sent: Vec<u8> = (0..3 * TOO_MUCH).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let (mut written, mut heard) = (0, Vec::new());
    let mut rounds = 0;
    while heard.len() < sent.len() {
        let count = fill(&link.connection, &sent[written..]);
        assert!((1..TOO_MUCH).contains(&count), "{count}");
        written += count;
        take(&mut link, &mut heard);
        assert_eq!(heard.len(), written);
        rounds += 1;
    }
    assert!(heard == sent);
    assert!(rounds > 2);
}

/// The server takes all that the connection has for it, in small pieces.
fn take(link: &mut Link, heard: &mut Vec<u8>) {
    let mut buffer = [0; 1000];
    while let count @ 1.. = link.connection.memory_output(&mut buffer).unwrap() {
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            link.server.read_tls(&mut rest).unwrap();
            link.server.process_new_packets().unwrap();
            // It ends with nothing to read for now.
            let _ = link.server.reader().read_to_end(heard);
        }
    }
}

#[test]
fn after_a_failure_the_alert_can_still_be_taken_from_memory() {
    let mut link = open();
    let rubbish = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
    assert_eq!(link.connection.memory_input(&rubbish), Ok(rubbish.len()));
    assert_eq!(read(&link.connection).unwrap_err().kind(), Kind::Protocol);
    link.carry();
    assert_eq!(link.alert, Some(rustls::AlertDescription::BadRecordMac));
    assert_eq!(link.connection.memory_output(&mut [0; 64]), Ok(0));
}

/// What a loop counts while nobody reads what it has to write: whether it would be woken at once.
fn is_woken(connection: &Connection) -> bool {
    let (fd, limit) = connection.poll().unwrap();
    limit == Some(Duration::ZERO) || is_readable(fd)
}

#[test]
fn who_waits_to_write_the_last_flight_is_not_hurried_by_what_has_come_meanwhile() {
    let authority = Authority::new("Lab CA");
    let (server, client) = (authority.server(&[HOST]), authority.server(&["alice.example"]));
    let serving = own(believes(&authority), &server);
    let context = own(believes(&authority), &client);
    // A flight that no small buffer takes at once.
    let long = client.pem.repeat(60);
    context.add(Material::Certificate, long.as_bytes()).unwrap();
    let far = Connection::accept_in_memory(&serving).unwrap();
    let (near, wire) = std::os::unix::net::UnixStream::pair().unwrap();
    rustix::net::sockopt::set_socket_send_buffer_size(&near, 1).unwrap();
    let near: &'static std::os::fd::OwnedFd = Box::leak(Box::new(near.into()));
    let connection = Connection::over_socket(&context, near.as_fd(), HOST, 443, false).unwrap();
    assert_eq!(connection.handshake(), Ok(Outcome::Not(Want::Read)));
    let mut bytes = [0; 65_536];
    let hello = (&wire).read(&mut bytes).unwrap();
    far.memory_input(&bytes[..hello]).unwrap();
    assert_eq!(far.handshake(), Ok(Outcome::Not(Want::Read)));
    let flight = far.memory_output(&mut bytes).unwrap();
    (&wire).write_all(&bytes[..flight]).unwrap();
    let record = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
    (&wire).write_all(&record).unwrap();
    assert_eq!(connection.handshake(), Ok(Outcome::Not(Want::Write)));
    assert!(!is_woken(&connection));
    // A part of it is read: there is room, and then there is none again.
    assert!((&wire).read(&mut bytes).unwrap() > 0);
    assert!(is_woken(&connection));
    assert_eq!(connection.handshake(), Ok(Outcome::Not(Want::Write)));
    assert!(!is_woken(&connection));
}

/// How often a loop may turn without a byte that moves: a call does a bounded part of its work.
const IDLE: usize = 10;

/// A client over a socket with little room, and a server that gets and gives what chance says.
struct Chance {
    connection: Connection,
    near: std::os::fd::BorrowedFd<'static>,
    far: Connection,
    wire: std::os::unix::net::UnixStream,
    /// What the server has said and the socket has no room for.
    said: Vec<u8>,
    has_spoken: bool,
    seed: u64,
}

impl Chance {
    fn new(serving: &Context, context: &Context, seed: u64) -> Self {
        let (near, wire) = std::os::unix::net::UnixStream::pair().unwrap();
        rustix::net::sockopt::set_socket_send_buffer_size(&near, 1).unwrap();
        wire.set_nonblocking(true).unwrap();
        // The connection only borrows it.
        let near: &'static std::os::fd::OwnedFd = Box::leak(Box::new(near.into()));
        let near = near.as_fd();
        let connection = Connection::over_socket(context, near, HOST, 443, false).unwrap();
        let far = Connection::accept_in_memory(serving).unwrap();
        Self { connection, near, far, wire, said: Vec::new(), has_spoken: false, seed }
    }

    fn below(&mut self, most: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.seed >> 33).unwrap() % most
    }

    /// The server takes some bytes, or says some, or nothing.
    fn server_turns(&mut self) {
        let mut bytes = [0; 4096];
        let most = self.below(4096) + 1;
        if self.below(3) > 0
            && let Ok(count) = (&self.wire).read(&mut bytes[..most])
        {
            assert_eq!(self.far.memory_input(&bytes[..count]), Ok(count));
        }
        if self.far.handshake() == Ok(Outcome::Done(())) && !self.has_spoken {
            // A client that wants to know whether it is let in hears it from this.
            self.has_spoken = self.far.write(b"hello") == Ok(Outcome::Done(5));
        }
        while let count @ 1.. = self.far.memory_output(&mut bytes).unwrap() {
            self.said.extend_from_slice(&bytes[..count]);
        }
        let most = self.below(2048).min(self.said.len());
        if self.below(2) > 0 {
            let count = (&self.wire).write(&self.said[..most]).unwrap_or(0);
            self.said.drain(..count);
        }
    }

    /// What has moved, as the system sees it.
    fn moved(&self) -> (u64, u64) {
        (
            rustix::io::ioctl_fionread(self.near).unwrap(),
            rustix::io::ioctl_fionread(&self.wire).unwrap(),
        )
    }

    /// The client does what its loop makes it do while the server does nothing.
    fn client_turns(&self) -> Result<Outcome<()>, Error> {
        let mut idle = 0;
        loop {
            let before = self.moved();
            let outcome = self.connection.handshake();
            if !matches!(outcome, Ok(Outcome::Not(_))) || !is_woken(&self.connection) {
                return outcome;
            }
            idle = if self.moved() == before { idle + 1 } else { 0 };
            assert!(idle < IDLE, "it spins, and wants {outcome:?}");
        }
    }
}

#[test]
fn a_handshake_never_spins_whatever_has_come_and_whatever_is_stuck() {
    let authority = Authority::new("Lab CA");
    let (server, client) = (authority.server(&[HOST]), authority.server(&["alice.example"]));
    let serving = own(believes(&authority), &server);
    let context = own(believes(&authority), &client);
    context.add(Material::Certificate, client.pem.repeat(20).as_bytes()).unwrap();
    for version in [tlsconn::Version::Tls12, tlsconn::Version::Tls13] {
        serving.set(|settings| settings.tls.max_version = version).unwrap();
        for confirms in [None, Some(Duration::from_secs(60))] {
            context.set(|settings| settings.confirm_client_auth = confirms).unwrap();
            for seed in 0..50 {
                let mut lab = Chance::new(&serving, &context, seed);
                let mut rounds = 0;
                while lab.client_turns() != Ok(Outcome::Done(())) {
                    lab.server_turns();
                    rounds += 1;
                    assert!(rounds < 10_000, "{version:?}, seed {seed}: it does not end");
                }
            }
        }
    }
}
