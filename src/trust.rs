//! Who is trusted: the judgement of a peer, and the question that it may lead to.
//!
//! The judge is pure: what a peer shows, what is trusted, who is known and the time go in. It is
//! the only room that makes an [`Admitted`]. Start at [`judge`] for servers and at [`client`] for
//! clients; everything else feeds them or waits for their questions.

mod allow;
mod asked;
mod client;
mod judge;
mod peer;
mod question;
mod shown;
mod text;
mod verdict;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use allow::AllowList;
pub(crate) use asked::{Asked, Asking, Grant};
pub use asked::{Policies, Policy, Situation};
pub use client::ClientAuth;
pub(crate) use client::{Admission, ClientBeliefs, is_its_own, judge_client};
pub use judge::Reason;
pub(crate) use judge::{Admitted, Beliefs, Judgement, Renewal, judge};
pub(crate) use peer::{Peer, unreadable, unusable_key};
pub use question::{Answer, Question, Reply};
pub(crate) use question::{
    BRIEFLY, Patience, Questions, Record, Ticket, Waiter, Wanted, accepted_by,
};
pub(crate) use text::refusal;
pub use verdict::Verdict;
pub(crate) use verdict::{verify, verify_client};
