//! What of a source file is compiled into the library.

/// What is compiled into the library: without comments, and without each item behind `#[cfg(test)]`,
/// wherever in the file it stands.
pub(crate) fn product_code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap());
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        // An item ends on its own depth, with `;`, with `,` or with the brace that it opened.
        let indent = line.len() - line.trim_start().len();
        for line in lines.by_ref() {
            let ends = line.ends_with([';', '}', ',']) && !line.trim_start().starts_with("#[");
            if ends && line.len() - line.trim_start().len() == indent {
                break;
            }
        }
    }
    code
}

#[test]
fn code_behind_a_test_item_is_product_code() {
    let text = "use a;\n#[cfg(test)]\nuse b::{\n    c,\n};\n#[cfg(test)]\nmod tests;\nfn d() {}\nimpl E {\n    \
                #[cfg(test)]\n    #[allow(f)]\n    fn g() {\n        h();\n    }\n\n    fn i() {} // j\n}\n\
                #[cfg(test)]\nmod more {\n    fn k() {}\n}\nfn l() {}\n";
    let code = product_code(text);
    for word in ["a;", "d()", "impl E", "i()", "l()"] {
        assert!(code.contains(word), "{word} is missing: {code}");
    }
    for word in ["b::", "c,", "tests", "g()", "h()", "// j", "k()"] {
        assert!(!code.contains(word), "{word} is there: {code}");
    }
}
