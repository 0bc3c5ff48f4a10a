use super::*;

const NUMBER: u8 = 20;

/// A list as RFC 5280 wants it.
fn sound() -> Made {
    let key = extension(35, false, &tlv(0x30, &tlv(0x80, &[7])));
    Made::of(&[1, 2]).with_extension(key)
}

/// A sound list with this in place of the extension of its kind, or without one.
fn with(number: u8, other: Option<Vec<u8>>) -> Made {
    let mut list = sound();
    let own = extension(number, false, &[]);
    let id = own.get(2..7).unwrap().to_vec();
    list.extensions.retain(|one| !one.windows(5).any(|part| part == id));
    list.extensions.extend(other);
    list
}

fn point(critical: bool, parts: &[Vec<u8>]) -> Made {
    sound().with_extension(extension(28, critical, &tlv(0x30, &parts.concat())))
}

/// A list for the place of this name.
fn place(name: &[u8]) -> Made {
    point(true, &[tlv(0xa0, &tlv(0xa0, name))])
}

fn listed(serials: &[&[u8]]) -> Made {
    let entries = serials.iter().map(|serial| entry(serial, DATE, &[])).collect();
    Made { entries: Some(entries), ..sound() }
}

fn reason(critical: bool, value: u8) -> Made {
    sound().with_entry(&[extension(21, critical, &tlv(10, &[value]))])
}

fn invalid_since(critical: bool, value: &[u8]) -> Made {
    sound().with_entry(&[extension(24, critical, value)])
}

#[test]
fn a_list_in_form_has_no_fault() {
    let uri = tlv(0x86, b"http://a.example/list");
    for list in [
        sound(),
        Made { entries: None, ..sound() },
        with(NUMBER, Some(extension(NUMBER, false, &tlv(2, &[0])))),
        with(NUMBER, Some(extension(NUMBER, false, &tlv(2, &[0x7f; 20])))),
        point(true, std::slice::from_ref(&tlv(0x81, &[0xff]))),
        place(&uri),
        place(&tlv(0xa4, &common_name("Lab"))),
        point(true, &[tlv(0xa0, &tlv(0xa1, &testing::attribute(&[0x55, 4, 3], 0x0c, b"x")))]),
        reason(false, 1),
        reason(false, 6),
        invalid_since(false, &tlv(0x18, b"20251231235959Z")),
        sound().with_extension(extension(18, false, &tlv(0x30, &uri))),
        sound().with_extension(extension_of(&[0x2a, 3], false, b"anything")),
        Made { dates: vec![tlv(0x17, DATE), tlv(0x18, b"20500101000000Z")], ..sound() },
    ] {
        assert!(list.read().faults().is_empty(), "{:?}", list.read().faults());
    }
}

