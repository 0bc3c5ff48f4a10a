//! Chapter "Questions and answers" of the header.

use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, OnceLock};

use super::call::{call, call_or, release};
use super::certificate::tlsconn_cert;
use super::handle::{lend, share, show, take_back};
use super::read::pick;
use super::style::Styled;
use super::text::Text;
use crate::error::{Error, Kind};
use crate::terminal::ask_terminal;
use crate::trust::{Answer, Question, Situation};

/// A question about a peer: a server, or a client (`TLSCONN_SITUATION_CLIENT`).
///
/// Counted, good for any number of threads, and it outlives its connection. Connections that
/// would ask the same share one question and give the same pointer, so that twenty parallel
/// connections make one dialog. The peer has proven that it holds the key of its
/// certificate; nothing but the first hello has been sent to a server, and no application data
/// to or from a client. What is asked of a question is borrowed from it.
pub struct tlsconn_question {
    question: Arc<Question>,
    host: Text,
    identity: Text,
    texts: Styled,
    chain: OnceLock<Vec<Arc<tlsconn_cert>>>,
    previous: OnceLock<Option<Arc<tlsconn_cert>>>,
}

/// The one object that C sees of a question.
pub(super) fn face(question: &Arc<Question>) -> Arc<tlsconn_question> {
    question.companion(|| {
        Arc::new(tlsconn_question {
            question: Arc::clone(question),
            host: Text::new(),
            identity: Text::new(),
            texts: Styled::default(),
            chain: OnceLock::new(),
            previous: OnceLock::new(),
        })
    })
}

/// Answers to a question.
///
/// Any other number, the end of the input and a deadline reject. Zeroed memory rejects.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_answer {
    /// No. It is never stored: the question comes again.
    TLSCONN_REJECT = 0,
    /// Yes, for the connections that wait for this question now. One that comes later asks anew.
    TLSCONN_ALLOW_ONCE = 1,
    /// Yes, from now on: stored in the file of known servers, or of known clients. Without one
    /// it counts as `TLSCONN_ALLOW_SESSION`.
    TLSCONN_ALLOW_ALWAYS = 2,
    /// Yes, until the context goes. It cannot outrank what the known file pins: there it counts
    /// as `TLSCONN_ALLOW_ONCE`.
    TLSCONN_ALLOW_SESSION = 3,
    /// From a validator only: tlsconn_question_answer() will give the answer.
    TLSCONN_ANSWER_LATER = 100,
}

/// Why there is a question.
#[repr(C)]
#[allow(dead_code, reason = "C reads these")]
pub enum tlsconn_situation {
    /// A stranger that an authority of the context vouches for. No problems.
    TLSCONN_SITUATION_NEW = 150,
    /// A known server shows another certificate.
    TLSCONN_SITUATION_CHANGED = 151,
    /// A known server shows a new certificate for its old key, from an authority.
    TLSCONN_SITUATION_RENEWED = 152,
    /// A stranger whose certificate has any problem: no authority vouches for it, or it has
    /// ended, or is for another name.
    TLSCONN_SITUATION_UNTRUSTED = 153,
    /// A known server has a problem that was not accepted with it.
    TLSCONN_SITUATION_NEW_PROBLEM = 154,
    /// A client wants to come in that neither the directory of clients nor an authority vouches
    /// for, or a known client has a problem that was not accepted with it. Only where
    /// `TLSCONN_OPT_ON_CLIENT` is ASK.
    TLSCONN_SITUATION_CLIENT = 155,
}

/// What a validator's number means; nothing: the answer comes later.
pub(super) fn answer_of(number: c_int) -> Option<Answer> {
    let later = tlsconn_answer::TLSCONN_ANSWER_LATER as c_int;
    (number != later).then(|| final_answer(number))
}

