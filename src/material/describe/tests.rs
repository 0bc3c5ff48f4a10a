use super::*;
use crate::error::is_shown_as_it_is;
use crate::material::testing::{
    Parts, alt_names, attribute, common_name, extension, extension_of, name, spki, tlv,
};

/// Made with openssl, for a key of which nobody has the private half.
const NODE7: &str = "\
-----BEGIN CERTIFICATE-----
MIICVDCCAdmgAwIBAgIGStHA/+4DMAoGCCqGSM49BAMCMB8xDDAKBgNVBAoMA0xh
YjEPMA0GA1UEAwwGTGFiIENBMB4XDTI2MDMwMTAwMDAwMFoXDTI4MDMwMTAwMDAw
MFowPDELMAkGA1UEBhMCQ0gxETAPBgNVBAoMCExhYiwgSW5jMRowGAYDVQQDDBFu
b2RlNy5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJglgMOE
bfOHHmXfmjEGoDNCCUjf5Ub+wwxJ9Q8v/RFtYGQ4ddvYyE/FKYwIxbuRDj+BZXNf
d5unD7ucu1HSwQSjgeMwgeAwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCBaAw
HQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMB0GA1UdDgQWBBQLHpJx87lS
4f1pnkHfz1Ys4veRLDAfBgNVHSMEGDAWgBR2z9tLWZaovCkHooQlqipsBSYxhzBh
BgNVHREEWjBYghFub2RlNy5leGFtcGxlLmNvbYcEwAACB4cQIAENuAAAAAAAAAAA
AAAAB4Yac3BpZmZlOi8vZXhhbXBsZS5jb20vbm9kZTeBD29wc0BleGFtcGxlLmNv
bTAKBggqhkjOPQQDAgNpADBmAjEApfBFiAef9KmmAwIlqjVHd0G83Gds4vJgEntG
oHStSULhfMEZP8Rr2gpz67vzqZOhAjEAir+AhTzcYlX5ZJJqbh1Ri26vepH3ivG5
UG60Kqie7eJ1AqU4aX4M95dHs/oee/tt
-----END CERTIFICATE-----
";

fn node7() -> Certificate {
    Certificate::all_from_pem(NODE7.as_bytes(), "test").unwrap().remove(0)
}

/// Everything that is shown of a certificate.
fn shown(certificate: &Certificate) -> Vec<String> {
    let mut all = [Style::Line, Style::Summary, Style::Full, Style::Json]
        .map(|s| certificate.text(s))
        .to_vec();
    all.extend([certificate.subject(), certificate.issuer(), certificate.names_text()]);
    all.extend([certificate.serial_text(), certificate.key_text(), certificate.signature_text()]);
    all.push(difference(&node7(), certificate));
    all.push(difference(certificate, &node7()));
    all
}

#[test]
fn a_line_says_who_by_whom_until_when_and_which() {
    assert_eq!(
        node7().text(Style::Line),
        "node7.example.com, issued by O=Lab,CN=Lab CA, valid to 2028-03-01T00:00:00Z, SHA-256 \
         c7:6b:97:13:14:92:ac:e9:ea:2c:3f:b8:df:45:8f:c1:\
         a6:56:a6:6f:84:6d:e0:b8:df:01:02:e9:d9:e1:e2:88"
    );
}

#[test]
fn a_summary_has_six_values_on_lines_that_fit_a_terminal() {
    let expected = "\
Subject:  C=CH,O=Lab\\, Inc,CN=node7.example.com
Issuer:   O=Lab,CN=Lab CA
Names:    DNS:node7.example.com, IP:192.0.2.7, IP:2001:db8::7,
        | URI:spiffe://example.com/node7, email:ops@example.com
Valid:    2026-03-01T00:00:00Z to 2028-03-01T00:00:00Z
Key:      ECDSA P-256
SHA-256:  c7:6b:97:13:14:92:ac:e9:ea:2c:3f:b8:df:45:8f:c1:
          a6:56:a6:6f:84:6d:e0:b8:df:01:02:e9:d9:e1:e2:88";
    assert_eq!(node7().text(Style::Summary), expected);
}

