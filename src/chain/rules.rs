//! What a chain is judged by.

use std::sync::Arc;

use super::anchors::Anchors;
use super::finding::Profile;
use super::revocation::{CrlMode, Crls};
use crate::error::TimeFrom;

/// What a chain is judged by: immutable, and shared by every connection of a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// How strictly a chain is judged.
    pub profile: Profile,
    /// How revocation lists are used.
    pub crl_mode: CrlMode,
    /// For how many seconds a list still counts after its next update.
    pub crl_grace: i64,
    /// The authorities.
    pub anchors: Arc<Anchors>,
    /// The revocation lists.
    pub crls: Arc<Crls>,
    /// What says what time it is, for messages.
    pub time_from: TimeFrom,
}
