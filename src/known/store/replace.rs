//! How the known file is replaced: by a new file that is complete and on disk before it takes the
//! name, so that a kill at any moment leaves the old or the new one.
//!
//! The old file keeps a second name until the new one is known to last, and gets its own name back
//! if that fails: this takes no room on the disk, and writes nothing. What a killed writer left is
//! removed by the next one. All of it happens under the lock.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::disk::{Before, Parent, Step, cannot};
use crate::error::{Error, FileCause, Kind};
use crate::material::Stamp;
use crate::material::{Doing, private, words};

/// How many bytes are written at a time.
const CHUNK: usize = 1 << 16;

/// What the name of a new file ends in, and that of an old one.
const ENDINGS: [&str; 2] = [".new", ".old"];

/// How many digits there are before the ending.
const DIGITS: usize = 16;

/// The file that took the name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replaced {
    pub(crate) stamp: Stamp,
    /// Whether that is the stamp of the file as it is now.
    pub(crate) is_exact: bool,
}

/// A name in the directory that goes when this is dropped, unless the file got its own one.
struct Temporary<'a> {
    directory: &'a File,
    name: OsString,
    is_renamed: bool,
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.is_renamed {
            // A leftover does no harm: no reader looks at it, and the next writer removes it.
            let _ = rustix::fs::unlinkat(self.directory, &self.name, AtFlags::empty());
        }
    }
}

impl Parent {
    /// Replaces the file with `text` durably, or leaves `old` as it was. If neither can be had the
    /// error says so.
    pub(crate) fn replace(
        &self,
        text: &[u8],
        old: Option<&[u8]>,
        before: Before<'_>,
    ) -> Result<Replaced, Error> {
        let path = self.path.join(&self.name);
        let cannot = |error: io::Error| cannot(Doing::Writing, "write", &path, &error);
        let (file, mut new) = self.write(text, before).map_err(cannot)?;
        let found = before(Step::Look).and_then(|()| file.metadata()).map_err(cannot)?;
        if u64::try_from(text.len()) != Ok(found.len()) {
            return Err(cannot(io::ErrorKind::WriteZero.into()));
        }
        let kept = old.map(|old| self.keep(old, before)).transpose().map_err(cannot)?;
        let renamed = before(Step::Rename).and_then(|()| self.rename(&mut new));
        if let Err(error) = renamed {
            // On a file system over a network what was reported as failed may have happened.
            new.is_renamed = self.is_still(&self.name, &file);
            if !new.is_renamed {
                return Err(cannot(error));
            }
        }
        let durable = before(Step::SyncDirectory).and_then(|()| sync_directory(&self.file));
        if let Err(error) = durable {
            return Err(match self.put_back(kept, before) {
                Ok(()) => cannot(error),
                Err(second) => doubtful(&cannot(error), &second),
            });
        }
        // Renaming has changed one of its times.
        let after = before(Step::Look).and_then(|()| file.metadata());
        let stamp = Stamp::of(after.as_ref().unwrap_or(&found));
        Ok(Replaced { stamp, is_exact: after.is_ok() })
    }

    /// Removes what writers left that were killed. Nobody else writes: the lock is held.
    pub(crate) fn sweep(&self) {
        let Ok(names) = Dir::read_from(&self.file) else { return };
        for name in names.flatten() {
            let name = OsStr::from_bytes(name.file_name().to_bytes());
            if self.is_leftover(name) {
                let _ = rustix::fs::unlinkat(&self.file, name, AtFlags::empty());
            }
        }
    }

    fn is_leftover(&self, name: &OsStr) -> bool {
        let digits = name.as_bytes().strip_prefix(b".").and_then(|rest| {
            let rest = rest.strip_prefix(self.name.as_bytes())?.strip_prefix(b".")?;
            ENDINGS.iter().find_map(|ending| rest.strip_suffix(ending.as_bytes()))
        });
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(is_digit)) {
            return false;
        }
        let found = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|found| {
            let is_ours = found.st_uid == geteuid().as_raw() || found.st_uid == 0;
            is_ours && FileType::from_raw_mode(found.st_mode) == FileType::RegularFile
        })
    }

    /// Writes a new file under a name of its own.
    fn write(&self, text: &[u8], before: Before<'_>) -> io::Result<(File, Temporary<'_>)> {
        before(Step::Create)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (file, new) = self.unused(".new", |name| {
            crate::process::openat(&self.file, name, flags, private()).map(File::from)
        })?;
        fill(&file, text, before)?;
        Ok((file, new))
    }

    /// Gives the old file a second name, or a copy of it where files have only one.
    fn keep(&self, old: &[u8], before: Before<'_>) -> io::Result<Temporary<'_>> {
        before(Step::Keep)?;
        let kept = self.unused(".old", |name| {
            rustix::fs::linkat(&self.file, &self.name, &self.file, name, AtFlags::empty())
        });
        match kept {
            Ok(((), kept)) => Ok(kept),
            Err(
                Errno::PERM
                | Errno::ACCESS
                | Errno::NOTSUP
                | Errno::NOSYS
                | Errno::MLINK
                | Errno::XDEV
                | Errno::INVAL,
            ) => Ok(self.write(old, before)?.1),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the old file its name back, or removes the new one if there was none.
    fn put_back(&self, kept: Option<Temporary<'_>>, before: Before<'_>) -> io::Result<()> {
        before(Step::PutBack)?;
        match kept {
            Some(mut kept) => self.rename(&mut kept)?,
            None => rustix::fs::unlinkat(&self.file, &self.name, AtFlags::empty())?,
        }
        // Whoever reads the file sees it as it was. For the time after a crash this is all that can
        // be done.
        let _ = sync_directory(&self.file);
        Ok(())
    }

    fn rename(&self, from: &mut Temporary<'_>) -> io::Result<()> {
        rustix::fs::renameat(&self.file, &from.name, &self.file, &self.name)?;
        from.is_renamed = true;
        Ok(())
    }

    /// Makes something under a name that nothing has.
    fn unused<T>(
        &self,
        ending: &str,
        make: impl Fn(&OsStr) -> Result<T, Errno>,
    ) -> Result<(T, Temporary<'_>), Errno> {
        for _ in 0..16 {
            let unique = RandomState::new().hash_one(std::process::id());
            let mut name = OsString::from(".");
            name.push(&self.name);
            name.push(format!(".{unique:016x}{ending}"));
            match make(&name) {
                Ok(made) => {
                    let new = Temporary { directory: &self.file, name, is_renamed: false };
                    return Ok((made, new));
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::EXIST)
    }
}

/// Writes a text into a new file, private whatever the umask, and syncs it.
fn fill(mut file: &File, text: &[u8], before: Before<'_>) -> io::Result<()> {
    rustix::fs::fchmod(file, private())?;
    for chunk in text.chunks(CHUNK) {
        before(Step::Write)?;
        file.write_all(chunk)?;
    }
    before(Step::Sync)?;
    file.sync_all()
}

/// Some file systems do not support this, and there is nothing more to be done.
fn sync_directory(directory: &File) -> io::Result<()> {
    match directory.sync_all() {
        Err(error)
            if Errno::from_io_error(&error)
                .is_some_and(|errno| matches!(errno, Errno::INVAL | Errno::NOTSUP)) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// The error of a change that may have happened.
fn doubtful(first: &Error, second: &io::Error) -> Error {
    let message = format!(
        "{}, and the old file cannot be put back ({}): the change may have been stored",
        first.message(),
        words(second)
    );
    Error::new(Kind::Store, message).because(&FileCause::Doubtful)
}
