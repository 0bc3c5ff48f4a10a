//! Hash links beside those of `openssl rehash`: in directories without any, and in such as have
//! a history.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{CertificateParams, DistinguishedName, KeyPair, SerialNumber};
use tempfile::TempDir;

use crate::support::has;
use crate::support::pki::{Authority, CENTURY, lasting};

/// How many directories are made, of each kind.
const DIRECTORIES: usize = 200;

/// Texts to fill files with: certificates with few names, lists, keys and other text.
struct Texts {
    certificates: Vec<String>,
    lists: Vec<String>,
    keys: Vec<String>,
}

impl Texts {
    fn make() -> Self {
        let key = KeyPair::generate().unwrap();
        let (mut certificates, mut lists) = (Vec::new(), Vec::new());
        for serial in 0..40_u64 {
            let key = KeyPair::try_from(key.serialized_der()).unwrap();
            let authority = Authority::of(params(serial % 7, serial), key);
            certificates.push(authority.pem().to_owned());
            if serial < 16 {
                lists.push(authority.list_of(serial, CENTURY, &[]));
            }
        }
        let pkcs8 = key.serialize_pem();
        Self { certificates, lists, keys: vec![pkcs8] }
    }
}

fn params(subject: u64, serial: u64) -> CertificateParams {
    // Some of these have one hash, though not one encoding.
    let names = ["alice", "ALICE", " alice ", "bob  and  carol", "bob and carol", "Zoë"];
    let name = names.get(usize::try_from(subject).unwrap());
    let mut params = lasting(name.unwrap_or(&""), &[]);
    if name.is_none() {
        params.distinguished_name = DistinguishedName::new();
    }
    params.serial_number = Some(SerialNumber::from(serial + 1));
    params
}

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn text(&mut self, texts: &Texts) -> String {
        let certificate = texts.certificates[self.below(texts.certificates.len())].as_str();
        let other = texts.certificates[self.below(texts.certificates.len())].as_str();
        let list = texts.lists[self.below(texts.lists.len())].as_str();
        let key = texts.keys[0].as_str();
        let cut = &certificate[..certificate.len() / 2];
        match self.below(24) {
            0..8 => certificate.to_owned(),
            8..11 => list.to_owned(),
            11 => format!("{certificate}{key}"),
            12 => format!("{key}{certificate}"),
            13 => format!("{certificate}{other}"),
            14 => format!("{certificate}{list}"),
            15 => format!("{list}{certificate}"),
            16 => key.to_owned(),
            17 => cut.to_owned(),
            18 => format!("words\n{certificate}more words\n"),
            19 => certificate.replace(" CERTIFICATE", " X509 CERTIFICATE"),
            20 => certificate.replace(" CERTIFICATE", " TRUSTED CERTIFICATE"),
            21 => certificate.replace('\n', "\r\n"),
            22 => format!("{certificate}{key}{key}"),
            _ => self
                .one(&["", "junk\n", "-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n"])
                .to_owned(),
        }
    }

    fn name(&mut self) -> String {
        let stem = self.one(&["a", "b", "c", "d", "e", "f", "B", "0", "with space", "", ".hidden"]);
        let ending = self.one(&[
            "pem", "pem", "pem", "crt", "cer", "crl", "PEM", "Crt", "txt", "key", "pem.bak",
        ]);
        format!("{stem}{}.{ending}", self.below(3))
    }

    fn fill(&mut self, dir: &Path, texts: &Texts) {
        for _ in 0..self.below(14) {
            let name = dir.join(self.name());
            if self.below(15) == 0 {
                let _ = symlink(self.name(), name);
            } else if !name.is_symlink() {
                fs::write(name, self.text(texts)).unwrap();
            }
        }
    }

    fn change(&mut self, dir: &Path, texts: &Texts) {
        match self.below(5) {
            0 => self.fill(dir, texts),
            1 => drop(fs::rename(dir.join(self.name()), dir.join(self.name()))),
            _ => {
                let names = own_names(dir);
                if !names.is_empty() {
                    fs::remove_file(dir.join(&names[self.below(names.len())])).unwrap();
                }
            }
        }
    }
}

/// Whether a name is one that only a rehash makes here.
fn is_hash_link(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8 && number.trim_start_matches('r').parse::<u32>().is_ok()
    })
}

fn names(dir: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let names = fs::read_dir(dir).unwrap().map(name);
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn own_names(dir: &Path) -> Vec<String> {
    names(dir).into_iter().filter(|name| !is_hash_link(name)).collect()
}

fn links(dir: &Path) -> BTreeMap<String, PathBuf> {
    let links = names(dir).into_iter().filter(|name| is_hash_link(name));
    links.map(|name| (name.clone(), fs::read_link(dir.join(name)).unwrap())).collect()
}

/// The files that have links for each hash; the numbers must run from 0.
fn linked(links: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Vec<&PathBuf>> {
    let mut found: BTreeMap<String, BTreeMap<u32, &PathBuf>> = BTreeMap::new();
    for (name, target) in links {
        let at = name.find('.').unwrap() + 1;
        let at = at + usize::from(name[at..].starts_with('r'));
        let number = name[at..].parse().unwrap();
        found.entry(name[..at].to_owned()).or_default().insert(number, target);
    }
    let mut sorted = BTreeMap::new();
    for (hash, numbered) in found {
        let numbers = 0..u32::try_from(numbered.len()).unwrap();
        assert!(numbered.keys().copied().eq(numbers), "{hash}: {numbered:?}");
        let mut targets: Vec<_> = numbered.into_values().collect();
        targets.sort_unstable();
        sorted.insert(hash, targets);
    }
    sorted
}

/// The links of `openssl rehash` in a copy without any.
fn openssl(dir: &Path) -> BTreeMap<String, PathBuf> {
    let copy = TempDir::new().unwrap();
    for name in own_names(dir) {
        let (from, to) = (dir.join(&name), copy.path().join(&name));
        match fs::read_link(&from) {
            Ok(target) => symlink(target, to).unwrap(),
            Err(_) => drop(fs::copy(from, to).unwrap()),
        }
    }
    // What it says about single files does not matter here.
    Command::new("openssl").arg("rehash").arg(copy.path()).output().unwrap();
    links(copy.path())
}

#[test]
fn a_directory_without_links_gets_those_of_openssl() {
    if !has(&["openssl"]) {
        return;
    }
    let texts = Texts::make();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut all = 0;
    for _ in 0..DIRECTORIES {
        let dir = TempDir::new().unwrap();
        random.fill(dir.path(), &texts);
        let done = tlsconn::rehash(dir.path()).unwrap();
        let ours = links(dir.path());
        assert_eq!(ours, openssl(dir.path()), "{:#?}", names(dir.path()));
        assert_eq!((done.links, done.made, done.removed), (ours.len(), ours.len(), 0));
        all += ours.len();
    }
    assert!(all > DIRECTORIES, "{all}");
}

#[test]
fn after_any_history_the_links_are_those_that_openssl_makes_anew() {
    if !has(&["openssl"]) {
        return;
    }
    let texts = Texts::make();
    let mut random = Random(0x6a09_e667_f3bc_c908);
    for _ in 0..DIRECTORIES / 10 {
        let dir = TempDir::new().unwrap();
        random.fill(dir.path(), &texts);
        for _ in 0..10 {
            (0..3).for_each(|_| random.change(dir.path(), &texts));
            tlsconn::rehash(dir.path()).unwrap();
            let (ours, theirs) = (links(dir.path()), openssl(dir.path()));
            assert_eq!(linked(&ours), linked(&theirs), "{:#?}", names(dir.path()));
        }
    }
}
