//! A distinguished name, as text for people.
//!
//! The text stands in the order of the encoding and is escaped the way GnuTLS prints it
//! (RFC 4514's escapes), so that patterns written for libvirt match it. Nothing that is not
//! visible comes out as it is.

use super::der::{
    self, BMP_STRING, Element, GENERAL_STRING, IA5_STRING, NUMERIC_STRING, OBJECT_IDENTIFIER,
    PRINTABLE_STRING, Reader, SEQUENCE, SET, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING,
    VISIBLE_STRING,
};
use super::hex::hex_after_hash;
use super::oid::{self, attribute::COMMON_NAME};
use crate::error::{Calm, Foreign};

/// The names of attribute types, spelled as GnuTLS does.
const TYPES: [(&str, &str); 26] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "surName"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "givenName"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "EMAIL"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionOfIncorporationLocalityName"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionOfIncorporationStateOrProvinceName"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionOfIncorporationCountryName"),
];

/// A distinguished name, with its SEQUENCE header, as text for a sentence.
#[must_use]
pub(crate) fn name_text(der: &[u8]) -> Calm {
    Name::read(der).map_or_else(
        || Calm::name("an unreadable name"),
        |name| if name.is_empty() { Calm::name("an empty name") } else { name.text().calm() },
    )
}

/// A distinguished name whose every byte was checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a>(&'a [u8]);

#[derive(Clone, Copy, Debug)]
struct Attribute<'a> {
    kind: &'a [u8],
    value: Element<'a>,
}

impl<'a> Name<'a> {
    /// Reads a name with its SEQUENCE header. `None`: a byte of it is out of place.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let name = der::only(der).filter(|name| name.tag == SEQUENCE)?.content;
        der::all_are(name, is_relative).then_some(Self(name))
    }

    /// Whether it has no attribute at all.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The common names as people read them, not escaped.
    pub(super) fn common_names(&self) -> Vec<String> {
        Reader(self.0)
            .flat_map(attributes)
            .filter(|attribute| attribute.kind == COMMON_NAME)
            .map(|attribute| {
                decoded(&attribute.value).unwrap_or_else(|| hex_after_hash(attribute.value.whole))
            })
            .collect()
    }

    /// The common names, where every byte of each is beyond doubt. `None`: the letters of one can
    /// only be guessed, or its bytes do not fit its type; such a name names nobody.
    pub(super) fn certain_common_names(&self) -> Option<Vec<String>> {
        Reader(self.0)
            .flat_map(attributes)
            .filter(|attribute| attribute.kind == COMMON_NAME)
            .map(|attribute| match attribute.value.tag {
                NUMERIC_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING
                | VISIBLE_STRING | GENERAL_STRING
                    if !attribute.value.content.is_ascii() =>
                {
                    None
                }
                _ => decoded(&attribute.value),
            })
            .collect()
    }

    /// Whether no two readers can take the letters of the whole name for different ones, and
    /// GnuTLS's text for it is that of no other name: that text leaves out a NUL at the end of a
    /// `BMPString`, and has for bytes that it does not read what another name may have as letters.
    pub(super) fn is_certain(&self) -> bool {
        Reader(self.0).flat_map(attributes).all(|Attribute { value, .. }| match value.tag {
            NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING | GENERAL_STRING => {
                value.content.is_ascii()
            }
            TELETEX_STRING => value.content.iter().all(|byte| (b' '..=b'~').contains(byte)),
            UNIVERSAL_STRING => false,
            BMP_STRING => decoded(&value).is_some_and(|text| !text.contains('\0')),
            _ => true,
        })
    }

    /// The text of the whole name.
    pub(super) fn text(&self) -> Foreign {
        let relatives = Reader(self.0).map(|relative| {
            attributes(relative).map(|attribute| attribute.text()).collect::<Vec<_>>().join("+")
        });
        relatives.collect::<Vec<_>>().join(",").into()
    }
}

impl Attribute<'_> {
    fn text(&self) -> String {
        let hex = || hex_after_hash(self.value.whole);
        let kind = oid::text(self.kind);
        match TYPES.iter().find(|(known, _)| *known == kind) {
            Some((_, name)) => {
                let value = decoded(&self.value).map_or_else(hex, |text| escaped_value(&text));
                format!("{name}={value}")
            }
            None => format!("{kind}={}", hex()),
        }
    }
}

