//! Chains that webpki does not read: our own rules refuse every bad form of them alone.
//!
//! Two good chains, one with policies that are critical, one longer than webpki follows. Each is
//! spoilt in every way of the list at every place where that way applies, and must be refused.
#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyPair, KeyUsagePurpose, NameConstraints, RevocationReason,
};

use super::*;
use crate::chain::Crls;
use crate::host::Host;
use crate::material::testing::{authority, day, named, server, tlv};

/// Where a way to spoil a certificate applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Everyone,
    Authorities,
    /// Those that have an intermediate below them.
    Upper,
    Leaf,
}

/// A name, where it applies, and the change to the certificate.
type Way = (&'static str, At, fn(&mut CertificateParams));

const WAYS: [Way; 26] = [
    ("has ended", At::Everyone, |one| one.not_after = day(-1)),
    ("has not begun", At::Everyone, |one| one.not_before = day(1)),
    ("is no authority", At::Authorities, |one| one.is_ca = IsCa::ExplicitNoCa),
    ("does not say that it is an authority", At::Authorities, |one| one.is_ca = IsCa::NoCa),
    ("allows no intermediate", At::Upper, |one| {
        one.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    }),
    ("may not sign certificates", At::Authorities, |one| {
        one.key_usages = vec![KeyUsagePurpose::CrlSign];
    }),
    ("may not sign lists", At::Authorities, |one| {
        one.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    }),
    ("is for clients", At::Everyone, |one| {
        one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }),
    ("permits other hosts", At::Authorities, |one| limit(one, &["b.example"], &[])),
    ("excludes the host", At::Authorities, |one| limit(one, &[], &["a.example"])),
    ("has malformed constraints", At::Authorities, |one| add(one, NAMES, true, tlv(0x30, &[]))),
    ("has constraints that are none", At::Authorities, |one| add(one, NAMES, false, vec![5, 0])),
    ("has something unknown", At::Everyone, |one| add(one, &[1, 2, 3, 4], true, vec![5, 0])),
    ("demands a policy", At::Everyone, |one| {
        add(one, CONSTRAINTS, true, tlv(0x30, &tlv(0x80, &[0])));
    }),
    ("demands one, not critical", At::Everyone, |one| {
        add(one, CONSTRAINTS, false, tlv(0x30, &tlv(0x80, &[3])));
    }),
    ("has policies of nothing", At::Everyone, |one| replace(one, POLICIES, tlv(0x30, &[]))),
    ("has policies that are none", At::Everyone, |one| replace(one, POLICIES, vec![5, 0])),
    ("inhibits less than nothing", At::Everyone, |one| replace(one, INHIBIT, tlv(2, &[0xff]))),
    ("has malformed policy constraints", At::Everyone, |one| {
        add(one, CONSTRAINTS, true, tlv(0x30, &[]));
    }),
    ("maps any policy", At::Authorities, |one| {
        let pair = [tlv(6, &[0x55, 0x1d, 32, 0]), tlv(6, &[0x2a, 3])].concat();
        add(one, MAPPINGS, true, tlv(0x30, &tlv(0x30, &pair)));
    }),
    ("has malformed mappings", At::Everyone, |one| add(one, MAPPINGS, true, tlv(0x30, &[]))),
    ("has malformed addresses", At::Everyone, |one| {
        add(one, &[1, 3, 6, 1, 5, 5, 7, 1, 1], false, tlv(0x30, &[]));
    }),
    ("is an authority's", At::Leaf, |one| one.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
    ("may sign certificates", At::Leaf, |one| {
        one.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    }),
    ("may not sign handshakes", At::Leaf, |one| {
        one.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    }),
    ("is another host's", At::Leaf, |one| {
        one.subject_alt_names = server("b.example").subject_alt_names;
    }),
];

const NAMES: &[u64] = &[2, 5, 29, 30];
const POLICIES: &[u64] = &[2, 5, 29, 32];
const MAPPINGS: &[u64] = &[2, 5, 29, 33];
const CONSTRAINTS: &[u64] = &[2, 5, 29, 36];
const INHIBIT: &[u64] = &[2, 5, 29, 54];

fn limit(one: &mut CertificateParams, permitted: &[&str], excluded: &[&str]) {
    let trees = |names: &[&str]| {
        names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect()
    };
    one.name_constraints = Some(NameConstraints {
        permitted_subtrees: trees(permitted),
        excluded_subtrees: trees(excluded),
    });
}

fn add(one: &mut CertificateParams, id: &[u64], critical: bool, value: Vec<u8>) {
    let mut extension = CustomExtension::from_oid_content(id, value);
    extension.set_criticality(critical);
    one.custom_extensions.push(extension);
}

/// Puts a critical extension in place of what there is of its kind.
fn replace(one: &mut CertificateParams, id: &[u64], value: Vec<u8>) {
    one.custom_extensions.retain(|other| other.oid_components().ne(id.iter().copied()));
    add(one, id, true, value);
}

impl At {
    /// Whether it applies to number `index` of `count`, counted from the root.
    fn applies(self, index: usize, count: usize) -> bool {
        match self {
            Self::Everyone => true,
            Self::Authorities => index + 1 < count,
            Self::Upper => index + 2 < count,
            Self::Leaf => index + 1 == count,
        }
    }
}

/// A chain from the root down, the keys of each, and what is wrong with the lists.
struct Plan {
    all: Vec<CertificateParams>,
    keys: Vec<KeyPair>,
}

/// A chain as it was made, with the list of each authority.
struct Chain {
    /// From the leaf up, without the root.
    sent: Vec<Certificate>,
    root: Certificate,
    makers: Vec<Maker>,
    lists: Vec<Vec<u8>>,
}

impl Plan {
    /// A root, two intermediates and a leaf, all with policies that are critical.
    fn with_policies() -> Self {
        let mut plan = Self::of(2);
        for one in &mut plan.all {
            let policies = [tlv(6, &[0x55, 0x1d, 32, 0]), tlv(6, &[0x2a, 3])];
            let policies = policies.map(|policy| tlv(0x30, &policy)).concat();
            add(one, POLICIES, true, tlv(0x30, &policies));
            add(one, INHIBIT, true, tlv(2, &[0]));
        }
        plan
    }

    /// More intermediates than webpki follows.
    fn long() -> Self {
        Self::of(MAX_BETWEEN + 1)
    }

    fn of(between: usize) -> Self {
        let mut all = vec![authority("Root")];
        all.extend((0..between).map(|index| authority(&format!("Middle {index}"))));
        let mut leaf = server("a.example");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        all.push(leaf);
        let keys = all.iter().map(|_| KeyPair::generate().unwrap()).collect();
        Self { all, keys }
    }

    fn key(&self, index: usize) -> KeyPair {
        KeyPair::try_from(self.keys[index].serialized_der()).unwrap()
    }

    fn made(&self) -> Chain {
        let mut makers = vec![Maker::with_key(self.all[0].clone(), self.key(0))];
        for (index, one) in self.all.iter().enumerate().skip(1) {
            let above = makers.last().unwrap();
            makers.push(above.below_with_key(one.clone(), self.key(index)));
        }
        let lists = makers.iter().map(|maker| maker.list((-1, 30), 1, &[])).collect();
        Chain::of(makers, lists)
    }

    /// Spoils one certificate at a time, in one way after the other.
    fn each_spoilt(&self, mut look: impl FnMut(&str, usize, &Chain)) {
        for (what, at, spoil) in WAYS {
            for index in (0..self.all.len()).filter(|index| at.applies(*index, self.all.len())) {
                let mut all = self.all.clone();
                spoil(&mut all[index]);
                let keys = (0..all.len()).map(|index| self.key(index)).collect();
                look(what, index, &Self { all, keys }.made());
            }
        }
    }
}

impl Chain {
    fn of(makers: Vec<Maker>, lists: Vec<Vec<u8>>) -> Self {
        let mut sent: Vec<_> = makers.iter().skip(1).map(Maker::certificate).collect();
        sent.reverse();
        Self { sent, root: makers[0].certificate(), makers, lists }
    }

    fn found(&self) -> Assessment {
        self.found_in(&self.sent)
    }

    /// What the rules find wrong with these certificates in place of the chain.
    fn found_in(&self, sent: &[Certificate]) -> Assessment {
        let anchors = Arc::new(Anchors::new(vec![self.root.clone()]));
        let lists = self.lists.iter().map(|list| (list.clone(), "a list".to_owned()));
        let crls = Arc::new(Crls::new(lists.collect()).unwrap());
        let rules = Rules { anchors, crls, ..Rules::default() };
        let host = Host::parse("a.example").unwrap();
        let case = Case { role: Role::Server, name: Some(&host), chain: sent, now: NOW };
        assess_path(&case, &rules)
    }

    fn path(&self) -> Vec<Certificate> {
        self.sent.iter().chain([&self.root]).cloned().collect()
    }
}

fn plans() -> [Plan; 2] {
    [Plan::with_policies(), Plan::long()]
}

/// Refused, and not by webpki.
#[track_caller]
fn is_refused(found: &Assessment, what: &str) {
    assert!(!found.problems.is_empty() && !found.why.is_empty(), "{what}");
    assert!(
        !found.why.iter().any(|why| why.contains("breaks RFC 5280")),
        "{what}: {:?}",
        found.why
    );
}

#[test]
fn the_good_chains_are_good_and_webpki_reads_neither() {
    for plan in plans() {
        let chain = plan.made();
        assert!(!reads(&chain.path()));
        let found = chain.found();
        assert_eq!((found.problems, found.why), (Problems::NONE, Vec::new()));
        assert_eq!(found.path, chain.path());
    }
}

#[test]
fn every_way_to_spoil_a_certificate_is_refused_at_every_place() {
    for plan in plans() {
        plan.each_spoilt(|what, index, chain| {
            is_refused(&chain.found(), &format!("number {index} {what}"));
        });
    }
}

#[test]
fn every_byte_of_a_certificate_and_every_bit_of_a_signature_is_needed() {
    let chain = Plan::with_policies().made();
    for (index, one) in chain.sent.iter().enumerate() {
        let der = one.der();
        let signature = der.len() - one.signature().len();
        let changes = (0..signature)
            .map(|at| (at, 1_u8 << (at % 8)))
            .chain((signature..der.len()).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit))));
        for (at, bits) in changes {
            let mut other = der.to_vec();
            other[at] ^= bits;
            let Ok(other) = Certificate::from_der(&other) else { continue };
            let mut sent = chain.sent.clone();
            sent[index] = other;
            is_refused(&chain.found_in(&sent), &format!("byte {at} of number {index}"));
        }
    }
}

