//! An authority, a server and a client, made anew for each test.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group::SECP384R1, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tlsconn::{Context, Policy};

use crate::support::pki::{Authority, Identity, lasting};
use crate::support::{believes, own};

/// A text that only the client's certificate contains.
pub(crate) const CLIENT: &str = "client-who-stays-hidden";
/// What the server's certificate is for, beside an address and a second name.
pub(crate) const SERVER: &str = "server.example";
/// The second name.
pub(crate) const OTHER_NAME: &str = "other.example";
/// How the two sides shake hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Tls12,
    Tls13,
    /// TLS 1.3, and the server wants a group for which the client sent no share.
    Retry,
}

pub(crate) const WAYS: [Way; 3] = [Way::Tls12, Way::Tls13, Way::Retry];
pub(crate) const VERSIONS: [Way; 2] = [Way::Tls12, Way::Tls13];

/// A server's answer to every hello: this certificate, whatever it is.
#[derive(Debug)]
pub(crate) struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Everybody who is needed.
pub(crate) struct Pki {
    pub(crate) authority: Authority,
    pub(crate) server: Identity,
    pub(crate) client: Identity,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let authority = Authority::with(lasting("Test Authority", &[]));
        let signed = |mut params: CertificateParams, usage| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![usage];
            params.use_authority_key_identifier_extension = true;
            authority.sign(&params, KeyPair::generate().unwrap())
        };
        let server = lasting(SERVER, &[SERVER, OTHER_NAME, "127.0.0.1"]);
        let client = lasting(CLIENT, &["client.example"]);
        Self {
            server: signed(server, ExtendedKeyUsagePurpose::ServerAuth),
            client: signed(client, ExtendedKeyUsagePurpose::ClientAuth),
            authority,
        }
    }

    /// A context that trusts the authority and asks about strangers, although it has no validator;
    /// with our own certificate if `certified`.
    pub(crate) fn asking(&self, certified: bool) -> Context {
        let context = self.believing(certified);
        context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
        context
    }

    /// A context that admits every server that the authority vouches for.
    pub(crate) fn believing(&self, certified: bool) -> Context {
        let context = believes(&self.authority);
        if certified { own(context, &self.client) } else { context }
    }

    /// A server that asks for a client certificate if `asks`.
    pub(crate) fn server(&self, way: Way, asks: bool) -> Arc<ServerConfig> {
        self.server_showing(way, asks, certified(self.server.der(), &self.server.key))
    }

    /// A server that shows this certificate with this key, whether they match or not.
    pub(crate) fn server_showing(
        &self,
        way: Way,
        asks: bool,
        shows: CertifiedKey,
    ) -> Arc<ServerConfig> {
        let mut provider = default_provider();
        if way == Way::Retry {
            provider.kx_groups = vec![SECP384R1];
        }
        let version =
            if way == Way::Tls12 { &rustls::version::TLS12 } else { &rustls::version::TLS13 };
        let builder = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap();
        let builder = if asks {
            builder.with_client_cert_verifier(self.verifier())
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_cert_resolver(Arc::new(Shows(Arc::new(shows))));
        config.send_half_rtt_data = true;
        Arc::new(config)
    }

    /// Admits the clients of the authority, and nobody without a certificate.
    pub(crate) fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate.der().to_vec().into()).unwrap();
        let provider = Arc::new(default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }

    /// A revocation list of the authority that names the server.
    pub(crate) fn revocation(&self) -> String {
        self.authority.list(19, &[&self.server])
    }
}

/// A certificate with a key, for a server in process.
pub(crate) fn certified(certificate: CertificateDer<'static>, key: &KeyPair) -> CertifiedKey {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    CertifiedKey::new(vec![certificate], any_supported_type(&key).unwrap())
}
