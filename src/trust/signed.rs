//! Signatures over certificates and revocation lists.
//!
//! What is computed: everything that webpki computes, and RSA keys from 1024 to 2047 bits with
//! SHA-256 or SHA-512, so that a path through such a key is found and called weak instead of
//! unknown. SHA-1, MD5 and algorithms that nobody here knows are never computed.

use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RsaParameters, UnparsedPublicKey,
};
use webpki::{ALL_VERIFICATION_ALGS, aws_lc_rs as known};

use super::der::{self, SEQUENCE};
use crate::material::{Certificate, KeyAlgorithm};

/// What came of checking a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The key signed these bytes.
    Good,
    /// The key did not.
    Bad,
    /// Its algorithm, or the key's, is not computed here.
    Uncomputable,
}

/// The three parts of a certificate or a revocation list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    /// What is signed, with its SEQUENCE header.
    pub(super) data: &'a [u8],
    /// The algorithm's identifier, without its SEQUENCE header.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Takes the parts out of `whole`; nothing where it does not have them.
    pub(super) fn read(whole: &'a [u8]) -> Option<Self> {
        let mut rest = whole;
        let mut parts = der::next_if(&mut rest, SEQUENCE)?.content;
        let data = der::next_if(&mut parts, SEQUENCE)?.whole;
        let algorithm = der::next_if(&mut parts, SEQUENCE)?.content;
        let signature = der::whole_bits(&der::next(&mut parts)?)?;
        (rest.is_empty() && parts.is_empty()).then_some(Self { data, algorithm, signature })
    }

    /// Whether the algorithm is one that is computed here.
    pub(super) fn is_computable(&self) -> bool {
        ALL_VERIFICATION_ALGS.iter().any(|one| one.signature_alg_id().as_ref() == self.algorithm)
    }

    /// Whether the key of `issuer` made the signature.
    pub(super) fn check(&self, issuer: &Certificate) -> Proof {
        let Some((key_algorithm, key)) = key_parts(issuer.spki()) else {
            return Proof::Uncomputable;
        };
        if !self.is_computable() {
            return Proof::Uncomputable;
        }
        if let KeyAlgorithm::Rsa(bits) = issuer.facts().key {
            match bits {
                0..2048 => return self.check_short(key),
                2048..=8192 => {}
                _ => return Proof::Uncomputable,
            }
        }
        let fits = |one: &&&dyn rustls_pki_types::SignatureVerificationAlgorithm| {
            one.signature_alg_id().as_ref() == self.algorithm
                && one.public_key_alg_id().as_ref() == key_algorithm
        };
        match ALL_VERIFICATION_ALGS.iter().find(fits) {
            Some(one) if one.verify_signature(key, self.data, self.signature).is_ok() => {
                Proof::Good
            }
            None if !is_key_known(key_algorithm) => Proof::Uncomputable,
            _ => Proof::Bad,
        }
    }

    fn check_short(&self, key: &[u8]) -> Proof {
        let one_of = |names: [&dyn rustls_pki_types::SignatureVerificationAlgorithm; 2]| {
            names.iter().any(|one| one.signature_alg_id().as_ref() == self.algorithm)
        };
        let sha256 =
            [known::RSA_PKCS1_2048_8192_SHA256, known::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS];
        let sha512 =
            [known::RSA_PKCS1_2048_8192_SHA512, known::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS];
        let algorithm: &'static RsaParameters = if one_of(sha256) {
            &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        } else if one_of(sha512) {
            &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        } else {
            return Proof::Uncomputable;
        };
        match UnparsedPublicKey::new(algorithm, key).verify(self.data, self.signature) {
            Ok(()) => Proof::Good,
            Err(_) => Proof::Bad,
        }
    }
}

/// Whether the key of `issuer` signed `certificate`.
pub(super) fn check(certificate: &Certificate, issuer: &Certificate) -> Proof {
    Signed::read(certificate.der()).map_or(Proof::Uncomputable, |signed| signed.check(issuer))
}

/// Whether the algorithm that `certificate` is signed with is computed here.
pub(super) fn is_computable(certificate: &Certificate) -> bool {
    Signed::read(certificate.der()).is_some_and(|signed| signed.is_computable())
}

/// The algorithm's identifier and the key's bytes of a `SubjectPublicKeyInfo`.
fn key_parts(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = spki;
    let mut parts = der::next_if(&mut rest, SEQUENCE)?.content;
    let algorithm = der::next_if(&mut parts, SEQUENCE)?.content;
    Some((algorithm, der::whole_bits(&der::next(&mut parts)?)?))
}

fn is_key_known(algorithm: &[u8]) -> bool {
    ALL_VERIFICATION_ALGS.iter().any(|one| one.public_key_alg_id().as_ref() == algorithm)
}
