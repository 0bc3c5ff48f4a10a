//! Chapter "Contexts" of the header.

use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, OnceLock};

use super::call::{call, release};
use super::callback::{
    passphrase, tlsconn_destroy_fn, tlsconn_passphrase_fn, tlsconn_validator_fn, validator,
};
use super::handle::{give, lend, share, show, take_back};
use super::read::{bytes, constant, path, text};
use crate::context::Context;
use crate::error::Error;
use crate::material::{Layout, Material};

/// An application's trust: the authorities it believes, its own key, the peers it knows, and
/// whom to ask.
///
/// Counted, and good for any number of threads at once. Every change is whole or did not
/// happen. A connection works with what the context was when it began, and is judged by what
/// the context is then. A context survives a fork.
#[derive(Debug, Default)]
pub struct tlsconn_ctx(pub(super) Context);

/// The five kinds of PEM material (RFC 7468).
#[repr(C)]
#[derive(Clone, Copy)]
pub enum tlsconn_material {
    /// Certificates of authorities. A server's own certificate belongs to
    /// `TLSCONN_MAT_TRUSTED_PEER`: here it would be believed for whatever it names.
    TLSCONN_MAT_CA = 10,
    /// Certificate revocation lists.
    TLSCONN_MAT_CRL = 11,
    /// The own private key: PKCS#8, PKCS#1 or SEC1, encrypted PKCS#8 with a passphrase.
    TLSCONN_MAT_KEY = 12,
    /// The own certificate, followed by the intermediates that lead to its authority.
    TLSCONN_MAT_CERT = 13,
    /// Certificates of servers, and with `Role: client` of clients, that are known without an
    /// authority, in the form of trusted.pem.
    TLSCONN_MAT_TRUSTED_PEER = 14,
}

/// Sets of files with known names in a directory.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum tlsconn_layout {
    /// ca/cert.pem, ca/ca-crl.pem, client/cert.pem, client/key.pem and, as the stores of known
    /// servers and of known clients, server/trusted.pem and client/trusted.pem; by itself in
    /// $TLSCONN_DIR, else in $HOME/.pki/tlsconn.
    TLSCONN_LAYOUT_TLSCONN = 20,
    /// libvirt's client files: cacert.pem, cacrl.pem, clientcert.pem and clientkey.pem in one
    /// directory (libvirt's pkipath); by itself where libvirt looks for them.
    TLSCONN_LAYOUT_LIBVIRT = 21,
    /// The same with libvirt's servercert.pem and serverkey.pem.
    TLSCONN_LAYOUT_LIBVIRT_SERVER = 22,
    /// docker's ca.pem, cert.pem and key.pem; by itself in $HOME/.docker.
    TLSCONN_LAYOUT_DOCKER = 23,
    /// QEMU's ca-cert.pem, ca-crl.pem, client-cert.pem and client-key.pem; has no place by
    /// itself.
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

/// Make a context that trusts nobody and knows nobody.
///
/// As long as no validator is set, the word of an authority that is added is enough, and nobody
/// is asked.
/// Never NULL. It is yours: give it up with tlsconn_ctx_unref(). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_ctx_new() -> *mut tlsconn_ctx {
    give(Arc::new(tlsconn_ctx::default()))
}

/// Take one more reference.
///
/// Returns `ctx`, and NULL for NULL. The reference is yours: give it up with
/// tlsconn_ctx_unref(). Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ctx_ref(ctx: *mut tlsconn_ctx) -> *mut tlsconn_ctx {
    // SAFETY: the contract: a context or NULL.
    unsafe { share(ctx) };
    ctx
}

/// Give up a reference. NULL is allowed and does nothing.
///
/// Connections go on with what they hold. Any thread; a callback's userdata may be destroyed
/// on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ctx_unref(ctx: *mut tlsconn_ctx) {
    // SAFETY: the contract: the caller's own reference, not used again.
    release(unsafe { take_back(ctx) });
}

