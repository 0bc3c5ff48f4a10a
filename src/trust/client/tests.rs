//! The judgement of clients at a given time; the tests of the directory and of authorities are
//! here.

mod known;
mod lists;

use super::*;
use crate::chain::{Anchors, Crls};
use crate::known::{Entries, Known, Origin, SessionEntries, Spot};
use crate::material::Crl;
use crate::material::testing::{DAY, Maker, NOW, authority, day, named};
use crate::trust::allow::AllowList;
use crate::trust::verdict::verify_client;
use rcgen::KeyPair;
use std::fs;

/// A server's beliefs about clients.
struct House {
    rules: Rules,
    admission: Admission,
    policy: Policy,
    asking: Asking,
    entries: Vec<Entry>,
    session: Vec<Entry>,
    now: i64,
    dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        Self {
            rules: Rules::default(),
            admission: Admission::default(),
            policy: Policy::Auto,
            asking: Asking::Validator,
            entries: Vec::new(),
            session: Vec::new(),
            now: NOW,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// One that trusts this authority.
    fn of(authority: &Maker) -> Self {
        let mut house = Self::new();
        house.rules.anchors = Arc::new(Anchors::new(vec![authority.certificate()]));
        house
    }

    /// One with a directory of these certificates.
    fn with_directory(certificates: &[&Certificate]) -> Self {
        Self::new().directory(certificates)
    }

    fn directory(mut self, certificates: &[&Certificate]) -> Self {
        for (number, one) in certificates.iter().enumerate() {
            self.put(&format!("{number}.pem"), one);
        }
        let directory = Directory::open(self.dir.path(), Writers::Owner).unwrap();
        self.admission.directory = Some(Arc::new(directory));
        self
    }

    fn put(&self, file: &str, certificate: &Certificate) {
        use crate::material::Style;
        fs::write(self.dir.path().join(file), certificate.text(Style::Pem)).unwrap();
    }

    fn asking(mut self) -> Self {
        self.policy = Policy::Ask;
        self
    }

    fn knows(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    fn view(&self) -> KnownView {
        let session = Arc::new(SessionEntries::default());
        self.session.iter().for_each(|entry| session.add(entry.clone()));
        let given = Arc::new(Entries::new(self.entries.clone()));
        Known { given, session, ..Known::default() }.view().unwrap()
    }

    fn hear(&self, chain: &[&Certificate], grant: Option<&Grant>) -> Judgement {
        let chain: Arc<[Certificate]> = chain.iter().copied().cloned().collect();
        let view = self.view();
        let beliefs = ClientBeliefs {
            rules: &self.rules,
            clean: &CleanChains::default(),
            admission: &self.admission,
            policy: self.policy,
            asking: self.asking,
            known: &view,
        };
        let client = Peer::client(&chain, self.now);
        let judgement = judge_client(&client, &beliefs, grant);
        if grant.is_none() && !chain.is_empty() {
            // Without a connection the result is the same if nobody is asked.
            let said = verify_client(&client, &beliefs);
            match (&judgement, said.outcome()) {
                (Judgement::Admitted(admitted), Ok(reason)) => {
                    assert_eq!(admitted.reason(), reason);
                }
                (Judgement::Refused(one), Err(other)) => {
                    assert_eq!(one.problems(), other.problems());
                }
                (Judgement::Ask(_), Err(_)) => {}
                (one, other) => panic!("{one:?} and {other:?}"),
            }
        }
        judgement
    }

    fn admits(&self, one: &Certificate) -> Identity {
        let judgement = self.hear(&[one], None);
        let Judgement::Admitted(admitted) = judgement else { panic!("{judgement:?}") };
        admitted.identity().unwrap().clone()
    }

    fn refuses(&self, one: &Certificate) -> Error {
        self.refuses_chain(&[one])
    }

    fn refuses_chain(&self, chain: &[&Certificate]) -> Error {
        let judgement = self.hear(chain, None);
        let Judgement::Refused(error) = judgement else { panic!("{judgement:?}") };
        error
    }

    fn asks(&self, one: &Certificate) -> Asked {
        let judgement = self.hear(&[one], None);
        let Judgement::Ask(asked) = judgement else { panic!("{judgement:?}") };
        *asked
    }
}

/// A self-signed certificate that is marked as an authority, as `openssl req -x509` makes it.
fn alone(name: &str) -> Certificate {
    Maker::of(own_authority(name)).certificate()
}

fn own_authority(name: &str) -> rcgen::CertificateParams {
    let mut params = authority(name);
    params.key_usages.clear();
    params
}

/// One that has expired, or is not yet valid.
fn at_another_time(name: &str, from: i64, to: i64) -> Certificate {
    let mut params = own_authority(name);
    (params.not_before, params.not_after) = (day(from), day(to));
    Maker::of(params).certificate()
}

fn known(certificate: &Certificate, accepted: Problems) -> Entry {
    Entry {
        place: None,
        role: Role::Client,
        certificate: certificate.clone(),
        accepted,
        added: Some(NOW - DAY),
        expires: None,
        origin: Origin::User,
        distrust: false,
        spot: Spot::default(),
    }
}

fn distrusted(certificate: &Certificate) -> Entry {
    Entry { distrust: true, ..known(certificate, Problems::NONE) }
}

fn crls(lists: &[Vec<u8>]) -> Arc<Crls> {
    let lists = lists.iter().map(|der| Crl::from_der(der, "a test").unwrap());
    Arc::new(Crls::default().of(lists))
}

// ---------- the directory ----------

#[test]
fn an_entry_of_the_directory_comes_in_under_its_name() {
    let alice = alone("alice");
    let house = House::with_directory(&[&alone("bob"), &alice]);
    let identity = house.admits(&alice);
    assert_eq!((identity.name.as_str(), identity.source), ("alice", IdentitySource::Directory));
}

#[test]
fn what_is_removed_from_the_directory_is_refused_at_once() {
    let alice = alone("alice");
    let house = House::with_directory(&[&alice]);
    house.admits(&alice);
    fs::remove_file(house.dir.path().join("0.pem")).unwrap();
    let error = house.refuses(&alice);
    assert_eq!(error.kind(), Kind::CertificateUnknown);
    assert!(error.message().contains("is not in"), "{error}");
    house.put("again.pem", &alice);
    house.admits(&alice);
}

#[test]
fn the_dates_of_an_entry_count() {
    for (from, to, problem) in [(-9, -1, Problems::EXPIRED), (1, 9, Problems::NOT_YET_VALID)] {
        let alice = at_another_time("alice", from, to);
        let mut house = House::with_directory(&[&alice]).asking();
        let error = house.refuses(&alice);
        assert_eq!((error.kind(), error.problems()), (Kind::Certificate, problem));
        house.now = NOW + (from + to) / 2 * DAY;
        house.admits(&alice);
    }
}

#[test]
fn the_purpose_of_an_entry_does_not_count() {
    let mut params = named("alice", &[]);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let alice = Maker::of(params).certificate();
    assert_eq!(House::with_directory(&[&alice]).admits(&alice).name, "alice");
    assert!(matches!(House::new().asking().hear(&[&alice], None), Judgement::Ask(_)));
}

#[test]
fn a_revoked_entry_is_refused() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    let mut house = House::with_directory(&[&alice]).asking();
    house.rules.crls = crls(&[root.list((-2, 9), 1, &[])]);
    house.admits(&alice);
    house.rules.crls = crls(&[root.list((-1, 9), 2, &[(&alice, None)])]);
    let error = house.refuses(&alice);
    assert_eq!((error.kind(), error.problems()), (Kind::CertificateRevoked, Problems::REVOKED));
}

#[test]
fn a_distrusted_certificate_or_key_is_refused_whoever_vouches() {
    let key = KeyPair::generate().unwrap();
    let copy = || KeyPair::try_from(key.serialized_der()).unwrap();
    let root = Maker::authority("Root");
    let alice = root.below_with_key(named("alice", &[]), copy()).certificate();
    let same_key = Maker::with_key(named("other", &[]), copy()).certificate();
    for bad in [&alice, &same_key] {
        let houses = [
            House::with_directory(&[&alice]),
            House::of(&root),
            House::new().knows(known(&alice, Problems::NONE)),
            House::of(&root).asking(),
        ];
        for house in houses {
            house.knows(distrusted(bad)).refuses_as_distrusted(&alice);
        }
    }
}

impl House {
    fn refuses_as_distrusted(&self, one: &Certificate) {
        let error = self.refuses(one);
        assert_eq!(error.kind(), Kind::CertificateDistrusted);
        assert!(error.problems().contains(Problems::DISTRUSTED));
    }
}

#[test]
fn what_the_client_sends_along_may_be_distrusted_too() {
    let (alice, bad) = (alone("alice"), alone("bad"));
    let house = House::with_directory(&[&alice]).knows(distrusted(&bad));
    house.admits(&alice);
    let error = house.refuses_chain(&[&alice, &bad]);
    assert_eq!(error.kind(), Kind::CertificateDistrusted);
}

#[test]
fn an_entry_of_the_directory_is_no_authority() {
    let backend = Maker::authority("backendA");
    let forged = backend.sign(&named("backendC", &[]));
    for both in [false, true] {
        let mut house = House::of(&Maker::authority("Root")).directory(&[&backend.certificate()]);
        house.admission.directory_and_authorities = both;
        house.admits(&backend.certificate());
        let error = house.refuses_chain(&[&forged, &backend.certificate()]);
        assert!(error.problems().contains(Problems::UNKNOWN_ISSUER), "{error}");
        assert_eq!(error.kind(), Kind::CertificateUnknown);
    }
}

#[test]
fn two_certificates_of_the_directory_share_their_name() {
    let (one, other) = (alone("backendA"), alone("backendA"));
    let house = House::with_directory(&[&one, &other]);
    assert_eq!(house.admits(&one), house.admits(&other));
}

#[test]
fn a_directory_that_cannot_be_read_lets_nobody_in() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    let mut house = House::of(&root).directory(&[]);
    house.admission.directory_and_authorities = true;
    house.admits(&alice);
    fs::remove_dir_all(house.dir.path()).unwrap();
    assert_eq!(house.refuses(&alice).kind(), Kind::File);
}

