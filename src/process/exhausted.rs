//! What the system says where it has no more of something, and in which words.

use rustix::io::Errno;

/// Whether a call failed because the process or the machine has no more descriptors or memory: the
/// one list of these reasons, whatever was to be opened, read or sent. The same call can work later.
pub(crate) const fn is_exhausted(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
}

/// The words of an error of the system, without its number.
pub(crate) fn without_number(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
