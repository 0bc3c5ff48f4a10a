use super::*;
use crate::known::testing::{known, plain};
use crate::material::testing::certificate;

fn pem(certificate: &Certificate) -> String {
    pem_text("CERTIFICATE", certificate.der())
}

fn sha256_line(certificate: &Certificate) -> String {
    format!("SHA256: {}\n", hex_colons(certificate.sha256()))
}

fn entries(text: &str) -> Result<Vec<Entry>, Error> {
    let located = read(text.as_bytes(), "known", Role::Server)?;
    Ok(located.into_iter().map(|one| one.entry).collect())
}

/// One entry with these lines above its block, and with the SHA-256 if it is wanted.
fn with_lines(lines: &str) -> Result<Entry, Error> {
    let certificate = certificate(&["a.example"]);
    let text = format!("{lines}{}{}", sha256_line(&certificate), pem(&certificate));
    entries(&text).map(|all| all.into_iter().next().unwrap())
}

fn damaged(text: &str) -> Error {
    let error = entries(text).expect_err(text);
    assert_eq!(error.kind(), Kind::Store, "{text}");
    assert!(error.message().starts_with("known, line "), "{}", error.message());
    assert!(!error.hint().is_empty());
    error
}

fn damaged_line(line: &str) {
    let error = with_lines(line).expect_err(line);
    assert_eq!(error.kind(), Kind::Store, "{line}");
    assert!(error.message().starts_with("known, line 1: "), "{line}: {}", error.message());
}

#[test]
fn every_field_comes_back_as_it_was_written() {
    let mut full = known("[2001:db8::1]:5900", certificate(&[]));
    full.accepted = Problems::SELF_SIGNED | Problems::NAME_MISMATCH;
    full.expires = Some(1_900_000_000);
    full.origin = Origin::Import;
    full.role = Role::Client;
    let mut distrusted = plain(certificate(&[]));
    distrusted.distrust = true;
    let any_port = known("a.example:*", certificate(&[]));
    for entry in [full, distrusted, any_port, plain(certificate(&["a.example"]))] {
        assert_eq!(entries(&write(&entry)), Ok(vec![entry]));
    }
}

#[test]
fn the_text_is_as_the_manual_shows_it() {
    let certificate = certificate(&[]);
    let mut entry = known("node7.example.com:16514", certificate.clone());
    entry.accepted = Problems::SELF_SIGNED | Problems::NAME_MISMATCH;
    entry.expires = Some(1_795_255_201);
    let wanted = format!(
        "Host: node7.example.com:16514\nAdded: 2026-11-21T10:00:00Z\n{}\
         Accepted: self-signed, name-mismatch\nExpires: 2026-11-21T10:00:01Z\nOrigin: user\n{}",
        sha256_line(&certificate),
        pem(&certificate)
    );
    assert_eq!(write(&entry), wanted);
}

#[test]
fn a_plain_pem_is_an_entry_without_a_host_in_the_role_of_its_file() {
    let certificate = certificate(&["a.example"]);
    let read = read(pem(&certificate).as_bytes(), "known", Role::Client).unwrap();
    let wanted = Entry { role: Role::Client, ..plain(certificate) };
    assert_eq!(read.first().unwrap().entry, wanted);
}

#[test]
fn keywords_and_values_are_read_in_any_case() {
    let entry = with_lines(
        "hOST: A.Example.:443\nACCEPTED: Self-Signed\norigin: IMPORT\nrole: Client\ndistrust: YES\n",
    )
    .unwrap();
    assert_eq!(entry.place.unwrap().to_string(), "a.example:443");
    assert_eq!(entry.accepted, Problems::SELF_SIGNED);
    assert_eq!((entry.origin, entry.role, entry.distrust), (Origin::Import, Role::Client, true));
}

#[test]
fn sha256_is_read_in_both_cases_with_and_without_colons() {
    let certificate = certificate(&[]);
    let lower = hex_colons(certificate.sha256());
    for hex in [lower.clone(), lower.to_uppercase(), lower.replace(':', "")] {
        assert_eq!(entries(&format!("SHA256:{hex}\n{}", pem(&certificate))).unwrap().len(), 1);
    }
    for hex in [
        &lower[1..],
        &lower.replacen(':', "", 1),
        "",
        &format!("{lower}:"),
        &lower.replace(':', " "),
    ] {
        damaged(&format!("SHA256: {hex}\n{}", pem(&certificate)));
    }
}

#[test]
fn a_sha256_of_another_certificate_is_damage() {
    let error = damaged(&format!("{}{}", sha256_line(&certificate(&[])), pem(&certificate(&[]))));
    assert!(error.message().contains("SHA256"), "{}", error.message());
}

