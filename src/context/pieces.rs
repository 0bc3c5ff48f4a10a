//! Pieces of material, each with the file that it came from, and what they add up to.
//!
//! A context is the list of its pieces in the order in which they were added. Everything in a
//! snapshot is derived from that list, so adding, reloading and undoing a change are the same
//! thing: another list.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, Kind, LISTS_IN_MEMORY, OwnCause, Problems};
use crate::host::Role;
use crate::known::{Entry, read_known};
use crate::material::{
    Certificate, Crl, FileText, Key, LIMIT, Material, Readers, Stamp, may_hold_key, read,
    read_secret, sha256, source_of, stamp, time_text,
};

use super::Passphrase;
use super::settings::Now;

/// What one call of the application added.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) material: Material,
    pub(super) from: CameFrom,
    pub(super) loaded: Loaded,
    /// The side that our own certificate is for, if known.
    pub(super) side: Option<Role>,
}

/// Where a piece came from.
#[derive(Clone, Debug)]
pub(super) enum CameFrom {
    /// From memory; never checked again.
    Memory,
    /// From a file that the application named.
    File(PathBuf, Seen),
    /// From a file found in a directory that the application named.
    Directory(PathBuf, PathBuf, Seen),
}

/// The state of a file when it was read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) stamp: Stamp,
    pub(super) sha256: [u8; 32],
    /// Who may read the file if it holds a secret.
    pub(super) readers: Readers,
}

impl Seen {
    /// Whether the file must be read again. One that was written in the last two seconds must be:
    /// its times might not show a second change.
    pub(super) fn has_changed(&self, path: &Path) -> Result<bool, Error> {
        let new = stamp(path)?;
        Ok(new != self.stamp || !new.is_settled(SystemTime::now()))
    }
}

impl Piece {
    /// How errors name it.
    pub(super) fn source(&self) -> String {
        match self.from.file() {
            Some((path, _)) => source_of(path),
            None => text_of(self.material).to_owned(),
        }
    }
}

/// How errors name a text in memory.
pub(super) const fn text_of(material: Material) -> &'static str {
    match material {
        Material::Authority => "the PEM text of the authorities",
        Material::Crl => LISTS_IN_MEMORY,
        Material::Key => "the PEM text of our key",
        Material::Certificate => "the PEM text of our certificate",
        Material::TrustedPeer => "the PEM text of the trusted servers",
    }
}

impl CameFrom {
    /// The file, and its state when it was read.
    pub(super) fn file(&self) -> Option<(&Path, &Seen)> {
        match self {
            Self::Memory => None,
            Self::File(path, seen) | Self::Directory(_, path, seen) => Some((path, seen)),
        }
    }
}

/// What a piece holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Loaded {
    Authorities(Vec<Certificate>),
    Crls(Vec<Crl>),
    Key(Key),
    /// Our own chain, and the line on which each certificate begins.
    Chain(Vec<Certificate>, Vec<usize>),
    Peers(Vec<Entry>),
}

/// Reads a PEM text as one kind of material.
pub(super) fn load(
    material: Material,
    pem: &[u8],
    source: &str,
    passphrase: &Passphrase,
    now: Now,
) -> Result<Loaded, Error> {
    Ok(match material {
        Material::Authority => Loaded::Authorities(Certificate::all_from_pem(pem, source)?),
        Material::Crl => Loaded::Crls(Crl::all_from_pem(pem, source)?),
        Material::Key => {
            let mut ask = |what: &str, attempt: u32| passphrase.ask(what, attempt);
            Loaded::Key(Key::from_pem(pem, source, &mut ask)?)
        }
        Material::Certificate => {
            let located = Certificate::located_from_pem(pem, source)?;
            let (lines, chain): (Vec<_>, Vec<_>) = located.into_iter().unzip();
            check_own(&chain, source, now)?;
            Loaded::Chain(chain, lines)
        }
        Material::TrustedPeer => {
            // What is damage in a file of known servers is invalid input here.
            let found = read_known(pem, source, Role::Server).map_err(|error| {
                let memory = error.kind() == Kind::NoMemory;
                let kind = if memory { Kind::NoMemory } else { Kind::Parse };
                Error::new(kind, error.message()).with_hint_of(&error)
            })?;
            let entries: Vec<_> = found.into_iter().map(|located| located.entry).collect();
            if entries.is_empty() {
                // The PEM reader reports why, if it is not PEM at all.
                Certificate::all_from_pem(pem, source)?;
                return Err(Error::new(Kind::Parse, format!("{source} contains no certificate")));
            }
            Loaded::Peers(entries)
        }
    })
}

