//! Directories in which other programs, and we, keep material under fixed names.
//!
//! A layout is looked at, not read: what comes out are paths. Only the authority must be
//! there. Whatever is there, in any state, is listed, so that reading it fails in the open;
//! nothing that could be meant is left out in silence. No file is opened or made.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::environment::Variable;
use super::file::Readers;
use super::trouble::source_of;
use crate::error::{Error, FileCause, Kind, MaterialCause};

/// Who laid the files out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Ours: `ca/cert.pem`, `ca/ca-crl.pem`, `client/cert.pem`, `client/key.pem`,
    /// `server/trusted.pem` and `client/trusted.pem`.
    Tlsconn,
    /// libvirt's clients: `cacert.pem`, `cacrl.pem`, `clientcert.pem`, `clientkey.pem`.
    Libvirt,
    /// libvirt's daemons: the same with `servercert.pem` and `serverkey.pem`.
    LibvirtServer,
    /// docker: `ca.pem`, `cert.pem`, `key.pem`.
    Docker,
    /// QEMU as a client: `ca-cert.pem`, `ca-crl.pem`, `client-cert.pem`, `client-key.pem`.
    Qemu,
}

impl Layout {
    /// Who may read the key of the layout: libvirt's `virt-pki-validate` demands mode 0644 of that
    /// of a client, and 0600 of that of a server.
    pub(crate) const fn readers_of_key(self) -> Readers {
        match self {
            Self::Libvirt => Readers::All,
            Self::Tlsconn | Self::LibvirtServer | Self::Docker | Self::Qemu => Readers::Few,
        }
    }

    /// For which side the certificate of the layout is, where its programs have both.
    pub(crate) const fn is_for_servers(self) -> Option<bool> {
        match self {
            Self::Libvirt | Self::Qemu => Some(false),
            Self::LibvirtServer => Some(true),
            Self::Tlsconn | Self::Docker => None,
        }
    }
}

/// The files of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayoutFiles {
    /// The authorities; was there.
    pub authority: PathBuf,
    /// The revocation lists, where there is such a file.
    pub crl: Option<PathBuf>,
    /// The certificate of the application and its key, where there are both.
    pub pair: Option<(PathBuf, PathBuf)>,
    /// The store of known servers, where the layout has one; the file and its directory may
    /// be missing.
    pub known: Option<PathBuf>,
    /// The store of known clients, in the same way.
    pub known_clients: Option<PathBuf>,
}

/// What a layout's place depends on when no directory is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// The user's directory.
    pub home: Option<PathBuf>,
    /// The directory that the environment names.
    pub tlsconn_dir: Option<PathBuf>,
    /// Whether the process is root's.
    pub root: bool,
    /// Where the system's certificates are, usually `/etc/pki`.
    pub system: PathBuf,
}

impl Surroundings {
    /// Those of this process, as far as it may believe its environment.
    #[must_use]
    pub(crate) fn of_process() -> Self {
        Self {
            home: Variable::Home.value().map(PathBuf::from),
            tlsconn_dir: Variable::TlsconnDir.value().map(PathBuf::from),
            root: geteuid().is_root(),
            system: PathBuf::from("/etc/pki"),
        }
    }
}

/// The files of `layout` in `dir`, or where `place` says that they are.
///
/// # Errors
///
/// [`Kind::NoAuthority`] where the authority's file, or any place to look for it, is missing;
/// [`Kind::NoKey`] where there is a certificate without its key, or the reverse;
/// [`Kind::Invalid`] where the layout needs `dir`.
pub(crate) fn layout_files(
    layout: Layout,
    dir: Option<&Path>,
    place: &Surroundings,
) -> Result<LayoutFiles, Error> {
    let in_home = |name: &str| place.home.as_ref().map(|home| home.join(name));
    let dir = dir.map(Path::to_path_buf);
    match layout {
        Layout::Tlsconn => {
            let found =
                dir.or_else(|| place.tlsconn_dir.clone()).or_else(|| in_home(".pki/tlsconn"));
            let dir = found.ok_or_else(|| nowhere("neither TLSCONN_DIR nor HOME is set"))?;
            let names = Names {
                authority: "ca/cert.pem",
                crl: Some("ca/ca-crl.pem"),
                pair: ["client/cert.pem", "client/key.pem"],
            };
            let files = names.files(&[names.paths(&dir)])?;
            Ok(LayoutFiles {
                known: Some(dir.join("server/trusted.pem")),
                known_clients: Some(dir.join("client/trusted.pem")),
                ..files
            })
        }
        Layout::Libvirt => libvirt(["clientcert.pem", "clientkey.pem"], dir, place),
        Layout::LibvirtServer => libvirt(["servercert.pem", "serverkey.pem"], dir, place),
        Layout::Docker => {
            let dir =
                dir.or_else(|| in_home(".docker")).ok_or_else(|| nowhere("HOME is not set"))?;
            let names = Names { authority: "ca.pem", crl: None, pair: ["cert.pem", "key.pem"] };
            names.files(&[names.paths(&dir)])
        }
        Layout::Qemu => {
            let sentence = "the layout of QEMU has no default directory, so one must be named";
            let dir = dir.ok_or_else(|| Error::new(Kind::Invalid, sentence))?;
            let names = Names {
                authority: "ca-cert.pem",
                crl: Some("ca-crl.pem"),
                pair: ["client-cert.pem", "client-key.pem"],
            };
            names.files(&[names.paths(&dir)])
        }
    }
}

