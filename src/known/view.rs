//! All known peers of a context in one view: the store, the material added to it, and what was
//! allowed for the session, which lasts as long as the context.
//!
//! Precedence is by level: host and port, then the host at any port, then entries without a host;
//! the first level that has entries decides. What was allowed for the session never outranks those:
//! it decides where they say nothing, and next to an entry for exactly the same certificate it adds
//! to the accepted problems. A lock guards the list of session entries and is held for a look or a
//! push.

use std::sync::Arc;

use super::entries::{Entries, Level};
use super::entry::Entry;
use super::identity::IdentityFrom;
use super::store::Store;
use crate::error::Error;
use crate::host::{Endpoint, Role};
use crate::material::{Certificate, sha256};
use crate::process::Mutex;

/// Where a context looks for known peers.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The store, if there is one.
    pub store: Option<Arc<Store>>,
    /// The store of known clients, if there is one.
    pub clients: Option<Arc<Store>>,
    /// Entries from material that is only read.
    pub given: Arc<Entries>,
    /// What was allowed for the session.
    pub session: Arc<SessionEntries>,
}

/// What was allowed for the session, newest last.
#[derive(Debug, Default)]
pub struct SessionEntries(Mutex<Arc<Entries>>);

impl SessionEntries {
    /// Adds an entry and replaces those for the same place.
    pub fn set(&self, entry: Entry) {
        self.change(|all| {
            all.retain(|old| !old.shares_place(&entry));
            all.push(entry);
        });
    }

    /// Adds an entry, unless its place has a certificate other than its own and those that were
    /// judged; returns whether it was added.
    pub fn set_judged(&self, entry: Entry, judged: &[[u8; 32]]) -> bool {
        let mut taken = true;
        self.change(|all| {
            let here = |old: &Entry| !old.distrust && old.shares_place(&entry);
            taken = all.iter().filter(|old| here(old)).all(|old| {
                old.certificate == entry.certificate || judged.contains(old.certificate.sha256())
            });
            if taken {
                all.retain(|old| !here(old));
                all.push(entry);
            }
        });
        taken
    }

    /// Adds an entry next to all others.
    pub fn add(&self, entry: Entry) {
        self.change(|all| all.push(entry));
    }

    /// Removes the entries that `forget` selects; returns whether there were any.
    pub fn remove(&self, forget: impl Fn(&Entry) -> bool) -> bool {
        let mut found = false;
        self.change(|all| {
            let before = all.len();
            all.retain(|entry| !forget(entry));
            found = all.len() < before;
        });
        found
    }

    fn entries(&self) -> Arc<Entries> {
        Arc::clone(&self.0.lock())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Entry>)) {
        let mut guard = self.0.lock();
        let mut all = guard.all().iter().map(|entry| Entry::clone(entry)).collect();
        change(&mut all);
        *guard = Arc::new(Entries::new(all));
    }
}

impl Known {
    /// The store that answers about peers of this role go to.
    pub(crate) const fn store_for(&self, role: Role) -> Option<&Arc<Store>> {
        match role {
            Role::Server => self.store.as_ref(),
            Role::Client => self.clients.as_ref(),
        }
    }

    /// The known peers as they are now.
    ///
    /// # Errors
    ///
    /// Those of the store: unreadable, damaged or missing never means that nobody is known.
    pub fn view(&self) -> Result<KnownView, Error> {
        let entries =
            |store: &Option<Arc<Store>>| store.as_ref().map(|store| store.entries()).transpose();
        let (store, clients) = (entries(&self.store)?, entries(&self.clients)?);
        Ok(KnownView {
            store,
            clients,
            given: Arc::clone(&self.given),
            session: self.session.entries(),
        })
    }
}

/// The known peers at one moment.
#[derive(Clone, Debug, Default)]
pub struct KnownView {
    store: Option<Arc<Entries>>,
    clients: Option<Arc<Entries>>,
    given: Arc<Entries>,
    session: Arc<Entries>,
}

/// What the view says about one peer.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The entries that decide; empty for a stranger.
    pub entries: Vec<Arc<Entry>>,
    /// Session entries next to them, which may only add to the accepted problems.
    pub beside: Vec<Arc<Entry>>,
    /// Whether the entries that decide come from the store or from given material.
    pub lasting: bool,
    /// The fingerprints of the certificates in the store at exactly this place, whichever entries
    /// decide: those that a stored answer replaces.
    pub stored: Vec<[u8; 32]>,
}

