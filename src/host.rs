//! The canonical form of a host name or address.
//!
//! Whatever a user, a URL or a file wrote, two texts that mean the same host become equal, and a
//! text that programs read in different ways (`127.1`, `0x7f.1`, `1.2.3.04`) is refused: everybody
//! who looks up a name must find what was stored under it. Nothing is resolved here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::error::{CallCause, Error, Kind, is_shown_as_it_is};

/// Which side of a connection the peer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The peer is a server, and we are its client.
    Server,
    /// The peer is a client, and we are its server.
    Client,
}

/// All of ASCII except letters, digits, the hyphen, the dot and the underscore, which real host
/// names do contain.
const NEVER_IN_NAMES: AsciiDenyList = AsciiDenyList::new(true, "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~");

/// The longest text that is looked at: a name in four-byte characters, and some more.
const LONGEST_TEXT: usize = 1024;

/// What IDNA takes for a dot (UTS 46).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// The longest name of a network interface.
const LONGEST_ZONE: usize = 15;

/// A host in canonical form: lower case, IDNA, no trailing dot, or a canonical IP address.
///
/// A link-local IPv6 address keeps its zone (`fe80::1%eth0`): the same address on another link is
/// another machine. The zone is compared as written; `ip` omits it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    text: String,
    ip: Option<IpAddr>,
}

impl Host {
    /// Brings `text` into canonical form. An IPv6 address may be in brackets.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Invalid`], naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            let shown: String = text.chars().take(80).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            Error::new(Kind::Invalid, format!("\"{shown}{more}\" is not a valid host: {why}"))
                .because(&CallCause::Host)
        };
        if text.is_empty() {
            return Err(bad("it is empty"));
        }
        if text.len() > LONGEST_TEXT {
            return Err(bad("it is too long"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(bad("it contains a space or a control character"));
        }
        if !is_shown_as_it_is(text) {
            // IDNA would take some of them for nothing.
            return Err(bad("it contains an invisible character"));
        }
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or_else(|| bad("its bracket is not closed"))?;
            return ipv6(inner).ok_or_else(|| bad("there is no IPv6 address in the brackets"));
        }
        if text.contains(':') {
            return ipv6(text)
                .ok_or_else(|| bad("it is not an IPv6 address, and host names have no colon"));
        }
        name(text).map_err(bad)
    }

    /// The canonical form, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address, if the host is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Writes the host followed by a port; an IPv6 address is put in brackets.
    pub(crate) fn write_with_port(
        &self,
        f: &mut fmt::Formatter<'_>,
        port: impl fmt::Display,
    ) -> fmt::Result {
        match self.ip {
            Some(IpAddr::V6(_)) => write!(f, "[{self}]:{port}"),
            _ => write!(f, "{self}:{port}"),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self { text: ip.to_string(), ip: Some(ip) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where a server is dialled: a host and a port, written `name:port` or `[IPv6]:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

impl Endpoint {
    /// A host, brought into canonical form, and a port from 1 to 65535.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Invalid`], naming the host or the port.
    pub fn new(host: &str, port: i32) -> Result<Self, Error> {
        let host = Host::parse(host)?;
        match u16::try_from(port) {
            Ok(port) if port != 0 => Ok(Self { host, port }),
            _ => {
                let why = format!("invalid port {port} for {host}");
                Err(Error::new(Kind::Invalid, why).because(&CallCause::Port))
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.write_with_port(f, self.port)
    }
}

/// A place to dial, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialled {
    /// The place, in its one form.
    pub(crate) endpoint: Endpoint,
    /// What the resolver is asked for: a name that was written with a trailing dot is absolute, so
    /// it keeps the dot, and no search list is tried.
    pub(crate) look_up: String,
}

impl Dialled {
    /// As [`Endpoint::new`].
    pub(crate) fn new(host: &str, port: i32) -> Result<Self, Error> {
        let endpoint = Endpoint::new(host, port)?;
        let is_absolute = endpoint.host.ip.is_none() && host.ends_with(DOTS);
        let look_up = format!("{}{}", endpoint.host, if is_absolute { "." } else { "" });
        Ok(Self { endpoint, look_up })
    }
}

/// An IPv6 address, with a zone if it is link-local.
fn ipv6(text: &str) -> Option<Host> {
    let Some((address, zone)) = text.split_once('%') else {
        return text.parse::<Ipv6Addr>().ok().map(|ip| Host::from(IpAddr::V6(ip)));
    };
    let ip: Ipv6Addr = address.parse().ok()?;
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let is_zone = (1..=LONGEST_ZONE).contains(&zone.len()) && zone.bytes().all(letters);
    let is_local = ip.is_unicast_link_local();
    (is_zone && is_local).then(|| Host { text: format!("{ip}%{zone}"), ip: Some(ip.into()) })
}

/// A name, or an IPv4 address. Letters of other scripts can become digits and dots, so only the
/// result of IDNA tells which of the two it is.
fn name(text: &str) -> Result<Host, &'static str> {
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), NEVER_IN_NAMES, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| "it is not a valid name (IDNA)")?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    if ascii.len() > 253 {
        return Err("it is longer than 253 bytes");
    }
    if ascii.split('.').any(str::is_empty) {
        return Err("a part of it is empty");
    }
    if ascii.split('.').any(|label| label.len() > 63) {
        return Err("a part of it is longer than 63 bytes");
    }
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if !is_number(last) {
        return Ok(Host { text: ascii.to_owned(), ip: None });
    }
    let ip: Ipv4Addr =
        ascii.parse().map_err(|_| "it ends in a number, but is not an IPv4 address")?;
    Ok(Host::from(IpAddr::V4(ip)))
}

