//! Chapter "Certificates for people" of the header.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::call::{call, call_or, release};
use super::handle::{give, lend, share, take_back};
use super::read::{bytes, needed, no_constant, pick_at, place};
use super::style::Styled;
use super::text::Text;
use crate::error::{Error, Kind};
use crate::material::{Certificate, der::SEQUENCE};

/// An X.509 certificate (RFC 5280). Reference-counted, immutable, usable from any thread.
///
/// Its strings are UTF-8 and escaped: nothing in them can control a terminal, hide text, or
/// reverse its direction. They are bounded: a value that is cut ends in `...` and the number of
/// its characters. They live as long as the certificate.
pub struct tlsconn_cert {
    certificate: Certificate,
    fields: [Text; FIELDS.len()],
    texts: Styled,
}

impl tlsconn_cert {
    pub(super) fn new(certificate: Certificate) -> Arc<Self> {
        Arc::new(Self { certificate, fields: Default::default(), texts: Styled::default() })
    }

    pub(super) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether this is that very certificate.
    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        self.certificate == *certificate
    }
}

/// A field of a certificate, for tlsconn_cert_str().
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_cert_field {
    /// The subject, such as `C=GB,O=Lab,CN=alice`, in the order of the encoding.
    TLSCONN_CERT_SUBJECT = 90,
    /// The issuer, in the same form.
    TLSCONN_CERT_ISSUER = 91,
    /// The subject's common name: the first if there are several, empty if there is none.
    TLSCONN_CERT_CN = 92,
    /// The serial number, in hexadecimal with colons.
    TLSCONN_CERT_SERIAL = 93,
    /// The SHA-256 of the certificate, in hexadecimal with colons.
    TLSCONN_CERT_SHA256 = 94,
    /// The SHA-256 of its public key (the SubjectPublicKeyInfo), in hexadecimal with colons.
    TLSCONN_CERT_KEY_SHA256 = 95,
    /// The public key, such as `RSA 2048 bits`.
    TLSCONN_CERT_KEY = 96,
    /// The signature algorithm, such as `ECDSA with SHA-256`.
    TLSCONN_CERT_SIGNATURE = 97,
    /// Valid from, such as `2026-11-21T10:00:00Z` (ISO 8601).
    TLSCONN_CERT_NOT_BEFORE = 98,
    /// Valid to, in the same form.
    TLSCONN_CERT_NOT_AFTER = 99,
    /// The subject alternative names, such as `DNS:a.example, IP:192.0.2.1`; empty if there are
    /// none. After 100 names, or 4,000 characters, comes `and 9900 more`.
    TLSCONN_CERT_NAMES = 100,
}

/// Parse a certificate in PEM or DER.
///
/// `pem_or_der` is `len` bytes long and is copied. If a PEM text holds several certificates, the
/// first is used. `*out` is yours; free it with tlsconn_cert_unref(). It is NULL on failure. Any
/// thread.
///
/// Returns:
///
/// - `TLSCONN_OK`: `*out` is the certificate.
/// - `TLSCONN_E_PARSE`: there is no valid certificate.
/// - `TLSCONN_E_NOMEM`: out of memory.
/// - `TLSCONN_E_INVALID`: a pointer is NULL or `len` is too large.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn tlsconn_cert_parse(
    pem_or_der: *const c_void,
    len: usize,
    out: *mut *mut tlsconn_cert,
) -> c_int {
    call(|| {
        // SAFETY: the contract: room for a pointer, or NULL.
        let out = needed("out", unsafe { place(out, std::ptr::null_mut()) })?;
        // SAFETY: the contract: `len` readable bytes or NULL.
        let input = unsafe { bytes("pem_or_der", pem_or_der, len) }?;
        let certificate = if input.first() == Some(&SEQUENCE) {
            Certificate::from_der(input)?
        } else {
            let all = Certificate::all_from_pem(input, "the PEM text of the certificate")?;
            let none = || Error::new(Kind::Parse, "the PEM text contains no certificate");
            all.into_iter().next().ok_or_else(none)?
        };
        *out = give(tlsconn_cert::new(certificate));
        Ok(())
    })
}

