//! Files of material, read whole.
//!
//! A file is opened without waiting, looked at through its descriptor and refused when it is
//! not a regular file or larger than any honest one; so a pipe, a device or a directory can
//! neither hang nor fill the process. Nothing here looks at what a file says.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::{File, FileType, Metadata};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::trouble::{Doing, no_room, source_of, standing, system_error};
use crate::error::{Error, FileCause, FileName, Kind};

/// The most bytes of a file with certificates or keys: a bundle of 100,000 fits.
pub(crate) const LIMIT: u64 = 256 << 20;

/// The most bytes of a file with revocation lists.
pub(crate) const CRL_LIMIT: u64 = 512 << 20;

/// How long a file must have stood still before its stamp can be believed, in nanoseconds:
/// two changes may share one tick of a file system's clock.
const SETTLED: i128 = 2_000_000_000;

/// What tells that a file is no longer the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: i128,
    changed: i128,
}

impl Stamp {
    /// Whether the file was last changed 2 seconds before `now` or longer ago. An equal stamp
    /// proves nothing about a file that is younger, or from the future.
    #[must_use]
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        now.saturating_sub(self.modified.max(self.changed)) >= SETTLED
    }

    /// Whether both are of one file, changed or not.
    #[must_use]
    pub(crate) fn is_of_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// How many bytes the file had.
    #[must_use]
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The stamp of what a call other than those of this module looked at.
    pub(crate) fn of_stat(stat: &Stat) -> Self {
        // Systems count in types of different sizes, none of which is larger than these.
        let number = |number: i128| u64::try_from(number).unwrap_or(u64::MAX);
        let nanoseconds =
            |seconds: i128, rest: i128| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            device: number(stat.st_dev.into()),
            inode: number(stat.st_ino.into()),
            size: number(stat.st_size.into()),
            modified: nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            changed: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        }
    }

    /// The stamp of what the standard library looked at.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| {
            i128::from(seconds).saturating_mul(1_000_000_000).saturating_add(i128::from(rest))
        };
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file's bytes, wiped when dropped, and its stamp from before they were read.
#[derive(Clone)]
pub(crate) struct FileText {
    /// Everything in the file.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The file as it was when it was opened.
    pub stamp: Stamp,
    /// Who may do what with it, as in `chmod`.
    pub mode: u32,
    /// The user whose file it is.
    pub owner: u32,
}

impl std::fmt::Debug for FileText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileText({} bytes, {:?})", self.bytes.len(), self.stamp)
    }
}

/// Reads the regular file `path` of at most `limit` bytes. Symbolic links are followed.
///
/// # Errors
///
/// [`Kind::File`] where it cannot be opened or read or is not a regular file; [`Kind::TooBig`];
/// [`Kind::NoMemory`] where the process has no memory or descriptor left.
pub(crate) fn read(path: &Path, limit: u64) -> Result<FileText, Error> {
    let (file, metadata) = open(path)?;
    read_open(path, limit, &file, &metadata)
}

/// Reads the file `name` of an open directory as [`read`] does; `path` names it in errors.
///
/// # Errors
///
/// Those of [`read`].
pub(crate) fn read_at(
    directory: &File,
    name: &OsStr,
    path: &Path,
    limit: u64,
) -> Result<FileText, Error> {
    let (file, metadata) = open_at(directory, name, path)?;
    read_open(path, limit, &file, &metadata)
}

/// Opens the regular file `path` of at most `limit` bytes, to be read piece by piece.
///
/// # Errors
///
/// Those of [`read`].
pub(crate) fn open_limited(path: &Path, limit: u64) -> Result<(File, Stamp), Error> {
    let (file, metadata) = open(path)?;
    if metadata.size() > limit {
        return too_big(path, limit, &metadata.size());
    }
    Ok((file, Stamp::of(&metadata)))
}

/// Who may read a file that holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner and its group.
    Few,
    /// Everybody, as the programs demand that laid it out; nobody else may write it all the same.
    All,
}

/// Reads a file that holds a secret as [`read`] does.
///
/// # Errors
///
/// Those of [`read`], and [`Kind::Permission`] where others than owner and group have any
/// right to the file beyond that of `readers`, unless it holds no secret at all by `is_secret`:
/// then its reader says what it holds instead.
pub(crate) fn read_secret(
    path: &Path,
    limit: u64,
    readers: Readers,
    is_secret: fn(&[u8]) -> bool,
) -> Result<FileText, Error> {
    let (file, metadata) = open(path)?;
    let mode = metadata.mode() & 0o7777;
    let text = read_open(path, limit, &file, &metadata)?;
    let (excess, cure) = match readers {
        Readers::Few => (0o007, "o="),
        Readers::All => (0o003, "o=r"),
    };
    if mode & excess != 0 && is_secret(&text.bytes) {
        let sentence = format!(
            "{} contains a secret, but other users have access to it (mode {mode:04o})",
            source_of(path)
        );
        let standing = standing(path, metadata.uid());
        return Err(Error::new(Kind::Permission, sentence).because(&FileCause::Open(
            FileName::of(path),
            cure,
            standing,
        )));
    }
    Ok(text)
}

