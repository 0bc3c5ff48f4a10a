//! Clients that hang up while there is a question about them: they block nothing, and the answer
//! still counts.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tlsconn::{Answer, Connection, Context, Kind, Outcome, Policy, Reason, SendCertificate, Want};

use crate::support::{Ask, Authority, Identity, believes, own};

const HOST: &str = "a.example";

struct Lab {
    server: Context,
    client: Context,
}

impl Lab {
    /// A server that asks about strangers, and one of them.
    fn new() -> Self {
        let authority = Authority::new("Lab CA");
        let server = own(believes(&authority), &authority.server(&[HOST]));
        server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        let client = own(believes(&authority), &Identity::alone(&["alice"]));
        client.set(|settings| settings.tls.send_certificate = SendCertificate::Always).unwrap();
        Self { server, client }
    }

    /// Both ends after as much of a handshake as is possible; and what the server waits for.
    fn meet(&self) -> (Connection, UnixStream, Outcome<()>) {
        let (near, far) = UnixStream::pair().unwrap();
        // The connection only borrows it.
        let near: &'static OwnedFd = Box::leak(Box::new(near.into()));
        let server = Connection::accept_socket(&self.server, near.as_fd(), false).unwrap();
        let borrowed = far.try_clone().unwrap();
        let borrowed: &'static OwnedFd = Box::leak(Box::new(borrowed.into()));
        let client =
            Connection::over_socket(&self.client, borrowed.as_fd(), HOST, 1, false).unwrap();
        loop {
            let theirs = client.handshake().unwrap();
            let ours = server.handshake().unwrap();
            let is_over = theirs == Outcome::Done(()) && ours != Outcome::Not(Want::Read);
            if is_over {
                return (server, far, ours);
            }
        }
    }
}

/// Whether there is something to read, as an application's event loop sees it.
fn rings(fd: BorrowedFd<'_>) -> bool {
    let mut one = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut one, Some(&Timespec::default())).unwrap() == 1
}

#[test]
fn a_client_that_hangs_up_ends_its_connection_before_the_answer() {
    let lab = Lab::new();
    let ask = Ask::set(&lab.server, None);
    let (server, far, outcome) = lab.meet();
    assert_eq!(outcome, Outcome::Not(Want::Answer));
    let (watched, _) = server.poll().unwrap();
    assert!(!rings(watched));
    far.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(rings(watched));
    let error = server.handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::PeerGone);
    assert!(error.message().contains("the client alice"), "{error}");
    assert_eq!(ask.last().answered(), None);
}

#[test]
fn an_answer_behind_a_client_that_hung_up_counts_for_its_next_connection() {
    let lab = Lab::new();
    let ask = Ask::set(&lab.server, None);
    let (server, far, _) = lab.meet();
    far.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(server.handshake().unwrap_err().kind(), Kind::PeerGone);
    drop(server);
    ask.last().answer(Answer::Session).unwrap();
    let (server, _far, outcome) = lab.meet();
    assert_eq!(outcome, Outcome::Done(()));
    assert_eq!(server.reason(), Some(Reason::Known));
    assert_eq!(ask.count(), 1);
}
