//! Strings that C borrows: made once, kept with the object that they belong to.

use std::ffi::{CString, c_char};

use crate::process::Once;

/// A string that is made when C first asks for it.
#[derive(Debug, Default)]
pub(super) struct Text(Once<CString>);

impl Text {
    pub(super) const fn new() -> Self {
        Self(Once::new())
    }

    /// The string, NUL-terminated; it lives as long as `self`.
    pub(super) fn get(&self, make: impl FnOnce() -> String) -> *const c_char {
        self.0.get_or_init(|| c_string(&make())).as_ptr()
    }
}

/// `text` for C. A NUL inside, which no string of ours has, would end it early.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\\x00")).unwrap_or_default()
}
