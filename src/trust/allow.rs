//! The clients that are allowed, by patterns for their distinguished names.
//!
//! The patterns are libvirt's: `*` stands for any characters, `?` for one, everything else for
//! itself. A pattern is compared with the whole name as GnuTLS writes it, case included. A
//! character that GnuTLS escapes counts, with its backslash, as one character that only the same
//! two or a wildcard match: so a separator inside a value cannot pass for one between values. A
//! name that has no text form is on no list.

use std::sync::Arc;

use crate::error::{CallCause, Calm, Error, Kind, PeerCause};
use crate::material::Certificate;

/// The patterns, if there is a list; an empty list allows nobody.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowList(Option<Arc<[Pattern]>>);

impl AllowList {
    /// This list with one more pattern, unless it has that already. `None`: an empty list.
    ///
    /// # Errors
    ///
    /// [`Kind::Invalid`] for an empty pattern, which matches no name.
    pub(crate) fn with(&self, pattern: Option<&str>) -> Result<Self, Error> {
        let Some(pattern) = pattern else { return Ok(Self(Some(Arc::default()))) };
        if pattern.is_empty() {
            let message = "the pattern for distinguished names is empty, and no name matches that";
            return Err(Error::new(Kind::Invalid, message).because(&CallCause::EmptyPattern));
        }
        let pattern = Pattern::new(pattern);
        if self.0.as_ref().is_some_and(|all| all.contains(&pattern)) {
            return Ok(self.clone());
        }
        let before = self.0.iter().flat_map(|all| all.iter().cloned());
        Ok(Self(Some(before.chain([pattern]).collect())))
    }

    /// Whether there is a list at all.
    #[must_use]
    pub(crate) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// The patterns, if there is a list; patterns that match the same names by their letters are
    /// written alike.
    #[must_use]
    pub(crate) fn patterns(&self) -> Option<Vec<String>> {
        self.0.as_ref().map(|all| all.iter().map(Pattern::text).collect())
    }

    /// Why the client with this certificate is not allowed. `None`: it is allowed.
    #[must_use]
    pub(crate) fn refusal(&self, leaf: &Certificate) -> Option<Error> {
        let patterns = self.0.as_ref()?;
        let name = leaf.distinguished_name_bytes();
        if name.as_ref().is_some_and(|name| patterns.iter().any(|one| one.fits(name))) {
            return None;
        }
        let Some(name) = name else {
            let name = leaf.subject_text();
            let message = format!(
                "the client {name} has no distinguished name that a list of allowed clients could hold"
            );
            return Some(Error::new(Kind::NotAllowed, message).because(&PeerCause::DamagedName));
        };
        let text = String::from_utf8_lossy(&name);
        let whole = Calm::name(&text);
        let is_shown_as_it_is = std::str::from_utf8(&name).is_ok_and(|name| whole == *name);
        let name = Calm::short_name(&text);
        let message = match patterns.len() {
            0 => format!("the client {name} is not allowed: the list of allowed clients is empty"),
            1 => format!("the client {name} does not match the one pattern for allowed clients"),
            many => {
                format!("the client {name} matches none of the {many} patterns for allowed clients")
            }
        };
        let cause = if text.contains(['*', '?']) {
            PeerCause::WildNameNotListed
        } else if is_shown_as_it_is {
            PeerCause::NameNotListed(whole.into())
        } else {
            PeerCause::HiddenNameNotListed
        };
        Some(Error::new(Kind::NotAllowed, message).because(&cause))
    }
}

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Just(char),
    /// This character behind a backslash.
    Escaped(char),
    /// Any one behind a backslash.
    AnyEscaped,
}

/// One character of a name. `None`: a byte that is not part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Plain(Option<char>),
    Escaped(Option<char>),
}