#[test]
fn a_full_text_has_everything() {
    let expected = "\
Version:             3
Serial number:       4a:d1:c0:ff:ee:03
Signature:           ECDSA with SHA-256
Issuer:              O=Lab,CN=Lab CA
Subject:             C=CH,O=Lab\\, Inc,CN=node7.example.com
Valid from:          2026-03-01T00:00:00Z
Valid to:            2028-03-01T00:00:00Z
Key:                 ECDSA P-256
Basic constraints:   no authority (critical)
Key usage:           digital signature, key encipherment (critical)
Extended key usage:  TLS server, TLS client
Names:               DNS:node7.example.com
                     IP:192.0.2.7
                     IP:2001:db8::7
                     URI:spiffe://example.com/node7
                     email:ops@example.com
Name constraints:    none
Subject key id:      0b:1e:92:71:f3:b9:52:e1:fd:69:9e:41:df:cf:56:2c:
                     e2:f7:91:2c
Authority key id:    76:cf:db:4b:59:96:a8:bc:29:07:a2:84:25:aa:2a:6c:
                     05:26:31:87
Unknown, critical:   none
SHA-256:             c7:6b:97:13:14:92:ac:e9:ea:2c:3f:b8:df:45:8f:c1:
                     a6:56:a6:6f:84:6d:e0:b8:df:01:02:e9:d9:e1:e2:88
SHA-256 of the key:  79:ce:5e:d1:af:d0:a1:64:51:5f:29:f9:f8:d7:bb:99:
                     4a:2e:bb:a9:0f:0b:60:fc:5a:c8:0a:61:60:20:b4:8b
SHA-1:               7f:aa:8f:9b:6c:53:35:bf:32:d4:20:32:3f:6d:60:eb:
                     09:03:ea:88
                     (SHA-1 is broken: only to compare with old tools)";
    assert_eq!(node7().text(Style::Full), expected);
}

#[test]
fn json_has_its_keys_in_one_order() {
    let expected = concat!(
        r#"{"subject":"C=CH,O=Lab\\, Inc,CN=node7.example.com","issuer":"O=Lab,CN=Lab CA","#,
        r#""common_names":["node7.example.com"],"names":["#,
        r#"{"type":"dns","value":"node7.example.com"},{"type":"ip","value":"192.0.2.7"},"#,
        r#"{"type":"ip","value":"2001:db8::7"},"#,
        r#"{"type":"uri","value":"spiffe://example.com/node7"},"#,
        r#"{"type":"email","value":"ops@example.com"}],"#,
        r#""not_before":"2026-03-01T00:00:00Z","not_after":"2028-03-01T00:00:00Z","#,
        r#""key":"ECDSA P-256","sha256":"c7:6b:97:13:14:92:ac:e9:ea:2c:3f:b8:df:45:8f:c1:a6:56:a6:6f:84:6d:e0:b8:df:01:02:e9:d9:e1:e2:88","#,
        r#""key_sha256":"79:ce:5e:d1:af:d0:a1:64:51:5f:29:f9:f8:d7:bb:99:4a:2e:bb:a9:0f:0b:60:fc:5a:c8:0a:61:60:20:b4:8b","#,
        r#""version":3,"serial":"4a:d1:c0:ff:ee:03","signature":"ECDSA with SHA-256","#,
        r#""self_issued":false,"#,
        r#""basic_constraints":{"ca":false,"path_length":null,"critical":true},"#,
        r#""key_usage":{"allows":["digitalSignature","keyEncipherment"],"critical":true},"#,
        r#""extended_key_usage":{"allows":["serverAuth","clientAuth"],"critical":false},"#,
        r#""name_constraints":false,"#,
        r#""subject_key_id":"0b:1e:92:71:f3:b9:52:e1:fd:69:9e:41:df:cf:56:2c:e2:f7:91:2c","#,
        r#""authority_key_id":"76:cf:db:4b:59:96:a8:bc:29:07:a2:84:25:aa:2a:6c:05:26:31:87","#,
        r#""unknown_critical":[],"names_in_all":5,"cut":false}"#,
    );
    assert_eq!(node7().text(Style::Json), expected);
}

#[test]
fn pem_comes_out_as_openssl_wrote_it() {
    assert_eq!(node7().text(Style::Pem), NODE7);
}

