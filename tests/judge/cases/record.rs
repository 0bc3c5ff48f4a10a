//! What was judged otherwise than others want it, and why: the files in `expected/`.
//!
//! `NAME.tsv` has a line for each disagreement: case, profile, our verdict and the reason,
//! separated by tabs. `NAME.ids` names every case that was looked at, so that a case which
//! nobody looked at yet can be told from one that came out as wanted; ids that differ in their
//! last number only share a line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tlsconn::Profile;

/// The profiles, with their names.
pub(crate) const PROFILES: [(&str, Profile); 3] =
    [("strict", Profile::Strict), ("libvirt", Profile::Libvirt), ("pedantic", Profile::Pedantic)];

/// How a case was judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) profile: &'static str,
    /// What others want.
    pub(crate) wanted: bool,
    /// What came out.
    pub(crate) accepted: bool,
    /// What was said.
    pub(crate) why: String,
}

type Disagreements = BTreeMap<(String, &'static str), (bool, String)>;

/// Prints the counts, and compares with the record of this name; writes it where that is asked.
pub(crate) fn compare(name: &str, judged: &[Judged]) {
    print_counts(name, judged);
    let known = read_ids(name);
    let recorded = read(name);
    if std::env::var("TLSCONN_CASES_RECORD").as_deref() == Ok("write") {
        write(name, judged, known, &recorded);
        return;
    }
    let mut changes = Vec::new();
    let mut unrecorded = BTreeSet::new();
    let mut differing = 0;
    for one in judged {
        let disagrees = one.accepted != one.wanted;
        let line = recorded.get(&(one.id.clone(), one.profile));
        let shown = format!("{} ({}): {}", one.id, one.profile, verdict(one.accepted));
        let said = one.why.lines().next().unwrap_or_default();
        match line {
            Some((_, reason)) if disagrees && reason.is_empty() => {
                changes.push(format!("{shown}, and the record gives no reason; {said}"));
            }
            Some(_) if disagrees => {}
            Some(_) => changes.push(format!("{shown} as wanted, and the record says otherwise")),
            None if !known.contains(&one.id) => {
                unrecorded.insert(&one.id);
                differing += usize::from(disagrees);
            }
            None if disagrees => changes.push(format!("{shown} is not on record; {said}")),
            None => {}
        }
    }
    println!(
        "{name}: {} cases without a record, judged otherwise than wanted {differing} times",
        unrecorded.len()
    );
    assert!(changes.is_empty(), "{name}: {} changes\n{}", changes.len(), changes.join("\n"));
}

fn print_counts(name: &str, judged: &[Judged]) {
    let mut counts: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    for one in judged {
        let place = match (one.wanted, one.accepted) {
            (false, true) => 1,
            (true, false) => 2,
            _ => 0,
        };
        counts.entry((one.profile, &one.class)).or_default()[place] += 1;
    }
    for ((profile, class), [agree, accepts, rejects]) in counts {
        println!(
            "{name} {profile:9} {class:24} agree {agree:5}  false accepts {accepts:4}  false rejects {rejects:4}"
        );
    }
}

fn verdict(accepted: bool) -> &'static str {
    if accepted { "SUCCESS" } else { "FAILURE" }
}

fn path(name: &str, extension: &str) -> PathBuf {
    let directory =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/cases/expected");
    directory.join(name).with_extension(extension)
}

fn read(name: &str) -> Disagreements {
    let text = std::fs::read_to_string(path(name, "tsv")).unwrap_or_default();
    let mut found = Disagreements::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [id, profile, verdict, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{name}.tsv: no line of four: {line}");
        };
        let profile = PROFILES.iter().find(|(name, _)| *name == profile);
        let profile = profile.unwrap_or_else(|| panic!("{name}.tsv: no profile: {line}")).0;
        assert!(matches!(verdict, "SUCCESS" | "FAILURE"), "{name}.tsv: no verdict: {line}");
        let old = found
            .insert((id.to_owned(), profile), (verdict == "SUCCESS", reason.trim().to_owned()));
        assert!(old.is_none(), "{name}.tsv: twice: {line}");
    }
    found
}

fn write(name: &str, judged: &[Judged], mut known: BTreeSet<String>, recorded: &Disagreements) {
    let seen: BTreeSet<_> = judged.iter().map(|one| one.id.clone()).collect();
    let mut lines = Disagreements::new();
    for (key, line) in recorded.iter().filter(|(key, _)| !seen.contains(&key.0)) {
        lines.insert(key.clone(), line.clone());
    }
    for one in judged.iter().filter(|one| one.accepted != one.wanted) {
        let key = (one.id.clone(), one.profile);
        let reason = recorded.get(&key).map(|(_, reason)| reason.clone()).unwrap_or_default();
        lines.insert(key, (one.accepted, reason));
    }
    let mut text = String::from("# case\tprofile\tour verdict\treason\n");
    for ((id, profile), (accepted, reason)) in lines {
        text += &format!("{id}\t{profile}\t{}\t{reason}\n", verdict(accepted));
    }
    std::fs::write(path(name, "tsv"), text).unwrap();
    known.extend(seen);
    write_ids(name, &known);
}

fn read_ids(name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path(name, "ids")).unwrap_or_default();
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        match line.split_once(' ') {
            None => {
                ids.insert(line.to_owned());
            }
            Some((stem, ends)) => ids.extend(ends.split(' ').map(|end| format!("{stem}{end}"))),
        }
    }
    ids
}

fn write_ids(name: &str, ids: &BTreeSet<String>) {
    let mut stems: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for id in ids {
        assert!(!id.contains([' ', '\t', '\n']), "{id:?} has a blank");
        let (stem, end) = id.split_at(id.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        stems.entry(stem).or_default().push((end.len(), end));
    }
    let mut text = String::new();
    for (stem, mut ends) in stems {
        ends.sort_unstable();
        let (bare, numbered): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(len, _)| *len == 0);
        for _ in bare {
            text += &format!("{stem}\n");
        }
        for ends in numbered.chunks(20) {
            let ends: Vec<_> = ends.iter().map(|(_, end)| *end).collect();
            text += &format!("{stem} {}\n", ends.join(" "));
        }
    }
    std::fs::write(path(name, "ids"), text).unwrap();
}
