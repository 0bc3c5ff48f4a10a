//! Which clients are admitted: directory, authorities, known clients, lists and names, from the
//! handshake to the refusal, in both versions of TLS.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tlsconn::{
    Answer, Context, Error, IdentityFrom, IdentitySource, Kind, Material, Outcome, Policy,
    Problems, Profile, Reason, SendCertificate, Version,
};

use crate::support::pki::{day, named};
use crate::support::{Ask, Authority, Both, DAY, Identity, NOW, believes, nobody, own};

const HOST: &str = "a.example";
const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

/// A server, and the authority of its own certificate, which it trusts if `believing`.
fn server(believing: bool) -> (Authority, Context) {
    let authority = Authority::new("Lab CA");
    let context = if believing { believes(&authority) } else { nobody() };
    let context = own(context, &authority.server(&[HOST]));
    (authority, context)
}

/// A client that shows this certificate to any server, and speaks no newer version.
fn client(authority: &Authority, identity: &Identity, newest: Version) -> Context {
    client_at(0, authority, identity, newest)
}

/// The same, with a clock this many days ahead: its own certificate must be valid then.
fn client_at(days: i64, authority: &Authority, identity: &Identity, newest: Version) -> Context {
    let context = believes(authority);
    context
        .set(|settings| {
            settings.tls.max_version = newest;
            settings.tls.send_certificate = SendCertificate::Always;
            settings.verify_time = Some(NOW + days * DAY);
        })
        .unwrap();
    own(context, identity)
}

/// A self-signed certificate that is marked as an authority, as `openssl req -x509` makes it.
fn alone(name: &str) -> Identity {
    valid(name, -100, 100)
}

fn valid(name: &str, from: i64, to: i64) -> Identity {
    let mut params = named(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) = (day(from), day(to));
    Identity::with(&params)
}

/// A directory of client certificates; the files are numbered.
fn directory(server: &Context, entries: &[&Identity]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (number, one) in entries.iter().enumerate() {
        put(dir.path(), &number.to_string(), one);
    }
    server.set_client_dir(dir.path()).unwrap();
    dir
}

fn put(dir: &Path, name: &str, identity: &Identity) {
    fs::write(dir.join(format!("{name}.pem")), &identity.pem).unwrap();
}

/// Admits a client; returns its identity and who vouches for it.
#[track_caller]
fn admits(server: &Context, client: &Context) -> (String, IdentitySource) {
    let both = Both::new(server, client, HOST);
    both.open();
    let identity = both.server.identity().unwrap();
    (identity.name, identity.source)
}

/// Refuses a client, and the client is told.
#[track_caller]
fn refuses(server: &Context, client: &Context) -> Error {
    let both = Both::new(server, client, HOST);
    let error = both.refused();
    let told = both.client.read(&mut [0; 8]).unwrap_err();
    assert_eq!(told.kind(), Kind::PeerRejectedUs, "{told}");
    assert_eq!(both.server.identity(), None);
    error
}

#[test]
fn an_entry_of_the_directory_comes_in_until_it_is_removed() {
    for newest in VERSIONS {
        let (authority, server) = server(false);
        let alice = alone("alice");
        let dir = directory(&server, &[&alice]);
        let client = client(&authority, &alice, newest);
        assert_eq!(admits(&server, &client), ("alice".to_owned(), IdentitySource::Directory));
        fs::remove_file(dir.path().join("0.pem")).unwrap();
        assert_eq!(refuses(&server, &client).kind(), Kind::CertificateUnknown);
        put(dir.path(), "alice", &alice);
        admits(&server, &client);
    }
}

#[test]
fn a_directory_that_is_gone_lets_nobody_in_and_is_the_servers_own_failure() {
    for newest in VERSIONS {
        let (authority, server) = server(false);
        let alice = alone("alice");
        drop(directory(&server, &[&alice]));
        let both = Both::new(&server, &client(&authority, &alice, newest), HOST);
        assert_eq!(both.refused().kind(), Kind::File);
        let told = both.client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(told.kind(), Kind::Alert, "{told}");
        assert!(told.message().contains("internal_error"), "{told}");
    }
}

#[test]
fn an_entry_of_the_directory_has_dates() {
    let ended = valid("alice", -9, -1);
    let early = valid("alice", 1, 9);
    for (one, days, problem) in
        [(&ended, -5, Problems::EXPIRED), (&early, 5, Problems::NOT_YET_VALID)]
    {
        for newest in VERSIONS {
            let (authority, server) = server(false);
            let _dir = directory(&server, &[one]);
            let error = refuses(&server, &client_at(days, &authority, one, newest));
            assert_eq!((error.kind(), error.problems()), (Kind::Certificate, problem));
            assert!(error.message().contains("0.pem"), "{error}");
        }
    }
}

