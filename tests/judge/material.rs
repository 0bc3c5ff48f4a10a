//! Bad material, each kind with its own code and a message that names it; the context is then
//! unchanged.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tlsconn::{Connection, Context, Error, Kind, Layout, Material, Problems, Reason};
use zeroize::Zeroizing;

use crate::support::pki::{day, named};
use crate::support::{Authority, Identity, Link, believes, nobody};

const ALL: [Material; 5] = [
    Material::Authority,
    Material::Crl,
    Material::Key,
    Material::Certificate,
    Material::TrustedPeer,
];

/// A context that trusts an authority and has a certificate and key, and what proves that it still
/// does.
struct Scene {
    authority: Authority,
    own: Identity,
    context: Context,
    generation: u64,
    dir: tempfile::TempDir,
}

fn scene() -> Scene {
    let authority = Authority::new("Lab CA");
    let own = authority.server(&["me"]);
    let context = believes(&authority);
    context.add(Material::Certificate, own.pem.as_bytes()).unwrap();
    context.add(Material::Key, own.key_pem().as_bytes()).unwrap();
    let generation = context.snapshot().generation();
    Scene { authority, own, context, generation, dir: tempfile::tempdir().unwrap() }
}

impl Scene {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The failure has this kind, names this, and changed nothing.
    fn failed(&self, outcome: Result<(), Error>, kind: Kind, names: &str) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(names), "{error}");
        assert_eq!(self.context.snapshot().generation(), self.generation);
        let server = self.authority.server(&["a.example"]);
        let reason = Link::new(&self.context, "a.example", 443, &server).open();
        assert_eq!(reason, Reason::Authority);
    }

    fn add_file(&self, material: Material, path: &Path, kind: Kind) {
        self.failed(self.context.add_file(material, path), kind, &path.display().to_string());
    }
}

#[test]
fn what_holds_nothing_of_the_kind_is_refused() {
    let scene = scene();
    let key = scene.own.key_pem();
    let binary = scene.own.certificate.der();
    for material in ALL {
        let texts: [&[u8]; 4] = [b"", b"just words\n", binary, b"\0\0\0\0"];
        for text in texts {
            scene.failed(scene.context.add(material, text), Kind::Parse, "the PEM text of ");
        }
    }
    let list = scene.authority.list(1, &[]);
    for (material, text) in [
        (Material::Certificate, &key),
        (Material::Authority, &key),
        (Material::TrustedPeer, &key),
        (Material::Key, &scene.own.pem),
        (Material::Crl, &scene.own.pem),
        (Material::Authority, &list),
    ] {
        let outcome = scene.context.add(material, text.as_bytes());
        scene.failed(outcome, Kind::Parse, "the PEM text of ");
    }
}

#[test]
fn a_secret_is_in_no_message() {
    let scene = scene();
    let key = scene.own.key_pem();
    let error = scene.context.add(Material::Certificate, key.as_bytes()).unwrap_err();
    let line = key.lines().nth(1).unwrap();
    assert!(!format!("{error:?}").contains(line), "{error}");
}

#[test]
fn a_file_that_was_cut_off_is_refused_with_its_line() {
    let scene = scene();
    let texts = [
        (Material::Authority, scene.authority.pem().to_owned()),
        (Material::Crl, scene.authority.list(1, &[])),
        (Material::Key, scene.own.key_pem()),
        (Material::Certificate, scene.own.pem.clone()),
        (Material::TrustedPeer, scene.own.pem.clone()),
    ];
    for (material, text) in texts {
        let path = scene.write("cut.pem", &text[..text.len() - 30]);
        let error = scene.context.add_file(material, &path).unwrap_err();
        assert!(error.message().contains("line 1") || error.message().contains(":1"), "{error}");
        scene.add_file(material, &path, Kind::Parse);
    }
}

