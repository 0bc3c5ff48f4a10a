//! PEM text as it comes, piece by piece, for lists that are too long to be held.
//!
//! What is read here is what every program writes, with any line ends, indentation, blank
//! lines and text around. Whatever is less plain is not an error but irregular: the reader of
//! whole texts looks at it again, and has the words for what is wrong.

use std::io::{ErrorKind, Read};

use base64::Engine;
use memchr::memchr2;
use zeroize::Zeroizing;

use super::stop::Stop;
use super::stream::Source;
use crate::material::public_base64::{Decoder, decoder};

/// How many bytes of text are held, and so how long a line may be.
const ROOM: usize = 1 << 16;
/// How many digits are decoded at a time.
const DIGITS: usize = 1 << 13;

pub(super) struct Text<'a> {
    input: &'a mut dyn Read,
    /// What was read; wiped, for there may be a key in the text too.
    buffer: Zeroizing<Vec<u8>>,
    /// Where in `buffer` the next line begins.
    at: usize,
    /// Up to where `buffer` is filled.
    filled: usize,
    ended: bool,
    line: usize,
}

/// The beginning of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    label: &'static str,
    /// Its line, counted from 1.
    pub(super) line: usize,
    /// Whether a revocation list follows.
    pub(super) is_list: bool,
}

/// What is known to stand behind BEGIN, and whether it is a list.
const LABELS: [(&str, bool); 5] = [
    ("X509 CRL", true),
    ("CRL", true),
    ("CERTIFICATE", false),
    ("X509 CERTIFICATE", false),
    ("X.509 CERTIFICATE", false),
];

impl<'a> Text<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        let buffer = Zeroizing::new(vec![0; ROOM]);
        Self { input, buffer, at: 0, filled: 0, ended: false, line: 0 }
    }

    /// The beginning of the next block. `None`: the text has ended.
    pub(super) fn next_block(&mut self) -> Result<Option<Begin>, Stop> {
        while let Some((start, end)) = self.next_line()? {
            let line = self.buffer.get(start..end).unwrap_or_default();
            let words = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
            let first = self.line == 1;
            if first
                && (line.starts_with(b"0")
                    || line.starts_with(b"\xff")
                    || line.starts_with(b"\xfe"))
            {
                return Err(Stop::Irregular);
            }
            if let Some((label, is_list)) = begun(words) {
                return Ok(Some(Begin { label, line: self.line, is_list }));
            }
            if line.contains(&0) || line.contains(&0xe2) || line.windows(2).any(|two| two == b"--")
            {
                return Err(Stop::Irregular);
            }
        }
        Ok(None)
    }

    /// What stands in the block that was begun.
    pub(super) fn body(&mut self, begin: Begin) -> Body<'_, 'a> {
        Body {
            text: self,
            label: begin.label,
            decoder: decoder(),
            digits: Vec::with_capacity(2 * DIGITS),
            ended: false,
            any: false,
        }
    }

    /// Where the next line stands in the buffer, without what ends it.
    fn next_line(&mut self) -> Result<Option<(usize, usize)>, Stop> {
        loop {
            let rest = self.buffer.get(self.at..self.filled).unwrap_or_default();
            match memchr2(b'\n', b'\r', rest) {
                // Whether a line feed follows is not known yet.
                Some(length)
                    if length.saturating_add(1) == rest.len()
                        && rest.ends_with(b"\r")
                        && !self.ended => {}
                Some(length) => {
                    let start = self.at;
                    let end = start.saturating_add(length);
                    let skipped = match rest.get(length..) {
                        Some([b'\r', b'\n', ..]) => 2,
                        _ => 1,
                    };
                    self.at = end.saturating_add(skipped);
                    self.line = self.line.saturating_add(1);
                    return Ok(Some((start, end)));
                }
                None if self.ended && rest.is_empty() => return Ok(None),
                None if self.ended => {
                    let start = self.at;
                    self.at = self.filled;
                    self.line = self.line.saturating_add(1);
                    return Ok(Some((start, self.filled)));
                }
                None => {}
            }
            self.read()?;
        }
    }

    /// Reads some more text behind what has not been looked at.
    fn read(&mut self) -> Result<(), Stop> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled = self.filled.saturating_sub(self.at);
        self.at = 0;
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(Stop::Irregular);
        }
        match self.input.read(room) {
            Ok(0) => self.ended = true,
            Ok(count) => self.filled = self.filled.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Whoever reads the whole text meets it again, and says what it is.
            Err(_) => return Err(Stop::Irregular),
        }
        Ok(())
    }
}

fn begun(words: &[u8]) -> Option<(&'static str, bool)> {
    let label = words.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    LABELS.iter().find(|(known, _)| known.as_bytes() == label).copied()
}

/// The inside of a block.
pub(super) struct Body<'t, 'a> {
    text: &'t mut Text<'a>,
    label: &'static str,
    decoder: Decoder,
    digits: Vec<u8>,
    ended: bool,
    any: bool,
}

impl Body<'_, '_> {
    /// Reads to the end of the block and drops what it holds.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        let mut bytes = Vec::new();
        while self.more(&mut bytes)? {
            bytes.clear();
        }
        Ok(())
    }

    fn is_end(&self, words: &[u8]) -> bool {
        let label = words.strip_prefix(b"-----END ").and_then(|rest| rest.strip_suffix(b"-----"));
        label == Some(self.label.as_bytes())
    }

    /// Decodes the digits but for the last four, which may be padded; at the end all.
    fn decode(&mut self, out: &mut Vec<u8>) -> Result<(), Stop> {
        let whole = match self.digits.len() {
            length if self.ended => length,
            length => (length.saturating_sub(1) / 4).saturating_mul(4),
        };
        let digits = self.digits.get(..whole).unwrap_or_default();
        let before = out.len();
        let room = (whole / 4).saturating_mul(3);
        out.resize(before.saturating_add(room), 0);
        let place = out.get_mut(before..).unwrap_or_default();
        let written = self.decoder.decode_slice(digits, place).map_err(|_| Stop::Irregular)?;
        if written != room && !self.ended {
            return Err(Stop::Irregular);
        }
        out.truncate(before.saturating_add(written));
        self.digits.drain(..whole);
        Ok(())
    }
}

impl Source for Body<'_, '_> {
    fn more(&mut self, window: &mut Vec<u8>) -> Result<bool, Stop> {
        if self.ended {
            return Ok(false);
        }
        while self.digits.len() < DIGITS {
            let Some((start, end)) = self.text.next_line()? else { return Err(Stop::Irregular) };
            let words = self.text.buffer.get(start..end).unwrap_or_default().trim_ascii();
            if words.first() == Some(&b'-') {
                if !self.is_end(words) || !self.any {
                    return Err(Stop::Irregular);
                }
                self.ended = true;
                break;
            }
            self.any |= !words.is_empty();
            self.digits.extend_from_slice(words);
        }
        let before = window.len();
        self.decode(window)?;
        Ok(window.len() > before)
    }
}
