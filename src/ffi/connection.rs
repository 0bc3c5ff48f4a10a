//! Chapter "Connections" of the header.

use std::ffi::{c_char, c_int, c_short, c_uint, c_void};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;

use super::call::{call, call_for, release, want};
use super::code::tlsconn_code;
use super::context::tlsconn_ctx;
use super::handle::{give, lend, peek, take_back};
use super::lent::Lent;
use super::read::{bytes, pick, place, room, text};
use crate::connection::{Connection, Outcome, Read};
use crate::error::{Error, Kind};

/// A connection to a peer that was judged, or will be: to a server, or from a client.
///
/// One thread may read while one other writes; tlsconn_conn_abort(), tlsconn_conn_question() and
/// tlsconn_conn_error() may be called from any thread; free it when every other call has
/// returned. Making one touches no network: the first handshake, read or write dials, shakes
/// hands and asks. Until the peer is judged and admitted no application data passes: to a server
/// nothing but the first hello leaves, and the own certificate is not shown; to a client nothing
/// but the server's own part of the handshake. No call raises SIGPIPE.
/// After a fork a connection is the parent's. In the child every call that returns a
/// `tlsconn_code` returns `TLSCONN_E_FORKED`, tlsconn_conn_abort() does nothing, and
/// tlsconn_conn_free() frees the child's copy; the parent's goes on.
pub struct tlsconn_conn {
    pub(super) connection: Connection,
    pub(super) lent: Lent,
}

/// How a connection behaves: bits for `flags`.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_flag {
    /// Calls do not wait: they return `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` or
    /// `TLSCONN_WANT_ANSWER`, and are made again later.
    TLSCONN_F_NONBLOCK = 0x1,
}

/// Hands a new connection to C, or leaves NULL.
pub(super) fn hand_over(
    out: *mut *mut tlsconn_conn,
    make: impl FnOnce() -> Result<Connection, Error>,
) -> c_int {
    call(|| {
        // SAFETY: the contract of every caller: room for a pointer, or NULL.
        let out = unsafe { place("out", out) }?;
        *out = std::ptr::null_mut();
        *out = give(Arc::new(tlsconn_conn { connection: make()?, lent: Lent::default() }));
        Ok(())
    })
}

/// Whether the connection blocks.
pub(super) fn blocking(flags: c_uint) -> Result<bool, Error> {
    const ALL: [(c_uint, bool); 2] =
        [(0, true), (tlsconn_flag::TLSCONN_F_NONBLOCK as c_uint, false)];
    pick(flags, &ALL).ok_or_else(|| {
        Error::new(
            Kind::Invalid,
            format!("flags is {flags:#x}, which has bits that are no TLSCONN_F_*"),
        )
    })
}

/// Make a connection to a host and port.
///
/// `host` is a name or an IP address (an IPv6 address with or without brackets); `port` is 1 to
/// 65535; `flags` is 0 or bits of `tlsconn_flag`. All addresses of the host are tried, a
/// quarter of a second apart and in turns of their families (RFC 8305). Names are looked up on
/// a thread of the library, so that a deadline and tlsconn_conn_abort() hold there too. `*out` is
/// yours, give it up with tlsconn_conn_free(); it is NULL on failure. Any thread.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_NO_KEY` and `TLSCONN_E_KEY_MISMATCH` when the context has
/// half an own pair, or two halves that do not match; `TLSCONN_E_INVALID` when a pointer is
/// NULL, or `host`, `port` or `flags` is none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_connect(
    ctx: *mut tlsconn_ctx,
    host: *const c_char,
    port: c_int,
    flags: c_uint,
    out: *mut *mut tlsconn_conn,
) -> c_int {
    hand_over(out, || {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        let host = unsafe { text("host", host) }?;
        Connection::dial(&ctx.0, host, port, blocking(flags)?)
    })
}

