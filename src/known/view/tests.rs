use super::*;
use crate::known::testing::known;
use crate::material::testing::certificate;

fn marked(entry: &Entry) -> Entry {
    Entry { distrust: true, ..entry.clone() }
}

#[test]
fn an_answer_takes_the_place_of_what_was_judged_and_of_nothing_else() {
    let (old, new) = (known("h:1", certificate(&["h"])), known("h:1", certificate(&["h"])));
    let judged = [*old.certificate.sha256()];
    for (judged, taken) in [(&judged[..], true), (&[][..], false)] {
        let session = SessionEntries::default();
        session.set(old.clone());
        assert_eq!(session.set_judged(new.clone(), judged), taken);
        let wanted = if taken { &new } else { &old };
        assert_eq!(session.entries().all().iter().map(|one| &**one).collect::<Vec<_>>(), [wanted]);
    }
    let session = SessionEntries::default();
    session.set(new.clone());
    assert!(session.set_judged(new, &[]), "it is the same certificate");
}

#[test]
fn distrust_and_other_places_neither_hinder_an_answer_nor_go_with_it() {
    let new = known("h:1", certificate(&["h"]));
    let elsewhere = known("h:2", certificate(&["h"]));
    let client = Entry { role: Role::Client, ..known("h:1", certificate(&["h"])) };
    let session = SessionEntries::default();
    for one in [marked(&known("h:1", certificate(&["h"]))), elsewhere, client] {
        session.add(one);
    }
    assert!(session.set_judged(new, &[]));
    assert_eq!(session.entries().all().len(), 4);
}

#[test]
fn forgetting_says_whether_there_was_anything() {
    let session = SessionEntries::default();
    session.set(known("h:1", certificate(&["h"])));
    assert!(!session.remove(|entry| entry.distrust));
    assert!(session.remove(|entry| !entry.distrust));
    assert!(!session.remove(|_| true));
}

#[test]
fn a_fingerprint_of_what_decides_changes_with_each_of_its_parts() {
    let entry = known("h:1", certificate(&["h"]));
    let of = |entries: &[&Entry]| {
        let entries = entries.iter().map(|one| Arc::new((*one).clone())).collect();
        Standing { entries, ..Standing::default() }.fingerprint()
    };
    let accepting = Entry { accepted: crate::error::Problems::NO_SAN, ..entry.clone() };
    let ending = Entry { expires: Some(1), ..entry.clone() };
    let other = known("h:1", certificate(&["h"]));
    let mut all = [
        of(&[]),
        of(&[&entry]),
        of(&[&accepting]),
        of(&[&ending]),
        of(&[&other]),
        of(&[&entry, &other]),
    ];
    assert_eq!(of(&[&entry, &other]), of(&[&other, &entry, &other]));
    all.sort_unstable();
    assert!(all.windows(2).all(|two| two[0] != two[1]));
}
