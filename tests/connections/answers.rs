//! What each answer does, for which connections, and for how long.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tlsconn::{
    Answer, Connection, Context, Kind, Material, Outcome, Policy, Problems, Reason, Situation,
    Style, Want,
};

use crate::support::tcp::{Serve, serve};
use crate::support::{Ask, Authority, Does, Identity, Link, believes, knows, store};

const HOST: &str = "a.example";

fn lab() -> (Authority, Identity) {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST, "127.0.0.1"]);
    (authority, server)
}

/// Connects once over memory.
fn connect(context: &Context, server: &Identity) -> Result<Outcome<()>, tlsconn::Error> {
    Link::new(context, HOST, 443, server).run()
}

fn dial(context: &Context, port: i32) -> Connection {
    Connection::dial(context, "127.0.0.1", port, true).unwrap()
}

const OPEN: Result<Outcome<()>, tlsconn::Error> = Ok(Outcome::Done(()));

#[test]
fn once_is_asked_again_the_next_time() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Once);
    for _ in 0..2 {
        assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Answer);
    }
    assert_eq!(ask.situations(), [Situation::New, Situation::New]);
    assert!(context.known().unwrap().is_empty());
}

#[test]
fn a_session_is_asked_once_per_context_and_not_in_another() {
    let (authority, server) = lab();
    let (_dir, path) = store();
    for _ in 0..2 {
        let context = believes(&authority);
        context.set_known_file(&path).unwrap();
        let ask = Ask::set(&context, Answer::Session);
        for _ in 0..3 {
            assert_eq!(connect(&context, &server), OPEN);
        }
        assert_eq!(ask.count(), 1);
    }
    assert!(!path.exists());
}

#[test]
fn always_survives_the_context() {
    let (authority, server) = lab();
    let (_dir, path) = store();
    let context = believes(&authority);
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, Answer::Always);
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Answer);
    assert!(ask.last().allows(Answer::Always));
    let later = believes(&authority);
    later.set_known_file(&path).unwrap();
    let nobody = Ask::set(&later, Answer::Reject);
    assert_eq!(Link::new(&later, HOST, 443, &server).open(), Reason::Known);
    assert_eq!(nobody.count(), 0);
}

#[test]
fn always_without_a_store_is_not_offered_and_counts_for_the_session() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let ask = Ask::set(&context, Answer::Always);
    for _ in 0..2 {
        assert_eq!(connect(&context, &server), OPEN);
    }
    assert_eq!(ask.count(), 1);
    assert!(!ask.last().allows(Answer::Always));
    assert_eq!(ask.last().answered(), Some(Answer::Session));
}

#[test]
fn a_reject_is_told_to_the_server_and_never_stored() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let ask = Ask::set(&context, Answer::Reject);
    let mut link = Link::new(&context, HOST, 443, &server);
    let error = link.refused();
    assert_eq!(error.kind(), Kind::Rejected);
    assert!(error.message().contains("a.example:443"), "{error}");
    assert!(link.alert.is_some());
    assert_eq!(connect(&context, &server).unwrap_err().kind(), Kind::Rejected);
    assert_eq!(ask.count(), 2);
}

#[test]
fn twenty_parallel_connections_ask_once() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, None);
    let port = serve(Serve::together(&server, 20));
    let connections: Vec<_> = (0..20).map(|_| Arc::new(dial(&context, port))).collect();
    let threads: Vec<_> = connections
        .iter()
        .map(|connection| {
            let connection = Arc::clone(connection);
            thread::spawn(move || connection.handshake())
        })
        .collect();
    // All of them wait for one question before it is answered.
    while connections.iter().any(|connection| connection.question().is_none()) {
        thread::yield_now();
    }
    assert_eq!(ask.count(), 1);
    let question = connections[0].question().unwrap();
    assert!(connections.iter().all(|one| Arc::ptr_eq(&one.question().unwrap(), &question)));
    question.answer(Answer::Always).unwrap();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), OPEN);
    }
    assert_eq!(ask.count(), 1);
    assert_eq!(knows(&context).len(), 1);
}

#[test]
fn a_connection_that_comes_while_always_is_brought_home_does_not_ask_again() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, None);
    let mut first = Link::new(&context, HOST, 443, &server);
    first.asks();
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Answer);
    first.open();
    assert_eq!(ask.count(), 1);
    assert_eq!(knows(&context).len(), 1);
}

#[test]
fn connections_to_other_ports_ask_their_own_question() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let ask = Ask::set(&context, None);
    for port in [1, 2] {
        Link::new(&context, HOST, port, &server).asks();
    }
    assert_eq!(ask.count(), 2);
}

