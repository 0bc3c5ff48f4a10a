//! How a file of known peers is read, locked and replaced: the system calls, and the checks of what
//! must not be trusted.
//!
//! How it is replaced is in [`super::replace`]. Waiting for the lock uses the only clock
//! here, and tries every few milliseconds: `flock` has no deadline, and what would give it one, a
//! signal or a thread, belongs to the application.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, FileCause, FileName, Kind};
use crate::material::{
    Doing, Guard, OpenToOthers, Passes, Stamp, can_make, is_a_link, no_room, open_private_at,
    pause, source_of, system_error_of,
};
use crate::process::open;

/// The largest file; one that answers made is smaller.
const LARGEST: u64 = 1 << 30;

/// What is used of the directory that the file is in.
const DIRECTORY: &str = "use the directory of the known peers,";

/// The steps of a change, for tests that stop at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Opening and taking the lock.
    Lock,
    /// Creating the temporary file.
    Create,
    /// Writing one chunk of it.
    Write,
    /// Syncing it to disk.
    Sync,
    /// Looking at it.
    Look,
    /// Giving the old file a second name.
    Keep,
    /// Giving the new file the name.
    Rename,
    /// Syncing the directory.
    SyncDirectory,
    /// Giving the old file its name back.
    PutBack,
}

/// Called before each step; an error counts as the step's own.
pub(crate) type Before<'a> = &'a dyn Fn(Step) -> io::Result<()>;

/// The stamp of the file, without reading it. `None`: there is no file.
pub(crate) fn look(path: &Path) -> Result<Option<Stamp>, Error> {
    match std::fs::metadata(path) {
        Ok(metadata) => {
            check_file(path, &metadata)?;
            Ok(Some(Stamp::of(&metadata)))
        }
        Err(error) => missing(path, &error),
    }
}

/// The file and its stamp. `None`: there is no file. Symbolic links are followed.
pub(crate) fn read(path: &Path) -> Result<Option<(Vec<u8>, Stamp)>, Error> {
    Guard::of_known_peers().check_way(path, Passes::Groups)?;
    // A plain open of a FIFO would block.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(error) => return missing(path, &error.into()),
    };
    let cannot = |error: io::Error| cannot(Doing::Reading, "read", path, &error);
    let mut stamp = checked(path, &file)?;
    for _ in 0..3 {
        let mut text = Vec::new();
        let room = stamp.size().saturating_add(1);
        usize::try_from(room)
            .map_err(|_| no_room(path))
            .and_then(|room| text.try_reserve_exact(room).map_err(|_| no_room(path)))?;
        rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0))
            .map_err(|error| cannot(error.into()))?;
        (&file).take(room).read_to_end(&mut text).map_err(cannot)?;
        let after = checked(path, &file)?;
        if after == stamp {
            return Ok(Some((text, stamp)));
        }
        stamp = after;
    }
    let why = format!("{} keeps changing while it is read", source_of(path));
    Err(Error::new(Kind::Store, why).because(&FileCause::Changing))
}

/// Refuses a path that is not a directory, or a directory that others may change.
pub(crate) fn check_directory(path: &Path) -> Result<(), Error> {
    let metadata = std::fs::metadata(path).map_err(|error| no_directory(path, &error))?;
    if !metadata.is_dir() {
        return Err(no_directory(path, &Errno::NOTDIR.into()));
    }
    Guard::of_known_peers().check(path, metadata.uid(), metadata.mode())
}

/// The open directory of the file, and the file's name in it.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) name: OsString,
}

/// The lock of the file, held until dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that was forked meanwhile has the descriptor too, so closing ours would not
        // release the lock. If this fails, the close has to do.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
    }
}

