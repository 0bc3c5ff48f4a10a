use super::*;
use crate::material::testing::Maker;

fn list(maker: &Maker) -> List {
    List::new(Crl::from_der(&maker.list((-1, 30), 1, &[]), "a test").unwrap())
}

#[test]
fn the_check_of_a_signature_is_remembered_and_costs_once() {
    let (root, other) = (Maker::authority("Root"), Maker::authority("Root"));
    let list = list(&root);
    let mut budget = Budget::of(2);
    for _ in 0..3 {
        assert_eq!(list.is_signed_by(&root.certificate(), &mut budget), Some(true));
        assert_eq!(list.is_signed_by(&other.certificate(), &mut budget), Some(false));
    }
    assert_eq!((budget.left(), budget.was_short), (0, false));
}

#[test]
fn a_spent_budget_leaves_the_answer_open_and_is_told() {
    let root = Maker::authority("Root");
    let list = list(&root);
    let mut budget = Budget::of(0);
    assert_eq!(list.is_signed_by(&root.certificate(), &mut budget), None);
    assert!(budget.was_short);
    assert_eq!(list.is_signed_by(&root.certificate(), &mut Budget::new()), Some(true));
    assert_eq!(list.is_signed_by(&root.certificate(), &mut budget), Some(true));
}

#[test]
fn so_many_keys_are_remembered_and_no_more() {
    let list = list(&Maker::authority("Root"));
    for _ in 0..=MAX_PROOFS {
        let other = Maker::authority("Root").certificate();
        assert_eq!(list.is_signed_by(&other, &mut Budget::new()), Some(false));
    }
    assert_eq!(list.proofs.lock().len(), MAX_PROOFS);
}
