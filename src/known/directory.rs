//! The directory of client certificates: clients whose certificate is in it are allowed.
//!
//! Entries are exact, never authorities, and never trusted from memory: the answer is yes only if a
//! file that holds the certificate was opened during the same call. What is kept between calls are
//! hints on where to look, behind one lock that is held while files are read, and never while
//! foreign code runs. A clock only tells whether a time stamp is old enough to be trusted. A
//! directory or a file that others may write admits nobody.

mod index;
mod listing;
mod opened;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::identity::{IdentityFrom, identity};
use crate::error::{Error, Kind};
use crate::material::{Certificate, HashPlace, name_hash};
use crate::process::PerProcess;
use index::Index;
use listing::Listing;
use opened::Opened;

/// How often to look again at a directory that keeps changing.
const LOOKS: usize = 4;

/// A directory of client certificates.
///
/// An entry is a file of at most 1 MiB whose name ends in `.pem`, `.crt` or `.cer`, that others may
/// not write, and that holds one certificate; a key in the same file does not matter. Links with
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
}

impl Directory {
    /// The directory at `path`. Nothing in it is read yet.
    ///
    /// # Errors
    ///
    /// [`Kind::File`] if it is missing or cannot be read, [`Kind::Permission`] if others may write
    /// it, [`Kind::Invalid`] if `path` is empty.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, Box::new(SystemTime::now))
    }

    fn open_with(
        path: &Path,
        now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    ) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(|error| {
            Error::new(Kind::Invalid, format!("{} names no directory: {error}", path.display()))
        })?;
        Opened::open(&path)?;
        Ok(Self { path, now, hints: PerProcess::new() })
    }

    /// Where it is, as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that holds exactly this certificate; it was opened to make sure.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`], and [`Kind::NoMemory`] if the process is out of descriptors: nobody
    /// is unknown because the directory cannot be read.
    pub(crate) fn find(&self, leaf: &Certificate) -> Result<Option<PathBuf>, Error> {
        self.look(|place| self.find_in(place, leaf))
    }

    fn find_in(&self, place: &Opened<'_>, leaf: &Certificate) -> Result<Option<PathBuf>, Error> {
        let hash = name_hash(leaf.subject_der()).map(|hash| HashPlace { hash, is_list: false });
        // If the links are in order, an entry needs no more look-ups than this.
        let (found, gap) = hash.map_or(Ok((None, 0)), |hash| place.up_to_gap(hash, leaf))?;
        if found.is_some() {
            return Ok(found);
        }
        let now = self.now();
        let hints = self.hints.here();
        let mut hints = hints.lock();
        let hints = &mut *hints;
        if let Some(path) = place.first_with(hints.unlinked.names(leaf.sha256()), leaf)? {
            return Ok(Some(path));
        }
        hints.listing.refresh(place, now)?;
        let behind = hash.into_iter().flat_map(|hash| hints.listing.links(hash, gap));
        if let Some(path) = place.first_linked(behind, leaf)? {
            return Ok(Some(path));
        }
        let key = |certificate: &Certificate| Some((*certificate.sha256(), ()));
        hints.unlinked.refresh(place, hints.listing.unlinked(), now, &key)?;
        place.first_with(hints.unlinked.names(leaf.sha256()), leaf)
    }

    /// An entry with this identity and a different key.
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
    ) -> Result<Option<PathBuf>, Error> {
        self.look(|place| self.other_holder_in(place, (name, key_sha256), rule))
    }

    fn other_holder_in(
        &self,
        place: &Opened<'_>,
        (name, key_sha256): (&str, &[u8; 32]),
        rule: IdentityFrom,
    ) -> Result<Option<PathBuf>, Error> {
        let now = self.now();
        let hints = self.hints.here();
        let mut hints = hints.lock();
        let hints = &mut *hints;
        if hints.rule != Some(rule) {
            hints.holders = Index::default();
            hints.rule = Some(rule);
        }
        hints.listing.refresh(place, now)?;
        let holder = |certificate: &Certificate| {
            Some((identity(certificate, rule).ok()?, *certificate.key_sha256()))
        };
        hints.holders.refresh(place, hints.listing.entries(), now, &holder)?;
        let mut others = hints.holders.entries(name).filter(|(_, key)| *key != key_sha256);
        if let Some((file, _)) = others.next() {
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
        for_it: impl Fn(&Opened<'_>) -> Result<Option<PathBuf>, Error>,
    ) -> Result<Option<PathBuf>, Error> {
        for _ in 0..LOOKS {
            let place = Opened::open(&self.path)?;
            let found = for_it(&place);
            if matches!(found, Ok(Some(_))) || place.is_as_it_was() {
                return found;
            }
        }
        let message =
            format!("the directory {} changes faster than it can be read", self.path.display());
        Err(Error::new(Kind::File, message).with_hint("try again when that is done"))
    }

    /// In nanoseconds since 1970.
    fn now(&self) -> i128 {
        let since = (self.now)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
    }
}

/// The error for an entry that may have any name.
fn unread(file: &Path) -> Error {
    let file = file.display();
    let message = format!("{file} cannot be read, and the name of the client may stand there");
    Error::new(Kind::File, message)
        .with_hint("let the server read every file of the directory of clients")
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
