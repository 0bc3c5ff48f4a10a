//! Files that change while in force, and known files in every bad state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tlsconn::{Answer, Connection, Context, Endpoint, Kind, Material, Place, Problems, Reason};

use crate::support::{Ask, Authority, Identity, Link, believes, knows, nobody};

const HOST: &str = "a.example";

/// A directory and a context that gets its material from there.
struct Scene {
    authority: Authority,
    server: Identity,
    context: Context,
    dir: tempfile::TempDir,
}

fn scene() -> Scene {
    let authority = Authority::new("Lab CA");
    let server = authority.server(&[HOST]);
    Scene { context: nobody(), server, authority, dir: tempfile::tempdir().unwrap() }
}

impl Scene {
    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn add(&self, material: Material, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, text);
        self.context.add_file(material, &path).unwrap();
        path
    }

    /// What is wrong with a server; empty if it is admitted.
    fn problems(&self, server: &Identity) -> Problems {
        Link::new(&self.context, HOST, 443, server)
            .run()
            .map_or_else(|error| error.problems(), |_| Problems::NONE)
    }

    /// Reloading fails like this, names the file, and changes nothing.
    fn fails(&self, kind: Kind, path: &std::path::Path) {
        let before = self.context.snapshot().generation();
        let error = self.context.reload().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
        assert_eq!(self.context.snapshot().generation(), before);
    }
}

#[test]
fn a_replaced_authority_takes_effect_and_a_bad_one_does_not() {
    let scene = scene();
    let other = Authority::new("Other CA");
    let theirs = other.server(&[HOST]);
    let path = scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    scene.context.reload().unwrap();
    for bad in ["", "nothing", "-----BEGIN CERTIFICATE-----\n"] {
        fs::write(&path, bad).unwrap();
        scene.fails(Kind::Parse, &path);
        assert_eq!(scene.problems(&scene.server), Problems::NONE);
    }
    fs::remove_file(&path).unwrap();
    scene.fails(Kind::File, &path);
    scene.write("ca.pem", other.pem());
    scene.context.reload().unwrap();
    assert_eq!(scene.problems(&theirs), Problems::NONE);
    assert!(scene.problems(&scene.server).contains(Problems::UNKNOWN_ISSUER));
}

#[test]
fn a_file_that_says_the_same_changes_nothing() {
    let scene = scene();
    let text = scene.authority.pem();
    scene.add(Material::Authority, "ca.pem", text);
    let before = scene.context.snapshot().generation();
    scene.context.reload().unwrap();
    // Another file with the same contents.
    fs::remove_file(scene.dir.path().join("ca.pem")).unwrap();
    scene.write("ca.pem", text);
    scene.context.reload().unwrap();
    assert_eq!(scene.context.snapshot().generation(), before);
}

#[test]
fn a_pair_that_is_half_written_leaves_the_old_one_in_force() {
    let scene = scene();
    let (old, new) = (Identity::alone(&["old"]), Identity::alone(&["new"]));
    scene.add(Material::Certificate, "cert.pem", &old.pem);
    scene.add(Material::Key, "key.pem", old.key_pem());
    scene.write("cert.pem", &new.pem);
    let error = scene.context.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::KeyMismatch);
    assert!(Connection::in_memory(&scene.context, HOST, 1).is_ok());
    scene.write("key.pem", new.key_pem());
    scene.context.reload().unwrap();
    assert!(Connection::in_memory(&scene.context, HOST, 1).is_ok());
}

#[test]
fn a_half_written_pair_does_not_bring_an_older_pair_back() {
    let scene = scene();
    let [first, old, new] = ["first", "old", "new"].map(|name| Identity::alone(&[name]));
    scene.context.add(Material::Certificate, first.pem.as_bytes()).unwrap();
    scene.context.add(Material::Key, first.key_pem().as_bytes()).unwrap();
    scene.add(Material::Certificate, "cert.pem", &old.pem);
    scene.add(Material::Key, "key.pem", old.key_pem());
    scene.write("cert.pem", &new.pem);
    let before = scene.context.snapshot().generation();
    assert_eq!(scene.context.reload().unwrap_err().kind(), Kind::KeyMismatch);
    assert_eq!(scene.context.snapshot().generation(), before);
}

