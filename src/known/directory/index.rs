//! What was read in the entries, by a key, so that an entry is read once and not in each call.
//!
//! It says where to look, and that what has not changed need not be read again; whoever lets
//! somebody in opens the file. The stamp of a file is taken before it is read, and believed only
//! when it had settled by then.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::Hash;

use super::opened::Opened;
use crate::error::{Error, Kind};
use crate::material::{Certificate, Stamp};

/// Values by name of the file and by key.
#[derive(Debug)]
pub(crate) struct Index<K, V> {
    files: HashMap<OsString, Seen<K, V>>,
    names: HashMap<K, BTreeSet<OsString>>,
    /// Files that could not be read, and of which nothing is known from before.
    unread: BTreeSet<OsString>,
}

/// What was read in a file.
#[derive(Debug)]
struct Seen<K, V> {
    /// The file before it was read, if that tells that it is still the same.
    settled: Option<Stamp>,
    /// Nothing for a file that is no entry.
    held: Option<(K, V)>,
}

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self { files: HashMap::new(), names: HashMap::new(), unread: BTreeSet::new() }
    }
}

impl<K: Hash + Eq + Clone, V> Index<K, V> {
    /// Looks at all of `wanted`, reads those that are new or may have changed, and forgets the
    /// others; `take` makes key and value, or nothing where a certificate has none. A file that
    /// is being written, or cannot be read, has what it had: nobody gets an entry's name because
    /// somebody looks at a bad moment.
    pub(crate) fn refresh(
        &mut self,
        place: &Opened<'_>,
        wanted: &BTreeSet<OsString>,
        now: i128,
        take: &dyn Fn(&Certificate) -> Option<(K, V)>,
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
            let (settled, held) = match place.certificate(name) {
                Ok(Some(certificate)) => {
                    self.forget(name);
                    (settled, take(&certificate))
                }
                Ok(None) if is_there && settled.is_none() => (None, self.forget(name)),
                Ok(None) => {
                    self.forget(name);
                    (settled, None)
                }
                Err(error) if error.kind() == Kind::NoMemory => return Err(error),
                // It may be readable the next time, and its stamp would not say so.
                Err(_) => {
                    let held = self.forget(name);
                    if held.is_none() {
                        self.unread.insert(name.clone());
                    }
                    (None, held)
                }
            };
            if let Some((key, _)) = &held {
                self.names.entry(key.clone()).or_default().insert(name.clone());
            }
            self.files.insert(name.clone(), Seen { settled, held });
        }
        Ok(())
    }

    /// A file that could not be read, and of which nothing is known from before.
    pub(crate) fn unread(&self) -> Option<&OsStr> {
        self.unread.first().map(OsString::as_os_str)
    }

    /// The files that had this key when they were read, in the order of their names.
    pub(crate) fn names<Q>(&self, key: &Q) -> impl Iterator<Item = &OsStr>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.names.get(key).into_iter().flatten().map(OsString::as_os_str)
    }

    /// The same, with their values.
    pub(crate) fn entries<Q>(&self, key: &Q) -> impl Iterator<Item = (&OsStr, &V)>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.names(key).filter_map(|name| Some((name, &self.files.get(name)?.held.as_ref()?.1)))
    }

    /// Forgets a file; what it held.
    fn forget(&mut self, name: &OsStr) -> Option<(K, V)> {
        let held = self.files.remove(name)?.held?;
        if let Some(names) = self.names.get_mut(&held.0) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(&held.0);
            }
        }
        Some(held)
    }
}
