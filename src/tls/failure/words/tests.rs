use rustls::{ContentType, HandshakeType};

use super::*;
use crate::tls::algorithms::Offers;
use crate::tls::outcome::Certified;

fn moment(offers: &Offers) -> Moment<'_> {
    Moment {
        peer: "a.example:1",
        sent_name: Some("a.example"),
        offers,
        certified: Certified::NotAsked,
        is_server: false,
        before_first_data: true,
        unverifiable: None,
        lost_hello: false,
        first: &[],
        old_version: None,
        has_version: false,
        is_open: false,
        renegotiates: false,
    }
}

/// All that rustls may say: an enum that is new there has a sentence, too, and the names of those
/// here show that none is forgotten.
fn all() -> Vec<TlsError> {
    use InvalidMessage as M;
    use PeerIncompatible as I;
    use PeerMisbehaved as P;
    let messages = [
        M::CertificatePayloadTooLarge,
        M::HandshakePayloadTooLarge,
        M::InvalidCcs,
        M::InvalidContentType,
        M::InvalidCertificateStatusType,
        M::InvalidCertRequest,
        M::InvalidDhParams,
        M::InvalidEmptyPayload,
        M::InvalidKeyUpdate,
        M::InvalidServerName,
        M::MessageTooLarge,
        M::MessageTooShort,
        M::MissingData("ClientExtension"),
        M::MissingKeyExchange,
        M::NoSignatureSchemes,
        M::TrailingData("CertReqExtension"),
        M::UnexpectedMessage("ServerKeyExchange"),
        M::UnknownProtocolVersion,
        M::UnsupportedCompression,
        M::UnsupportedCurveType,
        M::UnsupportedKeyExchangeAlgorithm(rustls::crypto::KeyExchangeAlgorithm::DHE),
        M::EmptyTicketValue,
        M::IllegalEmptyList("NamedGroups"),
        M::IllegalEmptyValue,
        M::DuplicateExtension(43),
        M::PreSharedKeyIsNotFinalExtension,
        M::UnknownHelloRetryRequestExtension,
        M::UnknownCertificateExtension,
    ];
    let incompatible = [
        I::EcPointsExtensionRequired,
        I::ExtendedMasterSecretExtensionRequired,
        I::IncorrectCertificateTypeExtension,
        I::KeyShareExtensionRequired,
        I::NamedGroupsExtensionRequired,
        I::NoCertificateRequestSignatureSchemesInCommon,
        I::NoCipherSuitesInCommon,
        I::NoEcPointFormatsInCommon,
        I::NoKxGroupsInCommon,
        I::NoSignatureSchemesInCommon,
        I::NullCompressionRequired,
        I::ServerDoesNotSupportTls12Or13,
        I::ServerSentHelloRetryRequestWithUnknownExtension,
        I::ServerTlsVersionIsDisabledByOurConfig,
        I::SignatureAlgorithmsExtensionRequired,
        I::SupportedVersionsExtensionRequired,
        I::Tls12NotOffered,
        I::Tls12NotOfferedOrEnabled,
        I::Tls13RequiredForQuic,
        I::UncompressedEcPointsRequired,
        I::UnsolicitedCertificateTypeExtension,
        I::ServerRejectedEncryptedClientHello(None),
    ];
    let misbehaved = [
        P::AttemptedDowngradeToTls12WhenTls13IsSupported,
        P::BadCertChainExtensions,
        P::CipherSuiteDifferedOnRetry,
        P::DisallowedEncryptedExtension,
        P::DuplicateClientHelloExtensions,
        P::DuplicateEncryptedExtensions,
        P::DuplicateHelloRetryRequestExtensions,
        P::DuplicateNewSessionTicketExtensions,
        P::DuplicateServerHelloExtensions,
        P::DuplicateServerNameTypes,
        P::EarlyDataAttemptedInSecondClientHello,
        P::EarlyDataExtensionWithoutResumption,
        P::EarlyDataOfferedWithVariedCipherSuite,
        P::EchAcceptanceVariedAfterRetry,
        P::HandshakeHashVariedAfterRetry,
        P::IllegalHelloRetryRequestWithEmptyCookie,
        P::IllegalHelloRetryRequestWithNoChanges,
        P::IllegalHelloRetryRequestWithOfferedGroup,
        P::IllegalHelloRetryRequestWithUnofferedCipherSuite,
        P::IllegalHelloRetryRequestWithUnofferedNamedGroup,
        P::IllegalHelloRetryRequestWithUnsupportedVersion,
        P::IllegalHelloRetryRequestWithWrongSessionId,
        P::IllegalHelloRetryRequestWithInvalidEch,
        P::IllegalMiddleboxChangeCipherSpec,
        P::IllegalTlsInnerPlaintext,
        P::IncorrectBinder,
        P::InvalidCertCompression,
        P::InvalidMaxEarlyDataSize,
        P::InvalidKeyShare,
        P::KeyEpochWithPendingFragment,
        P::KeyUpdateReceivedInQuicConnection,
        P::MessageInterleavedWithHandshakeMessage,
        P::MissingBinderInPskExtension,
        P::MissingKeyShare,
        P::MissingPskExtensionInSecondClientHello,
        P::MissingPskModesExtension,
        P::MissingQuicTransportParameters,
        P::OfferedDuplicateCertificateCompressions,
        P::OfferedDuplicateKeyShares,
        P::OfferedEarlyDataWithOldProtocolVersion,
        P::OfferedEmptyApplicationProtocol,
        P::OfferedIncorrectCompressions,
        P::PskExtensionMustBeLast,
        P::PskExtensionWithMismatchedIdsAndBinders,
        P::RefusedToFollowHelloRetryRequest,
        P::RejectedEarlyDataInterleavedWithHandshakeMessage,
        P::ResumptionAttemptedWithVariedEms,
        P::ResumptionOfferedWithVariedCipherSuite,
        P::ResumptionOfferedWithVariedEms,
        P::ResumptionOfferedWithIncompatibleCipherSuite,
        P::SelectedDifferentCipherSuiteAfterRetry,
        P::SelectedInvalidPsk,
        P::SelectedTls12UsingTls13VersionExtension,
        P::SelectedUnofferedApplicationProtocol,
        P::SelectedUnofferedCertCompression,
        P::SelectedUnofferedCipherSuite,
        P::SelectedUnofferedCompression,
        P::SelectedUnofferedKxGroup,
        P::SelectedUnofferedPsk,
        P::SelectedUnusableCipherSuiteForVersion,
        P::ServerEchoedCompatibilitySessionId,
        P::ServerHelloMustOfferUncompressedEcPoints,
        P::ServerNameDifferedOnRetry,
        P::ServerNameMustContainOneHostName,
        P::SignedKxWithWrongAlgorithm,
        P::SignedHandshakeWithUnadvertisedSigScheme,
        P::TooManyEmptyFragments,
        P::TooManyKeyUpdateRequests,
        P::TooManyRenegotiationRequests,
        P::TooManyWarningAlertsReceived,
        P::TooMuchEarlyDataReceived,
        P::UnexpectedCleartextExtension,
        P::UnsolicitedCertExtension,
        P::UnsolicitedEncryptedExtension,
        P::UnsolicitedSctList,
        P::UnsolicitedServerHelloExtension,
        P::WrongGroupForKeyShare,
        P::UnsolicitedEchExtension,
    ];
    let certificates = [
        CertificateError::BadEncoding,
        CertificateError::Expired,
        CertificateError::NotValidYet,
        CertificateError::Revoked,
        CertificateError::UnhandledCriticalExtension,
        CertificateError::UnknownIssuer,
        CertificateError::UnknownRevocationStatus,
        CertificateError::ExpiredRevocationList,
        CertificateError::BadSignature,
        CertificateError::NotValidForName,
        CertificateError::InvalidPurpose,
        CertificateError::InvalidOcspResponse,
        CertificateError::ApplicationVerificationFailure,
    ];
    let others = [
        TlsError::InappropriateMessage {
            expect_types: vec![ContentType::Handshake],
            got_type: ContentType::Heartbeat,
        },
        TlsError::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::Finished],
            got_type: HandshakeType::KeyUpdate,
        },
        TlsError::InappropriateHandshakeMessage {
            expect_types: vec![],
            got_type: HandshakeType::CertificateRequest,
        },
        TlsError::UnsupportedNameType,
        TlsError::DecryptError,
        TlsError::EncryptError,
        TlsError::General("no server certificate chain resolved".to_owned()),
        TlsError::FailedToGetCurrentTime,
        TlsError::FailedToGetRandomBytes,
        TlsError::HandshakeNotComplete,
        TlsError::PeerSentOversizedRecord,
        TlsError::BadMaxFragmentSize,
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch),
        TlsError::InconsistentKeys(InconsistentKeys::Unknown),
    ];
    let messages = messages.into_iter().map(TlsError::InvalidMessage);
    let incompatible = incompatible.into_iter().map(TlsError::PeerIncompatible);
    let misbehaved = misbehaved.into_iter().map(TlsError::PeerMisbehaved);
    let certificates = certificates.into_iter().map(TlsError::InvalidCertificate);
    messages.chain(incompatible).chain(misbehaved).chain(certificates).chain(others).collect()
}