/// The context of the process, which the functions of the 2007 proposal fill.
///
/// Never NULL, and always the same. It is borrowed: never give it up. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_ctx_default() -> *mut tlsconn_ctx {
    static DEFAULT: OnceLock<Arc<tlsconn_ctx>> = OnceLock::new();
    show(DEFAULT.get_or_init(|| Arc::new(tlsconn_ctx(Context::process_wide().clone()))))
}

/// Add material from a PEM text in memory.
///
/// `material` is one of `tlsconn_material`. `pem` is `len` bytes, needs no NUL at its end, and
/// is copied. Text around the PEM blocks is ignored; blocks that do not parse are not. What is
/// added stands beside what is there. An own certificate and its key may come in any order,
/// and replace the pair in use once both are there. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_PARSE` when `pem` holds nothing of this kind, or a block
/// that does not parse; `TLSCONN_E_PASSPHRASE` when a key is encrypted and no passphrase, or
/// none that fits, was given (see tlsconn_ctx_set_passphrase()); `TLSCONN_E_CERT` when an own
/// certificate has ended, has not begun or is not meant for TLS, and, with
/// `TLSCONN_PROFILE_LIBVIRT`, when own certificate and authorities are none that libvirt would
/// start with; `TLSCONN_E_INVALID` when `ctx` or `pem` is NULL, `len` is no length, or
/// `material` is none. On failure the context is as it was.
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

/// Add material from a PEM file, which tlsconn_ctx_reload() looks at again.
///
/// `material` is one of `tlsconn_material`; `path` is any bytes up to a NUL. Any thread.
///
/// Returns what tlsconn_ctx_add() returns, with file and line in the message; and
/// `TLSCONN_E_FILE` when the file cannot be read or is none (a directory, a FIFO, a device);
/// `TLSCONN_E_TOO_BIG`; `TLSCONN_E_PERMISSION` when others may read a private key;
/// `TLSCONN_E_NOMEM`; `TLSCONN_E_INVALID` when `ctx` or `path` is NULL, `path` is empty, or
/// `material` is none. On failure the context is as it was.
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

/// Add every PEM file of a directory, which tlsconn_ctx_reload() lists again.
///
/// `material` is one of `tlsconn_material`; `dir` is any bytes up to a NUL. Files count by their
/// ending (.pem, .crt, .cer, .crl, .key), in the order of their names; directories inside are
/// not entered. Any thread.
///
/// Returns what tlsconn_ctx_add_file() returns for the first file that cannot be taken, and
/// `TLSCONN_E_PARSE` when there is no such file; `TLSCONN_E_FILE` when `dir` is no directory
/// that can be read; `TLSCONN_E_INVALID` when `ctx` or `dir` is NULL, `dir` is empty, or
/// `material` is none. On failure the context is as it was.
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
/// `layout` is one of `tlsconn_layout`; `dir` is its directory, or NULL for the place that the
/// layout has by itself. Only the authority is required. The directories server/
/// and client/ of `TLSCONN_LAYOUT_TLSCONN` are made with mode 0700 where they are missing; where
/// one cannot be made there is no known file in it. Any thread.
///
/// Returns what tlsconn_ctx_add_file() returns; and `TLSCONN_E_NO_CA` when the authority, or any
/// place to look for it such as `$HOME`, is missing; `TLSCONN_E_NO_KEY` when a certificate has
/// no key, or the reverse; `TLSCONN_E_KEY_MISMATCH` when they do not belong together;
/// `TLSCONN_E_STORE` and `TLSCONN_E_PERMISSION` as tlsconn_ctx_set_known_file() returns them;
/// `TLSCONN_E_INVALID` when `ctx` is NULL, `layout` is none, `dir` is empty, or `dir` is NULL
/// and the layout has no place by itself. On failure the context is as it was.
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

/// Believe the authorities that the operating system trusts.
///
/// They are read now, and not looked at again. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_NO_CA` when the system has none; `TLSCONN_E_INVALID` when
/// `ctx` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_add_system_roots(ctx: *mut tlsconn_ctx) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        unsafe { lend("ctx", ctx) }?.0.add_system_roots()
    })
}

