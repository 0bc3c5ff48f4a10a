//! Whom a context asks: about peers, and for passphrases. The objects of the application are dropped
//! with no lock held, since that may run its code.

use std::sync::Arc;

use super::{AskPassphrase, Context, Passphrase, Validator};
use crate::trust::Asking;

impl Context {
    /// Sets whom to ask. After a validator was set once, `None` means that strangers are refused.
    pub fn set_validator(&self, validator: Option<Arc<dyn Validator>>) {
        self.set_asking(validator, Asking::Validator);
    }

    /// Sets whom to ask the way the 2007 proposal does: only about new servers that an authority
    /// vouches for.
    pub fn set_proposal_validator(&self, validator: Option<Arc<dyn Validator>>) {
        self.set_asking(validator, Asking::Proposal);
    }

    /// Sets whom to ask for the passphrases of encrypted keys that are added from now on.
    pub fn set_passphrase(&self, ask: Option<Arc<AskPassphrase>>) {
        let old = {
            let mut state = self.0.state.lock();
            std::mem::replace(&mut state.passphrase, Passphrase(ask))
        };
        // Dropping the caller's object may run the caller's code, so it is dropped without the
        // lock.
        drop(old);
    }

    fn set_asking(&self, validator: Option<Arc<dyn Validator>>, asking: Asking) {
        // Nothing in this can fail.
        let _ = self.change(|state| {
            state.asking = match (&validator, state.asking) {
                (Some(_), _) => asking,
                (None, Asking::Nobody) => Asking::Nobody,
                (None, _) => Asking::NobodyAnyMore,
            };
            state.validator = validator;
            Ok(())
        });
    }
}
