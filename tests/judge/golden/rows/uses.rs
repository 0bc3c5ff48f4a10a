//! What a server's certificate says that it is for, its key, its dates and its form.

use super::super::der::{self, BOOLEAN};
use super::super::keys::{Algorithm, Public, Signer};
use super::super::make::{
    ACCESS, ANY, CERT_SIGN, CLIENT, CODE, DIGITAL_SIGNATURE, Draft, Extension, ISSUER_ALT_NAMES,
    ISSUER_KEY_ID, KEY_AGREEMENT, KEY_ENCIPHERMENT, KEY_USAGE, LIST_NUMBER, List, POLICIES,
    PURPOSES, SERVER, basic_constraints, dns, issuer_key_id, key_id, name_constraints, nothing,
    policies, purposes, time, unknown, uri, usage, utc,
};
use super::Row;

pub(super) fn rows() -> Vec<Row> {
    [authorities(), key_usages(), extended(), extensions(), keys(), dates(), form(), revoked()]
        .concat()
}

fn authorities() -> Vec<Row> {
    let ca = |ca| Draft::leaf().with(basic_constraints(ca, None).critical());
    let may_sign = usage(&[DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, CERT_SIGN]).critical();
    vec![
        Row::of("ca-true", ca(Some(true))),
        Row::of("ca-false", ca(None)),
        Row::of("ca-false-written", ca(Some(false))),
        Row::of("ca-false-with-path-length", Draft::leaf().with(basic_constraints(None, Some(0)))),
        Row::of("ca-true-may-sign", ca(Some(true)).with(may_sign.clone())),
        Row::of("key-cert-sign", Draft::leaf().with(may_sign)),
    ]
}

fn key_usages() -> Vec<Row> {
    let with = |bits: &[u8]| Draft::leaf().with(usage(bits));
    let critical = |bits: &[u8]| Draft::leaf().with(usage(bits).critical());
    vec![
        Row::of("usage-none", Draft::leaf().without(KEY_USAGE).without(PURPOSES)),
        Row::of("usage-signature", with(&[DIGITAL_SIGNATURE])),
        Row::of("usage-signature-critical", critical(&[DIGITAL_SIGNATURE])),
        Row::of("usage-signature-critical-ec", critical(&[DIGITAL_SIGNATURE]).key(Public::P256)),
        Row::of("usage-encipherment", with(&[KEY_ENCIPHERMENT])),
        Row::of("usage-encipherment-critical", critical(&[KEY_ENCIPHERMENT])),
        Row::of("usage-agreement-ec", with(&[KEY_AGREEMENT]).key(Public::P256)),
        Row::of("usage-cert-sign-critical", critical(&[CERT_SIGN])),
        Row::of("usage-empty", with(&[])),
        Row::of("usage-empty-critical", critical(&[])),
    ]
}

fn extended() -> Vec<Row> {
    let with = |oids: &[&str]| Draft::leaf().with(purposes(oids));
    let critical = |oids: &[&str]| Draft::leaf().with(purposes(oids).critical());
    vec![
        Row::of("purpose-none", Draft::leaf().without(PURPOSES)),
        Row::of("purpose-server-client-critical", critical(&[SERVER, CLIENT])),
        Row::of("purpose-any", with(&[ANY])),
        Row::of("purpose-any-critical", critical(&[ANY])),
        Row::of("purpose-any-and-server", with(&[ANY, SERVER])),
        Row::of("purpose-code", with(&[CODE])),
        Row::of("purpose-code-critical", critical(&[CODE])),
        Row::of("purpose-client", with(&[CLIENT])),
        Row::of("purpose-client-critical", critical(&[CLIENT])),
        Row::of("purpose-empty", with(&[])),
    ]
}

fn extensions() -> Vec<Row> {
    let names = super::super::make::alt_names(&[dns("a.example")]);
    let broken = Extension::new(KEY_USAGE, vec![0x03, 0x05, 0x00]);
    let method = der::oid("1.3.6.1.5.5.7.48.2");
    let access = der::sequence([der::sequence([method, uri("http://a.example/ca")])]);
    let access = Extension::new(ACCESS, access);
    vec![
        Row::of("unknown", Draft::leaf().with(unknown())),
        Row::of("unknown-critical", Draft::leaf().with(unknown().critical())),
        Row::of("unknown-critical-written-false", Draft::leaf().with(unknown().verbose())),
        Row::of("twice-unknown", Draft::leaf().also(unknown()).also(unknown())),
        Row::of("twice-names", Draft::leaf().also(names)),
        Row::of("usage-cut-short", Draft::leaf().with(broken)),
        Row::of("issuer-key-elsewhere", Draft::leaf().with(issuer_key_id(&[7; 20]))),
        Row::of("issuer-key-missing", Draft::leaf().without(ISSUER_KEY_ID)),
        Row::of("issuer-key-critical", {
            Draft::leaf().with(issuer_key_id(&Public::Of(Signer::Root).identifier()).critical())
        }),
        Row::of("own-key-critical", {
            Draft::leaf().with(key_id(Public::Of(Signer::Leaf)).critical())
        }),
        Row::of(
            "leaf-with-constraints",
            Draft::leaf().with(name_constraints(&[dns("b.example")], &[])),
        ),
        Row::of("policies-critical", Draft::leaf().with(policies().critical())),
        Row::of("policies-of-nothing", {
            Draft::leaf().with(Extension::new(POLICIES, nothing()).critical())
        }),
        Row::of("access-critical", Draft::leaf().with(access.critical())),
        Row::of("issuer-names-critical", {
            let names = der::sequence([uri("http://a.example/")]);
            Draft::leaf().with(Extension::new(ISSUER_ALT_NAMES, names).critical())
        }),
        Row::of("critical-in-ber", {
            let names = super::super::make::alt_names(&[dns("a.example")]);
            Draft::leaf().with(names.critical_in_ber())
        }),
    ]
}

