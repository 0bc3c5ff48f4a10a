//! The directory whose links are put in order, locked: what is in it, and changes of one name.
//!
//! Every change is one call of the operating system, so that readers see a name as it was or as
//! it will be. The lock is `flock`'s, on the directory itself; it needs no file, and ends when
//! the directory is dropped, or the process with it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, FileCause, Kind};
use crate::material::{Doing, HashLink, pause, source_of, system_error};

/// Called before each change of the directory, with the name that is changed; an error is taken
/// as the change's own.
pub(super) type Before<'a> = &'a dyn Fn(&OsStr) -> io::Result<()>;

/// How long the lock is waited for, in all and between two looks.
const PATIENCE: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(16);

/// An open directory that nobody else puts in order meanwhile.
#[derive(Debug)]
pub(super) struct LockedDirectory<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> LockedDirectory<'a> {
    /// Opens the directory, and waits for its lock: not for ever, because anybody who may read the
    /// directory may lock it.
    pub(super) fn lock(path: &'a Path) -> Result<Self, Error> {
        Self::lock_within(path, PATIENCE)
    }

    /// The same, with another patience.
    pub(super) fn lock_within(path: &'a Path, patience: Duration) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let cannot =
            |what: &'static str| move |error: Errno| failed(Doing::Listing, what, path, error);
        let file = retry_on_intr(|| crate::process::open(path, flags, Mode::empty()));
        let file = File::from(file.map_err(cannot("open the directory"))?);
        let mut left = patience;
        loop {
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { path, file }),
                Err(Errno::INTR | Errno::WOULDBLOCK) if left.is_zero() => return Err(busy(path)),
                Err(Errno::INTR | Errno::WOULDBLOCK) => {
                    pause(MOMENT);
                    left = left.saturating_sub(MOMENT);
                }
                Err(error) => {
                    return Err(failed(Doing::Locking, "lock the directory", path, error));
                }
            }
        }
    }

    pub(super) const fn path(&self) -> &Path {
        self.path
    }

    /// The names in it, in the order of their bytes.
    pub(super) fn names(&self) -> Result<Vec<OsString>, Error> {
        let cannot = |error| failed(Doing::Listing, "read the directory", self.path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.file).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Where a link leads. `None`: it is not a link, or it is gone.
    pub(super) fn target(&self, name: &OsStr) -> Result<Option<OsString>, Error> {
        match rustix::fs::readlinkat(&self.file, name, Vec::new()) {
            Ok(target) => Ok(Some(OsString::from_vec(target.into_bytes()))),
            Err(Errno::INVAL | Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed("read the link", name, error)),
        }
    }

    /// Makes a link, in place of the link with its name where there is one.
    pub(super) fn make(
        &self,
        link: HashLink,
        target: &OsStr,
        is_there: bool,
        before: Before<'_>,
    ) -> Result<(), Error> {
        let name = link.file_name();
        if !is_there {
            return self.make_new(&name, target, before);
        }
        let temporary = temporary(link);
        self.make_new(&temporary, target, before)?;
        ask(before, &name)
            .and_then(|()| rustix::fs::renameat(&self.file, &temporary, &self.file, &name))
            .map_err(|error| self.failed("make the link", &name, error))
    }

    /// Removes a link, which may be gone already.
    pub(super) fn remove(&self, name: &OsStr, before: Before<'_>) -> Result<(), Error> {
        let removed = ask(before, name)
            .and_then(|()| rustix::fs::unlinkat(&self.file, name, AtFlags::empty()));
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed("remove the link", name, error)),
        }
    }

    /// Brings the names to the disk. Not every file system can; its links are no worse for it.
    pub(super) fn sync(&self) -> Result<(), Error> {
        match retry_on_intr(|| rustix::fs::fsync(&self.file)) {
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(failed(Doing::Listing, "write the directory", self.path, error)),
        }
    }

    fn make_new(&self, name: &OsStr, target: &OsStr, before: Before<'_>) -> Result<(), Error> {
        ask(before, name).and_then(|()| rustix::fs::symlinkat(target, &self.file, name)).map_err(
            |error| match error {
                Errno::EXIST => {
                    self.failed("make the link", name, error).because(&FileCause::OtherRehash)
                }
                other => self.failed("make the link", name, other),
            },
        )
    }

    fn failed(&self, what: &str, name: &OsStr, error: Errno) -> Error {
        failed(Doing::Writing, what, &self.path.join(name), error)
    }
}

/// Whether a link has the name of one that was about to be renamed.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    let inner = name.as_bytes().strip_prefix(b".").and_then(|name| name.strip_suffix(b".new"));
    inner.is_some_and(|name| HashLink::read(OsStr::from_bytes(name)).is_some())
}

fn temporary(link: HashLink) -> OsString {
    format!(".{link}.new").into()
}

fn ask(before: Before<'_>, name: &OsStr) -> Result<(), Errno> {
    before(name).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

fn failed(doing: Doing, what: &str, path: &Path, error: Errno) -> Error {
    system_error(doing, what, path, &error.into())
}

fn busy(path: &Path) -> Error {
    let message = format!("another process has locked the directory {}", source_of(path));
    Error::new(Kind::Busy, message).because(&FileCause::Locked)
}