#[test]
fn a_blocking_connection_waits_for_an_answer_from_another_thread() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (send, receive) = channel();
    Does::set(&context, move |question| {
        send.send(Arc::clone(question)).unwrap();
        None
    });
    let port = serve(vec![Serve::well(&server)]);
    let connection = Arc::new(dial(&context, port));
    let waiting = {
        let connection = Arc::clone(&connection);
        thread::spawn(move || connection.handshake())
    };
    let question = receive.recv().unwrap();
    question.answer(Answer::Once).unwrap();
    assert_eq!(waiting.join().unwrap(), OPEN);
    assert_eq!(question.answer(Answer::Always).unwrap_err().kind(), Kind::Stale);
    assert!(context.known().unwrap().is_empty());
}

#[test]
fn a_connection_that_does_not_block_wants_the_answer_and_then_goes_on() {
    let (authority, server) = lab();
    let context = believes(&authority);
    context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
    let mut link = Link::new(&context, HOST, 443, &server);
    link.asks();
    assert_eq!(link.connection.handshake(), Ok(Outcome::Not(Want::Answer)));
    let question = link.connection.question().unwrap();
    thread::spawn(move || question.answer(Answer::Once)).join().unwrap().unwrap();
    assert_eq!(link.open(), Reason::Answer);
    assert!(link.connection.question().is_none());
}

#[test]
fn the_second_answer_is_stale_and_changes_nothing() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let ask = Ask::set(&context, None);
    let mut link = Link::new(&context, HOST, 443, &server);
    link.asks();
    ask.last().answer(Answer::Reject).unwrap();
    assert_eq!(ask.last().answer(Answer::Always).unwrap_err().kind(), Kind::Stale);
    assert_eq!(link.refused().kind(), Kind::Rejected);
}

#[test]
fn what_a_validator_said_through_the_question_outweighs_what_it_returns() {
    let (authority, server) = lab();
    let context = believes(&authority);
    Does::set(&context, |question| {
        question.answer(Answer::Reject).unwrap();
        Some(Answer::Always)
    });
    let mut link = Link::new(&context, HOST, 443, &server);
    assert_eq!(link.refused().kind(), Kind::Rejected);
}

#[test]
fn a_validator_may_call_the_context_back() {
    let (authority, server) = lab();
    let other = Authority::new("Other CA");
    let context = believes(&authority);
    let inner = context.clone();
    Does::set(&context, move |question| {
        inner.add(Material::Authority, other.pem().as_bytes()).unwrap();
        inner.set(|settings| settings.crl_grace = 1).unwrap();
        assert!(inner.known().unwrap().is_empty());
        assert!(question.text(Style::Summary).contains("is a new server"));
        Some(Answer::Session)
    });
    assert_eq!(connect(&context, &server), OPEN);
    assert_eq!(context.known().unwrap().len(), 1);
}

#[test]
fn a_validator_that_would_wait_for_its_own_question_is_told_so() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let port = serve(vec![Serve::well(&server), Serve::well(&server)]);
    let inner = context.clone();
    let (send, receive) = channel();
    Does::set(&context, move |_| {
        send.send(dial(&inner, port).handshake()).unwrap();
        Some(Answer::Once)
    });
    assert_eq!(dial(&context, port).handshake(), OPEN);
    assert_eq!(receive.recv().unwrap().unwrap_err().kind(), Kind::Reentrant);
}

#[test]
fn a_validator_cannot_use_its_own_connection() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let mut link = Link::new(&context, HOST, 443, &server);
    let slot: Arc<std::sync::OnceLock<&'static Connection>> = Arc::default();
    // The connection of a link cannot be shared, so this one lives as long as the process.
    let connection: &'static Connection =
        Box::leak(Box::new(Connection::in_memory(&context, HOST, 443).unwrap()));
    slot.set(connection).unwrap();
    let (send, receive) = channel();
    Does::set(&context, move |_| {
        let own = slot.get().unwrap();
        send.send(own.handshake().unwrap_err().kind()).unwrap();
        send.send(own.write(b"x").unwrap_err().kind()).unwrap();
        send.send(own.read(&mut [0]).unwrap_err().kind()).unwrap();
        send.send(own.shutdown().unwrap_err().kind()).unwrap();
        send.send(own.memory_input(b"x").unwrap_err().kind()).unwrap();
        send.send(own.memory_output(&mut [0]).unwrap_err().kind()).unwrap();
        send.send(own.set_verify_name("b.example").unwrap_err().kind()).unwrap();
        Some(Answer::Once)
    });
    let mut buffer = vec![0; 16 * 1024];
    let count = connection.memory_output(&mut buffer).unwrap();
    link.server.read_tls(&mut &buffer[..count]).unwrap();
    link.server.process_new_packets().unwrap();
    let mut flight = Vec::new();
    while link.server.wants_write() {
        link.server.write_tls(&mut flight).unwrap();
    }
    assert_eq!(connection.memory_input(&flight), Ok(flight.len()));
    assert_eq!(connection.handshake(), OPEN);
    let told: Vec<_> = receive.iter().take(7).collect();
    assert_eq!(told, [Kind::Reentrant; 7]);
}

