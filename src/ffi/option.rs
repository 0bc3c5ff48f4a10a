//! Chapter "Options" of the header.

use std::ffi::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::call::call;
use super::context::tlsconn_ctx;
use super::handle::lend;
use super::key_log::key_log;
use super::option_value::{confirm, limit, meaning, not_negative, switch, time};
use super::read::{constant, string};
use crate::chain::{CrlMode, Profile};
use crate::context::{Context, Settings};
use crate::error::{CallCause, Error, Kind};
use crate::known::IdentityFrom;
use crate::tls::{Groups, SendCertificate, Suites, Version};
use crate::trust::{ClientAuth, Policy};

/// Options, each with its default.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_option {
    /// A `tlsconn_policy` for unknown servers with a valid certificate from a CA. AUTO asks the
    /// validator; if none was ever set, it accepts the server.
    TLSCONN_OPT_ON_NEW = 200,
    /// A `tlsconn_policy` for known servers whose certificate has changed. AUTO refuses. ALLOW
    /// is invalid here.
    TLSCONN_OPT_ON_CHANGED = 201,
    /// A `tlsconn_policy` for known servers with a new certificate, from a CA, for their old
    /// key. AUTO accepts, and replaces the entry once the connection is open.
    TLSCONN_OPT_ON_RENEWED = 202,
    /// A `tlsconn_policy` for unknown servers whose certificate has any problem: it is not from
    /// a CA you trust, has expired, or is for another name. AUTO refuses; ASK is trust on first
    /// use, as in ssh. ALLOW is invalid here.
    TLSCONN_OPT_ON_UNTRUSTED = 203,
    /// A `tlsconn_policy` for known servers with a problem that was not accepted before. AUTO
    /// asks the validator, and refuses if there is none. ALLOW is invalid here.
    TLSCONN_OPT_ON_NEW_PROBLEM = 204,
    /// A `tlsconn_policy` for unknown clients: those that are in no directory of clients and
    /// have no certificate from a CA that counts for clients. AUTO refuses; ASK asks, and a
    /// lasting answer makes the client a known one. While 64 such questions are open,
    /// connections of further unknown clients fail with `TLSCONN_E_NOMEM`. ALLOW is invalid
    /// here.
    TLSCONN_OPT_ON_CLIENT = 205,
    /// A `tlsconn_client_auth`: whether a server asks its clients for a certificate. Default
    /// REQUIRED.
    TLSCONN_OPT_CLIENT_AUTH = 210,
    /// A `tlsconn_send_cert`: when your certificate is sent to a server. Default MATCHING.
    TLSCONN_OPT_SEND_CLIENT_CERT = 211,
    /// A `tlsconn_crl_mode`: which revocation lists (CRLs) are required. Default IF_PRESENT.
    TLSCONN_OPT_CRL_MODE = 212,
    /// How many seconds past its next update a revocation list is still used. Default 0.
    TLSCONN_OPT_CRL_GRACE_S = 213,
    /// A `tlsconn_profile`: how strictly certificates are checked. Default STRICT.
    TLSCONN_OPT_PROFILE = 214,
    /// The time at which certificates are checked, in seconds since 1970; -1, the default, uses
    /// the system clock.
    TLSCONN_OPT_VERIFY_TIME = 215,
    /// A `tlsconn_tls_version`: the oldest version allowed. Default TLS 1.2.
    TLSCONN_OPT_MIN_VERSION = 216,
    /// A `tlsconn_tls_version`: the newest version allowed. Default TLS 1.3.
    TLSCONN_OPT_MAX_VERSION = 217,
    /// 1, the default: resume sessions with servers (RFC 8446, 2.2), each only while the
    /// decision that accepted the server still holds. 0: never resume. For sessions with
    /// clients see `TLSCONN_OPT_TICKETS`.
    TLSCONN_OPT_RESUMPTION = 218,
    /// Timeout in milliseconds, 1 or more, for connecting and handshake together, not counting
    /// the time spent waiting for an answer; -1: no timeout. Default 60000.
    TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS = 219,
    /// Timeout in milliseconds, 1 or more, for the answer to a question, from when the validator
    /// is called or a call returns `TLSCONN_WANT_ANSWER`; -1: no timeout. Default 600000.
    TLSCONN_OPT_ANSWER_TIMEOUT_MS = 220,
    /// Timeout in milliseconds, 1 or more, for a blocking read, write or shutdown, and for a
    /// shutdown of any connection that the library opened; -1, the default: no timeout.
    TLSCONN_OPT_IO_TIMEOUT_MS = 221,
    /// How many milliseconds a TLS 1.3 handshake waits, after it has sent your certificate, for
    /// the server to continue or to refuse it. 0, the default: it does not wait, and the first
    /// read reports a refusal.
    TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS = 222,
    /// A `tlsconn_identity`: which part of a client's certificate is its identity. Default CN.
    TLSCONN_OPT_IDENTITY_FROM = 223,
    /// 1: with a directory set by tlsconn_ctx_set_client_dir(), clients with a certificate from
    /// a CA are accepted as well. 0, the default: with such a directory, a CA is not enough.
    TLSCONN_OPT_DIR_AND_CA = 224,
    /// 1: as a server, give clients tickets to resume their sessions with (RFC 8446, 2.2). A
    /// ticket is valid for six hours, only while nothing that decides who is accepted has
    /// changed, and a client that presents one is judged again. 0, the default: no tickets,
    /// because some clients cannot handle them.
    TLSCONN_OPT_TICKETS = 225,
    /// 1: the group may write the directory of tlsconn_ctx_set_client_dir() and its entries, and so
    /// say who is allowed; set it before that call. 0, the default: a directory that the group can
    /// write is refused, and such an entry does not count.
    TLSCONN_OPT_DIR_GROUP_WRITE = 226,
    /// A string: application protocols (ALPN, RFC 7301), preferred first, separated by commas
    /// without spaces. Default empty: a client offers none; a server accepts any.
    TLSCONN_OPT_ALPN = 250,
    /// A string: a file to which the secrets of every connection are written for debugging.
    /// Whoever can read it can decrypt the traffic. It is made with mode 0600 if it is missing,
    /// but not in a directory of another user. One that is there must be yours, a regular file
    /// with one name and no symbolic link, and no one else may have any right to it, or be able to
    /// lead the way to it elsewhere (see "Files" at the top of this header). Lines are added at its
    /// end. Default empty: no key log.
    TLSCONN_OPT_KEYLOG_FILE = 251,
    /// A string: a file with a secret of at least 32 random bytes, from which ticket keys are
    /// derived. Processes that name the same file can resume each other's sessions. The file is
    /// refused if others can read it; tlsconn_ctx_reload() reads it again if it changes.
    /// Default empty: a secret of this process alone.
    TLSCONN_OPT_TICKET_SECRET_FILE = 252,
    /// A string: key exchange groups by their names at IANA, preferred first, separated by commas
    /// without spaces, such as `x25519,secp256r1`. There are `X25519MLKEM768`,
    /// `SecP256r1MLKEM768`, `MLKEM768` and `MLKEM1024`, which only TLS 1.3 can use, `x25519`,
    /// `secp256r1` and `secp384r1`. A client sends a key share for the first one; a server takes
    /// the first of the client's that is in the list. A server of TLS 1.2 with an ECDSA
    /// certificate may want its curve in a client's list as well (RFC 8422, 5.1). With
    /// post-quantum groups (MLKEM) a client's first message is longer than one packet, which some
    /// old servers and firewalls drop: leave these groups out there. Default empty:
    /// `X25519MLKEM768,x25519,secp256r1,secp384r1`.
    TLSCONN_OPT_GROUPS = 253,
    /// A string: cipher suites by their names at IANA, preferred first, separated by commas
    /// without spaces; those of TLS 1.3 and of TLS 1.2 in one list. There are
    /// `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256` of
    /// TLS 1.3, and of TLS 1.2 `TLS_ECDHE_ECDSA_WITH_` and `TLS_ECDHE_RSA_WITH_`, each with
    /// `AES_256_GCM_SHA384`, `AES_128_GCM_SHA256` or `CHACHA20_POLY1305_SHA256`. A server
    /// prefers the order of its own list. Default empty: all of them, and a server prefers the
    /// order of its client.
    TLSCONN_OPT_CIPHERS = 254,
}

