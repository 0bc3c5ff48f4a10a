//! The way of a symbolic link that is an entry, such as containers mount them: an entry counts only
//! if nobody else can lead it elsewhere.
//!
//! The way is gone by names, and what lies at its end is compared with what was opened. The root of
//! all directories is believed: in a container it may belong to a user whom nobody knows.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::Stat;

use crate::material::Guard;

/// As many links as Linux follows.
const LONGEST: usize = 40;

/// Where a link leads.
#[derive(Debug)]
pub(super) struct Way {
    /// What lies at its end. `None`: nothing does.
    pub(super) end: Option<Stat>,
    /// Why the way is not believed.
    pub(super) mistrust: Option<String>,
}

impl Way {
    /// Follows the name `name` of the directory `start`, which is believed itself.
    pub(super) fn of(start: &Path, name: &OsStr, guard: &Guard) -> Self {
        let mut way = Self { end: None, mistrust: None };
        let Ok(start) = start.canonicalize() else { return way };
        let mut at = start.clone();
        let mut left: Vec<OsString> = vec![name.to_owned()];
        let mut links = 0_usize;
        while let Some(part) = left.pop() {
            if part == ".." {
                at.pop();
                continue;
            }
            if at != start {
                way.pass(&at, guard);
            }
            let path = at.join(&part);
            let Ok(found) = rustix::fs::lstat(&path) else { return way };
            if let Ok(target) = std::fs::read_link(&path) {
                links = links.saturating_add(1);
                if links > LONGEST {
                    return way;
                }
                // Its mode says nothing, but whose it is does: its owner may lead it elsewhere.
                way.mistrust_unless_none(&path, guard.mistrust(found.st_uid, 0));
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
    fn pass(&mut self, at: &Path, guard: &Guard) {
        if at == Path::new("/") {
            return;
        }
        if let Ok(found) = std::fs::metadata(at) {
            self.mistrust_unless_none(at, guard.mistrust_on_the_way(found.uid(), found.mode()));
        }
    }

    fn mistrust_unless_none(&mut self, at: &Path, why: Option<String>) {
        let why = why.map(|why| format!("it leads through {}, which {why}", at.display()));
        self.mistrust = self.mistrust.take().or(why);
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
