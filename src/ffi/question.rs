//! Chapter "Questions and answers" of the header.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::call::{call, call_or, release};
use super::certificate::tlsconn_cert;
use super::handle::{lend, share, show, take_back};
use super::read::pick;
use super::style::Styled;
use super::text::Text;
use crate::error::{CallCause, Error, Kind};
use crate::process::Once;
use crate::terminal::ask_terminal;
use crate::trust::{Answer, Question, Reply, Situation};

/// A question about a peer: a server, or a client (`TLSCONN_SITUATION_CLIENT`).
///
/// Reference-counted; any number of threads may use it at once, and it outlives its connection.
/// Connections that would ask the same thing share one question and return the same pointer, so
/// that twenty parallel connections open one dialog. The peer has already proved that it holds
/// the key of its certificate. A server has been sent nothing but the first hello, and no
/// application data has been exchanged with a client. Whatever you get from a question is
/// borrowed from it.
pub struct tlsconn_question {
    question: Arc<Question>,
    host: Text,
    identity: Text,
    texts: Styled,
    chain: Once<Vec<Arc<tlsconn_cert>>>,
    previous: Once<Option<Arc<tlsconn_cert>>>,
}

/// The one object that C sees of a question.
pub(super) fn face(question: &Arc<Question>) -> Arc<tlsconn_question> {
    question.companion(|| {
        Arc::new(tlsconn_question {
            question: Arc::clone(question),
            host: Text::new(),
            identity: Text::new(),
            texts: Styled::default(),
            chain: Once::new(),
            previous: Once::new(),
        })
    })
}

/// Answers to a question.
///
/// Any other number rejects, and so do end of input and a timeout. 0 rejects, so zeroed memory
/// does too. Nothing else in this header has the numbers that allow: what a validator returns by
/// mistake, such as `TLSCONN_WANT_ANSWER`, allows nobody.
#[repr(C)]
#[allow(dead_code, reason = "C gives these; Rust reads them as numbers")]
pub enum tlsconn_answer {
    /// No. This is never stored: the question is asked again next time.
    TLSCONN_REJECT = 0,
    /// Yes, for the connections that are waiting for this question now. Later ones ask again.
    TLSCONN_ALLOW_ONCE = 1001,
    /// Yes, from now on: stored in the file of known servers, or of known clients. Without such
    /// a file it is the same as `TLSCONN_ALLOW_SESSION`.
    TLSCONN_ALLOW_ALWAYS = 1002,
    /// Yes, until the context is freed. It does not override an entry of the file of known
    /// servers: there it is the same as `TLSCONN_ALLOW_ONCE`.
    TLSCONN_ALLOW_SESSION = 1003,
    /// From a validator only: the answer will be given with tlsconn_question_answer().
    TLSCONN_ANSWER_LATER = 1004,
}

/// Why there is a question.
#[repr(C)]
#[allow(dead_code, reason = "C reads these")]
pub enum tlsconn_situation {
    /// An unknown server with a valid certificate from a CA that you trust. No problems.
    TLSCONN_SITUATION_NEW = 150,
    /// The certificate of a known server has changed.
    TLSCONN_SITUATION_CHANGED = 151,
    /// A known server has a new certificate, from a CA, for its old key.
    TLSCONN_SITUATION_RENEWED = 152,
    /// An unknown server whose certificate has any problem: it is not from a CA you trust, has
    /// expired, or is for another name.
    TLSCONN_SITUATION_UNTRUSTED = 153,
    /// A known server has a problem that was not accepted before.
    TLSCONN_SITUATION_NEW_PROBLEM = 154,
    /// A client that is not in the directory of clients and has no valid certificate from a CA,
    /// or a known client with a problem that was not accepted before. Only if
    /// `TLSCONN_OPT_ON_CLIENT` is ASK.
    TLSCONN_SITUATION_CLIENT = 155,
}

/// What a validator's number means. `None`: the answer will be given later.
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

/// A ready-made validator: asks on the terminal of the process.
///
/// Pass it to tlsconn_ctx_set_validator() with `userdata` NULL. It shows the summary on
/// /dev/tty, not on the standard streams, and waits for a word to be typed there; anything
/// typed before is discarded. The line that asks names the peer, and offers an answer for the
/// session only to a server, or once the context has made more than one connection.
///
/// One question at a time is on a terminal, across threads and programs: the terminal's device is
/// locked or, if you are not allowed to open it, the user is told that it cannot be locked. When
/// its turn comes, the files of known servers and known clients are read again, and nothing is
/// asked if another program has stored the answer.
///
/// It rejects if there is no terminal, at end of input, after three words that are not answers,
/// when a signal handler has run on this thread, such as for Ctrl-C, when tlsconn_conn_abort() was
/// called for the connection that asks, and if `question` is NULL. Any thread.
///
/// Returns one of `tlsconn_answer`. `TLSCONN_ANSWER_LATER`: there is no answer, and no need for
/// one, because the time to answer is over, the question was answered elsewhere, or the peer is
/// judged again without it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_ask_terminal(
    question: *mut tlsconn_question,
    userdata: *mut c_void,
) -> c_int {
    let _ = userdata;
    call_or(tlsconn_answer::TLSCONN_REJECT as c_int, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        let reply = ask_terminal(&question.question);
        Ok(match reply.inspect(|reply| question.question.remark(reply)).map(|one| one.answer()) {
            None => tlsconn_answer::TLSCONN_ANSWER_LATER,
            Some(Answer::Reject) => tlsconn_answer::TLSCONN_REJECT,
            Some(Answer::Once) => tlsconn_answer::TLSCONN_ALLOW_ONCE,
            Some(Answer::Always) => tlsconn_answer::TLSCONN_ALLOW_ALWAYS,
            Some(Answer::Session) => tlsconn_answer::TLSCONN_ALLOW_SESSION,
        } as c_int)
    })
}

