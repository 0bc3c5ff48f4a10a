//! A user who answers after the server hung up, validators that misbehave, nobody to ask, and
//! a store that cannot take the answer.

use std::net::TcpStream;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use parking_lot::Mutex;
use tlsconn::{Answer, Connection, Context, Kind, Outcome, Policy, Question, Reason};

use crate::support::tcp::{Serve, serve};
use crate::support::{Ask, Authority, Does, Identity, Link, believes, knows, store};

const HOST: &str = "127.0.0.1";

fn lab() -> (Authority, Identity, Identity) {
    let authority = Authority::new("Lab CA");
    let (one, other) = (authority.server(&[HOST]), authority.server(&[HOST]));
    (authority, one, other)
}

/// A server that hangs up while the question is open and then serves as `then`; the context's
/// validator says `answer` once the server is gone.
fn hangs_up(context: &Context, server: &Identity, then: &Identity, answer: Answer) -> i32 {
    let (gone, is_gone) = channel();
    let is_gone = Mutex::new(is_gone);
    Does::set(context, move |_| {
        is_gone.lock().recv().unwrap();
        Some(answer)
    });
    serve(vec![Serve::hangs_up(server, gone), Serve::well(then)])
}

#[test]
fn a_dialled_connection_is_dialled_again_and_the_answer_counts() {
    for answer in [Answer::Once, Answer::Session, Answer::Always] {
        let (authority, server, _) = lab();
        let context = believes(&authority);
        let (_dir, path) = store();
        context.set_known_file(&path).unwrap();
        let port = hangs_up(&context, &server, &server, answer);
        let connection = Connection::dial(&context, HOST, port, true).unwrap();
        assert_eq!(connection.handshake(), Ok(Outcome::Done(())), "{answer:?}");
        assert_eq!(connection.error(), None);
        assert_eq!(knows(&context).len(), usize::from(answer != Answer::Once));
    }
}

#[test]
fn another_certificate_after_the_server_hung_up_is_refused_and_the_answer_kept() {
    for answer in [Answer::Once, Answer::Session, Answer::Always] {
        let (authority, server, other) = lab();
        let context = believes(&authority);
        let (_dir, path) = store();
        context.set_known_file(&path).unwrap();
        let port = hangs_up(&context, &server, &other, answer);
        let connection = Connection::dial(&context, HOST, port, true).unwrap();
        let error = connection.handshake().unwrap_err();
        assert_eq!(error.kind(), Kind::CertificateChanged, "{answer:?}");
        let known: Vec<_> = knows(&context).into_iter().map(|(_, der, _)| der).collect();
        if answer == Answer::Once {
            assert!(known.is_empty());
        } else {
            assert_eq!(known, [server.certificate.der()], "{answer:?}");
        }
    }
}

#[test]
fn a_renewed_certificate_is_not_the_one_that_was_asked_about() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let renewed = authority.renew(&server, &[HOST]);
    let port = hangs_up(&context, &server, &renewed, Answer::Session);
    let connection = Connection::dial(&context, HOST, port, true).unwrap();
    assert_eq!(connection.handshake().unwrap_err().kind(), Kind::CertificateChanged);
}

#[test]
fn on_a_given_descriptor_the_peer_is_gone_and_the_answer_is_kept() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let port = hangs_up(&context, &server, &server, Answer::Always);
    let stream = TcpStream::connect((HOST, u16::try_from(port).unwrap())).unwrap();
    let stream: &'static TcpStream = Box::leak(Box::new(stream));
    let connection = Connection::over_socket(&context, stream.as_fd(), HOST, port, true).unwrap();
    let error = connection.handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::PeerGone);
    assert_eq!(knows(&context).len(), 1);
    assert!(error.message().contains("counts for its next connection"), "{error}");
}

#[test]
fn an_answer_for_once_is_not_said_to_be_kept() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let ask = Ask::set(&context, None);
    let mut link = Link::new(&context, HOST, 443, &server);
    link.asks();
    assert_eq!(link.connection.memory_input(b""), Ok(0));
    ask.last().answer(Answer::Once).unwrap();
    let error = link.run().unwrap_err();
    assert_eq!(error.kind(), Kind::PeerGone);
    assert!(!error.message().contains("next connection"), "{error}");
}

#[test]
fn always_counts_for_the_session_where_the_store_cannot_be_written() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let (dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, None);
    let mut link = Link::new(&context, HOST, 443, &server);
    link.asks();
    // A directory where the lock should be.
    std::fs::create_dir(dir.path().join("trusted.pem.lock")).unwrap();
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(link.open(), Reason::Answer);
    assert_eq!(link.connection.error().unwrap().kind(), Kind::Store);
    assert!(!path.exists());
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Known);
    assert_eq!(ask.count(), 1);
}

#[test]
fn who_was_asked_and_is_no_more_means_that_strangers_are_refused() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    Ask::set(&context, Answer::Once);
    context.set_validator(None);
    let error = Link::new(&context, HOST, 443, &server).refused();
    assert_eq!(error.kind(), Kind::CertificateUnknown);
}

#[test]
fn where_nobody_was_ever_asked_the_authority_decides() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    context.set_validator(None);
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Authority);
}

#[test]
fn a_question_without_anybody_to_ask_ends_a_blocking_connection() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
    let port = serve(vec![Serve::well(&server)]);
    let connection = Connection::dial(&context, HOST, port, true).unwrap();
    let error = connection.handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::NoValidator);
    assert!(error.message().contains(HOST), "{error}");
}

#[test]
fn a_validator_that_takes_its_time_keeps_no_other_connection_waiting() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let (enter, entered) = channel();
    let (leave, left) = channel::<()>();
    let left = Mutex::new(left);
    Does::set(&context, move |question| {
        if question.asked().endpoint.as_ref().unwrap().port == 1 {
            enter.send(()).unwrap();
            left.lock().recv().unwrap();
        }
        Some(Answer::Once)
    });
    thread::scope(|scope| {
        let slow = scope.spawn(|| Link::new(&context, HOST, 1, &server).open());
        entered.recv().unwrap();
        assert_eq!(Link::new(&context, HOST, 2, &server).open(), Reason::Answer);
        // The context can be changed meanwhile, too.
        context.set(|settings| settings.crl_grace = 1).unwrap();
        leave.send(()).unwrap();
        assert_eq!(slow.join().unwrap(), Reason::Answer);
    });
}

#[test]
fn a_validator_that_panics_has_rejected() {
    let (authority, server, _) = lab();
    let context = believes(&authority);
    let slot: Arc<Mutex<Option<Arc<Question>>>> = Arc::default();
    let inner = Arc::clone(&slot);
    Does::set(&context, move |question| {
        *inner.lock() = Some(Arc::clone(question));
        panic!("on purpose");
    });
    let mut link = Link::new(&context, HOST, 445, &server);
    assert!(catch_unwind(AssertUnwindSafe(|| link.run())).is_err());
    assert_eq!(slot.lock().as_ref().unwrap().answered(), Some(Answer::Reject));
    assert_eq!(link.refused().kind(), Kind::Rejected);
}
