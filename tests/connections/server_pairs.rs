//! The certificates that a server shows: which one to which client, and what happens to their
//! files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::{ClientConfig, SignatureScheme};
use tempfile::TempDir;
use tlsconn::{ClientAuth, Connection, Context, Error, Kind, Material, Problems, Profile};

use crate::support::has;
use crate::support::raw::{Raw, VERSIONS, client, client_that_checks};
use crate::support::{Authority, Identity, believes, own};

/// A server that admits everybody, and where its files are.
struct Lab {
    authority: Authority,
    context: Context,
    home: TempDir,
}

fn lab() -> Lab {
    let authority = Authority::new("Lab CA");
    let context = believes(&authority);
    context.set(|settings| settings.client_auth = ClientAuth::None).unwrap();
    Lab { authority, context, home: tempfile::tempdir().unwrap() }
}

impl Lab {
    /// The files of a pair, new or replaced.
    fn files(&self, name: &str, pair: &Identity) -> (PathBuf, PathBuf) {
        let path = |ending: &str| self.home.path().join(format!("{name}.{ending}"));
        let (certificate, key) = (path("pem"), path("key"));
        fs::write(&certificate, &pair.pem).unwrap();
        fs::write(&key, pair.key_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        (certificate, key)
    }

    /// Adds a pair for these names.
    fn try_add(&self, names: Option<&str>, pair: &Identity) -> Result<(), Error> {
        let file = names.unwrap_or("others").replace('*', "any");
        let (certificate, key) = self.files(&file, pair);
        self.context.add_server_pair(names, &certificate, &key)
    }

    /// Adds a new pair for these names.
    fn add(&self, names: Option<&str>) -> Identity {
        let pair = self.authority.server(&["shown.example"]);
        self.try_add(names, &pair).unwrap();
        pair
    }

    /// The certificate that a client is shown when it asks for this name.
    fn shows(&self, name: &str, config: ClientConfig) -> Vec<u8> {
        let mut raw = Raw::new(&self.context, &Arc::new(config), name);
        raw.open();
        raw.shown()
    }

    #[track_caller]
    fn assert_shows(&self, name: &str, pair: &Identity) {
        for version in VERSIONS {
            let shown = self.shows(name, client(None, version));
            assert!(shown == pair.certificate.der(), "{name}, {version:?}");
        }
    }
}

#[test]
fn a_client_is_shown_the_pair_of_the_name_that_it_asks_for() {
    let lab = lab();
    let own_pair = lab.authority.server(&["own.example"]);
    own(lab.context.clone(), &own_pair);
    let (one, other) = (lab.add(Some("a.example")), lab.add(Some("B.Example.")));
    lab.assert_shows("a.example", &one);
    lab.assert_shows("b.example", &other);
    lab.assert_shows("B.EXAMPLE", &other);
    lab.assert_shows("c.example", &own_pair);
    lab.assert_shows("127.0.0.1", &own_pair);
}

#[test]
fn a_wildcard_stands_for_one_label_and_an_exact_name_goes_before_it() {
    let lab = lab();
    let others = lab.add(None);
    let any = lab.add(Some("*.example"));
    let exact = lab.add(Some("a.example"));
    lab.assert_shows("a.example", &exact);
    lab.assert_shows("b.example", &any);
    for name in ["example", "a.b.example", "b.example.org"] {
        lab.assert_shows(name, &others);
    }
}

#[test]
fn an_international_name_is_found_as_it_travels() {
    let lab = lab();
    lab.add(None);
    let pair = lab.add(Some("BÜCHER.example"));
    lab.assert_shows("xn--bcher-kva.example", &pair);
}

#[test]
fn without_a_pair_for_everybody_else_the_first_one_is() {
    let lab = lab();
    let first = lab.add(Some("a.example"));
    lab.add(Some("b.example"));
    lab.assert_shows("c.example", &first);
    lab.assert_shows("127.0.0.1", &first);
}

#[test]
fn of_two_pairs_for_a_name_a_client_is_shown_the_one_that_it_can_check() {
    let lab = lab();
    let elliptic = lab.add(Some("a.example"));
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let rsa = lab.authority.sign(&crate::support::pki::named("a.example", &["a.example"]), key);
    let (certificate, key) = lab.files("rsa", &rsa);
    lab.context.add_server_pair(Some("*.example"), &certificate, &key).unwrap();
    lab.context.add_server_pair(None, &certificate, &key).unwrap();
    for version in VERSIONS {
        let only_rsa = vec![SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256];
        let config = client_that_checks(None, version, only_rsa);
        assert!(lab.shows("a.example", config) == rsa.certificate.der(), "{version:?}");
    }
    lab.assert_shows("a.example", &elliptic);
    lab.assert_shows("b.example", &rsa);
}

#[test]
fn a_key_that_fits_only_older_versions_does_not_stand_before_one_that_fits_all() {
    let lab = lab();
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let rsa = lab.authority.sign(&crate::support::pki::named("rsa", &["a.example"]), key);
    let (certificate, key) = lab.files("rsa", &rsa);
    lab.context.add_server_pair(None, &certificate, &key).unwrap();
    let elliptic = lab.add(None);
    for version in VERSIONS {
        let schemes =
            vec![SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256];
        let config = client_that_checks(None, version, schemes);
        assert!(lab.shows("a.example", config) == elliptic.certificate.der(), "{version:?}");
    }
    lab.assert_shows("a.example", &rsa);
}

#[test]
fn a_client_that_can_check_no_pair_is_told_so() {
    let lab = lab();
    lab.add(None);
    for version in VERSIONS {
        let only_rsa = vec![SignatureScheme::RSA_PSS_SHA256];
        let config = Arc::new(client_that_checks(None, version, only_rsa));
        let mut raw = Raw::new(&lab.context, &config, "a.example");
        assert_eq!(raw.refused().kind(), Kind::Protocol);
        let told = rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure);
        raw.carry_to_client();
        assert_eq!(raw.refusal, Some(told), "{version:?}");
    }
}

