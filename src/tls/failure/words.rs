//! What rustls says of a failure, in our words, and what is to be done about it: nothing of rustls'
//! own text reaches anybody. Its lists are open: what is new in one has a sentence, too.

use rustls::{CertificateError, Error as TlsError, InconsistentKeys};
use rustls::{InvalidMessage, PeerIncompatible, PeerMisbehaved};

use super::Moment;
use crate::error::{Greeting, HandshakeCause as Cause};

/// What a peer did, behind its name, and what to do about it.
pub(super) struct Told(pub(super) String, pub(super) Cause);

/// A failure that is not about an alert, a certificate or a protocol of the application.
pub(super) fn told(failure: &TlsError, moment: Moment<'_>) -> Told {
    let said = |words: &str, cause| Told(words.to_owned(), cause);
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match failure {
        TlsError::InappropriateMessage { .. } => {
            said("sent a record of another kind than comes at this point", Cause::PeerBreaksRules)
        }
        TlsError::InappropriateHandshakeMessage { got_type, .. } => {
            if *got_type == rustls::HandshakeType::CertificateRequest {
                return said(
                    "asked for a certificate after the handshake",
                    Cause::CertificateAfterHandshake,
                );
            }
            let number = u8::from(*got_type);
            Told(
                format!(
                    "sent a message of the handshake, number {number}, that does not come at this point"
                ),
                Cause::PeerBreaksRules,
            )
        }
        TlsError::InvalidMessage(why) => message(why, moment),
        TlsError::PeerIncompatible(why) => incompatible(why, moment),
        TlsError::PeerMisbehaved(why) => misbehaved(why, moment),
        TlsError::InvalidCertificate(why) => said(certificate(why), Cause::NotItsKey),
        TlsError::DecryptError => {
            said("sent a record that does not decrypt: it was damaged on the way", Cause::Damaged)
        }
        TlsError::PeerSentOversizedRecord => {
            said("sent a record of more than 16384 bytes", Cause::PeerBreaksRules)
        }
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            said("cannot be shown our certificate, which does not belong to our key", Cause::Ours)
        }
        TlsError::InvalidEncryptedClientHello(_) => {
            said("cannot be sent an encrypted first message", Cause::PeerFailed)
        }
        TlsError::UnsupportedNameType => {
            said("has a name of a kind that TLS does not carry", Cause::PeerFailed)
        }
        TlsError::FailedToGetCurrentTime => {
            said("cannot be talked to: the system does not give the time", Cause::Ours)
        }
        TlsError::FailedToGetRandomBytes => {
            said("cannot be talked to: the system gives no random numbers", Cause::Ours)
        }
        TlsError::EncryptError => said("cannot be sent anything: encryption failed", Cause::Ours),
        TlsError::HandshakeNotComplete | TlsError::BadMaxFragmentSize => {
            said("cannot be talked to: the TLS library was used in a wrong way", Cause::Ours)
        }
        TlsError::General(_) if !moment.is_server => said(
            "has a certificate with a key that fits none of the cipher suites that both sides allow",
            Cause::NoSuite,
        ),
        _ => said("broke off the handshake for a reason that has no name here", Cause::PeerFailed),
    }
}

