//! PEM text to blocks (RFC 7468), each with the line it begins on.
//!
//! Lenient where nothing can get lost: a byte order mark, any line ends, indentation, blank
//! lines and text around the blocks are read past. Strict where something can: every line
//! that begins a block, or looks as if it should, is either read to its end or an error that
//! names it. What is decoded may be a key, so every buffer on the way is wiped.

mod lacking;
mod odd;
mod plain;

use std::ops::Range;

use pkcs8::der::pem::Base64Decoder;
use zeroize::Zeroizing;

use super::der::{INTEGER, OBJECT_IDENTIFIER, SEQUENCE};
use super::memory::room_to_read;
use super::what;
use crate::error::{Error, FileName, Kind, MaterialCause, Secret};
pub(super) use lacking::{lacks, not_wanted};

/// The labels of what is not a secret.
const PUBLIC: [&str; 5] =
    ["CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE", "X509 CRL", "CRL"];

/// How many header lines a block may have; the programs that write any write two.
const MAX_HEADERS: usize = 64;

/// One block of a PEM text.
#[derive(Clone)]
pub(crate) struct Block {
    /// What stands behind BEGIN, such as `CERTIFICATE`; older words for a thing are replaced
    /// by those of RFC 7468.
    pub label: String,
    /// The header lines of RFC 1421 above what is encoded, such as `Proc-Type: 4,ENCRYPTED`.
    pub headers: Vec<String>,
    /// What the block holds; wiped when dropped, for it may be a key.
    pub der: Zeroizing<Vec<u8>>,
    /// The line of its BEGIN, counted from 1.
    pub line: usize,
    /// The bytes of the text from the start of its BEGIN line (behind a byte order mark) to
    /// behind its END line, the line end included.
    pub span: Range<usize>,
}

/// Every block in `text`; `source` names the text in an error.
///
/// # Errors
///
/// [`Kind::Parse`], naming the line, where a block has no end, a second begin, the wrong end
/// or a broken boundary line, or does not decode; and where the text is DER, UTF-16 or holds
/// NUL bytes. [`Kind::NoMemory`] where there is no room for them. A text without any block is not
/// an error here.
pub(crate) fn blocks(text: &[u8], source: &str) -> Result<Vec<Block>, Error> {
    Blocks::of(text, source)?.collect()
}

/// The blocks of a text, one after another; what follows an error is meaningless.
pub(super) struct Blocks<'a> {
    lines: Lines<'a>,
    source: &'a str,
}

impl<'a> Blocks<'a> {
    /// Looks at the text as a whole: at whether it is any, and there is room for what it holds.
    ///
    /// # Errors
    ///
    /// As for [`blocks`].
    pub(super) fn of(text: &'a [u8], source: &'a str) -> Result<Self, Error> {
        refuse_binary(text, source)?;
        room_to_read(text.len(), source)?;
        Ok(Self { lines: Lines { text, at: 0, number: 0 }, source })
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let source = self.source;
        while let Some(line) = self.lines.next() {
            match Boundary::of(line.words) {
                Boundary::None => {}
                Boundary::Begin(label) if is_foreign(label) => {
                    if let Some(block) = read_foreign(&mut self.lines, &line, label) {
                        return Some(Ok(block));
                    }
                }
                Boundary::End(label) if is_foreign(label) => {}
                Boundary::Begin(label) => {
                    let plain = read_plain(&mut self.lines, &line, label);
                    let read = || read_block(&mut self.lines, &line, label, source);
                    return Some(plain.map_or_else(read, Ok));
                }
                Boundary::End(label) => {
                    let why = format!("END {label} without its BEGIN");
                    return Some(Err(bad(source, line.number, &why)));
                }
                Boundary::Broken => return Some(Err(broken(source, &line))),
            }
        }
        None
    }
}

impl Block {
    /// Whether the block is a private key of any kind.
    #[must_use]
    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({}, line {}, {:?})", self.label, self.line, self.span)
    }
}

