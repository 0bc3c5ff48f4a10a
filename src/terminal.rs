//! A question on the controlling terminal of the process.
//!
//! It is asked on /dev/tty and never on the standard streams, which may carry data or be
//! redirected. Without a terminal, at the end of the input, and after three invalid answers, the
//! answer is no; also if a signal handler ran meanwhile, such as for Ctrl-C, and if the connection
//! that asks was aborted. One question at a time is on a terminal: see [`turn`]. While one waits, a
//! few looks a second tell whether anybody still wants the answer.

mod screen;
mod turn;

use crate::error::{CallCause, Topic, escaped};
use crate::host::Role;
use crate::material::Style;
use crate::trust::{Answer, Question, Reply, Situation, Wanted};

use screen::{End, Screen};
use turn::{Turn, Turns};

/// How many times the user may type an answer.
const ATTEMPTS: usize = 3;

/// Asks on the terminal of the process. `None`: there is no answer, and nobody waits for one: it
/// was given elsewhere, the peer is judged anew, or the time is over.
#[must_use]
pub fn ask_terminal(question: &Question) -> Option<Reply> {
    let Ok(screen) = Screen::of_process() else {
        let why = CallCause::NoTerminal(topic(question));
        return Some(Reply::no_because("because there is no terminal to ask on (/dev/tty)", &why));
    };
    ask_on(&screen, Turns::at(&screen), question)
}

fn ask_on(screen: &Screen, turns: Turns, question: &Question) -> Option<Reply> {
    let why = match conversation(screen, turns, question) {
        Ok(answer) => return Some(Reply::by(answer, "by the user, on the terminal")),
        Err(End::Moot) => return None,
        Err(End::Left) => return Some(Reply::by(Answer::Reject, "by the user, with Ctrl-C")),
        Err(End::NoAnswer) => "because nobody gave an answer on the terminal",
        Err(End::Closed) => "because the input on the terminal ended (Ctrl-D)",
        Err(End::Gone) => "because the terminal that it was asked on is gone",
        Err(End::Signal) => "because a signal, such as that of Ctrl-C, ended the question",
        Err(End::Aborted) => "because the connection was aborted",
    };
    Some(Reply::no_because(why, &CallCause::NoAnswer))
}

fn conversation(screen: &Screen, turns: Turns, question: &Question) -> Result<Answer, End> {
    let wanted = || is_wanted(question);
    let turn: Turn = turns.take(screen, &wanted)?;
    // Another program may have stored the answer while this one waited.
    if !question.still_stands() {
        question.withdraw();
        return Err(End::Moot);
    }
    if let Some(why) = turn.warning() {
        screen.say(&format!("\n{why}\n"), &wanted)?;
    }
    screen.say(&format!("\n{}\n\n", question.text(Style::Summary)), &wanted)?;
    // What was typed before the question was shown was meant for something else.
    screen.forget_input();
    let choices = choices(question);
    for _ in 0..ATTEMPTS {
        screen.say(&line(question, &choices), &wanted)?;
        let line = screen.hear(&wanted).inspect_err(|_| {
            // What comes next on the terminal has a line of its own.
            let _ = screen.say("\n", &|| Err(End::Gone));
        })?;
        let word = line.trim().to_lowercase();
        if let Some(choice) = choices.iter().find(|choice| choice.words.contains(&word.as_str())) {
            // Whoever asks next must find the answer stored, which is when the handshake is complete.
            question.hold(Box::new(turn));
            return Ok(choice.answer);
        }
    }
    Err(End::NoAnswer)
}

/// What a question is about that nobody saw.
fn topic(question: &Question) -> Topic {
    let asked = question.asked();
    match (asked.role, asked.situation) {
        (Role::Client, _) => Topic::Client,
        (Role::Server, Situation::New) => Topic::NewServer,
        (Role::Server, _) => Topic::Server,
    }
}

/// Whether the answer is still wanted.
fn is_wanted(question: &Question) -> Result<(), End> {
    match question.wanted() {
        Wanted::Still => Ok(()),
        Wanted::Aborted => Err(End::Aborted),
        Wanted::NoMore => Err(End::Moot),
    }
}

/// The line that asks for the answer. It names whom it is about, for the question above may have
/// scrolled away.
fn line(question: &Question, choices: &[Choice]) -> String {
    let prompts: Vec<_> = choices.iter().map(|choice| choice.prompt).collect();
    format!("{}: {}? ", escaped(&question.asked().whom()), prompts.join(", "))
}

/// An answer that can be offered: how the prompt shows it, and the words for it.
struct Choice {
    answer: Answer,
    prompt: &'static str,
    words: &'static [&'static str],
}

fn choices(question: &Question) -> Vec<Choice> {
    [
        (Answer::Reject, "[r]eject", &["r", "reject", "n", "no"][..]),
        (Answer::Once, "allow [o]nce", &["o", "once"]),
        (Answer::Session, "allow for this [s]ession", &["s", "session"]),
        (Answer::Always, "allow [a]lways", &["a", "always"]),
    ]
    .into_iter()
    .filter(|(answer, ..)| question.allows(*answer))
    .filter(|(answer, ..)| *answer != Answer::Session || question.has_a_session())
    .map(|(answer, prompt, words)| Choice { answer, prompt, words })
    .collect()
}

#[cfg(test)]
mod tests;
