//! Known peers through a context: listed, set, removed, distrusted, and stored from answers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Context, Shared};
use crate::error::{Error, FileCause, Kind, Problems};
use crate::host::{Endpoint, Role};
use crate::known::{Change, Entry, Known, Origin, Place, Replaces, Spot, Store, not_known};
use crate::material::Certificate;
use crate::trust::{Asked, Judgement, Peer, Record, Renewal, accepted_by, is_its_own};

/// How long a writer waits for another process that holds the store.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(10);

/// When a writer that starts now stops waiting.
fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now)
}

impl Context {
    /// All known peers: servers and clients in the stores, the given ones, and those of the
    /// session.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn known(&self) -> Result<Vec<Arc<Entry>>, Error> {
        Ok(self.snapshot().known().view()?.all().cloned().collect())
    }

    /// Makes a server known with this certificate, and replaces whatever was known for the place;
    /// the problems in `accepted` are accepted with it.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] if a severe problem is to be accepted; those of the store. Without a store
    /// the server is known until the context is freed.
    pub fn set_known(
        &self,
        endpoint: &Endpoint,
        certificate: Certificate,
        accepted: Problems,
    ) -> Result<(), Error> {
        if accepted.intersects(Problems::SEVERE) {
            let severe = accepted & Problems::SEVERE;
            return Err(Error::new(Kind::Invalid, format!("no entry can accept {severe}")));
        }
        let entry = self.0.entry(Some(endpoint), certificate, accepted, Origin::Admin);
        self.0.set(entry, Replaces::Everything, STORE_WAIT)
    }

    /// Removes the known server at a place.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] if it is not known; those of the store.
    pub fn remove_known(&self, place: &Place) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let known = snapshot.known();
        let is_it = |entry: &Entry| entry.place.as_ref() == Some(place) && !entry.distrust;
        let in_store = match &known.store {
            Some(store) => {
                store.apply(&Change::Remove { place: place.clone() }, deadline(STORE_WAIT))
            }
            None => Err(Error::new(Kind::NotFound, format!("{place} is not known"))
                .because(&FileCause::UnknownPlace)),
        };
        match in_store {
            Err(error) if error.kind() != Kind::NotFound => Err(error),
            outcome => {
                if known.session.remove(is_it) {
                    Ok(())
                } else {
                    outcome
                }
            }
        }
    }

    /// Removes every known peer with exactly this certificate, server or client, from both stores
    /// and from what was allowed for the session. Material that is only read stays, and so does a
    /// mark of distrust.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] if no known peer has it; those of the stores.
    pub fn remove_known_certificate(&self, certificate: &Certificate) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let known = snapshot.known();
        let is_it = |entry: &Entry| !entry.distrust && entry.certificate == *certificate;
        let change = Change::Forget { certificate: certificate.clone() };
        let not_found = Error::new(Kind::NotFound, not_known(certificate))
            .because(&FileCause::UnknownCertificate);
        remove_everywhere(known, &change, is_it, not_found)
    }

    /// Marks a certificate, and its key, as distrusted, or removes that mark. It applies to servers
    /// and clients, and is written to the store of servers, or to that of clients if there is no
    /// other.
    ///
    /// If the store fails, the mark is kept until the context is freed, whichever of the two was to
    /// be done: nobody is trusted because of a bad disk.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] if there is no mark to remove; those of the store. Without a store the
    /// mark lasts until the context is freed.
    pub fn distrust(&self, certificate: &Certificate, on: bool) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let known = snapshot.known();
        let is_it = |entry: &Entry| entry.distrust && entry.certificate == *certificate;
        let added = snapshot.now();
        let change = Change::Distrust { certificate: certificate.clone(), on, added };
        let outcome = if on {
            known.session.remove(|entry| {
                !entry.distrust && entry.certificate.key_sha256() == certificate.key_sha256()
            });
            match known.store.as_ref().or(known.clients.as_ref()) {
                Some(store) => store.apply(&change, deadline(STORE_WAIT)),
                None => {
                    known.session.add(Entry::distrusting(certificate, Role::Server, added));
                    Ok(())
                }
            }
        } else {
            // A mark counts wherever it is, so it is removed everywhere.
            let message = format!("{} is not marked distrusted", certificate.subject_text());
            let not_found = Error::new(Kind::NotFound, message).because(&FileCause::Unmarked);
            remove_everywhere(known, &change, is_it, not_found)
        };
        if outcome.as_ref().is_err_and(|error| error.kind() != Kind::NotFound) {
            keep_distrusted(known, certificate, added);
        }
        outcome
    }

    /// Removes what was allowed for the session, because the certificate is revoked or distrusted.
    pub(crate) fn forget_for_session(&self, certificate: &Certificate) {
        let snapshot = self.snapshot();
        let is_it = |entry: &Entry| !entry.distrust && entry.certificate == *certificate;
        snapshot.known().session.remove(is_it);
    }

    /// Replaces the entry of a server that renewed its certificate for the same key. What is not in
    /// the store is left alone: material that was only given cannot be written.
    pub(crate) fn renew(&self, renewal: &Renewal, patience: Duration) -> Result<(), Error> {
        let replaces = Replaces::Key(renewal.key);
        let snapshot = self.snapshot();
        match &snapshot.known().store {
            Some(store) if in_store(store, renewal)? => store
                .apply(&Change::Set { entry: renewal.entry.clone(), replaces }, deadline(patience)),
            _ => Ok(()),
        }
    }

    /// The receiver of the answers to questions of this context.
    pub(crate) fn recorder(&self) -> Arc<dyn Record> {
        Arc::<Shared>::clone(&self.0)
    }
}

