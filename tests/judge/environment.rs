//! The environment is read in one place, and the header lists what is read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::product::product_code;

/// The only file that reads variables.
const READER: &str = "src/material/environment.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push(path);
        }
    }
}

/// What the header says of the environment.
fn list() -> String {
    let header = fs::read_to_string(root().join("include/tlsconn.h")).unwrap();
    let from = header.split(" * Environment:").nth(1).unwrap();
    from.split("No other variable is read.").next().unwrap().to_owned()
}

#[test]
fn one_file_reads_the_environment() {
    let mut all = Vec::new();
    sources(&root().join("src"), &mut all);
    let mut readers: Vec<String> = Vec::new();
    for path in all {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let code = product_code(&fs::read_to_string(&path).unwrap());
        let reads = ["env::var", "env::vars", "env::home_dir", "env::temp_dir", "getenv"];
        let is_test = name.ends_with("/tests.rs") || name.contains("/tests/");
        if !is_test && reads.iter().any(|word| code.contains(word)) {
            readers.push(name);
        }
    }
    assert_eq!(readers, [READER]);
}

#[test]
fn every_variable_that_is_read_is_in_the_list_of_the_header() {
    let text = fs::read_to_string(root().join(READER)).unwrap();
    let names = text.split("const fn name(self)").nth(1).unwrap().split("\n    }").next().unwrap();
    let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let list = list();
    let mut words = list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let listed: Vec<&str> = words.by_ref().collect();
    for name in names {
        assert!(listed.contains(&name), "{name} is not in the header's list");
    }
}
