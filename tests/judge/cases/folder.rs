//! Where the cases lie, and their bytes.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// The directory with the cases. `None`, after a line that says so: there is no directory.
pub(crate) fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("TLSCONN_CASES").map(PathBuf::from);
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    let folder = named.unwrap_or_else(usual);
    if folder.is_dir() {
        return Some(folder);
    }
    let missing = format!("{} is no directory: name one in TLSCONN_CASES", folder.display());
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the cases are required: {missing}");
    say(&format!("skipped, the cases of others are not here: {missing}"));
    None
}

/// The files whose names begin and end like this, in the order of their names.
pub(crate) fn files(folder: &Path, begin: &str, end: &str) -> Vec<PathBuf> {
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(begin) && name.ends_with(end)
    };
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = all.filter(fits).collect();
    files.sort();
    let missing = format!("{} holds no {begin}*{end}", folder.display());
    assert!(!files.is_empty() || std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    if files.is_empty() {
        say(&format!("skipped: {missing}"));
    }
    files
}

/// The text of a file, unpacked where its name says that it is packed.
pub(crate) fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

/// Not `println!`, which the test runner swallows where a test passes.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
