//! The way to a file or a directory: what lies at its end counts only if nobody else can lead the
//! way elsewhere.
//!
//! The way is gone by names. Each directory that is passed, and each link that is followed, belongs
//! to us or to root. What else is asked of directories is in [`Passes`]. The root of all directories
//! is believed: in a container it may belong to a user whom nobody knows.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::guard::Guard;
use super::trouble::source_of;
use crate::error::{Error, FileCause, Kind};

/// As many links as Linux follows.
const LONGEST: usize = 40;

/// Where a path or a link leads.
#[derive(Debug)]
pub(crate) struct Way {
    /// What lies at its end. `None`: nothing does.
    pub(crate) end: Option<Stat>,
    /// Why the way is not believed.
    pub(crate) mistrust: Option<Mistrust>,
    /// Whether a part of it cannot be looked at.
    is_hidden: bool,
}

/// Who may write the directories on a way. In a sticky one, such as `/tmp`, everybody may: nobody can
/// replace what is ours or root's there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Nobody but whom the guard believes.
    Believed,
    /// Their groups: their owners, who are believed, have chosen them, as where each user has a
    /// group of its own and a umask of 002.
    Groups,
    /// Anybody: what lies at the end is looked at by itself, and only what somebody else made
    /// could lead to another file of ours.
    Anybody,
}

/// A directory or a link on a way that is not believed.
#[derive(Debug)]
pub(crate) struct Mistrust {
    /// Where it is.
    pub(crate) at: PathBuf,
    /// Why, as what is said after its name.
    pub(crate) why: String,
    /// Whose it is.
    owner: u32,
    kept: Step,
}

/// What is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Directory,
    Link,
}

impl Way {
    /// Of what is no link and was found where a believed directory is.
    pub(crate) const fn none(found: Stat) -> Self {
        Self { end: Some(found), mistrust: None, is_hidden: false }
    }

    const fn nowhere() -> Self {
        Self { end: None, mistrust: None, is_hidden: false }
    }

    /// Follows the name `name` of the directory `start`, which is believed itself.
    pub(crate) fn of_entry(start: &Path, name: &OsStr, guard: &Guard) -> Self {
        match start.canonicalize() {
            Ok(start) => Self::go(&start, vec![name.to_owned()], guard, Passes::Believed),
            Err(_) => Self::nowhere(),
        }
    }

    /// Follows `path` from the root of all directories.
    fn to(path: &Path, guard: &Guard, passes: Passes) -> Self {
        let mut left = parts(path);
        if path.is_relative() {
            let Ok(here) = std::env::current_dir() else {
                return Self { is_hidden: true, ..Self::nowhere() };
            };
            left.extend(parts(&here));
        }
        Self::go(Path::new("/"), left, guard, passes)
    }

    fn go(start: &Path, mut left: Vec<OsString>, guard: &Guard, passes: Passes) -> Self {
        let mut way = Self::nowhere();
        let mut at = start.to_owned();
        let mut links = 0_usize;
        while let Some(part) = left.pop() {
            if at != start {
                way.pass(&at, guard, passes);
            }
            if part == ".." {
                at.pop();
                continue;
            }
            let path = at.join(&part);
            let found = match rustix::fs::lstat(&path) {
                Ok(found) => found,
                Err(Errno::NOENT) => return way,
                Err(_) => {
                    way.is_hidden = true;
                    return way;
                }
            };
            if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
                links = links.saturating_add(1);
                let Ok(target) = std::fs::read_link(&path) else { return way };
                if links > LONGEST {
                    return way;
                }
                // Its mode says nothing, but whose it is does: its owner may lead it elsewhere.
                let why = guard.mistrust(found.st_uid, 0);
                way.look(&path, found.st_uid, why, Step::Link);
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                left.extend(parts(&target));
            } else if left.is_empty() {
                way.end = Some(found);
            } else {
                at = path;
            }
        }
        way
    }

    /// Goes through a directory.
    fn pass(&mut self, at: &Path, guard: &Guard, passes: Passes) {
        if at == Path::new("/") {
            return;
        }
        if let Ok(found) = std::fs::metadata(at) {
            let mode = match passes {
                Passes::Believed => found.mode(),
                Passes::Groups => found.mode() & !0o020,
                Passes::Anybody => 0,
            };
            let why = guard.mistrust_on_the_way(found.uid(), mode);
            self.look(at, found.uid(), why, Step::Directory);
        }
    }

    fn look(&mut self, at: &Path, owner: u32, why: Option<String>, kept: Step) {
        if let Some(why) = why.filter(|_| self.mistrust.is_none()) {
            self.mistrust = Some(Mistrust { at: at.to_owned(), why, owner, kept });
        }
    }
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let part = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().rev().filter_map(part).collect()
}

impl Guard {
    /// Refuses a path that others could lead elsewhere; what lies at its end is not looked at.
    ///
    /// # Errors
    ///
    /// [`Kind::Permission`].
    pub(crate) fn check_way(&self, path: &Path, passes: Passes) -> Result<(), Error> {
        let way = Way::to(path, self, passes);
        let Some(Mistrust { at, why, owner, kept }) = way.mistrust else {
            // A path from the root that cannot be looked at cannot be opened either, and that error
            // says more.
            if !way.is_hidden || path.is_absolute() {
                return Ok(());
            }
            let message = format!("the way to {} cannot be looked at", source_of(path));
            return Err(Error::new(Kind::Permission, message).because(&FileCause::HiddenWay));
        };
        let (shown, place) = (source_of(path), source_of(&at));
        let what = match kept {
            Step::Link if at == path => format!("{shown} is a symbolic link, which {why}"),
            Step::Link => {
                format!("{shown} is reached through the symbolic link {place}, which {why}")
            }
            Step::Directory => format!("{shown} is reached through {place}, which {why}"),
        };
        Err(self.refusal(&what, &at, owner))
    }
}

#[cfg(test)]
mod tests;