/// Make a connection over a connected stream socket, such as after STARTTLS.
///
/// `fd` stays yours: it must stay open until tlsconn_conn_free() has returned, and you close it
/// then. Its flags are not changed: it may block or not. `host` and `port` say whom it leads
/// to, for the judgement and the known servers. `*out`, `flags` and everything else are as for
/// tlsconn_connect(). Any thread.
///
/// Returns what tlsconn_connect() returns; `TLSCONN_E_INVALID` also when `fd` is not open, or is
/// no connected stream socket: for pipes and the like use tlsconn_connect_mem().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_connect_fd(
    ctx: *mut tlsconn_ctx,
    fd: c_int,
    host: *const c_char,
    port: c_int,
    flags: c_uint,
    out: *mut *mut tlsconn_conn,
) -> c_int {
    hand_over(out, || {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        let host = unsafe { text("host", host) }?;
        Connection::over_socket(&ctx.0, socket(fd)?, host, port, blocking(flags)?)
    })
}

/// The stream socket of the caller with this number.
pub(super) fn socket(fd: c_int) -> Result<BorrowedFd<'static>, Error> {
    if fd < 0 {
        return Err(Error::new(Kind::Invalid, format!("fd is {fd}, which is no descriptor")));
    }
    // SAFETY: not -1; the contract of every caller: it stays open until the connection is freed.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Ask for a name other than the host that was given.
///
/// It replaces the host for SNI (RFC 6066, section 3), the name in the certificate, the known
/// servers, the question and kept sessions; the address that is dialled stays. Call it before
/// the handshake. `name` is UTF-8 and copied. One thread at a time.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_STATE` once the handshake has begun, and on a connection of
/// a client; `TLSCONN_E_INVALID` when a pointer is NULL or `name` is none; `TLSCONN_E_FORKED`;
/// `TLSCONN_E_REENTRANT` from the connection's own validator; what ended the connection.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_set_verify_name(
    conn: *mut tlsconn_conn,
    name: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        conn.connection.set_verify_name(unsafe { text("name", name) }?)
    })
}

/// Dial, shake hands, and ask about the peer where that is called for.
///
/// tlsconn_conn_read() and tlsconn_conn_write() do this by themselves. One thread at a time
/// does it: another one that calls waits for it. The validator is called on this thread. A
/// blocking connection waits as long as `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` and
/// `TLSCONN_OPT_ANSWER_TIMEOUT_MS` allow. Where an answer was to be stored and could not be,
/// the handshake succeeds, and tlsconn_conn_error() tells.
///
/// Returns `TLSCONN_OK`, also when it was done before. From a non-blocking connection also
/// `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` and `TLSCONN_WANT_ANSWER`. Every failure ends the
/// connection, and later calls return it again: `TLSCONN_E_RESOLVE`, `TLSCONN_E_CONNECT` and
/// `TLSCONN_E_IO` from the network; `TLSCONN_E_TIMEOUT`; `TLSCONN_E_CANCELLED` after
/// tlsconn_conn_abort(); `TLSCONN_E_TRUNCATED` when the peer hung up; `TLSCONN_E_CERT`,
/// `TLSCONN_E_CERT_REVOKED`, `TLSCONN_E_CERT_CHANGED`, `TLSCONN_E_CERT_UNKNOWN` and
/// `TLSCONN_E_CERT_DISTRUSTED` when it was judged and refused; `TLSCONN_E_NO_CLIENT_CERT` for a
/// client that shows no certificate and needs one; `TLSCONN_E_NOT_ALLOWED` for a client that is
/// on no list, has no identity, or has another one's; `TLSCONN_E_REJECTED`,
/// `TLSCONN_E_ANSWER_TIMEOUT` and `TLSCONN_E_NO_VALIDATOR` after a question;
/// `TLSCONN_E_PEER_GONE` when the peer hung up while the question was open and cannot be
/// dialled again; `TLSCONN_E_REENTRANT` when the answer would have to come from a validator that
/// runs on this very thread; `TLSCONN_E_STORE`, `TLSCONN_E_FILE` and `TLSCONN_E_PERMISSION` when a
/// known file or the directory of clients cannot be read or trusted; `TLSCONN_E_PROTOCOL`,
/// `TLSCONN_E_ALERT` and `TLSCONN_E_ALPN` from the peer, and `TLSCONN_E_PEER_REJECTED_US` from a
/// server; `TLSCONN_E_NOMEM`. These do not end it:
/// `TLSCONN_E_BUSY` when another thread is at the handshake of a non-blocking connection;
/// `TLSCONN_E_REENTRANT` when the connection's own validator calls; `TLSCONN_E_FORKED`;
/// `TLSCONN_E_INVALID` when `conn` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_handshake(conn: *mut tlsconn_conn) -> c_int {
    call_for(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(match conn.connection.handshake()? {
            Outcome::Done(()) => tlsconn_code::TLSCONN_OK as c_int,
            Outcome::Not(what) => want(what),
        })
    })
}

