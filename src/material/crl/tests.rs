#![allow(clippy::arithmetic_side_effects, reason = "a test may stop at once")]

use super::*;
use crate::material::testing::{self, Parts, common_name, extension, extension_of, tlv};

/// What a list has against the rules for those who issue lists.
mod form;

const DATE: &[u8] = b"260101000000Z";
/// 2026-01-01.
const BEGIN: i64 = 1_767_225_600;

/// The parts of a list, each with its DER. Nobody signed it.
#[derive(Clone)]
struct Made {
    version: Vec<u8>,
    algorithms: [Vec<u8>; 2],
    issuer: Vec<u8>,
    dates: Vec<Vec<u8>>,
    entries: Option<Vec<Vec<u8>>>,
    extensions: Vec<Vec<u8>>,
    behind: Vec<u8>,
    signature: Vec<u8>,
}

impl Made {
    /// A list of version 2 with these serial numbers.
    fn of(serials: &[u8]) -> Self {
        let algorithm = tlv(0x30, &tlv(6, testing::ECDSA_SHA256));
        Self {
            version: tlv(2, &[1]),
            algorithms: [algorithm.clone(), algorithm],
            issuer: common_name("Lab CA"),
            dates: vec![tlv(0x17, DATE), tlv(0x17, b"260201000000Z")],
            entries: Some(serials.iter().map(|serial| entry(&[*serial], DATE, &[])).collect()),
            extensions: vec![extension(20, false, &tlv(2, &[0, 0x90]))],
            behind: Vec::new(),
            signature: tlv(3, &[0, 1, 2, 3]),
        }
    }

    fn with_extension(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    fn with_point(self, parts: &[Vec<u8>]) -> Self {
        self.with_extension(extension(28, true, &tlv(0x30, &parts.concat())))
    }

    fn with_entry(mut self, extensions: &[Vec<u8>]) -> Self {
        let entry = entry(&[9], DATE, &tlv(0x30, &extensions.concat()));
        self.entries.get_or_insert_default().push(entry);
        self
    }

    fn version_1(mut self) -> Self {
        self.version.clear();
        self.extensions.clear();
        self
    }

    fn der(&self) -> Vec<u8> {
        let mut fields =
            [&self.version, &self.algorithms[0], &self.issuer].map(Vec::clone).concat();
        fields.extend(self.dates.concat());
        if let Some(entries) = &self.entries {
            fields.extend(tlv(0x30, &entries.concat()));
        }
        if !self.extensions.is_empty() {
            fields.extend(tlv(0xa0, &tlv(0x30, &self.extensions.concat())));
        }
        fields.extend(&self.behind);
        tlv(
            0x30,
            &[tlv(0x30, &fields), self.algorithms[1].clone(), self.signature.clone()].concat(),
        )
    }

    fn read(&self) -> Crl {
        Crl::from_der(&self.der(), "a list").unwrap()
    }

    fn refused(&self) -> String {
        let error = Crl::from_der(&self.der(), "a list").unwrap_err();
        assert_eq!(error.kind(), Kind::Parse);
        error.message().to_owned()
    }
}

fn entry(serial: &[u8], date: &[u8], behind: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(2, serial), &tlv(0x17, date), behind].concat())
}

fn wrapped(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let lines = digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    let body = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn text(serials: &[u8]) -> String {
    wrapped("X509 CRL", &Made::of(serials).der())
}

fn certificate() -> String {
    wrapped("CERTIFICATE", &Parts::default().der())
}

fn refused(text: impl AsRef<[u8]>) -> String {
    let error = Crl::all_from_pem(text.as_ref(), "crl.pem").unwrap_err();
    assert_eq!(error.kind(), Kind::Parse);
    error.message().to_owned()
}

/// A text that comes in pieces of this many bytes.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(out.len());
        let read = (&self.0[..count.min(self.0.len())]).read(out)?;
        self.0 = &self.0[read..];
        Ok(read)
    }
}

fn streamed(text: &[u8], size: usize) -> Option<Vec<Crl>> {
    Crl::streamed(&mut Pieces(text, size), "crl.pem").map(Result::unwrap)
}

