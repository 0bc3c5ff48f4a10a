//! Chapter "The server side" of the header.

use std::ffi::{c_char, c_int, c_uint};

use super::call::call;
use super::connection::{blocking, hand_over, socket, tlsconn_conn};
use super::context::tlsconn_ctx;
use super::error::note;
use super::handle::lend;
use super::read::{path, text};
use crate::connection::Connection;

/// Create the connection of a client that your program has accepted.
///
/// The client gets the certificate of `ctx`. `TLSCONN_OPT_CLIENT_AUTH` says whether the client
/// must send one too; the CAs, the client directory, the known clients and the allow lists of the
/// context decide which clients are allowed. `fd` is a connected stream socket and stays yours:
/// keep it open until tlsconn_conn_free() has returned, then close it; see tlsconn_conn_shutdown()
/// for what to do before, so that everything arrives. Its flags are not changed; it may be blocking
/// or non-blocking. `flags` is 0 or bits of `tlsconn_flag`. This call sends
/// nothing and does not wait: the first handshake, read or write does the handshake, within
/// `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` of that call, so a slow client never holds up the accept
/// loop. `*out` is yours; free it with tlsconn_conn_free(). It is NULL on failure. Any thread.
///
/// Returns:
///
/// - `TLSCONN_OK`: the connection was created.
/// - `TLSCONN_E_NO_KEY`: the context has no certificate with its key.
/// - `TLSCONN_E_KEY_MISMATCH`: your key does not belong to your certificate.
/// - `TLSCONN_E_CERT`: your certificate is not for servers.
/// - `TLSCONN_E_NOMEM`: there is no memory for another connection.
/// - `TLSCONN_E_UNSUPPORTED`: the system gives no random numbers.
/// - `TLSCONN_E_INVALID`: a pointer is NULL, `flags` is invalid, or `fd` is not a connected stream
///   socket. A client that has already hung up is not an error here: the handshake reports it.
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

/// Create the connection of a client whose bytes you transport yourself, with
/// tlsconn_conn_mem_input() and tlsconn_conn_mem_output(). It never blocks.
///
/// Everything else is as for tlsconn_accept_fd(). `*out` is yours; free it with
/// tlsconn_conn_free(). It is NULL on failure. Any thread.
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

/// Add a certificate and its key for a server name (SNI).
///
/// `sni_pattern` is a DNS name such as `a.example`, or a wildcard such as `*.example`, where `*`
/// stands for one label (RFC 6125, 6.4.3). Upper and lower case are the same; international names
/// work too. With NULL the pair is the default, for clients that ask for no name or for a name
/// without a pair. The context's own certificate also serves these clients, and comes first; if
/// there is neither, they get the pair that was added first. An exact name wins over a wildcard.
/// If there are several pairs for a name, the first one whose key the client supports is used: add
/// an ECDSA and an RSA pair for the same name to support both. `cert_file` holds the chain in PEM,
/// the server's certificate first; `key_file` holds its key. If the key is encrypted, the
/// passphrase callback is called. tlsconn_ctx_reload() reads both files again and replaces both or
/// neither. If there is any pair, a certificate of the context that is not for servers is ignored.
/// All arguments are copied. Any thread.
///
/// On failure the context is unchanged. Returns:
///
/// - `TLSCONN_OK`: the pair was added.
/// - `TLSCONN_E_FILE`, `TLSCONN_E_TOO_BIG`, `TLSCONN_E_PARSE`: a file cannot be read.
/// - `TLSCONN_E_PERMISSION`: other users can read the key.
/// - `TLSCONN_E_PASSPHRASE`: the key is encrypted, and the passphrase is missing or wrong.
/// - `TLSCONN_E_KEY_MISMATCH`: the key does not belong to the certificate.
/// - `TLSCONN_E_CERT`: the certificate has expired, is not valid yet, or is not for servers.
/// - `TLSCONN_E_INVALID`: `ctx`, `cert_file` or `key_file` is NULL, or `sni_pattern` is not a
///   valid name.
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

