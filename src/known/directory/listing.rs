//! The names in the directory, kept as long as the directory stays unchanged.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::SystemTime;

use super::opened::{Name, Opened};
use crate::error::Error;
use crate::material::{HashLink, HashPlace, Stamp};

/// The names of the entries.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The stamp of the directory before it was read. `None`: it cannot tell whether the directory
    /// has changed.
    settled: Option<Stamp>,
    entries: BTreeSet<OsString>,
    /// Those without a hash link.
    unlinked: BTreeSet<OsString>,
    /// The links with hash names that lead to entries.
    links: BTreeSet<HashLink>,
}

impl Listing {
    /// Reads the directory again, unless it is certain to be unchanged.
    pub(crate) fn refresh(&mut self, place: &Opened<'_>, now: SystemTime) -> Result<(), Error> {
        if self.settled.as_ref() == Some(place.stamp()) {
            return Ok(());
        }
        self.settled = None;
        let (mut entries, mut linked) = (BTreeSet::new(), BTreeSet::new());
        self.links.clear();
        for name in place.names()? {
            match name {
                Name::Entry(name) => drop(entries.insert(name)),
                Name::Link(link, target) => {
                    self.links.insert(link);
                    linked.insert(target);
                }
            }
        }
        self.unlinked = entries.difference(&linked).cloned().collect();
        self.entries = entries;
        self.settled = Some(place.stamp()).filter(|stamp| stamp.is_settled(now)).cloned();
        Ok(())
    }

    /// Every file that may be an entry.
    pub(crate) const fn entries(&self) -> &BTreeSet<OsString> {
        &self.entries
    }

    /// The links of a hash, from this number on.
    pub(crate) fn links(&self, hash: HashPlace, from: u32) -> impl Iterator<Item = HashLink> {
        self.links.range(hash.numbered(from)..=hash.numbered(u32::MAX)).copied()
    }

    /// Entries that no hash link leads to.
    pub(crate) const fn unlinked(&self) -> &BTreeSet<OsString> {
        &self.unlinked
    }
}