#[test]
fn a_chain_with_a_hole_or_with_another_leaf_is_refused() {
    for plan in plans() {
        let chain = plan.made();
        for index in 1..chain.sent.len() {
            let mut sent = chain.sent.clone();
            sent.remove(index);
            is_refused(&chain.found_in(&sent), &format!("without number {index}"));
            let mut sent = chain.sent.clone();
            sent.swap(0, index);
            is_refused(&chain.found_in(&sent), &format!("number {index} first"));
        }
        let mut sent = chain.sent.clone();
        sent[1..].reverse();
        assert_eq!(chain.found_in(&sent).problems, Problems::NONE, "order does not matter");
    }
}

#[test]
fn a_link_by_name_alone_or_by_key_alone_is_none() {
    for plan in plans() {
        for index in 0..plan.all.len() - 1 {
            let whole = plan.made();
            let below = |above: &Maker| {
                let below = above.below_with_key(plan.all[index + 1].clone(), plan.key(index + 1));
                let mut sent = whole.sent.clone();
                let at = sent.len() - 1 - index;
                sent[at] = below.certificate();
                whole.found_in(&sent)
            };
            let namesake = Maker::of(plan.all[index].clone());
            is_refused(&below(&namesake), &format!("another key at {index}"));
            let renamed = Maker::with_key(authority("Somebody else"), plan.key(index));
            is_refused(&below(&renamed), &format!("another name at {index}"));
        }
        let chain = plan.made();
        let stranger = Chain { root: Maker::of(plan.all[0].clone()).certificate(), ..plan.made() };
        is_refused(&stranger.found_in(&chain.sent), "another root");
    }
}

