//! The text of a file of known peers: plain PEM with lines such as `Host: a.example:443` directly
//! above each block.
//!
//! A line that looks meant for an entry but cannot be understood is damage, and damage makes the
//! whole text fail: a lost entry would make a known server a stranger, and a lost `Distrust: yes`
//! would admit one. Comments, and what other programs print around a PEM block, are left alone.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Calm, Error, FileCause, Kind, Problems};
use crate::host::Role;
use crate::known::entry::{Entry, Origin, Place, Spot};
use crate::material::{self, Block, Certificate};
use crate::material::{hex_colons, parse_time, pem_text, time_text};

/// The first line of a file that this library made.
pub(crate) const FIRST_LINE: &str =
    "# Known peers of libtlsconn; the lines directly above a block belong to it.";

/// The last line of such a file: without it the file was truncated.
pub(crate) const LAST_LINE: &str = "# End of the known peers.";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An entry, and where it is in the text.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    /// The entry.
    pub entry: Entry,
    /// The bytes from its first line to the end of its last.
    pub span: Range<usize>,
}

/// All entries in `text`; `source` names the text in errors, and `role` is the role of entries that
/// do not state one.
///
/// # Errors
///
/// [`Kind::Store`] if anything in it is damaged, with the line and what to do.
pub(crate) fn read(text: &[u8], source: &str, role: Role) -> Result<Vec<Located>, Error> {
    read_reusing(text, source, role, |_| None)
}

/// The same; `made` may return the already parsed certificate of these bytes.
pub(crate) fn read_reusing(
    text: &[u8],
    source: &str,
    role: Role,
    made: impl Fn(&[u8]) -> Option<Certificate>,
) -> Result<Vec<Located>, Error> {
    let reader = Reader { text, source, role };
    let mut entries = Vec::new();
    let mut from = reader.start();
    let mut whole = false;
    let called = Arc::new(Calm::path(source));
    let mut counted = Counted::default();
    for block in reader.blocks()? {
        let begin = reader.line_start(block.span.start, from);
        let end = reader.line_end(block.span.end);
        let lines = lines(text, from..begin);
        let apart = lines
            .iter()
            .rposition(|line| !reader.is_header(line))
            .map_or(0, |at| at.saturating_add(1));
        let (apart, header) = lines.split_at(apart);
        whole |= reader.check_apart(apart)?;
        let start = header.first().map_or(begin, |line| line.start);
        let certificate = reader.certificate(&block, begin, &made)?;
        let spot = Spot::new(&called, counted.line_at(text, start));
        let entry = Entry { spot, ..reader.entry(header, certificate, begin)? };
        entries.push(Located { entry, span: start..end });
        from = end;
    }
    whole |= reader.check_apart(&lines(text, from..text.len()))?;
    if is_ours(text) && !whole {
        let cut = reader.damage(text.len(), "the end of the file is missing");
        return Err(cut.because(&FileCause::CutStore(LAST_LINE)));
    }
    Ok(entries)
}

/// Whether a text begins with [`FIRST_LINE`], and so may have no entries.
#[must_use]
pub(crate) fn is_ours(text: &[u8]) -> bool {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    line == FIRST_LINE.as_bytes()
}

/// The lines and the block of an entry.
#[must_use]
pub(crate) fn write(entry: &Entry) -> String {
    let Entry { place, role, certificate, accepted, added, expires, origin, distrust, spot: _ } =
        entry;
    let mut text = String::new();
    let mut line = |keyword: &str, value: &str| {
        text.push_str(keyword);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    };
    if let Some(place) = place {
        line("Host", &place.to_string());
    }
    if let Some(added) = added {
        line("Added", &time_text(*added));
    }
    line("SHA256", &hex_colons(certificate.sha256()));
    if !accepted.is_empty() {
        line("Accepted", &accepted.to_string());
    }
    if let Some(expires) = expires {
        line("Expires", &time_text(*expires));
    }
    line("Origin", origin.name());
    if *role == Role::Client {
        line("Role", "client");
    }
    if *distrust {
        line("Distrust", "yes");
    }
    text.push_str(&pem_text("CERTIFICATE", certificate.der()));
    text
}

