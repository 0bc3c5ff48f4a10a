//! Session tickets of a server: only on request, only valid while nothing has changed that decides
//! who is admitted, and never a way past the judge.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use tempfile::TempDir;
use tlsconn::{
    Answer, ClientAuth, Context, CrlMode, Error, IdentityFrom, Kind, Material, Policy, Profile,
    SendCertificate, Version,
};

use crate::support::raw::{Raw, VERSIONS, client};
use crate::support::{Ask, Authority, DAY, Identity, NOW, believes, own};

const HOST: &str = "a.example";
/// For how many seconds one key seals tickets.
const PERIOD: i64 = 6 * 60 * 60;

/// A server that gives tickets, and a client that keeps them.
struct Lab {
    authority: Authority,
    pair: Identity,
    alice: Identity,
    server: Context,
    client: Arc<ClientConfig>,
    home: TempDir,
}

fn lab(version: Version) -> Lab {
    let authority = Authority::new("Lab CA");
    let (pair, alice) = (authority.server(&[HOST]), authority.server(&["alice"]));
    let server = gives_tickets(own(believes(&authority), &pair));
    let client = Arc::new(client(Some(&alice), version));
    Lab { authority, pair, alice, server, client, home: tempfile::tempdir().unwrap() }
}

fn gives_tickets(context: Context) -> Context {
    context.set(|settings| settings.tickets = true).unwrap();
    context
}

impl Lab {
    /// A client connects, with its session if it has one; returns whether the session was resumed.
    #[track_caller]
    fn comes(&self) -> bool {
        self.comes_to(&self.server)
    }

    #[track_caller]
    fn comes_to(&self, server: &Context) -> bool {
        let mut raw = self.call(server);
        raw.open();
        raw.is_resumed()
    }

    fn call(&self, server: &Context) -> Raw {
        Raw::new(server, &self.client, HOST)
    }

    /// A file in the home of the test.
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A directory with this file in it.
    fn directory(&self, name: &str, content: &str) -> PathBuf {
        let dir = self.home.path().join("clients");
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.join(name), content).unwrap();
        dir
    }
}

#[test]
fn by_default_nobody_is_given_a_ticket() {
    for version in VERSIONS {
        let mut lab = lab(version);
        lab.server = own(believes(&lab.authority), &lab.pair);
        for _ in 0..2 {
            let mut raw = lab.call(&lab.server);
            raw.open();
            assert!(!raw.is_resumed());
            assert_eq!(raw.client.tls13_tickets_received(), 0);
            assert!(!gives_a_ticket_of_tls12(&raw.recorded));
        }
    }
}

#[test]
fn a_client_with_a_ticket_resumes_and_is_named_again() {
    for version in VERSIONS {
        let lab = lab(version);
        let mut first = lab.call(&lab.server);
        first.open();
        assert!(!first.is_resumed());
        assert_eq!(gives_a_ticket_of_tls12(&first.recorded), version == Version::Tls12);
        for _ in 0..3 {
            let mut raw = lab.call(&lab.server);
            raw.open();
            assert!(raw.is_resumed(), "{version:?}");
            assert_eq!(raw.server().identity().unwrap().name, "alice");
            assert_eq!(raw.server().peer_certificate(0).unwrap(), lab.alice.certificate);
        }
    }
}

#[test]
fn a_client_of_ours_resumes_too() {
    for version in VERSIONS {
        let lab = lab(version);
        let client = own(believes(&lab.authority), &lab.alice);
        client.set(|settings| settings.tls.max_version = version).unwrap();
        for is_resumed in [false, true] {
            let both = crate::support::Both::new(&lab.server, &client, HOST);
            both.open();
            assert_eq!(both.server.info().resumed, is_resumed, "{version:?}");
        }
    }
}

#[test]
fn early_data_is_never_offered_and_never_accepted() {
    let mut lab = lab(Version::Tls13);
    let mut eager = Arc::unwrap_or_clone(lab.client);
    eager.enable_early_data = true;
    lab.client = Arc::new(eager);
    lab.call(&lab.server).open();
    let mut raw = lab.call(&lab.server);
    assert!(raw.client.early_data().is_none());
    raw.open();
    assert!(raw.is_resumed());
    assert!(!raw.client.is_early_data_accepted());
}

