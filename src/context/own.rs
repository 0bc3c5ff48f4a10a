//! Whether our own certificate is fit for use, under the profile.
//!
//! The check depends on authorities and profile, which may be set before the certificate or after
//! it: so it is made whenever one of the three changes, and a change that does not fit the others
//! is refused. The passing of time is no change: a certificate that expires while in use does not
//! prevent other changes of the context.

use std::sync::Arc;

use super::State;
use super::pieces::{Loaded, Own, Piece};
use super::settings::Now;
use crate::chain::{self, Anchors, Profile, libvirt_authority};
use crate::error::{Error, Kind, OwnCause, Problems};
use crate::host::Role;
use crate::material::{Certificate, Layout, time_text};

/// Which side the certificate of a layout is for. `None`: the layout does not say.
pub(super) const fn side(layout: Layout) -> Option<Role> {
    match layout.is_for_servers() {
        Some(true) => Some(Role::Server),
        Some(false) => Some(Role::Client),
        None => None,
    }
}

/// Refuses a change from `before` to `after` that makes our own certificate unfit.
///
/// STRICT and PEDANTIC require it to be for TLS. LIBVIRT requires what libvirt's daemons and
/// clients require when they start: fit authorities, and a certificate that they vouch for and that
/// can be a client's or a server's. Without a certificate of our own there is no check: the
/// authorities are judged with each peer.
///
/// # Errors
///
/// [`Kind::Certificate`], naming the file, the certificate and everything that is wrong.
pub(super) fn check(before: &State, after: &State) -> Result<(), Error> {
    let is_other_profile = before.settings.profile != after.settings.profile;
    let own = Own::of(&after.pieces);
    let in_use = |chain: &Vec<Certificate>| {
        own.active.iter().any(|(active, _)| active == chain)
            || own.waiting_chain.as_ref() == Some(chain)
    };
    let is_new = |piece: &Piece, chain: &Vec<Certificate>| {
        let same = |old: &Piece| old.side == piece.side && chain_of(old) == Some(chain);
        !before.pieces.iter().any(same)
    };
    let chains = || after.pieces.iter().filter_map(|piece| Some((piece, chain_of(piece)?)));
    match after.settings.profile {
        Profile::Strict | Profile::Pedantic => {
            let mut changed = chains().filter(|(piece, chain)| {
                is_new(piece, chain) || (is_other_profile && in_use(chain))
            });
            changed.try_for_each(|(piece, chain)| for_tls(piece, chain, after.judged_by()))
        }
        profile @ Profile::Libvirt => {
            let mut used = chains().filter(|(_, chain)| in_use(chain)).peekable();
            let is_same = !is_other_profile
                && used.peek().is_some()
                && !chains().any(|(piece, chain)| is_new(piece, chain))
                && authorities(&before.pieces)
                    .map(|(_, one)| one)
                    .eq(authorities(&after.pieces).map(|(_, one)| one));
            if used.peek().is_none() || is_same {
                return Ok(());
            }
            let now = after.settings.time();
            for (piece, authority) in authorities(&after.pieces) {
                let found = libvirt_authority(authority, now.at);
                if found.0.contains(Problems::EXPIRED) {
                    return unfit(
                        piece,
                        found,
                        &OwnCause::AuthorityExpired(now.from, time_text(now.at)),
                    );
                }
                refuse(piece, found, now)?;
            }
            let all = authorities(&after.pieces).map(|(_, one)| one.clone()).collect();
            let anchors = Arc::new(Anchors::new(all));
            used.try_for_each(|(piece, chain)| {
                refuse(piece, chain::own(profile, chain, piece.side, &anchors, now.at), now)
            })
        }
    }
}

/// What the certificate of a server is checked against.
#[derive(Clone, Copy, Debug)]
pub(super) struct JudgedBy<'a> {
    pub(super) profile: Profile,
    pub(super) anchors: &'a Arc<Anchors>,
    pub(super) now: Now,
}