/// What rustls has against a message.
fn message(why: &InvalidMessage, moment: Moment<'_>) -> Told {
    use InvalidMessage as M;
    let greeting = Greeting::of(moment.first);
    if let Some(name) = greeting.name() {
        return Told(
            format!("does not speak TLS: what it sent looks like {name}"),
            Cause::NotTls(greeting, moment.is_server),
        );
    }
    let not_tls = || Cause::NotTls(Greeting::Unknown, moment.is_server);
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    let (words, cause) = match why {
        M::HandshakePayloadTooLarge | M::CertificatePayloadTooLarge | M::MessageTooLarge => (
            "sent a message that is longer than the limit: 65535 bytes of a handshake, certificates included, and 16384 bytes of anything else",
            Cause::MessageTooLong,
        ),
        M::InvalidContentType if moment.has_version => {
            ("sent a record of a kind that TLS does not have", Cause::PeerBreaksRules)
        }
        M::InvalidContentType => ("sent something that is not TLS", not_tls()),
        M::UnknownProtocolVersion if moment.has_version => {
            ("sent a record with a version that TLS does not have", Cause::PeerBreaksRules)
        }
        M::UnknownProtocolVersion => {
            ("sent something that is not TLS, or has an unknown version", not_tls())
        }
        M::InvalidCcs => ("sent a malformed change_cipher_spec", Cause::PeerBreaksRules),
        M::InvalidCertificateStatusType => {
            ("sent a revocation status of an unknown kind", Cause::PeerBreaksRules)
        }
        M::InvalidCertRequest => {
            ("sent a malformed request for a certificate", Cause::PeerBreaksRules)
        }
        M::InvalidDhParams => {
            ("sent malformed parameters for the key exchange", Cause::PeerBreaksRules)
        }
        M::InvalidEmptyPayload => {
            ("sent an empty record where none may be empty", Cause::PeerBreaksRules)
        }
        M::InvalidKeyUpdate => ("sent a malformed key update", Cause::PeerBreaksRules),
        // What rustls calls so is a list with a second name in it.
        M::InvalidServerName => ("asked for more than one server name", Cause::PeerBreaksRules),
        M::MessageTooShort => ("sent a message that is too short", Cause::PeerBreaksRules),
        M::MissingData("AlertDescription") => {
            ("sent an alert that ends too early", Cause::PeerBreaksRules)
        }
        M::MissingData(_) => ("sent a message that ends too early", Cause::PeerBreaksRules),
        M::TrailingData("AlertMessagePayload") => {
            ("sent an alert with something behind its end", Cause::PeerBreaksRules)
        }
        M::TrailingData("ChangeCipherSpecPayload") => {
            ("sent a malformed change_cipher_spec", Cause::PeerBreaksRules)
        }
        M::MissingKeyExchange => {
            ("sent no parameters for the key exchange", Cause::PeerBreaksRules)
        }
        M::NoSignatureSchemes => ("offers no kind of signature", Cause::PeerBreaksRules),
        M::TrailingData(_) => {
            ("sent a message with something behind its end", Cause::PeerBreaksRules)
        }
        M::UnexpectedMessage("HelloRetryRequest") => {
            ("asked for another first message (HelloRetryRequest) too late", Cause::PeerBreaksRules)
        }
        M::UnexpectedMessage(_) => {
            ("sent a message of a kind that cannot come now", Cause::PeerBreaksRules)
        }
        M::UnsupportedCompression => {
            ("compresses its records, which TLS no longer allows", Cause::PeerBreaksRules)
        }
        M::UnsupportedCurveType | M::UnsupportedKeyExchangeAlgorithm(_) => {
            ("uses a key exchange that is not supported here", Cause::NoGroup)
        }
        M::EmptyTicketValue => ("sent an empty ticket", Cause::PeerBreaksRules),
        M::IllegalEmptyList(_) => {
            ("sent an empty list where none may be empty", Cause::PeerBreaksRules)
        }
        M::IllegalEmptyValue => {
            ("sent an empty value where none may be empty", Cause::PeerBreaksRules)
        }
        M::DuplicateExtension(number) => {
            return Told(format!("sent extension {number} twice"), Cause::PeerBreaksRules);
        }
        M::PreSharedKeyIsNotFinalExtension => (
            "sent pre_shared_key, which must be the last extension, before others",
            Cause::PeerBreaksRules,
        ),
        M::UnknownHelloRetryRequestExtension | M::UnknownCertificateExtension => {
            ("sent an extension that does not belong there", Cause::PeerBreaksRules)
        }
        _ => ("sent a message that cannot be read", Cause::PeerBreaksRules),
    };
    Told(words.to_owned(), cause)
}

