//! Chapter "Connections over memory" of the header.

use std::ffi::{c_char, c_int, c_void};

use super::call::call;
use super::connection::{hand_over, tlsconn_conn};
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::read::{bytes, place, room, text};
use crate::connection::Connection;

/// Make a connection whose bytes you carry: over a pipe, a proxy, another event loop.
///
/// It never waits. Give it what comes from the peer with tlsconn_conn_mem_input(), and send what
/// tlsconn_conn_mem_output() gives; call tlsconn_conn_handshake(), tlsconn_conn_read() and
/// tlsconn_conn_write() as on any non-blocking connection. `host` and `port` say whom it leads to.
/// `*out` is yours, give it up with tlsconn_conn_free(); it is NULL on failure. Any thread.
///
/// Returns what tlsconn_connect() returns.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_connect_mem(
    ctx: *mut tlsconn_ctx,
    host: *const c_char,
    port: c_int,
    out: *mut *mut tlsconn_conn,
) -> c_int {
    hand_over(out, || {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated text or NULL.
        let host = unsafe { text("host", host) }?;
        Connection::in_memory(&ctx.0, host, port)
    })
}

/// Give a connection over memory bytes that came from the peer.
///
/// `buf` is `len` bytes, and is copied; `*used` says how many were taken. Fewer are taken while
/// enough waits to be looked at, such as when a question is open: keep the rest and give it
/// again after the next read. A `len` of 0, with any `buf`, says that no more will come. Counts
/// as reading: one thread at a time.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_STATE` when the connection is not over memory;
/// `TLSCONN_E_BUSY` when another thread is at the handshake; `TLSCONN_E_FORKED`;
/// `TLSCONN_E_REENTRANT` from the connection's own validator; what ended the connection;
/// `TLSCONN_E_INVALID` when a pointer is NULL that may not be, or `len` is no length.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_mem_input(
    conn: *mut tlsconn_conn,
    buf: *const c_void,
    len: usize,
    used: *mut usize,
) -> c_int {
    call(|| {
        // SAFETY: the contract: room for a number, or NULL.
        let used = unsafe { place("used", used) }?;
        *used = 0;
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        let input = if len == 0 {
            &[]
        } else {
            // SAFETY: the contract: `len` readable bytes or NULL.
            unsafe { bytes("buf", buf, len) }?
        };
        *used = conn.connection.memory_input(input)?;
        Ok(())
    })
}

/// Take bytes from a connection over memory that are to be sent to the peer.
///
/// Writes at most `size` bytes to `buf` and their number to `*n`; 0 when nothing waits. Call it
/// after every other call, until it gives 0; after a failure too: there may be an alert to
/// send. Counts as writing: one thread at a time.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_STATE` when the connection is not over memory;
/// `TLSCONN_E_BUSY` when another thread is at the handshake; `TLSCONN_E_FORKED`;
/// `TLSCONN_E_REENTRANT` from the connection's own validator; `TLSCONN_E_INVALID` when a pointer
/// is NULL or `size` is no length.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_conn_mem_output(
    conn: *mut tlsconn_conn,
    buf: *mut c_void,
    size: usize,
    n: *mut usize,
) -> c_int {
    call(|| {
        // SAFETY: the contract: room for a number, or NULL.
        let n = unsafe { place("n", n) }?;
        *n = 0;
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: room for `size` bytes, or NULL.
        *n = conn.connection.memory_output(unsafe { room("buf", buf, size) }?)?;
        Ok(())
    })
}
