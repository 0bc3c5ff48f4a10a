//! Formal rules that public authorities follow (RFC 5280 and the CA/Browser Forum's baseline
//! requirements), and that home-made certificates break without harm.
//!
//! Only [`Profile::Pedantic`](super::Profile::Pedantic) applies them, and all are one problem. What
//! is plainly malformed is not here: every profile refuses it.

use std::collections::HashSet;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::constraints;
use super::constraints::general_name::is_host;
use super::extensions::has;
use super::finding::{Assessment, Case, MOST_SENTENCES};
use super::position::{Position, has_issuers_name, positions};
use crate::error::Problems;
use crate::host::Role;
use crate::material::der::{self, Reader, SEQUENCE, context, context_constructed};
use crate::material::oid::extension as id;
use crate::material::{
    AltName, Certificate, ExtendedKeyUsage, KeyAlgorithm, are_general_names, is_place, point_name,
};

/// The most octets of a serial number.
const MAX_SERIAL: usize = 20;
/// Purposes that no TLS certificate has besides its own: code signing, e-mail, time stamping and
/// OCSP.
const OTHER_TRADES: [&str; 4] =
    ["1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"];

/// Checks the form of a certificate of a path.
pub(crate) fn check(
    case: &Case<'_>,
    certificate: &Certificate,
    position: Position,
    out: &mut Assessment,
) {
    let mut found = Findings::default();
    every(certificate, position, &mut found);
    if position == Position::Leaf {
        leaf(case.role, certificate, &mut found);
    } else {
        authority(case.role, certificate, position, &mut found);
    }
    let what = position.of(certificate);
    for finding in found.0 {
        out.add(Problems::FORM, format!("{what} {finding}"));
    }
}

/// Checks what only the neighbours in a path show.
pub(crate) fn check_path(path: &[Certificate], out: &mut Assessment) {
    for ((position, certificate), issuer) in positions(path).zip(path.iter().skip(1)) {
        let (named, own) = (&certificate.facts().authority_key_id, &issuer.facts().subject_key_id);
        if named.is_some() && own.is_some() && named != own {
            let what = position.of(certificate);
            out.add(Problems::FORM, format!("{what} names another key of its authority"));
        }
    }
}

/// What is wrong with one certificate: as much of it as is told.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn add(&mut self, is_so: bool, finding: &str) {
        if is_so {
            self.add_each(std::iter::once(finding), |finding| finding.to_owned());
        }
    }

    /// Adds a finding for each of `things`, of which a certificate may have thousands; what is not
    /// told is neither looked for nor written.
    fn add_each<T>(&mut self, things: impl Iterator<Item = T>, tell: impl Fn(T) -> String) {
        let room = MOST_SENTENCES.saturating_sub(self.0.len());
        self.0.extend(things.take(room).map(tell));
    }
}

fn every(certificate: &Certificate, position: Position, out: &mut Findings) {
    let facts = certificate.facts();
    let is_anchor = matches!(position, Position::Anchor(_));
    out.add(facts.version < 3, "is before X.509 version 3");
    let serial = certificate.serial();
    let is_positive =
        serial.iter().any(|byte| *byte != 0) && serial.first().is_some_and(|byte| *byte < 0x80);
    // Very old roots have 0.
    out.add(!is_anchor && !is_positive, "has a serial number that is not positive");
    out.add(serial.len() > MAX_SERIAL, "has a serial number of more than 20 octets");
    out.add(facts.general_dates, "writes a date in the form of another century");
    out.add(facts.unique_ids, "has a unique identifier");
    out.add(
        matches!(facts.key, KeyAlgorithm::Rsa(bits) if bits % 8 != 0),
        "has an RSA key of an odd number of bits",
    );
    out.add(facts.empty_issuer, "names no issuer");
    out.add(facts.empty_subject && position != Position::Leaf, "has no name of its own");
    out.add(
        facts.empty_subject && has(certificate, id::ALT_NAMES, false),
        "has no subject, and its alternative names are not critical",
    );
    out.add(
        !facts.empty_subject && has(certificate, id::ALT_NAMES, true),
        "has critical alternative names beside a subject",
    );
    out.add(
        [id::AUTHORITY_KEY_ID, id::SUBJECT_KEY_ID].iter().any(|one| has(certificate, one, true)),
        "has a key identifier that is critical",
    );
    out.add(
        [id::POLICY_CONSTRAINTS, id::INHIBIT_ANY_POLICY]
            .iter()
            .any(|one| has(certificate, one, false)),
        "has constraints on policies that are not critical",
    );
    out.add(has_odd_places(certificate), "has a malformed name of a distribution point");
    out.add(names_policy_twice(certificate), "names a policy twice");
    out.add_each(unparsed(certificate).into_iter(), |oid| {
        format!("has an extension that cannot be read: {oid}")
    });
    authority_key_id(certificate, position, out);
}

