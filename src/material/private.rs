//! In what anything of ours is written or made, whatever the file is for.
//!
//! What is written belongs to us, is a regular file with one name, and is no symbolic link; a pipe or
//! a device is not even opened. Nobody else can lead the way to it elsewhere. Nothing is made in a
//! directory of another user: root would lock the user out.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::guard::Guard;
use super::trouble::{Doing, parent_of, source_of, standing, system_error_of};
use super::way::Passes;
use crate::error::{Error, FileCause, FileName, Kind, user_name};

/// What becomes of a file of ours to which others have a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenToOthers {
    /// It is refused.
    Refused,
    /// It is made private: nothing in it is secret.
    Mended,
}

/// Opens the file `path` to append to it, and makes it, for us alone, if it is missing. Errors have
/// the kind `kind`, unless they are about rights.
///
/// # Errors
///
/// `kind` if it cannot be opened, is no regular file, is a symbolic link or has a second name;
/// [`Kind::Permission`] if it belongs to somebody else, or others have a right to it or could lead
/// the way to it elsewhere, or it is missing and its directory belongs to another user.
pub(crate) fn open_private(path: &Path, kind: Kind, others: OpenToOthers) -> Result<File, Error> {
    let way = Guard::of_secrets().check_way(path, Passes::Anybody);
    if way.is_err() && !path.exists() {
        check_maker(path)?;
    }
    way?;
    open_private_at(rustix::fs::CWD, path.as_os_str(), path, kind, others)
}

/// The same for the file `name` of an open directory; `path` names it in errors.
///
/// # Errors
///
/// Those of [`open_private`].
pub(crate) fn open_private_at(
    directory: impl AsFd + Copy,
    name: &OsStr,
    path: &Path,
    kind: Kind,
    others: OpenToOthers,
) -> Result<File, Error> {
    let cannot = |error: Errno| cannot_write(path, kind, error);
    let flags = OFlags::RDWR
        | OFlags::APPEND
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    // Somebody may make or remove the file in between; not for ever.
    for _ in 0..16 {
        let there = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
        let is_there = match there {
            // Opening a device may have effects.
            Ok(found) => check_kind(path, kind, &found).map(|()| true)?,
            Err(Errno::NOENT) => false,
            Err(error) => return Err(cannot(error)),
        };
        let how = if is_there { OFlags::empty() } else { OFlags::CREATE | OFlags::EXCL };
        if !is_there {
            check_maker(path)?;
        }
        let file =
            match retry_on_intr(|| crate::process::openat(directory, name, flags | how, private()))
            {
                Ok(file) => File::from(file),
                Err(Errno::NOENT) if is_there => continue,
                Err(Errno::EXIST) if !is_there => continue,
                // For an unwanted link Linux and macOS return the first, FreeBSD the second.
                Err(Errno::LOOP | Errno::MLINK) => return Err(is_a_link(path, kind)),
                Err(error) => return Err(cannot(error)),
            };
        let found = rustix::fs::fstat(&file).map_err(cannot)?;
        check_kind(path, kind, &found)?;
        check_keeps_files(path, kind, &file)?;
        if !is_there {
            // Whatever the umask.
            rustix::fs::fchmod(&file, private()).map_err(cannot)?;
            return Ok(file);
        }
        check_existing(path, kind, &file, &found, others)?;
        return Ok(file);
    }
    Err(cannot(Errno::AGAIN))
}

