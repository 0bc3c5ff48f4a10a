use super::*;
use crate::material::certificate::Certificate;
use crate::material::testing::{Parts, alt_names, common_name, extension, extension_of, spki, tlv};

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

fn facts(parts: &Parts) -> Facts {
    parts.certificate().facts().clone()
}

fn with(extensions: &[Vec<u8>]) -> Parts {
    Parts { extensions: extensions.to_vec(), ..Parts::default() }
}

fn refusal(parts: &Parts) -> String {
    Certificate::from_der(&parts.der()).unwrap_err().message().to_owned()
}

fn key(spki: Vec<u8>) -> KeyAlgorithm {
    facts(&Parts { spki, ..Parts::default() }).key
}

fn rsa(modulus: &[u8]) -> KeyAlgorithm {
    let numbers = [tlv(2, modulus), tlv(2, &[1, 0, 1])].concat();
    key(spki(&[tlv(6, RSA), tlv(5, &[])].concat(), &tlv(0x30, &numbers)))
}

#[test]
fn a_certificate_of_version_1_is_read() {
    let found = facts(&Parts { version: None, ..Parts::default() });
    assert_eq!(found.version, 1);
    assert_eq!(found.alt_names, None);
    assert_eq!(found.basic_constraints, None);
}

#[test]
fn a_version_that_nobody_defined_is_refused() {
    let parts = Parts { version: Some(3), ..Parts::default() };
    assert_eq!(refusal(&parts), "not a certificate: its version number is 3");
}

#[test]
fn an_rsa_key_has_the_bits_of_its_modulus() {
    let modulus = |first: &[u8]| [first, &[0x5a; 255]].concat();
    assert_eq!(rsa(&modulus(&[0, 0x80])), KeyAlgorithm::Rsa(2048));
    assert_eq!(rsa(&modulus(&[0x7f])), KeyAlgorithm::Rsa(2047));
    assert_eq!(rsa(&modulus(&[0x01])), KeyAlgorithm::Rsa(2041));
}

#[test]
fn an_rsa_key_that_does_not_parse_is_another_key() {
    let found = key(spki(&tlv(6, RSA), b"junk"));
    assert_eq!(found, KeyAlgorithm::Other("1.2.840.113549.1.1.1".to_owned()));
}

#[test]
fn an_elliptic_key_has_the_name_of_its_curve() {
    let algorithm = tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
    let curve = tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let found = key(spki(&[algorithm.clone(), curve].concat(), &[4; 65]));
    assert_eq!(found, KeyAlgorithm::Ec("1.2.840.10045.3.1.7".to_owned()));
    assert_eq!(key(spki(&algorithm, &[4; 65])), KeyAlgorithm::Ec(String::new()));
}

#[test]
fn an_edwards_key_is_known() {
    assert_eq!(facts(&Parts::default()).key, KeyAlgorithm::Ed25519);
}

#[test]
fn a_doubled_extension_is_refused() {
    let parts = with(&[alt_names(&[(0x82, b"a")]), alt_names(&[(0x82, b"b")])]);
    assert_eq!(refusal(&parts), "not a certificate: it contains the extension 2.5.29.17 twice");
}

#[test]
fn names_of_every_kind_are_kept_as_they_are() {
    let parts = with(&[alt_names(&[
        (0x82, b"Node7.Example.COM"),
        (0x87, &[192, 0, 2, 1]),
        (0x87, &[0; 16]),
        (0x81, b"a@b"),
        (0x86, b"spiffe://x"),
        (0x88, &[0x2a, 3, 4]),
        (0xa4, &common_name("x,y")),
    ])]);
    let expected = vec![
        AltName::Dns("Node7.Example.COM".to_owned().into()),
        AltName::Ip([192, 0, 2, 1].into()),
        AltName::Ip([0; 16].into()),
        AltName::Email("a@b".to_owned().into()),
        AltName::Uri("spiffe://x".to_owned().into()),
        AltName::Other("1.2.3.4".to_owned().into()),
        AltName::Other("CN=x\\,y".to_owned().into()),
    ];
    assert_eq!(facts(&parts).alt_names, Some(expected));
}

