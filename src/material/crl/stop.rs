//! Why the reading of a list ends before its end.

/// Why a list was not read.
#[derive(Debug)]
pub(super) enum Stop {
    /// The text is not quite what it should be; a second look, at the whole of it, tells.
    Irregular,
    /// It is not a list.
    Damaged(String),
    /// It is a list, of a kind that is not used here.
    Unusable(String),
}

impl Stop {
    pub(super) fn damaged<T>(why: &str) -> Result<T, Self> {
        Err(Self::Damaged(why.to_owned()))
    }

    pub(super) fn unusable<T>(what: &str) -> Result<T, Self> {
        Err(Self::Unusable(what.to_owned()))
    }
}
