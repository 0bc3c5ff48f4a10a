//! PEM as it is found in practice, for every kind of material, from memory and from a file: it is
//! accepted, or there is an error that names the text and the line. Nothing is dropped silently.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tlsconn::{Context, Kind, Material};

use crate::support::Authority;

/// What becomes of a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Taken,
    /// Refused with these words.
    Refused(&'static str),
}
use Expected::{Refused, Taken};

type Change = fn(&str) -> Vec<u8>;

/// The variants of the text of one block, and what becomes of them.
const VARIANTS: [(&str, Change, Expected); 35] = [
    ("as it is", |text| text.into(), Taken),
    ("byte order mark", |text| format!("\u{feff}{text}").into(), Taken),
    ("CRLF", |text| text.replace('\n', "\r\n").into(), Taken),
    ("CR alone", |text| text.replace('\n', "\r").into(), Taken),
    ("CR CR LF", |text| text.replace('\n', "\r\r\n").into(), Taken),
    ("byte order mark and CRLF", |text| marked(&text.replace('\n', "\r\n")), Taken),
    ("spaces in front", |text| each_line(text, |line| format!("    {line}\n")), Taken),
    ("tabs in front", |text| each_line(text, |line| format!("\t{line}\n")), Taken),
    ("blanks behind", |text| each_line(text, |line| format!("{line} \t\n")), Taken),
    ("blank lines inside", |text| text.replace('\n', "\n\n").into(), Taken),
    ("blank lines around", |text| format!("\n\n{text}\n\n").into(), Taken),
    ("no last line end", |text| text.trim_end().into(), Taken),
    ("lines of 76", |text| rewrapped(text, 76), Taken),
    ("lines of 4", |text| rewrapped(text, 4), Taken),
    ("one long line", |text| rewrapped(text, usize::MAX), Taken),
    ("text above", |text| format!("subject=CN = x\nissuer=y\n{text}").into(), Taken),
    ("text below", |text| format!("{text}made by hand\n").into(), Taken),
    ("NUL before", |text| format!("\0{text}").into(), Refused("line 1: there is a NUL")),
    ("NUL behind", |text| format!("{text}\0").into(), Refused("there is a NUL")),
    ("NUL inside", |text| text.replacen('\n', "\n\0", 1).into(), Refused("line 2: there is a NUL")),
    ("UTF-16", |text| utf16(text, u16::to_le_bytes), Refused("UTF-16")),
    ("UTF-16, the other order", |text| utf16(text, u16::to_be_bytes), Refused("UTF-16")),
    ("DER", |text| der(text), Refused("DER, not PEM")),
    ("doubled BEGIN", |text| format!("{}\n{text}", begin(text)).into(), Refused("line 1: BEGIN")),
    ("no BEGIN", |text| text.replacen(begin(text), "", 1).into(), Refused("line")),
    ("no END", |text| text.replace("-----END", "END").into(), Refused("line")),
    ("cut off", |text| cut(text, 40).into(), Refused("line")),
    ("cut off in the middle", |text| cut(text, text.len() / 2).into(), Refused("line 1: BEGIN")),
    ("four dashes", |text| text.replace("-----", "----").into(), Refused("line 1: this line")),
    ("six dashes", |text| text.replace("-----", "------").into(), Refused("line 1: this line")),
    ("long dashes", |text| text.replace("-----", "\u{2014}\u{2013}").into(), Refused("line 1: ")),
    ("lower case", |text| lower(text).into(), Refused("line 1: this line")),
    ("on one line", |text| text.replace('\n', " ").into(), Refused("line 1: this line")),
    ("no base64", |text| text.replacen("\nM", "\n*", 1).into(), Refused("line 2: this line")),
    (
        "a character lost",
        |text| text.replacen("\nM", "\n", 1).into(),
        Refused("line 1: the base64"),
    ),
];

fn marked(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").into()
}

fn each_line(text: &str, change: fn(&str) -> String) -> Vec<u8> {
    text.lines().map(change).collect::<String>().into()
}

fn begin(text: &str) -> &str {
    text.lines().next().unwrap()
}

fn body(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('-')).collect()
}

