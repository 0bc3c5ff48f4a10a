//! Reloading files.
//!
//! Authorities, our own certificate and key, and trusted peers change together or not at all. A
//! revocation list that fails is reported and its previous contents stay in force, while the others
//! are taken, whatever happens to the rest; the same goes for an additional pair of a server.

use std::path::Path;
use std::sync::Arc;

use super::pieces::{CameFrom, Loaded, Own, Piece, Seen, load, load_file, load_lists, read_file};
use super::settings::Now;
use super::{Context, Passphrase, State};
use crate::chain::{Anchors, rolled_back};
use crate::error::{CallCause, Error, Kind};
use crate::material::{Material, Readers, pem_files, source_of};

impl Context {
    /// Checks every file again, and takes those that have changed. Cheap if nothing changed: each
    /// file's times are checked once.
    ///
    /// # Errors
    ///
    /// The error for the first file that cannot be taken; what was in force stays.
    /// [`Kind::CrlRollback`] for a list that is older than the one in force.
    pub fn reload(&self) -> Result<(), Error> {
        const TOGETHER: [Material; 4] =
            [Material::Authority, Material::Key, Material::Certificate, Material::TrustedPeer];
        let before = self.0.state.lock().clone();
        let mut next = before.clone();
        let mut outcome = Ok(());
        let mut changed = self.refresh(&mut next, &[Material::Crl], &mut outcome)?;
        // Whatever is wrong with the others, new revocation lists count.
        let mut whole = next.clone();
        let more = self.refresh(&mut whole, &TOGETHER, &mut outcome);
        let is_whole = |whole: &State| {
            whole.has_its_pair(&before)?;
            whole.check_own(&before)
        };
        match more.and_then(|more| is_whole(&whole).map(|()| more)) {
            Ok(more) => {
                next = whole;
                changed.extend(more);
            }
            Err(error) => outcome = outcome.and(Err(error)),
        }
        if !next.pairs.is_empty() && changed.contains(&Material::Authority) {
            // The issuing authority may arrive together with a new certificate.
            next.fold(&[Material::Authority])?;
        }
        let mut is_served_otherwise = self.refresh_pairs(&mut next, &mut outcome);
        is_served_otherwise |= next.refresh_ticket_secret(&mut outcome);
        for store in before.store.iter().chain(&before.client_store) {
            outcome = outcome.and(store.entries().map(drop));
        }
        if changed.is_empty() && !is_served_otherwise {
            // Files that were only touched are not read again.
            let mut state = self.0.state.lock();
            if state.generation == before.generation {
                state.pieces = next.pieces;
                (state.pairs, state.ticket_secret) = (next.pairs, next.ticket_secret);
            }
            return outcome;
        }
        self.change(|state| {
            if state.generation != before.generation {
                return Err(Error::new(
                    Kind::Busy,
                    "the context was changed by another thread while its files were read again",
                )
                .because(&CallCause::ReloadAgain));
            }
            state.pieces = next.pieces;
            (state.pairs, state.ticket_secret) = (next.pairs, next.ticket_secret);
            state.fold(&changed)
        })?;
        outcome
    }

    /// Reads the changed files of these materials into `next`; returns the kinds that changed. A
    /// failure that does not affect the others goes into `outcome`, unless something failed before.
    fn refresh(
        &self,
        next: &mut State,
        materials: &[Material],
        outcome: &mut Result<(), Error>,
    ) -> Result<Vec<Material>, Error> {
        let (passphrase, now) = (self.passphrase(), self.snapshot().time());
        let anchors = Arc::clone(&next.anchors);
        let mut look = Look { materials, passphrase, now, anchors, changed: Vec::new(), outcome };
        look.at_directories(next);
        look.at_files(next)?;
        Ok(look.changed)
    }
}

/// A reload of files.
struct Look<'a> {
    materials: &'a [Material],
    passphrase: Passphrase,
    now: Now,
    /// The authorities in force.
    anchors: Arc<Anchors>,
    changed: Vec<Material>,
    outcome: &'a mut Result<(), Error>,
}