/// One line of the text, whatever ends it.
struct Line<'a> {
    number: usize,
    span: Range<usize>,
    /// Without byte order mark, indentation and trailing blanks.
    words: &'a [u8],
}

/// The lines of a text from a place on: small, however many they are.
#[derive(Clone, Copy)]
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (content, line_end) =
            end.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, b""));
        let line_end = line_end.len().min(if line_end.starts_with(b"\r\n") { 2 } else { 1 });
        let words = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mark = content.len().saturating_sub(words.len());
        let start = self.at.saturating_add(mark);
        self.at = self.at.saturating_add(content.len()).saturating_add(line_end);
        self.number = self.number.saturating_add(1);
        Some(Line { number: self.number, span: start..self.at, words: words.trim_ascii() })
    }
}

impl Lines<'_> {
    /// The same lines, but none from the place `end` on.
    fn up_to(self, end: usize) -> Option<Self> {
        Some(Self { text: self.text.get(..end)?, ..self })
    }
}

enum Boundary<'a> {
    None,
    Begin(&'a str),
    End(&'a str),
    Broken,
}

impl<'a> Boundary<'a> {
    fn of(words: &'a [u8]) -> Self {
        if let Some(label) = label_between(words, b"-----BEGIN ") {
            Self::Begin(label)
        } else if let Some(label) = label_between(words, b"-----END ") {
            Self::End(label)
        } else if is_broken_boundary(words) {
            Self::Broken
        } else {
            Self::None
        }
    }
}

fn label_between<'a>(words: &'a [u8], before: &[u8]) -> Option<&'a str> {
    let label = words.strip_prefix(before)?.strip_suffix(b"-----")?;
    let label = std::str::from_utf8(label).ok()?;
    let fits = |c: char| c == ' ' || c.is_ascii_graphic();
    let edge = |c: char| c == ' ' || c == '-';
    let whole = !label.is_empty() && !label.starts_with(edge) && !label.ends_with(edge);
    let is_label = whole && label.chars().all(fits) && !label.contains("--");
    // Only foreign labels have small letters; another one was meant as ours.
    let is_as_written = || !label.contains(char::is_lowercase) || is_foreign(&label.to_uppercase());
    (is_label && is_as_written()).then_some(label)
}

/// Whether a line that is not a boundary was meant as one: dashes too few or too many, made
/// typographic by a word processor, lower case, or more text on the same line.
fn is_broken_boundary(words: &[u8]) -> bool {
    if !words.iter().any(|byte| matches!(byte, b'-' | 0xe2)) {
        return false;
    }
    let words = String::from_utf8_lossy(words).to_ascii_uppercase();
    if words.contains("-----BEGIN") || words.contains("-----END") {
        return true;
    }
    let is_dash = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let inner = words.trim_start_matches(is_dash);
    let dashes = words.len().saturating_sub(inner.len());
    let inner = inner.trim_start();
    // The format of SSH's public keys (RFC 4716) has four dashes, and is none of ours.
    if inner.starts_with("BEGIN SSH2 ") || inner.starts_with("END SSH2 ") {
        return false;
    }
    (inner.starts_with("BEGIN ") || inner.starts_with("END "))
        && (dashes >= 2 || inner.ends_with("--"))
        && ["CERTIFICATE", "KEY", "CRL", "PARAMETERS"].iter().any(|word| inner.contains(word))
}

/// Whether a block of this label is nothing that is read here, nor a misspelling of it.
fn is_foreign(label: &str) -> bool {
    let is_ours = PUBLIC.contains(&label)
        || label.ends_with("PRIVATE KEY")
        || label.contains("CERTIFICATE") && label != "ATTRIBUTE CERTIFICATE"
        || label.contains("CRL");
    !is_ours
}