#[test]
fn what_is_no_file_is_refused_and_named() {
    let scene = scene();
    let (pipe, nowhere) = (scene.path("pipe.pem"), scene.path("link.pem"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    symlink(scene.path("nowhere"), &nowhere).unwrap();
    for material in ALL {
        for path in [scene.dir.path(), &pipe, &nowhere, &scene.path("missing.pem")] {
            scene.add_file(material, path, Kind::File);
        }
    }
}

#[test]
fn a_key_that_others_may_read_is_refused_and_one_for_the_group_is_not() {
    let scene = scene();
    let path = scene.write("key.pem", scene.own.key_pem());
    for (mode, good) in [(0o604, false), (0o644, false), (0o640, true), (0o400, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if good {
            nobody().add_file(Material::Key, &path).unwrap();
        } else {
            scene.add_file(Material::Key, &path, Kind::Permission);
        }
    }
}

/// What a file is comes before who may read it.
#[test]
fn a_file_without_a_key_is_told_as_such_whatever_its_mode() {
    let scene = scene();
    let path = scene.write("key.pem", &scene.own.pem);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    scene.add_file(Material::Key, &path, Kind::Parse);
    let labels = ["PRIVATE KEY", "CERTIFICATE"];
    let hidden = scene.own.key_pem().replace(labels[0], labels[1]);
    fs::write(&path, hidden).unwrap();
    scene.add_file(Material::Key, &path, Kind::Permission);
}

#[test]
fn a_chain_in_the_wrong_order_says_which_line_belongs_at_the_top() {
    let scene = scene();
    let upside_down = format!("{}\nsome words\n{}", scene.authority.pem(), scene.own.pem);
    let line = upside_down.lines().position(|line| line == "some words").unwrap() + 2;
    let (chain, key) =
        (scene.write("chain.pem", upside_down), scene.write("key.pem", scene.own.key_pem()));
    let context = nobody();
    context.add_file(Material::Certificate, &chain).unwrap();
    context.add_file(Material::Key, &key).unwrap();
    let error = Connection::in_memory(&context, "a.example", 1).unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch);
    let hint = error.hint();
    assert!(hint.contains(&format!("begins on line {line}: move it to the top")), "{hint}");
    assert!(hint.contains(chain.to_str().unwrap()), "{hint}");
    let error = context.add_server_pair(None, &chain, &key).unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch);
    assert!(error.hint().contains(&format!("line {line}")), "{error:?}");
}

#[test]
fn a_wrong_passphrase_is_refused_and_the_right_one_opens_the_key() {
    let scene = scene();
    let plain = scene.write("plain.pem", scene.own.key_pem());
    let path = scene.path("key.pem");
    let done = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:sesame", "-in"])
        .args([plain.as_os_str(), "-out".as_ref(), path.as_os_str()])
        .status()
        .unwrap();
    assert!(done.success());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    scene.add_file(Material::Key, &path, Kind::Passphrase);
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    scene.context.set_passphrase(Some(Arc::new(move |what, attempt| {
        assert!(what.contains("key.pem"), "{what}");
        assert_eq!(attempt, count.fetch_add(1, Ordering::SeqCst) + 1);
        Some(Zeroizing::new(b"wrong".to_vec()))
    })));
    scene.add_file(Material::Key, &path, Kind::Passphrase);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    let inner = scene.context.clone();
    scene.context.set_passphrase(Some(Arc::new(move |_, _| {
        // The callback may use the context.
        assert!(inner.known().unwrap().is_empty());
        Some(Zeroizing::new(b"sesame".to_vec()))
    })));
    scene.context.add_file(Material::Key, &path).unwrap();
}

#[test]
fn key_and_certificate_may_come_in_any_order() {
    let own = Identity::alone(&["me"]);
    let key = (Material::Key, own.key_pem());
    let certificate = (Material::Certificate, own.pem);
    for halves in [[&key, &certificate], [&certificate, &key]] {
        let context = nobody();
        context.add(halves[0].0, halves[0].1.as_bytes()).unwrap();
        let error = Connection::in_memory(&context, "a.example", 1).unwrap_err();
        assert_eq!(error.kind(), Kind::NoKey);
        context.add(halves[1].0, halves[1].1.as_bytes()).unwrap();
        assert!(Connection::in_memory(&context, "a.example", 1).is_ok());
    }
}

#[test]
fn halves_that_do_not_match_are_told_when_connecting() {
    let (own, other) = (Identity::alone(&["me"]), Identity::alone(&["other"]));
    let context = nobody();
    context.add(Material::Certificate, own.pem.as_bytes()).unwrap();
    context.add(Material::Key, other.key_pem().as_bytes()).unwrap();
    let error = Connection::in_memory(&context, "a.example", 1).unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch);
    assert!(error.message().contains("CN=me"), "{error}");
    context.add(Material::Certificate, other.pem.as_bytes()).unwrap();
    assert!(Connection::in_memory(&context, "a.example", 1).is_ok());
}

