//! The revocation lists of a context, and what they say of a certificate.
//!
//! Lists stand beside each other and none replaces another: whoever any list of its issuer
//! names is revoked, in whatever order the lists came. Only a newer complete list of the same
//! issuer lifts that: one that removes the certificate by name, or that no longer holds one
//! which was on hold. How fresh the knowledge is, the newest list says.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::assess::CrlMode;
use super::crl::{List, Status, may_sign_lists};
use super::same_name::normal_form;
use crate::error::{Error, Problems};
use crate::material::{Certificate, hex_colons, name_text, time_text};

/// Revocation lists, found by the normal form of their issuer's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crls {
    by_issuer: HashMap<Vec<u8>, Vec<Arc<List>>>,
}

impl Crls {
    /// Reads lists in DER, each with the words that name it in sentences.
    ///
    /// # Errors
    ///
    /// [`crate::error::Kind::Parse`] for the first list that cannot be used: version 1, without
    /// next update or extensions, delta, indirect, for some reasons only.
    pub(crate) fn new(lists: Vec<(Vec<u8>, String)>) -> Result<Self, Error> {
        Self::default().with(lists)
    }

    /// These lists and more. An older one never takes the place of a newer one, and whom it
    /// names is revoked all the same. What was found out about signatures is kept.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub(crate) fn with(&self, more: Vec<(Vec<u8>, String)>) -> Result<Self, Error> {
        let mut crls = self.clone();
        for (der, source) in more {
            let list = List::read(der, source)?;
            let lists = crls.by_issuer.entry(normal_form(list.issuer())).or_default();
            if !lists.iter().any(|one| one.sha256() == list.sha256()) {
                lists.push(Arc::new(list));
            }
        }
        Ok(crls)
    }

    /// What the lists that `issuer` signed say of `certificate`, which it issued: REVOKED,
    /// CRL_MISSING, CRL_EXPIRED, or two of them, and why.
    ///
    /// For [`CrlMode::Off`] that is nothing, for [`CrlMode::IfPresent`] nothing unless there is
    /// a list with the issuer's name.
    #[must_use]
    pub(crate) fn revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        mode: CrlMode,
        grace: i64,
        now: i64,
    ) -> (Problems, Vec<String>) {
        let lists = self.of_issuer(certificate);
        if mode == CrlMode::Off || (mode == CrlMode::IfPresent && lists.is_empty()) {
            return (Problems::NONE, Vec::new());
        }
        let verified: Vec<&List> =
            lists.iter().copied().filter(|one| one.is_signed_by(issuer)).collect();
        let counting = counting(&verified, certificate, issuer, now);
        let mut problems = Problems::NONE;
        let mut why = Vec::new();
        if let Some(list) = revoking(&verified, &counting, certificate) {
            problems |= Problems::REVOKED;
            why.push(revoked(certificate, list));
        }
        match counting.iter().max_by(|one, other| one.compare_age(other)) {
            None => {
                problems |= Problems::CRL_MISSING;
                why.push(missing(&lists, &verified, certificate, issuer, now));
            }
            Some(newest) if newest.next_update().saturating_add(grace) < now => {
                problems |= Problems::CRL_EXPIRED;
                let (source, end) = (newest.source(), time_text(newest.next_update()));
                let name = name_text(newest.issuer());
                why.push(format!("the revocation list of {name}, {source}, ended on {end}"));
            }
            Some(_) => {}
        }
        (problems, why)
    }

    /// Whether any list with the name of the issuer revokes `certificate`, a peer that is known
    /// by its very certificate: REVOKED or nothing, and why.
    ///
    /// A list counts whether or not anybody here can verify it, unless it names another key
    /// than the certificate does; so it may revoke and never clear. What lifts a revocation must
    /// be signed by one of `issuers`. Nobody vouches for a known peer but the user, so the modes
    /// that ask for a list ask for nothing here; [`CrlMode::Off`] looks at none.
    #[must_use]
    pub(crate) fn revocation_unverified(
        &self,
        certificate: &Certificate,
        issuers: &[&Certificate],
        mode: CrlMode,
        now: i64,
    ) -> (Problems, Vec<String>) {
        if mode == CrlMode::Off {
            return (Problems::NONE, Vec::new());
        }
        let lists: Vec<&List> = self
            .of_issuer(certificate)
            .into_iter()
            .filter(|list| !list.contradicts(certificate))
            .collect();
        let suspects = lists.iter().any(|list| list.status(certificate.serial()).is_some());
        let mut lifting = Vec::new();
        if suspects {
            for issuer in issuers {
                let verified: Vec<&List> =
                    lists.iter().copied().filter(|list| list.is_signed_by(issuer)).collect();
                lifting.extend(counting(&verified, certificate, issuer, now));
            }
        }
        match revoking(&lists, &lifting, certificate) {
            Some(list) => (Problems::REVOKED, vec![revoked(certificate, list)]),
            None => (Problems::NONE, Vec::new()),
        }
    }

    fn of_issuer(&self, certificate: &Certificate) -> Vec<&List> {
        let lists = self.by_issuer.get(&normal_form(certificate.issuer_der()));
        lists.into_iter().flatten().map(AsRef::as_ref).collect()
    }
}

