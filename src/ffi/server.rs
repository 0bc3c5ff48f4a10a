//! Chapter "The server side" of the header.

use std::ffi::{c_char, c_int, c_uint};

use super::call::call;
use super::connection::{blocking, hand_over, socket, tlsconn_conn};
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::read::{path, text};
use crate::connection::Connection;

/// Make the connection of a client that your program has accepted.
///
/// The own certificate and key of `ctx` are shown to the client; `TLSCONN_OPT_CLIENT_AUTH` says
/// whether it must show one too, and authorities, directory, known clients and lists of the
/// context say who may come. `fd` is a connected stream socket and stays yours: it must stay
/// open until tlsconn_conn_free() has returned, and you close it then. Its flags are not changed:
/// it may block or not. `flags` is 0 or bits of `tlsconn_flag`. Nothing is sent and nothing is
/// waited for here: the first handshake, read or write does that, within
/// `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` of that call, so that a loop which accepts never waits for a
/// slow client. `*out` is yours, give it up with tlsconn_conn_free(); it is NULL on failure. Any
/// thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_NO_KEY` and `TLSCONN_E_KEY_MISMATCH` when the context has no
/// own certificate and key that belong together; `TLSCONN_E_CERT` when the certificate is not for
/// servers; `TLSCONN_E_INVALID` when a pointer is NULL, `flags` is none, or `fd` is no connected
/// stream socket.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_accept_fd(
    ctx: *mut tlsconn_ctx,
    fd: c_int,
    flags: c_uint,
    out: *mut *mut tlsconn_conn,
) -> c_int {
    hand_over(out, || {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        Connection::accept_socket(&ctx.0, socket(fd)?, blocking(flags)?)
    })
}

/// Make the connection of a client whose bytes your program carries, with
/// tlsconn_conn_mem_input() and tlsconn_conn_mem_output(); it never blocks.
///
/// Everything else is as for tlsconn_accept_fd(). `*out` is yours, give it up with
/// tlsconn_conn_free(); it is NULL on failure. Any thread.
///
/// Returns what tlsconn_accept_fd() returns.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_accept_mem(
    ctx: *mut tlsconn_ctx,
    out: *mut *mut tlsconn_conn,
) -> c_int {
    hand_over(out, || {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        Connection::accept_in_memory(&ctx.0)
    })
}

/// Add a certificate and its key for the servers that clients ask for by a name.
///
/// `sni_pattern` is a DNS name such as `a.example`, or `*.example`, which stands for one label
/// before that name (RFC 6125, 6.4.3), in any case, international names too. NULL is for clients
/// that name no server, or one that has no pair; so is the own certificate of the context, before
/// any other, and where there is neither the pair that was added first. An exact name goes before
/// a wildcard. Of several pairs for a name the first counts whose key the client can use: add an
/// ECDSA and an RSA one side by side. `cert_file` holds the chain in PEM, the leaf first;
/// `key_file` its key, which is asked for its passphrase where it is encrypted.
/// tlsconn_ctx_reload() looks at both again and takes both or neither. An own certificate that is
/// not for servers is passed over where there is any pair. All is copied. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_FILE`, `TLSCONN_E_TOO_BIG` and `TLSCONN_E_PARSE` when a file
/// cannot be read; `TLSCONN_E_PERMISSION` when others may read the key; `TLSCONN_E_PASSPHRASE`;
/// `TLSCONN_E_KEY_MISMATCH` when the two do not belong together; `TLSCONN_E_CERT` when the
/// certificate is not valid now or not for servers; `TLSCONN_E_INVALID` when `ctx`, `cert_file`
/// or `key_file` is NULL, or `sni_pattern` is no such name. On failure the context is as it was.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_server_pair(
    ctx: *mut tlsconn_ctx,
    sni_pattern: *const c_char,
    cert_file: *const c_char,
    key_file: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let certificate = unsafe { path("cert_file", cert_file) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let key = unsafe { path("key_file", key_file) }?;
        let names = if sni_pattern.is_null() {
            None
        } else {
            // SAFETY: the contract: NUL-terminated text.
            Some(unsafe { text("sni_pattern", sni_pattern) }?)
        };
        ctx.0.add_server_pair(names, certificate, key)
    })
}

