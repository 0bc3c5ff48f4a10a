//! Our own fatal alert, written without rustls, so that refusing a peer never sends the held
//! flight.
//!
//! Where rustls has failed, the alert says what rustls would have said: that is read from what
//! rustls has ready, or follows from its error where it has nothing ready or it cannot be read.
//!
//! Before the keys of a TLS 1.3 handshake exist, and in TLS 1.2 before our Finished, an alert is
//! one plaintext record. In TLS 1.3 a client, after the server's hello, encrypts it with its
//! handshake traffic key at sequence number 0, and a server, after its flight, with its first
//! application traffic key: neither key was used before, because everything else is held (RFC 8446,
//! sections 5.2, 6 and 7.3). A server that resumes a session of TLS 1.2 has encrypted its Finished
//! before it knows the client, and sends nothing: the connection just ends.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305};
use aws_lc_rs::aead::{Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{self, HKDF_SHA256, HKDF_SHA384, KeyType, Prk};
use rustls::{AlertDescription, CipherSuite, Error as TlsError};
use rustls::{PeerIncompatible, PeerMisbehaved};
use zeroize::Zeroizing;

use super::record::{ALERT, HEADER, SEALED, SEALED_ALERT};
use crate::error::Problems;

const FATAL: u8 = 2;

/// Why we hang up, as TLS tells it (RFC 8446, section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alert {
    /// A certificate that is no certificate, or for another name.
    BadCertificate = 42,
    /// A certificate that is not for this purpose.
    UnsupportedCertificate = 43,
    /// A revoked certificate.
    CertificateRevoked = 44,
    /// A certificate that is not valid now.
    CertificateExpired = 45,
    /// Anything else about a certificate.
    CertificateUnknown = 46,
    /// No authority that we know.
    UnknownAuthority = 48,
    /// The user or the application said no.
    AccessDenied = 49,
    /// A signature that does not verify.
    DecryptError = 51,
    /// A failure on our side.
    InternalError = 80,
}

impl Alert {
    /// Its number.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    /// The alert that says best what was wrong with a peer.
    #[must_use]
    pub(crate) fn for_problems(problems: Problems) -> Self {
        const MAP: [(Problems, Alert); 9] = [
            (Problems::DISTRUSTED, Alert::AccessDenied),
            (Problems::REVOKED, Alert::CertificateRevoked),
            (Problems::BAD_SIGNATURE, Alert::DecryptError),
            (Problems::BAD_ENCODING, Alert::BadCertificate),
            (Problems::UNKNOWN_ISSUER, Alert::UnknownAuthority),
            (Problems::EXPIRED, Alert::CertificateExpired),
            (Problems::NOT_YET_VALID, Alert::CertificateExpired),
            (Problems::NAME_MISMATCH, Alert::BadCertificate),
            (Problems::WRONG_PURPOSE, Alert::UnsupportedCertificate),
        ];
        let found = MAP.iter().find(|(problem, _)| problems.intersects(*problem));
        found.map_or(Self::CertificateUnknown, |(_, alert)| *alert)
    }
}

/// The alert for a failure of rustls that has none ready, or none that can be read. `None`: the
/// peer sent an alert itself.
pub(super) fn for_failure(failure: &TlsError) -> Option<u8> {
    use AlertDescription as A;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    let alert = match failure {
        TlsError::AlertReceived(_) => return None,
        TlsError::InappropriateMessage { .. } | TlsError::InappropriateHandshakeMessage { .. } => {
            A::UnexpectedMessage
        }
        TlsError::InvalidMessage(why) => A::from(*why),
        TlsError::NoCertificatesPresented => A::CertificateRequired,
        TlsError::DecryptError => A::BadRecordMac,
        TlsError::PeerSentOversizedRecord => A::RecordOverflow,
        TlsError::PeerIncompatible(why) => for_incompatible(why),
        TlsError::PeerMisbehaved(why) => for_misbehaved(why),
        TlsError::InvalidCertificate(why) => A::from(why.clone()),
        TlsError::NoApplicationProtocol => A::NoApplicationProtocol,
        // What our own verifier has against a key; and what rustls says, without an alert, of a
        // server whose key fits nothing that is offered.
        TlsError::Other(_) | TlsError::General(_) => A::HandshakeFailure,
        _ => A::InternalError,
    };
    Some(alert.into())
}

