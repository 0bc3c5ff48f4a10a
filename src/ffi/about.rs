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

/// A property of a connection, for tlsconn_conn_info().
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_info {
    /// `TLSv1.3` or `TLSv1.2`.
    TLSCONN_INFO_VERSION = 110,
    /// The IANA name of the cipher suite.
    TLSCONN_INFO_CIPHER = 111,
    /// The IANA name of the key exchange group, such as `X25519MLKEM768` or `x25519`: the same that
    /// `TLSCONN_OPT_GROUPS` takes.
    TLSCONN_INFO_GROUP = 112,
    /// The negotiated application protocol (ALPN, RFC 7301).
    TLSCONN_INFO_ALPN = 113,
    /// The expected name of the server: the verify name, or the host. An IP address is not sent to
    /// the server (RFC 6066, section 3). On a server: the name that the client asked for.
    TLSCONN_INFO_SNI = 114,
    /// The address of the peer, such as `127.0.0.1:16514`.
    TLSCONN_INFO_PEER_ADDRESS = 115,
    /// The identity of an accepted client: see `TLSCONN_OPT_IDENTITY_FROM`. Empty for servers, and
    /// for clients without a certificate. It is the identity byte
    /// for byte, of at most 400 characters, all of them visible: names that have others are no
    /// identity.
    TLSCONN_INFO_PEER_IDENTITY = 116,
    /// Where the client's identity comes from: `directory`, `authority` or `answer`.
    TLSCONN_INFO_IDENTITY_SOURCE = 117,
    /// Why the peer was accepted: `authority`, `known`, `renewed` or `answer`; for clients also
    /// `directory`, and `anonymous` for one without a certificate. If several connections waited
    /// for the same lasting answer, all but the first may say `known`.
    TLSCONN_INFO_TRUST = 118,
    /// `yes` if an earlier session was resumed, otherwise `no`.
    TLSCONN_INFO_RESUMED = 119,
    /// What happened with the client's certificate: `not-asked`, `sent`, `lacking` (the server
    /// asked, and you have none) or `withheld` (the server named other CAs). The server cannot tell
    /// `withheld` from `lacking`, and says `lacking`.
    TLSCONN_INFO_CLIENT_CERT = 120,
}

/// Get the open question, while calls return `TLSCONN_WANT_ANSWER`; otherwise NULL.
///
/// Borrowed from `conn`; to keep it after tlsconn_conn_free(), use tlsconn_question_ref(). Any
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

/// Get the error that ended the connection; on a working connection, an error that did not end it,
/// such as a file of known servers that could not be written.
///
/// Never NULL: if nothing went wrong its code is `TLSCONN_OK`. Borrowed from `conn`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_conn_error(conn: *const tlsconn_conn) -> *const tlsconn_error {
    call_or(nothing(), || {
        // SAFETY: the contract: a connection or NULL.
        let conn = unsafe { lend("conn", conn) }?;
        Ok(conn.connection.error().map_or_else(nothing, |error| conn.lent.error(error)))
    })
}

/// Get a property of a connection as text.
///
/// `what` is one of `tlsconn_info`. The string is UTF-8 and escaped, and lives as long as `conn`;
/// it is empty if the property is not known yet, `conn` is NULL or `what` is invalid. Any thread.
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

/// Get a certificate of the peer's chain: its own at 0, then the others that it sent. They are
/// available after the peer was refused, too.
///
/// Borrowed from `conn`. Returns NULL past the end, before the peer has proven that it has the key,
/// and if `conn` is NULL. Any thread.
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