#[test]
fn a_label_that_cannot_be_one_makes_no_block() {
    assert_eq!(pem_text("A\nB", b"x"), "");
    assert_eq!(pem_text("X509 CRL", b"x").lines().nth(1), Some("eA=="));
}

#[test]
fn what_is_missing_is_said() {
    let certificate = Parts {
        version: None,
        subject: tlv(0x30, &[]),
        extensions: Vec::new(),
        ..Parts::default()
    }
    .certificate();
    assert!(certificate.text(Style::Line).starts_with("none, issued by CN=Lab CA, "));
    assert!(certificate.text(Style::Summary).contains("\nNames:    none\n"));
    let full = certificate.text(Style::Full);
    for line in ["Version:             1", "Key usage:           any", "Names:               none"]
    {
        assert!(full.lines().any(|found| found == line), "{full}");
    }
    assert_eq!(certificate.names_text(), "");
    assert!(certificate.text(Style::Json).contains(r#""names":[],"#));
}

#[test]
fn an_authority_shows_what_it_may() {
    let full = Parts {
        extensions: vec![
            extension(19, true, &tlv(0x30, &[tlv(1, &[0xff]), tlv(2, &[1])].concat())),
            extension(15, false, &tlv(3, &[1, 0b0000_0110])),
            extension(37, true, &tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 9]))),
            extension(99, true, b""),
        ],
        ..Parts::default()
    }
    .certificate()
    .text(Style::Full);
    for line in [
        "Basic constraints:   authority, path length 1 (critical)",
        "Key usage:           certificate signing, CRL signing",
        "Extended key usage:  OCSP signing (critical)",
        "Unknown, critical:   2.5.29.99",
    ] {
        assert!(full.lines().any(|found| found == line), "{full}");
    }
}

#[test]
fn a_serial_number_has_no_leading_zero() {
    let serial = |bytes: &[u8]| {
        Parts { serial: tlv(2, bytes), ..Parts::default() }.certificate().serial_text()
    };
    assert_eq!(serial(&[0, 0xab, 1]), "ab:01");
    assert_eq!(serial(&[0]), "00");
    assert_eq!(serial(&[0x7f]), "7f");
}

#[test]
fn dates_are_right_at_both_ends_of_time() {
    let certificate = Parts {
        validity: [tlv(0x18, b"00010101000000Z"), tlv(0x18, b"99991231235959Z")],
        ..Parts::default()
    }
    .certificate();
    assert_eq!(certificate.not_before_text(), "0001-01-01T00:00:00Z");
    assert_eq!(certificate.not_after_text(), "9999-12-31T23:59:59Z");
}

#[test]
fn nothing_that_moves_a_cursor_begins_a_line_or_hides_is_ever_shown() {
    let nasty = ["\x1b[2J", "\n", "\r", "\u{202e}", "\0", "\u{9b}1m", "\u{200b}", "\t", "\u{2028}"];
    for text in nasty {
        let value = format!("good{text}evil");
        let certificate = Parts {
            subject: common_name(&value),
            issuer: common_name(&value),
            extensions: vec![alt_names(&[
                (0x82, value.as_bytes()),
                (0x81, value.as_bytes()),
                (0x86, value.as_bytes()),
                (0xa4, &common_name(&value)),
            ])],
            ..Parts::default()
        }
        .certificate();
        for shown in shown(&certificate) {
            for line in shown.lines() {
                assert!(is_safe(line), "{text:?} in {line:?}");
                assert!(!line.trim_start().starts_with("evil"), "{text:?} in {line:?}");
            }
        }
        assert_eq!(certificate.text(Style::Line).lines().count(), 1);
        let summary = certificate.text(Style::Summary);
        assert_eq!(summary.lines().filter(|line| !line.starts_with(' ')).count(), 6);
        assert_eq!(certificate.text(Style::Json).lines().count(), 1);
    }
}

/// Whether a line, but for the blanks with which ours are laid out, is shown as it is.
fn is_safe(line: &str) -> bool {
    let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
    is_shown_as_it_is(&words.join(" "))
}

