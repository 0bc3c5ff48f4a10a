//! An authority, a server and a client, made anew for each test.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group::SECP384R1, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tlsconn::{Context, Material, Policy};

/// What only the client's certificate says.
pub(crate) const CLIENT: &str = "client-who-stays-hidden";
/// What the server's certificate is for, beside an address and a second name.
pub(crate) const SERVER: &str = "server.example";
/// The second name.
pub(crate) const OTHER_NAME: &str = "other.example";
/// A day on which everything is valid: 2026-11-21, at noon.
pub(crate) const NOW: i64 = 1_795_262_400;
/// The server's serial number.
const SERIAL: u64 = 77;

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

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: KeyPair,
}

impl Pair {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn certified(&self) -> CertifiedKey {
        certified(self.der(), &self.key)
    }
}

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
    authority: CertificateParams,
    authority_key: KeyPair,
    pub(crate) authority_pem: String,
    authority_der: CertificateDer<'static>,
    pub(crate) server: Pair,
    pub(crate) client: Pair,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let mut authority = params("Test Authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate().unwrap();
        let certificate = authority.self_signed(&authority_key).unwrap();

        let mut server = params(SERVER);
        server.serial_number = Some(SerialNumber::from(SERIAL));
        server.subject_alt_names = vec![
            SanType::DnsName(SERVER.try_into().unwrap()),
            SanType::DnsName(OTHER_NAME.try_into().unwrap()),
            SanType::IpAddress([127, 0, 0, 1].into()),
        ];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut client = params(CLIENT);
        client.subject_alt_names = vec![SanType::DnsName("client.example".try_into().unwrap())];
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let signed = |mut params: CertificateParams| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate().unwrap();
            let issuer = Issuer::from_params(&authority, &authority_key);
            Pair { certificate: params.signed_by(&key, &issuer).unwrap(), key }
        };
        Self {
            server: signed(server),
            client: signed(client),
            authority_pem: certificate.pem(),
            authority_der: certificate.der().clone(),
            authority,
            authority_key,
        }
    }

    /// A context that believes the authority and asks about strangers, though it has no
    /// validator; with the own pair where `certified`.
    pub(crate) fn asking(&self, certified: bool) -> Context {
        let context = self.believing(certified);
        context.set(|settings| settings.policies.on_new = Policy::Ask).unwrap();
        context
    }

    /// A context that admits whomever the authority vouches for.
    pub(crate) fn believing(&self, certified: bool) -> Context {
        let context = Context::new();
        context.set(|settings| settings.verify_time = Some(NOW)).unwrap();
        context.add(Material::Authority, self.authority_pem.as_bytes()).unwrap();
        if certified {
            let key = self.client.key.serialize_pem();
            context.add(Material::Key, key.as_bytes()).unwrap();
            let certificate = self.client.certificate.pem();
            context.add(Material::Certificate, certificate.as_bytes()).unwrap();
        }
        context
    }

    /// A server that asks for a client certificate where `asks`.
    pub(crate) fn server(&self, way: Way, asks: bool) -> Arc<ServerConfig> {
        self.server_showing(way, asks, self.server.certified())
    }

    /// A server that shows this certificate with this key, be they a pair or not.
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

    /// Lets in the clients of the authority, and nobody without a certificate.
    pub(crate) fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority_der.clone()).unwrap();
        let provider = Arc::new(default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }

    /// A revocation list of the authority which lists the server.
    pub(crate) fn revocation(&self) -> String {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(SERIAL),
            revocation_time: date_time_ymd(2026, 11, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, 2),
            next_update: date_time_ymd(2027, 11, 2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.authority, &self.authority_key);
        list.signed_by(&issuer).unwrap().pem().unwrap()
    }
}

/// A certificate with a key, for a server in process.
pub(crate) fn certified(certificate: CertificateDer<'static>, key: &KeyPair) -> CertifiedKey {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    CertifiedKey::new(vec![certificate], any_supported_type(&key).unwrap())
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    params
}
