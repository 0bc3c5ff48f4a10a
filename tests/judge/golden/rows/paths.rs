//! What stands above a server: intermediates and authorities, and servers that stand alone.

use super::super::der;
use super::super::keys::{Algorithm, Public, Signer};
use super::super::make::{
    ALT_NAMES, BASIC_CONSTRAINTS, CRL_SIGN, Draft, Extension, INHIBIT_ANY, ISSUER_KEY_ID, KEY_ID,
    NAME_CONSTRAINTS, basic_constraints, common_name, demand, directory, dns, ip, mapping,
    name_constraints, nothing, policies, unknown, usage, utc,
};
use super::Row;

pub(super) fn rows() -> Vec<Row> {
    [alone(), shape(), middles(), roots(), constraints(), other_keys(), policy(), long()].concat()
}

fn alone() -> Vec<Row> {
    let ca = || Draft::alone().with(basic_constraints(Some(true), None));
    let own = |name, draft: Draft| Row::of(name, draft.clone()).believing(vec![draft.der()]);
    vec![
        Row::of("self-signed", Draft::alone()),
        Row::of("self-signed-ca", ca()),
        Row::of("self-signed-version-1", Draft::alone().version_1()),
        Row::of("self-signed-badly", Draft { spoilt: true, ..Draft::alone() }),
        own("self-signed-as-authority", Draft::alone()),
        own("self-signed-ca-as-authority", ca()),
        own("leaf-as-authority", Draft::leaf()),
    ]
}

fn shape() -> Vec<Row> {
    let (leaf, deep) = (Draft::leaf().der(), Draft::deep().der());
    let (middle, root) = (Draft::middle().der(), Draft::root().der());
    let namesake = Draft::root().key(Public::Of(Signer::Other));
    let namesake = namesake.from(common_name("Golden Root"), Signer::Other).der();
    let stranger = Draft::alone().subject(common_name("junk")).der();
    vec![
        Row::shown("no-authority-at-all", vec![leaf.clone()]).believing(vec![]),
        Row::shown("root-not-believed", vec![leaf.clone(), root.clone()]).believing(vec![]),
        Row::shown("root-sent-along", vec![leaf.clone(), root.clone()]),
        Row::shown("namesake-of-the-root", vec![leaf.clone()]).believing(vec![namesake.clone()]),
        Row::shown("namesake-beside-the-root", vec![leaf]).believing(vec![namesake, root.clone()]),
        Row::shown("middle-not-sent", vec![deep.clone()]),
        Row::shown("middle-as-authority", vec![deep.clone()]).believing(vec![middle.clone()]),
        Row::shown("sent-in-disorder", vec![deep.clone(), root, stranger, middle.clone()]),
        Row::shown("sent-twice", vec![deep.clone(), deep, middle.clone(), middle]),
    ]
}

fn middles() -> Vec<Row> {
    let middle = Draft::middle;
    let ca = |ca, len| Draft::middle().with(basic_constraints(ca, len).critical());
    let second = Draft::middle()
        .subject(common_name("Golden Second"))
        .key(Public::Of(Signer::Other))
        .from(common_name("Golden Middle"), Signer::Middle)
        .der();
    let deepest = Draft::leaf().from(common_name("Golden Second"), Signer::Other).der();
    let two =
        |name, above: Draft| Row::shown(name, vec![deepest.clone(), second.clone(), above.der()]);
    vec![
        Row::below("middle-expired", middle().valid(utc("250101000000Z"), utc("260101000000Z"))),
        Row::below("middle-not-yet-valid", {
            middle().valid(utc("270101000000Z"), utc("280101000000Z"))
        }),
        Row::below("middle-not-ca", ca(None, None)),
        Row::below("middle-without-constraints", middle().without(BASIC_CONSTRAINTS)),
        Row::below("middle-without-cert-sign", middle().with(usage(&[CRL_SIGN]).critical())),
        Row::below("middle-unknown-critical", middle().with(unknown().critical())),
        Row::below("middle-version-1", middle().version_1()),
        Row::below("middle-signed-badly", Draft { spoilt: true, ..middle() }),
        Row::below("middle-path-length-0", ca(Some(true), Some(0))),
        two("two-middles", middle()),
        two("two-middles-path-length-1", ca(Some(true), Some(1))),
        two("two-middles-path-length-0", ca(Some(true), Some(0))),
    ]
}

fn roots() -> Vec<Row> {
    let root = Draft::root;
    let ca = |ca, len| Draft::root().with(basic_constraints(ca, len).critical());
    let below = |name, root: Draft| Row::below(name, Draft::middle()).believing(vec![root.der()]);
    vec![
        Row::under("root-expired", root().valid(utc("200101000000Z"), utc("260101000000Z"))),
        Row::under("root-not-yet-valid", root().valid(utc("270101000000Z"), utc("280101000000Z"))),
        Row::under("root-version-1", root().version_1()),
        Row::under("root-without-constraints", root().without(BASIC_CONSTRAINTS)),
        Row::under("root-not-ca", ca(None, None)),
        Row::under("root-unknown-critical", root().with(unknown().critical())),
        Row::under("root-without-cert-sign", root().with(usage(&[CRL_SIGN]).critical())),
        Row::under("root-without-cert-sign-lax", root().with(usage(&[CRL_SIGN]))),
        Row::under("root-without-key-id", root().without(KEY_ID)),
        Row::under("root-path-length-0", ca(Some(true), Some(0))),
        below("root-path-length-0-above-middle", ca(Some(true), Some(0))),
        below("root-path-length-1-above-middle", ca(Some(true), Some(1))),
    ]
}

