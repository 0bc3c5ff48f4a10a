//! Why the operating system refuses a file: its words, which name on the way is in the way, and who
//! could change that.
//!
//! What is looked at here only chooses the words: it happens after the failure, so it may find
//! something else than what failed, and decides nothing.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::{Calm, Error, FileCause, FileName, Kind, Standing, user_name};

/// What was to be done with a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Reading a file, or looking at it.
    Reading,
    /// Reading the names in a directory.
    Listing,
    /// Writing a file, or making one.
    Writing,
    /// Locking a file.
    Locking,
}

/// The error of a call of the operating system; `what` was to be done with what is at `path`.
pub(crate) fn system_error(doing: Doing, what: &str, path: &Path, error: &io::Error) -> Error {
    system_error_of(Kind::File, doing, what, path, error)
}

/// The same, of this kind unless the process or the machine is out of a resource: that says nothing
/// about the file, and the call may work later.
pub(crate) fn system_error_of(
    kind: Kind,
    doing: Doing,
    what: &str,
    path: &Path,
    error: &io::Error,
) -> Error {
    let is_out = error.kind() == io::ErrorKind::OutOfMemory
        || errno_of(error).is_some_and(crate::process::is_exhausted);
    let kind = if is_out { Kind::NoMemory } else { kind };
    let trouble = Trouble::of(doing, path, error);
    let more = trouble.more.map(|more| format!(", {more}")).unwrap_or_default();
    let message = format!("cannot {what} {}: {}{more}", source_of(path), words(error));
    let found = Error::new(kind, message);
    match trouble.cause {
        Some(cause) => found.because(&cause),
        None => found,
    }
}

/// The words for an error of the operating system: those that people know and search for, but
/// without its number, and in English whatever the locale is.
pub(crate) fn words(error: &io::Error) -> String {
    let errno = errno_of(error);
    if let Some((_, words)) = errno.and_then(|errno| WORDS.iter().find(|(one, _)| *one == errno)) {
        return (*words).to_owned();
    }
    match (error.kind(), errno) {
        (io::ErrorKind::WriteZero | io::ErrorKind::UnexpectedEof, _) => {
            "only a part of it was written or read".to_owned()
        }
        (io::ErrorKind::OutOfMemory, _) => "out of memory".to_owned(),
        (_, Some(_)) => crate::process::without_number(error),
        (_, None) => "the operating system does not say why".to_owned(),
    }
}

/// How sentences name what came from a file: its path, made safe to show, for not every sentence
/// becomes an error, which would see to that.
pub(crate) fn source_of(path: &Path) -> String {
    Calm::path(&path.display().to_string()).into()
}

const WORDS: [(Errno, &str); 36] = [
    (Errno::ACCESS, "permission denied"),
    (Errno::PERM, "operation not permitted"),
    (Errno::NOENT, "no such file or directory"),
    (Errno::NOTDIR, "not a directory"),
    (Errno::ISDIR, "is a directory"),
    (Errno::LOOP, "too many levels of symbolic links"),
    (Errno::MLINK, "too many links"),
    (Errno::NAMETOOLONG, "file name too long"),
    (Errno::ROFS, "read-only file system"),
    (Errno::NOSPC, "no space left on device"),
    (Errno::DQUOT, "disk quota exceeded"),
    (Errno::IO, "input/output error"),
    (Errno::MFILE, "too many open files"),
    (Errno::NFILE, "too many open files in the system"),
    (Errno::NOMEM, "out of memory"),
    (Errno::FBIG, "file too large"),
    (Errno::OVERFLOW, "file too large"),
    (Errno::TXTBSY, "text file busy"),
    (Errno::BUSY, "device or resource busy"),
    (Errno::AGAIN, "resource temporarily unavailable"),
    (Errno::EXIST, "file exists"),
    (Errno::NOTEMPTY, "directory not empty"),
    (Errno::XDEV, "it is on another file system"),
    (Errno::NOLCK, "no locks available"),
    (Errno::NOTSUP, "operation not supported"),
    (Errno::NOSYS, "operation not supported"),
    (Errno::INVAL, "not supported here (invalid argument)"),
    (Errno::NXIO, "no such device or address"),
    (Errno::NODEV, "no such device"),
    (Errno::STALE, "stale file handle"),
    (Errno::NOTCONN, "the file system is not connected"),
    (Errno::TIMEDOUT, "timed out"),
    (Errno::HOSTDOWN, "the file server is down"),
    (Errno::HOSTUNREACH, "the file server cannot be reached"),
    (Errno::INTR, "interrupted by a signal"),
    (Errno::BADF, "the file was closed meanwhile"),
];

