use super::*;
use crate::error::Wanted;

/// Base64 of the bytes 0 to 47, on one line of 64 characters.
const BODY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";

fn block(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{BODY}\nMDE=\n-----END {label}-----\n")
}

fn bytes() -> Vec<u8> {
    (0..50).collect()
}

fn read(text: impl AsRef<[u8]>) -> Vec<Block> {
    blocks(text.as_ref(), "a.pem").unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> (String, String) {
    let error = blocks(text.as_ref(), "a.pem").unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    (error.message().to_owned(), error.hint().to_owned())
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn every_lenient_form_gives_the_same_block() {
    let plain = block("CERTIFICATE");
    let forms = [
        ("plain", plain.clone()),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("byte order mark in the middle", format!("text\n\u{feff}{plain}")),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("CR alone", plain.replace('\n', "\r")),
        ("CR CR LF", plain.replace('\n', "\r\r\n")),
        ("no last line end", plain.trim_end().to_owned()),
        ("spaces in front", plain.lines().map(|line| format!("    {line}\n")).collect()),
        ("tabs in front", plain.lines().map(|line| format!("\t{line}\n")).collect()),
        ("trailing blanks", plain.lines().map(|line| format!("{line} \t \n")).collect()),
        ("blank lines inside", plain.replace('\n', "\n\n")),
        ("one long line", plain.replace("Li8\n", "Li8").replace("LS4v\n", "LS4v")),
        ("short lines", plain.replace("BgcI", "Bg\ncI")),
        ("text around", format!("subject=CN=x\n\n{plain}\nhello - world\n")),
        ("Latin-1 text around", format!("M{plain}").replacen('M', "x\n", 1)),
        ("X509 CERTIFICATE", block("X509 CERTIFICATE")),
        ("X.509 CERTIFICATE", block("X.509 CERTIFICATE")),
        ("no NUL but high bytes", format!("Zürich\n{plain}")),
        ("a list in dashes", format!("--- the end of my list ---\n-- begin\n{plain}")),
    ];
    for (name, text) in forms {
        let found = read(&text);
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].label, "CERTIFICATE", "{name}");
        assert_eq!(*found[0].der, bytes(), "{name}");
    }
}

