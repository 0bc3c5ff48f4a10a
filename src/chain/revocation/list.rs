//! One revocation list of a context: who signed it, and which certificates it covers.
//!
//! A list is accepted if it parses. Who signed it is found out once a certificate that may have
//! signed it is at hand, and is remembered for each key. A look-up costs the same however long the
//! list is.

use std::collections::HashMap;
use std::fmt;

use super::scope::Scope;
use crate::chain::signature::{self, Proof};
use crate::material::{Certificate, Crl, KeyUsage};
use crate::process::Mutex;

/// For how many keys the result of a signature check is remembered.
const MAX_PROOFS: usize = 64;
/// The most signatures of lists that are checked for one certificate.
const MAX_CHECKS: usize = 64;

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

/// How many signatures may be checked for one certificate: there may be many lists with one name.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    /// Whether more were needed.
    pub(crate) was_short: bool,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { left: MAX_CHECKS, was_short: false }
    }

    fn spend(&mut self) -> Option<()> {
        let left = self.left.checked_sub(1);
        self.was_short |= left.is_none();
        self.left = left?;
        Some(())
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
        if let Some(proof) = self.proofs.lock().get(issuer.key_sha256()) {
            return Some(*proof == Proof::Good);
        }
        budget.spend()?;
        let proof = signature::check_list(self.crl.signed(), issuer);
        let mut proofs = self.proofs.lock();
        if proofs.len() < MAX_PROOFS {
            proofs.insert(*issuer.key_sha256(), proof);
        }
        Some(proof == Proof::Good)
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
