#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::material::testing::{attribute, name, tlv};

const CN: &[u8] = &[0x55, 4, 3];
const OU: &[u8] = &[0x55, 4, 11];
const C: &[u8] = &[0x55, 4, 6];

/// How many names are compared with OpenSSL.
const NAMES: usize = 50_000;

fn common_name(tag: u8, value: &[u8]) -> Option<u32> {
    name_hash(&name(&[&[attribute(CN, tag, value)]]))
}

#[test]
fn a_text_has_one_hash_in_every_type() {
    for (tag, text) in [
        (UTF8_STRING, b"Test".as_slice()),
        (PRINTABLE_STRING, b"Test"),
        (IA5_STRING, b"Test"),
        (TELETEX_STRING, b"Test"),
        (BMP_STRING, b"\0T\0e\0s\0t"),
        (UNIVERSAL_STRING, b"\0\0\0T\0\0\0e\0\0\0s\0\0\0t"),
        (UTF8_STRING, b"TEST"),
        (UTF8_STRING | CONSTRUCTED, b"\x0c\x02Te\x0c\x02st"),
    ] {
        assert_eq!(common_name(tag, text), Some(0x756b_76dc), "{tag:#x}");
    }
}

#[test]
fn what_openssl_prints_is_what_comes_out() {
    assert_eq!(name_hash(&name(&[])), Some(0xeea3_39da), "empty");
    assert_eq!(name_hash(&tlv(SEQUENCE, &tlv(SET, &[]))), Some(0xeea3_39da), "an empty set");
    assert_eq!(common_name(NUMERIC_STRING, b"Test"), Some(0xa641_50b1));
    let country = name(&[&[attribute(C, PRINTABLE_STRING, b"US")]]);
    assert_eq!(name_hash(&country), Some(0xc3cc_9474));
    assert_eq!(common_name(UTF8_STRING, b"  te st  "), Some(0xeede_bf75));
}

#[test]
fn attributes_of_one_set_have_no_order_and_sets_have() {
    let [a, b] = ["a", "b"].map(|text| attribute(CN, UTF8_STRING, text.as_bytes()));
    let two_sets = |first: &Vec<u8>, second: &Vec<u8>| {
        name_hash(&name(&[std::slice::from_ref(first), std::slice::from_ref(second)]))
    };
    assert_eq!(two_sets(&a, &b), Some(0x2863_82a1));
    assert_eq!(two_sets(&b, &a), Some(0xc84a_7fc2));
    let unit = attribute(OU, UTF8_STRING, b"a");
    assert_eq!(name_hash(&name(&[&[unit.clone(), b.clone()]])), Some(0xc841_9504));
    assert_eq!(name_hash(&name(&[&[b, unit]])), Some(0xc841_9504));
}

#[test]
fn unused_bits_do_not_count() {
    let one = common_name(BIT_STRING, &[4, 0xab]);
    assert!(one.is_some());
    assert_eq!(common_name(BIT_STRING, &[4, 0xa0]), one);
    assert_eq!(common_name(BIT_STRING, &[8, 0xa0]), None);
    assert_eq!(common_name(BIT_STRING, &[]), None);
}

#[test]
fn a_name_that_openssl_refuses_has_no_hash() {
    for (tag, value) in [
        (0x1a, b"visible".as_slice()),
        (0x1b, b"general"),
        (0x04, b"octets"),
        (0x02, b"\x05"),
        (0x17, b"260101000000Z"),
        (0x05, b""),
        (0x80, b"context"),
        (UTF8_STRING, b"\xff"),
        (BMP_STRING, b"\xd8\0\xdc\0"),
        (BMP_STRING, b"\0a\0"),
        (UNIVERSAL_STRING, b"\0\x11\0\0"),
    ] {
        assert_eq!(common_name(tag, value), None, "{tag:#x} {value:?}");
    }
    let mut behind = name(&[]);
    behind.push(0);
    assert_eq!(name_hash(&behind), None);
}

#[test]
fn a_name_longer_than_openssl_reads_has_no_hash() {
    // Tags and lengths of name, set, attribute and value; the object identifier.
    let around = 4 * 5 + 5;
    assert!(common_name(UTF8_STRING, &vec![b'a'; LONGEST - around]).is_some());
    assert_eq!(common_name(UTF8_STRING, &vec![b'a'; LONGEST]), None);
}

#[test]
fn random_names_hash_as_in_openssl() {
    let Some(program) = Program::build() else { return };
    let mut random = Random(0x1234_5678_9abc_def1);
    let names: Vec<Vec<u8>> = (0..NAMES).map(|_| random.name()).collect();
    let theirs = program.hashes(&names);
    assert_eq!(theirs.len(), NAMES);
    let mut refused = 0;
    for (name, theirs) in names.iter().zip(&theirs) {
        let ours = name_hash(name).map_or("refused".to_owned(), |hash| format!("{hash:08x}"));
        refused += usize::from(ours == "refused");
        assert_eq!(ours, *theirs, "{}", crate::material::hex::hex_after_hash(name));
    }
    // Else this would compare one thing only.
    assert!((NAMES / 10..NAMES * 9 / 10).contains(&refused), "{refused}");
}

/// The program beside this file, which asks OpenSSL.
struct Program(tempfile::TempDir);

