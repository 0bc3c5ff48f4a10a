//! Additional certificates and keys of a server, each pair for certain server names: files that are
//! checked again on reload.
//!
//! A pair changes as a whole or not at all, and one that fails does not prevent the others from
//! changing. The TLS room decides which of them a client is shown.

use std::path::{Path, PathBuf};

use super::own::for_servers;
use super::pieces::{Loaded, Seen, first_by_its_key, load_file};
use super::settings::Now;
use super::{Context, Passphrase, State};
use crate::error::{Error, Kind, OwnCause};
use crate::material::{Certificate, Key, Material, Readers};
use crate::tls::{NamePattern, OwnPair};

/// A pair for certain server names or, without a name, for all others.
#[derive(Clone, Debug)]
pub(super) struct ServerPair {
    names: Option<NamePattern>,
    certificate: (PathBuf, Seen),
    key: (PathBuf, Seen),
    chain: Vec<Certificate>,
    secret: Key,
}

impl ServerPair {
    fn load(
        names: Option<NamePattern>,
        (certificate, key): (&Path, &Path),
        passphrase: &Passphrase,
        now: Now,
    ) -> Result<Self, Error> {
        let load = |material, path| load_file(material, path, Readers::Few, passphrase, now);
        let (Loaded::Chain(chain, lines), chain_seen) = load(Material::Certificate, certificate)?
        else {
            return Err(Error::new(Kind::Internal, "a certificate was read as something else"));
        };
        let (Loaded::Key(secret), key_seen) = load(Material::Key, key)? else {
            return Err(Error::new(Kind::Internal, "a key was read as something else"));
        };
        if !chain.first().is_some_and(|leaf| secret.matches(leaf)) {
            let subject = chain.first().map(Certificate::subject).unwrap_or_default();
            let message = format!("the key does not belong to the certificate of {subject}");
            let cause =
                first_by_its_key(&secret, &chain, &lines, None).unwrap_or(OwnCause::OtherKeyOfPair);
            return Err(Error::new(Kind::KeyMismatch, message).because(&cause));
        }
        let (certificate, key) = ((certificate.into(), chain_seen), (key.into(), key_seen));
        Ok(Self { names, certificate, key, chain, secret })
    }

    /// The pair, for use in sessions.
    pub(super) fn pair(&self) -> OwnPair<'_> {
        OwnPair { names: self.names.as_ref(), chain: &self.chain, key: &self.secret }
    }

    /// The pair as its files are now. `None`: they have not changed.
    fn again(&self, passphrase: &Passphrase, now: Now) -> Result<Option<Self>, Error> {
        let files = (self.certificate.0.as_path(), self.key.0.as_path());
        let changed = |(path, seen): &(PathBuf, Seen)| seen.has_changed(path);
        if !changed(&self.certificate)? && !changed(&self.key)? {
            return Ok(None);
        }
        Self::load(self.names.clone(), files, passphrase, now).map(Some)
    }

    /// Refuses a change from `before` to `after` that brings this pair, or another profile, if the
    /// pair is not for servers.
    fn check(&self, before: &State, after: &State) -> Result<(), Error> {
        let is_new = !before.pairs.iter().any(|old| old.chain == self.chain);
        let is_other_profile = before.settings.profile != after.settings.profile;
        if is_new || is_other_profile {
            for_servers(&self.chain, after.judged_by())
        } else {
            Ok(())
        }
    }

    /// An error about this pair, naming both files.
    fn error(&self, error: &Error) -> Error {
        of_pair(&self.certificate.0, &self.key.0, error)
    }

    /// Whether it was added before, with the same contents.
    fn is_same(&self, other: &Self) -> bool {
        let files = |pair: &Self| (pair.certificate.0.clone(), pair.key.0.clone());
        self.names == other.names && files(self) == files(other) && self.says_the_same(other)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.certificate.1.sha256 == other.certificate.1.sha256
            && self.key.1.sha256 == other.key.1.sha256
    }
}

/// An error about a pair, naming both files. The functions called below do not name the pair.
fn of_pair(certificate: &Path, key: &Path, error: &Error) -> Error {
    let (certificate, key) = (certificate.display(), key.display());
    let message = format!("the server pair {certificate} and {key}: {}", error.message());
    Error::new(error.kind(), message).with_problems(error.problems()).with_hint_of(error)
}

/// Refuses a change from `before` to `after` that brings a pair which is not for servers.
pub(super) fn check(before: &State, after: &State) -> Result<(), Error> {
    after
        .pairs
        .iter()
        .try_for_each(|pair| pair.check(before, after).map_err(|error| pair.error(&error)))
}

impl Context {
    /// Adds a certificate and key for clients that ask for a server name: a DNS name, or `*.` and a
    /// DNS name. `None`: for clients that name no server, or one without a pair. If there are
    /// several pairs for a name, the first whose key the client supports is used. [`Self::reload`]
    /// checks the files again.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an invalid name; as for [`Self::add_file`], and [`Kind::KeyMismatch`];
    /// [`Kind::Certificate`] for a certificate that is not for servers.
    pub fn add_server_pair(
        &self,
        names: Option<&str>,
        certificate: &Path,
        key: &Path,
    ) -> Result<(), Error> {
        let names = names.map(NamePattern::parse).transpose()?;
        let (passphrase, now) = (self.passphrase(), self.snapshot().time());
        let pair = ServerPair::load(names, (certificate, key), &passphrase, now)
            .map_err(|error| of_pair(certificate, key, &error))?;
        self.change_if(|state| {
            let is_new = !state.pairs.iter().any(|old| old.is_same(&pair));
            if is_new {
                state.pairs.push(pair);
            }
            Ok(is_new)
        })
    }

    /// Reads the changed files of pairs into `next`; returns whether any of them has new contents.
    /// A failure is put into `outcome` unless something failed before, and that pair stays in force
    /// as it was.
    pub(super) fn refresh_pairs(&self, next: &mut State, outcome: &mut Result<(), Error>) -> bool {
        let (passphrase, now) = (self.passphrase(), self.snapshot().time());
        let mut is_changed = false;
        for (index, old) in next.pairs.clone().iter().enumerate() {
            let taken = old.again(&passphrase, now).and_then(|new| {
                let Some(new) = new else { return Ok(()) };
                let mut with = next.clone();
                let is_other = !old.says_the_same(&new);
                with.pairs.get_mut(index).into_iter().for_each(|place| *place = new.clone());
                new.check(next, &with)?;
                *next = with;
                is_changed |= is_other;
                Ok(())
            });
            if let Err(error) = taken
                && outcome.is_ok()
            {
                *outcome = Err(old.error(&error));
            }
        }
        is_changed
    }
}
