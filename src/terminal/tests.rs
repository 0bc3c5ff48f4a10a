//! On a pseudo-terminal of the test's own, which is the controlling one of nobody.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;
use crate::error::{Error, Problems};
use crate::host::{Endpoint, Host, Role};
use crate::material::testing::certificate;
use crate::process::open;
use crate::trust::testing::asked;
use crate::trust::{Asked, Patience, Questions, Record, Situation, Ticket, Waiter};

/// A terminal as its user has it.
struct Desk {
    user: File,
    name: CString,
    seen: String,
    /// Keeps the terminal alive while no program is at it.
    _open: OwnedFd,
}

impl Desk {
    fn new() -> Self {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let name = ptsname(&user, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let _open = open(&*name, flags, Mode::empty()).unwrap();
        Self { user: File::from(user), name, seen: String::new(), _open }
    }

    /// Reads until the screen ends with these words.
    fn until(&mut self, words: &str) -> &str {
        while !self.seen.ends_with(words) {
            self.read_on();
        }
        &self.seen
    }

    /// Reads until these words were on the screen that often.
    fn times(&mut self, words: &str, count: usize) {
        while self.seen.matches(words).count() < count {
            self.read_on();
        }
    }

    fn read_on(&mut self) {
        let mut chunk = [0; 4096];
        let count = self.user.read(&mut chunk).unwrap();
        self.seen.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }

    fn type_in(&mut self, words: &str) {
        self.user.write_all(words.as_bytes()).unwrap();
    }
}

fn turns(name: &CStr) -> Turns {
    Turns::Device(open(name, OFlags::RDONLY | OFlags::NOCTTY, Mode::empty()).unwrap())
}

/// What is told to a question of what surrounds it.
#[derive(Default)]
struct Around {
    stands_no_more: AtomicBool,
    session: AtomicBool,
    patience: Mutex<Option<Patience>>,
}

struct Shared(Arc<Around>);

impl Record for Shared {
    fn has_store(&self, _: Role) -> bool {
        true
    }

    fn record(&self, _: &Asked, _: bool, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    fn still_asks(&self, _: &Asked) -> bool {
        !self.0.stands_no_more.load(Ordering::SeqCst)
    }

    fn has_a_session(&self, _: Role) -> bool {
        self.0.session.load(Ordering::SeqCst)
    }
}

impl Waiter for Shared {
    fn wake(&self) {}

