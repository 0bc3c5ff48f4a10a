//! Who is believed, and why: authorities, revocation lists, known peers, the judgement over a
//! chain, and the question that a judgement may end in.
//!
//! The judge is pure: chain, beliefs and time go in. The only things of this room that touch
//! the world are the store of known peers, a file, and the answers that it records. Start at
//! [`judge`]; everything else feeds it or waits for its questions.

mod allow;
mod anchors;
mod assess;
mod change;
mod clean;
mod client;
mod constraints;
mod crl;
mod crl_scope;
mod crls;
mod der;
mod directory;
mod entries;
mod entry;
mod extensions;
mod form;
mod general_name;
mod host;
mod identity;
mod judge;
mod judgement_text;
mod known;
mod known_text;
mod libvirt;
mod list_signers;
mod names;
mod path;
mod question;
mod rollback;
mod rules;
mod same_name;
mod second;
mod shown;
mod signed;
mod store;
mod store_file;
mod verdict;
mod words;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod testing;

pub(crate) use allow::AllowList;
pub(crate) use anchors::Anchors;
pub(crate) use assess::Rules;
pub use assess::{CrlMode, Profile};
pub(crate) use change::{Change, Replaces, not_known};
pub use client::ClientAuth;
pub(crate) use client::{Admission, Client, ClientBeliefs, is_its_own, judge_client};
pub(crate) use crls::Crls;
pub(crate) use directory::Directory;
pub(crate) use entries::Entries;
pub use entry::{Entry, Origin, Place};
pub use host::{Endpoint, Host, Role};
pub use identity::{Identity, IdentityFrom, IdentitySource};
pub(crate) use judge::{Admitted, Asked, Asking, Beliefs, Grant, Judgement, Peer, Renewal, judge};
pub use judge::{Policies, Policy, Reason, Situation};
pub(crate) use known::{Known, KnownView, SessionEntries};
pub(crate) use known_text::read as read_known;
pub(crate) use libvirt::{authority as libvirt_authority, own as libvirt_own};
pub use question::{Answer, Question};
pub(crate) use question::{BRIEFLY, Questions, Record, Ticket, Waker, accepted_by};
pub(crate) use rollback::rolled_back;
pub(crate) use store::Store;
pub use verdict::Verdict;
pub(crate) use verdict::{Suspect, verify, verify_client};
