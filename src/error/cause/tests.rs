//! What is true of every hint about files and material: each cause is made here, once for each of
//! its parameters.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at once"
)]

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::error::Kind;

/// The commands that `tests/judge/commands.rs` runs.
const RUN: &str = include_str!("../../../tests/judge/commands/list.txt");

/// What the command of a hint begins with.
const PROGRAMS: [&str; 10] =
    ["(umask", "base64", "chmod", "cp", "iconv", "mkdir", "openssl", "sed", "ssh-keygen", "chown"];

/// A name of the usual length, none, and the longest one that is shown.
fn names() -> [FileName; 3] {
    ["/etc/pki/a b.pem", "", &format!("/{}", "'".repeat(44))]
        .map(|name| FileName::of(Path::new(name)))
}

fn standings() -> [Standing; 6] {
    use Standing as S;
    [S::Ours, S::Of(0), S::Of(u32::MAX), S::System, S::Link, S::Modeless]
}

/// Every cause about files, with what is different in its hint.
fn of_files() -> Vec<FileCause> {
    use FileCause as F;
    let mut all = vec![
        F::NoName,
        F::Foreign,
        F::HiddenWay,
        F::ForeignToWrite,
        F::ForeignDirectory(u32::MAX),
        F::SecondName,
        F::NotRegular,
        F::Link,
        F::TooBig,
        F::Confined,
        F::ConfinedRoot,
        F::NotPermitted,
        F::Missing,
        F::Dangling,
        F::Circle,
        F::NameTooLong,
        F::ReadOnly,
        F::Full,
        F::Quota,
        F::Device,
        F::OpenFiles,
        F::OpenFilesOfMachine,
        F::Memory,
        F::TooLong,
        F::Running,
        F::InUse,
        F::FileServer,
        F::NoLocks,
        F::Encrypted,
        F::NoPlaceForStore,
        F::Changing,
        F::Locked,
        F::Doubtful,
        F::Vanished,
        F::EmptyStore,
        F::DamagedStore,
        F::CutStore("# End of the known peers."),
        F::NoSha256(format!("SHA256: {}", ["ab"; 32].join(":"))),
        F::Place,
        F::UnknownPlace,
        F::UnknownCertificate,
        F::Unmarked,
        F::OtherMark(["ab"; 32].join(":")),
        F::ChangedEntry,
        F::Clients { ignored: true, unlinked: None },
        F::UnreadEntry,
        F::TooManyLinks,
        F::OtherRehash,
    ];
    for name in names() {
        for standing in standings() {
            all.extend(
                ["go-w", "o-w", "o=", "o=r", "0600"]
                    .map(|bits| F::Open(name.clone(), bits, standing)),
            );
            all.extend(
                ["u+r", "u+rw", "u+rx", "u+w", "u+x"]
                    .map(|bits| F::Closed(name.clone(), bits, standing)),
            );
        }
        all.push(F::MissingDirectory(name.clone()));
        all.push(F::NotADirectory(name.clone()));
        all.push(F::NoStoreDirectory(name.clone()));
        all.push(F::Clients { ignored: false, unlinked: Some(name.clone()) });
        all.push(F::Clients { ignored: true, unlinked: Some(name) });
    }
    all
}

/// Every cause about material, likewise.
fn of_material() -> Vec<MaterialCause> {
    use MaterialCause as M;
    let mut all = vec![
        M::SeveralKeys,
        M::Incomplete,
        M::NotBase64,
        M::OddLetter,
        M::TextInside,
        M::OddCharacter,
        M::OddBoundary,
        M::JoinedBlocks,
        M::OneLine,
        M::Boundary,
        M::BadLabel,
        M::Terminator,
        M::Lacking("certificate revocation list (CRL)"),
        M::TwoLabels,
        M::Request,
        M::Certificate,
        M::List,
        M::KeyElsewhere,
        M::KeyLabel("ENCRYPTED PRIVATE KEY"),
        M::PublicKey,
        M::CurveName,
        M::OpenSshOnly,
        M::LostEncryption,
        M::CostlyKey,
        M::UnsupportedKey,
        M::DamagedKey,
        M::NoPassphrase,
        M::WrongPassphrase,
        M::DamagedCertificate,
        M::DamagedList,
        M::UnusableList,
        M::NoSystemAuthorities,
        M::NoAuthority,
        M::Half { there: "/a/".repeat(130), missing: "/b/".repeat(130) },
    ];
    for wanted in [Wanted::Key, Wanted::Certificate, Wanted::List] {
        all.extend(
            [
                Found::Certificate,
                Found::List,
                Found::Request,
                Found::Key,
                Found::PublicKey,
                Found::Pkcs7,
                Found::Pkcs12,
                Found::CurveName,
                Found::SshPublicKey,
                Found::Putty,
            ]
            .map(|found| M::Misplaced(found, wanted)),
        );
    }
    for name in names() {
        for secret in [Secret::Possible, Secret::No] {
            all.push(M::EscapedLines(name.clone(), secret));
            all.push(M::Base64Twice(name.clone(), secret));
            all.push(M::UrlBase64(name.clone(), secret));
            all.extend(
                ["UTF-16", "UTF-16BE", "UTF-16LE"]
                    .map(|encoding| M::Encoding(name.clone(), encoding, secret)),
            );
        }
        all.push(M::Encoding(name.clone(), "UTF-32", Secret::No));
        for ciphers in [OldCiphers::Used, OldCiphers::Unused] {
            all.push(M::Der(name.clone(), Der::Pkcs12(ciphers)));
            all.push(M::MislabelledPkcs12(name.clone(), ciphers));
        }
        all.extend(
            [Der::Certificate, Der::List, Der::Key, Der::Pkcs7, Der::Other]
                .map(|der| M::Der(name.clone(), der)),
        );
        all.push(M::MislabelledPkcs7(name.clone()));
        all.push(M::MislabelledText(name.clone()));
        all.push(M::Pkcs7(name.clone()));
        all.push(M::Trusted(name.clone()));
        all.push(M::OpenSsh(name.clone()));
        all.push(M::OldEncryption(name));
    }
    all
}

