//! Chapter "Problems" of the header: what can be wrong with a peer, as numbers and names.

use std::ffi::{c_char, c_int};

use super::text::Text;
use crate::error::Problems;

/// What is wrong with a peer: a bit for each problem, all of them at once.
///
/// Checks do not stop at the first problem. Bits never change and are never reused; any release
/// may add new ones.
#[repr(C)]
#[allow(dead_code, reason = "C reads these; Rust has them in Problems")]
pub enum tlsconn_problem {
    /// The certificate chain does not lead to a CA that you trust, within a path of 32
    /// certificates.
    TLSCONN_P_UNKNOWN_ISSUER = 0x1,
    /// The certificate is self-signed.
    TLSCONN_P_SELF_SIGNED = 0x2,
    /// The certificate is for another name (RFC 9525).
    TLSCONN_P_NAME_MISMATCH = 0x4,
    /// The certificate has no subject alternative names.
    TLSCONN_P_NO_SAN = 0x8,
    /// The certificate, or one above it in the chain, has expired.
    TLSCONN_P_EXPIRED = 0x10,
    /// The certificate, or one above it in the chain, is not valid yet.
    TLSCONN_P_NOT_YET_VALID = 0x20,
    /// Key usage or extended key usage does not allow this use (RFC 5280, 4.2.1.3 and
    /// 4.2.1.12): the key of a peer must be one that may sign (digitalSignature).
    TLSCONN_P_WRONG_PURPOSE = 0x40,
    /// The peer's own certificate is a CA certificate.
    TLSCONN_P_CA_AS_LEAF = 0x80,
    /// A key is too short, or the peer's is of a kind or in a form that TLS here cannot use.
    TLSCONN_P_WEAK_KEY = 0x100,
    /// A signature algorithm is broken or not supported.
    TLSCONN_P_WEAK_SIGNATURE = 0x200,
    /// A certificate is older than X.509 version 3.
    TLSCONN_P_OLD_VERSION = 0x400,
    /// Basic constraints, path length or name constraints are violated, a policy is demanded, or
    /// there is an unknown critical extension.
    TLSCONN_P_CONSTRAINT = 0x800,
    /// A revocation list (CRL) is required, and no usable one was found.
    TLSCONN_P_CRL_MISSING = 0x1000,
    /// The newest revocation list has expired: it is past its next update.
    TLSCONN_P_CRL_EXPIRED = 0x2000,
    /// A rule of form that public CAs follow is broken.
    TLSCONN_P_FORM = 0x4000,
    /// The certificate, or one above it, has been revoked. This and the problems below can
    /// never be overridden, by any answer or policy.
    TLSCONN_P_REVOKED = 0x10000,
    /// The signature of a self-signed certificate, or of the handshake, is not valid.
    TLSCONN_P_BAD_SIGNATURE = 0x20000,
    /// What the peer sent is not a certificate, or is not encoded in DER.
    TLSCONN_P_BAD_ENCODING = 0x40000,
    /// Marked as distrusted, by certificate or by key.
    TLSCONN_P_DISTRUSTED = 0x80000,
}

/// The version of the library, such as `0.1.0`. The string lives as long as the process. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_version() -> *const c_char {
    static VERSION: Text = Text::new();
    VERSION.get(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// The name of a problem as written in trusted.pem, such as `expired`.
///
/// `one_problem` is one bit of `tlsconn_problem`. The string lives as long as the process; it
/// is empty for an unknown bit, or for more than one. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_problem_name(one_problem: c_int) -> *const c_char {
    static NAMES: [Text; 32] = [const { Text::new() }; 32];
    let bits = u32::try_from(one_problem).unwrap_or_default();
    let known = Problems::from_bits(bits).filter(|found| found.count() == 1);
    let slot = NAMES.get(usize::try_from(bits.trailing_zeros()).unwrap_or_default());
    match (known, slot) {
        (Some(problem), Some(slot)) => slot.get(|| problem.to_string()),
        _ => c"".as_ptr(),
    }
}
