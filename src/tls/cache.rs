//! Sessions that may be resumed.
//!
//! One cache belongs to one setup of one snapshot, so that client identity, ALPN, versions,
//! profile and generation are those of all its sessions: a changed policy, list or key leaves it
//! behind. Inside, a session is found only under the whole [`SessionKey`], which holds the
//! decision that admitted the peer; and only a peer that was admitted for longer than once keeps
//! one. What rustls gives before that is known waits in the view that it has for one connection.
//! The locks, first that of the view and then that of the cache, are held for a look-up and
//! nothing else.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use crate::host::{Endpoint, Host};
use crate::process::Mutex;

/// How many peers are remembered at most.
const PEERS: usize = 256;
/// How many tickets of TLS 1.3 are kept for one peer: a server sends two as a rule.
const TICKETS: usize = 4;

/// What must be the same for a session to be resumed, beside the generation and the identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    /// The host and port that are dialled.
    pub dialled: Endpoint,
    /// The name that the server must have.
    pub name: Host,
    /// What the store says of the peer: a fingerprint of the entries that decide.
    pub standing: [u8; 32],
}

#[derive(Default)]
struct Slot {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Slot {
    fn push_ticket(&mut self, ticket: Tls13ClientSessionValue) {
        if self.tls13.len() >= TICKETS {
            self.tls13.pop_front();
        }
        self.tls13.push_back(ticket);
    }

    /// Takes over what is newer.
    fn take_in(&mut self, newer: Self) {
        let Self { group, tls12, tls13 } = newer;
        self.group = group.or(self.group);
        self.tls12 = tls12.or(self.tls12.take());
        tls13.into_iter().for_each(|ticket| self.push_ticket(ticket));
    }
}

#[derive(Default)]
struct Slots {
    by_key: HashMap<Arc<SessionKey>, Slot>,
    oldest_first: VecDeque<Arc<SessionKey>>,
}

/// Every session that the connections of one setup may resume.
#[derive(Default)]
pub(super) struct SessionCache(Mutex<Slots>);

impl SessionCache {
    fn with(&self, key: &SessionKey, use_slot: impl FnOnce(&mut Slot)) {
        let mut slots = self.0.lock();
        let Slots { by_key, oldest_first } = &mut *slots;
        if !by_key.contains_key(key) {
            if oldest_first.len() >= PEERS
                && let Some(oldest) = oldest_first.pop_front()
            {
                by_key.remove(&oldest);
            }
            let key = Arc::new(key.clone());
            oldest_first.push_back(Arc::clone(&key));
            by_key.insert(key, Slot::default());
        }
        if let Some(slot) = by_key.get_mut(key) {
            use_slot(slot);
        }
    }

    fn find<R>(
        &self,
        key: &SessionKey,
        use_slot: impl FnOnce(&mut Slot) -> Option<R>,
    ) -> Option<R> {
        self.0.lock().by_key.get_mut(key).and_then(use_slot)
    }
}

/// What one connection sees of the cache.
pub(super) struct View {
    cache: Arc<SessionCache>,
    state: Mutex<ViewState>,
}

struct ViewState {
    key: SessionKey,
    fate: Fate,
}

/// What becomes of what rustls gives.
enum Fate {
    /// Nobody has decided yet: it waits here.
    Open(Slot),
    /// The peer was admitted for longer than once.
    Kept,
    /// The peer was admitted for once.
    Dropped,
}

impl View {
    pub(super) fn new(cache: Arc<SessionCache>, key: SessionKey) -> Self {
        let fate = Fate::Open(Slot::default());
        Self { cache, state: Mutex::new(ViewState { key, fate }) }
    }

    /// What came so far, and what comes from now on, is kept under the decision that now stands.
    pub(super) fn keep(&self, standing: [u8; 32]) {
        let mut state = self.state.lock();
        state.key.standing = standing;
        if let Fate::Open(waiting) = std::mem::replace(&mut state.fate, Fate::Kept) {
            self.cache.with(&state.key, |slot| slot.take_in(waiting));
        }
    }

    /// Nothing that came so far is kept, nor what comes from now on, unless it is kept already.
    pub(super) fn forget(&self) {
        let fate = &mut self.state.lock().fate;
        if let Fate::Open(_) = fate {
            *fate = Fate::Dropped;
        }
    }

