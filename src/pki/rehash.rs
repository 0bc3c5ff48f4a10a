//! The links by which OpenSSL finds certificates and revocation lists in a directory.
//!
//! A directory without links gets those of `openssl rehash`. Existing links are corrected: new
//! links are made before old ones are removed, so that what could be found can be found at any
//! moment, and after an interruption the next run puts everything right. What is not a link is
//! never touched. Two runs at once take turns, by a lock on the directory (`flock`) that ends with
//! them; the second waits for a minute at most.

mod locked;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, FileCause, Kind};
use crate::material::{
    HashLink, HashPlace, Holding, LIMIT, has_ending, holding, name_hash, read, source_of,
};
use locked::{Before, LockedDirectory};
use plan::{Plan, Wanted};

/// The names of files that are looked into end so.
const ENDINGS: [&str; 4] = [".pem", ".crt", ".cer", ".crl"];

/// What was done to a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehashed {
    /// How many links there are now.
    pub links: usize,
    /// How many of them were not there before, or led elsewhere.
    pub made: usize,
    /// How many links were removed because they led nowhere, or to something with another hash.
    pub removed: usize,
    /// The files that got no link, in the order of their names.
    pub skipped: Vec<Skipped>,
}

/// A file that got no link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// What is the matter with it.
    pub why: String,
}

/// Brings the hash links of the directory `dir` up to date.
///
/// Links are made for files whose names end in `.pem`, `.crt`, `.cer` or `.crl`, in any case, and
/// that hold one certificate, with or without its key, or one revocation list. Of files that hold
/// the same, the first by name gets the link.
///
/// # Errors
///
/// [`Kind::File`] where the directory cannot be read or written, or somebody else changes its
/// links meanwhile; [`Kind::TooBig`] where more than 256 have one hash, and nothing was done;
/// [`Kind::NoMemory`].
pub fn rehash(dir: &Path) -> Result<Rehashed, Error> {
    rehash_with(dir, &|_| Ok(()))
}

fn rehash_with(dir: &Path, before: Before<'_>) -> Result<Rehashed, Error> {
    let directory = LockedDirectory::lock(dir)?;
    let mut found = Found::default();
    for name in directory.names()? {
        found.take(&directory, name)?;
    }
    let plans = found.plans(dir)?;
    for name in &found.leftovers {
        directory.remove(name, before)?;
    }
    // All that is new is on the disk before anything old goes.
    for (link, target) in plans.iter().flat_map(|plan| &plan.make) {
        directory.make(*link, target, found.links.contains_key(link), before)?;
    }
    directory.sync()?;
    for link in plans.iter().flat_map(|plan| &plan.remove) {
        directory.remove(&link.file_name(), before)?;
    }
    directory.sync()?;
    let count = |of: fn(&Plan) -> usize| plans.iter().map(of).fold(0, usize::saturating_add);
    Ok(Rehashed {
        links: count(|plan| plan.links),
        made: count(|plan| plan.make.len()),
        removed: count(|plan| plan.remove.len()),
        skipped: found.skipped,
    })
}

/// Everything in a directory that matters here.
#[derive(Default)]
struct Found {
    /// The links with hash names, and where they lead.
    links: BTreeMap<HashLink, OsString>,
    /// The numbers that are taken by what is not a link.
    taken: BTreeSet<HashLink>,
    /// The links that somebody who was stopped did not get to rename.
    leftovers: Vec<OsString>,
    wanted: BTreeMap<HashPlace, Wanted>,
    skipped: Vec<Skipped>,
}

impl Found {
    fn take(&mut self, directory: &LockedDirectory<'_>, name: OsString) -> Result<(), Error> {
        if let Some(link) = HashLink::read(&name) {
            match directory.target(&name)? {
                Some(target) => drop(self.links.insert(link, target)),
                None => drop(self.taken.insert(link)),
            }
        } else if locked::is_temporary(&name) {
            if directory.target(&name)?.is_some() {
                self.leftovers.push(name);
            }
        } else if has_ending(&name, &ENDINGS) {
            let path = directory.path().join(&name);
            if let Err(why) = self.take_file(&path, name)? {
                self.skipped.push(Skipped { path, why });
            }
        }
        Ok(())
    }

    /// Reads one file. The inner error is why it is skipped.
    fn take_file(&mut self, path: &Path, name: OsString) -> Result<Result<(), String>, Error> {
        let text = match read(path, LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == Kind::NoMemory => return Err(error),
            Err(error) => return Ok(Err(error.message().to_owned())),
        };
        let (name_der, sha256, is_list) = match holding(&text.bytes, &source_of(path)) {
            Ok(Holding::Certificate { certificate, .. }) => {
                (certificate.subject_der().to_vec(), *certificate.sha256(), false)
            }
            Ok(Holding::List { issuer, sha256 }) => (issuer, sha256, true),
            Err(why) => return Ok(Err(why)),
        };
        let Some(hash) = name_hash(&name_der) else {
            return Ok(Err("OpenSSL cannot read its name".to_owned()));
        };
        let wanted = self.wanted.entry(HashPlace { hash, is_list }).or_default();
        Ok(wanted.add(name, sha256).map_or(Ok(()), |first| {
            Err(format!("it contains the same as {}", source_of(Path::new(&first))))
        }))
    }

    /// What is to be done about each hash.
    fn plans(&self, dir: &Path) -> Result<Vec<Plan>, Error> {
        let mut places: BTreeSet<HashPlace> = self.wanted.keys().copied().collect();
        places.extend(self.links.keys().map(|link| link.place));
        let none = Wanted::default();
        let plan = |place: HashPlace| {
            let wanted = self.wanted.get(&place).unwrap_or(&none);
            let all = place.numbered(0)..=place.numbered(u32::MAX);
            let links = self.links.range(all).map(|(link, target)| (*link, target.as_os_str()));
            let is_taken = |link: &HashLink| self.taken.contains(link);
            Plan::of(place, wanted, &links.collect(), &is_taken).ok_or_else(|| too_many(dir, place))
        };
        places.into_iter().map(plan).collect()
    }
}

fn too_many(dir: &Path, place: HashPlace) -> Error {
    let what = if place.is_list { "revocation lists" } else { "certificates" };
    let sentence = format!(
        "more than {} {what} in {} have the hash {:08x}",
        plan::MOST,
        source_of(dir),
        place.hash
    );
    Error::new(Kind::TooBig, sentence).because(&FileCause::TooManyLinks)
}

#[cfg(test)]
mod tests;
