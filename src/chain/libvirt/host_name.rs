//! The host names of a certificate as GnuTLS 3.7.9 compares them.
//!
//! Beyond the rules of every profile, a common name may be used as the host name, and a wildcard
//! may be the beginning of the first label. Names are never fetched, resolved or guessed.

use crate::chain::constraints;
use crate::chain::finding::Assessment;
use crate::chain::strict::host_name;
use crate::error::{Calm, Problems};
use crate::host::Host;
use crate::material::{AltName, Certificate};

/// Compares the names of `leaf` with `host`.
pub(crate) fn check(host: &Host, leaf: &Certificate, out: &mut Assessment) {
    let mut alt_names = leaf.facts().alt_names.iter().flatten();
    // To GnuTLS an address with a zone is text, which no address in a certificate equals.
    let has_zone = host.as_str().contains('%');
    if !has_zone && alt_names.any(|name| is_for(name, host)) {
        return;
    }
    let common = common_name(leaf);
    if host.ip().is_none() && common.is_ok_and(|name| name.eq_ignore_ascii_case(host.as_str())) {
        return;
    }
    let told = host_name::told(leaf);
    let mut why = format!("the certificate is for {told}, not for {host}");
    if let (Err(reason), None) = (common, host.ip()) {
        why = format!("{why}; its common name does not count: {reason}");
    }
    out.detail(host_name::names(leaf));
    out.add(Problems::NAME_MISMATCH, why);
}

/// Whether the constraints of a path allow the common name that is used as the host name. Other
/// profiles do not use that name, so their constraints do not cover it.
pub(crate) fn check_constraints(name: Option<&Host>, path: &[Certificate], out: &mut Assessment) {
    let Some(leaf) = path.first().filter(|_| name.is_some()) else { return };
    let Ok(common) = common_name(leaf) else { return };
    for above in path.iter().skip(1).filter(|above| !constraints::allows_host(above, common)) {
        let who = above.subject_text();
        let common = Calm::name(common);
        let why = format!(
            "the common name {common} does not count: {who} is not allowed to issue for it"
        );
        out.add(Problems::NAME_MISMATCH, why);
    }
}

/// The common name that may be used as the host name, or why there is no such name.
fn common_name(leaf: &Certificate) -> Result<&str, &'static str> {
    if has_other_hosts(leaf) {
        return Err("there are alternative names");
    }
    let [name] = leaf.facts().common_names.as_slice() else {
        return Err("there must be exactly one");
    };
    let purposes = leaf.facts().extended_key_usage.as_ref();
    if !purposes.is_none_or(|usage| usage.any || usage.server_auth) {
        return Err("the extended key usage is not for servers");
    }
    let is_host = Host::parse(name).is_ok_and(|host| host.ip().is_none());
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if is_host && is_plain && !name.ends_with('.') {
        Ok(name)
    } else {
        Err("it is not a plain DNS name")
    }
}

/// Whether there is a DNS name, an address or a URI, or a damaged name, which could be one.
fn has_other_hosts(leaf: &Certificate) -> bool {
    leaf.facts().alt_names.iter().flatten().any(|name| match name {
        AltName::Dns(_) | AltName::Ip(_) | AltName::Uri(_) | AltName::Damaged(_) => true,
        AltName::Email(_) | AltName::Other(_) => false,
    })
}

fn is_for(name: &AltName, host: &Host) -> bool {
    match (name, host.ip()) {
        (AltName::Ip(address), Some(wanted)) => *address == wanted,
        (AltName::Dns(pattern), None) => {
            pattern.eq_ignore_ascii_case(host.as_str()) || is_wildcard_for(pattern, host.as_str())
        }
        _ => false,
    }
}

/// Whether `pattern` begins with a `*`, which stands for the rest of one label, has at least two
/// dots, and matches `host`.
fn is_wildcard_for(pattern: &str, host: &str) -> bool {
    let Some(behind) = pattern.strip_prefix('*') else { return false };
    let is_deep = behind.bytes().filter(|byte| *byte == b'.').count() >= 2;
    if !is_deep || behind.ends_with('.') || behind.contains('*') {
        return false;
    }
    let Some((label, rest)) =
        host.len().checked_sub(behind.len()).and_then(|at| host.split_at_checked(at))
    else {
        return false;
    };
    rest.eq_ignore_ascii_case(behind) && !label.contains('.')
}
