//! A question on the terminal that the process belongs to.
//!
//! It is asked on /dev/tty and never on the standard streams, which may carry data or lead
//! into a file. Without a terminal, at the end of the input, and after three words that are no
//! answer, the answer is no. What was typed before the question was shown does not count.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use rustix::termios::{QueueSelector, tcflush};

use crate::material::Style;
use crate::trust::{Answer, Question};

/// How often a word that is no answer is asked about again.
const ATTEMPTS: usize = 3;

/// Asks on the terminal of the process.
#[must_use]
pub fn ask_terminal(question: &Question) -> Answer {
    let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Answer::Reject;
    };
    // A terminal that cannot be flushed may hold an answer to something else.
    if tcflush(&terminal, QueueSelector::IFlush).is_err() {
        return Answer::Reject;
    }
    ask(question, &terminal).unwrap_or(Answer::Reject)
}

fn ask(question: &Question, mut terminal: &File) -> std::io::Result<Answer> {
    let choices = choices(question);
    let names: Vec<_> = choices.iter().map(|(_, name, _)| *name).collect();
    write!(terminal, "\n{}\n\n", question.text(Style::Summary))?;
    let mut lines = BufReader::new(terminal);
    for _ in 0..ATTEMPTS {
        write!(&mut { terminal }, "{}? ", names.join(", "))?;
        (&mut { terminal }).flush()?;
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            break;
        }
        let word = line.trim().to_lowercase();
        let meant =
            choices.iter().find(|(letter, _, word_for)| word == *letter || word == *word_for);
        if let Some((letter, ..)) = meant {
            return Ok(meaning(letter));
        }
    }
    Ok(Answer::Reject)
}

/// The letter, the words of the prompt and the whole word of each answer that can be offered.
fn choices(question: &Question) -> Vec<(&'static str, &'static str, &'static str)> {
    [
        (Answer::Reject, ("r", "[r]eject", "reject")),
        (Answer::Once, ("o", "allow [o]nce", "once")),
        (Answer::Session, ("s", "allow for this [s]ession", "session")),
        (Answer::Always, ("a", "allow [a]lways", "always")),
    ]
    .into_iter()
    .filter(|(answer, _)| question.allows(*answer))
    .map(|(_, choice)| choice)
    .collect()
}

fn meaning(letter: &str) -> Answer {
    match letter {
        "o" => Answer::Once,
        "s" => Answer::Session,
        "a" => Answer::Always,
        _ => Answer::Reject,
    }
}
