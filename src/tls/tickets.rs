//! Session tickets of a server: what a client brings along to resume its session.
//!
//! A ticket is sealed with a key that is good for one period of six hours and derived from a
//! secret, so that processes which share the secret open each other's. The seal covers a
//! fingerprint of everything that decides who is let in: after a change no earlier ticket opens,
//! and the client does a full handshake. A ticket that opens admits nobody: its client is judged
//! again, and proves once a day that it still holds its key (RFC 8446, section 4.6.1).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use rustls::server::ProducesTickets;
use zeroize::Zeroizing;

use crate::process::Once;

/// Says what the time is, in seconds since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// For how many seconds a key seals. Tickets open in this period and the next.
const PERIOD: i64 = 6 * 60 * 60;
/// For how many seconds a session can be resumed, however often, since the client proved that it
/// holds its key.
const PROOF: i64 = 4 * PERIOD;
/// The version of this form of tickets.
const VERSION: u8 = 1;
/// Version, period and nonce.
const HEADER: usize = 1 + 8 + NONCE_LEN;
/// The most bytes that a ticket holds. A client with a longer chain gets no ticket: it would not
/// fit into the message.
const LONGEST: usize = 16 * 1024;

/// What the keys of tickets are derived from; wiped when it goes.
#[derive(Clone)]
pub(crate) struct TicketSecret(Arc<Zeroizing<Vec<u8>>>);

impl TicketSecret {
    /// The fewest bytes of a secret.
    pub(crate) const SHORTEST: usize = 32;

    /// This secret. `None`: it is too short.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        (bytes.len() >= Self::SHORTEST).then(|| Self(Arc::new(bytes)))
    }

    /// The secret of this process, which nobody else has. `None`: the operating system gives no
    /// random bytes.
    pub(crate) fn of_process() -> Option<Self> {
        static SECRET: Once<Option<TicketSecret>> = Once::new();
        let made = SECRET.get_or_init(|| {
            let mut bytes = Zeroizing::new(vec![0; Self::SHORTEST]);
            rand::fill(&mut bytes).ok()?;
            Self::new(bytes)
        });
        made.clone()
    }
}

impl fmt::Debug for TicketSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketSecret")
    }
}

/// What seals and opens tickets.
#[derive(Clone)]
pub(crate) struct Tickets {
    /// What the keys come from.
    pub secret: TicketSecret,
    /// A fingerprint of everything that decides who is let in.
    pub fingerprint: [u8; 32],
    /// What the time is.
    pub clock: Clock,
}

impl Tickets {
    fn period(&self) -> i64 {
        (self.clock)().div_euclid(PERIOD)
    }

    fn key(&self, period: i64) -> Option<LessSafeKey> {
        let secret = Salt::new(HKDF_SHA256, b"tlsconn session tickets").extract(&self.secret.0);
        let mut key = Zeroizing::new([0; 32]);
        let info: [&[u8]; 3] = [b"key", &[VERSION], &period.to_be_bytes()];
        secret.expand(&info, HKDF_SHA256).ok()?.fill(&mut *key).ok()?;
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).ok()?))
    }

    fn aad(&self, period: i64) -> Aad<Vec<u8>> {
        Aad::from([&[VERSION][..], &period.to_be_bytes(), &self.fingerprint].concat())
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        if plain.len() > LONGEST {
            return None;
        }
        let period = self.period();
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = Zeroizing::new(plain.to_vec());
        let key = self.key(period)?;
        let of_nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(of_nonce, self.aad(period), &mut sealed).ok()?;
        Some([&[VERSION][..], &period.to_be_bytes(), &nonce, &sealed, tag.as_ref()].concat())
    }

    fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (header, sealed) = ticket.split_at_checked(HEADER)?;
        let (version, rest) = header.split_first()?;
        let (period, nonce) = rest.split_first_chunk()?;
        let (period, now) = (i64::from_be_bytes(*period), self.period());
        if *version != VERSION || !(now.saturating_sub(1)..=now).contains(&period) {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let opened = self.key(period)?.open_in_place(nonce, self.aad(period), &mut plain).ok()?;
        Some(opened.to_vec())
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

/// The tickets as one session sees them.
#[derive(Debug)]
pub(super) struct SessionTickets {
    tickets: Tickets,
    /// Whether the client brought one that opened.
    opened: AtomicBool,
    /// When the client of that one proved that it holds its key.
    proven: AtomicI64,
}

impl SessionTickets {
    pub(super) const fn new(tickets: Tickets) -> Self {
        Self { tickets, opened: AtomicBool::new(false), proven: AtomicI64::new(0) }
    }
}

impl ProducesTickets for SessionTickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        // Whenever it was given in its period, it opens at least as long.
        u32::try_from(PERIOD).unwrap_or_default()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        // Resuming a session of TLS 1.2 would give another one before the client is judged.
        let opened = self.opened.load(Ordering::Relaxed);
        if opened && is_of_tls12(plain) {
            return None;
        }
        let now = (self.tickets.clock)();
        let proven = if opened { self.proven.load(Ordering::Relaxed) } else { now };
        self.tickets.seal(&Zeroizing::new([&proven.to_be_bytes()[..], plain].concat()))
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let opened = Zeroizing::new(self.tickets.open(ticket)?);
        let (proven, plain) = opened.split_first_chunk()?;
        let proven = i64::from_be_bytes(*proven);
        if (self.tickets.clock)().saturating_sub(proven) >= PROOF {
            return None;
        }
        self.proven.store(proven, Ordering::Relaxed);
        self.opened.store(true, Ordering::Relaxed);
        Some(plain.to_vec())
    }
}

