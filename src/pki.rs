//! What an administrator does with certificates and the directories that they are in.
//!
//! Nothing here judges a peer: it prepares material for those who do. Start at [`rehash`].

mod rehash;

pub use rehash::{Rehashed, Skipped, rehash};
