//! The golden table: the verdicts on odd certificates, in STRICT, in LIBVIRT and as a known
//! certificate.
//!
//! The certificates are made by `rows` from fixed keys, for one fixed time. The expected verdicts
//! are in `table.txt`, written by hand: the RFCs and the library's design decide them, not what the
//! library happens to say.

pub(crate) mod der;
pub(crate) mod keys;
pub(crate) mod make;
pub(crate) mod pem;
mod rows;
mod table;

use pem::pem;
use rows::Row;
use rustls_pki_types::pem::PemObject as _;
use tlsconn::{Certificate, Context, Endpoint, Material, Problems, Profile, Role};

/// 2026-11-21, at noon.
const NOW: i64 = 1_795_262_400;
const PORT: u16 = 16514;

#[test]
fn every_row_is_judged_as_the_table_says() {
    let told: Vec<table::Line> = rows::all().iter().map(judged).collect();
    let wanted = table::read();
    let difference = table::difference(&wanted, &told);
    assert!(difference.is_empty(), "- is the table, + is what was said\n{difference}");
}

#[test]
fn the_page_for_readers_says_the_same() {
    let wanted: Vec<_> = table::read()
        .into_iter()
        .map(|line| [line.name, line.why, line.strict, line.libvirt])
        .collect();
    for (wanted, page) in wanted.iter().zip(table::page()) {
        assert_eq!(page, *wanted, "docs/judgement.md");
    }
    assert_eq!(table::page().len(), wanted.len());
}

#[test]
fn two_runs_make_the_same_certificates() {
    let bytes = |row: Row| (row.name, row.chain, row.anchors, row.lists);
    for (one, other) in rows::all().into_iter().zip(rows::all()) {
        assert_eq!(bytes(one), bytes(other));
    }
}

#[test]
fn what_the_writer_of_pem_writes_is_read_back() {
    let row = &rows::all()[0];
    let pem = pem("CERTIFICATE", &row.chain);
    let back = rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    assert_eq!(back.as_ref(), row.chain[0]);
}

/// Puts the certificates where other programs can read them; see `scripts/golden-others`.
#[test]
#[ignore = "writes files for other programs, into the directory that TLSCONN_GOLDEN_OUT names"]
fn the_certificates_are_written() {
    let out = std::env::var_os("TLSCONN_GOLDEN_OUT").unwrap();
    for row in rows::all() {
        let dir = std::path::Path::new(&out).join(row.name);
        std::fs::create_dir_all(&dir).unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
        write("anchors.pem", pem("CERTIFICATE", &row.anchors));
        write("leaf.pem", pem("CERTIFICATE", &row.chain[..1]));
        write("rest.pem", pem("CERTIFICATE", &row.chain[1..]));
        write("lists.pem", pem("X509 CRL", &row.lists));
        write("host", tlsconn::Host::parse(row.host).unwrap().to_string());
    }
}

/// The verdicts on a row.
fn judged(row: &Row) -> table::Line {
    table::Line {
        name: row.name.to_owned(),
        strict: said(&context(row, Profile::Strict), row),
        libvirt: said(&context(row, Profile::Libvirt), row),
        exact: exact(row),
        why: String::new(),
    }
}

fn context(row: &Row, profile: Profile) -> Context {
    let context = Context::new();
    context
        .set(|settings| {
            settings.verify_time = Some(NOW);
            settings.profile = profile;
        })
        .unwrap();
    if !row.anchors.is_empty() {
        let pem = pem("CERTIFICATE", &row.anchors);
        context.add(Material::Authority, pem.as_bytes()).unwrap();
    }
    if !row.lists.is_empty() {
        context.add(Material::Crl, pem("X509 CRL", &row.lists).as_bytes()).unwrap();
    }
    context
}

/// The verdict if the leaf is known at this very place, with nothing accepted. What cannot be
/// parsed cannot be known either.
fn exact(row: &Row) -> String {
    let context = context(row, Profile::Strict);
    if let Ok(leaf) = Certificate::from_der(&row.chain[0]) {
        let place = Endpoint::new(row.host, PORT.into()).unwrap();
        context.set_known(&place, leaf, Problems::NONE).unwrap();
    }
    said(&context, row)
}

/// The reason why the server is admitted, or everything that is wrong with it.
fn said(context: &Context, row: &Row) -> String {
    let chain = pem("CERTIFICATE", &row.chain);
    let verdict = context.verify(Role::Server, Some(row.host), PORT, chain.as_bytes()).unwrap();
    match verdict.outcome() {
        Ok(reason) if verdict.problems().is_empty() => reason.word().to_owned(),
        Ok(reason) => format!("{} although {}", reason.word(), verdict.problems()),
        Err(error) => {
            assert_eq!(error.problems(), verdict.problems(), "{}: {error}", row.name);
            assert!(!verdict.why().is_empty(), "{} has no sentence", row.name);
            verdict.problems().to_string()
        }
    }
}