#[test]
fn what_is_no_name_of_servers_is_refused() {
    let lab = lab();
    let pair = lab.authority.server(&["a.example"]);
    for names in ["", "*", "*.", "a.*.example", "192.0.2.1", "[::1]", "a b"] {
        let error = lab.try_add(Some(names), &pair).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{names}: {error}");
    }
    assert_eq!(Connection::accept_in_memory(&lab.context).unwrap_err().kind(), Kind::NoKey);
}

#[test]
fn halves_that_do_not_belong_together_are_refused_with_both_files() {
    let lab = lab();
    let (one, other) = (lab.authority.server(&["one"]), lab.authority.server(&["other"]));
    let ((certificate, _), (_, key)) = (lab.files("one", &one), lab.files("other", &other));
    let error = lab.context.add_server_pair(None, &certificate, &key).unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch);
    assert_names(&error, &[&certificate, &key]);
    assert!(error.message().contains("one"), "{error}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let lab = lab();
    let (certificate, key) = lab.files("one", &lab.authority.server(&["one"]));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).unwrap();
    let error = lab.context.add_server_pair(None, &certificate, &key).unwrap_err();
    assert_eq!(error.kind(), Kind::Permission);
    assert_names(&error, &[&certificate, &key]);
}

#[test]
fn an_encrypted_key_is_asked_for_its_passphrase() {
    if !has(&["openssl"]) {
        return;
    }
    let lab = lab();
    let (certificate, key) = lab.files("one", &lab.authority.server(&["one"]));
    encrypt(&key, "open sesame");
    let error = lab.context.add_server_pair(None, &certificate, &key).unwrap_err();
    assert_eq!(error.kind(), Kind::Passphrase, "{error}");
    lab.context.set_passphrase(Some(Arc::new(|_: &str, _| Some(b"open sesame".to_vec().into()))));
    lab.context.add_server_pair(None, &certificate, &key).unwrap();
}

#[test]
fn a_certificate_for_clients_alone_is_refused_where_it_is_to_be_shown() {
    let lab = lab();
    let alice = for_clients(&lab.authority, "alice");
    let error = lab.try_add(None, &alice).unwrap_err();
    assert_eq!(error.kind(), Kind::Certificate, "{error}");
    assert_eq!(error.problems(), Problems::WRONG_PURPOSE);
    assert!(error.message().contains("alice"), "{error}");

    own(lab.context.clone(), &alice);
    let error = Connection::accept_in_memory(&lab.context).unwrap_err();
    assert_eq!(error.kind(), Kind::Certificate, "{error}");
    assert!(error.message().contains("alice") && error.message().contains("servers"), "{error}");
}

#[test]
fn an_own_certificate_for_clients_alone_does_not_stand_in_the_way_of_a_pair() {
    let lab = lab();
    own(lab.context.clone(), &for_clients(&lab.authority, "alice"));
    let pair = lab.add(Some("a.example"));
    lab.assert_shows("a.example", &pair);
    lab.assert_shows("b.example", &pair);
}

#[test]
fn under_libvirts_rules_a_pair_must_be_from_an_authority_and_for_servers() {
    let lab = lab();
    let profile = |settings: &mut tlsconn::Settings| settings.profile = Profile::Libvirt;
    lab.context.set(profile).unwrap();
    let stranger = Authority::new("Other CA").server(&["a.example"]);
    let error = lab.try_add(None, &stranger).unwrap_err();
    assert!(error.problems().contains(Problems::UNKNOWN_ISSUER), "{error}");
    let pair = lab.authority.server(&["a.example"]);
    lab.try_add(None, &pair).unwrap();
    lab.assert_shows("a.example", &pair);
}

