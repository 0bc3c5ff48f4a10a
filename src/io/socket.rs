//! Reading from and writing to a stream socket, without ever blocking and without SIGPIPE.
//!
//! The socket may be the caller's and blocking: every call asks for non-blocking operation itself,
//! and leaves the descriptor's flags alone. A peer that is gone is a result here, not a failure:
//! what it means depends on what was sent before.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, getpeername, sockopt};

use super::system::{failed, words};
use super::wait::not_open;
use crate::error::{CallCause, Error, Kind};

/// The result of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// This many bytes; at least one unless the buffer is empty.
    Bytes(usize),
    /// The peer has ended its direction of the stream.
    End,
    /// Nothing yet.
    NotYet,
    /// The connection is gone; the system's error message.
    Reset(String),
}

/// The result of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// This many bytes, from the start.
    Bytes(usize),
    /// There is no room yet.
    NotYet,
    /// The connection is gone; the system's error message.
    Gone(String),
}

/// Reads what is available, up to the size of `buffer`.
///
/// # Errors
///
/// [`Kind::Invalid`] if `fd` is not open; [`Kind::Io`] or [`Kind::NoMemory`] with the system's
/// error message.
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Received, Error> {
    if buffer.is_empty() {
        // The system would return 0, which means the end of the stream.
        return Ok(Received::Bytes(0));
    }
    let received = retry_on_intr(|| rustix::net::recv(fd, &mut *buffer, RecvFlags::DONTWAIT));
    match received {
        Ok((0, _)) => Ok(Received::End),
        Ok((count, _)) => Ok(Received::Bytes(count)),
        Err(Errno::AGAIN) => Ok(Received::NotYet),
        Err(errno) if is_gone(errno) => Ok(Received::Reset(words(errno))),
        Err(Errno::BADF) => Err(not_open(fd)),
        Err(errno) => Err(failed("reading from the peer", errno)),
    }
}

/// Writes as much of `bytes` as there is room for.
///
/// # Errors
///
/// [`Kind::Invalid`] if `fd` is not open; [`Kind::Io`] or [`Kind::NoMemory`] with the system's
/// error message.
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<Sent, Error> {
    let sent = quiet(fd).and_then(|flags| retry_on_intr(|| rustix::net::send(fd, bytes, flags)));
    match sent {
        Ok(count) => Ok(Sent::Bytes(count)),
        Err(Errno::AGAIN) => Ok(Sent::NotYet),
        Err(errno) if is_gone(errno) => Ok(Sent::Gone(words(errno))),
        Err(Errno::BADF) => Err(not_open(fd)),
        Err(errno) => Err(failed("writing to the peer", errno)),
    }
}

/// Ends our direction of the stream: the peer reads all that was written, and then the end. If the
/// stream is broken, nothing happens here, and reading tells why.
pub(crate) fn end_sending(fd: BorrowedFd<'_>) {
    let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Write);
}

/// What broke the connection, in the system's words, if nobody was told yet. It is told once.
#[must_use]
pub(crate) fn take_failure(fd: BorrowedFd<'_>) -> Option<String> {
    sockopt::socket_error(fd).ok()?.err().map(words)
}

/// Whether `fd` can carry a connection: it is an open stream socket that is connected, or still
/// connecting. One whose peer was there and is gone already passes, too: nobody who hangs up
/// early can make the caller's call a wrong one.
///
/// # Errors
///
/// [`Kind::Invalid`] with what is wrong; [`Kind::Io`] with the system's error message.
pub(crate) fn check_stream_socket(fd: BorrowedFd<'_>) -> Result<(), Error> {
    let number = fd.as_raw_fd();
    match sockopt::socket_type(fd) {
        Ok(SocketType::STREAM) => {}
        Ok(_) => {
            let sentence = format!("descriptor {number} is a socket, but not a stream");
            return Err(Error::new(Kind::Invalid, sentence).because(&CallCause::NotAStream));
        }
        Err(Errno::BADF) => return Err(not_open(fd)),
        Err(Errno::NOTSOCK) => {
            let sentence = format!("descriptor {number} is not a socket");
            return Err(Error::new(Kind::Invalid, sentence).because(&CallCause::NotASocket));
        }
        Err(errno) => return Err(failed(&format!("descriptor {number}"), errno)),
    }
    if listens(fd) {
        let sentence = format!("descriptor {number} is a listening socket, not a connection");
        return Err(Error::new(Kind::Invalid, sentence).because(&CallCause::Listening));
    }
    if getpeername(fd) == Err(Errno::NOTCONN) && never_connects(fd) {
        let sentence = format!("descriptor {number} is not connected, and is not connecting");
        return Err(Error::new(Kind::Invalid, sentence).because(&CallCause::Unconnected));
    }
    Ok(())
}

