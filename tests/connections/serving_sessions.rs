//! Sessions of real clients: none by default, and with tickets none that admits a client that is no
//! longer allowed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tlsconn::{Kind, Material};

use crate::support::clients::{Client, Program, Talk, talk};
use crate::support::folder::{Pair, Pki};
use crate::support::has;
use crate::support::ours::Ours;
use crate::support::server::Server;

const BOTH: [&str; 2] = ["1.2", "1.3"];

/// A client that keeps its session, or resumes it.
struct Alice {
    pki: Pki,
    pair: Pair,
}

impl Alice {
    fn new() -> Option<Self> {
        has(&["openssl"]).then(|| {
            let pki = Pki::new();
            Self { pair: pki.client("alice"), pki }
        })
    }

    fn session(&self) -> PathBuf {
        self.pki.root().join("session")
    }

    /// OpenSSL's client, which does `what` with the session.
    fn talk(&self, port: u16, version: &'static str, what: &str) -> Talk {
        let client = Client(Program::OpenSsl, version);
        let mut words = client.words(&self.pki, port, Some(&self.pair));
        words.extend([what.into(), self.session().into()]);
        talk(&words)
    }

    /// It gets a session and resumes it: that is faster.
    #[track_caller]
    fn comes_and_comes_back(&self, server: &Ours, version: &'static str) {
        let first = self.talk(server.port, version, "-sess_out");
        assert!(first.printed.contains("New, TLSv1."), "{first:#?}");
        assert!(!server.let_in("alice").resumed);
        let second = self.talk(server.port, version, "-sess_in");
        assert!(second.printed.contains(&format!("Reused, TLSv{version}")), "{second:#?}");
        assert!(second.printed.contains("you are alice"), "{second:#?}");
        assert!(server.let_in("alice").resumed);
    }

    /// It tries to resume its session and is refused: it prints `complaint`, and gets no data.
    /// Returns what it printed, and the error.
    #[track_caller]
    fn is_refused(&self, server: &Ours, version: &'static str, complaint: &str) -> (Talk, Kind) {
        let talk = self.talk(server.port, version, "-sess_in");
        assert!(!talk.well && talk.printed.contains(complaint), "{talk:#?}");
        assert!(!talk.printed.contains("you are"), "{talk:#?}");
        (talk, server.next().unwrap_err().kind())
    }

    /// The same where the session was resumed before it was refused: TLS 1.3 tells this `alert`,
    /// and TLS 1.2 just ends.
    #[track_caller]
    fn is_refused_in_its_session(&self, server: &Ours, version: &'static str, alert: &str) -> Kind {
        let alert = format!("alert {alert}");
        let has_alert = version == "1.3";
        let complaint = if has_alert { &alert } else { "unexpected eof" };
        let (talk, kind) = self.is_refused(server, version, complaint);
        assert_eq!(talk.printed.contains("alert"), has_alert, "{talk:#?}");
        kind
    }
}

#[test]
fn no_session_is_there_to_come_back_with() {
    for version in BOTH {
        let Some(alice) = Alice::new() else { return };
        let server = Ours::http(&alice.pki.serving());
        let talk = alice.talk(server.port, version, "-sess_out");
        assert!(talk.printed.contains("you are alice"), "{talk:#?}");
        assert!(!talk.printed.contains("ession ticket:"), "{talk:#?}");
        assert!(!talk.printed.contains("New Session Ticket arrived"), "{talk:#?}");
        assert!(!alice.session().exists(), "{talk:#?}");
        assert!(!server.let_in("alice").resumed);
    }
}

#[test]
fn a_session_that_another_server_gave_is_not_resumed() {
    for version in BOTH {
        let Some(alice) = Alice::new() else { return };
        let pair = alice.pki.server("other");
        let mut command = Command::new("openssl");
        command.args(["s_server", "-www", "-accept", "127.0.0.1:0"]);
        command.arg("-cert").arg(&pair.certificate).arg("-key").arg(&pair.key);
        let other = Server::that_says("ACCEPT", 0, &mut command);
        alice.talk(other.port, version, "-sess_out");
        let again = alice.talk(other.port, version, "-sess_in");
        assert!(again.printed.contains("Reused, TLSv1."), "{again:#?}");

        for tickets in [false, true] {
            let context = alice.pki.serving();
            context.set(|settings| settings.tickets = tickets).unwrap();
            let server = Ours::http(&context);
            let ours = alice.talk(server.port, version, "-sess_in");
            assert!(ours.printed.contains("New, TLSv1."), "{ours:#?}");
            assert!(!server.let_in("alice").resumed);
        }
    }
}

#[test]
fn who_was_revoked_meanwhile_does_not_come_back_with_a_session() {
    for version in BOTH {
        let Some(alice) = Alice::new() else { return };
        let context = alice.pki.serving();
        context.add_file(Material::Crl, &alice.pki.revoke(&[])).unwrap();
        context.set(|settings| settings.tickets = true).unwrap();
        let server = Ours::http(&context);
        alice.comes_and_comes_back(&server, version);
        alice.pki.revoke(&[&alice.pair]);
        context.reload().unwrap();
        let (talk, kind) = alice.is_refused(&server, version, "alert certificate revoked");
        assert_eq!(kind, Kind::CertificateRevoked);
        assert!(!talk.printed.contains("Reused"), "{talk:#?}");
    }
}

#[test]
fn who_was_distrusted_meanwhile_does_not_come_back_with_a_session() {
    for version in BOTH {
        let Some(alice) = Alice::new() else { return };
        let context = alice.pki.serving();
        context.set(|settings| settings.tickets = true).unwrap();
        let server = Ours::http(&context);
        alice.comes_and_comes_back(&server, version);
        context.distrust(&alice.pair.parsed(), true).unwrap();
        let kind = alice.is_refused_in_its_session(&server, version, "access denied");
        assert_eq!(kind, Kind::CertificateDistrusted);
    }
}

#[test]
fn who_was_taken_out_of_the_directory_meanwhile_does_not_come_back_with_a_session() {
    for version in BOTH {
        let Some(alice) = Alice::new() else { return };
        let context = alice.pki.serving();
        let clients = tempfile::TempDir::new().unwrap();
        let entry = clients.path().join("alice.pem");
        fs::copy(&alice.pair.certificate, &entry).unwrap();
        context.set_client_dir(clients.path()).unwrap();
        context.set(|settings| settings.tickets = true).unwrap();
        let server = Ours::http(&context);
        alice.comes_and_comes_back(&server, version);
        fs::remove_file(entry).unwrap();
        let kind = alice.is_refused_in_its_session(&server, version, "certificate unknown");
        assert_eq!(kind, Kind::CertificateUnknown);
    }
}
