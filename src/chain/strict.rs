//! What each certificate of a path must fulfil by itself.
//!
//! Every rule is applied, whatever the others found. Signatures, names, name constraints and
//! revocation have modules of their own.

pub(crate) mod host_name;

use std::fmt;

pub(crate) use host_name::check as check_name;

use super::extensions::{demands_policy, has, is_access};
use super::finding::{Assessment, Case};
use super::position::Position;
use crate::error::Problems;
use crate::host::Role;
use crate::material::oid::extension as id;
use crate::material::time_text;
use crate::material::{Certificate, ExtendedKeyUsage, Fitness, KeyAlgorithm, KeyUsage};

/// The key usages that TLS has for a peer's key. Our handshakes only need it to sign, but a
/// certificate made for RSA key transport (without `digitalSignature`) was meant for TLS, and
/// nobody's path validation refuses it.
const TLS: u16 = KeyUsage::DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT;
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const KEY_AGREEMENT: u16 = 1 << 4;

/// Checks one certificate of a path.
pub(crate) fn check(
    case: &Case<'_>,
    certificate: &Certificate,
    position: Position,
    out: &mut Assessment,
) {
    dates(case.now, certificate, position, out);
    version(certificate, position, out);
    purpose(case.role, certificate, position, out);
    match position {
        Position::Leaf => is_no_authority(certificate, out),
        Position::Intermediate(below) | Position::Anchor(below) => {
            let is_anchor = matches!(position, Position::Anchor(_));
            let silent = is_anchor && certificate.facts().version < 3;
            is_authority(certificate, position, (below, silent), out);
        }
    }
    extensions(certificate, position, out);
    shape(certificate, position, out);
    key(certificate, position, out);
}

/// Checks a leaf that is known by exactly this certificate: dates, purpose, critical extensions and
/// key.
pub(crate) fn check_known(case: &Case<'_>, leaf: &Certificate, out: &mut Assessment) {
    dates(case.now, leaf, Position::Leaf, out);
    purpose(case.role, leaf, Position::Leaf, out);
    extensions(leaf, Position::Leaf, out);
    key(leaf, Position::Leaf, out);
}

pub(crate) fn dates(now: i64, certificate: &Certificate, position: Position, out: &mut Assessment) {
    dates_of(now, certificate, position.of(certificate), out);
}

/// Looks at the dates of a certificate that a sentence calls `what`.
pub(crate) fn dates_of(
    now: i64,
    certificate: &Certificate,
    what: impl fmt::Display,
    out: &mut Assessment,
) {
    let facts = certificate.facts();
    if now > facts.not_after {
        let end = time_text(facts.not_after);
        out.add(Problems::EXPIRED, format!("{what} ended on {end}"));
    }
    if now < facts.not_before {
        let begin = time_text(facts.not_before);
        out.add(Problems::NOT_YET_VALID, format!("{what} begins on {begin}"));
    }
}

/// Version 1 has no extensions: nothing in it says what it is for. For an authority the application
/// says so instead.
fn version(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let version = certificate.facts().version;
    if version < 3 && !matches!(position, Position::Anchor(_)) {
        let what = position.of(certificate);
        out.add(Problems::OLD_VERSION, format!("{what} is of X.509 version {version}"));
    }
}

fn purpose(role: Role, certificate: &Certificate, position: Position, out: &mut Assessment) {
    let facts = certificate.facts();
    let side = match role {
        Role::Server => "server",
        Role::Client => "client",
    };
    let what = position.of(certificate);
    let usage = facts.extended_key_usage.as_ref();
    if usage.is_some_and(|usage| !allows(role, usage, position)) {
        let why = format!("{what} is not for a TLS {side}: its extended key usage says otherwise");
        out.add(Problems::WRONG_PURPOSE, why);
    }
    if position == Position::Leaf && facts.key_usage.is_some_and(|usage| usage.bits & TLS == 0) {
        let why = format!("{what} is for no handshake of TLS: its key usage says otherwise");
        out.add(Problems::WRONG_PURPOSE, why);
    }
}

/// RFC 5280, section 4.2.1.12, leaves it to us whether "any purpose" counts. Like webpki, we want a
/// peer's own purpose named. An authority for any purpose limits nobody.
fn allows(role: Role, usage: &ExtendedKeyUsage, position: Position) -> bool {
    let is_named = match role {
        Role::Server => usage.server_auth,
        Role::Client => usage.client_auth,
    };
    is_named || (position != Position::Leaf && usage.any)
}

