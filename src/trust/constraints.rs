//! Name constraints (RFC 5280, section 4.2.1.10).
//!
//! DNS names and addresses are compared; any other kind of name that a constraint speaks of
//! is refused, for it is not computed here. Every certificate below the constraining one is
//! looked at, self-issued ones included. More comparisons than any honest path needs are not
//! made: then the path is refused.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree};
use x509_parser::prelude::FromDer;

use super::assess::Assessment;
use crate::error::{Problems, escaped};
use crate::material::{AltName, Certificate, name_text};

/// How many comparisons of a name with a constraint one authority may cost.
const MAX_COMPARISONS: usize = 100_000;

/// Holds the names of a path, from the leaf to the authority, against its constraints.
pub(super) fn check(path: &[Certificate], out: &mut Assessment) {
    for (index, above) in path.iter().enumerate().skip(1) {
        if !above.facts().name_constraints {
            continue;
        }
        let below = path.get(..index).unwrap_or_default();
        if let Some(name) = broken_by(above, below) {
            let who = name_text(above.subject_der());
            let why = format!("{who} may not issue certificates for {name}");
            out.add(Problems::CONSTRAINT, why);
        }
    }
}

/// The first name that breaks the constraints of `above`.
fn broken_by(above: &Certificate, below: &[Certificate]) -> Option<String> {
    let unreadable = || Some("any name: its constraints do not parse".to_owned());
    let Ok((_, parsed)) = X509Certificate::from_der(above.der()) else { return unreadable() };
    let Ok(Some(constraints)) = parsed.name_constraints() else { return unreadable() };
    let permitted = constraints.value.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.value.excluded_subtrees.as_deref().unwrap_or_default();
    let is_directory = |one: &GeneralSubtree<'_>| matches!(one.base, GeneralName::DirectoryName(_));
    if permitted.iter().chain(excluded).any(is_directory) {
        return Some("any subject: its constraints on subjects are not computed here".to_owned());
    }
    let names: Vec<&AltName> =
        below.iter().flat_map(|one| one.facts().alt_names.iter().flatten()).collect();
    let trees = permitted.len().saturating_add(excluded.len());
    if names.len().saturating_mul(trees) > MAX_COMPARISONS {
        return Some("so many names: its constraints are too many to compare".to_owned());
    }
    names.into_iter().find(|name| !is_allowed(name, permitted, excluded)).map(shown)
}

fn is_allowed(
    name: &AltName,
    permitted: &[GeneralSubtree<'_>],
    excluded: &[GeneralSubtree<'_>],
) -> bool {
    let inside = permitted.iter().filter_map(|tree| covers(&tree.base, name, true));
    let is_permitted = inside.reduce(|one, other| one || other).unwrap_or(true);
    is_permitted && !excluded.iter().any(|tree| covers(&tree.base, name, false) == Some(true))
}

/// Whether `base` covers `name`; nothing where it is for another kind of name. What is not
/// computed is never permitted and always excluded.
fn covers(base: &GeneralName<'_>, name: &AltName, permitting: bool) -> Option<bool> {
    match (base, name) {
        (GeneralName::DNSName(base), AltName::Dns(name)) => {
            Some(covers_host(base, name) || (!permitting && may_reach(base, name)))
        }
        (GeneralName::IPAddress(base), AltName::Ip(address)) => {
            Some(covers_address(base, *address))
        }
        (GeneralName::RFC822Name(_), AltName::Email(_))
        | (GeneralName::URI(_), AltName::Uri(_)) => Some(!permitting),
        (GeneralName::DNSName(_) | GeneralName::IPAddress(_), _)
        | (GeneralName::RFC822Name(_) | GeneralName::URI(_), _) => None,
        (_, AltName::Other(_)) => Some(!permitting),
        _ => None,
    }
}

pub(super) fn covers_host(base: &str, name: &str) -> bool {
    let Some(at) = name.len().checked_sub(base.len()) else { return false };
    let Some((before, end)) = name.split_at_checked(at) else { return false };
    let is_whole = before.is_empty() || base.is_empty() || base.starts_with('.');
    end.eq_ignore_ascii_case(base) && (is_whole || before.ends_with('.'))
}

/// Whether a name that the wildcard `name` stands for is covered by `base`.
fn may_reach(base: &str, name: &str) -> bool {
    let Some(behind) = name.strip_prefix("*.") else { return false };
    let under = base.strip_prefix('.').unwrap_or(base).split_once('.');
    under.is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(behind))
}

fn covers_address(base: &[u8], address: IpAddr) -> bool {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let Some((net, mask)) = base.split_at_checked(octets.len()) else { return false };
    mask.len() == octets.len()
        && octets.iter().zip(net).zip(mask).all(|((octet, net), mask)| octet & mask == net & mask)
}

fn shown(name: &AltName) -> String {
    match name {
        AltName::Dns(text) | AltName::Email(text) | AltName::Uri(text) | AltName::Other(text) => {
            escaped(text)
        }
        AltName::Ip(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Maker, authority, named, server};
    use super::*;
    use rcgen::{CidrSubnet, GeneralSubtree as Tree, NameConstraints};

    fn breaks(permitted: Vec<Tree>, excluded: Vec<Tree>, name: &str) -> bool {
        let mut params = authority("Root");
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
        let root = Maker::of(params);
        let leaf = root.sign(&named("x", &[name]));
        let mut out = Assessment::default();
        check(&[leaf, root.certificate()], &mut out);
        !out.problems.is_empty()
    }

    fn dns(name: &str) -> Vec<Tree> {
        vec![Tree::DnsName(name.to_owned())]
    }

    #[test]
    fn a_permitted_name_covers_itself_and_what_is_below_it() {
        for (base, name, wrong) in [
            ("a.example", "a.example", false),
            ("a.example", "B.A.example", false),
            ("a.example", "ba.example", true),
            (".a.example", "b.a.example", false),
            (".a.example", "a.example", true),
            ("a.example", "*.a.example", false),
            ("b.a.example", "*.a.example", true),
            ("", "a.example", false),
        ] {
            assert_eq!(breaks(dns(base), vec![], name), wrong, "{base} {name}");
        }
    }

    #[test]
    fn an_excluded_name_reaches_wildcards_that_could_stand_for_it() {
        assert!(breaks(vec![], dns("a.example"), "b.a.example"));
        assert!(breaks(vec![], dns("b.a.example"), "*.a.example"));
        assert!(!breaks(vec![], dns("b.example"), "a.example"));
    }

    #[test]
    fn addresses_are_compared_under_the_mask() {
        let net = || vec![Tree::IpAddress(CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8))];
        assert!(!breaks(net(), vec![], "10.1.2.3"));
        assert!(breaks(net(), vec![], "11.1.2.3"));
        assert!(breaks(vec![], net(), "10.1.2.3"));
        assert!(!breaks(net(), vec![], "a.example"));
    }

    #[test]
    fn kinds_that_are_not_computed_are_refused() {
        assert!(breaks(vec![Tree::Rfc822Name("b.example".into())], vec![], "a@b.example"));
        assert!(breaks(
            vec![Tree::DirectoryName(server("x").distinguished_name)],
            vec![],
            "a.example"
        ));
    }
}
