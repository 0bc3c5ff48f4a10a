//! One entry of the known peers, and the hosts that it applies to.
//!
//! An entry with a place applies to that host only. One without a place, a plain PEM, applies to
//! the names in its certificate. Nothing here says whether a peer can be trusted.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use crate::error::{Calm, Error, FileCause, Kind, Problems};
use crate::host::{Endpoint, Host, Role};
use crate::material::{AltName, Certificate};

/// Who made an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The user, by an answer.
    User,
    /// The administrator, by hand or by a tool.
    Admin,
    /// Imported from another store.
    Import,
}

/// Where an entry applies: to one [`Endpoint`], or to a host at any port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The host as dialled, or the verify name.
    pub host: Host,
    /// The port. `None`: any port.
    pub port: Option<u16>,
}

impl Place {
    /// Reads `name:port`, `[IPv6]:port` or, for any port, `name:*`.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`], naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            let shown: String = text.chars().take(80).collect();
            Error::new(Kind::Invalid, format!("\"{shown}\" is not a valid host and port: {why}"))
                .because(&FileCause::Place)
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| bad("the port is missing"))?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(bad("an IPv6 address needs brackets"));
        }
        let port = match port {
            "*" => None,
            _ => Some(port_number(port).ok_or_else(|| bad("invalid port: ports are 1 to 65535"))?),
        };
        let host = Host::parse(host).map_err(|error| error.because(&FileCause::Place))?;
        Ok(Self { host, port })
    }
}

impl From<Endpoint> for Place {
    fn from(Endpoint { host, port }: Endpoint) -> Self {
        Self { host, port: Some(port) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => self.host.write_with_port(f, port),
            None => self.host.write_with_port(f, "*"),
        }
    }
}

/// A peer that is known by exactly this certificate, or a distrusted one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it is known. `None`: a plain PEM, known under the names in the certificate.
    pub place: Option<Place>,
    /// Which side the peer is on.
    pub role: Role,
    /// The certificate.
    pub certificate: Certificate,
    /// The problems that were accepted with it; never a severe one.
    pub accepted: Problems,
    /// When it was added, in seconds since 1970.
    pub added: Option<i64>,
    /// When it stops admitting its peer, in seconds since 1970; it still pins the certificate.
    pub expires: Option<i64>,
    /// Who made it.
    pub origin: Origin,
    /// Refuse the certificate, and every other one with the same key, everywhere.
    pub distrust: bool,
    /// Where the entry stands, if it was read.
    pub spot: Spot,
}

/// Where an entry stands: a file, or another text, and the entry's first line in it. For messages
/// only: entries that say the same are equal wherever they stand.
#[derive(Clone, Debug, Default)]
pub struct Spot(Option<(Arc<Calm>, usize)>);

impl Spot {
    /// The text that is called `source`, and a line of it.
    pub(crate) fn new(source: &Arc<Calm>, line: usize) -> Self {
        Self(Some((Arc::clone(source), line)))
    }

    /// The place in words: `/etc/known.pem, line 3`.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.0.as_ref().map(|(source, line)| format!("{source}, line {line}"))
    }
}

impl PartialEq for Spot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Spot {}

impl Hash for Spot {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Entry {
    /// An entry that marks a certificate as distrusted.
    pub(crate) fn distrusting(certificate: &Certificate, role: Role, added: i64) -> Self {
        Self {
            place: None,
            role,
            certificate: certificate.clone(),
            accepted: Problems::NONE,
            added: Some(added),
            expires: None,
            origin: Origin::User,
            distrust: true,
            spot: Spot::default(),
        }
    }

    /// Whether this entry without a place applies to `host`: by the DNS names and IP addresses of
    /// its certificate, or by the single common name if there are no alternative names at all. A
    /// wildcard stands for exactly one label, the left-most (RFC 6125, 6.4.3).
    ///
    /// `false` for an entry with a place: it applies to that place only.
    #[must_use]
    pub fn covers(&self, host: &Host) -> bool {
        let below = parent(host);
        self.place.is_none()
            && self.names().iter().any(|name| match name {
                Name::Host(name) => name == host,
                Name::Address(ip) => host.ip() == Some(*ip),
                Name::Below(parent) => below == Some(parent.as_str()),
            })
    }

    /// Whether another entry has the same place. Entries without a host, and those of clients, have
    /// the same place if they have the same certificate.
    #[must_use]
    pub(crate) fn shares_place(&self, other: &Self) -> bool {
        self.role == other.role
            && match self.role {
                Role::Client => self.certificate == other.certificate,
                Role::Server => {
                    self.place == other.place
                        && (self.place.is_some() || self.certificate == other.certificate)
                }
            }
    }

    /// The names that [`Self::covers`] compares.
    pub(crate) fn names(&self) -> Vec<Name> {
        let facts = self.certificate.facts();
        match (&facts.alt_names, facts.common_names.as_slice()) {
            (Some(names), _) => names.iter().filter_map(Name::of).collect(),
            (None, [only]) => plain_name(only).map(Name::Host).into_iter().collect(),
            (None, _) => Vec::new(),
        }
    }
}

/// A name that a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A DNS name.
    Host(Host),
    /// An address.
    Address(IpAddr),
    /// Every host one label below this name.
    Below(String),
}

