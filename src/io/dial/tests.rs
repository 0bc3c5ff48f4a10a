use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

use super::super::wait::{Woken, wait};
use super::*;

const PORT: u16 = 16514;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that is in use, so that nobody else gets it, but on which nobody listens.
fn dead() -> (OwnedFd, SocketAddr) {
    let holder = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&holder, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = getsockname(&holder).unwrap().try_into().unwrap();
    (holder, address)
}

/// A listener whose queue is full: a client gets no reply, as behind a firewall that drops.
struct Silent {
    address: SocketAddr,
    _listener: OwnedFd,
    _queued: Vec<Attempt>,
}

fn silent() -> Silent {
    let (listener, address) = dead();
    listen(&listener, 0).unwrap();
    let mut queued = Vec::new();
    for _ in 0..16 {
        let Began::Connecting(attempt) = Attempt::begin(address) else { continue };
        let full = attempt.outcome().is_none();
        queued.push(attempt);
        if full {
            return Silent { address, _listener: listener, _queued: queued };
        }
    }
    panic!("the queue of a listener without one took sixteen connections");
}

/// Steps at `now` until there is a result; only the system is waited for, never the clock.
fn finish(dial: &mut Dial, now: Instant) -> Result<(OwnedFd, SocketAddr), Error> {
    loop {
        if let Step::Connected(socket) = dial.step(now)? {
            let address = TcpStream::from(socket.try_clone().unwrap()).peer_addr().unwrap();
            return Ok((socket, address));
        }
        let far = Instant::now().checked_add(Duration::from_secs(60));
        assert_eq!(wait(&dial.interests(), None, far), Ok(Woken::Ready));
    }
}

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), PORT)).collect()
}

#[test]
fn a_listener_is_reached() {
    let (listener, address) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[address]);
    let (socket, reached) = finish(&mut dial, Instant::now()).unwrap();
    assert_eq!(reached, address);
    let peer = listener.accept().unwrap().1;
    assert_eq!(TcpStream::from(socket).local_addr().unwrap(), peer);
}

#[test]
fn a_host_is_looked_up_and_reached() {
    let (_listener, address) = listener();
    for host in ["127.0.0.1", "localhost"] {
        let mut dial = Dial::new(host, address.port());
        assert!(dial.interests().is_empty());
        assert_eq!(finish(&mut dial, Instant::now()).unwrap().1, address);
    }
}

#[test]
fn the_socket_does_not_block_and_does_not_wait_to_fill_packets() {
    let (_listener, address) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[address]);
    let (socket, _) = finish(&mut dial, Instant::now()).unwrap();
    assert!(rustix::fs::fcntl_getfl(&socket).unwrap().contains(rustix::fs::OFlags::NONBLOCK));
    assert!(rustix::io::fcntl_getfd(&socket).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    assert!(rustix::net::sockopt::tcp_nodelay(&socket).unwrap());
}

#[test]
fn after_a_refusal_the_next_address_is_tried_at_once() {
    let (_holder, closed) = dead();
    let (_listener, open) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[closed, open]);
    // The clock stands still, so a head start never ends.
    assert_eq!(finish(&mut dial, Instant::now()).unwrap().1, open);
}

#[test]
#[cfg(target_os = "linux")]
fn a_silent_address_has_a_head_start_and_no_more() {
    let silent = silent();
    let (_listener, open) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[silent.address, open]);
    let start = Instant::now();
    assert!(matches!(dial.step(start), Ok(Step::Wait)));
    assert_eq!(dial.until(), start.checked_add(HEAD_START));
    let almost = start + Duration::from_millis(249);
    assert!(matches!(dial.step(almost), Ok(Step::Wait)));
    assert_eq!(dial.interests().len(), 1);
    assert_eq!(finish(&mut dial, start + HEAD_START).unwrap().1, open);
}

#[test]
#[cfg(target_os = "linux")]
fn attempts_run_side_by_side_and_the_last_needs_no_further_moment() {
    let (first, second) = (silent(), silent());
    let mut dial = Dial::to_addresses("localhost", PORT, &[first.address, second.address]);
    let start = Instant::now();
    assert!(matches!(dial.step(start), Ok(Step::Wait)));
    assert!(matches!(dial.step(start + HEAD_START), Ok(Step::Wait)));
    assert_eq!(dial.interests().len(), 2);
    assert_eq!(dial.until(), None);
}

