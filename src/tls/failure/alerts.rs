//! The alerts of TLS: the names that IANA's registry "TLS Alerts" gives them, what each usually
//! means, and what to do about one that ends a connection.

use super::Moment;
use crate::error::{HandshakeCause, Refused};
use crate::tls::outcome::Certified;

/// Number, name, and what the peer says with it.
const ALERTS: [(u8, &str, &str); 36] = [
    (0, "close_notify", "it sends no more"),
    (10, "unexpected_message", "it got a message that it did not expect"),
    (20, "bad_record_mac", "what it got was damaged on the way"),
    (21, "decryption_failed", "what it got was damaged on the way"),
    (22, "record_overflow", "it got a record that is too long"),
    (30, "decompression_failure", "what it got could not be decompressed"),
    (40, "handshake_failure", "it found nothing that both sides allow"),
    (41, "no_certificate", "it has no certificate"),
    (42, "bad_certificate", "it got a certificate that it cannot read or verify"),
    (43, "unsupported_certificate", "it got a certificate of a kind that it does not support"),
    (44, "certificate_revoked", "it got a certificate that was revoked"),
    (45, "certificate_expired", "it got a certificate that has expired or is not valid yet"),
    (46, "certificate_unknown", "it does not accept a certificate, for some other reason"),
    (47, "illegal_parameter", "it got a value that TLS does not allow"),
    (48, "unknown_ca", "it does not know the authority of a certificate"),
    (49, "access_denied", "it does not allow the access"),
    (50, "decode_error", "it got a message that it cannot read"),
    (51, "decrypt_error", "it could not verify a signature or a message of the handshake"),
    (52, "too_many_cids_requested", "it was asked for too many connection IDs"),
    (60, "export_restriction", "export rules forbid what was offered"),
    (70, "protocol_version", "it speaks no version of TLS that was offered"),
    (71, "insufficient_security", "it demands stronger cipher suites or keys than were offered"),
    (80, "internal_error", "it failed for a reason of its own"),
    (86, "inappropriate_fallback", "it speaks a newer version than the one that was offered"),
    (90, "user_canceled", "its user ended the handshake"),
    (100, "no_renegotiation", "it does not renegotiate"),
    (109, "missing_extension", "it needs an extension that was not sent"),
    (110, "unsupported_extension", "it got an extension that it had not offered"),
    (111, "certificate_unobtainable", "it could not fetch a certificate"),
    (112, "unrecognized_name", "it knows no server of the name that it was asked for"),
    (113, "bad_certificate_status_response", "it got a revocation status that it does not accept"),
    (114, "bad_certificate_hash_value", "a certificate does not have the announced hash"),
    (115, "unknown_psk_identity", "it knows no session or key by the name that was sent"),
    (116, "certificate_required", "it requires a certificate, and got none"),
    (
        120,
        "no_application_protocol",
        "it speaks none of the application protocols that were offered",
    ),
    (121, "ech_required", "it requires an encrypted first message"),
];

/// An alert by its number and its name.
pub(super) fn named(number: u8) -> String {
    match ALERTS.iter().find(|(one, ..)| *one == number) {
        Some((_, name, _)) => format!("{number}, {name}"),
        None => format!("{number}, which has no name"),
    }
}

/// The same, with what it says.
pub(super) fn explained(number: u8) -> String {
    match ALERTS.iter().find(|(one, ..)| *one == number) {
        Some((_, name, meaning)) => format!("{number}, {name}: {meaning}"),
        None => format!("{number}, which has no name"),
    }
}

/// What to do about an alert that is not about our certificate.
pub(super) fn cause(number: u8, moment: Moment<'_>) -> HandshakeCause {
    let by_client = moment.is_server;
    match number {
        42..=46 | 48 | 49 | 116 if !by_client && moment.certified == Certified::NotAsked => {
            HandshakeCause::RefusedBeforeAsking
        }
        42..=46 | 48 | 49 | 116 => {
            HandshakeCause::CertificateRefused(Refused { alert: number, by_client })
        }
        // There was something in common, once.
        40 | 60 | 70 | 71 if moment.is_open => HandshakeCause::PeerFailed,
        40 | 60 | 71 => HandshakeCause::NothingInCommon,
        70 => HandshakeCause::VersionOff,
        80 if !moment.is_server && !moment.has_version => unknown_name(moment),
        86 => HandshakeCause::Downgrade,
        90 => HandshakeCause::UserCanceled,
        100 => HandshakeCause::Renegotiation(moment.is_server),
        112 if !moment.is_server => unknown_name(moment),
        115 => HandshakeCause::Resumption,
        120 => HandshakeCause::Alpn(moment.offers.alpn.clone()),
        20..=22 | 30 | 51 => HandshakeCause::Damaged,
        10 | 47 | 50 | 52 | 109 | 110 | 113 | 114 => HandshakeCause::WeBreakRules,
        _ => HandshakeCause::PeerFailed,
    }
}

fn unknown_name(moment: Moment<'_>) -> HandshakeCause {
    HandshakeCause::UnknownName(moment.sent_name.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    #[test]
    fn every_alert_has_the_name_of_the_registry_and_a_meaning_of_its_own_words() {
        // The name in rustls is that of the registry without its underscores, but in two cases.
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        for number in 0..=u8::MAX {
            let known = AlertDescription::from(number).as_str().map(str::to_owned);
            let ours = named(number);
            match known {
                Some(known) => {
                    let name = ours.split_once(", ").unwrap().1;
                    let expected = match number {
                        112 => "unrecognizedname".to_owned(),
                        121 => "echrequired".to_owned(),
                        _ => plain(&known),
                    };
                    assert_eq!(plain(name), expected, "{number}");
                    assert!(explained(number).len() > ours.len() + 10, "{number}");
                    assert!(!explained(number).contains(&known), "{number}");
                }
                None if number == 52 => assert!(ours.ends_with("too_many_cids_requested")),
                None => assert!(ours.ends_with("which has no name"), "{number}"),
            }
        }
    }
}
