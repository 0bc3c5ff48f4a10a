//! Chains that were found clean, so that they are not verified again at every handshake.
//!
//! It belongs to one snapshot of one context and ends with it, so it is never asked under other
//! rules than those that the chains were found clean by. Only a path without any problem
//! enters, and what enters is what the rules found: whether somebody is to be asked, who is
//! known, who is distrusted and whether the peer holds its key is decided anew each time. A
//! lock guards the chains, and is held for a look or a push.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use super::finding::Assessment;
use crate::error::Problems;
use crate::host::{Host, Role};
use crate::material::{Certificate, Crl, sha256};

/// How many chains are remembered; the oldest goes first.
const MAX_CHAINS: usize = 256;
/// The longest chain that is remembered, in bytes: the memory is bounded as well.
const MAX_BYTES: usize = 32 * 1024;

/// The clean chains of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct CleanChains(Mutex<Chains>);

#[derive(Debug, Default)]
struct Chains {
    by_key: HashMap<[u8; 32], Arc<CleanChain>>,
    order: VecDeque<[u8; 32]>,
}

/// A chain that was found clean.
#[derive(Debug)]
pub(crate) struct CleanChain {
    /// What the peer sent.
    pub(crate) chain: Arc<[Certificate]>,
    path: Vec<Certificate>,
    lists: Vec<(usize, Crl)>,
    from: i64,
    until: i64,
}

impl CleanChain {
    /// What the rules had found.
    pub(crate) fn assessment(&self) -> Assessment {
        Assessment {
            path: self.path.clone(),
            lists: self.lists.clone(),
            valid_from: self.from,
            valid_until: self.until,
            ..Assessment::default()
        }
    }
}

/// Everything that a finding depends on but the rules and the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) role: Role,
    pub(crate) name: Option<&'a Host>,
    pub(crate) chain: &'a [Vec<u8>],
}

impl Sent<'_> {
    /// The key of the chain; nothing for one that is too long to be remembered.
    pub(crate) fn key(&self) -> Option<[u8; 32]> {
        let size = self.chain.iter().fold(0_usize, |sum, one| sum.saturating_add(one.len()));
        if size > MAX_BYTES || self.chain.len() > MAX_BYTES {
            return None;
        }
        let role = match self.role {
            Role::Server => 0,
            Role::Client => 1,
        };
        let mut text = vec![role, u8::from(self.name.is_some())];
        let name = self.name.map_or("", Host::as_str).as_bytes();
        for part in std::iter::once(name).chain(self.chain.iter().map(Vec::as_slice)) {
            // At most MAX_BYTES long, so nothing is cut.
            text.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            text.extend_from_slice(part);
        }
        Some(sha256(&text))
    }
}

impl CleanChains {
    /// The chain with this key, where it was found clean and still is at `now`.
    pub(crate) fn get(&self, key: &[u8; 32], now: i64) -> Option<Arc<CleanChain>> {
        let found = self.0.lock().by_key.get(key).cloned();
        found.filter(|one| (one.from..=one.until).contains(&now))
    }

