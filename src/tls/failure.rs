//! What went wrong inside rustls, in our words.

mod alerts;
mod moment;
mod words;

use rustls::PeerIncompatible;
use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::outcome::Certified;
use super::signature::UnusableKey;
use crate::error::{CallCause, Error, HandshakeCause, Kind, NetworkCause, PeerCause};
use crate::error::{Problems, Refused};
use crate::trust::unusable_key;
pub(super) use moment::Moment;
use words::{Told, told};

/// Turns a failure of rustls into ours.
pub(super) fn explain(failure: &TlsError, moment: Moment<'_>) -> Error {
    let peer = moment.peer;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match failure {
        TlsError::AlertReceived(alert) => explain_alert(*alert, moment),
        TlsError::InvalidCertificate(CertificateError::BadSignature) => Error::new(
            Kind::Certificate,
            format!("{peer} does not hold the key of the certificate that it presented: the handshake's signature does not verify"),
        )
        .with_problems(Problems::BAD_SIGNATURE)
        .because(&HandshakeCause::NotItsKey),
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
                .because(&HandshakeCause::WrongScheme)
        }
        TlsError::InvalidCertificate(CertificateError::BadEncoding) => Error::new(
            Kind::Certificate,
            format!("what {peer} presented as its certificate cannot be read"),
        )
        .with_problems(Problems::BAD_ENCODING)
        .because(&PeerCause::Unreadable(peer.to_owned())),
        TlsError::Other(other) if let Some(UnusableKey(key)) = other.0.downcast_ref() => {
            unusable_key(peer, key)
        }
        TlsError::NoCertificatesPresented => {
            Error::new(Kind::NoClientCertificate, format!("{peer} presented no certificate, and one is required"))
                .because(&PeerCause::NoClientCertificate)
        }
        TlsError::NoApplicationProtocol => no_protocol(moment),
        // The last is what rustls says of a server of TLS 1.2.
        TlsError::PeerIncompatible(
            PeerIncompatible::NoSignatureSchemesInCommon | PeerIncompatible::NoCipherSuitesInCommon,
        )
        | TlsError::General(_)
            if let Some(why) = moment.unverifiable =>
        {
            Error::new(Kind::Protocol, format!("{peer} cannot verify any signature that our keys can make: {why}"))
                .because(&HandshakeCause::NoSignatureInCommon(moment.is_server))
        }
        TlsError::FailedToGetRandomBytes => no_random(),
        _ => {
            let Told(did, cause) = told(failure, moment);
            Error::new(Kind::Protocol, format!("{peer} {did}")).because(&cause)
        }
    }
}

/// The error for a failure of rustls that is no peer's, such as before there is one.
pub(super) fn ours(failure: &TlsError, peer: &str) -> Error {
    if matches!(failure, TlsError::FailedToGetRandomBytes) {
        return no_random();
    }
    let message = format!("TLS with {peer} could not be set up or carried on");
    Error::new(Kind::Internal, message).because(&HandshakeCause::Ours)
}

/// The error for a system without random numbers.
fn no_random() -> Error {
    let message = "the operating system gives no random numbers";
    Error::new(Kind::Internal, message).because(&CallCause::Random)
}

fn no_protocol(moment: Moment<'_>) -> Error {
    let Moment { peer, offers, .. } = moment;
    let ours =
        if offers.alpn.is_empty() { String::new() } else { format!(": {} (ALPN)", offers.alpn) };
    Error::new(Kind::Alpn, format!("{peer} speaks none of our application protocols{ours}"))
        .because(&HandshakeCause::Alpn(offers.alpn.clone()))
}

