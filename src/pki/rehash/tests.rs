#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::material::testing::{Parts, common_name, tlv};
use crate::material::{Certificate, pem_text};

/// A directory, and certificates that share few names.
struct Lab(TempDir);

impl Lab {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn link(&self, name: &str, target: &str) {
        symlink(target, self.path().join(name)).unwrap();
    }

    fn rehash(&self) -> Rehashed {
        rehash(self.path()).unwrap()
    }

    /// Where each hash name leads; hidden names too.
    fn links(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let link = |path: PathBuf| {
            let target = fs::read_link(&path).ok()?;
            Some(format!("{}>{}", path.file_name().unwrap().display(), target.display()))
        };
        let mut links: Vec<String> = entries.filter_map(link).collect();
        links.sort_unstable();
        links
    }

    /// What OpenSSL would find: it counts until a name leads to nothing that it can read.
    fn findable(&self) -> BTreeSet<[u8; 32]> {
        let mut found = BTreeSet::new();
        for subject in (0..SUBJECTS).map(subject_of) {
            let place = HashPlace { hash: name_hash(&subject).unwrap(), is_list: false };
            let held = |number| held(&self.path().join(place.numbered(number).file_name()));
            let readable = (0..).map_while(held);
            let asked = readable.filter(|certificate| certificate.subject_der() == subject);
            found.extend(asked.map(|certificate| *certificate.sha256()));
        }
        found
    }

    /// What lies in the directory under a name of its own.
    fn existing(&self) -> BTreeSet<[u8; 32]> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let own = entries.filter(|name| has_ending(name, &ENDINGS));
        own.filter_map(|name| Some(*held(&self.path().join(name))?.sha256())).collect()
    }
}

fn held(path: &Path) -> Option<Certificate> {
    match holding(&fs::read(path).ok()?, "a test").ok()? {
        Holding::Certificate { certificate, .. } => Some(certificate),
        Holding::List { .. } => None,
    }
}

const SUBJECTS: u8 = 3;

fn subject_of(subject: u8) -> Vec<u8> {
    common_name(&format!("client {subject}"))
}

fn certificate(subject: u8, serial: u8) -> String {
    let parts =
        Parts { subject: subject_of(subject), serial: tlv(2, &[serial]), ..Parts::default() };
    pem_text("CERTIFICATE", &parts.der())
}

fn hash(subject: u8) -> String {
    format!("{:08x}", name_hash(&subject_of(subject)).unwrap())
}

#[test]
fn each_certificate_gets_a_link_and_a_second_call_changes_nothing() {
    let lab = Lab::new();
    lab.put("b.pem", &certificate(0, 1));
    lab.put("a.CRT", &certificate(0, 2));
    let done = lab.rehash();
    assert_eq!((done.links, done.made, done.removed), (2, 2, 0));
    assert_eq!(lab.links(), [format!("{}.0>a.CRT", hash(0)), format!("{}.1>b.pem", hash(0))]);
    let again = lab.rehash();
    assert_eq!((again.links, again.made, again.removed), (2, 0, 0));
}

#[test]
fn a_gap_left_by_a_removed_file_is_closed() {
    let lab = Lab::new();
    ["a.pem", "b.pem", "c.pem"].iter().zip(1..).for_each(|(name, serial)| {
        lab.put(name, &certificate(0, serial));
    });
    lab.rehash();
    fs::remove_file(lab.path().join("a.pem")).unwrap();
    let done = lab.rehash();
    assert_eq!((done.links, done.made, done.removed), (2, 1, 1));
    assert_eq!(lab.links(), [format!("{}.0>c.pem", hash(0)), format!("{}.1>b.pem", hash(0))]);
}

