//! What the operating system says where it refuses a call.

use rustix::io::Errno;

/// Whether the process or the machine is out of a resource that every call may need: descriptors or
/// memory.
pub(crate) const fn is_out_of_resources(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
}

/// The system's message, without its number.
pub(crate) fn message_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
