//! The tables of `make test-mutants`: what they edit is there, the tests that they name are there,
//! and each guard and each mend of docs/guards.md is taken away by one of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use toml::{Table, Value};

use super::source::{assert_clean, assert_complains, root, sources};

const GUARDS: &str = "docs/guards.md";
/// The heading below which faults stand, and not guards.
const FAULTS: &str = "## After a stall, and at the doors";
/// What an entry may say.
const KEYS: &[&str] = &[
    "name", "guards", "fault", "test", "file", "find", "replace", "also", "sql", "seconds", "hangs",
];
/// How a replacement names the switch of its entry.
const SWITCH: &str = "MUTANT";

/// What the tables say, and what they speak of.
struct Tables {
    mutants: Vec<Table>,
    /// Rows that no mutant takes away, and why.
    left_out: Vec<(String, String)>,
    guards: BTreeSet<String>,
    faults: BTreeSet<String>,
}

impl Tables {
    fn read() -> Self {
        let guards = fs::read_to_string(root().join(GUARDS)).expect(GUARDS);
        let texts: Vec<_> = sources("tests/mutants", ".toml");
        Self::of(texts.iter().map(|file| file.text.as_str()), &guards)
    }

    fn of<'a>(tables: impl Iterator<Item = &'a str>, guards: &str) -> Self {
        let (mut mutants, mut left_out) = (Vec::new(), Vec::new());
        for text in tables {
            let table: Table = text.parse().expect("TOML");
            mutants.extend(list(&table, "mutant"));
            left_out.extend(list(&table, "left_out").into_iter().map(|one| {
                let row = one.get("guard").or(one.get("fault")).and_then(Value::as_str);
                (row.expect("a guard or a fault").to_owned(), word(&one, "why").to_owned())
            }));
        }
        let (before, after) = guards.split_once(FAULTS).expect(FAULTS);
        let named = |cells: &Vec<&str>| cells.len() == 4 && cells[0].starts_with('`');
        let guards = rows(before).filter(named);
        let guards = guards.map(|cells| format!("{}: {}", cells[0].trim_matches('`'), cells[2]));
        let after = after.split("\n## ").next().unwrap_or_default();
        let faults = rows(after).filter(|cells| !["fault", "---"].contains(&cells[0]));
        let faults = faults.map(|cells| cells[0].to_owned());
        Self { guards: guards.collect(), faults: faults.collect(), mutants, left_out }
    }

    fn complaints(&self, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut complaints = self.of_entries(&read);
        complaints.extend(self.of_edits(&read));
        complaints.extend(self.of_rows());
        complaints
    }

    /// About each entry by itself.
    fn of_entries(&self, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut names = BTreeSet::new();
        let replaced: Vec<_> = self.mutants.iter().flat_map(edits).collect();
        for one in &self.mutants {
            let name = word(one, "name");
            let mut complain = |what: String| complaints.push(format!("{name}: {what}"));
            if !names.insert(name) {
                complain("two mutants are called so".to_owned());
            }
            for key in one.keys().filter(|key| !KEYS.contains(&key.as_str())) {
                complain(format!("an entry has no {key}"));
            }
            if strings(one, "guards").is_empty() && word(one, "fault").is_empty() {
                complain("it takes away no guard and no mend".to_owned());
            }
            let is_named = |edit: &Table| {
                let call = format!("crate::mutant(\"{name}\")");
                let own = one.get("find") == edit.get("find") || also(one).contains(edit);
                let replace = word(edit, "replace");
                (own && replace.contains(SWITCH)) || replace.contains(&call)
            };
            if !one.contains_key("sql") && !replaced.iter().any(is_named) {
                complain("nothing asks for its switch".to_owned());
            }
            if !has_test(word(one, "test"), &read) {
                complain(format!("there is no test {}", word(one, "test")));
            }
        }
        complaints
    }

    /// About what is edited: each text is there once, and no two touch.
    fn of_edits(&self, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut taken: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for one in &self.mutants {
            for edit in edits(one) {
                let (path, find) = (word(&edit, "file"), word(&edit, "find"));
                let text = read(path).unwrap_or_default();
                let found: Vec<_> = text.match_indices(find).map(|(at, _)| at).collect();
                let [at] = found[..] else {
                    let (name, times) = (word(one, "name"), found.len());
                    complaints.push(format!("{name}: {path} has {times} of its text, not one"));
                    continue;
                };
                taken.entry(path.to_owned()).or_default().push((at, at + find.len()));
            }
        }
        for (path, mut spans) in taken {
            spans.sort_unstable();
            let touch = spans.windows(2).filter(|pair| pair[1].0 < pair[0].1);
            complaints.extend(touch.map(|pair| format!("{path}: two edit at {}", pair[1].0)));
        }
        complaints
    }

    /// About rows that nobody takes away, and names of rows that there are not.
    fn of_rows(&self) -> Vec<String> {
        let rows: BTreeSet<_> = self.guards.union(&self.faults).map(String::as_str).collect();
        let of_mutants = self.mutants.iter().flat_map(|one| {
            strings(one, "guards").into_iter().chain(one.get("fault").and_then(Value::as_str))
        });
        let taken: BTreeSet<_> = of_mutants.collect();
        let left_out: BTreeSet<_> = self.left_out.iter().map(|(row, _)| row.as_str()).collect();
        let mut complaints = Vec::new();
        for row in &rows {
            match (taken.contains(row), left_out.contains(row)) {
                (false, false) => complaints.push(format!("no mutant takes away {row:?}")),
                (true, true) => complaints.push(format!("{row:?} is taken away and left out")),
                _ => {}
            }
        }
        for row in taken.union(&left_out).filter(|row| !rows.contains(**row)) {
            complaints.push(format!("{GUARDS} has no row {row:?}"));
        }
        let unsaid = self.left_out.iter().filter(|(_, why)| why.len() < 20);
        complaints.extend(unsaid.map(|(row, _)| format!("{row:?} is left out without a reason")));
        complaints
    }
}