fn is_no_authority(leaf: &Certificate, out: &mut Assessment) {
    let facts = leaf.facts();
    let what = Position::Leaf.of(leaf);
    if facts.basic_constraints.is_some_and(|constraints| constraints.ca) {
        out.add(Problems::CA_AS_LEAF, format!("{what} is an authority's"));
    } else if facts.key_usage.is_some_and(|usage| usage.allows(KeyUsage::KEY_CERT_SIGN)) {
        out.add(Problems::CA_AS_LEAF, format!("{what} may sign certificates"));
    }
}

/// Whether a certificate may issue others; its basic constraints must say so, or may be absent if
/// `silent`.
pub(crate) fn is_authority(
    certificate: &Certificate,
    position: Position,
    (below, silent): (usize, bool),
    out: &mut Assessment,
) {
    let facts = certificate.facts();
    let what = position.of(certificate);
    match facts.basic_constraints {
        Some(constraints) if constraints.ca => {
            let limit = constraints.path_len.and_then(|limit| usize::try_from(limit).ok());
            if let Some(limit) = limit.filter(|limit| *limit < below) {
                let why =
                    format!("{what} allows {limit} intermediates below it, and there are {below}");
                out.add(Problems::CONSTRAINT, why);
            }
        }
        None if silent => {}
        _ => {
            let why = format!("{what} is no authority: its basic constraints do not say so");
            out.add(Problems::CONSTRAINT, why);
        }
    }
    if facts.key_usage.is_some_and(|usage| !usage.allows(KeyUsage::KEY_CERT_SIGN)) {
        let why = format!("{what} may not sign certificates: its key usage has no keyCertSign");
        out.add(Problems::CONSTRAINT, why);
    }
}

pub(crate) fn extensions(certificate: &Certificate, position: Position, out: &mut Assessment) {
    if let [first, ..] = certificate.facts().unknown_critical.as_slice() {
        let what = position.of(certificate);
        let why = format!("{what} has a critical extension that is not known here: {first}");
        out.add(Problems::CONSTRAINT, why);
    }
}

/// What RFC 5280 forbids authorities to issue, and everybody's tools obey.
fn shape(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let what = position.of(certificate);
    let mut add = |why: &str| out.add(Problems::CONSTRAINT, format!("{what} {why}"));
    let facts = certificate.facts();
    if facts.empty_issuer {
        add("names no issuer");
    }
    if facts.empty_subject {
        if position != Position::Leaf {
            add("has no name of its own");
        } else if has(certificate, id::ALT_NAMES, false) {
            add("has no subject, and its alternative names are not critical");
        }
    }
    for id in [id::AUTHORITY_KEY_ID, id::SUBJECT_KEY_ID] {
        if has(certificate, id, true) {
            add("has a key identifier that is critical");
        }
    }
    let access = certificate.extension(id::AUTHORITY_ACCESS);
    if access.is_some_and(|found| !is_access(found.value)) {
        add("has malformed addresses of its authority");
    }
    // A critical one is among the unknown critical extensions.
    let policies = certificate.extension(id::POLICY_CONSTRAINTS).filter(|found| !found.critical);
    if policies.is_some_and(|found| demands_policy(found.value)) {
        add("demands a policy of those below it, and policies are not computed here");
    }
}

pub(crate) fn key(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let key = &certificate.facts().key;
    // A long key is strong. Signatures with it are refused where they would have to be verified.
    if matches!(key.fitness(), Fitness::Good | Fitness::Long) {
        return;
    }
    let kind = match key {
        KeyAlgorithm::Rsa(bits) => format!("an RSA key of {bits} bits"),
        KeyAlgorithm::Ec(curve) => format!("a key on the curve {curve}"),
        KeyAlgorithm::Ed25519 => "an Ed25519 key".to_owned(),
        KeyAlgorithm::Other(_) => {
            format!("a key of a kind that TLS here cannot use: {}", certificate.key_text())
        }
    };
    out.add(Problems::WEAK_KEY, format!("{} has {kind}", position.of(certificate)));
}

#[cfg(test)]
mod tests;
