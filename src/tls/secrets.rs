//! What rustls tells of its secrets: the one that our own alert needs, and, where the
//! application asks for it, a key log.

use std::fmt;
use std::sync::Arc;

use rustls::KeyLog;
use zeroize::Zeroizing;

use crate::process::{Mutex, outside};

/// The secret that a client of TLS 1.3 seals its alert with while its flight is held.
pub(super) const OF_CLIENT: &str = "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
/// The secret that a server of TLS 1.3 seals its alert with while its client is judged.
pub(super) const OF_SERVER: &str = "SERVER_TRAFFIC_SECRET_0";

/// Takes one line of a key log, without its line break.
pub type KeyLogSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The secret of one session. It is wiped once the peer is admitted or refused.
pub(super) struct Secrets {
    label: &'static str,
    secret: Mutex<Option<Zeroizing<Vec<u8>>>>,
    sink: Option<KeyLogSink>,
}

impl Secrets {
    /// A place for the secret with this label.
    pub(super) fn new(label: &'static str, sink: Option<KeyLogSink>) -> Self {
        Self { label, secret: Mutex::new(None), sink }
    }

    /// The secret, once; it is gone afterwards.
    pub(super) fn take(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.secret.lock().take()
    }
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if self.label == label {
            *self.secret.lock() = Some(Zeroizing::new(secret.to_vec()));
        }
        if let Some(sink) = &self.sink {
            let line = Zeroizing::new(format!("{label} {} {}", *hex(client_random), *hex(secret)));
            // It writes to a file, or is the application's.
            outside(|| sink(&line));
        }
    }

    fn will_log(&self, label: &str) -> bool {
        self.label == label || self.sink.is_some()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2)));
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_can_be_taken_once() {
        let secrets = Secrets::new(OF_CLIENT, None);
        secrets.log(OF_CLIENT, &[1], &[2, 3]);
        assert_eq!(secrets.take().unwrap().to_vec(), [2, 3]);
        assert!(secrets.take().is_none());
    }

    #[test]
    fn a_key_log_has_the_form_that_other_tools_read() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let secrets =
            Secrets::new(OF_CLIENT, Some(Arc::new(move |line| sink.lock().push(line.to_owned()))));
        secrets.log("CLIENT_RANDOM", &[0, 255], &[16]);
        assert_eq!(*lines.lock(), ["CLIENT_RANDOM 00ff 10"]);
    }

    #[test]
    fn without_a_sink_only_the_one_secret_is_asked_for() {
        let secrets = Secrets::new(OF_CLIENT, None);
        assert!(secrets.will_log(OF_CLIENT));
        for label in [OF_SERVER, "CLIENT_TRAFFIC_SECRET_0", "CLIENT_RANDOM"] {
            assert!(!secrets.will_log(label), "{label}");
        }
    }
}