#[test]
fn each_fault_is_told_by_itself() {
    let late = || tlv(0x17, b"260201000000Z");
    let uri = || tlv(0x86, b"http://a.example/list");
    let access = |method: u8| {
        let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, method]);
        let one = tlv(0x30, &[method, uri()].concat());
        extension_of(&[0x2b, 6, 1, 5, 5, 7, 1, 1], false, &tlv(0x30, &one))
    };
    assert!(sound().with_extension(access(2)).read().faults().is_empty());
    let name = "has a malformed distribution point name";
    for (fault, list) in [
        ("has no CRL number", with(NUMBER, None)),
        ("has a critical CRL number", with(NUMBER, Some(extension(NUMBER, true, &tlv(2, &[1]))))),
        (
            "has an invalid CRL number",
            with(NUMBER, Some(extension(NUMBER, false, &tlv(2, &[0xff])))),
        ),
        (
            "has an invalid CRL number",
            with(NUMBER, Some(extension(NUMBER, false, &tlv(2, &[0, 1])))),
        ),
        (
            "has a CRL number of more than 20 bytes",
            with(NUMBER, Some(extension(NUMBER, false, &tlv(2, &[0x7f; 21])))),
        ),
        ("has no authority key identifier", with(35, None)),
        ("has no authority key identifier", with(35, Some(extension(35, false, &tlv(0x30, &[]))))),
        (
            "has a critical authority key identifier",
            with(35, Some(extension(35, true, &tlv(0x30, &tlv(0x80, &[7]))))),
        ),
        (
            "has an issuing distribution point that is not critical",
            point(false, &[tlv(0x81, &[0xff])]),
        ),
        ("has an empty issuing distribution point", point(true, &[])),
        ("has an empty issuing distribution point", point(true, &[tlv(0x81, &[0])])),
        (
            "is only for one kind of certificate and only for another",
            point(true, &[tlv(0x81, &[0xff]), tlv(0x82, &[0xff])]),
        ),
        (name, place(&tlv(0x86, b"list"))),
        (name, place(&tlv(0x86, b"http:///list"))),
        (name, place(&tlv(0x86, b"1http://a.example/"))),
        (name, place(&tlv(0x86, &[0xff]))),
        (name, place(&tlv(0xa4, &tlv(0x30, &[])))),
        (name, place(&tlv(0xa4, b"junk"))),
        (name, place(&tlv(0x82, b"a..example"))),
        (name, place(&tlv(0x87, &[1, 2, 3]))),
        (name, place(&tlv(0x88, &[0x80]))),
        (name, place(&tlv(0xa0, b"junk"))),
        (name, place(&tlv(0x04, b"junk"))),
        (name, place(&[uri(), tlv(0x86, b"")].concat())),
        (name, point(true, &[tlv(0xa0, &tlv(0xa1, b""))])),
        (name, point(true, &[tlv(0xa0, &tlv(0xa1, &tlv(6, &[0x55])))])),
        ("names no issuer", Made { issuer: tlv(0x30, &[]), ..sound() }),
        (
            "writes a date before 2050 as GeneralizedTime",
            Made { dates: vec![tlv(0x18, b"20260101000000Z"), late()], ..sound() },
        ),
        (
            "writes a date before 2050 as GeneralizedTime",
            Made { dates: vec![tlv(0x17, DATE), tlv(0x18, b"20491231235959Z")], ..sound() },
        ),
        ("has no nextUpdate date", Made { dates: vec![late()], ..sound() }),
        (
            "has a nextUpdate date before its thisUpdate date",
            Made { dates: vec![late(), tlv(0x17, DATE)], ..sound() },
        ),
        ("has an empty list of certificates", Made { entries: Some(vec![]), ..sound() }),
        ("lists a serial number twice", listed(&[&[5], &[6], &[5]])),
        (
            "lists a serial number twice",
            reason(false, 6).with_entry(&[extension(21, false, &tlv(10, &[6]))]),
        ),
        (
            "lists a serial number twice",
            reason(false, 6).with_entry(&[extension(21, false, &tlv(10, &[1]))]),
        ),
        ("lists a serial number that is not positive", listed(&[&[0]])),
        ("lists a serial number that is not positive", listed(&[&[0xff]])),
        ("lists a serial number that is not positive", listed(&[&[0, 1]])),
        ("lists a serial number of more than 20 bytes", listed(&[&[0x7f; 21]])),
        ("has an empty list of extensions", sound().with_entry(&[])),
        ("has an entry with a critical reason", reason(true, 1)),
        ("has an entry with the reason unspecified", reason(false, 0)),
        (
            "has an entry with the reason removeFromCRL, which only delta lists may have",
            reason(false, 8),
        ),
        ("has an entry with an unknown reason", reason(false, 7)),
        ("has an entry with an unknown reason", reason(false, 11)),
        (
            "has an entry with a critical invalidity date",
            invalid_since(true, &tlv(0x18, b"20251231235959Z")),
        ),
        (
            "has an entry with an invalid invalidity date",
            invalid_since(false, &tlv(0x18, b"202512312359Z")),
        ),
        (
            "has an entry with an invalid invalidity date",
            invalid_since(false, &tlv(0x17, b"251231235959Z")),
        ),
        ("has an entry with an invalid invalidity date", invalid_since(false, b"junk")),
        (
            "has malformed issuer alternative names",
            sound().with_extension(extension(18, false, &tlv(0x30, &[]))),
        ),
        (
            "has a malformed freshest CRL extension",
            sound().with_extension(extension(46, false, &tlv(0x30, &[]))),
        ),
        (
            "has a malformed authority information access extension",
            sound().with_extension(access(1)),
        ),
    ] {
        assert_eq!(list.read().faults(), [fault]);
    }
    let old = sound().version_1();
    let expected = ["is of version 1", "has no CRL number", "has no authority key identifier"];
    assert_eq!(old.read().faults(), expected);
}

#[test]
fn a_fault_of_many_entries_is_told_once() {
    let serials: Vec<&[u8]> = vec![&[0]; 1000];
    let expected = ["lists a serial number that is not positive", "lists a serial number twice"];
    assert_eq!(listed(&serials).read().faults(), expected);
}