/// The error where the wire ended in the middle; `in_hello`: before the peer has proven anything.
pub(super) fn hung_up(moment: Moment<'_>, in_hello: bool) -> Error {
    let peer = moment.peer;
    if in_hello {
        let message = format!("{peer} closed the connection in the middle of the handshake");
        let error = Error::new(Kind::Truncated, message);
        return if moment.is_server {
            error.because(&HandshakeCause::ClientLeft)
        } else if moment.lost_hello {
            error.because(&NetworkCause::LostHello)
        } else {
            error.because(&HandshakeCause::ServerLeft)
        };
    }
    if moment.renegotiates {
        let message = format!(
            "{peer} asked to renegotiate, which is never done here, and then ended the connection without the closing alert of TLS (close_notify)"
        );
        return Error::new(Kind::Truncated, message)
            .because(&HandshakeCause::Renegotiation(moment.is_server));
    }
    if moment.certified != Certified::NotAsked && !moment.is_server && moment.before_first_data {
        return Error::new(Kind::Truncated, format!("{peer} closed the connection without an alert after it had asked for our certificate: it may have refused our certificate or our address"))
            .because(&HandshakeCause::EndedAfterRequest);
    }
    let message = format!(
        "the connection to {peer} ended without the closing alert of TLS (close_notify): data may be missing"
    );
    Error::new(Kind::Truncated, message).because(&HandshakeCause::Truncated)
}

/// Whether an alert of the peer is about our certificate. One that comes before anybody has asked
/// for it is not.
fn is_about_us(alert: AlertDescription, moment: Moment<'_>) -> bool {
    if !moment.before_first_data || (!moment.is_server && moment.certified == Certified::NotAsked) {
        return false;
    }
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match alert {
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::CertificateRequired => true,
        // What servers of TLS 1.2 send if a certificate is required and none was sent.
        AlertDescription::HandshakeFailure => !moment.is_server,
        // What GnuTLS sends in that case.
        AlertDescription::DecodeError => {
            matches!(moment.certified, Certified::Withheld | Certified::Lacking)
                && !moment.is_server
        }
        _ => false,
    }
}

/// An alert of the peer: words for what it says, and what to do about it.
fn explain_alert(alert: AlertDescription, moment: Moment<'_>) -> Error {
    let peer = moment.peer;
    let number = u8::from(alert);
    if moment.renegotiates {
        let message = format!(
            "{peer} asked to renegotiate, which is never done here, and then ended the connection with TLS alert {}",
            alerts::named(number)
        );
        return Error::new(Kind::Alert, message)
            .because(&HandshakeCause::Renegotiation(moment.is_server));
    }
    if is_about_us(alert, moment) {
        return refused(number, moment);
    }
    if alert == AlertDescription::NoApplicationProtocol {
        return no_protocol(moment);
    }
    let message =
        format!("{peer} ended the connection with TLS alert {}", alerts::explained(number));
    let cause = alerts::cause(number, moment);
    if cause == HandshakeCause::VersionOff {
        let message = format!("{message}; we allow {}", moment.offers.versions);
        return Error::new(Kind::Alert, message).because(&cause);
    }
    Error::new(Kind::Alert, message).because(&cause)
}

/// The error for a peer that refused our certificate, or demands one.
fn refused(number: u8, moment: Moment<'_>) -> Error {
    let peer = moment.peer;
    let alert = alerts::named(number);
    let refused =
        HandshakeCause::CertificateRefused(Refused { alert: number, by_client: moment.is_server });
    let (what, cause) = match moment.certified {
        _ if moment.is_server => (format!("{peer} refused our certificate"), refused),
        Certified::Sent => (format!("{peer} refused our certificate"), refused),
        Certified::Withheld if let Some(why) = moment.unverifiable => (
            format!(
                "{peer} wants a client certificate, and cannot verify any signature that our keys can make: {why}"
            ),
            HandshakeCause::NoSignatureInCommon(false),
        ),
        Certified::Withheld => (
            format!(
                "{peer} wants a client certificate, and ours is from none of the authorities that it names, or is not to be sent"
            ),
            HandshakeCause::CertificateWithheld,
        ),
        Certified::Lacking | Certified::NotAsked => (
            format!("{peer} wants a client certificate, and we have none"),
            HandshakeCause::NoCertificate,
        ),
    };
    Error::new(Kind::PeerRejectedUs, format!("{what} (TLS alert {alert})")).because(&cause)
}
