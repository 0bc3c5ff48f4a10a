use super::*;
use crate::known::store::text::{Located, read, write};
use crate::known::testing::{known, plain};
use crate::material::testing::{certificate, certificate_with};

const OURS: (&str, &str) = (FIRST_LINE, LAST_LINE);

fn ours(entries: &[&Entry]) -> String {
    let mut text = format!("{}\n\n", OURS.0);
    for entry in entries {
        text.push_str(&format!("{}\n", write(entry)));
    }
    text + OURS.1 + "\n"
}

fn change(text: &str, change: &Change) -> Result<Option<String>, Error> {
    let located = read(text.as_bytes(), "known", Role::Server).unwrap();
    let spans: Vec<_> = located.iter().map(|one| one.span.clone()).collect();
    let entries: Vec<_> = located.into_iter().map(|one| Arc::new(one.entry)).collect();
    let current =
        Current { text: text.as_bytes(), entries: &entries, spans: &spans, role: Role::Server };
    Ok(current.with(change)?.map(|changed| {
        let text = String::from_utf8(changed.text).unwrap();
        assert_eq!(entries_of(&text).len(), changed.count);
        text
    }))
}

fn changed(text: &str, one: &Change) -> String {
    change(text, one).unwrap().expect("a change")
}

fn entries_of(text: &str) -> Vec<Entry> {
    let located: Vec<Located> = read(text.as_bytes(), "known", Role::Server).unwrap();
    located.into_iter().map(|one| one.entry).collect()
}

fn set(entry: &Entry, replaces: Replaces) -> Change {
    Change::Set { entry: entry.clone(), replaces }
}

fn remove(place: &str) -> Change {
    Change::Remove { place: Place::parse(place).unwrap() }
}

fn mark(certificate: &Certificate, on: bool) -> Change {
    Change::Distrust { certificate: certificate.clone(), on, added: 1_795_255_200 }
}

fn entry(place: &str) -> Entry {
    known(place, certificate(&[]))
}

#[test]
fn an_entry_is_added_before_the_last_line() {
    let (one, other) = (entry("a:1"), entry("b:1"));
    let empty = String::from_utf8(empty_text()).unwrap();
    let text = changed(&empty, &set(&one, Replaces::Judged(vec![])));
    assert_eq!(text, ours(&[&one]));
    assert_eq!(changed(&text, &set(&other, Replaces::Everything)), ours(&[&one, &other]));
}

#[test]
fn what_is_added_and_removed_leaves_the_file_as_it_was() {
    let (one, other) = (entry("a:1"), entry("b:1"));
    for text in [ours(&[]), ours(&[&one]), format!("# mine\n\n{}", write(&one))] {
        let more = changed(&text, &set(&other, Replaces::Everything));
        let less = changed(&more, &remove("b:1"));
        assert_eq!(less.trim_end(), text.trim_end());
    }
}

#[test]
fn a_file_made_by_hand_ends_with_the_entry_that_is_added() {
    let (one, other) = (entry("a:1"), entry("b:1"));
    let text = format!("# mine\n\n{}", write(&one));
    let more = changed(&text, &set(&other, Replaces::Everything));
    assert_eq!(more, format!("{text}\n{}", write(&other)));
}

#[test]
fn the_empty_line_behind_an_entry_goes_only_where_another_is_before_it() {
    let (goes, stays) = (write(&entry("a:1")), write(&entry("b:1")));
    for (before, behind, wanted) in [
        ("", "\n# more\n", "\n# more\n"),
        ("", "\r\n# more\n", "\r\n# more\n"),
        ("\n", "\n# more\n", "\n# more\n"),
        ("\r\n", "\r\n# more\n", "\r\n# more\n"),
        ("\n", "", "\n"),
    ] {
        let found = changed(&format!("{stays}{before}{goes}{behind}"), &remove("a:1"));
        assert_eq!(found, format!("{stays}{wanted}"), "{before:?} {behind:?}");
    }
}

