//! Several defects at once: each is found whatever else is wrong.

use proptest::prelude::*;
use tlsconn::{Certificate, Context, Endpoint, Material, Problems};

use super::{HOST, PORT, believing, cases, problems};
use crate::golden::keys::{Public, Signer};
use crate::golden::make::{
    CLIENT, CRL_SIGN, Draft, List, basic_constraints, common_name, dns, purposes, unknown, usage,
    utc,
};
use crate::golden::pem::pem;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug)]
struct Defect {
    /// What is told of it.
    problem: Problems,
    /// Whether it is one of the leaf, and counts for a known server as well.
    counts_for_known: bool,
    spoil: fn(&mut Chain),
}

/// A leaf below an intermediate below a root, and the lists of both.
#[derive(Debug)]
struct Chain {
    leaf: Draft,
    middle: Draft,
    root: Draft,
    revoked_leaf: bool,
    revoked_middle: bool,
}

const DEFECTS: [Defect; 14] = [
    Defect::of_leaf(Problems::EXPIRED, |chain| chain.leaf.end = utc("261101000000Z")),
    Defect::of_leaf(Problems::NAME_MISMATCH, |chain| {
        chain.leaf = chain.leaf.clone().named(&[dns("b.example")]);
    }),
    Defect::of_leaf(Problems::WRONG_PURPOSE, |chain| {
        chain.leaf = chain.leaf.clone().with(purposes(&[CLIENT]));
    }),
    Defect::of_leaf(Problems::WEAK_KEY, |chain| chain.leaf.key = Public::Of(Signer::Short)),
    Defect::of_leaf(Problems::REVOKED, |chain| chain.revoked_leaf = true),
    Defect::of_path(Problems::CA_AS_LEAF, |chain| {
        chain.leaf = chain.leaf.clone().with(basic_constraints(Some(true), None));
    }),
    Defect::of_leaf(Problems::CONSTRAINT, |chain| {
        chain.leaf = chain.leaf.clone().with(unknown().critical());
    }),
    Defect::of_path(Problems::NOT_YET_VALID, |chain| chain.middle.begin = utc("261201000000Z")),
    Defect::of_path(Problems::CONSTRAINT, |chain| {
        chain.middle = chain.middle.clone().with(usage(&[CRL_SIGN]).critical());
    }),
    Defect::of_path(Problems::CONSTRAINT, |chain| {
        chain.middle = chain.middle.clone().with(unknown().critical());
    }),
    Defect::of_path(Problems::REVOKED, |chain| chain.revoked_middle = true),
    Defect::of_path(Problems::EXPIRED, |chain| chain.root.end = utc("261101000000Z")),
    Defect::of_path(Problems::CONSTRAINT, |chain| {
        chain.root = chain.root.clone().with(basic_constraints(Some(true), Some(0)));
    }),
    Defect::of_path(Problems::CONSTRAINT, |chain| {
        chain.root = chain.root.clone().with(unknown().critical());
    }),
];

impl Defect {
    const fn of_leaf(problem: Problems, spoil: fn(&mut Chain)) -> Self {
        Self { problem, counts_for_known: true, spoil }
    }

    const fn of_path(problem: Problems, spoil: fn(&mut Chain)) -> Self {
        Self { problem, counts_for_known: false, spoil }
    }
}

impl Chain {
    fn with(defects: &[Defect]) -> Self {
        let mut chain = Self {
            leaf: Draft::deep(),
            middle: Draft::middle(),
            root: Draft::root(),
            revoked_leaf: false,
            revoked_middle: false,
        };
        for defect in defects {
            (defect.spoil)(&mut chain);
        }
        chain
    }

    fn sent(&self) -> Vec<Vec<u8>> {
        vec![self.leaf.der(), self.middle.der()]
    }

    /// A context that trusts the root, and has a list of each issuer.
    fn context(&self) -> Context {
        let context = believing(&[self.root.der()]);
        let serials = |on: bool, serial: &Vec<u8>| if on { vec![serial.clone()] } else { vec![] };
        let of_root =
            List { serials: serials(self.revoked_middle, &self.middle.serial), ..List::of(&[]) };
        let of_middle = List {
            issuer: common_name("Golden Middle"),
            signer: Signer::Middle,
            serials: serials(self.revoked_leaf, &self.leaf.serial),
            ..List::of(&[])
        };
        let lists = pem("X509 CRL", &[of_root.der(), of_middle.der()]);
        context.add(Material::Crl, lists.as_bytes()).unwrap();
        context
    }
}

fn union(defects: &[Defect]) -> Problems {
    defects.iter().fold(Problems::NONE, |all, one| all | one.problem)
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_chain_has_the_problems_of_all_its_defects(
        defects in proptest::sample::subsequence(DEFECTS.to_vec(), 0..=DEFECTS.len()),
    ) {
        let chain = Chain::with(&defects);
        prop_assert_eq!(problems(&chain.context(), &chain.sent()), union(&defects));
    }

    #[test]
    fn one_more_defect_takes_no_problem_away(
        defects in proptest::sample::subsequence(DEFECTS.to_vec(), 0..DEFECTS.len()),
        more in proptest::sample::select(DEFECTS.to_vec()),
    ) {
        let chain = Chain::with(&defects);
        let worse = Chain::with(&[defects, vec![more]].concat());
        let before = problems(&chain.context(), &chain.sent());
        let after = problems(&worse.context(), &worse.sent());
        prop_assert!(after.contains(before | more.problem), "{} then {}", before, after);
    }

    #[test]
    fn a_known_server_has_the_problems_of_its_own_defects(
        defects in proptest::sample::subsequence(DEFECTS.to_vec(), 0..=DEFECTS.len()),
    ) {
        let chain = Chain::with(&defects);
        let context = chain.context();
        let leaf = Certificate::from_der(&chain.leaf.der()).unwrap();
        let place = Endpoint::new(HOST, PORT.into()).unwrap();
        context.set_known(&place, leaf, Problems::NONE).unwrap();
        let own: Vec<Defect> =
            defects.into_iter().filter(|defect| defect.counts_for_known).collect();
        prop_assert_eq!(problems(&context, &chain.sent()), union(&own));
    }

    #[test]
    fn the_same_chain_has_the_same_verdict_each_time(
        defects in proptest::sample::subsequence(DEFECTS.to_vec(), 0..=DEFECTS.len()),
    ) {
        let chain = Chain::with(&defects);
        let context = chain.context();
        let told = |context: &Context| super::judged(context, &chain.sent()).text();
        let first = told(&context);
        prop_assert_eq!(&told(&context), &first);
        prop_assert_eq!(&told(&chain.context()), &first);
    }
}
