#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

mod believed;
mod changes;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use rcgen::KeyPair;
use tempfile::TempDir;

use super::*;
use crate::material::testing::{certificate_named, certificate_with};
use crate::material::{HashPlace, name_hash, pem_text};

/// A directory, and a clock by which every file in it is old.
struct Lab {
    temporary: TempDir,
    directory: Directory,
}

impl Lab {
    fn new() -> Self {
        // The year 2106.
        Self::at(Duration::from_secs(1 << 32))
    }

    fn at(now: Duration) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let now = SystemTime::UNIX_EPOCH + now;
        let path = temporary.path().join("clients");
        fs::create_dir(&path).unwrap();
        mode(&path, 0o755);
        let directory = Directory::open_with(&path, STRICT, Box::new(move || now)).unwrap();
        Self { temporary, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn put(&self, name: &str, certificate: &Certificate) {
        self.put_text(name, &text(certificate));
    }

    fn put_text(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        mode(&self.path(name), 0o644);
    }

    fn link(&self, name: &str, target: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    fn found(&self, leaf: &Certificate) -> Option<String> {
        let Sought::Listed(path) = self.directory.find(leaf, STRICT).unwrap() else { return None };
        Some(path.strip_prefix(self.directory.path()).unwrap().to_str().unwrap().to_owned())
    }

    fn other_holder(&self, name: &str, of: &Certificate) -> Option<String> {
        let rule = IdentityFrom::CommonName;
        let path = self.directory.other_holder(name, of.key_sha256(), rule, STRICT).unwrap()?;
        Some(path.file_name().unwrap().to_str().unwrap().to_owned())
    }
}

/// Nobody but the owner may write.
const STRICT: Writers = Writers::Owner;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn text(certificate: &Certificate) -> String {
    pem_text("CERTIFICATE", certificate.der())
}

fn client(name: &str) -> Certificate {
    certificate_named(&[], &[name])
}

fn link_name(certificate: &Certificate, number: u32) -> String {
    let hash = name_hash(certificate.subject_der()).unwrap();
    HashPlace { hash, is_list: false }.numbered(number).to_string()
}

/// When every file of today is old.
fn much_later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(1 << 30)
}

#[test]
fn an_entry_is_found_by_its_link_and_without_one() {
    let (lab, alice, bob) = (Lab::new(), client("alice"), client("bob"));
    lab.put("a.pem", &alice);
    lab.link(&link_name(&alice, 0), "a.pem");
    lab.put("b.CRT", &bob);
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    assert_eq!(lab.found(&bob).unwrap(), "b.CRT");
    assert_eq!(lab.found(&client("carol")), None);
}

#[test]
fn only_the_very_certificate_is_found() {
    let (lab, key) = (Lab::new(), KeyPair::generate().unwrap());
    let [old, new] = [(); 2].map(|()| certificate_with(&key, &[], &["alice"]));
    lab.put("a.pem", &old);
    lab.link(&link_name(&old, 0), "a.pem");
    assert_eq!(lab.found(&new), None);
}

#[test]
fn two_entries_with_one_name_are_both_found() {
    let lab = Lab::new();
    let [one, other] = [(); 2].map(|()| client("alice"));
    lab.put("one.pem", &one);
    lab.put("other.pem", &other);
    lab.link(&link_name(&one, 0), "one.pem");
    lab.link(&link_name(&one, 1), "other.pem");
    assert_eq!(lab.found(&one).unwrap(), "one.pem");
    assert_eq!(lab.found(&other).unwrap(), "other.pem");
}

#[test]
fn a_file_that_is_removed_lets_nobody_in_from_then_on() {
    let (lab, alice, bob) = (Lab::new(), client("alice"), client("bob"));
    lab.put("a.pem", &alice);
    lab.link(&link_name(&alice, 0), "a.pem");
    lab.put("b.pem", &bob);
    assert!(lab.found(&alice).is_some() && lab.found(&bob).is_some());
    lab.remove("a.pem");
    assert_eq!(lab.found(&alice), None);
    lab.remove("b.pem");
    assert_eq!(lab.found(&bob), None);
}

#[test]
fn an_entry_that_was_never_readable_keeps_every_name() {
    let (lab, alice) = (Lab::new(), client("alice"));
    // A regular file that nobody can read, not even root.
    lab.link("a.pem", "/proc/self/mem");
    let error = lab
        .directory
        .other_holder("alice", alice.key_sha256(), IdentityFrom::CommonName, STRICT)
        .unwrap_err();
    assert_eq!(error.kind(), Kind::File);
    assert!(error.message().contains("a.pem"), "{error}");
    lab.remove("a.pem");
    assert_eq!(lab.other_holder("alice", &alice), None);
}

#[test]
fn a_file_that_comes_or_changes_or_moves_counts_at_once() {
    let (lab, alice, bob) = (Lab::new(), client("alice"), client("bob"));
    assert_eq!(lab.found(&alice), None);
    lab.put("a.pem", &alice);
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    fs::rename(lab.path("a.pem"), lab.path("b.pem")).unwrap();
    assert_eq!(lab.found(&alice).unwrap(), "b.pem");
    lab.put("b.pem", &bob);
    // Two writes may share a tick of the file system's clock; here it is trusted.
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    fs::File::open(lab.path("b.pem")).unwrap().set_modified(later).unwrap();
    assert_eq!(lab.found(&bob).unwrap(), "b.pem");
    assert_eq!(lab.found(&alice), None);
}

#[test]
fn a_gap_in_the_numbers_hides_nothing() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    lab.link(&link_name(&alice, 0), "gone.pem");
    lab.link(&link_name(&alice, 255), "a.pem");
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    let mut listing = Listing::default();
    let place = Opened::open(lab.directory.path(), STRICT).unwrap();
    listing.refresh(&place, SystemTime::UNIX_EPOCH).unwrap();
    assert!(listing.unlinked().is_empty(), "it is found by its link");
    fs::rename(lab.path(&link_name(&alice, 255)), lab.path(&link_name(&alice, 256))).unwrap();
    assert_eq!(lab.found(&alice).unwrap(), "a.pem", "without a link that counts");
}