    /// Remembers what was found of a chain, if nothing is wrong with it.
    pub(crate) fn put(&self, key: [u8; 32], chain: &Arc<[Certificate]>, found: &Assessment) {
        if found.problems != Problems::NONE {
            return;
        }
        let clean = CleanChain {
            chain: Arc::clone(chain),
            path: found.path.clone(),
            lists: found.lists.clone(),
            from: found.valid_from,
            until: found.valid_until,
        };
        let mut chains = self.0.lock();
        if chains.by_key.insert(key, Arc::new(clean)).is_none() {
            chains.order.push_back(key);
        }
        if chains.order.len() > MAX_CHAINS
            && let Some(oldest) = chains.order.pop_front()
        {
            chains.by_key.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::assess::assess_path;
    use crate::chain::finding::Case;
    use crate::chain::{Anchors, Rules};
    use crate::material::testing::{DAY, Maker, NOW, server};

    struct Lab {
        rules: Rules,
        clean: CleanChains,
        leaf: Certificate,
        sent: Vec<Vec<u8>>,
    }

    fn lab() -> Lab {
        let root = Maker::authority("Root");
        let leaf = root.sign(&server("a.example"));
        let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
        let sent = vec![leaf.der().to_vec()];
        let rules = Rules { anchors, ..Rules::default() };
        Lab { rules, clean: CleanChains::default(), leaf, sent }
    }

    impl Lab {
        fn sent<'a>(&'a self, name: Option<&'a Host>) -> Sent<'a> {
            Sent { role: Role::Server, name, chain: &self.sent }
        }

        fn key(&self) -> [u8; 32] {
            self.sent(None).key().unwrap()
        }

        fn put(&self, now: i64) {
            let chain: Arc<[Certificate]> = Arc::new([self.leaf.clone()]);
            let case = Case { role: Role::Server, name: None, chain: &chain, now };
            self.clean.put(self.key(), &chain, &assess_path(&case, &self.rules));
        }

        fn has(&self, now: i64) -> bool {
            self.clean.get(&self.key(), now).is_some()
        }
    }

    #[test]
    fn a_clean_chain_is_remembered_with_its_path() {
        let lab = lab();
        assert!(!lab.has(NOW));
        lab.put(NOW);
        let found = lab.clean.get(&lab.key(), NOW).unwrap().assessment();
        assert_eq!(found.path.len(), 2);
        assert_eq!(found.problems, Problems::NONE);
        let facts = lab.leaf.facts();
        assert_eq!((found.valid_from, found.valid_until), (facts.not_before, facts.not_after));
    }

    #[test]
    fn a_chain_with_a_problem_is_not_remembered() {
        let lab = lab();
        lab.put(NOW + 10_000 * DAY);
        assert!(!lab.has(NOW + 10_000 * DAY) && !lab.has(NOW));
    }

    #[test]
    fn what_is_remembered_ends_with_the_first_certificate_that_ends() {
        let lab = lab();
        lab.put(NOW);
        let facts = lab.leaf.facts();
        assert!(lab.has(facts.not_after) && !lab.has(facts.not_after + 1));
        assert!(lab.has(facts.not_before) && !lab.has(facts.not_before - 1));
    }

    #[test]
    fn everything_that_a_finding_depends_on_beside_the_rules_is_in_the_key() {
        let lab = lab();
        let host = Host::parse("a.example").unwrap();
        let other = Host::parse("b.example").unwrap();
        let mut keys = vec![lab.key(), lab.sent(Some(&host)).key().unwrap()];
        keys.push(lab.sent(Some(&other)).key().unwrap());
        keys.push(Sent { role: Role::Client, ..lab.sent(None) }.key().unwrap());
        let twice = [lab.sent[0].clone(), lab.sent[0].clone()];
        keys.push(Sent { chain: &twice, ..lab.sent(None) }.key().unwrap());
        // The same bytes, cut elsewhere.
        let (head, tail) = lab.sent[0].split_at(10);
        let cut = [head.to_vec(), tail.to_vec()];
        keys.push(Sent { chain: &cut, ..lab.sent(None) }.key().unwrap());
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn the_oldest_chain_goes_first() {
        let lab = lab();
        let chain: Arc<[Certificate]> = Arc::new([lab.leaf.clone()]);
        let clean = Assessment { valid_until: NOW, ..Assessment::default() };
        let key = |number: usize| sha256(&number.to_be_bytes());
        for number in 0..=MAX_CHAINS {
            lab.clean.put(key(number), &chain, &clean);
        }
        assert!(lab.clean.get(&key(0), NOW).is_none());
        assert!(lab.clean.get(&key(1), NOW).is_some());
        assert!(lab.clean.get(&key(MAX_CHAINS), NOW).is_some());
        assert_eq!(lab.clean.0.lock().by_key.len(), MAX_CHAINS);
    }

    #[test]
    fn a_chain_beyond_all_measure_is_not_remembered() {
        let lab = lab();
        let long = [vec![0; MAX_BYTES + 1]];
        assert!(Sent { chain: &long, ..lab.sent(None) }.key().is_none());
    }
}
