//! The directory of client certificates.

use std::path::{Path, PathBuf};

use super::identity::IdentityFrom;
use crate::error::Error;
use crate::material::Certificate;

/// A directory of client certificates.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`.
    ///
    /// # Errors
    ///
    /// That it cannot be used.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        crate::material::pem_files(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that holds this very certificate.
    pub(crate) fn find(&self, leaf: &Certificate) -> Result<Option<PathBuf>, Error> {
        Ok(self.all()?.into_iter().find(|(_, one)| one == leaf).map(|(path, _)| path))
    }

    /// An entry with this identity and another key.
    pub(crate) fn other_holder(
        &self,
        name: &str,
        key_sha256: &[u8; 32],
        from: IdentityFrom,
    ) -> Result<Option<PathBuf>, Error> {
        let other = |one: &Certificate| {
            one.key_sha256() != key_sha256
                && super::identity::identity(one, from).is_ok_and(|other| other == name)
        };
        Ok(self.all()?.into_iter().find(|(_, one)| other(one)).map(|(path, _)| path))
    }

    fn all(&self) -> Result<Vec<(PathBuf, Certificate)>, Error> {
        let mut all = Vec::new();
        for path in crate::material::pem_files(&self.path)? {
            let file = crate::material::read(&path, crate::material::LIMIT)?;
            if let Ok([one]) = Certificate::all_from_pem(&file.bytes, "an entry").as_deref() {
                all.push((path, one.clone()));
            }
        }
        Ok(all)
    }
}