#[test]
fn everything_else_stays_byte_for_byte() {
    let (one, two, new) = (entry("a:1"), entry("b:1"), entry("a:1"));
    let before = "# by hand  \r\nsome: text\n\n\n";
    let between = format!("\n\tindented\r\n\n# about b\n{}  odd \n\n", write(&two));
    let plain =
        crate::material::pem_text("CERTIFICATE", certificate(&["c"]).der()).replace('\n', "\r\n");
    let text = format!("{before}{}{between}{plain}", write(&one));
    let wanted = format!("{before}{}{between}{plain}", write(&new));
    assert_eq!(changed(&text, &set(&new, Replaces::Everything)), wanted);
    assert_eq!(changed(&text, &remove("a:1")), format!("{before}{}{plain}", &between[1..]));
}

#[test]
fn text_at_the_end_of_a_file_does_not_become_a_line_of_a_new_entry() {
    let one = entry("a:1");
    for end in ["Note: hello", "Note: hello\n", "# comment\n", ""] {
        let text = format!("{}{end}", write(&entry("b:1")));
        let text = changed(&text, &set(&one, Replaces::Everything));
        assert_eq!(entries_of(&text).last(), Some(&one));
        assert!(text.contains(end));
    }
}

#[test]
fn an_entry_added_by_hand_behind_the_last_line_stays_there() {
    let (one, other, new) = (entry("a:1"), entry("b:1"), entry("c:1"));
    let text = ours(&[&one]) + &write(&other);
    let text = changed(&text, &set(&new, Replaces::Everything));
    assert_eq!(text, ours(&[&one, &new]) + &write(&other));
}

#[test]
fn everything_at_the_place_is_replaced_and_nothing_at_another() {
    let (one, two, any, new) = (entry("a:1"), entry("a:1"), entry("a:*"), entry("a:1"));
    let text = ours(&[&one, &any, &two]);
    let text = changed(&text, &set(&new, Replaces::Everything));
    assert_eq!(text, ours(&[&new, &any]));
}

#[test]
fn an_entry_is_not_replaced_if_it_is_not_the_one_that_was_judged_against() {
    let (old, new) = (entry("a:1"), entry("a:1"));
    let sha256 = *old.certificate.sha256();
    let fresh = set(&new, Replaces::Judged(vec![]));
    let error = change(&ours(&[&old]), &fresh).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Store, "the entry for a:1 has changed in the meantime")
    );
    let judged = set(&new, Replaces::Judged(vec![sha256]));
    assert_eq!(change(&ours(&[]), &judged).unwrap_err().kind(), Kind::Store);
    assert_eq!(change(&ours(&[&old, &entry("a:1")]), &judged).unwrap_err().kind(), Kind::Store);
    assert_eq!(changed(&ours(&[&old]), &judged), ours(&[&new]));
}

#[test]
fn the_same_answer_twice_is_no_conflict() {
    let one = entry("a:1");
    assert_eq!(change(&ours(&[&one]), &set(&one, Replaces::Judged(vec![]))), Ok(None));
    let mut more = one.clone();
    more.accepted = Problems::EXPIRED;
    assert!(change(&ours(&[&one]), &set(&more, Replaces::Judged(vec![]))).is_err());
}

#[test]
fn a_renewal_replaces_the_entry_with_its_key_only() {
    let key = rcgen::KeyPair::generate().unwrap();
    let old = known("a:1", certificate_with(&key, &[], &[]));
    let new = known("a:1", certificate_with(&key, &[], &[]));
    let other = entry("a:1");
    let renew = set(&new, Replaces::Key(*old.certificate.key_sha256()));
    assert_eq!(changed(&ours(&[&other, &old]), &renew), ours(&[&other, &new]));
    assert_eq!(change(&ours(&[&other]), &renew).unwrap_err().kind(), Kind::Store);
    assert_eq!(change(&ours(&[]), &renew).unwrap_err().kind(), Kind::Store);
}

