//! Chapter "Callbacks" of the header: functions of the application, as the library knows them.
//!
//! A callback's userdata goes with the last thing that may still use the callback, whichever
//! thread that ends on. Every callback may call the library. One that is left by `longjmp` loses
//! what the call held, and no lock is held; an exception, or the end of a thread, ends the process.

use std::ffi::{CString, c_char, c_int, c_void};
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::handle::show;
use super::question::{answer_of, face, tlsconn_ask_terminal, tlsconn_question};
use super::read::pick;
use super::text::c_string;
use crate::context::{AskPassphrase, Validator};
use crate::material::Style;
use crate::terminal::ask_terminal;
use crate::trust::{Answer, Question, Reply};

/// Frees the userdata of a callback.
///
/// Called once, after the last connection, question or context that uses the callback is gone, on
/// the thread that released it, with no lock held.
pub type tlsconn_destroy_fn = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// Asks the user about a peer; tlsconn_question_situation() says whether it is a client.
///
/// It runs on the thread that called the library, with no lock held. It may call the library, but
/// not use the connection in question: such a call returns `TLSCONN_E_REENTRANT`. `question` is
/// borrowed; to keep it after the callback returns, use tlsconn_question_ref(). Return one of
/// `tlsconn_answer`. With `TLSCONN_ANSWER_LATER`, any thread can give the answer later by
/// tlsconn_question_answer(); a blocking connection waits for it. Any other number rejects. The
/// first answer counts: after tlsconn_question_answer() in the callback itself, or on another
/// thread meanwhile, it does not matter what the callback returns; return `TLSCONN_ANSWER_LATER`
/// then. The answer is checked against the settings of the context at the time it is given.
pub type tlsconn_validator_fn =
    Option<unsafe extern "C" fn(question: *mut tlsconn_question, userdata: *mut c_void) -> c_int>;

/// Asks for the passphrase of an encrypted key.
///
/// `what` names the key, and lives until the callback returns. `attempt` counts from 1: after a
/// wrong passphrase the callback is called again, three times in all. Write the passphrase to
/// `buf`, at most `size` bytes, without a NUL, and return its length in bytes. A number below 0 or
/// above `size` cancels. The buffer is wiped afterwards. The callback runs on the thread that
/// called the library, with no lock held, and may call the library.
pub type tlsconn_passphrase_fn = Option<
    unsafe extern "C" fn(
        what: *const c_char,
        attempt: u32,
        buf: *mut c_char,
        size: usize,
        userdata: *mut c_void,
    ) -> c_int,
>;

/// The longest passphrase.
const PASSPHRASE_SIZE: usize = 1024;

/// What an application handed over with a callback.
struct Userdata {
    pointer: *mut c_void,
    destroy: tlsconn_destroy_fn,
}

// SAFETY: the contract of every callback: it may be called, and its userdata destroyed, on
// any thread.
unsafe impl Send for Userdata {}
// SAFETY: as above; several threads may call at once.
unsafe impl Sync for Userdata {}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the contract: a function of this type, called once with its userdata.
            unsafe { destroy(self.pointer) };
        }
    }
}

/// The validator that the library has.
const TERMINAL: unsafe extern "C" fn(*mut tlsconn_question, *mut c_void) -> c_int =
    tlsconn_ask_terminal;

/// A validator of the application.
struct Asks {
    function: unsafe extern "C" fn(*mut tlsconn_question, *mut c_void) -> c_int,
    /// Whether the function is the library's own, whose answers have better words than a number.
    is_terminal: bool,
    userdata: Userdata,
}

/// The validator that C gave, where it gave one.
pub(super) fn validator(
    function: tlsconn_validator_fn,
    pointer: *mut c_void,
    destroy: tlsconn_destroy_fn,
) -> Option<Arc<dyn Validator>> {
    let function = function?;
    let is_terminal = std::ptr::fn_addr_eq(function, TERMINAL);
    Some(Arc::new(Asks { function, is_terminal, userdata: Userdata { pointer, destroy } }))
}

impl Validator for Asks {
    fn validate(&self, question: &Arc<Question>) -> Option<Reply> {
        if self.is_terminal {
            return ask_terminal(question);
        }
        let face = face(question);
        // SAFETY: the contract: a function of this type; the question outlives the call.
        let answer = unsafe { (self.function)(show(&face), self.userdata.pointer) };
        answer_of(answer).map(Reply::from)
    }
}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asks")
    }
}

/// A validator of the 2007 proposal.
struct Proposed(unsafe extern "C" fn(*const c_char, *const c_char) -> c_int);

/// The proposal's validator that C gave, where it gave one.
pub(super) fn proposed(
    function: Option<unsafe extern "C" fn(*const c_char, *const c_char) -> c_int>,
) -> Option<Arc<dyn Validator>> {
    Some(Arc::new(Proposed(function?)))
}

impl Validator for Proposed {
    fn validate(&self, question: &Arc<Question>) -> Option<Reply> {
        // The numbers of the proposal, which has no names for them.
        const ALLOWING: [(c_int, Answer); 2] = [(1, Answer::Once), (2, Answer::Always)];
        let asked = question.asked();
        let host = asked.endpoint.as_ref().map_or("", |endpoint| endpoint.host.as_str());
        let host = c_string(host);
        let pem = question.certificate(0).map(|leaf| leaf.text(Style::Pem)).unwrap_or_default();
        let pem = c_string(&pem);
        // SAFETY: the contract: a function of this type; both strings outlive the call.
        let answer = unsafe { (self.0)(host.as_ptr(), pem.as_ptr()) };
        Some(pick(answer, &ALLOWING).unwrap_or(Answer::Reject).into())
    }
}

impl fmt::Debug for Proposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proposed")
    }
}

/// The way to a passphrase that C gave, where it gave one.
pub(super) fn passphrase(
    function: tlsconn_passphrase_fn,
    pointer: *mut c_void,
    destroy: tlsconn_destroy_fn,
) -> Option<Arc<AskPassphrase>> {
    let function = function?;
    let userdata = Userdata { pointer, destroy };
    Some(Arc::new(move |what: &str, attempt: u32| {
        let userdata = &userdata;
        let what: CString = c_string(what);
        let mut buffer = Zeroizing::new(vec![0_u8; PASSPHRASE_SIZE]);
        let start = buffer.as_mut_ptr().cast();
        // SAFETY: the contract: a function of this type; the string and the buffer outlive
        // the call, and the buffer has the size that is said.
        let length =
            unsafe { function(what.as_ptr(), attempt, start, PASSPHRASE_SIZE, userdata.pointer) };
        let length = usize::try_from(length).ok().filter(|length| *length <= PASSPHRASE_SIZE)?;
        buffer.truncate(length);
        Some(buffer)
    }))
}