#[test]
fn what_is_no_link_is_never_touched() {
    let lab = Lab::new();
    let foreign = format!("{}.0", hash(0));
    lab.put(&foreign, "a copy");
    lab.put("a.pem", &certificate(0, 1));
    fs::create_dir(lab.path().join(format!("{}.1", hash(0)))).unwrap();
    lab.link("other", "a.pem");
    lab.link(&hash(0).to_uppercase(), "a.pem");
    lab.rehash();
    assert_eq!(fs::read(lab.path().join(&foreign)).unwrap(), b"a copy");
    assert!(lab.links().contains(&format!("{}.2>a.pem", hash(0))));
    assert_eq!(lab.links().len(), 3);
    fs::remove_file(lab.path().join("a.pem")).unwrap();
    assert_eq!(lab.rehash().removed, 1);
    assert!(lab.path().join(&foreign).exists());
}

#[test]
fn links_that_lead_nowhere_or_elsewhere_go() {
    let lab = Lab::new();
    lab.put("a.pem", &certificate(0, 1));
    lab.link(&format!("{}.0", hash(1)), "a.pem");
    lab.link(&format!("{}.r0", hash(0)), "a.pem");
    lab.link(&format!("{}.7", hash(0)), "gone.pem");
    assert_eq!(lab.rehash().removed, 3);
    assert_eq!(lab.links(), [format!("{}.0>a.pem", hash(0))]);
}

#[test]
fn each_file_without_a_link_is_named_with_the_reason() {
    let lab = Lab::new();
    lab.put("a.pem", &certificate(0, 1));
    lab.put("copy.pem", &certificate(0, 1));
    lab.put("junk.cer", "junk");
    lab.put("two.crt", &certificate(0, 2).repeat(2));
    lab.put("words.txt", "not looked into");
    lab.link("nowhere.pem", "gone");
    fs::create_dir(lab.path().join("folder.pem")).unwrap();
    let skipped = lab.rehash().skipped;
    let names: Vec<_> = skipped.iter().map(|one| one.path.file_name().unwrap()).collect();
    assert_eq!(names, ["copy.pem", "folder.pem", "junk.cer", "nowhere.pem", "two.crt"]);
    let why: Vec<_> = skipped.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(why[0], "it contains the same as a.pem");
    assert!(why[1].contains("is not a file but a directory"), "{}", why[1]);
    assert_eq!(why[2], "it contains no certificate and no revocation list");
    assert!(why[3].contains("cannot read"), "{}", why[3]);
    assert_eq!(why[4], "it contains more than one certificate, key or revocation list");
}

#[test]
fn too_many_with_one_hash_are_an_error_before_anything_is_done() {
    let lab = Lab::new();
    for serial in 0..=0x7f {
        lab.put(&format!("a{serial}.pem"), &certificate(0, serial));
        lab.put(&format!("b{serial}.pem"), &certificate(0, serial));
    }
    assert_eq!(lab.rehash().links, 128, "copies do not count");
    for serial in 0..=0x7f {
        let parts =
            Parts { subject: subject_of(0), serial: tlv(2, &[1, serial]), ..Parts::default() };
        lab.put(&format!("c{serial}.pem"), &pem_text("CERTIFICATE", &parts.der()));
    }
    fs::write(lab.path().join("d.pem"), certificate(1, 1)).unwrap();
    assert_eq!(lab.rehash().links, 257);
    let before = lab.links();
    lab.put(
        "d.pem",
        &pem_text(
            "CERTIFICATE",
            &Parts { subject: subject_of(0), serial: tlv(2, &[2, 1]), ..Parts::default() }.der(),
        ),
    );
    let error = rehash(lab.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooBig);
    assert!(error.message().contains(&hash(0)), "{error}");
    assert_eq!(lab.links(), before);
}

#[test]
fn a_directory_that_is_none_is_named() {
    let lab = Lab::new();
    lab.put("file", "");
    for name in ["file", "missing"] {
        let error = rehash(&lab.path().join(name)).unwrap_err();
        assert_eq!(error.kind(), Kind::File);
        assert!(error.message().contains(name), "{error}");
    }
}

