//! The one table from cause to hint: what to do follows from what is wrong, not from the code.
//!
//! Only this room writes hints. What fails names its cause with [`Error::because`], and one cause
//! has the same hint wherever it comes up. The causes are in lists, by what they are about.

mod call;
mod file;
mod handshake;
mod material;
mod name;
mod network;
mod own;
mod peer;

pub(crate) use call::{CallCause, Topic};
pub(crate) use file::{FileCause, Standing, user_name};
pub(crate) use handshake::{Greeting, HandshakeCause, Refused};
pub(crate) use material::{Der, Found, MaterialCause, OldCiphers, Secret, Wanted};
pub(crate) use name::FileName;
pub(crate) use network::NetworkCause;
pub(crate) use own::OwnCause;
pub(crate) use peer::{Detail, Faults, LISTS_IN_MEMORY, ListFault, PeerCause, Side, Then, Whose};

use std::fmt;

use super::{Calm, Error};

/// What says what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeFrom {
    /// The clock of the operating system.
    #[default]
    Clock,
    /// The application, in `TLSCONN_OPT_VERIFY_TIME`.
    Option,
}

impl fmt::Display for TimeFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clock => "this machine's clock",
            Self::Option => "TLSCONN_OPT_VERIFY_TIME",
        })
    }
}

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
mod testing {
    /// What is true of all hints of a list.
    pub(super) fn check(hints: &[String]) {
        for hint in hints {
            assert_eq!(hints.iter().filter(|other| *other == hint).count(), 1, "{hint}");
            assert!(!hint.is_empty() && hint.len() < 1000, "{hint}");
            assert!(!hint.ends_with('.') && !hint.contains("  "), "{hint}");
            assert!(!hint.contains("(os error") && !hint.contains("Os {"), "{hint}");
        }
    }
}

#[cfg(test)]
mod tests;
