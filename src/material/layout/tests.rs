use std::os::unix::fs::symlink;

use super::*;

/// A user's directory `home`, a system's `pki`, and any other below one root.
struct Place(tempfile::TempDir);

impl Place {
    fn with(files: &[&str]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for file in files {
            let path = place.path(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn surroundings(&self, root: bool) -> Surroundings {
        Surroundings {
            home: Some(self.path("home")),
            tlsconn_dir: None,
            root,
            system: self.path("pki"),
        }
    }

    fn in_dir(&self, layout: Layout) -> Result<LayoutFiles, Error> {
        layout_files(layout, Some(&self.path("d")), &self.surroundings(false))
    }

    fn found(&self, layout: Layout, root: bool) -> Result<LayoutFiles, Error> {
        layout_files(layout, None, &self.surroundings(root))
    }

    fn pair(&self, certificate: &str, key: &str) -> Option<(PathBuf, PathBuf)> {
        Some((self.path(certificate), self.path(key)))
    }
}

#[test]
fn every_layout_finds_its_files_in_a_directory() {
    let cases: [(Layout, [&str; 4]); 5] = [
        (Layout::Tlsconn, ["ca/cert.pem", "ca/ca-crl.pem", "client/cert.pem", "client/key.pem"]),
        (Layout::Libvirt, ["cacert.pem", "cacrl.pem", "clientcert.pem", "clientkey.pem"]),
        (Layout::LibvirtServer, ["cacert.pem", "cacrl.pem", "servercert.pem", "serverkey.pem"]),
        (Layout::Docker, ["ca.pem", "", "cert.pem", "key.pem"]),
        (Layout::Qemu, ["ca-cert.pem", "ca-crl.pem", "client-cert.pem", "client-key.pem"]),
    ];
    for (layout, names) in cases {
        let [authority, crl, certificate, key] = names.map(|name| format!("d/{name}"));
        let files: Vec<&str> = [&authority, &crl, &certificate, &key]
            .into_iter()
            .map(String::as_str)
            .filter(|name| *name != "d/")
            .collect();
        let place = Place::with(&files);
        let found = place.in_dir(layout).unwrap();
        assert_eq!(found.authority, place.path(&authority), "{layout:?}");
        assert_eq!(found.crl, (crl != "d/").then(|| place.path(&crl)), "{layout:?}");
        assert_eq!(found.pair, place.pair(&certificate, &key), "{layout:?}");
    }
}

#[test]
fn only_the_authority_is_required() {
    let place = Place::with(&["d/ca/cert.pem"]);
    let found = place.in_dir(Layout::Tlsconn).unwrap();
    assert_eq!((found.crl, found.pair), (None, None));
    assert_eq!(found.known, Some(place.path("d/server/trusted.pem")));
}

#[test]
fn a_missing_authority_is_named() {
    let place = Place::with(&["d/clientcert.pem", "d/clientkey.pem"]);
    let error = place.in_dir(Layout::Libvirt).unwrap_err();
    assert_eq!(error.kind(), Kind::NoAuthority);
    assert!(
        error.message().ends_with(&place.path("d/cacert.pem").display().to_string()),
        "{error}"
    );
    assert!(!error.hint().is_empty());
}

#[test]
fn half_a_pair_is_an_error_that_names_both_files() {
    for (there, missing) in [("d/cert.pem", "d/key.pem"), ("d/key.pem", "d/cert.pem")] {
        let place = Place::with(&["d/ca.pem", there]);
        let error = place.in_dir(Layout::Docker).unwrap_err();
        assert_eq!(error.kind(), Kind::NoKey);
        for name in [there, missing] {
            assert!(error.message().contains(&place.path(name).display().to_string()), "{error}");
        }
    }
}

#[test]
fn a_link_that_leads_nowhere_counts_as_there() {
    let place = Place::with(&["d/cacert.pem"]);
    symlink("nowhere", place.path("d/cacrl.pem")).unwrap();
    assert_eq!(place.in_dir(Layout::Libvirt).unwrap().crl, Some(place.path("d/cacrl.pem")));
}

#[test]
fn our_directory_is_the_environments_then_that_in_home() {
    let place = Place::with(&["home/.pki/tlsconn/ca/cert.pem", "t/ca/cert.pem"]);
    let mut around = place.surroundings(false);
    let authority = |around: &Surroundings| {
        layout_files(Layout::Tlsconn, None, around).map(|found| found.authority)
    };
    assert_eq!(authority(&around), Ok(place.path("home/.pki/tlsconn/ca/cert.pem")));
    around.tlsconn_dir = Some(place.path("t"));
    assert_eq!(authority(&around), Ok(place.path("t/ca/cert.pem")));
    around = Surroundings { home: None, tlsconn_dir: None, ..around };
    assert_eq!(authority(&around).unwrap_err().kind(), Kind::NoAuthority);
}

const USER: [&str; 4] = [
    "home/.pki/libvirt/cacert.pem",
    "home/.pki/libvirt/cacrl.pem",
    "home/.pki/libvirt/clientcert.pem",
    "home/.pki/libvirt/clientkey.pem",
];
const SYSTEM: [&str; 4] = [
    "pki/CA/cacert.pem",
    "pki/CA/cacrl.pem",
    "pki/libvirt/clientcert.pem",
    "pki/libvirt/private/clientkey.pem",
];

#[test]
fn a_users_libvirt_files_come_before_the_systems() {
    let place = Place::with(&[USER, SYSTEM].concat());
    let found = place.found(Layout::Libvirt, false).unwrap();
    assert_eq!(found.authority, place.path(USER[0]));
    assert_eq!(found.crl, Some(place.path(USER[1])));
    assert_eq!(found.pair, place.pair(USER[2], USER[3]));
}

#[test]
fn root_never_looks_in_home() {
    let place = Place::with(&[USER, SYSTEM].concat());
    let found = place.found(Layout::Libvirt, true).unwrap();
    assert_eq!(found.authority, place.path(SYSTEM[0]));
    assert_eq!(found.crl, Some(place.path(SYSTEM[1])));
    assert_eq!(found.pair, place.pair(SYSTEM[2], SYSTEM[3]));
    let place = Place::with(&USER);
    assert_eq!(place.found(Layout::Libvirt, true).unwrap_err().kind(), Kind::NoAuthority);
}

#[test]
fn authority_list_and_pair_fall_back_to_the_system_each_on_their_own() {
    for own in [USER[0], USER[1]] {
        let place = Place::with(&[&[own][..], &SYSTEM].concat());
        let found = place.found(Layout::Libvirt, false).unwrap();
        let expected =
            |user: &str, system: &str| place.path(if own == user { user } else { system });
        assert_eq!(found.authority, expected(USER[0], SYSTEM[0]));
        assert_eq!(found.crl, Some(expected(USER[1], SYSTEM[1])));
        assert_eq!(found.pair, place.pair(SYSTEM[2], SYSTEM[3]));
    }
}

#[test]
fn half_of_a_users_pair_is_not_completed_by_the_systems() {
    let place = Place::with(&[&[USER[2]][..], &SYSTEM].concat());
    assert_eq!(place.found(Layout::Libvirt, false).unwrap_err().kind(), Kind::NoKey);
}

#[test]
fn a_key_that_may_be_where_we_cannot_look_is_no_key_without_a_certificate() {
    // A file instead of the directory: not even root can look into it.
    let place = Place::with(&[SYSTEM[0], "pki/libvirt/private"]);
    assert_eq!(place.found(Layout::Libvirt, false).unwrap().pair, None);
}

#[test]
fn a_certificate_whose_key_is_where_we_cannot_look_is_listed_with_it() {
    let place = Place::with(&[SYSTEM[0], SYSTEM[2], "pki/libvirt/private"]);
    let found = place.found(Layout::Libvirt, false).unwrap();
    assert_eq!(found.pair, place.pair(SYSTEM[2], SYSTEM[3]));
}

#[test]
fn a_libvirt_daemon_has_its_pair_under_its_own_names() {
    let place = Place::with(&[
        SYSTEM[0],
        "pki/libvirt/servercert.pem",
        "pki/libvirt/private/serverkey.pem",
    ]);
    let found = place.found(Layout::LibvirtServer, true).unwrap();
    assert_eq!(
        found.pair,
        place.pair("pki/libvirt/servercert.pem", "pki/libvirt/private/serverkey.pem")
    );
}

#[test]
fn both_places_are_named_where_neither_has_an_authority() {
    let error = Place::with(&[]).found(Layout::Libvirt, false).unwrap_err();
    assert!(error.message().contains("home/.pki/libvirt/cacert.pem or "), "{error}");
    assert!(error.message().ends_with("pki/CA/cacert.pem"), "{error}");
}

#[test]
fn dockers_directory_is_in_home() {
    let place = Place::with(&["home/.docker/ca.pem"]);
    let found = place.found(Layout::Docker, false).unwrap();
    assert_eq!(found.authority, place.path("home/.docker/ca.pem"));
    assert_eq!(found.known, None);
}

#[test]
fn qemus_directory_must_be_named() {
    assert_eq!(Place::with(&[]).found(Layout::Qemu, false).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn a_process_with_the_rights_of_its_user_believes_the_environment() {
    let here = Surroundings::of_process();
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    assert_eq!(here.home, home);
    assert_eq!(here.system, Path::new("/etc/pki"));
}