#[test]
fn a_list_says_who_issued_it_when_and_which_one_it_is() {
    let text = text(&[1, 2, 3]);
    let crl = &Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap()[0];
    assert_eq!(crl.issuer_der(), common_name("Lab CA"));
    assert_eq!((crl.this_update(), crl.next_update()), (BEGIN, Some(BEGIN + 31 * 86_400)));
    assert_eq!((crl.entries(), crl.source()), (3, "crl.pem"));
    assert_eq!(crl.status(&[2]), Some(Status::Revoked));
    assert_eq!(crl.status(&[4]), None);
}

#[test]
fn the_source_of_a_list_is_safe_to_show_whatever_its_file_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a\u{202e}\x1b[2J.crl");
    let plain = text(&[1]);
    for text in [plain.clone(), format!("--- my list ---\n{plain}")] {
        std::fs::write(&path, text).unwrap();
        let (lists, _) = Crl::all_from_file(&path).unwrap();
        let expected = format!("{}/a\\u{{202e}}\\x1b[2J.crl", dir.path().display());
        assert_eq!(lists[0].source(), expected);
    }
}

#[test]
fn a_list_without_entries_is_a_list() {
    assert_eq!(Made::of(&[]).read().entries(), 0);
    assert_eq!(Made { entries: None, ..Made::of(&[]) }.read().entries(), 0);
}

#[test]
fn a_list_of_version_1_or_without_extensions_or_next_update_is_a_list() {
    assert_eq!(Made::of(&[1]).version_1().read().status(&[1]), Some(Status::Revoked));
    assert_eq!(Made { extensions: Vec::new(), ..Made::of(&[1]) }.read().entries(), 1);
    let mut endless = Made::of(&[1]);
    endless.dates.truncate(1);
    assert_eq!(endless.read().next_update(), None);
    assert_eq!(endless.version_1().read().next_update(), None);
}

#[test]
fn extensions_belong_to_version_2() {
    let no_extensions = tlv(0xa0, &tlv(0x30, &[]));
    let with = |made: Made| Made { behind: no_extensions.clone(), extensions: Vec::new(), ..made };
    assert_eq!(with(Made::of(&[1])).read().entries(), 1);
    assert!(with(Made::of(&[1]).version_1()).refused().contains("extra data in its signed part"));
    let reason = extension(21, false, &tlv(10, &[1]));
    let entry = Made::of(&[]).with_entry(&[reason]);
    assert_eq!(entry.read().entries(), 1);
    assert!(entry.version_1().refused().contains("an entry is damaged"));
}

#[test]
fn several_lists_and_other_blocks_may_share_a_text() {
    let text = [text(&[1]), certificate(), text(&[1, 2]).replace("X509 CRL", "CRL")].concat();
    let all = Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap();
    assert_eq!(all.iter().map(Crl::entries).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(streamed(text.as_bytes(), 4096).unwrap(), all);
}

#[test]
fn a_list_is_the_same_in_pieces_of_every_size() {
    let serials: Vec<u8> = (1..=120).collect();
    let text = [certificate(), text(&serials), text(&[7])].concat();
    for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        let whole = Crl::from_blocks(text.as_bytes(), "crl.pem").unwrap();
        for size in (1..200).chain([4096, 1 << 20]) {
            let all = streamed(text.as_bytes(), size).unwrap();
            assert_eq!(all, whole, "{size}");
            assert_eq!(all.iter().map(Crl::entries).collect::<Vec<_>>(), [120, 1], "{size}");
            assert!(serials.iter().all(|serial| all[0].status(&[*serial]).is_some()), "{size}");
        }
    }
}

#[test]
fn lenient_forms_are_read_in_pieces_too() {
    let plain = text(&(1..=100).collect::<Vec<_>>());
    let expected = Crl::from_blocks(plain.as_bytes(), "crl.pem").unwrap();
    for (name, text) in [
        ("byte order mark", format!("\u{feff}{plain}")),
        ("byte order mark in the middle", format!("text\n\u{feff}{plain}")),
        ("CR CR LF", plain.replace('\n', "\r\r\n")),
        ("no last line end", plain.trim_end().to_owned()),
        ("spaces in front", plain.lines().map(|line| format!("    {line}\n")).collect()),
        ("trailing blanks", plain.lines().map(|line| format!("{line} \t \n")).collect()),
        ("blank lines inside", plain.replace('\n', "\n\n")),
        ("short lines", plain.replace('A', "A\n").replace("X509 CRL-----", "X509 CRL-----\n")),
        ("text around", format!("Revocation list (CRL):\n\n{plain}\nhello - world\n")),
        ("Latin-1 around", format!("Z{plain}").replacen('Z', "x: y\n", 1)),
    ] {
        assert_eq!(streamed(text.as_bytes(), 333).unwrap(), expected, "{name}");
        assert_eq!(Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap(), expected, "{name}");
    }
}