fn hint(cause: &dyn Cause) -> String {
    Error::new(Kind::File, "").because(cause).hint().to_owned()
}

/// Every hint as it is shown, with the cause that it is for.
fn hints() -> Vec<(String, String)> {
    let of = |cause: &dyn Cause, name: String| (name, hint(cause));
    let files = of_files();
    let files = files.iter().map(|cause| of(cause, format!("{cause:?}")));
    let material = of_material();
    files.chain(material.iter().map(|cause| of(cause, format!("{cause:?}")))).collect()
}

/// The variants of the enum `name` that a source declares.
fn declared(source: &str, name: &str) -> BTreeSet<String> {
    let body = source.split(&format!("enum {name} {{\n")).nth(1).unwrap();
    let body = body.split("\n}\n").next().unwrap();
    let variant = |line: &str| {
        let line = line.strip_prefix("    ")?;
        let is_variant = line.starts_with(|c: char| c.is_ascii_uppercase());
        is_variant.then(|| word(line))
    };
    body.lines().filter_map(variant).collect()
}

/// The word that a text begins with.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// The command in a hint, with what stands for names of files.
fn command(hint: &str) -> Option<&str> {
    let is_command = |text: &str| {
        PROGRAMS.iter().any(|program| {
            text.strip_prefix(program).is_some_and(|rest| rest.starts_with([' ', ';']))
        })
    };
    let starts = hint.match_indices(": ").map(|(at, _)| &hint[at + 2..]);
    std::iter::once(hint).chain(starts).find(|text| is_command(text))
}

#[test]
fn every_cause_is_made_here() {
    let made = |all: Vec<String>| all.iter().map(|one| word(one)).collect::<BTreeSet<_>>();
    let files = of_files().iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(made(files), declared(include_str!("file.rs"), "FileCause"));
    let material = of_material().iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(made(material), declared(include_str!("material.rs"), "MaterialCause"));
}

#[test]
fn every_hint_is_one_bounded_line_that_is_shown_whole() {
    for cause in of_files().iter().map(|one| one as &dyn Cause) {
        assert_eq!(hint(cause), cause.hint());
    }
    for cause in of_material().iter().map(|one| one as &dyn Cause) {
        assert_eq!(hint(cause), cause.hint());
    }
    for (cause, hint) in hints() {
        assert!(!hint.is_empty() && hint.len() < 990, "{cause}: {hint}");
        assert!(!hint.contains('\n') && !hint.contains("  "), "{cause}: {hint}");
        assert!(!hint.ends_with(['.', ' ', ':', ';']), "{cause}: {hint}");
    }
}

#[test]
fn every_hint_says_what_to_do_first_and_no_raw_word() {
    const RAW: [&str; 12] = [
        "os error",
        "Errno",
        "Os {",
        "Custom {",
        "Asn1",
        "Nom",
        "InvalidBase64",
        "ParseError",
        "unwrap",
        "Some(",
        "None",
        "errno",
    ];
    for (cause, hint) in hints() {
        assert!(!RAW.iter().any(|raw| hint.contains(raw)), "{cause}: {hint}");
        let first = hint.split([' ', ',', ':']).next().unwrap();
        let is_verb = [
            "add", "ask", "change", "check", "close", "connect", "convert", "copy", "correct",
            "decode", "delete", "do", "encrypt", "free", "get", "give", "if", "install", "keep",
            "label", "leave", "let", "lift", "look", "make", "move", "name", "put", "raise",
            "remove", "restore", "run", "save", "set", "try", "turn", "unlock", "use", "write",
        ]
        .contains(&first);
        assert!(is_verb || command(&hint) == Some(&hint), "{cause}: {hint}");
    }
}

#[test]
fn nothing_is_to_be_done_by_force_to_what_is_not_ours() {
    for name in names() {
        for standing in standings() {
            for cause in [
                FileCause::Open(name.clone(), "go-w", standing),
                FileCause::Closed(name.clone(), "u+r", standing),
            ] {
                let hint = hint(&cause);
                assert_eq!(hint.contains("chmod"), standing == Standing::Ours, "{cause:?}: {hint}");
                let Standing::Of(owner) = standing else { continue };
                assert!(hint.contains(&user_name(owner)), "{cause:?}: {hint}");
            }
        }
    }
    for (cause, hint) in hints() {
        for forbidden in ["chown", " rm ", "sudo", "chmod -R", "chmod 777", "chmod 666"] {
            assert!(!hint.contains(forbidden), "{cause}: {hint}");
        }
    }
}

#[test]
fn every_command_of_a_hint_is_one_that_a_test_runs() {
    let bare = |(_, hint): &(String, String)| {
        let is_bare = hint.contains("FILE") || hint.contains("NEW");
        command(hint).filter(|_| is_bare).map(str::to_owned)
    };
    let found: BTreeSet<String> = hints().iter().filter_map(bare).collect();
    let run: BTreeSet<String> = RUN.lines().map(str::to_owned).collect();
    assert_eq!(found, run);
    for (cause, hint) in hints() {
        let said = PROGRAMS.iter().any(|program| {
            hint.contains(&format!("{program} -")) || hint.contains(&format!("{program} u+"))
        });
        assert!(!said || command(&hint).is_some(), "{cause} has a command in its middle: {hint}");
    }
}