#[test]
fn any_keyword_wants_a_sha256() {
    for line in [
        "Host: a:1",
        "Added: 2026-11-21T10:00:00Z",
        "Distrust: yes",
        "Role: client",
        "Origin: user",
    ] {
        let error = damaged(&format!("{line}\n{}", pem(&certificate(&[]))));
        assert!(error.message().contains("no SHA256"), "{}", error.message());
    }
}

#[test]
fn a_bad_value_is_damage() {
    for line in [
        "Host: a",
        "Host: a:0",
        "Host: :1",
        "Host: 127.1:443",
        "Host: a b:1",
        "Host:",
        "Added: yesterday",
        "Added: 2026-11-21 10:00:00",
        "Expires: 2026-13-01T00:00:00Z",
        "Expires:",
        "Accepted:",
        "Accepted: none",
        "Accepted: self-signed,",
        "Accepted: self-signed name-mismatch",
        "Origin: me",
        "Origin:",
        "Distrust: no",
        "Distrust:",
        "Role: peer",
        "Role:",
    ] {
        damaged_line(&format!("{line}\nHost: a.example:1\n"));
    }
}

#[test]
fn a_severe_problem_cannot_have_been_accepted() {
    for name in ["revoked", "bad-signature", "bad-encoding", "distrusted"] {
        damaged_line(&format!("Accepted: self-signed, {name}\nHost: a.example:1\n"));
    }
}

#[test]
fn accepted_problems_want_a_host() {
    assert_eq!(with_lines("Accepted: expired\n").unwrap_err().kind(), Kind::Store);
}

#[test]
fn a_repeated_keyword_is_damage() {
    let error = with_lines("Host: a:1\nhost: b:1\n").unwrap_err();
    assert!(error.message().starts_with("known, line 2: "), "{}", error.message());
}

#[test]
fn an_unknown_word_is_damage() {
    damaged_line("Distrus: yes\n");
    damaged_line("Distrus:yes\n");
    damaged_line("X-Note: hello\n");
    damaged(&format!("Note: hello\n{}", pem(&certificate(&[]))));
}

#[test]
fn a_keyword_with_a_misplaced_colon_is_damage() {
    damaged_line("Distrust : yes\n");
    damaged_line("Distrust=yes\n");
}

#[test]
fn a_value_that_is_no_utf8_is_damage() {
    let certificate = certificate(&[]);
    let mut text = b"Host: a\xff:1\n".to_vec();
    text.extend_from_slice(
        format!("{}{}", sha256_line(&certificate), pem(&certificate)).as_bytes(),
    );
    assert_eq!(read(&text, "known", Role::Server).unwrap_err().kind(), Kind::Store);
}

#[test]
fn a_control_character_in_a_host_is_damage() {
    for host in ["a\x0b:1", "a\0:1", "a\x1b[2J:1", "a\u{2028}:1"] {
        assert_eq!(with_lines(&format!("Host: {host}\n")).expect_err(host).kind(), Kind::Store);
    }
}

#[test]
fn comments_may_stand_among_the_keywords() {
    let entry = with_lines("# Bob: asked by telephone\nHost: a:1\n#Role: client\n").unwrap();
    assert_eq!((entry.place.unwrap().to_string(), entry.role), ("a:1".to_owned(), Role::Server));
}

#[test]
fn what_openssl_and_certtool_print_above_a_block_is_no_keyword() {
    let certificate = certificate(&["a.example"]);
    for above in [
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n    Signature Value:\n        30:45:02:21\n        ba:02\n",
        "X.509 Certificate Information:\n\tVersion: 3\nOther Information:\n\tFingerprint:\n\t\tsha256:e940cf71\n\n",
        "subject=/CN=a.example\nissuer=/CN=a.example\n",
        "subject=CN = a\n\nissuer=CN = b\n\n",
        "Server certificate\n",
        "Certificate chain\n 0 s:CN = a\n   i:CN = a\n   a:PKEY: EC; sigalg: X\n",
        "Bag Attributes\n    friendlyName: a\nKey Attributes: <No Attributes>\n",
        "Certum Trusted Network\n======================\n",
        "see https://example.com/a\nhttps://example.com/b\n",
        "Host names are in the certificate\n",
        "---\n",
    ] {
        let text = format!("{above}{}", pem(&certificate));
        assert_eq!(entries(&text), Ok(vec![plain(certificate.clone())]), "{above}");
    }
}