#[test]
fn an_expired_pair_is_refused() {
    let lab = lab();
    let mut params = crate::support::pki::named("old", &["old"]);
    params.not_after = crate::support::pki::day(-1);
    let old = lab.authority.sign(&params, KeyPair::generate().unwrap());
    let error = lab.try_add(None, &old).unwrap_err();
    assert_eq!((error.kind(), error.problems()), (Kind::Certificate, Problems::EXPIRED));
}

#[test]
fn a_renewed_pair_is_shown_after_a_reload() {
    let lab = lab();
    let (one, other) = (lab.add(Some("a.example")), lab.add(Some("b.example")));
    let renewed = lab.authority.server(&["a.example"]);
    lab.files("a.example", &renewed);
    lab.assert_shows("a.example", &one);
    assert_eq!(lab.context.reload(), Ok(()));
    lab.assert_shows("a.example", &renewed);
    lab.assert_shows("b.example", &other);
    let generation = lab.context.snapshot().generation();
    assert_eq!(lab.context.reload(), Ok(()));
    assert_eq!(lab.context.snapshot().generation(), generation);
}

#[test]
fn a_connection_of_before_goes_on_after_a_reload() {
    for version in VERSIONS {
        let lab = lab();
        let one = lab.add(Some("a.example"));
        let config = Arc::new(client(None, version));
        let [mut open, mut begun] = [(), ()].map(|()| Raw::new(&lab.context, &config, "a.example"));
        open.open();
        let renewed = lab.authority.server(&["a.example"]);
        lab.files("a.example", &renewed);
        assert_eq!(lab.context.reload(), Ok(()));
        open.talk();
        // What a connection shows was decided when it was made.
        begun.open();
        assert!(begun.shown() == one.certificate.der(), "{version:?}");
        lab.assert_shows("a.example", &renewed);
    }
}

#[test]
fn half_a_new_pair_is_not_taken_and_does_not_keep_others_from_it() {
    let lab = lab();
    let (one, _) = (lab.add(Some("a.example")), lab.add(Some("b.example")));
    let renewed = lab.authority.server(&["a.example"]);
    let (certificate, key) = lab.files("a.example", &renewed);
    fs::write(&key, one.key_pem()).unwrap();
    let other = lab.authority.server(&["b.example"]);
    lab.files("b.example", &other);
    let error = lab.context.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch, "{error}");
    assert_names(&error, &[&certificate, &key]);
    lab.assert_shows("a.example", &one);
    lab.assert_shows("b.example", &other);

    fs::write(&key, renewed.key_pem()).unwrap();
    assert_eq!(lab.context.reload(), Ok(()));
    lab.assert_shows("a.example", &renewed);
}

#[test]
fn a_pair_that_goes_stays_in_force_and_is_named() {
    let lab = lab();
    let pair = lab.add(Some("a.example"));
    let (certificate, key) = lab.files("a.example", &pair);
    fs::remove_file(&certificate).unwrap();
    let error = lab.context.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    assert_names(&error, &[&certificate, &key]);
    lab.assert_shows("a.example", &pair);

    let unfit = for_clients(&lab.authority, "alice");
    lab.files("a.example", &unfit);
    let error = lab.context.reload().unwrap_err();
    assert_eq!((error.kind(), error.problems()), (Kind::Certificate, Problems::WRONG_PURPOSE));
    assert_names(&error, &[&certificate, &key]);
    lab.assert_shows("a.example", &pair);
}

#[test]
fn new_authorities_and_the_pair_that_they_issued_are_taken_together() {
    let lab = lab();
    lab.context.set(|settings| settings.profile = Profile::Libvirt).unwrap();
    let bundle = lab.home.path().join("ca.pem");
    fs::write(&bundle, lab.authority.pem()).unwrap();
    lab.context.add_file(Material::Authority, &bundle).unwrap();
    lab.add(None);
    let next = Authority::new("Next CA");
    fs::write(&bundle, next.pem()).unwrap();
    let renewed = next.server(&["a.example"]);
    lab.files("others", &renewed);
    assert_eq!(lab.context.reload(), Ok(()));
    lab.assert_shows("a.example", &renewed);
}

fn for_clients(authority: &Authority, name: &str) -> Identity {
    let mut params = crate::support::pki::named(name, &[name]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.sign(&params, KeyPair::generate().unwrap())
}

#[track_caller]
fn assert_names(error: &Error, paths: &[&Path]) {
    for path in paths {
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
}

/// Encrypts a key file.
fn encrypt(key: &Path, passphrase: &str) {
    let done = std::process::Command::new("openssl")
        .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &format!("pass:{passphrase}")])
        .args([Path::new("-in"), key, Path::new("-out"), &key.with_extension("enc")])
        .status();
    assert!(done.unwrap().success());
    fs::rename(key.with_extension("enc"), key).unwrap();
}