/// What to do in a situation.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_policy {
    /// The default: see each option.
    TLSCONN_POLICY_AUTO = 60,
    /// Refuse.
    TLSCONN_POLICY_REFUSE = 61,
    /// Ask. Without a validator, a non-blocking connection returns `TLSCONN_WANT_ANSWER`, and a
    /// blocking one `TLSCONN_E_NO_VALIDATOR`.
    TLSCONN_POLICY_ASK = 62,
    /// Accept; only for servers with a valid certificate from a CA.
    TLSCONN_POLICY_ALLOW = 63,
}

/// Which revocation lists (CRLs) are required.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_crl_mode {
    /// None: revocation lists are ignored.
    TLSCONN_CRL_OFF = 40,
    /// An issuer for which you have added any list must have one that is verified and up to
    /// date. A known server or client needs none, as for REQUIRED.
    TLSCONN_CRL_IF_PRESENT = 41,
    /// Every issuer must have one that is verified and up to date. A known server or client
    /// needs none: you vouch for it, and not its issuer. A list that revokes it refuses it.
    TLSCONN_CRL_REQUIRED = 42,
}

/// How strictly a certificate chain is checked.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_profile {
    /// What RFC 5280 and RFC 9525 ask of those who check. A leaf's key usage must have
    /// digitalSignature, because every handshake is signed.
    TLSCONN_PROFILE_STRICT = 70,
    /// Accepts and refuses what libvirt's own TLS code does, so that a PKI made for libvirt
    /// works. Your certificate is checked against the CAs and against libvirt's rules whenever
    /// the certificate, the CAs or the profile change: add it after the CA that issued it.
    TLSCONN_PROFILE_LIBVIRT = 71,
    /// STRICT, and the rules that public CAs follow and home-made ones often break:
    /// `TLSCONN_P_FORM`. A revocation list that breaks one, such as a list without a number, can
    /// revoke a certificate but never shows that one is not revoked: `TLSCONN_P_CRL_MISSING`.
    TLSCONN_PROFILE_PEDANTIC = 72,
}

