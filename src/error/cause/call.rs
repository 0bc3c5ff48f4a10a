//! What to do about a call, a setting or a limit of the process.

use super::Cause;

/// Why a call of the application cannot be answered.
#[derive(Clone, Debug)]
pub(crate) enum CallCause {
    /// A port outside the range.
    Port,
}

impl Cause for CallCause {
    fn hint(&self) -> String {
        match self {
            Self::Port => "ports are 1 to 65535".to_owned(),
        }
    }
}
