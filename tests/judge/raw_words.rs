//! No damage of any kind brings the words of a dependency before a user: the corpora of the fuzz
//! targets, damaged at many places, under every label and as every kind of material.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlsconn::{Context, Endpoint, Error, Host, Material, Place, Role};

/// What gives away that a text was made for programmers: of the libraries that read certificates,
/// keys, base64, times and names, and of the standard library.
const RAW: [&str; 28] = [
    "Asn1",
    "ASN.1 ",
    "Base64",
    "InvalidByte",
    "Os {",
    "os error",
    "ParseError",
    "Nom(",
    "nom::",
    "Err(",
    "Ok(",
    "Some(",
    "None",
    "Custom",
    "Kind",
    "kind:",
    "code:",
    "Utf8Error",
    "utf-8 sequence",
    "DecodeError",
    "pkcs5",
    "PKCS#5",
    "Error {",
    "DER byte",
    "malformed ASN",
    "unwrap",
    "errno",
    "IDNA error",
];

const MATERIAL: [Material; 5] = [
    Material::Authority,
    Material::Crl,
    Material::Key,
    Material::Certificate,
    Material::TrustedPeer,
];

const LABELS: [&str; 9] = [
    "CERTIFICATE",
    "X509 CRL",
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "TRUSTED CERTIFICATE",
    "PKCS7",
];

fn check(error: &Error) {
    for text in [error.message(), error.hint()] {
        let raw = RAW.iter().find(|raw| text.contains(**raw));
        assert_eq!(raw, None, "{text}");
        assert!(!text.ends_with('.') || text.ends_with("..."), "{text}");
    }
    assert!(!error.hint().is_empty(), "no hint: {error}");
}

/// A text as every kind of material, and as what a peer shows; how many times it was refused.
fn refusals(text: &[u8]) -> usize {
    let context = Context::new();
    context.set_passphrase(Some(Arc::new(|_, _| Some(b"secret".to_vec().into()))));
    let mut refused = 0;
    for material in MATERIAL {
        if let Err(error) = context.add(material, text) {
            check(&error);
            refused += 1;
        }
    }
    if let Err(error) = Context::new().verify(Role::Server, Some("a.example"), 0, text) {
        check(&error);
    }
    refused
}

fn block(label: &str, der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n").into_bytes()
}

/// A text as it is, cut short, and with bytes changed at some places.
fn damaged(seed: &[u8], places: usize) -> Vec<Vec<u8>> {
    let mut all = vec![seed.to_vec()];
    for part in 0..places {
        let at = seed.len() * part / places;
        all.push(seed[..at].to_vec());
        for change in [|byte: u8| byte ^ 1, |byte: u8| byte.wrapping_add(0x80)] {
            let mut changed = seed.to_vec();
            changed[at] = change(changed[at]);
            all.push(changed);
        }
    }
    all
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(corpus).unwrap().map(|file| file.unwrap());
    // What a fuzzer found on this machine is its own.
    let files = files.filter(|file| file.file_name().len() != 40);
    files.map(|file| fs::read(file.path()).unwrap()).filter(|seed| !seed.is_empty()).collect()
}

#[test]
fn damaged_texts_are_told_in_our_own_words() {
    let texts = ["pem", "trusted"].iter().flat_map(|target| seeds(target));
    let refused: usize = texts.flat_map(|seed| damaged(&seed, 8)).map(|text| refusals(&text)).sum();
    assert!(refused > 200, "only {refused}");
}

#[test]
fn damaged_der_is_told_in_our_own_words_under_every_label() {
    let ders = ["certificate", "crl"].iter().flat_map(|target| seeds(target));
    let mut refused = 0;
    for der in ders.flat_map(|seed| damaged(&seed, 4)) {
        refused += refusals(&der);
        refused += LABELS.iter().map(|label| refusals(&block(label, &der))).sum::<usize>();
    }
    assert!(refused > 5_000, "only {refused}");
}

#[test]
fn a_damaged_encrypted_key_is_told_in_our_own_words() {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key.pem");
    fs::write(&key, openssl(&["genpkey", "-algorithm", "ED25519"])).unwrap();
    let key = key.to_str().unwrap();
    let der = openssl(&[
        "pkcs8",
        "-topk8",
        "-v2",
        "aes256",
        "-iter",
        "1",
        "-in",
        key,
        "-passout",
        "pass:secret",
        "-outform",
        "der",
    ]);
    let context = Context::new();
    context.set_passphrase(Some(Arc::new(|_, _| Some(b"secret".to_vec().into()))));
    context.add(Material::Key, &block("ENCRYPTED PRIVATE KEY", &der)).unwrap();
    let mut refused = 0;
    for at in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[at] ^= 1 << bit;
            // A higher number of rounds takes its time, and says nothing else.
            if changed.windows(4).any(|part| matches!(part, [2, 3 | 4, ..])) {
                continue;
            }
            let done = context.add(Material::Key, &block("ENCRYPTED PRIVATE KEY", &changed));
            if let Err(error) = done {
                check(&error);
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "only {refused}");
}

#[test]
fn odd_hosts_and_places_are_told_in_our_own_words() {
    let long = "a".repeat(300);
    let odd = [
        "",
        " ",
        "a b",
        "-a",
        "a-",
        "xn--a",
        "xn--",
        "a..b",
        ".",
        "[::1",
        "[::1]x",
        ":::",
        "1.2.3",
        "999.1.1.1",
        "0x7f.1",
        "a\u{202e}b",
        "\u{ad}",
        "\u{0301}",
        "fe80::1%",
        "fe80::1%a b",
        "http://a.example",
        "a_b",
        "ß",
        "\u{1F4A9}.example",
        &long,
        "a/b",
        "a@b",
        "*",
        "*.a",
    ];
    let mut refused = 0;
    for text in odd {
        for error in [
            Host::parse(text).err(),
            Endpoint::new(text, 0).err(),
            Endpoint::new(text, 70_000).err(),
            Place::parse(text).err(),
            Place::parse(&format!("{text}:99999")).err(),
        ] {
            let Some(error) = error else { continue };
            refused += 1;
            let raw = RAW.iter().find(|raw| error.message().contains(**raw));
            assert_eq!(raw, None, "{error}");
        }
    }
    assert!(refused > 80, "only {refused}");
}
