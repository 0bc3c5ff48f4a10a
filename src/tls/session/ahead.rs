//! What has come and was not read yet: whether there is something, how much, and whether it says
//! that the connection is over.

use super::{Phase, Session};
use crate::error::Error;

impl Session {
    /// Whether [`Self::read`] would give something without more bytes from the wire.
    #[must_use]
    pub(crate) fn has_input(&self) -> bool {
        let ready = self.plaintext > 0 || self.peer_closed || self.ended;
        self.phase == Phase::Admitted && (ready || self.next_record().is_some())
    }

    /// Looks at what came behind the handshake without taking plaintext.
    ///
    /// # Errors
    ///
    /// Whatever the peer did wrong, or says that we did.
    pub(crate) fn look(&mut self) -> Result<(), Error> {
        while self.plaintext == 0 && self.step()? {}
        if self.ended && self.plaintext == 0 && !self.peer_closed {
            return Err(self.truncated());
        }
        Ok(())
    }

    /// How many bytes wait to be looked at.
    #[must_use]
    pub(crate) fn buffered(&self) -> usize {
        self.incoming.len()
    }
}
