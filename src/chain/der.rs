//! The few steps through DER (X.690) that reach fields which no parser hands out.

use crate::material::{Element, first_element};

/// SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// BIT STRING.
pub(crate) const BIT_STRING: u8 = 0x03;
/// OBJECT IDENTIFIER.
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;

/// The next value of `input`, which then begins behind it.
pub(crate) fn next<'a>(input: &mut &'a [u8]) -> Option<Element<'a>> {
    let (value, rest) = first_element(input)?;
    *input = rest;
    Some(value)
}

/// The next value of `input`, if it has this tag; else `input` stays as it is.
pub(crate) fn next_if<'a>(input: &mut &'a [u8], tag: u8) -> Option<Element<'a>> {
    let mut ahead = *input;
    let value = next(&mut ahead).filter(|value| value.tag == tag)?;
    *input = ahead;
    Some(value)
}

/// The bytes of a BIT STRING that has no unused bits.
pub(crate) fn whole_bits<'a>(value: &Element<'a>) -> Option<&'a [u8]> {
    match value.content.split_first() {
        Some((0, bits)) if value.tag == BIT_STRING => Some(bits),
        _ => None,
    }
}

/// One element of this tag and content.
pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let bytes = content.len().to_be_bytes();
    let digits = bytes.iter().position(|byte| *byte != 0).and_then(|at| bytes.get(at..));
    let digits = digits.unwrap_or(&[0]);
    let mut out = Vec::with_capacity(content.len().saturating_add(10));
    out.push(tag);
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
    }
    out.extend_from_slice(digits);
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
