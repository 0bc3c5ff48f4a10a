//! How a session ends: with an alert that fits, and without the flight that is held.

use rustls::{HandshakeKind, ProtocolVersion};
use zeroize::Zeroize;

use super::{Phase, Session};
use crate::error::{Error, Kind};
use crate::tls::alert::Alert;
use crate::tls::outcome::Certified;

impl Session {
    /// Ends the session; the flight that is held goes nowhere.
    pub(super) fn fail(&mut self, alert: Option<Alert>) {
        match self.phase {
            // What rustls says now is its own alert, under the keys that the client expects.
            Phase::Hello if self.is_server() && self.tls.is_handshaking() => self.collect(),
            Phase::Hello | Phase::Held => {
                if let Some(record) = alert.and_then(|alert| self.own_alert(alert)) {
                    self.outgoing.extend_from_slice(&record);
                }
            }
            // The flight has left, so what rustls says now is in order.
            Phase::Admitted => self.collect(),
            Phase::Failed => return,
        }
        self.phase = Phase::Failed;
        self.held.zeroize();
        self.incoming.zeroize();
    }

    fn own_alert(&self, alert: Alert) -> Option<Vec<u8>> {
        if self.tls.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            let resumed = self.tls.handshake_kind() == Some(HandshakeKind::Resumed);
            // In a resumed session a server has sealed its Finished already, and an alert in
            // plain text would be a damaged record to the client.
            let has_sealed = self.is_server() && resumed;
            return (!has_sealed).then(|| alert.plain());
        }
        // Before there is a secret nothing is sealed on our side.
        let Some(secret) = self.secrets.take() else {
            return Some(alert.plain());
        };
        alert.sealed(self.tls.negotiated_cipher_suite()?.suite(), &secret)
    }

    /// The wire ended in the middle.
    pub(super) fn truncated(&mut self) -> Error {
        let peer = self.peer.clone();
        let in_handshake = self.phase == Phase::Hello || self.tls.is_handshaking();
        let asked = self.certified != Certified::NotAsked;
        let error = if self.phase == Phase::Hello && self.is_server() {
            Error::new(Kind::Truncated, format!("{peer} hung up in the middle of the handshake"))
                .with_hint("it may not trust our certificate, or speak no TLS at all")
        } else if self.phase == Phase::Hello {
            Error::new(Kind::Truncated, format!("{peer} hung up in the middle of the handshake"))
                .with_hint("is this the right port, and does the server expect TLS on it from the first byte?")
        } else if asked && !self.is_server() && (in_handshake || !self.data_came) {
            Error::new(Kind::Truncated, format!("{peer} hung up without a word after it had asked for our certificate: it refused our certificate or our address"))
                .with_hint("ask its administrator whether our certificate, its authority and our address are allowed there")
        } else {
            Error::new(
                Kind::Truncated,
                format!(
                    "the connection to {peer} ended without the closing alert of TLS: what came may not be all"
                ),
            )
        };
        self.fail(None);
        error
    }
}
