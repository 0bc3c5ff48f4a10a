//! Cases that others wrote, judged in every profile and compared with what is on record.
//!
//! The cases lie in `../shared/cases/`, or where `TLSCONN_CASES` says. Where there is no such
//! directory they are skipped, unless `CI=true`. Every disagreement with a case stands in
//! `expected/`, with its reason: one that is new, and one that is gone, fails. Cases that are
//! not on record are counted, and do not fail. `TLSCONN_CASES_RECORD=write` writes the record
//! anew and keeps its reasons; a new line has none, and fails until somebody gives it one.

mod der;
mod folder;
mod libvirt;
mod lines;
mod made;
mod record;

#[test]
fn x509_limbo_is_judged_as_on_record() {
    lines::check("limbo");
}

#[test]
fn the_cases_of_boringssl_and_pkits_are_judged_as_on_record() {
    lines::check("pki-extra");
}

#[test]
fn the_cases_of_libvirt_are_judged_as_on_record() {
    libvirt::check();
}
