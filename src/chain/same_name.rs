//! Whether two distinguished names are the same name (RFC 5280, section 7.1).
//!
//! Authorities write their name in one string type and have it copied in another, with different
//! case or spacing. Names are the same if their normal forms are equal byte for byte. This serves
//! to find which certificate or list may be meant, never to trust it: that takes a signature.

use crate::material::der::{
    self, BMP_STRING, CONSTRUCTED, Element, IA5_STRING, PRINTABLE_STRING, SEQUENCE, SET,
    TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING, VISIBLE_STRING,
};

/// The normal form of a name with its SEQUENCE header: text of every type as UTF-8 in lower case,
/// without leading or trailing spaces, with single spaces inside and without invisible characters,
/// and the attributes of a relative name sorted. Other values, and a malformed name, stay as they
/// are. A normal form is its own normal form.
pub(crate) fn normal_form(name: &[u8]) -> Vec<u8> {
    well_formed(name).unwrap_or_else(|| name.to_vec())
}

/// The normal form of a well-formed name. `None`: the name is malformed.
pub(crate) fn well_formed(name: &[u8]) -> Option<Vec<u8>> {
    let mut rest = name;
    let mut relatives = der::next_if(&mut rest, SEQUENCE)?.content;
    let mut out = Vec::with_capacity(name.len());
    while !relatives.is_empty() {
        out.extend(normal_set(der::next_if(&mut relatives, SET)?.content)?);
    }
    rest.is_empty().then(|| der::wrap(SEQUENCE, &out))
}

/// Whether a name may begin with the relative names of `base`, both well-formed and without their
/// headers: text that cannot be read may be any text.
pub(crate) fn may_begin_with(mut name: &[u8], mut base: &[u8]) -> bool {
    while !base.is_empty() {
        let (Some(wanted), Some(found)) = (der::next(&mut base), der::next(&mut name)) else {
            return false;
        };
        let (wanted, found) = (attributes(wanted.content), attributes(found.content));
        let has = |one: &Attribute<'_>| found.iter().any(|other| one.may_be(other));
        if wanted.len() != found.len() || !wanted.iter().all(has) {
            return false;
        }
    }
    true
}

/// Adds to `key` what names with the same normal form have in common: the types and values of their
/// attributes. Other names may have the same.
pub(crate) fn push_key(key: &mut Vec<u8>, name: &[u8]) {
    let start = key.len();
    if push_plain(key, name).is_none() {
        key.truncate(start);
        push_normal(key, &normal_form(name));
    }
}

fn normal_set(mut attributes: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while !attributes.is_empty() {
        let mut parts = der::next_if(&mut attributes, SEQUENCE)?.content;
        let kind = der::next(&mut parts)?;
        let value = der::next(&mut parts)?;
        if !parts.is_empty() {
            return None;
        }
        let value = match text(&value) {
            Some(text) => der::wrap(UTF8_STRING, folded(&text).as_bytes()),
            None => value.whole.to_vec(),
        };
        all.push(der::wrap(SEQUENCE, &[kind.whole, &value].concat()));
    }
    all.sort_unstable();
    Some(der::wrap(SET, &all.concat()))
}

/// An attribute of a normal form: its type and its value.
struct Attribute<'a>(Element<'a>, Element<'a>);

impl Attribute<'_> {
    fn may_be(&self, other: &Self) -> bool {
        let is_readable = |value: &Element<'_>| text(value).is_some() || !is_text(value);
        self.0.whole == other.0.whole
            && (self.1.whole == other.1.whole
                || !is_readable(&self.1)
                || !is_readable(&other.1)
                || is_text(&self.1) != is_text(&other.1))
    }
}

fn attributes(mut set: &[u8]) -> Vec<Attribute<'_>> {
    let mut all = Vec::new();
    while let Some(attribute) = der::next(&mut set) {
        let mut parts = attribute.content;
        if let (Some(kind), Some(value)) = (der::next(&mut parts), der::next(&mut parts)) {
            all.push(Attribute(kind, value));
        }
    }
    all
}

/// Whether a value has one of the string types of X.680, supported here or not. Constructed ones
/// have bit 6 set.
const fn is_text(value: &Element<'_>) -> bool {
    matches!(value.tag & !CONSTRUCTED, UTF8_STRING | 0x12..=0x16 | 0x19..=0x1e)
}