#[test]
#[cfg(target_os = "linux")]
fn the_sockets_that_did_not_win_are_closed() {
    let silent = silent();
    let (_listener, open) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[silent.address, open]);
    let start = Instant::now();
    assert!(matches!(dial.step(start), Ok(Step::Wait)));
    finish(&mut dial, start + HEAD_START).unwrap();
    assert!(dial.interests().is_empty());
    assert_eq!(dial.until(), None);
}

#[test]
fn a_failure_names_host_port_and_every_address_and_says_why() {
    let (_first, one) = dead();
    let (_second, two) = dead();
    let mut dial = Dial::to_addresses("node7.example", PORT, &[one, two]);
    let error = finish(&mut dial, Instant::now()).unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    assert_eq!(
        error.message(),
        "node7.example:16514 cannot be reached: 127.0.0.1: connection refused, \
         127.0.0.1: connection refused"
    );
    assert!(error.hint().contains("check the port"));
}

#[test]
fn a_failure_of_many_addresses_names_some_and_counts_the_rest() {
    let dead: Vec<_> = (0..6).map(|_| dead()).collect();
    let closed: Vec<SocketAddr> = dead.iter().map(|(_, address)| *address).collect();
    let mut dial = Dial::to_addresses("node7.example", PORT, &closed);
    let error = finish(&mut dial, Instant::now()).unwrap_err();
    assert_eq!(error.message().matches("connection refused").count(), NAMED);
    assert!(error.message().ends_with(", and 2 more"), "{error}");
}

#[test]
fn an_address_that_is_the_host_is_said_once() {
    let mut dial = Dial::new("::1", PORT);
    dial.failed = vec![("[::1]:16514".parse().unwrap(), Errno::HOSTUNREACH)];
    assert_eq!(dial.failure().message(), "[::1]:16514 cannot be reached: no way to the host");
    assert!(dial.failure().hint().contains("firewall"));
}

/// The hint that goes with a cause.
fn hint_of(cause: &NetworkCause) -> String {
    Error::new(Kind::Internal, "").because(cause).hint().to_owned()
}

/// The error of a dial whose attempts ended so.
fn ended(attempts: &[(&str, Errno)]) -> Error {
    let mut dial = Dial::new("h.example", PORT);
    let place = |text: &str| SocketAddr::new(text.parse().unwrap(), PORT);
    dial.failed = attempts.iter().map(|(text, errno)| (place(text), *errno)).collect();
    dial.failure()
}

#[test]
fn each_way_in_which_an_address_is_not_reached_has_our_own_words_and_its_hint() {
    use NetworkCause as C;
    const LOCAL: &str = "no local address or port left";
    const OTHER_KIND: &str = "addresses of that kind are not supported";
    const FORBIDDEN: &str = "not allowed by this machine";
    for (address, errno, words, cause) in [
        ("192.0.2.1", Errno::CONNREFUSED, "connection refused", C::Refused),
        ("192.0.2.1", Errno::ACCESS, FORBIDDEN, C::Forbidden),
        ("192.0.2.1", Errno::PERM, FORBIDDEN, C::Forbidden),
        ("192.0.2.1", Errno::TIMEDOUT, "no answer", C::NoAnswer),
        ("192.0.2.1", Errno::HOSTUNREACH, "no way to the host", C::NoRoute),
        ("192.0.2.1", Errno::HOSTDOWN, "the host is down", C::NoRoute),
        ("192.0.2.1", Errno::NETUNREACH, "no way to the network", C::NoNetwork),
        ("192.0.2.1", Errno::NETDOWN, "the network is down", C::NoNetwork),
        ("192.0.2.1", Errno::AFNOSUPPORT, OTHER_KIND, C::NoNetwork),
        ("192.0.2.1", Errno::ADDRNOTAVAIL, LOCAL, C::NoLocalAddress),
        ("192.0.2.1", Errno::ADDRINUSE, "no local port left", C::NoLocalAddress),
        ("192.0.2.1", Errno::CONNRESET, "connection reset", C::Unreachable),
        ("192.0.2.1", Errno::INVAL, "not an address to connect to", C::Unreachable),
        ("2001:db8::1", Errno::NETUNREACH, "no way to the network", C::OnlyVersion6),
        ("2001:db8::1", Errno::AFNOSUPPORT, OTHER_KIND, C::OnlyVersion6),
        ("2001:db8::1", Errno::ADDRNOTAVAIL, LOCAL, C::OnlyVersion6),
        ("::1", Errno::ADDRNOTAVAIL, LOCAL, C::NoLocalAddress),
        (
            "fe80::1",
            Errno::INVAL,
            "not an address to connect to",
            C::NoInterface("fe80::1".to_owned()),
        ),
    ] {
        let error = ended(&[(address, errno)]);
        let message = format!("h.example:{PORT} cannot be reached: {address}: {words}");
        assert_eq!(error.message(), message);
        assert_eq!(error.hint(), hint_of(&cause), "{address} {errno:?}");
    }
}

