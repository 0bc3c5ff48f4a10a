//! A server of ours on the loopback: it takes every client at once, each on a thread of its
//! own, and tells what became of them as soon as that is certain.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tlsconn::{Connection, Context, Error, IdentitySource, Outcome, Read};

/// Longer than any client here needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that was admitted.
#[derive(Debug)]
pub(crate) struct Guest {
    /// Its identity, and who vouches for it.
    pub(crate) identity: Option<(String, IdentitySource)>,
    pub(crate) version: &'static str,
    pub(crate) resumed: bool,
    /// What it sent.
    pub(crate) said: String,
}

/// A server that runs until its value goes.
pub(crate) struct Ours {
    pub(crate) port: u16,
    ended: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    outcomes: Mutex<Receiver<Result<Guest, Error>>>,
}

impl Ours {
    /// A server that calls `serve` for each admitted client; `serve` returns what it received.
    pub(crate) fn start<F>(context: &Context, serve: F) -> Self
    where
        F: Fn(&Connection) -> Result<String, Error> + Send + Sync + 'static,
    {
        context.set(|settings| settings.io_timeout = Some(PATIENCE)).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, outcomes) = channel();
        let (over, context, serve) = (Arc::clone(&ended), context.clone(), Arc::new(serve));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (context, sender, serve) = (context.clone(), sender.clone(), serve.clone());
                std::thread::spawn(move || take(&context, stream.unwrap(), &*serve, &sender));
            }
        });
        Self { port, ended, accepting: Some(accepting), outcomes: Mutex::new(outcomes) }
    }

    /// A server that answers each request over HTTP with the client's identity.
    pub(crate) fn http(context: &Context) -> Self {
        Self::start(context, |connection| {
            let request = read_until(connection, "\r\n\r\n")?;
            let identity = connection.identity().map(|one| one.name);
            let body = format!("you are {}\n", identity.as_deref().unwrap_or("nobody"));
            let size = body.len();
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
            connection.write(format!("{head} {size}\r\n\r\n{body}").as_bytes())?;
            Ok(request)
        })
    }

    /// What became of the next client of whom something is certain.
    #[track_caller]
    pub(crate) fn next(&self) -> Result<Guest, Error> {
        self.outcomes.lock().unwrap().recv_timeout(PATIENCE).expect("no client came")
    }

    /// The next client, who must have been let in under this identity.
    #[track_caller]
    pub(crate) fn let_in(&self, identity: &str) -> Guest {
        let guest = self.next().unwrap();
        let (name, _) = guest.identity.as_ref().unwrap();
        assert_eq!(name, identity, "{guest:?}");
        guest
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // It checks once more when a client connects.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// A stream for the rest of the process: that is how long a connection may need it.
pub(crate) fn kept(stream: TcpStream) -> &'static TcpStream {
    Box::leak(Box::new(stream))
}

fn take(
    context: &Context,
    stream: TcpStream,
    serve: &dyn Fn(&Connection) -> Result<String, Error>,
    sender: &Sender<Result<Guest, Error>>,
) {
    let stream = kept(stream);
    let connection = Connection::accept_socket(context, stream.as_fd(), true).unwrap();
    let served = connection.handshake().and_then(|_| serve(&connection));
    let well = served.is_ok();
    let outcome = served.map(|said| Guest {
        identity: connection.identity().map(|one| (one.name, one.source)),
        version: connection.info().version,
        resumed: connection.info().resumed,
        said,
    });
    // Nobody asks about the last ones of a test.
    let _ = sender.send(outcome);
    if well {
        let _ = connection.shutdown();
        // A client that still has something to send can also read while it sends.
        while let Ok(Outcome::Done(Read::Bytes(_))) = connection.read(&mut [0; 4096]) {}
    }
    drop(connection);
    let _ = stream.shutdown(Shutdown::Write);
}

/// What comes until `end` has come, or until nothing more comes.
pub(crate) fn read_until(connection: &Connection, end: &str) -> Result<String, Error> {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    while !text.contains(end) {
        match connection.read(&mut chunk)? {
            Outcome::Done(Read::Bytes(count)) => {
                text.push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
            Outcome::Done(Read::End) => break,
            Outcome::Not(want) => panic!("a blocking connection waits for {want:?}"),
        }
    }
    Ok(text)
}
