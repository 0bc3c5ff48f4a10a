//! Lines of a text for people, none longer than a terminal is wide.
//!
//! A terminal would go on with a long line at its left edge, and whoever made the text could have
//! a sentence of its own stand there. Here the rest of a line stands further right than any line
//! of ours begins, behind a bar that no line of ours has.

/// The columns of a line. One column of the usual 80 stays free: some terminals wrap a full line.
const COLUMNS: usize = 79;

/// What each further line begins with, at the end of its indent.
const BAR: &str = "| ";

/// `first` and then `text`, which goes on behind a bar in lines that are indented by `indent`
/// columns, the bar included. `text` is one line, and `first` is shorter than a line.
#[must_use]
pub(crate) fn hung(first: &str, indent: usize, text: &str) -> String {
    let mut out = first.to_owned();
    let mut column = width(first);
    let mut is_begin = true;
    for word in text.split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        let room = COLUMNS.saturating_sub(indent);
        if !is_begin && column.saturating_add(bare) > COLUMNS && bare <= room {
            go_on(&mut out, indent);
            column = indent;
        }
        for c in word.chars() {
            let width = width_of(c);
            if column.saturating_add(width) > COLUMNS && c != ' ' {
                go_on(&mut out, indent);
                column = indent;
            }
            if column < COLUMNS || c != ' ' {
                out.push(c);
            }
            column = column.saturating_add(width);
        }
        is_begin = false;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// A fingerprint, pairs of digits with colons between them, in lines of at most 16 bytes: the
/// colon at the end of a line shows that it goes on.
#[must_use]
pub(crate) fn fingerprint_lines(first: &str, indent: usize, fingerprint: &str) -> String {
    const LINE: usize = 16 * 3;
    let mut out = first.to_owned();
    let mut rest = fingerprint;
    while let Some((line, more)) = rest.split_at_checked(LINE).filter(|(_, more)| !more.is_empty())
    {
        out.push_str(line);
        begin_line(&mut out, indent);
        rest = more;
    }
    out + rest
}

fn go_on(out: &mut String, indent: usize) {
    begin_line(out, indent.saturating_sub(BAR.len()));
    out.push_str(BAR);
}

fn begin_line(out: &mut String, indent: usize) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The columns of a character at most: those of East Asia take two.
const fn width_of(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_stays_one() {
        assert_eq!(hung("Subject:  ", 10, "CN=a b"), "Subject:  CN=a b");
        assert_eq!(hung("", 4, ""), "");
    }

    #[test]
    fn a_long_line_goes_on_below_its_text() {
        let text = "word ".repeat(20);
        let lines = hung("  ! ", 4, text.trim_end());
        let expected = format!("  ! {}\n  | {}", ["word"; 15].join(" "), ["word"; 5].join(" "));
        assert_eq!(lines, expected);
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_or_begins_at_its_edge() {
        for text in
            ["x".repeat(500), "x ".repeat(300), "東".repeat(200), format!("{} y", "x".repeat(68))]
        {
            for (first, indent) in [("Subject:  ", 10), ("", 4), ("  ! ", 4)] {
                let shown = hung(first, indent, &text);
                for (number, line) in shown.lines().enumerate() {
                    assert!(width(line) <= COLUMNS, "{line}");
                    let bar = format!("{:>indent$}", "| ");
                    assert!(number == 0 || line.starts_with(&bar), "{line}");
                }
                let words = |text: &str| text.replace([' ', '\n', '|'], "");
                assert_eq!(words(&shown), words(&format!("{first}{text}")));
            }
        }
    }

    #[test]
    fn a_fingerprint_breaks_between_bytes() {
        let sha256 = ["ab"; 32].join(":");
        let lines = fingerprint_lines("SHA-256:  ", 10, &sha256);
        let half = ["ab"; 16].join(":");
        assert_eq!(lines, format!("SHA-256:  {half}:\n          {half}"));
        assert_eq!(lines.split_whitespace().skip(1).collect::<String>(), sha256);
        assert_eq!(fingerprint_lines("", 2, &half), half);
    }
}
