use super::*;
use crate::material::testing::{Maker, authority, server};

fn anchors(makers: &[&Maker]) -> Anchors {
    Anchors::new(makers.iter().map(|maker| maker.certificate()).collect())
}

fn search(chain: &[Certificate], anchors: &Anchors) -> Found {
    super::search(chain, anchors, &mut Work::new())
}

fn paths(chain: &[Certificate], makers: &[&Maker]) -> Vec<Vec<Certificate>> {
    search(chain, &anchors(makers)).paths
}

#[test]
fn a_leaf_below_an_authority_has_one_path() {
    let root = Maker::authority("Root");
    let chain = [root.sign(&server("a.example"))];
    assert_eq!(paths(&chain, &[&root]), [vec![chain[0].clone(), root.certificate()]]);
}

#[test]
fn intermediates_are_used_in_any_order_and_the_root_among_them_is_ignored() {
    let root = Maker::authority("Root");
    let upper = root.below(authority("Upper"));
    let lower = upper.below(authority("Lower"));
    let leaf = lower.sign(&server("a.example"));
    let chain = [leaf.clone(), root.certificate(), upper.certificate(), lower.certificate()];
    let whole = vec![leaf, lower.certificate(), upper.certificate(), root.certificate()];
    assert_eq!(paths(&chain, &[&root]), [whole]);
}

#[test]
fn an_intermediate_given_as_authority_ends_a_path() {
    let root = Maker::authority("Root");
    let lower = root.below(authority("Lower"));
    let leaf = lower.sign(&server("a.example"));
    let chain = [leaf.clone(), lower.certificate()];
    assert_eq!(paths(&chain[..1], &[&lower]), [vec![leaf, lower.certificate()]]);
    let both = paths(&chain, &[&lower, &root]);
    assert_eq!(both.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_name_without_the_signature_is_no_path() {
    let (root, other) = (Maker::authority("Root"), Maker::authority("Root"));
    assert!(paths(&[root.sign(&server("a.example"))], &[&other]).is_empty());
}

#[test]
fn a_leaf_that_is_an_authority_is_a_path_by_itself() {
    let leaf = Maker::of(server("a.example"));
    assert_eq!(paths(&[leaf.certificate()], &[&leaf]), [vec![leaf.certificate()]]);
    let below = Maker::authority("Root").below(server("a.example"));
    assert_eq!(paths(&[below.certificate()], &[&below]), [vec![below.certificate()]]);
}

#[test]
fn two_authorities_that_sign_each_other_end_the_search() {
    let (one, two) = (Maker::authority("One"), Maker::authority("Two"));
    let one_by_two = two.below_with_key(authority("One"), one.key());
    let two_by_one = one.below_with_key(authority("Two"), two.key());
    let leaf = one.sign(&server("a.example"));
    let chain = [leaf, one_by_two.certificate(), two_by_one.certificate()];
    let found = search(&chain, &Anchors::default());
    assert!(found.paths.is_empty() && found.given_up.is_none());
    assert_eq!(found.reached.len(), 3);
    assert_eq!(paths(&chain, &[&two]).len(), 1);
}

#[test]
fn junk_beside_the_chain_costs_a_bounded_number_of_checks_and_not_the_path() {
    let root = Maker::authority("Root");
    let lower = root.below(authority("Lower"));
    let leaf = lower.sign(&server("a.example"));
    let mut chain = vec![leaf, lower.certificate()];
    chain.extend((0..150).map(|_| Maker::authority("Lower").certificate()));
    let found = search(&chain, &anchors(&[&root]));
    assert_eq!(found.paths.len(), 1);
    chain.remove(1);
    let found = search(&chain, &anchors(&[&root]));
    assert!(found.paths.is_empty());
    // The leaf and 99 others are looked at, and those cost no more than there is.
    assert_eq!(found.given_up, Some(Limit::Certificates(MAX_CHAIN)));
}

#[test]
fn a_mesh_of_cross_signed_authorities_is_given_up_and_not_walked_to_the_end() {
    let makers: Vec<Maker> = (0..8).map(|index| Maker::authority(&format!("{index}"))).collect();
    let mut chain = vec![makers[0].sign(&server("a.example"))];
    for (signer, by) in makers.iter().enumerate() {
        for (subject, of) in makers.iter().enumerate().filter(|(subject, _)| *subject != signer) {
            let crossed = by.below_with_key(authority(&format!("{subject}")), of.key());
            chain.push(crossed.certificate());
        }
    }
    assert!(search(&chain, &Anchors::default()).given_up.is_some());
    assert!(!search(&chain, &anchors(&[&makers[7]])).paths.is_empty());
}

#[test]
fn an_authority_of_the_same_name_and_key_vouches_for_a_self_signed_leaf() {
    let leaf = Maker::of(server("a.example"));
    let again = Maker::with_key(server("a.example"), leaf.key());
    let whole = vec![leaf.certificate(), again.certificate()];
    assert_eq!(paths(&[leaf.certificate()], &[&again]), [whole]);
}

#[test]
fn a_name_that_is_written_otherwise_still_leads_to_its_authority() {
    let (root, middle) = (Maker::authority("The Root"), authority("The Middle"));
    let written = Maker::with_key(authority("the  ROOT"), root.key());
    let middle = written.below(middle);
    let written = Maker::with_key(authority("THE middle "), middle.key());
    let leaf = written.sign(&server("a.example"));
    let whole = vec![leaf.clone(), middle.certificate(), root.certificate()];
    assert_eq!(paths(&[leaf, middle.certificate()], &[&root]), [whole]);
}

#[test]
fn of_a_chain_without_end_only_the_beginning_is_looked_at() {
    let root = Maker::authority("Root");
    let lower = root.below(authority("Lower"));
    let other = Maker::authority("Other").certificate();
    let chain = |at: usize| {
        let mut chain = vec![other.clone(); MAX_CHAIN];
        chain[0] = lower.sign(&server("a.example"));
        chain.insert(at, lower.certificate());
        chain
    };
    let found = search(&chain(MAX_CHAIN - 1), &anchors(&[&root]));
    assert!(found.paths.len() == 1 && found.given_up.is_some());
    let found = search(&chain(MAX_CHAIN), &anchors(&[&root]));
    assert!(found.paths.is_empty() && found.given_up.is_some());
    let found = search(&chain(MAX_CHAIN)[..MAX_CHAIN], &anchors(&[&root]));
    assert!(found.paths.is_empty() && found.given_up.is_none());
}

#[test]
fn a_certificate_that_is_sent_again_makes_no_second_path() {
    let root = Maker::authority("Root");
    let lower = root.below(authority("Lower"));
    let leaf = lower.sign(&server("a.example"));
    let mut chain = vec![lower.certificate(); 50];
    chain.insert(0, leaf.clone());
    chain.push(leaf);
    assert_eq!(paths(&chain, &[&root]).len(), 1);
}

#[test]
fn a_path_has_thirty_two_certificates_and_no_more() {
    let root = Maker::authority("Root");
    let mut makers = vec![root.below(authority("0"))];
    while makers.len() < MAX_LENGTH - 1 {
        let name = makers.len().to_string();
        makers.extend(makers.last().map(|last| last.below(authority(&name))));
    }
    let chain = |between: usize| {
        let mut chain = vec![makers[between - 1].sign(&server("a.example"))];
        chain.extend(makers[..between].iter().rev().map(Maker::certificate));
        chain
    };
    let found = search(&chain(MAX_LENGTH - 2), &anchors(&[&root]));
    assert_eq!(found.paths.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LENGTH]);
    assert!(!found.too_long && found.given_up.is_none());
    let found = search(&chain(MAX_LENGTH - 1), &anchors(&[&root]));
    assert!(found.paths.is_empty() && found.too_long && found.given_up.is_none());
    // The authority is nearer than what else was sent.
    let found = search(&chain(MAX_LENGTH - 1), &anchors(&[&root, &makers[0]]));
    assert_eq!(found.paths.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LENGTH]);
}

