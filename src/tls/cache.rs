//! Sessions that may be resumed.
//!
//! One cache belongs to one [`super::Setup`], that is, to one generation and one identity: a
//! changed policy, list or key leaves it behind. Inside, a session is found only under the
//! whole [`SessionKey`], which holds the decision that admitted the peer; and only a peer
//! that was admitted for longer than once keeps one. rustls sees a view for one connection.
//! The lock is held for a look-up and nothing else.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// How many peers are remembered at most.
const PEERS: usize = 256;
/// How many tickets of TLS 1.3 are kept for one peer: a server sends two as a rule.
const TICKETS: usize = 4;

/// What must be the same for a session to be resumed, beside the generation and the identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    /// The host and port that are dialled.
    pub endpoint: String,
    /// The name that the peer must have.
    pub name: String,
    /// What the store says of the peer: a fingerprint of the entries that decide.
    pub standing: [u8; 32],
}

#[derive(Default)]
struct Slot {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

#[derive(Default)]
struct Slots {
    by_key: HashMap<SessionKey, Slot>,
    oldest_first: VecDeque<SessionKey>,
}

/// Every session that the connections of one setup may resume.
#[derive(Default)]
pub(super) struct SessionCache(Mutex<Slots>);

impl SessionCache {
    fn with<R>(&self, key: &SessionKey, use_slot: impl FnOnce(&mut Slot) -> R) -> R {
        let mut slots = self.0.lock();
        if !slots.by_key.contains_key(key) {
            if slots.oldest_first.len() >= PEERS
                && let Some(oldest) = slots.oldest_first.pop_front()
            {
                slots.by_key.remove(&oldest);
            }
            slots.oldest_first.push_back(key.clone());
        }
        use_slot(slots.by_key.entry(key.clone()).or_default())
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
    /// Whether what rustls gives is kept: not before the peer was admitted for longer than once.
    keep: bool,
    group: Option<NamedGroup>,
}

impl View {
    pub(super) fn new(cache: Arc<SessionCache>, key: SessionKey) -> Self {
        Self { cache, state: Mutex::new(ViewState { key, keep: false, group: None }) }
    }

    /// From now on sessions are kept, under the decision that now stands.
    pub(super) fn keep(&self, standing: [u8; 32]) {
        let mut state = self.state.lock();
        state.key.standing = standing;
        state.keep = true;
        if let Some(group) = state.group {
            self.cache.with(&state.key, |slot| slot.group = Some(group));
        }
    }

    /// The key to store under; nothing while nothing may be kept.
    fn keeps(&self) -> Option<SessionKey> {
        let state = self.state.lock();
        state.keep.then(|| state.key.clone())
    }

    fn key(&self) -> SessionKey {
        self.state.lock().key.clone()
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl ClientSessionStore for View {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, group: NamedGroup) {
        self.state.lock().group = Some(group);
    }

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.find(&self.key(), |slot| slot.group)
    }

    fn set_tls12_session(&self, _server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        if let Some(key) = self.keeps() {
            self.cache.with(&key, |slot| slot.tls12 = Some(value));
        }
    }

    fn tls12_session(&self, _server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.find(&self.key(), |slot| slot.tls12.clone())
    }

    fn remove_tls12_session(&self, _server_name: &ServerName<'static>) {
        self.cache.find(&self.key(), |slot| slot.tls12.take());
    }

    fn insert_tls13_ticket(
        &self,
        _server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        if let Some(key) = self.keeps() {
            self.cache.with(&key, |slot| {
                if slot.tls13.len() >= TICKETS {
                    slot.tls13.pop_front();
                }
                slot.tls13.push_back(value);
            });
        }
    }

    fn take_tls13_ticket(
        &self,
        _server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.cache.find(&self.key(), |slot| slot.tls13.pop_back())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(endpoint: &str) -> SessionKey {
        SessionKey { endpoint: endpoint.to_owned(), name: String::new(), standing: [0; 32] }
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
        let view = View::new(Arc::clone(&cache), key("a:1"));
        set_hint(&view);
        assert_eq!(hint(&view), None);
        view.keep([0; 32]);
        assert_eq!(hint(&view), Some(NamedGroup::X25519));
    }

    #[test]
    fn another_port_and_another_decision_are_other_peers() {
        let cache = Arc::new(SessionCache::default());
        let view = View::new(Arc::clone(&cache), key("a:1"));
        set_hint(&view);
        view.keep([7; 32]);
        let decided = SessionKey { standing: [7; 32], ..key("a:1") };
        assert_eq!(hint(&View::new(Arc::clone(&cache), key("a:1"))), None);
        assert_eq!(hint(&View::new(Arc::clone(&cache), key("a:2"))), None);
        assert_eq!(hint(&View::new(cache, decided)), Some(NamedGroup::X25519));
    }

    #[test]
    fn the_oldest_peer_makes_room() {
        let cache = Arc::new(SessionCache::default());
        for number in 0..=PEERS {
            let view = View::new(Arc::clone(&cache), key(&number.to_string()));
            set_hint(&view);
            view.keep([0; 32]);
        }
        assert_eq!(cache.0.lock().by_key.len(), PEERS);
        assert_eq!(hint(&View::new(Arc::clone(&cache), key("0"))), None);
        assert!(hint(&View::new(cache, key("1"))).is_some());
    }
}