impl Look<'_> {
    fn fail(&mut self, error: Error) {
        if self.outcome.is_ok() {
            *self.outcome = Err(error);
        }
    }

    /// Adds new files in a directory, and removes authorities whose files are gone.
    fn at_directories(&mut self, next: &mut State) {
        let directories = next.directories.clone();
        for (material, dir) in directories.iter().filter(|(of, _)| self.materials.contains(of)) {
            let files = match pem_files(dir) {
                Ok(files) => files,
                Err(error) => {
                    self.fail(error);
                    continue;
                }
            };
            // Any other missing file is an error, found below: nobody is cleared, or becomes a
            // stranger, because of a missing file.
            if *material == Material::Authority && next.forget_missing(dir, &files) {
                self.changed.push(*material);
            }
            let new: Vec<_> = files.iter().filter(|path| !next.has_file(dir, path)).collect();
            for path in new {
                match load_file(*material, path, Readers::Few, &self.passphrase, self.now) {
                    Ok((loaded, seen)) => {
                        self.changed.push(*material);
                        let from = CameFrom::Directory(dir.clone(), path.clone(), seen);
                        next.pieces.push(Piece { material: *material, from, loaded, side: None });
                    }
                    Err(error) => self.fail(error),
                }
            }
        }
    }

    /// Reads the files that have changed.
    fn at_files(&mut self, next: &mut State) -> Result<(), Error> {
        for piece in &mut next.pieces {
            let Some((path, old)) = piece.from.file() else { continue };
            if !self.materials.contains(&piece.material) {
                continue;
            }
            let path = path.to_owned();
            let outcome = match old.has_changed(&path) {
                Ok(false) => continue,
                Ok(true) => self.read_again(piece, &path, old),
                Err(error) => Err(error),
            };
            match outcome {
                Ok((loaded, seen)) => {
                    if let Some(loaded) = loaded {
                        self.changed.push(piece.material);
                        piece.loaded = loaded;
                    }
                    piece.from = match &piece.from {
                        CameFrom::Directory(dir, ..) => {
                            CameFrom::Directory(dir.clone(), path, seen)
                        }
                        CameFrom::File(..) | CameFrom::Memory => CameFrom::File(path, seen),
                    };
                }
                Err(error) if stays_alone(piece) => self.fail(error),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The contents of a file now. `None`: they have not changed.
    fn read_again(
        &self,
        piece: &Piece,
        path: &Path,
        old: &Seen,
    ) -> Result<(Option<Loaded>, Seen), Error> {
        if piece.material == Material::Crl {
            let (loaded, seen) = load_lists(path)?;
            if seen.sha256 == old.sha256 {
                return Ok((None, seen));
            }
            // A file of revocation lists must not go back to older ones.
            if let (Loaded::Crls(old), Loaded::Crls(new)) = (&piece.loaded, &loaded) {
                rolled_back(old, new, &self.anchors, self.now.at).map_or(Ok(()), Err)?;
            }
            return Ok((Some(loaded), seen));
        }
        let (file, seen) = read_file(piece.material, path, old.readers)?;
        if seen.sha256 == old.sha256 {
            return Ok((None, seen));
        }
        let source = source_of(path);
        let loaded = load(piece.material, &file.bytes, &source, &self.passphrase, self.now)?;
        Ok((Some(loaded), seen))
    }
}

impl State {
    /// Refuses half a pair where there was a whole one before. An older pair beside it is not a
    /// fallback.
    fn has_its_pair(&self, before: &Self) -> Result<(), Error> {
        let (now, before) = (Own::of(&self.pieces), Own::of(&before.pieces));
        let halved = now.active.is_none()
            || (before.waiting_chain.is_none() && now.waiting_chain.is_some())
            || (before.waiting_key.is_none() && now.waiting_key.is_some());
        if before.active.is_none() || !halved {
            return Ok(());
        }
        now.pair()?;
        let message = "our certificate and our key no longer belong together";
        Err(Error::new(Kind::KeyMismatch, message))
    }

    fn has_file(&self, dir: &Path, path: &Path) -> bool {
        self.pieces.iter().any(|piece| {
            matches!(&piece.from, CameFrom::Directory(of, file, _) if of == dir && file == path)
        })
    }

    /// Drops what came from files of `dir` that no longer exist; returns whether there was any.
    fn forget_missing(&mut self, dir: &Path, files: &[std::path::PathBuf]) -> bool {
        let before = self.pieces.len();
        self.pieces.retain(|piece| {
            !matches!(&piece.from, CameFrom::Directory(of, file, _) if of == dir && !files.contains(file))
        });
        self.pieces.len() < before
    }
}

/// Whether a failure of this piece does not prevent the others from changing.
fn stays_alone(piece: &Piece) -> bool {
    piece.material == Material::Crl || matches!(piece.from, CameFrom::Directory(..))
}