fn constraints() -> Vec<Row> {
    let under = |permitted: &[Vec<u8>], excluded: &[Vec<u8>]| {
        Draft::root().with(name_constraints(permitted, excluded)).der()
    };
    let row = |name, permitted: &[Vec<u8>], excluded: &[Vec<u8>]| {
        Row::of(name, Draft::leaf()).believing(vec![under(permitted, excluded)])
    };
    let a_net = ip(&[192, 0, 2, 0, 255, 255, 255, 0]);
    let address = Draft::leaf().named(&[ip(&[198, 51, 100, 7])]);
    let malformed = Extension::new(NAME_CONSTRAINTS, der::value(0x02, &[1])).critical();
    let common = Draft::leaf().subject(common_name("b.test")).without(ALT_NAMES);
    let wide = Draft::leaf().named(&[dns("*.a.example")]);
    let middle = Draft::middle().with(name_constraints(&[dns("test")], &[]));
    vec![
        row("constraint-dns-inside", &[dns("example")], &[]),
        row("constraint-dns-outside", &[dns("test")], &[]),
        row("constraint-dns-half-a-label", &[dns("xample")], &[]),
        row("constraint-dns-excluded", &[], &[dns("a.example")]),
        row("constraint-dns-other-excluded", &[], &[dns("b.example")]),
        row("constraint-excluded-wins", &[dns("example")], &[dns("a.example")]),
        row("constraint-ip-only", std::slice::from_ref(&a_net), &[]),
        Row::of("constraint-ip-outside", address.clone())
            .at("198.51.100.7")
            .believing(vec![under(std::slice::from_ref(&a_net), &[])]),
        Row::of("constraint-ip-not-excluded", address)
            .at("198.51.100.7")
            .believing(vec![under(&[], &[a_net])]),
        row("constraint-ip-five-octets", &[], &[ip(&[192, 0, 2, 0, 255])]),
        row("constraint-ip-mask-with-holes", &[], &[ip(&[203, 0, 2, 0, 255, 0, 255, 0])]),
        row("constraint-subject-inside", &[directory(&common_name("a.example"))], &[]),
        row("constraint-subject-outside", &[directory(&common_name("b.example"))], &[]),
        Row::below("constraint-malformed", Draft::middle().with(malformed)),
        Row::of("constraint-cn-outside", common)
            .at("b.test")
            .believing(vec![under(&[dns("example")], &[])]),
        Row::of("constraint-wildcard-reaches-excluded", wide)
            .at("c.a.example")
            .believing(vec![under(&[], &[dns("b.a.example")])]),
        Row::below("constraint-of-the-middle", middle),
    ]
}

fn other_keys() -> Vec<Row> {
    let root = |key| Draft::root().key(Public::Of(key)).from(common_name("Golden Root"), key).der();
    let leaf = |key| Draft::leaf().from(common_name("Golden Root"), key);
    let middle = Draft::middle().key(Public::Of(Signer::Short));
    let deep = Draft::leaf().from(common_name("Golden Middle"), Signer::Short).der();
    let old = Draft { algorithm: Algorithm::Sha1, ..Draft::middle() };
    vec![
        Row::of("root-ed25519", leaf(Signer::Ed25519)).believing(vec![root(Signer::Ed25519)]),
        Row::of("root-rsa-1024", leaf(Signer::Short)).believing(vec![root(Signer::Short)]),
        Row::under("root-signed-sha-1", Draft { algorithm: Algorithm::Sha1, ..Draft::root() }),
        Row::shown("middle-rsa-1024", vec![deep, middle.der()]),
        Row::below("middle-signed-sha-1", old),
    ]
}

/// Policies of authorities, of which nobody demands one unless the row says so.
fn policy() -> Vec<Row> {
    let middle = |extension: Extension| Draft::middle().with(extension);
    let inhibit = Extension::new(INHIBIT_ANY, der::unsigned(&[0]));
    vec![
        Row::below("middle-policies-critical", middle(policies().critical())),
        Row::below("middle-inhibits-any-policy", middle(inhibit.critical())),
        Row::below("middle-demands-policy", middle(demand())),
        Row::below("middle-demands-policy-critical", middle(demand().critical())),
        Row::below("middle-maps-policies", middle(mapping("1.2.3.4", "1.2.3.5"))),
        Row::below("middle-maps-policies-critical", {
            middle(mapping("1.2.3.4", "1.2.3.5").critical())
        }),
        Row::below("middle-maps-any-policy", middle(mapping("2.5.29.32.0", "1.2.3.5"))),
        Row::under("root-policies-critical", Draft::root().with(policies().critical())),
        Row::under("root-demands-policy", Draft::root().with(demand().critical())),
    ]
}

/// Chains that are longer than webpki follows, and a name that is none.
fn long() -> Vec<Row> {
    let chain = |count: usize| {
        let name = |index: usize| common_name(&format!("Golden {index}"));
        let below = |draft: Draft, index: usize| match index {
            0 => draft,
            _ => draft.from(name(index - 1), Signer::Middle),
        };
        let middles = (0..count).rev().map(|index| {
            let middle = Draft::middle().subject(name(index));
            below(Draft { serial: vec![3, index as u8], ..middle }, index).der()
        });
        [below(Draft::leaf(), count).der()].into_iter().chain(middles).collect()
    };
    let nameless = Draft::root().subject(nothing()).from(nothing(), Signer::Root);
    let leaf = Draft::leaf().from(nothing(), Signer::Root);
    vec![
        Row::shown("nine-middles", chain(9)),
        Row::shown("twenty-middles", chain(20)),
        Row::shown("thirty-one-middles", chain(31)),
        Row::of("root-without-a-name", leaf).believing(vec![nameless.without(ISSUER_KEY_ID).der()]),
    ]
}