/// Those of the verified lists that can say that a certificate is not revoked.
fn counting<'a>(
    verified: &[&'a List],
    certificate: &Certificate,
    issuer: &Certificate,
    now: i64,
) -> Vec<&'a List> {
    let counts = |list: &&List| list.this_update() <= now && list.covers(certificate);
    if !may_sign_lists(issuer) {
        return Vec::new();
    }
    verified.iter().copied().filter(counts).collect()
}

/// The list of `lists` that revokes `certificate` and is not lifted by a newer one of `lifting`.
fn revoking<'a>(
    lists: &[&'a List],
    lifting: &[&List],
    certificate: &Certificate,
) -> Option<&'a List> {
    let serial = certificate.serial();
    let is_lifted = |list: &List, status: Status| {
        let newer = lifting.iter().filter(|other| other.compare_age(list) == Ordering::Greater);
        newer.map(|other| other.status(serial)).any(|said| match said {
            Some(Status::Lifted) => true,
            None => status == Status::Held,
            Some(Status::Held | Status::Revoked) => false,
        })
    };
    lists.iter().copied().find(|list| match list.status(serial) {
        Some(status @ (Status::Held | Status::Revoked)) => !is_lifted(list, status),
        Some(Status::Lifted) | None => false,
    })
}

fn revoked(certificate: &Certificate, list: &List) -> String {
    let name = name_text(certificate.subject_der());
    let (serial, source) = (hex_colons(certificate.serial()), list.source());
    format!("the certificate of {name} was revoked: {source} names its serial number {serial}")
}

/// Why no list counts, seen from the one that came nearest.
fn missing(
    lists: &[&List],
    verified: &[&List],
    certificate: &Certificate,
    issuer: &Certificate,
    now: i64,
) -> String {
    let who = name_text(issuer.subject_der());
    let name = name_text(certificate.subject_der());
    let reason = match (lists.first(), verified.first()) {
        (None, _) => "there is none".to_owned(),
        (Some(list), None) => format!("{} is not signed by its key", list.source()),
        (_, Some(_)) if !may_sign_lists(issuer) => "it may not sign revocation lists".to_owned(),
        (_, Some(list)) if !list.covers(certificate) => {
            format!("{} is about other certificates", list.source())
        }
        (_, Some(list)) if list.this_update() > now => {
            let begin = time_text(list.this_update());
            format!("{} begins on {begin}", list.source())
        }
        (_, Some(list)) => format!("{} does not count", list.source()),
    };
    format!("no revocation list of {who} counts for {name}: {reason}")
}

#[cfg(test)]
mod tests;
