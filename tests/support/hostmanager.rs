//! The hostmanager of the examples, with a directory of backends, and clients that stay.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use super::example::{self, Outcome};
use super::folder::{Pair, Pki};
use super::openssl::self_signed;
use super::server::Server;
use tlsconn::{Connection, Context, Material, Read};

/// A running daemon. What it is given anew at a restart is in addition to directory and database.
pub(crate) struct Host {
    pki: Pki,
    own: Pair,
    server: Server,
    more: Vec<String>,
}

impl Host {
    /// A daemon with a self-signed certificate in its directory for each of `backends`.
    pub(crate) fn start(backends: &[&str], more: &[&str]) -> Self {
        let pki = Pki::new();
        let own = pki.server("own");
        fs::DirBuilder::new().mode(0o700).create(pki.root().join("clients")).unwrap();
        for backend in backends {
            add_backend(pki.root(), backend, backend);
        }
        let more: Vec<_> = more.iter().copied().map(str::to_owned).collect();
        let server = start(&[], pki.root(), &own, &more);
        Self { pki, own, server, more }
    }

    /// Ended well, and started again with its directory, its database and `more`.
    pub(crate) fn restart(self, more: &[&str]) -> Self {
        let Self { pki, own, server, .. } = self;
        server.ends_well();
        let more: Vec<_> = more.iter().copied().map(str::to_owned).collect();
        let server = start(&[], pki.root(), &own, &more);
        Self { pki, own, server, more }
    }

    /// Killed in the middle of whatever it does, and started again.
    pub(crate) fn kill_and_start(self) -> Self {
        let Self { pki, own, server, more } = self;
        server.kill();
        let server = start(&[], pki.root(), &own, &more);
        Self { pki, own, server, more }
    }

    /// Ended well, and started again where no file may grow beyond 200 KiB.
    pub(crate) fn restart_on_a_small_disk(self) -> Self {
        let Self { pki, own, server, more } = self;
        server.ends_well();
        let limited = "trap '' XFSZ; ulimit -f 400; exec \"$@\"";
        let words = ["sh", "-c", limited, "sh"].map(OsString::from);
        let server = start(&words, pki.root(), &own, &more);
        Self { pki, own, server, more }
    }

    /// It ends well when it is asked to; what it said.
    #[track_caller]
    pub(crate) fn ends_well(self) -> String {
        self.server.ends_well()
    }

    pub(crate) fn root(&self) -> &Path {
        self.pki.root()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.pki.home()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.server.port
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        self.server.signal(signal);
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        self.server.wait_for(words)
    }

    /// One more certificate in the directory.
    pub(crate) fn add_backend(&self, name: &str, common_name: &str) {
        add_backend(self.root(), name, common_name);
    }

