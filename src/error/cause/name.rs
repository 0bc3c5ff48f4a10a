//! Names of files in hints: whole, and quoted where a command is to be pasted into a shell.

use std::path::Path;

use super::super::escape::is_shown_as_it_is;

/// The most bytes of a quoted name: a command has up to four of them.
const LONGEST: usize = 180;

/// How the source of a text begins that came from memory: it has no name.
const MEMORY: &str = "the PEM text";

/// The name of a file or a directory for a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName(Option<String>);

impl FileName {
    /// That of a path.
    pub(crate) fn of(path: &Path) -> Self {
        Self(path.to_str().filter(|text| can_be_pasted(text)).map(str::to_owned))
    }

    /// That of what sentences call a text: the path of its file, made safe to show, or the words for
    /// a text in memory.
    pub(crate) fn of_source(source: &str) -> Self {
        // An escape, or the mark of a path that was cut: this is not the name any more.
        let is_whole = !source.contains('\\') && !source.starts_with("...");
        let is_name = is_whole && !source.starts_with(MEMORY);
        Self(Some(source).filter(|text| is_name && can_be_pasted(text)).map(str::to_owned))
    }

    /// The name, quoted; `FILE` where it cannot be shown as it is.
    pub(super) fn quoted(&self) -> String {
        self.with_ending("", "FILE")
    }

    /// The name for what a command makes of the file, quoted; `NEW` where it cannot be shown.
    pub(super) fn new_one(&self) -> String {
        self.with_ending(".new", "NEW")
    }

    /// The name with an ending, quoted; else `instead`.
    pub(super) fn with_ending(&self, ending: &str, instead: &str) -> String {
        let name = self.0.as_ref().map(|name| quoted(&format!("{name}{ending}")));
        name.unwrap_or_else(|| instead.to_owned())
    }
}

/// Whether a command with this name, quoted, is shown whole and as it is.
fn can_be_pasted(name: &str) -> bool {
    let is_plain = is_shown_as_it_is(name) && !name.contains(char::REPLACEMENT_CHARACTER);
    !name.is_empty() && is_plain && quoted(name).len() <= LONGEST
}

/// The name as one word of a shell that no program takes for an option.
fn quoted(name: &str) -> String {
    let name = if name.starts_with('-') { format!("./{name}") } else { name.to_owned() };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if name.chars().all(is_plain) { name } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        FileName::of(Path::new(text)).quoted()
    }

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        for (path, expected) in [
            ("/etc/pki/ca.pem", "/etc/pki/ca.pem"),
            ("my keys/a.pem", "'my keys/a.pem'"),
            ("it's.pem", "'it'\\''s.pem'"),
            ("-rf", "./-rf"),
            ("-a b", "'./-a b'"),
            ("~/a", "'~/a'"),
            ("$(reboot).pem", "'$(reboot).pem'"),
            ("a;b`c`&d|e", "'a;b`c`&d|e'"),
            ("back\\slash", "'back\\slash'"),
            ("Schlüssel", "'Schlüssel'"),
        ] {
            assert_eq!(name(path), expected);
        }
    }

    #[test]
    fn a_shell_reads_the_name_as_it_is() {
        for path in
            ["/a b/it's", "-rf", "--help me", "~/a", "$HOME/`id`", "a;b|c&d>e", "#a", "!a*?[b]{c}"]
        {
            let command = format!("printf %s {}", name(path));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            let read = String::from_utf8(output.stdout).unwrap();
            assert_eq!(read.strip_prefix("./").unwrap_or(&read), path, "{command}");
            assert!(!read.starts_with('-'), "{command}");
        }
    }

    #[test]
    fn a_name_that_would_be_shown_otherwise_is_not_in_a_command() {
        use std::os::unix::ffi::OsStrExt;
        let long = "x".repeat(LONGEST + 1);
        for path in ["two  blanks", "new\nline", "\u{202e}gnp", "\u{fffd}", "", &long] {
            assert_eq!(name(path), "FILE", "{path:?}");
        }
        let bytes = std::ffi::OsStr::from_bytes(b"\xff.pem");
        assert_eq!(FileName::of(Path::new(bytes)).quoted(), "FILE");
        assert_eq!(FileName::of(Path::new("")).new_one(), "NEW");
    }

    #[test]
    fn a_source_is_a_name_unless_it_came_from_memory_or_was_changed_to_be_shown() {
        let source = |text: &str| FileName::of_source(text).quoted();
        assert_eq!(source("/a b/key.pem"), "'/a b/key.pem'");
        for other in ["the PEM text of the own key", "/a\\x20b", "...cut/key.pem"] {
            assert_eq!(source(other), "FILE");
        }
        assert_eq!(FileName::of_source("/a b/key.pem").new_one(), "'/a b/key.pem.new'");
    }
}
