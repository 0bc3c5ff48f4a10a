//! A question on the controlling terminal of the process.
//!
//! It is asked on /dev/tty and never on the standard streams, which may carry data or be
//! redirected. Without a terminal, at the end of the input, and after three invalid answers, the
//! answer is no. What was typed before the question was shown is discarded. A lock keeps questions
//! of several threads apart; it is held while one is asked.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use parking_lot::Mutex;
use rustix::termios::{QueueSelector, tcflush};

use crate::material::Style;
use crate::trust::{Answer, Question};

/// How many times the user may type an answer.
const ATTEMPTS: usize = 3;

static TERMINAL: Mutex<()> = Mutex::new(());

/// Asks on the terminal of the process; one question at a time.
#[must_use]
pub fn ask_terminal(question: &Question) -> Answer {
    let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        question.explain("because there is no terminal to ask on (/dev/tty)");
        return Answer::Reject;
    };
    // Two questions at once would take each other's answers.
    let _alone = TERMINAL.lock();
    ask(question, &terminal).unwrap_or(Answer::Reject)
}

fn ask(question: &Question, terminal: &File) -> std::io::Result<Answer> {
    let choices = choices(question);
    let prompt: Vec<_> = choices.iter().map(|choice| choice.prompt).collect();
    let mut out = terminal;
    write!(out, "\n{}\n\n", question.text(Style::Summary))?;
    // What was typed before the question was shown was meant for something else.
    tcflush(terminal, QueueSelector::IFlush)?;
    let mut lines = BufReader::new(terminal);
    for _ in 0..ATTEMPTS {
        write!(out, "{}? ", prompt.join(", "))?;
        out.flush()?;
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            break;
        }
        let word = line.trim().to_lowercase();
        if let Some(choice) = choices.iter().find(|choice| choice.words.contains(&word.as_str())) {
            question.explain("by the user, on the terminal");
            return Ok(choice.answer);
        }
    }
    question.explain("because nobody gave an answer on the terminal");
    Ok(Answer::Reject)
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
    .map(|(answer, prompt, words)| Choice { answer, prompt, words })
    .collect()
}
