//! Revocation lists: a certificate that one of them revokes is revoked, in whatever order they
//! came.

use std::sync::LazyLock;

use proptest::prelude::*;
use tlsconn::{Material, Problems};

use super::{believing, cases, problems};
use crate::golden::keys::Signer;
use crate::golden::make::{Draft, List, common_name, utc};
use crate::golden::pem::pem;

/// A list, and whether it revokes the leaf.
type Told = (Vec<u8>, bool);

static LISTS: LazyLock<Vec<Told>> = LazyLock::new(|| {
    let serial = Draft::leaf().serial;
    let revoking = List::of(&[&serial]);
    let clean = List::of(&[&[9]]);
    let old = |list: &List| List { number: 2, begin: utc("261001000000Z"), ..list.clone() };
    let newer = |list: &List| List { number: 9, begin: utc("261121000000Z"), ..list.clone() };
    let ended = |list: &List| List {
        number: 3,
        begin: utc("260901000000Z"),
        end: utc("261001000000Z"),
        ..list.clone()
    };
    // The same name, but not an authority that the context trusts.
    let namesake = List { signer: Signer::Other, ..revoking.clone() };
    let elsewhere =
        List { issuer: common_name("Golden Middle"), signer: Signer::Middle, ..revoking.clone() };
    [
        (clean.der(), false),
        (newer(&clean).der(), false),
        (old(&clean).der(), false),
        (ended(&clean).der(), false),
        (revoking.der(), true),
        (newer(&revoking).der(), true),
        (old(&revoking).der(), true),
        (ended(&revoking).der(), true),
        (namesake.der(), false),
        (elsewhere.der(), false),
    ]
    .to_vec()
});

static LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| Draft::leaf().der());
static ROOT: LazyLock<Vec<u8>> = LazyLock::new(|| Draft::root().der());

fn found(lists: &[Told]) -> Problems {
    let context = believing(std::slice::from_ref(&ROOT));
    let text: Vec<Vec<u8>> = lists.iter().map(|(der, _)| der.clone()).collect();
    context.add(Material::Crl, pem("X509 CRL", &text).as_bytes()).unwrap();
    problems(&context, std::slice::from_ref(&LEAF))
}

fn some() -> impl Strategy<Value = Vec<Told>> {
    proptest::sample::subsequence(LISTS.clone(), 1..=4)
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_order_of_lists_does_not_matter(
        (lists, other) in some().prop_flat_map(|lists| {
            (Just(lists.clone()), Just(lists).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(found(&lists), found(&other));
    }

    #[test]
    fn a_list_that_revokes_wins(lists in some().prop_shuffle()) {
        let revokes = lists.iter().any(|(_, revokes)| *revokes);
        prop_assert_eq!(found(&lists).contains(Problems::REVOKED), revokes);
    }

    /// A list that the context refuses, as one older than the one in force may be, counts for
    /// nothing; each that it takes counts from then on.
    #[test]
    fn lists_that_come_one_by_one_revoke_as_well(lists in some().prop_shuffle()) {
        let context = believing(std::slice::from_ref(&ROOT));
        let mut revokes = false;
        for (list, revokes_too) in &lists {
            let text = pem("X509 CRL", std::slice::from_ref(list));
            if context.add(Material::Crl, text.as_bytes()).is_ok() {
                revokes |= revokes_too;
            }
            let found = problems(&context, std::slice::from_ref(&LEAF));
            prop_assert_eq!(found.contains(Problems::REVOKED), revokes);
        }
    }
}
