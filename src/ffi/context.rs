//! Chapter "Contexts" of the header.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::call::{call, release};
use super::callback::{
    passphrase, tlsconn_destroy_fn, tlsconn_passphrase_fn, tlsconn_validator_fn, validator,
};
use super::handle::{give, lend, share, show, take_back};
use super::read::{bytes, constant, path, text};
use crate::context::Context;
use crate::error::Error;
use crate::material::{Layout, Material};
use crate::process::Once;

/// What an application trusts: its CAs, its own certificate and key, the peers it knows, and
/// the validator it asks about others.
///
/// Reference-counted; any number of threads may use it at once. Every change is made completely
/// or not at all. A connection uses the context as it was when the connection began, but is
/// judged by the context as it is at the time of judging. A context can still be used in the child
/// of a fork(), whatever other threads were doing with it.
#[derive(Debug, Default)]
pub struct tlsconn_ctx(pub(super) Context);

/// The five kinds of PEM material (RFC 7468).
#[repr(C)]
#[derive(Clone, Copy)]
pub enum tlsconn_material {
    /// CA certificates. Do not add a server's own certificate here, where it would be trusted
    /// for every name in it: add that as `TLSCONN_MAT_TRUSTED_PEER`.
    TLSCONN_MAT_CA = 10,
    /// Certificate revocation lists (CRLs). A list never replaces another: what any list of an
    /// issuer revokes is revoked, and a list from memory is kept until the context is destroyed.
    /// Where lists are renewed, add the file, replace it and call tlsconn_ctx_reload(): then only
    /// the newest lists are kept.
    TLSCONN_MAT_CRL = 11,
    /// Your private key: PKCS#8, PKCS#1 or SEC1, or PKCS#8 encrypted with a passphrase.
    TLSCONN_MAT_KEY = 12,
    /// Your certificate, followed by the intermediates that lead to its CA.
    TLSCONN_MAT_CERT = 13,
    /// Certificates of servers, and of clients where marked `Role: client`, that are trusted
    /// without a CA, in the format of trusted.pem (docs/trusted-pem.md).
    TLSCONN_MAT_TRUSTED_PEER = 14,
}

/// Sets of files with fixed names in a directory.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum tlsconn_layout {
    /// ca/cert.pem, ca/ca-crl.pem, client/cert.pem and client/key.pem, with server/trusted.pem
    /// and client/trusted.pem as the stores of known servers and known clients. By default in
    /// $TLSCONN_DIR, or in $HOME/.pki/tlsconn if that is not set.
    TLSCONN_LAYOUT_TLSCONN = 20,
    /// libvirt's client files: cacert.pem, cacrl.pem, clientcert.pem and clientkey.pem in one
    /// directory (libvirt's pkipath). By default wherever libvirt looks for them. Everybody may
    /// read the key, as libvirt's virt-pki-validate demands (mode 0644).
    TLSCONN_LAYOUT_LIBVIRT = 21,
    /// The same, with libvirt's servercert.pem and serverkey.pem.
    TLSCONN_LAYOUT_LIBVIRT_SERVER = 22,
    /// docker's ca.pem, cert.pem and key.pem. By default in $HOME/.docker.
    TLSCONN_LAYOUT_DOCKER = 23,
    /// QEMU's ca-cert.pem, ca-crl.pem, client-cert.pem and client-key.pem. It has no default
    /// directory.
    TLSCONN_LAYOUT_QEMU = 24,
}

fn material(number: c_int) -> Result<Material, Error> {
    use tlsconn_material as m;
    const ALL: [(c_int, Material); 5] = [
        (m::TLSCONN_MAT_CA as c_int, Material::Authority),
        (m::TLSCONN_MAT_CRL as c_int, Material::Crl),
        (m::TLSCONN_MAT_KEY as c_int, Material::Key),
        (m::TLSCONN_MAT_CERT as c_int, Material::Certificate),
        (m::TLSCONN_MAT_TRUSTED_PEER as c_int, Material::TrustedPeer),
    ];
    constant("material", number, "TLSCONN_MAT_*", &ALL)
}

