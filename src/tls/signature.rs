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
use webpki::{Error as KeyError, RawPublicKeyEntity};

use super::step;
use super::stock::stock;
use crate::material::{Certificate, is_usable_kind};

/// How many schemes of a peer a message names.
const NAMED: usize = 16;

/// Checks the handshake's signature and nothing else: of a server, and for whoever asks clients.
#[derive(Debug)]
pub(super) struct SignatureOnly(pub(super) WebPkiSupportedAlgorithms);

/// A public key that TLS as we speak it cannot use: which, and why.
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
        let shown = with_usable_key(certificate)?;
        let spki = SubjectPublicKeyInfoDer::from(shown.spki());
        let key = RawPublicKeyEntity::try_from(&spki)
            .map_err(|_| TlsError::InvalidCertificate(CertificateError::BadEncoding))?;
        let known = self.0.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, algorithms) =
            known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        // A scheme of TLS 1.2 does not name the curve, so each algorithm is tried.
        for algorithm in *algorithms {
            match key.verify_signature(*algorithm, message, signed.signature()) {
                Ok(()) => return Ok(HandshakeSignatureValid::assertion()),
                Err(KeyError::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                Err(_) => return Err(refusal(false, &shown, signed.scheme)),
            }
        }
        Err(misfit(&shown, signed.scheme))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let shown = with_usable_key(certificate)?;
        let spki = SubjectPublicKeyInfoDer::from(shown.spki());
        verify_tls13_signature_with_raw_key(message, &spki, signed, &self.0).map_err(|failure| {
            let TlsError::InvalidCertificate(why) = failure else { return failure };
            let is_misfit = matches!(
                why,
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
            );
            refusal(is_misfit, &shown, signed.scheme)
        })
    }

    /// Those of the keys that TLS here can use.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let usable = self.0.mapping.iter().filter(|(_, algorithms)| {
            algorithms.iter().all(|one| is_usable_kind(&one.public_key_alg_id()))
        });
        usable.map(|(scheme, _)| *scheme).collect()
    }
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

/// The failure of a signature: the key did not make it, or cannot have made one of its kind.
fn refusal(is_misfit: bool, shown: &Certificate, scheme: SignatureScheme) -> TlsError {
    if is_misfit {
        misfit(shown, scheme)
    } else {
        TlsError::InvalidCertificate(CertificateError::BadSignature)
    }
}

/// rustls has an alert for this failure, and the names of scheme and key fit where it has numbers.
fn misfit(shown: &Certificate, scheme: SignatureScheme) -> TlsError {
    TlsError::InvalidCertificate(
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: scheme_name(scheme).into_bytes(),
            public_key_algorithm_id: shown.key_text().into_bytes(),
        },
    )
}

/// The certificate that a peer shows, where our TLS can use its key.
fn with_usable_key(certificate: &CertificateDer<'_>) -> Result<Certificate, TlsError> {
    let certificate = step::certificate(certificate)
        .map_err(|_| TlsError::InvalidCertificate(CertificateError::BadEncoding))?;
    match certificate.unusable_key_text() {
        None => Ok(certificate),
        Some(key) => Err(TlsError::Other(OtherError(Arc::new(UnusableKey(key))))),
    }
}
