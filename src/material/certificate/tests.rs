use super::*;
use crate::material::der;
use crate::material::testing::{Parts, common_name, extension, spki, tlv};

fn refusal(der: &[u8]) -> String {
    let error = Certificate::from_der(der).unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    error.message().to_owned()
}

#[test]
fn every_part_is_found_where_it_stands() {
    let parts = Parts { serial: tlv(2, &[0, 0xab]), ..Parts::default() };
    let certificate = parts.certificate();
    assert_eq!(certificate.der(), parts.der());
    assert_eq!(certificate.subject_der(), parts.subject);
    assert_eq!(certificate.issuer_der(), parts.issuer);
    assert_eq!(certificate.spki(), parts.spki);
    assert_eq!(certificate.serial(), [0, 0xab]);
    assert_eq!(certificate.signature(), [1, 2]);
    assert_eq!(certificate.sha256(), &sha256(&parts.der()));
    assert_eq!(certificate.key_sha256(), &sha256(&parts.spki));
    assert!(der::only(certificate.tbs()).is_some());
    assert!(!certificate.is_self_issued());
}

#[test]
fn bytes_behind_a_certificate_are_refused() {
    let mut der = Parts::default().der();
    der.push(0);
    assert_eq!(refusal(&der), "not a certificate: there is extra data after it");
}

#[test]
fn bytes_hidden_behind_the_signature_are_refused() {
    let der = Parts::default().der();
    let inside = der::only(&der).unwrap().content;
    let longer = tlv(0x30, &[inside, &[5, 0]].concat());
    assert_eq!(refusal(&longer), "not a certificate: there is extra data after its signature");
}

#[test]
fn nothing_and_noise_are_no_certificate() {
    refusal(b"");
    refusal(b"hello, world");
    let mut noise = 1_u32;
    for _ in 0..1_000 {
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                noise.to_be_bytes()[0]
            })
            .collect();
        refusal(&bytes);
    }
}

#[test]
fn a_certificate_cut_short_is_none() {
    let der = Parts::default().der();
    for length in 0..der.len() {
        assert_eq!(
            refusal(&der[..length]),
            "not a certificate: it is not DER, or its end is missing"
        );
    }
}

#[test]
fn a_certificate_whose_inside_is_cut_short_is_none() {
    let der = Parts::default().der();
    let inside = der::only(&der).unwrap().content;
    for length in 0..inside.len() {
        refusal(&tlv(0x30, &inside[..length]));
    }
    assert_eq!(refusal(&tlv(0x30, &[])), "not a certificate: its structure is damaged");
}

#[test]
fn a_name_that_the_parser_reads_halfway_is_refused() {
    let good = common_name("node7");
    let relatives = der::only(&good).unwrap().content;
    let subject = tlv(0x30, &[relatives, &tlv(0x31, b"junk")].concat());
    let parts = Parts { subject, ..Parts::default() };
    assert_eq!(refusal(&parts.der()), "not a certificate: its subject is damaged");
}

#[test]
fn a_key_with_more_behind_it_is_refused() {
    let good = spki(&tlv(6, &[0x2b, 0x65, 0x70]), &[7; 32]);
    let inside = der::only(&good).unwrap().content;
    let parts = Parts { spki: tlv(0x30, &[inside, &[5, 0]].concat()), ..Parts::default() };
    assert_eq!(refusal(&parts.der()), "not a certificate: its public key is damaged");
}

#[test]
fn two_signature_algorithms_are_refused() {
    let mut parts = Parts::default();
    parts.algorithms.1 = tlv(0x30, &tlv(6, &[0x2b, 0x65, 0x70]));
    assert_eq!(
        refusal(&parts.der()),
        "not a certificate: it names two different signature algorithms"
    );
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let der = Parts::default().der();
    for at in 0..der.len() {
        for change in [1_u8, 0x20, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] ^= change;
            if let Ok(certificate) = Certificate::from_der(&changed) {
                assert_ne!(certificate, Certificate::from_der(&der).unwrap());
            }
        }
    }
}

#[test]
fn a_pem_text_without_a_certificate_is_refused() {
    let error = Certificate::all_from_pem(b"hello", "ca.pem").unwrap_err();
    assert_eq!(error.message(), "ca.pem contains no certificate: there is no PEM block in it");
}