fn for_incompatible(why: &PeerIncompatible) -> AlertDescription {
    use AlertDescription as A;
    use PeerIncompatible as P;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match why {
        P::ServerDoesNotSupportTls12Or13
        | P::ServerTlsVersionIsDisabledByOurConfig
        | P::SupportedVersionsExtensionRequired
        | P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled => A::ProtocolVersion,
        P::NullCompressionRequired | P::UncompressedEcPointsRequired => A::IllegalParameter,
        P::ServerSentHelloRetryRequestWithUnknownExtension => A::UnsupportedExtension,
        _ => A::HandshakeFailure,
    }
}

fn for_misbehaved(why: &PeerMisbehaved) -> AlertDescription {
    use AlertDescription as A;
    use PeerMisbehaved as P;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match why {
        P::IllegalMiddleboxChangeCipherSpec
        | P::IllegalTlsInnerPlaintext
        | P::KeyEpochWithPendingFragment
        | P::MessageInterleavedWithHandshakeMessage
        | P::RejectedEarlyDataInterleavedWithHandshakeMessage
        | P::TooManyEmptyFragments
        | P::TooManyKeyUpdateRequests
        | P::TooManyRenegotiationRequests
        | P::TooManyWarningAlertsReceived
        | P::TooMuchEarlyDataReceived => A::UnexpectedMessage,
        P::DisallowedEncryptedExtension
        | P::EarlyDataExtensionWithoutResumption
        | P::UnexpectedCleartextExtension
        | P::UnsolicitedCertExtension
        | P::UnsolicitedEchExtension
        | P::UnsolicitedEncryptedExtension
        | P::UnsolicitedServerHelloExtension => A::UnsupportedExtension,
        P::MissingKeyShare
        | P::MissingPskExtensionInSecondClientHello
        | P::MissingPskModesExtension => A::MissingExtension,
        P::SelectedUnofferedCipherSuite | P::ServerHelloMustOfferUncompressedEcPoints => {
            A::HandshakeFailure
        }
        P::InvalidCertCompression | P::SelectedUnofferedCertCompression => A::BadCertificate,
        P::IncorrectBinder => A::DecryptError,
        P::MissingBinderInPskExtension => A::DecodeError,
        // A value that the protocol does not allow, of whatever kind.
        _ => A::IllegalParameter,
    }
}

/// An alert as one plain record.
pub(super) fn plain(code: u8) -> Vec<u8> {
    vec![ALERT, 3, 3, 0, 2, FATAL, code]
}

/// What a fatal alert in a plain record says. `None`: the record is something else.
pub(super) fn read_plain(record: &[u8]) -> Option<u8> {
    match record {
        [ALERT, _, _, 0, 2, FATAL, code] => Some(*code),
        _ => None,
    }
}

/// The records that one side of TLS 1.3 seals with one traffic secret.
pub(super) struct Seal {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
}

