//! What has come and was not read yet: whether there is something, how much, and whether it says
//! that the connection is over.

use super::{Phase, Session};
use crate::error::Error;

impl Session {
    /// Whether [`Self::advance`] or [`Self::read`] would get further without more bytes from the
    /// wire.
    #[must_use]
    pub(crate) fn has_input(&self) -> bool {
        let is_more = self.ended || self.next_record().is_some();
        match self.phase {
            Phase::Hello => is_more,
            Phase::Admitted => is_more || self.has_plaintext() || self.peer_closed,
            Phase::Held | Phase::Failed => false,
        }
    }

    /// Whether there is plaintext to read.
    #[must_use]
    pub(crate) const fn has_plaintext(&self) -> bool {
        self.plaintext > 0
    }

    /// Whether the handshake is complete on our side.
    #[must_use]
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Admitted && !self.tls.is_handshaking()
    }

    /// Looks at what came behind the handshake, up to the first plaintext, which is not taken.
    ///
    /// # Errors
    ///
    /// Whatever the peer did wrong, or says that we did.
    pub(crate) fn look_ahead(&mut self) -> Result<(), Error> {
        while !self.has_plaintext() && self.step()? {}
        Ok(())
    }

    /// [`Self::look_ahead`], and a wire that has ended must have ended well.
    ///
    /// # Errors
    ///
    /// [`Kind::Truncated`](crate::error::Kind::Truncated), too.
    pub(crate) fn look(&mut self) -> Result<(), Error> {
        self.look_ahead()?;
        if self.ended && !self.has_plaintext() && !self.peer_closed {
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
