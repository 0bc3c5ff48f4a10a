//! Who is believed: the judgement over a peer, and the question that it may end in.
//!
//! The judge is pure: what a peer shows, what is believed, who is known and the time go in. It
//! is the only room that makes an [`Admitted`]. Start at [`judge`] for servers and at [`client`]
//! for clients; everything else feeds them or waits for their questions.

mod allow;
mod client;
mod judge;
mod question;
mod shown;
mod text;
mod verdict;

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod testing;

pub(crate) use allow::AllowList;
pub use client::ClientAuth;
pub(crate) use client::{Admission, Client, ClientBeliefs, is_its_own, judge_client};
pub(crate) use judge::{Admitted, Asked, Asking, Beliefs, Grant, Judgement, Peer, Renewal, judge};
pub use judge::{Policies, Policy, Reason, Situation};
pub use question::{Answer, Question};
pub(crate) use question::{BRIEFLY, Questions, Record, Ticket, Waker, accepted_by};
pub use verdict::Verdict;
pub(crate) use verdict::{Suspect, verify, verify_client};