impl Seal {
    /// `None`: the suite is not one of TLS 1.3.
    pub(super) fn new(suite: CipherSuite, secret: &[u8]) -> Option<Self> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
        let (aead, hash): (&'static Algorithm, _) = match suite {
            CipherSuite::TLS13_AES_128_GCM_SHA256 => (&AES_128_GCM, HKDF_SHA256),
            CipherSuite::TLS13_AES_256_GCM_SHA384 => (&AES_256_GCM, HKDF_SHA384),
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => (&CHACHA20_POLY1305, HKDF_SHA256),
            _ => return None,
        };
        let secret = Prk::new_less_safe(hash, secret);
        let mut key = Zeroizing::new(vec![0; aead.key_len()]);
        expand(&secret, b"tls13 key", &mut key)?;
        let mut iv = [0; NONCE_LEN];
        expand(&secret, b"tls13 iv", &mut iv)?;
        Some(Self { key: LessSafeKey::new(UnboundKey::new(aead, &key).ok()?), iv })
    }

    /// A fatal alert as the first record.
    pub(super) fn alert(&self, code: u8) -> Option<Vec<u8>> {
        let mut sealed = vec![FATAL, code, ALERT];
        let [high, low] = u16::try_from(SEALED_ALERT).ok()?.to_be_bytes();
        let header = [SEALED, 3, 3, high, low];
        let tagged =
            self.key.seal_in_place_append_tag(self.nonce(0), Aad::from(header), &mut sealed);
        tagged.ok()?;
        Some([&header[..], &sealed].concat())
    }

    /// What a fatal alert says in the record with this number, counted from 0. `None`: it is
    /// something else.
    pub(super) fn read(&self, number: u64, record: &[u8]) -> Option<u8> {
        let (header, content) = record.split_first_chunk::<HEADER>()?;
        let mut content = Zeroizing::new(content.to_vec());
        let opened = self.key.open_in_place(self.nonce(number), Aad::from(*header), &mut content);
        match opened.ok()? {
            [FATAL, code, ALERT] => Some(*code),
            _ => None,
        }
    }

    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = self.iv;
        for (byte, of_number) in nonce.iter_mut().rev().zip(number.to_be_bytes().iter().rev()) {
            *byte ^= of_number;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446, section 7.1); `label` with its prefix.
fn expand(secret: &Prk, label: &[u8], out: &mut [u8]) -> Option<()> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    let label_length = [u8::try_from(label.len()).ok()?];
    let info: [&[u8]; 4] = [&length, &label_length, label, &[0]];
    let okm: hkdf::Okm<'_, Length> = secret.expand(&info, Length(out.len())).ok()?;
    okm.fill(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_problem_chooses_the_alert() {
        let both = Problems::REVOKED | Problems::EXPIRED;
        assert_eq!(Alert::for_problems(both), Alert::CertificateRevoked);
        assert_eq!(Alert::for_problems(Problems::NO_SAN), Alert::CertificateUnknown);
    }

    #[test]
    fn a_plain_alert_is_seven_bytes() {
        assert_eq!(plain(Alert::AccessDenied.code()), [21, 3, 3, 0, 2, 2, 49]);
    }

    #[test]
    fn an_alert_is_read_from_its_own_record_and_from_no_other() {
        let seal = Seal::new(CipherSuite::TLS13_AES_128_GCM_SHA256, &[7; 32]).unwrap();
        let sealed = seal.alert(47).unwrap();
        assert_eq!(sealed.len(), HEADER + SEALED_ALERT);
        assert_eq!(seal.read(0, &sealed), Some(47));
        assert_eq!(seal.read(1, &sealed), None);
        assert_eq!(read_plain(&plain(47)), Some(47));
        for other in [&[22, 3, 3, 0, 2, 2, 47][..], &[21, 3, 3, 0, 2, 1, 0], &[21, 3, 3], &[]] {
            assert_eq!(read_plain(other), None, "{other:?}");
            assert_eq!(seal.read(0, other), None, "{other:?}");
        }
    }

    #[test]
    fn the_keys_of_rfc_8448_come_out_of_its_secret() {
        // RFC 8448, section 3: the client's handshake traffic secret, its key and its iv.
        let secret = hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let secret = Prk::new_less_safe(HKDF_SHA256, &secret);
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        expand(&secret, b"tls13 key", &mut key).unwrap();
        expand(&secret, b"tls13 iv", &mut iv).unwrap();
        assert_eq!(key.to_vec(), hex("dbfaa693d1762c5b666af5d950258d01"));
        assert_eq!(iv.to_vec(), hex("5bd3c71b836e0b76bb73265f"));
    }

    #[test]
    fn a_suite_of_tls_1_2_seals_nothing() {
        let suite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        assert!(Seal::new(suite, &[0; 32]).is_none());
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }
}
