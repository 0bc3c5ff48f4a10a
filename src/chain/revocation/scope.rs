//! Which certificates a revocation list covers (RFC 5280, section 5.2.5).

use crate::chain::same_name::normal_form;
use crate::material::der::general_name::{DIRECTORY, URI};
use crate::material::der::{self, SEQUENCE, SET, context_constructed};
use crate::material::oid::extension as id;
use crate::material::{Certificate, Crl, IssuingPoint, PointName, point_name};

/// What a list covers; lists of one issuer and scope replace each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    only_peers: bool,
    only_authorities: bool,
    only_attributes: bool,
    /// The list's distribution points, if it names any: names in one form, each with its tag.
    places: Option<Vec<Vec<u8>>>,
}

impl Scope {
    /// The scope of a list.
    pub(crate) fn of(crl: &Crl) -> Self {
        let Some(point) = crl.issuing_point() else { return Self::default() };
        let IssuingPoint { name, only_peers, only_authorities, only_attributes } = point;
        Self {
            only_peers: *only_peers,
            only_authorities: *only_authorities,
            only_attributes: *only_attributes,
            places: name.as_ref().map(|name| places(name, crl.issuer_der())),
        }
    }

    /// Whether a list of this scope covers everything that one of the other covers.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let has_places = match (&self.places, &other.places) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|place| own.contains(place)),
        };
        has_places
            && (!self.only_peers || other.only_peers)
            && (!self.only_authorities || other.only_authorities)
            && (!self.only_attributes || other.only_attributes)
    }

    /// Whether a list of this scope covers `certificate`: its kind, and one of the distribution
    /// points that the certificate names. A certificate that names none is in the lists under its
    /// issuer's name (section 6.3.3): other distribution points have only a part of them.
    pub(crate) fn covers(&self, certificate: &Certificate) -> bool {
        let is_authority = certificate.facts().basic_constraints.is_some_and(|found| found.ca);
        let is_other_kind = self.only_attributes
            || (self.only_peers && is_authority)
            || (self.only_authorities && !is_authority);
        if is_other_kind {
            return false;
        }
        let Some(places) = &self.places else { return true };
        match certificate.extension(id::DISTRIBUTION_POINTS) {
            None => places.contains(&directory(certificate.issuer_der())),
            Some(points) => {
                let wanted = places_of(points.value, certificate.issuer_der());
                wanted.is_some_and(|wanted| wanted.iter().any(|place| places.contains(place)))
            }
        }
    }
}

/// The distribution points that a certificate names for complete lists of its own issuer.
fn places_of(mut points: &[u8], issuer: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = der::next_if(&mut points, SEQUENCE)?.content;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let mut parts = der::next_if(&mut rest, SEQUENCE)?.content;
        let name = der::next_if(&mut parts, context_constructed(0));
        // What is left is reasons, or another issuer.
        if let Some(name) = name.filter(|_| parts.is_empty()) {
            let found = places(&point_name(name.content)?, issuer);
            // Each name is another way to get the same list (section 4.2.1.13): a host or an
            // address, say, is no way to get any.
            let is_way = |place: &Vec<u8>| matches!(place.first(), Some(&(URI | DIRECTORY)));
            if found.iter().all(is_way) {
                all.extend(found);
            }
        }
    }
    Some(all)
}

/// The names of a distribution point, each in the form in which it is compared.
fn places(name: &PointName, issuer: &[u8]) -> Vec<Vec<u8>> {
    match name {
        PointName::Full(names) => names.iter().map(|name| place(name)).collect(),
        PointName::Relative(attributes) => {
            let mut rest = issuer;
            let relatives = der::next_if(&mut rest, SEQUENCE).map_or(&[][..], |name| name.content);
            let last = der::wrap(SET, attributes);
            vec![directory(&der::wrap(SEQUENCE, &[relatives, &last].concat()))]
        }
    }
}

fn place(name: &[u8]) -> Vec<u8> {
    let mut rest = name;
    match der::next_if(&mut rest, DIRECTORY) {
        Some(found) => directory(found.content),
        None => name.to_vec(),
    }
}

fn directory(name: &[u8]) -> Vec<u8> {
    der::wrap(DIRECTORY, &normal_form(name))
}