#[test]
fn odd_forms_get_a_second_look_and_lose_nothing() {
    let plain = text(&(1..=100).collect::<Vec<_>>());
    let body: String = plain.lines().filter(|line| !line.starts_with('-')).collect();
    let long = format!("{}\n", body.repeat(400));
    for (name, text) in [
        ("dashes in the text", format!("--- my list ---\n{plain}")),
        ("a key beside it", format!("{plain}{}", wrapped("PRIVATE KEY", &[1, 2, 3]))),
        ("header lines", plain.replace("CRL-----\nM", "CRL-----\nA: b\n\nM")),
        ("a long line of text", format!("{long}{plain}")),
        ("one line of digits", format!("-----BEGIN CRL-----\n{body}\n-----END CRL-----")),
    ] {
        let all = Crl::all_from_pem(text.as_bytes(), "crl.pem").unwrap();
        assert_eq!(all.iter().map(Crl::entries).collect::<Vec<_>>(), [100], "{name}");
    }
}

#[test]
fn a_text_that_is_broken_anywhere_is_refused_and_its_line_is_named() {
    let good = text(&[1]);
    let cases = [
        (good.replace("-----END X509 CRL-----\n", ""), "line 1: BEGIN X509 CRL without its END"),
        (format!("{good}-----BEGIN X509 CRL-----\n"), "BEGIN X509 CRL without its END"),
        (format!("{good}{}", good.replace("END X509", "END")), "ends with END CRL"),
        (format!("{good}----BEGIN X509 CRL-----\n"), "this line is a malformed BEGIN or END line"),
        (format!("{good}-----begin x509 crl-----\n"), "this line is a malformed BEGIN or END line"),
        (format!("{good}\u{2014}BEGIN X509 CRL\u{2014}\n"), "contains U+2014"),
        (format!("{good}\0"), "there is a NUL byte"),
        (format!("{good}-----BEGIN CRL-----\n-----END CRL-----\n"), "the block is empty"),
        (good.replacen("-----\nM", "-----\n?", 1), "line 2: this line of the block is not base64"),
        (good.replacen("-----\nM", "-----\n", 1), "the base64 of this block is incomplete"),
        (good.replacen("\nM", "\nMA==", 1), "the base64 of this block is incomplete"),
    ];
    for (text, expected) in cases {
        let message = refused(&text);
        assert!(message.starts_with("crl.pem, line ") && message.contains(expected), "{message}");
    }
}

#[test]
fn a_text_without_a_list_is_told_with_what_it_holds() {
    let message = refused(certificate());
    assert_eq!(message, "crl.pem contains no revocation list but 1 x CERTIFICATE (line 1)");
    assert_eq!(refused(""), "crl.pem contains no revocation list: there is no PEM block in it");
    assert_eq!(refused(Made::of(&[1; 20]).der()), "crl.pem is DER, not PEM");
}

#[test]
fn a_certificate_that_calls_itself_a_list_is_refused_with_its_line() {
    let text = format!("\n{}", wrapped("X509 CRL", &Parts::default().der()));
    assert!(
        refused(&text)
            .ends_with("line 2: this block is labelled X509 CRL, but contains a certificate")
    );
}

