//! PEM, written.

/// PEM of several values in DER.
pub(crate) fn pem(label: &str, all: &[Vec<u8>]) -> String {
    let one = |der: &Vec<u8>| {
        let text = base64(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    all.iter().map(one).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let three = |three: &[u8]| {
        let number = (0..3)
            .fold(0, |sum, at| sum << 8 | usize::from(three.get(at).copied().unwrap_or_default()));
        (0..4)
            .map(|at| match at <= three.len() {
                true => char::from(LETTERS[number >> (18 - 6 * at) & 63]),
                false => '=',
            })
            .collect::<String>()
    };
    bytes.chunks(3).map(three).collect()
}
