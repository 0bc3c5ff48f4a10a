//! Makes the C header from the files in `src/ffi/`: `header OUT`.
//!
//! cbindgen writes every type first and every function behind; a reader wants chapters. So
//! its output is cut into declarations, and each is put into the chapter whose file declares
//! it, in the order in which `src/ffi.rs` names the files. The opaque handles come first,
//! because every chapter uses them. Nothing is added to a declaration and nothing is lost.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// One file of the C face: its title in the header, and the names that it declares.
struct Chapter {
    path: PathBuf,
    title: Option<String>,
    names: Vec<String>,
    has_modules: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).ok_or("usage: header OUT")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut chapters = Vec::new();
    read_chapters(&root.join("src/ffi.rs"), &mut chapters)?;
    let mut builder = cbindgen::Builder::new()
        .with_config(cbindgen::Config::from_file(root.join("cbindgen.toml"))?);
    // cbindgen would follow the modules of a file that has any, to the wrong place.
    for chapter in chapters.iter().filter(|chapter| !chapter.has_modules) {
        builder = builder.with_src(&chapter.path);
    }
    // A list of numbers that no prototype mentions is still part of the header.
    for name in chapters.iter().filter(|c| c.title.is_some()).flat_map(|c| &c.names) {
        builder = builder.include_item(name);
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    fs::write(&out, in_chapters(&String::from_utf8(text)?, &chapters)?)?;
    Ok(())
}

/// `module` itself and the modules that it names, in its order.
fn read_chapters(module: &Path, chapters: &mut Vec<Chapter>) -> Result<(), Box<dyn Error>> {
    let text =
        fs::read_to_string(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let mut title = None;
    let mut names = Vec::new();
    let mut inner = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("//! Chapter \"") {
            title = rest.split('"').next().map(str::to_owned);
        } else if let Some(name) = inner_module(line) {
            inner.push(module.with_extension("").join(format!("{name}.rs")));
        } else {
            names.extend(declared(line).map(str::to_owned));
        }
    }
    chapters.push(Chapter {
        path: module.to_owned(),
        title,
        names,
        has_modules: !inner.is_empty(),
    });
    inner.iter().try_for_each(|path| read_chapters(path, chapters))
}

/// The module that a line of Rust declares; tests do not count.
fn inner_module(line: &str) -> Option<&str> {
    let (visibility, name) = line.strip_suffix(';')?.split_once("mod ")?;
    let item = visibility.is_empty() || visibility.starts_with("pub");
    (item && name != "tests").then_some(name)
}

/// The C name that a line of Rust declares.
fn declared(line: &str) -> Option<&str> {
    let item = line.strip_prefix("pub ")?;
    let item = item.strip_prefix("unsafe ").unwrap_or(item);
    ["enum ", "struct ", "type ", "extern \"C\" fn "]
        .iter()
        .find_map(|keyword| item.strip_prefix(keyword))
        .and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

/// The text of cbindgen, put into the order of the chapters.
fn in_chapters(text: &str, chapters: &[Chapter]) -> Result<String, Box<dyn Error>> {
    const OPEN: &str = "extern \"C\" {\n#endif\n";
    const GUARD: &str = "#endif  /* TLSCONN_H */";
    let (head, rest) = text.split_once(OPEN).ok_or("no start of the declarations")?;
    // cbindgen writes the trailer behind the end of the guard, where it does not belong.
    let (body, trailer) = rest.split_once(GUARD).ok_or("no end of the declarations")?;

    let mut handles = String::new();
    let mut bodies = vec![String::new(); chapters.len()];
    for block in body.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let code = block.rsplit("*/").next().unwrap_or(block);
        let place = if code.trim_start().starts_with("typedef struct") && !code.contains('{') {
            &mut handles
        } else {
            let chapter = words(code)
                .find_map(|word| chapters.iter().position(|c| c.declares(word, code)))
                .ok_or_else(|| format!("no chapter declares:\n{block}"))?;
            &mut bodies[chapter]
        };
        place.push_str(block);
        place.push_str("\n\n");
    }
    let mut out = format!("{head}{OPEN}\n{handles}");
    for (chapter, body) in chapters.iter().zip(&bodies).filter(|(_, body)| !body.is_empty()) {
        let title = chapter
            .title
            .as_ref()
            .ok_or_else(|| format!("{}: no `//! Chapter \"…\"`", chapter.path.display()))?;
        out.push_str(&format!("/* ---------- {title} ---------- */\n\n{body}"));
    }
    out.push_str(&format!("{}\n\n{GUARD}\n", trailer.trim()));
    Ok(out)
}

impl Chapter {
    /// Whether `code` is where `word` is declared, not merely used: a handle that a function
    /// returns stands before its name.
    fn declares(&self, word: &str, code: &str) -> bool {
        let used = code.contains(&format!("{word} *")) && !code.contains(&format!("{word} {{"));
        !used && self.names.iter().any(|name| name == word)
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