/// When to send your certificate to a server that asks for one.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_send_cert {
    /// If the server names no CAs, or names one in your certificate's chain.
    TLSCONN_SEND_CERT_MATCHING = 180,
    /// To every server that asks.
    TLSCONN_SEND_CERT_ALWAYS = 181,
    /// Never.
    TLSCONN_SEND_CERT_NEVER = 182,
}

/// Whether a server asks its clients for a certificate.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_client_auth {
    /// Do not ask.
    TLSCONN_CLIENT_AUTH_NONE = 30,
    /// Ask, but also accept clients without a certificate: they have no identity. If there is a
    /// list of allowed clients, they are refused.
    TLSCONN_CLIENT_AUTH_OPTIONAL = 31,
    /// Refuse clients without a certificate.
    TLSCONN_CLIENT_AUTH_REQUIRED = 32,
}

/// Which part of a client's certificate is its identity. There must be exactly one such part,
/// not empty, without control characters and without spaces at either end.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_identity {
    /// The common name (CN) of the subject.
    TLSCONN_IDENTITY_CN = 80,
    /// The DNS name in the subject alternative names.
    TLSCONN_IDENTITY_SAN_DNS = 81,
    /// The e-mail address in the subject alternative names.
    TLSCONN_IDENTITY_SAN_EMAIL = 82,
    /// The whole subject (DN), such as `C=GB,O=Lab,CN=alice`: in the order in which it is
    /// encoded, with values escaped as GnuTLS prints them.
    TLSCONN_IDENTITY_DN = 83,
    /// The SHA-256 fingerprint of the certificate, as pairs of hexadecimal digits.
    TLSCONN_IDENTITY_SHA256 = 84,
}