/// Take one more reference, to keep a question after a callback has returned or a connection
/// was freed.
///
/// Returns `question`, or NULL for NULL. The reference is yours: free it with
/// tlsconn_question_unref(). Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_ref(
    question: *mut tlsconn_question,
) -> *mut tlsconn_question {
    // SAFETY: the contract: a question or NULL.
    unsafe { share(question) };
    question
}

/// Free a reference. NULL is allowed and does nothing. If nobody is left to answer a question,
/// it is rejected when its connections time out. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_unref(question: *mut tlsconn_question) {
    // SAFETY: the contract: the caller's own reference, not used again.
    release(unsafe { take_back(question) });
}

/// Why there is a question: one of `tlsconn_situation`; 0 if `question` is NULL. Any thread.
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

/// Everything that is wrong with the peer, bits of `tlsconn_problem`. An answer that allows the
/// peer accepts these problems and no others. 0 if `question` is NULL. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_problems(question: *const tlsconn_question) -> u32 {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        Ok(unsafe { lend("question", question) }?.question.asked().problems.bits())
    })
}

/// The host that you connect to, or the verify name; never a name from the certificate.
///
/// UTF-8; it lives as long as `question`, and is empty if that is NULL or about a client. Any
/// thread.
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

/// The port that you connect to; 0 if `question` is NULL or about a client. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tlsconn_question_port(question: *const tlsconn_question) -> c_int {
    call_or(0, || {
        // SAFETY: the contract: a question or NULL.
        let question = unsafe { lend("question", question) }?;
        Ok(question.question.asked().endpoint.as_ref().map_or(0, |one| c_int::from(one.port)))
    })
}

/// The identity that the client would have.
///
/// UTF-8; it lives as long as `question`, and is empty if that is NULL or about a server. Any
/// thread.
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

/// The chain that the peer sent: its own certificate at 0, then the others.
///
/// Borrowed from `question`; NULL past the end, or if `question` is NULL. Any thread.
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

/// The certificate by which the peer is known; NULL if it is not known, or if `question` is
/// NULL.
///
/// Borrowed from `question`. tlsconn_question_text() explains the difference. Any thread.
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
/// `style` is one of `tlsconn_style`. UTF-8, bounded, and escaped so that it cannot control a
/// terminal; no line that the peer wrote looks like one of ours. For a known server it says in
/// which file and line its entry stands and, if the certificate is another one, shows both
/// fingerprints and says whether a CA vouches for the new one.
/// It lives as long as `question`, and is empty if that is NULL or `style` is not one of
/// `tlsconn_style`. Any thread.
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

/// Whether you can offer an answer: 1 or 0.
///
/// `answer` is one of `tlsconn_answer`. `TLSCONN_ALLOW_ALWAYS` needs a file of known servers,
/// or of known clients; `TLSCONN_ALLOW_SESSION` cannot override an entry of one. 0 if
/// `question` is NULL or `answer` is not one of `tlsconn_answer`. Any thread.
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

/// Answer a question.
///
/// `answer` is one of `tlsconn_answer`; any other number rejects. The first answer counts.
/// Every waiting connection wakes up and judges the peer again with the answer, which does not
/// cover problems that have appeared since. If no connection is waiting any more, a lasting
/// answer is still recorded. Any thread, even the one that runs the validator.
///
/// Returns:
/// - `TLSCONN_OK`: answered.
/// - `TLSCONN_E_STALE`: the question has already been answered.
/// - `TLSCONN_E_FORKED`: called in a child process.
/// - `TLSCONN_E_STORE`, `TLSCONN_E_STORE_LOCKED`, `TLSCONN_E_PERMISSION`, `TLSCONN_E_NOMEM` (out of
///   memory or file descriptors): the answer had to be stored at once and could not be; it lasts
///   until the context is freed.
/// - `TLSCONN_E_CERT_CHANGED`: meanwhile another certificate was allowed for this host; that
///   one stays.
/// - `TLSCONN_E_INVALID`: `question` is NULL, or `answer` is `TLSCONN_ANSWER_LATER`; the
///   question stays open.
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
                "TLSCONN_ANSWER_LATER is not an answer that can be given here",
            )
            .because(&CallCause::AnswerLater));
        }
        let by_whom = question.question.by("the application, with tlsconn_question_answer()");
        question.question.answer(Reply::by(final_answer(answer), &by_whom))
    })
}
