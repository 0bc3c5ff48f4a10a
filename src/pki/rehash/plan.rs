//! Which links of one hash stay, which are made and which go.
//!
//! Readers count from 0 until a number is missing. The plan uses the lowest numbers, around those
//! that are not ours, and leaves whatever can be found by one of them where it is; so no order of
//! its new links, and no stop between them, hides anything. Nothing here touches a file.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

use crate::material::{HashLink, HashPlace};

/// How many may have one hash.
pub(super) const MOST: u32 = 256;

/// What of one hash is to be found.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The first file of each content, in order.
    files: Vec<(OsString, [u8; 32])>,
    /// What each file holds, those included that hold the same as another.
    holds: HashMap<OsString, [u8; 32]>,
    /// Where the first file of each content stands in `files`.
    first: HashMap<[u8; 32], usize>,
}

/// What is to be done about one hash.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// How many links there will be.
    pub(super) links: usize,
    /// New links and such as lead elsewhere now, in order.
    pub(super) make: Vec<(HashLink, OsString)>,
    /// Links to be removed afterwards, the highest number first.
    pub(super) remove: Vec<HashLink>,
}

impl Wanted {
    /// Adds a file; the one that holds the same, if there is any.
    pub(super) fn add(&mut self, name: OsString, sha256: [u8; 32]) -> Option<&OsStr> {
        self.holds.insert(name.clone(), sha256);
        if let Some(at) = self.first.get(&sha256) {
            return self.files.get(*at).map(|(name, _)| name.as_os_str());
        }
        self.first.insert(sha256, self.files.len());
        self.files.push((name, sha256));
        None
    }
}

impl Plan {
    /// The plan for the links that there are. `None`: there are too few numbers.
    pub(super) fn of(
        place: HashPlace,
        wanted: &Wanted,
        links: &BTreeMap<HashLink, &OsStr>,
        is_taken: &dyn Fn(&HashLink) -> bool,
    ) -> Option<Self> {
        let free = (0..MOST).map(|number| place.numbered(number)).filter(|link| !is_taken(link));
        let numbers: Vec<HashLink> = free.take(wanted.files.len()).collect();
        if numbers.len() < wanted.files.len() {
            return None;
        }
        // By what a link leads to and not by its name: a file that was renamed is still there.
        let mut waiting: Vec<&(OsString, [u8; 32])> = wanted.files.iter().collect();
        let mut chosen: BTreeMap<HashLink, &OsStr> = BTreeMap::new();
        for link in &numbers {
            let held = links.get(link).and_then(|target| wanted.holds.get(*target));
            if let Some(at) = waiting.iter().position(|(_, sha256)| Some(sha256) == held) {
                chosen.insert(*link, &waiting.remove(at).0);
            }
        }
        let mut waiting = waiting.into_iter();
        for link in numbers {
            if let std::collections::btree_map::Entry::Vacant(place) = chosen.entry(link) {
                waiting.next().map(|(name, _)| place.insert(name));
            }
        }
        let remove = links.keys().rev().filter(|link| !chosen.contains_key(link)).copied();
        let remove = remove.collect();
        let links_then = chosen.len();
        let is_new = |(link, target): &(HashLink, &OsStr)| links.get(link) != Some(target);
        let make = chosen.into_iter().filter(is_new);
        let make = make.map(|(link, target)| (link, target.to_owned())).collect();
        Some(Self { links: links_then, make, remove })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: HashPlace = HashPlace { hash: 7, is_list: false };

    /// Files that each hold one letter; the plan, as `N>file` and `-N`, for links `N>file`.
    fn plan(files: &[(&str, u8)], links: &[(u32, &str)], taken: &[u32]) -> Option<Vec<String>> {
        let mut wanted = Wanted::default();
        for (name, held) in files {
            wanted.add(OsString::from(name), [*held; 32]);
        }
        let links = links.iter().map(|(at, to)| (PLACE.numbered(*at), OsStr::new(*to))).collect();
        let plan = Plan::of(PLACE, &wanted, &links, &|link| taken.contains(&link.number))?;
        let make = plan.make.iter().map(|(link, to)| format!("{}>{}", link.number, to.display()));
        let remove = plan.remove.iter().map(|link| format!("-{}", link.number));
        Some(make.chain(remove).collect())
    }

    #[test]
    fn new_files_get_the_lowest_numbers_in_their_order() {
        let files = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(plan(&files, &[], &[]).unwrap(), ["0>a", "1>b", "2>c"]);
    }

    #[test]
    fn what_has_a_good_number_keeps_it() {
        let files = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(plan(&files, &[(1, "a")], &[]).unwrap(), ["0>b", "2>c"]);
        assert!(plan(&files, &[(0, "c"), (1, "a"), (2, "b")], &[]).unwrap().is_empty());
    }

    #[test]
    fn a_gap_is_filled_before_the_high_number_goes() {
        assert_eq!(plan(&[("b", 2)], &[(0, "a"), (1, "b")], &[]).unwrap(), ["0>b", "-1"]);
        assert_eq!(plan(&[], &[(0, "a"), (1, "b")], &[]).unwrap(), ["-1", "-0"]);
    }

    #[test]
    fn a_link_to_a_copy_is_turned_to_the_first_of_them() {
        let files = [("a", 1), ("b", 1), ("c", 2)];
        assert_eq!(plan(&files, &[(0, "b")], &[]).unwrap(), ["0>a", "1>c"]);
        assert_eq!(plan(&files, &[(0, "a"), (1, "b")], &[]).unwrap(), ["1>c"]);
    }

    #[test]
    fn numbers_that_are_not_ours_are_left_out() {
        assert_eq!(plan(&[("a", 1), ("b", 2)], &[], &[0]).unwrap(), ["1>a", "2>b"]);
    }

    #[test]
    fn two_hundred_and_fifty_six_fit_and_no_more() {
        let names: Vec<String> = (0..=u8::MAX).map(|n| format!("{n:03}")).collect();
        let files: Vec<(&str, u8)> = names.iter().map(String::as_str).zip(0..=u8::MAX).collect();
        assert_eq!(plan(&files, &[], &[]).unwrap().len(), 256);
        assert_eq!(plan(&files, &[], &[3]), None);
    }
}
