//! The directory of client certificates: clients whose certificate is in it are allowed.
//!
//! Entries are exact, never authorities, and never trusted from memory: the answer is yes only if a
//! file that holds the certificate was opened during the same call. What is kept between calls are
//! hints on where to look, behind one lock that is held while files are read, and never while
//! foreign code runs. A clock only tells whether a time stamp is old enough to be trusted. A
//! directory or a file that is not ours or root's, or that others may write, admits nobody.

mod index;
mod listing;
mod opened;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::identity::{IdentityFrom, identity};
use crate::error::{Error, FileCause, FileName, Kind};
use crate::material::{Certificate, HashPlace, Writers, name_hash, source_of, words};
use crate::process::PerProcess;
use index::Index;
use listing::Listing;
use opened::{Looked, Name, Opened, Search};

/// How often to look again at a directory that keeps changing.
const LOOKS: usize = 4;

/// How many files that do not count are named, and how long that list may get, in bytes.
const NAMED: usize = 8;
const LONGEST_LIST: usize = 600;

/// From so many entries without a hash link on it is told that a look at all of them costs.
const MANY: usize = 200;

/// What the search for a certificate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// The file that holds it; it was opened to make sure.
    Listed(PathBuf),
    /// Only a file that does not count: which, and why.
    Ignored(String),
    /// Nothing.
    Absent,
}

/// A directory of client certificates.
///
/// An entry is a file of at most 1 MiB whose name ends in `.pem`, `.crt` or `.cer`, that belongs to
/// us or to root, that others may not write, and that holds one certificate; a key in the same file
/// does not matter. It may be a symbolic link, if nobody else can lead it elsewhere. Links with
/// hash names, as made by `openssl rehash`, are hints: with them a look-up opens one file, however
/// many there are. An entry without a link is found too. If the certificate of a linked entry is
/// replaced in place by one with another subject, it is found once the links are made again.
pub(crate) struct Directory {
    path: PathBuf,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    hints: PerProcess<Hints>,
}

/// Where to look first, and what need not be read again.
#[derive(Debug, Default)]
struct Hints {
    listing: Listing,
    /// The entries without a hash name, by the SHA-256 of their certificate.
    unlinked: Index<[u8; 32], ()>,
    /// All entries that have an identity, with the SHA-256 of their key.
    holders: Index<String, [u8; 32]>,
    /// The rule by which the holders got their identities.
    rule: Option<IdentityFrom>,
    /// Who may write what counted when the rest was read.
    writers: Writers,
}

impl Hints {
    /// Forgets what counted by another rule.
    fn for_writers(&mut self, writers: Writers) {
        if self.writers != writers {
            *self = Self { writers, ..Self::default() };
        }
    }
}

impl Directory {
    /// The directory at `path`. Nothing in it is read yet.
    ///
    /// # Errors
    ///
    /// [`Kind::File`] if it is missing or cannot be read, [`Kind::Permission`] if it belongs to
    /// another user or others may write it, [`Kind::Invalid`] if `path` is empty.
    pub(crate) fn open(path: &Path, writers: Writers) -> Result<Self, Error> {
        Self::open_with(path, writers, Box::new(SystemTime::now))
    }