/// What the two sides do not have in common.
fn incompatible(why: &PeerIncompatible, moment: Moment<'_>) -> Told {
    use PeerIncompatible as P;
    let offers = moment.offers;
    let old = || match moment.old_version {
        Some(version) => Told(
            format!("speaks {version} at most, and {} is allowed here", offers.versions),
            Cause::OldVersion(Some(version)),
        ),
        None => Told(
            format!("speaks no version of TLS that is allowed here: {}", offers.versions),
            Cause::VersionOff,
        ),
    };
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    let (words, cause) = match why {
        P::ServerDoesNotSupportTls12Or13
        | P::ServerTlsVersionIsDisabledByOurConfig
        | P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled
        | P::SupportedVersionsExtensionRequired => return old(),
        P::NoCipherSuitesInCommon => {
            let message =
                format!("has no cipher suite in common with us, who allow {}", offers.suites);
            return Told(message, Cause::NoSuite);
        }
        P::NoKxGroupsInCommon => {
            let message =
                format!("has no key exchange group in common with us, who allow {}", offers.groups);
            return Told(message, Cause::NoGroup);
        }
        P::NoSignatureSchemesInCommon | P::NoCertificateRequestSignatureSchemesInCommon => (
            "has no kind of signature in common with us",
            Cause::NoSignatureInCommon(moment.is_server),
        ),
        P::EcPointsExtensionRequired
        | P::NoEcPointFormatsInCommon
        | P::UncompressedEcPointsRequired => {
            ("does not take points of elliptic curves in their plain form", Cause::Lacking)
        }
        P::ExtendedMasterSecretExtensionRequired => (
            "does not know the extended master secret (RFC 7627), which TLS 1.2 needs here",
            Cause::Lacking,
        ),
        P::IncorrectCertificateTypeExtension | P::UnsolicitedCertificateTypeExtension => {
            ("wants raw public keys or another kind of certificate than X.509", Cause::Lacking)
        }
        P::KeyShareExtensionRequired => {
            ("sent no share of a key exchange, which TLS 1.3 needs", Cause::Lacking)
        }
        P::NamedGroupsExtensionRequired => {
            ("names no key exchange groups, which TLS needs", Cause::Lacking)
        }
        P::SignatureAlgorithmsExtensionRequired => {
            ("names no kinds of signatures, which TLS needs", Cause::Lacking)
        }
        P::NullCompressionRequired => {
            ("does not go without compression, which TLS no longer allows", Cause::Lacking)
        }
        P::ServerSentHelloRetryRequestWithUnknownExtension => {
            ("asked for another first message by an unknown extension", Cause::Lacking)
        }
        P::Tls13RequiredForQuic => ("does not speak TLS 1.3", Cause::VersionOff),
        P::ServerRejectedEncryptedClientHello(_) => {
            ("refused an encrypted first message", Cause::Lacking)
        }
        _ => ("lacks something that TLS needs here", Cause::Lacking),
    };
    Told(words.to_owned(), cause)
}

