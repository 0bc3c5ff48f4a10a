//! Chapter "The 2007 proposal" of the header.

use std::ffi::{c_char, c_int};

use super::call::call;
use super::callback::proposed;
use super::read::{constant, path, string};
use crate::context::Context;
use crate::error::Error;
use crate::material::Material;

/// The kinds of certificate data: the four that the mail defines, and the fifth that its text
/// mentions.
#[repr(C)]
pub enum virConnectCertDataType {
    /// CA certificates.
    VIR_CERT_CA_CERT = 0,
    /// Certificate revocation lists (CRLs).
    VIR_CERT_CA_CRL = 1,
    /// Your private key.
    VIR_CERT_CLIENT_KEY = 2,
    /// Your certificate.
    VIR_CERT_CLIENT_CERT = 3,
    /// Trusted server certificates. If added as a file, it becomes the file of known servers,
    /// which need not exist yet.
    VIR_CERT_TRUSTED_SERVER = 4,
}

/// Decides about an unknown server with a valid certificate from a CA.
///
/// `hostname` is the host that you connect to; `cert` is the server's certificate in PEM; both
/// live until it returns. It runs on the thread that called the library, and may call the
/// library itself. Its answers are the numbers of the proposal: 0 rejects the server, 1 allows it
/// once, 2 allows it permanently, and any other number rejects it, one of `tlsconn_answer` too.
pub type virConnectCertificateValidator =
    Option<unsafe extern "C" fn(hostname: *const c_char, cert: *const c_char) -> c_int>;

fn material(number: c_int) -> Result<Material, Error> {
    use virConnectCertDataType as v;
    const ALL: [(c_int, Material); 5] = [
        (v::VIR_CERT_CA_CERT as c_int, Material::Authority),
        (v::VIR_CERT_CA_CRL as c_int, Material::Crl),
        (v::VIR_CERT_CLIENT_KEY as c_int, Material::Key),
        (v::VIR_CERT_CLIENT_CERT as c_int, Material::Certificate),
        (v::VIR_CERT_TRUSTED_SERVER as c_int, Material::TrustedPeer),
    ];
    constant("dataType", number, "VIR_CERT_*", &ALL)
}

/// 0 or -1, as in the proposal.
fn as_proposed(body: impl FnOnce() -> Result<(), Error>) -> c_int {
    if call(body) == 0 { 0 } else { -1 }
}

/// Add certificate data from memory to the default context.
///
/// `dataType` is one of `virConnectCertDataType`; `data` is a NUL-terminated PEM text, and is
/// copied. Any thread.
///
/// Returns 0, or -1 on failure: tlsconn_last_error() then has the error that tlsconn_ctx_add()
/// would have returned, and the context is unchanged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn virConnectAddCertData(dataType: c_int, data: *const c_char) -> c_int {
    as_proposed(|| {
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let data = unsafe { string("data", data) }?;
        Context::process_wide().add(material(dataType)?, data.to_bytes())
    })
}

/// Add certificate data from a PEM file to the default context.
///
/// `dataType` is one of `virConnectCertDataType`; `dataFile` is a path, any bytes up to a NUL.
/// A file of `VIR_CERT_TRUSTED_SERVER` becomes the file of known servers, to which an answer of 2
/// writes. Any thread.
///
/// Returns 0, or -1 on failure: tlsconn_last_error() then has the error that
/// tlsconn_ctx_add_file() or tlsconn_ctx_set_known_file() would have returned, and the context
/// is unchanged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn virConnectAddCertDataFile(
    dataType: c_int,
    dataFile: *const c_char,
) -> c_int {
    as_proposed(|| {
        // SAFETY: the contract: NUL-terminated bytes or NULL.
        let file = unsafe { path("dataFile", dataFile) }?;
        match material(dataType)? {
            Material::TrustedPeer => Context::process_wide().set_known_file(file),
            other @ (Material::Authority
            | Material::Crl
            | Material::Key
            | Material::Certificate) => Context::process_wide().add_file(other, file),
        }
    })
}

/// Set the function that decides about unknown servers, on the default context.
///
/// It is asked only about servers whose certificate passed every check; in any other situation
/// that would need an answer the server is refused, and the error has its problems. `cb` may be
/// NULL: if a function was ever set, unknown servers are then refused.
/// tlsconn_ctx_set_validator() on tlsconn_ctx_default() replaces it. Any thread.
///
/// Returns 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn virConnectSetCertificateValidator(
    cb: virConnectCertificateValidator,
) -> c_int {
    as_proposed(|| {
        Context::process_wide().set_proposal_validator(proposed(cb));
        Ok(())
    })
}