impl Name {
    fn of(name: &AltName) -> Option<Self> {
        match name {
            AltName::Dns(text) => match text.strip_prefix("*.") {
                // Nobody owns a whole top-level domain.
                Some(parent) if !parent.contains('.') => None,
                Some(parent) => {
                    plain_name(parent).map(|name| Self::Below(name.as_str().to_owned()))
                }
                None => plain_name(text).map(Self::Host),
            },
            AltName::Ip(ip) => Some(Self::Address(ip.to_canonical())),
            AltName::Email(_) | AltName::Uri(_) | AltName::Other(_) | AltName::Damaged(_) => None,
        }
    }
}

/// What a wildcard for `host` would have to end in.
pub(crate) fn parent(host: &Host) -> Option<&str> {
    match host.ip() {
        Some(_) => None,
        None => host.as_str().split_once('.').map(|(_, parent)| parent),
    }
}

/// A DNS name as in certificates: ASCII, without a trailing dot, and not an address.
fn plain_name(text: &str) -> Option<Host> {
    let plain = text.is_ascii() && !text.ends_with('.');
    Host::parse(text).ok().filter(|host| plain && host.ip().is_none())
}

/// 1 to 65535, in canonical form.
fn port_number(text: &str) -> Option<u16> {
    let port = text.parse::<u16>().ok().filter(|port| *port != 0)?;
    (port.to_string() == text).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::testing::plain;
    use crate::material::testing::{certificate, certificate_named};

    fn covers(certificate: Certificate, host: &str) -> bool {
        plain(certificate).covers(&Host::parse(host).unwrap())
    }

    #[test]
    fn a_place_reads_back_what_it_shows() {
        for text in
            ["a.example:443", "[2001:db8::1]:5900", "a:*", "[fe80::1%eth0]:1", "192.0.2.1:*"]
        {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_place_is_brought_into_the_one_form() {
        assert_eq!(Place::parse("A.Example.:443").unwrap().to_string(), "a.example:443");
    }

    #[test]
    fn port_0_and_what_is_no_port_make_no_place() {
        for text in [
            "a", "a:", "a:0", "a:00", "a:+1", "a:0443", "a:65536", "a:-1", "a:x", "a: 1", ":1",
            "::1:443", "a:1:2", "a:**",
        ] {
            assert_eq!(Place::parse(text).expect_err(text).kind(), Kind::Invalid);
        }
    }

    #[test]
    fn dns_and_ip_names_are_covered_and_no_others() {
        let certificate = certificate(&["A.example", "192.0.2.1", "2001:db8::1"]);
        for host in ["a.example", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
            assert!(covers(certificate.clone(), host), "{host}");
        }
        for host in ["b.example", "x.a.example", "example", "192.0.2.2"] {
            assert!(!covers(certificate.clone(), host), "{host}");
        }
    }

    #[test]
    fn a_wildcard_covers_one_label_and_no_more() {
        let certificate = certificate(&["*.lab.example"]);
        assert!(covers(certificate.clone(), "a.lab.example"));
        for host in ["lab.example", "a.b.lab.example", "a.example"] {
            assert!(!covers(certificate.clone(), host), "{host}");
        }
    }

    #[test]
    fn half_a_wildcard_and_one_for_a_top_level_domain_cover_nothing() {
        assert!(!covers(certificate(&["f*.lab.example"]), "fa.lab.example"));
        assert!(!covers(certificate(&["*.example"]), "a.example"));
        assert!(!covers(certificate(&["*"]), "a"));
        assert!(!covers(certificate(&["a.*.example"]), "a.b.example"));
    }

    #[test]
    fn the_single_common_name_counts_where_there_are_no_other_names() {
        assert!(covers(certificate_named(&[], &["a.example"]), "a.example"));
        assert!(!covers(certificate_named(&["b.example"], &["a.example"]), "a.example"));
        assert!(!covers(certificate_named(&[], &["*.lab.example"]), "a.lab.example"));
        assert!(!covers(certificate_named(&[], &["192.0.2.1"]), "192.0.2.1"));
    }

    #[test]
    fn an_address_as_a_dns_name_covers_nothing() {
        let mut params = rcgen::CertificateParams::default();
        params.subject_alt_names = vec![rcgen::SanType::DnsName("192.0.2.1".try_into().unwrap())];
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        assert!(!covers(Certificate::from_der(made.der()).unwrap(), "192.0.2.1"));
    }

    #[test]
    fn an_entry_with_a_place_covers_nothing_by_its_names() {
        let mut entry = plain(certificate(&["a.example"]));
        entry.place = Some(Place::parse("b.example:1").unwrap());
        assert!(!entry.covers(&Host::parse("a.example").unwrap()));
    }
}
