//! The file of known peers: what it says now, and changes to it that are never lost.
//!
//! Reading checks whether the file is still the one that was read, and reads it again if not. A
//! file that cannot be read, is damaged or has disappeared is an error each time, never an empty
//! list: it must not make strangers of known servers. One lock guards what was read, and is held
//! for a look; another lets one thread write at a time. A clock only tells whether a file is too
//! young for its time stamps to be trusted.

pub(crate) mod change;
mod disk;
mod replace;
pub(crate) mod text;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::entries::Entries;
use super::entry::Entry;
use crate::error::{Error, FileCause, Kind};
use crate::host::Role;
use crate::material::{Guard, Passes, Stamp, sha256, source_of, words};
use crate::process::{Mutex, PerProcess, may_wait};
use change::{Change, Changed, Current};
use disk::{Parent, Step};
use replace::Replaced;
use text::Located;

/// The file of known servers or clients.
pub struct Store {
    path: PathBuf,
    role: Role,
    outside: Outside,
    writing: PerProcess<()>,
    state: Mutex<Option<Seen>>,
}

/// What a test replaces of the outside world.
struct Outside {
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    before: Box<dyn Fn(Step) -> io::Result<()> + Send + Sync>,
}

impl Default for Outside {
    fn default() -> Self {
        Self { now: Box::new(SystemTime::now), before: Box::new(|_| Ok(())) }
    }
}

/// What was last read.
#[derive(Clone, Debug)]
struct Seen {
    stamp: Stamp,
    /// Whether the stamp alone can tell that the file is unchanged.
    settled: bool,
    sha256: [u8; 32],
    entries: Arc<Entries>,
    spans: Arc<[Range<usize>]>,
}

/// Entries, and where each of them is in the text.
type Said = (Arc<Entries>, Arc<[Range<usize>]>);

impl Store {
    /// The store in the file at `path`. The file may be missing, its directory may not. `role` is
    /// the role of entries that do not state one.
    ///
    /// Anything else that is wrong with the file is reported by each [`Self::entries`].
    ///
    /// # Errors
    ///
    /// [`Kind::Permission`] if others could change the file or its directory, [`Kind::Store`] if
    /// there is no directory, [`Kind::Invalid`] if `path` does not name a file.
    pub fn open(path: &Path, role: Role) -> Result<Self, Error> {
        Self::open_in(path, role, Outside::default())
    }

    fn open_in(path: &Path, role: Role, outside: Outside) -> Result<Self, Error> {
        let invalid = |why: String| Error::new(Kind::Invalid, why).because(&FileCause::NotRegular);
        let absolute = std::path::absolute(path).map_err(|error| {
            invalid(format!("\"{}\" is not the name of a file: {}", source_of(path), words(&error)))
        });
        let path = absolute?;
        if path.file_name().is_none() {
            return Err(invalid(format!("\"{}\" is not the name of a file", source_of(&path))));
        }
        let store =
            Self { path, role, outside, writing: PerProcess::new(), state: Mutex::new(None) };
        Guard::of_known_peers().check_way(store.directory(), Passes::Groups)?;
        disk::check_directory(store.directory())?;
        match store.entries() {
            Err(error) if error.kind() == Kind::Permission => Err(error),
            _ => Ok(store),
        }
    }

    /// The file, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says now. A missing file is empty, if it never existed.
    ///
    /// # Errors
    ///
    /// [`Kind::Store`] if the file cannot be read, is damaged or has disappeared,
    /// [`Kind::Permission`] if others could change it.
    pub fn entries(&self) -> Result<Arc<Entries>, Error> {
        may_wait();
        let before = self.state.lock().clone();
        disk::check_directory(self.directory())?;
        match (disk::look(&self.path)?, &before) {
            (Some(stamp), Some(seen)) if seen.settled && seen.stamp == stamp => {
                return Ok(Arc::clone(&seen.entries));
            }
            (None, Some(_)) => return Err(self.vanished()),
            (None, None) => return self.never_there(),
            (Some(_), _) => {}
        }
        let Some((text, stamp)) = disk::read(&self.path)? else {
            return if before.is_some() { Err(self.vanished()) } else { self.never_there() };
        };
        let seen = self.seen(&text, stamp, before.as_ref())?;
        let entries = Arc::clone(&seen.entries);
        *self.state.lock() = Some(seen);
        Ok(entries)
    }

