//! What there is to say of a chain: the profile that reads it, the chain itself, and what was
//! found. The ground floor of this room.

use crate::error::{Problems, escaped};
use crate::host::{Host, Role};
use crate::material::{Certificate, Crl};

/// How strictly a chain is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// RFC 5280 and RFC 6125.
    #[default]
    Strict,
    /// What libvirt's own TLS code accepts and refuses.
    Libvirt,
    /// [`Self::Strict`], and what public authorities promise and home-made ones lack.
    Pedantic,
}

/// A chain to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// Which side the peer is on.
    pub role: Role,
    /// The name it must have; `None`: names are not looked at.
    pub name: Option<&'a Host>,
    /// What the peer sent, the leaf first. Never empty.
    pub chain: &'a [Certificate],
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assessment {
    /// Everything that is wrong with the best path.
    pub problems: Problems,
    /// A sentence for each thing that is wrong, naming certificate, date, authority or list.
    pub why: Vec<String>,
    /// The best path, from the leaf to the authority; the leaf alone where there is none, or
    /// where it is an authority itself.
    pub path: Vec<Certificate>,
    /// The lists that were fresh, each with the depth of the certificate that it was asked about.
    pub lists: Vec<(usize, Crl)>,
    /// From when on a path without problems has none, in seconds since 1970.
    pub valid_from: i64,
    /// Until when.
    pub valid_until: i64,
}

impl Assessment {
    /// Adds a problem and its sentence.
    pub(crate) fn add(&mut self, problem: Problems, why: String) {
        self.problems |= problem;
        // Names of files and of certificates are in it.
        let why = escaped(&why);
        if !self.why.contains(&why) {
            self.why.push(why);
        }
    }

    pub(super) fn add_all(&mut self, (problems, why): (Problems, Vec<String>)) {
        self.problems |= problems;
        self.why.extend(why.iter().map(|why| escaped(why)));
    }

    /// Forgets a problem that does not count here. Its sentence is forgotten with it where
    /// nothing else is wrong.
    pub(crate) fn forget(&mut self, problem: Problems) {
        self.problems = self.problems.without(problem);
        if self.problems.is_empty() {
            self.why.clear();
        }
    }

    /// How bad it is: severe problems, then all of them.
    pub(super) fn rank(&self) -> (u32, u32) {
        ((self.problems & Problems::SEVERE).count(), self.problems.count())
    }
}
