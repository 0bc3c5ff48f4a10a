//! Untrusted text, made safe to show.

use std::fmt::Write;

/// `text` with every control character, line break, and invisible or bidirectional control
/// character of Unicode written as `\xNN` or `\u{NNNN}`.
///
/// The result is one line that shows all that it contains: it cannot move the cursor, forge a
/// second line, hide a part of itself or reorder the words around it (Unicode TR 36).
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out
}

fn push_escaped(out: &mut String, c: char) {
    let code = u32::from(c);
    if code < 0x20 || (0x7f..0xa0).contains(&code) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{code:02x}");
    } else if is_deceptive(code) {
        let _ = write!(out, "\\u{{{code:x}}}");
    } else {
        out.push(c);
    }
}

/// Characters that are invisible, or change how their neighbours are shown.
const fn is_deceptive(code: u32) -> bool {
    matches!(
        code,
        0xad
            | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sequence_is_shown_and_not_obeyed() {
        assert_eq!(escaped("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
    }

    #[test]
    fn a_direction_override_is_shown_and_not_obeyed() {
        assert_eq!(escaped("\u{202e}moc"), "\\u{202e}moc");
        assert_eq!(escaped("a\u{200b}b"), "a\\u{200b}b");
    }

    #[test]
    fn honest_letters_stay() {
        assert_eq!(escaped("Zürich 東京"), "Zürich 東京");
    }
}
