//! What C borrowed from a connection and may still look at, under one lock.
//!
//! What was shown once stays where it is until the connection is freed, and what is asked for
//! again is shown at the same place. Each list has a handful of members at most.

use std::ffi::{c_char, c_int};
use std::sync::Arc;

use super::certificate::tlsconn_cert;
use super::error::tlsconn_error;
use super::handle::show;
use super::question::tlsconn_question;
use super::text::Text;
use crate::error::Error;
use crate::material::Certificate;
use crate::process::Mutex;

#[derive(Default)]
pub(super) struct Lent(Mutex<Lists>);

#[derive(Default)]
struct Lists {
    questions: Vec<Arc<tlsconn_question>>,
    certificates: Vec<(usize, Arc<tlsconn_cert>)>,
    errors: Vec<(Error, Arc<tlsconn_error>)>,
    words: Vec<(c_int, String, Arc<Text>)>,
}

impl Lent {
    pub(super) fn question(&self, question: Arc<tlsconn_question>) -> *mut tlsconn_question {
        let shown = show(&question);
        let questions = &mut self.0.lock().questions;
        if !questions.iter().any(|kept| Arc::ptr_eq(kept, &question)) {
            questions.push(question);
        }
        shown
    }

    pub(super) fn error(&self, error: Error) -> *const tlsconn_error {
        let errors = &mut self.0.lock().errors;
        if let Some((_, kept)) = errors.iter().find(|(known, _)| *known == error) {
            return show(kept).cast_const();
        }
        let kept = Arc::new(tlsconn_error::new(&error));
        let shown = show(&kept).cast_const();
        errors.push((error, kept));
        shown
    }

    /// `words` say what the connection is in the respect of `what`, a number of `tlsconn_info`.
    pub(super) fn words(&self, what: c_int, words: String) -> *const c_char {
        let all = &mut self.0.lock().words;
        let kept = all.iter().find(|(of, known, _)| *of == what && *known == words);
        if let Some((_, _, text)) = kept {
            return text.get(String::new);
        }
        let text = Arc::new(Text::new());
        let shown = text.get(|| words.clone());
        all.push((what, words, text));
        shown
    }

    /// `certificate` is the peer's `i`th.
    pub(super) fn certificate(&self, i: usize, certificate: Certificate) -> *mut tlsconn_cert {
        let certificates = &mut self.0.lock().certificates;
        let kept = certificates.iter().find(|(at, known)| *at == i && known.is(&certificate));
        if let Some((_, kept)) = kept {
            return show(kept);
        }
        let kept = tlsconn_cert::new(certificate);
        let shown = show(&kept);
        certificates.push((i, kept));
        shown
    }
}
