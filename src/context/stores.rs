//! The files of known peers: one for servers and one for clients, never the same.
//!
//! Naming a file reads it, so that anything wrong with it is reported at once.

use std::path::Path;
use std::sync::Arc;

use super::Context;
use crate::error::{CallCause, Error, Kind};
use crate::host::Role;
use crate::known::Store;
use crate::material::make_private_directory;

impl Context {
    /// Names the store of known servers. The file may be missing; its directory may not.
    ///
    /// # Errors
    ///
    /// [`Kind::Store`] if it is damaged or cannot be read, [`Kind::Permission`] if others may write
    /// it, [`Kind::Invalid`] if it is the file of known clients.
    pub fn set_known_file(&self, path: &Path) -> Result<(), Error> {
        let store = self.store_at(path, Role::Server)?;
        self.change(|state| {
            state.store = Some(store);
            Ok(())
        })
    }

    /// Names the store of clients that answers allowed. The file may be missing; its directory may
    /// not.
    ///
    /// # Errors
    ///
    /// As for [`Self::set_known_file`].
    pub fn set_known_client_file(&self, path: &Path) -> Result<(), Error> {
        let store = self.store_at(path, Role::Client)?;
        self.change(|state| {
            state.client_store = Some(store);
            Ok(())
        })
    }

    /// The store in a file; if the file is already in use, the same store, since only that one
    /// knows whether the file existed before.
    pub(super) fn store_at(&self, path: &Path, role: Role) -> Result<Arc<Store>, Error> {
        let opened = Store::open(path, role)?;
        let snapshot = self.snapshot();
        let other = match role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        if let Some(other) = snapshot.known().store_for(other)
            && is_same_file(other.path(), opened.path())
        {
            let message = format!(
                "{} cannot be both the file of known servers and the file of known clients",
                opened.path().display()
            );
            return Err(Error::new(Kind::Invalid, message).because(&CallCause::SharedStore));
        }
        let in_use = snapshot.known().store_for(role).cloned();
        let store = in_use
            .filter(|in_use| in_use.path() == opened.path())
            .unwrap_or_else(|| Arc::new(opened));
        store.entries()?;
        Ok(store)
    }
}

/// Whether two paths lead to the same file, which need not exist.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let dir = path.parent().and_then(|dir| dir.canonicalize().ok());
        (dir, path.file_name().map(ToOwned::to_owned))
    };
    place(one) == place(other)
}

/// Whether the directory of a layout's known file exists or could be made: a layout only requires
/// the authority, so without that directory there is simply no store.
///
/// # Errors
///
/// [`Kind::Permission`] if it would be made in a directory of another user, whom it could lock out.
pub(super) fn has_directory(known: &Path) -> Result<bool, Error> {
    known.parent().map_or(Ok(false), make_private_directory)
}
