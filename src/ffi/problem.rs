//! Chapter "Problems" of the header: what can be wrong with a peer, as numbers and names.

use std::ffi::{c_char, c_int};

use super::text::Text;
use crate::error::Problems;

/// What is wrong with a peer: bits, all of them at once.
///
/// The judgement never stops at the first problem. A bit is never changed and never used
/// again; any release may bring new ones.
#[repr(C)]
#[allow(dead_code, reason = "C reads these; Rust has them in Problems")]
pub enum tlsconn_problem {
    /// No path leads to an authority of the context.
    TLSCONN_P_UNKNOWN_ISSUER = 0x1,
    /// The certificate is signed by its own key.
    TLSCONN_P_SELF_SIGNED = 0x2,
    /// The certificate is for other names (RFC 9525).
    TLSCONN_P_NAME_MISMATCH = 0x4,
    /// The certificate has no subject alternative names.
    TLSCONN_P_NO_SAN = 0x8,
    /// The certificate, or one above it, has ended.
    TLSCONN_P_EXPIRED = 0x10,
    /// The certificate, or one above it, is not valid yet.
    TLSCONN_P_NOT_YET_VALID = 0x20,
    /// Key usage or extended key usage forbid this use (RFC 5280, 4.2.1.3 and 4.2.1.12).
    TLSCONN_P_WRONG_PURPOSE = 0x40,
    /// The peer shows a certificate that is an authority.
    TLSCONN_P_CA_AS_LEAF = 0x80,
    /// A key is too short.
    TLSCONN_P_WEAK_KEY = 0x100,
    /// A signature's algorithm is broken, or none that we can compute.
    TLSCONN_P_WEAK_SIGNATURE = 0x200,
    /// A certificate is of a version before 3.
    TLSCONN_P_OLD_VERSION = 0x400,
    /// Basic constraints, path length, name constraints or an unknown critical extension.
    TLSCONN_P_CONSTRAINT = 0x800,
    /// A revocation list is wanted, and there is none that counts.
    TLSCONN_P_CRL_MISSING = 0x1000,
    /// The newest revocation list is past its next update.
    TLSCONN_P_CRL_EXPIRED = 0x2000,
    /// A rule of form that public authorities keep.
    TLSCONN_P_FORM = 0x4000,
    /// Revoked. This and all that follow can never be overridden, by no answer and no policy.
    TLSCONN_P_REVOKED = 0x10000,
    /// A self-signed certificate, or the handshake, has a signature that does not verify.
    TLSCONN_P_BAD_SIGNATURE = 0x20000,
    /// What was shown is no certificate.
    TLSCONN_P_BAD_ENCODING = 0x40000,
    /// Marked distrusted, by certificate or by key.
    TLSCONN_P_DISTRUSTED = 0x80000,
}

/// The version of the library, such as `0.1.0`. The string lives as long as the process. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn tlsconn_version() -> *const c_char {
    static VERSION: Text = Text::new();
    VERSION.get(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// The name of a problem as it stands in trusted.pem, such as `expired`.
///
/// `one_problem` is one bit of `tlsconn_problem`. The string lives as long as the process; it
/// is empty for what is no bit, or more than one. Any thread.
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