    /// Makes one change durably, or does nothing. Others may read and change the file meanwhile. If
    /// the disk allows neither, the error says that the change may have been stored.
    ///
    /// # Errors
    ///
    /// [`Kind::StoreLocked`] if another process holds the lock until the deadline; [`Kind::Store`]
    /// if the file cannot be read or written, or if the entry that was judged against has changed;
    /// [`Kind::NotFound`] if there is nothing to remove; [`Kind::Invalid`] for an entry that no
    /// file can hold; [`Kind::Permission`] as in [`Self::entries`].
    pub fn apply(&self, change: &Change, deadline: Instant) -> Result<(), Error> {
        let before = &*self.outside.before;
        let writing = self.writing.here();
        let _writing = writing.try_lock_until(deadline).ok_or_else(|| disk::locked(&self.path))?;
        let directory = Parent::of(&self.path)?;
        let _lock = directory.lock(deadline, before)?;
        directory.sweep();
        directory.check_target()?;
        let mut seen = self.state.lock().clone();
        let found = disk::read(&self.path)?;
        let old = match found {
            Some((text, stamp)) => {
                seen = Some(self.seen(&text, stamp, seen.as_ref())?);
                Some(text)
            }
            None if seen.is_some() => return Err(self.vanished()),
            None => None,
        };
        let empty = change::empty_text();
        let current = Current {
            text: old.as_deref().unwrap_or(&empty),
            entries: seen.as_ref().map_or(&[], |seen| seen.entries.all()),
            spans: seen.as_ref().map_or(&[], |seen| &seen.spans),
            role: self.role,
        };
        if let Some(changed) = current.with(change)? {
            let (entries, spans) = self.read_back(&changed, seen.as_ref())?;
            let Replaced { stamp, is_exact } =
                directory.replace(&changed.text, old.as_deref(), before)?;
            let settled = is_exact && stamp.is_settled((self.outside.now)());
            let sha256 = sha256(&changed.text);
            seen = Some(Seen { stamp, settled, sha256, entries, spans });
        }
        if seen.is_some() {
            *self.state.lock() = seen;
        }
        Ok(())
    }

    /// What a text says, reusing `before` if the text is the same.
    fn seen(&self, text: &[u8], stamp: Stamp, before: Option<&Seen>) -> Result<Seen, Error> {
        let settled = stamp.is_settled((self.outside.now)());
        let sha256 = sha256(text);
        if let Some(same) = before.filter(|before| before.sha256 == sha256) {
            return Ok(Seen { stamp, settled, ..same.clone() });
        }
        let located = self.located(text, before)?;
        if located.is_empty() && !text::is_ours(text) {
            let why = format!(
                "{} is damaged: it contains no entry, and not the first line of an empty list",
                source_of(&self.path)
            );
            return Err(Error::new(Kind::Store, why).because(&FileCause::EmptyStore));
        }
        let (entries, spans) = split(located);
        Ok(Seen { stamp, settled, sha256, entries, spans })
    }

    /// Parses what is about to be written: a text that would be read differently is not written.
    fn read_back(&self, changed: &Changed, before: Option<&Seen>) -> Result<Said, Error> {
        let invalid =
            |why: &str| Error::new(Kind::Invalid, format!("the entry cannot be stored: {why}"));
        let located =
            self.located(&changed.text, before).map_err(|error| invalid(error.message()))?;
        let there = |entry: &Entry| located.iter().any(|one| one.entry == *entry);
        if located.len() != changed.count || !changed.entry.as_ref().is_none_or(there) {
            return Err(invalid("it would be read as another one"));
        }
        Ok(split(located))
    }

    /// The entries of a text; certificates that were seen before are not parsed again.
    fn located(&self, text: &[u8], before: Option<&Seen>) -> Result<Vec<Located>, Error> {
        let source = source_of(&self.path);
        text::read_reusing(text, &source, self.role, |der| {
            before?.entries.certificate(&sha256(der)).cloned()
        })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// No entries, because there is no file, unless another thread has seen one meanwhile.
    fn never_there(&self) -> Result<Arc<Entries>, Error> {
        if self.state.lock().is_some() { self.entries() } else { Ok(Arc::default()) }
    }

    fn vanished(&self) -> Error {
        let why = format!("{} has disappeared since it was read", source_of(&self.path));
        Error::new(Kind::Store, why).because(&FileCause::Vanished)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

fn split(located: Vec<Located>) -> Said {
    let (entries, spans): (Vec<_>, Vec<_>) =
        located.into_iter().map(|one| (one.entry, one.span)).unzip();
    (Arc::new(Entries::new(entries)), spans.into())
}

#[cfg(test)]
mod tests;
