//! In which process an object was made.
//!
//! Forks are counted once the C face has asked to be told of them, so that the question costs one
//! look at a number. Without it, in a program that uses only the Rust face, the process ID has to
//! tell.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many forks lead to this process, counted from 1. 0: nobody counts.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The process in which something was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    /// The number of forks that led to it.
    Generation(u64),
    /// Its ID.
    Process(u32),
}

impl Birth {
    /// This process.
    pub(crate) fn now() -> Self {
        match GENERATION.load(Ordering::Acquire) {
            0 => Self::Process(std::process::id()),
            generation => Self::Generation(generation),
        }
    }

    /// Whether that process is this one. One load, and safe in a signal handler.
    pub(crate) fn is_here(self) -> bool {
        match self {
            Self::Generation(generation) => GENERATION.load(Ordering::Acquire) == generation,
            Self::Process(id) => std::process::id() == id,
        }
    }

    /// A process that is not this one.
    #[cfg(test)]
    pub(crate) const ELSEWHERE: Self = Self::Generation(u64::MAX);
}

/// Forks are told from now on.
pub(crate) fn begin_to_count() {
    // Whoever comes second finds it counting.
    let _ = GENERATION.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
}

/// This is a new process.
pub(super) fn count() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_here_was_made_here_however_it_is_told() {
        for birth in [Birth::now(), Birth::Process(std::process::id())] {
            assert!(birth.is_here(), "{birth:?}");
        }
    }

    #[test]
    fn another_process_is_not_this_one() {
        for birth in [Birth::ELSEWHERE, Birth::Process(std::process::id().wrapping_add(1))] {
            assert!(!birth.is_here(), "{birth:?}");
        }
    }
}