#[test]
fn every_broken_form_is_an_error_that_names_the_line() {
    let plain = block("CERTIFICATE");
    let forms = [
        (
            "doubled BEGIN",
            format!("-----BEGIN CERTIFICATE-----\n{plain}"),
            "line 1: BEGIN CERTIFICATE without its END; line 2",
        ),
        (
            "no END",
            plain.replace("-----END CERTIFICATE-----\n", ""),
            "line 1: BEGIN CERTIFICATE without its END",
        ),
        (
            "cut in the END",
            plain.replace("FICATE-----\n\n", "").replace("END CERTIFICATE-----", "END CERTI"),
            "line 4",
        ),
        (
            "no BEGIN",
            plain.replace("-----BEGIN CERTIFICATE-----", "x"),
            "line 4: END CERTIFICATE without",
        ),
        (
            "wrong END",
            plain.replace("END CERTIFICATE", "END X509 CRL"),
            "line 1: BEGIN CERTIFICATE ends with END X509 CRL on line 4",
        ),
        (
            "four dashes",
            plain.replace("-----", "----"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "four dashes at the end",
            plain.replace("E-----\nAA", "E----\nAA"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "six dashes",
            plain.replace("-----", "------"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "no dashes in front",
            plain.replacen("-----", "", 1),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "lower case",
            plain.replace("-----BEGIN CERTIFICATE", "-----begin certificate"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "lower case label",
            plain.replace("CERTIFICATE", "certificate"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "typographic dashes",
            plain.replace("-----", "\u{2014}\u{2013}"),
            "line 1: this line begins or ends a PEM block, but contains U+2014 (a typographic dash)",
        ),
        (
            "space behind the dashes",
            plain.replace("-----BEGIN", "----- BEGIN"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "no space",
            plain.replace("-----BEGIN ", "-----BEGIN"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "no label",
            plain.replace("BEGIN CERTIFICATE", "BEGIN "),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        (
            "all on one line",
            plain.replace('\n', " "),
            "line 1: this line contains a whole PEM block",
        ),
        (
            "END and BEGIN on one line",
            format!("{}{plain}", plain.trim_end()),
            "line 4: a block ends and the next one begins",
        ),
        (
            "text before BEGIN",
            format!("x {plain}"),
            "line 1: this line is a malformed BEGIN or END line",
        ),
        ("NUL before", format!("\0{plain}"), "line 1: there is a NUL byte"),
        ("NUL inside", plain.replace("MDE", "M\0E"), "line 3: there is a NUL byte"),
        (
            "not base64",
            plain.replace("MDE=", "M*E="),
            "line 3: this line of the block is not base64",
        ),
        (
            "a line missing a character",
            plain.replace("MDE=", "MD="),
            "line 1: the base64 of this block",
        ),
        ("padding in the middle", plain.replace("Bgc", "B=="), "line 1: the base64 of this block"),
        ("bits behind the end", plain.replace("MDE=", "MDF="), "line 1: the base64 of this block"),
        (
            "a header behind the body",
            plain.replace("MDE=", "MDE=\nA: b"),
            "line 4: this line of the block",
        ),
        (
            "empty",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned(),
            "line 1: the block is empty",
        ),
    ];
    for (name, text, expected) in forms {
        let (message, _) = refused(&text);
        assert!(message.starts_with("a.pem, line "), "{name}: {message}");
        assert!(message.contains(expected), "{name}: {message}");
    }
}

#[test]
fn a_broken_block_behind_a_good_one_hides_neither() {
    let text = format!("{}{}", block("CERTIFICATE"), block("X509 CRL").replace("MDE=", "?"));
    assert_eq!(refused(text).0, "a.pem, line 7: this line of the block is not base64");
}

#[test]
fn utf16_in_both_orders_with_and_without_a_mark_is_named() {
    let marked = format!("\u{feff}{}", block("CERTIFICATE"));
    for text in [block("CERTIFICATE"), marked] {
        for bytes in [utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)] {
            assert_eq!(refused(bytes).0, "a.pem is UTF-16 text");
        }
    }
}

#[test]
fn der_is_named_with_the_command_that_converts_it() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let (message, hint) = refused(certificate.der());
    assert_eq!(message, "a.pem is DER, not PEM");
    assert!(hint.contains("openssl x509 -inform der"), "{hint}");
    assert!(refused(key.serialize_der()).1.contains("openssl pkey -inform der"));
}

#[test]
fn der_of_a_small_key_is_named_too() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert_eq!(refused(key.serialize_der()).0, "a.pem is DER, not PEM");
}

#[test]
fn a_nul_that_only_ends_a_c_string_is_explained() {
    let (_, hint) = refused(format!("{}\0", block("CERTIFICATE")));
    assert!(hint.contains("do not count the NUL"), "{hint}");
}

#[test]
fn the_header_lines_of_a_block_are_read_and_are_no_base64() {
    let text = block("RSA PRIVATE KEY").replace(
        "KEY-----\nAA",
        "KEY-----\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\n\nAA",
    );
    let found = read(text);
    assert_eq!(found[0].headers, ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,00"]);
    assert_eq!(*found[0].der, bytes());
}

#[test]
fn a_block_may_have_64_header_lines_and_the_next_one_is_named() {
    let with = |count: usize| {
        let headers = "A: b\n".repeat(count);
        format!(
            "\n{}",
            block("RSA PRIVATE KEY").replacen("-----\n", &format!("-----\n{headers}"), 1)
        )
    };
    assert_eq!(read(with(64))[0].headers.len(), 64);
    let (message, _) = refused(with(65));
    assert_eq!(message, "a.pem, line 67: the block has more than 64 header lines");
}

#[test]
fn a_block_with_a_line_for_each_digit_is_read_and_the_line_of_a_bad_one_is_named() {
    let digits: String = BODY.chars().map(|digit| format!("{digit}\n\n")).collect();
    let text = block("PRIVATE KEY").replace(&format!("{BODY}\n"), &digits);
    assert_eq!(*read(&text)[0].der, bytes());
    let (message, _) = refused(text.replace("g\n", "?\n"));
    let line = text.lines().position(|line| line == "g").unwrap() + 1;
    assert_eq!(message, format!("a.pem, line {line}: this line of the block is not base64"));
}

#[test]
fn the_span_cuts_a_block_out_of_its_text() {
    let first = block("CERTIFICATE").replace('\n', "\r\n");
    let second = format!("  {}", block("X509 CRL"));
    let text = format!("\u{feff}{first}Host: x\n{second}behind\n{}", first.trim_end());
    let cuts: Vec<_> =
        read(&text).iter().map(|found| text[found.span.clone()].to_owned()).collect();
    assert_eq!(cuts, [first.clone(), second, first.trim_end().to_owned()]);
}

#[test]
fn lines_are_counted_alike_for_every_line_end() {
    let text = format!("1\n2\n{}7\n{}", block("CERTIFICATE"), block("X509 CRL"));
    for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        assert_eq!(read(text).iter().map(|found| found.line).collect::<Vec<_>>(), [3, 8]);
    }
}

#[test]
fn text_without_blocks_and_no_text_are_no_error() {
    assert!(read("hello\n").is_empty());
    assert!(read("").is_empty());
}

#[test]
fn debug_does_not_show_what_a_block_holds() {
    let shown = format!("{:?}", read(block("PRIVATE KEY")));
    assert_eq!(shown, "[Block(PRIVATE KEY, line 1, 0..124)]");
}

/// What others keep in PEM, and what looks like it.
#[test]
fn foreign_blocks_are_passed_over_whatever_is_in_them() {
    let plain = block("CERTIFICATE");
    let foreign = [
        (
            "a PGP key",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\nmQEN\n=x1yz\n-----END PGP PUBLIC KEY BLOCK-----\n",
        ),
        (
            "an OpenVPN key",
            "-----BEGIN OpenVPN Static key V1-----\n0f1e\n-----END OpenVPN Static key V1-----\n",
        ),
        (
            "an SSH2 key",
            "---- BEGIN SSH2 PUBLIC KEY ----\nComment: me\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
        ),
        ("an empty one", "-----BEGIN NOTHING-----\n-----END NOTHING-----\n"),
        (
            "an attribute certificate",
            "-----BEGIN ATTRIBUTE CERTIFICATE-----\nMIIB?\n-----END ATTRIBUTE CERTIFICATE-----\n",
        ),
        (
            "a signed message",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n",
        ),
        ("one that never ends", "-----BEGIN NOTHING-----\nAAAA\n"),
        ("an end alone", "-----END NOTHING-----\n"),
        ("parameters", "-----BEGIN DH PARAMETERS-----\nMIGHAoGB\n-----END DH PARAMETERS-----\n"),
        (
            "bag attributes",
            "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n",
        ),
    ];
    for (name, text) in foreign {
        for whole in
            [format!("{text}{plain}"), format!("{plain}{text}"), format!("{text}{plain}{text}")]
        {
            let certificates: Vec<_> =
                read(&whole).into_iter().filter(|block| block.label == "CERTIFICATE").collect();
            assert_eq!(certificates.len(), 1, "{name}");
            assert_eq!(*certificates[0].der, bytes(), "{name}");
        }
    }
}

#[test]
fn a_misspelling_of_what_is_read_here_is_never_foreign() {
    for label in ["CERTIFICATES", "X509 CRLS", "MY CERTIFICATE", "NEW PRIVATE KEY"] {
        let cut = block(label).replace(&format!("-----END {label}-----\n"), "");
        assert!(refused(cut).0.contains("without its END"), "{label}");
    }
}

#[test]
fn a_character_that_does_not_show_is_named_by_its_code_point() {
    let plain = block("CERTIFICATE");
    for (character, name) in [
        ('\u{a0}', "U+00A0 (no-break space)"),
        ('\u{200b}', "U+200B (zero width space)"),
        ('\u{202e}', "U+202E (a control of the writing direction)"),
        ('\u{2060}', "U+2060 (word joiner)"),
        ('\u{3164}', "U+3164"),
        ('\u{7}', "U+0007"),
        ('\u{e0041}', "U+E0041"),
    ] {
        let begin = refused(plain.replacen("BEGIN ", &format!("BEGIN{character}"), 1)).0;
        assert_eq!(
            begin,
            format!("a.pem, line 1: this line begins or ends a PEM block, but contains {name}")
        );
        let body = refused(plain.replacen("AAEC", &format!("AA{character}EC"), 1)).0;
        assert_eq!(
            body,
            format!("a.pem, line 2: this line of the block contains {name}, which is not base64")
        );
    }
    let latin = [b"-----BEGIN\xa0CERTIFICATE-----\n", BODY.as_bytes()].concat();
    assert!(refused(latin).0.ends_with("contains the byte 0xA0"));
}

#[test]
fn line_ends_that_are_written_out_and_joined_blocks_are_told_as_such() {
    let plain = block("CERTIFICATE");
    let written = plain.replace('\n', "\\n");
    assert!(refused(&written).0.ends_with(r"the line ends of this PEM text are written as \n"));
    let joined = format!("{}{plain}", plain.trim_end());
    assert!(
        refused(joined)
            .0
            .ends_with("line 4: a block ends and the next one begins on the same line")
    );
}

#[test]
fn a_text_without_what_was_looked_for_says_what_it_holds() {
    let base64_again = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";
    for (text, expected) in [
        ("hello".to_owned(), "x contains no certificate: there is no PEM block in it"),
        (block("PUBLIC KEY").repeat(2), "x contains no certificate but 2 x PUBLIC KEY (line 1)"),
        (
            base64_again.to_owned(),
            "x contains no certificate: it is PEM text that was encoded as base64 once more",
        ),
        (
            ["A", "B", "C", "D", "E", "F", "G"].map(block).concat(),
            "x contains no certificate but 1 x A, 1 x B, 1 x C, 1 x D, 1 x E, 2 other labels (line 1)",
        ),
    ] {
        assert_eq!(lacks(Wanted::Certificate, text.as_bytes(), "x").message(), expected);
    }
}

#[test]
fn a_line_that_is_base64_of_another_kind_or_text_is_told_as_such() {
    let plain = block("CERTIFICATE");
    let begin = "-----BEGIN CERTIFICATE-----\n";
    for (line, said, hint) in [
        (
            "AAEC_wQFBgcICQoLDA0ODw-",
            "line 2: this line of the block is base64 of the kind for URLs",
            "sed",
        ),
        ("# my certificate", "line 2: this line of the block is text", "delete this line"),
        ("my own certificate", "line 2: this line of the block is text", "delete this line"),
        ("AAEC?wQF", "line 2: this line of the block is not base64", "copy the file again"),
    ] {
        let text = plain.replacen(begin, &format!("{begin}{line}\n"), 1);
        let error = blocks(text.as_bytes(), "a.pem").unwrap_err();
        assert!(error.message().contains(said), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
    let cyrillic = plain.replacen("BEGIN C", "BEGIN \u{421}", 1);
    let error = blocks(cyrillic.as_bytes(), "a.pem").unwrap_err();
    assert!(error.message().contains("U+0421"), "{error}");
    assert!(error.hint().contains("another alphabet"), "{}", error.hint());
}
