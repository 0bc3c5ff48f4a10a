//! Known servers through a context: looked at, set, removed, distrusted, and recorded from
//! answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Context, Shared};
use crate::error::{Error, Kind, Problems};
use crate::material::Certificate;
use crate::trust::{
    Asked, Change, Endpoint, Entry, Origin, Place, Record, Renewal, Replaces, Role, Store,
    accepted_by,
};

/// How long a writer waits for another process that holds the store.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(10);

/// When a writer that begins now gives up.
fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now)
}

impl Context {
    /// Every known server: those of the store, the given ones, those of this session.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn known(&self) -> Result<Vec<Arc<Entry>>, Error> {
        Ok(self.snapshot().known().view()?.all().cloned().collect())
    }

    /// Makes a server known with this certificate, in place of whatever was known for the
    /// place; the problems in `accepted` are accepted with it.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] where a severe problem is to be accepted; those of the store. Without
    /// a store the server is known until the context goes.
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

    /// Forgets the server at a place.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] where it is not known; those of the store.
    pub fn remove_known(&self, place: &Place) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let known = snapshot.known();
        let in_session =
            known.session.remove(|entry| entry.place.as_ref() == Some(place) && !entry.distrust);
        let in_store = match &known.store {
            Some(store) => {
                store.apply(&Change::Remove { place: place.clone() }, deadline(STORE_WAIT))
            }
            None => Err(Error::new(Kind::NotFound, format!("{place} is not known"))),
        };
        match in_store {
            Err(error) if error.kind() == Kind::NotFound && in_session => Ok(()),
            other => other,
        }
    }

    /// Marks a certificate, and with it its key, as distrusted, or lifts that mark.
    ///
    /// # Errors
    ///
    /// [`Kind::NotFound`] where there is no mark to lift; those of the store. Without a store
    /// the mark holds until the context goes.
    pub fn distrust(&self, certificate: &Certificate, on: bool) -> Result<(), Error> {
        let snapshot = self.snapshot();
        let known = snapshot.known();
        let is_it = |entry: &Entry| entry.distrust && entry.certificate == *certificate;
        if on {
            known.session.remove(|entry| {
                !entry.distrust && entry.certificate.key_sha256() == certificate.key_sha256()
            });
        }
        // A mark from before there was a store is lifted where it is.
        let lifted = !on && known.session.remove(is_it);
        if let Some(store) = &known.store {
            let added = snapshot.now();
            let change = Change::Distrust { certificate: certificate.clone(), on, added };
            return match store.apply(&change, deadline(STORE_WAIT)) {
                Err(error) if error.kind() == Kind::NotFound && lifted => Ok(()),
                other => other,
            };
        }
        if on {
            let entry = Entry {
                place: None,
                role: Role::Server,
                certificate: certificate.clone(),
                accepted: Problems::NONE,
                added: Some(snapshot.now()),
                expires: None,
                origin: Origin::User,
                distrust: true,
            };
            known.session.add(entry);
            Ok(())
        } else if lifted {
            Ok(())
        } else {
            let message = format!("{} is not marked distrusted", certificate.subject());
            Err(Error::new(Kind::NotFound, message))
        }
    }

    /// Forgets what was allowed until the context goes, since the certificate is revoked or
    /// distrusted.
    pub(crate) fn forget_for_session(&self, certificate: &Certificate) {
        let snapshot = self.snapshot();
        let is_it = |entry: &Entry| !entry.distrust && entry.certificate == *certificate;
        snapshot.known().session.remove(is_it);
    }

    /// Replaces the entry of a server that renewed its certificate for its key. What is not in
    /// the store is left as it is: material that was only given cannot be written.
    pub(crate) fn renew(&self, renewal: &Renewal, patience: Duration) -> Result<(), Error> {
        let replaces = Replaces::Key(renewal.key);
        let snapshot = self.snapshot();
        match &snapshot.known().store {
            Some(store) if in_store(store, renewal)? => store
                .apply(&Change::Set { entry: renewal.entry.clone(), replaces }, deadline(patience)),
            _ => Ok(()),
        }
    }

    /// What takes the answers to questions of this context.
    pub(crate) fn recorder(&self) -> Arc<dyn Record> {
        Arc::<Shared>::clone(&self.0)
    }
}

/// Whether the entry that is renewed stands in the store.
fn in_store(store: &Store, renewal: &Renewal) -> Result<bool, Error> {
    let entries = store.entries()?;
    let is_it = |entry: &&Arc<Entry>| {
        entry.place == renewal.entry.place && *entry.certificate.key_sha256() == renewal.key
    };
    Ok(entries.all().iter().any(|entry| is_it(&entry) && !entry.distrust))
}

impl Shared {
    /// An entry for a server at a place, or for a client, which has none.
    fn entry(
        &self,
        endpoint: Option<&Endpoint>,
        certificate: Certificate,
        accepted: Problems,
        origin: Origin,
    ) -> Entry {
        let place = endpoint.map(|one| Place { host: one.host.clone(), port: Some(one.port) });
        Entry {
            role: if place.is_some() { Role::Server } else { Role::Client },
            place,
            certificate,
            accepted,
            added: Some(self.snapshot.read().now()),
            expires: None,
            origin,
            distrust: false,
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
}