/// The words in capitals that rustls' own text has: the names of its variants, and what its
/// messages begin with.
fn raw(failure: &TlsError) -> Vec<String> {
    let (name, text) = (format!("{failure:?}"), failure.to_string());
    let is_name =
        |word: &&str| word.len() > 6 && word.chars().filter(char::is_ascii_uppercase).count() > 1;
    let names = name.split(|one: char| !one.is_ascii_alphanumeric()).filter(is_name);
    names.map(str::to_owned).chain([text]).collect()
}

#[test]
fn nothing_that_rustls_says_reaches_anybody_in_its_own_words() {
    let offers = Offers::default();
    for is_server in [false, true] {
        for failure in all() {
            let moment = Moment { is_server, ..moment(&offers) };
            let error = crate::tls::failure::explain(&failure, moment);
            let told = format!("{} {}", error.message(), error.hint());
            for raw in raw(&failure) {
                assert!(!told.contains(&raw), "{raw}: {told}");
            }
            for raw in ["peer misbehaved", "peer is incompatible", "invalid message", "unexpected"]
            {
                assert!(!told.contains(raw), "{raw}: {told}");
            }
            assert!(!error.message().is_empty() && !error.hint().is_empty(), "{failure:?}");
        }
    }
}

#[test]
fn what_is_not_in_common_is_named_with_what_we_allow() {
    let offers = Offers {
        versions: "TLS 1.2 and 1.3",
        groups: "x25519, secp256r1".to_owned(),
        suites: "TLS_AES_128_GCM_SHA256".to_owned(),
        alpn: "h2".to_owned(),
    };
    for (why, words) in [
        (PeerIncompatible::NoKxGroupsInCommon, "x25519, secp256r1"),
        (PeerIncompatible::NoCipherSuitesInCommon, "TLS_AES_128_GCM_SHA256"),
        (PeerIncompatible::Tls12NotOffered, "TLS 1.2 and 1.3"),
    ] {
        let Told(message, _) = incompatible(&why, moment(&offers));
        assert!(message.contains(words), "{message}");
    }
    let old = Moment { old_version: Some("TLS 1.0"), ..moment(&offers) };
    let Told(message, cause) = incompatible(&PeerIncompatible::ServerDoesNotSupportTls12Or13, old);
    assert_eq!(message, "speaks TLS 1.0 at most, and TLS 1.2 and 1.3 is allowed here");
    assert_eq!(cause, Cause::OldVersion(Some("TLS 1.0")));
}

#[test]
fn a_peer_that_speaks_something_else_is_told_by_its_greeting() {
    let offers = Offers::default();
    for (first, words) in [
        (&b"HTTP/1.1 400 Bad"[..], "HTTP without TLS"),
        (b"SSH-2.0-OpenSSH", "SSH"),
        (b"220 mail ESMTP", "SMTP"),
    ] {
        let failure = TlsError::InvalidMessage(InvalidMessage::InvalidContentType);
        let Told(message, _) = told(&failure, Moment { first, ..moment(&offers) });
        assert!(message.contains(words), "{message}");
    }
}