/// The text of a string whose characters are known.
fn text(value: &Element<'_>) -> Option<String> {
    match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => {
            std::str::from_utf8(value.content).ok().map(str::to_owned)
        }
        // Nobody follows T.61 for the upper half: it is written as Latin-1.
        TELETEX_STRING => Some(value.content.iter().copied().map(char::from).collect()),
        UNIVERSAL_STRING => {
            let (units, rest) = value.content.as_chunks::<4>();
            let letters = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            letters.collect::<Option<String>>().filter(|_| rest.is_empty())
        }
        BMP_STRING => {
            let (units, rest) = value.content.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            let text = char::decode_utf16(units).collect::<Result<String, _>>().ok();
            text.filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_space) {
        let mut letters = word.chars().filter(|letter| !is_unseen(*letter)).peekable();
        if letters.peek().is_some() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(letters.flat_map(char::to_lowercase));
    }
    out
}

/// What RFC 4518, section 2.2, maps to a space.
const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n' | '\u{a0}')
}

/// What that section removes.
const fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
}

/// Adds what [`push_normal`] adds for the normal form of `name`, without making it, as is done for
/// every authority when it is loaded. `None`: the name is not a plain one of single attributes with
/// values in ASCII.
fn push_plain(key: &mut Vec<u8>, name: &[u8]) -> Option<()> {
    let mut whole = name;
    let mut relatives = der::next_if(&mut whole, SEQUENCE)?.content;
    while !relatives.is_empty() {
        let mut set = der::next_if(&mut relatives, SET)?.content;
        let mut attribute = der::next_if(&mut set, SEQUENCE)?.content;
        let kind = der::next(&mut attribute)?;
        let value = der::next(&mut attribute)?;
        if !set.is_empty() || !attribute.is_empty() {
            return None;
        }
        key.extend_from_slice(kind.whole);
        match value.tag {
            UTF8_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING | TELETEX_STRING => {
                value.content.is_ascii().then(|| push_folded(key, value.content))?;
            }
            BMP_STRING | UNIVERSAL_STRING => return None,
            _ => key.extend_from_slice(value.whole),
        }
    }
    Some(())
}

/// Adds the contents of a normal form.
fn push_normal(key: &mut Vec<u8>, name: &[u8]) {
    let mut whole = name;
    let mut relatives = der::next_if(&mut whole, SEQUENCE).map_or(name, |name| name.content);
    while let Some(set) = der::next(&mut relatives) {
        let mut attributes = set.content;
        while let Some(attribute) = der::next(&mut attributes) {
            let mut parts = attribute.content;
            while let Some(part) = der::next(&mut parts) {
                let is_text = part.tag == UTF8_STRING;
                key.extend_from_slice(if is_text { part.content } else { part.whole });
            }
        }
    }
}