impl Parent {
    /// Opens and checks the directory that `path` is in.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::new(
                Kind::Invalid,
                format!("\"{}\" is not the name of a file", source_of(path)),
            ));
        };
        Guard::of_known_peers().check_way(path, Passes::Groups)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = open(parent, flags, Mode::empty())
            .map_err(|error| no_directory(parent, &error.into()))?;
        let file = File::from(file);
        let found = file.metadata().map_err(|error| no_directory(parent, &error))?;
        Guard::of_known_peers().check(parent, found.uid(), found.mode())?;
        Ok(Self { file, path: parent.to_path_buf(), name: name.to_owned() })
    }

    /// Takes the lock; fails at the deadline.
    pub(crate) fn lock(&self, deadline: Instant, before: Before<'_>) -> Result<Lock, Error> {
        let mut name = self.name.clone();
        name.push(".lock");
        let path = self.path.join(&name);
        let cannot = |error: io::Error| cannot(Doing::Locking, "lock", &path, &error);
        before(Step::Lock).map_err(cannot)?;
        let mut waits = Duration::from_millis(1);
        loop {
            let file =
                open_private_at(&self.file, &name, &path, Kind::Store, OpenToOthers::Mended)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // Someone may have removed the file between our open and our lock.
                Ok(()) if self.is_still(&name, &file) => return Ok(Lock(file)),
                Ok(()) | Err(Errno::INTR | Errno::WOULDBLOCK) => {}
                Err(error) => return Err(cannot(error.into())),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(locked(&path));
            }
            pause(waits.min(left));
            waits = waits.saturating_mul(2).min(Duration::from_millis(16));
        }
    }

    /// Refuses to write if the name is a symbolic link, or if the file has another name.
    pub(crate) fn check_target(&self) -> Result<(), Error> {
        let path = self.path.join(&self.name);
        match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot(Doing::Reading, "read", &path, &error)),
            Ok(found) if found.is_symlink() => Err(is_a_link(&path, Kind::Store)),
            Ok(found) if found.nlink() > 1 && found.is_file() => {
                let why = format!(
                    "{} has a second name (hard link), which would keep the old text",
                    source_of(&path)
                );
                Err(Error::new(Kind::Store, why).because(&FileCause::SecondName))
            }
            Ok(found) => check_file(&path, &found),
        }
    }

    /// Whether a name still refers to the file that was opened by it.
    pub(super) fn is_still(&self, name: &OsStr, file: &File) -> bool {
        let there = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW);
        let here = rustix::fs::fstat(file);
        matches!((there, here), (Ok(there), Ok(here)) if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino))
    }
}

/// The error for a lock that somebody else holds.
pub(crate) fn locked(path: &Path) -> Error {
    let why = format!("another process or thread has locked {}", source_of(path));
    Error::new(Kind::StoreLocked, why).because(&FileCause::Locked)
}

/// The stamp of an open file, after checking that it can be trusted.
fn checked(path: &Path, file: &File) -> Result<Stamp, Error> {
    let metadata = file.metadata().map_err(|error| cannot(Doing::Reading, "read", path, &error))?;
    check_file(path, &metadata)?;
    Ok(Stamp::of(&metadata))
}

fn check_file(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    if !metadata.is_file() {
        let why = format!("{} is not a regular file", source_of(path));
        return Err(Error::new(Kind::Store, why).because(&FileCause::NotRegular));
    }
    if metadata.len() >= LARGEST {
        let why = format!("{} is larger than any list of known peers", source_of(path));
        return Err(Error::new(Kind::Store, why).because(&FileCause::TooBig));
    }
    Guard::of_known_peers().check(path, metadata.uid(), metadata.mode())
}

/// `None` if there is nothing at the path; a dangling link is not nothing.
fn missing<T>(path: &Path, error: &io::Error) -> Result<Option<T>, Error> {
    let nothing = error.kind() == io::ErrorKind::NotFound;
    // A dangling link exists. A file that was created since did not exist then.
    let link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if nothing && !link { Ok(None) } else { Err(cannot(Doing::Reading, "read", path, error)) }
}

pub(super) fn cannot(doing: Doing, what: &str, path: &Path, error: &io::Error) -> Error {
    system_error_of(Kind::Store, doing, what, path, error)
}

fn no_directory(path: &Path, error: &io::Error) -> Error {
    let error = system_error_of(Kind::Store, Doing::Listing, DIRECTORY, path, error);
    if path.exists() || path.is_symlink() {
        return error;
    }
    error.because(&if can_make(path) {
        FileCause::NoStoreDirectory(FileName::of(path))
    } else {
        FileCause::NoPlaceForStore
    })
}
