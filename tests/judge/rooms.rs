//! Which room may use which, and what only one room may say. A new arrow is a decision:
//! change the table in its own commit.

use std::path::{Path, PathBuf};

use crate::circles::circles;
use crate::product::product_code;

/// Each room with the rooms that it may use. What is not here is not a room.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("process", &[]),
    ("material", &["error", "process"]),
    ("host", &["error"]),
    ("chain", &["error", "process", "material", "host"]),
    ("known", &["error", "process", "material", "host"]),
    ("trust", &["error", "process", "material", "host", "chain", "known"]),
    ("tls", &["error", "process", "material", "host", "trust"]),
    ("io", &["error", "process"]),
    ("context", &["error", "process", "material", "host", "chain", "known", "trust", "tls"]),
    (
        "connection",
        &["error", "process", "material", "host", "known", "trust", "tls", "io", "context"],
    ),
    ("terminal", &["error", "process", "material", "host", "trust"]),
    ("pki", &["error", "process", "material"]),
    (
        "ffi",
        &[
            "error",
            "process",
            "material",
            "host",
            "chain",
            "known",
            "trust",
            "tls",
            "io",
            "context",
            "connection",
            "terminal",
            "pki",
        ],
    ),
];

/// What is said in few rooms only. `rustls_pki_types::` and `std::net::IpAddr` are no such
/// words: the first is plain data, the second a number.
const SAID_ONLY_IN: &[(&str, &[&str])] = &[
    ("rustls::", &["tls"]),
    ("webpki::", &["chain", "tls"]),
    // DER is read by `material`; one rule of PEDANTIC looks further than that.
    ("x509_parser::", &["chain"]),
    ("base64::", &["material"]),
    ("pkcs8::", &["material"]),
    ("rustix::net", &["io", "connection"]),
    ("TcpStream", &["io", "connection"]),
    ("TcpListener", &["io", "connection"]),
    ("UdpSocket", &["io", "connection"]),
    ("UnixStream", &["io", "connection"]),
    ("UnixListener", &["io", "connection"]),
    ("ToSocketAddrs", &["io", "connection"]),
    // What to do follows from the cause, in one table; see `error/cause.rs`.
    ("with_hint", &["error"]),
    ("unsafe", &["ffi"]),
    ("libc::", &["ffi"]),
    ("nix::", &["process"]),
    // A fork finds these locked, or half-made: what a child goes on using has those of `process`.
    ("parking_lot", &["process", "connection", "io"]),
    ("OnceLock", &["process", "connection", "io"]),
    ("LazyLock", &["process"]),
    ("Condvar", &["process"]),
    ("sync::Mutex", &["process"]),
    ("sync::RwLock", &["process"]),
    // What is opened never takes the number of a standard stream.
    ("fs::open", &["process"]),
    ("fs::openat", &["process"]),
    ("OpenOptions", &["process"]),
    ("File::open", &["process"]),
    ("File::create", &["process"]),
];

/// The rooms that only compute: what goes in decides what comes out.
const PURE: &[&str] = &["host", "chain", "trust"];

/// What a room that only computes never says: files, clocks, sockets, the environment.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::os",
    "std::env",
    "rustix",
    "SystemTime",
    "Instant",
    "tempfile",
];

/// The only files of `chain` with a lock: caches, for the same goes in and the same comes out.
const CACHES: &[&str] = &["chain/clean.rs", "chain/revocation/list.rs"];

/// `context.rs` declares the one type of its room, whose methods the files below it implement, and
/// its fields are of types from there. Without that it is a circle with `pieces`, `pairs` and
/// `ticket_secret`, which load what the state holds, and with `own` and `stores`, which read it.
const HEADS: &[&str] = &["context.rs"];