/// Whether the C library would read a label as part of an IPv4 address.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> String {
        Host::parse(text).unwrap().to_string()
    }

    fn refused(text: &str) {
        let error = Host::parse(text).expect_err(text);
        assert_eq!(error.kind(), Kind::Invalid, "{text}");
    }

    #[test]
    fn a_name_is_in_lower_case_and_has_no_trailing_dot() {
        assert_eq!(form("Node7.Example.COM."), "node7.example.com");
        assert_eq!(form("localhost"), "localhost");
    }

    #[test]
    fn an_absolute_name_is_looked_up_with_its_dot_and_is_the_same_place() {
        for (written, looked_up) in [
            ("Node7.Example.COM.", "node7.example.com."),
            ("node7.example.com", "node7.example.com"),
            ("bücher.example。", "xn--bcher-kva.example."),
            ("localhost.", "localhost."),
            ("192.0.2.7.", "192.0.2.7"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            let dialled = Dialled::new(written, 443).unwrap();
            assert_eq!(dialled.look_up, looked_up);
            assert_eq!(dialled.endpoint.host.as_str(), looked_up.trim_end_matches('.'));
        }
    }

    #[test]
    fn underscores_are_legal() {
        assert_eq!(form("node_7.lab"), "node_7.lab");
        assert_eq!(form("_x._tcp.lab"), "_x._tcp.lab");
    }

    #[test]
    fn a_name_of_another_script_is_in_idna_without_the_old_transition() {
        assert_eq!(form("Münster.example"), "xn--mnster-3ya.example");
        assert_eq!(form("straße.example"), "xn--strae-oqa.example");
        assert_eq!(form("XN--MNSTER-3YA.example"), "xn--mnster-3ya.example");
    }

    #[test]
    fn what_idna_refuses_is_refused_by_name() {
        refused("xn--a.example");
        refused("a\u{202e}b.example");
        refused("-a.example");
        refused("a-.example");
        assert!(Host::parse("xn--a.example").unwrap_err().message().contains("xn--a.example"));
    }

    #[test]
    fn hyphens_in_the_third_and_fourth_place_are_legal() {
        assert_eq!(form("r3---sn.example"), "r3---sn.example");
    }

    #[test]
    fn an_address_is_in_its_canonical_form() {
        assert_eq!(form("192.0.2.7"), "192.0.2.7");
        assert_eq!(form("192.0.2.7."), "192.0.2.7");
        assert_eq!(form("2001:DB8:0:0::0001"), "2001:db8::1");
        assert_eq!(form("[::1]"), "::1");
        assert_eq!(Host::parse("[::1]").unwrap().ip(), Some("::1".parse().unwrap()));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        for text in ["::ffff:192.0.2.7", "[::FFFF:c000:207]"] {
            assert_eq!(Host::parse(text), Host::parse("192.0.2.7"));
        }
    }

    #[test]
    fn digits_of_other_scripts_make_an_address() {
        assert_eq!(Host::parse("１２７。0.0.1"), Host::parse("127.0.0.1"));
    }

    #[test]
    fn what_only_some_programs_read_as_an_address_is_refused() {
        for text in [
            "127.1",
            "127",
            "0x7f.1",
            "0x7f000001",
            "0X7F.0.0.0x1",
            "0x",
            "1.2.3.04",
            "1.2.3.4.5",
            "256.1.1.1",
            "0177.0.0.1",
            "node.7",
            "node.0x1f",
            "１２７.1",
            "1.2.3.4..",
        ] {
            refused(text);
        }
    }

    #[test]
    fn a_name_that_only_begins_like_a_number_is_a_name() {
        assert_eq!(form("7.example"), "7.example");
        assert_eq!(form("0xide"), "0xide");
    }

    #[test]
    fn a_zone_stays_with_a_link_local_address_only() {
        let host = Host::parse("[FE80::1%eth0]").unwrap();
        assert_eq!(host.as_str(), "fe80::1%eth0");
        assert_eq!(host.ip(), Some("fe80::1".parse().unwrap()));
        assert_ne!(Host::parse("fe80::1%eth1").unwrap(), host);
        for text in ["2001:db8::1%eth0", "fe80::1%", "fe80::1%a/b", "fe80::1%a%b", "192.0.2.7%eth0"]
        {
            refused(text);
        }
    }

    #[test]
    fn empty_parts_are_refused() {
        for text in ["", ".", "..", "a..", "a..b", ".a", "[]", "[", "a.。"] {
            refused(text);
        }
    }

    #[test]
    fn what_could_leave_a_line_is_refused() {
        for text in
            ["a\nb", "a\rb", "a b", "a\0b", "a\tb", " a", "a\u{85}b", "a\u{a0}b", "a\u{2028}b"]
        {
            refused(text);
        }
    }

    #[test]
    fn what_shows_nothing_is_refused_and_not_passed_over() {
        for hidden in [
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{180b}',
            '\u{200b}',
            '\u{200d}',
            '\u{2060}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{e0100}',
            '\u{1d159}',
        ] {
            refused(&format!("a{hidden}b.example"));
            refused(&format!("{hidden}.example"));
        }
        refused("\u{301}a.example");
    }

    #[test]
    fn what_is_no_letter_of_a_name_is_refused() {
        for text in [
            "a:443",
            "a/b",
            "*.example",
            "a@b",
            "a#b",
            "a%b",
            "[a.example]",
            "[192.0.2.7]",
            "::1.",
            "a[b]",
        ] {
            refused(text);
        }
    }

    #[test]
    fn lengths_are_those_of_dns() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(form(&longest), longest);
        assert_eq!(form(&format!("{longest}.")), longest);
        refused(&format!("{longest}a"));
        refused(&format!("{label}a.example"));
    }

    #[test]
    fn the_sentence_stays_short_for_a_long_host() {
        let error = Host::parse(&"a".repeat(1_000_000)).unwrap_err();
        assert!(error.message().len() < 200, "{}", error.message().len());
    }

    #[test]
    fn the_one_form_is_its_own_one_form() {
        for text in
            ["Straße.Example.", "::FFFF:1.2.3.4", "[fe80::1%eth0]", "a_b", "::1.2.3.4", "١.example"]
        {
            if let Ok(host) = Host::parse(text) {
                assert_eq!(Host::parse(host.as_str()), Ok(host));
            }
        }
    }

    #[test]
    fn an_endpoint_shows_an_ipv6_address_in_brackets() {
        assert_eq!(Endpoint::new("::1", 5900).unwrap().to_string(), "[::1]:5900");
        assert_eq!(Endpoint::new("Node7", 1).unwrap().to_string(), "node7:1");
    }

    #[test]
    fn port_0_and_what_is_no_port_are_refused() {
        for port in [0, -1, 65536, i32::MIN] {
            assert_eq!(Endpoint::new("a", port).unwrap_err().kind(), Kind::Invalid);
        }
        assert_eq!(Endpoint::new("a", 65535).unwrap().port, 65535);
    }
}
