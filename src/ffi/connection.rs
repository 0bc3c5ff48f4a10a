//! Chapter "Connections" of the header.

use std::ffi::{c_char, c_int, c_short, c_uint, c_void};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use super::call::{answer, call, call_for, release, want};
use super::code::tlsconn_code;
use super::context::tlsconn_ctx;
use super::handle::{give, lend, peek, take_back};
use super::lent::Lent;
use super::read::{bytes, needed, pick, place, room, text};
use super::system::unsent;
use crate::connection::{Connection, Outcome, Read};
use crate::error::{Error, Kind};

/// A TLS connection: to a server, or from a client.
///
/// One thread may read while another writes. tlsconn_conn_abort(), tlsconn_conn_question() and
/// tlsconn_conn_error() may be called from any thread. Free a connection only after every other
/// call with it has returned. Creating one does not touch the network: the first handshake, read
/// or write connects, does the handshake and asks about the peer. No application data passes until
/// the peer has been verified and accepted: a server gets only the ClientHello and does not see
/// your certificate; a client gets only the server's own part of the handshake. No call raises
/// SIGPIPE.
///
/// After fork() a connection belongs to the parent. In the child, every call that returns a
/// `tlsconn_code` returns `TLSCONN_E_FORKED`, tlsconn_conn_error() says the same, everything else
/// about it is NULL or empty, tlsconn_conn_abort() does nothing, and tlsconn_conn_free() frees the
/// child's copy, except what another thread was using at that moment; the parent's connection
/// keeps working.
pub struct tlsconn_conn {
    pub(super) connection: Connection,
    pub(super) lent: Lent,
}

/// How a connection behaves: bits for `flags`.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_flag {
    /// Calls do not wait. They return `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE` or
    /// `TLSCONN_WANT_ANSWER`; make the same call again later.
    TLSCONN_F_NONBLOCK = 0x1,
}

/// Hands a new connection to C, or leaves NULL.
pub(super) fn hand_over(
    out: *mut *mut tlsconn_conn,
    make: impl FnOnce() -> Result<Connection, Error>,
) -> c_int {
    call(|| {
        // SAFETY: the contract of every caller: room for a pointer, or NULL.
        let out = needed("out", unsafe { place(out, std::ptr::null_mut()) })?;
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
            format!("flags is {flags:#x}, which has bits other than those of TLSCONN_F_*"),
        )
    })
}

/// Create a connection to a host and port.
///
/// `host` is a name or an IP address (IPv6 with or without brackets); `port` is 1 to 65535;
/// `flags` is 0 or bits of `tlsconn_flag`. A name with a trailing dot is looked up as it is,
/// without the resolver's search list; otherwise the dot makes no difference. All addresses of
/// the host are tried, a quarter of a second apart, alternating between IPv6 and IPv4 (RFC 8305).
/// Names are looked up on threads of the library, so timeouts and tlsconn_conn_abort() work during
/// the lookup too. Connections that want the same name share a lookup, and at most 16 names are
/// looked up at once; others wait. `*out` is yours; free it with tlsconn_conn_free(). It is NULL on
/// failure. Any thread.
///
/// Returns:
///
/// - `TLSCONN_OK`: the connection was created.
/// - `TLSCONN_E_NO_KEY`: the context has your certificate without its key, or the key without
///   its certificate.
/// - `TLSCONN_E_KEY_MISMATCH`: your key does not belong to your certificate.
/// - `TLSCONN_E_NOMEM`: there is no memory for another connection.
/// - `TLSCONN_E_UNSUPPORTED`: the system gives no random numbers.
/// - `TLSCONN_E_INVALID`: a pointer is NULL, or `host`, `port` or `flags` is invalid.
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
        Ok(Connection::dial(&ctx.0, host, port, blocking(flags)?)?.with_unsent(unsent))
    })
}

/// Create a connection over a connected stream socket, for example after STARTTLS.
///
/// `fd` stays yours: keep it open until tlsconn_conn_free() has returned, then close it; see
/// tlsconn_conn_shutdown() for what to do before, so that everything arrives. Its flags are not
/// changed; it may be blocking or non-blocking. A socket that is still connecting, after a
/// connect() that returned EINPROGRESS, is waited for by the handshake. `host` and `port` say which
/// server it is
/// connected to; the certificate and the known servers are checked against them. `*out`, `flags`
/// and everything else are as for tlsconn_connect(). Any thread.
///
/// Returns what tlsconn_connect() returns, and also:
///
/// - `TLSCONN_E_INVALID`: `fd` is not open, or no stream socket that is connected or connecting:
///   one that was never connected or whose connect() has failed, a listener, a datagram socket, a
///   pipe, a file. For pipes and the like use tlsconn_connect_mem().
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
        return Err(Error::new(Kind::Invalid, format!("fd is {fd}, which is not a descriptor")));
    }
    // SAFETY: not -1; the contract of every caller: it stays open until the connection is freed.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Expect a name other than the host.