fn keys() -> Vec<Row> {
    let with = |key| Draft::leaf().key(key);
    let signed = |algorithm| Draft { algorithm, ..Draft::leaf() };
    vec![
        Row::of("key-rsa-1024", with(Public::Of(Signer::Short))),
        Row::of("key-rsa-pss", with(Public::RsaPss)),
        Row::of("key-p256", with(Public::P256)),
        Row::of("key-p384", with(Public::P384)),
        Row::of("key-p521", with(Public::P521)),
        Row::of("key-secp256k1", with(Public::Secp256k1)),
        Row::of("key-ed25519", with(Public::Of(Signer::Ed25519))),
        Row::of("key-dsa", with(Public::Dsa)),
        Row::of("signed-sha-1", signed(Algorithm::Sha1)),
        Row::of("signed-pss", signed(Algorithm::Pss)),
        Row::of("signed-badly", Draft { spoilt: true, ..Draft::leaf() }),
        Row::of("signed-two-algorithms", {
            Draft { outer: Some(Signer::Root.identifier(Algorithm::Pss)), ..Draft::leaf() }
        }),
    ]
}

fn dates() -> Vec<Row> {
    let valid = |begin, end| Draft::leaf().valid(begin, end);
    vec![
        Row::of("expired", valid(utc("250101000000Z"), utc("261121115959Z"))),
        Row::of("ends-now", valid(utc("250101000000Z"), utc("261121120000Z"))),
        Row::of("not-yet-valid", valid(utc("261121120001Z"), utc("280101000000Z"))),
        Row::of("begins-now", valid(utc("261121120000Z"), utc("280101000000Z"))),
        Row::of("ends-before-it-begins", valid(utc("270101000000Z"), utc("260101000000Z"))),
        Row::of("without-end", valid(utc("260101000000Z"), time("99991231235959Z"))),
        Row::of("long-form-of-a-date", valid(time("20260101000000Z"), time("20280101000000Z"))),
        Row::of("before-1970", valid(utc("500101000000Z"), utc("280101000000Z"))),
        Row::of("without-seconds", valid(utc("2601010000Z"), utc("2801010000Z"))),
    ]
}

fn form() -> Vec<Row> {
    let serial = |serial: &[u8]| Draft { serial: serial.to_vec(), ..Draft::leaf() };
    let ordinary = Draft::leaf().der();
    let behind = [ordinary.clone(), vec![0]].concat();
    let cut = ordinary[..ordinary.len() - 1].to_vec();
    // The outermost length, in more bytes than it needs.
    let long = [&[0x30, 0x83, 0][..], &ordinary[2..]].concat();
    vec![
        Row::of("serial-zero", serial(&[0])),
        Row::of("serial-negative", serial(&[0xff, 0x7f])),
        Row::of("serial-21-octets", serial(&[0x11; 21])),
        Row::of("version-4", Draft { version: Some(3), ..Draft::leaf() }),
        Row::shown("bytes-behind", vec![behind]),
        Row::shown("cut-short", vec![cut]),
        Row::shown("length-too-long", vec![long]),
        Row::shown("no-certificate", vec![der::value(BOOLEAN, &[0xff])]),
        Row::shown("junk-behind-the-leaf", vec![ordinary, der::value(BOOLEAN, &[0xff])]),
    ]
}

fn revoked() -> Vec<Row> {
    let leaf = Draft::leaf();
    let listed = List::of(&[&leaf.serial]).der();
    let leaf_serial = leaf.serial.clone();
    let number = Extension::new(LIST_NUMBER, der::unsigned(&[1]));
    let middle = Draft::middle();
    vec![
        Row { lists: vec![listed], ..Row::of("revoked", leaf) },
        Row {
            lists: vec![List::of(&[&[9]]).der()],
            ..Row::of("another-is-revoked", Draft::leaf())
        },
        Row {
            lists: vec![List::of(&[&middle.serial]).der()],
            ..Row::below("revoked-middle", middle)
        },
        Row {
            lists: vec![List::of(&[]).without(LIST_NUMBER).der()],
            ..Row::of("list-without-number", Draft::leaf())
        },
        Row {
            lists: vec![List::of(&[&leaf_serial]).without(LIST_NUMBER).der()],
            ..Row::of("revoked-without-number", Draft::leaf())
        },
        Row {
            lists: vec![List::of(&[]).with(number.critical()).der()],
            ..Row::of("list-number-critical", Draft::leaf())
        },
    ]
}