#[test]
fn a_new_half_waits_beside_the_pair() {
    let scene = scene();
    let new = scene.authority.server(&["new"]);
    for (material, text) in [(Material::Key, new.key_pem()), (Material::Certificate, new.pem)] {
        scene.context.add(material, text.as_bytes()).unwrap();
        assert!(Connection::in_memory(&scene.context, "a.example", 1).is_ok());
    }
}

#[test]
fn an_own_certificate_of_no_use_is_refused_when_it_is_loaded() {
    let scene = scene();
    let make = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = named("me", &["me"]);
        change(&mut params);
        scene.authority.sign(&params, rcgen::KeyPair::generate().unwrap()).pem
    };
    let purpose = vec![rcgen::ExtendedKeyUsagePurpose::CodeSigning];
    let cases = [
        (make(&|one| one.not_after = day(-1)), "expired on 2026-11-20", Problems::EXPIRED),
        (make(&|one| one.not_before = day(1)), "before 2026-11-22", Problems::NOT_YET_VALID),
        (
            make(&|one| one.extended_key_usages = purpose.clone()),
            "is not for TLS",
            Problems::WRONG_PURPOSE,
        ),
    ];
    for (pem, words, problem) in cases {
        let outcome = scene.context.add(Material::Certificate, pem.as_bytes());
        assert_eq!(outcome.as_ref().unwrap_err().problems(), problem);
        scene.failed(outcome, Kind::Certificate, words);
    }
}

#[test]
fn one_bad_file_of_a_directory_and_nothing_is_taken() {
    let scene = scene();
    let other = Authority::new("Other CA");
    scene.write("d/a.pem", other.pem());
    let bad = scene.write("d/b.pem", "nothing");
    let dir = scene.path("d");
    let outcome = scene.context.add_dir(Material::Authority, &dir);
    scene.failed(outcome, Kind::Parse, &bad.display().to_string());
    let error = Link::new(&scene.context, "a.example", 1, &other.server(&["a.example"])).refused();
    assert!(error.problems().contains(Problems::UNKNOWN_ISSUER));
    fs::remove_file(bad).unwrap();
    scene.context.add_dir(Material::Authority, &dir).unwrap();
    Link::new(&scene.context, "a.example", 1, &other.server(&["a.example"])).open();
    let empty = scene.path("empty");
    fs::create_dir(&empty).unwrap();
    let error = scene.context.add_dir(Material::Authority, &empty).unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
}

const LAYOUTS: [(Layout, [&str; 4]); 5] = [
    (Layout::Tlsconn, ["ca/cert.pem", "ca/ca-crl.pem", "client/cert.pem", "client/key.pem"]),
    (Layout::Libvirt, ["cacert.pem", "cacrl.pem", "clientcert.pem", "clientkey.pem"]),
    (Layout::LibvirtServer, ["cacert.pem", "cacrl.pem", "servercert.pem", "serverkey.pem"]),
    (Layout::Docker, ["ca.pem", "", "cert.pem", "key.pem"]),
    (Layout::Qemu, ["ca-cert.pem", "ca-crl.pem", "client-cert.pem", "client-key.pem"]),
];

