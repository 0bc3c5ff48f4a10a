use super::*;
use crate::material::testing::{attribute, name, tlv};

fn read(tag: u8, content: &[u8]) -> GeneralName {
    let der = tlv(tag, content);
    let mut input = der.as_slice();
    GeneralName::read(&der::next(&mut input).unwrap())
}

fn permits(tag: u8, base: &[u8], name: &[u8]) -> bool {
    let base = read(tag, base);
    assert!(base.is_constraint(), "{base:?}");
    base.permits(&read(tag, name))
}

fn excludes(tag: u8, base: &[u8], name: &[u8]) -> bool {
    read(tag, base).excludes(&read(tag, name))
}

#[test]
fn a_permitted_host_covers_itself_and_what_is_below_it() {
    for (base, name, right) in [
        ("a.example", "a.example", true),
        ("a.example", "B.A.example", true),
        ("a.example", "ba.example", false),
        (".a.example", "b.a.example", true),
        (".a.example", "a.example", false),
        ("a.example", "*.a.example", true),
        ("b.a.example", "*.a.example", false),
        ("", "a.example", true),
    ] {
        assert_eq!(permits(DNS, base.as_bytes(), name.as_bytes()), right, "{base} {name}");
    }
}

#[test]
fn an_excluded_host_reaches_wildcards_that_could_stand_for_it() {
    assert!(excludes(DNS, b"a.example", b"b.a.example"));
    assert!(excludes(DNS, b"b.a.example", b"*.a.example"));
    assert!(!excludes(DNS, b"b.example", b"a.example"));
    assert!(!excludes(DNS, b"c.b.a.example", b"*.a.example"));
}

#[test]
fn a_malformed_name_is_never_permitted_and_always_excluded() {
    for (tag, base, names) in [
        (DNS, "example", vec![".example", "a..example", "a*.example", "a.example.", "a b.example"]),
        (
            EMAIL,
            "example",
            vec!["a@b@example", "@example", "example", "a@.example", "\"a\"@example"],
        ),
        (
            URI,
            "example",
            vec!["example", "mailto:a@example", "http:///x", "http://a:b/", "http://"],
        ),
    ] {
        for name in names {
            assert!(!permits(tag, base.as_bytes(), name.as_bytes()), "{name}");
            assert!(excludes(tag, base.as_bytes(), name.as_bytes()), "{name}");
        }
    }
    assert!(!permits(IP, &[0; 8], &[1, 2, 3]) && excludes(IP, &[0; 8], &[1, 2, 3]));
    assert!(!permits(DNS, b"", "zürich.example".as_bytes()));
}

#[test]
fn a_mailbox_a_host_and_everything_below_a_host_are_three_constraints() {
    for (base, name, right) in [
        ("al@a.example", "al@A.example", true),
        ("al@a.example", "Al@a.example", false),
        ("*@a.example", "*@a.example", true),
        ("*@a.example", "al@a.example", false),
        ("a.example", "al@A.Example", true),
        ("a.example", "al@b.a.example", false),
        (".a.example", "al@b.a.example", true),
        (".a.example", "al@a.example", false),
        ("", "al@a.example", true),
    ] {
        assert_eq!(permits(EMAIL, base.as_bytes(), name.as_bytes()), right, "{base} {name}");
    }
}

#[test]
fn of_a_uri_the_host_counts() {
    for (base, name, right) in [
        ("a.example", "https://a.example/x", true),
        ("a.example", "ldap://al:pw@A.example:389?x", true),
        ("a.example", "https://b.a.example", false),
        (".a.example", "https://b.a.example#x", true),
        (".a.example", "https://a.example", false),
        ("a.example", "https://b.example/@a.example", false),
    ] {
        assert_eq!(permits(URI, base.as_bytes(), name.as_bytes()), right, "{base} {name}");
    }
    assert!(excludes(URI, b"a.example", b"https://10.0.0.1/"), "an address is no host");
}

#[test]
fn addresses_are_compared_under_the_mask_and_within_their_family() {
    let net = [10, 0, 0, 0, 255, 0, 0, 0];
    assert!(permits(IP, &net, &[10, 1, 2, 3]));
    assert!(!permits(IP, &net, &[11, 1, 2, 3]));
    assert!(!permits(IP, &net, &[10; 16]));
    assert!(permits(IP, &[0; 32], &[10; 16]));
    assert!(excludes(IP, &net, &[10, 1, 2, 3]) && !excludes(IP, &net, &[11, 1, 2, 3]));
}