#[test]
fn a_client_that_left_the_directory_is_refused_with_its_ticket() {
    for version in VERSIONS {
        let lab = lab(version);
        let dir = lab.directory("alice.pem", &lab.alice.pem);
        lab.directory("bob.pem", &lab.authority.server(&["bob"]).pem);
        lab.server.set_client_dir(&dir).unwrap();
        lab.comes();
        assert!(lab.comes());
        fs::remove_file(dir.join("alice.pem")).unwrap();
        let mut raw = lab.call(&lab.server);
        assert_eq!(raw.refused().kind(), Kind::CertificateUnknown);
        assert!(raw.is_resumed());
    }
}

#[test]
fn a_distrusted_client_is_refused_with_its_ticket() {
    for version in VERSIONS {
        let lab = lab(version);
        lab.comes();
        lab.server.distrust(&lab.alice.certificate, true).unwrap();
        let mut raw = lab.call(&lab.server);
        assert_eq!(raw.refused().kind(), Kind::CertificateDistrusted);
        assert!(raw.is_resumed());
    }
}

#[test]
fn an_expired_client_is_refused_with_its_ticket() {
    for version in VERSIONS {
        let mut lab = lab(version);
        let mut params = crate::support::pki::named("alice", &["alice"]);
        params.not_after = crate::support::pki::day(0) + std::time::Duration::from_secs(60);
        lab.alice = lab.authority.sign(&params, rcgen::KeyPair::generate().unwrap());
        lab.client = Arc::new(client(Some(&lab.alice), version));
        lab.comes();
        lab.server.set(|settings| settings.verify_time = Some(NOW + 61)).unwrap();
        let mut raw = lab.call(&lab.server);
        assert!(raw.refused().problems().contains(tlsconn::Problems::EXPIRED));
        assert!(raw.is_resumed());
    }
}

/// A change after which the client is no longer allowed.
type Change = fn(&Lab);

const REFUSING: [(&str, Change, Kind); 4] = [
    (
        "a revocation",
        |lab| {
            let list = lab.authority.list(1, &[&lab.alice]);
            lab.server.add(Material::Crl, list.as_bytes()).unwrap();
        },
        Kind::CertificateRevoked,
    ),
    ("a list of names", |lab| lab.server.allow_dn(Some("CN=bob")).unwrap(), Kind::NotAllowed),
    ("a list of identities", |lab| lab.server.allow_identity(None).unwrap(), Kind::NotAllowed),
    (
        "a directory",
        |lab| {
            let dir = lab.directory("bob.pem", &lab.authority.server(&["bob"]).pem);
            lab.server.set_client_dir(&dir).unwrap();
        },
        Kind::CertificateUnknown,
    ),
];

#[test]
fn after_a_change_a_ticket_is_of_no_use() {
    for version in VERSIONS {
        for (name, change, kind) in REFUSING {
            let lab = lab(version);
            lab.comes();
            change(&lab);
            let mut raw = lab.call(&lab.server);
            assert_eq!(raw.refused().kind(), kind, "{name}");
            assert!(!raw.is_resumed(), "{name}, {version:?}");
        }
    }
}

#[test]
fn a_change_while_a_session_is_being_resumed_counts_for_it() {
    for version in VERSIONS {
        for (name, change, kind) in REFUSING {
            let lab = lab(version);
            lab.comes();
            let mut raw = lab.call(&lab.server);
            change(&lab);
            assert_eq!(raw.refused().kind(), kind, "{name}");
            assert!(raw.is_resumed(), "{name}, {version:?}");
        }
    }
}

#[test]
fn a_ticket_without_a_certificate_is_none_where_one_is_required() {
    for version in VERSIONS {
        let mut lab = lab(version);
        lab.client = Arc::new(client(None, version));
        let auth = |auth| lab.server.set(|settings| settings.client_auth = auth).unwrap();
        auth(ClientAuth::Optional);
        lab.comes();
        assert!(lab.comes());
        let mut raw = lab.call(&lab.server);
        auth(ClientAuth::Required);
        assert_eq!(raw.refused().kind(), Kind::NoClientCertificate);
        assert!(raw.is_resumed(), "{version:?}");
        let mut raw = lab.call(&lab.server);
        assert_eq!(raw.refused().kind(), Kind::NoClientCertificate);
        assert_eq!(raw.client.handshake_kind(), Some(rustls::HandshakeKind::Full));
    }
}

