//! The directory as one call found it: opened, its permissions checked, and ready to look up files.
//!
//! Files are opened relative to the open directory and without blocking, so that a directory that
//! took the path meanwhile is not read, and no pipe stops the call. A file that must not count is
//! skipped; only a process that is out of descriptors is a failure.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, Kind};
use crate::material::{
    Certificate, HashLink, HashPlace, Holding, Stamp, has_ending, holding, read_at, source_of,
};

/// What the names of entries end in.
const ENDINGS: [&str; 3] = [".pem", ".crt", ".cer"];

/// The largest entry, in bytes.
const LARGEST: u64 = 1 << 20;

/// The most links with the same hash.
const LINKS: u32 = 256;

/// The permission of others to write.
const OTHERS_WRITE: u32 = 0o002;

/// The open directory.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    path: &'a Path,
    file: File,
    stamp: Stamp,
}

/// A name in the directory that matters.
#[derive(Debug)]
pub(crate) enum Name {
    /// A file that may be an entry.
    Entry(OsString),
    /// A link to the entry with this name.
    Link(HashLink, OsString),
}

impl<'a> Opened<'a> {
    pub(crate) fn open(path: &'a Path) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = retry_on_intr(|| crate::process::open(path, flags, Mode::empty()));
        let file = File::from(file.map_err(|error| unreadable(path, error))?);
        let stat = rustix::fs::fstat(&file).map_err(|error| unreadable(path, error))?;
        if stat.st_mode & OTHERS_WRITE != 0 {
            let mode = stat.st_mode & 0o7777;
            let path = path.display();
            let why = format!(
                "others may write the directory {path} (mode {mode:04o}), and so say who may come"
            );
            return Err(Error::new(Kind::Permission, why).with_hint(format!("chmod o-w {path}")));
        }
        Ok(Self { path, file, stamp: Stamp::of_stat(&stat) })
    }

    /// The stamp that the directory had when it was opened.
    pub(crate) const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Whether the path still leads to it, and no name was added or removed since.
    pub(crate) fn is_as_it_was(&self) -> bool {
        rustix::fs::stat(self.path).is_ok_and(|stat| Stamp::of_stat(&stat) == self.stamp)
    }

    /// The file with this certificate among the links of this hash, counted from 0 up to the first
    /// number that leads nowhere; and that number.
    pub(crate) fn up_to_gap(
        &self,
        hash: HashPlace,
        leaf: &Certificate,
    ) -> Result<(Option<PathBuf>, u32), Error> {
        for number in 0..LINKS {
            let Some(name) = self.target(&hash.numbered(number).file_name()) else {
                return Ok((None, number));
            };
            if self.holds(&name, leaf)? {
                return Ok((Some(self.path.join(name)), number));
            }
        }
        Ok((None, LINKS))
    }

    /// The first file with this certificate that one of these links leads to now.
    pub(crate) fn first_linked(
        &self,
        links: impl Iterator<Item = HashLink>,
        leaf: &Certificate,
    ) -> Result<Option<PathBuf>, Error> {
        for link in links {
            if let Some(name) = self.target(&link.file_name())
                && self.holds(&name, leaf)?
            {
                return Ok(Some(self.path.join(name)));
            }
        }
        Ok(None)
    }

    /// The first of these files that holds the certificate now.
    pub(crate) fn first_with<'n>(
        &self,
        names: impl Iterator<Item = &'n OsStr>,
        leaf: &Certificate,
    ) -> Result<Option<PathBuf>, Error> {
        for name in names {
            if self.holds(name, leaf)? {
                return Ok(Some(self.path.join(name)));
            }
        }
        Ok(None)
    }

    /// The stamp of a file, without opening it. `None`: there is no such file.
    pub(crate) fn look(&self, name: &OsStr) -> Option<Stamp> {
        self.stat(name).map(|stat| Stamp::of_stat(&stat))
    }

    /// The certificate in a file, if it counts as an entry; an error if that cannot be told now,
    /// but perhaps later.
    pub(crate) fn certificate(&self, name: &OsStr) -> Result<Option<Certificate>, Error> {
        // Opening a device may have side effects.
        let is_file = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !has_ending(name, &ENDINGS) || !self.stat(name).as_ref().is_some_and(is_file) {
            return Ok(None);
        }
        let path = self.path.join(name);
        let text = match read_at(&self.file, name, &path, LARGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == Kind::TooBig => return Ok(None),
            Err(error) => return Err(error),
        };
        if text.mode & OTHERS_WRITE != 0 {
            return Ok(None);
        }
        Ok(match holding(&text.bytes, &source_of(&path)) {
            Ok(Holding::Certificate { certificate, is_marked: false }) => Some(certificate),
            Ok(Holding::Certificate { is_marked: true, .. } | Holding::List { .. }) | Err(_) => {
                None
            }
        })
    }

    /// Every name that matters.
    pub(crate) fn names(&self) -> Result<Vec<Name>, Error> {
        let cannot = |error| unreadable(self.path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.file).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if has_ending(name, &ENDINGS) {
                names.push(Name::Entry(name.to_owned()));
            } else if let Some(link) = HashLink::read(name).filter(is_probed) {
                names.extend(self.target(name).map(|target| Name::Link(link, target)));
            }
        }
        Ok(names)
    }

    fn holds(&self, name: &OsStr, leaf: &Certificate) -> Result<bool, Error> {
        match self.certificate(name) {
            Ok(found) => Ok(found.is_some_and(|found| found.der() == leaf.der())),
            Err(error) if error.kind() == Kind::NoMemory => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// The entry that a hash link leads to. A copy of a file leads nowhere, and so does a link out
    /// of the directory: they would remain when the entry is removed.
    fn target(&self, name: &OsStr) -> Option<OsString> {
        let target = rustix::fs::readlinkat(&self.file, name, Vec::new()).ok()?.into_bytes();
        let is_plain = !target.contains(&b'/');
        Some(OsString::from_vec(target)).filter(|target| is_plain && has_ending(target, &ENDINGS))
    }

    fn stat(&self, name: &OsStr) -> Option<Stat> {
        rustix::fs::statat(&self.file, name, AtFlags::empty()).ok()
    }
}

/// Whether a look-up would try this link.
const fn is_probed(link: &HashLink) -> bool {
    !link.place.is_list && link.number < LINKS
}

fn unreadable(path: &Path, error: Errno) -> Error {
    let out = matches!(error, Errno::MFILE | Errno::NFILE | Errno::NOMEM);
    let words = std::io::Error::from(error).to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let kind = if out { Kind::NoMemory } else { Kind::File };
    Error::new(kind, format!("cannot read the directory {}: {words}", path.display()))
}