#[test]
fn a_directory_name_lies_below_its_first_relative_names_however_they_are_written() {
    let [country, organisation, common] = [
        attribute(&[0x55, 4, 6], 0x13, b"DE"),
        attribute(&[0x55, 4, 10], 0x13, b"Lab"),
        attribute(&[0x55, 4, 3], 0x0c, b"al"),
    ];
    let shouted = attribute(&[0x55, 4, 10], 0x0c, b" LAB ");
    let (country, organisation, common) = ([country], [organisation], [common]);
    let base = name(&[&country, &organisation]);
    assert!(permits(DIRECTORY, &base, &base));
    assert!(permits(DIRECTORY, &base, &name(&[&country, &[shouted], &common])));
    assert!(!permits(DIRECTORY, &base, &name(&[&country])));
    assert!(!permits(DIRECTORY, &base, &name(&[&organisation, &country, &common])));
    assert!(permits(DIRECTORY, &name(&[]), &base));
}

#[test]
fn a_directory_name_that_may_be_an_excluded_one_is_excluded() {
    let of = |tag, text: &[u8]| {
        name(&[&[attribute(&[0x55, 4, 10], tag, text)], &[attribute(&[0x55, 4, 3], 0x0c, b"al")]])
    };
    let base = name(&[&[attribute(&[0x55, 4, 10], 0x13, b"Lab")]]);
    for (tag, text, is_excluded) in [
        (0x14, b"LAB".as_slice(), true),
        (0x1c, b"\0\0\0L\0\0\0a\0\0\0b", true),
        (0x0c, "L\u{200b}ab".as_bytes(), true),
        (0x14, b"Other", false),
        // General strings and damaged ones are not read; an INTEGER is not text.
        (0x1b, b"Other", true),
        (0x1e, b"\0L\0", true),
        (0x0c, b"\xff", true),
        (0x2c, b"\x0c\x03Lab", true),
        (0x02, b"\x05", true),
    ] {
        assert_eq!(excludes(DIRECTORY, &base, &of(tag, text)), is_excluded, "{tag:x} {text:x?}");
    }
    let unreadable = of(0x1b, b"Lab");
    assert!(!permits(DIRECTORY, &base, &unreadable));
    let other_kind = name(&[&[attribute(&[0x55, 4, 11], 0x1b, b"Lab")]]);
    assert!(!excludes(DIRECTORY, &base, &other_kind));
    let number = |value| name(&[&[attribute(&[0x55, 4, 45], 0x03, &[0, value])]]);
    assert!(!excludes(DIRECTORY, &number(1), &number(2)));
    assert!(!excludes(DIRECTORY, &unreadable, &base), "it is shorter");
}

#[test]
fn a_directory_name_with_a_byte_out_of_place_is_malformed() {
    let base = name(&[&[attribute(&[0x55, 4, 10], 0x13, b"Lab")]]);
    let mut broken = name(&[&[attribute(&[0x55, 4, 10], 0x0c, b"LAB")], &[tlv(0x30, &[5, 0])]]);
    assert!(excludes(DIRECTORY, &base, &broken) && !permits(DIRECTORY, &base, &broken));
    assert!(!read(DIRECTORY, &broken).is_constraint());
    broken = [base.clone(), vec![0]].concat();
    assert!(excludes(DIRECTORY, &base, &broken) && !permits(DIRECTORY, &base, &broken));
}

#[test]
fn a_constraint_that_is_none_is_told() {
    for (tag, base) in [
        (DNS, "*.example".as_bytes()),
        (DNS, b"a..example"),
        (DNS, b".."),
        (DNS, "zürich".as_bytes()),
        (EMAIL, b"a@b@example"),
        (EMAIL, b"@example"),
        (EMAIL, b"a@"),
        (URI, b"https://example"),
        (URI, b""),
        (IP, &[10, 0, 0, 0]),
        (IP, &[10, 0, 0, 0, 255, 0, 255, 0]),
        (IP, &[10, 0, 0, 0, 255, 0b1011_0000, 0, 0]),
        (IP, &[0; 16]),
        (DIRECTORY, b"x"),
    ] {
        assert!(!read(tag, base).is_constraint(), "{tag:x} {base:02x?}");
    }
    for (tag, base) in [
        (DNS, b".example".as_slice()),
        (EMAIL, b"*@example"),
        (IP, &[10, 0, 0, 0, 255, 0b1110_0000, 0, 0]),
        (IP, &[1, 2, 3, 4, 255, 255, 255, 255]),
        (0x88, &[0x2a]),
    ] {
        assert!(read(tag, base).is_constraint(), "{tag:x} {base:02x?}");
    }
}

#[test]
fn another_kind_is_never_permitted_and_always_excluded() {
    let (base, name) = (read(0x88, &[0x2a]), read(0x88, &[0x2a]));
    assert!(!base.permits(&name) && base.excludes(&name));
    assert_ne!(base.kind(), read(0xa0, &[]).kind());
}

#[test]
fn a_name_is_shown_without_what_moves_a_cursor() {
    assert_eq!(read(EMAIL, b"a\x1b@b").shown(), "a\\x1b@b");
    assert_eq!(read(IP, &[10, 0, 0, 1]).shown(), "10.0.0.1");
    assert_eq!(read(IP, &[10]).shown(), "an address of 1 bytes");
    assert_eq!(read(0x88, &[]).shown(), "a name of kind 8");
}
