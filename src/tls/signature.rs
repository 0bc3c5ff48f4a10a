//! The verifier that rustls calls: it checks that the peer holds the key of its certificate, and
//! never decides whether that certificate is trusted.
//!
//! The key is taken from the certificate by our own reader, so that a certificate that webpki
//! cannot read (version 1, an unknown critical extension) must prove its key all the same.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, OtherError};
use rustls::{PeerMisbehaved, SignatureScheme};
use webpki::{Error as Unverified, RawPublicKeyEntity};

use super::setup::stock;
use super::step;
use crate::material::{Certificate, Fitness};

/// How many schemes of a peer a message names.
const NAMED: usize = 16;

/// Checks the handshake's signature and nothing else.
#[derive(Debug)]
pub(super) struct SignatureOnly(pub(super) WebPkiSupportedAlgorithms);

/// A public key that TLS as we speak it cannot use.
#[derive(Debug)]
pub(super) struct UnusableKey(pub(super) String);

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key that TLS cannot use here: {}", self.0)
    }
}

impl std::error::Error for UnusableKey {}

impl ServerCertVerifier for SignatureOnly {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        // The session holds its flight until the judge has looked at the chain.
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl SignatureOnly {
    /// Checks a signature of TLS 1.2.
    pub(super) fn tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let shown = with_usable_key(certificate)?;
        let spki = SubjectPublicKeyInfoDer::from(shown.spki());
        let key = RawPublicKeyEntity::try_from(&spki)
            .map_err(|_| TlsError::InvalidCertificate(CertificateError::BadEncoding))?;
        let known = self.0.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, algorithms) =
            known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        // A scheme of TLS 1.2 does not name the curve, so each algorithm is tried.
        let mut is_of_key = false;
        for algorithm in *algorithms {
            match key.verify_signature(*algorithm, message, signed.signature()) {
                Ok(()) => return Ok(HandshakeSignatureValid::assertion()),
                Err(Unverified::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                Err(_) => is_of_key = true,
            }
        }
        if is_of_key {
            Err(TlsError::InvalidCertificate(CertificateError::BadSignature))
        } else {
            Err(of_another_kind())
        }
    }

    /// Checks a signature of TLS 1.3.
    pub(super) fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let shown = with_usable_key(certificate)?;
        let spki = SubjectPublicKeyInfoDer::from(shown.spki());
        verify_tls13_signature_with_raw_key(message, &spki, signed, &self.0).map_err(|failure| {
            #[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
            match failure {
                TlsError::InvalidCertificate(
                    CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
                ) => of_another_kind(),
                TlsError::InvalidCertificate(_) => {
                    TlsError::InvalidCertificate(CertificateError::BadSignature)
                }
                _ => failure,
            }
        })
    }

    /// The schemes that are checked.
    pub(super) fn schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// The failure where a signature is not of the kind of the certificate's key.
const fn of_another_kind() -> TlsError {
    TlsError::InvalidCertificate(
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: Vec::new(),
            public_key_algorithm_id: Vec::new(),
        },
    )
}

/// The names of signature schemes in IANA's registry "TLS SignatureScheme", for people.
pub(super) fn scheme_names(schemes: &[SignatureScheme]) -> String {
    let mut names: Vec<String> = schemes.iter().take(NAMED).map(|one| scheme_name(*one)).collect();
    if schemes.len() > NAMED {
        names.push("…".to_owned());
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the list is open")]
fn scheme_name(scheme: SignatureScheme) -> String {
    let name = match scheme {
        SignatureScheme::RSA_PKCS1_SHA1 => "rsa_pkcs1_sha1",
        SignatureScheme::ECDSA_SHA1_Legacy => "ecdsa_sha1",
        SignatureScheme::RSA_PKCS1_SHA256 => "rsa_pkcs1_sha256",
        SignatureScheme::RSA_PKCS1_SHA384 => "rsa_pkcs1_sha384",
        SignatureScheme::RSA_PKCS1_SHA512 => "rsa_pkcs1_sha512",
        SignatureScheme::ECDSA_NISTP256_SHA256 => "ecdsa_secp256r1_sha256",
        SignatureScheme::ECDSA_NISTP384_SHA384 => "ecdsa_secp384r1_sha384",
        SignatureScheme::ECDSA_NISTP521_SHA512 => "ecdsa_secp521r1_sha512",
        SignatureScheme::RSA_PSS_SHA256 => "rsa_pss_rsae_sha256",
        SignatureScheme::RSA_PSS_SHA384 => "rsa_pss_rsae_sha384",
        SignatureScheme::RSA_PSS_SHA512 => "rsa_pss_rsae_sha512",
        SignatureScheme::ED25519 => "ed25519",
        SignatureScheme::ED448 => "ed448",
        _ => return format!("0x{:04x}", u16::from(scheme)),
    };
    name.to_owned()
}

/// What a peer offers and what our keys can do, where the one holds nothing of the other.
pub(super) fn nothing_in_common<'a>(
    offered: &[SignatureScheme],
    keys: impl Iterator<Item = &'a Arc<CertifiedKey>>,
) -> String {
    let all = stock().signature_verification_algorithms.supported_schemes();
    let keys: Vec<_> = keys.collect();
    let can = |scheme: &SignatureScheme| {
        keys.iter().any(|pair| pair.key.choose_scheme(&[*scheme]).is_some())
    };
    let ours: Vec<_> = all.into_iter().filter(can).collect();
    format!("it can verify {}, and our key can make {}", scheme_names(offered), scheme_names(&ours))
}

/// The certificate that a peer shows, where our TLS can use its key.
fn with_usable_key(certificate: &CertificateDer<'_>) -> Result<Certificate, TlsError> {
    let certificate = step::certificate(certificate)
        .map_err(|_| TlsError::InvalidCertificate(CertificateError::BadEncoding))?;
    if certificate.facts().key.fitness() == Fitness::Good {
        Ok(certificate)
    } else {
        Err(TlsError::Other(OtherError(Arc::new(UnusableKey(certificate.key_text())))))
    }
}
