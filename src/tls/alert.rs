//! Our own fatal alert, written without rustls, so that refusing a peer never sends the held
//! flight.
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
use rustls::CertificateError;
use rustls::{CipherSuite, Error as TlsError, PeerIncompatible};
use zeroize::Zeroizing;

use crate::error::Problems;

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const FATAL: u8 = 2;

/// Why we hang up, as TLS tells it (RFC 8446, section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alert {
    /// A message that does not belong here.
    UnexpectedMessage = 10,
    /// A record that does not open.
    BadRecordMac = 20,
    /// A record that is too long.
    RecordOverflow = 22,
    /// Nothing in common.
    HandshakeFailure = 40,
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
    /// A value out of range.
    IllegalParameter = 47,
    /// No authority that we know.
    UnknownAuthority = 48,
    /// The user or the application said no.
    AccessDenied = 49,
    /// Bytes that do not parse.
    DecodeError = 50,
    /// A signature that does not verify.
    DecryptError = 51,
    /// No version in common.
    ProtocolVersion = 70,
    /// A failure on our side.
    InternalError = 80,
    /// No application protocol in common.
    NoApplicationProtocol = 120,
}

impl Alert {
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

    /// The alert for a failure inside rustls. `None`: the peer sent an alert itself.
    pub(super) fn for_failure(failure: &TlsError) -> Option<Self> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
        Some(match failure {
            TlsError::AlertReceived(_) => return None,
            TlsError::InappropriateMessage { .. }
            | TlsError::InappropriateHandshakeMessage { .. } => Self::UnexpectedMessage,
            TlsError::InvalidMessage(_) => Self::DecodeError,
            TlsError::NoCertificatesPresented => Self::BadCertificate,
            TlsError::DecryptError => Self::BadRecordMac,
            TlsError::PeerSentOversizedRecord => Self::RecordOverflow,
            TlsError::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::ProtocolVersion,
            TlsError::PeerIncompatible(_) => Self::HandshakeFailure,
            TlsError::PeerMisbehaved(_) => Self::IllegalParameter,
            TlsError::InvalidCertificate(CertificateError::BadSignature) => Self::DecryptError,
            TlsError::InvalidCertificate(_) => Self::BadCertificate,
            TlsError::NoApplicationProtocol => Self::NoApplicationProtocol,
            TlsError::Other(_) => Self::UnsupportedCertificate,
            _ => Self::InternalError,
        })
    }

    /// The alert as one plain record.
    pub(super) fn plain(self) -> Vec<u8> {
        vec![ALERT, 3, 3, 0, 2, FATAL, self as u8]
    }

    /// The alert as the first record that is sealed with this traffic `secret`. `None`: the
    /// suite is not one of TLS 1.3.
    pub(super) fn sealed(self, suite: CipherSuite, secret: &[u8]) -> Option<Vec<u8>> {
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
        let key = LessSafeKey::new(UnboundKey::new(aead, &key).ok()?);

        let mut sealed = vec![FATAL, self as u8, ALERT];
        let length = sealed.len().checked_add(aead.tag_len())?;
        let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
        let header = [APPLICATION_DATA, 3, 3, high, low];
        let nonce = Nonce::assume_unique_for_key(iv);
        key.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).ok()?;
        Some([&header[..], &sealed].concat())
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
        assert_eq!(Alert::AccessDenied.plain(), [21, 3, 3, 0, 2, 2, 49]);
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
        assert_eq!(Alert::AccessDenied.sealed(suite, &[0; 32]), None);
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }
}