#[test]
fn no_more_paths_are_given_than_are_worth_judging() {
    let makers: Vec<Maker> = (0..6).map(|index| Maker::authority(&format!("{index}"))).collect();
    let mut chain = vec![makers[0].sign(&server("a.example"))];
    for (signer, by) in makers.iter().enumerate() {
        for (subject, of) in makers.iter().enumerate().filter(|(subject, _)| *subject != signer) {
            let crossed = by.below_with_key(authority(&format!("{subject}")), of.key());
            chain.push(crossed.certificate());
        }
    }
    let found = search(&chain, &anchors(&[&makers[5]]));
    assert_eq!(found.paths.len(), MAX_PATHS);
    assert_eq!(found.given_up, Some(Limit::Paths(MAX_PATHS)));
}

#[test]
fn the_right_one_of_forty_namesakes_is_found_wherever_it_stands() {
    let makers: Vec<Maker> = (0..40).map(|_| Maker::authority("Root")).collect();
    let anchors = Anchors::new(makers.iter().map(Maker::certificate).collect());
    for at in [0, 15, 16, 17, 39] {
        let leaf = makers[at].sign(&server("a.example"));
        assert!(leaf.facts().authority_key_id.is_none(), "it does not say which one it is");
        let found = search(std::slice::from_ref(&leaf), &anchors);
        assert_eq!(found.paths, [vec![leaf, makers[at].certificate()]]);
        assert_eq!(found.given_up, None);
    }
}

#[test]
fn of_more_namesakes_than_there_are_units_the_limit_is_named() {
    let makers: Vec<Maker> = (0..120).map(|_| Maker::authority("Root")).collect();
    let anchors = Anchors::new(makers.iter().map(Maker::certificate).collect());
    let found = search(&[makers[119].sign(&server("a.example"))], &anchors);
    assert!(found.paths.is_empty());
    assert_eq!(found.given_up, Some(Limit::Units));
}

#[test]
fn issuers_with_large_keys_end_the_search_sooner() {
    let key = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let root = Maker::authority("Root");
    let mut chain = vec![root.sign(&server("a.example"))];
    chain.extend((0..40).map(|_| Maker::with_key(authority("Root"), key()).certificate()));
    let mut work = Work::new();
    let found = super::search(&chain, &Anchors::default(), &mut work);
    assert_eq!(found.given_up, Some(Limit::Units));
    // An authority here is tried before what was sent.
    assert_eq!(paths(&chain, &[&root]).len(), 1);
}
