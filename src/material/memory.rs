//! A look at whether there is memory, before work whose size somebody else has chosen.
//!
//! Where the heap is exhausted in the middle of such work, the runtime ends the process. So what
//! grows with its input begins with this look, and says that there is no room as long as it can
//! be said. It is no reservation: other threads may take the memory meanwhile.

use crate::error::{Error, FileCause, Kind};

/// How much more memory than its text the material takes that is read from it, with what is
/// needed on the way; 2.6 was measured.
const TIMES: usize = 4;

/// What there must be for the smallest text.
const LEAST: usize = 64 * 1024;

/// Refuses to read a text of this many bytes for which there is no room; `source` names it.
///
/// # Errors
///
/// [`Kind::NoMemory`].
pub(crate) fn room_to_read(bytes: usize, source: &str) -> Result<(), Error> {
    let bytes = bytes.saturating_mul(TIMES).saturating_add(LEAST);
    room_for(bytes, &format!("to read {source}"))
}

/// Refuses work that takes this much memory, if there is no room for it; `what` says what for.
///
/// # Errors
///
/// [`Kind::NoMemory`].
pub(crate) fn room_for(bytes: usize, what: &str) -> Result<(), Error> {
    let mut room = Vec::<u8>::new();
    let found = room.try_reserve_exact(bytes);
    // What nobody looks at need not be allocated at all, and then there is always room.
    std::hint::black_box(&mut room);
    found.map_err(|_| {
        Error::new(Kind::NoMemory, format!("out of memory: there is not enough {what}"))
            .because(&FileCause::Memory)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::{Certificate, Crl, blocks};

    /// More than any address space has.
    const TOO_MUCH: usize = isize::MAX.unsigned_abs() / 2;

    #[test]
    fn a_text_for_which_there_is_no_room_is_an_error_that_names_it() {
        let error = room_to_read(TOO_MUCH, "ca.pem").unwrap_err();
        assert_eq!(error.kind(), Kind::NoMemory);
        assert_eq!(error.message(), "out of memory: there is not enough to read ca.pem");
    }

    #[test]
    fn a_text_of_usual_size_is_read() {
        room_to_read(0, "").unwrap();
        room_to_read(1 << 20, "").unwrap();
        assert!(blocks(b"", "empty").unwrap().is_empty());
        assert_eq!(Certificate::all_from_pem(b"", "empty").unwrap_err().kind(), Kind::Parse);
        assert_eq!(Crl::all_from_pem(b"", "empty").unwrap_err().kind(), Kind::Parse);
    }
}
