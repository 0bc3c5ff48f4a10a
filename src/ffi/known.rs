//! Chapter "Known peers" of the header.

use std::ffi::{c_char, c_int, c_void};

use super::call::{call, call_for};
use super::certificate::tlsconn_cert;
use super::context::tlsconn_ctx;
use super::handle::{lend, show};
use super::read::{pick, text};
use super::text::c_string;
use crate::error::{CallCause, Error, Kind, Problems};
use crate::host::{Endpoint, Role};
use crate::known::{Entry, Origin, Place};

/// A peer that is known by its certificate, or a certificate that is distrusted.
///
/// Borrowed, and valid only during the call of `tlsconn_known_fn`. New members are added at the
/// end.
#[repr(C)]
pub struct tlsconn_known {
    /// The host, UTF-8. Empty for a client, which has none, and for a server entry without a
    /// host, which applies to the names in its certificate.
    pub host: *const c_char,
    /// The port. 0 means any port; also 0 for a client.
    pub port: c_int,
    /// One of `tlsconn_role`.
    pub role: c_int,
    /// 1 if the certificate is distrusted, else 0.
    pub distrusted: c_int,
    /// The problems that were accepted with it, bits of `tlsconn_problem`.
    pub accepted: u32,
    /// When it was added, in seconds since 1970; 0 if unknown.
    pub added: i64,
    /// When it expires and is no longer accepted, in seconds since 1970; 0 for never.
    pub expires: i64,
    /// `user`, `admin` or `import`.
    pub origin: *const c_char,
    /// The certificate.
    pub cert: *mut tlsconn_cert,
}

/// Which side of a connection a peer is on.
#[repr(C)]
#[allow(dead_code, reason = "C reads these")]
pub enum tlsconn_role {
    /// A server.
    TLSCONN_ROLE_SERVER = 160,
    /// A client.
    TLSCONN_ROLE_CLIENT = 161,
}

/// Gets one known peer. Returns 0 to continue. A number above 0 stops and is what
/// tlsconn_known_each() returns; a number below 0 stops, too, and makes it fail with
/// `TLSCONN_E_CALLBACK`. It may call the library, and may also add and remove known peers.
pub type tlsconn_known_fn =
    Option<unsafe extern "C" fn(known: *const tlsconn_known, userdata: *mut c_void) -> c_int>;

/// List the known peers: those in the files of known servers and known clients, those added as
/// trusted material, and those allowed until the context is freed.
///
/// `host` is UTF-8, and is copied. With `host` NULL all are listed, including clients, distrusted
/// certificates and entries without a host, and `port` is ignored. Otherwise only those for this
/// host are listed and, unless `port` is 0, only those for this port or for any port. The list is
/// as it was when the call began. `fn` is called on this thread, with `userdata`, which stays
/// yours. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: all have been listed.
/// - A number above 0: what `fn` returned. This function has no such result of its own, and never
///   returns a `TLSCONN_WANT_` or `TLSCONN_EOF`.
/// - `TLSCONN_E_CALLBACK`: `fn` returned a number below 0; the message quotes it.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_PERMISSION`: a file cannot be read, or cannot be trusted.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_INVALID`: `ctx` or `fn` is NULL, or `host` or `port` is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_known_each(
    ctx: *mut tlsconn_ctx,
    host: *const c_char,
    port: c_int,
    r#fn: tlsconn_known_fn,
    userdata: *mut c_void,
) -> c_int {
    call_for(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        let visit = r#fn.ok_or_else(|| Error::new(Kind::Invalid, "fn is NULL"))?;
        let wanted = if host.is_null() {
            None
        } else {
            // SAFETY: the contract: NUL-terminated text or NULL.
            let host = unsafe { text("host", host) }?;
            // Any port is looked for by its own rule; the place needs one that is legal.
            Some(Endpoint::new(host, if port == 0 { 1 } else { port })?)
        };
        for entry in ctx.0.known()?.iter().filter(|entry| is_wanted(entry, wanted.as_ref(), port)) {
            let stop = visit_one(entry, |known| {
                // SAFETY: the contract: a function of this type; `known` outlives the call.
                unsafe { visit(known, userdata) }
            });
            if stop < 0 {
                let message = format!("the function given to tlsconn_known_each() returned {stop}");
                return Err(Error::new(Kind::Callback, message).because(&CallCause::EndOfList));
            }
            if stop > 0 {
                return Ok(stop);
            }
        }
        Ok(0)
    })
}

fn is_wanted(entry: &Entry, wanted: Option<&Endpoint>, port: c_int) -> bool {
    wanted.is_none_or(|wanted| {
        place_of(entry).is_some_and(|place| {
            let any = port == 0 || place.port.is_none_or(|of| of == wanted.port);
            place.host == wanted.host && any
        })
    })
}

/// Where a server is known. A client has no place, whatever its entry says.
fn place_of(entry: &Entry) -> Option<&Place> {
    entry.place.as_ref().filter(|_| entry.role == Role::Server)
}