#[test]
fn the_purpose_of_an_entry_of_the_directory_does_not_count() {
    let (authority, server) = server(false);
    let mut params = named("alice", &[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let alice = Identity::with(&params);
    let _dir = directory(&server, &[&alice]);
    admits(&server, &client(&authority, &alice, Version::Tls13));
}

#[test]
fn an_entry_of_the_directory_can_be_revoked() {
    for newest in VERSIONS {
        let (authority, server) = server(false);
        let alice = authority.server(&["alice"]);
        let _dir = directory(&server, &[&alice]);
        let client = client(&authority, &alice, newest);
        admits(&server, &client);
        server.add(Material::Crl, authority.list(1, &[&alice]).as_bytes()).unwrap();
        assert_eq!(refuses(&server, &client).kind(), Kind::CertificateRevoked);
    }
}

#[test]
fn a_distrusted_certificate_or_key_is_refused_in_the_directory_too() {
    for newest in VERSIONS {
        let (authority, server) = server(true);
        let alice = authority.server(&["alice"]);
        let same_key = authority.renew(&alice, &["other"]);
        let _dir = directory(&server, &[&alice]);
        let client = client(&authority, &alice, newest);
        for marked in [&alice, &same_key] {
            server.distrust(&marked.certificate, true).unwrap();
            assert_eq!(refuses(&server, &client).kind(), Kind::CertificateDistrusted);
            server.distrust(&marked.certificate, false).unwrap();
            admits(&server, &client);
        }
    }
}

#[test]
fn the_lists_count_for_entries_of_the_directory() {
    let (authority, server) = server(false);
    let alice = alone("alice");
    let _dir = directory(&server, &[&alice]);
    let client = client(&authority, &alice, Version::Tls13);
    server.allow_dn(Some("CN=bob")).unwrap();
    assert_eq!(refuses(&server, &client).kind(), Kind::NotAllowed);
    server.allow_dn(Some("CN=a*")).unwrap();
    admits(&server, &client);
    server.allow_identity(Some("bob")).unwrap();
    assert_eq!(refuses(&server, &client).kind(), Kind::NotAllowed);
    server.allow_identity(Some("alice")).unwrap();
    admits(&server, &client);
}

#[test]
fn two_certificates_of_the_directory_share_their_name() {
    let (authority, server) = server(false);
    let (one, other) = (alone("backendA"), alone("backendA"));
    let _dir = directory(&server, &[&one, &other]);
    for identity in [&one, &other] {
        let client = client(&authority, identity, Version::Tls13);
        assert_eq!(admits(&server, &client).0, "backendA");
    }
}

#[test]
fn a_backend_cannot_sign_another_one() {
    for (both, newest) in [false, true].into_iter().zip(VERSIONS) {
        let (authority, server) = server(true);
        server.set(|settings| settings.directory_and_authorities = both).unwrap();
        let backend = Authority::new("backendA");
        let dir = directory(&server, &[]);
        fs::write(dir.path().join("a.pem"), backend.pem()).unwrap();
        let mut forged = backend.server(&["backendC"]);
        forged.pem.push_str(backend.pem());
        let error = refuses(&server, &client(&authority, &forged, newest));
        assert_eq!(error.kind(), Kind::CertificateUnknown, "{error}");
        assert!(error.problems().contains(Problems::UNKNOWN_ISSUER), "{error}");
    }
}

#[test]
fn an_authority_counts_beside_a_directory_by_choice_and_gives_no_name_away() {
    for newest in VERSIONS {
        let (authority, server) = server(true);
        let owner = alone("backendC");
        let _dir = directory(&server, &[&owner]);
        let [other, thief] = ["backendD", "backendC"].map(|name| authority.server(&[name]));
        let same_key = authority.renew(&owner, &["backendC"]);
        for one in [&other, &thief, &same_key] {
            let error = refuses(&server, &client(&authority, one, newest));
            assert_eq!(error.kind(), Kind::CertificateUnknown);
        }
        server.set(|settings| settings.directory_and_authorities = true).unwrap();
        let error = refuses(&server, &client(&authority, &thief, newest));
        assert_eq!(error.kind(), Kind::NotAllowed);
        assert!(error.message().contains("backendC has another key than"), "{error}");
        for (one, name) in [(&other, "backendD"), (&same_key, "backendC")] {
            let who = admits(&server, &client(&authority, one, newest));
            assert_eq!(who, (name.to_owned(), IdentitySource::Authority));
        }
    }
}

#[test]
fn no_question_is_asked_about_a_name_that_is_anothers() {
    let (authority, server) = server(true);
    server.set(|settings| settings.policies.on_client = Policy::Ask).unwrap();
    let ask = Ask::set(&server, Answer::Session);
    let _dir = directory(&server, &[&alone("alice")]);
    let thief = client(&authority, &alone("alice"), Version::Tls13);
    assert_eq!(refuses(&server, &thief).kind(), Kind::NotAllowed);
    assert_eq!(ask.count(), 0);
    admits(&server, &client(&authority, &alone("bob"), Version::Tls13));
    assert_eq!(ask.count(), 1);
    let thief = client(&authority, &alone("bob"), Version::Tls13);
    assert_eq!(refuses(&server, &thief).kind(), Kind::NotAllowed);
    assert_eq!(ask.count(), 1);
}

#[test]
fn the_identity_is_the_part_that_the_rule_names() {
    let (authority, server) = server(true);
    let mut params = named("alice", &["alice.example"]);
    params.distinguished_name.push(DnType::OrganizationName, "Lab, Inc");
    params.subject_alt_names.push(rcgen::SanType::Rfc822Name("a@b.example".try_into().unwrap()));
    let alice = authority.sign(&params, KeyPair::generate().unwrap());
    let (name, sha256) =
        (alice.certificate.distinguished_name().unwrap(), alice.certificate.fingerprint());
    let client = client(&authority, &alice, Version::Tls13);
    for (from, wanted) in [
        (IdentityFrom::CommonName, "alice"),
        (IdentityFrom::DnsName, "alice.example"),
        (IdentityFrom::Email, "a@b.example"),
        (IdentityFrom::DistinguishedName, name.as_str()),
        (IdentityFrom::Sha256, sha256.as_str()),
    ] {
        server.set(|settings| settings.identity_from = from).unwrap();
        assert_eq!(admits(&server, &client).0, wanted, "{from:?}");
    }
}

#[test]
fn a_certificate_that_names_nobody_for_certain_is_refused() {
    let (authority, server) = server(true);
    let names: [&[&str]; 8] =
        [&[], &[""], &["a", "b"], &["a\0b"], &["a\nb"], &[" a"], &["a "], &["a\u{202e}b"]];
    for name in names {
        let mut params = named("x", &["x.example"]);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Lab");
        for (number, one) in name.iter().enumerate() {
            // rcgen holds one value of each kind, so the second is put as a kind of its own.
            let kind = if number == 0 {
                DnType::CommonName
            } else {
                DnType::CustomDnType(vec![2, 5, 4, 3])
            };
            params.distinguished_name.push(kind, *one);
        }
        let one = authority.sign(&params, KeyPair::generate().unwrap());
        let error = refuses(&server, &client(&authority, &one, Version::Tls13));
        assert_eq!(error.kind(), Kind::NotAllowed, "{name:?}: {error}");
        let (authority, with_directory) = self::server(false);
        let _dir = directory(&with_directory, &[&one]);
        let error = refuses(&with_directory, &client(&authority, &one, Version::Tls13));
        assert_eq!(error.kind(), Kind::NotAllowed, "{name:?}: {error}");
    }
}

#[test]
fn the_names_that_may_come_are_compared_as_libvirt_does() {
    for (profile, newest) in [Profile::Strict, Profile::Libvirt].into_iter().zip(VERSIONS) {
        let (authority, server) = server(true);
        let mut params = named("alice", &[]);
        params.distinguished_name = rcgen::DistinguishedName::new();
        let country = rcgen::DnValue::PrintableString("GB".try_into().unwrap());
        params.distinguished_name.push(DnType::CountryName, country);
        params.distinguished_name.push(DnType::OrganizationName, "Lab, Inc");
        params.distinguished_name.push(DnType::CommonName, "alice");
        let client =
            client(&authority, &authority.sign(&params, KeyPair::generate().unwrap()), newest);
        server.set(|settings| settings.profile = profile).unwrap();
        for (pattern, fits) in [
            ("CN=alice", false),
            ("C=GB,O=Lab\\, Inc,CN=Alice", false),
            ("C=GB,O=Lab?,CN=alice", false),
            ("C=GB,O=*,CN=alice", true),
            ("C=G?,O=Lab\\, Inc,CN=alice", true),
            ("*", true),
        ] {
            server.allow_dn(None).unwrap();
            assert_eq!(refuses(&server, &client).kind(), Kind::NotAllowed);
            server.allow_dn(Some(pattern)).unwrap();
            let came = Both::new(&server, &client, HOST).run()[0].clone();
            assert_eq!(came == Ok(Outcome::Done(())), fits, "{pattern} {profile:?} {came:?}");
        }
    }
}

#[test]
fn an_empty_list_admits_nobody_with_or_without_a_certificate() {
    let lists: [fn(&Context); 2] =
        [|server| server.allow_dn(None).unwrap(), |server| server.allow_identity(None).unwrap()];
    for list in lists {
        let (authority, server) = server(true);
        server.set(|settings| settings.client_auth = tlsconn::ClientAuth::Optional).unwrap();
        let alice = client(&authority, &authority.server(&["alice"]), Version::Tls13);
        let anonymous = believes(&authority);
        admits(&server, &alice);
        let both = Both::new(&server, &anonymous, HOST);
        both.open();
        assert_eq!(both.server.reason(), Some(Reason::Anonymous));
        list(&server);
        assert_eq!(refuses(&server, &alice).kind(), Kind::NotAllowed);
        assert_eq!(refuses(&server, &anonymous).kind(), Kind::NoClientCertificate);
    }
}

#[test]
fn the_time_of_the_server_decides() {
    let (authority, server) = server(true);
    let alice = client(&authority, &authority.server(&["alice"]), Version::Tls12);
    admits(&server, &alice);
    server.set(|settings| settings.verify_time = Some(NOW + 101 * DAY)).unwrap();
    let error = refuses(&server, &alice);
    assert_eq!((error.kind(), error.problems()), (Kind::Certificate, Problems::EXPIRED));
}
