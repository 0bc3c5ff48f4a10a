//! The directory as one call found it: opened, its permissions checked, and ready to look up files.
//!
//! Files are opened relative to the open directory and without blocking, so that a directory that
//! took the path meanwhile is not read, and no pipe stops the call. A file that must not count is
//! read all the same, to say so where its certificate is looked for; only a process that is out of
//! descriptors is a failure.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, FileCause, Kind};
use crate::material::{
    Certificate, Doing, Guard, HashLink, HashPlace, Holding, Passes, Stamp, Way, Writers,
    has_ending, holding, read_at, source_of, system_error,
};

/// What the names of entries end in.
const ENDINGS: [&str; 3] = [".pem", ".crt", ".cer"];

/// The largest entry, in bytes.
const LARGEST: u64 = 1 << 20;

/// The most links with the same hash.
const LINKS: u32 = 256;

/// The open directory.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    path: &'a Path,
    file: File,
    stamp: Stamp,
    guard: Guard,
}

/// What a name in the directory turned out to be.
#[derive(Debug)]
pub(crate) enum Looked {
    /// No file, or none with the name of an entry.
    Nothing,
    /// An entry.
    Entry(Certificate),
    /// A file that does not count as an entry.
    Ignored {
        /// Why: a sentence about "it".
        why: String,
        /// The certificates in it.
        held: Vec<Certificate>,
    },
}

impl Looked {
    /// The certificates in it, whether it counts or not.
    pub(crate) fn held(&self) -> &[Certificate] {
        match self {
            Self::Nothing => &[],
            Self::Entry(certificate) => std::slice::from_ref(certificate),
            Self::Ignored { held, .. } => held,
        }
    }
}

/// The search for a certificate.
#[derive(Debug)]
pub(crate) struct Search<'l> {
    pub(crate) leaf: &'l Certificate,
    /// A file that holds it and does not count, and why.
    pub(crate) ignored: Option<String>,
}

impl<'l> Search<'l> {
    pub(crate) const fn of(leaf: &'l Certificate) -> Self {
        Self { leaf, ignored: None }
    }
}

/// A name in the directory that matters.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// A file that may be an entry.
    Entry(OsString),
    /// A link to the entry with this name.
    Link(HashLink, OsString),
}

impl Name {
    /// The entry that it leads to, if it is a link.
    pub(crate) const fn target(&self) -> Option<&OsString> {
        match self {
            Self::Entry(_) => None,
            Self::Link(_, target) => Some(target),
        }
    }
}

impl<'a> Opened<'a> {
    pub(crate) fn open(path: &'a Path, writers: Writers) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = retry_on_intr(|| crate::process::open(path, flags, Mode::empty()));
        let file = File::from(file.map_err(|error| unreadable(path, error))?);
        let stat = rustix::fs::fstat(&file).map_err(|error| unreadable(path, error))?;
        let guard = Guard::of_clients(writers);
        guard.check_way(path, Passes::Groups)?;
        guard.check(path, stat.st_uid, stat.st_mode)?;
        Ok(Self { path, file, stamp: Stamp::of_stat(&stat), guard })
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
        search: &mut Search<'_>,
    ) -> Result<(Option<PathBuf>, u32), Error> {
        for number in 0..LINKS {
            let Some(name) = self.target(&hash.numbered(number).file_name()) else {
                return Ok((None, number));
            };
            if self.holds(&name, search)? {
                return Ok((Some(self.path.join(name)), number));
            }
        }
        Ok((None, LINKS))
    }

