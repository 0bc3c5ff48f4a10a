//! One change of a file of known peers, made in its text: everything that it does not concern stays
//! as it is, byte for byte, including comments and hand-made entries.
//!
//! Nothing here reads or writes a file. A distrusting entry is only removed by the change that asks
//! for it.

use std::ops::Range;
use std::sync::Arc;

use super::text::{self, FIRST_LINE, LAST_LINE};
use crate::error::{Error, FileCause, Kind, Problems};
use crate::host::Role;
use crate::known::entry::{Entry, Place};
use crate::material::Certificate;
use crate::material::hex_colons;

/// A change of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Adds an entry. One without a place leaves all others in the file.
    Set {
        /// The entry, not a distrusting one.
        entry: Entry,
        /// Which entries at its place it replaces.
        replaces: Replaces,
    },
    /// Removes the entries at exactly this place, except distrusting ones.
    Remove {
        /// The place; without a port only the entry for any port is removed.
        place: Place,
    },
    /// Removes every entry with exactly this certificate, whatever its place, except distrusting
    /// ones.
    Forget {
        /// The certificate.
        certificate: Certificate,
    },
    /// Marks a certificate as distrusted everywhere, or removes that mark.
    Distrust {
        /// The certificate.
        certificate: Certificate,
        /// Whether the mark is set.
        on: bool,
        /// The time of the change, in seconds since 1970.
        added: i64,
    },
}

/// Which entries at a place a new one replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// All of them.
    Everything,
    /// All of them, if they have exactly these certificates (by SHA-256): those at this very place
    /// that a peer was judged against. An empty list means that nothing was known there.
    Judged(Vec<[u8; 32]>),
    /// Those with this public key (by SHA-256); there must be at least one.
    Key([u8; 32]),
}

/// The result of a change to a text.
#[derive(Debug)]
pub(crate) struct Changed {
    /// The new text.
    pub(crate) text: Vec<u8>,
    /// How many entries it holds.
    pub(crate) count: usize,
    /// The new entry in it.
    pub(crate) entry: Option<Entry>,
}

/// A text, and the entries at these spans of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) entries: &'a [Arc<Entry>],
    pub(crate) spans: &'a [Range<usize>],
    /// The role of entries that do not state one.
    pub(crate) role: Role,
}

/// A file without entries.
pub(crate) fn empty_text() -> Vec<u8> {
    format!("{FIRST_LINE}\n\n{LAST_LINE}\n").into_bytes()
}