#[test]
fn an_address_of_a_wrong_length_is_no_address() {
    let parts = with(&[alt_names(&[(0x87, &[1, 2, 3, 4, 5]), (0x87, &[])])]);
    let expected = vec![
        AltName::Damaged("IP address of 5 bytes #0102030405".to_owned().into()),
        AltName::Damaged("IP address of 0 bytes #".to_owned().into()),
    ];
    assert_eq!(facts(&parts).alt_names, Some(expected));
}

#[test]
fn a_name_that_is_no_text_is_no_host() {
    let parts = with(&[alt_names(&[(0x82, b"Z\xfcrich")])]);
    let expected = AltName::Damaged("bad name of type 2 #5afc72696368".to_owned().into());
    assert_eq!(facts(&parts).alt_names, Some(vec![expected]));
}

#[test]
fn a_nul_in_a_name_stays_in_it() {
    let mut parts = with(&[alt_names(&[(0x82, b"good\0.evil")])]);
    parts.subject = common_name("good\0.evil");
    assert_eq!(facts(&parts).common_names, ["good\0.evil"]);
    assert_eq!(facts(&parts).alt_names, Some(vec![AltName::Dns("good\0.evil".to_owned().into())]));
}

#[test]
fn ten_thousand_names_are_read() {
    let texts: Vec<String> = (0..10_000).map(|n| format!("node{n}.example.com")).collect();
    let names: Vec<_> = texts.iter().map(|text| (0x82, text.as_bytes())).collect();
    let found = facts(&with(&[alt_names(&names)])).alt_names.unwrap();
    assert_eq!(found.len(), 10_000);
    assert_eq!(found.last(), Some(&AltName::Dns("node9999.example.com".to_owned().into())));
}

#[test]
fn constraints_and_usages_are_read() {
    let found = facts(&with(&[
        extension(19, true, &tlv(0x30, &[tlv(1, &[0xff]), tlv(2, &[3])].concat())),
        extension(15, true, &tlv(3, &[1, 0b0000_0110])),
        extension(37, false, &tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1]))),
        extension(14, false, &tlv(4, &[1, 2])),
        extension(35, false, &tlv(0x30, &tlv(0x80, &[3, 4]))),
    ]));
    let basic = BasicConstraints { ca: true, path_len: Some(3), critical: true };
    assert_eq!(found.basic_constraints, Some(basic));
    let usage = found.key_usage.unwrap();
    assert!(usage.allows(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN) && usage.critical);
    assert!(!usage.allows(KeyUsage::DIGITAL_SIGNATURE));
    let purpose = found.extended_key_usage.unwrap();
    assert!(purpose.server_auth && !purpose.client_auth && !purpose.any && !purpose.critical);
    assert_eq!(found.subject_key_id, Some(vec![1, 2]));
    assert_eq!(found.authority_key_id, Some(vec![3, 4]));
    assert!(found.unknown_critical.is_empty());
}

#[test]
fn an_extension_that_decides_must_parse() {
    for number in [15, 17, 19, 37] {
        let expected = format!("not a certificate: extension 2.5.29.{number} does not parse");
        assert_eq!(refusal(&with(&[extension(number, false, b"junk")])), expected);
        assert_eq!(refusal(&with(&[extension(number, false, b"")])), expected);
    }
    let behind = [tlv(0x30, &[]), vec![0]].concat();
    assert_eq!(
        refusal(&with(&[extension(19, false, &behind)])),
        "not a certificate: extension 2.5.29.19 does not parse"
    );
}

