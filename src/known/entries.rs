//! The known peers at one moment: an immutable set with look-ups that take the same time however
//! large it is.
//!
//! It only finds entries; whether an entry admits anybody is for the judge to say. A distrusted
//! entry is found by its certificate or key only, never by a place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::entry::{self, Entry, Name, Place};
use super::identity::{IdentityFrom, identity};
use crate::host::{Host, Role};
use crate::material::Certificate;
use crate::process::Once;

/// How closely an entry matches a host. The first level that has entries decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// This host at this port.
    Exact,
    /// This host at any port.
    AnyPort,
    /// An entry without a host, whose certificate names this one.
    NoHost,
}

/// An immutable, indexed set of entries.
#[derive(Debug, Default)]
pub struct Entries {
    all: Vec<Arc<Entry>>,
    places: Index<Place>,
    names: Index<Host>,
    addresses: Index<IpAddr>,
    below: Index<String>,
    distrusted: HashMap<[u8; 32], usize>,
    certificates: HashMap<[u8; 32], usize>,
    clients: HashMap<[u8; 32], Vec<usize>>,
    /// The clients by identity, for each rule; built on first use.
    identities: [Once<HashMap<String, Vec<usize>>>; IdentityFrom::COUNT],
}

/// Positions in `Entries::all`.
type Index<K> = HashMap<(Role, K), Vec<usize>>;

