//! Servers of others. Each ends, by its own id, when its value goes.

use std::io::{Read as _, pipe};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{JoinHandle, yield_now};
use std::time::{Duration, Instant};

/// Longer than any server here needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, and what it has said so far.
pub(crate) struct Server {
    child: Child,
    log: Arc<Log>,
    reader: Option<JoinHandle<()>>,
    pub(crate) port: u16,
}

#[derive(Default)]
struct Log {
    text: Mutex<(String, bool)>,
    grown: Condvar,
}

impl Server {
    /// Start `command`, and wait until it has said `ready`.
    pub(crate) fn that_says(ready: &str, port: u16, command: &mut Command) -> Self {
        let mut server = Self::start(port, command);
        let line = server.wait_for(ready);
        if server.port == 0 {
            server.port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        }
        server
    }

    /// Start `command`, and wait until it lets us in at `port`.
    pub(crate) fn that_listens(port: u16, command: &mut Command) -> Self {
        let mut server =
            Self::that_lets_in(command, || TcpStream::connect(("127.0.0.1", port)).is_ok());
        server.port = port;
        server
    }

    /// Start `command`, and wait until `is_in`.
    pub(crate) fn that_lets_in(command: &mut Command, is_in: impl Fn() -> bool) -> Self {
        let mut server = Self::start(0, command);
        let late = Instant::now() + PATIENCE;
        while !is_in() {
            let gone = server.child.try_wait().unwrap();
            assert!(gone.is_none(), "{gone:?}\n{}", server.log.text.lock().unwrap().0);
            assert!(Instant::now() < late, "it lets nobody in");
            yield_now();
        }
        server
    }

    /// Start `command`, which comes to us by itself.
    pub(crate) fn that_runs(command: &mut Command) -> Self {
        Self::start(0, command)
    }

    fn start(port: u16, command: &mut Command) -> Self {
        let (mut output, input) = pipe().unwrap();
        command.stdin(Stdio::null()).stdout(input.try_clone().unwrap()).stderr(input);
        let child = command.spawn().unwrap();
        // The command holds the writing end, and would keep the reader waiting.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let log = Arc::new(Log::default());
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut chunk) {
                kept.text.lock().unwrap().0.push_str(&String::from_utf8_lossy(&chunk[..n]));
                kept.grown.notify_all();
            }
            kept.text.lock().unwrap().1 = true;
            kept.grown.notify_all();
        });
        Self { child, log, reader: Some(reader), port }
    }

    /// The whole line that holds `words`, as soon as the server has said it.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        self.wait_for_line(words, 1)
    }

    /// The line in which it says `words` for the `times`th time, as soon as it has said it.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, words: &str, times: usize) -> String {
        let said = |text: &str| {
            text.split_inclusive('\n')
                .filter(|line| line.contains(words) && line.ends_with('\n'))
                .nth(times - 1)
                .map(str::to_owned)
        };
        let text = self.log.text.lock().unwrap();
        let (text, _) = self
            .log
            .grown
            .wait_timeout_while(text, PATIENCE, |(text, ended)| said(text).is_none() && !*ended)
            .unwrap();
        said(&text.0).unwrap_or_else(|| panic!("{words:?} was not said:\n{}", text.0))
    }

    /// All that it has said so far.
    pub(crate) fn said(&self) -> String {
        self.log.text.lock().unwrap().0.clone()
    }

    /// End it, and give all that it said.
    pub(crate) fn stop(mut self) -> String {
        self.end();
        std::mem::take(&mut self.log.text.lock().unwrap().0)
    }

    /// Ask it to end; it must do so well. What it said.
    #[track_caller]
    pub(crate) fn ends_well(mut self) -> String {
        self.end();
        let status = self.child.wait().unwrap();
        let log = std::mem::take(&mut self.log.text.lock().unwrap().0);
        assert!(status.success(), "{status}\n{log}");
        log
    }

    /// End it without a word of warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.end();
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Ask it to end, so that it clears up behind itself; end it where it does not.
    fn end(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        let late = Instant::now() + PATIENCE / 6;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < late {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            yield_now();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port of the loopback that nobody uses. Another program may take it before our server
/// does; servers that choose for themselves are asked to.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