#[test]
fn every_layout_needs_its_authority_and_nothing_else() {
    for (layout, [authority, ..]) in LAYOUTS {
        let scene = scene();
        let other = Authority::new("Other CA");
        let dir = scene.dir.path();
        let outcome = scene.context.add_layout(layout, Some(dir));
        scene.failed(outcome, Kind::NoAuthority, &scene.path(authority).display().to_string());
        scene.write(authority, other.pem());
        scene.context.add_layout(layout, Some(dir)).unwrap();
        // What is stored from now on has a place that is ours alone.
        let mode = fs::metadata(scene.path("server")).map(|found| found.permissions().mode());
        assert_eq!(mode.ok(), (layout == Layout::Tlsconn).then_some(0o40700));
        Link::new(&scene.context, "a.example", 1, &other.server(&["a.example"])).open();
    }
}

#[test]
fn a_key_that_everybody_may_read_is_taken_where_libvirt_demands_it_and_nowhere_else() {
    for (layout, [authority, _, certificate, key]) in LAYOUTS {
        let scene = scene();
        let own = scene.authority.server(&["me"]);
        scene.write(authority, scene.authority.pem());
        scene.write(certificate, &own.pem);
        fs::create_dir_all(scene.path("server")).unwrap();
        let key = scene.write(key, own.key_pem());
        let load = |mode: u32| {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
            scene.context.add_layout(layout, Some(scene.dir.path()))
        };
        for mode in [0o646, 0o645, 0o666] {
            scene.failed(load(mode), Kind::Permission, &key.display().to_string());
        }
        // virt-pki-validate wants 0644 for a client's key and 0600 for a server's.
        if layout == Layout::Libvirt {
            load(0o644).unwrap();
            fs::write(&key, own.key_pem()).unwrap();
            scene.context.reload().unwrap();
            load(0o664).unwrap();
        } else {
            scene.failed(load(0o644), Kind::Permission, &key.display().to_string());
        }
        load(0o640).unwrap();
        let alone = scene.context.add_file(Material::Key, &key);
        assert!(alone.is_ok(), "{alone:?}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let alone = scene.context.add_file(Material::Key, &key).unwrap_err();
        assert_eq!(alone.kind(), Kind::Permission, "{layout:?}");
    }
}

#[test]
fn every_layout_is_taken_whole_or_not_at_all() {
    for (layout, [authority, crl, certificate, key]) in LAYOUTS {
        let scene = scene();
        let other = Authority::new("Other CA");
        let (own, server) = (other.server(&["me"]), other.server(&["a.example"]));
        scene.write(authority, other.pem());
        fs::create_dir(scene.path("server")).unwrap();
        let load = || scene.context.add_layout(layout, Some(scene.dir.path()));
        let lone = scene.write(key, own.key_pem());
        scene.failed(load(), Kind::NoKey, &lone.display().to_string());
        fs::remove_file(&lone).unwrap();
        let lone = scene.write(certificate, &own.pem);
        scene.failed(load(), Kind::NoKey, &lone.display().to_string());
        scene.write(key, scene.own.key_pem());
        scene.failed(load(), Kind::KeyMismatch, &lone.display().to_string());
        scene.write(key, own.key_pem());
        if !crl.is_empty() {
            let list = scene.write(crl, "nothing");
            scene.failed(load(), Kind::Parse, &list.display().to_string());
            scene.write(crl, other.list(1, &[&server]));
        }
        load().unwrap();
        let outcome = Link::new(&scene.context, "a.example", 1, &server).run();
        let revoked = outcome.err().map(|error| error.kind());
        assert_eq!(revoked, (!crl.is_empty()).then_some(Kind::CertificateRevoked));
    }
}