#[test]
fn who_was_allowed_once_is_asked_about_again() {
    for version in VERSIONS {
        let mut lab = lab(version);
        lab.alice = Identity::alone(&["alice"]);
        lab.client = Arc::new(client(Some(&lab.alice), version));
        lab.server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
        let ask = Ask::set(&lab.server, Answer::Once);
        assert!(!lab.comes());
        assert!(lab.comes());
        assert_eq!(ask.count(), 2, "{version:?}");
    }
}

#[test]
fn every_choice_that_decides_about_clients_makes_a_full_handshake() {
    let changes: [(&str, Change); 17] = [
        ("authorities", |lab| {
            lab.server.add(Material::Authority, Authority::new("B").pem().as_bytes()).unwrap();
        }),
        ("lists", |lab| {
            let list = lab.authority.list(1, &[]);
            lab.server.add(Material::Crl, list.as_bytes()).unwrap();
        }),
        ("names", |lab| lab.server.allow_dn(Some("CN=alice")).unwrap()),
        ("identities", |lab| lab.server.allow_identity(Some("alice")).unwrap()),
        ("list mode", |lab| set(lab, |settings| settings.crl_mode = CrlMode::Off)),
        ("list grace", |lab| set(lab, |settings| settings.crl_grace = 1)),
        ("profile", |lab| set(lab, |settings| settings.profile = Profile::Libvirt)),
        ("identity", |lab| set(lab, |settings| settings.identity_from = IdentityFrom::Sha256)),
        ("clients", |lab| set(lab, |settings| settings.client_auth = ClientAuth::Optional)),
        ("policy", |lab| set(lab, |settings| settings.policies.on_client = Policy::Ask)),
        ("directory", |lab| {
            let dir = lab.directory("alice.pem", &lab.alice.pem);
            lab.server.set_client_dir(&dir).unwrap();
        }),
        ("known clients", |lab| {
            lab.server.set_known_client_file(&lab.home.path().join("trusted.pem")).unwrap();
        }),
        ("protocols", |lab| set(lab, |settings| settings.tls.alpn = vec![b"a".to_vec()])),
        ("oldest version", |lab| {
            set(lab, |settings| settings.tls.min_version = Version::Tls13);
        }),
        ("own certificate", |lab| {
            let renewed = lab.authority.renew(&lab.pair, &[HOST]);
            lab.server.add(Material::Certificate, renewed.pem.as_bytes()).unwrap();
        }),
        ("pair", |lab| {
            let certificate = lab.file("b.pem", lab.pair.pem.as_bytes());
            let key = lab.file("b.key", lab.pair.key_pem().as_bytes());
            lab.server.add_server_pair(Some("b.example"), &certificate, &key).unwrap();
        }),
        ("secret", |lab| {
            let path = lab.file("secret", &secret(1));
            lab.server.set_ticket_secret_file(Some(&path)).unwrap();
        }),
    ];
    for (name, change) in changes {
        let lab = lab(Version::Tls13);
        lab.comes();
        assert!(lab.comes(), "{name}");
        change(&lab);
        assert!(!lab.comes(), "{name}");
        assert!(lab.comes(), "{name}");
    }
}

#[test]
fn authorities_beside_a_directory_make_a_full_handshake() {
    let lab = lab(Version::Tls13);
    let dir = lab.directory("alice.pem", &lab.alice.pem);
    lab.server.set_client_dir(&dir).unwrap();
    lab.comes();
    set(&lab, |settings| settings.directory_and_authorities = true);
    assert!(!lab.comes());
}

#[test]
fn a_choice_that_was_taken_back_leaves_tickets_good() {
    for version in VERSIONS {
        let lab = lab(version);
        lab.comes();
        set(&lab, |settings| settings.crl_grace = 1);
        set(&lab, |settings| settings.crl_grace = 0);
        set(&lab, |settings| settings.io_timeout = Some(std::time::Duration::from_secs(1)));
        set(&lab, |settings| settings.tls.send_certificate = SendCertificate::Never);
        assert!(lab.comes(), "{version:?}");
    }
}

