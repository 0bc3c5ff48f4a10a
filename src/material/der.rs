//! The little of DER (X.690) that is read by hand, where the parser's own reading is laxer than
//! a name or an identifier may be: nothing may stand behind an element unseen.

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
    let mut out = String::new();
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
            let second = number.checked_sub(root.checked_mul(40)?)?;
            out = format!("{root}.{second}");
        } else {
            out = out + "." + &number.to_string();
        }
        number = 0;
    }
    (!is_open).then_some(out)
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
