//! The little of DER (X.690) that certificates are made of, read without a copy.
//!
//! This is the only reader of DER, and the only list of tags. Lengths and numbers have one form,
//! and nothing may stand behind an element unseen. What an element means is for its reader to say;
//! whatever is malformed is `None`.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const NUMERIC_STRING: u8 = 0x12;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const TELETEX_STRING: u8 = 0x14;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const VISIBLE_STRING: u8 = 0x1a;
pub(crate) const GENERAL_STRING: u8 = 0x1b;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = CONSTRUCTED | 0x10;
pub(crate) const SET: u8 = CONSTRUCTED | 0x11;

/// The bit of a tag which says that the content consists of elements.
pub(crate) const CONSTRUCTED: u8 = 0x20;

/// The tag that a structure gives to its own part `[number]`, which does not consist of elements.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag of a part `[number]` that consists of elements.
pub(crate) const fn context_constructed(number: u8) -> u8 {
    context(number) | CONSTRUCTED
}

/// The tags of a GeneralName (RFC 5280, section 4.2.1.6).
pub(crate) mod general_name {
    use super::{context, context_constructed};

    pub(crate) const OTHER: u8 = context_constructed(0);
    pub(crate) const EMAIL: u8 = context(1);
    pub(crate) const DNS: u8 = context(2);
    pub(crate) const X400: u8 = context_constructed(3);
    pub(crate) const DIRECTORY: u8 = context_constructed(4);
    pub(crate) const EDI: u8 = context_constructed(5);
    pub(crate) const URI: u8 = context(6);
    pub(crate) const IP: u8 = context(7);
    pub(crate) const REGISTERED_ID: u8 = context(8);
}

/// One element: its identifier byte, its content, and all of its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The one element that `input` is, with nothing behind it.
pub(crate) fn only(input: &[u8]) -> Option<Element<'_>> {
    let (element, rest) = first(input)?;
    rest.is_empty().then_some(element)
}

/// The elements that an input is made of, one after another. It stops before damage: who reads
/// to the end asks [`Reader::is_empty`] there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element, if it has this tag; else nothing moves.
    pub(crate) fn next_if(&mut self, tag: u8) -> Option<Element<'a>> {
        next_if(&mut self.0, tag)
    }

    /// Whether everything was read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        next(&mut self.0)
    }
}

/// The next element of `input`, which then begins behind it.
pub(crate) fn next<'a>(input: &mut &'a [u8]) -> Option<Element<'a>> {
    let (element, rest) = first(input)?;
    *input = rest;
    Some(element)
}

/// The next element of `input`, if it has this tag; else nothing moves.
pub(crate) fn next_if<'a>(input: &mut &'a [u8], tag: u8) -> Option<Element<'a>> {
    if input.first() != Some(&tag) {
        return None;
    }
    next(input)
}

/// Where `content` consists of elements that all are fine, to the last byte.
pub(crate) fn all_are<'a>(content: &'a [u8], is_fine: impl FnMut(Element<'a>) -> bool) -> bool {
    let mut reader = Reader(content);
    reader.by_ref().all(is_fine) && reader.is_empty()
}

/// The elements that `input` is made of, to its last byte.
pub(crate) fn elements(input: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut reader = Reader(input);
    let all = reader.by_ref().collect();
    reader.is_empty().then_some(all)
}

/// The element that `input` begins with, and what follows it. Lengths must be in their shortest
/// form; tags above 30 are in no certificate.
#[inline]
pub(crate) fn first(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, rest) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        if digits.first().is_none_or(|digit| *digit == 0) {
            return None;
        }
        let length = digits.iter().try_fold(0_usize, |length, digit| {
            length.checked_mul(256)?.checked_add(usize::from(*digit))
        })?;
        (length >= 0x80).then_some((length, rest))?
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = input.get(..input.len().checked_sub(rest.len())?)?;
    Some((Element { tag: *tag, content, whole }, rest))
}

/// Whether an element that nothing here looks into consists of elements, as far down as any
/// honest one goes.
pub(crate) fn is_whole(element: Element<'_>) -> bool {
    fn is_whole_to(element: Element<'_>, depth: u8) -> bool {
        let below = depth.checked_sub(1);
        let inside = |below| all_are(element.content, |one| is_whole_to(one, below));
        element.tag & CONSTRUCTED == 0 || below.is_some_and(inside)
    }
    is_whole_to(element, 8)
}

/// Whether the content of an INTEGER is a number in its shortest form.
pub(crate) fn is_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

/// The number that the content of an INTEGER is, unless it is negative.
pub(crate) fn number(content: &[u8]) -> Option<u32> {
    if !is_integer(content) || content.first().is_some_and(|byte| *byte >= 0x80) {
        return None;
    }
    content
        .iter()
        .try_fold(0_u32, |number, byte| number.checked_mul(256)?.checked_add(u32::from(*byte)))
}

