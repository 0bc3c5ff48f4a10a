//! The contract programs in C, `tests/*.c`, compiled and run against the library that cargo made for
//! this test; so that whatever runs cargo's tests, such as a search with mutants, runs the C face.
//! `make contract` runs them again under valgrind and with sanitizers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use tempfile::TempDir;

/// The name by which a program looks for the library when it runs.
const SONAME: &str = "libtlsconn.so.0";

/// The library, and the certificates that each program is given.
struct Lab(TempDir);

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The shared library is made together with the one that this test is linked with.
        let test = std::env::current_exe().unwrap();
        symlink(test.with_file_name("libtlsconn.so"), dir.path().join(SONAME)).unwrap();
        let pki = dir.path().join("pki");
        let made = Command::new(root().join("tests/contract-pki.sh")).arg(&pki).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        Self(dir)
    }

    /// Compiles a program, with the header in this directory.
    fn compile(&self, source: &Path, include: &Path) -> Output {
        let dir = self.0.path();
        Command::new("cc")
            .args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-g", "-pthread"])
            .args(["-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes", "-Werror"])
            .arg("-I")
            .arg(include)
            .arg(source)
            .arg(dir.join(SONAME))
            .arg(format!("-Wl,-rpath,{}", dir.display()))
            .arg("-o")
            .arg(self.program(source))
            .output()
            .unwrap()
    }

    fn program(&self, source: &Path) -> PathBuf {
        self.0.path().join(source.file_stem().unwrap())
    }

    /// Runs a program; if it fails, the error is its output.
    fn run(&self, source: &Path) -> Result<(), String> {
        let compiled = self.compile(source, &root().join("include"));
        if !compiled.status.success() {
            return Err(String::from_utf8_lossy(&compiled.stderr).into_owned());
        }
        let output = Command::new(self.program(source))
            .arg(self.0.path().join("pki"))
            // Cargo points it at its own libraries; the program knows its one.
            .env_remove("LD_LIBRARY_PATH")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{}: {}\n{said}", source.display(), output.status))
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn programs() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("tests")).unwrap().map(|entry| entry.unwrap().path());
    let mut programs: Vec<_> =
        files.filter(|file| file.extension() == Some("c".as_ref())).collect();
    programs.sort();
    programs
}

#[test]
fn every_program_in_c_finds_the_contract_kept() {
    let lab = Lab::new();
    let programs = programs();
    assert!(programs.len() > 10, "{programs:?}");
    let complaints: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> =
            programs.iter().map(|program| scope.spawn(|| lab.run(program))).collect();
        runs.into_iter().filter_map(|run| run.join().unwrap().err()).collect()
    });
    assert!(complaints.is_empty(), "{}", complaints.concat());
}

/// The programs of effects list what they must produce. Here the header gets one more.
#[test]
fn a_constant_of_the_header_that_no_program_claims_does_not_compile() {
    let lab = Lab::new();
    let header = fs::read_to_string(root().join("include/tlsconn.h")).unwrap();
    for (program, kind, prefix) in [
        ("effects_problems", "tlsconn_problem", "P"),
        ("effects_errors", "tlsconn_code", "E"),
        ("effects_situations", "tlsconn_situation", "SITUATION"),
        ("effects_policies", "tlsconn_option", "OPT"),
        ("effects_judging", "tlsconn_option", "OPT"),
        ("effects_sessions", "tlsconn_option", "OPT"),
        ("effects_waiting", "tlsconn_option", "OPT"),
        ("effects_about", "tlsconn_info", "INFO"),
        ("effects_about", "tlsconn_cert_field", "CERT"),
        ("effects_about", "tlsconn_style", "STYLE"),
        ("effects_about", "tlsconn_answer", "ALLOW"),
    ] {
        let name = format!("TLSCONN_{prefix}_ONE_MORE");
        let end = format!("}} {kind};");
        assert!(header.contains(&end), "{kind}");
        let include = tempfile::tempdir().unwrap();
        let more = header.replace(&end, &format!("    {name} = 1 << 30,\n{end}"));
        fs::write(include.path().join("tlsconn.h"), more).unwrap();
        let source = root().join("tests").join(program).with_extension("c");
        let compiled = lab.compile(&source, include.path());
        let said = String::from_utf8_lossy(&compiled.stderr);
        assert!(!compiled.status.success() && said.contains(&name), "{program}: {said}");
    }
}
