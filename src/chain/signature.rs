//! Signatures over certificates and revocation lists.
//!
//! Supported are the algorithms of webpki whose keys TLS here can use, and RSA keys from 1024 to
//! 2047 bits with SHA-256 or SHA-512, so that a path through such a key is found and called weak
//! instead of unknown. SHA-1, MD5 and unknown algorithms are never computed. What is not computed
//! is neither good nor bad, and has a name.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512};
use aws_lc_rs::signature::{self as aws, RsaParameters, UnparsedPublicKey, VerificationAlgorithm};
use rustls_pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use webpki::{ALL_VERIFICATION_ALGS, aws_lc_rs as known};

use crate::material::der::{self, BIT_STRING, NULL, SEQUENCE};
use crate::material::{
    Certificate, Crl, Fitness, KeyAlgorithm, SignedList, SignedPart, is_usable_kind,
};

/// The fewest bits of an RSA key with which anything is computed.
const LEAST_BITS: usize = 1024;

/// The result of checking a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The key signed these bytes.
    Good,
    /// The key did not sign them.
    Bad,
    /// The algorithm of the signature or of the key is not supported.
    Uncomputable,
}

/// The three parts of a certificate, or of anything else that is signed the same way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// What is signed, with its SEQUENCE header.
    pub(crate) data: &'a [u8],
    /// The algorithm's identifier, without its SEQUENCE header.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Splits `whole` into its parts. `None`: it does not have them.
    pub(crate) fn read(whole: &'a [u8]) -> Option<Self> {
        let mut rest = whole;
        let mut parts = der::next_if(&mut rest, SEQUENCE)?.content;
        let data = der::next_if(&mut parts, SEQUENCE)?.whole;
        let algorithm = without_null(der::next_if(&mut parts, SEQUENCE)?.content);
        let signature = der::whole_bytes(der::next_if(&mut parts, BIT_STRING)?.content)?;
        (rest.is_empty() && parts.is_empty()).then_some(Self { data, algorithm, signature })
    }

    /// Whether the algorithm is supported.
    pub(crate) fn is_computable(&self) -> bool {
        supported().any(|one| one.signature_alg_id().as_ref() == self.algorithm)
    }

    /// Whether the key of `issuer` made the signature.
    pub(crate) fn check(&self, issuer: &Certificate) -> Proof {
        let Some((key_algorithm, key)) = key_parts(issuer.spki()) else {
            return Proof::Uncomputable;
        };
        if !self.is_computable() {
            return Proof::Uncomputable;
        }
        match issuer.fitness() {
            Fitness::Good => {}
            Fitness::Short if !is_too_short(issuer) => return self.check_short(key),
            Fitness::Short | Fitness::Long | Fitness::Malformed(_) | Fitness::Unknown => {
                return Proof::Uncomputable;
            }
        }
        let mut fitting = supported().filter(|one| {
            one.signature_alg_id().as_ref() == self.algorithm
                && one.public_key_alg_id().as_ref() == key_algorithm
        });
        match fitting.next() {
            Some(one) if one.verify_signature(key, self.data, self.signature).is_ok() => {
                Proof::Good
            }
            // A key of another kind did not sign.
            _ => Proof::Bad,
        }
    }

    fn check_short(&self, key: &[u8]) -> Proof {
        let one_of = |names: [&dyn SignatureVerificationAlgorithm; 2]| {
            names.iter().any(|one| one.signature_alg_id().as_ref() == self.algorithm)
        };
        let sha256 =
            [known::RSA_PKCS1_2048_8192_SHA256, known::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS];
        let sha512 =
            [known::RSA_PKCS1_2048_8192_SHA512, known::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS];
        let algorithm: &'static RsaParameters = if one_of(sha256) {
            &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        } else if one_of(sha512) {
            &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        } else {
            return Proof::Uncomputable;
        };
        match UnparsedPublicKey::new(algorithm, key).verify(self.data, self.signature) {
            Ok(()) => Proof::Good,
            Err(_) => Proof::Bad,
        }
    }
}

/// Whether `certificate` is signed with the key of `issuer`.
pub(crate) fn check(certificate: &Certificate, issuer: &Certificate) -> Proof {
    Signed::read(certificate.der()).map_or(Proof::Uncomputable, |signed| signed.check(issuer))
}

/// Whether a revocation list is signed with the key of `issuer`; only the digest of the signed part
/// may be left of the list.
pub(crate) fn check_list(list: &SignedList, issuer: &Certificate) -> Proof {
    let digest = match &list.part {
        SignedPart::Uncomputable(_) => return Proof::Uncomputable,
        SignedPart::Whole(data) => {
            let SignedList { algorithm, signature, .. } = list;
            return Signed { data, algorithm, signature }.check(issuer);
        }
        SignedPart::Digest(digest) => digest,
    };
    let Some((key_algorithm, key)) = key_parts(issuer.spki()) else {
        return Proof::Uncomputable;
    };
    let is_short = match issuer.fitness() {
        Fitness::Good => false,
        Fitness::Short if !is_too_short(issuer) => true,
        Fitness::Short | Fitness::Long | Fitness::Malformed(_) | Fitness::Unknown => {
            return Proof::Uncomputable;
        }
    };
    let found = digest_algorithm(&list.algorithm, digest.algorithm(), key_algorithm, is_short);
    match found {
        Some(algorithm) => {
            let key = UnparsedPublicKey::new(algorithm, key);
            match key.verify_digest(digest, &list.signature) {
                Ok(()) => Proof::Good,
                Err(_) => Proof::Bad,
            }
        }
        None if is_short => Proof::Uncomputable,
        None => Proof::Bad,
    }
}