const ANSWERS: [(c_int, Answer); 4] = [
    (tlsconn_answer::TLSCONN_REJECT as c_int, Answer::Reject),
    (tlsconn_answer::TLSCONN_ALLOW_ONCE as c_int, Answer::Once),
    (tlsconn_answer::TLSCONN_ALLOW_ALWAYS as c_int, Answer::Always),
    (tlsconn_answer::TLSCONN_ALLOW_SESSION as c_int, Answer::Session),
];

/// Any number that is not an answer rejects.
fn final_answer(number: c_int) -> Answer {
    pick(number, &ANSWERS).unwrap_or(Answer::Reject)
}

/// A ready validator: asks on the terminal that the process belongs to.
///
/// Give it to tlsconn_ctx_set_validator() with `userdata` NULL. It shows the summary on
/// /dev/tty, not on the standard streams, and waits there for a word; typing ahead does not
/// count. Without a terminal, at the end of the input, after three words that are none, and
/// when `question` is NULL, it rejects. tlsconn_conn_abort() does not end the wait. Any thread.
///
/// Returns one of `tlsconn_answer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ask_terminal(
    question: *mut tlsconn_question,
    userdata: *mut c_void,
) -> c_int {
    let _ = userdata;
    call_or(tlsconn_answer::TLSCONN_REJECT as c_int, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        Ok(match ask_terminal(&question.question) {
            Answer::Reject => tlsconn_answer::TLSCONN_REJECT,
            Answer::Once => tlsconn_answer::TLSCONN_ALLOW_ONCE,
            Answer::Always => tlsconn_answer::TLSCONN_ALLOW_ALWAYS,
            Answer::Session => tlsconn_answer::TLSCONN_ALLOW_SESSION,
        } as c_int)
    })
}

/// Take one more reference, to keep a question beyond a callback or a connection.
///
/// Returns `question`, and NULL for NULL. The reference is yours: give it up with
/// tlsconn_question_unref(). Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_ref(
    question: *mut tlsconn_question,
) -> *mut tlsconn_question {
    // SAFETY: the contract: a question or NULL.
    unsafe { share(question) };
    question
}

/// Give up a reference. NULL is allowed and does nothing. A question that nobody answers any
/// more is rejected at its connections' deadline. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_unref(question: *mut tlsconn_question) {
    // SAFETY: the contract: the caller's own reference, not used again.
    release(unsafe { take_back(question) });
}

/// Why there is a question: one of `tlsconn_situation`; 0 when `question` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_situation(question: *const tlsconn_question) -> c_int {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        Ok(match question.question.asked().situation {
            Situation::New => tlsconn_situation::TLSCONN_SITUATION_NEW,
            Situation::Changed => tlsconn_situation::TLSCONN_SITUATION_CHANGED,
            Situation::Renewed => tlsconn_situation::TLSCONN_SITUATION_RENEWED,
            Situation::Untrusted => tlsconn_situation::TLSCONN_SITUATION_UNTRUSTED,
            Situation::NewProblem => tlsconn_situation::TLSCONN_SITUATION_NEW_PROBLEM,
            Situation::Client => tlsconn_situation::TLSCONN_SITUATION_CLIENT,
        } as c_int)
    })
}

/// Everything that is wrong with the peer, bits of `tlsconn_problem`: an answer that allows
/// accepts these and no more. 0 when `question` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_problems(question: *const tlsconn_question) -> u32 {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        Ok(unsafe { lend("question", question) }?.question.asked().problems.bits())
    })
}

/// The host as it was dialled, or the verify name; never a name out of the certificate.
///
/// UTF-8; it lives as long as `question`, and is empty when that is NULL, or about a client.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_host(question: *const tlsconn_question) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        Ok(question.host.get(|| {
            let endpoint = question.question.asked().endpoint.as_ref();
            endpoint.map(|one| one.host.to_string()).unwrap_or_default()
        }))
    })
}

