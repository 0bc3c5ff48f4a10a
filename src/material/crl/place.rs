//! The places that lists and certificates name as distribution points (RFC 5280, sections 4.2.1.13
//! and 5.2.5), and whether a name has the form of its kind.

use crate::material::AltName;
use crate::material::der::{self, SEQUENCE, SET, context_constructed, general_name};
use crate::material::name::Name;
use crate::material::oid;

/// The two forms of a distribution point's name (section 4.2.1.13).
const FULL_NAME: u8 = context_constructed(0);
const RELATIVE_NAME: u8 = context_constructed(1);

/// Which certificates of its issuer a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IssuingPoint {
    /// The distribution point, where it is named.
    pub(crate) name: Option<PointName>,
    /// Those of peers and nobody else.
    pub(crate) only_peers: bool,
    /// Those of authorities and nobody else.
    pub(crate) only_authorities: bool,
    /// Attribute certificates and nothing else.
    pub(crate) only_attributes: bool,
}

/// The name of a distribution point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PointName {
    /// Names of any kind, each with its tag.
    Full(Vec<Vec<u8>>),
    /// The attributes that come behind the issuer's name.
    Relative(Vec<u8>),
}

/// Reads the name of a distribution point, without the tag around it.
pub(crate) fn point_name(content: &[u8]) -> Option<PointName> {
    let name = der::only(content)?;
    match name.tag {
        FULL_NAME => {
            let names = der::elements(name.content)?;
            let names: Vec<_> = names.iter().map(|name| name.whole.to_vec()).collect();
            (!names.is_empty()).then_some(PointName::Full(names))
        }
        RELATIVE_NAME => Some(PointName::Relative(name.content.to_vec())),
        _ => None,
    }
}

/// Whether the name of a distribution point has the form of its kind (sections 4.2.1.6 and
/// 4.2.1.13), each name of it.
pub(crate) fn is_place(name: &PointName) -> bool {
    match name {
        PointName::Full(names) => !names.is_empty() && names.iter().all(|name| is_name(name)),
        PointName::Relative(attributes) => {
            let relative = der::wrap(SET, attributes);
            !attributes.is_empty() && Name::read(&der::wrap(SEQUENCE, &relative)).is_some()
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    let Some(one) = der::only(name) else { return false };
    let text = || std::str::from_utf8(one.content).ok().filter(|text| text.is_ascii());
    match one.tag {
        general_name::URI => text().is_some_and(is_uri),
        general_name::DIRECTORY => Name::read(one.content).is_some_and(|name| !name.is_empty()),
        general_name::DNS => text().is_some_and(is_host),
        general_name::EMAIL => text().is_some_and(|text| {
            text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && is_host(host))
        }),
        general_name::REGISTERED_ID => oid::is_well_formed(one.content),
        _ => {
            let all = AltName::read_one(one);
            !matches!(all, None | Some(AltName::Damaged(_))) && der::is_whole(one)
        }
    }
}

/// Whether a text is a scheme and something behind it, and a host where there is room for one.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    // ldap:///CN=… has no host, and means whichever directory is near.
    let has_host = rest.strip_prefix("//").is_none_or(|behind| {
        !behind.is_empty() && (scheme.eq_ignore_ascii_case("ldap") || !behind.starts_with('/'))
    });
    is_scheme && !rest.is_empty() && rest.bytes().all(is_plain) && has_host
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split('.').all(is_label)
}