impl Origin {
    const ALL: [Self; 3] = [Self::User, Self::Admin, Self::Import];

    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Import => "import",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    Host,
    Added,
    Sha256,
    Accepted,
    Expires,
    Origin,
    Distrust,
    Role,
}

impl Keyword {
    const NAMED: [(Self, &'static str); 8] = [
        (Self::Host, "Host"),
        (Self::Added, "Added"),
        (Self::Sha256, "SHA256"),
        (Self::Accepted, "Accepted"),
        (Self::Expires, "Expires"),
        (Self::Origin, "Origin"),
        (Self::Distrust, "Distrust"),
        (Self::Role, "Role"),
    ];

    fn named(word: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(one, _)| *one)
    }
}

/// How a line begins.
enum Line<'a> {
    /// A keyword and a colon, then a value.
    Word(&'a str, &'a [u8]),
    /// A keyword whose colon is misplaced.
    Misspelt(&'a str),
    /// Anything else.
    Free,
}

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Self {
        let letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let length = line.iter().take_while(|b| letter(b)).count();
        let (word, rest) = line.split_at(length);
        let Some(word) = std::str::from_utf8(word)
            .ok()
            .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
        else {
            return Self::Free;
        };
        match rest.strip_prefix(b":") {
            // The address of a web page.
            Some(value) if value.starts_with(b"//") => Self::Free,
            Some(value) => Self::Word(word, value.trim_ascii()),
            None if Keyword::named(word).is_none() => Self::Free,
            None => match rest.trim_ascii_start().first() {
                Some(b':' | b'=') => Self::Misspelt(word),
                _ => Self::Free,
            },
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    source: &'a str,
    role: Role,
}

impl Reader<'_> {
    fn damage(&self, offset: usize, why: &str) -> Error {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = lines(before, 0..before.len()).len();
        let inside = !matches!(before.last(), None | Some(b'\n' | b'\r'));
        let line = if inside { line } else { line.saturating_add(1) };
        Error::new(Kind::Store, format!("{}, line {line}: {why}", self.source))
            .because(&FileCause::DamagedStore)
    }

    fn blocks(&self) -> Result<Vec<Block>, Error> {
        // A file of ours may have no block, and then it is not a PEM text.
        if !self.text.windows(5).any(|part| part.eq_ignore_ascii_case(b"BEGIN")) {
            return Ok(Vec::new());
        }
        material::blocks(self.text, self.source).map_err(|error| {
            if error.kind() == Kind::NoMemory {
                // The file may be as it should be.
                return error;
            }
            Error::new(Kind::Store, error.message()).with_hint_of(&error)
        })
    }

    fn start(&self) -> usize {
        if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
    }

    /// The beginning of the line that `at` is in, but not before `from`.
    fn line_start(&self, at: usize, from: usize) -> usize {
        let before = self.text.get(from..at).unwrap_or_default();
        let end = before.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        from.saturating_add(end.map_or(0, |end| end.saturating_add(1)))
    }

    /// The beginning of the line after `at`, which is the end of a line or already past it.
    fn line_end(&self, at: usize) -> usize {
        let ended = matches!(at.checked_sub(1).and_then(|last| self.text.get(last)), Some(b'\n'));
        let rest = self.text.get(at..).unwrap_or_default();
        let more = match rest {
            _ if ended => 0,
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        at.saturating_add(more)
    }

    fn line(&self, line: &Range<usize>) -> &[u8] {
        self.text.get(line.clone()).unwrap_or_default()
    }

    /// Whether a line above a block still belongs to the block.
    fn is_header(&self, line: &Range<usize>) -> bool {
        let line = self.line(line);
        let free = line.first().is_some_and(|byte| !byte.is_ascii_whitespace());
        free && !line.starts_with(b"--") && !is_marker(line)
    }

    /// Refuses lines that were meant for an entry, in a place where they belong to none. Returns
    /// whether one of the lines is the last line of a file of ours.
    fn check_apart(&self, lines: &[Range<usize>]) -> Result<bool, Error> {
        let mut last = false;
        for range in lines {
            let line = self.line(range);
            let bare = line.trim_ascii();
            last |= line == LAST_LINE.as_bytes();
            let label = bare.strip_prefix(b"----").map(|rest| rest.trim_ascii_start());
            let label = label.map(|rest| rest.strip_prefix(b"-").unwrap_or(rest));
            if label.is_some_and(|label| label.starts_with(b"BEGIN ") || label.starts_with(b"END "))
            {
                return Err(self.damage(range.start, "the BEGIN or END line of a block is missing"));
            }
            let keyword = match Line::of(bare) {
                Line::Word(word, _) | Line::Misspelt(word) => Keyword::named(word),
                Line::Free => None,
            };
            // certtool prints indented fingerprints above a block.
            let printed = bare.len() < line.len() && keyword == Some(Keyword::Sha256);
            if keyword.is_some() && !printed {
                let why =
                    "this line of an entry is not directly above the block that it belongs to";
                return Err(self.damage(range.start, why));
            }
        }
        Ok(last)
    }

    fn certificate(
        &self,
        block: &Block,
        begin: usize,
        made: impl Fn(&[u8]) -> Option<Certificate>,
    ) -> Result<Certificate, Error> {
        if !matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE") {
            let why =
                format!("a block labelled {} is not a certificate", shown(block.label.as_bytes()));
            return Err(self.damage(begin, &why));
        }
        if let Some(certificate) = made(&block.der) {
            return Ok(certificate);
        }
        Certificate::from_block(block, self.source).map_err(|error| {
            let damage = self.damage(begin, error.message());
            if error.hint().is_empty() { damage } else { damage.with_hint_of(&error) }
        })
    }

    fn entry(
        &self,
        header: &[Range<usize>],
        certificate: Certificate,
        begin: usize,
    ) -> Result<Entry, Error> {
        let mut entry = Entry {
            place: None,
            role: self.role,
            certificate,
            accepted: Problems::NONE,
            added: None,
            expires: None,
            origin: Origin::Admin,
            distrust: false,
            spot: Spot::default(),
        };
        let mut seen = Vec::new();
        for range in header {
            let bad = |why: String| self.damage(range.start, &why);
            match Line::of(self.line(range)) {
                Line::Free => {}
                Line::Misspelt(word) => {
                    return Err(bad(format!("{word} needs a colon directly after it")));
                }
                Line::Word(word, value) => {
                    let keyword = Keyword::named(word).ok_or_else(|| {
                        bad(format!("\"{}:\" is not a keyword of an entry", shown(word.as_bytes())))
                    })?;
                    if seen.contains(&keyword) {
                        return Err(bad(format!("{word} is given twice in one entry")));
                    }
                    seen.push(keyword);
                    set(&mut entry, keyword, value).map_err(|why| bad(format!("{word}: {why}")))?;
                }
            }
        }
        if !seen.is_empty() && !seen.contains(&Keyword::Sha256) {
            let line = format!("SHA256: {}", hex_colons(entry.certificate.sha256()));
            let missing = self.damage(begin, "the entry has no SHA256 line");
            return Err(missing.because(&FileCause::NoSha256(line)));
        }
        if (self.role, entry.role) == (Role::Client, Role::Server) && !entry.distrust {
            let why = "the entry of a server does not belong in the file of known clients";
            return Err(self.damage(begin, why));
        }
        // A client has no host; its entry is for its certificate only.
        let is_bound = entry.place.is_some() || entry.role == Role::Client;
        if !is_bound && !entry.accepted.is_empty() {
            return Err(
                self.damage(begin, "an entry without a Host line cannot have an Accepted line")
            );
        }
        Ok(entry)
    }
}