#[test]
fn blanks_push_nothing_to_another_line() {
    let value = format!("a{}SHA-256:  00", " ".repeat(500));
    let certificate = Parts { subject: common_name(&value), ..Parts::default() }.certificate();
    let summary = certificate.text(Style::Summary);
    assert!(summary.starts_with("Subject:  CN=a SHA-256: 00\nIssuer: "), "{summary}");
    assert!(certificate.text(Style::Line).starts_with("a SHA-256: 00, issued by CN=Lab CA, "));
    assert!(certificate.subject().starts_with("CN=a \\x20\\x20"), "{}", certificate.subject());
}

#[test]
fn no_line_of_a_peer_begins_where_ours_do() {
    let forged = format!("{}SHA-256:  00:11", "x".repeat(66));
    let certificate = Parts {
        subject: common_name(&forged),
        issuer: common_name(&forged),
        extensions: vec![alt_names(&[(0x82, forged.as_bytes()), (0x86, forged.as_bytes())])],
        ..Parts::default()
    }
    .certificate();
    for style in [Style::Summary, Style::Full] {
        let text = certificate.text(style);
        for line in text.lines() {
            assert!(line.chars().count() < 80, "{line}");
        }
        let ours = |line: &&str| line.starts_with("SHA-256:");
        assert_eq!(text.lines().filter(ours).count(), 1, "{text}");
    }
}

#[test]
fn no_changed_byte_makes_a_text_that_is_not_safe() {
    let der = node7().der().to_vec();
    for at in 0..der.len() {
        for byte in [0, 0x1b, b',', 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] = byte;
            let Ok(certificate) = Certificate::from_der(&changed) else { continue };
            for shown in shown(&certificate) {
                assert!(shown.lines().all(is_safe), "{at}: {shown}");
            }
        }
    }
}

#[test]
fn one_name_cannot_pretend_to_be_two() {
    let certificate =
        Parts { extensions: vec![alt_names(&[(0x82, b"a, DNS:b\\")])], ..Parts::default() }
            .certificate();
    assert_eq!(certificate.names_text(), "DNS:a\\, DNS:b\\\\");
}

#[test]
fn a_common_name_cannot_pretend_to_be_an_issuer() {
    let certificate = Parts { subject: common_name("a, issued by b"), ..Parts::default() };
    let line = certificate.certificate().text(Style::Line);
    assert!(line.starts_with("a\\, issued by b, issued by CN=Lab CA, "), "{line}");
}

#[test]
fn every_text_stays_short_whatever_a_certificate_holds() {
    let texts: Vec<String> = (0..10_000).map(|n| format!("node{n}.example.com")).collect();
    let names: Vec<_> = texts.iter().map(|text| (0x82, text.as_bytes())).collect();
    let purposes: Vec<u8> = (0..5_000_u16)
        .flat_map(|n| tlv(6, &[0x2a, 3, 0x81 + u8::try_from(n / 128).unwrap(), (n % 128) as u8]))
        .collect();
    let long_oid = [&[0x2a_u8][..], &[1; 30_000]].concat();
    let certificate = Parts {
        serial: tlv(2, &[7; 30_000]),
        subject: common_name(&"x".repeat(100_000)),
        issuer: common_name(&"\u{e0041}".repeat(50_000)),
        spki: spki(&tlv(6, &long_oid), &[7; 32]),
        algorithms: (tlv(0x30, &tlv(6, &long_oid)), tlv(0x30, &tlv(6, &long_oid))),
        extensions: vec![
            alt_names(&names),
            extension(14, false, &tlv(4, &[7; 30_000])),
            extension(35, false, &tlv(0x30, &tlv(0x80, &[7; 30_000]))),
            extension(37, false, &tlv(0x30, &purposes)),
            extension_of(&long_oid, true, b""),
        ],
        ..Parts::default()
    }
    .certificate();
    assert!(certificate.text(Style::Line).len() < 1_000);
    let summary = certificate.text(Style::Summary);
    assert!(summary.len() < 2_500, "{summary}");
    assert!(summary.contains("DNS:node7.example.com, and"), "{summary}");
    assert!(summary.replace("\n        | ", " ").contains(", and 9992 more\n"), "{summary}");
    let full = certificate.text(Style::Full);
    assert!(full.len() < 30_000, "{}", full.len());
    assert!(full.contains("\n                     and 9900 more\n"), "{full}");
    assert!(certificate.names_text().ends_with("DNS:node99.example.com, and 9900 more"));
    for value in [certificate.subject(), certificate.issuer(), certificate.serial_text()] {
        assert!(value.chars().count() < 1_100 && value.ends_with(" characters)"), "{value}");
    }
    assert!(certificate.key_text().len() < 300 && certificate.signature_text().len() < 300);
    let json = certificate.text(Style::Json);
    assert!(json.len() < 64_000, "{}", json.len());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["names_in_all"], &json["cut"]), (&10_000.into(), &true.into()));
    assert_eq!(json["names"].as_array().map(Vec::len), Some(100));
    for text in [difference(&node7(), &certificate), difference(&certificate, &node7())] {
        assert!(text.lines().all(|line| line.len() < 1_000), "{text}");
    }
    let fingerprint = certificate.fingerprint();
    for style in [Style::Line, Style::Summary, Style::Full, Style::Json] {
        let text: String = certificate.text(style).split_whitespace().collect();
        assert!(text.contains(&fingerprint), "{style:?}: {text}");
    }
}

