//! Chapter "Judging without a connection" of the header.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};

use super::call::call;
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::known::tlsconn_role;
use super::read::{bytes, constant, text};
use super::text::c_string;
use crate::error::{Error, Kind};
use crate::host::Role;

thread_local! {
    /// What `*why` points to.
    static WHY: RefCell<CString> = RefCell::default();
}

/// Judge a chain without a connection, as one of a peer that has proven to hold its key.
///
/// It is the judgement of connections (RFC 5280, 6125 and 9525), with the context's
/// authorities, revocation lists, known peers, profile and time, as it comes out where nobody
/// is asked and all policies are `TLSCONN_POLICY_AUTO`. `role` is the `tlsconn_role` of who
/// shows the chain. `host` is the name that a server's certificate must have; NULL: names are
/// not looked at. `port` is the host's port; 0, or `host` NULL: known servers are not looked at.
/// A client has no host: `host` and `port` are not looked at, and the chain is judged as that of
/// whoever connects, by the directory of clients, the known clients, authorities as far as they
/// count, and the lists of those who may come; it must have an identity, and one that is
/// nobody else's. `chain_pem` is `len` bytes of PEM, the peer's own certificate first, needs no NUL at its
/// end, and is not kept.
///
/// `*problems` gets everything that is wrong, bits of `tlsconn_problem`, what was accepted with
/// a known peer included. `*why` gets a text for people: a line that begins with `!` for each
/// thing that is wrong, naming certificate, date, authority or list, then the path, a line for
/// each depth, from `0:`, the peer's own certificate, to the authority, with the revocation list
/// that was asked about it, if any was fresh. It lives until this
/// thread's next call of this function. Both may be NULL; on `TLSCONN_E_INVALID`,
/// `TLSCONN_E_PARSE` and `TLSCONN_E_STORE` they get 0 and an empty text. Any thread.
///
/// Returns `TLSCONN_OK` when the peer would be admitted; `TLSCONN_E_CERT`,
/// `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED` for a known host with another
/// certificate, `TLSCONN_E_CERT_UNKNOWN` for a client that nothing vouches for,
/// `TLSCONN_E_CERT_DISTRUSTED` when it would be refused; `TLSCONN_E_NOT_ALLOWED` for a client
/// that is on no list, has no identity, or has another one's, and `*problems` may be 0 then;
/// `TLSCONN_E_PARSE` when the text holds no certificate; `TLSCONN_E_STORE`, `TLSCONN_E_FILE` and
/// `TLSCONN_E_PERMISSION` when known files or directory cannot be read or trusted;
/// `TLSCONN_E_INVALID`
/// when `ctx` or `chain_pem` is NULL, `role` is none, `host` is no host, `port` is not 0 to
/// 65535, or `len` is no length.
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
        let mut problems = unsafe { problems.as_mut() };
        // SAFETY: the contract: room for a pointer, or NULL.
        let mut why = unsafe { why.as_mut() };
        answer(&mut problems, 0);
        // What the previous call answered may be what this one reads: it is kept until then.
        answer(&mut why, c"".as_ptr());
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
        answer(&mut problems, verdict.problems().bits());
        answer(&mut why, keep(&verdict.text()));
        verdict.outcome().map(drop).map_err(Error::clone)
    })
}

fn answer<T>(place: &mut Option<&mut T>, value: T) {
    if let Some(place) = place {
        **place = value;
    }
}

/// Keeps `text` for this thread; a thread that is ending has no place left to keep it.
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
    u16::try_from(number)
        .map_err(|_| Error::new(Kind::Invalid, format!("port is {number}, which is none")))
}