    /// The first file with this certificate that one of these links leads to now.
    pub(crate) fn first_linked(
        &self,
        links: impl Iterator<Item = HashLink>,
        search: &mut Search<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        for link in links {
            if let Some(name) = self.target(&link.file_name())
                && self.holds(&name, search)?
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
        search: &mut Search<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        for name in names {
            if self.holds(name, search)? {
                return Ok(Some(self.path.join(name)));
            }
        }
        Ok(None)
    }

    /// The stamp of a file, without opening it. `None`: there is no such file.
    pub(crate) fn look(&self, name: &OsStr) -> Option<Stamp> {
        let found: Option<Stat> = rustix::fs::statat(&self.file, name, AtFlags::empty()).ok();
        found.map(|stat| Stamp::of_stat(&stat))
    }

    /// What a file is; an error if that cannot be told now, but perhaps later.
    pub(crate) fn entry(&self, name: &OsStr) -> Result<Looked, Error> {
        let found = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW);
        let Some(found) = found.ok().filter(|_| has_ending(name, &ENDINGS)) else {
            return Ok(Looked::Nothing);
        };
        let ignored =
            |why: &str| Ok(Looked::Ignored { why: format!("it {why}"), held: Vec::new() });
        let way = if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
            Way::of_entry(self.path, name, &self.guard)
        } else {
            Way::none(found)
        };
        let Some(end) = way.end else { return ignored("leads nowhere") };
        // Opening a device may have side effects.
        match FileType::from_raw_mode(end.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return ignored("is a directory"),
            FileType::Fifo => return ignored("is a named pipe"),
            FileType::Socket => return ignored("is a socket"),
            FileType::CharacterDevice | FileType::BlockDevice => return ignored("is a device"),
            FileType::Symlink | FileType::Unknown => return ignored("is not a file"),
        }
        let path = self.path.join(name);
        let text = match read_at(&self.file, name, &path, LARGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == Kind::TooBig => {
                return ignored("is larger than any entry");
            }
            Err(error) => return Err(error),
        };
        if !text.stamp.is_of_same_file(&Stamp::of_stat(&end)) {
            let message = format!("{} was replaced while it was read", source_of(&path));
            return Err(Error::new(Kind::File, message).because(&FileCause::Changing));
        }
        let mistrust = self.guard.mistrust(text.owner, text.mode).map(|why| format!("it {why}"));
        let is_marked = "it is a TRUSTED CERTIFICATE of OpenSSL, which may say what it is not for";
        let astray = way
            .mistrust
            .map(|found| format!("it leads through {}, which {}", source_of(&found.at), found.why));
        let (why, held) = match (holding(&text.bytes, "its text"), astray.or(mistrust)) {
            (Ok(Holding::Certificate { certificate, is_marked: false }), None) => {
                return Ok(Looked::Entry(certificate));
            }
            (Ok(Holding::Certificate { certificate, .. }), why) => {
                (why.unwrap_or_else(|| is_marked.to_owned()), vec![certificate])
            }
            (Ok(Holding::List { .. }), why) => {
                (why.unwrap_or_else(|| "it contains a revocation list".to_owned()), Vec::new())
            }
            (Err(other), why) => {
                let held = Certificate::all_from_pem(&text.bytes, "its text");
                (why.unwrap_or(other), held.unwrap_or_default())
            }
        };
        Ok(Looked::Ignored { why, held })
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

    /// Whether a file holds the certificate that is searched, and counts.
    fn holds(&self, name: &OsStr, search: &mut Search<'_>) -> Result<bool, Error> {
        let is_it = |one: &Certificate| one.der() == search.leaf.der();
        match self.entry(name) {
            Ok(Looked::Entry(found)) => Ok(is_it(&found)),
            Ok(Looked::Ignored { why, held }) => {
                if held.iter().any(is_it) {
                    let file = source_of(&self.path.join(name));
                    search.ignored.get_or_insert_with(|| format!("{file}: {why}"));
                }
                Ok(false)
            }
            Ok(Looked::Nothing) => Ok(false),
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
}

/// Whether a look-up would try this link.
const fn is_probed(link: &HashLink) -> bool {
    !link.place.is_list && link.number < LINKS
}

fn unreadable(path: &Path, error: Errno) -> Error {
    system_error(Doing::Listing, "read the directory", path, &error.into())
}