#[test]
fn a_list_that_comes_while_the_question_is_open_decides() {
    for answer in [Answer::Once, Answer::Session, Answer::Always] {
        let (authority, server) = lab();
        let context = believes(&authority);
        let (_dir, path) = store();
        context.set_known_file(&path).unwrap();
        let inner = context.clone();
        let list = authority.list(1, &[&server]);
        Does::set(&context, move |_| {
            inner.add(Material::Crl, list.as_bytes()).unwrap();
            Some(answer)
        });
        let mut link = Link::new(&context, HOST, 443, &server);
        let error = link.refused();
        assert_eq!(error.kind(), Kind::CertificateRevoked, "{answer:?}: {error}");
        assert!(error.problems().contains(Problems::REVOKED));
        assert!(context.known().unwrap().is_empty(), "{answer:?} was kept");
    }
}

#[test]
fn distrust_while_the_question_is_open_decides() {
    for answer in [Answer::Once, Answer::Session, Answer::Always] {
        let (authority, server) = lab();
        let context = believes(&authority);
        let (_dir, path) = store();
        context.set_known_file(&path).unwrap();
        let inner = context.clone();
        let bad = authority.certificate.clone();
        Does::set(&context, move |_| {
            inner.distrust(&bad, true).unwrap();
            Some(answer)
        });
        let mut link = Link::new(&context, HOST, 443, &server);
        assert_eq!(link.refused().kind(), Kind::CertificateDistrusted, "{answer:?}");
        assert!(knows(&context).is_empty());
    }
}

#[test]
fn a_policy_that_changes_while_the_question_is_open_decides() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let inner = context.clone();
    Does::set(&context, move |_| {
        inner.set(|settings| settings.policies.on_new = Policy::Refuse).unwrap();
        Some(Answer::Once)
    });
    let mut link = Link::new(&context, HOST, 443, &server);
    assert_eq!(link.refused().kind(), Kind::CertificateUnknown);
}

#[test]
fn a_question_whose_connections_are_gone_is_still_answered_for_good() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    let ask = Ask::set(&context, None);
    Link::new(&context, HOST, 443, &server).asks();
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(knows(&context).len(), 1);
    assert_eq!(Link::new(&context, HOST, 443, &server).open(), Reason::Known);
}

#[test]
fn nobody_answers_in_time_and_always_is_stored_all_the_same() {
    let (authority, server) = lab();
    let context = believes(&authority);
    let (_dir, path) = store();
    context.set_known_file(&path).unwrap();
    context.set(|settings| settings.answer_timeout = Some(Duration::from_millis(1))).unwrap();
    let ask = Ask::set(&context, None);
    let port = serve(vec![Serve::well(&server)]);
    let error = dial(&context, port).handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::AnswerTimeout);
    assert!(error.message().contains("127.0.0.1"), "{error}");
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(knows(&context).len(), 1);
}

/// Over whenever somebody looks.
const AT_ONCE: Duration = Duration::ZERO;

#[test]
fn a_validator_is_asked_however_short_the_time_for_its_answer_is() {
    let (authority, server) = lab();
    let context = believes(&authority);
    context.set(|settings| settings.answer_timeout = Some(AT_ONCE)).unwrap();
    let port = serve(vec![Serve::well(&server), Serve::well(&server)]);
    let ask = Ask::set(&context, Answer::Once);
    assert_eq!(dial(&context, port).handshake(), OPEN);
    assert_eq!(ask.count(), 1);
    let ask = Ask::set(&context, None);
    let error = dial(&context, port).handshake().unwrap_err();
    assert_eq!(error.kind(), Kind::AnswerTimeout, "{error}");
    assert_eq!(ask.count(), 1);
}

#[test]
fn an_event_loop_hears_of_a_question_before_the_time_for_its_answer_is_over() {
    let (authority, server) = lab();
    let context = believes(&authority);
    context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
    context.set(|settings| settings.answer_timeout = Some(AT_ONCE)).unwrap();
    let mut link = Link::new(&context, HOST, 443, &server);
    assert_eq!(link.run(), Ok(Outcome::Not(Want::Answer)));
    assert_eq!(link.run().unwrap_err().kind(), Kind::AnswerTimeout);
}