/// Whether the connect() of a socket failed, or what it led to is over and the caller knows. A
/// server that hung up just now, which the socket tells once, is no wrong call.
///
/// # Errors
///
/// [`Kind::Invalid`] with what is wrong.
pub(crate) fn check_connect(fd: BorrowedFd<'_>) -> Result<(), Error> {
    if getpeername(fd) != Err(Errno::NOTCONN) || !is_over(fd) {
        return Ok(());
    }
    let number = fd.as_raw_fd();
    let sentence = match sockopt::socket_error(fd) {
        Ok(Err(
            errno @ (Errno::CONNREFUSED | Errno::TIMEDOUT | Errno::HOSTUNREACH | Errno::NETUNREACH),
        )) => format!("descriptor {number} is not connected: {}", words(errno)),
        Ok(Ok(())) => format!("descriptor {number} is no longer connected, or never was"),
        Ok(Err(_)) | Err(_) => return Ok(()),
    };
    Err(Error::new(Kind::Invalid, sentence).because(&CallCause::FailedConnect))
}

/// The address of the peer, for messages: `127.0.0.1:16514`, `[::1]:16514`, `unix socket`.
#[must_use]
pub(crate) fn peer_address(fd: BorrowedFd<'_>) -> String {
    match getpeername(fd) {
        Ok(Some(peer)) => {
            if peer.address_family() == AddressFamily::UNIX {
                return "unix socket".to_owned();
            }
            SocketAddr::try_from(peer).map_or_else(|_| "unknown address".to_owned(), shown)
        }
        Ok(None) => "unix socket".to_owned(),
        Err(_) => "unknown address".to_owned(),
    }
}

/// An address for messages; an IPv4-mapped IPv6 address is shown as IPv4.
pub(super) fn shown(address: SocketAddr) -> String {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address.to_string(),
        ip => SocketAddr::new(ip, address.port()).to_string(),
    }
}

const fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::CONNRESET | Errno::CONNABORTED | Errno::PIPE | Errno::NOTCONN)
}

#[cfg(not(target_vendor = "apple"))]
const fn quiet(_: BorrowedFd<'_>) -> Result<SendFlags, Errno> {
    Ok(SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL))
}

/// There is no flag for a single call on this platform, only a socket option.
#[cfg(target_vendor = "apple")]
fn quiet(fd: BorrowedFd<'_>) -> Result<SendFlags, Errno> {
    // This fails on a socket that is shut down, and then the write reports why.
    let _ = sockopt::set_socket_nosigpipe(fd, true);
    Ok(SendFlags::DONTWAIT)
}

#[cfg(not(target_vendor = "apple"))]
fn listens(fd: BorrowedFd<'_>) -> bool {
    sockopt::socket_acceptconn(fd).unwrap_or(false)
}

#[cfg(target_vendor = "apple")]
const fn listens(_: BorrowedFd<'_>) -> bool {
    false
}

/// Whether a socket without a peer neither has nor had one, and is not connecting either. A socket
/// that is over has been told so, by its peer or by whoever refused it; one that was never used
/// has not.
fn never_connects(fd: BorrowedFd<'_>) -> bool {
    let events = state(fd);
    events.contains(PollFlags::HUP) && !events.intersects(PollFlags::IN | PollFlags::ERR)
}

/// Whether a socket without a peer had one, or was refused.
fn is_over(fd: BorrowedFd<'_>) -> bool {
    state(fd).contains(PollFlags::HUP) && !never_connects(fd)
}