fn errno_of(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// Why it failed.
struct Trouble {
    cause: Option<FileCause>,
    /// What is said behind the words of the operating system.
    more: Option<String>,
}

impl From<FileCause> for Trouble {
    fn from(cause: FileCause) -> Self {
        Self { cause: Some(cause), more: None }
    }
}

impl Trouble {
    fn of(doing: Doing, path: &Path, error: &io::Error) -> Self {
        let cause = match errno_of(error) {
            Some(Errno::ACCESS) => return denied(doing, path),
            Some(Errno::NOENT) => return missing(path),
            Some(Errno::PERM) => FileCause::NotPermitted,
            Some(Errno::NOTDIR) => not_a_directory(path),
            Some(Errno::ISDIR | Errno::NXIO | Errno::NODEV) => FileCause::NotRegular,
            Some(Errno::LOOP) => FileCause::Circle,
            Some(Errno::NAMETOOLONG) => FileCause::NameTooLong,
            Some(Errno::ROFS) => FileCause::ReadOnly,
            Some(Errno::NOSPC) => FileCause::Full,
            Some(Errno::DQUOT) => FileCause::Quota,
            Some(Errno::IO) => FileCause::Device,
            Some(Errno::MFILE) => FileCause::OpenFiles,
            Some(Errno::NFILE) => FileCause::OpenFilesOfMachine,
            Some(Errno::NOMEM | Errno::NOBUFS) => FileCause::Memory,
            None if error.kind() == io::ErrorKind::OutOfMemory => FileCause::Memory,
            Some(Errno::FBIG | Errno::OVERFLOW) => FileCause::TooLong,
            Some(Errno::TXTBSY) => FileCause::Running,
            Some(Errno::BUSY | Errno::AGAIN) => FileCause::InUse,
            Some(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::NOLCK)
                if doing == Doing::Locking =>
            {
                FileCause::NoLocks
            }
            Some(errno) if is_of_file_server(errno) => FileCause::FileServer,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Some(Errno::NOKEY) => FileCause::Encrypted,
            _ => return Self { cause: None, more: None },
        };
        cause.into()
    }
}

const fn is_of_file_server(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::STALE | Errno::NOTCONN | Errno::TIMEDOUT | Errno::HOSTDOWN | Errno::HOSTUNREACH
    )
}

/// Which permission is missing, and where.
fn denied(doing: Doing, path: &Path) -> Trouble {
    for directory in directories_to(path) {
        if !may(&directory, Access::EXEC_OK) {
            return closed(&directory, "u+x", true);
        }
    }
    let parent = parent_of(path);
    match doing {
        Doing::Reading => {
            if !may(path, Access::READ_OK) {
                return closed(path, "u+r", false);
            }
        }
        Doing::Listing => {
            if !may(path, Access::READ_OK | Access::EXEC_OK) {
                return closed(path, "u+rx", true);
            }
        }
        Doing::Writing | Doing::Locking => {
            if path.is_file() && !may(path, Access::READ_OK | Access::WRITE_OK) {
                return closed(path, "u+rw", false);
            }
            if !may(&parent, Access::WRITE_OK) {
                return closed(&parent, "u+w", true);
            }
        }
    }
    if geteuid().is_root() { FileCause::ConfinedRoot.into() } else { FileCause::Confined.into() }
}

/// The error where what is at `path` lacks a permission.
fn closed(path: &Path, bits: &'static str, is_directory: bool) -> Trouble {
    let Ok(found) = std::fs::metadata(path) else { return FileCause::Confined.into() };
    let standing = standing(path, found.uid());
    let what = if is_directory {
        format!("the directory {} is", source_of(path))
    } else {
        "it is".to_owned()
    };
    let mode = found.mode() & 0o7777;
    Trouble {
        cause: Some(FileCause::Closed(FileName::of(path), bits, standing)),
        more: Some(format!("for {what} owned by {} (mode {mode:04o})", user_name(found.uid()))),
    }
}

