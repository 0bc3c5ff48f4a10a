//! What is found about a peer's chain before anybody decides: its path, which is searched for once
//! per snapshot if it is clean, and which of its certificates are distrusted.

use std::sync::Arc;

use super::peer::{Peer, unreadable};
use super::text;
use crate::chain::{Assessment, Case, CleanChain, CleanChains, CleanKey, Rules, assess_path};
use crate::error::{Calm, Error, Problems};
use crate::known::KnownView;
use crate::material::Certificate;

/// What a peer shows, and what is remembered about it.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    peer: Peer<'a>,
    key: Option<Arc<CleanKey>>,
    clean: Option<Arc<CleanChain>>,
}

impl<'a> Shown<'a> {
    /// Looks up whether the chain was found clean before.
    ///
    /// # Errors
    ///
    /// If there is no chain.
    pub(super) fn look(peer: &Peer<'a>, clean: &CleanChains) -> Result<Self, Error> {
        if peer.chain.is_empty() {
            return Err(unreadable(peer.name, "it presented none"));
        }
        // Where a server is known is no business of the rules.
        let Peer { role, name, endpoint: _, chain, now } = *peer;
        let key = CleanKey::new(role, name, chain);
        let clean = key.as_ref().and_then(|key| clean.get(key, now));
        Ok(Self { peer: *peer, key, clean })
    }

    /// The chain; if it is remembered, that very one, so that all connections to a peer share it.
    pub(super) fn chain(&self) -> &Arc<[Certificate]> {
        self.clean.as_ref().map_or(self.peer.chain, |clean| &clean.chain)
    }

    /// Checks its path, unless it is remembered as clean.
    pub(super) fn find_path(&self, rules: &Rules, clean: &CleanChains) -> Assessment {
        if let Some(clean) = &self.clean {
            return clean.found.clone();
        }
        let found = assess_path(&self.peer.case(), rules);
        if let Some(key) = &self.key {
            clean.put(key, &found);
        }
        found
    }
}

/// The findings, plus the distrusted certificates of the chain and the path.
pub(super) fn with_distrust(
    mut found: Assessment,
    case: &Case<'_>,
    known: &KnownView,
) -> Assessment {
    let distrusted = case
        .chain
        .iter()
        .chain(&found.path)
        .find_map(|one| known.distrusts(one).map(|entry| (one, entry)));
    if let Some((one, entry)) = distrusted {
        found.problems |= Problems::DISTRUSTED;
        found.why.insert(0, Calm::sentence(text::distrusted(one, entry)));
    }
    found
}
