//! The second opinion: what webpki says about the path that our own rules checked.
//!
//! webpki stops at the first problem, so it is asked at a time at which all certificates are valid,
//! without names, purposes and revocation, which our rules have checked. If it still reports
//! something that no problem covers yet, that becomes a problem: a path is as good as the stricter
//! of the two finds it. Where a path has something that webpki does not read and our rules do, it
//! is not asked, and our rules decide alone.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    anchor_from_trusted_cert,
};

use super::constraints;
use super::finding::{Assessment, Case};
use super::position::{Position, has_issuers_name};
use crate::error::Problems;
use crate::material::Certificate;
use crate::material::oid::extension as id;

/// The most intermediates that webpki follows.
const MAX_BETWEEN: usize = 6;
/// The critical extensions that webpki reads.
const READ: [&[u8]; 6] = [
    id::KEY_USAGE,
    id::ALT_NAMES,
    id::BASIC_CONSTRAINTS,
    id::NAME_CONSTRAINTS,
    id::DISTRIBUTION_POINTS,
    id::EXTENDED_KEY_USAGE,
];

/// Whether webpki reads a whole path. Of an authority it reads the name, the key and the name
/// constraints alone.
pub(crate) fn reads(path: &[Certificate]) -> bool {
    let below = path.get(..path.len().saturating_sub(1).max(1)).unwrap_or(path);
    below.len() <= MAX_BETWEEN.saturating_add(1) && below.iter().all(reads_one)
}

/// Whether webpki reads a certificate: it knows no date before 1970 and nothing but DER, and passes
/// over every extension that it does not know but a critical one.
fn reads_one(certificate: &Certificate) -> bool {
    let facts = certificate.facts();
    facts.lax.is_empty()
        && facts.not_before >= 0
        && facts.not_after >= 0
        && certificate.extensions().all(|one| !one.critical || READ.contains(&one.oid))
}

/// Asks about a whole path and the name.
pub(crate) fn opinion(case: &Case<'_>, path: &[Certificate], out: &mut Assessment) {
    let (Some(leaf), Some(anchor)) = (path.first(), path.last()) else { return };
    opinion_on_leaf(case, leaf, out);
    // A leaf that is itself an authority, and was issued by another, has no path to show.
    if (path.len() > 1 || leaf.is_self_issued()) && reads(path) {
        let between = path.get(1..path.len().saturating_sub(1)).unwrap_or_default();
        match verify(leaf, between, anchor, valid_time(path, case.now)) {
            Err(error) if !is_beyond(&error, path) => add(&error, leaf, out),
            Ok(()) | Err(_) => {}
        }
    }
}

/// Asks about a leaf without a path.
pub(crate) fn opinion_on_leaf(case: &Case<'_>, leaf: &Certificate, out: &mut Assessment) {
    if !reads_one(leaf) {
        return;
    }
    let der = CertificateDer::from(leaf.der());
    let parsed = match EndEntityCert::try_from(&der) {
        Ok(parsed) => parsed,
        Err(error) => return add(&error, leaf, out),
    };
    let Some(name) = case.name.and_then(|host| ServerName::try_from(host.as_str()).ok()) else {
        return;
    };
    if let Err(error) = parsed.verify_is_valid_for_subject_name(&name) {
        let known = Problems::NAME_MISMATCH | Problems::NO_SAN;
        if !out.problems.intersects(known) {
            let (what, words) = (Position::Leaf.of(leaf), words(&error));
            let why = format!("{what} has names that cannot be read: {words}");
            out.add(Problems::NAME_MISMATCH, why);
        }
    }
}

/// Whether webpki refuses what RFC 5280 allows because of something that it does not support and
/// our own rules do.
fn is_beyond(error: &Error, path: &[Certificate]) -> bool {
    let above = path.get(1..).unwrap_or_default();
    let between = above.split_last().map(|(_, between)| between).unwrap_or_default();
    // Self-issued intermediates count neither for the path length nor for names.
    let has_self_issued = || between.iter().any(has_issuers_name);
    let has_other_names = || above.iter().any(constraints::is_on_others_than_hosts);
    let has_rewritten_name =
        || path.iter().zip(above).any(|(one, issuer)| one.issuer_der() != issuer.subject_der());
    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is open, and the rest is one case")]
    match error {
        Error::PathLenConstraintViolated => has_self_issued(),
        Error::NameConstraintViolation => has_self_issued() || has_other_names(),
        Error::MaximumNameConstraintComparisonsExceeded => true,
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => {
            has_rewritten_name() || has_self_issued()
        }
        _ => false,
    }
}

fn verify(
    leaf: &Certificate,
    between: &[Certificate],
    anchor: &Certificate,
    time: UnixTime,
) -> Result<(), Error> {
    let leaf = CertificateDer::from(leaf.der());
    let anchor = CertificateDer::from(anchor.der());
    let between: Vec<CertificateDer<'_>> =
        between.iter().map(|one| CertificateDer::from(one.der())).collect();
    let anchors = [anchor_from_trusted_cert(&anchor)?];
    EndEntityCert::try_from(&leaf)?
        .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, time, AnyPurpose, None, None)
        .map(drop)
}