/// Whether rustls seals a session of TLS 1.2: behind the name that was asked for, if any, stands
/// the version. What does not look like that counts as one.
fn is_of_tls12(plain: &[u8]) -> bool {
    let behind_name = match plain {
        [0, rest @ ..] => Some(rest),
        [1, length, rest @ ..] => rest.get(usize::from(*length)..),
        _ => None,
    };
    !behind_name.is_some_and(|rest| rest.starts_with(&[3, 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(secret: u8, fingerprint: u8, now: i64) -> Tickets {
        let secret = TicketSecret::new(Zeroizing::new(vec![secret; 32])).unwrap();
        Tickets { secret, fingerprint: [fingerprint; 32], clock: Arc::new(move || now) }
    }

    #[test]
    fn what_one_process_seals_another_with_the_same_secret_opens() {
        let ticket = tickets(1, 1, 1000).seal(b"session").unwrap();
        assert_eq!(tickets(1, 1, 2000).open(&ticket).as_deref(), Some(&b"session"[..]));
        assert_eq!(tickets(2, 1, 1000).open(&ticket), None);
    }

    #[test]
    fn a_ticket_of_another_fingerprint_does_not_open() {
        let ticket = tickets(1, 1, 1000).seal(b"session").unwrap();
        assert_eq!(tickets(1, 2, 1000).open(&ticket), None);
    }

    #[test]
    fn a_ticket_opens_in_its_period_and_the_next() {
        let ticket = tickets(1, 1, PERIOD).seal(b"session").unwrap();
        for (now, opens) in [
            (PERIOD - 1, false),
            (PERIOD, true),
            (3 * PERIOD - 1, true),
            (3 * PERIOD, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(tickets(1, 1, now).open(&ticket).is_some(), opens, "{now}");
        }
    }

    #[test]
    fn a_ticket_that_was_touched_anywhere_does_not_open() {
        let all = tickets(1, 1, 1000);
        let ticket = all.seal(b"session").unwrap();
        for at in 0..ticket.len() {
            let mut touched = ticket.clone();
            touched[at] ^= 1;
            assert_eq!(all.open(&touched), None, "at {at}");
            assert_eq!(all.open(&ticket[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn two_tickets_of_one_session_have_nothing_in_common_behind_their_period() {
        let all = tickets(1, 1, 1000);
        let (one, other) = (all.seal(b"session").unwrap(), all.seal(b"session").unwrap());
        assert_eq!(one[..9], other[..9]);
        assert_ne!(one[9..HEADER], other[9..HEADER]);
        assert_ne!(one[HEADER..], other[HEADER..]);
    }

    #[test]
    fn a_session_too_long_to_travel_gets_no_ticket() {
        let all = tickets(1, 1, 1000);
        assert!(all.seal(&vec![7; LONGEST]).is_some());
        assert_eq!(all.seal(&vec![7; LONGEST + 1]), None);
    }

    #[test]
    fn a_short_secret_is_none() {
        assert!(TicketSecret::new(Zeroizing::new(vec![7; 31])).is_none());
    }

    #[test]
    fn a_resumed_session_gets_another_ticket_only_behind_the_gate() {
        let session = SessionTickets::new(tickets(1, 1, 1000));
        let (old, new) = ([0, 3, 3, 9], [1, 2, b'a', b'b', 3, 4, 9]);
        let ticket = session.encrypt(&old).unwrap();
        assert!(session.decrypt(&ticket).is_some());
        assert_eq!(session.encrypt(&old), None);
        assert!(session.encrypt(&new).is_some());
    }

    #[test]
    fn a_session_that_is_resumed_again_and_again_is_not_resumed_for_ever() {
        let plain = [0, 3, 4, 9];
        let at = |now| SessionTickets::new(tickets(1, 1, now));
        let mut ticket = at(0).encrypt(&plain).unwrap();
        for now in [PERIOD, 2 * PERIOD, 3 * PERIOD, PROOF - 1] {
            let session = at(now);
            assert_eq!(session.decrypt(&ticket).as_deref(), Some(&plain[..]), "{now}");
            ticket = session.encrypt(&plain).unwrap();
        }
        let session = at(PROOF);
        assert_eq!(session.decrypt(&ticket), None);
        // After the proof that comes instead, the day begins anew.
        let ticket = session.encrypt(&plain).unwrap();
        assert!(at(PROOF + PERIOD).decrypt(&ticket).is_some());
    }
}