/// The stamp of the file that `path` leads to, without opening it.
///
/// # Errors
///
/// [`Kind::File`] if there is no such file, or it cannot be read.
pub(crate) fn stamp(path: &Path) -> Result<Stamp, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| failed(path, &error))?;
    Ok(Stamp::of(&metadata))
}

/// The files of a directory that hold material by their names: those that end in `.pem`,
/// `.crt`, `.cer`, `.crl` or `.key` in any case and are not hidden, in the order of their
/// bytes. Directories are left out and not entered; a link that leads nowhere or a pipe is
/// listed, so that reading it names it.
///
/// # Errors
///
/// [`Kind::File`] where the directory cannot be read.
pub(crate) fn pem_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let cannot =
        |error: std::io::Error| system_error(Doing::Listing, "read the directory", dir, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        let path = dir.join(&name);
        let is_directory = || std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if has_material_name(&name) && !is_directory() {
            found.push(path);
        }
    }
    found.sort_unstable_by(|one, other| {
        one.as_os_str().as_bytes().cmp(other.as_os_str().as_bytes())
    });
    Ok(found)
}

fn has_material_name(name: &OsStr) -> bool {
    let is_hidden = name.as_bytes().starts_with(b".");
    !is_hidden && has_ending(name, &[".pem", ".crt", ".cer", ".crl", ".key"])
}

/// Whether a file name ends in one of `endings`, dots included and in small letters. A name may
/// be nothing but its ending, as OpenSSL has it.
pub(crate) fn has_ending(name: &OsStr, endings: &[&str]) -> bool {
    let name = name.as_bytes();
    let ending = name.iter().rposition(|byte| *byte == b'.').and_then(|dot| name.get(dot..));
    let has = |end: &[u8]| endings.iter().any(|one| end.eq_ignore_ascii_case(one.as_bytes()));
    ending.is_some_and(has)
}

fn open(path: &Path) -> Result<(File, Metadata), Error> {
    open_at(rustix::fs::CWD, path.as_os_str(), path)
}

fn open_at(
    directory: impl AsFd + Copy,
    name: &OsStr,
    path: &Path,
) -> Result<(File, Metadata), Error> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened =
        rustix::io::retry_on_intr(|| crate::process::openat(directory, name, flags, Mode::empty()));
    let file = match opened {
        Ok(descriptor) => File::from(descriptor),
        Err(error) => {
            // A socket cannot be opened at all; the system's words for that help nobody.
            if let (Errno::NXIO, Ok(metadata)) = (error, std::fs::metadata(path)) {
                refuse_other_than_file(path, metadata.file_type())?;
            }
            return Err(failed(path, &error.into()));
        }
    };
    let metadata = file.metadata().map_err(|error| failed(path, &error))?;
    refuse_other_than_file(path, metadata.file_type())?;
    Ok((file, metadata))
}

fn refuse_other_than_file(path: &Path, found: FileType) -> Result<(), Error> {
    let what = match found {
        _ if found.is_file() => return Ok(()),
        _ if found.is_dir() => "a directory",
        _ if found.is_fifo() => "a named pipe",
        _ if found.is_socket() => "a socket",
        _ if found.is_char_device() || found.is_block_device() => "a device",
        _ => "something else",
    };
    Err(Error::new(Kind::File, format!("{} is not a file but {what}", source_of(path)))
        .because(&FileCause::NotRegular))
}

fn read_open(path: &Path, limit: u64, file: &File, metadata: &Metadata) -> Result<FileText, Error> {
    if metadata.size() > limit {
        return too_big(path, limit, &metadata.size());
    }
    // One byte more than the file has, so that its end is seen without growing.
    let mut bytes = with_room(path, metadata.size().saturating_add(1))?;
    loop {
        if bytes.len() == bytes.capacity() {
            // By hand: a vector that grows by itself leaves a copy that is not wiped.
            let more = u64::try_from(bytes.len())
                .unwrap_or(u64::MAX)
                .saturating_mul(2)
                .saturating_add(4096);
            let mut larger = with_room(path, more)?;
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        let read = rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(&mut bytes)));
        if read.map_err(|error| failed(path, &error.into()))? == 0 {
            return Ok(FileText {
                bytes,
                stamp: Stamp::of(metadata),
                mode: metadata.mode() & 0o7777,
                owner: metadata.uid(),
            });
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            return too_big(path, limit, &format_args!("grown to {}", bytes.len()));
        }
    }
}

fn too_big<T>(path: &Path, limit: u64, size: &dyn Display) -> Result<T, Error> {
    let sentence =
        format!("{} has {size} bytes, more than the {limit} that are allowed", source_of(path));
    Err(Error::new(Kind::TooBig, sentence).because(&FileCause::TooBig))
}

fn with_room(path: &Path, bytes: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut vector = Zeroizing::new(Vec::new());
    let reserved = usize::try_from(bytes).map(|bytes| vector.try_reserve_exact(bytes));
    match reserved {
        Ok(Ok(())) => Ok(vector),
        _ => Err(no_room(path)),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    system_error(Doing::Reading, "read", path, error)
}

/// Waits a moment for another process, which says nothing when it is done with a file.
pub(crate) fn pause(moment: Duration) {
    let moment = Timespec::try_from(moment).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 1_000_000 });
    // A signal makes it shorter, which only means one look more.
    let _ = rustix::event::poll(&mut [], Some(&moment));
}

#[cfg(test)]
mod tests;