/// The port that was dialled; 0 when `question` is NULL, or about a client. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_port(question: *const tlsconn_question) -> c_int {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        Ok(question.question.asked().endpoint.as_ref().map_or(0, |one| c_int::from(one.port)))
    })
}

/// The identity that a client would be granted.
///
/// UTF-8; it lives as long as `question`, and is empty when that is NULL, or about a server.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_identity(
    question: *const tlsconn_question,
) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        let identity = question.question.asked().identity.as_ref();
        Ok(question.identity.get(|| identity.cloned().unwrap_or_default()))
    })
}

/// What the peer shows: its own certificate at 0, then those that it sent along.
///
/// Borrowed from `question`; NULL past the end, and when `question` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_cert(
    question: *const tlsconn_question,
    i: usize,
) -> *mut tlsconn_cert {
    call_or(std::ptr::null_mut(), || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        let chain = question.chain.get_or_init(|| {
            question.question.asked().chain.iter().cloned().map(tlsconn_cert::new).collect()
        });
        Ok(chain.get(i).map_or(std::ptr::null_mut(), show))
    })
}

/// The certificate that is known for the peer; NULL for strangers, and when `question` is NULL.
///
/// Borrowed from `question`. tlsconn_question_text() has the difference in words. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_previous(
    question: *const tlsconn_question,
) -> *mut tlsconn_cert {
    call_or(std::ptr::null_mut(), || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        let previous = question.previous.get_or_init(|| {
            let entry = question.question.asked().previous.as_ref();
            entry.map(|entry| tlsconn_cert::new(entry.certificate.clone()))
        });
        Ok(previous.as_ref().map_or(std::ptr::null_mut(), show))
    })
}

/// The question in words, ready for a dialog: what, why, and what to do.
///
/// `style` is one of `tlsconn_style`. UTF-8 and escaped: nothing in it can control a terminal.
/// It lives as long as `question`, and is empty when that is NULL or `style` is none. Any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_text(
    question: *const tlsconn_question,
    style: c_int,
) -> *const c_char {
    call_or(c"".as_ptr(), || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        question.texts.get(style, |style| question.question.text(style))
    })
}

/// Whether an answer can be offered: 1 or 0.
///
/// `answer` is one of `tlsconn_answer`. `TLSCONN_ALLOW_ALWAYS` needs a file of known
/// servers, or of known clients;
/// `TLSCONN_ALLOW_SESSION` cannot outrank one. 0 when `question` is NULL or `answer` is none.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_allows(
    question: *const tlsconn_question,
    answer: c_int,
) -> c_int {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        let answer = pick(answer, &ANSWERS);
        Ok(c_int::from(answer.is_some_and(|answer| question.question.allows(answer))))
    })
}

/// Answer.
///
/// `answer` is one of `tlsconn_answer`; what is none rejects. The first answer wins. Every
/// connection that waits is woken, and judged again with the answer: what came up since is
/// not covered by it. Where no connection waits any more, an answer that lasts is recorded all
/// the same. Any thread, the validator's own included.
///
/// Returns `TLSCONN_OK`; `TLSCONN_E_STALE` when it was answered before; `TLSCONN_E_FORKED` in
/// a child process; `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED` and `TLSCONN_E_PERMISSION` when
/// the answer had to be stored at once and could not: it counts until the context goes then;
/// `TLSCONN_E_CERT_CHANGED` when another certificate was allowed there meanwhile, which stays;
/// `TLSCONN_E_INVALID` when `question` is NULL or `answer` is `TLSCONN_ANSWER_LATER`, and the
/// question stays open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_answer(
    question: *mut tlsconn_question,
    answer: c_int,
) -> c_int {
    call(|| {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        if answer_of(answer).is_none() {
            return Err(Error::new(
                Kind::Invalid,
                "TLSCONN_ANSWER_LATER is no answer to give here",
            )
            .with_hint("give it when there is one"));
        }
        question.question.answer(final_answer(answer))
    })
}
