//! What the sessions of a server share: versions, our own certificates, and the verifier that asks
//! clients for theirs.
//!
//! The verifier checks that a client holds the key of its certificate and never decides whether it
//! is admitted: its session is held until the trust room has decided. Nothing is remembered about a
//! client here; it gets a ticket only if the application wants that.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error as TlsError, ServerConfig};
use rustls::{ServerConnection, SignatureScheme};

use super::algorithms::{Offers, provider};
use super::failure::ours;
use super::own_pairs::{OwnCertificates, OwnPair};
use super::secrets::{KeyLogSink, OF_SERVER, Secrets};
use super::setup::{Options, none_left, versions};
use super::signature::SignatureOnly;
use super::stock::stock;
use super::tickets::{SessionTickets, Tickets};
use crate::error::Error;
use crate::trust::ClientAuth;

/// The most bytes of authorities' names that are sent to a client. If there are more, no names
/// are sent, which means that any authority will do (RFC 8446, section 4.2.4).
const HINTS: usize = 16 * 1024;

/// How many tickets a client of TLS 1.3 is given: one for each of two connections at once.
const TICKETS: usize = 2;

/// What decides which certificate a client is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    /// Whether clients show a certificate.
    pub auth: ClientAuth,
    /// The names of the authorities, in DER, if nothing else can vouch for clients; else empty.
    pub authorities: Vec<Vec<u8>>,
}

/// What the sessions with clients of one generation share.
pub(crate) struct ServerSetup {
    config: ServerConfig,
    key_log: Option<KeyLogSink>,
    auth: ClientAuth,
    tickets: Option<Tickets>,
    offers: Arc<Offers>,
}

impl ServerSetup {
    /// Prepares sessions with clients, with these pairs in order of preference, and with
    /// session tickets if wanted.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] where no version is left; [`Kind::Parse`] where the key is of no use
    /// for TLS.
    pub(crate) fn new(
        options: &Options,
        pairs: &[OwnPair<'_>],
        clients: Clients,
        tickets: Option<Tickets>,
    ) -> Result<Self, Error> {
        // The last two are about connections to servers.
        let Options {
            min_version,
            max_version,
            groups,
            suites,
            alpn,
            key_log,
            resumption: _,
            send_certificate: _,
        } = options;
        let auth = clients.auth;
        let mut config = ServerConfig::builder_with_provider(provider(groups, suites))
            .with_protocol_versions(&versions(*min_version..=*max_version))
            .map_err(none_left)?
            .with_client_cert_verifier(Arc::new(AsksClients::new(clients)))
            .with_cert_resolver(Arc::new(OwnCertificates::new(pairs)?));
        config.alpn_protocols.clone_from(alpn);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = if tickets.is_some() { TICKETS } else { 0 };
        config.max_early_data_size = 0;
        config.ignore_client_order = suites.are_chosen();
        let offers = Offers::new((*min_version, *max_version), groups, suites, alpn);
        let (key_log, offers) = (key_log.clone(), Arc::new(offers));
        Ok(Self { config, key_log, auth, tickets, offers })
    }

    /// Whether clients show a certificate.
    pub(super) const fn auth(&self) -> ClientAuth {
        self.auth
    }

    /// What clients may agree on.
    pub(super) const fn offers(&self) -> &Arc<Offers> {
        &self.offers
    }

    /// A new session of rustls, with its own place for secrets.
    pub(super) fn session(&self) -> Result<(ServerConnection, Arc<Secrets>), Error> {
        let mut config = self.config.clone();
        let secrets = Arc::new(Secrets::new(OF_SERVER, self.key_log.clone()));
        config.key_log = Arc::<Secrets>::clone(&secrets);
        if let Some(tickets) = &self.tickets {
            config.ticketer = Arc::new(SessionTickets::new(tickets.clone()));
        }
        let tls =
            ServerConnection::new(Arc::new(config)).map_err(|failure| ours(&failure, "clients"))?;
        Ok((tls, secrets))
    }
}

impl fmt::Debug for ServerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSetup").field("auth", &self.auth).finish_non_exhaustive()
    }
}

/// Asks clients for a certificate and accepts whatever they show: the judge decides.
#[derive(Debug)]
struct AsksClients {
    auth: ClientAuth,
    hints: Vec<DistinguishedName>,
    signatures: SignatureOnly,
}

impl AsksClients {
    fn new(Clients { auth, authorities }: Clients) -> Self {
        // Each name stands behind two bytes of its length.
        let size: usize = authorities.iter().map(|name| name.len().saturating_add(2)).sum();
        let hints = if size > HINTS { Vec::new() } else { authorities };
        let hints = hints.into_iter().map(DistinguishedName::from).collect();
        let signatures = SignatureOnly(stock().signature_verification_algorithms);
        Self { auth, hints, signatures }
    }
}

impl ClientCertVerifier for AsksClients {
    fn offer_client_auth(&self) -> bool {
        self.auth != ClientAuth::None
    }

    fn client_auth_mandatory(&self) -> bool {
        self.auth == ClientAuth::Required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        // The session is held until the judge has looked at the chain.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.signatures.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.signatures.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_verify_schemes()
    }
}
