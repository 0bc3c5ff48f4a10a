//! One revocation list of a context: who signed it, and which certificates it covers.
//!
//! A list is accepted if it parses. Who signed it is found out once a certificate that may have
//! signed it is at hand, and is remembered for each key. A look-up costs the same however long the
//! list is.

use std::collections::HashMap;
use std::fmt;

use super::scope::Scope;
use crate::chain::signature::{self, Proof};
use crate::chain::work::Budget;
use crate::material::{Certificate, Crl, KeyUsage};
use crate::process::Mutex;

/// For how many keys the result of a signature check is remembered.
const MAX_PROOFS: usize = 64;

/// A list, and what was found out about it.
pub(crate) struct List {
    crl: Crl,
    scope: Scope,
    proofs: Mutex<HashMap<[u8; 32], Proof>>,
}

/// A period, both ends included, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Its first second.
    pub(crate) from: i64,
    /// Its last second.
    pub(crate) until: i64,
}

impl Window {
    /// All of time.
    pub(crate) const ALWAYS: Self = Self { from: i64::MIN, until: i64::MAX };

    /// What two periods have in common.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

impl List {
    pub(crate) fn new(crl: Crl) -> Self {
        let scope = Scope::of(&crl);
        Self { crl, scope, proofs: Mutex::default() }
    }

    pub(crate) const fn crl(&self) -> &Crl {
        &self.crl
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether its authority key identifier is different from the certificate's.
    pub(crate) fn contradicts(&self, certificate: &Certificate) -> bool {
        match (self.crl.authority_key_id(), &certificate.facts().authority_key_id) {
            (Some(own), Some(other)) => own != other,
            _ => false,
        }
    }

    /// Whether it is signed with the key of `issuer`. `None`: unknown, and the budget is spent.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate, budget: &mut Budget) -> Option<bool> {
        self.proof(issuer, budget).map(|proof| proof == Proof::Good)
    }

    /// Whether nobody here can tell if it is signed with the key of `issuer`.
    pub(crate) fn is_uncomputable(&self, issuer: &Certificate, budget: &mut Budget) -> bool {
        self.proof(issuer, budget) == Some(Proof::Uncomputable)
    }

    fn proof(&self, issuer: &Certificate, budget: &mut Budget) -> Option<Proof> {
        if let Some(proof) = self.proofs.lock().get(issuer.key_sha256()) {
            return Some(*proof);
        }
        budget.take(issuer)?;
        let proof = signature::check_list(self.crl.signed(), issuer);
        let mut proofs = self.proofs.lock();
        if proofs.len() < MAX_PROOFS {
            proofs.insert(*issuer.key_sha256(), proof);
        }
        Some(proof)
    }
}

/// Whether `issuer` may sign revocation lists, as far as its key usage says.
pub(crate) fn may_sign_lists(issuer: &Certificate) -> bool {
    issuer.facts().key_usage.is_none_or(|usage| usage.allows(KeyUsage::CRL_SIGN))
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({:?})", self.crl)
    }
}

#[cfg(test)]
mod tests;
