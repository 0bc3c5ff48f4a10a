//! Chapter "Judging without a connection" of the header.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};

use super::call::call;
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::known::tlsconn_role;
use super::read::{bytes, constant, place, text};
use super::text::c_string;
use crate::error::{Error, Kind};
use crate::host::Role;

thread_local! {
    /// What `*why` points to.
    static WHY: RefCell<CString> = RefCell::default();
}

/// Check a certificate chain without a connection, as if the peer had proved that it holds the
/// key.
///
/// The checks are those of a connection (RFC 5280, 6125 and 9525), with the CAs, revocation
/// lists (CRLs), known peers, profile and time of the context. The result is that of a
/// connection which asks nobody and has every policy at `TLSCONN_POLICY_AUTO`. `role` is the
/// `tlsconn_role` of the peer whose chain it is. `host` is the name that a server's certificate
/// must be for; if NULL, names are not checked. `port` is the port of the host; if it is 0 or
/// `host` is NULL, known servers are not looked up. `chain_pem` is `len` bytes of PEM, the
/// peer's own certificate first; it needs no NUL at its end, and is not kept.
///
/// For a client `host` and `port` are ignored. Its chain is checked as for a client that
/// connects: against the directory of clients, the known clients, the CAs as far as they count
/// for clients, and the lists of allowed clients. It must have an identity, which no other
/// client may have.
///
/// `*problems` is set to everything that is wrong, bits of `tlsconn_problem`, including what
/// was accepted with a known peer. `*why` is set to a text for people. First it has a line that
/// begins with `!` for each problem, naming the certificate, date, CA or revocation list. Then
/// it has the path, a line for each depth, from `0:`, the peer's own certificate, up to the CA,
/// with the revocation list that was consulted, if one was up to date. The text lives until the
/// next call of this function on this thread. `problems` and `why` may be NULL. If the chain could
/// not be judged, as on `TLSCONN_E_INVALID`, `TLSCONN_E_PARSE` and `TLSCONN_E_STORE`, they are set
/// to 0 and an empty text. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: the peer would be accepted.
/// - `TLSCONN_E_CERT`: refused, the certificate has problems.
/// - `TLSCONN_E_CERT_REVOKED`: refused, a certificate has been revoked.
/// - `TLSCONN_E_CERT_CHANGED`: refused, the host is known by another certificate.
/// - `TLSCONN_E_CERT_UNKNOWN`: refused, the client is unknown.
/// - `TLSCONN_E_CERT_DISTRUSTED`: refused, a certificate or key is marked as distrusted.
/// - `TLSCONN_E_PROTOCOL`: refused, the peer is known, but TLS here cannot use its key.
/// - `TLSCONN_E_NOT_ALLOWED`: refused, the client is not on a list of allowed clients, has no
///   identity, or has the identity of another client; `*problems` may be 0.
/// - `TLSCONN_E_PARSE`: `chain_pem` holds no certificate.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known servers or
///   clients, or the directory of clients, cannot be read, or cannot be trusted.
/// - `TLSCONN_E_INVALID`: `ctx` or `chain_pem` is NULL, `role` is not one of `tlsconn_role`,
///   `host` is not a valid host, `port` is not 0 to 65535, or `len` is not a valid length.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_verify(
    ctx: *mut tlsconn_ctx,
    role: c_int,
    host: *const c_char,
    port: c_int,
    chain_pem: *const c_void,
    len: usize,
    problems: *mut u32,
    why: *mut *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: room for a number, or NULL.
        let problems = unsafe { place(problems, 0) };
        // What the previous call answered may be what this one reads: it is kept until then.
        // SAFETY: the contract: room for a pointer, or NULL.
        let why = unsafe { place(why, c"".as_ptr()) };
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        let host = if host.is_null() {
            None
        } else {
            // SAFETY: the contract: NUL-terminated text.
            Some(unsafe { text("host", host) }?)
        };
        // SAFETY: the contract: `len` readable bytes or NULL.
        let chain = unsafe { bytes("chain_pem", chain_pem, len) }?;
        let verdict = ctx.0.verify(self::role(role)?, host, self::port(port)?, chain)?;
        answer(problems, verdict.problems().bits());
        answer(why, keep(&verdict.text()));
        verdict.outcome().map(drop).map_err(Error::clone)
    })
}

fn answer<T>(place: Option<&mut T>, value: T) {
    if let Some(place) = place {
        *place = value;
    }
}

/// Keeps `text` for this thread. A thread that is ending can no longer keep it.
fn keep(text: &str) -> *const c_char {
    let kept = WHY.try_with(|why| {
        let text = c_string(text);
        let start = text.as_ptr();
        why.replace(text);
        start
    });
    kept.unwrap_or(c"".as_ptr())
}

fn role(number: c_int) -> Result<Role, Error> {
    use tlsconn_role as r;
    const ALL: [(c_int, Role); 2] = [
        (r::TLSCONN_ROLE_SERVER as c_int, Role::Server),
        (r::TLSCONN_ROLE_CLIENT as c_int, Role::Client),
    ];
    constant("role", number, "TLSCONN_ROLE_*", &ALL)
}

fn port(number: c_int) -> Result<u16, Error> {
    u16::try_from(number).map_err(|_| Error::new(Kind::Invalid, format!("invalid port: {number}")))
}
