//! What comes with an honest chain: more authorities, and whatever a peer sends along.

use std::sync::LazyLock;

use proptest::prelude::*;
use tlsconn::{Certificate, Endpoint, Problems};

use super::{HOST, PORT, believing, cases, problems};
use crate::golden::keys::{Public, Signer};
use crate::golden::make::{Draft, basic_constraints, common_name, dns, name_constraints, utc};

/// Certificates that lead astray: namesakes, the same keys with other words, loops.
static BESIDE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root_name = || common_name("Golden Root");
    let middle_name = || common_name("Golden Middle");
    let old = (utc("250101000000Z"), utc("260101000000Z"));
    let expired = |draft: Draft| draft.valid(old.0.clone(), old.1.clone());
    let drafts = [
        Draft::root(),
        Draft::middle(),
        Draft::leaf(),
        Draft::deep(),
        Draft::alone(),
        expired(Draft::root()),
        expired(Draft::middle()),
        Draft::root().version_1(),
        Draft::root().with(basic_constraints(None, None)),
        Draft::root().with(basic_constraints(Some(true), Some(0))),
        Draft::root().with(name_constraints(&[dns("test")], &[])),
        Draft::middle().with(basic_constraints(None, None)),
        Draft::middle().with(name_constraints(&[], &[dns("example")])),
        // Namesakes with another key.
        Draft::root().key(Public::Of(Signer::Other)).from(root_name(), Signer::Other),
        Draft::middle().key(Public::Of(Signer::Other)),
        // The root below the intermediate, and the intermediate below itself: loops.
        Draft::root().from(middle_name(), Signer::Middle),
        Draft::middle().from(middle_name(), Signer::Middle),
        // The intermediate below a stranger, and the stranger.
        Draft::middle().from(common_name("Stranger"), Signer::Other),
        Draft::root()
            .subject(common_name("Stranger"))
            .key(Public::Of(Signer::Other))
            .from(common_name("Stranger"), Signer::Other),
        Draft { spoilt: true, ..Draft::middle() },
    ];
    drafts.iter().map(Draft::der).collect()
});

static LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| Draft::deep().der());
static MIDDLE: LazyLock<Vec<u8>> = LazyLock::new(|| Draft::middle().der());
static ROOT: LazyLock<Vec<u8>> = LazyLock::new(|| Draft::root().der());

/// Some of what leads astray, in any order, some of it several times.
fn beside(most: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::sample::select(BESIDE.clone()), 0..=most)
}

fn severe(problems: Problems) -> Problems {
    problems & Problems::SEVERE
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn one_more_authority_does_no_harm_to_any_chain(
        authorities in beside(4),
        more in proptest::sample::select(BESIDE.clone()),
        sent in beside(3),
        is_honest in any::<bool>(),
    ) {
        let chain = [vec![LEAF.clone()], sent, vec![MIDDLE.clone()]].concat();
        let mut authorities = authorities;
        if is_honest {
            authorities.push(ROOT.clone());
        }
        let before = problems(&believing(&authorities), &chain);
        authorities.push(more);
        let after = problems(&believing(&authorities), &chain);
        prop_assert!(!before.is_empty() || after.is_empty(), "valid before, now {}", after);
        prop_assert!(severe(before).contains(severe(after)), "{} then {}", before, after);
    }

    #[test]
    fn what_is_sent_along_never_turns_an_honest_chain_invalid(
        along in beside(6),
        at in 0..7_usize,
    ) {
        let mut chain = along;
        chain.insert(at.min(chain.len()), MIDDLE.clone());
        chain.insert(0, LEAF.clone());
        let found = problems(&believing(std::slice::from_ref(&ROOT)), &chain);
        prop_assert!(found.is_empty(), "{}", found);
    }

    #[test]
    fn what_is_sent_along_changes_nothing_for_a_known_server(
        along in beside(6),
        late in any::<bool>(),
        host_fits in any::<bool>(),
    ) {
        let mut leaf = Draft::alone();
        if late {
            leaf.end = utc("261101000000Z");
        }
        if !host_fits {
            leaf = leaf.named(&[dns("b.example")]);
        }
        let leaf = leaf.der();
        let context = believing(std::slice::from_ref(&ROOT));
        let place = Endpoint::new(HOST, PORT.into()).unwrap();
        context.set_known(&place, Certificate::from_der(&leaf).unwrap(), Problems::NONE).unwrap();
        let alone = problems(&context, std::slice::from_ref(&leaf));
        prop_assert_eq!(problems(&context, &[vec![leaf], along].concat()), alone);
        prop_assert_eq!(alone.contains(Problems::EXPIRED), late);
        prop_assert_eq!(alone.contains(Problems::NAME_MISMATCH), !host_fits);
    }
}