#[test]
fn a_copy_with_a_hash_name_counts_only_beside_its_original() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put(&link_name(&alice, 0), &alice);
    assert_eq!(lab.found(&alice), None);
    lab.put("a.pem", &alice);
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    lab.remove("a.pem");
    assert_eq!(lab.found(&alice), None);
}

#[test]
fn a_link_with_a_hash_name_that_leads_elsewhere_does_not_count() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let outside = lab.temporary.path().join("alice.pem");
    fs::write(&outside, text(&alice)).unwrap();
    lab.link(&link_name(&alice, 0), "../alice.pem");
    lab.link(&link_name(&alice, 1), outside.to_str().unwrap());
    lab.link(&link_name(&alice, 2), &link_name(&alice, 0));
    assert_eq!(lab.found(&alice), None);
}

#[test]
fn an_entry_may_be_a_link_out_of_the_directory() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let outside = lab.temporary.path().join("data");
    fs::write(&outside, text(&alice)).unwrap();
    lab.link("a.pem", "../data");
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    lab.link(&link_name(&alice, 0), "a.pem");
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
    fs::write(&outside, "").unwrap();
    assert_eq!(lab.found(&alice), None);
}

#[test]
fn a_directory_that_has_gone_is_an_error_and_not_an_unknown_client() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let path = lab.directory.path().to_owned();
    fs::remove_dir(&path).unwrap();
    assert_eq!(lab.directory.find(&alice, STRICT).unwrap_err().kind(), Kind::File);
    fs::write(&path, "").unwrap();
    assert_eq!(lab.directory.find(&alice, STRICT).unwrap_err().kind(), Kind::File);
    assert_eq!(Directory::open(&path, STRICT).unwrap_err().kind(), Kind::File);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    lab.put("a.pem", &alice);
    assert!(lab.found(&alice).is_some(), "another directory took its place");
}