/// TLS versions, with their numbers in the protocol.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_tls_version {
    /// TLS 1.2 (RFC 5246).
    TLSCONN_TLS_1_2 = 0x0303,
    /// TLS 1.3 (RFC 8446).
    TLSCONN_TLS_1_3 = 0x0304,
}

/// Set a number option.
///
/// `option` is any `tlsconn_option` that is not a string; `value` is as described there. It
/// applies to connections made from now on; policies, profile, time and revocation also to
/// connections that have not been judged yet. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: set.
/// - `TLSCONN_E_INVALID`: `ctx` is NULL, `option` is not a number option, `value` is not
///   allowed for it, the oldest version would be newer than the newest, or `TLSCONN_OPT_GROUPS`
///   or `TLSCONN_OPT_CIPHERS` would have nothing for a version that is allowed.
/// - `TLSCONN_E_CERT`: the profile does not allow your certificate.
///
/// On failure nothing is changed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_int(
    ctx: *mut tlsconn_ctx,
    option: c_int,
    value: i64,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        ctx.0.set(constant("option", option, "the number options", &NUMBERS)?(value)?)
    })
}

/// Set a string option.
///
/// `option` is any `tlsconn_option` that is a string; `value` is copied, and an empty string
/// sets the default. It applies to connections made from now on. Any thread.
///
/// Returns:
/// - `TLSCONN_OK`: set.
/// - `TLSCONN_E_FILE`: the key log cannot be written, or is a symbolic link, a FIFO or a device, or
///   has a second name; or the ticket secret cannot be read.
/// - `TLSCONN_E_PERMISSION`: the key log belongs to another user or is open to others, or would be
///   made in a directory of another user, or others can lead the way to it elsewhere; or others can
///   read the ticket secret.
/// - `TLSCONN_E_NOMEM`: out of memory or file descriptors.
/// - `TLSCONN_E_PARSE`, `TLSCONN_E_TOO_BIG`: the file does not hold a valid ticket secret.
/// - `TLSCONN_E_INVALID`: `ctx` or `value` is NULL, `option` is not a string option, the name of
///   a protocol is empty or longer than 255 bytes, the name of a group or a cipher suite is
///   empty, unknown or repeated, or the list would have none for a version that is allowed.
///
/// On failure nothing is changed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_ctx_set_str(
    ctx: *mut tlsconn_ctx,
    option: c_int,
    value: *const c_char,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a context or NULL.
        let ctx = unsafe { lend("ctx", ctx) }?;
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let value = unsafe { string("value", value) }?.to_bytes();
        constant("option", option, "the string options", &STRINGS)?(&ctx.0, value)
    })
}

/// How a string is set.
type Chosen = fn(&Context, &[u8]) -> Result<(), Error>;

const STRINGS: [(c_int, Chosen); 5] = {
    use tlsconn_option as o;
    [
        (o::TLSCONN_OPT_ALPN as c_int, |ctx, value| {
            let protocols = protocols(value)?;
            ctx.set(|settings| settings.tls.alpn = protocols)
        }),
        (o::TLSCONN_OPT_KEYLOG_FILE as c_int, |ctx, value| {
            let sink = if value.is_empty() {
                None
            } else {
                Some(key_log(Path::new(std::ffi::OsStr::from_bytes(value)))?)
            };
            ctx.set(|settings| settings.tls.key_log = sink)
        }),
        (o::TLSCONN_OPT_TICKET_SECRET_FILE as c_int, |ctx, value| {
            let path = Path::new(std::ffi::OsStr::from_bytes(value));
            ctx.set_ticket_secret_file(Some(path).filter(|_| !value.is_empty()))
        }),
        (o::TLSCONN_OPT_GROUPS as c_int, |ctx, value| {
            let groups = Groups::parse(&String::from_utf8_lossy(value))?;
            ctx.set(|settings| settings.tls.groups = groups)
        }),
        (o::TLSCONN_OPT_CIPHERS as c_int, |ctx, value| {
            let suites = Suites::parse(&String::from_utf8_lossy(value))?;
            ctx.set(|settings| settings.tls.suites = suites)
        }),
    ]
};

