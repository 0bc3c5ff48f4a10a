//! Base64 of what is not a secret: certificates and revocation lists.
//!
//! It is fast, and the time it takes depends on what is decoded. Whatever may be a key is decoded
//! by the reader of PEM in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How many characters a line of PEM has (RFC 7468).
pub(super) const LINE: usize = 64;

#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
pub(super) type Decoder = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
pub(super) type Decoder = base64::engine::GeneralPurpose;

/// A decoder that wants the padding, and no bits behind the end.
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
pub(super) fn decoder() -> Decoder {
    Decoder::standard(base64::engine::general_purpose::PAD)
}
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
pub(super) fn decoder() -> Decoder {
    STANDARD
}

/// A PEM block (RFC 7468), with a line break at its end; empty where `label` cannot be one.
#[must_use]
pub(crate) fn pem_text(label: &str, der: &[u8]) -> String {
    if !label.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return String::new();
    }
    let digits = STANDARD.encode(der);
    let mut rest = digits.as_str();
    let mut text = format!("-----BEGIN {label}-----\n");
    while let Some((line, behind)) = rest.split_at_checked(LINE.min(rest.len())) {
        if line.is_empty() {
            break;
        }
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text + "-----END " + label + "-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_lines_of_64_characters() {
        let lines = |length: usize| {
            let text = pem_text("X", &vec![0; length]);
            text.lines().map(str::len).collect::<Vec<_>>()
        };
        assert_eq!(lines(0), [17, 15]);
        assert_eq!(lines(1), [17, 4, 15]);
        assert_eq!(lines(48), [17, 64, 15]);
        assert_eq!(lines(49), [17, 64, 4, 15]);
        assert_eq!(pem_text("X", b"1"), "-----BEGIN X-----\nMQ==\n-----END X-----\n");
    }

    #[test]
    fn bits_behind_the_end_and_missing_padding_are_refused() {
        assert_eq!(decoder().decode("MQ==").unwrap(), b"1");
        for bad in ["MR==", "MQ=", "MQ", "M", "MQ==MQ==", "M Q=", "MQ\n="] {
            assert!(decoder().decode(bad).is_err(), "{bad:?}");
        }
    }
}