#[test]
fn what_programs_compare_is_exact() {
    let value = "Z\u{fc}rich  7\u{2800}";
    let names = alt_names(&[(0x82, value.as_bytes()), (0x81, b"a@b")]);
    let one = Parts { subject: common_name(value), extensions: vec![names], ..Parts::default() }
        .certificate();
    let exact = "Z\u{fc}rich \\x207\\u{2800}";
    assert_eq!(one.common_name(), exact);
    assert_eq!(one.subject(), format!("CN={exact}"));
    let json: serde_json::Value = serde_json::from_str(&one.text(Style::Json)).unwrap();
    assert_eq!(json["common_names"], serde_json::json!([exact]));
    assert_eq!(json["names"][0]["value"], exact);
    assert_eq!(json["cut"], false);
}

#[test]
fn the_same_certificate_has_no_difference() {
    assert_eq!(difference(&node7(), &node7()), "the certificates are the same");
}

#[test]
fn a_renewed_certificate_has_the_same_key() {
    let old = Parts::default().certificate();
    let validity = [tlv(0x17, b"270101000000Z"), tlv(0x17, b"370101000000Z")];
    let new = Parts { validity, ..Parts::default() }.certificate();
    let expected = "\
the key is the same
the issuer is the same: CN=Lab CA
the names are the same: none
the subject is the same: CN=node7
the old certificate ends 2036-01-01T00:00:00Z, the new one is valid from 2027-01-01T00:00:00Z to \
2037-01-01T00:00:00Z
the key's algorithm is the same: Ed25519";
    assert_eq!(difference(&old, &new), expected);
}

#[test]
fn another_certificate_differs_in_everything() {
    let names = alt_names(&[(0x82, b"a"), (0x82, b"b")]);
    let old = Parts { extensions: vec![names], ..Parts::default() }.certificate();
    let new = Parts {
        issuer: common_name("evil"),
        subject: common_name("evil"),
        spki: spki(&tlv(6, &[0x2b, 0x65, 0x71]), &[7; 57]),
        extensions: vec![
            alt_names(&[(0x82, b"b"), (0x82, b"c")]),
            extension(19, true, &tlv(0x30, &tlv(1, &[0xff]))),
        ],
        ..Parts::default()
    }
    .certificate();
    let expected = "\
the key is another one
the issuer is another one: CN=Lab CA before, CN=evil now
the new certificate names itself as its issuer, the old one did not
names added: DNS:c
names removed: DNS:a
the subject is another one: CN=node7 before, CN=evil now
the validity is the same: from 2026-01-01T00:00:00Z to 2036-01-01T00:00:00Z
the key's algorithm is another one: Ed25519 before, Ed448 now
what the certificate may be used for is not the same";
    assert_eq!(difference(&old, &new), expected);
}

#[test]
fn a_name_in_another_encoding_is_told_from_another_name() {
    let old = Parts::default().certificate();
    let issuer = name(&[&[attribute(&[0x55, 4, 3], 0x13, b"Lab CA")]]);
    let new = Parts { issuer, ..Parts::default() }.certificate();
    let line = "the issuer reads the same in another encoding: CN=Lab CA";
    assert!(difference(&old, &new).lines().any(|found| found == line));
}
