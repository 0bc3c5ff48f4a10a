//! Chapter "Styles of text" of the header: how much a text for people says.

use std::ffi::{c_char, c_int};

use super::read::{no_constant, pick_at};
use super::text::Text;
use crate::error::Error;
use crate::material::Style;

/// How a certificate or a question is described.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_style {
    /// One line of less than 1,000 characters.
    TLSCONN_STYLE_LINE = 50,
    /// A few lines for a dialog: what, why, and what to do. A line with text from a certificate
    /// has at most 79 columns and goes on behind `|`; names are cut after 200 characters. A
    /// fingerprint takes two lines, and the first ends with a colon.
    TLSCONN_STYLE_SUMMARY = 51,
    /// Everything, in the same form; values are cut after 1,000 characters, lists after 100
    /// values.
    TLSCONN_STYLE_FULL = 52,
    /// One JSON object (RFC 8259). Its strings are exact, as those of tlsconn_cert_str(), and
    /// cut like them; `cut` says whether anything was.
    TLSCONN_STYLE_JSON = 53,
    /// PEM (RFC 7468).
    TLSCONN_STYLE_PEM = 54,
}

const ALL: [(c_int, Style); 5] = [
    (tlsconn_style::TLSCONN_STYLE_LINE as c_int, Style::Line),
    (tlsconn_style::TLSCONN_STYLE_SUMMARY as c_int, Style::Summary),
    (tlsconn_style::TLSCONN_STYLE_FULL as c_int, Style::Full),
    (tlsconn_style::TLSCONN_STYLE_JSON as c_int, Style::Json),
    (tlsconn_style::TLSCONN_STYLE_PEM as c_int, Style::Pem),
];

/// The texts of one object, one for each style.
#[derive(Debug, Default)]
pub(super) struct Styled([Text; ALL.len()]);

impl Styled {
    /// The text in the style with this number; it lives as long as `self`.
    pub(super) fn get(
        &self,
        style: c_int,
        make: impl FnOnce(Style) -> String,
    ) -> Result<*const c_char, Error> {
        let none = || no_constant("style", style, "TLSCONN_STYLE_*");
        let (row, style) = pick_at(style, &ALL).ok_or_else(none)?;
        Ok(self.0.get(row).map_or(c"".as_ptr(), |text| text.get(|| make(style))))
    }
}
