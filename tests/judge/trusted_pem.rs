//! `docs/trusted-pem.md` is true: its examples load, its commands print what it shows, and its
//! errors are those that the library returns.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tlsconn::{Context, Kind, Material};

/// What the document shows instead of a block.
const SHORT: &str = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n";

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trusted-pem.md")).unwrap()
}

/// The indented parts of the document, without their indentation.
fn examples() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut inside = false;
    for line in document().lines() {
        match line.strip_prefix("    ") {
            Some(line) if inside => *all.last_mut().unwrap() += &format!("{line}\n"),
            Some(line) => {
                all.push(format!("{line}\n"));
                inside = true;
            }
            // A blank line belongs to an example that goes on after it.
            None if line.is_empty() && inside => *all.last_mut().unwrap() += "\n",
            None => inside = false,
        }
    }
    all.into_iter().map(|one| format!("{}\n", one.trim_end())).collect()
}

/// The whole certificate, from the first example.
fn block() -> String {
    let first = examples().into_iter().next().unwrap();
    let at = first.find("-----BEGIN").unwrap();
    first[at..].to_owned()
}

/// The examples of entries, whole.
fn entries() -> Vec<String> {
    let all = examples().into_iter().filter(|one| one.contains("-----BEGIN CERTIFICATE-----"));
    all.map(|one| one.replace(SHORT, &block())).collect()
}

fn sha256_line() -> String {
    let first = examples().into_iter().next().unwrap();
    first.lines().find(|line| line.starts_with("SHA256: ")).unwrap().to_owned()
}

/// A known file with this text.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trusted.pem");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (dir, path)
}

#[test]
fn every_example_loads_as_material_and_as_a_file() {
    let all = entries();
    assert_eq!(all.len(), 6, "the document has as many examples");
    for example in &all {
        let context = Context::new();
        context.add(Material::TrustedPeer, example.as_bytes()).expect(example);
        let known = context.known().unwrap();
        assert_eq!(known.len(), example.matches("-----BEGIN").count(), "{example}");
        for keyword in ["Host: ", "Distrust: ", "Role: client", "Expires: ", "Accepted: "] {
            let says = |of: &dyn Fn(&tlsconn::Entry) -> bool| known.iter().any(|one| of(one));
            let holds = match keyword {
                "Host: " => says(&|one| one.place.is_some()),
                "Distrust: " => says(&|one| one.distrust),
                "Role: client" => says(&|one| one.role == tlsconn::Role::Client),
                "Expires: " => says(&|one| one.expires.is_some()),
                _ => says(&|one| !one.accepted.is_empty()),
            };
            assert_eq!(holds, example.contains(keyword), "{keyword} in {example}");
        }
        let (_dir, path) = file(example);
        let context = Context::new();
        context.set_known_file(&path).expect(example);
        assert_eq!(context.known().unwrap().len(), known.len());
    }
}

#[test]
fn the_command_prints_the_line_that_the_document_shows() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("node7.pem"), block()).unwrap();
    let commands = examples().into_iter().find(|one| one.starts_with("echo ")).unwrap();
    let done =
        Command::new("sh").args(["-ec", &commands]).current_dir(dir.path()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let written = fs::read_to_string(dir.path().join("trusted.pem")).unwrap();
    assert!(written.contains(&format!("{}\n", sha256_line())), "{written}");
    fs::set_permissions(dir.path().join("trusted.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let context = Context::new();
    context.set_known_file(&dir.path().join("trusted.pem")).unwrap();
    let known = context.known().unwrap();
    assert_eq!(known[0].place.as_ref().unwrap().to_string(), "node7.example.com:16514");
}

#[test]
fn an_entry_may_stand_below_the_last_line_of_a_file_that_the_library_wrote() {
    let (_dir, path) = file("");
    fs::remove_file(&path).unwrap();
    let context = Context::new();
    context.set_known_file(&path).unwrap();
    let known = Context::new();
    known.add(Material::TrustedPeer, block().as_bytes()).unwrap();
    let certificate = known.known().unwrap()[0].certificate.clone();
    let endpoint = tlsconn::Endpoint::new("a.example", 1).unwrap();
    context.set_known(&endpoint, certificate, tlsconn::Problems::NONE).unwrap();
    assert!(fs::read_to_string(&path).unwrap().ends_with("# End of the known peers.\n"));
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(entries()[0].as_bytes()).unwrap();
    assert_eq!(context.known().unwrap().len(), 2);
}

#[test]
fn every_error_of_the_document_is_one_of_the_library() {
    let (line, block, host) = (sha256_line(), block(), "Host: a.example:1");
    let other = line.replace(": 45", ": 46");
    let cases = [
        (format!("{host}\n{block}"), "the entry has no SHA256 line"),
        (
            format!("{host}\n{other}\n{block}"),
            "SHA256: it is not the fingerprint of the certificate below it",
        ),
        (format!("Hots: a.example:1\n{line}\n{block}"), "is not a keyword of an entry"),
        (format!("Host : a.example:1\n{line}\n{block}"), "needs a colon directly after it"),
        (format!("{host}\n{host}\n{line}\n{block}"), "is given twice in one entry"),
        (
            format!("{host}\n\n{line}\n{block}"),
            "this line of an entry is not directly above the block that it belongs to",
        ),
        (format!("Host: a.example\n{line}\n{block}"), "is not a valid host and port"),
        (
            format!("{host}\nAccepted: revoked\n{line}\n{block}"),
            "a problem that cannot be accepted",
        ),
        (
            format!("Accepted: expired\n{line}\n{block}"),
            "an entry without a Host line cannot have an Accepted line",
        ),
        (
            format!(
                "# Known peers of libtlsconn; the lines directly above a block belong to it.\n{block}"
            ),
            "the end of the file is missing",
        ),
        (String::new(), "is damaged: it contains no entry"),
    ];
    let document = document();
    for (text, message) in &cases {
        assert!(document.contains(&format!("| `{message}`")), "{message}");
        let (_dir, path) = file(text);
        let error = Context::new().set_known_file(&path).expect_err(message);
        assert_eq!(error.kind(), Kind::Store, "{error}");
        assert!(error.message().contains(message), "{error}");
        assert!(error.message().contains("trusted.pem"), "{error}");
        if !text.is_empty() && !message.starts_with("the end") {
            let error = Context::new().add(Material::TrustedPeer, text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), Kind::Parse, "{error}");
            assert!(error.message().contains(message), "{error}");
        }
    }
    let rows = document.split("## What errors mean").nth(1).unwrap();
    let rows = rows.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, cases.len() + 1, "the last row is about permissions");
    let (_dir, path) = file(&entries()[0]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    let error = Context::new().set_known_file(&path).unwrap_err();
    assert!(error.message().contains("is writable by"), "{error}");
}

#[test]
fn the_document_is_where_people_look_for_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for place in ["README.md", "include/tlsconn.h", "docs/design.md"] {
        let text = fs::read_to_string(root.join(place)).unwrap();
        assert!(text.contains("trusted-pem.md"), "{place}");
    }
}
