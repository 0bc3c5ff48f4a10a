use super::*;
use crate::error::{Calm, Topic};
use crate::host::{Endpoint, Host, Role};
use crate::known::testing::known;
use crate::material::testing::certificate;
use crate::trust::testing::asked;

const P: Problems = Problems::UNKNOWN_ISSUER;

fn untrusted(certificate: &Certificate) -> Asked {
    asked(Situation::Untrusted, P, certificate.clone())
}

#[test]
fn only_a_question_about_the_very_same_is_the_same() {
    let shown = certificate(&["h"]);
    let one = untrusted(&shown);
    let host = Host::parse("other").unwrap();
    let aside = Asked { why: vec![Calm::name("in other words")], lasting: true, ..one.clone() };
    assert!(one.is_same(&one.clone()) && one.is_same(&aside));
    for other in [
        Asked { role: Role::Client, ..one.clone() },
        Asked { endpoint: Some(Endpoint { host, port: 1 }), ..one.clone() },
        Asked {
            endpoint: one.endpoint.clone().map(|one| Endpoint { port: 2, ..one }),
            ..one.clone()
        },
        Asked { identity: Some("alice".to_owned()), ..one.clone() },
        Asked { situation: Situation::Changed, ..one.clone() },
        Asked { problems: P | Problems::EXPIRED, ..one.clone() },
        Asked { judged: vec![[1; 32]], ..one.clone() },
        untrusted(&certificate(&["h"])),
    ] {
        assert!(!one.is_same(&other), "{other:?}");
    }
}

#[test]
fn an_answer_accepts_what_it_showed_and_what_was_accepted_before() {
    let shown = certificate(&["h"]);
    let expired = Problems::EXPIRED;
    let mut before = known("h:1", shown.clone());
    before.accepted = Problems::NO_SAN;
    let previous = Some(Arc::new(before));
    for (situation, expected) in [
        (Situation::NewProblem, expired | Problems::NO_SAN),
        (Situation::Changed, expired),
        (Situation::Untrusted, expired),
    ] {
        let one = Asked { previous: previous.clone(), ..asked(situation, expired, shown.clone()) };
        assert_eq!(accepted_by(&one), expected, "{situation:?}");
    }
    let severe = asked(Situation::NewProblem, expired | Problems::REVOKED, shown);
    assert_eq!(accepted_by(&severe), expired);
}

struct NoStore;

impl Record for NoStore {
    fn has_store(&self, _role: Role) -> bool {
        false
    }

    fn record(&self, _: &Asked, lasting: bool, _: Duration) -> Result<(), Error> {
        assert!(!lasting, "there is no store");
        Ok(())
    }

    fn still_asks(&self, _: &Asked) -> bool {
        true
    }

    fn has_a_session(&self, _: Role) -> bool {
        true
    }
}

struct Patient;

impl Waiter for Patient {
    fn wake(&self) {}

    fn patience(&self) -> Patience {
        Patience::Lasts
    }
}

fn join(questions: &Questions, asked: &Asked, generation: u64) -> Ticket {
    let record: Arc<dyn Record> = Arc::new(NoStore);
    questions.join(asked.clone(), generation, &record, Arc::new(Patient)).unwrap()
}

#[test]
fn a_question_is_shared_by_who_asks_the_same_of_the_same_beliefs() {
    let questions = Questions::default();
    let one = untrusted(&certificate(&["h"]));
    let ticket = join(&questions, &one, 1);
    for (asked, generation, expected) in
        [(one.clone(), 1, true), (one, 2, false), (untrusted(&certificate(&["h"])), 1, false)]
    {
        let other = join(&questions, &asked, generation);
        assert_eq!(Arc::ptr_eq(ticket.question(), other.question()), expected);
    }
}

#[test]
fn only_an_allowing_answer_is_a_grant_and_the_first_one_wins() {
    let questions = Questions::default();
    for (answer, expected) in [(Answer::Reject, false), (Answer::Once, true)] {
        let ticket = join(&questions, &untrusted(&certificate(&["h"])), 1);
        let question = ticket.question();
        assert!(question.grant().is_none());
        question.answer(answer).unwrap();
        assert_eq!(question.grant().is_some(), expected);
        assert_eq!(question.answer(Answer::Session).unwrap_err().kind(), Kind::Stale);
        assert_eq!(question.answered(), Some(answer));
    }
}

#[test]
fn no_more_clients_are_asked_about_than_anybody_answers() {
    let questions = Questions::default();
    let about = |role| {
        let one = asked(Situation::Client, Problems::NONE, certificate(&["h"]));
        Asked { role, endpoint: None, identity: Some("alice".to_owned()), ..one }
    };
    let open: Vec<_> =
        (0..MOST_ABOUT_CLIENTS).map(|_| join(&questions, &about(Role::Client), 1)).collect();
    let record: Arc<dyn Record> = Arc::new(NoStore);
    let one_more = |role| questions.join(about(role), 1, &record, Arc::new(Patient));
    let error = one_more(Role::Client).unwrap_err();
    assert_eq!(error.kind(), Kind::NoMemory);
    assert!(error.message().contains("the client alice"), "{error}");
    assert!(one_more(Role::Server).is_ok());
    open[0].question().answer(Answer::Reject).unwrap();
    assert!(one_more(Role::Client).is_ok());
}

#[test]
fn a_rejection_by_nobody_says_what_to_do_and_one_by_the_user_says_no_more() {
    let one = asked(Situation::New, Problems::NONE, certificate(&["h"]));
    let questions = Questions::default();
    for (cause, hint) in [
        (CallCause::NoTerminal(Topic::NewServer), "TLSCONN_OPT_ON_NEW"),
        (CallCause::LostValidator, "must return an answer"),
        (CallCause::NoAnswer, "type one of the words"),
    ] {
        let ticket = join(&questions, &one, 1);
        ticket.question().answer(Reply::no_because("because of that", &cause)).unwrap();
        // The first answer counts.
        let late = Reply::by(Answer::Reject, "by somebody else");
        assert_eq!(ticket.question().answer(late).unwrap_err().kind(), Kind::Stale);
        let error = ticket.question().rejection();
        assert!(error.message().ends_with("was rejected because of that"), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
    let ticket = join(&questions, &one, 2);
    ticket.question().answer(Reply::by(Answer::Reject, "by the user")).unwrap();
    assert_eq!(ticket.question().rejection().hint(), "");
}