#[test]
fn an_older_list_never_replaces_a_newer_one() {
    let scene = scene();
    scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    let path = scene.add(Material::Crl, "crl.pem", scene.authority.list(1, &[&scene.server]));
    scene.write("crl.pem", scene.authority.list(2, &[]));
    scene.fails(Kind::CrlRollback, &path);
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
    scene.write("crl.pem", scene.authority.list(0, &[]));
    scene.context.reload().unwrap();
    assert_eq!(scene.problems(&scene.server), Problems::NONE);
}

#[test]
fn a_list_that_is_there_no_more_stays_in_force() {
    let scene = scene();
    scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    let list = scene.authority.list(1, &[&scene.server]);
    let path = scene.add(Material::Crl, "crl.pem", &list);
    let others = Authority::new("Other CA").list(1, &[]);
    fs::write(&path, others).unwrap();
    scene.fails(Kind::CrlRollback, &path);
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
    fs::remove_file(&path).unwrap();
    scene.fails(Kind::File, &path);
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
}

#[test]
fn a_list_that_vanishes_from_its_directory_stays_in_force() {
    let scene = scene();
    scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    let path = scene.write("crls/a.crl", scene.authority.list(1, &[&scene.server]));
    scene.context.add_dir(Material::Crl, path.parent().unwrap()).unwrap();
    fs::remove_file(&path).unwrap();
    scene.fails(Kind::File, &path);
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
}

#[test]
fn one_bad_list_does_not_keep_the_others_from_being_taken() {
    let scene = scene();
    scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    let bad = scene.write("crls/a.crl", Authority::new("Other CA").list(1, &[]));
    scene.write("crls/b.crl", scene.authority.list(2, &[]));
    scene.context.add_dir(Material::Crl, bad.parent().unwrap()).unwrap();
    fs::write(&bad, "nothing").unwrap();
    scene.write("crls/b.crl", scene.authority.list(1, &[&scene.server]));
    let error = scene.context.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    assert!(error.message().contains("a.crl"), "{error}");
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
}

#[test]
fn a_half_written_list_leaves_the_old_one_in_force_and_the_others_are_taken() {
    let scene = scene();
    scene.add(Material::Authority, "ca.pem", scene.authority.pem());
    let other = Authority::new("Other CA");
    let theirs = other.server(&[HOST]);
    scene.context.add(Material::Authority, other.pem().as_bytes()).unwrap();
    let half = scene.write("crls/a.crl", scene.authority.list(2, &[&scene.server]));
    scene.write("crls/b.crl", other.list(2, &[]));
    scene.context.add_dir(Material::Crl, half.parent().unwrap()).unwrap();
    let whole = scene.authority.list(1, &[&scene.server]);
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    scene.write("crls/b.crl", other.list(1, &[&theirs]));
    scene.write("crls/new.crl", "");
    let error = scene.context.reload().unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
    assert!(scene.problems(&theirs).contains(Problems::REVOKED));
    fs::write(&half, &whole).unwrap();
    fs::remove_file(scene.dir.path().join("crls/new.crl")).unwrap();
    scene.context.reload().unwrap();
    assert!(scene.problems(&scene.server).contains(Problems::REVOKED));
}

#[test]
fn lists_count_in_whatever_order_they_come() {
    let scene = scene();
    let (old, new) =
        (scene.authority.list(2, &[&scene.server]), scene.authority.list(1, &[&scene.server]));
    let ca = scene.authority.pem().to_owned();
    for order in [[&ca, &old, &new], [&new, &old, &ca], [&old, &ca, &new]] {
        let context = nobody();
        for text in order {
            let kind = if *text == ca { Material::Authority } else { Material::Crl };
            context.add(kind, text.as_bytes()).unwrap();
        }
        let error = Link::new(&context, HOST, 443, &scene.server).refused();
        assert_eq!(error.kind(), Kind::CertificateRevoked);
    }
}

/// A scene whose known file has one entry, which is in force.
fn known() -> (Scene, PathBuf) {
    let mut scene = scene();
    scene.context = believes(&scene.authority);
    let path = scene.dir.path().join("trusted.pem");
    scene.context.set_known_file(&path).unwrap();
    let place = Endpoint::new(HOST, 443).unwrap();
    scene.context.set_known(&place, scene.server.certificate.clone(), Problems::NONE).unwrap();
    (scene, path)
}