/// Reads a file as one kind of material.
pub(super) fn load_file(
    material: Material,
    path: &Path,
    readers: Readers,
    passphrase: &Passphrase,
    now: Now,
) -> Result<(Loaded, Seen), Error> {
    if material == Material::Crl {
        return load_lists(path);
    }
    let (mut file, seen) = read_file(material, path, readers)?;
    let source = source_of(path);
    let loaded = load(material, &file.bytes, &source, passphrase, now)?;
    if material == Material::Authority {
        // None of this is secret, and wiping it as a secret takes longer than reading it.
        let mut public = std::mem::take(&mut *file.bytes);
        public.fill(0);
        std::hint::black_box(&public);
    }
    Ok((loaded, seen))
}

/// Reads a file of revocation lists, which may be too large to keep in memory: such files are
/// compared by the lists in them.
pub(super) fn load_lists(path: &Path) -> Result<(Loaded, Seen), Error> {
    let (lists, stamp) = Crl::all_from_file(path)?;
    let identities: Vec<u8> = lists.iter().flat_map(|list| *list.identity()).collect();
    let seen = Seen { stamp, sha256: sha256(&identities), readers: Readers::Few };
    Ok((Loaded::Crls(lists), seen))
}

/// Reads a file of one kind of material, without parsing it.
pub(super) fn read_file(
    material: Material,
    path: &Path,
    readers: Readers,
) -> Result<(FileText, Seen), Error> {
    let file = match material {
        Material::Key => read_secret(path, LIMIT, readers, may_hold_key)?,
        Material::Authority | Material::Crl | Material::Certificate | Material::TrustedPeer => {
            read(path, LIMIT)?
        }
    };
    let seen = Seen { stamp: file.stamp, sha256: sha256(&file.bytes), readers };
    Ok((file, seen))
}

/// Our own certificate must be valid now and have a key that handshakes take: later a peer would
/// refuse it, with a worse message. What
/// depends on the profile is checked once the profile is known.
fn check_own(chain: &[Certificate], source: &str, now: Now) -> Result<(), Error> {
    let Some(leaf) = chain.first() else { return Ok(()) };
    let facts = leaf.facts();
    let refuse = |problem: Problems, why: String, cause: &OwnCause| {
        let message = format!("{source}: our certificate, {}, {why}", leaf.subject_text());
        Err(Error::new(Kind::Certificate, message).with_problems(problem).because(cause))
    };
    if let Some(key) = leaf.unusable_key_text() {
        let why = format!("has a key that TLS cannot use here: {key}");
        return refuse(Problems::WEAK_KEY, why, &OwnCause::UnusableKey);
    }
    if now.at > facts.not_after {
        let why = format!("expired on {}", time_text(facts.not_after));
        return refuse(Problems::EXPIRED, why, &OwnCause::Expired(now.from, time_text(now.at)));
    }
    if now.at < facts.not_before {
        let why = format!("is not valid before {}", time_text(facts.not_before));
        return refuse(
            Problems::NOT_YET_VALID,
            why,
            &OwnCause::NotYetValid(now.from, time_text(now.at)),
        );
    }
    Ok(())
}

/// Our own certificate and key, as far as they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Own {
    /// The pair in use.
    pub(super) active: Option<(Vec<Certificate>, Key)>,
    /// A certificate without its key so far.
    pub(super) waiting_chain: Option<Vec<Certificate>>,
    /// A key without its certificate so far.
    pub(super) waiting_key: Option<Key>,
    /// What the chain without its key came from, and the line on which each certificate begins.
    pub(super) lines: (String, Vec<usize>),
}