#[test]
fn a_file_counts_that_holds_one_certificate_and_perhaps_a_key() {
    let (alice, key) = (client("alice"), pem_text("PRIVATE KEY", b"x"));
    let (text, bob) = (text(&alice), text(&client("bob")));
    for (what, held, counts) in [
        ("words", format!("alice of node 7\n{text}"), true),
        ("key", format!("{key}{text}"), true),
        ("two", format!("{text}{bob}"), false),
        ("twice", format!("{text}{text}"), false),
        ("trusted", text.replace(" CERTIFICATE", " TRUSTED CERTIFICATE"), false),
        ("cut", text[..text.len() / 2].to_owned(), false),
        ("nothing", String::new(), false),
        ("large", format!("{text}{}", " ".repeat(1 << 20)), false),
    ] {
        for linked in [false, true] {
            let lab = Lab::new();
            lab.put_text("a.pem", &held);
            if linked {
                lab.link(&link_name(&alice, 0), "a.pem");
            }
            assert_eq!(lab.found(&alice).is_some(), counts, "{what}");
        }
    }
}

#[test]
fn a_file_whose_name_has_another_ending_does_not_count() {
    let (lab, alice) = (Lab::new(), client("alice"));
    for name in ["a.txt", "a", "a.pem.bak", "a.pem~", "a.crl"] {
        lab.put(name, &alice);
        let hashed = link_name(&alice, 0);
        lab.link(&hashed, name);
        assert_eq!(lab.found(&alice), None, "{name}");
        lab.remove(&hashed);
    }
}

#[test]
fn what_is_no_file_neither_counts_nor_stops_the_search() {
    let (lab, alice) = (Lab::new(), client("alice"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, lab.path("pipe.pem"), kind, mode, 0).unwrap();
    fs::create_dir(lab.path("folder.pem")).unwrap();
    lab.link("zero.pem", "/dev/zero");
    lab.link("circle.pem", "circle.pem");
    for (number, name) in (0..).zip(["pipe.pem", "folder.pem", "zero.pem", "circle.pem"]) {
        lab.link(&link_name(&alice, number), name);
    }
    assert_eq!(lab.found(&alice), None);
    assert_eq!(lab.other_holder("alice", &client("alice")), None);
    lab.put("z.pem", &alice);
    assert_eq!(lab.found(&alice).unwrap(), "z.pem");
    assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "z.pem");
}

#[test]
fn authorities_and_certificates_of_version_1_are_entries_like_others() {
    use crate::material::testing::{Maker, Odd};
    let lab = Lab::new();
    for certificate in [Maker::authority("alice").certificate(), Odd::VersionOne.read()] {
        lab.put("a.pem", &certificate);
        lab.link(&link_name(&certificate, 0), "a.pem");
        assert_eq!(lab.found(&certificate).unwrap(), "a.pem");
        lab.remove("a.pem");
    }
}

#[test]
fn a_subject_that_openssl_cannot_hash_is_found_without_a_link() {
    use crate::material::testing::{Parts, attribute, name};
    let lab = Lab::new();
    let subject = name(&[&[attribute(&[0x55, 4, 3], 0x1a, b"alice")]]);
    let alice = Parts { subject, ..Parts::default() }.certificate();
    assert_eq!(name_hash(alice.subject_der()), None);
    lab.put("a.pem", &alice);
    assert_eq!(lab.found(&alice).unwrap(), "a.pem");
}

#[test]
fn another_holder_of_a_name_is_one_with_another_key() {
    let (lab, key) = (Lab::new(), KeyPair::generate().unwrap());
    let [old, new] = [(); 2].map(|()| certificate_with(&key, &[], &["alice"]));
    lab.put("a.pem", &old);
    lab.link(&link_name(&old, 0), "a.pem");
    assert_eq!(lab.other_holder("alice", &new), None, "a renewed certificate");
    assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "a.pem");
    assert_eq!(lab.other_holder("bob", &client("bob")), None);
    lab.put("b.pem", &client("alice"));
    assert_eq!(lab.other_holder("alice", &new).unwrap(), "b.pem");
    lab.remove("b.pem");
    assert_eq!(lab.other_holder("alice", &new), None);
}

