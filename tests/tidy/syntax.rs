//! As much of Rust's syntax as the rules need: tokens, `use` trees and paths.

/// Words, `::` and other single characters. Left out are comments, literals of text, lifetimes, and
/// modules that exist only for tests.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => end_of(rest, "*/"),
            '"' => end_of_string(rest),
            '\'' => end_of_char_or_lifetime(rest),
            'r' | 'b' | 'c' if is_raw_string(rest) => end_of_raw_string(rest),
            c if is_part_of_word(c) => {
                let length = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
                tokens.push(&rest[..length]);
                length
            }
            ':' if rest.starts_with("::") => {
                tokens.push("::");
                2
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(&rest[..c.len_utf8()]);
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    without_tests(&tokens)
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of(text: &str, end: &str) -> usize {
    text.find(end).map_or(text.len(), |at| at + end.len())
}

fn end_of_string(text: &str) -> usize {
    let mut is_escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn end_of_char_or_lifetime(text: &str) -> usize {
    let after = &text[1..];
    let first = after.chars().next().map_or(0, char::len_utf8);
    if after.starts_with('\\') {
        return 3 + end_of(&after[2..], "'");
    }
    if after[first..].starts_with('\'') {
        return first + 2;
    }
    1 + after.find(|c| !is_part_of_word(c)).unwrap_or(after.len())
}

/// `r"`, `r#"`, `br##"` and so on; the raw identifier `r#type` is none.
fn is_raw_string(text: &str) -> bool {
    let after = text.trim_start_matches(['b', 'c']);
    let is_prefix = text.len() - after.len() <= 1;
    is_prefix && after.strip_prefix('r').is_some_and(|r| r.trim_start_matches('#').starts_with('"'))
}

fn end_of_raw_string(text: &str) -> usize {
    let quote = end_of(text, "\"");
    let hashes = text[..quote].matches('#').count();
    quote + end_of(&text[quote..], &format!("\"{}", "#".repeat(hashes)))
}

/// Without `#[cfg(test)] mod name { … }`, whoever may see it.
fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    const MODULES: [&[&str]; 2] = [&["mod"], &["pub", "(", "crate", ")", "mod"]];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_tests = |module: &&[&str]| {
            tokens[at..].strip_prefix(&CFG_TEST).is_some_and(|rest| rest.starts_with(module))
        };
        if MODULES.iter().any(is_tests) {
            at += CFG_TEST.len();
            let mut depth = 0;
            while let Some(token) = tokens.get(at) {
                depth += i32::from(*token == "{") - i32::from(*token == "}");
                at += 1;
                if depth == 0 && ["}", ";"].contains(token) {
                    break;
                }
            }
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// One leaf of a `use` tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import<'a> {
    pub(crate) path: Vec<&'a str>,
    /// What the path is called in this file.
    pub(crate) name: &'a str,
}

/// The imports of a file, and the paths of two segments or more in the rest of its code.
pub(crate) fn imports_and_paths<'a>(tokens: &[&'a str]) -> (Vec<Import<'a>>, Vec<Vec<&'a str>>) {
    let (mut imports, mut paths) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        // `use<'a>` in a type is no import.
        if tokens[at] == "use" && tokens.get(at + 1) != Some(&"<") {
            at += 1;
            use_tree(tokens, &mut at, &[], &mut imports);
        } else if is_word(tokens[at]) {
            let mut path = vec![tokens[at]];
            while tokens.get(at + 1) == Some(&"::")
                && tokens.get(at + 2).is_some_and(|t| is_word(t))
            {
                path.push(tokens[at + 2]);
                at += 2;
            }
            if path.len() > 1 {
                paths.push(path);
            }
            at += 1;
        } else {
            at += 1;
        }
    }
    (imports, paths)
}

fn is_word(token: &str) -> bool {
    token.starts_with(is_part_of_word)
}

/// Reads one tree and stops at what ends it: `,`, `}` or `;`.
fn use_tree<'a>(
    tokens: &[&'a str],
    at: &mut usize,
    prefix: &[&'a str],
    found: &mut Vec<Import<'a>>,
) {
    let mut path = prefix.to_vec();
    let (mut alias, mut is_empty) = (None, true);
    while let Some(&token) = tokens.get(*at) {
        match token {
            "," | "}" | ";" => break,
            "{" => {
                while !matches!(tokens.get(*at), None | Some(&"}")) {
                    *at += 1;
                    use_tree(tokens, at, &path, found);
                }
                *at += 1;
                return;
            }
            "as" => {
                alias = tokens.get(*at + 1).copied();
                *at += 1;
            }
            "::" | "*" => {}
            "self" if !path.is_empty() => {}
            word => path.push(word),
        }
        is_empty = false;
        *at += 1;
    }
    // A trailing comma ends nothing.
    if !is_empty {
        let name = alias.or(path.last().copied()).unwrap_or_default();
        found.push(Import { path, name });
    }
}

#[test]
fn comments_literals_and_tests_are_no_tokens() {
    let code = r##"
        // crate::a
        /* crate::b */ fn f<'a>(x: &'a str) { "crate::c \" d"; r#"crate::"e"#; '"'; '\''; crate::g }
        #[cfg(test)]
        mod tests { use super::*; fn t() {} }
        #[cfg(test)]
        pub(crate) mod samples { use crate::i; }
        fn h() {}
    "##;
    let expected = "fn f < > ( x : & str ) { ; ; ; ; crate :: g } fn h ( ) { }";
    assert_eq!(tokens(code).join(" "), expected);
}

#[test]
fn every_leaf_of_a_use_tree_is_an_import() {
    let tokens = tokens("use crate::{a::{self, b as c}, d::*,}; use e; fn f() { g::h(); i }");
    let (imports, paths) = imports_and_paths(&tokens);
    let shown = imports.iter().map(|i| format!("{} as {}", i.path.join("::"), i.name));
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown, ["crate::a as a", "crate::a::b as c", "crate::d as d", "e as e"]);
    assert_eq!(paths, [["g", "h"]]);
}
