//! The plain form of a block, in which nearly all PEM is written: lines of 64 characters, a
//! shorter last one, nothing else.
//!
//! What is written otherwise in any way is left to the reader of all forms, which says what is
//! wrong with it. Never for secrets: the time taken depends on what is decoded, and nothing is
//! wiped.

use base64::Engine;
use memchr::memchr;

use crate::material::public_base64::{LINE, decoder};

/// For how many characters room is made at once: most certificates fit.
const FIRST_ROOM: usize = 4096;

/// What a text in the plain form begins with.
pub(super) struct Body {
    pub(super) der: Vec<u8>,
    /// How many bytes of the text it takes.
    pub(super) length: usize,
    /// How many lines it has.
    pub(super) lines: usize,
}

/// The body at the start of `text`, which begins behind a BEGIN line. `None`: it is not in the
/// plain form. Whether an END follows is not looked at.
pub(super) fn body(text: &[u8]) -> Option<Body> {
    let line_end: &[u8] = match text.get(LINE..LINE.saturating_add(2))? {
        [b'\n', _] => b"\n",
        b"\r\n" => b"\r\n",
        _ => return None,
    };
    let longest = LINE.saturating_add(line_end.len());
    let mut digits = Vec::with_capacity(FIRST_ROOM);
    let (mut length, mut lines) = (0_usize, 0_usize);
    loop {
        let rest = text.get(length..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with(b"-") {
            break;
        }
        let end = memchr(b'\n', rest.get(..longest.min(rest.len()))?)?.saturating_add(1);
        let line = rest.get(..end)?.strip_suffix(line_end).filter(|line| !line.is_empty())?;
        digits.extend_from_slice(line);
        length = length.saturating_add(end);
        lines = lines.saturating_add(1);
        if line.len() < LINE {
            break;
        }
    }
    Some(Body { der: decoder().decode(&digits).ok()?, length, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that a full line holds.
    const LINE_BYTES: usize = 48;

    #[test]
    fn room_is_made_for_the_block_and_not_for_the_text_behind_it() {
        let line = format!("{}\n", "A".repeat(LINE));
        let end = "MDE=\n-----END CERTIFICATE-----\n";
        // The line ends behind the block stand where those of its own lines would.
        let padding = format!("{}\n", "x".repeat(LINE - end.len()));
        let text = [&line, end, &padding, &line.repeat(10_000)].concat();
        let body = body(text.as_bytes()).unwrap();
        assert_eq!((body.der.len(), body.lines), (LINE_BYTES + 2, 2));
        assert!(body.der.capacity() < 2 * LINE_BYTES, "{}", body.der.capacity());
    }

    #[test]
    fn a_long_body_is_read_to_its_end() {
        let line = format!("{}\n", "A".repeat(LINE));
        let text = [&line.repeat(1000), "-----END CERTIFICATE-----\n"].concat();
        let body = body(text.as_bytes()).unwrap();
        assert_eq!((body.der.len(), body.lines), (1000 * LINE_BYTES, 1000));
    }
}
