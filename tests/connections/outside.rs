//! What lies outside a connection: other threads, other processes and other users.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use tlsconn::{Answer, Context, Endpoint, Kind, Material, Outcome, Problems, Read, Reason};

use crate::support::has;
use crate::support::memory::config;
use crate::support::pair::{Pair, Way, in_time};
use crate::support::{Ask, Authority, Link, believes, store};

const HOST: &str = "a.example";
/// What tells a test that it runs in a process of its own, and what it is to do there.
const PART: &str = "TLSCONN_TEST_PART";

#[test]
fn one_thread_reads_while_another_writes_and_nothing_is_lost() {
    let authority = Authority::new("Lab CA");
    let context = believes(&authority);
    let server = config(&authority.server(&[HOST]));
    let pair = Pair::new(Way::Unix, &context, HOST, server, true);
    assert_eq!(pair.connection.handshake(), Ok(Outcome::Done(())));
    let (connection, mut server) = pair.server();
    let sent: Arc<Vec<u8>> =
        Arc::new((0..4 << 20).map(|at| u8::try_from(at % 251).unwrap()).collect());
    let (writer, written) = (Arc::clone(&connection), Arc::clone(&sent));
    let writer = thread::spawn(move || writer.write(&written));
    let echoed = Arc::clone(&sent);
    let echo = thread::spawn(move || {
        for part in echoed.chunks(16 * 1024) {
            server.hears(part);
            server.says(part);
        }
        server
    });
    let total = sent.len();
    let heard = in_time(move || {
        let mut heard = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        while heard.len() < total {
            let Ok(Outcome::Done(Read::Bytes(count))) = connection.read(&mut buffer) else { break };
            heard.extend_from_slice(&buffer[..count]);
        }
        heard
    });
    assert!(heard == *sent);
    assert_eq!(writer.join().unwrap(), Ok(Outcome::Done(total)));
    echo.join().unwrap();
}

#[test]
fn of_two_threads_that_read_one_is_told_that_the_other_does() {
    let authority = Authority::new("Lab CA");
    let context = believes(&authority);
    let server = config(&authority.server(&[HOST]));
    let pair = Pair::new(Way::Unix, &context, HOST, server, true);
    assert_eq!(pair.connection.handshake(), Ok(Outcome::Done(())));
    let (connection, mut server) = pair.server();
    let (send, receive) = channel();
    for _ in 0..2 {
        let (connection, send) = (Arc::clone(&connection), send.clone());
        thread::spawn(move || send.send(connection.read(&mut [0; 16])));
    }
    let (first, receive) = in_time(move || (receive.recv().unwrap(), receive));
    assert_eq!(first.unwrap_err().kind(), Kind::Busy);
    server.says(b"hello");
    let second = in_time(move || receive.recv().unwrap());
    assert_eq!(second, Ok(Outcome::Done(Read::Bytes(5))));
}

#[test]
fn an_answer_counts_for_the_session_where_another_process_holds_the_store() {
    if !has(&["flock"]) {
        return;
    }
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    let (dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    let mut holder = Command::new("flock")
        .arg(dir.path().join("trusted.pem.lock"))
        .args(["-c", "echo held; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let mut link = Link::new(&context, HOST, 443, &server);
    let reason = link.open();
    let again = Link::new(&context, HOST, 443, &server).open();
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!((reason, again), (Reason::Answer, Reason::Known));
    assert_eq!(link.connection.error().unwrap().kind(), Kind::StoreLocked);
    assert_eq!(ask.count(), 1);
    assert!(!path.exists());
}

/// Runs one test again in a process of its own, with a part to play.
fn again(mut command: Command, test: &str, part: &Path) {
    let output = command.args(["--exact", test, "--nocapture"]).env(PART, part).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
fn the_authorities_of_the_system_are_believed_or_there_are_none() {
    let added = Context::new().add_system_roots().map_err(|error| error.kind());
    match std::env::var(PART).as_deref() {
        Ok("there") => assert_eq!(added, Ok(())),
        Ok(_) => assert_eq!(added, Err(Kind::NoAuthority)),
        Err(_) => {
            assert!(matches!(added, Ok(()) | Err(Kind::NoAuthority)), "{added:?}");
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("there"), Authority::new("Lab CA").pem()).unwrap();
            for part in ["there", "missing"] {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.env("SSL_CERT_FILE", dir.path().join(part)).env_remove("SSL_CERT_DIR");
                let test = "outside::the_authorities_of_the_system_are_believed_or_there_are_none";
                again(command, test, Path::new(part));
            }
        }
    }
}

#[test]
fn what_may_not_be_read_is_a_failure_and_makes_nobody_a_stranger() {
    if let Some(dir) = std::env::var_os(PART) {
        return nothing_may_be_read(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    if !rustix::process::geteuid().is_root() {
        return nothing_may_be_read(dir.path());
    }
    // Root may read everything, so somebody else has to try.
    if !has(&["setpriv"]) {
        return;
    }
    chown(dir.path(), Some(65534), Some(65534)).unwrap();
    let program = dir.path().join("program");
    // By another process: no program can be run for as long as somebody may write it, and a
    // program that another test starts meanwhile has what this process has open.
    let copy = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status();
    assert!(copy.unwrap().success());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command.current_dir(dir.path());
    let test = "outside::what_may_not_be_read_is_a_failure_and_makes_nobody_a_stranger";
    again(command, test, dir.path());
}

fn nothing_may_be_read(dir: &Path) {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    let context = believes(&authority);
    let closed = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        assert!(fs::read(path).is_err());
    };
    let ca = dir.join("ca.pem");
    fs::write(&ca, authority.pem()).unwrap();
    closed(&ca);
    let error = context.add_file(Material::Authority, &ca).unwrap_err();
    assert_eq!(error.kind(), Kind::File, "{error}");
    assert!(error.message().contains("ca.pem"), "{error}");

    let known = dir.join("trusted.pem");
    context.set_known_file(&known).unwrap();
    let place = Endpoint::new(HOST, 443).unwrap();
    context.set_known(&place, server.certificate.clone(), Problems::NONE).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    closed(&known);
    let error = Link::new(&context, HOST, 443, &server).run().unwrap_err();
    assert_eq!(error.kind(), Kind::Store, "{error}");
    assert!(error.message().contains("trusted.pem"), "{error}");
    assert_eq!(ask.count(), 0);
    assert_eq!(believes(&authority).set_known_file(&known).unwrap_err().kind(), Kind::Store);
}
