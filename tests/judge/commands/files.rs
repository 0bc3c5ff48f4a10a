//! Files and directories with the wrong permissions, or without a directory or a link, and the
//! command that puts that right.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use rustix::process::Uid;
use tlsconn::{Certificate, Context, Endpoint, Error, Layout, Material, Problems};

use super::{Place, add, context, mended, mode, obey_as};

/// Somebody who is not root.
const SOMEBODY: u32 = 54_321;

pub(super) fn all() {
    secrets();
    known_peers();
    clients();
    if may_be_another_user() {
        missing_permissions();
    } else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "needs root");
        eprintln!("skipped, only root can be another user: missing permissions");
    }
}

pub(super) fn may_be_another_user() -> bool {
    rustix::process::geteuid().is_root()
}

/// Keys to which others have access.
fn secrets() {
    let place = Place::new();
    let (key, certificate) = place.pair();
    for bits in [0o644, 0o604, 0o602] {
        mode(&key, bits);
        mended(&key, || add(Material::Key, &key), || add(Material::Key, &key));
    }
    fs::copy(&certificate, place.at("cacert.pem")).unwrap();
    fs::copy(&certificate, place.at("clientcert.pem")).unwrap();
    let key = place.put("clientkey.pem", place.text("key.pem"));
    let layout = || Context::new().add_layout(Layout::Libvirt, Some(&place.path));
    mode(&key, 0o666);
    mended(&key, layout, layout);
}

/// The file of known peers and its directory.
fn known_peers() {
    let place = Place::new();
    let (path, directory) = (place.at("server/trusted.pem"), place.at("server"));
    let known = || Context::new().set_known_file(&path);
    mended(&directory, known, known);
    store(&path).unwrap();
    for (what, bits) in [(&path, 0o664), (&path, 0o646), (&directory, 0o775), (&directory, 0o777)] {
        mode(what, bits);
        mended(what, known, known);
    }
}

/// The directory of clients, and its links.
fn clients() {
    let place = Place::new();
    let (_, certificate) = place.pair();
    let directory = place.at("clients");
    fs::create_dir(&directory).unwrap();
    let set = |others_may: bool| {
        let context = context();
        context.set(|settings| settings.directory_group_may_write = others_may).unwrap();
        context.set_client_dir(&directory).map(drop)
    };
    mode(&directory, 0o777);
    mended(&directory, || set(true), || set(true));
    for number in 0..200 {
        fs::copy(&certificate, directory.join(format!("{number:03}.pem"))).unwrap();
    }
    mode(&directory, 0o755);
    let note = context().set_client_dir(&directory).unwrap().unwrap();
    obey_as(None, &note, &directory);
    assert!(fs::read_dir(&directory).unwrap().count() > 200);
}

#[test]
fn nobody_is_told_to_change_what_the_whole_system_uses() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/tmp", dir.path().join("link")).unwrap();
    for directory in [Path::new("/tmp"), Path::new("/var/tmp"), &dir.path().join("link")] {
        if let Err(error) = Context::new().set_known_file(&directory.join("trusted.pem")) {
            assert!(error.message().contains("is writable by other users"), "{error}");
            assert!(error.hint().starts_with("leave it as it is"), "{}", error.hint());
        } else {
            assert_ne!(fs::metadata(directory).unwrap().permissions().mode() & 0o022, 0o022);
        }
    }
}

#[test]
fn nobody_is_told_to_change_a_file_of_somebody_else_or_behind_a_link() {
    let place = Place::new();
    let (key, _) = place.pair();
    mode(&key, 0o644);
    let link = place.at("link.pem");
    std::os::unix::fs::symlink("key.pem", &link).unwrap();
    let error = add(Material::Key, &link).unwrap_err();
    assert!(error.hint().starts_with("look where this symbolic link leads"), "{}", error.hint());
    if may_be_another_user() {
        chown(&key, Some(SOMEBODY), None).unwrap();
        let error = add(Material::Key, &key).unwrap_err();
        assert!(error.hint().starts_with("ask user 54321, who owns it"), "{}", error.hint());
    }
}

/// Adds an entry to a file of known peers.
fn store(path: &Path) -> Result<(), Error> {
    let context = Context::new();
    context.set_known_file(path)?;
    let place = Place::new();
    let (_, certificate) = place.pair();
    let certificate = Certificate::all_from_pem(&fs::read(certificate).unwrap(), "a");
    let endpoint = Endpoint::new("a.example", 443).unwrap();
    context.set_known(&endpoint, certificate.unwrap().remove(0), Problems::NONE)
}

/// Files and directories of a user who has no permission to use them.
fn missing_permissions() {
    let place = Place::new();
    let (_, certificate) = place.pair();
    mode(place.path.parent().unwrap(), 0o755);
    let directory = place.at("mine");
    let inner = directory.join("inner");
    fs::create_dir_all(&inner).unwrap();
    let file = inner.join("ca.pem");
    fs::copy(certificate, &file).unwrap();
    let (known, lock) = (inner.join("trusted.pem"), inner.join("trusted.pem.lock"));
    for path in [&place.path, &directory, &inner, &file] {
        mode(path, 0o700);
        chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
    let read = || add(Material::Authority, &file);
    let list = || Context::new().add_dir(Material::Authority, &inner);
    let write = || store(&known);
    as_somebody(&file, 0o200, read);
    as_somebody(&directory, 0o600, read);
    as_somebody(&inner, 0o200, list);
    as_somebody(&inner, 0o500, write);
    as_somebody(&lock, 0o400, write);
}

/// With this mode of `path` an attempt of its user fails, until the command of the hint was run.
fn as_somebody(path: &Path, bits: u32, tried: impl Fn() -> Result<(), Error> + Send + Sync) {
    mode(path, bits);
    std::thread::scope(|scope| {
        let attempt = || {
            let user = Some(Uid::from_raw(SOMEBODY));
            // For this thread alone, which ends with the attempt.
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            tried()
        };
        let error = scope.spawn(attempt).join().unwrap().unwrap_err();
        assert!(error.message().contains("permission denied"), "{error}");
        assert!(error.message().contains(&format!("mode {bits:04o}")), "{error}");
        obey_as(Some(SOMEBODY), &error, path);
        let again = scope.spawn(attempt).join().unwrap();
        again.unwrap_or_else(|again| panic!("{} was no help: {again}", error.hint()));
    });
}