/// The authority key identifier: only a key identifier; only a root may lack it.
fn authority_key_id(certificate: &Certificate, position: Position, out: &mut Findings) {
    let facts = certificate.facts();
    let is_root = matches!(position, Position::Anchor(_)) && has_issuers_name(certificate);
    let Some(found) = certificate.extension(id::AUTHORITY_KEY_ID) else {
        return out.add(!is_root, "does not name its authority's key");
    };
    out.add(
        facts.authority_key_id.is_none(),
        "has an authority key identifier without a key identifier",
    );
    let mut rest = found.value;
    let mut fields = der::next_if(&mut rest, SEQUENCE).map(|list| list.content).unwrap_or_default();
    let first = der::next(&mut fields).map(|field| field.tag);
    out.add(
        !fields.is_empty() || first.is_some_and(|tag| tag != context(0)),
        "names its authority's certificate, not only the key",
    );
    let names_another =
        facts.authority_key_id.is_some() && facts.authority_key_id != facts.subject_key_id;
    out.add(is_root && names_another, "is a root and names another key as its authority's");
}

fn authority(role: Role, certificate: &Certificate, position: Position, out: &mut Findings) {
    let facts = certificate.facts();
    out.add(facts.subject_key_id.is_none(), "has no subject key identifier");
    out.add(
        facts.basic_constraints.is_none_or(|found| !found.critical),
        "has no critical basic constraints",
    );
    out.add(facts.key_usage.is_none(), "has no key usage");
    out.add(
        has(certificate, id::NAME_CONSTRAINTS, false),
        "has name constraints that are not critical",
    );
    out.add(
        facts.name_constraints && constraints::has_leading_dot(certificate),
        "has name constraints that begin with a dot",
    );
    let is_root = matches!(position, Position::Anchor(_)) && has_issuers_name(certificate);
    if let Some(usage) = &facts.extended_key_usage {
        out.add(is_root, "is a root and has an extended key usage");
        out.add(!names_purpose(role, usage), "does not name the purpose of TLS");
    }
}

fn leaf(role: Role, certificate: &Certificate, out: &mut Findings) {
    let facts = certificate.facts();
    match &facts.extended_key_usage {
        Some(usage) => {
            out.add(usage.critical, "has a critical extended key usage");
            let is_broad = usage.any
                || usage.others.iter().any(|other| OTHER_TRADES.contains(&other.as_str()));
            out.add(is_broad, "has purposes that go beyond TLS");
        }
        None => out.add(true, "has no extended key usage"),
    }
    out.add(facts.name_constraints, "has name constraints, which are an authority's");
    let names = facts.alt_names.iter().flatten().filter_map(|name| match name {
        AltName::Dns(name) => Some(name),
        AltName::Ip(_)
        | AltName::Email(_)
        | AltName::Uri(_)
        | AltName::Other(_)
        | AltName::Damaged(_) => None,
    });
    out.add_each(names.filter(|name| !is_preferred(name)), |name| {
        format!("has a DNS name that is not valid: {}", name.calm())
    });
    if role == Role::Server {
        let all = AltNames::of(certificate);
        out.add_each(facts.common_names.iter().filter(|name| !all.repeat(name)), |name| {
            format!("has a common name that is not among the alternative ones: {}", name.calm())
        });
    }
}

const fn names_purpose(role: Role, usage: &ExtendedKeyUsage) -> bool {
    match role {
        Role::Server => usage.server_auth,
        Role::Client => usage.client_auth,
    }
}