#[test]
fn an_extension_that_nobody_uses_may_hold_anything() {
    let sct = [0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
    let information = [0x2b, 6, 1, 5, 5, 7, 1, 1];
    let netscape = [0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1];
    let mut all: Vec<_> =
        [14, 18, 31, 32, 33, 35, 36, 54].map(|number| extension(number, false, b"junk")).into();
    all.extend([&sct[..], &information, &netscape].map(|oid| extension_of(oid, false, b"\xff")));
    let found = facts(&with(&all));
    assert!(found.unknown_critical.is_empty());
    assert_eq!(found.subject_key_id, None);
    assert_eq!(found.authority_key_id, None);
}

#[test]
fn a_critical_extension_that_nobody_knows_is_listed() {
    let point = tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://x")))));
    let found = facts(&with(&[
        extension_of(&[0x2a, 3, 4], true, b"junk"),
        extension(32, true, b"junk"),
        extension(35, true, b"junk"),
        extension(31, true, &point),
    ]));
    assert_eq!(found.unknown_critical, ["1.2.3.4", "2.5.29.32", "2.5.29.35"]);
}

#[test]
fn a_date_of_the_last_century_is_before_1970() {
    let parts = Parts {
        validity: [tlv(0x17, b"500101000000Z"), tlv(0x18, b"99991231235959Z")],
        ..Parts::default()
    };
    let found = facts(&parts);
    assert_eq!(found.not_before, -631_152_000);
    assert_eq!(found.not_after, 253_402_300_799);
}

#[test]
fn key_identifiers_are_read_and_critical_junk_is_unknown() {
    let found = facts(&with(&[
        extension(14, true, &tlv(4, &[1, 2])),
        extension(35, true, &tlv(0x30, &[tlv(0x80, &[3]), tlv(0xa1, &[])].concat())),
    ]));
    assert_eq!(found.subject_key_id.as_deref(), Some(&[1, 2][..]));
    assert_eq!(found.authority_key_id.as_deref(), Some(&[3][..]));
    assert!(found.unknown_critical.is_empty());
    let junk = facts(&with(&[extension(14, false, b"junk"), extension(35, true, b"junk")]));
    assert_eq!((junk.subject_key_id, junk.authority_key_id), (None, None));
    assert_eq!(junk.unknown_critical, ["2.5.29.35"]);
}

#[test]
fn unique_identifiers_are_told() {
    let plain = Parts::default();
    for tag in [0x81, 0x82] {
        let spki = [plain.spki.clone(), tlv(tag, &[0, 7])].concat();
        assert!(facts(&Parts { spki, ..Parts::default() }).unique_ids);
    }
    assert!(!facts(&plain).unique_ids);
}

#[test]
fn a_number_in_a_longer_form_than_it_needs_is_refused() {
    for content in [&[][..], &[0, 1], &[0xff, 0x80]] {
        let parts = Parts { serial: tlv(2, content), ..Parts::default() };
        assert_eq!(refusal(&parts), "not a certificate: its serial number is damaged");
    }
}

#[test]
fn empty_names_are_told() {
    let empty = tlv(0x30, &[]);
    let found = facts(&Parts { subject: empty.clone(), ..Parts::default() });
    assert!(found.empty_subject && !found.empty_issuer);
    let found = facts(&Parts { issuer: empty, ..Parts::default() });
    assert!(!found.empty_subject && found.empty_issuer);
}

#[test]
fn a_date_before_2050_in_the_longer_form_is_told() {
    let dates = |begin: Vec<u8>, end: Vec<u8>| {
        facts(&Parts { validity: [begin, end], ..Parts::default() }).general_dates
    };
    let short = || tlv(0x17, b"260101000000Z");
    assert!(!dates(short(), tlv(0x18, b"20500101000000Z")));
    assert!(dates(short(), tlv(0x18, b"20491231235959Z")));
    assert!(dates(tlv(0x18, b"20260101000000Z"), short()));
}

#[test]
fn a_date_in_another_form_is_refused() {
    for date in [tlv(0x17, b"26010100Z"), tlv(0x17, b"260101000000+0100"), tlv(0x0c, b"")] {
        let parts = Parts { validity: [date.clone(), date], ..Parts::default() };
        assert_eq!(refusal(&parts), "not a certificate: its validity is damaged");
    }
}

#[test]
fn truth_has_one_form_and_what_is_written_otherwise_is_told() {
    let critical = |truth: &[u8]| {
        let parts = [tlv(6, &[0x2a, 3, 4]), tlv(1, truth), tlv(4, &[])];
        Certificate::from_der(&with(&[tlv(0x30, &parts.concat())]).der())
    };
    let basic = |truth: &[u8]| {
        let basic = extension(19, false, &tlv(0x30, &tlv(1, truth)));
        Certificate::from_der(&with(&[basic]).der())
    };
    for (truth, is, is_der) in [(0, false, true), (0xff, true, true), (1, true, false)] {
        let lax = if is_der { &[][..] } else { &[LAX_BOOLEAN] };
        let found = critical(&[truth]).unwrap();
        assert_eq!(
            (!found.facts().unknown_critical.is_empty(), found.facts().lax.as_slice()),
            (is, lax)
        );
        let found = basic(&[truth]).unwrap();
        assert_eq!(found.facts().basic_constraints.unwrap().ca, is);
        assert_eq!(found.facts().lax, lax);
    }
    for bad in [&[][..], &[0xff, 0xff]] {
        assert!(critical(bad).is_err() && basic(bad).is_err());
    }
}

#[test]
fn a_date_without_seconds_is_read_and_told() {
    let short = [tlv(0x17, b"2601010000Z"), tlv(0x18, b"205001010000Z")];
    for at in [0, 1] {
        let mut validity = Parts::default().validity;
        validity[at] = short[at].clone();
        assert_eq!(facts(&Parts { validity, ..Parts::default() }).lax, [LAX_DATE]);
    }
    let found = facts(&Parts { validity: short, ..Parts::default() });
    assert_eq!((found.not_before, found.not_after), (1_767_225_600, 2_524_608_000));
    assert_eq!(found.lax, [LAX_DATE], "once");
    assert!(facts(&Parts::default()).lax.is_empty());
}

#[test]
fn ecdsa_has_no_parameters() {
    let with = |algorithm: Vec<u8>| {
        let algorithms = (algorithm.clone(), algorithm);
        facts(&Parts { algorithms, ..Parts::default() }).ecdsa_parameters
    };
    let ecdsa = tlv(6, crate::material::testing::ECDSA_SHA256);
    assert!(!with(tlv(0x30, &ecdsa)));
    assert!(with(tlv(0x30, &[ecdsa, tlv(5, &[])].concat())));
    let rsa = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
    assert!(!with(tlv(0x30, &[rsa, tlv(5, &[])].concat())));
}

#[test]
fn zeros_behind_the_last_usage_change_nothing() {
    let usage = |bits: &[u8]| {
        Certificate::from_der(&with(&[extension(15, true, &tlv(3, bits))]).der())
            .map(|one| one.facts().key_usage.unwrap().bits)
            .ok()
    };
    assert_eq!(usage(&[7, 0x80]), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(usage(&[0, 0x80]), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(usage(&[7, 0x80, 0]), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(usage(&[7, 0, 0x80]), Some(1 << 8));
    assert_eq!(usage(&[0]), Some(0));
    for bad in [&[1][..], &[8, 0x80], &[1, 1], &[0, 0, 0, 0], &[]] {
        assert_eq!(usage(bad), None, "{bad:?}");
    }
}

#[test]
fn a_name_of_a_kind_that_there_is_not_is_refused() {
    for tag in [0x89, 2, 0x0c, 0xa2, 0x84] {
        let parts = with(&[alt_names(&[(tag, b"a.example")])]);
        assert_eq!(refusal(&parts), "not a certificate: extension 2.5.29.17 does not parse");
    }
}
