//! What an application may choose, seen from the server's end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{
    DistinguishedName, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion,
};
use tlsconn::{Certified, Context, Error, Kind, Material, Outcome, SendCertificate, Version};

use crate::support::memory::config;
use crate::support::pair::{Pair, Way, in_time};
use crate::support::{Authority, Identity, Link, NOW, believes};

const HOST: &str = "a.example";

/// The time of the tests, for the server.
#[derive(Debug)]
struct Noon;

impl TimeProvider for Noon {
    fn current_time(&self) -> Option<UnixTime> {
        u64::try_from(NOW)
            .ok()
            .map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// An authority, a context that trusts it and has a certificate of its own, and a server.
struct Lab {
    authority: Authority,
    other: Authority,
    context: Context,
    server: Identity,
}

fn lab() -> Lab {
    let authority = Authority::new("Lab CA");
    let (server, own) = (authority.server(&[HOST]), authority.server(&["me.example"]));
    let context = believes(&authority);
    context.add(Material::Certificate, own.pem.as_bytes()).unwrap();
    context.add(Material::Key, own.key_pem().as_bytes()).unwrap();
    Lab { other: Authority::new("Other CA"), authority, context, server }
}

/// How a server asks for certificates.
struct Asks<'a> {
    believes: &'a Authority,
    names: Vec<&'a Authority>,
    requires: bool,
}

impl Lab {
    fn serves(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        asks: Option<&Asks<'_>>,
    ) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match asks {
            None => builder.with_no_client_auth(),
            Some(asks) => {
                let mut roots = RootCertStore::empty();
                let root = asks.believes.certificate.der().to_vec();
                roots.add(CertificateDer::from(root)).unwrap();
                let names = asks.names.iter().map(|one| name_of(one));
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .clear_root_hint_subjects()
                        .add_root_hint_subjects(names.collect::<Vec<_>>());
                let verifier =
                    if asks.requires { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![CertificateDer::from(self.server.certificate.der().to_vec())];
        let key = self.server.key.serialize_der().try_into().unwrap();
        let mut made = builder.with_single_cert(chain, key).unwrap();
        made.time_provider = Arc::new(Noon);
        made
    }

    fn link(&self, config: ServerConfig) -> Link {
        let mut link = Link::new(&self.context, HOST, 443, &self.server);
        link.server = ServerConnection::new(Arc::new(config)).unwrap();
        link
    }

    fn sends(&self, when: SendCertificate) {
        self.context.set(|settings| settings.tls.send_certificate = when).unwrap();
    }

    fn confirms(&self, limit: Duration) {
        self.context.set(|settings| settings.confirm_client_auth = Some(limit)).unwrap();
    }
}

/// The name of an authority, as a server names it.
fn name_of(authority: &Authority) -> DistinguishedName {
    let der = CertificateDer::from(authority.certificate.der().to_vec());
    let mut roots = RootCertStore::empty();
    roots.add(der).unwrap();
    roots.subjects().remove(0)
}

/// Does the handshake and, if it succeeds, reads; returns the error.
fn fails(link: &mut Link) -> Error {
    link.run().and_then(|_| link.connection.read(&mut [0; 16])).unwrap_err()
}

#[test]
fn the_protocol_that_both_sides_speak_is_agreed_on() {
    let lab = lab();
    lab.context.set(|settings| settings.tls.alpn = vec![b"one".into(), b"two".into()]).unwrap();
    let mut theirs = Arc::unwrap_or_clone(config(&lab.server));
    theirs.alpn_protocols = vec![b"three".into(), b"two".into()];
    let mut link = lab.link(theirs);
    link.open();
    assert_eq!(link.connection.info().alpn, b"two");
}

#[test]
fn without_a_common_protocol_the_handshake_fails() {
    let lab = lab();
    lab.context.set(|settings| settings.tls.alpn = vec![b"one".into()]).unwrap();
    let mut theirs = Arc::unwrap_or_clone(config(&lab.server));
    theirs.alpn_protocols = vec![b"two".into()];
    let error = lab.link(theirs).run().unwrap_err();
    assert_eq!(error.kind(), Kind::Alpn, "{error}");
    assert!(error.message().contains(HOST), "{error}");
}

#[test]
fn the_own_certificate_goes_where_it_is_wanted_and_may_go() {
    use SendCertificate::{Always, Matching, Never};
    let lab = lab();
    let cases = [
        (Matching, vec![&lab.authority], Certified::Sent),
        (Matching, vec![&lab.other, &lab.authority], Certified::Sent),
        (Matching, vec![&lab.other], Certified::Withheld),
        (Matching, vec![], Certified::Sent),
        (Always, vec![&lab.other], Certified::Sent),
        (Always, vec![], Certified::Sent),
        (Never, vec![&lab.authority], Certified::Withheld),
        (Never, vec![], Certified::Withheld),
    ];
    for (when, names, told) in cases {
        for version in [&TLS12, &TLS13] {
            lab.sends(when);
            let asks = Asks { believes: &lab.authority, names: names.clone(), requires: false };
            let mut link = lab.link(lab.serves(&[version], Some(&asks)));
            link.open();
            assert_eq!(link.connection.certified(), Some(told), "{when:?}, {}", names.len());
            let came = link.server.peer_certificates().is_some();
            assert_eq!(came, told == Certified::Sent, "{when:?}, {}", names.len());
        }
    }
}

#[test]
fn a_context_without_a_certificate_lacks_it_only_where_one_is_asked_for() {
    let mut lab = lab();
    lab.context = believes(&lab.authority);
    let asks = Asks { believes: &lab.authority, names: vec![], requires: false };
    for (asks, told) in [(Some(&asks), Certified::Lacking), (None, Certified::NotAsked)] {
        let mut link = lab.link(lab.serves(&[&TLS13], asks));
        link.open();
        assert_eq!(link.connection.certified(), Some(told));
    }
}

#[test]
fn a_server_that_requires_a_certificate_and_gets_none_has_rejected_us() {
    let mut lab = lab();
    lab.sends(SendCertificate::Never);
    for words in ["not to be sent", "we have none"] {
        let asks = Asks { believes: &lab.authority, names: vec![], requires: true };
        for version in [&TLS12, &TLS13] {
            let error = fails(&mut lab.link(lab.serves(&[version], Some(&asks))));
            assert_eq!(error.kind(), Kind::PeerRejectedUs, "{error}");
            assert!(error.message().contains("wants a client certificate"), "{error}");
            assert!(error.message().contains(words), "{error}");
            assert!(!error.hint().is_empty());
        }
        lab.context = believes(&lab.authority);
    }
}

#[test]
fn a_refusal_of_our_certificate_comes_with_the_handshake_where_that_is_waited_for() {
    let lab = lab();
    let asks = Asks { believes: &lab.other, names: vec![], requires: true };
    let refuses = || lab.link(lab.serves(&[&TLS13], Some(&asks)));
    let mut link = refuses();
    assert_eq!(link.connection.handshake(), Ok(Outcome::Not(tlsconn::Want::Read)));
    assert_eq!(fails(&mut link).kind(), Kind::PeerRejectedUs);
    lab.confirms(Duration::from_secs(600));
    let error = refuses().run().unwrap_err();
    assert_eq!(error.kind(), Kind::PeerRejectedUs, "{error}");
    assert!(error.message().contains("refused our certificate"), "{error}");
}

#[test]
fn a_server_that_goes_on_is_not_waited_for_any_longer() {
    let lab = lab();
    lab.confirms(Duration::from_secs(600));
    let asks = Asks { believes: &lab.authority, names: vec![], requires: true };
    let mut link = lab.link(lab.serves(&[&TLS13], Some(&asks)));
    link.open();
    assert_eq!(link.connection.certified(), Some(Certified::Sent));
}

#[test]
fn a_server_that_is_silent_is_waited_for_as_long_as_was_chosen() {
    const LIMIT: Duration = Duration::from_millis(20);
    let lab = lab();
    lab.confirms(LIMIT);
    let asks = Asks { believes: &lab.authority, names: vec![], requires: true };
    let mut silent = lab.serves(&[&TLS13], Some(&asks));
    silent.send_tls13_tickets = 0;
    let pair = Pair::new(Way::Unix, &lab.context, HOST, Arc::new(silent), true);
    let connection = Arc::clone(&pair.connection);
    let begun = Instant::now();
    assert_eq!(in_time(move || connection.handshake()), Ok(Outcome::Done(())));
    assert!(begun.elapsed() >= LIMIT);
    assert_eq!(pair.connection.certified(), Some(Certified::Sent));
}

#[test]
fn only_the_versions_that_were_chosen_are_spoken() {
    let lab = lab();
    let both: &[&'static SupportedProtocolVersion] = &[&TLS12, &TLS13];
    let cases = [
        (Version::Tls12, Version::Tls13, "TLSv1.3"),
        (Version::Tls12, Version::Tls12, "TLSv1.2"),
        (Version::Tls13, Version::Tls13, "TLSv1.3"),
    ];
    for (min, max, spoken) in cases {
        lab.context
            .set(|settings| (settings.tls.min_version, settings.tls.max_version) = (min, max))
            .unwrap();
        let mut link = lab.link(lab.serves(both, None));
        link.open();
        assert_eq!(link.connection.info().version, spoken);
    }
}

#[test]
fn without_a_common_version_the_handshake_fails() {
    let lab = lab();
    for (ours, theirs) in [(Version::Tls12, &TLS13), (Version::Tls13, &TLS12)] {
        lab.context
            .set(|settings| (settings.tls.min_version, settings.tls.max_version) = (ours, ours))
            .unwrap();
        let error = lab.link(lab.serves(&[theirs], None)).run().unwrap_err();
        assert!(matches!(error.kind(), Kind::Protocol | Kind::Alert), "{error}");
        assert!(error.message().contains(HOST), "{error}");
    }
}

#[test]
fn the_secrets_of_a_connection_go_to_the_key_log() {
    for (version, label) in [(&TLS12, "CLIENT_RANDOM"), (&TLS13, "SERVER_TRAFFIC_SECRET_0")] {
        let lab = lab();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&lines);
        lab.context
            .set(|settings| {
                settings.tls.key_log = Some(Arc::new(move |line| sink.lock().push(line.into())));
            })
            .unwrap();
        lab.link(lab.serves(&[version], None)).open();
        let lines = lines.lock();
        assert!(lines.iter().any(|line| line.starts_with(label)), "{label}");
        assert!(lines.iter().all(|line| line.split(' ').count() == 3));
    }
}

#[test]
fn an_alert_in_mid_connection_is_named() {
    let lab = lab();
    let mut link = lab.link(lab.serves(&[&TLS13], None));
    link.open();
    let rubbish = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
    link.server.read_tls(&mut &rubbish[..]).unwrap();
    assert!(link.server.process_new_packets().is_err());
    link.carry();
    let error = link.connection.read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), Kind::Alert, "{error}");
    assert!(error.message().contains("alert 20, bad_record_mac"), "{error}");
    assert_eq!(link.connection.write(b"more"), Err(error));
}