#[test]
fn a_name_that_appears_meanwhile_is_not_overwritten() {
    let lab = Lab::new();
    lab.put("a.pem", &certificate(0, 1));
    let name = format!("{}.0", hash(0));
    let appear = |_: &OsStr| fs::write(lab.path().join(&name), "theirs");
    let error = rehash_with(lab.path(), &appear).unwrap_err();
    assert!(error.message().contains(&name), "{error}");
    assert_eq!(fs::read(lab.path().join(&name)).unwrap(), b"theirs");
}

#[test]
fn two_at_once_take_turns() {
    let lab = Lab::new();
    lab.put("a.pem", &certificate(0, 1));
    let other = fs::File::open(lab.path()).unwrap();
    let is_locked = Cell::new(false);
    rehash_with(lab.path(), &|_| {
        is_locked.set(other.try_lock().is_err());
        Ok(())
    })
    .unwrap();
    assert!(is_locked.get());
    other.try_lock().unwrap();
}

#[test]
fn a_lock_that_stays_is_an_error_that_names_the_directory() {
    let lab = Lab::new();
    let other = fs::File::open(lab.path()).unwrap();
    other.try_lock().unwrap();
    let error = LockedDirectory::lock_within(lab.path(), Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), Kind::Busy);
    assert!(error.message().contains(lab.path().to_str().unwrap()), "{error}");
    drop(other);
    assert!(LockedDirectory::lock_within(lab.path(), Duration::ZERO).is_ok());
}

/// A history of files that come, go and change their names, the same one each time.
struct History(u64);

impl History {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn name(&mut self) -> String {
        let number = self.below(12);
        format!("{number}.{}", ["pem", "crt", "CER"][usize::try_from(number).unwrap() % 3])
    }

    fn step(&mut self, lab: &Lab) {
        let subject = u8::try_from(self.below(SUBJECTS.into())).unwrap();
        let serial = u8::try_from(self.below(6)).unwrap();
        let (one, other) = (self.name(), self.name());
        let link_name = format!("{}.{}", hash(subject), self.below(8));
        let path = lab.path().join(&link_name);
        match self.below(12) {
            0..5 => lab.put(&one, &certificate(subject, serial)),
            5 => lab.put(&one, "junk"),
            6..8 => drop(fs::remove_file(lab.path().join(one))),
            8..10 => drop(fs::rename(lab.path().join(one), lab.path().join(other))),
            10 => drop(fs::remove_file(path)),
            _ => {
                // By hand, as an older program or a careless person leaves it.
                let _ = fs::remove_file(&path);
                lab.link(&link_name, &one);
            }
        }
    }
}

#[test]
fn at_every_moment_what_could_be_found_can_be_found() {
    let mut history = History(0x9e37_79b9_7f4a_7c15);
    let moments = Cell::new(0);
    for _ in 0..20 {
        let lab = Lab::new();
        for _ in 0..15 {
            (0..4).for_each(|_| history.step(&lab));
            let kept: BTreeSet<_> = lab.findable().intersection(&lab.existing()).copied().collect();
            let is_kept = || assert!(lab.findable().is_superset(&kept), "{:#?}", lab.links());
            let moment = Cell::new(0_u64);
            let stop = history.below(10);
            let stopped = rehash_with(lab.path(), &|_| {
                is_kept();
                moments.set(moments.get() + 1);
                moment.set(moment.get() + 1);
                if moment.get() > stop { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
            });
            is_kept();
            assert_eq!(stopped.is_err(), moment.get() > stop);
            rehash_with(lab.path(), &|_| {
                is_kept();
                Ok(())
            })
            .unwrap();
            assert_eq!(lab.findable(), lab.existing());
            assert!(lab.links().iter().all(|link| !link.starts_with('.')), "{:?}", lab.links());
            let again = lab.rehash();
            assert_eq!((again.made, again.removed), (0, 0));
        }
    }
    assert!(moments.get() > 300, "{moments:?}");
}
