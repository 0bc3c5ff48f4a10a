//! Questions for tests.

use std::sync::Arc;

use super::asked::{Asked, Situation};
use crate::error::{Calm, Problems, TimeFrom};
use crate::host::{Endpoint, Host, Role};
use crate::material::Certificate;

/// The question about a server at h:1 with this certificate and these problems.
pub(crate) fn asked(situation: Situation, problems: Problems, certificate: Certificate) -> Asked {
    Asked {
        role: Role::Server,
        endpoint: Some(Endpoint { host: Host::parse("h").unwrap(), port: 1 }),
        identity: None,
        situation,
        problems,
        why: problems.names().map(|name| Calm::sentence(format!("why {name}"))).collect(),
        details: Vec::new(),
        no_authority: false,
        chain: Arc::new([certificate]),
        previous: None,
        judged: Vec::new(),
        stored: Vec::new(),
        lasting: false,
        authority: None,
        now: 1_796_083_200,
        time_from: TimeFrom::Clock,
    }
}