impl Current<'_> {
    /// The text after the change. `None`: it already says so.
    pub(crate) fn with(&self, change: &Change) -> Result<Option<Changed>, Error> {
        match change {
            Change::Set { entry, replaces } => self.set(entry, replaces),
            Change::Remove { place } => self.remove(place),
            Change::Forget { certificate } => self.forget(certificate),
            Change::Distrust { certificate, on: true, added } => {
                Ok(self.distrust(certificate, *added))
            }
            Change::Distrust { certificate, on: false, .. } => self.lift(certificate),
        }
    }

    fn set(&self, entry: &Entry, replaces: &Replaces) -> Result<Option<Changed>, Error> {
        check(entry, self.role)?;
        let here = self.positions(|one| !one.distrust && one.shares_place(entry));
        let there: Vec<&Arc<Entry>> = here.iter().filter_map(|at| self.entries.get(*at)).collect();
        if let [only] = there.as_slice()
            && says_the_same(only, entry)
        {
            return Ok(None);
        }
        let gone = match replaces {
            Replaces::Everything => here,
            Replaces::Judged(judged) => {
                let mut judged = judged.clone();
                let mut now: Vec<[u8; 32]> =
                    there.iter().map(|one| *one.certificate.sha256()).collect();
                for list in [&mut judged, &mut now] {
                    list.sort_unstable();
                    list.dedup();
                }
                if judged != now {
                    return Err(changed_meanwhile(entry));
                }
                here
            }
            Replaces::Key(key) => {
                // This includes entries without a host: the new certificate then applies to its own
                // names.
                let gone = self.positions(|one| {
                    let same = (one.role, &one.place) == (entry.role, &entry.place);
                    same && !one.distrust && one.certificate.key_sha256() == key
                });
                if gone.is_empty() {
                    return Err(changed_meanwhile(entry));
                }
                gone
            }
        };
        Ok(Some(self.changed(&gone, Some(entry))))
    }

    fn remove(&self, place: &Place) -> Result<Option<Changed>, Error> {
        let gone = self.positions(|one| {
            !one.distrust && one.role == self.role && one.place.as_ref() == Some(place)
        });
        if gone.is_empty() {
            let why = format!("nothing is known of {place}");
            return Err(Error::new(Kind::NotFound, why).because(&FileCause::UnknownPlace));
        }
        Ok(Some(self.changed(&gone, None)))
    }

    fn forget(&self, certificate: &Certificate) -> Result<Option<Changed>, Error> {
        let gone = self.positions(|one| !one.distrust && one.certificate == *certificate);
        if gone.is_empty() {
            return Err(Error::new(Kind::NotFound, not_known(certificate))
                .because(&FileCause::UnknownCertificate));
        }
        Ok(Some(self.changed(&gone, None)))
    }

    fn distrust(&self, certificate: &Certificate, added: i64) -> Option<Changed> {
        if self.entries.iter().any(|one| one.distrust && one.certificate == *certificate) {
            return None;
        }
        let entry = Entry::distrusting(certificate, self.role, added);
        Some(self.changed(&[], Some(&entry)))
    }

    fn lift(&self, certificate: &Certificate) -> Result<Option<Changed>, Error> {
        let gone = self.positions(|one| one.distrust && one.certificate == *certificate);
        if !gone.is_empty() {
            return Ok(Some(self.changed(&gone, None)));
        }
        let name = hex_colons(certificate.sha256());
        let error = Error::new(
            Kind::NotFound,
            format!("the certificate {name} is not marked as distrusted"),
        )
        .because(&FileCause::Unmarked);
        let same_key = |one: &&Arc<Entry>| {
            one.distrust && one.certificate.key_sha256() == certificate.key_sha256()
        };
        Err(match self.entries.iter().find(same_key) {
            Some(other) => {
                let other = hex_colons(other.certificate.sha256());
                error.because(&FileCause::OtherMark(other))
            }
            None => error,
        })
    }

    fn positions(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<usize> {
        let all = self.entries.iter().enumerate();
        all.filter(|(_, one)| wanted(one)).map(|(at, _)| at).collect()
    }

    /// The text without the entries `gone`, and with the new one where the first of them was, or
    /// after all others.
    fn changed(&self, gone: &[usize], entry: Option<&Entry>) -> Changed {
        let count =
            self.entries.len().saturating_sub(gone.len()).saturating_add(entry.iter().count());
        let spans: Vec<&Range<usize>> = gone.iter().filter_map(|at| self.spans.get(*at)).collect();
        let new = entry.map(text::write).unwrap_or_default().into_bytes();
        let mut text = Vec::with_capacity(self.text.len().saturating_add(new.len()));
        let mut from = 0;
        for (index, span) in spans.iter().enumerate() {
            text.extend_from_slice(self.part(from..span.start));
            let stands_in = index == 0 && entry.is_some();
            if stands_in {
                text.extend_from_slice(&new);
            }
            from = if stands_in { span.end } else { self.end_with_blank_line(span) };
        }
        if spans.is_empty() {
            let at = self.end_of_entries();
            text.extend_from_slice(self.part(0..at));
            text.extend_from_slice(blank_line_behind(&text));
            text.extend_from_slice(&new);
            if at < self.text.len() {
                text.push(b'\n');
            }
            from = at;
        }
        text.extend_from_slice(self.part(from..self.text.len()));
        if count == 0 && !text::is_ours(&text) {
            text = emptied(&text);
        }
        Changed { text, count, entry: entry.cloned() }
    }

    fn part(&self, range: Range<usize>) -> &[u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// The end of a removed entry, with the blank line after it if there is one before it too.
    fn end_with_blank_line(&self, span: &Range<usize>) -> usize {
        let before = self.part(0..span.start);
        let separated = before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n");
        match self.part(span.end..self.text.len()) {
            [b'\n', ..] if separated => span.end.saturating_add(1),
            [b'\r', b'\n', ..] if separated => span.end.saturating_add(2),
            _ => span.end,
        }
    }

    /// Where a new entry goes: before the last line of a file of ours, otherwise at the end.
    fn end_of_entries(&self) -> usize {
        let mut end = self.text.len();
        for span in self.spans.iter().rev().map(Some).chain([None]) {
            let start = span.map_or(0, |span| span.end);
            if let Some(at) = last_line_in(self.part(start..end)) {
                return start.saturating_add(at);
            }
            end = span.map_or(0, |span| span.start);
        }
        self.text.len()
    }
}

/// Whether an entry is allowed in a file of this role.
fn check(entry: &Entry, role: Role) -> Result<(), Error> {
    let why = if entry.distrust {
        "an entry cannot be added as distrusted: mark its certificate instead"
    } else if entry.accepted.intersects(Problems::SEVERE) {
        "an entry cannot accept problems that cannot be overridden"
    } else if entry.place.is_none() && entry.role == Role::Server && !entry.accepted.is_empty() {
        "an entry without a host cannot accept problems"
    } else if entry.place.as_ref().is_some_and(|place| place.port == Some(0)) {
        "invalid port: 0"
    } else if entry.role == Role::Server && role == Role::Client {
        "a server does not belong in the file of known clients"
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Invalid, why))
}

