//! What an administrator does to certificates and to the places where they lie.
//!
//! Nothing here judges a peer: it makes material, and puts it in order, for those who do. Start
//! at [`rehash`].

mod rehash;

pub use rehash::{Rehashed, Skipped, rehash};