/// A block that nobody reads here: what is in it need not be base64. `None`: it has no end of its
/// own before the next block begins, so it is text, and nothing moves.
fn read_foreign(lines: &mut Lines<'_>, begin: &Line<'_>, label: &str) -> Option<Block> {
    let mut ahead = *lines;
    let mut body = None;
    loop {
        let here = ahead;
        let line = ahead.next()?;
        match Boundary::of(line.words) {
            Boundary::End(found) if found == label => {
                let body = body.and_then(|body: Lines<'_>| body.up_to(here.at));
                *lines = ahead;
                return Some(Block {
                    label: usual_label(label).to_owned(),
                    headers: Vec::new(),
                    der: body.and_then(|body| decode(body)).unwrap_or_default(),
                    line: begin.number,
                    span: begin.span.start..line.span.end,
                });
            }
            Boundary::None => body = body.or(Some(here)),
            Boundary::End(found) if is_foreign(found) => {}
            Boundary::Begin(_) | Boundary::End(_) | Boundary::Broken => return None,
        }
    }
}

/// Reads a block that is not a secret and in the plain form; else nothing moves.
fn read_plain(lines: &mut Lines<'_>, begin: &Line<'_>, label: &str) -> Option<Block> {
    let body = PUBLIC.contains(&label).then(|| plain::body(lines.text.get(lines.at..)?))??;
    let mut ahead = Lines {
        at: lines.at.saturating_add(body.length),
        number: lines.number.saturating_add(body.lines),
        ..*lines
    };
    let end = ahead.next()?;
    let Boundary::End(found) = Boundary::of(end.words) else { return None };
    if found != label {
        return None;
    }
    *lines = ahead;
    Some(Block {
        label: usual_label(label).to_owned(),
        headers: Vec::new(),
        der: Zeroizing::new(body.der),
        line: begin.number,
        span: begin.span.start..end.span.end,
    })
}

fn read_block(
    lines: &mut Lines<'_>,
    begin: &Line<'_>,
    label: &str,
    source: &str,
) -> Result<Block, Error> {
    let mut headers = Vec::new();
    // Where the digits begin. Nothing is kept of each line, for there may be one for each digit.
    let mut body: Option<Lines<'_>> = None;
    loop {
        let here = *lines;
        let Some(line) = lines.next() else {
            let why = format!("BEGIN {label} without its END");
            return Err(bad(source, begin.number, &why));
        };
        match Boundary::of(line.words) {
            Boundary::None if line.words.is_empty() => {}
            Boundary::None if body.is_none() && line.words.contains(&b':') => {
                if headers.len() >= MAX_HEADERS {
                    let why = format!("the block has more than {MAX_HEADERS} header lines");
                    return Err(bad(source, line.number, &why));
                }
                headers.push(String::from_utf8_lossy(line.words).into_owned());
            }
            Boundary::None => body = body.or(Some(here)),
            Boundary::Begin(second) => {
                let second = format!(
                    "BEGIN {label} without its END; line {} says BEGIN {second}",
                    line.number
                );
                return Err(bad(source, begin.number, &second));
            }
            Boundary::End(other) if other != label => {
                let other = format!("BEGIN {label} ends with END {other} on line {}", line.number);
                let error = bad(source, begin.number, &other);
                return Err(error.because(&MaterialCause::TwoLabels));
            }
            Boundary::End(_) => {
                let body = body.and_then(|body| body.up_to(here.at));
                let Some(body) = body else {
                    return Err(bad(source, begin.number, "the block is empty"));
                };
                let der =
                    decode(body).ok_or_else(|| undecodable(body, begin.number, label, source))?;
                let span = begin.span.start..line.span.end;
                let label = usual_label(label).to_owned();
                return Ok(Block { label, headers, der, line: begin.number, span });
            }
            Boundary::Broken => return Err(broken(source, &line)),
        }
    }
}

/// The word of RFC 7468 for what older programs call otherwise.
fn usual_label(label: &str) -> &str {
    match label {
        "X509 CERTIFICATE" | "X.509 CERTIFICATE" => "CERTIFICATE",
        "CRL" => "X509 CRL",
        "NEW CERTIFICATE REQUEST" => "CERTIFICATE REQUEST",
        other => other,
    }
}

/// The decoder of `rustls-pki-types` keeps a copy of the text that nobody wipes, hence the
/// other one, whose time does not depend on what it decodes either.
fn decode(body: Lines<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let length = body.fold(0_usize, |sum, line| sum.saturating_add(line.words.len()));
    // With its final capacity from the start, for a vector that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    body.for_each(|line| text.extend_from_slice(line.words));
    let mut der = Zeroizing::new(Vec::new());
    let decoded = Base64Decoder::new(&text).and_then(|mut decoder| {
        der.resize(decoder.remaining_len(), 0);
        decoder.decode(&mut der).map(|_| ())
    });
    decoded.is_ok().then_some(der)
}

fn undecodable(mut body: Lines<'_>, begin: usize, label: &str, source: &str) -> Error {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    match body.find(|line| !line.words.iter().all(fits)) {
        Some(line) => {
            let (why, cause) = odd::inside(line.words, label, source);
            bad(source, line.number, &why).because(&cause)
        }
        None => bad(source, begin, "the base64 of this block is incomplete"),
    }
}

