//! How a session ends before it is open: one alert of our own, and the held flight goes nowhere.
//!
//! In TLS 1.3 a client sends the change_cipher_spec for middleboxes ahead of its alert, if that has
//! not left with a second hello. It is the one record of rustls that goes; of its alert only the
//! number is read.

use rustls::{HandshakeKind, ProtocolVersion};
use zeroize::Zeroize;

use super::why::Why;
use super::{Phase, Session};
use crate::error::Error;
use crate::tls::alert::{Seal, for_failure, plain, read_plain};
use crate::tls::failure::hung_up;
use crate::tls::record;

impl Session {
    /// Ends the session; the flight that is held goes nowhere.
    pub(super) fn fail(&mut self, why: Why<'_>) {
        match self.phase {
            Phase::Hello | Phase::Held => {
                self.hold();
                if self.is_first_flight() && record::ends_with_alert(&self.held) {
                    // It is under the keys that the client expects, behind what must come first.
                    self.outgoing.append(&mut self.held);
                } else if let Some(told) = self.told(&why) {
                    self.outgoing.extend(told);
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

    /// Whether we are a server that has not heard all of its client yet: its own flight tells no
    /// client anything that another one may not know.
    fn is_first_flight(&self) -> bool {
        self.is_server() && self.phase == Phase::Hello && self.tls.is_handshaking()
    }

    /// The records that tell the peer why.
    fn told(&self, why: &Why<'_>) -> Option<Vec<u8>> {
        let seal = self.seal();
        let code = match why {
            Why::Ours(alert) => Some(alert.code()),
            Why::Failed(failure) => self.ready(seal.as_ref()).or_else(|| for_failure(failure)),
            Why::Silent => None,
        }?;
        let Some(seal) = seal else {
            // A server that resumes a session of TLS 1.2 has sealed its Finished already, and an
            // alert in plain text would be a damaged record to the client.
            let resumed = self.tls.handshake_kind() == Some(HandshakeKind::Resumed);
            let has_sealed = self.is_server() && resumed && !self.is_tls13();
            return (!has_sealed).then(|| plain(code));
        };
        // What a server has ready with its first flight comes before its alert; of a client
        // nothing does but what is for middleboxes.
        let before =
            if self.is_first_flight() { &self.held } else { record::for_middleboxes(&self.held) };
        Some([before, &seal.alert(code)?].concat())
    }

    /// What our side seals with in TLS 1.3. `None`: nothing is sealed yet.
    fn seal(&self) -> Option<Seal> {
        let secret = self.secrets.take().filter(|_| self.is_tls13())?;
        Seal::new(self.tls.negotiated_cipher_suite()?.suite(), &secret)
    }

    /// Which alert rustls has ready.
    fn ready(&self, seal: Option<&Seal>) -> Option<u8> {
        let (record, number) = record::last(&self.held)?;
        read_plain(record).or_else(|| seal?.read(number, record))
    }

    fn is_tls13(&self) -> bool {
        self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3)
    }

    /// The wire ended in the middle.
    pub(super) fn truncated(&mut self) -> Error {
        let error = hung_up(self.moment(), self.phase == Phase::Hello);
        self.fail(Why::Silent);
        error
    }
}
