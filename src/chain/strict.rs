//! What each certificate of a path must fulfil by itself.
//!
//! Every rule is applied, whatever the others found. Signatures, names, name constraints and
//! revocation have modules of their own.

pub(crate) mod host_name;

use std::fmt;

pub(crate) use host_name::check as check_name;

use super::extensions::{Understood, not_understood};
use super::finding::{Assessment, Case};
use super::policies;
use super::position::Position;
use crate::error::{Detail, Problems, Whose};
use crate::host::Role;
use crate::material::oid::extension as id;
use crate::material::time_text;
use crate::material::{Certificate, ExtendedKeyUsage, Extension, Fitness, KeyUsage, is_access};

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
    extensions(certificate, position, policies::understood, out);
    policies::check(certificate, position, out);
    encoding(certificate, position, out);
    key(certificate, position, out);
}

/// Checks a leaf that is known by exactly this certificate: dates, purpose, critical extensions and
/// key.
pub(crate) fn check_known(case: &Case<'_>, leaf: &Certificate, out: &mut Assessment) {
    dates(case.now, leaf, Position::Leaf, out);
    purpose(case.role, leaf, Position::Leaf, out);
    extensions(leaf, Position::Leaf, policies::understood, out);
    policies::check_known(leaf, out);
    key(leaf, Position::Leaf, out);
}

pub(crate) fn dates(now: i64, certificate: &Certificate, position: Position, out: &mut Assessment) {
    let whose = match position {
        Position::Leaf => Whose::Peer,
        Position::Intermediate(_) => Whose::Intermediate,
        Position::Anchor(_) => Whose::Authority,
    };
    dates_of(now, certificate, (whose, position.of(certificate)), out);
}

/// Looks at the dates of a certificate: whose it is, and what a sentence calls it.
pub(crate) fn dates_of(
    now: i64,
    certificate: &Certificate,
    (whose, what): (Whose, impl fmt::Display),
    out: &mut Assessment,
) {
    let facts = certificate.facts();
    if now > facts.not_after {
        let end = time_text(facts.not_after);
        out.detail(Detail::Expired(whose, what.to_string(), end.clone()));
        out.add(Problems::EXPIRED, format!("{what} expired on {end}"));
    }
    if now < facts.not_before {
        let begin = time_text(facts.not_before);
        out.detail(Detail::NotYetValid(what.to_string(), begin.clone()));
        out.add(Problems::NOT_YET_VALID, format!("{what} is not valid before {begin}"));
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
    if position == Position::Leaf && !may_sign(certificate) {
        let why = format!("{what} is not for TLS: its key usage lacks digitalSignature");
        out.add(Problems::WRONG_PURPOSE, why);
    }
}

/// Whether the key of a leaf may sign, as far as its key usage says. Every handshake of ours is
/// signed, in TLS 1.2 as in TLS 1.3 (RFC 8446, section 4.4.2.2): there is no suite in which the
/// key of a certificate deciphers or agrees.
pub(crate) fn may_sign(leaf: &Certificate) -> bool {
    leaf.facts().key_usage.is_none_or(|usage| usage.allows(KeyUsage::DIGITAL_SIGNATURE))
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
        out.add(
            Problems::CA_AS_LEAF,
            format!("{what} is that of a certificate authority (CA:TRUE)"),
        );
    } else if facts.key_usage.is_some_and(|usage| usage.allows(KeyUsage::KEY_CERT_SIGN)) {
        out.add(Problems::CA_AS_LEAF, format!("{what} is allowed to sign certificates"));
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
            let why =
                format!("{what} is not an authority (CA): its basic constraints do not say so");
            out.add(Problems::CONSTRAINT, why);
        }
    }
    if facts.key_usage.is_some_and(|usage| !usage.allows(KeyUsage::KEY_CERT_SIGN)) {
        let why =
            format!("{what} is not allowed to sign certificates: its key usage lacks keyCertSign");
        out.add(Problems::CONSTRAINT, why);
    }
}

pub(crate) fn extensions(
    certificate: &Certificate,
    position: Position,
    understood: impl Fn(&Extension<'_>) -> Understood,
    out: &mut Assessment,
) {
    if let Some((first, how)) = not_understood(certificate, understood) {
        let what = position.of(certificate);
        let why = match how {
            Understood::Malformed => "that is malformed",
            Understood::Yes | Understood::Unknown => "that is not known here",
        };
        out.add(Problems::CONSTRAINT, format!("{what} has a critical extension {why}: {first}"));
    }
}

/// What the reader of certificates takes although it is no DER, because libvirt does. Everything
/// that a peer sends must be in form.
pub(crate) fn encoding_of(certificates: &[Certificate], out: &mut Assessment) {
    for one in certificates {
        for what in &one.facts().lax {
            let name = one.subject_text();
            let why = format!("the certificate of {name} is not encoded in DER: it has {what}");
            out.add(Problems::BAD_ENCODING, why);
        }
    }
}

/// What is encoded otherwise than its kind demands, although no other rule reads it.
fn encoding(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let what = position.of(certificate);
    let access = certificate.extension(id::AUTHORITY_ACCESS);
    if access.is_some_and(|found| !is_access(found.value, |_| true)) {
        out.add(Problems::CONSTRAINT, format!("{what} has malformed addresses of its authority"));
    }
    // An authority's own signature proves nothing.
    if certificate.facts().ecdsa_parameters && !matches!(position, Position::Anchor(_)) {
        let why = format!("the signature on {what} has parameters, which ECDSA does not have");
        out.add(Problems::WEAK_SIGNATURE, why);
    }
}

/// The key of a peer must be one that TLS here can use: the handshake asks the same, and nobody is
/// admitted without it. An authority's must not be weak; a long key is strong, and signatures with
/// it are refused where they would have to be verified.
pub(crate) fn key(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let is_fine = match certificate.fitness() {
        Fitness::Good => true,
        Fitness::Long => position != Position::Leaf,
        Fitness::Short | Fitness::Malformed(_) | Fitness::Unknown => false,
    };
    if let Some(key) = certificate.unusable_key_text().filter(|_| !is_fine) {
        let what = position.of(certificate);
        out.add(Problems::WEAK_KEY, format!("{what} has a key that TLS cannot use here: {key}"));
    }
}

#[cfg(test)]
mod tests;
