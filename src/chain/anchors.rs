//! The authorities of a context, found by name and key identifier.
//!
//! A look-up costs the same for one authority as for a hundred thousand, even if they all have the
//! same name. Names are compared as RFC 5280, section 7.1, requires. Whether an authority is fit to
//! be one is for the rules to say, not for this index.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher;

use super::same_name::{normal_form, push_key};
use super::work::UNITS;
use crate::material::Certificate;

/// An index of authorities; immutable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    all: Vec<Certificate>,
    /// Where the authorities came from, if from files: each with the number of its first one.
    files: Vec<(usize, Option<String>)>,
    /// By a keyed hash of the subject's normal form; names with the same hash share an entry.
    by_name: HashMap<u64, Namesakes>,
    hasher: RandomState,
}

/// The authorities with one name; nearly always just one.
#[derive(Clone, Debug)]
enum Namesakes {
    One(usize),
    Many(Box<Many>),
}

/// Authorities with one name, by their subject key identifier.
#[derive(Clone, Debug, Default)]
struct Many {
    all: Vec<usize>,
    by_key_id: HashMap<Option<Vec<u8>>, Vec<usize>>,
    known: HashSet<[u8; 32]>,
}

impl Anchors {
    /// The most candidates a look-up returns: each costs a unit of work at least, so that a
    /// judgement notices if there are more than it can try.
    pub(crate) const MAX_CANDIDATES: usize = UNITS as usize + 1;

    /// Indexes `certificates`; of duplicates the first is kept.
    #[must_use]
    pub(crate) fn new(certificates: Vec<Certificate>) -> Self {
        Self::of_files(std::iter::once((None, certificates)))
    }

    /// Indexes certificates, with the names of the files that they came from.
    #[must_use]
    pub(crate) fn of_files(all: impl Iterator<Item = (Option<String>, Vec<Certificate>)>) -> Self {
        let mut anchors = Self::default();
        let mut key = Vec::new();
        for (file, certificates) in all {
            anchors.files.push((anchors.all.len(), file));
            anchors.all.reserve(certificates.len());
            anchors.by_name.reserve(certificates.len());
            for certificate in certificates {
                anchors.add(certificate, &mut key);
            }
        }
        anchors
    }

    fn add(&mut self, certificate: Certificate, key: &mut Vec<u8>) {
        let name = hash(&self.hasher, certificate.subject_der(), key);
        let index = self.all.len();
        let is_new = match self.by_name.entry(name) {
            Entry::Vacant(place) => {
                place.insert(Namesakes::One(index));
                true
            }
            Entry::Occupied(mut place) => place.get_mut().add(index, &certificate, &self.all),
        };
        if is_new {
            self.all.push(certificate);
        }
    }

    /// The file that an authority came from first, if it was a file.
    #[must_use]
    pub(crate) fn file(&self, authority: &Certificate) -> Option<&str> {
        let index = self.all.iter().position(|one| one == authority)?;
        let after = self.files.partition_point(|(first, _)| *first <= index);
        let (_, file) = self.files.get(after.checked_sub(1)?)?;
        file.as_deref()
    }

    /// Whether there are no authorities.
    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All authorities, each once.
    #[must_use]
    pub(crate) fn all(&self) -> &[Certificate] {
        &self.all
    }

    /// Their names in DER, each once.
    #[must_use]
    pub(crate) fn names(&self) -> Vec<Vec<u8>> {
        let mut seen = HashSet::new();
        let names = self.all.iter().map(Certificate::subject_der);
        names.filter(|name| seen.insert(*name)).map(<[u8]>::to_vec).collect()
    }

    /// Whether exactly this certificate is one of them.
    #[must_use]
    pub(crate) fn contains(&self, certificate: &Certificate) -> bool {
        match self.namesakes(certificate.subject_der()) {
            Some(Namesakes::One(index)) => self.all.get(*index) == Some(certificate),
            Some(Namesakes::Many(many)) => many.known.contains(certificate.sha256()),
            None => false,
        }
    }

    /// The authorities that may have issued `certificate`, by name: first those with the key
    /// identifier that it names, then those without a key identifier, then the rest; at most
    /// [`Self::MAX_CANDIDATES`].
    #[must_use]
    pub(crate) fn candidates(&self, certificate: &Certificate) -> Vec<&Certificate> {
        self.named(certificate.issuer_der(), certificate.facts().authority_key_id.as_deref())
    }

    /// The authorities with this name, in the order and number of [`Self::candidates`].
    pub(crate) fn named(&self, issuer: &[u8], key_id: Option<&[u8]>) -> Vec<&Certificate> {
        let found = match self.namesakes(issuer) {
            None => return Vec::new(),
            Some(Namesakes::One(index)) => vec![*index],
            Some(Namesakes::Many(many)) => many.candidates(key_id),
        };
        let normal = OnceCell::new();
        let is_issuer = |one: &&Certificate| {
            let subject = one.subject_der();
            subject == issuer || normal_form(subject) == *normal.get_or_init(|| normal_form(issuer))
        };
        let all = found.into_iter().filter_map(|index| self.all.get(index));
        all.filter(is_issuer).take(Self::MAX_CANDIDATES).collect()
    }

