//! The secret of a server's tickets, from a file that processes may share and that is checked again
//! on reload.
//!
//! If the file fails, the previous secret stays in force. What tickets are made of is for the TLS
//! room to say, and the file is never written here.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::pieces::Seen;
use super::{Context, State};
use crate::error::{CallCause, Error, Kind};
use crate::material::{Readers, read_secret, sha256, source_of};
use crate::tls::TicketSecret;

/// The largest file with a secret.
const LONGEST_SECRET: u64 = 1 << 16;

/// The secret of tickets, from a file.
#[derive(Clone, Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    seen: Seen,
    pub(super) secret: TicketSecret,
}

impl SecretFile {
    fn load(path: &Path) -> Result<Self, Error> {
        let file = read_secret(path, LONGEST_SECRET, Readers::Few, |_| true)?;
        let (stamp, sha256) = (file.stamp, sha256(&file.bytes));
        let seen = Seen { stamp, sha256, readers: Readers::Few };
        let is_random = file.bytes.iter().any(|byte| Some(byte) != file.bytes.first());
        let secret = TicketSecret::new(Zeroizing::clone(&file.bytes)).filter(|_| is_random);
        let secret = secret.ok_or_else(|| {
            let message = format!(
                "{} contains no secret for tickets: it needs at least {} random bytes",
                source_of(path),
                TicketSecret::SHORTEST
            );
            Error::new(Kind::Parse, message).because(&CallCause::TicketSecret)
        })?;
        Ok(Self { path: path.to_owned(), seen, secret })
    }

    fn again(&self) -> Result<Option<Self>, Error> {
        if self.seen.has_changed(&self.path)? { Self::load(&self.path).map(Some) } else { Ok(None) }
    }
}

impl Context {
    /// Names the file with the secret of the tickets, which processes may share, and which
    /// [`Self::reload`] checks again. `None`: a random secret of this process.
    ///
    /// # Errors
    ///
    /// [`Kind::File`]; [`Kind::Permission`] if others may read it; [`Kind::Parse`] if it has fewer
    /// than 32 bytes, or the same byte throughout.
    pub fn set_ticket_secret_file(&self, path: Option<&Path>) -> Result<(), Error> {
        let secret = path.map(SecretFile::load).transpose()?;
        self.change(|state| {
            state.ticket_secret = secret;
            Ok(())
        })
    }
}

impl State {
    /// Reads the file with the secret again if it has changed; returns whether its contents are
    /// new. A failure goes into `outcome` unless something failed before.
    pub(super) fn refresh_ticket_secret(&mut self, outcome: &mut Result<(), Error>) -> bool {
        match self.ticket_secret.as_ref().map(SecretFile::again) {
            Some(Ok(Some(new))) => {
                let sha256 = new.seen.sha256;
                let old = self.ticket_secret.replace(new);
                old.is_some_and(|old| old.seen.sha256 != sha256)
            }
            Some(Err(error)) => {
                if outcome.is_ok() {
                    *outcome = Err(error);
                }
                false
            }
            Some(Ok(None)) | None => false,
        }
    }
}