/// Read, after the handshake.
///
/// Writes at most `len` bytes to `buf` and their number to `*n`, which is set to 0 first. A
/// blocking connection waits for at least one byte; a `len` of 0 reads nothing. One thread at a
/// time may read.
///
/// Returns `TLSCONN_OK`; `TLSCONN_EOF` when the peer said that it sends no more (its
/// close_notify, RFC 8446, section 6.1); `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` and
/// `TLSCONN_WANT_ANSWER` from a non-blocking connection; what tlsconn_conn_handshake() returns;
/// `TLSCONN_E_TRUNCATED` when the stream ended without that word: what came may not be all;
/// `TLSCONN_E_PEER_REJECTED_US` when a server of TLS 1.3 refused our certificate after the
/// handshake; `TLSCONN_E_TIMEOUT` after `TLSCONN_OPT_IO_TIMEOUT_MS`, which does not end the
/// connection; `TLSCONN_E_BUSY` when another thread is reading; `TLSCONN_E_INVALID` when a
/// pointer is NULL or `len` is no length.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_read(
    conn: *mut tlsconn_conn,
    buf: *mut c_void,
    len: usize,
    n: *mut usize,
) -> c_int {
    call_for(|| {
        // SAFETY: the contract: room for a number, or NULL.
        let n = unsafe { place("n", n) }?;
        *n = 0;
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: room for `len` bytes, or NULL.
        let buffer = unsafe { room("buf", buf, len) }?;
        Ok(match conn.connection.read(buffer)? {
            Outcome::Done(Read::Bytes(count)) => {
                *n = count;
                tlsconn_code::TLSCONN_OK as c_int
            }
            Outcome::Done(Read::End) => tlsconn_code::TLSCONN_EOF as c_int,
            Outcome::Not(what) => want(what),
        })
    })
}

/// Write, after the handshake.
///
/// Takes `len` bytes from `buf` and writes to `*n` how many it took. `n` may be NULL on a
/// blocking connection, which takes all of them. A non-blocking one takes what there is room
/// for, at least one byte where it returns `TLSCONN_OK`; what waits to be sent leaves with any
/// later call. One thread at a time may write.
///
/// Returns `TLSCONN_OK`; `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` and `TLSCONN_WANT_ANSWER` from
/// a non-blocking connection, and nothing was taken; what tlsconn_conn_handshake() returns;
/// `TLSCONN_E_STATE` after tlsconn_conn_shutdown(); `TLSCONN_E_TIMEOUT` after
/// `TLSCONN_OPT_IO_TIMEOUT_MS`: some of the bytes may have been sent; `TLSCONN_E_BUSY` when
/// another thread is writing; `TLSCONN_E_INVALID` when a pointer is NULL that may not be, or
/// `len` is no length.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_write(
    conn: *mut tlsconn_conn,
    buf: *const c_void,
    len: usize,
    n: *mut usize,
) -> c_int {
    call_for(|| {
        // SAFETY: the contract: room for a number, or NULL.
        let mut n = unsafe { n.as_mut() };
        if let Some(n) = &mut n {
            **n = 0;
        }
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: `len` readable bytes or NULL.
        let bytes = unsafe { bytes("buf", buf, len) }?;
        if n.is_none() && !conn.connection.is_blocking() {
            return Err(Error::new(
                Kind::Invalid,
                "n is NULL, and a non-blocking write may take less than all",
            ));
        }
        Ok(match conn.connection.write(bytes)? {
            Outcome::Done(count) => {
                if let Some(n) = n {
                    *n = count;
                }
                tlsconn_code::TLSCONN_OK as c_int
            }
            Outcome::Not(what) => want(what),
        })
    })
}

