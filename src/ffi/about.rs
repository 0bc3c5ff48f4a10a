//! Chapter "About a connection" of the header.

use std::ffi::{c_char, c_int};

use super::call::call_or;
use super::certificate::tlsconn_cert;
use super::connection::tlsconn_conn;
use super::error::{nothing, tlsconn_error};
use super::handle::lend;
use super::question::{face, tlsconn_question};
use super::read::constant;
use crate::connection::Connection;
use crate::error::escaped;
use crate::tls::Certified;

/// What can be asked of a connection.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_info {
    /// `TLSv1.3` or `TLSv1.2`.
    TLSCONN_INFO_VERSION = 110,
    /// The cipher suite, as IANA names it.
    TLSCONN_INFO_CIPHER = 111,
    /// The key exchange group, such as `X25519MLKEM768`.
    TLSCONN_INFO_GROUP = 112,
    /// The application protocol that was agreed on (RFC 7301).
    TLSCONN_INFO_ALPN = 113,
    /// The name that the server must have: the verify name, or the host. An address is not sent
    /// to the server (RFC 6066, section 3). On a server: the name that the client asked for.
    TLSCONN_INFO_SNI = 114,
    /// The other end's address, such as `127.0.0.1:16514`.
    TLSCONN_INFO_PEER_ADDRESS = 115,
    /// Who the client is, once it was admitted: see `TLSCONN_OPT_IDENTITY_FROM`. Empty for
    /// servers, and for clients without a certificate. This alone is not escaped: it is, byte
    /// for byte, what its source vouches for, and has no control characters.
    TLSCONN_INFO_PEER_IDENTITY = 116,
    /// Who vouches for the client's identity: `directory`, `authority` or `answer`.
    TLSCONN_INFO_IDENTITY_SOURCE = 117,
    /// Why the peer was admitted: `authority`, `known`, `renewed` or `answer`; of clients also
    /// `directory`, and `anonymous` for one without a certificate. Of several connections that
    /// waited for one lasting answer, all but the first may say `known`.
    TLSCONN_INFO_TRUST = 118,
    /// `yes` where an earlier session was resumed, else `no`.
    TLSCONN_INFO_RESUMED = 119,
    /// The client's certificate, on either side: `not-asked`, `sent`, `lacking` (the server asked,
    /// and there is none), or `withheld` (the server named other authorities), which looks like
    /// `lacking` on the server.
    TLSCONN_INFO_CLIENT_CERT = 120,
}

/// The question that is open: while calls return `TLSCONN_WANT_ANSWER`; else NULL.
///
/// Borrowed from `conn`: to keep it beyond tlsconn_conn_free(), use tlsconn_question_ref(). Any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_question(conn: *mut tlsconn_conn) -> *mut tlsconn_question {
    call_or(std::ptr::null_mut(), || {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        let Some(question) = conn.connection.question() else {
            return Ok(std::ptr::null_mut());
        };
        Ok(conn.lent.question(face(&question)))
    })
}

/// What ended the connection; where it goes on, what went wrong beside it, such as a known
/// file that could not be written.
///
/// Never NULL: where nothing went wrong its code is `TLSCONN_OK`. Borrowed from `conn`. Any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_error(conn: *const tlsconn_conn) -> *const tlsconn_error {
    call_or(nothing(), || {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(conn.connection.error().map_or_else(nothing, |error| conn.lent.error(error)))
    })
}

/// Something about the connection, in words.
///
/// `what` is one of `tlsconn_info`. UTF-8 and escaped; it lives as long as `conn`, and is empty
/// where it is not known yet, `conn` is NULL or `what` is none. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_info(
    conn: *const tlsconn_conn,
    what: c_int,
) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        let words = constant("what", what, "TLSCONN_INFO_*", &INFOS)?;
        Ok(conn.lent.words(what, words(&conn.connection)))
    })
}

type Words = fn(&Connection) -> String;

const INFOS: [(c_int, Words); 11] = {
    use tlsconn_info as i;
    [
        (i::TLSCONN_INFO_VERSION as c_int, |connection| connection.info().version.to_owned()),
        (i::TLSCONN_INFO_CIPHER as c_int, |connection| connection.info().cipher),
        (i::TLSCONN_INFO_GROUP as c_int, |connection| connection.info().group),
        (i::TLSCONN_INFO_ALPN as c_int, alpn),
        (i::TLSCONN_INFO_SNI as c_int, |connection| escaped(&connection.server_name())),
        (i::TLSCONN_INFO_PEER_ADDRESS as c_int, Connection::address),
        (i::TLSCONN_INFO_PEER_IDENTITY as c_int, identity),
        (i::TLSCONN_INFO_IDENTITY_SOURCE as c_int, identity_source),
        (i::TLSCONN_INFO_TRUST as c_int, trust),
        (i::TLSCONN_INFO_RESUMED as c_int, |connection| resumed(connection).to_owned()),
        (i::TLSCONN_INFO_CLIENT_CERT as c_int, |connection| client_cert(connection).to_owned()),
    ]
};

fn alpn(connection: &Connection) -> String {
    escaped(&String::from_utf8_lossy(&connection.info().alpn))
}

fn identity(connection: &Connection) -> String {
    connection.identity().map(|identity| identity.name).unwrap_or_default()
}

fn identity_source(connection: &Connection) -> String {
    let source = connection.identity().map(|identity| identity.source.word());
    source.unwrap_or_default().to_owned()
}

fn trust(connection: &Connection) -> String {
    connection.reason().map(|reason| reason.word().to_owned()).unwrap_or_default()
}

fn resumed(connection: &Connection) -> &'static str {
    let info = connection.info();
    if info.version.is_empty() {
        ""
    } else if info.resumed {
        "yes"
    } else {
        "no"
    }
}

fn client_cert(connection: &Connection) -> &'static str {
    match connection.certified() {
        None => "",
        Some(Certified::NotAsked) => "not-asked",
        Some(Certified::Sent) => "sent",
        Some(Certified::Withheld) => "withheld",
        Some(Certified::Lacking) => "lacking",
    }
}

/// What the peer has shown and proven: its own certificate at 0, then those that it sent
/// along. There also after it was refused.
///
/// Borrowed from `conn`; NULL past the end, before the peer's proof, and when `conn` is NULL.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_peer_cert(
    conn: *const tlsconn_conn,
    i: usize,
) -> *mut tlsconn_cert {
    call_or(std::ptr::null_mut(), || {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        let certificate = conn.connection.peer_certificate(i);
        let shown = certificate.map(|certificate| conn.lent.certificate(i, certificate));
        Ok(shown.unwrap_or(std::ptr::null_mut()))
    })
}