/// Adds ASCII text in lower case, without leading or trailing spaces and with single ones inside.
fn push_folded(key: &mut Vec<u8>, text: &[u8]) {
    let start = key.len();
    for byte in text {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                if key.len() > start && key.last() != Some(&b' ') {
                    key.push(b' ');
                }
            }
            other => key.push(other.to_ascii_lowercase()),
        }
    }
    if key.len() > start && key.last() == Some(&b' ') {
        key.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{attribute, name, tlv};

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];

    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        name(&[&[attribute(CN, tag, value)]])
    }

    #[test]
    fn string_type_case_and_spaces_make_no_other_name() {
        let plain = normal_form(&common_name(PRINTABLE_STRING, b"Lab CA"));
        for (tag, value) in [
            (UTF8_STRING, b"Lab CA".as_slice()),
            (PRINTABLE_STRING, b"LAB cA"),
            (PRINTABLE_STRING, b"  Lab   CA "),
            (IA5_STRING, b"lab\tca"),
            (BMP_STRING, b"\0L\0a\0b\0 \0C\0A"),
            (TELETEX_STRING, b"LAB CA"),
            (UNIVERSAL_STRING, b"\0\0\0L\0\0\0a\0\0\0b\0\0\0 \0\0\0C\0\0\0A"),
        ] {
            assert_eq!(normal_form(&common_name(tag, value)), plain, "{value:?}");
        }
        let umlaut = normal_form(&common_name(UTF8_STRING, "ZÜRICH".as_bytes()));
        assert_eq!(umlaut, normal_form(&common_name(UTF8_STRING, "Zürich".as_bytes())));
        assert_eq!(umlaut, normal_form(&common_name(TELETEX_STRING, b"Z\xfcrich")));
    }

    #[test]
    fn what_nobody_sees_makes_no_other_name() {
        let plain = normal_form(&common_name(PRINTABLE_STRING, b"Lab CA"));
        for same in
            ["Lab\u{a0}CA", "\u{feff}La\u{ad}b \u{200b} C\u{200d}A\u{a0}", "Lab CA \u{200c}"]
        {
            let normal = normal_form(&common_name(UTF8_STRING, same.as_bytes()));
            assert_eq!(normal, plain, "{same:?}");
            assert_eq!(normal_form(&normal), normal);
        }
        assert_eq!(normal_form(&common_name(TELETEX_STRING, b"La\xadb\xa0CA")), plain);
        assert_ne!(normal_form(&common_name(UTF8_STRING, "Lab\u{200b}CA".as_bytes())), plain);
    }

    #[test]
    fn a_string_that_is_cut_off_or_holds_no_letter_stays_as_it_is() {
        for (tag, value) in [
            (UNIVERSAL_STRING, b"\0\0\0A\0".as_slice()),
            (UNIVERSAL_STRING, b"\0\x11\0\0"),
            (BMP_STRING, b"\0A\0"),
            (UTF8_STRING, b"\xff"),
        ] {
            let der = common_name(tag, value);
            assert_eq!(normal_form(&der), der);
        }
    }

    #[test]
    fn other_letters_attributes_and_orders_make_another_name() {
        let one = name(&[&[attribute(CN, 0x13, b"a")], &[attribute(O, 0x13, b"b")]]);
        for other in [
            name(&[&[attribute(CN, 0x13, b"a")], &[attribute(O, 0x13, b"c")]]),
            name(&[&[attribute(O, 0x13, b"b")], &[attribute(CN, 0x13, b"a")]]),
            name(&[&[attribute(CN, 0x13, b"a"), attribute(O, 0x13, b"b")]]),
            name(&[&[attribute(CN, 0x13, b"a")]]),
            name(&[&[attribute(CN, 0x13, b"a")], &[attribute(O, 0x1b, b"b")]]),
        ] {
            assert_ne!(normal_form(&other), normal_form(&one), "{other:02x?}");
        }
        let [joined, apart] = [b"a b".as_slice(), b"ab"].map(|text| common_name(0x13, text));
        assert_ne!(normal_form(&joined), normal_form(&apart));
    }

    #[test]
    fn the_attributes_of_a_relative_name_have_no_order() {
        let (one, other) = (attribute(CN, 0x13, b"A"), attribute(O, 0x13, b"b"));
        let names = [[one.clone(), other.clone()], [other, one]].map(|set| name(&[&set]));
        assert_eq!(normal_form(&names[0]), normal_form(&names[1]));
    }

    #[test]
    fn a_normal_form_is_its_own() {
        let long = common_name(0x13, "Lab  CA ".repeat(40).as_bytes());
        for der in [common_name(0x13, b" A "), long, common_name(0x14, b"A"), tlv(0x30, &[])] {
            let normal = normal_form(&der);
            assert_eq!(normal_form(&normal), normal);
        }
    }

    #[test]
    fn the_short_way_to_a_key_is_the_normal_form_s() {
        let two = |one: &[u8], other: &[u8]| {
            name(&[
                &[attribute(&[0x55, 4, 10], 0x13, one)],
                &[attribute(&[0x55, 4, 3], 0x0c, other)],
            ])
        };
        let names = [
            two(b" Lab  Ltd", b"ca\t1 "),
            two(b"", b" "),
            two(b" a", b"\x01 b"),
            common_name(0x14, b" Tele  Com "),
            common_name(0x02, b"\x05"),
            tlv(0x30, &[]),
        ];
        for name in names {
            let (mut short, mut long) = (Vec::new(), Vec::new());
            push_plain(&mut short, &name).unwrap();
            push_normal(&mut long, &normal_form(&name));
            assert_eq!(short, long, "{name:02x?}");
        }
        let joined =
            name(&[&[attribute(&[0x55, 4, 3], 0x0c, b"a"), attribute(&[0x55, 4, 10], 0x0c, b"b")]]);
        for odd in [
            joined,
            common_name(0x0c, "Zürich".as_bytes()),
            common_name(0x14, b"T\xe9l\xe9"),
            common_name(0x1e, b"\0a"),
            common_name(0x1c, b"\0\0\0a"),
        ] {
            assert_eq!(push_plain(&mut Vec::new(), &odd), None);
        }
    }

    #[test]
    fn what_is_no_name_stays_as_it_is() {
        let mut behind = common_name(0x13, b"A");
        behind.push(0);
        let three = tlv(0x30, &[tlv(6, CN), tlv(0x13, b"A"), tlv(0x13, b"B")].concat());
        for der in [behind, b"A".to_vec(), Vec::new(), tlv(0x30, b"A"), name(&[&[three]])] {
            assert_eq!(normal_form(&der), der);
        }
    }
}