/// What poll() says of a socket now.
fn state(fd: BorrowedFd<'_>) -> PollFlags {
    let mut one = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    while poll(&mut one, Some(&Timespec::default())) == Err(Errno::INTR) {}
    one.iter().map(PollFd::revents).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use rustix::net::sockopt::set_socket_linger;
    use rustix::net::{SocketFlags, socket_with};

    use super::super::wait::{Interest, wait};

    use super::*;

    fn tcp_pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn a_blocking_socket_without_bytes_does_not_block_and_stays_blocking() {
        let (near, _far) = UnixStream::pair().unwrap();
        assert_eq!(receive(near.as_fd(), &mut [0; 8]), Ok(Received::NotYet));
        let flags = rustix::fs::fcntl_getfl(&near).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
    }

    #[test]
    fn bytes_that_were_sent_are_received_and_then_the_end() {
        let (near, far) = UnixStream::pair().unwrap();
        assert_eq!(send(near.as_fd(), b"hello"), Ok(Sent::Bytes(5)));
        drop(near);
        let mut buffer = [0; 8];
        assert_eq!(receive(far.as_fd(), &mut buffer), Ok(Received::Bytes(5)));
        assert_eq!(&buffer[..5], b"hello");
        assert_eq!(receive(far.as_fd(), &mut buffer), Ok(Received::End));
    }

    #[test]
    fn a_buffer_without_room_is_not_taken_for_the_end() {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"x").unwrap();
        assert_eq!(receive(near.as_fd(), &mut []), Ok(Received::Bytes(0)));
    }

    #[test]
    fn a_full_blocking_socket_does_not_block() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let block = [0; 65536];
        let mut total = 0;
        while let Sent::Bytes(count) = send(near.as_fd(), &block).unwrap() {
            total += count;
            assert!(total < 1 << 30);
        }
        assert_eq!(send(near.as_fd(), &block), Ok(Sent::NotYet));
        far.read_exact(&mut vec![0; total]).unwrap();
        assert!(matches!(send(near.as_fd(), &block), Ok(Sent::Bytes(1..))));
    }

    #[test]
    fn writing_to_a_peer_that_is_gone_says_so() {
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        assert_eq!(send(near.as_fd(), b"x"), Ok(Sent::Gone("Broken pipe".to_owned())));
    }

    #[test]
    fn a_reset_is_not_the_end() {
        let (near, far) = tcp_pair();
        set_socket_linger(&far, Some(Duration::ZERO)).unwrap();
        drop(far);
        let reset = Received::Reset("Connection reset by peer".to_owned());
        assert_eq!(receive(near.as_fd(), &mut [0; 8]), Ok(reset));
    }

    #[test]
    fn what_broke_a_connection_is_told_once() {
        let (near, far) = tcp_pair();
        assert_eq!(take_failure(near.as_fd()), None);
        set_socket_linger(&far, Some(Duration::ZERO)).unwrap();
        drop(far);
        assert_eq!(take_failure(near.as_fd()).as_deref(), Some("Connection reset by peer"));
        assert_eq!(take_failure(near.as_fd()), None);
    }

    #[test]
    fn an_end_of_sending_is_read_behind_what_was_sent_and_what_comes_is_still_received() {
        let (near, far) = tcp_pair();
        assert_eq!(send(near.as_fd(), b"last"), Ok(Sent::Bytes(4)));
        end_sending(near.as_fd());
        let mut heard = Vec::new();
        (&far).read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"last");
        (&far).write_all(b"x").unwrap();
        assert_eq!(receive(near.as_fd(), &mut [0; 8]), Ok(Received::Bytes(1)));
    }

    #[test]
    fn a_socket_that_was_never_connected_has_no_peer() {
        let fd = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        assert!(matches!(receive(fd.as_fd(), &mut [0; 8]), Ok(Received::Reset(_))));
        assert!(matches!(send(fd.as_fd(), b"x"), Ok(Sent::Gone(_))));
        assert_eq!(peer_address(fd.as_fd()), "unknown address");
    }

    #[test]
    fn the_end_of_one_direction_leaves_the_other_open() {
        let (near, far) = tcp_pair();
        far.shutdown(Shutdown::Write).unwrap();
        assert_eq!(receive(near.as_fd(), &mut [0; 8]), Ok(Received::End));
        assert_eq!(send(near.as_fd(), b"x"), Ok(Sent::Bytes(1)));
    }

    #[test]
    fn connected_streams_are_welcome() {
        let (near, _far) = UnixStream::pair().unwrap();
        check_stream_socket(near.as_fd()).unwrap();
        let (near, _far) = tcp_pair();
        check_stream_socket(near.as_fd()).unwrap();
    }

    fn refusal(fd: BorrowedFd<'_>) -> String {
        let error = check_stream_socket(fd).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        error.message().replacen(&fd.as_raw_fd().to_string(), "N", 1)
    }

    #[test]
    fn what_is_no_stream_socket_is_refused_with_what_it_is() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(refusal(file.as_fd()), "descriptor N is not a socket");
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(refusal(datagrams.as_fd()), "descriptor N is a socket, but not a stream");
    }

    #[test]
    fn what_was_never_connected_is_refused() {
        for family in [AddressFamily::INET, AddressFamily::UNIX] {
            let fd = rustix::net::socket(family, SocketType::STREAM, None).unwrap();
            let words = "descriptor N is not connected, and is not connecting";
            assert_eq!(refusal(fd.as_fd()), words);
        }
        let bound = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&bound, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        assert_eq!(refusal(bound.as_fd()), "descriptor N is not connected, and is not connecting");
    }

    /// A socket that has begun to connect, and where it leads.
    fn connecting(to: SocketAddr) -> OwnedFd {
        let flags = SocketFlags::NONBLOCK;
        let fd = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
        // Whether it is refused at once or later is the kernel's choice.
        let _ = rustix::net::connect(&fd, &to);
        fd
    }

    #[test]
    fn a_socket_that_is_still_connecting_is_welcome() {
        // The queue of a listener without room: what comes after the first waits.
        let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let to = rustix::net::getsockname(&listener).unwrap().try_into().unwrap();
        let all: Vec<_> = (0..4).map(|_| connecting(to)).collect();
        let waits = |fd: &&OwnedFd| getpeername(fd) == Err(Errno::NOTCONN);
        assert!(all.iter().filter(waits).count() > 0);
        for fd in &all {
            check_stream_socket(fd.as_fd()).unwrap();
            check_connect(fd.as_fd()).unwrap();
        }
    }

    #[test]
    fn a_socket_whose_connect_was_refused_is_no_connection() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let fd = connecting(gone);
        let _ = wait(&[(fd.as_fd(), Interest::WRITE)], None, None);
        let said = check_connect(fd.as_fd()).unwrap_err();
        assert_eq!(said.kind(), Kind::Invalid);
        assert!(said.message().ends_with("is not connected: Connection refused"), "{said:?}");
        // It does not say why a second time.
        let said = check_connect(fd.as_fd()).unwrap_err();
        assert!(said.message().ends_with("is no longer connected, or never was"), "{said:?}");
    }

    #[test]
    fn a_peer_that_hung_up_early_does_not_make_the_call_a_wrong_one() {
        let (near, far) = tcp_pair();
        set_socket_linger(&far, Some(Duration::ZERO)).unwrap();
        drop(far);
        assert_eq!(getpeername(&near), Err(Errno::NOTCONN));
        check_stream_socket(near.as_fd()).unwrap();
        check_connect(near.as_fd()).unwrap();
        // Now it is known, which is for who dialled to look at, and not for who accepted.
        check_stream_socket(near.as_fd()).unwrap();
        assert_eq!(check_connect(near.as_fd()).unwrap_err().kind(), Kind::Invalid);
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        check_stream_socket(near.as_fd()).unwrap();
    }

    #[test]
    #[cfg(not(target_vendor = "apple"))]
    fn a_listener_is_no_connection() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(
            refusal(listener.as_fd()),
            "descriptor N is a listening socket, not a connection"
        );
    }

    #[test]
    fn a_peer_is_shown_by_its_address() {
        let (near, far) = tcp_pair();
        assert_eq!(peer_address(near.as_fd()), far.local_addr().unwrap().to_string());
        let (near, _far) = UnixStream::pair().unwrap();
        assert_eq!(peer_address(near.as_fd()), "unix socket");
    }

    #[test]
    fn an_ipv4_peer_of_an_ipv6_socket_is_shown_as_ipv4() {
        assert_eq!(shown("[::ffff:192.0.2.7]:16514".parse().unwrap()), "192.0.2.7:16514");
        assert_eq!(shown("[::1]:1".parse().unwrap()), "[::1]:1");
    }
}
