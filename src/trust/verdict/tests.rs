use std::sync::Arc;

use super::*;
use crate::chain::{Anchors, CleanChains, Rules};
use crate::host::Endpoint;
use crate::known::KnownView;
use crate::material::testing::{Maker, NOW, server};
use crate::trust::asked::Policy;

#[test]
fn neither_policies_nor_who_could_be_asked_change_a_verdict() {
    let root = Maker::authority("Root");
    let chain: Arc<[Certificate]> = Arc::new([root.sign(&server("a.example"))]);
    let endpoint = Endpoint::new("a.example", 1).unwrap();
    let known = KnownView::default();
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let rules = Rules { anchors, ..Rules::default() };
    let clean = CleanChains::default();
    let server = Peer::server(&endpoint, &chain, NOW);
    for on_new in [Policy::Auto, Policy::Refuse, Policy::Ask] {
        for asking in [Asking::Nobody, Asking::Validator, Asking::NobodyAnyMore] {
            let policies = Policies { on_new, ..Policies::default() };
            let beliefs = Beliefs {
                rules: &rules,
                clean: &clean,
                policies: &policies,
                asking,
                known: &known,
            };
            for endpoint in [None, Some(&endpoint)] {
                let peer = Peer { endpoint, ..server };
                let found = verify(&peer, &beliefs);
                assert_eq!(found.outcome(), Ok(Reason::Authority), "{on_new:?} {asking:?}");
            }
        }
    }
}