/// Allow the clients whose certificates are in a directory.
///
/// The directory is read again in each handshake: a certificate that is added or removed counts
/// for the next client, without a call or a restart. The directory holds PEM files whose names end
/// in .pem, .crt or .cer, with one certificate each; it may be self-signed. An entry allows that
/// very certificate and is never a CA. Links made by tlsconn_dir_rehash() make the lookup fast, and
/// are only hints. Validity dates, distrust, CRLs and the allow lists apply to the entries too.
/// With a directory, a certificate from a CA is not enough to be allowed unless
/// `TLSCONN_OPT_DIR_AND_CA` is 1. A second call replaces the directory. `dir` is copied. Any
/// thread.
///
/// The directory and each entry must belong to you or to root, and nobody else may be able to
/// write them; with `TLSCONN_OPT_DIR_GROUP_WRITE` the group may. An entry may be a symbolic link,
/// as in volumes of containers: the same is then asked of the file that it leads to, and of each
/// directory on the way (in a sticky one, such as /tmp, others may write), as it is of the way to
/// the directory itself.
///
/// A file with the name of an entry that does not count is reported twice: by this call, which
/// reads every file once, and by the error of a client that the file would have allowed. When this
/// call returns `TLSCONN_OK`, tlsconn_last_error() has the code `TLSCONN_OK` if every file counts;
/// else it has the code `TLSCONN_E_FILE`, and its message names the first files that do not count
/// and says why. From 200 entries without a hash link on, it says that too, and its hint has the
/// command that makes the links.
///
/// On failure the context is unchanged. Returns:
///
/// - `TLSCONN_OK`: the directory is set.
/// - `TLSCONN_E_FILE`: `dir` is not a directory or cannot be read.
/// - `TLSCONN_E_PERMISSION`: it belongs to another user, or others can write to it, or lead the way
///   to it elsewhere.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_INVALID`: a pointer is NULL or `dir` is empty.
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
        let ignored = ctx.0.set_client_dir(unsafe { path("dir", dir) }?)?;
        note(ignored.as_ref());
        Ok(())
    })
}

/// Set the file of known clients: those allowed by the answer `TLSCONN_ALLOW_ALWAYS`.
///
/// It has the same format as the file of known servers, but must be another file, and holds no
/// servers. It may be missing; its directory must exist. A client has no host: an entry is for one
/// certificate, and holds the client's name. While the entry exists, no client with another key
/// gets that name. If two entries have one name and different keys, neither client is allowed;
/// remove the old entry with tlsconn_known_remove_cert(). `file` is copied. Any thread.
///
/// Returns what tlsconn_ctx_set_known_file() returns, and also:
///
/// - `TLSCONN_E_INVALID`: `file` is the file of known servers.
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

/// Add an identity to the list of allowed clients. NULL replaces the list with an empty one, which
/// allows nobody.
///
/// It is compared with `TLSCONN_INFO_PEER_IDENTITY`, whole and byte for byte, without wildcards. If
/// this function is never called, there is no list. `identity` is UTF-8 and is copied. Any thread.
///
/// On failure the context is unchanged. Returns:
///
/// - `TLSCONN_OK`: the list is changed.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL, or `identity` is empty or not UTF-8.
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

/// Check whether the peer of an open connection would still be accepted, or has been removed,
/// revoked or distrusted, or has expired.
///
/// The peer is verified again with the current settings of the context, the files as last loaded,
/// and the client directory as it is now. Nobody is asked; an earlier answer that accepted the peer
/// still counts. The connection stays open whatever the result, and the peer is not told: free the
/// connection if you do not want it any more, or send a message of your own first. Works for
/// servers and clients. Any thread.
///
/// Returns:
///
/// - `TLSCONN_OK`: the peer would be accepted, with the same identity.
/// - `TLSCONN_E_STATE`: the handshake is not complete.
/// - `TLSCONN_E_CERT`, `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED`,
///   `TLSCONN_E_CERT_UNKNOWN`, `TLSCONN_E_CERT_DISTRUSTED`, `TLSCONN_E_NOT_ALLOWED`,
///   `TLSCONN_E_NO_CLIENT_CERT`: a new connection would end with this error.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known peers or the
///   client directory cannot be read.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_INVALID`: `conn` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_recheck(conn: *mut tlsconn_conn) -> c_int {
    call(|| {
        // SAFETY: the contract: a connection or NULL.
        unsafe { lend("conn", conn) }?.connection.recheck()
    })
}
