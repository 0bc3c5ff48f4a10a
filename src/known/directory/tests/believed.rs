//! Whose directory and entries are believed, and what is told of those that do not count.

use std::os::unix::fs::chown;

use super::*;

/// Somebody who is neither root nor the user of the tests.
const STRANGER: u32 = 54_321;

/// Whether this process may give files away; else a line says what is not tried.
fn may_give_away(what: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what}: needs root");
        eprintln!("skipped, only root can give files away: {what}");
    }
    is_root
}

fn give(path: &Path, to: u32) {
    chown(path, Some(to), None).unwrap();
}

impl Lab {
    fn sought(&self, leaf: &Certificate) -> Sought {
        self.directory.find(leaf, STRICT).unwrap()
    }

    /// Why the file that holds this certificate does not count.
    fn ignored(&self, leaf: &Certificate) -> String {
        match self.sought(leaf) {
            Sought::Ignored(why) => why,
            other @ (Sought::Listed(_) | Sought::Absent) => panic!("{other:?}"),
        }
    }

    fn told(&self) -> String {
        self.directory.ignored(STRICT).unwrap().map_or_else(String::new, |one| one.to_string())
    }

    fn errors(&self, leaf: &Certificate, writers: Writers) -> [Error; 4] {
        let rule = IdentityFrom::CommonName;
        [
            Directory::open(self.directory.path(), writers).unwrap_err(),
            self.directory.find(leaf, writers).unwrap_err(),
            self.directory.other_holder("x", leaf.key_sha256(), rule, writers).unwrap_err(),
            self.directory.ignored(writers).unwrap_err(),
        ]
    }
}

#[test]
fn a_directory_that_others_may_write_is_an_error_and_not_an_unknown_client() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    for (bits, writers) in [
        (0o775, Writers::Owner),
        (0o770, Writers::Owner),
        (0o757, Writers::Owner),
        (0o777, Writers::Owner),
        (0o1777, Writers::Owner),
        (0o777, Writers::Group),
        (0o1757, Writers::Group),
    ] {
        mode(lab.directory.path(), bits);
        for error in lab.errors(&alice, writers) {
            assert_eq!(error.kind(), Kind::Permission, "{error}");
            assert!(error.message().contains("clients is writable by"), "{error}");
            assert!(error.message().contains(&format!("mode {bits:04o}")), "{error}");
            assert!(error.hint().starts_with("chmod "), "{}", error.hint());
        }
    }
    mode(lab.directory.path(), 0o775);
    let found = lab.directory.find(&alice, Writers::Group).unwrap();
    assert!(matches!(found, Sought::Listed(_)), "the option says so");
}

#[test]
fn a_directory_of_another_user_is_an_error_and_not_an_unknown_client() {
    if !may_give_away("a directory of another user") {
        return;
    }
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    give(lab.directory.path(), STRANGER);
    for writers in [Writers::Owner, Writers::Group] {
        for error in lab.errors(&alice, writers) {
            assert_eq!(error.kind(), Kind::Permission, "{error}");
            assert!(error.message().contains("belongs to user 54321"), "{error}");
        }
    }
}

#[test]
fn a_file_that_others_may_write_does_not_count_and_is_named() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    for linked in [false, true] {
        if linked {
            lab.link(&link_name(&alice, 0), "a.pem");
        }
        for (bits, who) in [(0o646, "other users"), (0o664, "its group"), (0o666, "other users")] {
            mode(&lab.path("a.pem"), bits);
            let why = lab.ignored(&alice);
            assert!(why.contains("clients/a.pem: it is writable by "), "{why}");
            assert!(why.contains(who) && why.contains(&format!("mode {bits:04o}")), "{why}");
            assert!(lab.told().ends_with(&why.split_once("clients/").unwrap().1), "{}", lab.told());
        }
        mode(&lab.path("a.pem"), 0o664);
        let found = lab.directory.find(&alice, Writers::Group).unwrap();
        assert!(matches!(found, Sought::Listed(_)), "{linked}");
        mode(&lab.path("a.pem"), 0o644);
        assert!(lab.found(&alice).is_some(), "{linked}");
        assert_eq!(lab.told(), "");
    }
}

#[test]
fn a_file_of_another_user_does_not_count_and_is_named() {
    if !may_give_away("an entry of another user") {
        return;
    }
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    give(&lab.path("a.pem"), STRANGER);
    for linked in [false, true] {
        if linked {
            lab.link(&link_name(&alice, 0), "a.pem");
        }
        assert!(lab.ignored(&alice).ends_with("a.pem: it belongs to user 54321"));
    }
    assert!(lab.told().contains(" 1 file ") || lab.told().starts_with("1 file "), "{}", lab.told());
    assert!(lab.told().ends_with("a.pem: it belongs to user 54321"), "{}", lab.told());
}

#[test]
fn the_name_of_a_file_that_does_not_count_is_not_free() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    mode(&lab.path("a.pem"), 0o666);
    assert_eq!(lab.found(&alice), None);
    assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "a.pem");
}

/// A directory as a volume of a container is: entries are links through a link to a directory with
/// a date.
fn mounted(lab: &Lab, alice: &Certificate) -> PathBuf {
    let data = lab.path("..2026_12_01");
    fs::create_dir(&data).unwrap();
    mode(&data, 0o755);
    fs::write(data.join("a.pem"), text(alice)).unwrap();
    mode(&data.join("a.pem"), 0o644);
    lab.link("..data", "..2026_12_01");
    lab.link("a.pem", "..data/a.pem");
    data
}

#[test]
fn the_links_of_a_mounted_volume_are_entries() {
    let (lab, alice) = (Lab::new(), client("alice"));
    mounted(&lab, &alice);
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    assert_eq!(lab.told(), "");
    lab.link(&link_name(&alice, 0), "a.pem");
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
}

