//! Entries for tests.

use super::{Entry, Origin, Place, Spot};
use crate::error::Problems;
use crate::host::Role;
use crate::material::Certificate;

/// An entry as a plain PEM in the server's file gives it.
pub(crate) fn plain(certificate: Certificate) -> Entry {
    Entry {
        place: None,
        role: Role::Server,
        certificate,
        accepted: Problems::NONE,
        added: None,
        expires: None,
        origin: Origin::Admin,
        distrust: false,
        spot: Spot::default(),
    }
}

/// An entry for a place, as an answer of the user makes it.
pub(crate) fn known(place: &str, certificate: Certificate) -> Entry {
    Entry {
        place: Some(Place::parse(place).unwrap()),
        added: Some(1_795_255_200),
        origin: Origin::User,
        ..plain(certificate)
    }
}
