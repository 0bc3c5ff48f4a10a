//! What to do about a call, a setting or a limit of the process.

use super::Cause;

/// Why a call of the application cannot be answered.
#[derive(Clone, Debug)]
pub(crate) enum CallCause {
    /// A port outside the range.
    Port,
    /// A list of names of protocols with a blank or an empty name.
    ProtocolNames,
    /// An answer that says that there will be one.
    AnswerLater,
    /// A function of the application that is called for each entry of a list returned a failure.
    EndOfList,
}

impl Cause for CallCause {
    fn hint(&self) -> String {
        match self {
            Self::Port => "ports are 1 to 65535",
            Self::ProtocolNames => "separate the names by commas, without blanks",
            Self::AnswerLater => "call this function again when there is an answer",
            Self::EndOfList => "return a number above 0 to end the list without a failure",
        }
        .to_owned()
    }
}
