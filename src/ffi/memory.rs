//! Chapter "Connections over memory" of the header.

use std::ffi::{c_char, c_int, c_void};

use super::call::call;
use super::connection::{hand_over, tlsconn_conn};
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::read::{bytes, needed, place, room, text};
use crate::connection::Connection;

/// Create a connection whose bytes you transport yourself: over a pipe, a proxy or an event loop.
///
/// It never waits. Pass what you receive from the peer to tlsconn_conn_mem_input(), and send what
/// tlsconn_conn_mem_output() returns. Use tlsconn_conn_handshake(), tlsconn_conn_read() and
/// tlsconn_conn_write() as on any non-blocking connection. `host` and `port` name the server.
/// `*out` is yours; free it with tlsconn_conn_free(). It is NULL on failure. Any thread.
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

/// Pass bytes received from the peer to a connection over memory.
///
/// `buf` is `len` bytes long and is copied; `*used` is set to the number of bytes taken. Fewer are
/// taken while enough are waiting to be processed, for example while a question is open: keep the
/// rest, and pass it again after the next read. A `len` of 0, with any `buf`, means that nothing
/// more will come. Counts as reading: one thread at a time.
///
/// Returns:
///
/// - `TLSCONN_OK`: `*used` is set.
/// - `TLSCONN_E_STATE`: the connection is not over memory.
/// - `TLSCONN_E_BUSY`: another thread is doing the handshake.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
/// - `TLSCONN_E_INVALID`: a pointer is NULL that must not be, or `len` is too large.
/// - the error that ended the connection, if it has ended.
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
        let used = needed("used", unsafe { place(used, 0) })?;
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

/// Get bytes from a connection over memory to send to the peer.
///
/// Writes at most `size` bytes to `buf` and sets `*n` to their number; 0 means that there is
/// nothing to send. Call it after every other call until `*n` is 0; after a failure too, because
/// there may be an alert to send. Counts as writing: one thread at a time.
///
/// Returns:
///
/// - `TLSCONN_OK`: `*n` is set.
/// - `TLSCONN_E_STATE`: the connection is not over memory.
/// - `TLSCONN_E_BUSY`: another thread is doing the handshake.
/// - `TLSCONN_E_FORKED`: the connection was created before fork().
/// - `TLSCONN_E_REENTRANT`: called from the connection's own validator.
/// - `TLSCONN_E_INVALID`: a pointer is NULL or `size` is too large.
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
        let n = needed("n", unsafe { place(n, 0) })?;
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        // SAFETY: the contract: room for `size` bytes, or NULL.
        *n = conn.connection.memory_output(unsafe { room("buf", buf, size) }?)?;
        Ok(())
    })
}