/// A change to the settings.
type Choice = Box<dyn FnOnce(&mut Settings)>;

/// How a number becomes a change.
type Number = fn(i64) -> Result<Choice, Error>;

const NUMBERS: [(c_int, Number); 23] = {
    use tlsconn_option as o;
    [
        (o::TLSCONN_OPT_ON_NEW as c_int, |v| set(policy(v), |to, v| to.policies.on_new = v)),
        (o::TLSCONN_OPT_ON_CHANGED as c_int, |v| {
            set(policy(v), |to, v| to.policies.on_changed = v)
        }),
        (o::TLSCONN_OPT_ON_RENEWED as c_int, |v| {
            set(policy(v), |to, v| to.policies.on_renewed = v)
        }),
        (o::TLSCONN_OPT_ON_UNTRUSTED as c_int, |v| {
            set(policy(v), |to, v| to.policies.on_untrusted = v)
        }),
        (o::TLSCONN_OPT_ON_NEW_PROBLEM as c_int, |v| {
            set(policy(v), |to, v| to.policies.on_new_problem = v)
        }),
        (o::TLSCONN_OPT_ON_CLIENT as c_int, |v| set(policy(v), |to, v| to.policies.on_client = v)),
        (o::TLSCONN_OPT_CLIENT_AUTH as c_int, |v| set(client_auth(v), |to, v| to.client_auth = v)),
        (o::TLSCONN_OPT_SEND_CLIENT_CERT as c_int, |v| {
            set(send_certificate(v), |to, v| to.tls.send_certificate = v)
        }),
        (o::TLSCONN_OPT_CRL_MODE as c_int, |v| set(crl_mode(v), |to, v| to.crl_mode = v)),
        (o::TLSCONN_OPT_CRL_GRACE_S as c_int, |v| set(not_negative(v), |to, v| to.crl_grace = v)),
        (o::TLSCONN_OPT_PROFILE as c_int, |v| set(profile(v), |to, v| to.profile = v)),
        (o::TLSCONN_OPT_VERIFY_TIME as c_int, |v| set(time(v), |to, v| to.verify_time = v)),
        (o::TLSCONN_OPT_MIN_VERSION as c_int, |v| set(version(v), |to, v| to.tls.min_version = v)),
        (o::TLSCONN_OPT_MAX_VERSION as c_int, |v| set(version(v), |to, v| to.tls.max_version = v)),
        (o::TLSCONN_OPT_RESUMPTION as c_int, |v| set(switch(v), |to, v| to.tls.resumption = v)),
        (o::TLSCONN_OPT_HANDSHAKE_TIMEOUT_MS as c_int, |v| {
            set(limit(v), |to, v| to.handshake_timeout = v)
        }),
        (o::TLSCONN_OPT_ANSWER_TIMEOUT_MS as c_int, |v| {
            set(limit(v), |to, v| to.answer_timeout = v)
        }),
        (o::TLSCONN_OPT_IO_TIMEOUT_MS as c_int, |v| set(limit(v), |to, v| to.io_timeout = v)),
        (o::TLSCONN_OPT_CONFIRM_CLIENT_AUTH_MS as c_int, |v| {
            set(confirm(v), |to, v| to.confirm_client_auth = v)
        }),
        (o::TLSCONN_OPT_IDENTITY_FROM as c_int, |v| {
            set(identity_from(v), |to, v| to.identity_from = v)
        }),
        (o::TLSCONN_OPT_DIR_AND_CA as c_int, |v| {
            set(switch(v), |to, v| to.directory_and_authorities = v)
        }),
        (o::TLSCONN_OPT_TICKETS as c_int, |v| set(switch(v), |to, v| to.tickets = v)),
        (o::TLSCONN_OPT_DIR_GROUP_WRITE as c_int, |v| {
            set(switch(v), |to, v| to.directory_group_may_write = v)
        }),
    ]
};