/// Whether two entries at one place admit the same peer on the same terms.
fn says_the_same(one: &Entry, new: &Entry) -> bool {
    one.certificate == new.certificate && one.accepted == new.accepted && one.expires == new.expires
}

/// The message that a certificate is not that of a known peer.
pub(crate) fn not_known(certificate: &Certificate) -> String {
    format!("no known peer has the certificate {}", hex_colons(certificate.sha256()))
}

fn changed_meanwhile(entry: &Entry) -> Error {
    let name = match &entry.place {
        Some(place) => place.to_string(),
        None => hex_colons(entry.certificate.sha256()),
    };
    Error::new(Kind::Store, format!("the entry for {name} has changed in the meantime"))
        .because(&FileCause::ChangedEntry)
}

/// What makes a blank line at the end of `text`: without it the text there could become a line of
/// the next entry.
fn blank_line_behind(text: &[u8]) -> &'static [u8] {
    match text {
        [] | [.., b'\n', b'\n'] | [.., b'\n', b'\r', b'\n'] => b"",
        [.., b'\n' | b'\r'] => b"\n",
        _ => b"\n\n",
    }
}

/// Where [`LAST_LINE`] begins in a part of a text that starts at a line.
fn last_line_in(part: &[u8]) -> Option<usize> {
    let wanted = LAST_LINE.as_bytes();
    let ends_line = |byte: Option<&u8>| matches!(byte, None | Some(b'\n' | b'\r'));
    part.windows(wanted.len())
        .enumerate()
        .rev()
        .filter(|(_, line)| *line == wanted)
        .map(|(at, _)| at)
        .find(|at| {
            let before = at.checked_sub(1).and_then(|before| part.get(before));
            ends_line(before) && ends_line(part.get(at.saturating_add(wanted.len())))
        })
}

/// A hand-made text without its last entry, turned into a file of ours: an empty file is damage.
fn emptied(text: &[u8]) -> Vec<u8> {
    let rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if rest.trim_ascii().is_empty() {
        return empty_text();
    }
    let mut text = format!("{FIRST_LINE}\n\n").into_bytes();
    text.extend_from_slice(rest);
    text.extend_from_slice(blank_line_behind(rest));
    text.extend_from_slice(LAST_LINE.as_bytes());
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests;
