//! The example `tls_front` before a unix socket.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::example;
use super::folder::Pki;
use super::server::Server;

/// A front of its own key and certificate, which runs until its value goes.
pub(crate) struct Front(Server);

impl Front {
    /// A front before `socket`; `more` says which clients are allowed.
    pub(crate) fn start<T: AsRef<OsStr>>(pki: &Pki, socket: &Path, more: &[T]) -> Self {
        let own = pki.server("front");
        let words = example::words("tls_front");
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["--listen", "127.0.0.1:0", "--unix"]).arg(socket);
        command.arg("--cert").arg(&own.certificate).arg("--key").arg(&own.key).args(more);
        command.envs(example::environment()).env_remove("LD_LIBRARY_PATH");
        Self(Server::that_says("listening on", 0, &mut command))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// Wait until it has said this.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) {
        self.0.wait_for(words);
    }

    /// It says `words` about this many clients, and about no more by now.
    #[track_caller]
    pub(crate) fn says(&self, words: &str, times: usize) {
        self.0.wait_for_line(words, times);
        let said = self.0.said();
        assert_eq!(said.matches(words).count(), times, "{said}");
    }

    /// End it, and look whether its memory was misused.
    #[track_caller]
    pub(crate) fn ends(self) {
        let log = self.0.stop();
        for word in ["Sanitizer", "runtime error", "Invalid ", "uninitialised", "definitely"] {
            assert!(!log.contains(word), "{log}");
        }
    }
}
