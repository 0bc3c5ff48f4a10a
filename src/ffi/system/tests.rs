#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;

use super::*;

#[test]
fn what_a_peer_has_no_room_for_is_unsent_until_it_reads() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    near.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while let Ok(count) = near.write(&[0; 65536]) {
        sent += count;
    }
    near.shutdown(Shutdown::Write).unwrap();
    assert!(unsent(near.as_fd()).unwrap() > 1);
    assert_eq!(far.read_to_end(&mut Vec::new()).unwrap(), sent);
    // Its own end acknowledges ours, if nothing has yet.
    drop(far);
    while unsent(near.as_fd()) != Some(0) {
        std::thread::yield_now();
    }
}

#[test]
fn what_is_no_socket_cannot_be_asked() {
    let file = tempfile::tempfile().unwrap();
    assert_eq!(unsent(file.as_fd()), None);
}