fn missing(path: &Path) -> Trouble {
    if let Some(directory) = directories_to(path).into_iter().find(|one| !one.exists()) {
        return FileCause::MissingDirectory(FileName::of(&directory)).into();
    }
    match path.read_link() {
        Ok(target) => Trouble {
            cause: Some(FileCause::Dangling),
            more: Some(format!("for it is a symbolic link to {}", source_of(&target))),
        },
        Err(_) => FileCause::Missing.into(),
    }
}

fn not_a_directory(path: &Path) -> FileCause {
    let is_other = |one: &&PathBuf| one.exists() && !one.is_dir();
    let directories = directories_to(path);
    FileCause::NotADirectory(FileName::of(
        directories.iter().find(is_other).map_or(path, |one| one),
    ))
}

/// The directories that are gone through on the way to `path`, from the first to its own.
fn directories_to(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_path_buf).collect();
    all.retain(|one| !one.as_os_str().is_empty());
    all.reverse();
    all
}

/// The directory of what is at `path`.
pub(super) fn parent_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_path_buf()
}

/// Whether this user can make the directory `path`, which is missing, and in nobody else's directory.
pub(crate) fn can_make(path: &Path) -> bool {
    let Some(nearest) = directories_to(path).into_iter().rev().find(|one| one.exists()) else {
        return false;
    };
    let owner = std::fs::metadata(&nearest).map(|found| found.uid());
    let is_free = owner.is_ok_and(|owner| owner == 0 || owner == geteuid().as_raw());
    is_free && nearest.is_dir() && may(&nearest, Access::WRITE_OK | Access::EXEC_OK)
}

/// Whether this user may do so; where that cannot be told, yes.
fn may(path: &Path, what: Access) -> bool {
    !matches!(accessat(CWD, path, what, AtFlags::EACCESS), Err(Errno::ACCESS))
}

/// Who can change the permissions of what is at `path` and belongs to `owner`.
pub(crate) fn standing(path: &Path, owner: u32) -> Standing {
    let link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_of_system(path) {
        Standing::System
    } else if owner != geteuid().as_raw() {
        Standing::Of(owner)
    } else if link {
        Standing::Link
    } else if has_no_modes(path) {
        Standing::Modeless
    } else {
        Standing::Ours
    }
}

/// Whether this is a directory that many programs use: one of the first level, such as `/tmp`, or
/// one of those below that are the same everywhere, such as `/var/tmp`.
fn is_of_system(path: &Path) -> bool {
    const SHARED: [&str; 12] = [
        "/dev",
        "/proc",
        "/sys",
        "/boot",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/usr",
        "/etc/ssl",
        "/etc/pki/tls",
        "/etc/pki/ca-trust",
    ];
    const TOPS: [&str; 4] = ["/etc", "/var", "/run", "/home"];
    let Ok(path) = path.canonicalize() else { return false };
    let Ok(found) = std::fs::metadata(&path) else { return false };
    if !found.is_dir() {
        return SHARED.iter().any(|shared| path.starts_with(shared));
    }
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_))).count();
    let is_below_top = parts == 2 && TOPS.iter().any(|top| path.starts_with(top));
    parts <= 1
        || is_below_top && found.uid() == 0
        || SHARED.iter().any(|shared| path.starts_with(shared))
}

/// Whether the file system of `path` is one that keeps no owner and mode for each file.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn has_no_modes(path: &Path) -> bool {
    rustix::fs::statfs(path)
        .is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(is_without_modes))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn has_no_modes(_: &Path) -> bool {
    false
}

/// FAT, exFAT, NTFS, and the shares of Windows and of virtual machines, by the number that Linux
/// gives to their file systems.
#[cfg(any(target_os = "linux", target_os = "android"))]
const fn is_without_modes(kind: u32) -> bool {
    matches!(
        kind,
        0x4d44
            | 0x2011_bab0
            | 0x5346_544e
            | 0x7366_746e
            | 0x517b
            | 0xff53_4d42
            | 0xfe53_4d42
            | 0x786f_4256
    )
}

#[cfg(test)]
mod tests;
