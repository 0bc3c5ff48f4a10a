//! Chains that were found clean, so that they are not verified again on every handshake.
//!
//! The cache belongs to one snapshot of one context and ends with it, so it is never used under
//! other rules than those that found the chains clean. Only a path without any problem is cached,
//! and only what the rules found: whether to ask the user, which peers are known or distrusted and
//! whether the peer holds its key is decided anew each time. A lock guards the chains, and is held
//! for a look or a push.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::finding::Assessment;
use crate::error::Problems;
use crate::host::{Host, Role};
use crate::material::Certificate;
use crate::process::Mutex;

/// How many chains are remembered; the oldest goes first.
const MAX_CHAINS: usize = 256;
/// The longest chain that is remembered, in bytes, to bound the memory as well.
const MAX_BYTES: usize = 32 * 1024;

/// The clean chains of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct CleanChains(Mutex<Chains>);

#[derive(Debug, Default)]
struct Chains {
    by_key: HashMap<Arc<CleanKey>, Arc<CleanChain>>,
    order: VecDeque<Arc<CleanKey>>,
}

/// A chain that was found clean.
#[derive(Debug)]
pub(crate) struct CleanChain {
    /// What the peer sent.
    pub(crate) chain: Arc<[Certificate]>,
    /// What the rules found.
    pub(crate) found: Assessment,
}

/// Everything that a finding depends on, except the rules and the time.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct CleanKey {
    role: Role,
    name: Option<Host>,
    chain: Arc<[Certificate]>,
}

impl CleanKey {
    /// The key of a chain. `None`: it is too long to be remembered.
    pub(crate) fn new(
        role: Role,
        name: Option<&Host>,
        chain: &Arc<[Certificate]>,
    ) -> Option<Arc<Self>> {
        let size = chain.iter().fold(0_usize, |sum, one| sum.saturating_add(one.der().len()));
        let (name, chain) = (name.cloned(), Arc::clone(chain));
        (size <= MAX_BYTES).then(|| Arc::new(Self { role, name, chain }))
    }
}

impl CleanChains {
    /// The chain with this key, if it was found clean and is still clean at `now`.
    pub(crate) fn get(&self, key: &CleanKey, now: i64) -> Option<Arc<CleanChain>> {
        let found = self.0.lock().by_key.get(key).cloned();
        found.filter(|one| (one.found.valid_from..=one.found.valid_until).contains(&now))
    }

    /// Remembers the findings about a chain, if there is nothing wrong with it.
    pub(crate) fn put(&self, key: &Arc<CleanKey>, found: &Assessment) {
        if found.problems != Problems::NONE {
            return;
        }
        let clean = CleanChain { chain: Arc::clone(&key.chain), found: found.clone() };
        let mut chains = self.0.lock();
        if chains.by_key.insert(Arc::clone(key), Arc::new(clean)).is_none() {
            chains.order.push_back(Arc::clone(key));
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
        chain: Arc<[Certificate]>,
    }

    fn lab() -> Lab {
        let root = Maker::authority("Root");
        let chain: Arc<[Certificate]> = Arc::new([root.sign(&server("a.example"))]);
        let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
        let rules = Rules { anchors, ..Rules::default() };
        Lab { rules, clean: CleanChains::default(), chain }
    }

    fn key(role: Role, name: Option<&Host>, chain: &[Certificate]) -> Option<Arc<CleanKey>> {
        CleanKey::new(role, name, &chain.into())
    }

    impl Lab {
        fn key(&self) -> Arc<CleanKey> {
            key(Role::Server, None, &self.chain).unwrap()
        }

        fn put(&self, now: i64) {
            let case = Case { role: Role::Server, name: None, chain: &self.chain, now };
            self.clean.put(&self.key(), &assess_path(&case, &self.rules));
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
        let found = &lab.clean.get(&lab.key(), NOW).unwrap().found;
        assert_eq!(found.path.len(), 2);
        assert_eq!(found.problems, Problems::NONE);
        let facts = lab.chain[0].facts();
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
        let facts = lab.chain[0].facts();
        assert!(lab.has(facts.not_after) && !lab.has(facts.not_after + 1));
        assert!(lab.has(facts.not_before) && !lab.has(facts.not_before - 1));
    }

    #[test]
    fn everything_that_a_finding_depends_on_beside_the_rules_is_in_the_key() {
        let lab = lab();
        let host = Host::parse("a.example").unwrap();
        let other = Host::parse("b.example").unwrap();
        let leaf = &lab.chain[0];
        let another = Maker::authority("Other").sign(&server("a.example"));
        let of = |name, chain: &[&Certificate]| {
            let chain: Vec<_> = chain.iter().copied().cloned().collect();
            key(Role::Server, name, &chain).unwrap()
        };
        let keys = [
            lab.key(),
            of(Some(&host), &[leaf]),
            of(Some(&other), &[leaf]),
            key(Role::Client, None, &lab.chain).unwrap(),
            of(None, &[leaf, leaf]),
            of(None, &[&another]),
            of(None, &[leaf, &another]),
            of(None, &[&another, leaf]),
        ];
        assert_eq!(keys[0], of(None, &[&Certificate::from_der(leaf.der()).unwrap()]));
        for one in &keys {
            assert_eq!(keys.iter().filter(|other| *other == one).count(), 1, "{one:?}");
        }
    }

    #[test]
    fn the_oldest_chain_goes_first() {
        let lab = lab();
        let clean = Assessment { valid_until: NOW, ..Assessment::default() };
        let key = |number: usize| {
            let host = Host::parse(&format!("h{number}")).unwrap();
            key(Role::Server, Some(&host), &lab.chain).unwrap()
        };
        for number in 0..=MAX_CHAINS {
            lab.clean.put(&key(number), &clean);
        }
        assert!(lab.clean.get(&key(0), NOW).is_none());
        assert!(lab.clean.get(&key(1), NOW).is_some());
        assert!(lab.clean.get(&key(MAX_CHAINS), NOW).is_some());
        assert_eq!(lab.clean.0.lock().by_key.len(), MAX_CHAINS);
    }

    #[test]
    fn a_chain_beyond_all_measure_is_not_remembered() {
        let lab = lab();
        let leaf = &lab.chain[0];
        let fitting = MAX_BYTES / leaf.der().len();
        assert!(key(Role::Server, None, &vec![leaf.clone(); fitting]).is_some());
        assert!(key(Role::Server, None, &vec![leaf.clone(); fitting + 1]).is_none());
    }
}
