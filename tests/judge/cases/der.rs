//! Just enough DER to write certificates that no sensible tool writes.

/// A tag, the length, and the parts behind it.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(length.len()).unwrap());
            out.extend(length);
        }
    }
    out.extend(content);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// An object identifier from its text, such as `2.5.4.3`.
pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![(arc & 0x7f).to_le_bytes()[0]];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f).to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    tlv(6, &[&content])
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(1, &[&[if value { 0xff } else { 0 }]])
}

/// A bit string of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], bytes])
}

/// A bit string of names: the numbers of the bits that are set, without zeros at the end.
pub(crate) fn named_bits(set: &[u8]) -> Vec<u8> {
    let Some(last) = set.iter().max() else { return tlv(3, &[&[0]]) };
    let mut bytes = vec![0_u8; usize::from(last / 8) + 1];
    for bit in set {
        bytes[usize::from(bit / 8)] |= 0x80_u8 >> (bit % 8);
    }
    tlv(3, &[&[7 - last % 8], &bytes])
}

/// An extension (RFC 5280, section 4.1).
pub(crate) fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { boolean(true) } else { Vec::new() };
    sequence(&[&oid(id), &critical, &tlv(4, &[value])])
}

/// A name of attributes, each in a set of its own, in this order.
pub(crate) fn name(attributes: &[(String, String)]) -> Vec<u8> {
    let sets = attributes.iter().map(|(kind, value)| {
        let id = match kind.as_str() {
            "C" => "2.5.4.6",
            "O" => "2.5.4.10",
            "CN" => "2.5.4.3",
            kind => panic!("no attribute: {kind}"),
        };
        let tag = if kind == "C" { 0x13 } else { 0x0c };
        tlv(0x31, &[&sequence(&[&oid(id), &tlv(tag, &[value.as_bytes()])])])
    });
    sequence(&[&sets.collect::<Vec<_>>().concat()])
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
    tlv(0x17, &[text.as_bytes()])
}