// ---------- authorities ----------

#[test]
fn an_authority_counts_beside_a_directory_only_by_choice() {
    let root = Maker::authority("Root");
    let alice = root.sign(&named("alice", &[]));
    let mut house = House::of(&root);
    assert_eq!(house.admits(&alice).source, IdentitySource::Authority);
    house = house.directory(&[]);
    let error = house.refuses(&alice);
    assert_eq!((error.kind(), error.problems()), (Kind::CertificateUnknown, Problems::NONE));
    assert!(error.message().contains("an authority is not enough"), "{error}");
    house.admission.directory_and_authorities = true;
    assert_eq!(house.admits(&alice).source, IdentitySource::Authority);
}

#[test]
fn an_authority_cannot_give_away_a_name_of_the_directory() {
    let root = Maker::authority("Root");
    let owner = alone("backendC");
    let mut house = House::of(&root).directory(&[&owner]).asking();
    house.admission.directory_and_authorities = true;
    let error = house.refuses(&root.sign(&named("backendC", &[])));
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.message().contains("0.pem"), "{error}");
    assert_eq!(house.admits(&root.sign(&named("backendD", &[]))).name, "backendD");
}

#[test]
fn an_authority_may_renew_the_certificate_of_an_entry_for_its_key() {
    let root = Maker::authority("Root");
    let owner = Maker::authority("backendC");
    let mut house = House::of(&root).directory(&[&owner.certificate()]);
    house.admission.directory_and_authorities = true;
    let renewed = root.below_with_key(named("backendC", &[]), owner.key()).certificate();
    assert_eq!(house.admits(&renewed).source, IdentitySource::Authority);
}

#[test]
fn an_authority_cannot_give_away_the_name_of_a_known_client() {
    let root = Maker::authority("Root");
    let owner = Maker::authority("alice");
    for expires in [None, Some(NOW - 1)] {
        let entry = Entry { expires, ..known(&owner.certificate(), Problems::NONE) };
        let house = House::of(&root).knows(entry);
        let error = house.refuses(&root.sign(&named("alice", &[])));
        assert_eq!(error.kind(), Kind::NotAllowed);
        assert!(error.message().contains("known client"), "{error}");
        let same_key = root.below_with_key(named("alice", &[]), owner.key()).certificate();
        assert_eq!(house.admits(&same_key).name, "alice");
    }
}

#[test]
fn a_distrusted_entry_holds_no_name() {
    let root = Maker::authority("Root");
    let house = House::of(&root).knows(distrusted(&alone("alice")));
    assert_eq!(house.admits(&root.sign(&named("alice", &[]))).name, "alice");
}