/// libvirt looks in the user's directory first, then in the system's, for authority, list and
/// pair each on their own; root's processes never look in the user's.
fn libvirt(
    pair: [&'static str; 2],
    dir: Option<PathBuf>,
    place: &Surroundings,
) -> Result<LayoutFiles, Error> {
    let names = Names { authority: "cacert.pem", crl: Some("cacrl.pem"), pair };
    if let Some(dir) = dir {
        return names.files(&[names.paths(&dir)]);
    }
    let [certificate, key] = pair;
    let system = Paths {
        authority: place.system.join("CA/cacert.pem"),
        crl: Some(place.system.join("CA/cacrl.pem")),
        certificate: place.system.join("libvirt").join(certificate),
        key: place.system.join("libvirt/private").join(key),
    };
    match place.home.as_ref().filter(|_| !place.root) {
        Some(home) => names.files(&[names.paths(&home.join(".pki/libvirt")), system]),
        None => names.files(&[system]),
    }
}

/// What the files of a layout are called.
struct Names {
    authority: &'static str,
    crl: Option<&'static str>,
    pair: [&'static str; 2],
}

/// Where they would be.
struct Paths {
    authority: PathBuf,
    crl: Option<PathBuf>,
    certificate: PathBuf,
    key: PathBuf,
}

impl Names {
    fn paths(&self, dir: &Path) -> Paths {
        let [certificate, key] = self.pair;
        Paths {
            authority: dir.join(self.authority),
            crl: self.crl.map(|name| dir.join(name)),
            certificate: dir.join(certificate),
            key: dir.join(key),
        }
    }

    /// The first of each kind that is there.
    fn files(&self, places: &[Paths]) -> Result<LayoutFiles, Error> {
        let authority = places.iter().map(|paths| &paths.authority).find(|path| is_there(path));
        let authority = authority.cloned().ok_or_else(|| no_authority(places))?;
        let mut crls = places.iter().filter_map(|paths| paths.crl.clone());
        let crl = crls.find(|path| is_there(path));
        let mut pair = None;
        for Paths { certificate, key, .. } in places {
            match (is_there(certificate), is_there(key)) {
                (true, true) => {
                    pair = Some((certificate.clone(), key.clone()));
                    break;
                }
                (true, false) => return Err(half(certificate, "key", key)),
                // Users cannot look into the system's private directory; what they only
                // suspect there is no reason to refuse them.
                (false, true) if key.symlink_metadata().is_ok() => {
                    return Err(half(key, "certificate", certificate));
                }
                (false, _) => {}
            }
        }
        Ok(LayoutFiles { authority, crl, pair, known: None, known_clients: None })
    }
}

/// Everything but "no such file" counts as there: a link that leads nowhere and a directory
/// that is closed to us are for the reader to complain about.
fn is_there(path: &Path) -> bool {
    !path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn nowhere(why: &str) -> Error {
    Error::new(
        Kind::NoAuthority,
        format!("there is no directory to look for a certificate authority in: {why}"),
    )
    .because(&FileCause::NoName)
}

fn no_authority(places: &[Paths]) -> Error {
    let paths: Vec<_> = places.iter().map(|paths| source_of(&paths.authority)).collect();
    let sentence =
        format!("no certificate authority found: there is no file {}", paths.join(" or "));
    Error::new(Kind::NoAuthority, sentence).because(&MaterialCause::NoAuthority)
}

fn half(there: &Path, what: &str, missing: &Path) -> Error {
    let (there, missing) = (source_of(there), source_of(missing));
    Error::new(Kind::NoKey, format!("there is {there}, but not its {what}, {missing}"))
        .because(&MaterialCause::Half { there, missing })
}

#[cfg(test)]
mod tests;