#[test]
fn no_change_of_a_host_lifts_distrust() {
    let mut bad = entry("a:1");
    bad.distrust = true;
    let new = known("a:1", bad.certificate.clone());
    let text = changed(&ours(&[&bad]), &set(&new, Replaces::Everything));
    assert_eq!(text, ours(&[&bad, &new]));
    assert_eq!(changed(&text, &remove("a:1")), ours(&[&bad]));
    assert_eq!(change(&ours(&[&bad]), &remove("a:1")).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn distrust_is_set_once_and_lifted_by_its_own_change() {
    let one = entry("a:1");
    let text = changed(&ours(&[&one]), &mark(&one.certificate, true));
    let entries = entries_of(&text);
    assert!(
        entries.contains(&one) && entries.iter().any(|one| one.distrust && one.place.is_none())
    );
    assert_eq!(change(&text, &mark(&one.certificate, true)), Ok(None));
    assert_eq!(changed(&text, &mark(&one.certificate, false)), ours(&[&one]));
}

#[test]
fn what_is_not_there_cannot_be_removed() {
    let key = rcgen::KeyPair::generate().unwrap();
    let (one, other) = (certificate_with(&key, &[], &[]), certificate_with(&key, &[], &[]));
    let text = changed(&ours(&[&entry("a:1")]), &mark(&one, true));
    assert_eq!(change(&text, &remove("a:2")).unwrap_err().kind(), Kind::NotFound);
    assert_eq!(change(&text, &remove("a:*")).unwrap_err().kind(), Kind::NotFound);
    let error = change(&text, &mark(&other, false)).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.hint().contains(&hex_colons(one.sha256())));
}

#[test]
fn an_entry_without_a_host_stands_beside_others() {
    let (one, other) = (plain(certificate(&["a"])), plain(certificate(&["a"])));
    let text = changed(&ours(&[&one]), &set(&other, Replaces::Everything));
    assert_eq!(text, ours(&[&one, &other]));
    assert_eq!(change(&text, &set(&one, Replaces::Everything)), Ok(None));
}

#[test]
fn the_last_entry_leaves_a_file_that_says_that_it_is_empty() {
    let one = entry("a:1");
    for text in [ours(&[&one]), write(&one), format!("# of a\n{}", write(&one))] {
        assert_eq!(changed(&text, &remove("a:1")), ours(&[]));
    }
    let text = changed(&format!("Note: hello\n\n{}", write(&one)), &remove("a:1"));
    assert_eq!(text, format!("{FIRST_LINE}\n\nNote: hello\n\n{LAST_LINE}\n"));
}

#[test]
fn what_no_file_can_hold_is_refused() {
    let good = entry("a:1");
    let severe = Entry { accepted: Problems::REVOKED, ..good.clone() };
    let distrusts = Entry { distrust: true, ..good.clone() };
    let no_host = Entry { accepted: Problems::EXPIRED, place: None, ..good.clone() };
    let mut port_0 = good.clone();
    port_0.place.as_mut().unwrap().port = Some(0);
    for entry in [severe, distrusts, no_host, port_0] {
        let error = change(&ours(&[]), &set(&entry, Replaces::Everything)).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }
    assert_eq!(check(&good, Role::Client).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn a_certificate_is_forgotten_wherever_it_stands_but_where_it_is_distrusted() {
    let one = certificate(&[]);
    let [here, there] = ["a:1", "b:*"].map(|place| known(place, one.clone()));
    let (plain_one, other) = (plain(one.clone()), entry("a:1"));
    let client = Entry { role: Role::Client, ..plain_one.clone() };
    let marked = Entry { distrust: true, ..plain_one.clone() };
    let text = ours(&[&here, &other, &there, &plain_one, &client, &marked]);
    let forget = Change::Forget { certificate: one };
    let left = changed(&text, &forget);
    assert_eq!(entries_of(&left), [other, marked]);
    assert_eq!(change(&left, &forget).unwrap_err().kind(), Kind::NotFound);
}