fn list(table: &Table, key: &str) -> Vec<Table> {
    let entries = table.get(key).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_table).cloned().collect()
}

fn word<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn strings<'a>(table: &'a Table, key: &str) -> Vec<&'a str> {
    let entries = table.get(key).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_str).collect()
}

fn also(one: &Table) -> Vec<Table> {
    list(one, "also")
}

/// What an entry edits; one that shares the edit of another has none.
fn edits(one: &Table) -> Vec<Table> {
    let own = one.contains_key("file").then(|| one.clone());
    own.into_iter().chain(also(one)).collect()
}

/// The cells of each row of the tables in Markdown.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// Whether a file of the tree has a test of this name where its path says.
fn has_test(test: &str, read: impl Fn(&str) -> Option<String>) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let module = module.strip_suffix("::tests").unwrap_or(module).replace("::", "/");
    let places = ["tests/it", "src"]
        .map(|room| [format!("{room}/{module}.rs"), format!("{room}/{module}/mod.rs")]);
    let is_there = |text: String| text.contains(&format!("fn {name}("));
    places.iter().flatten().any(|path| read(path).is_some_and(is_there))
}

#[test]
fn the_tables_of_mutants_are_true() {
    let tables = Tables::read();
    assert!(tables.mutants.len() > 100 && tables.guards.len() > 50, "the tables are read");
    assert_clean(&tables.complaints(|path| fs::read_to_string(root().join(path)).ok()));
}

#[test]
fn a_table_of_mutants_that_is_not_true_is_told() {
    let guards = format!(
        "| guard | answer | what it keeps off | control |\n|---|---|---|---|\n\
         | `shut` | 409 | somebody comes in | `a_test` |\n\n{FAULTS}\n\n\
         | fault | what goes wrong |\n|---|---|\n| a draught | it is cold |\n"
    );
    let good = "[[mutant]]\nname = 'open'\nguards = ['shut: somebody comes in']\n\
        test = 'door::a_test'\nfile = 'src/door.rs'\nfind = 'if is_shut {'\n\
        replace = 'if is_shut && !MUTANT {'\n\
        [[left_out]]\nfault = 'a draught'\nwhy = 'The wind is not in the tree.'\n";
    let read = |path: &str| match path {
        "src/door.rs" => Some("if is_shut {\n} fn is_open() { if is_open {} }".to_owned()),
        "tests/it/door.rs" => Some("fn a_test() {}".to_owned()),
        _ => None,
    };
    let complaints = |text: &str| Tables::of([text].into_iter(), &guards).complaints(read);
    assert_clean(&complaints(good));
    let with = |from: &str, to: &str| complaints(&good.replace(from, to));
    assert_complains(&with("if is_shut {", "if is_late {"), "has 0 of its text");
    assert_complains(&with("'if is_shut {'", "'if is_'"), "has 2 of its text");
    assert_complains(&with("!MUTANT", "false"), "nothing asks for its switch");
    assert_complains(&with("::a_test", "::another"), "there is no test");
    assert_complains(&with("guards", "gards"), "an entry has no gards");
    assert_complains(&with("guards", "gards"), "it takes away no guard");
    assert_complains(&with("guards", "gards"), "no mutant takes away \"shut: somebody");
    assert_complains(&with("comes in", "goes out"), "has no row \"shut: somebody goes out\"");
    assert_complains(&with("The wind is not in the tree.", "?"), "without a reason");
    assert_complains(&with("[[left_out]]\nfault", "[[lost]]\nfault"), "no mutant takes away");
    let (mutant, rest) = good.split_once("[[left_out]]").expect("both");
    let twice = format!("{mutant}{mutant}[[left_out]]{rest}");
    assert_complains(&complaints(&twice), "two mutants are called so");
    assert_complains(&complaints(&twice), "two edit at");
}