/// What the content of a BOOLEAN says in BER, where every number but 0 is true, and whether DER
/// has it so.
pub(crate) const fn lax_boolean(content: &[u8]) -> Option<(bool, bool)> {
    match content {
        [number] => Some((*number != 0, matches!(*number, 0 | 0xff))),
        _ => None,
    }
}

/// What the content of a BOOLEAN says.
pub(crate) const fn boolean(content: &[u8]) -> Option<bool> {
    match content {
        [0] => Some(false),
        [0xff] => Some(true),
        _ => None,
    }
}

/// The bytes of the content of a BIT STRING that has no unused bits.
pub(crate) fn whole_bytes(content: &[u8]) -> Option<&[u8]> {
    match content.split_first() {
        Some((0, bytes)) => Some(bytes),
        _ => None,
    }
}

/// One element of this tag and content.
pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len().saturating_add(10));
    push(&mut out, tag, content);
    out
}

/// Writes one element behind what `out` holds.
pub(super) fn push(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    let bytes = content.len().to_be_bytes();
    let digits = bytes.iter().position(|byte| *byte != 0).and_then(|at| bytes.get(at..));
    let digits = digits.unwrap_or(&[0]);
    out.push(tag);
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
    }
    out.extend_from_slice(digits);
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_nothing_behind_it() {
        assert_eq!(only(&[4, 1, 7]).unwrap().content, [7]);
        assert!(only(&[4, 1, 7, 0]).is_none());
        assert!(only(&[4, 2, 7]).is_none());
        assert!(only(&[]).is_none());
    }

    #[test]
    fn a_length_has_one_form() {
        assert!(only(&[4, 0x81, 1, 7]).is_none(), "not the shortest");
        assert!(only(&[4, 0x80, 0, 0]).is_none(), "indefinite");
        let mut long = vec![4, 0x81, 0x80];
        long.resize(3 + 0x80, 9);
        assert_eq!(only(&long).unwrap().content.len(), 0x80);
        assert!(only(&[4, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]).is_none(), "beyond all memory");
    }

    #[test]
    fn a_reader_stops_before_damage() {
        let mut reader = Reader(&[4, 1, 7, 5, 0, 4, 9]);
        assert!(reader.next_if(5).is_none());
        assert_eq!(reader.next_if(4).unwrap().content, [7]);
        assert_eq!(reader.by_ref().count(), 1);
        assert!(!reader.is_empty());
        assert!(all_are(&[5, 0, 5, 0], |one| one.tag == 5));
        assert!(!all_are(&[5, 0, 5], |one| one.tag == 5));
        assert!(!all_are(&[5, 0, 4, 0], |one| one.tag == 5));
        assert!(all_are(&[], |_| false));
    }

    #[test]
    fn numbers_have_one_form() {
        for good in [&[0][..], &[0x7f], &[0x80], &[0, 0x80], &[0xff], &[0xff, 0x7f]] {
            assert!(is_integer(good), "{good:?}");
        }
        for bad in [&[][..], &[0, 0], &[0, 0x7f], &[0xff, 0x80], &[0xff, 0xff]] {
            assert!(!is_integer(bad), "{bad:?}");
        }
        assert_eq!(number(&[0, 0xff, 0xff, 0xff, 0xff]), Some(u32::MAX));
        for bad in [&[1, 0, 0, 0, 0][..], &[0xff], &[0x80], &[0, 1], &[]] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
        assert_eq!([&[0][..], &[0xff]].map(boolean), [Some(false), Some(true)]);
        assert_eq!([&[1][..], &[], &[0xff, 0xff]].map(boolean), [None, None, None]);
        let found = [&[0][..], &[0xff], &[1], &[], &[0xff, 0xff]].map(lax_boolean);
        let expected = [Some((false, true)), Some((true, true)), Some((true, false)), None, None];
        assert_eq!(found, expected);
    }

    #[test]
    fn long_lengths_are_read() {
        let mut bytes = vec![4, 0x82, 1, 0];
        bytes.extend([7; 256]);
        bytes.push(9);
        let mut input = bytes.as_slice();
        let value = next(&mut input).unwrap();
        assert_eq!((value.tag, value.content.len(), value.whole.len()), (4, 256, 260));
        assert_eq!(input, [9]);
    }

    #[test]
    fn what_is_wrapped_is_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let whole = wrap(4, &vec![7; length]);
            let mut input = whole.as_slice();
            let value = next(&mut input).unwrap();
            assert_eq!((value.content.len(), input.len()), (length, 0), "{length}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_or_an_indefinite_one_is_nothing() {
        for bytes in [&[4_u8, 5, 1][..], &[4, 0x80, 0, 0], &[4], &[], &[4, 0x84, 0xff, 0xff]] {
            assert!(next(&mut &*bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn another_tag_moves_nothing() {
        let mut input = &[2_u8, 1, 0][..];
        assert!(next_if(&mut input, SEQUENCE).is_none());
        assert!(next_if(&mut input, 2).is_some());
        assert!(input.is_empty());
    }
}