#[test]
fn of_several_causes_the_hint_is_about_the_one_that_says_most() {
    let order = [
        (Errno::CONNREFUSED, NetworkCause::Refused),
        (Errno::ACCESS, NetworkCause::Forbidden),
        (Errno::TIMEDOUT, NetworkCause::NoAnswer),
        (Errno::HOSTUNREACH, NetworkCause::NoRoute),
        (Errno::NETUNREACH, NetworkCause::NoNetwork),
        (Errno::ADDRNOTAVAIL, NetworkCause::NoLocalAddress),
        (Errno::CONNRESET, NetworkCause::Unreachable),
    ];
    for pair in order.windows(2) {
        let [(strong, cause), (weak, _)] = pair else { unreachable!() };
        let error = ended(&[("192.0.2.1", *weak), ("192.0.2.2", *strong)]);
        assert_eq!(error.hint(), hint_of(cause), "{strong:?} and {weak:?}");
    }
    assert_eq!(ended(&[]).hint(), hint_of(&NetworkCause::NoAddress));
}

#[test]
fn a_step_after_the_end_is_refused() {
    let (_listener, open) = listener();
    let mut dial = Dial::to_addresses("localhost", PORT, &[open]);
    finish(&mut dial, Instant::now()).unwrap();
    assert_eq!(dial.step(Instant::now()).unwrap_err().kind(), Kind::State);
}

#[test]
fn without_an_address_there_is_nobody_to_reach() {
    let error = Dial::to_addresses("bare.example", PORT, &[]).step(Instant::now()).unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
}

#[test]
fn families_take_turns_beginning_with_the_resolvers_first() {
    let given = addresses(&["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"]);
    let turns = addresses(&["2001:db8::1", "192.0.2.1", "2001:db8::2", "2001:db8::3"]);
    assert_eq!(taking_turns(&given), turns);
    let given = addresses(&["192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8::3"]);
    assert_eq!(taking_turns(&given), given);
}

#[test]
fn an_address_that_is_given_twice_is_tried_once() {
    let given = addresses(&["192.0.2.1", "192.0.2.2", "192.0.2.1"]);
    assert_eq!(taking_turns(&given), addresses(&["192.0.2.1", "192.0.2.2"]));
}

#[test]
fn a_socket_that_is_connected_to_itself_has_reached_nobody() {
    let (socket, address) = dead();
    rustix::net::connect(&socket, &address).unwrap();
    assert_eq!(attempt::settled(&socket), Err(Errno::CONNREFUSED));
}

#[test]
fn the_resolver_is_asked_for_the_name_as_it_was_written() {
    let mut dial = Dial::new("a.example", PORT).looking_up("a.example.");
    let mut asked = String::new();
    let resolve = |name: &str, port| {
        name.clone_into(&mut asked);
        Resolving::start("127.0.0.1", port)
    };
    assert_eq!(dial.knows_addresses(resolve), Ok(true));
    assert_eq!(asked, "a.example.");
    assert_eq!(dial.place(), format!("a.example:{PORT}"));
}