/// Stores the value of a keyword in an entry.
fn set(entry: &mut Entry, keyword: Keyword, value: &[u8]) -> Result<(), String> {
    let bad = |what: &str| format!("\"{}\" is {what}", shown(value));
    let value = std::str::from_utf8(value).map_err(|_| bad("not UTF-8"))?;
    let time = || parse_time(value).ok_or_else(|| bad("not a time such as 2026-11-21T10:00:00Z"));
    match keyword {
        Keyword::Host => {
            entry.place = Some(Place::parse(value).map_err(|error| error.message().to_owned())?);
        }
        Keyword::Added => entry.added = Some(time()?),
        Keyword::Expires => entry.expires = Some(time()?),
        Keyword::Sha256 => {
            let hex =
                hex_of(value).ok_or_else(|| bad("not a SHA-256 fingerprint in hexadecimal"))?;
            if hex != hex_colons(entry.certificate.sha256()) {
                return Err("it is not the fingerprint of the certificate below it".to_owned());
            }
        }
        Keyword::Accepted => {
            for name in value.split(',') {
                let one = Problems::from_name(name.trim());
                entry.accepted |= one.ok_or_else(|| bad("not a list of problems"))?;
            }
            if entry.accepted.intersects(Problems::SEVERE) {
                return Err(bad("a problem that cannot be accepted"));
            }
        }
        Keyword::Origin => {
            let known = Origin::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(value));
            entry.origin = known.ok_or_else(|| bad("not user, admin or import"))?;
        }
        Keyword::Distrust => {
            if !value.eq_ignore_ascii_case("yes") {
                return Err(bad("not yes; to distrust nothing, remove the line"));
            }
            entry.distrust = true;
        }
        Keyword::Role => {
            entry.role = match value.to_ascii_lowercase().as_str() {
                "server" => Role::Server,
                "client" => Role::Client,
                _ => return Err(bad("not client or server")),
            };
        }
    }
    Ok(())
}

