//! The header, read as text: its numbers, where a constant in the wrong place is an error and not
//! something else; and its places for answers, each of which a program in C sees set on failures.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Lists whose numbers mean something only beside others of the list: sets of bits, and what the
/// proposal of 2007 has numbered.
const EXEMPT: [&str; 3] = ["tlsconn_problem", "tlsconn_flag", "virConnectCertDataType"];

/// Every list of a header, with the constants in it.
fn lists(header: &str) -> Vec<(String, Vec<(String, i64)>)> {
    let mut lists = Vec::new();
    let mut constants = None;
    for line in header.lines().map(str::trim) {
        if line == "typedef enum {" {
            constants = Some(Vec::new());
        } else if let Some(name) = line.strip_prefix("} ").and_then(|line| line.strip_suffix(';')) {
            lists.extend(constants.take().map(|found| (name.to_owned(), found)));
        } else if let Some(found) = &mut constants
            && let Some((name, number)) = line.trim_end_matches(',').split_once(" = ")
        {
            found.push((name.to_owned(), number.parse().expect(line)));
        }
    }
    assert!(constants.is_none(), "a list without an end");
    lists
}

/// The numbers other than 0 that two constants have, unless their list is exempt.
fn shared(header: &str) -> Vec<String> {
    let mut owners = BTreeMap::new();
    let mut complaints = Vec::new();
    for (list, constants) in lists(header) {
        for (name, number) in constants {
            if number == 0 || EXEMPT.contains(&list.as_str()) {
                continue;
            }
            if let Some(other) = owners.insert(number, name.clone()) {
                complaints.push(format!("{number} is {other} and {name}"));
            }
        }
    }
    complaints
}

fn header() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/tlsconn.h")).unwrap()
}

#[test]
fn no_number_but_0_means_two_things() {
    assert_eq!(shared(&header()), Vec::<String>::new());
}

#[test]
fn a_number_that_two_lists_share_is_found_in_any_of_them() {
    let header = header();
    let all = lists(&header);
    assert!(all.len() > 15, "{all:?}");
    for (list, constants) in all.iter().filter(|(list, _)| !EXEMPT.contains(&list.as_str())) {
        let (name, number) = constants.last().unwrap();
        // 1 is TLSCONN_WANT_READ, 1001 is TLSCONN_ALLOW_ONCE.
        let taken = if list == "tlsconn_code" { 1001 } else { 1 };
        let same = header.replace(&format!("{name} = {number},"), &format!("{name} = {taken},"));
        assert_eq!(shared(&same).len(), 1, "{list}");
    }
}

#[test]
fn nothing_but_an_answer_has_the_number_of_one_that_allows() {
    for (list, constants) in lists(&header()) {
        for (name, number) in constants {
            let allows = (1001..=1004).contains(&number);
            assert_eq!(allows, list == "tlsconn_answer" && name != "TLSCONN_REJECT", "{name}");
        }
    }
}

/// Each function of a header with its parameters.
fn functions(header: &str) -> Vec<(String, Vec<String>)> {
    let words = header.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .split("TLSCONN_API ")
        .filter_map(|part| part.split_once(");").map(|(prototype, _)| prototype))
        .filter_map(|prototype| prototype.split_once('('))
        .map(|(before, parameters)| {
            let name = before.rsplit([' ', '*']).next().unwrap();
            (name.to_owned(), parameters.split(", ").map(str::to_owned).collect())
        })
        .collect()
}

/// The name of the place for an answer that a parameter leads to, if it leads to one.
fn place(parameter: &str) -> Option<&str> {
    let (kind, name) = parameter.split_at(parameter.rfind([' ', '*'])? + 1);
    let kind = kind.trim();
    let number = ["int *", "short *", "size_t *", "uint32_t *", "int64_t *"].contains(&kind);
    (kind.ends_with("**") || number).then_some(name)
}

#[test]
fn every_place_for_an_answer_is_seen_set_by_a_call_that_fails() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seen = fs::read_to_string(root.join("tests/contract_places.c")).unwrap();
    let places: Vec<_> = functions(&header())
        .into_iter()
        .flat_map(|(function, parameters)| {
            let places: Vec<_> = parameters.iter().filter_map(|one| place(one)).collect();
            places.into_iter().map(|one| format!("({function}, {one},")).collect::<Vec<_>>()
        })
        .collect();
    assert!(places.len() > 12, "{places:?}");
    let unseen: Vec<_> = places
        .iter()
        // Its text is compared as such.
        .filter(|call| *call != "(tlsconn_ctx_verify, why," && !seen.contains(call.as_str()))
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
