//! What a session and the objects that it shares with others tell each other.
//!
//! rustls resumes a session only where verifier and resolver are the very objects of the first
//! one, so all sessions of a setup share theirs. rustls calls them on the thread that feeds it:
//! a step begins with the certificates that its session has read so far, and ends with what the
//! verifier has read and the resolver has answered. Nothing here outlives the step.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use rustls::pki_types::CertificateDer;

use super::outcome::{Certified, PeerChain};
use crate::error::Error;
use crate::material::Certificate;

/// What is known in the step that runs on this thread.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The certificates of the peer, each read once.
    pub(super) read: Vec<Certificate>,
    /// What the resolver answered, where it was asked.
    pub(super) certified: Option<Certified>,
    /// Why no signature that we can make is one that the peer can verify, where that came up.
    pub(super) unverifiable: Option<String>,
}

thread_local! {
    /// Without a destructor: it is still there when a thread ends and its other values go, one of
    /// which may have a connection. Between two steps it holds nothing.
    static STEP: RefCell<ManuallyDrop<Step>> =
        const { RefCell::new(ManuallyDrop::new(Step { read: Vec::new(), certified: None, unverifiable: None })) };
}

impl Step {
    /// Begins a step of a session that has read these certificates.
    pub(super) fn begin(read: Vec<Certificate>) {
        drop(Self { read, ..Self::default() }.swapped_in());
    }

    /// Ends the step.
    pub(super) fn end() -> Self {
        Self::default().swapped_in()
    }

    /// Puts this step in the place of the one that runs.
    fn swapped_in(self) -> Self {
        ManuallyDrop::into_inner(STEP.replace(ManuallyDrop::new(self)))
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

/// Says why the peer cannot verify any signature that our keys can make, in the step that runs.
pub(super) fn unverifiable(why: String) {
    STEP.with_borrow_mut(|step| step.unverifiable = Some(why));
}

/// What a peer shows, of which `read` holds what was read before.
pub(super) fn read_all(read: &mut Vec<Certificate>, sent: &[CertificateDer<'_>]) -> PeerChain {
    let mut chain = Vec::with_capacity(sent.len());
    for der in sent {
        match read_once(read, der) {
            Ok(certificate) => chain.push(certificate),
            Err(why) => return PeerChain { chain: chain.into(), unreadable: Some(why) },
        }
    }
    PeerChain { chain: chain.into(), unreadable: None }
}

/// The certificate with these bytes: one of those in `read`, or a new one among them.
fn read_once(read: &mut Vec<Certificate>, der: &[u8]) -> Result<Certificate, Error> {
    if let Some(known) = read.iter().find(|one| one.der() == der) {
        return Ok(known.clone());
    }
    let new = Certificate::from_der(der)?;
    read.push(new.clone());
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Maker, certificates_read};

    #[test]
    fn a_certificate_is_read_once_in_the_steps_of_a_session() {
        let leaf = Maker::authority("Leaf").certificate();
        let sent = [CertificateDer::from(leaf.der())];
        Step::begin(Vec::new());
        let before = certificates_read();
        assert_eq!(certificate(leaf.der()).unwrap(), leaf);
        let mut read = Step::end().read;
        Step::begin(std::mem::take(&mut read));
        certificate(leaf.der()).unwrap();
        read = Step::end().read;
        assert_eq!(*read_all(&mut read, &sent).chain, [leaf]);
        assert_eq!(certificates_read() - before, 1);
        assert!(Step::end().read.is_empty(), "nothing outlives a step");
    }

    #[test]
    fn a_thread_that_is_ending_can_still_make_a_step() {
        struct AtTheEnd(std::sync::mpsc::Sender<usize>, Certificate);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                Step::begin(vec![self.1.clone()]);
                let known = certificate(self.1.der());
                let _ = self.0.send(Step::end().read.len() + usize::from(known.is_err()));
            }
        }
        thread_local! {
            static BEFORE: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
            static AFTER: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        let ending = std::thread::spawn(move || {
            let leaf = Maker::authority("Leaf").certificate();
            BEFORE.set(Some(AtTheEnd(sender.clone(), leaf.clone())));
            Step::begin(vec![leaf.clone()]);
            assert_eq!(Step::end().read.len(), 1);
            AFTER.set(Some(AtTheEnd(sender, leaf)));
        });
        ending.join().unwrap();
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn what_cannot_be_read_ends_what_a_peer_shows() {
        let [leaf, other] = [(); 2].map(|()| Maker::authority("One").certificate());
        let sent = [leaf.der(), &[0x30, 0], other.der()].map(CertificateDer::from);
        let PeerChain { chain, unreadable } = read_all(&mut Vec::new(), &sent);
        assert_eq!(*chain, [leaf]);
        assert!(unreadable.unwrap().message().contains("not a certificate"));
        let nothing = read_all(&mut Vec::new(), &[]);
        assert!(nothing.chain.is_empty() && nothing.unreadable.is_none());
    }
}
