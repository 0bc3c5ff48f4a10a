//! The authorities that the operating system trusts: where its packages put them, or where
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` say, as OpenSSL has it.
//!
//! Files are read as all others are, so that none can hang the process; what is no regular file
//! and what holds no certificate is left out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::certificate::Certificate;
use super::environment::Variable;
use super::file::{LIMIT, Stamp, read, stamp};
use super::trouble::{Doing, source_of, system_error};
use crate::error::{Error, Kind, MaterialCause};

/// The first of these that is there counts.
const FILES: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/etc/openssl/certs/ca-certificates.crt",
];

/// All of these that are there count.
const DIRECTORIES: [&str; 4] =
    ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs", "/etc/openssl/certs"];

/// Every authority of the operating system. One that does not parse is left out: the list is
/// not ours, and one odd entry must not cost the others.
///
/// # Errors
///
/// [`Kind::NoAuthority`] if there are none; it says what went wrong on the way.
pub(crate) fn system_authorities() -> Result<Vec<Certificate>, Error> {
    let file = Variable::CertFile.value().map(PathBuf::from);
    let directories = Variable::CertDir.value();
    let directories: Vec<PathBuf> = directories
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if file.is_some() || !directories.is_empty() {
        return authorities_in(file, directories);
    }
    let is_there = |path: &PathBuf| path.exists();
    authorities_in(
        FILES.iter().map(PathBuf::from).find(is_there),
        DIRECTORIES.iter().map(PathBuf::from).filter(is_there).collect(),
    )
}

fn authorities_in(
    file: Option<PathBuf>,
    directories: Vec<PathBuf>,
) -> Result<Vec<Certificate>, Error> {
    let mut found = Found::default();
    if let Some(file) = &file {
        found.read(file);
    }
    for directory in &directories {
        match std::fs::read_dir(directory) {
            // Links with hash names lead to files that stand there too; those are read once.
            Ok(names) => names.flatten().for_each(|name| found.read_if_new(&name.path())),
            Err(error) => {
                found.fail(system_error(Doing::Listing, "read the directory", directory, &error));
            }
        }
    }
    if found.all.is_empty() {
        let why = found.failure.map(|error| format!(": {}", error.message())).unwrap_or_default();
        let message = format!("the operating system has no certificate authorities{why}");
        return Err(
            Error::new(Kind::NoAuthority, message).because(&MaterialCause::NoSystemAuthorities)
        );
    }
    Ok(found.all)
}

/// What was read so far.
#[derive(Default)]
struct Found {
    all: Vec<Certificate>,
    certificates: HashSet<[u8; 32]>,
    files: Vec<Stamp>,
    /// The first thing that went wrong.
    failure: Option<Error>,
}

impl Found {
    fn read_if_new(&mut self, path: &Path) {
        // Directories, and links that lead nowhere.
        if !path.is_file() {
            return;
        }
        match stamp(path) {
            Ok(stamp) if self.files.contains(&stamp) => {}
            Ok(_) => self.read(path),
            Err(error) => self.fail(error),
        }
    }

    fn read(&mut self, path: &Path) {
        let file = match read(path, LIMIT) {
            Ok(file) => file,
            Err(error) => return self.fail(error),
        };
        self.files.push(file.stamp);
        let before = self.all.len();
        for der in CertificateDer::pem_slice_iter(&file.bytes).flatten() {
            if let Ok(certificate) = Certificate::from_der(&der)
                && self.certificates.insert(*certificate.sha256())
            {
                self.all.push(certificate);
            }
        }
        if self.all.len() == before {
            let message = format!("{} contains no certificate", source_of(path));
            self.fail(Error::new(Kind::Parse, message));
        }
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }
}

#[cfg(test)]
mod tests;