    fn patience(&self) -> Patience {
        self.0.patience.lock().unwrap_or(Patience::Lasts)
    }
}

/// An open question about a host, whose validator is running.
fn question(host: &str, around: &Arc<Around>) -> Ticket {
    let about = asked(Situation::New, Problems::NONE, certificate(&["h"]));
    let endpoint = Endpoint { host: Host::parse(host).unwrap(), port: 16514 };
    let about = Asked { endpoint: Some(endpoint), ..about };
    let record: Arc<dyn Record> = Arc::new(Shared(Arc::clone(around)));
    let waiter: Arc<dyn Waiter> = Arc::new(Shared(Arc::clone(around)));
    let ticket = Questions::default().join(about, 1, &record, Arc::clone(&waiter)).unwrap();
    assert!(ticket.question().take_turn(&waiter));
    ticket
}

/// The answer to a question that is asked there.
fn answer_on(screen: &Screen, turns: Turns, question: &Question) -> Option<Answer> {
    ask_on(screen, turns, question).map(|reply| reply.answer())
}

/// Asks about `host` at the terminal with this name.
fn ask(name: &CStr, host: &str, around: &Arc<Around>) -> Option<Answer> {
    let ticket = question(host, around);
    let reply = ask_on(&Screen::at(name).unwrap(), turns(name), ticket.question());
    let answer = reply.as_ref().map(Reply::answer);
    if let Some(reply) = reply {
        ticket.question().answer(reply).unwrap();
    }
    answer
}

#[test]
fn the_line_that_asks_says_whom_it_is_about_and_each_word_is_its_answer() {
    for (word, answer) in [
        ("r\n", Answer::Reject),
        ("no\n", Answer::Reject),
        ("o\n", Answer::Once),
        (" Once \n", Answer::Once),
        ("s\n", Answer::Session),
        ("a\n", Answer::Always),
        ("ALWAYS\n", Answer::Always),
        ("\x04", Answer::Reject),
    ] {
        let mut desk = Desk::new();
        let name = desk.name.clone();
        let around = Arc::new(Around { session: true.into(), ..Around::default() });
        let asking = thread::spawn(move || ask(&name, "node7.example", &around));
        let line = "\nnode7.example:16514: [r]eject, allow [o]nce, allow for this [s]ession, \
                    allow [a]lways? ";
        desk.until(line);
        desk.type_in(word);
        assert_eq!(asking.join().unwrap(), Some(answer), "{word:?}");
    }
}

#[test]
fn a_program_without_a_session_is_offered_none_and_its_word_is_no_answer() {
    let mut desk = Desk::new();
    let name = desk.name.clone();
    let asking = thread::spawn(move || ask(&name, "h.example", &Arc::default()));
    let line = "h.example:16514: [r]eject, allow [o]nce, allow [a]lways? ";
    for attempt in 1..=ATTEMPTS {
        desk.times(line, attempt);
        desk.type_in("s\n");
    }
    assert_eq!(asking.join().unwrap(), Some(Answer::Reject));
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let mut desk = Desk::new();
    desk.type_in("a\n");
    let name = desk.name.clone();
    let asking = thread::spawn(move || ask(&name, "h.example", &Arc::default()));
    desk.until("? ");
    desk.type_in("o\n");
    assert_eq!(asking.join().unwrap(), Some(Answer::Once));
}

#[test]
fn one_question_at_a_time_is_on_a_terminal_and_gets_its_own_answer() {
    let mut desk = Desk::new();
    let names = ["first.example", "second.example"];
    let asking = names.map(|host| {
        let name = desk.name.clone();
        thread::spawn(move || ask(&name, host, &Arc::default()))
    });
    let seen = desk.until("? ").to_owned();
    let is_first = seen.contains("first.example");
    assert_ne!(is_first, seen.contains("second.example"), "{seen}");
    desk.seen.clear();
    desk.type_in("a\n");
    let seen = desk.until("? ").to_owned();
    assert_eq!(is_first, seen.contains("second.example"), "{seen}");
    desk.type_in("o\n");
    let mut answers = asking.map(|one| one.join().unwrap());
    if !is_first {
        answers.reverse();
    }
    assert_eq!(answers, [Some(Answer::Always), Some(Answer::Once)]);
}

#[test]
fn a_turn_lasts_until_an_answer_that_lasts_is_stored() {
    for (word, answer, is_held) in [
        ("a\n", Answer::Always, true),
        ("o\n", Answer::Once, false),
        ("r\n", Answer::Reject, false),
    ] {
        let mut desk = Desk::new();
        let ticket = question("h.example", &Arc::default());
        let (name, asked) = (desk.name.clone(), Arc::clone(ticket.question()));
        let asking =
            thread::spawn(move || answer_on(&Screen::at(&*name).unwrap(), turns(&name), &asked));
        desk.until("? ");
        desk.type_in(word);
        assert_eq!(asking.join().unwrap(), Some(answer));
        let is_free = || turns(&desk.name).try_take() == Ok(true);
        ticket.question().answer(answer).unwrap();
        assert_eq!(is_free(), !is_held, "{answer:?} was given");
        ticket.question().settle(Duration::ZERO).unwrap();
        assert!(is_free(), "{answer:?} is stored");
    }
}

#[test]
fn a_question_whose_turn_comes_when_it_is_settled_elsewhere_is_not_shown() {
    let desk = Desk::new();
    let around = Arc::new(Around { stands_no_more: true.into(), ..Around::default() });
    let ticket = question("h.example", &around);
    let screen = Screen::at(&*desk.name).unwrap();
    assert_eq!(answer_on(&screen, turns(&desk.name), ticket.question()), None);
    assert!(ticket.question().is_withdrawn() && ticket.question().answered().is_none());
    // Nothing was shown: the first bytes are those that are written now.
    screen.say("nothing", &|| Ok(())).unwrap();
    let mut desk = desk;
    assert_eq!(desk.until("nothing"), "nothing");
}

#[test]
fn an_abort_of_the_connection_that_asks_means_no_and_the_end_of_its_time_means_nothing() {
    for (patience, expected) in [(Patience::Aborted, Some(Answer::Reject)), (Patience::Ended, None)]
    {
        // On the screen, and while another question is there.
        for is_waiting in [false, true] {
            let mut desk = Desk::new();
            let other = turns(&desk.name);
            let screen = Screen::at(&*desk.name).unwrap();
            let turn = is_waiting.then(|| other.take(&screen, &|| Ok(())).unwrap());
            let around = Arc::new(Around::default());
            let (name, theirs) = (desk.name.clone(), Arc::clone(&around));
            let asking = thread::spawn(move || ask(&name, "h.example", &theirs));
            if !is_waiting {
                desk.until("? ");
            }
            *around.patience.lock() = Some(patience);
            assert_eq!(asking.join().unwrap(), expected, "{patience:?} {is_waiting}");
            drop(turn);
        }
    }
}

#[test]
fn an_answer_that_is_given_elsewhere_ends_the_question() {
    let mut desk = Desk::new();
    let ticket = question("h.example", &Arc::default());
    let (name, asked) = (desk.name.clone(), Arc::clone(ticket.question()));
    let asking =
        thread::spawn(move || answer_on(&Screen::at(&*name).unwrap(), turns(&name), &asked));
    desk.until("? ");
    ticket.question().answer(Answer::Once).unwrap();
    assert_eq!(asking.join().unwrap(), None);
}

#[test]
fn on_a_terminal_that_cannot_be_locked_threads_take_turns_and_the_user_is_told() {
    let mut desk = Desk::new();
    let asking = ["a.example", "b.example"].map(|host| {
        let name = desk.name.clone();
        thread::spawn(move || {
            let ticket = question(host, &Arc::default());
            let turns = Turns::Process("This terminal cannot be locked.".to_owned());
            answer_on(&Screen::at(&*name).unwrap(), turns, ticket.question())
        })
    });
    for _ in 0..2 {
        let seen = desk.until("? ");
        assert!(seen.contains("This terminal cannot be locked."), "{seen}");
        assert_ne!(seen.contains("a.example"), seen.contains("b.example"), "{seen}");
        desk.seen.clear();
        desk.type_in("o\n");
    }
    assert_eq!(asking.map(|one| one.join().unwrap()), [Some(Answer::Once); 2]);
}

#[test]
fn a_terminal_is_locked_by_the_one_name_that_all_programs_have_for_it() {
    let desk = Desk::new();
    let screen = Screen::at(&*desk.name).unwrap();
    // Where this test has a controlling terminal, that is what is locked.
    assert!(turn::path_of(&screen).is_some());
    let number = rustix::fs::stat(&*desk.name).unwrap().st_rdev;
    let path = turn::names(number).into_iter().next().unwrap();
    assert_eq!(path.as_os_str().as_encoded_bytes(), desk.name.as_bytes());
}

#[test]
fn a_rejection_says_how_the_question_on_the_terminal_ended() {
    let said = |end: &dyn Fn(&mut Desk)| {
        let mut desk = Desk::new();
        let name = desk.name.clone();
        let asking = thread::spawn(move || {
            let ticket = question("a.example", &Arc::default());
            let question = ticket.question();
            let reply = ask_on(&Screen::at(&*name).unwrap(), turns(&name), question).unwrap();
            question.answer(reply).unwrap();
            question.rejection().message().to_owned()
        });
        desk.until("? ");
        end(&mut desk);
        asking.join().unwrap()
    };
    let types = |words: &'static str| move |desk: &mut Desk| desk.type_in(words);
    for (words, end) in [
        ("by the user, on the terminal", &types("no\n") as &dyn Fn(&mut Desk)),
        ("because the input on the terminal ended (Ctrl-D)", &types("\x04")),
        ("because nobody gave an answer on the terminal", &types("what\nis\nthis\n")),
    ] {
        assert_eq!(said(end), format!("a.example:16514 was rejected {words}"));
    }
}

#[test]
fn who_is_asked_after_the_terminal_is_told_as_the_one_who_rejects() {
    let ticket = question("a.example", &Arc::default());
    let question = ticket.question();
    let nobody = Reply::no_because("because there is no terminal", &CallCause::NoAnswer);
    question.remark(&nobody);
    let reply = Reply::from(Answer::Reject).or_by(|| question.by("the application's validator"));
    question.answer(reply).unwrap();
    let error = question.rejection();
    assert_eq!(
        error.message(),
        "a.example:16514 was rejected by the application's validator; tlsconn_ask_terminal() had rejected it because there is no terminal"
    );
    assert_eq!(error.hint(), "");
}
