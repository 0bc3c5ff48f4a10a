//! The profile LIBVIRT: what libvirt 9.0.0 over GnuTLS 3.7.9 accepts and rejects.
//!
//! GnuTLS checks the chain without a purpose, and libvirt then checks the leaf: that it is not an
//! authority, and its key usage and purpose if they are critical. Paths, signatures, name
//! constraints and revocation are those of every profile. `docs/libvirt-differences.md` lists where
//! libvirt is wrong and this profile is not.

pub(crate) mod host_name;

use super::extensions::Understood;
use super::finding::{Assessment, Case};
use super::position::Position;
use super::strict;
use crate::error::{Problems, Whose};
use crate::host::Role;
use crate::material::oid::extension as id;
use crate::material::{
    Certificate, ExtendedKeyUsage, Extension, Fitness, KeyAlgorithm, KeyUsage, are_general_names,
    is_access,
};

pub(crate) use host_name::check as check_name;

/// The shortest RSA modulus, in bits, in GnuTLS's priorities `NORMAL`.
const RSA_BITS: usize = 1024;
/// The key usage that libvirt before 11.6 requires of a leaf, besides `digitalSignature`.
const KEY_ENCIPHERMENT: u16 = 1 << 2;

/// Checks one certificate of a path.
pub(crate) fn check(
    case: &Case<'_>,
    certificate: &Certificate,
    position: Position,
    out: &mut Assessment,
) {
    strict::dates(case.now, certificate, position, out);
    match position {
        Position::Leaf => {
            is_no_authority(certificate, out);
            purpose(case.role, certificate, out);
        }
        Position::Intermediate(below) | Position::Anchor(below) => {
            is_authority(certificate, position, below, out);
        }
    }
    strict::extensions(certificate, position, understood, out);
    key(certificate, position, out);
}

/// Checks a leaf that is known by exactly this certificate: dates, purpose and key.
pub(crate) fn check_known(case: &Case<'_>, leaf: &Certificate, out: &mut Assessment) {
    strict::dates(case.now, leaf, Position::Leaf, out);
    purpose(case.role, leaf, out);
    key(leaf, Position::Leaf, out);
}

/// Checks what only a whole path shows: the dates of everything that was sent, since libvirt checks
/// those too, and whether the path allows the common name that is used as the host name.
pub(crate) fn check_path(case: &Case<'_>, path: &[Certificate], out: &mut Assessment) {
    for sent in case.chain.iter().filter(|sent| !path.contains(sent)) {
        let what = format!("{}, which the peer sent along,", sent.subject_text());
        strict::dates_of(case.now, sent, (Whose::Intermediate, what), out);
        out.valid_from = out.valid_from.max(sent.facts().not_before);
        out.valid_until = out.valid_until.min(sent.facts().not_after);
    }
    host_name::check_constraints(case.name, path, out);
}

/// Whether GnuTLS takes an extension of this kind that is critical, beside those that every
/// profile knows. Neither says anything about trust.
fn understood(extension: &Extension<'_>) -> Understood {
    match extension.oid {
        id::ISSUER_ALT_NAMES => Understood::if_in_form(are_general_names(extension.value)),
        id::AUTHORITY_ACCESS => Understood::if_in_form(is_access(extension.value, |_| true)),
        _ => Understood::Unknown,
    }
}

/// Only basic constraints count: libvirt accepts a leaf whose key usage has keyCertSign.
fn is_no_authority(leaf: &Certificate, out: &mut Assessment) {
    if leaf.facts().basic_constraints.is_some_and(|constraints| constraints.ca) {
        let what = Position::Leaf.of(leaf);
        out.add(
            Problems::CA_AS_LEAF,
            format!("{what} is that of a certificate authority (CA:TRUE)"),
        );
    }
}

/// A self-issued authority that the application added needs no basic constraints, but they must not
/// say that it is not a CA.
fn is_authority(certificate: &Certificate, position: Position, below: usize, out: &mut Assessment) {
    let silent = matches!(position, Position::Anchor(_)) && certificate.is_self_issued();
    strict::is_authority(certificate, position, (below, silent), out);
}

fn purpose(role: Role, leaf: &Certificate, out: &mut Assessment) {
    let facts = leaf.facts();
    let what = Position::Leaf.of(leaf);
    if let Some(usage) = facts.key_usage.filter(|usage| usage.critical) {
        let wanted = [
            (KeyUsage::DIGITAL_SIGNATURE, "digitalSignature"),
            (KEY_ENCIPHERMENT, "keyEncipherment, which libvirt before 11.6 demands"),
        ];
        for (_, name) in wanted.iter().filter(|(bit, _)| !usage.allows(*bit)) {
            let why = format!("{what} is not for TLS: its critical key usage lacks {name}");
            out.add(Problems::WRONG_PURPOSE, why);
        }
    }
    let usage = facts.extended_key_usage.as_ref();
    if usage.is_some_and(|usage| usage.critical && !allows(role, usage)) {
        let side = match role {
            Role::Server => "server",
            Role::Client => "client",
        };
        let why = format!(
            "{what} is not for a TLS {side}: its critical extended key usage says otherwise"
        );
        out.add(Problems::WRONG_PURPOSE, why);
    }
}

/// How libvirt reads a critical extended key usage. Its test for "any purpose" is inverted: any
/// purpose permits nothing, and every foreign one permits both sides. A server must also match the
/// dialled name, so there libvirt is followed. A client must match nothing else, and an authority's
/// time stamping service, whose purpose must be critical, would pass as one: a foreign purpose
/// alone permits no client.
fn allows(role: Role, usage: &ExtendedKeyUsage) -> bool {
    match role {
        Role::Server => usage.server_auth || !usage.others.is_empty(),
        Role::Client => usage.client_auth || (usage.any && !usage.others.is_empty()),
    }
}

/// libvirt takes shorter RSA keys from authorities; from a peer TLS here cannot.
fn key(certificate: &Certificate, position: Position, out: &mut Assessment) {
    let is_short = matches!(certificate.facts().key, KeyAlgorithm::Rsa(bits) if bits >= RSA_BITS)
        && certificate.fitness() == Fitness::Short;
    if position == Position::Leaf || !is_short {
        strict::key(certificate, position, out);
    }
}

#[cfg(test)]
mod tests;