    /// The file in the directory.
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        self.root().join(format!("clients/{name}.pem"))
    }

    /// What the backend itself has.
    pub(crate) fn pair(&self, name: &str) -> Pair {
        let file = |kind| self.root().join(format!("{name}.{kind}"));
        Pair { certificate: file("pem"), key: file("key") }
    }

    /// The client with all of `requests` as its input.
    pub(crate) fn ask(&self, name: &str, requests: &str) -> Outcome {
        let words = self.client(name);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        example::run("hostmanager-client", &words, &self.home(), requests)
    }

    /// A client that goes on, with one request after the other.
    pub(crate) fn session(&self, name: &str) -> Session {
        let mut all: Vec<OsString> = example::words("hostmanager-client");
        all.extend(self.client(name).into_iter().map(OsString::from));
        let mut child = example::bounded(&all)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        Session { child, input, output: output.unwrap(), writer: None }
    }

    /// Connections of this backend that have asked once and say nothing more.
    pub(crate) fn idle(&self, name: &str, count: usize) -> Vec<Connection> {
        let (context, pair) = (Context::new(), self.pair(name));
        context.add_file(Material::Authority, &self.pki.authority()).unwrap();
        context.add_file(Material::Certificate, &pair.certificate).unwrap();
        context.add_file(Material::Key, &pair.key).unwrap();
        let one = || {
            let port = self.server.port.into();
            let connection = Connection::dial(&context, "127.0.0.1", port, true).unwrap();
            connection.write(b"list network\n").unwrap();
            let mut reply = [0; 16];
            let read = connection.read(&mut reply).unwrap();
            assert_eq!(read, tlsconn::Outcome::Done(Read::Bytes(3)));
            connection
        };
        (0..count).map(|_| one()).collect()
    }

    /// The words of a client that has nothing but the user to tell it who the server is.
    pub(crate) fn client_without_authority(&self, name: &str, request: &[&str]) -> Vec<String> {
        let mut words = self.client(name);
        let known = self.pki.trusted().to_str().unwrap().to_owned();
        words.truncate(words.len() - 2);
        words.extend(["--known".to_owned(), known]);
        words.extend(request.iter().copied().map(str::to_owned));
        words
    }

    fn client(&self, name: &str) -> Vec<String> {
        let Pair { certificate, key } = self.pair(name);
        let path = |path: PathBuf| path.to_str().unwrap().to_owned();
        let place = format!("127.0.0.1:{}", self.server.port);
        let authority = path(self.pki.authority());
        let words = ["--cert", &path(certificate), "--key", &path(key), "--ca", &authority];
        std::iter::once(place).chain(words.map(str::to_owned)).collect()
    }
}

/// It did what was asked, or said which error, and printed this.
#[track_caller]
pub(crate) fn answers(outcome: &Outcome, printed: &str) {
    assert_eq!(outcome.printed, printed, "{outcome:#?}");
    assert_eq!(outcome.errors, "");
}

/// A client at the other end of two pipes.
pub(crate) struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    writer: Option<JoinHandle<ChildStdin>>,
}

impl Session {
    /// One request, and the line of its reply; empty where the client came to its end instead.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        let _ = writeln!(self.input(), "{request}");
        self.reply()
    }

    /// The next line of a reply.
    pub(crate) fn reply(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// Give all of `bytes` to the client, whenever it takes them.
    pub(crate) fn send(&mut self, bytes: Vec<&str>) {
        let bytes = bytes.concat();
        let mut input = self.input.take().unwrap();
        self.writer = Some(std::thread::spawn(move || {
            // A client that was cut off takes no more.
            let _ = input.write_all(bytes.as_bytes());
            input
        }));
    }

    /// Nothing more is asked. What has not been read yet, and how the client ended.
    pub(crate) fn finish(mut self) -> Outcome {
        let writer = self.writer.take();
        let input = self.input.take();
        let ending = std::thread::spawn(move || {
            drop(input);
            writer.map(|writer| writer.join().map(drop))
        });
        let (mut printed, mut errors) = (String::new(), String::new());
        self.output.read_to_string(&mut printed).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let code = self.child.wait().unwrap().code();
        ending.join().unwrap();
        Outcome::new(printed, errors, 0, code)
    }

    fn input(&mut self) -> &mut ChildStdin {
        if let Some(writer) = self.writer.take() {
            self.input = Some(writer.join().unwrap());
        }
        self.input.as_mut().unwrap()
    }
}

fn add_backend(root: &Path, name: &str, common_name: &str) {
    let pair = self_signed(root, name, common_name);
    fs::copy(&pair.certificate, root.join(format!("clients/{name}.pem"))).unwrap();
}

/// `before` is words that run the rest.
fn start(before: &[OsString], root: &Path, own: &Pair, more: &[String]) -> Server {
    let words = [before, &example::words("hostmanager")].concat();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["--listen", "127.0.0.1:0"]);
    command.arg("--cert").arg(&own.certificate).arg("--key").arg(&own.key);
    command.arg("--clients").arg(root.join("clients"));
    command.arg("--database").arg(root.join("objects.db")).args(more);
    command.envs(example::environment()).env_remove("LD_LIBRARY_PATH");
    Server::that_says("listening on", 0, &mut command)
}
