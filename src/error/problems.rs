//! What can be wrong with a peer: a set of bits, each with the name that messages and `trusted.pem`
//! use.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// A set of problems. The numbers are those of the C header and never change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Problems(u32);

const NAMED: [(Problems, &str); 19] = [
    (Problems::UNKNOWN_ISSUER, "unknown-issuer"),
    (Problems::SELF_SIGNED, "self-signed"),
    (Problems::NAME_MISMATCH, "name-mismatch"),
    (Problems::NO_SAN, "no-san"),
    (Problems::EXPIRED, "expired"),
    (Problems::NOT_YET_VALID, "not-yet-valid"),
    (Problems::WRONG_PURPOSE, "wrong-purpose"),
    (Problems::CA_AS_LEAF, "ca-as-leaf"),
    (Problems::WEAK_KEY, "weak-key"),
    (Problems::WEAK_SIGNATURE, "weak-signature"),
    (Problems::OLD_VERSION, "old-version"),
    (Problems::CONSTRAINT, "constraint"),
    (Problems::CRL_MISSING, "crl-missing"),
    (Problems::CRL_EXPIRED, "crl-expired"),
    (Problems::FORM, "form"),
    (Problems::REVOKED, "revoked"),
    (Problems::BAD_SIGNATURE, "bad-signature"),
    (Problems::BAD_ENCODING, "bad-encoding"),
    (Problems::DISTRUSTED, "distrusted"),
];

impl Problems {
    /// Nothing is wrong.
    pub const NONE: Self = Self(0);
    /// No path to an authority of the context.
    pub const UNKNOWN_ISSUER: Self = Self(0x1);
    /// The certificate is signed by its own key.
    pub const SELF_SIGNED: Self = Self(0x2);
    /// The certificate is not for the name that was dialled.
    pub const NAME_MISMATCH: Self = Self(0x4);
    /// The certificate names no host in its subject alternative names.
    pub const NO_SAN: Self = Self(0x8);
    /// A certificate of the path has expired.
    pub const EXPIRED: Self = Self(0x10);
    /// A certificate of the path is not yet valid.
    pub const NOT_YET_VALID: Self = Self(0x20);
    /// Key usage or extended key usage do not allow this use.
    pub const WRONG_PURPOSE: Self = Self(0x40);
    /// The peer's own certificate is a CA certificate.
    pub const CA_AS_LEAF: Self = Self(0x80);
    /// A key is too short, or the peer's is one that TLS here cannot use.
    pub const WEAK_KEY: Self = Self(0x100);
    /// A signature algorithm is broken or not supported.
    pub const WEAK_SIGNATURE: Self = Self(0x200);
    /// A certificate before X.509 version 3.
    pub const OLD_VERSION: Self = Self(0x400);
    /// Basic constraints, path length, name constraints or an unknown critical extension.
    pub const CONSTRAINT: Self = Self(0x800);
    /// A revocation list is required and no list counts.
    pub const CRL_MISSING: Self = Self(0x1000);
    /// The newest revocation list has expired.
    pub const CRL_EXPIRED: Self = Self(0x2000);
    /// A formal rule that public authorities follow.
    pub const FORM: Self = Self(0x4000);
    /// Revoked by a list of its issuer.
    pub const REVOKED: Self = Self(0x1_0000);
    /// The signature of a self-signed certificate or of a handshake does not verify.
    pub const BAD_SIGNATURE: Self = Self(0x2_0000);
    /// Bytes that are not a certificate.
    pub const BAD_ENCODING: Self = Self(0x4_0000);
    /// Marked as distrusted, by certificate or by key.
    pub const DISTRUSTED: Self = Self(0x8_0000);
    /// The problems that no answer and no policy can override.
    pub const SEVERE: Self = Self(0xffff_0000);

    /// The bits, as in C.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set with these bits. `None`: one of them has no name.
    #[must_use]
    pub fn from_bits(bits: u32) -> Option<Self> {
        let all = NAMED.iter().fold(0, |all, (one, _)| all | one.0);
        (bits & !all == 0).then_some(Self(bits))
    }

    /// The problem with this name, ignoring case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMED.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(one, _)| *one)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every problem of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the two sets have a problem in common.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The problems of this set that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The names of the problems, in the order of their bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMED.iter().filter(move |(one, _)| self.contains(*one)).map(|(_, name)| *name)
    }

    /// How many problems there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl BitOr for Problems {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Problems {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Problems {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Problems {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl fmt::Display for Problems {
    /// The names, separated by a comma and a space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_bit() {
        for (one, name) in NAMED {
            assert_eq!(one.count(), 1, "{name}");
            assert_eq!(Problems::from_name(name), Some(one));
            assert_eq!(one.to_string(), name);
        }
    }

    #[test]
    fn a_bit_without_a_name_is_no_set() {
        assert_eq!(Problems::from_bits(0x8000), None);
        assert_eq!(Problems::from_bits(0x11), Some(Problems::UNKNOWN_ISSUER | Problems::EXPIRED));
    }

    #[test]
    fn names_come_in_the_order_of_their_bits() {
        let both = Problems::REVOKED | Problems::SELF_SIGNED;
        assert_eq!(both.to_string(), "self-signed, revoked");
    }
}