    fn namesakes(&self, name: &[u8]) -> Option<&Namesakes> {
        self.by_name.get(&hash(&self.hasher, name, &mut Vec::new()))
    }
}

impl Namesakes {
    /// Adds a certificate that will be number `index` of `all`; returns whether it is new.
    fn add(&mut self, index: usize, certificate: &Certificate, all: &[Certificate]) -> bool {
        if let Self::One(first) = *self {
            let Some(other) = all.get(first).filter(|other| *other != certificate) else {
                return false;
            };
            let mut many = Many::default();
            many.add(first, other);
            *self = Self::Many(Box::new(many));
        }
        match self {
            Self::One(_) => false,
            Self::Many(many) => many.add(index, certificate),
        }
    }
}

impl Many {
    fn add(&mut self, index: usize, certificate: &Certificate) -> bool {
        let is_new = self.known.insert(*certificate.sha256());
        if is_new {
            self.all.push(index);
            let key_id = certificate.facts().subject_key_id.clone();
            self.by_key_id.entry(key_id).or_default().push(index);
        }
        is_new
    }

    /// Those that may have signed what names this key, best first, each once.
    fn candidates(&self, wanted: Option<&[u8]>) -> Vec<usize> {
        const MAX: usize = Anchors::MAX_CANDIDATES;
        let wanted = wanted.map(<[u8]>::to_vec);
        let with = |key_id: Option<Vec<u8>>| {
            self.by_key_id.get(&key_id).map(Vec::as_slice).unwrap_or_default().iter().take(MAX)
        };
        let named = wanted.is_some().then(|| with(wanted)).into_iter().flatten();
        let mut seen = HashSet::new();
        named
            .chain(with(None))
            .chain(self.all.iter().take(MAX.saturating_mul(3)))
            .copied()
            .filter(|index| seen.insert(*index))
            .collect()
    }
}

/// The hash of the normal form of a name; `key` is scratch space.
fn hash(hasher: &RandomState, name: &[u8], key: &mut Vec<u8>) -> u64 {
    key.clear();
    push_key(key, name);
    hasher.hash_one(key.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Maker, server};
    use crate::material::testing::{Parts, attribute, common_name, extension, name, tlv};

    fn common_name_of(tag: u8, value: &[u8]) -> Vec<u8> {
        name(&[&[attribute(&[0x55, 4, 3], tag, value)]])
    }

    #[test]
    fn an_authority_given_twice_is_one() {
        let authority = Maker::authority("Root");
        let anchors = Anchors::new(vec![authority.certificate(), authority.certificate()]);
        assert_eq!(anchors.all.len(), 1);
        assert!(anchors.contains(&authority.certificate()));
    }

    #[test]
    fn the_named_key_comes_first_among_a_hundred_and_twenty_namesakes() {
        let makers: Vec<Maker> = (0..120).map(|_| Maker::authority("Root")).collect();
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

    fn named(subject: Vec<u8>, issuer: Vec<u8>, key_id: u8) -> Certificate {
        let key_ids = [extension(14, false, &tlv(4, &[key_id]))];
        let extensions = key_ids.to_vec();
        Parts { subject, issuer, extensions, ..Parts::default() }.certificate()
    }

    #[test]
    fn a_name_in_other_letters_spaces_and_types_is_found() {
        let names = [
            common_name_of(0x0c, b"Lab CA"),
            common_name_of(0x13, b"LAB  ca "),
            common_name_of(0x16, b" lab\tca"),
            common_name_of(0x1e, b"\0L\0a\0b\0 \0C\0A"),
        ];
        for subject in &names {
            let anchors = Anchors::new(vec![named(subject.clone(), common_name("x"), 1)]);
            for issuer in &names {
                let leaf = named(common_name("leaf"), issuer.clone(), 9);
                assert_eq!(anchors.candidates(&leaf).len(), 1, "{subject:?} {issuer:?}");
            }
            for other in ["LabCA", "Lab CAs", "Lab", ""] {
                let leaf = named(common_name("leaf"), common_name(other), 9);
                assert!(anchors.candidates(&leaf).is_empty(), "{other}");
            }
        }
        let all = names.iter().zip(1..).map(|(name, id)| named(name.clone(), common_name("x"), id));
        let anchors = Anchors::new(all.collect());
        let leaf = named(common_name("leaf"), common_name("lab ca"), 9);
        assert_eq!(anchors.candidates(&leaf).len(), names.len());
    }

    #[test]
    fn one_of_many_with_a_name_is_contained_and_another_is_not() {
        let all: Vec<_> =
            (0..20).map(|id| named(common_name("CA"), common_name("x"), id)).collect();
        let anchors = Anchors::new([all.clone(), all.clone()].concat());
        assert_eq!(anchors.all.len(), 20);
        assert!(all.iter().all(|one| anchors.contains(one)));
        assert!(!anchors.contains(&named(common_name("CA"), common_name("x"), 99)));
        assert!(!anchors.contains(&named(common_name("other"), common_name("x"), 0)));
        assert!(!Anchors::default().contains(all.first().unwrap()));
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
