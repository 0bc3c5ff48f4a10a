//! One socket connecting to one address.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, SocketType, connect, getpeername, getsockname,
    sockopt::{set_tcp_nodelay, socket_error},
};

use crate::process::above_standard;

/// A socket that is connecting.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) socket: OwnedFd,
    pub(super) address: SocketAddr,
}

/// How an attempt began.
pub(super) enum Began {
    Connected(OwnedFd),
    Connecting(Attempt),
    Failed(Errno),
}

impl Attempt {
    pub(super) fn begin(address: SocketAddr) -> Began {
        let socket = match new_socket(address).and_then(above_standard) {
            Ok(socket) => socket,
            Err(errno) => return Began::Failed(errno),
        };
        // Our records are complete when sent; without this option a system is only slower.
        let _ = set_tcp_nodelay(&socket, true);
        match connect(&socket, &address) {
            Ok(()) => match settled(&socket) {
                Ok(()) => Began::Connected(socket),
                Err(errno) => Began::Failed(errno),
            },
            // An interrupted connect goes on in the background like any other.
            Err(Errno::INPROGRESS | Errno::INTR) => Began::Connecting(Self { socket, address }),
            Err(errno) => Began::Failed(errno),
        }
    }

    /// Whether it connected or failed. `None`: neither yet.
    pub(super) fn outcome(&self) -> Option<Result<(), Errno>> {
        let mut one = [PollFd::new(&self.socket, PollFlags::OUT)];
        match retry_on_intr(|| poll(&mut one, Some(&Timespec::default()))) {
            Ok(0) => None,
            Ok(_) => Some(settled(&self.socket)),
            Err(errno) => Some(Err(errno)),
        }
    }
}

/// Whether a socket that has stopped connecting is connected, and not to itself.
pub(super) fn settled(socket: &OwnedFd) -> Result<(), Errno> {
    socket_error(socket)??;
    let peer = getpeername(socket)?;
    // On loopback the system may choose the dialled port as the socket's own, and connect the
    // socket to itself. Nobody listens there.
    if peer == Some(getsockname(socket.as_fd())?) { Err(Errno::CONNREFUSED) } else { Ok(()) }
}

const fn family(address: SocketAddr) -> AddressFamily {
    match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    }
}

#[cfg(not(target_vendor = "apple"))]
fn new_socket(address: SocketAddr) -> Result<OwnedFd, Errno> {
    use rustix::net::{SocketFlags, socket_with};

    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(family(address), SocketType::STREAM, flags, None)
}

#[cfg(target_vendor = "apple")]
fn new_socket(address: SocketAddr) -> Result<OwnedFd, Errno> {
    use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};

    let socket = rustix::net::socket(family(address), SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    Ok(socket)
}
