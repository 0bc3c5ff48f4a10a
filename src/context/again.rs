//! What is added again: it is not kept a second time, and changes nothing.
//!
//! A program may give the same list or authority before each connection. So what comes from memory
//! is compared with what came from memory before, certificate by certificate and list by list; what
//! comes from a file, with what the same file held. Memory and files are never compared with each
//! other: a file may change, and what was given from memory stays.

use std::collections::HashSet;
use std::path::PathBuf;

use super::State;
use super::pieces::{CameFrom, Loaded, Own, Piece};
use crate::known::Entry;
use crate::material::Material;

impl State {
    /// Adds these pieces, without what is here already, and derives what depends on them. Returns
    /// whether there was anything new.
    pub(super) fn add(&mut self, pieces: Vec<Piece>) -> Result<bool, crate::error::Error> {
        let mut changed = Vec::new();
        for piece in pieces {
            if let Some(piece) = self.new_of(piece) {
                changed.push(piece.material);
                self.pieces.push(piece);
            }
        }
        self.fold(&changed)?;
        Ok(!changed.is_empty())
    }

    /// Adds a directory to those that are looked through again; returns whether it is new.
    pub(super) fn add_directory(&mut self, directory: (Material, PathBuf)) -> bool {
        let is_new = !self.directories.contains(&directory);
        if is_new {
            self.directories.push(directory);
        }
        is_new
    }

    /// What is new in a piece.
    fn new_of(&self, piece: Piece) -> Option<Piece> {
        let Piece { material, from, mut loaded, side } = piece;
        let same_place = |old: &&Piece| old.side == side && old.from.is_same(&from);
        let mut others = self.pieces.iter().filter(same_place);
        if let CameFrom::Memory = from {
            let old = others.clone().map(|old| &old.loaded);
            match &mut loaded {
                Loaded::Authorities(all) => {
                    let mut known: HashSet<[u8; 32]> =
                        old.flat_map(Loaded::authorities).map(|one| *one.sha256()).collect();
                    all.retain(|one| known.insert(*one.sha256()));
                    if all.is_empty() {
                        return None;
                    }
                }
                Loaded::Crls(all) => {
                    let mut known: HashSet<[u8; 32]> =
                        old.flat_map(Loaded::lists).map(|one| *one.identity()).collect();
                    all.retain(|one| known.insert(*one.identity()));
                    if all.is_empty() {
                        return None;
                    }
                }
                Loaded::Peers(all) => {
                    #[allow(
                        clippy::mutable_key_type,
                        reason = "a certificate is its bytes; its cells keep what follows from them"
                    )]
                    let mut known: HashSet<Entry> = old.flat_map(Loaded::peers).cloned().collect();
                    all.retain(|one| known.insert(one.clone()));
                    if all.is_empty() {
                        return None;
                    }
                }
                Loaded::Key(_) | Loaded::Chain(..) => {}
            }
        }
        let is_there = others.any(|old| old.loaded == loaded);
        let piece = Piece { material, from, loaded, side };
        (!is_there || self.is_another_pair(&piece)).then_some(piece)
    }

    /// Whether our own certificate or key would be another one with this piece: one that was
    /// replaced comes back when it is added again.
    fn is_another_pair(&self, piece: &Piece) -> bool {
        if !matches!(piece.loaded, Loaded::Key(_) | Loaded::Chain(..)) {
            return false;
        }
        let mut with = self.pieces.clone();
        with.push(piece.clone());
        Own::of(&with) != Own::of(&self.pieces)
    }
}

impl CameFrom {
    /// Whether both came from memory, or from the same file in the same state.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory, Self::Memory) => true,
            (Self::File(one, seen), Self::File(other, new)) => {
                one == other && seen.sha256 == new.sha256
            }
            (Self::Directory(dir, one, seen), Self::Directory(of, other, new)) => {
                dir == of && one == other && seen.sha256 == new.sha256
            }
            (Self::Memory | Self::File(..) | Self::Directory(..), _) => false,
        }
    }
}

impl Loaded {
    fn authorities(&self) -> &[crate::material::Certificate] {
        match self {
            Self::Authorities(all) => all,
            Self::Crls(_) | Self::Key(_) | Self::Chain(..) | Self::Peers(_) => &[],
        }
    }

    fn lists(&self) -> &[crate::material::Crl] {
        match self {
            Self::Crls(all) => all,
            Self::Authorities(_) | Self::Key(_) | Self::Chain(..) | Self::Peers(_) => &[],
        }
    }

