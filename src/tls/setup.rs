//! What the client sessions of one snapshot share: versions, the client's certificate, verifier
//! and cache.
//!
//! rustls resumes a session only where verifier and certificate resolver are the very objects
//! of the first one, so there is one of each per setup, and a new setup per generation.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, Error as TlsError, SignatureScheme, SupportedProtocolVersion};

use super::algorithms::{Groups, Offers, Suites, check, provider};
use super::cache::{SessionCache, SessionKey, View};
use super::outcome::Certified;
use super::secrets::{KeyLogSink, OF_CLIENT, Secrets};
use super::signature::{SignatureOnly, nothing_in_common};
use super::step;
use super::stock::{Version, stock};
use crate::error::{Error, Kind};
use crate::material::{Certificate, Key};

/// When our certificate is sent to a server that asks for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SendCertificate {
    /// If the server names no authorities, or names one of our chain.
    #[default]
    Matching,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the application chose for its sessions.
#[derive(Clone)]
pub struct Options {
    /// The oldest version that is spoken.
    pub min_version: Version,
    /// The newest version that is spoken.
    pub max_version: Version,
    /// The key exchange groups.
    pub groups: Groups,
    /// The cipher suites, of whatever versions. On a server their order decides, unless it is the
    /// default.
    pub suites: Suites,
    /// The application protocols, the preferred first. If empty, the extension is not sent.
    pub alpn: Vec<Vec<u8>>,
    /// Whether sessions are kept for later connections.
    pub resumption: bool,
    /// When our certificate is sent.
    pub send_certificate: SendCertificate,
    /// Where the lines of a key log go.
    pub key_log: Option<KeyLogSink>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min_version: Version::Tls12,
            max_version: Version::Tls13,
            groups: Groups::default(),
            suites: Suites::default(),
            alpn: Vec::new(),
            resumption: true,
            send_certificate: SendCertificate::default(),
            key_log: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            min_version,
            max_version,
            groups,
            suites,
            alpn,
            resumption,
            send_certificate,
            key_log,
        } = self;
        f.debug_struct("Options")
            .field("versions", &(min_version..=max_version))
            .field("groups", &groups.names())
            .field("suites", &suites.names())
            .field("alpn", alpn)
            .field("resumption", resumption)
            .field("send_certificate", send_certificate)
            .field("key_log", &key_log.is_some())
            .finish()
    }
}

impl Options {
    /// Refuses what leaves a version that is allowed without a group or a suite.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`], with the version and the list.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let allowed = self.min_version..=self.max_version;
        let all = [Version::Tls12, Version::Tls13].into_iter();
        let versions: Vec<Version> = all.filter(|one| allowed.contains(one)).collect();
        check(&self.groups, &self.suites, &versions)
    }
}

/// What the sessions of one generation and one identity share.
pub struct Setup {
    config: ClientConfig,
    cache: Arc<SessionCache>,
    resumption: bool,
    key_log: Option<KeyLogSink>,
    /// Whether the first hello is longer than one packet.
    has_big_hello: bool,
    offers: Arc<Offers>,
}

