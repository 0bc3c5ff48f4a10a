//! How far the shutdown of a connection that we dialled has come, and when to look again: no event
//! announces that the peer has acknowledged everything.

use std::time::{Duration, Instant};

use crate::error::Error;

/// The shortest time between two looks at what is unsent.
const SOONEST: Duration = Duration::from_millis(1);
/// The longest.
const LATEST: Duration = Duration::from_millis(250);

/// How far a shutdown has come.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    /// When a shutdown that does not block is late.
    pub(super) until: Option<Instant>,
    pub(super) state: State,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    /// We have something left to send.
    Sending,
    /// Our direction has ended, and the peer has not taken everything.
    Waiting {
        since: Instant,
        /// When to look again, whatever happens.
        next: Instant,
        /// Whether what comes is read meanwhile.
        reads_on: bool,
    },
    /// The peer has taken everything, or the connection broke.
    Over {
        result: Result<(), Error>,
        /// Whether another call than a shutdown has noticed it, and nobody was told.
        is_news: bool,
    },
}

impl Closing {
    pub(super) const fn begin(until: Option<Instant>) -> Self {
        Self { until, state: State::Sending }
    }

    /// Whether to wait for what comes.
    pub(super) const fn reads_on(&self) -> bool {
        matches!(self.state, State::Waiting { reads_on: true, .. })
    }

    /// When a shutdown must be called again even if nothing comes. `None`: it waits for nothing.
    pub(super) fn next(&self) -> Option<Instant> {
        match self.state {
            State::Sending => self.until,
            State::Waiting { next, .. } => Some(self.until.map_or(next, |until| until.min(next))),
            State::Over { .. } => None,
        }
    }

    /// Whether it is over and whoever waits has not been told; says so once.
    pub(super) fn take_news(&mut self) -> bool {
        match &mut self.state {
            State::Over { is_news, .. } => std::mem::take(is_news),
            State::Sending | State::Waiting { .. } => false,
        }
    }

    /// After a look in vain: the longer it has taken, the later the next one.
    pub(super) fn look_again(&mut self, now: Instant, reads_on: bool) {
        let since = match self.state {
            State::Waiting { since, .. } => since,
            State::Sending | State::Over { .. } => now,
        };
        let waited = now.saturating_duration_since(since);
        let pause = waited.checked_div(2).unwrap_or(LATEST).clamp(SOONEST, LATEST);
        let next = now.checked_add(pause).unwrap_or(now);
        self.state = State::Waiting { since, next, reads_on };
    }
}

#[cfg(test)]
mod tests;