    fn peers(&self) -> &[Entry] {
        match self {
            Self::Peers(all) => all,
            Self::Authorities(_) | Self::Crls(_) | Self::Key(_) | Self::Chain(..) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::material::testing::{Maker, NOW, server};
    use crate::material::{Style, pem_text};

    fn context() -> Context {
        let context = Context::new();
        context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
        context
    }

    fn pieces(context: &Context) -> usize {
        context.0.state.lock().pieces.len()
    }

    #[test]
    fn what_is_added_again_from_memory_is_kept_once_and_changes_nothing() {
        let root = Maker::authority("Root");
        let alone = Maker::of(server("a.example"));
        let own = root.below(server("b.example"));
        let certificate = |maker: &Maker| maker.certificate().text(Style::Pem);
        let all = [
            (Material::Authority, certificate(&root)),
            (Material::Crl, pem_text("X509 CRL", &root.list((-1, 30), 1, &[]))),
            (Material::TrustedPeer, certificate(&alone)),
            (Material::Certificate, certificate(&own)),
            (Material::Key, own.key().serialize_pem()),
        ];
        let context = context();
        let add = || {
            for (material, pem) in &all {
                context.add(*material, pem.as_bytes()).unwrap();
            }
        };
        add();
        let first = context.snapshot();
        assert_eq!(pieces(&context), all.len());
        for _ in 0..2_000 {
            add();
        }
        assert_eq!(pieces(&context), all.len());
        assert!(std::sync::Arc::ptr_eq(&first, &context.snapshot()), "sessions go on");
    }

    #[test]
    fn only_what_is_new_in_a_bundle_is_kept() {
        let makers: Vec<Maker> = (0..3).map(|at| Maker::authority(&format!("{at}"))).collect();
        let bundle = |makers: &[Maker]| -> String {
            makers.iter().map(|one| one.certificate().text(Style::Pem)).collect()
        };
        let context = context();
        context.add(Material::Authority, bundle(&makers[..2]).as_bytes()).unwrap();
        context.add(Material::Authority, bundle(&makers).as_bytes()).unwrap();
        let kept: Vec<usize> = {
            let state = context.0.state.lock();
            state.pieces.iter().map(|piece| piece.loaded.authorities().len()).collect()
        };
        assert_eq!(kept, [2, 1]);
        assert_eq!(context.snapshot().rules.anchors.all().len(), 3);
    }

    #[test]
    fn only_the_new_entries_of_one_certificate_at_many_places_are_kept() {
        let certificate = Maker::of(server("a.example")).certificate();
        let (pem, digest) = (certificate.text(Style::Pem), certificate.fingerprint());
        let text = |places: std::ops::Range<usize>| -> String {
            places.map(|at| format!("Host: h{at}.example:443\nSHA256: {digest}\n{pem}")).collect()
        };
        let context = context();
        for places in [0..1_000, 0..1_000, 500..1_001, 3..5] {
            context.add(Material::TrustedPeer, text(places).as_bytes()).unwrap();
        }
        let kept: Vec<usize> = {
            let state = context.0.state.lock();
            state.pieces.iter().map(|piece| piece.loaded.peers().len()).collect()
        };
        assert_eq!(kept, [1_000, 1]);
    }

    #[test]
    fn a_file_of_lists_that_is_renewed_daily_keeps_the_newest_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = Maker::authority("Root");
        let path = dir.path().join("crl.pem");
        let context = context();
        context.add(Material::Authority, root.certificate().text(Style::Pem).as_bytes()).unwrap();
        let write = |number| {
            let list = pem_text("X509 CRL", &root.list((-1, 30), number, &[]));
            std::fs::write(&path, list).unwrap();
        };
        write(1);
        context.add_file(Material::Crl, &path).unwrap();
        for number in 2..30 {
            write(number);
            context.reload().unwrap();
            let snapshot = context.snapshot();
            assert_eq!(snapshot.rules.crls.identities().count(), 1, "number {number}");
            assert_eq!(pieces(&context), 2);
        }
    }

    #[test]
    fn a_file_that_is_added_again_is_kept_once_and_beside_what_memory_has() {
        let dir = tempfile::tempdir().unwrap();
        let root = Maker::authority("Root").certificate().text(Style::Pem);
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, &root).unwrap();
        let context = context();
        context.add(Material::Authority, root.as_bytes()).unwrap();
        for _ in 0..3 {
            context.add_file(Material::Authority, &path).unwrap();
            context.add_dir(Material::Authority, dir.path()).unwrap();
        }
        assert_eq!(pieces(&context), 3);
        assert_eq!(context.0.state.lock().directories.len(), 1);
    }

    #[test]
    fn a_pair_that_was_replaced_comes_back_when_it_is_added_again() {
        let context = context();
        let pairs = [(); 2].map(|()| Maker::of(server("a.example")));
        let add = |maker: &Maker| {
            let pem = maker.certificate().text(Style::Pem);
            context.add(Material::Certificate, pem.as_bytes()).unwrap();
            context.add(Material::Key, maker.key().serialize_pem().as_bytes()).unwrap();
            context.snapshot().own.active.as_ref().map(|(chain, _)| chain[0].clone())
        };
        for at in [0, 1, 0, 0, 1] {
            assert_eq!(add(&pairs[at]), Some(pairs[at].certificate()));
        }
    }
}