impl State {
    pub(super) fn judged_by(&self) -> JudgedBy<'_> {
        JudgedBy {
            profile: self.settings.profile,
            anchors: &self.anchors,
            now: self.settings.time(),
        }
    }
}

/// Refuses a chain that servers cannot show, under the profile.
///
/// # Errors
///
/// [`Kind::Certificate`], naming the certificate and what is wrong.
pub(super) fn for_servers(chain: &[Certificate], by: JudgedBy<'_>) -> Result<(), Error> {
    let Some(leaf) = chain.first() else { return Ok(()) };
    let JudgedBy { profile, anchors, now } = by;
    let (problems, why) = chain::own(profile, chain, Some(Role::Server), anchors, now.at);
    if problems.is_empty() {
        return Ok(());
    }
    let (subject, why) = (leaf.subject_text(), why.join("; "));
    let cause = if problems.contains(Problems::WRONG_PURPOSE) {
        OwnCause::NotForServers
    } else {
        of_libvirt(problems, now)
    };
    let message = format!("our certificate, {subject}, is not for servers: {why}");
    Err(Error::new(Kind::Certificate, message).with_problems(problems).because(&cause))
}

fn chain_of(piece: &Piece) -> Option<&Vec<Certificate>> {
    match &piece.loaded {
        Loaded::Chain(chain, _) => Some(chain),
        Loaded::Authorities(_) | Loaded::Crls(_) | Loaded::Key(_) | Loaded::Peers(_) => None,
    }
}

fn authorities(pieces: &[Piece]) -> impl Iterator<Item = (&Piece, &Certificate)> {
    pieces.iter().flat_map(|piece| {
        let all = match &piece.loaded {
            Loaded::Authorities(all) => all.as_slice(),
            Loaded::Crls(_) | Loaded::Key(_) | Loaded::Chain(..) | Loaded::Peers(_) => &[],
        };
        all.iter().map(move |one| (piece, one))
    })
}

/// Refuses a chain that neither side can show.
fn for_tls(piece: &Piece, chain: &[Certificate], by: JudgedBy<'_>) -> Result<(), Error> {
    let Some(leaf) = chain.first() else { return Ok(()) };
    let JudgedBy { profile, anchors, now } = by;
    let (problems, why) = chain::own(profile, chain, None, anchors, now.at);
    if problems.is_empty() {
        return Ok(());
    }
    let (source, subject, why) = (piece.source(), leaf.subject_text(), why.join("; "));
    let message = format!("{source}: our certificate, {subject}, is not for TLS: {why}");
    Err(Error::new(Kind::Certificate, message)
        .with_problems(problems)
        .because(&OwnCause::NotForTls))
}

/// The error for what would keep libvirt from starting.
fn refuse(piece: &Piece, (problems, why): (Problems, Vec<String>), now: Now) -> Result<(), Error> {
    if problems.is_empty() {
        return Ok(());
    }
    unfit(piece, (problems, why), &of_libvirt(problems, now))
}

fn unfit(
    piece: &Piece,
    (problems, why): (Problems, Vec<String>),
    cause: &OwnCause,
) -> Result<(), Error> {
    let message = format!("{}: {}", piece.source(), why.join("; "));
    Err(Error::new(Kind::Certificate, message).with_problems(problems).because(cause))
}

/// Why libvirt would not start.
fn of_libvirt(problems: Problems, now: Now) -> OwnCause {
    if problems.contains(Problems::EXPIRED) {
        OwnCause::Expired(now.from, time_text(now.at))
    } else if problems.contains(Problems::NOT_YET_VALID) {
        OwnCause::NotYetValid(now.from, time_text(now.at))
    } else if problems.contains(Problems::UNKNOWN_ISSUER) {
        OwnCause::NoIssuer
    } else {
        OwnCause::Libvirt
    }
}

#[cfg(test)]
mod tests;