#[test]
fn a_ticket_is_good_in_its_period_and_the_next() {
    let start = NOW - NOW.rem_euclid(PERIOD);
    for version in VERSIONS {
        for (given, later, is_good) in
            [(0, PERIOD, true), (0, 2 * PERIOD - 1, true), (PERIOD - 1, 2 * PERIOD, false)]
        {
            let lab = lab(version);
            set(&lab, |settings| settings.verify_time = Some(start + given));
            lab.comes();
            set(&lab, |settings| settings.verify_time = Some(start + later));
            assert_eq!(lab.comes(), is_good, "{version:?}, {later}");
        }
    }
}

#[test]
fn processes_with_one_secret_resume_each_others_sessions() {
    for version in VERSIONS {
        let lab = lab(version);
        let other = Authority::new("Other CA");
        let shared = lab.file("secret", &secret(1));
        let process = |authorities: [&Authority; 2], names: [&str; 2]| {
            let context = crate::support::nobody();
            for name in names {
                context.allow_dn(Some(name)).unwrap();
            }
            for one in authorities {
                context.add(Material::Authority, one.pem().as_bytes()).unwrap();
            }
            context.set_ticket_secret_file(Some(&shared)).unwrap();
            gives_tickets(own(context, &lab.pair))
        };
        let one = process([&lab.authority, &other], ["CN=alice", "CN=b*"]);
        let two = process([&other, &lab.authority], ["CN=b*", "CN=alice"]);
        let three = process([&other, &lab.authority], ["CN=b*", "CN=a*"]);
        lab.comes_to(&one);
        assert!(lab.comes_to(&two), "{version:?}");
        assert!(!lab.comes_to(&three), "{version:?}");
    }
}

#[test]
fn a_new_secret_is_taken_by_a_reload() {
    let lab = lab(Version::Tls13);
    let path = lab.file("secret", &secret(1));
    lab.server.set_ticket_secret_file(Some(&path)).unwrap();
    lab.comes();
    assert_eq!(lab.server.reload(), Ok(()));
    assert!(lab.comes());
    lab.file("secret", &secret(2));
    assert_eq!(lab.server.reload(), Ok(()));
    assert!(!lab.comes());

    lab.file("secret", b"short");
    let error = lab.server.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::Parse, "{error}");
    assert!(lab.comes());
    lab.file("secret", &secret(1));
    lab.server.set_ticket_secret_file(None).unwrap();
    assert!(!lab.comes());
}

#[test]
fn what_is_no_secret_is_refused() {
    let lab = lab(Version::Tls13);
    let refused =
        |path: &Path| -> Error { lab.server.set_ticket_secret_file(Some(path)).unwrap_err() };
    assert_eq!(refused(&lab.file("secret", &secret(1)[..31])).kind(), Kind::Parse);
    assert_eq!(refused(&lab.file("secret", &[0; 64])).kind(), Kind::Parse);
    assert_eq!(refused(&lab.file("secret", &[7; 70_000])).kind(), Kind::TooBig);
    assert_eq!(refused(&lab.home.path().join("none")).kind(), Kind::File);
    let path = lab.file("secret", &secret(1));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(refused(&path).kind(), Kind::Permission);
    lab.comes();
    assert!(lab.comes());
}

#[test]
fn a_session_of_one_name_is_not_resumed_under_another() {
    for version in VERSIONS {
        let lab = lab(version);
        lab.comes();
        let mut raw = Raw::new(&lab.server, &lab.client, "b.example");
        raw.open();
        assert!(!raw.is_resumed());
    }
}

fn set(lab: &Lab, change: impl FnOnce(&mut tlsconn::Settings)) {
    lab.server.set(change).unwrap();
}

fn secret(seed: u8) -> Vec<u8> {
    (0..64).map(|at: u8| at.wrapping_mul(7) ^ seed).collect()
}

/// Whether there is a NewSessionTicket with a ticket in plaintext among the records.
fn gives_a_ticket_of_tls12(mut bytes: &[u8]) -> bool {
    const HEADER: usize = 5;
    while bytes.len() >= HEADER {
        let length = HEADER + usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        if bytes[0] == 22 && bytes[HEADER] == 4 && length > HEADER + 4 + 4 + 2 {
            return true;
        }
        bytes = &bytes[length..];
    }
    false
}

#[test]
fn a_day_is_longer_than_any_ticket() {
    let lab = lab(Version::Tls13);
    lab.comes();
    set(&lab, |settings| settings.verify_time = Some(NOW + DAY));
    assert!(!lab.comes());
}
