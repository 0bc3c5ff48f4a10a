//! Whose files and directories are believed: the one place for this rule, whatever the file is for.
//!
//! What is believed belongs to us or to root and can be written by nobody else. That nobody else can
//! lead the way to it elsewhere is in [`super::way`].

use std::path::Path;

use rustix::process::geteuid;

use super::trouble::{source_of, standing};
use crate::error::{Error, FileCause, FileName, Kind, user_name};

/// Who besides the owner may write what is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Writers {
    /// Nobody.
    #[default]
    Owner,
    /// The group.
    Group,
}

/// By whom something that is believed may be owned and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    user: u32,
    writers: Writers,
    /// What somebody else could do with it: ends the sentence "so somebody else could …".
    stake: &'static str,
}

impl Guard {
    /// For the files of known peers.
    pub(crate) fn of_known_peers() -> Self {
        Self::of_user(geteuid().as_raw(), Writers::Owner, "change which peers are known")
    }

    /// For the directory of client certificates.
    pub(crate) fn of_clients(writers: Writers) -> Self {
        Self::of_user(geteuid().as_raw(), writers, "change which clients are allowed")
    }

    /// For a file of secrets that is written.
    pub(super) fn of_secrets() -> Self {
        Self::of_user(geteuid().as_raw(), Writers::Owner, "have the secrets written elsewhere")
    }

    /// For a process of this user.
    pub(crate) const fn of_user(user: u32, writers: Writers, stake: &'static str) -> Self {
        Self { user, writers, stake }
    }

    /// Why something with this owner and mode is not believed: what is said after its name.
    pub(crate) fn mistrust(&self, owner: u32, mode: u32) -> Option<String> {
        if owner != self.user && owner != 0 {
            return Some(format!("belongs to {}", user_name(owner)));
        }
        let (forbidden, who) = match self.writers {
            Writers::Owner if mode & 0o002 == 0 => (0o020, "its group"),
            Writers::Owner => (0o022, "other users"),
            Writers::Group => (0o002, "other users"),
        };
        let mode = mode & 0o7777;
        (mode & forbidden != 0).then(|| format!("is writable by {who} (mode {mode:04o})"))
    }

    /// The same for a directory that is only passed through: in a sticky one nobody can replace
    /// what is ours or root's.
    pub(crate) fn mistrust_on_the_way(&self, owner: u32, mode: u32) -> Option<String> {
        let mode = if mode & 0o1000 == 0 { mode } else { mode & !0o022 };
        self.mistrust(owner, mode)
    }

    /// Refuses what is not believed.
    ///
    /// # Errors
    ///
    /// [`Kind::Permission`].
    pub(crate) fn check(&self, path: &Path, owner: u32, mode: u32) -> Result<(), Error> {
        match self.mistrust(owner, mode) {
            Some(why) => Err(self.refusal(&format!("{} {why}", source_of(path)), path, owner)),
            None => Ok(()),
        }
    }

    /// The error for what is not believed: what it is in words, and where and whose.
    pub(super) fn refusal(&self, what: &str, path: &Path, owner: u32) -> Error {
        let message = format!("{what}, so somebody else could {}", self.stake);
        let cause = if owner != self.user && owner != 0 {
            FileCause::Foreign
        } else {
            let bits = if self.writers == Writers::Group { "o-w" } else { "go-w" };
            FileCause::Open(FileName::of(path), bits, standing(path, owner))
        };
        Error::new(Kind::Permission, message).because(&cause)
    }
}

#[cfg(test)]
mod tests;
