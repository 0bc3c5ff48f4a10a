//! Chains judged without a connection.

use super::Context;
use crate::error::Error;
use crate::host::{Host, Role};
use crate::material::chain_from_pem;
use crate::trust::{Client, Suspect, Verdict, verify};

impl Context {
    /// Judges a chain in PEM, the leaf first, as that of a peer which has proven that it holds
    /// the key, where nobody is asked and no policy is set.
    ///
    /// Without a host names are not looked at; without a port, or with port 0, known servers are
    /// not. A client has neither: it is judged as whoever connects, by directory, known clients,
    /// authorities and lists, and must have an identity.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Parse`] where the text holds no certificate, [`crate::Kind::Invalid`] for
    /// a host that is none, [`crate::Kind::Store`] where the known peers or
    /// the directory of clients cannot be read. What is
    /// wrong with the chain is in the verdict.
    pub fn verify(
        &self,
        role: Role,
        host: Option<&str>,
        port: u16,
        chain: &[u8],
    ) -> Result<Verdict, Error> {
        let chain = chain_from_pem(chain, "the PEM text of the chain")?;
        let host = host.map(Host::parse).transpose()?;
        let snapshot = self.snapshot();
        let view = snapshot.known().view()?;
        let now = snapshot.now();
        if role == Role::Client {
            return Ok(snapshot.verify_client(&Client { chain: &chain, now }, &view));
        }
        let suspect = Suspect {
            host: host.as_ref(),
            port: Some(port).filter(|port| *port != 0),
            chain: &chain,
            now,
        };
        Ok(verify(&suspect, &snapshot.beliefs(&view)))
    }
}
