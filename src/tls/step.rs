//! What a session and the objects that it shares with others tell each other.
//!
//! rustls resumes a session only where verifier and resolver are the very objects of the first
//! one, so all sessions of a setup share theirs. rustls calls them on the thread that feeds it:
//! a step begins with the certificates that its session has read so far, and ends with what the
//! verifier has read and the resolver has answered. Nothing here outlives the step.

use std::cell::RefCell;

use super::outcome::Certified;
use crate::error::Error;
use crate::material::Certificate;

/// What is known in the step that runs on this thread.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The certificates of the peer, each read once.
    pub(super) read: Vec<Certificate>,
    /// What the resolver answered, where it was asked.
    pub(super) certified: Option<Certified>,
}

thread_local! {
    static STEP: RefCell<Step> = const { RefCell::new(Step { read: Vec::new(), certified: None }) };
}

impl Step {
    /// Begins a step of a session that has read these certificates.
    pub(super) fn begin(read: Vec<Certificate>) {
        STEP.set(Self { read, certified: None });
    }

    /// Ends the step.
    pub(super) fn end() -> Self {
        STEP.take()
    }
}

/// The certificate with these bytes, in the step that runs.
pub(super) fn certificate(der: &[u8]) -> Result<Certificate, Error> {
    STEP.with_borrow_mut(|step| read_once(&mut step.read, der))
}

/// Says what the resolver answered, in the step that runs.
pub(super) fn answered(certified: Certified) {
    STEP.with_borrow_mut(|step| step.certified = Some(certified));
}

/// The certificate with these bytes: one of those in `read`, or a new one among them.
pub(super) fn read_once(read: &mut Vec<Certificate>, der: &[u8]) -> Result<Certificate, Error> {
    if let Some(known) = read.iter().find(|one| one.der() == der) {
        return Ok(known.clone());
    }
    let new = Certificate::from_der(der)?;
    read.push(new.clone());
    Ok(new)
}