fn visit_one(entry: &Entry, visit: impl FnOnce(*const tlsconn_known) -> c_int) -> c_int {
    let place = place_of(entry);
    let host = c_string(place.map_or("", |place| place.host.as_str()));
    let certificate = tlsconn_cert::new(entry.certificate.clone());
    let known = tlsconn_known {
        host: host.as_ptr(),
        port: place.and_then(|place| place.port).map_or(0, c_int::from),
        role: match entry.role {
            Role::Server => tlsconn_role::TLSCONN_ROLE_SERVER,
            Role::Client => tlsconn_role::TLSCONN_ROLE_CLIENT,
        } as c_int,
        distrusted: c_int::from(entry.distrust),
        accepted: entry.accepted.bits(),
        added: entry.added.unwrap_or(0),
        expires: entry.expires.unwrap_or(0),
        origin: match entry.origin {
            Origin::User => c"user",
            Origin::Admin => c"admin",
            Origin::Import => c"import",
        }
        .as_ptr(),
        cert: show(&certificate),
    };
    visit(&raw const known)
}

/// Add a known server with this certificate. It replaces the entry for this host and port.
///
/// `host` is UTF-8, and is copied; `port` is 1 to 65535; `cert` stays yours; `accepted` is the
/// problems that are accepted with this certificate, bits of `tlsconn_problem` below 0x10000. The
/// entry is written to the file of known servers; without such a file it lasts until the context is
/// freed. It does not undo distrust. Any
/// thread.
///
/// Returns:
/// - `TLSCONN_OK`: added.
/// - `TLSCONN_E_STORE`: the file of known servers cannot be written. It is unchanged, unless the
///   message says that the change may have been stored: a disk that fails may allow neither.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors. The file is as above; the same call can
///   succeed later.
/// - `TLSCONN_E_STORE_LOCKED`: another process has locked it for too long.
/// - `TLSCONN_E_PERMISSION`: others can write it, or lead the way to it elsewhere.
/// - `TLSCONN_E_INVALID`: a pointer is NULL, or `host`, `port` or `accepted` is not valid.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_known_set(
    ctx: *mut tlsconn_ctx,
    host: *const c_char,
    port: c_int,
    cert: *mut tlsconn_cert,
    accepted: u32,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        let endpoint = Endpoint::new(unsafe { text("host", host) }?, port)?;
        // SAFETY: the contract: a certificate or NULL.
        let certificate = unsafe { lend("cert", cert) }?.certificate().clone();
        let accepted = Problems::from_bits(accepted).ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                format!(
                    "accepted is {accepted:#x}, which has bits other than those of TLSCONN_P_*"
                ),
            )
        })?;
        ctx.0.set_known(&endpoint, certificate, accepted)
    })
}

/// Forget the server at this host and port: the next connection treats it as unknown.
///
/// `host` and `port` are as for tlsconn_known_set(). Entries for any port, entries without a
/// host, trusted material and distrust stay. Any thread.
///
/// Returns what tlsconn_known_set() returns, and:
/// - `TLSCONN_OK`: removed.
/// - `TLSCONN_E_NOT_FOUND`: there is no such entry.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_known_remove(
    ctx: *mut tlsconn_ctx,
    host: *const c_char,
    port: c_int,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        let endpoint = Endpoint::new(unsafe { text("host", host) }?, port)?;
        ctx.0.remove_known(&Place::from(endpoint))
    })
}

/// Forget every peer, server or client, that is known by this certificate.
///
/// It is removed from the files of known servers and known clients, and from what was allowed
/// until the context is freed. A client has no host, so this is the way to forget one: its next
/// connection is from an unknown client, and for those already open tlsconn_conn_recheck() says
/// so. Trusted material and distrust stay. Any thread.
///
/// Returns what tlsconn_known_set() returns, and:
/// - `TLSCONN_OK`: removed.
/// - `TLSCONN_E_NOT_FOUND`: no peer is known by it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_known_remove_cert(
    ctx: *mut tlsconn_ctx,
    cert: *mut tlsconn_cert,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: a certificate or NULL.
        let cert = unsafe { lend("cert", cert) }?;
        ctx.0.remove_known_certificate(cert.certificate())
    })
}

/// Mark a certificate as distrusted, or remove the mark.
///
/// With `on` 1 this certificate, and every certificate with the same key, is refused
/// everywhere: for any host, port and role, as the peer's own or anywhere above it in the
/// chain. Only this call with `on` 0 undoes that. The mark is written to the file of known servers,
/// or to that of known clients if only that one is set; with neither, it lasts until the context is
/// freed. A mark in either file applies to servers and clients alike, and is removed from both.
/// `cert` stays yours. Any thread.
///
/// Returns what tlsconn_known_set() returns, and:
/// - `TLSCONN_OK`: marked, or the mark is removed.
/// - `TLSCONN_E_NOT_FOUND`: there is no mark to remove.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED`, `TLSCONN_E_PERMISSION`, `TLSCONN_E_NOMEM`: as for
///   tlsconn_known_set(). Whatever the file says then, this context goes on distrusting the
///   certificate until it is freed, or the mark is removed by a call that succeeds.
/// - `TLSCONN_E_INVALID`: `on` is neither 0 nor 1.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_known_distrust(
    ctx: *mut tlsconn_ctx,
    cert: *mut tlsconn_cert,
    on: c_int,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: a certificate or NULL.
        let cert = unsafe { lend("cert", cert) }?;
        let neither = || Error::new(Kind::Invalid, format!("on is {on}, neither 0 nor 1"));
        let on = pick(on, &[(0, false), (1, true)]).ok_or_else(neither)?;
        ctx.0.distrust(cert.certificate(), on)
    })
}