impl Entries {
    /// The set of these entries, in this order.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut set = Self { all: Vec::with_capacity(entries.len()), ..Self::default() };
        for entry in entries {
            set.add(entry);
        }
        set
    }

    /// All entries, including distrusted ones, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Arc<Entry>] {
        &self.all
    }

    /// The entries of a level for a host and port, without distrusted ones.
    #[must_use]
    pub fn at(&self, role: Role, level: Level, host: &Host, port: u16) -> Vec<Arc<Entry>> {
        let place = |port| self.places.get(&(role, Place { host: host.clone(), port }));
        let found: Vec<usize> = match level {
            Level::Exact => place(Some(port)).cloned().unwrap_or_default(),
            Level::AnyPort => place(None).cloned().unwrap_or_default(),
            Level::NoHost => self.named(role, host),
        };
        found.into_iter().filter_map(|at| self.all.get(at).cloned()).collect()
    }

    /// The entry that distrusts `certificate`, or another certificate with its public key, however
    /// that is written.
    #[must_use]
    pub fn distrusts(&self, certificate: &Certificate) -> Option<&Arc<Entry>> {
        if self.distrusted.is_empty() {
            return None;
        }
        let found = |sha256: &[u8; 32]| self.distrusted.get(sha256);
        let at = found(certificate.sha256())
            .or_else(|| found(certificate.key_sha256()))
            .or_else(|| found(&certificate.usual_key_sha256()))?;
        self.all.get(*at)
    }

    /// The certificate with this SHA-256, from any entry.
    pub(crate) fn certificate(&self, sha256: &[u8; 32]) -> Option<&Certificate> {
        self.certificates.get(sha256).and_then(|at| self.all.get(*at)).map(|one| &one.certificate)
    }

    /// The entries of the client with this certificate, without distrusted ones.
    pub(crate) fn client(&self, certificate: &Certificate) -> impl Iterator<Item = &Arc<Entry>> {
        let found = self.clients.get(certificate.sha256());
        found.into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// The entries of the clients with this name, without distrusted ones.
    pub(crate) fn called(
        &self,
        name: &str,
        from: IdentityFrom,
    ) -> impl Iterator<Item = &Arc<Entry>> {
        let index = self.identities.get(from.number());
        let index = index.map(|index| index.get_or_init(|| self.by_identity(from)));
        let found = index.and_then(|index| index.get(name));
        found.into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    fn by_identity(&self, from: IdentityFrom) -> HashMap<String, Vec<usize>> {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for at in self.clients.values().flatten() {
            let name = self.all.get(*at).and_then(|one| identity(&one.certificate, from).ok());
            if let Some(name) = name {
                index.entry(name).or_default().push(*at);
            }
        }
        index
    }

    fn named(&self, role: Role, host: &Host) -> Vec<usize> {
        let name = self.names.get(&(role, host.clone()));
        let address = host.ip().and_then(|ip| self.addresses.get(&(role, ip)));
        let parent = entry::parent(host).map(str::to_owned);
        let below = parent.and_then(|parent| self.below.get(&(role, parent)));
        let mut found: Vec<usize> =
            [name, address, below].into_iter().flatten().flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn add(&mut self, entry: Entry) {
        let at = self.all.len();
        let role = entry.role;
        self.certificates.insert(*entry.certificate.sha256(), at);
        if entry.distrust {
            let one = &entry.certificate;
            for sha256 in [*one.sha256(), *one.key_sha256(), one.usual_key_sha256()] {
                self.distrusted.entry(sha256).or_insert(at);
            }
        } else if role == Role::Client {
            // A client has no host: it is known by its certificate only.
            self.clients.entry(*entry.certificate.sha256()).or_default().push(at);
        } else if let Some(place) = &entry.place {
            self.places.entry((role, place.clone())).or_default().push(at);
        } else {
            for name in entry.names() {
                match name {
                    Name::Host(host) => self.names.entry((role, host)).or_default().push(at),
                    Name::Address(ip) => self.addresses.entry((role, ip)).or_default().push(at),
                    Name::Below(parent) => self.below.entry((role, parent)).or_default().push(at),
                }
            }
        }
        self.all.push(Arc::new(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::testing::{known, plain};
    use crate::material::testing::{Parts, spki, tlv};
    use crate::material::testing::{certificate, certificate_named, certificate_with};

    fn at(set: &Entries, level: Level, host: &str, port: u16) -> usize {
        set.at(Role::Server, level, &Host::parse(host).unwrap(), port).len()
    }

    #[test]
    fn each_level_finds_its_own_entries_only() {
        let set = Entries::new(vec![
            known("a.example:443", certificate(&[])),
            known("a.example:*", certificate(&[])),
            known("a.example:*", certificate(&[])),
            plain(certificate(&["a.example"])),
        ]);
        assert_eq!(at(&set, Level::Exact, "a.example", 443), 1);
        assert_eq!(at(&set, Level::Exact, "a.example", 444), 0);
        assert_eq!(at(&set, Level::AnyPort, "a.example", 443), 2);
        assert_eq!(at(&set, Level::NoHost, "a.example", 443), 1);
        assert_eq!(set.all().len(), 4);
    }

    #[test]
    fn an_entry_of_the_other_role_is_not_found() {
        let mut entry = known("a.example:443", certificate(&[]));
        entry.role = Role::Client;
        let set = Entries::new(vec![entry.clone()]);
        assert_eq!(at(&set, Level::Exact, "a.example", 443), 0);
        assert_eq!(set.client(&entry.certificate).count(), 1);
    }

    #[test]
    fn an_entry_that_names_a_host_twice_is_found_once() {
        let set = Entries::new(vec![plain(certificate(&["a.lab.example", "*.lab.example"]))]);
        assert_eq!(at(&set, Level::NoHost, "a.lab.example", 1), 1);
        assert_eq!(at(&set, Level::NoHost, "b.lab.example", 1), 1);
    }

    #[test]
    fn an_entry_without_a_host_is_found_where_it_covers() {
        let names = ["a.example", "*.lab.example", "192.0.2.1", "2001:db8::1"];
        let entry = plain(certificate(&names));
        let set = Entries::new(vec![entry.clone()]);
        for host in [
            "a.example",
            "b.lab.example",
            "192.0.2.1",
            "2001:db8::1",
            "b.example",
            "lab.example",
            "::1",
        ] {
            let host = Host::parse(host).unwrap();
            let found = set.at(Role::Server, Level::NoHost, &host, 1).len() == 1;
            assert_eq!(found, entry.covers(&host), "{host}");
        }
    }

    #[test]
    fn a_distrusted_key_is_found_in_any_form() {
        // The generator of P-256, as a whole point and compressed.
        let curve = [
            tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]),
            tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
        ];
        let of = |point: &[u8]| {
            Parts { spki: spki(&curve.concat(), point), ..Parts::default() }.certificate()
        };
        let bytes = |hex: &str| -> Vec<u8> {
            hex.as_bytes()
                .chunks(2)
                .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
                .collect()
        };
        let x = bytes("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
        let y = bytes("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
        let whole = of(&[&[4], x.as_slice(), &y].concat());
        let [odd, even] = [3, 2].map(|first| of(&[&[first], x.as_slice()].concat()));
        for (marked, shown, found) in
            [(&whole, &odd, true), (&odd, &whole, true), (&whole, &even, false)]
        {
            let set = Entries::new(vec![Entry { distrust: true, ..plain(marked.clone()) }]);
            assert_eq!(set.distrusts(shown).is_some(), found);
        }
    }

    #[test]
    fn a_distrusted_entry_is_found_by_certificate_or_key_and_by_no_place() {
        let key = rcgen::KeyPair::generate().unwrap();
        let (one, other) =
            (certificate_with(&key, &["a.example"], &[]), certificate_with(&key, &[], &[]));
        assert_ne!(one, other);
        let mut placed = known("a.example:443", one.clone());
        let mut unplaced = plain(one.clone());
        (placed.distrust, unplaced.distrust) = (true, true);
        let set = Entries::new(vec![placed, unplaced]);
        assert!(set.distrusts(&one).is_some());
        assert!(set.distrusts(&other).is_some());
        assert!(set.distrusts(&certificate(&["a.example"])).is_none());
        for level in [Level::Exact, Level::AnyPort, Level::NoHost] {
            assert_eq!(at(&set, level, "a.example", 443), 0);
        }
    }

    #[test]
    fn clients_are_found_by_the_name_that_the_rule_gives_them() {
        let client = |names: &[&str], common_names: &[&str]| Entry {
            role: Role::Client,
            ..plain(certificate_named(names, common_names))
        };
        let set = Entries::new(vec![
            client(&["a.example"], &["alice"]),
            client(&[], &["alice"]),
            client(&["alice"], &["bob"]),
            Entry { distrust: true, ..client(&[], &["alice"]) },
            plain(certificate_named(&[], &["alice"])),
            client(&["alice", "b.example"], &[]),
        ]);
        let count = |name, from| set.called(name, from).count();
        assert_eq!(count("alice", IdentityFrom::CommonName), 2);
        assert_eq!(count("alice", IdentityFrom::DnsName), 1);
        assert_eq!(count("a.example", IdentityFrom::DnsName), 1);
        assert_eq!(count("Alice", IdentityFrom::CommonName), 0);
        let sha256 = set.all()[1].certificate.fingerprint();
        assert_eq!(count(&sha256, IdentityFrom::Sha256), 1);
    }
}