#[test]
fn a_bad_known_file_is_refused_when_it_is_named() {
    let (scene, path) = known();
    let good = fs::read_to_string(&path).unwrap();
    let hash = scene.server.certificate.fingerprint();
    let cases = [
        ("damaged.pem", String::new()),
        ("damaged.pem", good[..good.len() / 2].to_owned()),
        ("damaged.pem", good.replace("Origin:", "Orogin:")),
        ("damaged.pem", good.replace("Host: a.example:443", "Host: a.example:0")),
        ("damaged.pem", good.replace(&hash, &Identity::alone(&["x"]).certificate.fingerprint())),
    ];
    let before = scene.context.snapshot().generation();
    for (name, text) in cases {
        assert_ne!(text, good);
        let bad = scene.write(name, &text);
        let error = scene.context.set_known_file(&bad).unwrap_err();
        assert_eq!(error.kind(), Kind::Store, "{error}");
        assert!(error.message().contains(&bad.display().to_string()), "{error}");
        assert_eq!(fs::read_to_string(&bad).unwrap(), text);
    }
    let directory = scene.dir.path().join("directory.pem");
    fs::create_dir(&directory).unwrap();
    let error = scene.context.set_known_file(&directory).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    let error = scene.context.set_known_file(&scene.dir.path().join("no/t.pem")).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert_eq!(scene.context.snapshot().generation(), before);
    assert_eq!(Link::new(&scene.context, HOST, 443, &scene.server).open(), Reason::Known);
}

#[test]
fn a_known_file_that_goes_bad_makes_nobody_a_stranger() {
    let other = |scene: &Scene, kind: Kind| {
        let ask = Ask::set(&scene.context, Answer::Always);
        for server in [&scene.server, &scene.authority.server(&[HOST])] {
            let error = Link::new(&scene.context, HOST, 443, server).run().unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains("trusted.pem"), "{error}");
        }
        assert_eq!(scene.context.known().unwrap_err().kind(), kind);
        assert_eq!(scene.context.reload().unwrap_err().kind(), kind);
        assert_eq!(ask.count(), 0);
    };
    let (scene, path) = known();
    fs::remove_file(&path).unwrap();
    other(&scene, Kind::Store);
    let (scene, path) = known();
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    other(&scene, Kind::Store);
    fs::write(&path, &text).unwrap();
    assert_eq!(Link::new(&scene.context, HOST, 443, &scene.server).open(), Reason::Known);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    other(&scene, Kind::Permission);
}

#[test]
fn a_known_file_that_goes_bad_while_the_question_is_open_refuses() {
    let (scene, path) = known();
    let ask = Ask::set(&scene.context, None);
    let mut link = Link::new(&scene.context, HOST, 444, &scene.server);
    link.asks();
    fs::remove_file(&path).unwrap();
    ask.last().answer(Answer::Always).unwrap();
    assert_eq!(link.refused().kind(), Kind::Store);
    assert!(!path.exists());
}

#[test]
fn a_known_file_that_others_may_write_is_refused() {
    let (scene, path) = known();
    for (target, mode) in [(&path, 0o622), (&scene.dir.path().to_owned(), 0o777)] {
        let before = fs::metadata(target).unwrap().permissions();
        fs::set_permissions(target, fs::Permissions::from_mode(mode)).unwrap();
        let error = scene.context.set_known_file(&path).unwrap_err();
        assert_eq!(error.kind(), Kind::Permission);
        assert!(error.message().contains(&target.display().to_string()), "{error}");
        fs::set_permissions(target, before).unwrap();
    }
}

#[test]
fn a_host_with_a_newline_is_no_host() {
    let context = nobody();
    let bad = "a.example\nHost: b.example";
    assert_eq!(Endpoint::new(bad, 443).unwrap_err().kind(), Kind::Invalid);
    assert_eq!(Place::parse(&format!("{bad}:443")).unwrap_err().kind(), Kind::Invalid);
    let error = Connection::in_memory(&context, bad, 443).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(!error.message().contains('\n'), "{error}");
    let connection = Connection::in_memory(&context, HOST, 443).unwrap();
    assert_eq!(connection.set_verify_name(bad).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn what_is_known_can_be_removed_and_is_a_stranger_again() {
    let (scene, _) = known();
    scene.context.remove_known(&Place::parse("a.example:443").unwrap()).unwrap();
    assert!(knows(&scene.context).is_empty());
    assert_eq!(Link::new(&scene.context, HOST, 443, &scene.server).open(), Reason::Authority);
}
