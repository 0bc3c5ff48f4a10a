//! An application's trust: material, policies and known peers, and the snapshot that
//! connections work with.
//!
//! Every change makes a new snapshot of the next generation; connections keep the one that they
//! began with and are judged by the newest. Files are read and passphrases asked for with no lock
//! held. One lock guards the state that changes; it is never held while foreign code runs.

mod again;
mod asking;
mod fingerprint;
mod own;
mod pairs;
mod pieces;
mod record;
mod reload;
mod settings;
mod snapshot;
mod stores;
mod ticket_secret;
mod verify;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::Zeroizing;

use crate::chain::{Anchors, CleanChains, Crls, Rules};
use crate::error::{CallCause, Error, Kind};
use crate::host::Role;
use crate::known::{Directory, Entries, Known, SessionEntries, Store};
use crate::material::{
    Layout, Material, Readers, Surroundings, layout_files, pem_files, source_of, system_authorities,
};
use crate::process::{Mutex, Once, RwLock};
use crate::trust::{Admission, AllowList, Asking, Question, Questions, Reply};

use pairs::ServerPair;
use pieces::{CameFrom, Loaded, Own, Piece, load, load_file, text_of};
pub(crate) use record::STORE_WAIT;
pub use settings::Settings;
pub use snapshot::Snapshot;
use stores::has_directory;
use ticket_secret::SecretFile;

/// Whom to ask about a peer. It runs on the thread of the call that needs the answer, with no lock
/// held, and may use the library.
pub trait Validator: Send + Sync + fmt::Debug {
    /// The answer. `None`: it comes later, through [`Question::answer`].
    fn validate(&self, question: &Arc<Question>) -> Option<Reply>;
}

/// Whom to ask for the passphrase of an encrypted key: what it is for, and the number of the
/// attempt, counted from 1. `None`: cancel.
pub type AskPassphrase = dyn Fn(&str, u32) -> Option<Zeroizing<Vec<u8>>> + Send + Sync;

/// How to get a passphrase, if there is a way.
#[derive(Clone, Default)]
pub(crate) struct Passphrase(Option<Arc<AskPassphrase>>);

impl Passphrase {
    fn ask(&self, what: &str, attempt: u32) -> Option<Zeroizing<Vec<u8>>> {
        self.0.as_ref().and_then(|ask| ask(what, attempt))
    }
}

/// An application's trust. It may be shared between threads freely; every method takes `&self`, and
/// each change happens completely or not at all.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    snapshot: RwLock<Arc<Snapshot>>,
    questions: Questions,
    /// How many connections were made with it.
    connections: AtomicUsize,
}

/// The state that changes, and what is derived from it.
#[derive(Clone, Default)]
struct State {
    generation: u64,
    pieces: Vec<Piece>,
    pairs: Vec<ServerPair>,
    ticket_secret: Option<SecretFile>,
    directories: Vec<(Material, PathBuf)>,
    settings: Settings,
    asking: Asking,
    validator: Option<Arc<dyn Validator>>,
    passphrase: Passphrase,
    store: Option<Arc<Store>>,
    client_store: Option<Arc<Store>>,
    directory: Option<Arc<Directory>>,
    identities: Option<Arc<BTreeSet<String>>>,
    session: Arc<SessionEntries>,
    anchors: Arc<Anchors>,
    crls: Arc<Crls>,
    given: Arc<Entries>,
    allowed: AllowList,
}

