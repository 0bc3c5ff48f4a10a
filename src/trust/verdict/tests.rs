use std::sync::Arc;

use super::*;
use crate::chain::{Anchors, CleanChains, Rules};
use crate::known::KnownView;
use crate::material::testing::{Maker, NOW, server};
use crate::trust::asked::Policy;

#[test]
fn neither_policies_nor_who_could_be_asked_change_a_verdict() {
    let root = Maker::authority("Root");
    let chain = [root.sign(&server("a.example")).der().to_vec()];
    let host = Host::parse("a.example").unwrap();
    let known = KnownView::default();
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let rules = Rules { anchors, ..Rules::default() };
    let clean = CleanChains::default();
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
            for port in [None, Some(1)] {
                let host = Some(&host);
                let suspect = Suspect { host, port, chain: &chain, now: NOW };
                let found = verify(&suspect, &beliefs);
                assert_eq!(found.outcome(), Ok(Reason::Authority), "{on_new:?} {asking:?}");
            }
        }
    }
}