impl Setup {
    /// Prepares sessions to servers, with our certificate if there is one: its chain, the leaf
    /// first, and its key.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] where no version is left; [`Kind::Parse`] where the key is of no use
    /// for TLS.
    pub fn client(options: &Options, pair: Option<(&[Certificate], &Key)>) -> Result<Self, Error> {
        let Options {
            min_version,
            max_version,
            groups,
            suites,
            alpn,
            resumption,
            send_certificate,
            key_log,
        } = options;
        let verifier = Arc::new(SignatureOnly(stock().signature_verification_algorithms));
        let resolver = OwnCertificate::new(*send_certificate, pair)?;
        let mut config = ClientConfig::builder_with_provider(provider(groups, suites))
            .with_protocol_versions(&versions(*min_version..=*max_version))
            .map_err(none_left)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(resolver));
        config.alpn_protocols.clone_from(alpn);
        config.enable_early_data = false;
        config.resumption = Resumption::disabled();
        let (resumption, key_log) = (*resumption, key_log.clone());
        let has_big_hello = *max_version == Version::Tls13 && groups.is_big();
        let offers = Offers::new((*min_version, *max_version), groups, suites, alpn);
        let offers = Arc::new(offers);
        Ok(Self { config, cache: Arc::default(), resumption, key_log, has_big_hello, offers })
    }

    /// What servers are offered.
    pub(super) const fn offers(&self) -> &Arc<Offers> {
        &self.offers
    }

    /// Whether the first hello is longer than one packet, which old middleboxes do not expect.
    pub(super) const fn has_big_hello(&self) -> bool {
        self.has_big_hello
    }

    /// The configuration of one session: the shared one, with its own view of the cache and
    /// its own place for secrets.
    pub(super) fn session(
        &self,
        key: Option<SessionKey>,
    ) -> (ClientConfig, Option<Arc<View>>, Arc<Secrets>) {
        let mut config = self.config.clone();
        let secrets = Arc::new(Secrets::new(OF_CLIENT, self.key_log.clone()));
        config.key_log = Arc::<Secrets>::clone(&secrets);
        let key = key.filter(|_| self.resumption);
        let view = key.map(|key| Arc::new(View::new(Arc::clone(&self.cache), key)));
        if let Some(view) = &view {
            config.resumption = Resumption::store(Arc::<View>::clone(view));
        }
        (config, view, secrets)
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("resumption", &self.resumption).finish_non_exhaustive()
    }
}

/// The versions that the application left, the newest first.
pub(super) fn versions(allowed: RangeInclusive<Version>) -> Vec<&'static SupportedProtocolVersion> {
    [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)]
        .into_iter()
        .filter(|(one, _)| allowed.contains(one))
        .map(|(_, version)| version)
        .collect()
}

/// The error if rustls supports no allowed version.
pub(super) fn none_left(_: TlsError) -> Error {
    Error::new(Kind::Invalid, "no version of TLS is left between the oldest and the newest allowed")
}

/// A chain, the leaf first, and its key, as rustls wants them.
pub(super) fn certified_key(
    (chain, key): (&[Certificate], &Key),
) -> Result<Arc<CertifiedKey>, Error> {
    let useless = |_| Error::new(Kind::Parse, "our key is of a kind that TLS cannot use");
    let key = aws_lc_rs::sign::any_supported_type(&key.der()).map_err(useless)?;
    let chain = chain.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Our certificate, as rustls asks for it.
struct OwnCertificate {
    when: SendCertificate,
    issuers: Vec<Vec<u8>>,
    pair: Option<Arc<CertifiedKey>>,
}

impl OwnCertificate {
    fn new(when: SendCertificate, pair: Option<(&[Certificate], &Key)>) -> Result<Self, Error> {
        let Some((chain, key)) = pair else {
            return Ok(Self { when, issuers: Vec::new(), pair: None });
        };
        let issuers = chain.iter().map(|one| one.issuer_der().to_vec()).collect();
        Ok(Self { when, issuers, pair: Some(certified_key((chain, key))?) })
    }

    fn choose(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let pair = self.pair.as_ref()?;
        let wanted = match self.when {
            SendCertificate::Never => false,
            SendCertificate::Always => true,
            SendCertificate::Matching => {
                let ours = |hint: &&[u8]| self.issuers.iter().any(|issuer| issuer == hint);
                hints.is_empty() || hints.iter().any(ours)
            }
        };
        let fits = pair.key.choose_scheme(schemes).is_some();
        if wanted && !fits {
            step::unverifiable(nothing_in_common(schemes, std::iter::once(pair)));
        }
        (wanted && fits).then(|| Arc::clone(pair))
    }
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let chosen = self.choose(hints, schemes);
        step::answered(match (&chosen, &self.pair) {
            (Some(_), _) => Certified::Sent,
            (None, Some(_)) => Certified::Withheld,
            (None, None) => Certified::Lacking,
        });
        chosen
    }

    fn has_certs(&self) -> bool {
        self.pair.is_some()
    }
}

impl fmt::Debug for OwnCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnCertificate({:?})", self.when)
    }
}