#[test]
fn a_revoked_certificate_and_a_list_that_does_not_count_are_refused_at_every_place() {
    for plan in plans() {
        let chain = plan.made();
        for (index, maker) in chain.makers.iter().enumerate().take(chain.makers.len() - 1) {
            let below = chain.makers[index + 1].certificate();
            let entry = (&below, Some(RevocationReason::KeyCompromise));
            let stranger = Maker::of(plan.all[index].clone());
            for (what, list) in [
                ("revoked", maker.list((-1, 30), 1, &[entry])),
                ("an old list", maker.list((-40, -10), 1, &[])),
                ("a list of tomorrow", maker.list((1, 30), 1, &[])),
                ("another key's list", stranger.list((-1, 30), 1, &[])),
            ] {
                let mut lists = chain.lists.clone();
                lists[index] = list;
                let spoilt = Chain { lists, ..plan.made() };
                is_refused(&spoilt.found_in(&chain.sent), &format!("{what} at {index}"));
            }
        }
    }
}

#[test]
fn a_subject_outside_the_constraints_of_any_authority_above_is_refused() {
    for plan in plans() {
        for index in 0..plan.all.len() - 1 {
            for below in index + 1..plan.all.len() - 1 {
                let mut all = plan.all.clone();
                let inside = named("Lab", &[]).distinguished_name;
                all[index].name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DirectoryName(inside)],
                    excluded_subtrees: vec![],
                });
                let keys = (0..all.len()).map(|index| plan.key(index)).collect();
                let chain = Plan { all, keys }.made();
                is_refused(&chain.found(), &format!("{below} below {index}"));
            }
        }
    }
}
