use super::*;

/// One of each class that shows nothing or changes its neighbours, most of several.
const HIDDEN: &[char] = &[
    '\0',
    '\t',
    '\n',
    '\r',
    '\x1b',
    '\x7f',
    '\u{85}',
    '\u{9b}',
    '\u{a0}',
    '\u{ad}',
    '\u{34f}',
    '\u{378}',
    '\u{600}',
    '\u{61c}',
    '\u{70f}',
    '\u{8e2}',
    '\u{115f}',
    '\u{1160}',
    '\u{1680}',
    '\u{17b4}',
    '\u{180b}',
    '\u{180e}',
    '\u{180f}',
    '\u{2000}',
    '\u{2007}',
    '\u{200a}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202e}',
    '\u{202f}',
    '\u{205f}',
    '\u{2060}',
    '\u{2065}',
    '\u{2066}',
    '\u{2069}',
    '\u{206f}',
    '\u{2800}',
    '\u{3000}',
    '\u{3164}',
    '\u{e000}',
    '\u{f8ff}',
    '\u{fdd0}',
    '\u{fe00}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{fff0}',
    '\u{fff9}',
    '\u{fffc}',
    '\u{ffff}',
    '\u{110bd}',
    '\u{13430}',
    '\u{13441}',
    '\u{16fe4}',
    '\u{1bca0}',
    '\u{1d159}',
    '\u{1d173}',
    '\u{e0001}',
    '\u{e0020}',
    '\u{e0100}',
    '\u{e01ef}',
    '\u{e0fff}',
    '\u{f0000}',
    '\u{10ffff}',
];