#[test]
fn a_link_counts_only_if_nobody_else_can_lead_it_elsewhere() {
    let alice = client("alice");
    for (what, bits, counts) in
        [("dir", 0o775, false), ("dir", 0o777, false), ("dir", 0o1777, true)]
    {
        let lab = Lab::new();
        let data = mounted(&lab, &alice);
        mode(&data, bits);
        assert_eq!(lab.found(&alice).is_some(), counts, "{what} {bits:o}");
        if !counts {
            let why = lab.ignored(&alice);
            assert!(why.contains("a.pem: it leads through "), "{why}");
            assert!(why.contains("..2026_12_01, which is writable by "), "{why}");
            assert!(lab.told().contains("..2026_12_01, which is writable by "));
        }
    }
    let lab = Lab::new();
    mode(&mounted(&lab, &alice).join("a.pem"), 0o646);
    assert!(lab.ignored(&alice).contains("a.pem: it is writable by other"));
    if may_give_away("links of another user") {
        for what in ["..2026_12_01", "..2026_12_01/a.pem", "..data", "a.pem"] {
            let lab = Lab::new();
            mounted(&lab, &alice);
            std::os::unix::fs::lchown(lab.path(what), Some(STRANGER), None).unwrap();
            assert!(lab.ignored(&alice).contains("belongs to user 54321"), "{what}");
        }
    }
}

#[test]
fn a_link_out_of_the_directory_is_followed_by_the_same_rule() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let outside = lab.temporary.path().join("out");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("x"), text(&alice)).unwrap();
    mode(&outside.join("x"), 0o644);
    for target in ["../out/x".to_owned(), outside.join("x").display().to_string()] {
        lab.link("a.pem", &target);
        mode(&outside, 0o755);
        assert_eq!(lab.found(&alice).unwrap(), "a.pem", "{target}");
        mode(&outside, 0o777);
        assert!(lab.ignored(&alice).contains("/out, which is writable by other"), "{target}");
        lab.remove("a.pem");
    }
    lab.link("round.pem", "again.pem");
    lab.link("again.pem", "round.pem");
    assert_eq!(lab.sought(&alice), Sought::Absent);
    assert!(lab.told().contains("again.pem: it leads nowhere"), "{}", lab.told());
}

#[test]
fn every_reason_is_told_once_when_the_directory_is_named() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let (pem, bob) = (text(&alice), text(&client("bob")));
    lab.put("0.pem", &alice);
    lab.put("notes.txt", &alice);
    assert_eq!(lab.told(), "", "what has no name of an entry is no entry");
    for (name, held, reason) in [
        (
            "two.pem",
            format!("{pem}{bob}"),
            "it contains more than one certificate, key or revocation list",
        ),
        ("cut.pem", pem.split_at(100).0.to_owned(), "its text, line "),
        ("none.pem", String::new(), "it contains no certificate"),
        ("large.pem", " ".repeat(1 << 21), "it is larger than any entry"),
        ("marked.pem", pem.replace(" CERT", " TRUSTED CERT"), "it is a TRUSTED CERTIFICATE"),
    ] {
        lab.put_text(name, &held);
        let told = lab.told();
        assert!(told.starts_with("1 file in the directory of clients /"), "{told}");
        assert!(told.contains(&format!(" does not count: {name}: {reason}")), "{told}");
        lab.remove(name);
    }
    lab.put_text("two.pem", &format!("{bob}{pem}"));
    lab.remove("0.pem");
    assert!(
        lab.ignored(&alice)
            .ends_with("two.pem: it contains more than one certificate, key or revocation list")
    );
}

#[test]
fn the_list_of_what_does_not_count_is_bounded() {
    let lab = Lab::new();
    for number in 0..105 {
        lab.put_text(&format!("{number:03}.pem"), "");
    }
    let told = lab.told();
    assert!(told.starts_with("105 files in the directory of clients "), "{told}");
    assert!(told.contains(" do not count: 000.pem: ") && told.contains("007.pem"), "{told}");
    assert!(told.ends_with("; and 97 more"), "{told}");
    let lab = Lab::new();
    for number in 0..105 {
        lab.put_text(&format!("{}{number:03}.pem", "x".repeat(200)), "");
    }
    assert!(lab.told().len() < 1000 && lab.told().ends_with(" more"), "{}", lab.told());
}

#[test]
fn another_rule_about_the_group_is_not_answered_from_what_was_read_by_the_first() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    mode(&lab.path("a.pem"), 0o664);
    for writers in [Writers::Owner, Writers::Group, Writers::Owner] {
        let found = lab.directory.find(&alice, writers).unwrap();
        assert_eq!(matches!(found, Sought::Listed(_)), writers == Writers::Group);
    }
}

#[test]
fn many_entries_without_a_link_are_told_with_the_command_and_none_is_refused() {
    let lab = Lab::new();
    let clients: Vec<Certificate> = (0..MANY).map(|at| client(&format!("c{at}"))).collect();
    for (at, one) in clients.iter().enumerate() {
        if at + 1 == MANY {
            assert_eq!(lab.told(), "", "one less is not told");
        }
        lab.put(&format!("{at}.pem"), one);
    }
    let note = lab.directory.ignored(STRICT).unwrap().unwrap();
    assert!(note.message().starts_with("200 entries in the directory"), "{note}");
    let path = lab.directory.path().display().to_string();
    assert!(note.hint().contains(&format!("openssl rehash {path}")), "{}", note.hint());
    assert!(clients.iter().all(|one| lab.found(one).is_some()));
    lab.link(&link_name(&clients[0], 0), "0.pem");
    assert_eq!(lab.told(), "");
}
