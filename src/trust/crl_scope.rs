//! Which certificates a revocation list speaks of (RFC 5280, section 5.2.5).

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension,
};
use x509_parser::prelude::FromDer;

use crate::material::Certificate;

/// An issuing distribution point.
#[derive(Debug)]
pub(super) struct Scope {
    only_peers: bool,
    only_authorities: bool,
    places: Vec<Place>,
}

/// Where a list stands.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Uri(String),
    /// A directory name, in DER.
    Name(Vec<u8>),
}

impl Scope {
    pub(super) fn read(point: &IssuingDistributionPoint<'_>) -> Self {
        Self {
            only_peers: point.only_contains_user_certs,
            only_authorities: point.only_contains_ca_certs,
            places: places(point.distribution_point.as_ref()),
        }
    }

    /// Whether a list of this scope speaks of `certificate`: of its kind, and of one of the
    /// places that the certificate names for lists about it. One that names none may be in any
    /// list that has a URI, which only says where the list is fetched.
    pub(super) fn covers(&self, certificate: &Certificate) -> bool {
        let is_authority = certificate.facts().basic_constraints.is_some_and(|found| found.ca);
        if (self.only_peers && is_authority) || (self.only_authorities && !is_authority) {
            return false;
        }
        match places_of(certificate) {
            None => self.places.iter().any(|place| matches!(place, Place::Uri(_))),
            Some(places) => places.iter().any(|place| self.places.contains(place)),
        }
    }
}

/// The places that a certificate names for lists about it; nothing where it names none.
fn places_of(certificate: &Certificate) -> Option<Vec<Place>> {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).ok()?;
    parsed.extensions().iter().find_map(|extension| {
        let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else {
            return None;
        };
        let whole = points.iter().filter(|one| one.reasons.is_none() && one.crl_issuer.is_none());
        Some(whole.flat_map(|point| places(point.distribution_point.as_ref())).collect())
    })
}

/// The places of a distribution point; none where one of its names is of no kind known here.
fn places(name: Option<&DistributionPointName<'_>>) -> Vec<Place> {
    let Some(DistributionPointName::FullName(names)) = name else { return Vec::new() };
    let place = |name: &GeneralName<'_>| {
        if let GeneralName::URI(uri) = name {
            return Some(Place::Uri((*uri).to_owned()));
        }
        let GeneralName::DirectoryName(name) = name else { return None };
        Some(Place::Name(name.as_raw().to_vec()))
    };
    names.iter().map(place).collect::<Option<_>>().unwrap_or_default()
}
