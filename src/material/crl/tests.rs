use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::*;
use crate::material::Certificate;

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::CrlSign, KeyUsagePurpose::KeyCertSign];
        let made = params.self_signed(&key).unwrap();
        Self {
            certificate: Certificate::from_der(made.der()).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }

    fn list(&self, number: u64, serials: &[u64]) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 2),
            next_update: date_time_ymd(2026, 2, 2),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

fn wrapped(label: &str, der: &[u8]) -> String {
    let mut words = format!("-----BEGIN {label}-----\n");
    words += &pkcs8::der::pem::encode_string("X", pkcs8::der::pem::LineEnding::LF, der)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect::<Vec<_>>()
        .join("\n");
    words + &format!("\n-----END {label}-----\n")
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], content.as_slice()].concat()
}

/// A list with an entry revoked at each of these times, and these bytes behind the entries.
fn version_1(times: &[&[u8]], behind: &[u8]) -> Vec<u8> {
    let algorithm = element(0x30, &[&[0x06, 0x03, 0x2b, 0x65, 0x70]]);
    let entry = |time: &&[u8]| element(0x30, &[&[0x02, 0x01, 0x05], &element(0x17, &[time])]);
    let entries = element(0x30, &[&times.iter().flat_map(entry).collect::<Vec<_>>()]);
    let time = element(0x17, &[b"260101000000Z"]);
    let signed = element(0x30, &[&algorithm, &[0x30, 0x00], &time, &entries, behind]);
    element(0x30, &[&signed, &algorithm, &[0x03, 0x02, 0x00, 0x2a]])
}

fn refused(text: &str) -> String {
    let error = Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    error.message().to_owned()
}

#[test]
fn a_list_says_who_issued_it_when_and_which_one_it_is() {
    let authority = Authority::new();
    let text = authority.list(0x1234, &[1, 2, 3]);
    let crl = &Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap()[0];
    assert_eq!(crl.issuer_der(), authority.certificate.subject_der());
    assert_eq!(crl.this_update(), 1_767_312_000);
    assert_eq!((crl.entries(), crl.source()), (3, "crl.pem"));
}

#[test]
fn a_list_without_entries_is_a_list() {
    let text = Authority::new().list(1, &[]);
    assert_eq!(Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap()[0].entries(), 0);
}

#[test]
fn several_lists_and_other_blocks_may_share_a_text() {
    let authority = Authority::new();
    let text = [
        authority.list(1, &[1]),
        wrapped("CERTIFICATE", authority.certificate.der()),
        authority.list(2, &[1, 2]).replace("X509 CRL", "CRL"),
    ]
    .concat();
    let all = Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap();
    assert_eq!(all.iter().map(Crl::entries).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_text_without_a_list_is_told_with_what_it_holds() {
    let text = wrapped("CERTIFICATE", Authority::new().certificate.der());
    assert_eq!(refused(&text), "crl.pem holds no revocation list but 1 x CERTIFICATE");
}

#[test]
fn a_certificate_that_calls_itself_a_list_is_refused_with_its_line() {
    let text = format!("\n{}", wrapped("X509 CRL", Authority::new().certificate.der()));
    assert!(refused(&text).starts_with("crl.pem, line 2: not a revocation list: "));
}

#[test]
fn bytes_behind_a_list_are_refused() {
    let good = Authority::new().list(1, &[1]);
    let mut der = Crl::all_from_pem(good.as_bytes(), "crl.pem").unwrap()[0].der().to_vec();
    der.push(0);
    assert!(refused(&wrapped("X509 CRL", &der)).ends_with("bytes follow it"));
}

#[test]
fn a_list_of_version_1_is_a_list() {
    let text = wrapped("X509 CRL", &version_1(&[b"260101000000Z"], &[]));
    let crl = &Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap()[0];
    assert_eq!(crl.entries(), 1);
}

#[test]
fn an_entry_that_does_not_parse_is_an_error_and_not_a_shorter_list() {
    let months: [&[u8]; 3] = [b"260101000000Z", b"269901000000Z", b"260101000000Z"];
    let message = refused(&wrapped("X509 CRL", &version_1(&months, &[])));
    assert!(message.starts_with("crl.pem, line 1: not a revocation list: "), "{message}");
}

#[test]
fn what_follows_the_extensions_is_not_left_out_in_silence() {
    let no_extensions = element(0xa0, &[&[0x30, 0x00]]);
    let good = version_1(&[b"260101000000Z"], &no_extensions);
    assert!(Crl::all_from_pem(wrapped("X509 CRL", &good).as_bytes(), "crl.pem").is_ok());
    let more = version_1(&[b"260101000000Z"], &[no_extensions, vec![0x05, 0x00]].concat());
    refused(&wrapped("X509 CRL", &more));
}

#[test]
fn a_list_cut_anywhere_is_refused() {
    let good = Authority::new().list(1, &[1, 2]);
    let der = Crl::all_from_pem(good.as_bytes(), "crl.pem").unwrap()[0].der().to_vec();
    for end in 1..der.len() {
        refused(&wrapped("X509 CRL", &der[..end]));
    }
}