#[test]
fn a_keyword_that_does_not_stand_directly_above_a_block_is_damage() {
    let certificate = certificate(&[]);
    let (sha256, pem) = (sha256_line(&certificate), pem(&certificate));
    for text in [
        format!("Distrust: yes\n\n{sha256}{pem}"),
        format!("  Distrust: yes\n{sha256}{pem}"),
        format!("Host: a:1\n{sha256}\n{pem}"),
        format!("{pem}Host: a:1\n"),
        format!("Distrust: yes\n---\n{pem}"),
    ] {
        damaged(&text);
    }
}

#[test]
fn a_block_of_another_kind_is_damage_with_a_sentence() {
    for label in ["PRIVATE KEY", "X509 CRL"] {
        let text = pem_text(label, certificate(&[]).der());
        assert!(damaged(&text).message().contains(label));
    }
    damaged(&pem_text("TRUSTED CERTIFICATE", certificate(&[]).der()));
    damaged(&pem_text("CERTIFICATE", b"\x30\x03\x02\x01\x01"));
}

#[test]
fn half_a_block_is_damage() {
    let one = pem(&certificate(&[]));
    let begin = "-----BEGIN CERTIFICATE-----\n";
    for text in [
        format!("{one}{begin}"),
        format!("{begin}{one}"),
        format!("{one}-----END CERTIFICATE-----\n"),
    ] {
        assert_eq!(entries(&text).expect_err(&text).kind(), Kind::Store);
    }
}

#[test]
fn other_line_ends_and_a_byte_order_mark_change_nothing() {
    let entry = known("a.example:443", certificate(&[]));
    let text = format!("{FIRST_LINE}\n\n{}\n{LAST_LINE}\n", write(&entry)).replace('\n', "\r\n");
    assert_eq!(entries(&text), Ok(vec![entry.clone()]));
    assert_eq!(entries(&format!("\u{feff}{text}")), Ok(vec![entry.clone()]));
    assert_eq!(entries(&format!("\u{feff}{}", write(&entry))), Ok(vec![entry]));
}

#[test]
fn a_span_is_the_lines_and_the_block() {
    let (one, other) =
        (write(&known("a:1", certificate(&[]))), write(&known("b:1", certificate(&[]))));
    let text = format!("free text\n\n# of a\n{one}{other}  \n");
    let located = read(text.as_bytes(), "known", Role::Server).unwrap();
    assert_eq!(&text[located[0].span.clone()], format!("# of a\n{one}"));
    assert_eq!(&text[located[1].span.clone()], other);
}

#[test]
fn the_first_and_the_last_line_belong_to_no_entry() {
    let one = write(&known("a:1", certificate(&[])));
    let text = format!("{FIRST_LINE}\n{one}{LAST_LINE}\n{one}");
    let located = read(text.as_bytes(), "known", Role::Server).unwrap();
    assert!(located.iter().all(|found| text[found.span.clone()] == one));
    assert_eq!(located.len(), 2);
}

#[test]
fn a_file_of_ours_that_is_cut_anywhere_is_damage() {
    let (one, other) = (known("a:1", certificate(&[])), known("b:1", certificate(&[])));
    let text = format!("{FIRST_LINE}\n\n{}\n{}\n{LAST_LINE}\n", write(&one), write(&other));
    for length in 0..text.len() - 1 {
        let cut = &text.as_bytes()[..length];
        match read(cut, "known", Role::Server) {
            Ok(located) => assert!(located.is_empty() && !is_ours(cut), "{length}"),
            Err(error) => assert_eq!(error.kind(), Kind::Store, "{length}"),
        }
    }
    assert_eq!(entries(&text).unwrap().len(), 2);
}

#[test]
fn the_file_of_known_clients_holds_no_server() {
    let one = certificate(&[]);
    let entry = write(&known("a.example:1", one));
    let text = entry.replace("Origin:", "Role: server\nOrigin:");
    assert!(read(text.as_bytes(), "known", Role::Server).is_ok());
    let error = read(text.as_bytes(), "known", Role::Client).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("does not belong"), "{error}");
    let distrusted = text.replace("Origin:", "Distrust: yes\nOrigin:");
    assert!(read(distrusted.as_bytes(), "known", Role::Client).is_ok());
}

#[test]
fn the_hint_for_a_missing_sha256_line_is_the_line_itself() {
    let certificate = certificate(&["a.example"]);
    let text = format!("Host: a.example:1\n{}", pem(&certificate));
    let error = damaged(&text);
    assert_eq!(error.message(), "known, line 2: the entry has no SHA256 line");
    let line = error.hint().rsplit_once("above it: ").unwrap().1;
    let mended = text.replacen('\n', &format!("\n{line}\n"), 1);
    assert_eq!(entries(&mended).unwrap().len(), 1);
}
