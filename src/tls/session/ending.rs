//! How a session ends before it is open: one alert of our own, and the held flight goes nowhere.

use rustls::{HandshakeKind, ProtocolVersion};
use zeroize::Zeroize;

use super::{Phase, Session};
use crate::error::Error;
use crate::tls::alert::Alert;
use crate::tls::failure::hung_up;

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
        let error = hung_up(self.moment(), self.phase == Phase::Hello);
        self.fail(None);
        error
    }
}
