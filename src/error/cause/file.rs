//! What to do about files, directories, their modes and owners, and stores.

use super::Cause;

/// Why a file or a directory is not taken.
#[derive(Clone, Debug)]
pub(crate) enum FileCause {
    /// An empty name.
    NoName,
}

impl Cause for FileCause {
    fn hint(&self) -> String {
        match self {
            Self::NoName => "name the directory".to_owned(),
        }
    }
}
