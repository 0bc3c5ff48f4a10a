//! An authority, what it signs, and the directory that an application reads.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;
use tlsconn::{Certificate, Context, Material};

use super::pki::{Authority, CENTURY, Identity, lasting};

/// What our authority calls itself.
const OURS: &str = "Test Authority";

/// An authority of this test alone. `home` is in the recommended layout, and holds nothing
/// but the authority at first.
pub(crate) struct Pki {
    root: TempDir,
    authority: Authority,
}

/// A certificate and its key, as files.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let root = TempDir::new().unwrap();
        for dir in ["home", "home/ca", "home/client", "home/server"] {
            fs::DirBuilder::new().mode(0o700).create(root.path().join(dir)).unwrap();
        }
        let authority = authority(OURS);
        fs::write(root.path().join("home/ca/cert.pem"), authority.pem()).unwrap();
        Self { root, authority }
    }

    /// Where files of this test may lie.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The directory that an application is given.
    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// The authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.home().join("ca/cert.pem")
    }

    /// The store of known servers; missing until a server was allowed always.
    pub(crate) fn trusted(&self) -> PathBuf {
        self.home().join("server/trusted.pem")
    }

    /// The contents of the store of known servers; empty if there is no file.
    pub(crate) fn known(&self) -> String {
        fs::read_to_string(self.trusted()).unwrap_or_default()
    }

    /// A new key and certificate for a server on this machine.
    pub(crate) fn server(&self, name: &str) -> Pair {
        let usage = ExtendedKeyUsagePurpose::ServerAuth;
        self.write(name, &issue(&self.authority, "localhost", &["localhost", "127.0.0.1"], usage))
    }

    /// Give the application a client certificate of our authority.
    pub(crate) fn add_client(&self) {
        self.add_client_of(&self.authority);
    }

    /// Give the application a client certificate that our servers do not trust.
    pub(crate) fn add_strange_client(&self) {
        self.add_client_of(&authority("Another Authority"));
    }

    /// A new key and certificate for the client `name`.
    pub(crate) fn client(&self, name: &str) -> Pair {
        self.write(name, &client_of(&self.authority, name))
    }

    /// The same from an authority with the same name as ours, and another key.
    pub(crate) fn strange_client(&self, name: &str) -> Pair {
        let authority = authority(OURS);
        fs::write(self.strange_authority(), authority.pem()).unwrap();
        self.write(&format!("strange-{name}"), &client_of(&authority, name))
    }

    /// The certificate of the authority that vouches for the last strange client.
    pub(crate) fn strange_authority(&self) -> PathBuf {
        self.root().join("strange-authority.pem")
    }

    /// The same from an authority with another name.
    pub(crate) fn foreign_client(&self, name: &str) -> Pair {
        self.write(&format!("foreign-{name}"), &client_of(&authority("Another Authority"), name))
    }

    /// The revocation list, newer than any before it.
    pub(crate) fn revoke(&self, revoked: &[&Pair]) -> PathBuf {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let parsed: Vec<_> = revoked.iter().map(|pair| pair.parsed()).collect();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let list = self.authority.list_of(number, CENTURY, &parsed.iter().collect::<Vec<_>>());
        let path = self.root().join("revoked.pem");
        // A reader finds the old one or the new one at any moment.
        let fresh = self.root().join("revoked.new");
        fs::write(&fresh, list).unwrap();
        fs::rename(&fresh, &path).unwrap();
        path
    }

    /// A context for a server of ours, which asks for certificates of our authority.
    pub(crate) fn serving(&self) -> Context {
        let context = Context::new();
        let pair = self.server("ours");
        context.add_file(Material::Authority, &self.authority()).unwrap();
        context.add_file(Material::Certificate, &pair.certificate).unwrap();
        context.add_file(Material::Key, &pair.key).unwrap();
        context
    }

    fn add_client_of(&self, authority: &Authority) {
        let client = client_of(authority, "alice");
        write_private(&self.home().join("client/key.pem"), &client.key_pem());
        fs::write(self.home().join("client/cert.pem"), client.pem).unwrap();
    }

    fn write(&self, name: &str, identity: &Identity) -> Pair {
        let pair = Pair {
            certificate: self.root().join(format!("{name}.pem")),
            key: self.root().join(format!("{name}.key")),
        };
        fs::write(&pair.certificate, &identity.pem).unwrap();
        write_private(&pair.key, &identity.key_pem());
        pair
    }
}

impl Pair {
    /// The certificate, as the library sees it.
    pub(crate) fn parsed(&self) -> Certificate {
        let pem = fs::read(&self.certificate).unwrap();
        Certificate::all_from_pem(&pem, "the certificate").unwrap().remove(0)
    }
}

fn authority(name: &str) -> Authority {
    Authority::with(lasting(name, &[]))
}

fn client_of(authority: &Authority, name: &str) -> Identity {
    issue(authority, name, &[], ExtendedKeyUsagePurpose::ClientAuth)
}

fn issue(
    authority: &Authority,
    common_name: &str,
    names: &[&str],
    usage: ExtendedKeyUsagePurpose,
) -> Identity {
    let mut params = lasting(common_name, names);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    authority.sign(&params, KeyPair::generate().unwrap())
}

/// Keys that others may read are refused.
fn write_private(path: &Path, text: &str) {
    let mut file =
        fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
