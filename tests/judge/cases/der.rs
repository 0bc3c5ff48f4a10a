//! What the certificates of the cases need beside the golden table's writer of DER.

use crate::golden::der::{BOOLEAN, OCTETS, SET, UTC_TIME, UTF8, oid, sequence, value};

const PRINTABLE: u8 = 0x13;

pub(crate) fn boolean(is: bool) -> Vec<u8> {
    value(BOOLEAN, if is { &[0xff] } else { &[0] })
}

/// An extension (RFC 5280, section 4.1).
pub(crate) fn extension(id: &str, critical: bool, content: &[u8]) -> Vec<u8> {
    let critical = if critical { boolean(true) } else { Vec::new() };
    sequence([oid(id), critical, value(OCTETS, content)])
}

/// A name of attributes, each in a set of its own, in this order.
pub(crate) fn name(attributes: &[(String, String)]) -> Vec<u8> {
    let sets = attributes.iter().map(|(kind, text)| {
        let id = match kind.as_str() {
            "C" => "2.5.4.6",
            "O" => "2.5.4.10",
            "CN" => "2.5.4.3",
            kind => panic!("no attribute: {kind}"),
        };
        let tag = if kind == "C" { PRINTABLE } else { UTF8 };
        value(SET, &sequence([oid(id), value(tag, text.as_bytes())]))
    });
    sequence(sets)
}

/// A time between 1950 and 2050, in seconds since 1970.
pub(crate) fn utc_time(seconds: i64) -> Vec<u8> {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        at.year() % 100,
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    value(UTC_TIME, text.as_bytes())
}
