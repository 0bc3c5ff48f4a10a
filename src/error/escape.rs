//! Text that others made, made safe to show.
//!
//! Names in certificates, host names, paths and alerts end up in dialogs, on terminals and in logs.
//! [`escaped`] writes what is not one visible character as an escape, and loses nothing. [`Calm`]
//! is such a text that is short, too: only this file makes one, and sentences are made of nothing
//! else. [`Foreign`] is the text before that: it can be compared, and has no way to be shown.

use std::borrow::Borrow;
use std::fmt::{self, Write};
use std::ops::Deref;

/// The most characters of a name that has lines of its own.
const NAME: Size = Size { characters: 200, bytes: 400 };

/// The most characters of a name in a sentence, which has room for two of them and our words.
const SHORT_NAME: Size = Size { characters: 120, bytes: 240 };

/// The most characters of a sentence. A sentence of ours that nothing foreign is in is shorter.
const SENTENCE: Size = Size { characters: 990, bytes: 990 };

/// The most characters of one value in a text for programs.
const VALUE: Size = Size { characters: 1_000, bytes: 2_000 };

/// The most characters of a path: those at its end tell more than those at its beginning.
const PATH: usize = 400;

/// The most characters of the identity of a client: nobody who is asked about it sees a part only.
pub(crate) const LONGEST_IDENTITY: usize = 400;

/// The most marks on one character (Unicode TR 39, section 5.4): more would reach other lines.
const MOST_MARKS: u8 = 4;

/// Text that a peer or a file made, exactly as it is there: for comparing, not for showing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Foreign(String);

impl Foreign {
    /// As it is shown in a sentence.
    pub(crate) fn calm(&self) -> Calm {
        Calm::short_name(self)
    }
}

impl From<String> for Foreign {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Foreign {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Foreign {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Foreign {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A text that may be shown as it is: it is one line of visible characters with single blanks
/// between them, of a bounded length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Calm(String);

impl Calm {
    /// A name. One that is too long is cut, and its length is told.
    #[must_use]
    pub(crate) fn name(text: &str) -> Self {
        Self(Blanks::Folded.name(text, NAME))
    }

    /// A name in a sentence.
    #[must_use]
    pub(crate) fn short_name(text: &str) -> Self {
        Self(Blanks::Folded.name(text, SHORT_NAME))
    }

    /// One value for a program: nothing is lost but the end of one that is too long.
    #[must_use]
    pub(crate) fn value(text: &str) -> Self {
        Self(Blanks::Escaped.name(text, VALUE))
    }

    /// A path. Nothing is lost but the beginning of one that is too long.
    #[must_use]
    pub(crate) fn path(text: &str) -> Self {
        let text = Blanks::Escaped.shown(text, usize::MAX);
        let all = text.chars().count();
        let cut = all.checked_sub(PATH).filter(|cut| *cut > 0);
        Self(match cut.and_then(|cut| text.char_indices().nth(cut)) {
            Some((start, _)) => format!("...{}", text.get(start..).unwrap_or_default()),
            None => text,
        })
    }