impl Own {
    /// The pair that the pieces add up to: a half that does not match waits beside the active pair
    /// until its other half is added.
    pub(super) fn of(pieces: &[Piece]) -> Self {
        let mut own = Self::default();
        for piece in pieces {
            match &piece.loaded {
                Loaded::Key(key) => own.add_key(key),
                Loaded::Chain(chain, lines) => {
                    own.add_chain(chain);
                    if own.waiting_chain.as_ref() == Some(chain) {
                        own.lines = (piece.source(), lines.clone());
                    }
                }
                Loaded::Authorities(_) | Loaded::Crls(_) | Loaded::Peers(_) => {}
            }
        }
        own
    }

    fn add_key(&mut self, key: &Key) {
        if let Some(chain) = self.waiting_chain.take_if(|chain| matches(key, chain)) {
            self.active = Some((chain, key.clone()));
            self.waiting_key = None;
        } else if let Some((_, active)) =
            self.active.as_mut().filter(|(chain, _)| matches(key, chain))
        {
            *active = key.clone();
        } else {
            self.waiting_key = Some(key.clone());
        }
    }

    fn add_chain(&mut self, chain: &[Certificate]) {
        if let Some(key) = self.waiting_key.take_if(|key| matches(key, chain)) {
            self.active = Some((chain.to_vec(), key));
            self.waiting_chain = None;
        } else if let Some((active, _)) =
            self.active.as_mut().filter(|(_, key)| matches(key, chain))
        {
            *active = chain.to_vec();
        } else {
            self.waiting_chain = Some(chain.to_vec());
        }
    }

    /// The pair to use, or the error if there are only halves.
    pub(super) fn pair(&self) -> Result<Option<(&[Certificate], &Key)>, Error> {
        if let Some((chain, key)) = &self.active {
            return Ok(Some((chain, key)));
        }
        let subject = self.waiting_chain.as_ref().and_then(|chain| chain.first());
        let subject = subject.map(|leaf| leaf.subject_text());
        match (subject, &self.waiting_key) {
            (None, None) => Ok(None),
            (Some(subject), Some(key)) => {
                let (source, lines) = &self.lines;
                let chain = self.waiting_chain.as_deref().unwrap_or_default();
                let cause =
                    first_by_its_key(key, chain, lines, Some(source)).unwrap_or(OwnCause::OtherKey);
                let why = format!("our key does not belong to our certificate, {subject}");
                Err(Error::new(Kind::KeyMismatch, why).because(&cause))
            }
            (Some(subject), None) => {
                Err(Error::new(Kind::NoKey, format!("our certificate, {subject}, has no key"))
                    .because(&OwnCause::NoKey))
            }
            (None, Some(_)) => Err(Error::new(Kind::NoKey, "our key has no certificate")
                .because(&OwnCause::NoCertificate)),
        }
    }
}

/// What to do about a chain in which the certificate for this key does not come first.
pub(super) fn first_by_its_key(
    key: &Key,
    chain: &[Certificate],
    lines: &[usize],
    source: Option<&str>,
) -> Option<OwnCause> {
    let at = chain.iter().position(|one| key.matches(one))?;
    let (own, line) = (chain.get(at)?.subject(), lines.get(at)?);
    Some(OwnCause::Order(source.map(str::to_owned), own, *line))
}

fn matches(key: &Key, chain: &[Certificate]) -> bool {
    chain.first().is_some_and(|leaf| key.matches(leaf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_piece_is_safe_to_show_whatever_its_file_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a\u{202e}\x1b[2J\n.pem");
        std::fs::write(&path, "").unwrap();
        let (_, seen) = read_file(Material::Authority, &path, Readers::Few).unwrap();
        let piece = Piece {
            material: Material::Authority,
            from: CameFrom::File(path, seen),
            loaded: Loaded::Authorities(Vec::new()),
            side: None,
        };
        let expected = format!("{}/a\\u{{202e}}\\x1b[2J\\x0a.pem", dir.path().display());
        assert_eq!(piece.source(), expected);
    }
}