#[test]
fn what_is_out_of_place_is_refused() {
    let good = Made::of(&[1]);
    let [one, other] = [tlv(0x30, &tlv(6, testing::ECDSA_SHA256)), tlv(0x30, &tlv(6, &[0x2b]))];
    let date = |date: &[u8]| tlv(0x17, date);
    let cases = [
        (Made { version: tlv(2, &[2]), ..good.clone() }, "its version number is 3"),
        (Made { algorithms: [one, other], ..good.clone() }, "two different signature"),
        (Made { issuer: tlv(0x30, &[1]), ..good.clone() }, "its issuer is damaged"),
        (Made { dates: vec![], ..good.clone() }, "it has no date"),
        (Made { dates: vec![date(b"269901000000Z")], ..good.clone() }, "a date in it is invalid"),
        (Made { behind: vec![5, 0], ..good.clone() }, "extra data in its signed part"),
        (Made { signature: tlv(3, &[1, 2]), ..good.clone() }, "its signature is damaged"),
        (Made { signature: tlv(4, &[0, 2]), ..good.clone() }, "its structure is damaged"),
        (
            Made { signature: [tlv(3, &[0, 2]), vec![5, 0]].concat(), ..good.clone() },
            "there is extra data after it",
        ),
        (good.clone().with_extension(good.extensions[0].clone()), "its extensions are damaged"),
        (Made { entries: Some(vec![tlv(4, &[1])]), ..good.clone() }, "an entry is damaged"),
    ];
    for (made, expected) in cases {
        let message = made.refused();
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let mut behind = good.der();
    behind.push(0);
    assert!(refused(wrapped("X509 CRL", &behind)).ends_with("there is extra data after it"));
}

#[test]
fn an_entry_that_does_not_parse_is_an_error_and_not_a_shorter_list() {
    let good = entry(&[1], DATE, &[]);
    for bad in [
        entry(&[5], b"269901000000Z", &[]),
        entry(&[], DATE, &[]),
        entry(&[5], DATE, &[5, 0]),
        entry(&[5], DATE, &[0x30, 2, 1, 1]),
        tlv(0x30, &tlv(2, &[5])),
        tlv(0x31, &[tlv(2, &[5]), tlv(0x17, DATE)].concat()),
        [vec![0x30, 0x81], entry(&[5], DATE, &[])[1..].to_vec()].concat(),
    ] {
        let entries = Some(vec![good.clone(), bad, good.clone()]);
        let message = Made { entries, ..Made::of(&[]) }.refused();
        assert!(message.starts_with("a list: not a revocation list: "), "{message}");
    }
}

#[test]
fn lists_that_mean_something_else_are_refused_by_their_name() {
    let unknown = |critical| extension_of(&[0x2a, 3], critical, &[5, 0]);
    let good = || Made::of(&[1]);
    let uri = tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://a.example/")));
    let cases = [
        (good().with_extension(extension(27, true, &tlv(2, &[1]))), "a delta revocation list"),
        (good().with_point(&[uri.clone(), tlv(0x84, &[0xff])]), "an indirect revocation list"),
        (good().with_entry(&[extension(29, true, &tlv(0x30, &[]))]), "an indirect revocation list"),
        (good().with_point(&[tlv(0x83, &[1, 2])]), "a revocation list for some reasons only"),
        (
            good().with_extension(unknown(true)),
            "a revocation list with the critical extension 1.2.3",
        ),
        (
            good().with_entry(&[unknown(true)]),
            "a revocation list with the critical extension 1.2.3 in an entry",
        ),
    ];
    for (made, what) in cases {
        assert_eq!(made.refused(), format!("a list: {what} is not supported"));
    }
    assert_eq!(good().with_extension(unknown(false)).read().entries(), 1);
    assert_eq!(good().with_entry(&[unknown(false)]).read().entries(), 2);
    let point = good().with_point(&[uri, tlv(0x81, &[0xff]), tlv(0x84, &[0])]).read();
    assert!(point.issuing_point().unwrap().only_peers);
}

fn other_extensions(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| extension_of(&[0x2a, number], false, &[5, 0])).collect()
}

#[test]
fn a_list_and_an_entry_may_have_64_extensions_and_no_more() {
    let list = |count| Made { extensions: other_extensions(count), ..Made::of(&[1]) };
    let in_entry = |count| Made::of(&[1]).with_entry(&other_extensions(count));
    assert_eq!((list(64).read().entries(), in_entry(64).read().entries()), (1, 2));
    for count in [65, 120] {
        let what = "a list: a revocation list with more than 64 extensions";
        assert_eq!(list(count).refused(), format!("{what} is not supported"));
        assert_eq!(in_entry(count).refused(), format!("{what} in an entry is not supported"));
    }
}