impl Pattern {
    fn new(text: &str) -> Self {
        let mut parts = Vec::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                '\\' => match rest.next() {
                    Some('*') => parts.extend([Part::AnyEscaped, Part::Any]),
                    Some('?') => parts.push(Part::AnyEscaped),
                    Some(other) => parts.push(Part::Escaped(other)),
                    None => parts.push(Part::Just('\\')),
                },
                other => parts.push(Part::Just(other)),
            }
        }
        Self(parts)
    }

    /// The text that reads as this pattern.
    fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Any => text.push('*'),
                Part::One => text.push('?'),
                Part::Just(character) => text.push(*character),
                Part::Escaped(character) => text.extend(['\\', *character]),
                Part::AnyEscaped => text.push_str("\\?"),
            }
        }
        text
    }

    /// Whether the whole of `name` matches. A `*` is only abandoned for a later one, so the work is
    /// bounded by the product of the two lengths.
    fn fits(&self, name: &[u8]) -> bool {
        let name = units(name);
        let (mut at, mut in_name) = (0_usize, 0_usize);
        // Behind the last star, and the end of what it stands for.
        let mut star: Option<(usize, usize)> = None;
        while let Some(unit) = name.get(in_name) {
            let fits_here = match self.0.get(at) {
                Some(Part::Any) => {
                    at = at.saturating_add(1);
                    star = Some((at, in_name));
                    continue;
                }
                Some(Part::One) => true,
                Some(Part::Just(wanted)) => *unit == Unit::Plain(Some(*wanted)),
                Some(Part::Escaped(wanted)) => *unit == Unit::Escaped(Some(*wanted)),
                Some(Part::AnyEscaped) => matches!(unit, Unit::Escaped(_)),
                None => false,
            };
            if fits_here {
                at = at.saturating_add(1);
                in_name = in_name.saturating_add(1);
            } else if let Some((behind, end)) = star {
                let end = end.saturating_add(1);
                star = Some((behind, end));
                (at, in_name) = (behind, end);
            } else {
                return false;
            }
        }
        self.0.iter().skip(at).all(|part| *part == Part::Any)
    }
}

/// The characters of a name, each with its backslash if it has one.
fn units(name: &[u8]) -> Vec<Unit> {
    let mut rest = characters(name).into_iter();
    let mut units = Vec::with_capacity(name.len());
    while let Some(character) = rest.next() {
        units.push(match character {
            Some('\\') => rest.next().map_or(Unit::Plain(character), Unit::Escaped),
            _ => Unit::Plain(character),
        });
    }
    units
}