thread_local! {
    static SHOWN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

pub(super) fn count(text: &str) {
    SHOWN.set(SHOWN.get().wrapping_add(text.len()));
}

/// How many bytes of text were made fit to be shown on this thread so far.
pub(crate) fn bytes_shown() -> usize {
    SHOWN.get()
}

#[test]
fn a_terminal_sequence_is_shown_and_not_obeyed() {
    assert_eq!(escaped("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
}

#[test]
fn a_direction_override_is_shown_and_not_obeyed() {
    assert_eq!(escaped("\u{202e}moc"), "\\u{202e}moc");
    assert_eq!(escaped("a\u{200b}b"), "a\\u{200b}b");
}

#[test]
fn honest_letters_stay() {
    for text in ["Zürich 東京", "Zu\u{308}rich", "ก็", "e\u{301}\u{323}", "דּ", "C=GB,O=a & b", "€😀"]
    {
        assert_eq!(escaped(text), text);
        assert_eq!(Calm::name(text), text);
        assert!(is_shown_as_it_is(text), "{text}");
    }
}

#[test]
fn what_shows_nothing_is_written_as_an_escape_wherever_it_stands() {
    for hidden in HIDDEN {
        for text in [format!("{hidden}"), format!("a{hidden}b"), format!("ab{hidden}")] {
            for shown in [escaped(&text), Calm::name(&text).into(), Calm::sentence(&text).into()] {
                let shown: String = shown;
                assert!(!shown.contains(*hidden) && shown.contains('\\'), "{hidden:?}: {shown}");
                assert!(is_shown_as_it_is(&shown), "{hidden:?}: {shown}");
            }
            assert!(!is_shown_as_it_is(&text), "{hidden:?}");
        }
    }
}

#[test]
fn every_character_is_either_visible_or_an_escape() {
    for c in ('\u{80}'..=char::MAX).filter(|c| is_default_ignorable(*c) || c.is_whitespace()) {
        assert!(is_hidden(c), "{c:?}");
    }
    for c in ('\u{80}'..=char::MAX).filter(|c| c.is_control()) {
        assert!(is_hidden(c), "{c:?}");
    }
    for c in ('\u{80}'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
        let blank = matches!(c, '\u{13441}' | '\u{13442}');
        assert_eq!(is_hidden(c), filler || blank, "{c:?}");
    }
}

#[test]
fn a_mark_without_a_letter_and_a_pile_of_marks_overwrite_nothing() {
    assert_eq!(escaped("\u{338}a"), "\\u{338}a");
    assert_eq!(escaped("CN=\u{338}"), "CN=\\u{338}");
    assert_eq!(escaped("a \u{301}"), "a \\u{301}");
    assert_eq!(escaped("a\n\u{301}"), "a\\x0a\\u{301}");
    let pile = format!("a{}b", "\u{301}".repeat(6));
    assert_eq!(escaped(&pile), format!("a{}\\u{{301}}\\u{{301}}b", "\u{301}".repeat(4)));
}

#[test]
fn blanks_in_a_row_are_folded_for_people_and_kept_for_programs() {
    assert_eq!(escaped("a   b c"), "a \\x20\\x20b c");
    assert_eq!(Calm::value("a   b c"), "a \\x20\\x20b c");
    assert_eq!(Calm::name("a   b c"), "a b c");
    assert_eq!(Calm::sentence("  a  b"), " a b");
    assert!(!is_shown_as_it_is("a  b") && is_shown_as_it_is("a b"));
}

#[test]
fn what_is_escaped_once_is_not_escaped_again() {
    for text in ["a\n\u{202e}  b\\", "\u{301}", &"\u{301}".repeat(9)] {
        let once = escaped(text);
        assert_eq!(escaped(&once), once);
        let once = Calm::name(text);
        assert_eq!(Calm::name(&once), once);
    }
}

#[test]
fn a_long_name_is_cut_and_says_so() {
    assert_eq!(Calm::name(&"x".repeat(200)), *"x".repeat(200));
    let cut = format!("{}... (56000 characters)", "x".repeat(200));
    assert_eq!(Calm::name(&"x".repeat(56_000)), *cut);
    for hidden in ["\u{e0100}", "\n", "\\,", "東", "  x", "\u{301}", "a\u{301}"] {
        let name = Calm::name(&hidden.repeat(10_000));
        assert!(name.chars().count() < 230 && name.len() < 430, "{hidden:?}: {name}");
        assert!(name.ends_with("0 characters)"), "{name}");
        assert!(Calm::short_name(&hidden.repeat(10_000)).chars().count() < 150);
        assert!(Calm::value(&hidden.repeat(10_000)).chars().count() < 1_030);
        assert!(Calm::sentence(hidden.repeat(10_000)).len() < 1_000);
    }
}

#[test]
fn a_cut_leaves_every_escape_whole() {
    for pad in 0..12 {
        for escape in ["\u{e0100}", "\n", "\\,"] {
            let name = Calm::name(&format!("{}{}", "x".repeat(pad), escape.repeat(300)));
            let kept = name.split("...").next().unwrap().trim_start_matches('x');
            let whole = if escape == "\\," { escape.to_owned() } else { escaped(escape) };
            assert_eq!(kept, whole.repeat(kept.len() / whole.len()), "{name}");
        }
    }
}

#[test]
fn the_end_of_a_path_is_kept() {
    let path = Calm::path(&format!("/{}/a  b.pem", "x".repeat(5_000)));
    assert!(path.starts_with("...xxx") && path.ends_with("/a \\x20b.pem"), "{path}");
    assert_eq!(path.chars().count(), 403);
    assert_eq!(Calm::path("/etc/pki/CA"), "/etc/pki/CA");
}

#[test]
fn a_list_shows_the_first_and_counts_the_rest() {
    let names =
        |length: usize, count: usize| listed(0..count, |n| Calm::name(&format!("{n:0length$}")));
    assert_eq!(names(1, 3), "0, 1, 2");
    assert_eq!(names(1, 8), "0, 1, 2, 3, 4, 5, 6, 7");
    assert_eq!(names(1, 10_000), "0, 1, 2, 3, 4, 5, 6, 7, and 9992 more");
    assert_eq!(names(100, 10).matches(", ").count(), 2);
    assert!(names(100, 10).ends_with(", and 8 more"));
    assert!(names(5_000, 2).ends_with("(5000 characters), and 1 more"));
    assert_eq!(names(1, 0), "");
}

#[test]
fn what_a_list_does_not_show_is_not_written() {
    for length in [1, 100, 5_000] {
        let mut written = 0;
        let all = listed(0..10_000, |n| {
            written += 1;
            Calm::name(&format!("{n:0length$}"))
        });
        assert!(all.contains(" more") && written <= 9, "{written} for {all}");
    }
}