fn layout(number: c_int) -> Result<Layout, Error> {
    use tlsconn_layout as l;
    const ALL: [(c_int, Layout); 5] = [
        (l::TLSCONN_LAYOUT_TLSCONN as c_int, Layout::Tlsconn),
        (l::TLSCONN_LAYOUT_LIBVIRT as c_int, Layout::Libvirt),
        (l::TLSCONN_LAYOUT_LIBVIRT_SERVER as c_int, Layout::LibvirtServer),
        (l::TLSCONN_LAYOUT_DOCKER as c_int, Layout::Docker),
        (l::TLSCONN_LAYOUT_QEMU as c_int, Layout::Qemu),
    ];
    constant("layout", number, "TLSCONN_LAYOUT_*", &ALL)
}

/// Make a context that trusts no CA and knows no peer.
///
/// Until a validator is set, a server with a valid certificate from one of the CAs you add is
/// accepted without asking. Never NULL. The context is yours: free it with tlsconn_ctx_unref().
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_ctx_new() -> *mut tlsconn_ctx {
    give(Arc::new(tlsconn_ctx::default()))
}

/// Take one more reference.
///
/// Returns `ctx`, or NULL for NULL. The reference is yours: free it with tlsconn_ctx_unref().
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ctx_ref(ctx: *mut tlsconn_ctx) -> *mut tlsconn_ctx {
    // SAFETY: the contract: a context or NULL.
    unsafe { share(ctx) };
    ctx
}

/// Free a reference. NULL is allowed and does nothing.
///
/// Connections keep what they need and carry on. Any thread; the `destroy` functions of
/// callbacks may be called on that thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ctx_unref(ctx: *mut tlsconn_ctx) {
    // SAFETY: the contract: the caller's own reference, not used again.
    release(unsafe { take_back(ctx) });
}

/// The default context of the process, which the functions of the 2007 proposal use.
///
/// Never NULL, and always the same one. It is borrowed: never free it. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_ctx_default() -> *mut tlsconn_ctx {
    static DEFAULT: Once<Arc<tlsconn_ctx>> = Once::new();
    show(DEFAULT.get_or_init(|| Arc::new(tlsconn_ctx(Context::process_wide().clone()))))
}

/// Add material from a PEM text in memory.
///
/// `material` is one of `tlsconn_material`. `pem` is `len` bytes, needs no NUL at its end, and
/// is copied. Text around the PEM blocks is ignored, but a block that does not parse is an
/// error. The material is added to what is already there. You may add your certificate and its
/// key in either order: they replace the ones in use once both are there. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: added.
/// - `TLSCONN_E_PARSE`: `pem` holds nothing of this kind, or a block does not parse.
/// - `TLSCONN_E_PASSPHRASE`: the key is encrypted, and the passphrase is missing or wrong (see
///   tlsconn_ctx_set_passphrase()).
/// - `TLSCONN_E_CERT`: your certificate has expired, is not valid yet or is not meant for TLS;
///   or, with `TLSCONN_PROFILE_LIBVIRT`, libvirt would not start with your certificates and
///   CAs.
/// - `TLSCONN_E_NOMEM`: out of memory.
/// - `TLSCONN_E_INVALID`: `ctx` or `pem` is NULL, `len` is not a valid length, or `material` is
///   not one of `tlsconn_material`.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add(
    ctx: *mut tlsconn_ctx,
    material: c_int,
    pem: *const c_void,
    len: usize,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: `len` readable bytes or NULL.
        let pem = unsafe { bytes("pem", pem, len) }?;
        ctx.0.add(self::material(material)?, pem)
    })
}

/// Add material from a PEM file. tlsconn_ctx_reload() reads it again if it changes.
///
/// `material` is one of `tlsconn_material`; `path` is any bytes up to a NUL, and is copied. Any
/// thread.
///
/// Returns what tlsconn_ctx_add() returns, with file and line in the message, and:
/// - `TLSCONN_E_FILE`: the file cannot be read, or is not a regular file (a directory, a FIFO,
///   a device).
/// - `TLSCONN_E_TOO_BIG`: the file is too large.
/// - `TLSCONN_E_PERMISSION`: others can read a private key.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_INVALID`: `ctx` or `path` is NULL, `path` is empty, or `material` is not one of
///   `tlsconn_material`.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_file(
    ctx: *mut tlsconn_ctx,
    material: c_int,
    path: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let path = unsafe { self::path("path", path) }?;
        ctx.0.add_file(self::material(material)?, path)
    })
}