#[test]
fn a_bad_block_is_named_by_its_line() {
    let good = crate::material::pem_text("CERTIFICATE", &Parts::default().der());
    let bad = crate::material::pem_text("CERTIFICATE", b"hello");
    let text = format!("{good}{bad}");
    let line = good.lines().count() + 1;
    let error = Certificate::all_from_pem(text.as_bytes(), "ca.pem").unwrap_err();
    assert!(error.message().starts_with(&format!("ca.pem, line {line}: not a certificate")));
    assert_eq!(Certificate::all_from_pem(good.as_bytes(), "ca.pem").unwrap().len(), 1);
}

#[test]
fn every_extension_is_found_again_with_its_value() {
    let first = extension(14, false, &tlv(4, &[1]));
    let second = extension(99, true, b"junk");
    let certificate = Parts { extensions: vec![first, second], ..Parts::default() }.certificate();
    let found = certificate.extension(&[0x55, 0x1d, 99]).unwrap();
    assert_eq!((found.critical, found.value), (true, &b"junk"[..]));
    assert_eq!(certificate.extensions().count(), 2);
    assert!(certificate.extension(&[0x55, 0x1d, 98]).is_none());
    assert_eq!(Parts::default().certificate().extensions().count(), 0);
}

#[test]
fn parameters_of_the_two_signature_algorithms_must_be_equal_too() {
    let algorithm = tlv(6, crate::material::testing::ECDSA_SHA256);
    let with_null = tlv(0x30, &[algorithm.clone(), tlv(5, &[])].concat());
    let parts = Parts { algorithms: (tlv(0x30, &algorithm), with_null), ..Parts::default() };
    assert!(refusal(&parts.der()).ends_with("two different signature algorithms"));
}

#[test]
fn unique_identifiers_of_the_last_century_are_read_past() {
    let plain = Parts::default();
    let spki = [plain.spki.clone(), tlv(0x81, &[0, 1]), tlv(0x82, &[0, 2])].concat();
    assert!(Certificate::from_der(&Parts { spki, ..Parts::default() }.der()).is_ok());
    let spki = [plain.spki, tlv(0x83, &[0, 1])].concat();
    assert!(Certificate::from_der(&Parts { spki, ..Parts::default() }.der()).is_err());
}

/// A certificate with everything that is read, of an authority that really signs.
fn real() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(3));
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    params.self_signed(&key).unwrap().der().to_vec()
}

/// Whether every element, and every one inside a constructed one, is written as it would be
/// written anew.
fn comes_back(input: &[u8]) -> bool {
    der::all_are(input, |element| {
        let inside = element.tag & 0x20 == 0 || comes_back(element.content);
        inside && tlv(element.tag, element.content) == element.whole
    })
}

#[test]
fn a_changed_certificate_is_none_or_one_that_comes_back_byte_for_byte() {
    let der = real();
    let original = Certificate::from_der(&der).unwrap();
    assert!(comes_back(&der));
    let mut read = 0;
    for at in 0..der.len() {
        for value in [0, 1, 0x30, 0x7f, 0x80, 0x81, 0xa0, 0xff, der[at] ^ 1, der[at] ^ 0x20] {
            let mut changed = der.clone();
            changed[at] = value;
            if value == der[at] {
                continue;
            }
            if let Ok(certificate) = Certificate::from_der(&changed) {
                read += 1;
                assert_eq!(certificate.der(), changed);
                assert_ne!(certificate, original);
                assert!(comes_back(&changed), "byte {at} is {value:02x}");
                assert_eq!(certificate.extensions().count(), original.extensions().count());
                // Whatever is asked of it has an answer.
                let _ = certificate.text(crate::material::Style::Full);
            }
        }
    }
    assert!(read > 1_000, "changes of keys, names and numbers are certificates: {read}");
}

#[test]
fn a_byte_more_or_less_anywhere_is_no_certificate() {
    let der = real();
    for at in 0..der.len() {
        let (before, behind) = der.split_at(at);
        assert!(Certificate::from_der(before).is_err(), "cut at {at}");
        assert!(Certificate::from_der(&[before, &behind[1..]].concat()).is_err(), "without {at}");
        assert!(Certificate::from_der(&[before, &[0], behind].concat()).is_err(), "more at {at}");
    }
}
