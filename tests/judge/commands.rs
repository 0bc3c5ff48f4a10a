//! Every command that a hint names, run by a shell as a user would paste it: on a bad input, whose
//! error names the command, and whose result is then taken.
//!
//! `commands/list.txt` has the commands; the table of hints (`src/error/cause`) is compared with
//! it by its own tests. Here each of them is run, in a directory whose name has to be quoted.

mod files;
mod material;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use tlsconn::{Context, Error, Material};

use crate::product::product_code;

/// Every command, as the table of hints has it.
const COMMANDS: &str = include_str!("commands/list.txt");

/// Commands for what only C programs can name, and the tests that run them.
const ELSEWHERE: [(&str, &str); 1] =
    [("chmod 0600 FILE", include_str!("../../src/material/private/tests.rs"))];

/// The passphrase of what is encrypted, and the one that is typed for what a command encrypts.
const PASSPHRASES: [&str; 2] = ["secret", "another"];

/// The commands that were run.
static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A directory whose name has to be quoted.
struct Place {
    path: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("it's a $(dir)");
        fs::create_dir(&path).unwrap();
        mode(&path, 0o700);
        Self { path, _temporary: temporary }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A file for its owner alone.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).unwrap();
        mode(&path, 0o600);
        path
    }

    /// Runs `openssl` in the directory.
    fn openssl(&self, arguments: &str) {
        let words = arguments.split_whitespace().map(|word| word.replace('~', " "));
        let output = Command::new("openssl").args(words).current_dir(&self.path).output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {output:?}");
    }

    /// What `openssl` makes of `arguments`, in the file `name`.
    fn made(&self, name: &str, arguments: &str) -> PathBuf {
        self.openssl(&format!("{arguments} -out {name}"));
        self.at(name)
    }

    /// A key, and a certificate for it.
    fn pair(&self) -> (PathBuf, PathBuf) {
        let key = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
        let key = self.made("key.pem", key);
        let arguments = "req -x509 -new -key key.pem -subj /CN=a.example -days 30";
        (key, self.made("cert.pem", arguments))
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A context that knows the passphrases.
fn context() -> Context {
    let context = Context::new();
    context.set_passphrase(Some(Arc::new(|_, attempt| {
        let at = usize::try_from(attempt).unwrap() - 1;
        PASSPHRASES.get(at).map(|phrase| phrase.as_bytes().to_vec().into())
    })));
    context
}

/// Adds a file.
fn add(material: Material, path: &Path) -> Result<(), Error> {
    context().add_file(material, path)
}

/// The name of a file as one word of a shell: always quoted here, for the directory has to be.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_str().unwrap().replace('\'', "'\\''"))
}

/// The file with an ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Takes the command out of the hint of an error about `path`, and runs it as `user`.
fn obey_as(user: Option<u32>, error: &Error, path: &Path) {
    use std::os::unix::process::CommandExt;
    let hint = error.hint();
    let bare = [(".new", "NEW"), (".p12", "FILE.p12"), ("", "FILE")]
        .iter()
        .fold(hint.to_owned(), |text, (ending, name)| {
            text.replace(&quoted(&beside(path, ending)), name)
        });
    let known = COMMANDS.lines().filter(|one| bare.ends_with(one)).max_by_key(|one| one.len());
    let known = known.unwrap_or_else(|| panic!("{error}: no command of the list: {bare}"));
    let at = bare.len() - known.len();
    let command = &hint[at..];
    assert!(at == 0 || hint[..at].ends_with(": "), "{hint}");
    let mut shell = Command::new("setsid");
    shell.args(["-w", "sh", "-c", command]).current_dir("/");
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(user) = user {
        shell.uid(user).gid(user);
    }
    let mut shell = shell.spawn().unwrap();
    // Programs without a terminal read passphrases from their input: the old one if there is one,
    // then the new one twice. Most ask for none, and may be gone by then.
    let [old, new] = PASSPHRASES;
    let old = if is_open(path) { String::new() } else { format!("{old}\n") };
    let _ = shell.stdin.take().unwrap().write_all(format!("{old}{new}\n{new}\n").as_bytes());
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    RUN.lock().unwrap().insert(known.to_owned());
}

/// Whether a file is a key in OpenSSH's format without a passphrase.
fn is_open(path: &Path) -> bool {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-y", "-P", "", "-f"]).arg(path).stdin(Stdio::null());
    path.ends_with("id") && keygen.output().unwrap().status.success()
}

/// The error of `tried` names a command about `path`; when it was run, `taken` is fine.
fn mended(
    path: &Path,
    tried: impl Fn() -> Result<(), Error>,
    taken: impl Fn() -> Result<(), Error>,
) {
    let error = tried().expect_err("the input is not bad");
    obey_as(None, &error, path);
    taken().unwrap_or_else(|again| panic!("{} was no help: {again}", error.hint()));
}

/// The file `path` is refused as `material`; what the command makes of it is taken as each of
/// `taken`.
fn converted(material: Material, path: &Path, taken: &[Material]) {
    let new = beside(path, ".new");
    let all = || taken.iter().try_for_each(|material| add(*material, &new));
    mended(path, || add(material, path), all);
    fs::remove_file(new).unwrap();
}

#[test]
fn every_command_of_a_hint_makes_of_a_bad_input_one_that_is_taken() {
    material::all();
    files::all();
    let mut run = RUN.lock().unwrap().clone();
    for (command, test) in ELSEWHERE {
        assert!(test.contains(command.strip_suffix(" FILE").unwrap()), "{command}");
        run.insert(command.to_owned());
    }
    if !files::may_be_another_user() {
        run.extend(COMMANDS.lines().filter(|one| one.starts_with("chmod u+")).map(str::to_owned));
    }
    let known: BTreeSet<String> = COMMANDS.lines().map(str::to_owned).collect();
    assert_eq!(run, known);
}

/// What other lists of hints name is run here, too: each program with its first word.
#[test]
fn no_hint_names_a_program_that_is_not_run() {
    let programs = ["openssl ", "ssh-keygen ", "iconv ", "base64 ", "chmod ", "mkdir ", "sed "];
    let mut run = BTreeSet::from(["openssl rand".to_owned()]);
    for command in COMMANDS.split(['\n', ';', '|', '&']) {
        run.extend(first_words(command, &programs));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error/cause");
    for path in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|ending| ending != "rs") || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for said in first_words(&product_code(&text), &programs) {
            assert!(run.contains(&said), "{}: no test runs {said}", path.display());
        }
    }
}

/// Every program in a text with the word behind it, unless that is a placeholder.
fn first_words(text: &str, programs: &[&str]) -> Vec<String> {
    let of = |program: &&str| {
        let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let found = text.match_indices(*program).filter(|(at, _)| begins(*at)).map(|(at, _)| {
            let rest = &text[at + program.len()..];
            let end = |c: char| !c.is_alphanumeric() && c != '-';
            format!("{program}{}", rest.split(end).next().unwrap())
        });
        found.filter(|said| !said.ends_with(' ')).collect::<Vec<_>>()
    };
    programs.iter().flat_map(of).collect()
}

#[test]
fn the_command_for_a_secret_of_tickets_makes_one() {
    let place = Place::new();
    let path = place.put("secret", "too short");
    let error = context().set_ticket_secret_file(Some(&path)).unwrap_err();
    let (_, command) = error.hint().split_once("openssl").unwrap();
    let command = format!("openssl{command}").replace("FILE", &quoted(&path));
    let done = Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(done.success(), "{command}");
    context().set_ticket_secret_file(Some(&path)).unwrap();
}
