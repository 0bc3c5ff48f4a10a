//! Chains judged without a connection.

use std::sync::Arc;

use super::Context;
use crate::error::Error;
use crate::host::{Endpoint, Host, Role};
use crate::material::{Certificate, chain_from_pem};
use crate::trust::{Peer, Verdict, unreadable};

impl Context {
    /// Judges a chain in PEM, leaf first, as that of a peer that has proved that it holds the key,
    /// if nobody is asked and no policy is set.
    ///
    /// Without a host names are not checked; without a port, or with port 0, known servers are not
    /// consulted. A client has neither: it is judged like a client that connects, by directory,
    /// known clients, authorities and lists, and must have an identity.
    ///
    /// # Errors
    ///
    /// [`crate::Kind::Parse`] if the text contains no certificate, [`crate::Kind::Invalid`] for an
    /// invalid host, [`crate::Kind::Store`] if the known peers or the directory of clients cannot
    /// be read. What is wrong with the chain is in the verdict.
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
        let of_server = host.as_ref().filter(|_| role == Role::Server);
        let read: Result<Arc<[Certificate]>, Error> =
            chain.iter().map(|der| Certificate::from_der(der)).collect();
        let chain = match read {
            Ok(chain) => chain,
            Err(why) => return Ok(Verdict::unreadable(unreadable(of_server, why.message()))),
        };
        let endpoint = of_server.filter(|_| port != 0).cloned().map(|host| Endpoint { host, port });
        let (endpoint, now) = (endpoint.as_ref(), snapshot.now());
        let peer = Peer { role, name: of_server, endpoint, chain: &chain, now };
        Ok(snapshot.verify(&peer, &view))
    }
}