/// Say that we send no more (close_notify, RFC 8446, section 6.1). Reading goes on.
///
/// Counts as writing: one thread at a time.
///
/// Returns `TLSCONN_OK`, also when it was said before; `TLSCONN_WANT_WRITE` from a non-blocking
/// connection; `TLSCONN_E_STATE` before the handshake is complete, and nothing is sent;
/// `TLSCONN_E_TIMEOUT` and `TLSCONN_E_BUSY` as tlsconn_conn_write(); `TLSCONN_E_IO` when the
/// network failed; `TLSCONN_E_FORKED`; `TLSCONN_E_REENTRANT` from the connection's own validator;
/// what ended the connection, such as `TLSCONN_E_CANCELLED` after tlsconn_conn_abort();
/// `TLSCONN_E_INVALID` when `conn` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_shutdown(conn: *mut tlsconn_conn) -> c_int {
    call_for(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(match conn.connection.shutdown()? {
            Outcome::Done(()) => tlsconn_code::TLSCONN_OK as c_int,
            Outcome::Not(what) => want(what),
        })
    })
}

/// What the last unfinished call waits for.
///
/// Poll `*fd` for `*events`, for at most `*timeout_ms` milliseconds (-1: for ever; 0: a call
/// would get on at once), then make the call again. `*fd` is the library's: only poll it, or
/// put it into a poll set of your own; it is the same number for the connection's whole life,
/// also while it dials, while a question is open, and over memory. Ask again after each call:
/// what is waited for changes. One thread at a time.
///
/// A server of thousands of clients can save the descriptors: with `fd` NULL, for a connection
/// over a descriptor of yours, poll that one for `*events`. While a question is open `*events`
/// is 0: leave the descriptor out then, for poll() tells of a peer that is gone unasked, and make
/// the call again by yourself once the question is answered, the connection is aborted or the
/// time is over; nothing rings. A call after a client is gone returns `TLSCONN_E_PEER_GONE`.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_BUSY` when another thread is at the handshake;
/// `TLSCONN_E_NOMEM` when no descriptor is left; `TLSCONN_E_IO` with the system's words;
/// `TLSCONN_E_FORKED`; `TLSCONN_E_UNSUPPORTED` on a platform without such a descriptor;
/// `TLSCONN_E_STATE` when `fd` is NULL and the connection is not over a descriptor of yours;
/// `TLSCONN_E_INVALID` when another pointer is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_poll(
    conn: *mut tlsconn_conn,
    fd: *mut c_int,
    events: *mut c_short,
    timeout_ms: *mut c_int,
) -> c_int {
    const POLLIN: c_short = 1;
    const POLLOUT: c_short = 4;
    call(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: room for a number, or NULL.
        let events = unsafe { place("events", events) }?;
        // SAFETY: the contract: room for a number, or NULL.
        let timeout_ms = unsafe { place("timeout_ms", timeout_ms) }?;
        let timeout = if fd.is_null() {
            let (interest, timeout) = conn.connection.poll_socket()?;
            let bit = |wanted, bit: c_short| if wanted { bit } else { 0 };
            *events = bit(interest.readable, POLLIN) | bit(interest.writable, POLLOUT);
            timeout
        } else {
            let (watched, timeout) = conn.connection.poll()?;
            // SAFETY: not NULL; the contract: room for a number.
            *unsafe { place("fd", fd) }? = watched.as_raw_fd();
            *events = POLLIN;
            timeout
        };
        *timeout_ms = timeout.map_or(-1, |timeout| {
            // Rounded up, so that the time has come when the wait is over.
            let milliseconds = timeout.as_nanos().div_ceil(1_000_000);
            c_int::try_from(milliseconds).unwrap_or(c_int::MAX)
        });
        Ok(())
    })
}

/// End every call that waits, and every later one, with `TLSCONN_E_CANCELLED`.
///
/// Nothing more is sent. Any thread; also a signal handler: it stores a flag and writes to a
/// descriptor, and does nothing else. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_abort(conn: *mut tlsconn_conn) {
    // SAFETY: the contract: a connection or NULL.
    if let Some(conn) = unsafe { peek(conn) } {
        conn.connection.abort();
    }
}

/// Free a connection. NULL is allowed and does nothing.
///
/// Any thread, when every other call with it has returned. What it dialled is closed at once,
/// without a word to the peer: call tlsconn_conn_shutdown() first where the peer must know
/// that this is the end. A descriptor of yours stays open. Everything borrowed from it is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_free(conn: *mut tlsconn_conn) {
    // SAFETY: the contract: the caller's own connection, not used again.
    release(unsafe { take_back(conn) });
}