    fn open_with(
        path: &Path,
        writers: Writers,
        now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    ) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(|error| {
            let why = format!(
                "\"{}\" is not the name of a directory: {}",
                source_of(path),
                words(&error)
            );
            Error::new(Kind::Invalid, why).because(&FileCause::NoName)
        })?;
        Opened::open(&path, writers)?;
        Ok(Self { path, now, hints: PerProcess::new() })
    }

    /// Where it is, as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The files with names of entries that do not count, each with the reason; and whether so many
    /// entries lack a hash link that it shows. This reads every file once, so it is for the moment
    /// when the directory is named.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`].
    pub(crate) fn ignored(&self, writers: Writers) -> Result<Option<Error>, Error> {
        let place = Opened::open(&self.path, writers)?;
        let mut names: Vec<_> = place.names()?;
        names.sort_unstable();
        let mut ignored = Vec::new();
        let linked: BTreeSet<OsString> = names.iter().filter_map(Name::target).cloned().collect();
        let is_alone = |name: &&Name| matches!(name, Name::Entry(file) if !linked.contains(file));
        let alone = names.iter().filter(is_alone).count();
        for name in names {
            let Name::Entry(name) = name else { continue };
            let why = match place.entry(&name) {
                Ok(Looked::Ignored { why, .. }) => why,
                Ok(Looked::Entry(_) | Looked::Nothing) => continue,
                Err(error) if error.kind() == Kind::NoMemory => return Err(error),
                Err(error) => error.message().to_owned(),
            };
            ignored.push(format!("{}: {why}", source_of(Path::new(&name))));
        }
        let notes: Vec<String> =
            self.note(&ignored).into_iter().chain(self.note_on_links(alone)).collect();
        let unlinked = (alone >= MANY).then(|| FileName::of(&self.path));
        let cause = FileCause::Clients { ignored: !ignored.is_empty(), unlinked };
        let note = || Error::new(Kind::File, notes.join("; ")).because(&cause);
        Ok((!notes.is_empty()).then(note))
    }

    /// What is told about entries without a hash link: a client who is not listed has us look at
    /// each of them.
    fn note_on_links(&self, alone: usize) -> Option<String> {
        let path = source_of(&self.path);
        (alone >= MANY).then(|| {
            format!("{alone} entries in the directory of clients {path} have no hash link: for each client that is not in it, all of them are looked at")
        })
    }

    /// What is told about files that do not count.
    fn note(&self, ignored: &[String]) -> Option<String> {
        let mut length = 0_usize;
        let fits = |one: &&String| {
            length = length.saturating_add(one.len());
            length <= LONGEST_LIST
        };
        let named: Vec<&str> =
            ignored.iter().take(NAMED).take_while(fits).map(String::as_str).collect();
        let path = source_of(&self.path);
        let (files, do_not) = match ignored.len() {
            0 => return None,
            1 => ("1 file".to_owned(), "does not"),
            number => (format!("{number} files"), "do not"),
        };
        let mut message = format!("{files} in the directory of clients {path} {do_not} count");
        if !named.is_empty() {
            message = format!("{message}: {}", named.join("; "));
            let more = ignored.len().saturating_sub(named.len());
            if more > 0 {
                message = format!("{message}; and {more} more");
            }
        }
        Some(message)
    }

    /// Whether a file that counts holds exactly this certificate.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`], and [`Kind::NoMemory`] if the process is out of descriptors: nobody
    /// is unknown because the directory cannot be read.
    pub(crate) fn find(&self, leaf: &Certificate, writers: Writers) -> Result<Sought, Error> {
        let mut ignored = None;
        let found = self.look(writers, |place| {
            let mut search = Search::of(leaf);
            let found = self.find_in(place, &mut search, writers);
            ignored = search.ignored;
            found
        })?;
        Ok(match (found, ignored) {
            (Some(file), _) => Sought::Listed(file),
            (None, Some(why)) => Sought::Ignored(why),
            (None, None) => Sought::Absent,
        })
    }

    fn find_in(
        &self,
        place: &Opened<'_>,
        search: &mut Search<'_>,
        writers: Writers,
    ) -> Result<Option<PathBuf>, Error> {
        let leaf = search.leaf;
        let hash = name_hash(leaf.subject_der()).map(|hash| HashPlace { hash, is_list: false });
        // If the links are in order, an entry needs no more look-ups than this.
        let (found, gap) = hash.map_or(Ok((None, 0)), |hash| place.up_to_gap(hash, search))?;
        if found.is_some() {
            return Ok(found);
        }
        let now = (self.now)();
        let hints = self.hints.here();
        let mut hints = hints.lock();
        let hints = &mut *hints;
        hints.for_writers(writers);
        if let Some(path) = place.first_with(hints.unlinked.names(leaf.sha256()), search)? {
            return Ok(Some(path));
        }
        hints.listing.refresh(place, now)?;
        let behind = hash.into_iter().flat_map(|hash| hints.listing.links(hash, gap));
        if let Some(path) = place.first_linked(behind, search)? {
            return Ok(Some(path));
        }
        let keys = |looked: &Looked| {
            looked.held().iter().map(|one| (*one.sha256(), ())).collect::<Vec<_>>()
        };
        hints.unlinked.refresh(place, hints.listing.unlinked(), now, &keys)?;
        place.first_with(hints.unlinked.names(leaf.sha256()), search)
    }

    /// An entry with this identity and a different key. A file that does not count as an entry
    /// keeps its name as well: it may be one that was meant to.
    ///
    /// # Errors
    ///
    /// Those of [`Self::find`], and [`Kind::File`] for an entry that could never be read: it may be
    /// the one.
    pub(crate) fn other_holder(
        &self,
        name: &str,
        key_sha256: &[u8; 32],
        rule: IdentityFrom,
        writers: Writers,
    ) -> Result<Option<PathBuf>, Error> {
        self.look(writers, |place| self.other_holder_in(place, (name, key_sha256), rule, writers))
    }

    fn other_holder_in(
        &self,
        place: &Opened<'_>,
        (name, key_sha256): (&str, &[u8; 32]),
        rule: IdentityFrom,
        writers: Writers,
    ) -> Result<Option<PathBuf>, Error> {
        let now = (self.now)();
        let hints = self.hints.here();
        let mut hints = hints.lock();
        let hints = &mut *hints;
        hints.for_writers(writers);
        if hints.rule != Some(rule) {
            hints.holders = Index::default();
            hints.rule = Some(rule);
        }
        hints.listing.refresh(place, now)?;
        let holders = |looked: &Looked| {
            let holder = |one: &Certificate| Some((identity(one, rule).ok()?, *one.key_sha256()));
            looked.held().iter().filter_map(holder).collect::<Vec<_>>()
        };
        hints.holders.refresh(place, hints.listing.entries(), now, &holders)?;
        let others = hints.holders.entries(name);
        if let Some((file, _)) = others.into_iter().find(|(_, key)| *key != key_sha256) {
            return Ok(Some(self.path.join(file)));
        }
        match hints.holders.unread() {
            Some(file) => Err(unread(&self.path.join(file))),
            None => Ok(None),
        }
    }

    /// Searches, and searches again if the directory changed meanwhile: a renamed entry is never
    /// missed, neither as an allowed client nor as the holder of a name.
    fn look(
        &self,
        writers: Writers,
        mut for_it: impl FnMut(&Opened<'_>) -> Result<Option<PathBuf>, Error>,
    ) -> Result<Option<PathBuf>, Error> {
        for _ in 0..LOOKS {
            let place = Opened::open(&self.path, writers)?;
            let found = for_it(&place);
            if matches!(found, Ok(Some(_))) || place.is_as_it_was() {
                return found;
            }
        }
        let message =
            format!("the directory {} changes faster than it can be read", source_of(&self.path));
        Err(Error::new(Kind::File, message).because(&FileCause::Changing))
    }
}

/// The error for an entry that may have any name.
fn unread(file: &Path) -> Error {
    let file = source_of(file);
    let message = format!("cannot read {file}, which may contain the name of the client");
    Error::new(Kind::File, message).because(&FileCause::UnreadEntry)
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