/// The characters of a text; `None` for each byte that is not part of one.
fn characters(text: &[u8]) -> Vec<Option<char>> {
    let chunks = text.utf8_chunks();
    let all = chunks.flat_map(|chunk| {
        let bad = chunk.invalid().iter().map(|_| None);
        chunk.valid().chars().map(Some).chain(bad)
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::testing::{Maker, named};

    fn fits(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).fits(name.as_bytes())
    }

    fn leaf(name: &str) -> Certificate {
        Maker::of(named(name, &[])).certificate()
    }

    fn list(patterns: &[&str]) -> AllowList {
        patterns.iter().fold(AllowList::default(), |list, one| list.with(Some(one)).unwrap())
    }

    #[test]
    fn a_pattern_is_written_as_it_reads() {
        for text in ["C=GB,CN=*", r"O=Red\, Hat?", r"CN=a\?*", r"CN=\"] {
            assert_eq!(list(&[text]).patterns().unwrap(), [text]);
        }
        assert_eq!(list(&[r"CN=\*"]).patterns().unwrap(), [r"CN=\?*"]);
        assert_eq!(AllowList::default().patterns(), None);
    }

    #[test]
    fn a_pattern_that_is_added_again_is_not_kept_again() {
        assert_eq!(list(&["CN=a*", "CN=b", "CN=a*"]).patterns().unwrap(), ["CN=a*", "CN=b"]);
    }

    #[test]
    fn a_pattern_is_for_the_whole_name_and_its_very_letters() {
        assert!(fits("C=GB,CN=alice", "C=GB,CN=alice"));
        assert!(!fits("C=GB,CN=alice", "C=GB,CN=alice2"));
        assert!(!fits("CN=alice", "C=GB,CN=alice"));
        assert!(!fits("C=GB,CN=Alice", "C=GB,CN=alice"));
    }

    #[test]
    fn a_star_stands_for_any_characters_and_none() {
        for (pattern, name) in [
            ("*", "CN=a"),
            ("*", ""),
            ("CN=*", "CN="),
            ("*lab*", "O=lab,CN=a"),
            ("C*=*a", "CN=aba"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*b", "ab,c"), ("a*a", "a"), ("*a*b", "ba"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_question_mark_stands_for_one_character_of_any_length() {
        assert!(fits("CN=Z?rich", "CN=Zürich"));
        assert!(fits("CN=?", "CN=東"));
        assert!(!fits("CN=?", "CN="));
        assert!(!fits("CN=?", "CN=ab"));
    }

    #[test]
    fn nothing_else_is_special() {
        assert!(fits("CN=[ab]{c}", "CN=[ab]{c}"));
        assert!(!fits("CN=[ab]", "CN=a"));
        assert!(fits("CN=a\\,*", "CN=a\\,b"));
        assert!(!fits("CN=\\*", "CN=*"));
    }

    #[test]
    fn a_separator_inside_a_value_is_none_between_values() {
        for (pattern, name) in [
            ("O=Lab*,CN=alice", "O=Lab\\,CN=alice"),
            ("O=Lab*+CN=alice", "O=Lab\\+CN=alice"),
            ("O=Lab?,CN=alice", "O=Lab\\,CN=alice"),
            ("O=Lab*,CN=alice", "O=Lab\\\\\\,CN=alice"),
            ("O=Lab\\,CN=alice", "O=Lab\\\\,CN=alice"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("O=Lab*,CN=alice", "O=Lab\\\\,CN=alice"),
            ("O=Lab*,CN=alice", "O=Lab\\, Inc,CN=alice"),
            ("O=Lab?CN=alice", "O=Lab\\,CN=alice"),
            ("O=Lab\\?CN=alice", "O=Lab\\,CN=alice"),
            ("O=Lab\\*,CN=alice", "O=Lab\\,x,CN=alice"),
            ("O=Lab\\,CN=alice", "O=Lab\\,CN=alice"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_byte_that_is_no_character_fits_only_a_wildcard() {
        assert!(Pattern::new("CN=Z?rich").fits(b"CN=Z\xfcrich"));
        assert!(!Pattern::new("CN=Zürich").fits(b"CN=Z\xfcrich"));
        assert!(!Pattern::new("CN=Z\u{fffd}rich").fits(b"CN=Z\xfcrich"));
    }

    #[test]
    fn many_stars_end_soon() {
        let name = "a".repeat(20_000);
        assert!(!fits(&"*a".repeat(40).replace("*a*a", "*aa*a"), &(name.clone() + "b")));
        assert!(fits(&("*a".repeat(40) + "*"), &name));
    }

    #[test]
    fn without_a_list_everybody_may_come() {
        assert_eq!(AllowList::default().refusal(&leaf("alice")), None);
    }

    #[test]
    fn an_empty_list_admits_nobody_and_forgets_what_was_in_it() {
        let empty = list(&["*"]).with(None).unwrap();
        let error = empty.refusal(&leaf("alice")).unwrap();
        assert_eq!(error.kind(), Kind::NotAllowed);
        assert!(empty.with(Some("CN=alice")).unwrap().refusal(&leaf("alice")).is_none());
        assert!(empty.with(Some("CN=alice")).unwrap().refusal(&leaf("bob")).is_some());
    }

    #[test]
    fn any_pattern_of_the_list_is_enough() {
        let two = list(&["CN=dogfood", "CN=libvirt*"]);
        assert_eq!(two.refusal(&leaf("libvirtstuff")), None);
        assert!(two.refusal(&leaf("other")).is_some());
    }

    #[test]
    fn an_empty_pattern_is_an_error() {
        assert_eq!(AllowList::default().with(Some("")).unwrap_err().kind(), Kind::Invalid);
    }

    #[test]
    fn the_words_hold_the_name_as_the_list_wants_it() {
        let error = list(&["CN=bob"]).refusal(&leaf("a,b")).unwrap();
        assert!(error.message().contains("CN=a\\,b"), "{error}");
        assert!(error.hint().ends_with(": CN=a\\,b"), "{}", error.hint());
        let pasted = error.hint().rsplit(": ").next().unwrap().to_owned();
        assert_eq!(list(&[&pasted]).refusal(&leaf("a,b")), None);
    }

    #[test]
    fn no_name_is_offered_as_a_pattern_that_admits_others() {
        for name in ["*", "a?", "a*b", "?"] {
            let error = list(&["CN=bob"]).refusal(&leaf(name)).unwrap();
            assert!(error.message().contains(name), "{error}");
            assert!(!error.hint().contains("tlsconn_ctx_allow_dn"), "{}", error.hint());
        }
    }

    #[test]
    fn a_name_without_a_text_is_on_no_list() {
        let error = list(&["*"]).refusal(&leaf("")).unwrap();
        assert!(error.message().contains("no distinguished name"), "{error}");
    }
}
