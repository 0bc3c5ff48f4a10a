//! Chapter "Client directories" of the header.

use std::ffi::{c_char, c_int};

use super::call::call;
use super::read::path;
use crate::pki::rehash;

/// Bring the hash links of a directory up to date, as `openssl rehash` does for a new one.
///
/// Files whose names end in `.pem`, `.crt`, `.cer` or `.crl`, in any case, and that hold one
/// certificate, with or without its key, or one revocation list, get a link; of files that hold
/// the same, the first by name. Other files are left out. New links are made before old ones go,
/// so that at every moment what could be found can be found. What is no link with a hash name is
/// never touched. Call it after files were added, removed or renamed, or when a file got a
/// certificate with another subject. It waits up to a minute for another call, in any process,
/// that is at work in the directory. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_FILE` when the directory cannot be read or written, or
/// another program changes its links meanwhile; `TLSCONN_E_BUSY` when another process is at
/// work there for longer than a minute; `TLSCONN_E_TOO_BIG` when more than 256 have one
/// hash, and nothing was done; `TLSCONN_E_NOMEM`; `TLSCONN_E_INVALID` when `dir` is NULL or
/// empty.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_dir_rehash(dir: *const c_char) -> c_int {
    call(|| {
        // SAFETY: the contract: a NUL-terminated path or NULL.
        let dir = unsafe { path("dir", dir) }?;
        rehash(dir).map(drop)
    })
}