/// Let clients in whose very certificate is in a directory.
///
/// The directory is looked at anew in each handshake: what is added or removed counts for the
/// next client, without a call and without a restart. It holds PEM files with the endings
/// .pem, .crt and .cer, each with one certificate, self-signed ones too; an entry is that
/// certificate and never an authority. Links as tlsconn_dir_rehash() makes them make the
/// look-up fast and are only hints. Dates, distrust, revocation lists and the lists of
/// those who may come count for the entries too. Authorities do not vouch for clients where
/// there is a directory, unless `TLSCONN_OPT_DIR_AND_CA` is 1. A directory that was named before is
/// left. `dir` is copied. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_FILE` when it is no directory that can be read;
/// `TLSCONN_E_PERMISSION` when others may write it; `TLSCONN_E_INVALID` when a pointer is NULL or
/// `dir` is empty.
/// On failure the context is as it was.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_client_dir(
    ctx: *mut tlsconn_ctx,
    dir: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        ctx.0.set_client_dir(unsafe { path("dir", dir) }?)
    })
}

/// Name the file of known clients: those that an answer of `TLSCONN_ALLOW_ALWAYS` let in.
///
/// It is of the same form as the file of known servers, but never the same file, and holds no
/// server. It may be missing; its directory must exist. A client has no host: an entry is for
/// its very certificate, and holds the client's name, which nobody with another key is given as
/// long as it stands there. Two entries with one name and different keys let neither in; forget
/// the old one with tlsconn_known_remove_cert(). `file` is copied. Any thread.
///
/// Returns what tlsconn_ctx_set_known_file() returns; `TLSCONN_E_INVALID` also when `file` is
/// the file of known servers.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_known_client_file(
    ctx: *mut tlsconn_ctx,
    file: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        ctx.0.set_known_client_file(unsafe { path("file", file) }?)
    })
}

/// Add an identity to the list of those that may come; NULL sets an empty list in place of
/// whatever was added, which admits nobody.
///
/// It is compared whole, byte for byte, with what `TLSCONN_INFO_PEER_IDENTITY` would say, and
/// has no wildcards. As long as this was never called there is no list. `identity` is UTF-8 and
/// copied. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, or `identity` is empty or no
/// UTF-8. On failure the context is as it was.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_allow_identity(
    ctx: *mut tlsconn_ctx,
    identity: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        if identity.is_null() {
            return ctx.0.allow_identity(None);
        }
        // SAFETY: the contract: NUL-terminated text.
        ctx.0.allow_identity(Some(unsafe { text("identity", identity) }?))
    })
}

/// Ask whether the peer of an open connection would still be let in: whether it was removed,
/// revoked or distrusted, or has expired since.
///
/// It is judged again as the context is now, with the files as they were last reloaded and the
/// directory of clients as it is this moment; nobody is asked, and an answer that let it in
/// before counts again. The connection goes on, whatever comes out: free it where that is not
/// wanted, or send a word of your own first, for the peer is told nothing. For servers as for
/// clients. Any thread.
///
/// Returns `TLSCONN_OK` when it would be let in under the same identity; `TLSCONN_E_STATE`
/// before the handshake is complete; else what a new connection would end with: `TLSCONN_E_CERT`,
/// `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED`, `TLSCONN_E_CERT_UNKNOWN`,
/// `TLSCONN_E_CERT_DISTRUSTED`, `TLSCONN_E_NOT_ALLOWED`, `TLSCONN_E_NO_CLIENT_CERT`;
/// `TLSCONN_E_STORE`, `TLSCONN_E_FILE` and `TLSCONN_E_PERMISSION` when known peers or directory
/// cannot be read; `TLSCONN_E_FORKED`; `TLSCONN_E_INVALID` when `conn` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_recheck(conn: *mut tlsconn_conn) -> c_int {
    call(|| {
        // SAFETY: the contract: a connection or NULL.
        unsafe { lend("conn", conn) }?.connection.recheck()
    })
}
