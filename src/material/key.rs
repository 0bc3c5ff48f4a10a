//! A private key: that of the application.
//!
//! A [`Key`] was read whole, is one that a handshake can use, and knows its public half. It
//! is cheap to clone; its bytes are in memory once and wiped when the last clone goes.
//! Nothing here shows, logs or writes a key.

mod public;
mod unlock;

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::pem::{self, Block};
use super::what;
use crate::error::{Error, FileName, Kind, MaterialCause, Wanted};
use public::Form;
use unlock::refused;

/// Gives the passphrase of the key in the source that is named; the number is the attempt,
/// from 1. `None`: nobody knows it.
pub(super) type Passphrase<'a> = dyn FnMut(&str, u32) -> Option<Zeroizing<Vec<u8>>> + 'a;

/// A private key: RSA from 2048 bits, ECDSA over P-256, P-384 or P-521, or Ed25519.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    form: Form,
    der: Zeroizing<Vec<u8>>,
    spki: Vec<u8>,
}

impl Key {
    /// The one private key in a PEM text; `source` names the text in an error. `passphrase`
    /// is called only for an encrypted key, at most three times.
    ///
    /// # Errors
    ///
    /// [`Kind::Parse`] where the text holds no key or several, or one that does not parse or
    /// that we cannot use, or is encrypted in a way that we cannot read;
    /// [`Kind::Passphrase`] where there is no passphrase, or three wrong ones.
    pub fn from_pem(
        text: &[u8],
        source: &str,
        passphrase: &mut Passphrase<'_>,
    ) -> Result<Self, Error> {
        let blocks = pem::blocks(text, source)
            .map_err(|error| pem::not_wanted(Wanted::Key, text, source, error))?;
        let mut keys = blocks.iter().filter(|block| block.is_private_key());
        let Some(block) = keys.next() else {
            return Err(pem::lacks(Wanted::Key, text, source));
        };
        if let Some(second) = keys.next() {
            let (one, other) = (block.line, second.line);
            return Err(refused(format!(
                "{source} contains several private keys, on lines {one} and {other}"
            ))
            .because(&MaterialCause::SeveralKeys));
        }
        Self::from_block(block, source, passphrase)
    }

    /// The key as rustls takes it, borrowed from here.
    #[must_use]
    pub fn der(&self) -> PrivateKeyDer<'_> {
        let der = self.0.der.as_slice();
        match self.0.form {
            Form::Pkcs1 => PrivatePkcs1KeyDer::from(der).into(),
            Form::Sec1 => PrivateSec1KeyDer::from(der).into(),
            Form::Pkcs8 => PrivatePkcs8KeyDer::from(der).into(),
        }
    }

    /// The public half, a whole `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// Whether the certificate is for this key. The public keys are compared, not how their
    /// parameters are written.
    #[must_use]
    pub fn matches(&self, certificate: &Certificate) -> bool {
        public::same(self.spki(), certificate.spki())
    }

    fn from_block(
        block: &Block,
        source: &str,
        passphrase: &mut Passphrase<'_>,
    ) -> Result<Self, Error> {
        let place = &format!("{source}, line {}", block.line);
        if block.headers.iter().any(|line| line.contains("ENCRYPTED")) {
            return Err(refused(format!(
                "{place}: the key is encrypted in the old PEM format (Proc-Type: 4,ENCRYPTED), which is not supported"
            ))
            .because(&MaterialCause::OldEncryption(FileName::of_source(source))));
        }
        let named = |error: Error| match what::mislabelled(&block.label, &block.der, source) {
            Some((why, cause)) => refused(format!("{place}: {why}")).because(&cause),
            None => error,
        };
        let (form, der) = match block.label.as_str() {
            "PRIVATE KEY" => (Form::Pkcs8, block.der.clone()),
            "RSA PRIVATE KEY" => (Form::Pkcs1, block.der.clone()),
            "EC PRIVATE KEY" => (Form::Sec1, block.der.clone()),
            "ENCRYPTED PRIVATE KEY" => (
                Form::Pkcs8,
                unlock::unlock(&block.der, source, place, &mut |attempt| {
                    passphrase(source, attempt)
                })
                .map_err(|error| if error.kind() == Kind::Parse { named(error) } else { error })?,
            ),
            "OPENSSH PRIVATE KEY" => {
                return Err(refused(format!("{place}: the key is in OpenSSH's format"))
                    .because(&what::openssh_cause(&block.der, source)));
            }
            other => {
                return Err(refused(format!(
                    "{place}: a key with the label {other} is not supported"
                ))
                .because(&MaterialCause::UnsupportedKey));
            }
        };
        let spki = public::spki(form, &der);
        let spki = spki.map_err(|fault| {
            let (why, cause) = fault.words();
            named(refused(format!("{place}: {why}")).because(&cause))
        })?;
        Ok(Self(Arc::new(Inner { form, der, spki })))
    }
}

/// Whether there may be a key in a text: nothing else was found in it, or not by its right name.
pub(crate) fn may_hold_key(text: &[u8]) -> bool {
    let is_other = |block: &Block| {
        !block.is_private_key() && what::mislabelled(&block.label, &block.der, "").is_none()
    };
    let blocks = pem::blocks(text, "").unwrap_or_default();
    blocks.is_empty() || !blocks.iter().all(is_other)
}

impl PartialEq for Key {
    /// Two keys are equal when their public halves are.
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests;