///
/// `name` replaces the host in SNI (RFC 6066, section 3), in the check of the certificate, in the
/// known servers, in the question and for resumed sessions. The address to connect to does not
/// change. Call it before the handshake. `name` is UTF-8 and is copied. One thread at a time.
///
/// Returns:
///
/// - `TLSCONN_OK`: the name is set.
/// - `TLSCONN_E_STATE`: the handshake has started, or the peer is a client.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
/// - `TLSCONN_E_INVALID`: a pointer is NULL, or `name` is invalid.
/// - the error that ended the connection, if it has ended.
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

/// Connect, do the TLS handshake, and ask about the peer if needed.
///
/// tlsconn_conn_read() and tlsconn_conn_write() do this by themselves. One thread at a time does
/// the handshake: on a blocking connection another thread that calls waits for it. The validator
/// is called on this thread. A blocking connection waits as long as
/// `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS` and `TLSCONN_OPT_ANSWER_TIMEOUT_MS` allow. If an answer
/// should have been stored and could not be, the handshake still succeeds, and
/// tlsconn_conn_error() says what went wrong.
///
/// Returns, without ending the connection:
///
/// - `TLSCONN_OK`: the handshake is complete, now or before.
/// - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: not yet; from a
///   non-blocking connection only.
/// - `TLSCONN_E_BUSY`: another thread is doing the handshake of a non-blocking connection.
/// - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_INVALID`: `conn` is NULL.
///
/// Every other error ends the connection, and later calls return it again:
///
/// - `TLSCONN_E_RESOLVE`: the host name has no address.
/// - `TLSCONN_E_CONNECT`: could not connect to any address of the host.
/// - `TLSCONN_E_IO`: the network failed.
/// - `TLSCONN_E_TIMEOUT`: the handshake timed out.
/// - `TLSCONN_E_CANCELLED`: tlsconn_conn_abort() was called.
/// - `TLSCONN_E_TRUNCATED`: the peer hung up.
/// - `TLSCONN_E_CERT`: the peer's certificate has problems and was refused.
/// - `TLSCONN_E_CERT_REVOKED`: the peer's certificate, or one of its CAs, is revoked.
/// - `TLSCONN_E_CERT_CHANGED`: the peer's certificate is not the known one.
/// - `TLSCONN_E_CERT_UNKNOWN`: the peer is unknown, and unknown peers are refused.
/// - `TLSCONN_E_CERT_DISTRUSTED`: the peer's certificate or a key in its chain is distrusted.
/// - `TLSCONN_E_NO_CLIENT_CERT`: the client sent no certificate and needs one.
/// - `TLSCONN_E_NOT_ALLOWED`: the client is on no list, has no identity, or has an identity that
///   belongs to another client.
/// - `TLSCONN_E_REJECTED`: the answer to the question was no.
/// - `TLSCONN_E_ANSWER_TIMEOUT`: the question was not answered in time.
/// - `TLSCONN_E_NO_VALIDATOR`: there is a question and no validator to ask.
/// - `TLSCONN_E_PEER_GONE`: the peer hung up while the question was open, and it is not possible
///   to connect to it again.
/// - `TLSCONN_E_REENTRANT`: the answer would have to come from a validator that is running on this
///   very thread.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_FILE`, `TLSCONN_E_PERMISSION`: a file of known servers or
///   clients, or the directory of clients, cannot be read or cannot be trusted.
/// - `TLSCONN_E_PROTOCOL`: the peer does not follow the TLS protocol, or has nothing in common
///   with us.
/// - `TLSCONN_E_ALERT`: the peer sent a fatal alert.
/// - `TLSCONN_E_ALPN`: there is no common application protocol.
/// - `TLSCONN_E_PEER_REJECTED_US`: the server refused your certificate, or wanted one and you have
///   none.
/// - `TLSCONN_E_NOMEM`: out of memory, descriptors or threads.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_handshake(conn: *mut tlsconn_conn) -> c_int {
    call_for(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(answer(conn.connection.handshake()?))
    })
}

