//! Chapter "Client directories" of the header.

use std::ffi::{c_char, c_int};

use super::call::call;
use super::read::path;
use crate::pki::rehash;

/// Update the hash links of a directory, as `openssl rehash` does.
///
/// A file gets a link if its name ends in `.pem`, `.crt`, `.cer` or `.crl`, in upper or lower
/// case, and it holds a single certificate, with or without its key, or a single revocation
/// list (CRL). If several files hold the same, the first by name gets the link. Other files are
/// skipped. New links are made before old ones are removed, so no certificate is ever missing
/// meanwhile. Files that are not hash links are never touched. Call it after files were added,
/// removed or renamed, or when the subject of a certificate has changed. It waits up to a minute
/// for another call, in any process, that is updating the same directory. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: the links are up to date.
/// - `TLSCONN_E_FILE`: the directory cannot be read or written, or another program changed its
///   links at the same time.
/// - `TLSCONN_E_BUSY`: another process has been updating it for more than a minute.
/// - `TLSCONN_E_TOO_BIG`: more than 256 files have the same hash; nothing was changed.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_INVALID`: `dir` is NULL or empty.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_dir_rehash(dir: *const c_char) -> c_int {
    call(|| {
        // SAFETY: the contract: a NUL-terminated path or NULL.
        let dir = unsafe { path("dir", dir) }?;
        rehash(dir).map(drop)
    })
}