/// 64 hexadecimal digits in any case, with a colon after every second or without colons; returned
/// in lower case with colons.
fn hex_of(text: &str) -> Option<String> {
    let digits: Vec<u8> =
        text.bytes().filter(|byte| *byte != b':').map(|byte| byte.to_ascii_lowercase()).collect();
    let pairs: Option<Vec<&str>> =
        digits.chunks(2).map(|pair| std::str::from_utf8(pair).ok()).collect();
    let colons = pairs?.join(":");
    let is_hex = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
    let spelt = !text.contains(':') || text.eq_ignore_ascii_case(&colons);
    (is_hex && spelt).then_some(colons)
}

fn is_marker(line: &[u8]) -> bool {
    line == FIRST_LINE.as_bytes() || line == LAST_LINE.as_bytes()
}

/// How many lines were counted, and up to where.
#[derive(Default)]
struct Counted {
    lines: usize,
    to: usize,
}

impl Counted {
    /// The number of the line that begins at `at`, which is not before the one that was asked for
    /// last.
    fn line_at(&mut self, text: &[u8], at: usize) -> usize {
        let part = text.get(self.to..at).unwrap_or_default();
        let is_end = |end: &usize| part.get(end.saturating_add(1)) != Some(&b'\n');
        let ends = memchr::memchr_iter(b'\n', part).count();
        let bare = memchr::memchr_iter(b'\r', part).filter(is_end).count();
        self.lines = self.lines.saturating_add(ends).saturating_add(bare);
        self.to = at;
        self.lines.saturating_add(1)
    }
}

/// The lines of a part of a text, without their ends: LF, CR LF or CR.
fn lines(text: &[u8], within: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = within.start;
    while let Some(rest) = text.get(start..within.end).filter(|rest| !rest.is_empty()) {
        let length =
            rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let end = start.saturating_add(length);
        found.push(start..end);
        let ends = match rest.get(length..) {
            Some([b'\r', b'\n', ..]) => 2,
            _ => 1,
        };
        start = end.saturating_add(ends);
    }
    found
}

/// The beginning of a value, for a message.
fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(80).collect()
}

#[cfg(test)]
mod tests;