#[test]
fn a_distribution_point_may_have_64_names_and_no_more() {
    let made = |count: u8| {
        let names: Vec<_> = (0..count).map(|name| tlv(0x86, &[b'a', name])).collect();
        Made::of(&[1]).with_point(&[tlv(0xa0, &tlv(0xa0, &names.concat()))])
    };
    let point = made(64).read().issuing_point().cloned().unwrap();
    assert!(matches!(point.name, Some(PointName::Full(names)) if names.len() == 64));
    assert_eq!(
        made(65).refused(),
        "a list: a revocation list whose distribution point has more than 64 names is not supported"
    );
}

#[test]
fn a_distribution_point_out_of_order_does_not_parse() {
    for parts in [
        vec![tlv(0x82, &[0xff]), tlv(0x81, &[0xff])],
        vec![tlv(0x81, &[0xff]), tlv(0x81, &[0xff])],
        vec![tlv(0x81, &[1])],
        vec![tlv(0x86, &[0xff])],
        vec![tlv(0xa0, &tlv(0xa0, &[]))],
    ] {
        let message = Made::of(&[1]).with_point(&parts).refused();
        assert!(message.ends_with("extension 2.5.29.28 does not parse"), "{message}");
    }
}

#[test]
fn a_reason_says_what_may_be_lifted() {
    for (reason, expected) in
        [(1, Status::Revoked), (6, Status::Held), (8, Status::Lifted), (99, Status::Revoked)]
    {
        let made = Made::of(&[1]).with_entry(&[extension(21, false, &tlv(10, &[reason]))]);
        assert_eq!(made.read().status(&[9]), Some(expected), "{reason}");
    }
}

#[test]
fn of_two_lists_the_later_one_is_newer_and_else_the_one_with_the_higher_number() {
    let made = |date: &[u8], number: &[u8]| {
        let mut made = Made::of(&[1]);
        made.dates[0] = tlv(0x17, date);
        made.extensions = vec![extension(20, false, &tlv(2, number))];
        made.read()
    };
    let order = [
        Made::of(&[1]).version_1().read(),
        made(DATE, &[2]),
        made(DATE, &[0, 0x90]),
        made(DATE, &[1, 0]),
        made(b"260101000001Z", &[1]),
    ];
    assert!(order.is_sorted_by(|one, other| one.compare_age(other) == Ordering::Less));
    assert_eq!(made(DATE, &[0, 2]).compare_age(&made(DATE, &[2])), Ordering::Equal);
}

#[test]
fn a_list_cut_anywhere_is_refused() {
    let der = Made::of(&[1, 2]).der();
    for end in 1..der.len() {
        refused(wrapped("X509 CRL", &der[..end]));
    }
    let text = text(&[1, 2]);
    for end in 1..text.len() - 1 {
        refused(&text[..end]);
    }
}

#[test]
fn a_changed_byte_never_makes_the_list_shorter_in_silence() {
    let made = Made::of(&[1, 2, 3]).with_entry(&[extension(21, false, &tlv(10, &[6]))]);
    let der = made.der();
    for at in 0..der.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut der = der.clone();
            der[at] ^= change;
            if let Ok(crl) = Crl::from_der(&der, "a list") {
                assert_eq!(crl.entries(), 4, "byte {at} with {change}");
            }
        }
    }
    let text = wrapped("X509 CRL", &der).into_bytes();
    for at in 0..text.len() {
        for byte in [0, b'\n', b'\r', b' ', b'-', b'=', b'A', b'z', 0xef] {
            let mut text = text.clone();
            text[at] = byte;
            if let Ok(all) = Crl::all_from_pem(&text, "crl.pem") {
                let counts: Vec<_> = all.iter().map(Crl::entries).collect();
                assert_eq!(counts, [4], "byte {at} as {byte}");
            }
        }
    }
}

#[test]
fn lists_with_another_signature_are_other_lists() {
    let one = Made::of(&[1]);
    let other = Made { signature: tlv(3, &[0, 9]), ..one.clone() };
    assert_ne!(one.read(), other.read());
    assert_ne!(one.read(), Made::of(&[2]).read());
    assert_eq!(one.read(), one.read());
}
