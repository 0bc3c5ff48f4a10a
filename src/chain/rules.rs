//! What a chain is judged by.

use std::sync::Arc;

use super::anchors::Anchors;
use super::finding::Profile;
use super::revocation::{CrlMode, Crls};

/// What a chain is judged by: immutable, shared by every connection of a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// How strictly a chain is read.
    pub profile: Profile,
    /// What revocation lists are for.
    pub crl_mode: CrlMode,
    /// For how many seconds a list counts after its next update.
    pub crl_grace: i64,
    /// The authorities.
    pub anchors: Arc<Anchors>,
    /// The revocation lists.
    pub crls: Arc<Crls>,
}
