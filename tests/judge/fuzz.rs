//! The bodies of the fuzz targets, over their corpus and simple changes of it: so that they
//! build, and hold, with the usual toolchain too.

use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "the bodies are a library elsewhere")]
mod bodies;

/// Runs a body over every file of its corpus: as it is, cut short, and with bytes changed at a
/// few dozen places.
fn run(target: &str, body: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut seeds = 0;
    for file in std::fs::read_dir(&corpus).unwrap() {
        let file = file.unwrap();
        // What a fuzzer found on this machine is its own: it runs over that by itself.
        if file.file_name().len() == 40 {
            continue;
        }
        let seed = std::fs::read(file.path()).unwrap();
        seeds += 1;
        body(&seed);
        for part in 0..24 {
            let at = seed.len() * part / 24;
            body(&seed[..at]);
            for change in [|byte| byte ^ 1, |byte: u8| byte.wrapping_add(0x80), |_| 0] {
                let mut changed = seed.clone();
                if let Some(byte) = changed.get_mut(at) {
                    *byte = change(*byte);
                }
                body(&changed);
            }
        }
    }
    assert!(seeds >= 3, "the corpus of {target} has {seeds} seeds");
}

#[test]
fn texts_of_any_kind_are_read_or_refused() {
    run("pem", bodies::pem);
}

#[test]
fn a_revocation_list_says_nothing_but_who_is_revoked() {
    run("crl", bodies::crl);
}

#[test]
fn a_certificate_is_told_without_a_control_character() {
    run("certificate", bodies::certificate);
}

#[test]
fn entries_are_read_whole_or_not_at_all() {
    run("trusted", bodies::trusted);
}

#[test]
fn nobody_is_let_in_with_a_problem() {
    run("judge", bodies::judge);
}
