//! What the recorder saw, as TLS records, and what may be among them.

use super::pki::{CLIENT, Way};

use crate::support::records::{Record, records};

const SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SEALED: u8 = 23;
/// The change_cipher_spec of TLS 1.3, which says nothing (RFC 8446, section D.4).
const FOR_MIDDLEBOXES: Record<'_> = Record { kind: SPEC, content: &[1] };
/// An alert, its type and the tag of the AEAD.
const SEALED_ALERT: usize = 2 + 1 + 16;
/// The alert that a rejection sends.
const ACCESS_DENIED: u8 = 49;

/// How many hellos the client sent.
pub(crate) fn hellos(recorded: &[u8]) -> usize {
    let is_hello = |record: &&Record<'_>| record.kind == HANDSHAKE && record.content[0] == 1;
    records(recorded).iter().filter(is_hello).count()
}

/// Everything behind the hellos, which must be there in the number that the way needs.
fn behind_hellos<'a>(recorded: &'a [u8], way: Way, what: &str) -> Vec<Record<'a>> {
    let is_hello = |record: &Record<'_>| {
        let whole = record.content.get(1..4).is_some_and(|length| {
            let length = u32::from_be_bytes([0, length[0], length[1], length[2]]);
            usize::try_from(length).unwrap() + 4 == record.content.len()
        });
        record.kind == HANDSHAKE && record.content.first() == Some(&1) && whole
    };
    let mut all = records(recorded);
    assert!(all.first().is_some_and(is_hello), "{what}: no hello comes first: {all:02x?}");
    all.remove(0);
    if way == Way::Retry {
        if all.first() == Some(&FOR_MIDDLEBOXES) {
            all.remove(0);
        }
        assert!(all.first().is_some_and(is_hello), "{what}: no second hello: {all:02x?}");
        all.remove(0);
    }
    all
}

/// Nothing but hellos has left.
pub(crate) fn assert_only_hellos(recorded: &[u8], way: Way, what: &str) {
    let rest = behind_hellos(recorded, way, what);
    assert!(rest.is_empty(), "{what}: this left behind the hello: {rest:02x?}");
}

/// The alert behind the hellos, if there is one, and nothing else. Ahead of a sealed one stands the change_cipher_spec that middleboxes expect,
/// unless it went with a second hello.
fn alert<'a>(recorded: &'a [u8], way: Way, what: &str) -> Option<Record<'a>> {
    assert!(!shows_client(recorded), "{what}: the client's name left");
    let mut rest = behind_hellos(recorded, way, what);
    let alert = rest.pop()?;
    let plain = alert.kind == ALERT && alert.content.len() == 2 && alert.content[0] == 2;
    let sealed = alert.kind == SEALED && alert.content.len() == SEALED_ALERT;
    let right = if way == Way::Tls12 { plain } else { plain || sealed };
    assert!(right, "{what}: this is no alert: {alert:02x?}");
    let before = if sealed && way == Way::Tls13 { vec![FOR_MIDDLEBOXES] } else { Vec::new() };
    assert_eq!(rest, before, "{what}: this left before the alert");
    Some(alert)
}

/// Behind the hellos there is nothing but an alert.
pub(crate) fn assert_at_most_an_alert(recorded: &[u8], way: Way, what: &str) {
    alert(recorded, way, what);
}

/// Behind the hellos there is an alert if the server is to be told, and nothing else.
pub(crate) fn assert_alert(recorded: &[u8], way: Way, told: bool, what: &str) {
    assert_eq!(alert(recorded, way, what).is_some(), told, "{what}");
}

/// Behind the hellos there is exactly the alert of a rejection: plain in TLS 1.2, sealed in
/// TLS 1.3, where only the server can tell what it says.
pub(crate) fn assert_rejection(recorded: &[u8], way: Way, what: &str) {
    let alert = alert(recorded, way, what).expect("an alert");
    if way == Way::Tls12 {
        assert_eq!(alert, Record { kind: ALERT, content: &[2, ACCESS_DENIED] }, "{what}");
    } else {
        assert_eq!(alert.kind, SEALED, "{what}");
    }
}

/// Whether the name in the client's certificate can be read.
pub(crate) fn shows_client(recorded: &[u8]) -> bool {
    recorded.windows(CLIENT.len()).any(|part| part == CLIENT.as_bytes())
}
