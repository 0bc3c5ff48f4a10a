//! What was read from the entries, by key, so that each entry is read once and not in every call.
//!
//! The index says where to look, and which files have not changed and need not be read again;
//! before a client is admitted, the file itself is opened. The stamp of a file is taken before it
//! is read, and trusted only if it had settled by then.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::time::SystemTime;

use super::opened::{Looked, Opened};
use crate::error::{Error, Kind};
use crate::material::Stamp;

/// Values by file name and by key.
#[derive(Debug)]
pub(crate) struct Index<K, V> {
    files: HashMap<OsString, Seen<K, V>>,
    names: HashMap<K, BTreeSet<OsString>>,
    /// Files that could not be read, and were never read before.
    unread: BTreeSet<OsString>,
}

/// What was read from a file.
#[derive(Debug)]
struct Seen<K, V> {
    /// The stamp of the file before it was read. `None`: it cannot tell whether the file has
    /// changed.
    settled: Option<Stamp>,
    /// Nothing if the file is not an entry.
    held: Vec<(K, V)>,
}

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self { files: HashMap::new(), names: HashMap::new(), unread: BTreeSet::new() }
    }
}

impl<K: Hash + Eq + Clone, V> Index<K, V> {
    /// Looks at all of `wanted`, reads the new files and those that may have changed, and forgets
    /// the others. `take` makes keys and values of what a file is. A file that is being written, or
    /// cannot be read, keeps what it had: nobody gets an entry's name because of a badly timed look.
    pub(crate) fn refresh(
        &mut self,
        place: &Opened<'_>,
        wanted: &BTreeSet<OsString>,
        now: SystemTime,
        take: &dyn Fn(&Looked) -> Vec<(K, V)>,
    ) -> Result<(), Error> {
        let gone: Vec<OsString> =
            self.files.keys().filter(|name| !wanted.contains(*name)).cloned().collect();
        gone.iter().for_each(|name| drop(self.forget(name)));
        self.unread.clear();
        for name in wanted {
            let stamp = place.look(name);
            let seen = self.files.get(name).and_then(|seen| seen.settled.as_ref());
            if seen.is_some() && seen == stamp.as_ref() {
                continue;
            }
            let is_there = stamp.is_some();
            let settled = stamp.filter(|stamp| stamp.is_settled(now));
            let (settled, held) = match place.entry(name) {
                Ok(looked) => {
                    let before = self.forget(name);
                    let is_half = matches!(&looked, Looked::Nothing)
                        || matches!(&looked, Looked::Ignored { held, .. } if held.is_empty());
                    if is_half && is_there && settled.is_none() {
                        (None, before)
                    } else {
                        (settled, take(&looked))
                    }
                }
                Err(error) if error.kind() == Kind::NoMemory => return Err(error),
                // It may be readable next time, and its stamp would not show that.
                Err(_) => {
                    let held = self.forget(name);
                    if held.is_empty() {
                        self.unread.insert(name.clone());
                    }
                    (None, held)
                }
            };
            for (key, _) in &held {
                self.names.entry(key.clone()).or_default().insert(name.clone());
            }
            self.files.insert(name.clone(), Seen { settled, held });
        }
        Ok(())
    }

    /// A file that could not be read, and was never read before.
    pub(crate) fn unread(&self) -> Option<&OsStr> {
        self.unread.first().map(OsString::as_os_str)
    }

    /// The files that had this key when they were read, sorted by name.
    pub(crate) fn names<Q>(&self, key: &Q) -> impl Iterator<Item = &OsStr>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.names.get(key).into_iter().flatten().map(OsString::as_os_str)
    }

    /// The same, with their values.
    pub(crate) fn entries<Q>(&self, key: &Q) -> Vec<(&OsStr, &V)>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut all = Vec::new();
        for name in self.names(key) {
            let held = self.files.get(name).map(|seen| seen.held.as_slice()).unwrap_or_default();
            let its = held.iter().filter(|(one, _)| one.borrow() == key);
            all.extend(its.map(|(_, value)| (name, value)));
        }
        all
    }

    /// Forgets a file and returns what it held.
    fn forget(&mut self, name: &OsStr) -> Vec<(K, V)> {
        let held = self.files.remove(name).map(|seen| seen.held).unwrap_or_default();
        for (key, _) in &held {
            if let Some(names) = self.names.get_mut(key) {
                names.remove(name);
                if names.is_empty() {
                    self.names.remove(key);
                }
            }
        }
        held
    }
}