fn cut(text: &str, behind: usize) -> &str {
    text.split_at(text.len().saturating_sub(behind)).0
}

fn lower(text: &str) -> String {
    let line = |line: &str| {
        if line.starts_with('-') { line.to_lowercase() + "\n" } else { line.to_owned() + "\n" }
    };
    text.lines().map(line).collect()
}

fn rewrapped(text: &str, width: usize) -> Vec<u8> {
    let body = body(text);
    let lines: Vec<_> =
        body.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line)).collect();
    format!("{}\n{}\n{}\n", begin(text), lines.join("\n"), text.lines().last().unwrap()).into()
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

fn der(text: &str) -> Vec<u8> {
    let mut bits = 0_u32;
    let mut count = 0_u32;
    let mut out = Vec::new();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for value in body(text).chars().filter_map(|c| alphabet.find(c)) {
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            out.push(((bits >> count) & 0xff).try_into().unwrap());
        }
    }
    out
}

/// One block of every kind.
fn texts() -> [(Material, String); 5] {
    let authority = Authority::new("Lab CA");
    let own = authority.server(&["me"]);
    [
        (Material::Authority, authority.pem().replace("\r\n", "\n")),
        (Material::Crl, authority.list(1, &[]).replace("\r\n", "\n")),
        (Material::Key, own.key_pem().replace("\r\n", "\n")),
        (Material::Certificate, own.pem.replace("\r\n", "\n")),
        (Material::TrustedPeer, own.pem.replace("\r\n", "\n")),
    ]
}

/// From memory, then from a file.
fn outcomes(material: Material, text: &[u8]) -> [Result<(), tlsconn::Error>; 2] {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pem");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    [Context::new().add(material, text), Context::new().add_file(material, &path)]
}

#[test]
fn every_variant_of_every_kind_is_taken_or_told() {
    let mut wrong = Vec::new();
    for (material, text) in texts() {
        for (name, change, expected) in VARIANTS {
            for outcome in outcomes(material, &change(&text)) {
                let fits = match (&outcome, expected) {
                    (Ok(()), Taken) => true,
                    (Err(error), Refused(words)) => {
                        error.kind() == Kind::Parse && error.message().contains(words)
                    }
                    _ => false,
                };
                if !fits {
                    wrong.push(format!("{material:?}, {name}: {outcome:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn older_words_for_a_certificate_are_taken() {
    for (material, text) in texts() {
        if text.contains("BEGIN CERTIFICATE") {
            for label in ["X509 CERTIFICATE", "X.509 CERTIFICATE"] {
                let older = text.replace(" CERTIFICATE", &format!(" {label}"));
                assert!(outcomes(material, older.as_bytes()).iter().all(Result::is_ok), "{label}");
            }
        }
    }
}

#[test]
fn certificates_in_another_form_are_not_passed_over() {
    for (material, text) in texts() {
        if !text.contains("BEGIN CERTIFICATE") {
            continue;
        }
        for label in ["TRUSTED CERTIFICATE", "PKCS7", "CMS", "MY CERTIFICATE"] {
            let other = text.replace("CERTIFICATE", label);
            let line = text.lines().count().saturating_add(1);
            for outcome in outcomes(material, format!("{text}{other}").as_bytes()) {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), Kind::Parse);
                assert!(error.message().contains(&format!("line {line}")), "{label}: {error}");
            }
        }
    }
}

#[test]
fn of_many_blocks_each_is_taken_or_the_first_bad_one_is_named() {
    let names: Vec<String> = (0..50).map(|number| format!("CA {number}")).collect();
    let all: Vec<String> = names.iter().map(|name| Authority::new(name).pem().to_owned()).collect();
    assert!(outcomes(Material::Authority, all.concat().as_bytes()).iter().all(Result::is_ok));
    let before: String = all.iter().take(30).map(String::as_str).collect();
    let bad = before.clone() + &all.concat().replacen("\nMII", "\nMIJ", 1);
    let line = before.lines().count().saturating_add(1);
    for outcome in outcomes(Material::Authority, bad.as_bytes()) {
        let error = outcome.unwrap_err();
        assert!(error.message().contains(&format!("line {line}: not a certificate")), "{error}");
    }
}