impl State {
    /// Destructures everything that decides: a new field does not compile until it is used here.
    fn snapshot(&self) -> Snapshot {
        let Self {
            generation,
            pieces,
            pairs,
            ticket_secret,
            directories: _,
            settings,
            asking,
            validator,
            passphrase: _,
            store,
            client_store,
            directory,
            identities,
            session,
            anchors,
            crls,
            given,
            allowed,
        } = self;
        Snapshot {
            generation: *generation,
            rules: Rules {
                profile: settings.profile,
                crl_mode: settings.crl_mode,
                crl_grace: settings.crl_grace,
                anchors: Arc::clone(anchors),
                crls: Arc::clone(crls),
                time_from: settings.time().from,
            },
            clean: CleanChains::default(),
            settings: settings.clone(),
            asking: *asking,
            validator: validator.clone(),
            known: Known {
                store: store.clone(),
                clients: client_store.clone(),
                given: Arc::clone(given),
                session: Arc::clone(session),
            },
            admission: Admission {
                auth: settings.client_auth,
                identity_from: settings.identity_from,
                directory: directory.clone(),
                directory_writers: settings.directory_writers(),
                directory_and_authorities: settings.directory_and_authorities,
                names: allowed.clone(),
                identities: identities.clone(),
            },
            own: Own::of(pieces),
            pairs: pairs.clone(),
            ticket_secret: ticket_secret.clone(),
            setup: Once::new(),
            server: Once::new(),
        }
    }

    /// Refuses a change from `before` to this state that makes one of our certificates unfit.
    fn check_own(&self, before: &Self) -> Result<(), Error> {
        pairs::check(before, self)?;
        own::check(before, self)
    }

    /// Derives the parts that depend on the kinds in `changed` again.
    fn fold(&mut self, changed: &[Material]) -> Result<(), Error> {
        if changed.contains(&Material::Authority) {
            let all = self.pieces.iter().filter_map(|piece| match &piece.loaded {
                Loaded::Authorities(found) => {
                    Some((piece.from.file().map(|(path, _)| source_of(path)), found.clone()))
                }
                Loaded::Crls(_) | Loaded::Key(_) | Loaded::Chain(..) | Loaded::Peers(_) => None,
            });
            self.anchors = Arc::new(Anchors::of_files(all));
        }
        if changed.contains(&Material::Crl) {
            let all = self.pieces.iter().filter_map(|piece| match &piece.loaded {
                Loaded::Crls(found) => Some(found),
                Loaded::Authorities(_) | Loaded::Key(_) | Loaded::Chain(..) | Loaded::Peers(_) => {
                    None
                }
            });
            self.crls = Arc::new(self.crls.of(all.flatten().cloned()));
        }
        if changed.contains(&Material::TrustedPeer) {
            let all = self.pieces.iter().filter_map(|piece| match &piece.loaded {
                Loaded::Peers(found) => Some(found),
                Loaded::Authorities(_) | Loaded::Crls(_) | Loaded::Key(_) | Loaded::Chain(..) => {
                    None
                }
            });
            self.given = Arc::new(Entries::new(all.flatten().cloned().collect()));
        }
        Ok(())
    }
}

