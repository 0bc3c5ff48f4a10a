//! What was signed of a list, reduced while it passes.
//!
//! Where an algorithm signs a digest, the digest is all that a check needs. Ed25519 signs the
//! bytes themselves, so they are kept. What nobody here computes is hashed all the same, to
//! tell one list from another.

use aws_lc_rs::digest::{self, Digest, SHA256, SHA384, SHA512};
use rustls_pki_types::{AlgorithmIdentifier, alg_id};

/// The signed part of a list and its signature.
#[derive(Debug)]
pub(crate) struct SignedList {
    /// The algorithm's identifier, without its SEQUENCE header.
    pub(crate) algorithm: Vec<u8>,
    /// What was signed.
    pub(crate) part: SignedPart,
    /// The signature's bytes.
    pub(crate) signature: Vec<u8>,
}

/// What is left of the signed bytes.
#[derive(Debug)]
pub(crate) enum SignedPart {
    /// Their digest, of the algorithm's own hash.
    Digest(Digest),
    /// All of them.
    Whole(Vec<u8>),
    /// Their SHA-256, which proves nothing: the algorithm is not supported.
    Uncomputable(Digest),
}

impl SignedList {
    /// What is different in every list.
    pub(super) fn identity(&self) -> Vec<u8> {
        let part = match &self.part {
            SignedPart::Digest(digest) | SignedPart::Uncomputable(digest) => digest.as_ref(),
            SignedPart::Whole(bytes) => bytes,
        };
        [part, &self.algorithm, &self.signature].concat()
    }
}

/// Where the bytes go as they pass.
pub(super) enum Sink {
    /// Nowhere: they are outside the signed part.
    Closed,
    /// Kept, until the algorithm is known, or for good.
    Kept(Vec<u8>),
    Digested(digest::Context),
    Told(digest::Context),
}

impl Sink {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Closed => {}
            Self::Kept(kept) => kept.extend_from_slice(bytes),
            Self::Digested(context) | Self::Told(context) => context.update(bytes),
        }
    }

    /// Goes on as the algorithm asks.
    pub(super) fn choose(&mut self, algorithm: &[u8]) {
        let Self::Kept(kept) = self else { return };
        let begun = |hash: &'static digest::Algorithm| {
            let mut context = digest::Context::new(hash);
            context.update(kept);
            context
        };
        *self = match hash_of(algorithm) {
            Some(hash) => Self::Digested(begun(hash)),
            None if algorithm == alg_id::ED25519.as_ref() => return,
            None => Self::Told(begun(&SHA256)),
        };
    }

    /// What is left of what went in.
    pub(super) fn finish(self) -> SignedPart {
        match self {
            Self::Closed => SignedPart::Whole(Vec::new()),
            Self::Kept(mut kept) => {
                kept.shrink_to_fit();
                SignedPart::Whole(kept)
            }
            Self::Digested(context) => SignedPart::Digest(context.finish()),
            Self::Told(context) => SignedPart::Uncomputable(context.finish()),
        }
    }
}

/// The hash of an algorithm that signs a digest.
fn hash_of(algorithm: &[u8]) -> Option<&'static digest::Algorithm> {
    type Names = [AlgorithmIdentifier; 3];
    const HASHES: [(&digest::Algorithm, Names); 3] = [
        (&SHA256, [alg_id::ECDSA_SHA256, alg_id::RSA_PKCS1_SHA256, alg_id::RSA_PSS_SHA256]),
        (&SHA384, [alg_id::ECDSA_SHA384, alg_id::RSA_PKCS1_SHA384, alg_id::RSA_PSS_SHA384]),
        (&SHA512, [alg_id::ECDSA_SHA512, alg_id::RSA_PKCS1_SHA512, alg_id::RSA_PSS_SHA512]),
    ];
    let is_it = |name: &AlgorithmIdentifier| {
        let name = name.as_ref();
        // PKCS#1 names come with a NULL for their parameters, or without.
        algorithm == name || Some(algorithm) == name.strip_suffix(&[5, 0])
    };
    let found = HASHES.iter().find(|(_, names)| names.iter().any(is_it));
    found.map(|(hash, _)| *hash)
}
