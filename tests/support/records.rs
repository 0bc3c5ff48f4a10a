//! Bytes as TLS records.

/// One record: its type and its content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) kind: u8,
    pub(crate) content: &'a [u8],
}

/// Splits bytes into records; nothing may be left over.
pub(crate) fn records(mut bytes: &[u8]) -> Vec<Record<'_>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        assert!(bytes.len() >= 5, "half a record's header: {bytes:02x?}");
        let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        assert!(bytes.len() >= 5 + length, "half a record of type {}", bytes[0]);
        all.push(Record { kind: bytes[0], content: &bytes[5..5 + length] });
        bytes = &bytes[5 + length..];
    }
    all
}