/// Whether `name` is a host or a wildcard in the syntax of RFC 1034, as RFC 5280 requires, and not
/// an address.
fn is_preferred(name: &str) -> bool {
    let host = name.strip_prefix("*.").unwrap_or(name);
    let is_edge = |label: &str| label.starts_with('-') || label.ends_with('-');
    let is_number =
        |label: &str| label.bytes().all(|byte| byte.is_ascii_digit()) || label.starts_with("0x");
    is_host(host)
        && !host.contains('_')
        && !host.split('.').any(is_edge)
        && !host.rsplit('.').next().is_some_and(is_number)
}

/// The alternative names of a leaf, to look common names up in: a peer may have thousands of both.
struct AltNames<'a> {
    hosts: HashSet<&'a str>,
    addresses: HashSet<IpAddr>,
    has_plain: bool,
}

impl<'a> AltNames<'a> {
    fn of(leaf: &'a Certificate) -> Self {
        let (mut hosts, mut addresses) = (HashSet::new(), HashSet::new());
        for name in leaf.facts().alt_names.iter().flatten() {
            match name {
                AltName::Dns(name) => drop(hosts.insert(&**name)),
                AltName::Ip(address) => drop(addresses.insert(*address)),
                AltName::Email(_) | AltName::Uri(_) | AltName::Other(_) | AltName::Damaged(_) => {}
            }
        }
        let has_plain = hosts.iter().any(|name| !name.starts_with("*."));
        Self { hosts, addresses, has_plain }
    }

    /// Whether a common name is exactly one of the alternative names. One that reads as a host need
    /// not be repeated if those are only wildcards and addresses.
    fn repeat(&self, common_name: &str) -> bool {
        let is_single = is_preferred(common_name) && !common_name.starts_with("*.");
        let is_address = |address: IpAddr| {
            self.addresses.contains(&address) && address.to_string() == common_name
        };
        (is_single && !self.has_plain)
            || self.hosts.contains(common_name)
            || common_name.parse().is_ok_and(is_address)
    }
}

/// Whether a distribution point has a name that is not in the form of its kind, or no name and no
/// other issuer at all (RFC 5280, section 4.2.1.13).
fn has_odd_places(certificate: &Certificate) -> bool {
    let Some(found) = certificate.extension(id::DISTRIBUTION_POINTS) else { return false };
    let points = der::only(found.value).filter(|all| all.tag == SEQUENCE);
    let Some(points) = points.and_then(|all| der::elements(all.content)) else { return true };
    points.is_empty() || !points.iter().all(|point| is_point(point.content))
}

fn is_point(content: &[u8]) -> bool {
    let mut parts = Reader(content);
    let name = parts.next_if(context_constructed(0));
    let reasons = parts.next_if(context(1));
    let issuer = parts.next_if(context_constructed(2));
    name.is_none_or(|name| point_name(name.content).is_some_and(|name| is_place(&name)))
        && reasons.is_none_or(|reasons| reasons.content.iter().skip(1).any(|bits| *bits != 0))
        && issuer.is_none_or(|names| are_general_names(&der::wrap(SEQUENCE, names.content)))
        && (name.is_some() || issuer.is_some())
        && parts.is_empty()
}

/// Whether a policy stands in the list of policies twice (section 4.2.1.4).
fn names_policy_twice(certificate: &Certificate) -> bool {
    let Some(found) = certificate.extension(id::POLICIES) else { return false };
    let all = der::only(found.value).map(|all| Reader(all.content)).unwrap_or(Reader(&[]));
    let mut policies: Vec<_> =
        all.filter_map(|one| Reader(one.content).next().map(|policy| policy.content)).collect();
    let count = policies.len();
    policies.sort_unstable();
    policies.dedup();
    policies.len() < count
}

/// The first extensions whose content is not what their identifier says, as many as are told.
fn unparsed(certificate: &Certificate) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate.der()) else { return Vec::new() };
    let broken = parsed.extensions().iter().filter(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. })
    });
    broken.take(MOST_SENTENCES).map(|extension| extension.oid.to_id_string()).collect()
}

#[cfg(test)]
mod tests;
