//! Whether a certificate is for the name that was dialled (RFC 6125, RFC 9525).

use std::net::IpAddr;

use crate::chain::finding::Assessment;
use crate::chain::position::Position;
use crate::error::{Calm, Detail, Problems, listed};
use crate::host::Host;
use crate::material::{AltName, Certificate};

/// Compares the alternative names of `leaf` with `host`. A certificate without a host there has
/// that as a problem of its own, and a second one unless its one common name is the host: so a
/// question about it tells the harmless case from the other.
pub(crate) fn check(host: &Host, leaf: &Certificate, out: &mut Assessment) {
    if !names_hosts(leaf) {
        let what = Position::Leaf.of(leaf);
        out.add(Problems::NO_SAN, format!("{what} has no host among its alternative names"));
    }
    check_known(host, leaf, out);
}

/// The name rule for a peer that is known by exactly this certificate: if there is no host in the
/// alternative names, its one common name counts, without wildcards and never as an address.
pub(crate) fn check_known(host: &Host, leaf: &Certificate, out: &mut Assessment) {
    let fits = if names_hosts(leaf) {
        alt_names(leaf).any(|name| is_for(name, host))
    } else {
        host.ip().is_none() && single_common_name(leaf).is_some_and(|name| is_host(name, host))
    };
    if !fits {
        let told = told(leaf);
        out.detail(Detail::Names(names_hosts(leaf).then(|| told.clone())));
        out.add(Problems::NAME_MISMATCH, format!("the certificate is for {told}, not for {host}"));
    }
}

fn alt_names(leaf: &Certificate) -> impl Iterator<Item = &AltName> {
    leaf.facts().alt_names.iter().flatten()
}

fn names_hosts(leaf: &Certificate) -> bool {
    alt_names(leaf).any(is_of_a_host)
}

const fn is_of_a_host(name: &AltName) -> bool {
    matches!(name, AltName::Dns(_) | AltName::Ip(_))
}

/// The common name that may be used as the host name: the only one, with no other kind of name than
/// e-mail addresses.
fn single_common_name(leaf: &Certificate) -> Option<&str> {
    if !alt_names(leaf).all(|name| matches!(name, AltName::Email(_))) {
        return None;
    }
    match leaf.facts().common_names.as_slice() {
        [name] => Some(name),
        _ => None,
    }
}

fn is_for(name: &AltName, host: &Host) -> bool {
    match (name, host.ip()) {
        (AltName::Ip(address), Some(wanted)) => *address == wanted,
        (AltName::Dns(pattern), None) => is_host(pattern, host) || is_wildcard_for(pattern, host),
        _ => false,
    }
}

fn is_host(name: &str, host: &Host) -> bool {
    name.eq_ignore_ascii_case(host.as_str()) && name.parse::<IpAddr>().is_err()
}

/// Whether `pattern` is a `*` for one whole label with at least two labels behind it, and matches
/// `host`.
fn is_wildcard_for(pattern: &str, host: &Host) -> bool {
    let Some(behind) = pattern.strip_prefix("*.") else { return false };
    let Some((label, rest)) = host.as_str().split_once('.') else { return false };
    behind.contains('.') && !label.is_empty() && behind.eq_ignore_ascii_case(rest)
}

/// The names that a certificate is for, for what to do where there is no other.
pub(crate) fn names(leaf: &Certificate) -> Detail {
    Detail::Names(names_hosts(leaf).then(|| told(leaf)))
}

/// The names of a certificate for the user.
pub(crate) fn told(leaf: &Certificate) -> String {
    if !names_hosts(leaf) {
        return format!("no host but {}", leaf.subject_text());
    }
    let hosts = alt_names(leaf).filter(|name| is_of_a_host(name));
    listed(hosts, |name| match name {
        AltName::Ip(address) => Calm::name(&address.to_string()),
        AltName::Dns(name)
        | AltName::Email(name)
        | AltName::Uri(name)
        | AltName::Other(name)
        | AltName::Damaged(name) => name.calm(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Maker, named};

    fn problems(common: &str, names: &[&str], host: &str) -> Problems {
        let leaf = Maker::of(named(common, names)).certificate();
        let mut out = Assessment::default();
        check(&Host::parse(host).unwrap(), &leaf, &mut out);
        out.problems
    }

    fn fits(name: &str, host: &str) -> bool {
        problems("x", &[name], host).is_empty()
    }

    #[test]
    fn names_are_compared_whole_and_in_any_case() {
        assert!(fits("A.Example", "a.example"));
        assert!(!fits("a.example", "b.a.example"));
        assert!(!fits("a.example.", "a.example"));
        assert!(!fits("a.example\0.b", "a.example"));
    }

    #[test]
    fn a_wildcard_is_one_whole_label_before_two_others() {
        assert!(fits("*.a.example", "b.a.example"));
        for (name, host) in [
            ("*.a.example", "a.example"),
            ("*.a.example", "c.b.a.example"),
            ("*.example", "a.example"),
            ("f*.a.example", "foo.a.example"),
            ("b.*.example", "b.a.example"),
            ("*", "example"),
        ] {
            assert!(!fits(name, host), "{name} for {host}");
        }
    }

    #[test]
    fn an_address_is_only_ever_an_address() {
        assert!(fits("10.0.0.1", "10.0.0.1"));
        assert!(fits("::1", "::1"));
        assert!(!fits("10.0.0.1", "10.0.0.2"));
        assert_eq!(
            problems("10.0.0.1", &[], "10.0.0.1"),
            Problems::NO_SAN | Problems::NAME_MISMATCH
        );
        assert!(!fits("a.example", "10.0.0.1"));
    }

    #[test]
    fn a_common_name_counts_for_nothing_beside_hosts() {
        assert_eq!(problems("a.example", &["b.example"], "a.example"), Problems::NAME_MISMATCH);
    }

    #[test]
    fn without_hosts_the_common_name_tells_two_problems_from_one() {
        assert_eq!(problems("a.example", &[], "a.example"), Problems::NO_SAN);
        assert_eq!(problems("a.example", &["a@b.example"], "a.example"), Problems::NO_SAN);
        let both = Problems::NO_SAN | Problems::NAME_MISMATCH;
        assert_eq!(problems("*.a.example", &[], "b.a.example"), both);
    }

    #[test]
    fn the_sentence_tells_both_names() {
        let leaf = Maker::of(named("x", &["a.example", "10.0.0.1"])).certificate();
        let mut out = Assessment::default();
        check(&Host::parse("b.example").unwrap(), &leaf, &mut out);
        assert_eq!(out.why, ["the certificate is for a.example, 10.0.0.1, not for b.example"]);
    }
}