    /// A sentence. One that is too long is cut at its end.
    #[must_use]
    pub(crate) fn sentence(text: impl AsRef<str>) -> Self {
        let text = Blanks::Folded.shown(text.as_ref(), SENTENCE.bytes);
        Self(match beginning(&text, SENTENCE) {
            Some(kept) => format!("{kept} ..."),
            None => text,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Calm {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Calm {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Calm {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<Calm> for String {
    fn from(text: Calm) -> Self {
        text.0
    }
}

impl PartialEq<str> for Calm {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Calm {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Calm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `text` with everything that is not one visible character written as `\xNN` or `\u{NNNN}`: what
/// Unicode calls control, format, private-use and unassigned characters, separators, and
/// default-ignorable code points, and what else looks blank. Of blanks in a row, those after the
/// first are `\x20`; marks that belong to no letter, and the fifth and later ones of a letter, are
/// written as escapes too.
///
/// Nothing is lost. The result is one line that shows all that it contains: it cannot move the
/// cursor, forge a second line, hide a part of itself, fill a line with blanks, or reorder or
/// overwrite what stands around it (Unicode TR 36).
#[must_use]
pub fn escaped(text: &str) -> String {
    Blanks::Escaped.shown(text, usize::MAX)
}

/// Whether `text` is shown as it is, every character of it, so that two that look alike to a
/// careful reader are alike.
#[must_use]
pub(crate) fn is_shown_as_it_is(text: &str) -> bool {
    let mut before = Before::Nothing;
    text.chars().all(|c| before.takes(c))
}

/// The first of these names that a sentence has room for, as `show` writes each, and how many more
/// there are.
#[must_use]
pub(crate) fn listed<N>(names: impl Iterator<Item = N>, show: impl FnMut(N) -> Calm) -> String {
    let (shown, more) = some(names, show, 8, 300);
    match more {
        0 => shown.join(", "),
        _ => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// The first names, at most `most` of them with at most `characters` in all, but at least one; and
/// how many more there are. Those are only counted: a peer may send thousands, and `show` is not
/// called for what nobody sees.
#[must_use]
pub(crate) fn some<N>(
    mut names: impl Iterator<Item = N>,
    mut show: impl FnMut(N) -> Calm,
    most: usize,
    characters: usize,
) -> (Vec<Calm>, usize) {
    let (mut shown, mut left) = (Vec::new(), characters);
    while shown.len() < most {
        let Some(name) = names.next().map(&mut show) else { return (shown, 0) };
        let length = name.chars().count().saturating_add(2);
        if length > left && !shown.is_empty() {
            return (shown, names.count().saturating_add(1));
        }
        left = left.saturating_sub(length);
        shown.push(name);
    }
    (shown, names.count())
}

/// How much of a text is shown.
#[derive(Clone, Copy)]
struct Size {
    characters: usize,
    bytes: usize,
}

/// What becomes of the blanks after the first in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    Escaped,
    Folded,
}

impl Blanks {
    /// `text` as it is shown, whole if it has not more than `most` bytes then, and longer than
    /// that if not: the work does not grow with what nobody sees.
    fn shown(self, text: &str, most: usize) -> String {
        let mut out = String::with_capacity(text.len().min(most));
        let mut before = Before::Nothing;
        #[cfg(test)]
        tests::count(text);
        for c in text.chars() {
            if out.len() > most {
                break;
            }
            if before.takes(c) {
                out.push(c);
            } else if c != ' ' || self == Self::Escaped {
                push_escape(&mut out, c);
            }
        }
        out
    }

    fn name(self, text: &str, size: Size) -> String {
        let shown = self.shown(text, size.bytes);
        match beginning(&shown, size) {
            Some(kept) => format!("{kept}... ({} characters)", text.chars().count()),
            None => shown,
        }
    }
}

/// The part of `text` that is shown, if not all of it is; an escape is not cut in two.
fn beginning(text: &str, size: Size) -> Option<&str> {
    if text.len() <= size.characters.min(size.bytes) {
        return None;
    }
    let (mut end, mut characters) = (0_usize, 0_usize);
    while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
        let unit = unit(rest);
        characters = characters.saturating_add(unit.chars().count());
        let next = end.saturating_add(unit.len());
        if characters > size.characters || next > size.bytes {
            return text.get(..end);
        }
        end = next;
    }
    None
}

/// The first character of `text`, or the whole escape that it begins with.
fn unit(text: &str) -> &str {
    let one = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    let length = match text.strip_prefix('\\') {
        None => one(1),
        Some(rest) if rest.starts_with("u{") => {
            let end = rest.char_indices().take(10).find(|(_, c)| *c == '}');
            end.map_or_else(|| one(2), |(end, _)| end.saturating_add(2))
        }
        Some(rest) if rest.starts_with('x') => one(4),
        Some(_) => one(2),
    };
    text.get(..length).unwrap_or(text)
}

/// What a character stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that a mark could belong to.
    Nothing,
    Blank,
    /// A letter, a digit or any other visible character that is not ASCII.
    Base,
    /// As many marks, on a base.
    Marks(u8),
}

impl Before {
    /// Whether `c` is shown as it is in this place; it is what the next one stands behind.
    fn takes(&mut self, c: char) -> bool {
        let (is_taken, next) = match (c, *self) {
            (' ', Self::Blank) => (false, Self::Blank),
            (' ', _) => (true, Self::Blank),
            _ if c.is_ascii_control() => (false, Self::Nothing),
            _ if c.is_ascii_alphanumeric() => (true, Self::Base),
            _ if c.is_ascii() => (true, Self::Nothing),
            _ if is_hidden(c) => (false, Self::Nothing),
            _ if !is_mark(c) => (true, Self::Base),
            (_, Self::Base) => (true, Self::Marks(1)),
            (_, Self::Marks(number)) if number < MOST_MARKS => {
                (true, Self::Marks(number.saturating_add(1)))
            }
            (_, Self::Marks(number)) => (false, Self::Marks(number)),
            (_, Self::Nothing | Self::Blank) => (false, Self::Nothing),
        };
        *self = next;
        is_taken
    }
}

/// Whether a character beyond ASCII shows nothing, or changes how its neighbours are shown.
fn is_hidden(c: char) -> bool {
    has_no_glyph(c) || is_default_ignorable(c) || looks_blank(c)
}

/// Whether the general category is Cc, Cf, Co, Cn, Zs, Zl or Zp. The standard library keeps that
/// table: behind another character, `escape_debug` writes these as escapes, and no others.
fn has_no_glyph(c: char) -> bool {
    let mut pair = String::with_capacity(8);
    pair.push('a');
    pair.push(c);
    pair.escape_debug().nth(1) != Some(c)
}

/// Whether a character that has a glyph extends the one before it: at the beginning of a text,
/// `escape_debug` writes these as escapes, too.
fn is_mark(c: char) -> bool {
    c.escape_debug().next() != Some(c)
}

/// Unicode's property `Default_Ignorable_Code_Point`.
const fn is_default_ignorable(c: char) -> bool {
    matches!(
        c as u32,
        0xad
            | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfff8
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

/// Letters and symbols whose glyph is empty: blanks of Braille and of hieroglyphs, a filler, a null
/// note, and the place of an object that is not there.
const fn looks_blank(c: char) -> bool {
    matches!(c as u32, 0x2800 | 0xfffc | 0x13441..=0x13442 | 0x16fe4 | 0x1d159)
}

fn push_escape(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = if code < 0xa0 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

#[cfg(test)]
pub(crate) mod tests;
