//! Every SQL statement in `src/db` begins with the name of its function: the server's log,
//! `pg_stat_activity` and `pg_stat_statements` then say who asked. (The last drops what stands
//! before the first word from PostgreSQL 18 on.)

use super::source::Source;

/// What a statement begins with. `begin`, `commit`, `rollback` and `set` need no name.
const VERBS: &[&str] = &[
    "alter", "analyze", "copy", "create", "delete", "drop", "insert", "lock", "merge", "select",
    "truncate", "update", "values", "with",
];

/// Statements without `/* module::function */`, or with that of another function. A constant
/// outside of functions has its own name for a function's.
pub(super) fn unnamed(source: &Source) -> Vec<String> {
    let Some(file) = source.path.strip_prefix("src/db/") else { return Vec::new() };
    let module = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut complaints = Vec::new();
    for (at, literal) in literals(code) {
        let statement = literal.trim_start();
        let first_word = statement.split_whitespace().next().unwrap_or_default().to_lowercase();
        if !statement.starts_with("/*") && !VERBS.contains(&first_word.as_str()) {
            continue;
        }
        let expected = format!("/* {module}::{} */", item(&code[..at]));
        if !statement.starts_with(&expected) {
            let begins: String = statement.chars().take(40).collect();
            complaints.push(format!("{}: {begins:?} must begin with {expected}", source.path));
        }
    }
    complaints
}

/// The name of the function, or constant outside of functions, whose text this begins.
fn item(before: &str) -> &str {
    let named = |line| {
        let rest = after(line, "fn ").or_else(|| {
            let is_outside = !line.starts_with(' ');
            let rest = after(line, "const ").or_else(|| after(line, "static "));
            rest.filter(|_| is_outside)
        })?;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    };
    before.lines().rev().find_map(named).unwrap_or_default()
}

/// What follows a keyword, which is a word of its own in code.
fn after<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let at = line.find(keyword)?;
    let is_word = line[..at].chars().next_back().is_none_or(|c| c == ' ');
    (is_word && !line.trim_start().starts_with("//")).then(|| &line[at + keyword.len()..])
}

/// The string literals of some code, each with where it begins.
fn literals(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            at += rest[1..].find('\'').unwrap_or(rest.len() - 2) + 2;
        } else if let Some(hashes) = raw(rest) {
            let (open, close) = (hashes + 2, format!("\"{}", "#".repeat(hashes)));
            let len = rest[open..].find(&close).unwrap_or(rest.len() - open);
            found.push((at, &rest[open..open + len]));
            at += open + len + close.len();
        } else if let Some(text) = rest.strip_prefix('"') {
            let len = closing_quote(text);
            found.push((at, &text[..len]));
            at += len + 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// How many hashes a raw string literal that begins here has.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?;
    let text = hashes.trim_start_matches('#');
    text.starts_with('"').then(|| hashes.len() - text.len())
}

fn closing_quote(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            '"' if !is_escaped => return at,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}
