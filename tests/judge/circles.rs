//! Which files of one room import each other in a circle, read from their text.
//!
//! An arrow leads from a file to the file of the same room where what it names is declared. What
//! a parent file only declares (`mod x;`) or re-exports (`pub use x::Y;`) is no arrow from it, and
//! a name that is taken from there leads to the child that declares it. A parent file with logic,
//! that imports from a child or names it in a path, does have an arrow to the child. What a parent
//! uses by a name that it also re-exports is not seen.

use std::collections::{BTreeMap, BTreeSet};

/// The circles among `files`, each a sorted list of module paths such as `known::store::disk`.
/// A file is its path below `src`, and its production code without comments.
pub(crate) fn circles(files: &[(String, String)]) -> Vec<Vec<String>> {
    let files: BTreeMap<String, File> =
        files.iter().map(|(path, code)| (module(path), File::read(code))).collect();
    let arrows: BTreeMap<&str, BTreeSet<String>> =
        files.keys().map(|from| (from.as_str(), arrows(from, &files))).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|from| (*from, reached(from, &arrows))).collect();
    let mut found = BTreeSet::new();
    for (from, all) in &reached {
        let circle = all.iter().filter(|to| reached[*to].contains(from));
        let circle: Vec<String> = circle.map(|to| (*to).to_owned()).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// What one file says: the paths that it imports or names, and those that it re-exports.
struct File {
    named: Vec<Vec<String>>,
    exported: Vec<Vec<String>>,
}

impl File {
    fn read(code: &str) -> Self {
        let mut file = Self { named: Vec::new(), exported: Vec::new() };
        let mut rest = String::new();
        let mut open: Option<(bool, String)> = None;
        for line in code.lines() {
            let start = line.trim_start();
            if open.is_none()
                && (start.starts_with("use ")
                    || start.starts_with("pub") && start.contains(" use "))
            {
                let (before, tree) = start.split_once("use ").unwrap();
                open = Some((!before.is_empty(), String::new()));
                open.as_mut().unwrap().1.push_str(tree);
            } else if let Some((_, tree)) = &mut open {
                tree.push_str(start);
            } else {
                rest.push_str(line);
                rest.push('\n');
            }
            if let Some((is_public, tree)) = open.take_if(|(_, tree)| tree.ends_with(';')) {
                let into = if is_public { &mut file.exported } else { &mut file.named };
                leaves(&[], tree.trim_end_matches(';'), into);
            }
        }
        let paths = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        let paths = paths.map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>());
        file.named.extend(paths.filter(|path| path.len() > 1));
        file
    }
}

/// `a::{b, c::d as e}` is `a::b` and `a::c::d`.
fn leaves(before: &[String], tree: &str, into: &mut Vec<Vec<String>>) {
    let (path, group) = match tree.split_once('{') {
        Some((path, group)) => (path, group.trim_end().strip_suffix('}')),
        None => (tree, None),
    };
    let path = path.split(" as ").next().unwrap().trim();
    let steps = path.split("::").filter(|step| !step.is_empty()).map(str::to_owned);
    let all: Vec<String> = before.iter().cloned().chain(steps).collect();
    let Some(group) = group else {
        into.push(all);
        return;
    };
    let mut depth = 0_usize;
    let at_top = |c: char| {
        depth += usize::from(c == '{');
        depth -= usize::from(c == '}');
        c == ',' && depth == 0
    };
    for branch in group.split(at_top).filter(|branch| !branch.trim().is_empty()) {
        leaves(&all, branch.trim(), into);
    }
}

/// The files of its room that `from` leads to.
fn arrows(from: &str, files: &BTreeMap<String, File>) -> BTreeSet<String> {
    let room = from.split("::").next();
    let named = files[from].named.iter();
    let to = named.filter_map(|path| declared_in(from, path, files));
    to.filter(|to| to != from && to.split("::").next() == room).collect()
}

/// The file that declares what `from` calls `path`.
fn declared_in(from: &str, path: &[String], files: &BTreeMap<String, File>) -> Option<String> {
    let mut path = whole(from, path, files)?;
    loop {
        let cut = (1..=path.len()).rev().find(|n| files.contains_key(&path[..*n].join("::")))?;
        let file = path[..cut].join("::");
        let Some(name) = path.get(cut) else { return Some(file) };
        let export = files[&file].exported.iter().find(|export| export.last() == Some(name));
        let Some(export) = export.and_then(|export| whole(&file, export, files)) else {
            return Some(file);
        };
        // A name that is exported from itself, such as `pub use x::x`, goes one level down.
        if export == path {
            return Some(file);
        }
        path = export.into_iter().chain(path[cut + 1..].iter().cloned()).collect();
    }
}

/// `path` as said in the file `from`, from the top of the crate; none for another crate's.
fn whole(from: &str, path: &[String], files: &BTreeMap<String, File>) -> Option<Vec<String>> {
    let mut here: Vec<String> = from.split("::").map(str::to_owned).collect();
    let first = path.first()?.as_str();
    let is_child = files.contains_key(&format!("{from}::{first}"));
    let skipped = match first {
        "crate" => {
            here.clear();
            1
        }
        "self" => 1,
        "super" => {
            let supers = path.iter().take_while(|step| *step == "super").count();
            here.truncate(here.len().checked_sub(supers)?);
            supers
        }
        _ if is_child => 0,
        _ => return None,
    };
    here.extend_from_slice(&path[skipped..]);
    Some(here)
}

fn reached<'a>(from: &str, arrows: &'a BTreeMap<&str, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        for to in &arrows[at] {
            if found.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    found
}

/// `known/store/disk.rs` is `known::store::disk`.
fn module(path: &str) -> String {
    path.strip_suffix(".rs").unwrap().replace('/', "::")
}

#[test]
fn a_circle_is_seen_through_groups_and_re_exports() {
    let files = |texts: &[(&str, &str)]| -> Vec<(String, String)> {
        texts.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned())).collect()
    };
    let parent = "mod a;\nmod b;\npub(crate) use a::A;\npub use b::{B, C as D};\n";
    let there = ("room/a.rs", "use super::{\n    b::C,\n    c,\n};\n");
    let back = ("room/b.rs", "fn f(_: crate::room::A) {}\n");
    let found = circles(&files(&[("room.rs", parent), there, back]));
    assert_eq!(found, [["room::a", "room::b"]]);
    let none = circles(&files(&[("room.rs", parent), there, ("room/b.rs", "use super::B;\n")]));
    assert_eq!(none, Vec::<Vec<String>>::new());
    let logic = "mod a;\nuse a::A;\nstruct Own;\n";
    let found = circles(&files(&[("room.rs", logic), ("room/a.rs", "use super::Own;\n")]));
    assert_eq!(found, [["room", "room::a"]]);
}