/// Read data. Does the handshake first if needed.
///
/// Reads at most `len` bytes into `buf` and sets `*n` to their number; `*n` is set to 0 first. A
/// blocking connection waits for at least one byte. With a `len` of 0 nothing is read. One thread
/// at a time may read.
///
/// Returns what tlsconn_conn_handshake() returns, and also:
///
/// - `TLSCONN_OK`: `*n` bytes were read.
/// - `TLSCONN_EOF`: the peer has closed its side (close_notify, RFC 8446, section 6.1).
/// - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: not yet; from a
///   non-blocking connection only.
/// - `TLSCONN_E_BUSY`: another thread is reading. Does not end the connection.
/// - `TLSCONN_E_TIMEOUT`: nothing arrived within `TLSCONN_OPT_IO_TIMEOUT_MS`. Does not end the
///   connection, and nothing is lost: read again. But if this call was still doing the handshake
///   and ran into `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS`, the connection has ended; only then does
///   tlsconn_conn_error() have this code too.
/// - `TLSCONN_E_INVALID`: a pointer is NULL or `len` is too large. Does not end the connection.
/// - `TLSCONN_E_TRUNCATED`: the stream ended without close_notify; data may be missing.
/// - `TLSCONN_E_PEER_REJECTED_US`: a TLS 1.3 server refused your certificate after the handshake.
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
        let n = needed("n", unsafe { place(n, 0) })?;
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

/// Write data. Does the handshake first if needed.
///
/// Takes `len` bytes from `buf`, and sets `*n` to the number of bytes taken on every return,
/// failures included. A blocking connection takes all of them unless it fails, and `n` may be
/// NULL. A non-blocking one takes as many as there is room for, at least one if it returns
/// `TLSCONN_OK`. What was taken is on its way, so never pass it again: what there was no room for
/// is sent by later calls. To go on after `TLSCONN_E_TIMEOUT`, write the bytes after the first
/// `*n`; then nothing is lost and nothing is sent twice. After an error that ended the connection
/// nobody knows how many of them the peer has received. One thread at a time may write.
///
/// Returns what tlsconn_conn_handshake() returns, and also:
///
/// - `TLSCONN_OK`: `*n` bytes were taken.
/// - `TLSCONN_WANT_READ`, `TLSCONN_WANT_WRITE`, `TLSCONN_WANT_ANSWER`: nothing was taken yet, and
///   `*n` is 0; from a non-blocking connection only.
/// - `TLSCONN_E_STATE`: tlsconn_conn_shutdown() was called before. You can still read.
/// - `TLSCONN_E_TIMEOUT`: not everything could be sent within `TLSCONN_OPT_IO_TIMEOUT_MS`. Does not
///   end the connection: go on as said above. But if this call was still doing the handshake and
///   ran into `TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS`, the connection has ended, and `*n` is 0; only
///   then does tlsconn_conn_error() have this code too.
/// - `TLSCONN_E_IO`, `TLSCONN_E_CANCELLED` and the other errors of the handshake: `*n` bytes were
///   taken before.
/// - `TLSCONN_E_BUSY`: another thread is writing. Does not end the connection.
/// - `TLSCONN_E_INVALID`: a pointer is NULL that must not be, or `len` is too large. Does not end
///   the connection.
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
        let n = unsafe { place(n, 0) };
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: `len` readable bytes or NULL.
        let bytes = unsafe { bytes("buf", buf, len) }?;
        Ok(answer(conn.connection.write_counting(bytes, n)?))
    })
}

/// Tell the peer that you send no more data (close_notify, RFC 8446, section 6.1). You can still
/// read.
///
/// If the library opened the connection, this also ends its side of the TCP connection, and waits
/// until the peer's system has received everything, or the peer has ended its own side: what you
/// wrote arrives, even if you free the connection next. What the peer sends meanwhile is kept for
/// you, up to about 100 kB; a peer that sends more may take nothing until you read. Without
/// `TLSCONN_OPT_IO_TIMEOUT_MS` a blocking call waits as long as the connection lives.
///
/// On a descriptor of yours, and over memory, this only sends. A socket that is closed while unread
/// bytes are in it, or to which some come later, is reset, and what the system has not sent by then
/// is lost: a server's session tickets are such bytes. So, to be sure that everything arrives, call
/// shutdown(fd, SHUT_WR), read with tlsconn_conn_read() until it returns an error or
/// `TLSCONN_EOF`, and close the descriptor after that.
///
/// Counts as writing: one thread at a time.
///
/// Returns:
///
/// - `TLSCONN_OK`: close_notify was sent, and has arrived if the library opened the connection,
///   now or before.
/// - `TLSCONN_WANT_WRITE`: not everything is sent; from a non-blocking connection only.
/// - `TLSCONN_WANT_READ`: not everything has arrived; from a non-blocking connection only. Poll as
///   tlsconn_conn_poll() says: the timeout counts, because nothing announces the arrival.
/// - `TLSCONN_E_STATE`: the handshake is not complete; nothing is sent.
/// - `TLSCONN_E_TIMEOUT`: `TLSCONN_OPT_IO_TIMEOUT_MS` passed, for a non-blocking connection since
///   its first call. Does not end the connection: call again to go on waiting.
/// - `TLSCONN_E_BUSY`: as for tlsconn_conn_write().
/// - `TLSCONN_E_IO`: the network failed, or the peer broke the connection off before it had
///   received everything. What came before can still be read.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
/// - `TLSCONN_E_INVALID`: `conn` is NULL.
/// - the error that ended the connection, such as `TLSCONN_E_CANCELLED` after
///   tlsconn_conn_abort().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_shutdown(conn: *mut tlsconn_conn) -> c_int {
    call_for(|| {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(answer(conn.connection.shutdown()?))
    })
}

