//! The authorities of a context, found by name and key identifier.
//!
//! A look-up costs the same for one authority as for a hundred thousand, also when all of them
//! have one name. Whether an authority may be one is the rules' business, not this index's.

use std::collections::{HashMap, HashSet};

use crate::material::Certificate;

/// An index of authorities, immutable once it is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    all: Vec<Certificate>,
    by_subject: HashMap<Vec<u8>, Namesakes>,
    known: HashSet<[u8; 32]>,
}

/// The authorities with one name, by their subject key identifier.
#[derive(Clone, Debug, Default)]
struct Namesakes {
    all: Vec<usize>,
    by_key_id: HashMap<Option<Vec<u8>>, Vec<usize>>,
}

impl Anchors {
    /// How many candidates a look-up gives at most: each costs a signature check.
    pub(crate) const MAX_CANDIDATES: usize = 16;

    /// Indexes `certificates`; of equal ones the first is kept.
    #[must_use]
    pub(crate) fn new(certificates: Vec<Certificate>) -> Self {
        let mut anchors = Self::default();
        for certificate in certificates {
            if !anchors.known.insert(*certificate.sha256()) {
                continue;
            }
            let index = anchors.all.len();
            let subject = certificate.subject_der().to_vec();
            let namesakes = anchors.by_subject.entry(subject).or_default();
            namesakes.all.push(index);
            let key_id = certificate.facts().subject_key_id.clone();
            namesakes.by_key_id.entry(key_id).or_default().push(index);
            anchors.all.push(certificate);
        }
        anchors
    }

    /// Whether there is none.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether this very certificate is one of them.
    #[must_use]
    pub(crate) fn contains(&self, certificate: &Certificate) -> bool {
        self.known.contains(certificate.sha256())
    }

    /// The authorities that may have issued `certificate`, by name: first those with the key
    /// identifier that it names, then those without one, then the others; at most
    /// [`Self::MAX_CANDIDATES`].
    #[must_use]
    pub(crate) fn candidates(&self, certificate: &Certificate) -> Vec<&Certificate> {
        let Some(namesakes) = self.by_subject.get(certificate.issuer_der()) else {
            return Vec::new();
        };
        let wanted = certificate.facts().authority_key_id.clone();
        let with = |key_id: Option<Vec<u8>>| {
            namesakes.by_key_id.get(&key_id).map(Vec::as_slice).unwrap_or_default().iter()
        };
        let named = wanted.is_some().then(|| with(wanted)).into_iter().flatten();
        let mut seen = HashSet::new();
        named
            .take(Self::MAX_CANDIDATES)
            .chain(with(None).take(Self::MAX_CANDIDATES))
            .chain(namesakes.all.iter().take(Self::MAX_CANDIDATES.saturating_mul(3)))
            .filter(|index| seen.insert(**index))
            .filter_map(|index| self.all.get(*index))
            .take(Self::MAX_CANDIDATES)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Maker, server};
    use super::*;

    #[test]
    fn an_authority_given_twice_is_one() {
        let authority = Maker::authority("Root");
        let anchors = Anchors::new(vec![authority.certificate(), authority.certificate()]);
        assert_eq!(anchors.all.len(), 1);
        assert!(anchors.contains(&authority.certificate()));
    }

    #[test]
    fn the_named_key_comes_first_among_a_hundred_and_one_namesakes() {
        let makers: Vec<Maker> = (0..101).map(|_| Maker::authority("Root")).collect();
        let anchors = Anchors::new(makers.iter().map(Maker::certificate).collect());
        for maker in [&makers[0], &makers[50], &makers[100]] {
            let mut params = server("a.example");
            params.use_authority_key_identifier_extension = true;
            let leaf = maker.sign(&params);
            let found = anchors.candidates(&leaf);
            assert_eq!(found.len(), Anchors::MAX_CANDIDATES);
            assert_eq!(*found[0], maker.certificate());
        }
    }

    #[test]
    fn another_name_is_no_candidate() {
        let leaf = Maker::authority("Root").sign(&server("a.example"));
        assert!(
            Anchors::new(vec![Maker::authority("Other").certificate()])
                .candidates(&leaf)
                .is_empty()
        );
    }
}
