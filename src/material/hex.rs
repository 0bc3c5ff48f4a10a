//! Bytes as hexadecimal digits, in the forms that names and fingerprints have.

/// `#` and two hexadecimal digits for each byte, as RFC 4514 writes what is not text.
pub(crate) fn hex_after_hash(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(2).saturating_add(1));
    out.push('#');
    for byte in bytes {
        push_digits(&mut out, *byte);
    }
    out
}

/// Two lower-case hexadecimal digits.
fn push_digits(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.extend(char::from_digit(u32::from(digit), 16));
    }
}

/// Pairs of lower-case digits with colons between them.
#[must_use]
pub(crate) fn hex_colons(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().saturating_mul(3));
    for byte in bytes {
        if !out.is_empty() {
            out.push(':');
        }
        push_digits(&mut out, *byte);
    }
    out
}