/// Name the store of known servers: the file that `TLSCONN_ALLOW_ALWAYS` writes.
///
/// `path` may not exist yet; its directory must. File and directory must be yours or root's,
/// and nobody else may write them. The file is PEM with lines of text above each block, and
/// other processes may change it at any time. A store that was named before is left. Any
/// thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_STORE` when the file is damaged, with the line, when it
/// cannot be read, and when its directory is missing; `TLSCONN_E_PERMISSION` when others may
/// write it or its directory; `TLSCONN_E_INVALID` when `ctx` or `path` is NULL, or `path` names
/// no file, or that of known clients. On failure the context is as it was.
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

/// Look at every file again, and take what has changed.
///
/// Cheap enough to be called before each connection: one look at the times of each file.
/// Authorities, own certificate and key, and trusted servers change together or not at all. A
/// revocation list, a file of a directory, a pair of tlsconn_ctx_add_server_pair() or the secret of
/// tickets that cannot be taken is named, and what it held stays in force, while the others are
/// taken: of a pair both files or neither. A file that disappeared is a failure, and what it
/// held stays in force too; but an authority whose file disappeared from a directory given to
/// tlsconn_ctx_add_dir() is forgotten. Any thread.
///
/// Returns `TLSCONN_OK`; what tlsconn_ctx_add_file() returns for the first file that cannot be
/// taken; `TLSCONN_E_KEY_MISMATCH` and `TLSCONN_E_NO_KEY` when a certificate and its key do not
/// match any more, or one of them is gone, and the old pair stays; `TLSCONN_E_CRL_ROLLBACK` when
/// a file holds, in place of an issuer's revocation list, none, an older one, one about fewer
/// certificates, or one that another key signed than the authority's that is still here;
/// `TLSCONN_E_BUSY` when another thread changed the context meanwhile: call again;
/// `TLSCONN_E_INVALID` when `ctx` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_reload(ctx: *mut tlsconn_ctx) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        unsafe { lend("ctx", ctx) }?.0.reload()
    })
}

/// Add a pattern to the list of clients that may come, by distinguished name.
///
/// `pattern` is NUL-terminated UTF-8, copied; NULL sets an empty list in place of whatever was
/// added, which admits nobody. As long as this was never called there is no list. In a pattern
/// `*` stands for any characters, `?` for one character, everything else for itself. A
/// character that the name has escaped counts as one, its backslash included: `*`, `?` and the
/// same two characters fit it, a plain `,` or `+` does not. It is compared, letter case
/// included, with the whole name in the order of its encoding, escaped as GnuTLS does it:
/// `C=GB,O=Lab,CN=alice`, as libvirt's tls_allowed_dn_list and virt-pki-query-dn have it.
/// (certtool and openssl show the order reversed, or other escapes; the hint of an error shows
/// the pattern to add.)
///
/// The list counts for peers of `TLSCONN_ROLE_CLIENT`, known ones included: whatever vouches
/// for a client, its name must fit a pattern. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, or `pattern` is empty or no
/// UTF-8. On failure the context is as it was.
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

/// Set whom to ask about peers, in place of whoever was set before.
///
/// About clients it is asked only where `TLSCONN_OPT_ON_CLIENT` is ASK. `fn` may be NULL: then
/// nobody is asked, and once somebody was set, servers that are strangers are refused rather than
/// admitted. `userdata` is passed to `fn`; `destroy`, which may be NULL, gets it
/// when nothing uses it any more. With `fn` NULL both are ignored. Connections that are
/// waiting for an answer go on waiting. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, and `userdata` stays yours.
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

/// Set whom to ask for the passphrases of encrypted keys, in place of whoever was set before.
///
/// It counts for keys that are added or reloaded from now on, and is called on the thread that
/// adds or reloads. `fn` may be NULL: then encrypted keys cannot be added. `userdata` and
/// `destroy` are as for tlsconn_ctx_set_validator(). Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_INVALID` when `ctx` is NULL, and `userdata` stays yours.
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