/// How a peer breaks the rules.
fn misbehaved(why: &PeerMisbehaved, moment: Moment<'_>) -> Told {
    use PeerMisbehaved as P;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    let (words, cause) = match why {
        P::AttemptedDowngradeToTls12WhenTls13IsSupported => (
            "chose TLS 1.2 although it says that it speaks TLS 1.3 (downgrade protection, RFC 8446, section 4.1.3)",
            Cause::Downgrade,
        ),
        P::TooManyWarningAlertsReceived => {
            ("sent too many warning alerts in a row", Cause::TooMuch)
        }
        P::TooManyKeyUpdateRequests => ("asked for too many key updates in a row", Cause::TooMuch),
        P::TooManyEmptyFragments => ("sent too many empty records in a row", Cause::TooMuch),
        P::TooMuchEarlyDataReceived => ("sent more early data than is allowed", Cause::TooMuch),
        P::TooManyRenegotiationRequests => {
            ("asked to renegotiate too often", Cause::Renegotiation(moment.is_server))
        }
        P::IncorrectBinder | P::SelectedInvalidPsk | P::SelectedUnofferedPsk => {
            ("resumed a session without proof that it knows its key", Cause::Resumption)
        }
        P::ResumptionAttemptedWithVariedEms
        | P::ResumptionOfferedWithVariedEms
        | P::ResumptionOfferedWithVariedCipherSuite
        | P::ResumptionOfferedWithIncompatibleCipherSuite => {
            ("resumed a session in a way that does not fit how it was made", Cause::Resumption)
        }
        P::SignedKxWithWrongAlgorithm | P::SignedHandshakeWithUnadvertisedSigScheme => {
            ("signed the handshake in a way that it was not offered", Cause::WrongScheme)
        }
        P::InvalidCertCompression => {
            ("compressed its certificate in a way that cannot be undone", Cause::PeerBreaksRules)
        }
        P::SelectedUnofferedCertCompression => {
            ("compressed its certificate in a way that was not offered", Cause::PeerBreaksRules)
        }
        P::InvalidKeyShare => {
            ("sent a malformed share of the key exchange", Cause::PeerBreaksRules)
        }
        P::WrongGroupForKeyShare => {
            ("sent a share of the key exchange for another group", Cause::PeerBreaksRules)
        }
        P::MissingKeyShare => ("sent no share of the key exchange", Cause::PeerBreaksRules),
        P::OfferedDuplicateKeyShares => {
            ("sent two key shares of one group", Cause::PeerBreaksRules)
        }
        P::SelectedUnofferedCipherSuite => {
            ("chose a cipher suite that was not offered", Cause::PeerBreaksRules)
        }
        P::SelectedUnusableCipherSuiteForVersion => {
            ("chose a cipher suite of another version", Cause::PeerBreaksRules)
        }
        P::SelectedUnofferedKxGroup => {
            ("chose a key exchange group that was not offered", Cause::PeerBreaksRules)
        }
        P::SelectedUnofferedCompression | P::OfferedIncorrectCompressions => {
            ("wants compression, which TLS no longer allows", Cause::PeerBreaksRules)
        }
        P::SelectedUnofferedApplicationProtocol => {
            ("chose an application protocol (ALPN) that was not offered", Cause::PeerBreaksRules)
        }
        P::OfferedEmptyApplicationProtocol => {
            ("offered an application protocol (ALPN) without a name", Cause::PeerBreaksRules)
        }
        P::SelectedTls12UsingTls13VersionExtension => {
            ("chose TLS 1.2 by an extension of TLS 1.3", Cause::PeerBreaksRules)
        }
        P::CipherSuiteDifferedOnRetry | P::SelectedDifferentCipherSuiteAfterRetry => {
            ("chose another cipher suite in its second answer", Cause::PeerBreaksRules)
        }
        P::HandshakeHashVariedAfterRetry
        | P::EchAcceptanceVariedAfterRetry
        | P::ServerNameDifferedOnRetry => {
            ("changed its mind between its first and its second message", Cause::PeerBreaksRules)
        }
        P::RefusedToFollowHelloRetryRequest => {
            ("did not send the key share that it was asked for", Cause::PeerBreaksRules)
        }
        P::IllegalHelloRetryRequestWithEmptyCookie
        | P::IllegalHelloRetryRequestWithNoChanges
        | P::IllegalHelloRetryRequestWithOfferedGroup
        | P::IllegalHelloRetryRequestWithUnofferedCipherSuite
        | P::IllegalHelloRetryRequestWithUnofferedNamedGroup
        | P::IllegalHelloRetryRequestWithUnsupportedVersion
        | P::IllegalHelloRetryRequestWithWrongSessionId
        | P::IllegalHelloRetryRequestWithInvalidEch => (
            "asked for another first message (HelloRetryRequest) in a way that TLS does not allow",
            Cause::PeerBreaksRules,
        ),
        P::DuplicateClientHelloExtensions
        | P::DuplicateEncryptedExtensions
        | P::DuplicateHelloRetryRequestExtensions
        | P::DuplicateNewSessionTicketExtensions
        | P::DuplicateServerHelloExtensions => ("sent an extension twice", Cause::PeerBreaksRules),
        P::DuplicateServerNameTypes => {
            ("asked for more than one server name", Cause::PeerBreaksRules)
        }
        // And so, a list with one name that DNS cannot have.
        P::ServerNameMustContainOneHostName => {
            ("asked for a server by what is not a DNS name", Cause::PeerBreaksRules)
        }
        P::BadCertChainExtensions
        | P::DisallowedEncryptedExtension
        | P::UnexpectedCleartextExtension
        | P::UnsolicitedCertExtension
        | P::UnsolicitedEncryptedExtension
        | P::UnsolicitedSctList
        | P::UnsolicitedServerHelloExtension => (
            "sent an extension that was not offered, or that does not belong there",
            Cause::PeerBreaksRules,
        ),
        P::EarlyDataAttemptedInSecondClientHello
        | P::EarlyDataExtensionWithoutResumption
        | P::EarlyDataOfferedWithVariedCipherSuite
        | P::OfferedEarlyDataWithOldProtocolVersion
        | P::RejectedEarlyDataInterleavedWithHandshakeMessage
        | P::InvalidMaxEarlyDataSize => {
            ("uses early data where TLS does not allow it", Cause::PeerBreaksRules)
        }
        P::UnsolicitedEchExtension => {
            ("answered an encrypted first message (ECH) that was not sent", Cause::PeerBreaksRules)
        }
        P::MissingPskModesExtension => (
            "resumes a session without saying how (psk_key_exchange_modes)",
            Cause::PeerBreaksRules,
        ),
        P::MissingBinderInPskExtension
        | P::MissingPskExtensionInSecondClientHello
        | P::PskExtensionMustBeLast
        | P::PskExtensionWithMismatchedIdsAndBinders => {
            ("resumes a session with a malformed or incomplete extension", Cause::PeerBreaksRules)
        }
        P::IllegalMiddleboxChangeCipherSpec => {
            ("sent a change_cipher_spec that does not come at this point", Cause::PeerBreaksRules)
        }
        P::IllegalTlsInnerPlaintext => {
            ("sent an encrypted record without content", Cause::PeerBreaksRules)
        }
        P::KeyEpochWithPendingFragment => {
            ("changed its keys in the middle of a message of the handshake", Cause::PeerBreaksRules)
        }
        P::MessageInterleavedWithHandshakeMessage => {
            ("put a record into the middle of a message of the handshake", Cause::PeerBreaksRules)
        }
        P::KeyUpdateReceivedInQuicConnection | P::MissingQuicTransportParameters => {
            ("mixed TLS up with QUIC", Cause::PeerBreaksRules)
        }
        P::OfferedDuplicateCertificateCompressions => {
            ("offered one way to compress certificates twice", Cause::PeerBreaksRules)
        }
        P::ServerEchoedCompatibilitySessionId => {
            ("took over the session of another connection", Cause::PeerBreaksRules)
        }
        P::ServerHelloMustOfferUncompressedEcPoints => {
            ("does not take points of elliptic curves in their plain form", Cause::PeerBreaksRules)
        }
        _ => ("did what TLS does not allow", Cause::PeerBreaksRules),
    };
    Told(words.to_owned(), cause)
}

/// What can be wrong with a certificate in a handshake. Only our own verifier says such things, and
/// it says few of them.
const fn certificate(why: &CertificateError) -> &'static str {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match why {
        CertificateError::BadEncoding => "presented as its certificate what cannot be read",
        CertificateError::BadSignature => {
            "signed the handshake with another key than that of its certificate"
        }
        _ => "presented a certificate that does not fit the handshake",
    }
}

#[cfg(test)]
mod tests;
