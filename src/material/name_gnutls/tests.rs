//! What GnuTLS 3.7.9 writes, measured with `gnutls_x509_crt_get_dn` over certificates with
//! these very names.

use super::*;
use crate::material::testing::{attribute, name};

const CN: &[u8] = &[0x55, 4, 3];
const C: &[u8] = &[0x55, 4, 6];
const O: &[u8] = &[0x55, 4, 10];
const OU: &[u8] = &[0x55, 4, 11];
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
const UNSTRUCTURED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 7];
const UID: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1];
const DC: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];
const XMPP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 5];
const INN: &[u8] = &[0x2a, 0x85, 3, 3, 0x81, 3, 1, 1];
const UNKNOWN: &[u8] = &[0x2a, 3, 4];

/// Attribute, string type, bytes, and what GnuTLS writes.
type Row = (&'static [u8], u8, &'static [u8], &'static [u8]);

fn one(kind: &[u8], tag: u8, value: &[u8]) -> Option<Vec<u8>> {
    written(&name(&[&[attribute(kind, tag, value)]]))
}

#[test]
fn every_measured_value_is_written_as_gnutls_writes_it() {
    let table: &[Row] = &[
        (CN, UTF8, b"#Lab, \"x\" <a>+b;c\\d ", br#"CN=\#Lab\, \"x\" \<a\>\+b\;c\\d\ "#),
        (CN, UTF8, b" ", b"CN=\\ "),
        (CN, UTF8, b"  a  b  ", b"CN=\\  a  b \\ "),
        (CN, UTF8, b"# ", b"CN=\\#\\ "),
        (CN, UTF8, b"a#b=c/d", b"CN=a#b=c/d"),
        (CN, UTF8, b"=a", b"CN==a"),
        (CN, UTF8, "Zürich 東".as_bytes(), "CN=Zürich 東".as_bytes()),
        (CN, UTF8, "é ".as_bytes(), "CN=é\\ ".as_bytes()),
        (CN, UTF8, b"\xff\xfe", b"CN=\xff\xfe"),
        (CN, UTF8, b"a\nb\x1b[2J", b"CN=a\nb\x1b[2J"),
        (CN, UTF8, b"a\x7fb", b"CN=a\x7fb"),
        (CN, UTF8, "a\u{202e}b".as_bytes(), "CN=a\u{202e}b".as_bytes()),
        (CN, UTF8, b"a\0b", b"CN=#0c03610062"),
        (CN, UTF8, b"ab\0", b"CN=#0c03616200"),
        (CN, PRINTABLE, b"Z\xfcrich", b"CN=Z\xfcrich"),
        (CN, PRINTABLE, b"a\0b", b"CN=#1303610062"),
        (CN, TELETEX, b"Zurich", b"CN=Zurich"),
        (CN, TELETEX, b" a,", b"CN=\\ a\\,"),
        (CN, TELETEX, b"Z\xfcrich", b"CN=\\#5afc72696368"),
        (CN, TELETEX, b"a\nb", b"CN=\\#610a62"),
        (CN, TELETEX, b"a\x7fb", b"CN=\\#617f62"),
        (CN, UNIVERSAL, b"\0\0\0Z\0\x01\xf6\0", b"CN=\\#0000005a0001f600"),
        (CN, BMP, b"\0Z\0\xfc\x67\x71", "CN=Zü東".as_bytes()),
        (CN, BMP, b"\xd8\x3d\xde\0", "CN=😀".as_bytes()),
        (CN, BMP, b"\0 \0a\0,\0b", b"CN=\\ a\\,b"),
        (CN, BMP, b"\0a\0", b"CN=a"),
        (CN, BMP, b"a", b"CN="),
        (CN, BMP, b"\0a\0\0", b"CN=a"),
        (CN, BMP, b"\0a\0\0\0b", b"CN=#1e06006100000062"),
        (CN, BMP, b"\xd8\0\0a", b"CN=\\#d8000061"),
        (CN, 0x1a, b"vis", b"CN=#1a03766973"),
        (CN, NUMERIC, b"123", b"CN=#1203313233"),
        (CN, IA5, b"ab", b"CN=#16026162"),
        (CN, 2, b"\x05", b"CN=#020105"),
        (C, UTF8, b"GB", b"C=#0c024742"),
        (C, PRINTABLE, b"GBR", b"C=GBR"),
        (C, PRINTABLE, b"", b"C=#1300"),
        (O, BMP, b"\0a", b"O=a"),
        (O, 1, b"\xff", b"O=#0101ff"),
        (EMAIL, IA5, b"a@b", b"EMAIL=a@b"),
        (EMAIL, IA5, b"\xfc@b", b"EMAIL=\xfc@b"),
        (EMAIL, IA5, b"", b"EMAIL=#1600"),
        (EMAIL, UTF8, b"a@b", b"EMAIL=#0c03614062"),
        (DC, IA5, b"example", b"DC=example"),
        (DC, UTF8, b"ex", b"DC=#0c026578"),
        (UID, UTF8, b"bob", b"UID=bob"),
        (UNSTRUCTURED, UTF8, b"ab", b"1.2.840.113549.1.9.7=ab"),
        (XMPP, UTF8, b"ab", b"XmppAddr=ab"),
        (INN, NUMERIC, b"12", b"INN=12"),
        (INN, UTF8, b"ab", b"INN=#0c026162"),
        (UNKNOWN, UTF8, b"hi", b"1.2.3.4=#0c026869"),
        (UNKNOWN, UTF8, b"", b"1.2.3.4=#0c00"),
        (UNKNOWN, 0x30, &[0x0c, 1, b'x'], b"1.2.3.4=#30030c0178"),
    ];
    for (kind, tag, value, wanted) in table {
        let found = one(kind, *tag, value).map(|text| String::from_utf8_lossy(&text).into_owned());
        let wanted = String::from_utf8_lossy(wanted).into_owned();
        assert_eq!(found, Some(wanted), "{tag:#x} {value:02x?}");
    }
}

#[test]
fn what_gnutls_has_no_text_for_has_none_here() {
    for tag in [UTF8, PRINTABLE, TELETEX, UNIVERSAL, BMP] {
        assert_eq!(one(CN, tag, b""), None, "{tag:#x}");
    }
    assert_eq!(written(&name(&[])), None);
    let empty_beside = [attribute(CN, UTF8, b"a"), attribute(O, UTF8, b"")];
    assert_eq!(written(&name(&[&empty_beside[..1], &empty_beside[1..]])), None);
}

#[test]
fn the_order_is_that_of_the_encoding() {
    let all =
        [attribute(C, PRINTABLE, b"GB"), attribute(O, UTF8, b"Lab"), attribute(CN, UTF8, b"alice")];
    let der = name(&[&all[..1], &all[1..2], &all[2..]]);
    assert_eq!(written(&der).unwrap(), b"C=GB,O=Lab,CN=alice");
}

#[test]
fn values_of_one_relative_name_are_joined_as_they_stand() {
    let all = [attribute(OU, UTF8, b"bob"), attribute(CN, UTF8, b"al")];
    assert_eq!(written(&name(&[&all])).unwrap(), b"OU=bob+CN=al");
}

#[test]
fn a_value_cannot_pretend_to_be_another_name() {
    assert_eq!(one(CN, UTF8, b"x,O=Bank").unwrap(), b"CN=x\\,O=Bank");
}