impl Context {
    /// A context that trusts nobody and knows nobody.
    #[must_use]
    pub fn new() -> Self {
        let state = State::default();
        let snapshot = RwLock::new(Arc::new(state.snapshot()));
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            snapshot,
            questions: Questions::default(),
            connections: AtomicUsize::new(0),
        }))
    }

    /// The process-wide context, which the functions of the 2007 proposal use.
    #[must_use]
    pub fn process_wide() -> &'static Self {
        static DEFAULT: Once<Context> = Once::new();
        DEFAULT.get_or_init(Self::new)
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.snapshot.read())
    }

    /// One more connection is made with this context.
    pub(crate) fn count_connection(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// The open questions of this context.
    pub(crate) fn questions(&self) -> &Questions {
        &self.0.questions
    }

    /// Adds material from PEM text.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] if the text contains nothing of this kind or something that does not parse,
    /// [`Kind::Passphrase`] for a key, [`Kind::Certificate`] for our own certificate if it cannot
    /// be used. The context is then unchanged.
    pub fn add(&self, material: Material, pem: &[u8]) -> Result<(), Error> {
        let source = text_of(material);
        let loaded = load(material, pem, source, &self.passphrase(), self.snapshot().time())?;
        self.add_pieces(vec![Piece { material, from: CameFrom::Memory, loaded, side: None }], None)
    }

    /// Adds material from a PEM file, which [`Self::reload`] checks again.
    ///
    /// # Errors
    ///
    /// As for [`Self::add`], and [`Kind::File`], [`Kind::TooBig`] and, for a key that others may
    /// read, [`Kind::Permission`].
    pub fn add_file(&self, material: Material, path: &Path) -> Result<(), Error> {
        let piece = self.piece_from(material, path, Readers::Few)?;
        self.add_pieces(vec![piece], None)
    }

    /// Adds every PEM file in a directory, which [`Self::reload`] checks again.
    ///
    /// # Errors
    ///
    /// As for [`Self::add_file`]; [`Kind::Parse`] if the directory contains no PEM file.
    pub fn add_dir(&self, material: Material, dir: &Path) -> Result<(), Error> {
        let (passphrase, now) = (self.passphrase(), self.snapshot().time());
        let mut pieces = Vec::new();
        for path in pem_files(dir)? {
            let (loaded, seen) = load_file(material, &path, Readers::Few, &passphrase, now)?;
            let from = CameFrom::Directory(dir.to_owned(), path, seen);
            pieces.push(Piece { material, from, loaded, side: None });
        }
        if pieces.is_empty() {
            let message = format!("the directory {} contains no PEM file", dir.display());
            return Err(Error::new(Kind::Parse, message).because(&CallCause::NoPemFile));
        }
        self.add_pieces(pieces, Some((material, dir.to_owned())))
    }

    /// Adds the files of a layout in the directory `dir`. `None`: the layout's default directory.
    ///
    /// # Errors
    ///
    /// As for [`Self::add_file`]; [`Kind::NoAuthority`] and [`Kind::NoKey`] for missing files;
    /// [`Kind::Permission`] if the directory of a store is missing and the one above it belongs to
    /// another user.
    pub fn add_layout(&self, layout: Layout, dir: Option<&Path>) -> Result<(), Error> {
        let files = layout_files(layout, dir, &Surroundings::of_process())?;
        let mut pieces =
            vec![self.piece_from(Material::Authority, &files.authority, Readers::Few)?];
        if let Some(crl) = &files.crl {
            pieces.push(self.piece_from(Material::Crl, crl, Readers::Few)?);
        }
        if let Some((certificate, key)) = &files.pair {
            let own = self.piece_from(Material::Certificate, certificate, Readers::Few)?;
            let own = Piece { side: own::side(layout), ..own };
            let readers = layout.readers_of_key();
            let pair = [own, self.piece_from(Material::Key, key, readers)?];
            Own::of(&pair).pair().map_err(|error| {
                let files = format!("{} and {}", certificate.display(), key.display());
                Error::new(error.kind(), format!("{files}: {}", error.message()))
                    .with_hint_of(&error)
            })?;
            pieces.extend(pair);
        }
        let store_at = |path: &Option<PathBuf>, role| match path {
            Some(path) if has_directory(path)? => self.store_at(path, role).map(Some),
            Some(_) | None => Ok(None),
        };
        let store = store_at(&files.known, Role::Server)?;
        let client_store = store_at(&files.known_clients, Role::Client)?;
        self.change_if(|state| {
            let mut is_new = state.add(pieces)?;
            for (place, given) in
                [(&mut state.store, store), (&mut state.client_store, client_store)]
            {
                let same = |old: &Arc<Store>, new: &Arc<Store>| Arc::ptr_eq(old, new);
                if let Some(given) = given {
                    is_new |= !place.as_ref().is_some_and(|old| same(old, &given));
                    *place = Some(given);
                }
            }
            Ok(is_new)
        })
    }

    /// Adds the authorities that the operating system trusts.
    ///
    /// # Errors
    ///
    /// [`Kind::NoAuthority`] if there are none.
    pub fn add_system_roots(&self) -> Result<(), Error> {
        let loaded = Loaded::Authorities(system_authorities()?);
        let (material, from) = (Material::Authority, CameFrom::Memory);
        let piece = Piece { material, from, loaded, side: None };
        self.add_pieces(vec![piece], None)
    }

    /// Admits clients whose certificate is in a directory, which is read anew for each handshake.
    /// Authorities then do not vouch for clients, unless [`Settings::directory_and_authorities`]
    /// says so.
    ///
    /// Returns what there is to tell about files in it that do not count; it reads each once.
    ///
    /// # Errors
    ///
    /// [`Kind::File`] if it cannot be read, [`Kind::Permission`] if others own or may write it.
    pub fn set_client_dir(&self, path: &Path) -> Result<Option<Error>, Error> {
        let writers = self.snapshot().settings().directory_writers();
        let directory = Arc::new(Directory::open(path, writers)?);
        let ignored = directory.ignored(writers)?;
        self.change(|state| {
            state.directory = Some(directory);
            Ok(())
        })?;
        Ok(ignored)
    }

    /// Adds an identity to the list of allowed clients; it must match as a whole. `None`: replaces
    /// the list with an empty one, which allows nobody.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an empty identity.
    pub fn allow_identity(&self, identity: Option<&str>) -> Result<(), Error> {
        if identity.is_some_and(str::is_empty) {
            let message = "the identity is empty, and no client has that";
            return Err(Error::new(Kind::Invalid, message).because(&CallCause::EmptyIdentity));
        }
        self.change(|state| {
            let before = state.identities.as_deref().filter(|_| identity.is_some());
            let all = before.into_iter().flatten().cloned().chain(identity.map(str::to_owned));
            state.identities = Some(Arc::new(all.collect()));
            Ok(())
        })
    }

    /// Changes the settings. `change` runs with the context locked and must not use it.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] if they contradict each other; the settings are then unchanged.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) -> Result<(), Error> {
        self.change(|state| {
            change(&mut state.settings);
            state.settings.check()
        })
    }

    /// Adds a pattern for distinguished names to the list of allowed clients. `None`: replaces the
    /// list with an empty one, which allows nobody.
    ///
    /// `*` stands for any characters and `?` for one; there is no escape. A pattern must match the
    /// whole of [`crate::Certificate::distinguished_name`]. Unless this was called there is no
    /// list, and authorities and answers decide.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an empty pattern.
    pub fn allow_dn(&self, pattern: Option<&str>) -> Result<(), Error> {
        self.change(|state| {
            state.allowed = state.allowed.with(pattern)?;
            Ok(())
        })
    }

    fn passphrase(&self) -> Passphrase {
        self.0.state.lock().passphrase.clone()
    }

    fn piece_from(
        &self,
        material: Material,
        path: &Path,
        readers: Readers,
    ) -> Result<Piece, Error> {
        let now = self.snapshot().time();
        let (loaded, seen) = load_file(material, path, readers, &self.passphrase(), now)?;
        let from = CameFrom::File(path.to_owned(), seen);
        Ok(Piece { material, from, loaded, side: None })
    }

    fn add_pieces(
        &self,
        pieces: Vec<Piece>,
        directory: Option<(Material, PathBuf)>,
    ) -> Result<(), Error> {
        self.change_if(|state| {
            let is_new = directory.is_some_and(|directory| state.add_directory(directory));
            Ok(state.add(pieces)? || is_new)
        })
    }

    /// Changes the state and publishes it, or leaves it unchanged.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<(), Error>) -> Result<(), Error> {
        self.change_if(|state| change(state).map(|()| true))
    }

    /// The same, if `change` says that it has changed anything.
    fn change_if(
        &self,
        change: impl FnOnce(&mut State) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let old = {
            let mut state = self.0.state.lock();
            let mut next = state.clone();
            if !change(&mut next)? {
                return Ok(());
            }
            next.check_own(&state)?;
            next.generation = next.generation.wrapping_add(1);
            let snapshot = Arc::new(next.snapshot());
            let before = std::mem::replace(&mut *state, next);
            (before, std::mem::replace(&mut *self.0.snapshot.write(), snapshot))
        };
        // Dropping the caller's validator may run the caller's code, so it is dropped without the
        // lock.
        drop(old);
        Ok(())
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("generation", &self.snapshot().generation()).finish()
    }
}