/// Makes the directory `path`, for us alone, in a directory that is there. `false`: it cannot be
/// made here, and so nothing was meant to be kept in it.
///
/// # Errors
///
/// [`Kind::Permission`] if it could be made, but in a directory of another user.
pub(crate) fn make_private_directory(path: &Path) -> Result<bool, Error> {
    if path.exists() {
        return Ok(true);
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(parent) = retry_on_intr(|| crate::process::open(parent, flags, Mode::empty())) else {
        return Ok(false);
    };
    let writable = rustix::fs::accessat(&parent, ".", Access::WRITE_OK, AtFlags::EACCESS);
    if matches!(writable, Err(Errno::ACCESS | Errno::PERM | Errno::ROFS)) {
        return Ok(false);
    }
    check_maker(path)?;
    let whole = Mode::RWXU;
    match rustix::fs::mkdirat(&parent, name, whole) {
        Ok(()) => {}
        // Another process was faster.
        Err(Errno::EXIST) => return Ok(true),
        Err(_) => return Ok(false),
    }
    // Whatever the umask. No link is followed, should somebody have put one there; where nobody can,
    // the name will do for a directory that the umask has closed to us, too.
    let made = crate::process::openat(&parent, name, flags | OFlags::NOFOLLOW, Mode::empty())
        .and_then(|made| rustix::fs::fchmod(&made, whole));
    let is_closed = || rustix::fs::fstat(&parent).is_ok_and(|found| found.st_mode & 0o022 == 0);
    Ok(made.is_ok()
        || is_closed() && rustix::fs::chmodat(&parent, name, whole, AtFlags::empty()).is_ok())
}

/// Refuses to make anything in a directory of another user.
fn check_maker(path: &Path) -> Result<(), Error> {
    let (user, parent) = (geteuid().as_raw(), parent_of(path));
    // What cannot be looked at cannot be written in either, and that error says more.
    let Ok(found) = rustix::fs::stat(&parent) else { return Ok(()) };
    if found.st_uid == user || found.st_uid == 0 {
        return Ok(());
    }
    let (owner, maker) = (user_name(found.st_uid), user_name(user));
    let message = format!(
        "{} is not made: the directory {} belongs to {owner}, and what {maker} makes there could lock {owner} out",
        source_of(path),
        source_of(&parent),
    );
    Err(Error::new(Kind::Permission, message).because(&FileCause::ForeignDirectory(found.st_uid)))
}

fn check_existing(
    path: &Path,
    kind: Kind,
    file: &File,
    found: &Stat,
    others: OpenToOthers,
) -> Result<(), Error> {
    let (user, shown) = (geteuid().as_raw(), source_of(path));
    if found.st_uid != user && found.st_uid != 0 {
        let message = format!("{shown} belongs to {}", user_name(found.st_uid));
        return Err(Error::new(Kind::Permission, message).because(&FileCause::ForeignToWrite));
    }
    if found.st_nlink > 1 {
        let message = format!("{shown} has a second name (hard link), and may be another file");
        return Err(Error::new(kind, message).because(&FileCause::SecondName));
    }
    let mode = found.st_mode & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if others == OpenToOthers::Mended && found.st_uid == user {
        return rustix::fs::fchmod(file, private())
            .map_err(|error| cannot_write(path, kind, error));
    }
    let message = format!("other users have access to {shown} (mode {mode:04o})");
    let cause = FileCause::Open(FileName::of(path), "0600", standing(path, found.st_uid));
    Err(Error::new(Kind::Permission, message).because(&cause))
}

/// Refuses what is no regular file, by its own name.
fn check_kind(path: &Path, kind: Kind, found: &Stat) -> Result<(), Error> {
    let what = match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => return Err(is_a_link(path, kind)),
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something else",
    };
    let message = format!("{} is not a regular file but {what}", source_of(path));
    Err(Error::new(kind, message).because(&FileCause::NotRegular))
}

/// Refuses a file that is none: what is written to one of the kernel's is not kept, and does
/// something else.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn check_keeps_files(path: &Path, kind: Kind, file: &File) -> Result<(), Error> {
    const KERNELS: [u32; 3] = [0x9fa0, 0x6265_6572, 0x6462_6720];
    let found = rustix::fs::fstatfs(file).map_err(|error| cannot_write(path, kind, error))?;
    if !u32::try_from(found.f_type).is_ok_and(|found| KERNELS.contains(&found)) {
        return Ok(());
    }
    let message = format!("{} is not a file on a disk but one of the kernel's", source_of(path));
    Err(Error::new(kind, message).because(&FileCause::NotRegular))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn check_keeps_files(_: &Path, _: Kind, _: &File) -> Result<(), Error> {
    Ok(())
}

/// The error for a symbolic link where something is to be written.
pub(crate) fn is_a_link(path: &Path, kind: Kind) -> Error {
    let message =
        format!("{} is a symbolic link, which is not followed when writing", source_of(path));
    Error::new(kind, message).because(&FileCause::Link)
}

/// Read and write, for the owner.
pub(crate) const fn private() -> Mode {
    Mode::RUSR.union(Mode::WUSR)
}

fn cannot_write(path: &Path, kind: Kind, error: Errno) -> Error {
    system_error_of(kind, Doing::Writing, "write", path, &error.into())
}

#[cfg(test)]
mod tests;