/// Add every PEM file in a directory. tlsconn_ctx_reload() lists the directory again.
///
/// `material` is one of `tlsconn_material`; `dir` is any bytes up to a NUL, and is copied. Files
/// are chosen by their extension (.pem, .crt, .cer, .crl, .key) and read in the order of their
/// names; subdirectories are not searched. Any thread.
///
/// Returns what tlsconn_ctx_add_file() returns for the first file that cannot be added, and:
/// - `TLSCONN_E_PARSE`: the directory has no such file.
/// - `TLSCONN_E_FILE`: `dir` is not a directory, or cannot be read.
/// - `TLSCONN_E_INVALID`: `ctx` or `dir` is NULL, `dir` is empty, or `material` is not one of
///   `tlsconn_material`.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_dir(
    ctx: *mut tlsconn_ctx,
    material: c_int,
    dir: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let dir = unsafe { path("dir", dir) }?;
        ctx.0.add_dir(self::material(material)?, dir)
    })
}

/// Add the files of a layout.
///
/// `layout` is one of `tlsconn_layout`; `dir` is its directory, any bytes up to a NUL, and is
/// copied; NULL is the default directory of the layout. Only the CA certificate is required. For
/// `TLSCONN_LAYOUT_TLSCONN` the directories server/ and client/ are made with mode 0700 if they
/// are missing; if one cannot be made, the store in it is not used. They are not made in a
/// directory of another user, such as one in the home of a user by a program that root runs. Any
/// thread.
///
/// Returns what tlsconn_ctx_add_file() returns, and:
/// - `TLSCONN_E_NO_CA`: the CA certificate is missing, or there is nowhere to look for it
///   because, for example, `$HOME` is not set.
/// - `TLSCONN_E_NO_KEY`: the certificate has no key, or the key has no certificate.
/// - `TLSCONN_E_KEY_MISMATCH`: the key does not match the certificate.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_PERMISSION`: as for tlsconn_ctx_set_known_file().
/// - `TLSCONN_E_PERMISSION`: server/ or client/ is missing, and the directory of the layout belongs
///   to another user; the message names both.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL, `layout` is not one of `tlsconn_layout`, `dir` is
///   empty, or `dir` is NULL and the layout has no default directory.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_layout(
    ctx: *mut tlsconn_ctx,
    layout: c_int,
    dir: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        let dir = if dir.is_null() {
            None
        } else {
            // SAFETY: the contract: NUL-terminated bytes or NULL.
            Some(unsafe { path("dir", dir) }?)
        };
        ctx.0.add_layout(self::layout(layout)?, dir)
    })
}

/// Trust the CAs that the operating system trusts.
///
/// They are those of the system's packages, or of the file `$SSL_CERT_FILE` and the directories
/// `$SSL_CERT_DIR`, separated by colons. They are read once, now; tlsconn_ctx_reload() does not read
/// them again. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: added.
/// - `TLSCONN_E_NO_CA`: the system, or what the variables name, has no CA certificates.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_system_roots(ctx: *mut tlsconn_ctx) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        unsafe { lend("ctx", ctx) }?.0.add_system_roots()
    })
}

/// Set the file of known servers, to which `TLSCONN_ALLOW_ALWAYS` writes.
///
/// `path` is any bytes up to a NUL, and is copied. The file need not exist yet, but its directory
/// must. File and directory must belong to you or to root, and nobody else may be able to write
/// them. The file is PEM with lines of text above each block, which docs/trusted-pem.md describes
/// for those who write it by hand, and other processes may change it at any time. A file that was
/// set before is no longer used. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: set.
/// - `TLSCONN_E_STORE`: the file is damaged (the message has the line) or cannot be read, or
///   its directory is missing.
/// - `TLSCONN_E_PERMISSION`: others can write the file or its directory, or lead the way to it
///   elsewhere.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_INVALID`: `ctx` or `path` is NULL, or `path` does not name a file, or names the
///   file of known clients.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_known_file(
    ctx: *mut tlsconn_ctx,
    path: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        ctx.0.set_known_file(unsafe { self::path("path", path) }?)
    })
}

