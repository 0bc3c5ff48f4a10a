//! The TLS record header (RFC 8446, section 5.1): where a record ends, and what it is.

/// Bytes of a record before its content.
pub(super) const HEADER: usize = 5;

/// The types of records that there are, the heartbeat included.
const KINDS: std::ops::RangeInclusive<u8> = 20..=24;
/// The length of content from which on rustls refuses a header.
const TOO_LONG: usize = 16_384 + 2048;

const CHANGE_CIPHER_SPEC: u8 = 20;
/// The type of a plain alert.
pub(super) const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// The type of whatever TLS 1.3 seals.
pub(super) const SEALED: u8 = 23;
/// The content of an alert that TLS 1.3 seals: the alert, its type and the tag of the AEAD. No
/// message of a handshake is that short.
pub(super) const SEALED_ALERT: usize = 2 + 1 + 16;
/// The change_cipher_spec that TLS 1.3 sends for middleboxes (RFC 8446, section D.4).
const FOR_MIDDLEBOXES: [u8; 6] = [CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1];
const CLIENT_HELLO: u8 = 1;

/// The length of the first record in `bytes`, header included. `None`: its header is not
/// complete yet.
///
/// A header of no known type, or of too much content, is a record by itself: rustls refuses it,
/// and nobody waits for a content that may never come, as behind the greeting of a server that
/// does not speak TLS.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let [kind, _, _, high, low, ..] = *bytes else { return None };
    let content = usize::from(u16::from_be_bytes([high, low]));
    let possible = KINDS.contains(&kind) && content < TOO_LONG;
    Some(if possible { content.saturating_add(HEADER) } else { HEADER })
}

/// How many bytes of `bytes`, our own output before the peer has proven anything, may leave:
/// everything up to the end of the last client hello.
///
/// A second hello follows a HelloRetryRequest, behind the change_cipher_spec that middleboxes
/// expect. A change_cipher_spec with no hello behind it belongs to the flight that is held.
pub(super) fn through_last_hello(bytes: &[u8]) -> usize {
    let (mut end, mut rest) = (0, bytes);
    let mut leave = 0;
    while let Some(record) = length(rest).and_then(|length| rest.get(..length)) {
        end = record.len().saturating_add(end);
        match (record.first(), record.get(HEADER)) {
            (Some(&HANDSHAKE), Some(&CLIENT_HELLO)) => leave = end,
            (Some(&CHANGE_CIPHER_SPEC), _) => {}
            _ => break,
        }
        rest = bytes.get(end..).unwrap_or_default();
    }
    leave
}

/// Whether a record is one of the handshake.
pub(super) fn is_handshake(record: &[u8]) -> bool {
    record.first() == Some(&HANDSHAKE)
}

/// The version in a record with a hello, client's or server's, if it is one that nobody may speak
/// any longer (RFC 8996).
pub(super) fn old_version(record: &[u8]) -> Option<&'static str> {
    let content = record.get(HEADER..).filter(|_| is_handshake(record))?;
    match content {
        [1 | 2, _, _, _, 3, 0, ..] => Some("SSL 3.0"),
        [1 | 2, _, _, _, 3, 1, ..] => Some("TLS 1.0"),
        [1 | 2, _, _, _, 3, 2, ..] => Some("TLS 1.1"),
        _ => None,
    }
}

/// The change_cipher_spec for middleboxes, where our output begins with it; else nothing.
pub(super) fn for_middleboxes(bytes: &[u8]) -> &[u8] {
    bytes
        .get(..FOR_MIDDLEBOXES.len())
        .filter(|start| **start == FOR_MIDDLEBOXES)
        .unwrap_or_default()
}

/// The last record of `bytes`, our own output, and how many sealed ones stand before it.
pub(super) fn last(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let (mut rest, mut sealed) = (bytes, 0_u64);
    loop {
        let (record, behind) = rest.split_at_checked(length(rest)?)?;
        if behind.is_empty() {
            return Some((record, sealed));
        }
        sealed = sealed.saturating_add(u64::from(record.first() == Some(&SEALED)));
        rest = behind;
    }
}