    /// Changes what is kept for the peer, or what waits until that is decided.
    fn store(&self, change: impl FnOnce(&mut Slot)) {
        let ViewState { key, fate } = &mut *self.state.lock();
        match fate {
            Fate::Open(waiting) => change(waiting),
            Fate::Kept => self.cache.with(key, change),
            Fate::Dropped => {}
        }
    }

    fn find<R>(&self, use_slot: impl FnOnce(&mut Slot) -> Option<R>) -> Option<R> {
        self.cache.find(&self.state.lock().key, use_slot)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl ClientSessionStore for View {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, group: NamedGroup) {
        self.store(|slot| slot.group = Some(group));
    }

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.find(|slot| slot.group)
    }

    fn set_tls12_session(&self, _server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.store(|slot| slot.tls12 = Some(value));
    }

    fn tls12_session(&self, _server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.find(|slot| slot.tls12.clone())
    }

    fn remove_tls12_session(&self, _server_name: &ServerName<'static>) {
        // A session of this very connection, which waits, is the newer one.
        self.find(|slot| slot.tls12.take());
    }

    fn insert_tls13_ticket(
        &self,
        _server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.store(|slot| slot.push_ticket(value));
    }

    fn take_tls13_ticket(
        &self,
        _server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.find(|slot| slot.tls13.pop_back())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(host: &str, port: u16) -> SessionKey {
        let host = Host::parse(host).unwrap();
        let dialled = Endpoint { host: host.clone(), port };
        SessionKey { dialled, name: host, standing: [0; 32] }
    }

    fn hint(view: &View) -> Option<NamedGroup> {
        view.kx_hint(&ServerName::try_from("a.example").unwrap())
    }

    fn set_hint(view: &View) {
        view.set_kx_hint(ServerName::try_from("a.example").unwrap(), NamedGroup::X25519);
    }

    #[test]
    fn nothing_is_kept_before_the_peer_is_admitted() {
        let cache = Arc::new(SessionCache::default());
        let view = View::new(Arc::clone(&cache), key("a", 1));
        set_hint(&view);
        assert_eq!(hint(&view), None);
        view.keep([0; 32]);
        assert_eq!(hint(&view), Some(NamedGroup::X25519));
    }

    #[test]
    fn what_comes_before_the_decision_and_behind_it_is_kept_with_it() {
        for before in [true, false] {
            let cache = Arc::new(SessionCache::default());
            let view = View::new(Arc::clone(&cache), key("a", 1));
            if before {
                set_hint(&view);
            }
            view.keep([7; 32]);
            if !before {
                set_hint(&view);
            }
            let decided = SessionKey { standing: [7; 32], ..key("a", 1) };
            assert_eq!(hint(&View::new(cache, decided)), Some(NamedGroup::X25519), "{before}");
        }
    }

    #[test]
    fn a_connection_that_was_allowed_once_leaves_nothing_behind() {
        let cache = Arc::new(SessionCache::default());
        let view = View::new(Arc::clone(&cache), key("a", 1));
        set_hint(&view);
        view.forget();
        set_hint(&view);
        drop(view);
        assert!(cache.0.lock().by_key.is_empty());
    }

    #[test]
    fn another_place_name_or_decision_is_another_peer() {
        let cache = Arc::new(SessionCache::default());
        let view = View::new(Arc::clone(&cache), key("a", 1));
        set_hint(&view);
        view.keep([7; 32]);
        let decided = SessionKey { standing: [7; 32], ..key("a", 1) };
        for other in [
            key("a", 1),
            SessionKey {
                dialled: Endpoint { port: 2, ..decided.dialled.clone() },
                ..decided.clone()
            },
            SessionKey { dialled: key("b", 1).dialled, ..decided.clone() },
            SessionKey { name: Host::parse("b").unwrap(), ..decided.clone() },
        ] {
            assert_eq!(hint(&View::new(Arc::clone(&cache), other.clone())), None, "{other:?}");
        }
        assert_eq!(hint(&View::new(cache, decided)), Some(NamedGroup::X25519));
    }

    #[test]
    fn the_oldest_peer_makes_room() {
        let cache = Arc::new(SessionCache::default());
        let key = |number: usize| key(&format!("h{number}"), 1);
        for number in 0..=PEERS {
            let view = View::new(Arc::clone(&cache), key(number));
            set_hint(&view);
            view.keep([0; 32]);
        }
        assert_eq!(cache.0.lock().by_key.len(), PEERS);
        assert_eq!(hint(&View::new(Arc::clone(&cache), key(0))), None);
        assert!(hint(&View::new(cache, key(1))).is_some());
    }
}
