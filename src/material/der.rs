//! The little of DER (X.690) that certificates are made of, read without a copy.
//!
//! Lengths and numbers have one form, and nothing may stand behind an element unseen. What an
//! element means is for its reader to say; nothing here fails in another way than with nothing.

/// One element: its identifier byte, its content, and all of its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The one element that `input` is, with nothing behind it.
pub(super) fn only(input: &[u8]) -> Option<Element<'_>> {
    let (element, rest) = first(input)?;
    rest.is_empty().then_some(element)
}

/// The elements that an input is made of, one after another. It stops before damage: who reads
/// to the end asks [`Reader::is_empty`] there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element, if it has this tag; else nothing moves.
    pub(super) fn next_if(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.next()
    }

    /// Whether everything was read.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = first(self.0)?;
        self.0 = rest;
        Some(element)
    }
}

/// Where `content` consists of elements that all are fine, to the last byte.
pub(super) fn all_are<'a>(content: &'a [u8], is_fine: impl FnMut(Element<'a>) -> bool) -> bool {
    let mut reader = Reader(content);
    reader.by_ref().all(is_fine) && reader.is_empty()
}

/// The elements that `input` is made of.
pub(super) fn elements(mut input: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        let (element, rest) = first(input)?;
        all.push(element);
        input = rest;
    }
    Some(all)
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
pub(super) fn is_whole(element: Element<'_>) -> bool {
    fn is_whole_to(element: Element<'_>, depth: u8) -> bool {
        let below = depth.checked_sub(1);
        let inside = |below| all_are(element.content, |one| is_whole_to(one, below));
        element.tag & 0x20 == 0 || below.is_some_and(inside)
    }
    is_whole_to(element, 8)
}

/// Whether the content of an INTEGER is a number in its shortest form.
pub(super) fn is_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

/// The number that the content of an INTEGER is, where it is none below zero.
pub(super) fn number(content: &[u8]) -> Option<u32> {
    if !is_integer(content) || content.first().is_some_and(|byte| *byte >= 0x80) {
        return None;
    }
    content
        .iter()
        .try_fold(0_u32, |number, byte| number.checked_mul(256)?.checked_add(u32::from(*byte)))
}

/// What the content of a BOOLEAN says.
pub(super) const fn boolean(content: &[u8]) -> Option<bool> {
    match content {
        [0] => Some(false),
        [0xff] => Some(true),
        _ => None,
    }
}

/// The bytes of the content of a BIT STRING that has no unused bits.
pub(super) fn whole_bytes(content: &[u8]) -> Option<&[u8]> {
    match content.split_first() {
        Some((0, bytes)) => Some(bytes),
        _ => None,
    }
}

/// Whether the content of an OBJECT IDENTIFIER is one, each of its numbers in the shortest form.
pub(super) fn is_oid(content: &[u8]) -> bool {
    let mut begins = true;
    for byte in content {
        if begins && *byte == 0x80 {
            return false;
        }
        begins = *byte < 0x80;
    }
    begins && !content.is_empty()
}

/// An object identifier's content as dotted numbers; as `#` and hexadecimal where it is none, or
/// has a number above 64 bits.
pub(super) fn oid_text(content: &[u8]) -> String {
    arcs(content).unwrap_or_else(|| hex(content))
}

/// `#` and two hexadecimal digits for each byte, as RFC 4514 writes what is no text.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2).saturating_add(1));
    out.push('#');
    for byte in bytes {
        push_hex(&mut out, *byte);
    }
    out
}

/// Two lower-case hexadecimal digits.
pub(super) fn push_hex(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.extend(char::from_digit(u32::from(digit), 16));
    }
}

fn arcs(content: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(content.len().saturating_mul(3).saturating_add(4));
    let mut number = 0_u64;
    let mut is_open = true;
    for byte in content {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        is_open = byte & 0x80 != 0;
        if is_open {
            continue;
        }
        if out.is_empty() {
            let root = (number / 40).min(2);
            push_number(&mut out, root);
            number = number.checked_sub(root.checked_mul(40)?)?;
        }
        out.push('.');
        push_number(&mut out, number);
        number = 0;
    }
    (!is_open).then_some(out)
}

/// In decimal. Object identifiers are read so often that the standard way shows.
fn push_number(out: &mut String, number: u64) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0'.saturating_add(u8::try_from(number % 10).unwrap_or_default())));
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
    }

    #[test]
    fn an_object_identifier_has_one_form() {
        assert!(is_oid(&[0x55, 4, 3]) && is_oid(&[0x88, 0x37, 3]));
        for bad in [&[][..], &[0x55, 0x80, 3], &[0x80, 1], &[0x55, 0x84]] {
            assert!(!is_oid(bad), "{bad:?}");
        }
    }

    #[test]
    fn object_identifiers_are_dotted() {
        assert_eq!(oid_text(&[0x55, 4, 3]), "2.5.4.3");
        assert_eq!(oid_text(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]), "1.2.840.113549");
        assert_eq!(oid_text(&[0x88, 0x37, 3]), "2.999.3");
    }

    #[test]
    fn what_is_no_object_identifier_is_hexadecimal() {
        assert_eq!(oid_text(&[]), "#");
        assert_eq!(oid_text(&[0x55, 0x84]), "#5584");
        assert_eq!(oid_text(&[0xff; 12]), format!("#{}", "ff".repeat(12)));
    }
}