/// Whether `bytes`, our own output in a handshake, ends with an alert.
pub(super) fn ends_with_alert(bytes: &[u8]) -> bool {
    last(bytes).is_some_and(|(record, _)| match record.first() {
        Some(&ALERT) => true,
        Some(&SEALED) => record.len() == SEALED_ALERT.saturating_add(HEADER),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: [u8; 7] = [22, 3, 1, 0, 2, 1, 0];
    const SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];
    const SEALED_RECORD: [u8; 6] = [23, 3, 3, 0, 1, 9];
    const KEY_EXCHANGE: [u8; 6] = [22, 3, 3, 0, 1, 16];

    #[test]
    fn a_hello_leaves() {
        assert_eq!(through_last_hello(&HELLO), 7);
    }

    #[test]
    fn a_second_hello_takes_the_change_cipher_spec_before_it_along() {
        assert_eq!(through_last_hello(&[&SPEC[..], &HELLO].concat()), 13);
    }

    #[test]
    fn what_follows_the_hello_stays() {
        assert_eq!(through_last_hello(&[&HELLO[..], &SPEC, &SEALED_RECORD].concat()), 7);
        assert_eq!(through_last_hello(&SPEC), 0);
        assert_eq!(through_last_hello(&KEY_EXCHANGE), 0);
        assert_eq!(through_last_hello(&[&KEY_EXCHANGE[..], &HELLO].concat()), 0);
    }

    #[test]
    fn the_last_record_is_found_behind_all_others() {
        let all = [&SPEC[..], &SEALED_RECORD, &SEALED_RECORD, &SPEC].concat();
        assert_eq!(last(&all), Some((&SPEC[..], 2)));
        assert_eq!(last(&all[..12]), Some((&SEALED_RECORD[..], 0)));
        assert_eq!(last(&all[..all.len() - 1]), None);
        assert_eq!(last(&[]), None);
    }

    #[test]
    fn an_alert_is_told_from_a_flight() {
        let sealed = [&[SEALED, 3, 3, 0, 19][..], &[9; 19]].concat();
        for alert in [&[ALERT, 3, 3, 0, 2, 2, 40][..], &[ALERT, 3, 3, 0, 26], &sealed] {
            let mut bytes = [&SEALED_RECORD[..], alert].concat();
            let missing = length(alert).unwrap() - alert.len();
            bytes.extend(vec![0; missing]);
            assert!(ends_with_alert(&bytes), "{bytes:?}");
            bytes.extend(SEALED_RECORD);
            assert!(!ends_with_alert(&bytes), "{bytes:?}");
        }
        assert!(!ends_with_alert(&[]));
    }

    #[test]
    fn only_the_change_cipher_spec_in_front_is_for_middleboxes() {
        assert_eq!(for_middleboxes(&[&SPEC[..], &SEALED_RECORD].concat()), SPEC);
        assert!(for_middleboxes(&[&SEALED_RECORD[..], &SPEC].concat()).is_empty());
        assert!(for_middleboxes(&SPEC[..5]).is_empty());
    }

    #[test]
    fn half_a_header_has_no_length() {
        assert_eq!(length(&[22, 3, 3, 0]), None);
        assert_eq!(length(&[22, 3, 3, 1, 0]), Some(261));
    }

    #[test]
    fn nobody_waits_for_the_content_of_an_impossible_record() {
        assert_eq!(length(b"SSH-2.0-OpenSSH"), Some(HEADER));
        assert_eq!(length(&[23, 3, 3, 0x48, 0]), Some(HEADER));
        assert_eq!(length(&[23, 3, 3, 0x47, 0xff]), Some(HEADER + TOO_LONG - 1));
    }
}