impl Program {
    /// Nothing where OpenSSL's headers are missing: the test says so and is skipped; with
    /// `CI=true` it fails.
    fn build() -> Option<Self> {
        let here = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/name_hash/name_hash.c");
        let built = Command::new("cc")
            .arg("-o")
            .arg(here.path().join("name_hash"))
            .arg(source)
            .arg("-lcrypto")
            .output();
        if built.is_ok_and(|built| built.status.success()) {
            return Some(Self(here));
        }
        let line = "skipped: no C compiler, or no headers of libcrypto";
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}");
        // Not `eprintln!`, which the test runner swallows where a test passes.
        std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
        None
    }

    fn hashes(&self, names: &[Vec<u8>]) -> Vec<String> {
        let mut lines = String::new();
        for name in names {
            name.iter().for_each(|byte| write!(lines, "{byte:02x}").unwrap());
            lines.push('\n');
        }
        // A file, for a pipe would be full before the program is read from.
        let input = self.0.path().join("names");
        std::fs::write(&input, lines).unwrap();
        let output = Command::new(self.0.path().join("name_hash"))
            .stdin(Stdio::from(std::fs::File::open(input).unwrap()))
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

/// Names of every kind, the same ones each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn name(&mut self) -> Vec<u8> {
        let sets: Vec<u8> = (0..self.one(&[0, 1, 1, 1, 2, 3])).flat_map(|_| self.set()).collect();
        let mut name = tlv(SEQUENCE, &sets);
        if self.below(100) == 0 {
            let at = usize::try_from(self.below(name.len() as u64)).unwrap();
            // Not a length that OpenSSL reads and DER has not.
            name[at] = self.one(&[0, 1, 0x0c, 0x30, 0x31, 0x7f]);
        }
        name
    }

    fn set(&mut self) -> Vec<u8> {
        let count = self.one(&[0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4]);
        let attributes: Vec<u8> = (0..count).flat_map(|_| self.attribute()).collect();
        tlv(if self.below(200) == 0 { SEQUENCE } else { SET }, &attributes)
    }

    fn attribute(&mut self) -> Vec<u8> {
        let kinds = [CN, OU, C, CN, OU, C, &[0x2a, 3, 4], &[0x55, 0x80, 3], &[0x55, 0x84], &[]];
        // The good ones more often, or hardly a name would be read.
        let most = if self.below(20) == 0 { kinds.len() } else { 7 };
        let kind = self.one(&kinds[..most]);
        let value = self.value(0);
        let more = if self.below(100) == 0 { tlv(5, &[]) } else { Vec::new() };
        tlv(SEQUENCE, &[tlv(6, kind), value, more].concat())
    }

    fn value(&mut self, depth: u8) -> Vec<u8> {
        let usual = [0x0c, 0x0c, 0x0c, 0x13, 0x13, 0x14, 0x16, 0x1c, 0x1e, 0x12, 0x03, 0x30];
        let any = if self.below(12) == 0 { u8::try_from(self.below(256)).unwrap() } else { 0 };
        // A tag above 30 in a piece of a string is read by OpenSSL, and by nobody else here.
        let is_high = depth > 0 && any & 0x1f == 0x1f;
        let mut tag = if any == 0 || is_high { self.one(&usual) } else { any };
        if depth < 8 && tag != SEQUENCE && (depth > 0 || self.below(20) == 0) && self.below(2) == 0
        {
            tag |= CONSTRUCTED;
            let pieces = (0..self.below(4)).flat_map(|_| self.value(depth + 1)).collect::<Vec<_>>();
            return tlv(tag, &pieces);
        }
        let content = self.content(tag & !CONSTRUCTED);
        tlv(tag, &content)
    }

    fn content(&mut self, tag: u8) -> Vec<u8> {
        let text: Vec<char> = (0..self.below(9)).map(|_| self.letter()).collect();
        let mut content: Vec<u8> = match tag {
            TELETEX_STRING | IA5_STRING | PRINTABLE_STRING => {
                text.iter().map(|letter| u8::try_from(u32::from(*letter) & 0xff).unwrap()).collect()
            }
            UNIVERSAL_STRING => text.iter().flat_map(|c| u32::from(*c).to_be_bytes()).collect(),
            BMP_STRING => String::from_iter(text)
                .encode_utf16()
                .filter(|unit| (0xd800..0xe000).contains(unit) || self.below(20) > 0)
                .flat_map(u16::to_be_bytes)
                .collect(),
            BIT_STRING => (0..self.below(4)).map(|_| self.one(&[0, 3, 7, 7, 8, 0xff])).collect(),
            _ => String::from_iter(text).into_bytes(),
        };
        if self.below(30) == 0 {
            content.push(self.one(&[0xff, 0xc0, 0xed, 0xf4, 0x80, 0, b' ']));
        }
        content
    }

    fn letter(&mut self) -> char {
        self.one(&[
            'a',
            'b',
            'B',
            'Z',
            'z',
            '1',
            ' ',
            ' ',
            ' ',
            '\t',
            '\n',
            '\u{b}',
            '\u{c}',
            '\r',
            '\0',
            '\u{1c}',
            '\u{7f}',
            '\u{80}',
            '\u{85}',
            '\u{a0}',
            'Ä',
            'ß',
            'İ',
            '東',
            '\u{2003}',
            '\u{feff}',
            '😀',
            '\u{ffff}',
            '\u{10ffff}',
            '-',
        ])
    }
}