#[test]
fn damaged_entries_do_not_hide_another_holder() {
    let lab = Lab::new();
    lab.put_text("0.pem", "-----BEGIN CERTIFICATE-----\n");
    lab.put_text("1.pem", "");
    lab.link("2.pem", "gone");
    lab.put("3.pem", &certificate_named(&[], &["alice", "bob"]));
    lab.put("4.pem", &client("alice"));
    assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "4.pem");
}

#[test]
fn another_rule_gives_the_entries_other_names() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    let key = *client("alice").key_sha256();
    let has =
        |name: &str, rule| lab.directory.other_holder(name, &key, rule, STRICT).unwrap().is_some();
    assert!(has("alice", IdentityFrom::CommonName));
    assert!(!has("alice", IdentityFrom::DistinguishedName));
    assert!(has("CN=alice", IdentityFrom::DistinguishedName));
    assert!(!has("CN=alice", IdentityFrom::CommonName));
}

#[test]
fn an_entry_is_read_again_only_when_it_may_have_changed() {
    for (now, again) in [(much_later(), 0), (SystemTime::UNIX_EPOCH, 1)] {
        let (lab, alice) = (Lab::new(), client("alice"));
        lab.put("a.pem", &alice);
        let place = Opened::open(lab.directory.path(), STRICT).unwrap();
        let wanted = BTreeSet::from([OsString::from("a.pem")]);
        let (mut index, read) = (Index::<[u8; 32], ()>::default(), Cell::new(0));
        let mut refresh = || {
            let take = |looked: &Looked| {
                read.set(read.get() + 1);
                looked.held().iter().map(|one| (*one.sha256(), ())).collect()
            };
            index.refresh(&place, &wanted, now, &take).unwrap();
            assert_eq!(index.names(alice.sha256()).collect::<Vec<_>>(), [OsStr::new("a.pem")]);
        };
        refresh();
        refresh();
        assert_eq!(read.get(), 1 + again);
    }
}

#[test]
fn the_directory_is_listed_again_only_when_it_may_have_changed() {
    for (now, is_kept) in [(much_later(), true), (SystemTime::UNIX_EPOCH, false)] {
        let lab = Lab::new();
        let mut listing = Listing::default();
        let before = Opened::open(lab.directory.path(), STRICT).unwrap();
        listing.refresh(&before, now).unwrap();
        lab.put("a.pem", &client("alice"));
        listing.refresh(&before, now).unwrap();
        assert_eq!(listing.entries().is_empty(), is_kept);
    }
}

#[test]
fn entries_with_links_are_not_read_in_search_of_others() {
    let (lab, alice) = (Lab::new(), client("alice"));
    lab.put("a.pem", &alice);
    lab.put("b.pem", &client("bob"));
    lab.link(&link_name(&alice, 0), "a.pem");
    let mut listing = Listing::default();
    let place = Opened::open(lab.directory.path(), STRICT).unwrap();
    listing.refresh(&place, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(listing.unlinked(), &BTreeSet::from([OsString::from("b.pem")]));
    assert_eq!(listing.entries().len(), 2);
}

#[test]
fn without_a_settled_clock_the_answers_are_the_same() {
    let (lab, alice) = (Lab::at(Duration::ZERO), client("alice"));
    lab.put("a.pem", &alice);
    for _ in 0..2 {
        assert_eq!(lab.found(&alice).unwrap(), "a.pem");
        assert_eq!(lab.other_holder("alice", &client("alice")).unwrap(), "a.pem");
    }
    lab.put("a.pem", &client("alice"));
    assert_eq!(lab.found(&alice), None);
}