/// Check every file again, and load those that have changed.
///
/// It only looks at the times of each file first, so it is cheap enough to call before each
/// connection. Any thread.
///
/// CAs, your certificate and key, and trusted servers are replaced together or not at all. If a
/// revocation list, a file of a directory, a certificate and key of
/// tlsconn_ctx_add_server_pair() or the ticket secret cannot be loaded, the error names it and
/// its old contents stay in use, while the others are loaded; of a certificate and key, both
/// files are loaded or neither. A missing file is an error, and its old contents stay in use
/// too. But a CA whose file is gone from a directory of tlsconn_ctx_add_dir() is no longer
/// trusted.
///
/// Returns what tlsconn_ctx_add_file() returns for the first file that cannot be loaded, and:
/// - `TLSCONN_OK`: everything is up to date.
/// - `TLSCONN_E_KEY_MISMATCH`, `TLSCONN_E_NO_KEY`: a certificate and its key no longer match,
///   or one of them is gone; the old ones stay in use.
/// - `TLSCONN_E_CRL_ROLLBACK`: in place of a revocation list in use, a file holds none from
///   that issuer, an older one, one that covers fewer certificates, or one signed by another
///   key although the CA whose key signed the old one is still there.
/// - `TLSCONN_E_BUSY`: another thread changed the context at the same time; call again.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_reload(ctx: *mut tlsconn_ctx) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        unsafe { lend("ctx", ctx) }?.0.reload()
    })
}

/// Add a pattern to the list of allowed clients, which are identified by distinguished name (DN).
///
/// `pattern` is NUL-terminated UTF-8, and is copied. NULL replaces the list by an empty one,
/// which allows nobody. Until the first call there is no list, and any name is allowed. In a
/// pattern `*` stands for any characters, `?` for one character, and everything else for
/// itself. A character that is escaped in the name counts as one, backslash included: `*`, `?`
/// or the same two characters match it, a plain `,` or `+` does not. The pattern must match the
/// whole name, case-sensitively, in the order in which it is encoded, and escaped as GnuTLS
/// does it: `C=GB,O=Lab,CN=alice`, as in libvirt's tls_allowed_dn_list and virt-pki-query-dn.
/// (certtool and openssl print the reverse order, or other escapes; the hint of an error shows
/// the pattern to add.)
///
/// The list applies to peers of `TLSCONN_ROLE_CLIENT`, known ones included: no matter why a
/// client is trusted, its name must match a pattern. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: added.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL, or `pattern` is empty or not UTF-8.
///
/// On failure the context is unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_allow_dn(
    ctx: *mut tlsconn_ctx,
    pattern: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        let pattern = if pattern.is_null() {
            None
        } else {
            // SAFETY: the contract: NUL-terminated text.
            Some(unsafe { text("pattern", pattern) }?)
        };
        ctx.0.allow_dn(pattern)
    })
}

/// Set the validator: the function that is asked about peers. It replaces the one set before.
///
/// It is asked about clients only if `TLSCONN_OPT_ON_CLIENT` is ASK. `fn` may be NULL: then
/// nobody is asked, and if a validator was ever set, unknown servers are refused instead of
/// accepted. `userdata` is passed to `fn`; `destroy`, which may be NULL, gets it once it is no
/// longer used. If `fn` is NULL, both are ignored. Connections that are waiting for an answer
/// keep waiting. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: set.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL; `userdata` stays yours.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_validator(
    ctx: *mut tlsconn_ctx,
    r#fn: tlsconn_validator_fn,
    userdata: *mut c_void,
    destroy: tlsconn_destroy_fn,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        ctx.0.set_validator(validator(r#fn, userdata, destroy));
        Ok(())
    })
}

/// Set the function that is asked for the passphrases of encrypted keys. It replaces the one
/// set before.
///
/// It is used for keys that are added or reloaded from now on, and is called on the thread that
/// adds or reloads them. `fn` may be NULL: then encrypted keys cannot be added. `userdata` and
/// `destroy` are as for tlsconn_ctx_set_validator(). Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: set.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL; `userdata` stays yours.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_passphrase(
    ctx: *mut tlsconn_ctx,
    r#fn: tlsconn_passphrase_fn,
    userdata: *mut c_void,
    destroy: tlsconn_destroy_fn,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        ctx.0.set_passphrase(passphrase(r#fn, userdata, destroy));
        Ok(())
    })
}
