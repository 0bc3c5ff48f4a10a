//! Chapter "The 2007 proposal" of the header.

use std::ffi::{c_char, c_int};

use super::call::call;
use super::callback::proposed;
use super::read::{constant, path, string};
use crate::context::Context;
use crate::error::Error;
use crate::material::Material;

/// The kinds of certificate data: the mail's own four, and the fifth that its prose lists.
#[repr(C)]
pub enum virConnectCertDataType {
    /// Certificates of authorities.
    VIR_CERT_CA_CERT = 0,
    /// Certificate revocation lists.
    VIR_CERT_CA_CRL = 1,
    /// The own private key.
    VIR_CERT_CLIENT_KEY = 2,
    /// The own certificate.
    VIR_CERT_CLIENT_CERT = 3,
    /// Trusted server certificates. As a file it becomes the known file, which may not exist
    /// yet.
    VIR_CERT_TRUSTED_SERVER = 4,
}

/// Decides about a server that is met for the first time and whose certificate an authority
/// vouches for.
///
/// `hostname` is the host as dialled; `cert` is the server's certificate in PEM; both live until
/// it returns. It runs on the thread that called the library, and may call it. It returns
/// `TLSCONN_REJECT`, `TLSCONN_ALLOW_ONCE` or `TLSCONN_ALLOW_ALWAYS`; any other number rejects.
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

/// 0 and -1, as the proposal has it.
fn as_proposed(body: impl FnOnce() -> Result<(), Error>) -> c_int {
    if call(body) == 0 { 0 } else { -1 }
}

/// Add certificate data from memory to the default context.
///
/// `dataType` is one of `virConnectCertDataType`; `data` is a NUL-terminated PEM text, and is
/// copied. Any thread.
///
/// Returns 0; -1 on failure, and tlsconn_last_error() says what tlsconn_ctx_add() would have
/// returned. The context is as it was then.
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
/// `dataType` is one of `virConnectCertDataType`; `dataFile` is a path, any bytes up to a NUL. A
/// file of `VIR_CERT_TRUSTED_SERVER` becomes the known file, to which `TLSCONN_ALLOW_ALWAYS`
/// writes. Any thread.
///
/// Returns 0; -1 on failure, and tlsconn_last_error() says what tlsconn_ctx_add_file() or
/// tlsconn_ctx_set_known_file() would have returned. The context is as it was then.
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

/// Set the function that decides about servers met for the first time, on the default context.
///
/// It is asked only about servers whose certificate passed every check; every other question is
/// refused with its problems. `cb` may be NULL: once a function was set, strangers are refused
/// from then on. tlsconn_ctx_set_validator() on tlsconn_ctx_default() takes its place. Any thread.
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