fn refuse_binary(text: &[u8], source: &str) -> Result<(), Error> {
    let refuse = |what: &str| Error::new(Kind::Parse, format!("{source} is {what}"));
    if let Some((name, words)) = encoding(text) {
        let key = b"PRIVATE".map(|byte| [byte, 0]);
        let secret = Secret::of(has(text, key.as_flattened()));
        let cause = MaterialCause::Encoding(FileName::of_source(source), name, secret);
        return Err(refuse(words).because(&cause));
    }
    if is_der(text) {
        let cause = MaterialCause::Der(FileName::of_source(source), what::der_kind(text));
        return Err(refuse("DER, not PEM").because(&cause));
    }
    // The search is the fast one, and nearly always the only one.
    if !text.contains(&0) {
        return Ok(());
    }
    let nul = text.iter().position(|byte| *byte == 0).unwrap_or_default();
    let mut lines = Lines { text, at: 0, number: 0 };
    let line = lines.find(|line| nul < line.span.end).map_or(1, |line| line.number);
    let error = bad(source, line, "there is a NUL byte in the text");
    Err(if nul.saturating_add(1) == text.len() {
        error.because(&MaterialCause::Terminator)
    } else {
        error.because(&MaterialCause::NotBase64)
    })
}

/// The encoding of a text that is not in UTF-8: the name that iconv has for it, and what sentences
/// call it.
fn encoding(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let utf_16 = "UTF-16 text";
    match text {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(("UTF-32", "UTF-32 text")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(("UTF-16", utf_16)),
        [0, ..] if has(text, b"\0-\0-") => Some(("UTF-16BE", utf_16)),
        _ if text.contains(&0) && has(text, b"-\0-\0") => Some(("UTF-16LE", utf_16)),
        _ => None,
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether the text starts like a DER SEQUENCE: with a long length, or with a short one that
/// is the text's own, and in front of it a number (a small key) or a sequence (a public one).
fn is_der(text: &[u8]) -> bool {
    match text {
        [SEQUENCE, 0x81..=0x84, ..] | [SEQUENCE, 0x80, OBJECT_IDENTIFIER | INTEGER, ..] => true,
        [SEQUENCE, length @ 0..=0x7f, INTEGER | SEQUENCE, ..] => {
            text.len() == usize::from(*length).saturating_add(2)
        }
        _ => false,
    }
}

/// An error on a line; mostly because a part of the text is missing.
fn bad(source: &str, line: usize, what: &str) -> Error {
    Error::new(Kind::Parse, format!("{source}, line {line}: {what}"))
        .because(&MaterialCause::Incomplete)
}

fn broken(source: &str, line: &Line<'_>) -> Error {
    let (why, cause) = odd::boundary(line.words, source);
    bad(source, line.number, &why).because(&cause)
}

#[cfg(test)]
mod tests;