/// Reads every purpose and accepts it.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        purposes.try_for_each(|purpose| purpose.map(drop))
    }
}

/// The time closest to `now` at which all certificates below the authority are valid, if any.
fn valid_time(path: &[Certificate], now: i64) -> UnixTime {
    let below = path.get(..path.len().saturating_sub(1).max(1)).unwrap_or(path);
    let begin = below.iter().map(|one| one.facts().not_before).max().unwrap_or(now);
    let end = below.iter().map(|one| one.facts().not_after).min().unwrap_or(now);
    let seconds = u64::try_from(now.max(begin).min(end)).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn add(error: &Error, leaf: &Certificate, out: &mut Assessment) {
    let problem = problem(error);
    let dates = Problems::EXPIRED | Problems::NOT_YET_VALID;
    let is_told = match problem {
        // If no time suits all certificates, webpki may name the other end of a period.
        _ if dates.contains(problem) => out.problems.intersects(dates),
        // A period that ends before it begins is reported by both its ends.
        _ if matches!(error, Error::InvalidCertValidity) => out.problems.intersects(dates),
        // webpki does not support short keys, and reports the signature as wrong.
        Problems::CONSTRAINT => out.problems.contains(Problems::WEAK_KEY) && is_signature(error),
        _ => false,
    };
    if !is_told && !out.problems.contains(problem) {
        let name = leaf.subject_text();
        out.add(problem, format!("the path of {name} breaks RFC 5280: {}", words(error)));
    }
}

/// Whether webpki says that a signature does not verify. Our search has verified every one on the
/// path, so it means another order of the same certificates, or a short key.
const fn is_signature(error: &Error) -> bool {
    matches!(error, Error::InvalidSignatureForPublicKey | Error::UnknownIssuer)
}

fn problem(error: &Error) -> Problems {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is open, and the rest is one case")]
    match error {
        Error::CaUsedAsEndEntity => Problems::CA_AS_LEAF,
        Error::CertDistrusted => Problems::DISTRUSTED,
        Error::CertExpired { .. } => Problems::EXPIRED,
        Error::CertNotValidYet { .. } => Problems::NOT_YET_VALID,
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => Problems::WRONG_PURPOSE,
        Error::UnsupportedCertVersion => Problems::OLD_VERSION,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Problems::WEAK_SIGNATURE,
        _ => Problems::CONSTRAINT,
    }
}

/// What webpki means, for the user. Its list is open: what is new in it has a sentence, too.
const fn words(error: &Error) -> &'static str {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is open, and the rest is one case")]
    match error {
        Error::BadDer | Error::TrailingData(_) => "a certificate is not encoded in DER",
        Error::BadDerTime => "a date is malformed",
        Error::CaUsedAsEndEntity => "an authority's certificate stands where a peer's belongs",
        Error::CertDistrusted => "a key in it is known to be compromised",
        Error::CertExpired { .. } => "a certificate has expired",
        Error::CertNotValidYet { .. } => "a certificate is not valid yet",
        Error::CertRevoked => "a certificate was revoked",
        Error::EmptyEkuExtension => "an extended key usage is empty",
        Error::RequiredEkuNotFoundContext(_) => "an extended key usage does not allow this use",
        Error::EndEntityUsedAsCa => "a certificate that is not an authority (CA) signed another",
        Error::ExtensionValueInvalid | Error::MalformedExtensions => "an extension is malformed",
        Error::InvalidCertValidity => "a certificate ends before it begins",
        Error::InvalidSerialNumber => "a serial number is malformed",
        Error::InvalidSignatureForPublicKey | Error::UnknownIssuer => "it leads to no authority",
        Error::MalformedDnsIdentifier => "a DNS name is malformed",
        Error::MaximumPathDepthExceeded => "it has more than six intermediates",
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded => "checking it takes too much work",
        Error::NameConstraintViolation => "a name is outside what its authority may name",
        Error::MalformedNameConstraint | Error::InvalidNetworkMaskConstraint => {
            "its name constraints are malformed"
        }
        Error::PathLenConstraintViolated => "more intermediates than an authority allows",
        Error::SignatureAlgorithmMismatch => "a certificate names two signature algorithms",
        Error::UnsupportedCertVersion => "a certificate is not of X.509 version 3",
        Error::UnsupportedCriticalExtension => "a critical extension is not known",
        Error::UnsupportedNameType => "a name is of a kind that is not supported",
        Error::UnsupportedSignatureAlgorithmContext(_) => "a signature algorithm is not supported",
        Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a signature does not fit the key of its signer"
        }
        _ => "a rule for certificates is broken that has no name here",
    }
}

#[cfg(test)]
mod tests;
