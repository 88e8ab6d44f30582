//! docs/guards.md names every guard of the clinic's day and the test that takes it away.

use std::{collections::BTreeSet, fs, path::Path};

/// Where the guards stand.
const RULES: [&str; 9] = [
    "src/domain/visit_rule.rs",
    "src/domain/visit_batch.rs",
    "src/domain/walk_in.rs",
    "src/domain/batch.rs",
    "src/domain/day.rs",
    "src/domain/day_close.rs",
    "src/domain/day_dose.rs",
    "src/flows/day_close.rs",
    "src/flows/day_dose.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// The rows of the table: the guard, and the name of its control.
fn rows(text: &str) -> Vec<(String, String)> {
    let name = |cell: &str| {
        let cell = cell.trim().strip_prefix('`')?.strip_suffix('`')?;
        Some(cell.to_owned())
    };
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim().trim_matches('|').split('|').collect();
        Some((name(cells.first()?)?, name(cells.last()?)?))
    });
    rows.collect()
}

/// Causes of refusals that the rules give, in snake case.
fn causes(source: &str) -> BTreeSet<String> {
    let rules = source.split("#[cfg(test)]").next().unwrap_or_default();
    let snake = |name: &str| {
        let mut out = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !out.is_empty() {
                out.push('_');
            }
            out.extend(letter.to_lowercase());
        }
        out
    };
    let named = rules.split("Detail::").skip(1).map(word);
    named.filter(|name| name.starts_with(char::is_uppercase)).map(snake).collect()
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default()
}

fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root().join("tests/it"), root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(path).unwrap();
                names.extend(text.split("fn ").skip(1).map(|rest| word(rest).to_owned()));
            }
        }
    }
    names
}

#[test]
fn every_guard_stands_in_the_table_with_a_control_that_there_is() {
    let rows = rows(&read("docs/guards.md"));
    assert!(rows.len() > 30, "the table is read: {}", rows.len());
    let tests = tests();
    let named: BTreeSet<_> = rows.iter().map(|(guard, _)| guard.clone()).collect();
    for (guard, control) in &rows {
        assert!(tests.contains(control), "{guard}: there is no test {control}");
    }
    let given: BTreeSet<_> = RULES.iter().flat_map(|path| causes(&read(path))).collect();
    let missing: Vec<_> = given.difference(&named).collect();
    assert_eq!(missing, [""; 0], "guards without a control in docs/guards.md");
    // The control: a cause that no row names is found.
    let new = causes("Err(refused(Detail::MoonTooFull { on_date }))");
    assert_eq!(new.difference(&named).collect::<Vec<_>>(), ["moon_too_full"]);
}