fn set<T: 'static>(value: Result<T, Error>, put: fn(&mut Settings, T)) -> Result<Choice, Error> {
    let value = value?;
    Ok(Box::new(move |settings| put(settings, value)))
}

fn protocols(value: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<Vec<u8>> = value.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
    let blank = |name: &Vec<u8>| name.iter().any(u8::is_ascii_whitespace);
    if names.iter().any(|name| name.is_empty() || name.len() > 255 || blank(name)) {
        let message = "the name of an application protocol has 1 to 255 bytes and no blank";
        return Err(Error::new(Kind::Invalid, message).because(&CallCause::ProtocolNames));
    }
    Ok(names)
}

fn policy(value: i64) -> Result<Policy, Error> {
    use tlsconn_policy as p;
    meaning(
        value,
        &[
            (p::TLSCONN_POLICY_AUTO as i64, Policy::Auto),
            (p::TLSCONN_POLICY_REFUSE as i64, Policy::Refuse),
            (p::TLSCONN_POLICY_ASK as i64, Policy::Ask),
            (p::TLSCONN_POLICY_ALLOW as i64, Policy::Allow),
        ],
    )
}

fn send_certificate(value: i64) -> Result<SendCertificate, Error> {
    use tlsconn_send_cert as s;
    meaning(
        value,
        &[
            (s::TLSCONN_SEND_CERT_MATCHING as i64, SendCertificate::Matching),
            (s::TLSCONN_SEND_CERT_ALWAYS as i64, SendCertificate::Always),
            (s::TLSCONN_SEND_CERT_NEVER as i64, SendCertificate::Never),
        ],
    )
}

fn profile(value: i64) -> Result<Profile, Error> {
    use tlsconn_profile as p;
    meaning(
        value,
        &[
            (p::TLSCONN_PROFILE_STRICT as i64, Profile::Strict),
            (p::TLSCONN_PROFILE_LIBVIRT as i64, Profile::Libvirt),
            (p::TLSCONN_PROFILE_PEDANTIC as i64, Profile::Pedantic),
        ],
    )
}

fn client_auth(value: i64) -> Result<ClientAuth, Error> {
    use tlsconn_client_auth as c;
    meaning(
        value,
        &[
            (c::TLSCONN_CLIENT_AUTH_NONE as i64, ClientAuth::None),
            (c::TLSCONN_CLIENT_AUTH_OPTIONAL as i64, ClientAuth::Optional),
            (c::TLSCONN_CLIENT_AUTH_REQUIRED as i64, ClientAuth::Required),
        ],
    )
}

fn identity_from(value: i64) -> Result<IdentityFrom, Error> {
    use tlsconn_identity as i;
    meaning(
        value,
        &[
            (i::TLSCONN_IDENTITY_CN as i64, IdentityFrom::CommonName),
            (i::TLSCONN_IDENTITY_SAN_DNS as i64, IdentityFrom::DnsName),
            (i::TLSCONN_IDENTITY_SAN_EMAIL as i64, IdentityFrom::Email),
            (i::TLSCONN_IDENTITY_DN as i64, IdentityFrom::DistinguishedName),
            (i::TLSCONN_IDENTITY_SHA256 as i64, IdentityFrom::Sha256),
        ],
    )
}

fn crl_mode(value: i64) -> Result<CrlMode, Error> {
    use tlsconn_crl_mode as c;
    meaning(
        value,
        &[
            (c::TLSCONN_CRL_OFF as i64, CrlMode::Off),
            (c::TLSCONN_CRL_IF_PRESENT as i64, CrlMode::IfPresent),
            (c::TLSCONN_CRL_REQUIRED as i64, CrlMode::Required),
        ],
    )
}

fn version(value: i64) -> Result<Version, Error> {
    use tlsconn_tls_version as v;
    let known =
        [(v::TLSCONN_TLS_1_2 as i64, Version::Tls12), (v::TLSCONN_TLS_1_3 as i64, Version::Tls13)];
    meaning(value, &known)
}
