//! The one table from cause to hint: what to do follows from what is wrong, not from the code.
//!
//! Only this room writes hints. What fails names its cause with [`Error::because`], and one cause
//! has the same hint wherever it comes up. The causes are in four lists, by what they are about.

mod call;
mod file;
mod material;
mod name;
mod peer;

pub(crate) use call::CallCause;
pub(crate) use file::{FileCause, Standing, user_name};
pub(crate) use material::{Der, MaterialCause, OldCiphers, Secret};
pub(crate) use name::FileName;
pub(crate) use peer::PeerCause;

use super::{Calm, Error};

/// Why something failed, as far as it matters for what to do about it.
pub(crate) trait Cause {
    /// What to do. Empty: there is nothing to be done that the message does not say.
    fn hint(&self) -> String;
}

impl Error {
    /// Adds what to do about it.
    pub(crate) fn because(mut self, cause: &dyn Cause) -> Self {
        self.hint = Calm::sentence(cause.hint());
        self
    }

    /// Takes what to do over from the error that this one is made of.
    pub(crate) fn with_hint_of(mut self, other: &Self) -> Self {
        self.hint = other.hint.clone();
        self
    }
}

#[cfg(test)]
mod tests;
