//! What went wrong inside rustls, in our words.

use rustls::{AlertDescription, CertificateError, Error as TlsError};
use rustls::{InvalidMessage, PeerIncompatible};

use super::outcome::Certified;
use super::signature::UnusableKey;
use crate::error::{Error, Kind, PeerCause, Problems};
use crate::trust::unusable_key;

/// What the session knows when something fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    /// The peer, as messages name it.
    pub(super) peer: &'a str,
    /// What happened to our own certificate.
    pub(super) certified: Certified,
    /// We are the server.
    pub(super) is_server: bool,
    /// Our flight has left, and no application data has come yet.
    pub(super) before_first_data: bool,
    /// Why the peer can verify no signature of ours, where that came up.
    pub(super) unverifiable: Option<&'a str>,
    /// We sent a first hello that is longer than one packet, and nothing came back.
    pub(super) lost_hello: bool,
}

/// What to do where a big hello brought no answer.
pub(crate) const SMALLER_HELLO: &str = "is this the right port, and does the server expect TLS on it from the first byte? an old server or firewall may also drop our first message, which is longer than one packet because of its post-quantum key: try TLSCONN_OPT_GROUPS without X25519MLKEM768, as in x25519,secp256r1,secp384r1";

/// Turns a failure of rustls into ours.
pub(super) fn explain(failure: &TlsError, moment: Moment<'_>) -> Error {
    let peer = moment.peer;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match failure {
        TlsError::AlertReceived(alert) => explain_alert(*alert, moment),
        TlsError::InvalidCertificate(CertificateError::BadSignature) => Error::new(
            Kind::Certificate,
            format!("{peer} does not hold the key of the certificate that it shows: the handshake's signature does not verify"),
        )
        .with_problems(Problems::BAD_SIGNATURE),
        // The verifier puts names where rustls has numbers.
        TlsError::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: scheme,
                public_key_algorithm_id: key,
            },
        ) => {
            let [scheme, key] = [scheme, key].map(|name| String::from_utf8_lossy(name));
            let message = format!("{peer} signed the handshake with {scheme}, which does not fit its key, {key}");
            Error::new(Kind::Certificate, message)
                .with_problems(Problems::BAD_SIGNATURE)
                .with_hint("its TLS software chose a wrong signature scheme: update it, or give the peer another kind of key")
        }
        TlsError::InvalidCertificate(CertificateError::BadEncoding) => Error::new(
            Kind::Certificate,
            format!("what {peer} shows as its certificate cannot be read"),
        )
        .with_problems(Problems::BAD_ENCODING),
        TlsError::Other(other) => {
            if let Some(UnusableKey(key)) = other.0.downcast_ref() {
                unusable_key(peer, key)
            } else {
                Error::new(Kind::Protocol, format!("TLS with {peer}: {failure}"))
            }
        }
        TlsError::NoCertificatesPresented => {
            Error::new(Kind::NoClientCertificate, format!("{peer} shows no certificate, and one is required"))
                .because(&PeerCause::NoClientCertificate)
        }
        TlsError::NoApplicationProtocol => {
            Error::new(Kind::Alpn, format!("{peer} speaks none of our application protocols"))
        }
        TlsError::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge
            | InvalidMessage::CertificatePayloadTooLarge
            | InvalidMessage::MessageTooLarge,
        ) => Error::new(
            Kind::Protocol,
            format!("{peer} sends a message that is longer than the limit: 65535 bytes of a handshake, certificates included, and 16384 bytes of anything else"),
        )
        .with_hint("a chain needs no more than the certificates that lead to its authority: leave out the others, and make certificates with fewer names"),
        TlsError::InvalidMessage(_) => {
            Error::new(Kind::Protocol, format!("what {peer} sends is not TLS, or is damaged: {failure}"))
                .with_hint(if moment.is_server {
                    "does the client speak TLS from the first byte?"
                } else {
                    "is this the right port, and does the server expect TLS on it from the first byte?"
                })
        }
        // The last is what rustls says of a server of TLS 1.2.
        TlsError::PeerIncompatible(
            PeerIncompatible::NoSignatureSchemesInCommon | PeerIncompatible::NoCipherSuitesInCommon,
        )
        | TlsError::General(_)
            if let Some(why) = moment.unverifiable =>
        {
            Error::new(Kind::Protocol, format!("{peer} can verify no signature of ours: {why}"))
                .with_hint("add a certificate with a key of a kind that the client can verify, as well: tlsconn_ctx_add_server_pair()")
        }
        TlsError::FailedToGetRandomBytes => {
            Error::new(Kind::Internal, "the operating system gives no random bytes")
        }
        _ => Error::new(Kind::Protocol, format!("TLS with {peer}: {failure}")),
    }
}

