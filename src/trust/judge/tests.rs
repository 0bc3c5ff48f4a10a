//! The judgement beyond the tables in `tests/`: what an answer covers, and what replaces a renewed
//! entry.

#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use std::sync::Arc;

use super::*;
use crate::chain::{Anchors, CleanChains, Rules};
use crate::error::Problems;
use crate::host::{Endpoint, Host};
use crate::known::testing::known;
use crate::known::{Entries, Entry, Known, KnownView};
use crate::material::Certificate;
use crate::material::testing::{DAY, Maker, NOW, authority, server};

const POLICIES: Policies = Policies {
    on_new: Policy::Ask,
    on_changed: Policy::Ask,
    on_renewed: Policy::Auto,
    on_untrusted: Policy::Ask,
    on_new_problem: Policy::Ask,
    on_client: Policy::Auto,
};

/// A server at a.example:1, and the beliefs about it.
struct Scene {
    root: Maker,
    known: Vec<Entry>,
    now: i64,
}

impl Scene {
    fn new() -> Self {
        Self { root: Maker::authority("Root"), known: Vec::new(), now: NOW }
    }

    fn judge(&self, chain: &[Certificate], port: u16, grant: Option<&Grant>) -> Judgement {
        let given = Arc::new(Entries::new(self.known.clone()));
        let known: KnownView = Known { given, ..Known::default() }.view().unwrap();
        let anchors = Arc::new(Anchors::new(vec![self.root.certificate()]));
        let rules = Rules { anchors, ..Rules::default() };
        let asking = Asking::Validator;
        let beliefs = Beliefs {
            rules: &rules,
            clean: &CleanChains::default(),
            policies: &POLICIES,
            asking,
            known: &known,
        };
        let endpoint = Endpoint { host: Host::parse("a.example").unwrap(), port };
        let chain: Arc<[Certificate]> = chain.into();
        let peer = Peer::server(&endpoint, &chain, self.now);
        judge(&peer, &beliefs, grant)
    }

    /// The answer to the question about this certificate.
    fn allowed(&self, leaf: &Certificate) -> Grant {
        let judgement = self.judge(std::slice::from_ref(leaf), 1, None);
        let Judgement::Ask(asked) = judgement else { panic!("no question: {judgement:?}") };
        Grant { asked: *asked }
    }

    fn admits(&self, leaf: &Certificate, port: u16, grant: &Grant) -> bool {
        let judgement = self.judge(std::slice::from_ref(leaf), port, Some(grant));
        matches!(judgement, Judgement::Admitted(admitted) if admitted.reason() == Reason::Answer)
    }
}

#[test]
fn a_server_that_is_nowhere_is_not_admitted() {
    let root = Maker::authority("Root");
    let chain: Arc<[Certificate]> = Arc::new([root.sign(&server("a.example"))]);
    let anchors = Arc::new(Anchors::new(vec![root.certificate()]));
    let beliefs = Beliefs {
        rules: &Rules { anchors, ..Rules::default() },
        clean: &CleanChains::default(),
        policies: &Policies::default(),
        asking: Asking::Nobody,
        known: &KnownView::default(),
    };
    let endpoint = Endpoint::new("a.example", 1).unwrap();
    let somewhere = Peer::server(&endpoint, &chain, NOW);
    assert!(matches!(judge(&somewhere, &beliefs, None), Judgement::Admitted(_)));
    let nowhere = Peer { endpoint: None, ..somewhere };
    assert!(matches!(judge(&nowhere, &beliefs, None), Judgement::Refused(_)));
}

#[test]
fn an_answer_is_for_one_certificate_at_one_place_in_one_situation() {
    let mut scene = Scene::new();
    let [one, other] = [(); 2].map(|()| scene.root.sign(&server("a.example")));
    let grant = scene.allowed(&one);
    assert!(scene.admits(&one, 1, &grant));
    assert!(!scene.admits(&other, 1, &grant));
    assert!(!scene.admits(&one, 2, &grant));
    scene.known = vec![known("a.example:1", other)];
    assert!(!scene.admits(&one, 1, &grant), "the server is no stranger any more");
    let grant = scene.allowed(&one);
    assert!(scene.admits(&one, 1, &grant));
    scene.known = vec![known("a.example:1", scene.root.sign(&server("a.example")))];
    assert!(!scene.admits(&one, 1, &grant), "it was another certificate that is known");
}

#[test]
fn an_answer_covers_the_problems_that_it_showed_and_fewer() {
    let mut scene = Scene::new();
    let fine = Maker::authority("Other").sign(&server("a.example"));
    let mut params = server("a.example");
    params.not_after = crate::material::testing::day(10);
    let stranger = Maker::authority("Other").sign(&params);
    let grant = scene.allowed(&stranger);
    assert!(scene.admits(&stranger, 1, &grant) && !scene.admits(&fine, 1, &grant));
    scene.now = NOW + 11 * DAY;
    assert!(!scene.admits(&stranger, 1, &grant), "it has expired since");
    let grant = scene.allowed(&stranger);
    scene.now = NOW;
    assert!(scene.admits(&stranger, 1, &grant));
}

#[test]
fn a_renewed_certificate_takes_the_place_of_the_old_one_and_nothing_is_accepted_with_it() {
    let mut scene = Scene::new();
    let old = scene.root.below(server("a.example"));
    let new = scene.root.below_with_key(server("a.example"), old.key()).certificate();
    let entry = Entry {
        accepted: Problems::NO_SAN,
        expires: Some(NOW),
        ..known("a.example:1", old.certificate())
    };
    scene.known = vec![entry.clone()];
    let Judgement::Admitted(admitted) = scene.judge(std::slice::from_ref(&new), 1, None) else {
        panic!("the renewed certificate is refused");
    };
    assert_eq!(admitted.reason(), Reason::Renewed);
    let renewal = admitted.renews().unwrap();
    assert_eq!(renewal.key, *old.certificate().key_sha256());
    let wanted = Entry { certificate: new, accepted: Problems::NONE, added: Some(NOW), ..entry };
    assert_eq!(renewal.entry, wanted);
}

#[test]
fn an_entry_that_is_over_or_distrusted_renews_nothing() {
    let mut scene = Scene::new();
    let old = scene.root.below(server("a.example"));
    let new = scene.root.below_with_key(server("a.example"), old.key()).certificate();
    let entry = known("a.example:1", old.certificate());
    let situation = |scene: &Scene| match scene.judge(std::slice::from_ref(&new), 1, None) {
        Judgement::Ask(asked) => Some(asked.situation),
        Judgement::Refused(error) => {
            assert_eq!(error.problems(), Problems::DISTRUSTED);
            None
        }
        Judgement::Admitted(admitted) => panic!("admitted: {admitted:?}"),
    };
    scene.known = vec![Entry { expires: Some(NOW - 1), ..entry.clone() }];
    assert_eq!(situation(&scene), Some(Situation::Changed));
    let marked = Entry { distrust: true, place: None, ..entry.clone() };
    scene.known = vec![entry, marked];
    assert_eq!(situation(&scene), None);
}

#[test]
fn a_chain_of_no_certificate_is_refused_whoever_is_asked() {
    let scene = Scene::new();
    let leaf = scene.root.below(authority("Middle")).sign(&server("a.example"));
    let asked = scene.judge(std::slice::from_ref(&leaf), 1, None);
    assert!(matches!(asked, Judgement::Ask(_)));
    let Judgement::Refused(error) = scene.judge(&[], 1, None) else { panic!("not refused") };
    assert_eq!(error.problems(), Problems::BAD_ENCODING);
}