/// Take a reference to a certificate.
///
/// Returns `cert`; NULL for NULL. The reference is yours; free it with tlsconn_cert_unref(). Any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_cert_ref(cert: *mut tlsconn_cert) -> *mut tlsconn_cert {
    // SAFETY: the contract: a certificate or NULL.
    unsafe { share(cert) };
    cert
}

/// Release a reference to a certificate. NULL is allowed and does nothing. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_cert_unref(cert: *mut tlsconn_cert) {
    // SAFETY: the contract: the caller's own reference, not used again.
    release(unsafe { take_back(cert) });
}

/// Get a field of a certificate as text.
///
/// The text is exact, for programs that compare: what is not one visible character is an escape
/// such as `\x0a` or `\u{200b}`, and the second and each further blank in a row is `\x20`. It
/// is cut after 1,000 characters; tlsconn_cert_der() has everything.
///
/// `field` is one of `tlsconn_cert_field`. The string lives as long as `cert`; it is empty if
/// `cert` is NULL or `field` is invalid. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_cert_str(
    cert: *const tlsconn_cert,
    field: c_int,
) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a certificate or NULL.
        let cert = unsafe { lend("cert", cert) }?;
        let none = || no_constant("field", field, "TLSCONN_CERT_*");
        let (row, words) = pick_at(field, &FIELDS).ok_or_else(none)?;
        let text = cert.fields.get(row).map(|text| text.get(|| words(&cert.certificate)));
        Ok(text.unwrap_or(c"".as_ptr()))
    })
}

type Words = fn(&Certificate) -> String;

const FIELDS: [(c_int, Words); 11] = {
    use tlsconn_cert_field as f;
    [
        (f::TLSCONN_CERT_SUBJECT as c_int, Certificate::subject),
        (f::TLSCONN_CERT_ISSUER as c_int, Certificate::issuer),
        (f::TLSCONN_CERT_CN as c_int, Certificate::common_name),
        (f::TLSCONN_CERT_SERIAL as c_int, Certificate::serial_text),
        (f::TLSCONN_CERT_SHA256 as c_int, Certificate::fingerprint),
        (f::TLSCONN_CERT_KEY_SHA256 as c_int, Certificate::key_fingerprint),
        (f::TLSCONN_CERT_KEY as c_int, Certificate::key_text),
        (f::TLSCONN_CERT_SIGNATURE as c_int, Certificate::signature_text),
        (f::TLSCONN_CERT_NOT_BEFORE as c_int, Certificate::not_before_text),
        (f::TLSCONN_CERT_NOT_AFTER as c_int, Certificate::not_after_text),
        (f::TLSCONN_CERT_NAMES as c_int, Certificate::names_text),
    ]
};

/// Describe a certificate.
///
/// `style` is one of `tlsconn_style`. The string lives as long as `cert`; it is empty if `cert` is
/// NULL or `style` is invalid. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_cert_text(
    cert: *const tlsconn_cert,
    style: c_int,
) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a certificate or NULL.
        let cert = unsafe { lend("cert", cert) }?;
        cert.texts.get(style, |style| cert.certificate.text(style))
    })
}

/// Get a certificate in DER (X.690).
///
/// The bytes live as long as `cert`. Their number is written to `*len`; `len` may be NULL. Returns
/// NULL if `cert` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_cert_der(cert: *const tlsconn_cert, len: *mut usize) -> *const u8 {
    call_or(std::ptr::null(), || {
        // SAFETY: the contract: room for a number, or NULL.
        let len = unsafe { place(len, 0) };
        // SAFETY: the contract: a certificate or NULL.
        let cert = unsafe { lend("cert", cert) }?;
        let der = cert.certificate.der();
        if let Some(len) = len {
            *len = der.len();
        }
        Ok(der.as_ptr())
    })
}
