//! The words for a line that is nearly PEM, and what to do about it.
//!
//! What cannot be seen is named by its code point: an editor shows the line as it should be.

use crate::error::{FileName, MaterialCause, Secret};

/// The shortest line that is taken for base64 of another kind; a shorter one may be anything.
const SHORTEST: usize = 16;

/// What is wrong, and what follows from it.
type Words = (String, MaterialCause);

/// Of a line that was meant as the begin or the end of a block, in a text that `source` names.
pub(super) fn boundary(words: &[u8], source: &str) -> Words {
    if let Some(name) = character(words) {
        let why = format!("this line begins or ends a PEM block, but contains {name}");
        let is_letter =
            String::from_utf8_lossy(words).chars().any(|c| !c.is_ascii() && c.is_alphabetic());
        let cause = if is_letter { MaterialCause::OddLetter } else { MaterialCause::OddBoundary };
        return (why, cause);
    }
    let place = |part: &[u8]| words.windows(part.len()).position(|window| window == part);
    if place(b"\\n").is_some() {
        let why = "the line ends of this PEM text are written as \\n".to_owned();
        let secret = Secret::of(place(b"PRIVATE KEY").is_some());
        return (why, MaterialCause::EscapedLines(FileName::of_source(source), secret));
    }
    match (place(b"-----END "), place(b"-----BEGIN ")) {
        (Some(end), Some(begin)) if end < begin => {
            let why = "a block ends and the next one begins on the same line".to_owned();
            return (why, MaterialCause::JoinedBlocks);
        }
        (Some(_), Some(_)) => {
            let why = "this line contains a whole PEM block".to_owned();
            return (why, MaterialCause::OneLine);
        }
        _ => {}
    }
    ("this line is a malformed BEGIN or END line".to_owned(), MaterialCause::Boundary)
}

/// Of a line that is not base64, inside a block with this label.
pub(super) fn inside(words: &[u8], label: &str, source: &str) -> Words {
    if let Some(name) = character(words) {
        let why = format!("this line of the block contains {name}, which is not base64");
        return (why, MaterialCause::OddCharacter);
    }
    let is_of =
        |more: &'static [u8]| move |byte: &u8| byte.is_ascii_alphanumeric() || more.contains(byte);
    if words.len() >= SHORTEST && words.iter().all(is_of(b"-_=")) {
        let why = "this line of the block is base64 of the kind for URLs, with - and _".to_owned();
        let secret = Secret::of(label.ends_with("PRIVATE KEY"));
        return (why, MaterialCause::UrlBase64(FileName::of_source(source), secret));
    }
    let is_text = words.contains(&b' ') || words.starts_with(b"#");
    if is_text {
        let why = "this line of the block is text, not base64".to_owned();
        return (why, MaterialCause::TextInside);
    }
    ("this line of the block is not base64".to_owned(), MaterialCause::NotBase64)
}

/// The first thing in a line that is neither printable ASCII nor a blank.
fn character(words: &[u8]) -> Option<String> {
    let plain = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    let rest = words.get(words.iter().position(|byte| !plain(byte))?..)?;
    let start = rest.get(..rest.len().min(4)).unwrap_or(rest);
    let whole = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?,
    };
    let Some(first) = whole.chars().next() else {
        return Some(format!("the byte 0x{:02X}", start.first()?));
    };
    let name = match first {
        '\u{a0}' => " (no-break space)",
        '\u{ad}' => " (soft hyphen)",
        '\u{200b}' => " (zero width space)",
        '\u{200c}' => " (zero width non-joiner)",
        '\u{200d}' => " (zero width joiner)",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            " (a control of the writing direction)"
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => " (a typographic dash)",
        '\u{2060}' => " (word joiner)",
        '\u{feff}' => " (byte order mark)",
        _ => "",
    };
    Some(format!("U+{:04X}{name}", u32::from(first)))
}
