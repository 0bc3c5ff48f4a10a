//! Known peers: their entries and the store, the directory of client certificates, and the identity
//! that a client's certificate proves.
//!
//! The only room of the judgement that touches files. It says who is known, never who is admitted.
//! Start at [`view`]; a change of the store begins in [`store`].

mod directory;
mod entries;
mod entry;
mod identity;
mod store;
mod view;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use directory::{Directory, Sought};
pub(crate) use entries::Entries;
pub use entry::{Entry, Origin, Place, Spot};
pub(crate) use identity::identity;
pub use identity::{Identity, IdentityFrom, IdentitySource};
pub(crate) use store::Store;
pub(crate) use store::change::{Change, Replaces, not_known};
pub(crate) use store::text::read as read_known;
pub(crate) use view::{Known, KnownView, SessionEntries, Standing};
