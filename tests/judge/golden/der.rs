//! A writer of DER, small enough to write what no careful library does: names with NUL, two
//! extensions of one kind, times that end before they begin.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BITS: u8 = 0x03;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// One value with its header.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(short as u8),
        long => {
            let bytes: Vec<u8> =
                long.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | bytes.len() as u8);
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

/// A SEQUENCE of values that are written already.
pub(crate) fn sequence<Part: AsRef<[u8]>>(parts: impl IntoIterator<Item = Part>) -> Vec<u8> {
    value(SEQUENCE, &joined(parts))
}

/// Values one behind the other.
pub(crate) fn joined<Part: AsRef<[u8]>>(parts: impl IntoIterator<Item = Part>) -> Vec<u8> {
    parts.into_iter().flat_map(|part| part.as_ref().to_vec()).collect()
}

/// An object identifier from its dotted form.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let numbers: Vec<u64> = dotted.split('.').map(|one| one.parse().unwrap()).collect();
    let first = numbers[0] * 40 + numbers[1];
    let mut content = Vec::new();
    for number in std::iter::once(first).chain(numbers[2..].iter().copied()) {
        let mut groups = vec![(number & 0x7f) as u8];
        let mut rest = number >> 7;
        while rest > 0 {
            groups.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    value(OID, &content)
}

/// A number that is not negative, most significant byte first.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    value(INTEGER, &content)
}

/// A BIT STRING of whole bytes.
pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    let mut all = vec![0];
    all.extend(content);
    value(BITS, &all)
}

/// A BIT STRING of named bits, the first of them 0, without zeros at its end.
pub(crate) fn named_bits(set: &[u8]) -> Vec<u8> {
    let Some(last) = set.iter().max() else { return value(BITS, &[0]) };
    let mut bytes = vec![0_u8; usize::from(last / 8) + 1];
    for bit in set {
        bytes[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    value(BITS, &joined([vec![7 - last % 8], bytes]))
}

/// The values inside of a constructed value, whole.
pub(crate) fn parts(whole: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = content(whole);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (header, len) = lengths(rest);
        found.push(rest[..header + len].to_vec());
        rest = &rest[header + len..];
    }
    found
}

/// A value without its header.
pub(crate) fn content(whole: &[u8]) -> &[u8] {
    let (header, len) = lengths(whole);
    &whole[header..header + len]
}

fn lengths(whole: &[u8]) -> (usize, usize) {
    match whole[1] {
        short @ 0..0x80 => (2, short.into()),
        long => {
            let count = usize::from(long & 0x7f);
            let len = whole[2..2 + count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (2 + count, len)
        }
    }
}
