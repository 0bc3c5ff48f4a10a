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
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, OtherError};
use rustls::{PeerMisbehaved, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::step;
use crate::material::{Certificate, Fitness};

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
        let mut verdicts =
            algorithms.iter().map(|one| key.verify_signature(*one, message, signed.signature()));
        if verdicts.any(|verdict| verdict.is_ok()) {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(TlsError::InvalidCertificate(CertificateError::BadSignature))
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
            if let TlsError::InvalidCertificate(_) = failure {
                TlsError::InvalidCertificate(CertificateError::BadSignature)
            } else {
                failure
            }
        })
    }

    /// The schemes that are checked.
    pub(super) fn schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
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
