//! A chain, the profile that it is read by, and what was found. The ground floor of this room.

use crate::error::{Calm, Detail, Problems};
use crate::host::{Host, Role};
use crate::material::{Certificate, Crl};

/// The most sentences about one path. There are fewer kinds of problems than that; a peer can only
/// have the same one often.
pub(super) const MOST_SENTENCES: usize = 32;

/// How strictly a chain is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// What RFC 5280 and RFC 9525 ask of those who check.
    #[default]
    Strict,
    /// What libvirt's own TLS code accepts and rejects.
    Libvirt,
    /// [`Self::Strict`], and what public authorities guarantee and home-made certificates lack.
    Pedantic,
}

/// A chain to check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// Which side the peer is on.
    pub role: Role,
    /// The name it must have. `None`: names are not checked.
    pub name: Option<&'a Host>,
    /// What the peer sent, leaf first. Never empty.
    pub chain: &'a [Certificate],
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// The findings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assessment {
    /// Everything that is wrong with the best path.
    pub problems: Problems,
    /// A sentence for each problem, naming the certificate, date, authority or list.
    pub why: Vec<Calm>,
    /// What is known of the problems beyond that, for what to do about them.
    pub details: Vec<Detail>,
    /// The best path, from the leaf to the authority; the leaf alone if there is no path, or if it
    /// is itself an authority.
    pub path: Vec<Certificate>,
    /// The fresh lists, each with the depth of the certificate that it was consulted for.
    pub lists: Vec<(usize, Crl)>,
    /// When a path without problems starts to be valid, in seconds since 1970.
    pub valid_from: i64,
    /// When it stops being valid.
    pub valid_until: i64,
}

impl Assessment {
    /// Adds a problem and its sentence.
    pub(crate) fn add(&mut self, problem: Problems, why: String) {
        self.problems |= problem;
        self.say(why);
    }

    /// Adds a sentence, unless it is there or there are enough.
    fn say(&mut self, why: impl AsRef<str>) {
        if self.why.len() >= MOST_SENTENCES {
            return;
        }
        let why = Calm::sentence(why);
        if !self.why.contains(&why) {
            self.why.push(why);
        }
    }

    /// Adds what is known of a problem, unless it is there or there is enough.
    pub(super) fn detail(&mut self, detail: Detail) {
        if self.details.len() < MOST_SENTENCES && !self.details.contains(&detail) {
            self.details.push(detail);
        }
    }

    pub(super) fn add_all(&mut self, (problems, why): (Problems, Vec<String>)) {
        self.problems |= problems;
        why.iter().for_each(|why| self.say(why));
    }

    /// The authority that the path ends at, if it ends at one.
    pub(crate) fn authority(&self) -> Option<Calm> {
        let ends = self.path.len() > 1 && !self.problems.contains(Problems::UNKNOWN_ISSUER);
        self.path.last().filter(|_| ends).map(|one| one.subject_text().clone())
    }

    /// Adds all problems of `other`, with their sentences and details.
    pub(super) fn merge(&mut self, other: &Self) {
        self.problems |= other.problems;
        for why in &other.why {
            if self.why.len() < MOST_SENTENCES && !self.why.contains(why) {
                self.why.push(why.clone());
            }
        }
        other.details.iter().for_each(|detail| self.detail(detail.clone()));
    }

    /// Drops a problem that does not count here, and its sentence too if nothing else is wrong.
    pub(crate) fn forget(&mut self, problem: Problems) {
        self.problems = self.problems.without(problem);
        if self.problems.is_empty() {
            self.why.clear();
            self.details.clear();
        }
    }

    /// How bad it is: severe problems, then all of them.
    pub(super) fn rank(&self) -> (u32, u32) {
        ((self.problems & Problems::SEVERE).count(), self.problems.count())
    }
}