/// Removes something from every store that there is, and then from what lasts as long as the
/// context. It must be found somewhere.
fn remove_everywhere(
    known: &Known,
    change: &Change,
    is_it: impl Fn(&Entry) -> bool,
    not_found: Error,
) -> Result<(), Error> {
    let mut changed = Vec::new();
    let usual = not_found.hint().to_owned();
    let mut outcome = Err(not_found);
    for store in known.store.iter().chain(&known.clients) {
        match store.apply(change, deadline(STORE_WAIT)) {
            Ok(()) => changed.push(store.path()),
            // A later one may know of another certificate with the same key, and says so.
            Err(error) if error.kind() == Kind::NotFound => {
                if outcome.as_ref().is_err_and(|error| error.hint() == usual) {
                    outcome = Err(error);
                }
            }
            Err(error) => return Err(partly(&changed, error)),
        }
    }
    if known.session.remove(is_it) || !changed.is_empty() { Ok(()) } else { outcome }
}

/// The error of a change that was made in the files `changed` and failed in another one.
fn partly(changed: &[&Path], error: Error) -> Error {
    let Some(done) = changed.first() else { return error };
    let message = format!("{}, but {} is changed already", error.message(), done.display());
    Error::new(error.kind(), message).with_hint_of(&error)
}

/// Distrusts a certificate until the context is freed, unless a file that can be read does.
fn keep_distrusted(known: &Known, certificate: &Certificate, added: i64) {
    let is_it = |entry: &Arc<Entry>| entry.distrust && entry.certificate == *certificate;
    let is_marked = known.view().is_ok_and(|view| view.all().any(is_it));
    if !is_marked {
        known.session.add(Entry::distrusting(certificate, Role::Server, added));
    }
}

/// Whether the entry to renew is in the store.
fn in_store(store: &Store, renewal: &Renewal) -> Result<bool, Error> {
    let entries = store.entries()?;
    let is_it = |entry: &&Arc<Entry>| {
        entry.place == renewal.entry.place && *entry.certificate.key_sha256() == renewal.key
    };
    Ok(entries.all().iter().any(|entry| is_it(&entry) && !entry.distrust))
}

impl Shared {
    /// An entry for a server at a place, or for a client, which has no place.
    fn entry(
        &self,
        endpoint: Option<&Endpoint>,
        certificate: Certificate,
        accepted: Problems,
        origin: Origin,
    ) -> Entry {
        let place = endpoint.cloned().map(Place::from);
        Entry {
            role: if place.is_some() { Role::Server } else { Role::Client },
            place,
            certificate,
            accepted,
            added: Some(self.snapshot.read().now()),
            expires: None,
            origin,
            distrust: false,
            spot: Spot::default(),
        }
    }

    fn set(&self, entry: Entry, replaces: Replaces, patience: Duration) -> Result<(), Error> {
        let snapshot = Arc::clone(&*self.snapshot.read());
        let known = snapshot.known();
        match known.store_for(entry.role) {
            Some(store) => store.apply(&Change::Set { entry, replaces }, deadline(patience)),
            None => {
                known.session.set(entry);
                Ok(())
            }
        }
    }
}

impl Record for Shared {
    fn has_store(&self, role: Role) -> bool {
        self.snapshot.read().known().store_for(role).is_some()
    }

    fn record(&self, asked: &Asked, lasting: bool, patience: Duration) -> Result<(), Error> {
        let Some(certificate) = asked.certificate() else { return Ok(()) };
        if let Some(name) = &asked.identity {
            // While the question was open, another client may have got that name.
            let snapshot = Arc::clone(&*self.snapshot.read());
            let view = snapshot.known().view()?;
            is_its_own(name, certificate.key_sha256(), &snapshot.admission, &view)?;
        }
        let accepted = accepted_by(asked);
        let entry =
            self.entry(asked.endpoint.as_ref(), certificate.clone(), accepted, Origin::User);
        let stored = if lasting {
            self.set(entry.clone(), Replaces::Judged(asked.stored.clone()), patience)
        } else {
            Ok(())
        };
        if !lasting || stored.is_err() {
            let session = Arc::clone(&self.snapshot.read().known().session);
            if !session.set_judged(entry, &asked.judged) {
                let whom = asked.whom();
                let message = format!("another certificate was allowed for {whom} meanwhile");
                return stored.and(Err(Error::new(Kind::CertificateChanged, message)));
            }
        }
        stored
    }

    fn still_asks(&self, asked: &Asked) -> bool {
        let snapshot = Arc::clone(&*self.snapshot.read());
        let Ok(view) = snapshot.known().view() else {
            // Whoever stores the answer is told what is wrong with the store.
            return true;
        };
        let peer = match &asked.endpoint {
            Some(endpoint) => Peer::server(endpoint, &asked.chain, snapshot.now()),
            None => Peer::client(&asked.chain, snapshot.now()),
        };
        match snapshot.judge(&peer, &view, None) {
            Judgement::Ask(now) => now.is_same(asked),
            Judgement::Admitted(_) | Judgement::Refused(_) => false,
        }
    }

    fn has_a_session(&self, role: Role) -> bool {
        role == Role::Client || self.connections.load(Ordering::Relaxed) > 1
    }
}