/// One value of a name, escaped as RFC 4514 wants it. It is not yet safe to show.
pub(super) fn escaped_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, c) in value.char_indices() {
        let is_special = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            '#' => at == 0,
            ' ' => at == 0 || at == last,
            _ => false,
        };
        if is_special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn is_relative(relative: Element<'_>) -> bool {
    let is_attribute = |one| read_attribute(one).is_some();
    relative.tag == SET
        && !relative.content.is_empty()
        && der::all_are(relative.content, is_attribute)
}

fn attributes(relative: Element<'_>) -> impl Iterator<Item = Attribute<'_>> {
    Reader(relative.content).map_while(read_attribute)
}

fn read_attribute(attribute: Element<'_>) -> Option<Attribute<'_>> {
    let mut parts = Reader(attribute.content);
    let kind =
        parts.next_if(OBJECT_IDENTIFIER).filter(|kind| oid::is_well_formed(kind.content))?.content;
    let value = parts.next().filter(|value| der::is_whole(*value))?;
    (attribute.tag == SEQUENCE && parts.is_empty()).then_some(Attribute { kind, value })
}

/// A string of any of ASN.1's types. `None`: it is not a string, or its bytes do not fit its type.
fn decoded(value: &Element<'_>) -> Option<String> {
    let bytes = value.content;
    match value.tag {
        UTF8_STRING => std::str::from_utf8(bytes).ok().map(str::to_owned),
        // Everybody uses it for Latin-1.
        TELETEX_STRING => Some(latin1(bytes)),
        // ASCII, but in careless hands UTF-8 or Latin-1.
        NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING | GENERAL_STRING => {
            Some(std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), str::to_owned))
        }
        UNIVERSAL_STRING => {
            let (chunks, rest) = bytes.as_chunks::<4>();
            let text = chunks.iter().map(|chunk| char::from_u32(u32::from_be_bytes(*chunk)));
            text.collect::<Option<String>>().filter(|_| rest.is_empty())
        }
        BMP_STRING => {
            let (chunks, rest) = bytes.as_chunks::<2>();
            let units = chunks.iter().map(|chunk| u16::from_be_bytes(*chunk));
            let text = char::decode_utf16(units).collect::<Result<String, _>>();
            text.ok().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{attribute, name, tlv};

    const CN: &[u8] = &[0x55, 4, 3];

    fn text(der: &[u8]) -> String {
        name_text(der).into()
    }

    fn common_name(tag: u8, value: &[u8]) -> String {
        let der = name(&[&[attribute(CN, tag, value)]]);
        Name::read(&der).unwrap().common_names().remove(0)
    }

    #[test]
    fn every_string_type_reads_as_people_read_it() {
        assert_eq!(common_name(0x0c, "Zürich".as_bytes()), "Zürich");
        assert_eq!(common_name(0x13, b"node7"), "node7");
        assert_eq!(common_name(0x14, b"Z\xfcrich"), "Zürich");
        assert_eq!(common_name(0x16, b"a@b"), "a@b");
        assert_eq!(common_name(0x1e, b"\0Z\0\xfc\x67\x71"), "Zü東");
        assert_eq!(common_name(0x1c, b"\0\0\0Z\0\x01\xf6\x00"), "Z😀");
    }

    #[test]
    fn ascii_types_with_other_letters_read_as_what_they_most_likely_are() {
        assert_eq!(common_name(0x13, "Zürich".as_bytes()), "Zürich");
        assert_eq!(common_name(0x13, b"Z\xfcrich"), "Zürich");
    }

    #[test]
    fn a_name_is_not_certain_where_another_one_has_the_same_text() {
        let certain = |tag, value: &[u8]| {
            let der = name(&[&[attribute(CN, tag, value)]]);
            Name::read(&der).unwrap().is_certain()
        };
        assert!(certain(0x0c, "Zürich".as_bytes()) && certain(0x13, b"node7"));
        assert!(certain(0x1e, b"\0Z\0\xfc") && certain(0x14, b"node7") && certain(0x04, b"\xff"));
        assert!(!certain(0x1e, b"\0Z\0\0") && !certain(0x1e, b"\xd8\0"));
        assert!(!certain(0x14, b"\xe9") && !certain(0x1c, b"\0\0\0Z"));
        assert!(!certain(0x13, "Zürich".as_bytes()));
    }

    #[test]
    fn common_names_whose_letters_are_guessed_are_not_certain() {
        let certain = |tag, value: &[u8]| {
            let der = name(&[&[attribute(CN, tag, value)]]);
            Name::read(&der).unwrap().certain_common_names()
        };
        assert_eq!(certain(0x0c, "Zürich".as_bytes()).unwrap(), ["Zürich"]);
        assert_eq!(certain(0x13, b"node7").unwrap(), ["node7"]);
        assert_eq!(certain(0x1e, b"\0Z\0\xfc").unwrap(), ["Zü"]);
        for (tag, value) in
            [(0x13, "Zürich".as_bytes()), (0x14, b"Z\xfcrich"), (0x0c, b"\xff"), (0x02, b"\x05")]
        {
            assert_eq!(certain(tag, value), None, "{tag:#x}");
        }
    }

    #[test]
    fn what_is_no_text_is_hexadecimal() {
        assert_eq!(common_name(0x0c, b"\xff"), "#0c01ff");
        assert_eq!(common_name(0x1e, b"\0a\0"), "#1e03006100");
        assert_eq!(common_name(0x1e, b"\xd8\0\0a"), "#1e04d8000061");
        assert_eq!(common_name(0x02, b"\x05"), "#020105");
    }

    #[test]
    fn the_text_stands_in_the_order_of_the_encoding() {
        let der = name(&[
            &[attribute(&[0x55, 4, 6], 0x13, b"GB")],
            &[attribute(&[0x55, 4, 10], 0x0c, b"Lab")],
            &[attribute(CN, 0x0c, b"alice")],
        ]);
        assert_eq!(text(&der), "C=GB,O=Lab,CN=alice");
    }

    #[test]
    fn a_relative_name_of_several_values_is_joined_with_plus() {
        let der = name(&[&[attribute(CN, 0x0c, b"al"), attribute(&[0x55, 4, 11], 0x0c, b"bob")]]);
        assert_eq!(text(&der), "CN=al+OU=bob");
    }

    #[test]
    fn special_characters_are_escaped_as_gnutls_does() {
        let der = name(&[&[attribute(CN, 0x0c, b"#Lab, \"x\" <a>+b;c\\d ")]]);
        assert_eq!(text(&der), r#"CN=\#Lab\, \"x\" \<a\>\+b\;c\\d\ "#);
        assert_eq!(escaped_value(" "), "\\ ");
        assert_eq!(escaped_value(" a b "), "\\ a b\\ ");
        assert_eq!(escaped_value("a#b=c/d"), "a#b=c/d");
    }

    #[test]
    fn a_value_cannot_pretend_to_be_another_name() {
        let der = name(&[&[attribute(CN, 0x0c, b"x,O=Bank")]]);
        assert_eq!(text(&der), "CN=x\\,O=Bank");
    }

    #[test]
    fn an_unknown_type_is_dotted_and_its_value_hexadecimal() {
        let der = name(&[&[attribute(&[0x2a, 3, 4], 0x0c, b"hi")]]);
        assert_eq!(text(&der), "1.2.3.4=#0c026869");
    }

    #[test]
    fn nothing_that_moves_a_cursor_or_hides_comes_out() {
        let der = name(&[&[attribute(CN, 0x0c, "a\0b\x1b[2J\n\u{202e}".as_bytes())]]);
        assert_eq!(text(&der), "CN=a\\x00b\\x1b[2J\\x0a\\u{202e}");
    }

    #[test]
    fn a_name_with_a_byte_out_of_place_is_none() {
        let good = attribute(CN, 0x0c, b"al");
        assert!(Name::read(&tlv(SEQUENCE, &[])).is_some(), "no attributes at all");
        assert!(Name::read(&tlv(SEQUENCE, &tlv(SET, &[]))).is_none(), "an empty set");
        let mut behind = good.clone();
        behind.push(0);
        assert!(Name::read(&name(&[&[behind]])).is_none(), "a byte behind an attribute");
        let mut after = name(&[&[good]]);
        after.push(0);
        assert!(Name::read(&after).is_none(), "a byte behind the name");
        let three = [tlv(6, CN), tlv(0x0c, b"a"), tlv(0x0c, b"b")].concat();
        assert!(Name::read(&name(&[&[tlv(SEQUENCE, &three)]])).is_none(), "two values");
    }
}