/// What verifies a signature of `algorithm` over a digest of `hash` with a key of this type.
fn digest_algorithm(
    algorithm: &[u8],
    hash: &'static Algorithm,
    key: &[u8],
    is_short: bool,
) -> Option<&'static dyn VerificationAlgorithm> {
    type Row = [&'static dyn VerificationAlgorithm; 3];
    const HASHES: [&Algorithm; 3] = [&SHA256, &SHA384, &SHA512];
    const CURVES: [(AlgorithmIdentifier, Row); 3] = [
        (
            alg_id::ECDSA_P256,
            [
                &aws::ECDSA_P256_SHA256_ASN1,
                &aws::ECDSA_P256_SHA384_ASN1,
                &aws::ECDSA_P256_SHA512_ASN1,
            ],
        ),
        (
            alg_id::ECDSA_P384,
            [
                &aws::ECDSA_P384_SHA256_ASN1,
                &aws::ECDSA_P384_SHA384_ASN1,
                &aws::ECDSA_P384_SHA512_ASN1,
            ],
        ),
        (
            alg_id::ECDSA_P521,
            [
                &aws::ECDSA_P521_SHA256_ASN1,
                &aws::ECDSA_P521_SHA384_ASN1,
                &aws::ECDSA_P521_SHA512_ASN1,
            ],
        ),
    ];
    const ECDSA: [AlgorithmIdentifier; 3] =
        [alg_id::ECDSA_SHA256, alg_id::ECDSA_SHA384, alg_id::ECDSA_SHA512];
    const PSS: [AlgorithmIdentifier; 3] =
        [alg_id::RSA_PSS_SHA256, alg_id::RSA_PSS_SHA384, alg_id::RSA_PSS_SHA512];
    const WITH_PSS: Row = [
        &aws::RSA_PSS_2048_8192_SHA256,
        &aws::RSA_PSS_2048_8192_SHA384,
        &aws::RSA_PSS_2048_8192_SHA512,
    ];
    const WITH_PKCS1: Row = [
        &aws::RSA_PKCS1_2048_8192_SHA256,
        &aws::RSA_PKCS1_2048_8192_SHA384,
        &aws::RSA_PKCS1_2048_8192_SHA512,
    ];
    let at = HASHES.iter().position(|one| *one == hash)?;
    let is = |names: &[AlgorithmIdentifier; 3]| {
        names.get(at).is_some_and(|name| name.as_ref() == algorithm)
    };
    let of = |row: Row| row.get(at).copied();
    if is(&ECDSA) {
        let (_, row) = CURVES.iter().find(|(curve, _)| curve.as_ref() == key)?;
        return of(*row);
    }
    if key != alg_id::RSA_ENCRYPTION.as_ref() {
        return None;
    }
    match (is(&PSS), is_short) {
        (true, true) => None,
        (true, false) => of(WITH_PSS),
        (false, false) => of(WITH_PKCS1),
        (false, true) if *hash == SHA256 => {
            Some(&aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)
        }
        (false, true) if *hash == SHA512 => {
            Some(&aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)
        }
        (false, true) => None,
    }
}

/// What the algorithm that `certificate` is signed with is called. `None`: it is supported.
pub(crate) fn uncomputable(certificate: &Certificate) -> Option<String> {
    let signed = Signed::read(certificate.der())?;
    (!signed.is_computable())
        .then(|| with_parameters(certificate.signature_text(), signed.algorithm))
}

/// What the algorithm that a list is signed with is called. `None`: it is supported.
pub(crate) fn uncomputable_list(list: &Crl) -> Option<String> {
    let signed = list.signed();
    matches!(signed.part, SignedPart::Uncomputable(_))
        .then(|| with_parameters(list.signature_text(), &signed.algorithm))
}

/// The name of an algorithm that is not computed: if another with this name is, the parameters are
/// what differs.
fn with_parameters(name: String, algorithm: &[u8]) -> String {
    let oid = |algorithm: &[u8]| der::first(algorithm).map(|(oid, _)| oid.whole.to_vec());
    let is_known = |one: &dyn SignatureVerificationAlgorithm| {
        oid(one.signature_alg_id().as_ref()) == oid(algorithm)
    };
    if supported().any(is_known) { name + " with other parameters than those of TLS" } else { name }
}

/// The algorithms whose keys TLS here can use.
fn supported() -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    let all = ALL_VERIFICATION_ALGS.iter().copied();
    all.filter(|one| is_usable_kind(&one.public_key_alg_id()))
}

/// Whether the RSA key of `issuer` is one that nothing is computed with.
fn is_too_short(issuer: &Certificate) -> bool {
    matches!(issuer.facts().key, KeyAlgorithm::Rsa(bits) if bits < LEAST_BITS)
}

/// The identifier of an algorithm of ECDSA without the NULL that some write for its parameters:
/// they change nothing about the signature, and the rules say where they are a problem.
fn without_null(algorithm: &[u8]) -> &[u8] {
    const ECDSA: [AlgorithmIdentifier; 3] =
        [alg_id::ECDSA_SHA256, alg_id::ECDSA_SHA384, alg_id::ECDSA_SHA512];
    let bare = algorithm.strip_suffix(&[NULL, 0]);
    bare.filter(|bare| ECDSA.iter().any(|one| one.as_ref() == *bare)).unwrap_or(algorithm)
}

/// The algorithm's identifier and the key's bytes of a `SubjectPublicKeyInfo`.
fn key_parts(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = spki;
    let mut parts = der::next_if(&mut rest, SEQUENCE)?.content;
    let algorithm = der::next_if(&mut parts, SEQUENCE)?.content;
    Some((algorithm, der::whole_bytes(der::next_if(&mut parts, BIT_STRING)?.content)?))
}

#[cfg(test)]
mod tests;