/// Find out what to wait for after a `TLSCONN_WANT_` result.
///
/// Poll `*fd` for `*events`, for at most `*timeout_ms` milliseconds (-1: no limit; 0: do not
/// wait), then make the same call again. `*fd` belongs to the library: only poll it, or add it to
/// your own poll set. It is the same number for the connection's whole life, also while
/// connecting, while a question is open, and for connections over memory. Ask again after each
/// call, because `*events` and `*timeout_ms` change. One thread at a time.
///
/// A loop that does so never spins. `*timeout_ms` is 0 only while a call gets further at once:
/// before the first call, when the question has been answered, when there is something to read or
/// over memory to process, and after the end of the connection. When TLSCONN_EOF was returned and
/// nothing is being written, there is nothing to wait for: `*timeout_ms` is -1. During a
/// tlsconn_conn_shutdown() it is at most 250, because nothing announces that data has arrived.
///
/// A server with thousands of clients can save this descriptor: if `fd` is NULL and the connection
/// uses your own descriptor, poll that one for `*events`. While a question is open, and after
/// TLSCONN_EOF, `*events` is 0. Then leave the descriptor out of the poll set, because poll()
/// reports a hangup even if you do not ask for it. While a question is open nothing wakes you: make
/// the call again yourself when the question is answered, the connection is aborted or the timeout
/// has passed. If the client has gone by then, the call returns `TLSCONN_E_PEER_GONE`.
///
/// Returns:
///
/// - `TLSCONN_OK`: `*fd`, `*events` and `*timeout_ms` are set. On failure they are -1, 0 and 0.
/// - `TLSCONN_E_BUSY`: another thread is doing the handshake.
/// - `TLSCONN_E_NOMEM`: out of descriptors.
/// - `TLSCONN_E_IO`: a system call failed; the message says which error.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_UNSUPPORTED`: the platform has no such descriptor.
/// - `TLSCONN_E_STATE`: `fd` is NULL and the connection does not use a descriptor of yours.
/// - `TLSCONN_E_INVALID`: another pointer is NULL.
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
        // SAFETY: the contract: room for a number, or NULL.
        let fd = unsafe { place(fd, -1) };
        // SAFETY: the contract: room for a number, or NULL.
        let events = unsafe { place(events, 0) };
        // SAFETY: the contract: room for a number, or NULL.
        let timeout_ms = needed("timeout_ms", unsafe { place(timeout_ms, 0) })?;
        let events = needed("events", events)?;
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        let timeout = if let Some(fd) = fd {
            let (watched, timeout) = conn.connection.poll()?;
            *fd = watched.as_raw_fd();
            *events = POLLIN;
            timeout
        } else {
            let (interest, timeout) = conn.connection.poll_socket()?;
            let bit = |wanted, bit: c_short| if wanted { bit } else { 0 };
            *events = bit(interest.readable, POLLIN) | bit(interest.writable, POLLOUT);
            timeout
        };
        *timeout_ms = timeout.map_or(-1, milliseconds);
        Ok(())
    })
}

/// A time to wait as poll(2) has it, rounded up, so that the time has come when the wait is over.
fn milliseconds(timeout: Duration) -> c_int {
    c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
}

/// Make every waiting call, and every later one, return `TLSCONN_E_CANCELLED`.
///
/// Nothing more is sent. Any thread, and also safe in a signal handler: it only sets a flag and
/// writes to a descriptor. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_abort(conn: *mut tlsconn_conn) {
    // SAFETY: the contract: a connection or NULL.
    if let Some(conn) = unsafe { peek(conn) } {
        conn.connection.abort();
    }
}

/// Free a connection. NULL is allowed and does nothing.
///
/// Any thread, once every other call with it has returned. It never waits. A connection that the
/// library opened is closed at once, without telling the peer, and what has not arrived may be
/// lost: wait for `TLSCONN_OK` from tlsconn_conn_shutdown() first if the peer must have everything
/// and know that this is the end. A descriptor of yours stays open. Everything borrowed from the
/// connection becomes invalid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_free(conn: *mut tlsconn_conn) {
    // SAFETY: the contract: the caller's own connection, not used again.
    let conn = unsafe { take_back(conn) };
    call(|| {
        // Every other call has returned by the contract, or never will.
        let left = conn.as_ref().filter(|conn| Arc::strong_count(conn) > 1);
        left.into_iter().for_each(|conn| conn.connection.abandon());
        Ok(())
    });
    release(conn);
}