impl KnownView {
    /// What is known about the peer at `endpoint`.
    #[must_use]
    pub fn standing(&self, role: Role, endpoint: &Endpoint) -> Standing {
        let exact =
            |entries: &Entries| entries.at(role, Level::Exact, &endpoint.host, endpoint.port);
        let session = exact(&self.session);
        let stored = self.store.iter().flat_map(|store| exact(store));
        let stored = stored.map(|entry| *entry.certificate.sha256()).collect();
        for level in [Level::Exact, Level::AnyPort, Level::NoHost] {
            let entries: Vec<_> = self
                .lasting()
                .flat_map(|entries| entries.at(role, level, &endpoint.host, endpoint.port))
                .collect();
            if !entries.is_empty() {
                return Standing { entries, beside: session, lasting: true, stored };
            }
        }
        Standing { entries: session, beside: Vec::new(), lasting: false, stored }
    }

    /// The entries of the client with this certificate: the lasting ones, then those of the
    /// session.
    pub(crate) fn client(&self, certificate: &Certificate) -> (Vec<Arc<Entry>>, Vec<Arc<Entry>>) {
        let all =
            |entries: &Arc<Entries>| -> Vec<_> { entries.client(certificate).cloned().collect() };
        (self.lasting().flat_map(all).collect(), all(&self.session))
    }

    /// A fingerprint of what is known about the client with this certificate.
    pub(crate) fn client_fingerprint(&self, certificate: &Certificate) -> [u8; 32] {
        let (entries, beside) = self.client(certificate);
        Standing { entries, beside, ..Standing::default() }.fingerprint()
    }

    /// The certificates of this client in the store of known clients, by fingerprint: those that a
    /// stored answer replaces.
    pub(crate) fn stored_client(&self, certificate: &Certificate) -> Vec<[u8; 32]> {
        let entries = self.clients.iter().flat_map(|store| store.client(certificate));
        entries.map(|entry| *entry.certificate.sha256()).collect()
    }

    /// A known client with this name and a key other than the one with this fingerprint.
    pub(crate) fn other_holder(
        &self,
        name: &str,
        key_sha256: &[u8; 32],
        from: IdentityFrom,
    ) -> Option<&Arc<Entry>> {
        let mut all = self.lasting().chain([&self.session]);
        all.find_map(|entries| {
            let mut called = entries.called(name, from);
            called.find(|entry| entry.certificate.key_sha256() != key_sha256)
        })
    }

    /// The entry that marks this certificate, or its key, as distrusted.
    #[must_use]
    pub fn distrusts(&self, certificate: &Certificate) -> Option<&Arc<Entry>> {
        self.lasting().chain([&self.session]).find_map(|entries| entries.distrusts(certificate))
    }

    /// All entries: those of the store, the given ones, those of the session.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.lasting().chain([&self.session]).flat_map(|entries| entries.all())
    }

    fn lasting(&self) -> impl Iterator<Item = &Arc<Entries>> {
        self.store.iter().chain(&self.clients).chain([&self.given])
    }
}

impl Standing {
    /// A fingerprint of what decides: a session is resumed only while this stays the same.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let Self { entries, beside, lasting: _, stored: _ } = self;
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for entry in entries.iter().chain(beside) {
            let Entry {
                place: _,
                role: _,
                certificate,
                accepted,
                added: _,
                expires,
                origin: _,
                distrust: _,
            } = &**entry;
            let mut part = certificate.sha256().to_vec();
            part.extend_from_slice(&accepted.bits().to_be_bytes());
            part.extend_from_slice(&expires.unwrap_or(i64::MAX).to_be_bytes());
            parts.push(part);
        }
        parts.sort();
        parts.dedup();
        sha256(&parts.concat())
    }

    /// The fingerprints of the certificates that decide, sorted.
    #[must_use]
    pub fn certificates(&self) -> Vec<[u8; 32]> {
        let mut all: Vec<_> = self.entries.iter().map(|one| *one.certificate.sha256()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests;