/// The error where the wire ended in the middle; `in_hello`: before the peer has proven anything.
pub(super) fn hung_up(moment: Moment<'_>, in_hello: bool) -> Error {
    let Moment { peer, certified, is_server, before_first_data, unverifiable: _, lost_hello } =
        moment;
    if in_hello {
        let message = format!("{peer} hung up in the middle of the handshake");
        return Error::new(Kind::Truncated, message).with_hint(if is_server {
            "it may not trust our certificate, or speak no TLS at all"
        } else if lost_hello {
            SMALLER_HELLO
        } else {
            "is this the right port, and does the server expect TLS on it from the first byte?"
        });
    }
    if certified != Certified::NotAsked && !is_server && before_first_data {
        return Error::new(Kind::Truncated, format!("{peer} hung up without a word after it had asked for our certificate: it refused our certificate or our address"))
            .with_hint("ask its administrator whether our certificate, its authority and our address are allowed there");
    }
    let message = format!(
        "the connection to {peer} ended without the closing alert of TLS: what came may not be all"
    );
    Error::new(Kind::Truncated, message)
}

/// An alert of the peer: words for what it says, and a hint where it is about us.
fn explain_alert(alert: AlertDescription, moment: Moment<'_>) -> Error {
    let peer = moment.peer;
    let name = alert.as_str().unwrap_or("unknown");
    let number = u8::from(alert);
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    let about_us = match alert {
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::CertificateRequired => true,
        // What TLS 1.2 servers send if a certificate is required and none was sent.
        AlertDescription::HandshakeFailure => moment.certified != Certified::NotAsked,
        // What GnuTLS sends in that case.
        AlertDescription::DecodeError => {
            matches!(moment.certified, Certified::Withheld | Certified::Lacking)
        }
        _ => false,
    };
    if about_us && moment.is_server && moment.before_first_data {
        let message = format!("{peer} refused our certificate (TLS alert {number}, {name})");
        return Error::new(Kind::PeerRejectedUs, message).with_hint(
            "does the client know the authority of our certificate, and is the name that it dials in it?",
        );
    }
    if about_us && moment.before_first_data {
        let (what, hint) = match moment.certified {
            Certified::Sent => (
                format!("{peer} refused our certificate"),
                "ask its administrator whether the authority of our certificate is known there, and whether the certificate is expired, revoked or not on a list of allowed names",
            ),
            Certified::Withheld if let Some(why) = moment.unverifiable => (
                format!(
                    "{peer} wants a client certificate, and can verify no signature of ours: {why}"
                ),
                "use a certificate with a key of a kind that the server can verify",
            ),
            Certified::Withheld => (
                format!(
                    "{peer} wants a client certificate, and ours is from none of the authorities that it names, or is not to be sent"
                ),
                "use a certificate from an authority of that server, or set TLSCONN_OPT_SEND_CLIENT_CERT to send it all the same",
            ),
            Certified::Lacking | Certified::NotAsked => (
                format!("{peer} wants a client certificate, and we have none"),
                "add the own certificate and its key to the context",
            ),
        };
        return Error::new(Kind::PeerRejectedUs, format!("{what} (TLS alert {number}, {name})"))
            .with_hint(hint);
    }
    if alert == AlertDescription::NoApplicationProtocol {
        return Error::new(Kind::Alpn, format!("{peer} speaks none of our application protocols"));
    }
    let error = Error::new(
        Kind::Alert,
        format!("{peer} ended the connection with TLS alert {number}, {name}"),
    );
    if matches!(alert, AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion) {
        return error
            .with_hint("the two sides have no version, cipher suite or kind of key in common");
    }
    error
}