/// More than this is two files.
const LONGEST_FILE: usize = 500;

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut broken = Vec::new();
    for source in sources() {
        let allowed = MAY_USE.iter().find(|(room, _)| *room == source.room).unwrap().1;
        for used in source.code.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| is_word(*c)).collect();
            if used != source.room && !allowed.contains(&used.as_str()) {
                broken.push(format!("{} uses {used}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_stands_in_a_room_of_the_table() {
    let mut strangers = Vec::new();
    for path in files(&root()) {
        let room = room_of(&path);
        if room != "lib" && !MAY_USE.iter().any(|(known, _)| *known == room) {
            strangers.push(path);
        }
    }
    assert!(strangers.is_empty(), "{strangers:#?}");
}

#[test]
fn what_belongs_to_one_room_is_said_nowhere_else() {
    let mut broken = Vec::new();
    for source in sources() {
        for (word, rooms) in SAID_ONLY_IN {
            // A test may use what its room may not, to show how the room meets it.
            let is_test = source.path.contains("tests") && *word != "unsafe";
            if !is_test && !rooms.contains(&source.room.as_str()) && says(&source.code, word) {
                broken.push(format!("{} says {word}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_rooms_that_judge_touch_no_file_no_clock_and_no_socket() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str())) {
        let code = product_code(&source.code);
        let said = IMPURE.iter().filter(|word| code.contains(*word));
        broken.extend(said.map(|word| format!("{} says {word}", source.path)));
        let locks = source.room == "chain" && code.contains("Mutex");
        if locks && !CACHES.contains(&source.path.as_str()) {
            broken.push(format!("{} has a lock", source.path));
        }
    }
    broken.retain(|one| !one.contains("tests.rs") && !one.contains("/tests/"));
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let is_left_out = |path: &str| {
        path.contains("/tests") || path.ends_with("testing.rs") || HEADS.contains(&path)
    };
    let production = |source: Source| {
        let code = product_code(&source.code);
        (source.path, code)
    };
    let files = sources().into_iter().filter(|source| !is_left_out(&source.path)).map(production);
    let circles = circles(&files.collect::<Vec<_>>());
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn no_file_is_longer_than_a_reader_can_bear() {
    let mut long = Vec::new();
    for directory in ["src", "tests", "examples", "examples-c", "benches", "tools", "fuzz/targets"]
    {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        for path in files_ending(&directory, &["rs", "c", "h", "py", "sh"]) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            if lines > LONGEST_FILE {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_search_for_words_sees_words_and_not_their_neighbours() {
    assert!(says("use rustls::ClientConfig;", "rustls::"));
    assert!(says("x = ::rustls::version()", "rustls::"));
    assert!(says("unsafe { *p }", "unsafe"));
    assert!(!says("use my_rustls::thing;", "rustls::"));
    assert!(!says("allow(unsafe_code)", "unsafe"));
    assert_eq!(without_comments("a // unsafe\nb"), "a \nb\n");
}

/// One file of a room: its code is its text without comments.
struct Source {
    room: String,
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let in_a_room = |path: &PathBuf| room_of(path) != "lib";
    let read = |path: PathBuf| Source {
        room: room_of(&path),
        path: path.strip_prefix(root()).unwrap().display().to_string(),
        code: without_comments(&std::fs::read_to_string(&path).unwrap()),
    };
    files(&root()).into_iter().filter(in_a_room).map(read).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file at or below `directory`.
fn files(directory: &Path) -> Vec<PathBuf> {
    files_ending(directory, &["rs"])
}

/// Every file at or below `directory` whose name has one of these endings.
fn files_ending(directory: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            found.extend(files_ending(&path, endings));
        } else if ending.is_some_and(|ending| endings.contains(&ending)) {
            found.push(path);
        }
    }
    found
}

/// `src/known/store/disk.rs` and `src/known.rs` are of the room `known`.
fn room_of(path: &Path) -> String {
    let first = path.strip_prefix(root()).unwrap().iter().next().unwrap();
    Path::new(first).file_stem().unwrap().to_str().unwrap().to_owned()
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap().to_owned() + "\n";
    text.lines().map(code).collect()
}

fn says(code: &str, word: &str) -> bool {
    let whole = |(at, _): (usize, &str)| {
        let before = code[..at].chars().next_back();
        let after = code[at..].strip_prefix(word).and_then(|rest| rest.chars().next());
        let ends = !word.ends_with(is_word) || !after.is_some_and(is_word);
        !before.is_some_and(is_word) && ends
    };
    code.match_indices(word).any(whole)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
