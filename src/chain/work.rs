//! How much one judgement may compute, and what it has computed.
//!
//! Everybody who reaches a port can have signatures verified: of the certificates that they send,
//! by keys that they choose. So a judgement has units to spend, of which a verification with an
//! ECDSA key on P-256 costs one and the others what they cost in comparison. What was computed is
//! remembered: the same key is not tried for the same signature again.
//!
//! The lists of the application have units of their own, so that nobody's certificates use up what
//! is needed to find out who is revoked. There are more of them, since each list is verified once
//! and not in every judgement.

use std::collections::HashMap;
use std::fmt;

use super::signature::{self, Proof};
use crate::material::Certificate;

/// The units of a search for paths, and again for verifying them a second time: 8 milliseconds each
/// on the machine that the costs were measured on.
pub(crate) const UNITS: u32 = 100;
/// The units for the signatures of lists.
pub(crate) const LIST_UNITS: u32 = 400;
/// So many signed bytes cost one unit more, for their hash.
const BYTES_PER_UNIT: usize = 16 * 1024;

/// A limit that a search for a path ended at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// More certificates were sent than are looked at.
    Certificates(usize),
    /// The units of the judgement are spent.
    Units,
    /// The certificates sent lead to each other in more ways than are followed.
    Steps(usize),
    /// There are more paths than are judged.
    Paths(usize),
}

/// What one judgement has computed, and may still compute.
#[derive(Debug)]
pub(crate) struct Work {
    left: u32,
    /// The units for verifying whole paths a second time: so many that a search which spent all
    /// of its own does not take a path away.
    for_paths: u32,
    /// By the hashes of the certificate and of the key.
    proofs: HashMap<([u8; 32], [u8; 32]), Proof>,
    /// The units for the signatures of lists.
    pub(crate) lists: Budget,
}

/// The units for the signatures of lists: there may be many lists with one name.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
    /// Whether more were needed.
    pub(crate) was_short: bool,
}

impl Work {
    /// The work of a new judgement.
    pub(crate) fn new() -> Self {
        Self { left: UNITS, for_paths: UNITS, proofs: HashMap::new(), lists: Budget::new() }
    }

    /// Whether `certificate` is signed with the key of `issuer`. `None`: unknown, and to find out
    /// costs more than is left.
    pub(crate) fn check(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Option<Proof> {
        let pair = (*certificate.sha256(), *issuer.key_sha256());
        if let Some(proof) = self.proofs.get(&pair) {
            return Some(*proof);
        }
        let left = self.left.checked_sub(cost(certificate, issuer))?;
        let proof = signature::check(certificate, issuer);
        if proof != Proof::Uncomputable {
            self.left = left;
        }
        self.proofs.insert(pair, proof);
        Some(proof)
    }

    /// Takes what it costs to verify a whole path once more; returns whether that much was left.
    pub(crate) fn take_path(&mut self, path: &[Certificate]) -> bool {
        let pairs = path.iter().zip(path.iter().skip(1));
        let cost = pairs.fold(0_u32, |sum, (one, issuer)| sum.saturating_add(cost(one, issuer)));
        let left = self.for_paths.checked_sub(cost);
        self.for_paths = left.unwrap_or(self.for_paths);
        left.is_some()
    }
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { left: LIST_UNITS, was_short: false }
    }

    /// Takes what a verification with the key of `issuer` costs. `None`: so much is not left.
    pub(super) fn take(&mut self, issuer: &Certificate) -> Option<()> {
        let left = self.left.checked_sub(issuer.cost_of_its_key());
        self.was_short |= left.is_none();
        self.left = left?;
        Some(())
    }

    #[cfg(test)]
    pub(crate) const fn of(left: u32) -> Self {
        Self { left, was_short: false }
    }

    #[cfg(test)]
    pub(crate) const fn left(&self) -> u32 {
        self.left
    }
}

/// What it costs to verify the signature on `certificate` with the key of `issuer`.
fn cost(certificate: &Certificate, issuer: &Certificate) -> u32 {
    let hashed = certificate.tbs().len().checked_div(BYTES_PER_UNIT).unwrap_or_default();
    issuer.cost_of_its_key().saturating_add(u32::try_from(hashed).unwrap_or(u32::MAX))
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificates(most) => write!(f, "{most} certificates"),
            Self::Units => {
                write!(f, "{UNITS} units of work (to verify an ECDSA signature on P-256 is one)")
            }
            Self::Steps(most) => write!(f, "{most} steps from certificate to certificate"),
            Self::Paths(most) => write!(f, "{most} paths"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Maker, authority, server};

    #[test]
    fn the_same_key_is_tried_once_for_a_signature() {
        let root = Maker::authority("Root");
        let leaf = root.sign(&server("a.example"));
        let mut work = Work::new();
        for _ in 0..2 * UNITS {
            assert_eq!(work.check(&leaf, &root.certificate()), Some(Proof::Good));
        }
        assert_eq!(work.left, UNITS - 1);
    }

    #[test]
    fn a_judgement_has_so_many_units_and_no_more() {
        let leaf = Maker::authority("Root").sign(&server("a.example"));
        let mut work = Work::new();
        let other = || Maker::authority("Root").certificate();
        for _ in 0..UNITS {
            assert_eq!(work.check(&leaf, &other()), Some(Proof::Bad));
        }
        assert_eq!(work.check(&leaf, &other()), None);
    }

    #[test]
    fn a_larger_key_spends_more_units() {
        let leaf = Maker::authority("Root").sign(&server("a.example"));
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let middle = Maker::with_key(authority("Root"), key).certificate();
        let mut work = Work::new();
        assert_eq!(work.check(&leaf, &middle), Some(Proof::Bad));
        assert_eq!(work.left, UNITS - 4);
        assert!(work.take_path(&[leaf.clone(), middle.clone()]));
        assert_eq!((work.left, work.for_paths), (UNITS - 4, UNITS - 4));
        work.for_paths = 3;
        assert!(!work.take_path(&[leaf, middle]));
        assert_eq!(work.for_paths, 3);
    }
}
