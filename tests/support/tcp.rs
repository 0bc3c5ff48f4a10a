//! Servers on loopback, each in a thread that ends with its last connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};

use super::Identity;
use super::memory::config;

/// What a server does with one connection.
pub(crate) enum Serve {
    /// Shakes hands, says hello and waits for the end.
    Well(Arc<ServerConfig>),
    /// The same, but shows its certificate only when all others are there too.
    Together(Arc<ServerConfig>, Arc<Barrier>),
    /// Shows its certificate, hangs up, and says so.
    HangsUp(Arc<ServerConfig>, Sender<()>),
}

impl Serve {
    pub(crate) fn well(identity: &Identity) -> Self {
        Self::Well(config(identity))
    }

    pub(crate) fn together(identity: &Identity, count: usize) -> Vec<Self> {
        let barrier = Arc::new(Barrier::new(count));
        let config = config(identity);
        (0..count).map(|_| Self::Together(Arc::clone(&config), Arc::clone(&barrier))).collect()
    }

    pub(crate) fn hangs_up(identity: &Identity, gone: Sender<()>) -> Self {
        Self::HangsUp(config(identity), gone)
    }

    fn run(self, mut stream: TcpStream) {
        let limit = Some(Duration::from_secs(30));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        let config = match &self {
            Self::Well(config) | Self::Together(config, _) | Self::HangsUp(config, _) => config,
        };
        let mut tls = ServerConnection::new(Arc::clone(config)).unwrap();
        while !tls.wants_write() {
            let read = tls.read_tls(&mut stream);
            if !matches!(read, Ok(1..)) || tls.process_new_packets().is_err() {
                return;
            }
        }
        if let Self::Together(_, barrier) = &self {
            barrier.wait();
        }
        while tls.wants_write() {
            tls.write_tls(&mut stream).unwrap();
        }
        if let Self::HangsUp(_, gone) = self {
            // Closing alone is not enough: a program that another test starts has the socket too,
            // for as long as it takes to start.
            stream.shutdown(Shutdown::Both).unwrap();
            drop(stream);
            gone.send(()).unwrap();
            return;
        }
        // What the client does to the server is looked at from the client's end.
        let mut stream = rustls::StreamOwned::new(tls, stream);
        let _ = stream.write_all(b"hello").and_then(|()| stream.flush());
        let _ = stream.read(&mut [0; 16]);
    }
}

/// Serves one connection after the other as told, all at once; the port.
pub(crate) fn serve(plan: Vec<Serve>) -> i32 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for one in plan {
            let Ok((stream, _)) = listener.accept() else { return };
            thread::spawn(move || one.run(stream));
        }
    });
    i32::from(port)
}
