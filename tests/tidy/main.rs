//! The rules of the house that no compiler keeps: who imports whom, sizes, names, migrations.
//!
//! Each rule is a function from a source to complaints, and each has a control that feeds it a bad
//! sample: a rule that cannot complain keeps nothing.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that falls over has said what it had to say"
)]

mod circle;
mod kept_aside;
mod migration;
mod mutant;
mod source;
mod state;
mod statement;
mod syntax;

use std::{collections::BTreeSet, fs};

use sha2::{Digest, Sha256};

use source::{Source, assert_clean, assert_complains, root, rust_sources, sources};
use syntax::{imports_and_paths, tokens};

const LINES_MAX: usize = 600;
const LINE_CHARS_MAX: usize = 100;

/// A room of `src`, which of the others it may name, and what it must never mention.
struct Room {
    name: &'static str,
    may_import: &'static [&'static str],
    never: &'static [&'static str],
}

/// Pools, transactions and statements: what only `db` writes down.
const SQL: &[&str] = &["query!", "query_as!", "query_scalar!", "sqlx::query", "actix"];

/// What a handler leaves to flows and `db`.
const HANDLERS: &[&str] = &["sqlx", "in_tx", "in_long_tx", "PgConnection"];

/// Who may import whom, from below. What sits above all of them (`ABOVE`) imports what it likes.
const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        may_import: &[],
        never: &[
            "actix",
            "tokio",
            "sqlx::query",
            "query!",
            "query_as!",
            "query_scalar!",
            "PgExecutor",
            "PgConnection",
            "PgPool",
            "std::env",
            "std::fs",
            "std::net",
            "std::time",
            "Utc::now",
            "getrandom",
        ],
    },
    Room { name: "db", may_import: &["domain"], never: &["actix"] },
    Room { name: "clock", may_import: &[], never: &["actix", "sqlx"] },
    Room { name: "random", may_import: &[], never: &["actix", "sqlx", "getrandom"] },
    Room { name: "words", may_import: &["domain"], never: SQL },
    Room { name: "html", may_import: &[], never: &["actix", "sqlx"] },
    Room { name: "ics", may_import: &["domain", "words"], never: SQL },
    Room { name: "config", may_import: &[], never: &["actix", "sqlx"] },
    Room { name: "telemetry", may_import: &["config", "db", "domain"], never: &["query!"] },
    Room {
        name: "messaging",
        may_import: &["clock", "config", "domain", "ics", "telemetry", "words"],
        never: SQL,
    },
    Room { name: "postgres", may_import: &[], never: &["actix"] },
    Room { name: "board", may_import: &["db", "domain"], never: SQL },
    Room { name: "worker_pool", may_import: &[], never: &["actix", "sqlx"] },
    Room { name: "supervisor", may_import: &["db", "telemetry"], never: SQL },
    Room {
        name: "flows",
        may_import: &["clock", "db", "domain", "supervisor", "telemetry", "worker_pool"],
        never: SQL,
    },
    Room {
        name: "demo",
        may_import: &["clock", "db", "domain", "flows", "random", "telemetry", "words"],
        never: SQL,
    },
    Room {
        name: "rehearsal",
        may_import: &["clock", "db", "domain", "flows", "html", "random", "words"],
        never: SQL,
    },
    Room {
        name: "http",
        may_import: &[
            "board",
            "clock",
            "config",
            "db",
            "domain",
            "flows",
            "messaging",
            "telemetry",
            "words",
            "worker_pool",
        ],
        never: HANDLERS,
    },
    Room {
        name: "api",
        may_import: &[
            "board",
            "clock",
            "config",
            "db",
            "domain",
            "flows",
            "http",
            "messaging",
            "telemetry",
            "words",
            "worker_pool",
        ],
        never: HANDLERS,
    },
    Room {
        name: "web",
        may_import: &[
            "api",
            "board",
            "config",
            "db",
            "domain",
            "flows",
            "html",
            "http",
            "ics",
            "messaging",
            "telemetry",
            "words",
        ],
        never: HANDLERS,
    },
    Room {
        name: "jobs",
        may_import: &[
            "board",
            "clock",
            "config",
            "db",
            "domain",
            "flows",
            "messaging",
            "supervisor",
            "telemetry",
        ],
        never: SQL,
    },
];

/// The wiring and the commands; no room names them.
const ABOVE: &[&str] = &["cli", "lib", "main", "serve", "store"];

/// What a single file may do although others may not.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Turns the database's errors into problems, in one place for all handlers.
    ("src/http/problem.rs", "sqlx"),
];

/// Files of `db` and `api` that are named neither after a table nor after a file of the domain:
/// machinery, counts, and bookings that others make.
#[rustfmt::skip]
const NOT_NOUNS: &[&str] = &[
    "assisted_booking",
    "barrier",
    "board",
    "connect",
    "connection",
    "copy",
    "demo",
    "error",
    "health",
    "lease",
    "metrics",
    "migration",
    "mod",
    "openapi",
    "outcome",
    "rehearsal",
    "safety",
    "staged",
    "template",
    "transaction",
];

fn is_excepted(source: &Source, rule: &str) -> bool {
    EXCEPTIONS.contains(&(source.path.as_str(), rule))
}

/// The rooms named by `crate::room` and `crate::{room, room::thing}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            rooms.insert(first_word(after));
            continue;
        };
        let mut depth = 1;
        let mut expects_name = true;
        for (at, char) in group.char_indices() {
            match char {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => expects_name = true,
                _ if expects_name && char.is_alphabetic() => {
                    rooms.insert(first_word(&group[at..]));
                    expects_name = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Each floor imports only those below it, and keeps to its own tools.
fn floors(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/") || ABOVE.contains(&source.room()) {
        return Vec::new();
    }
    let Some(room) = ROOMS.iter().find(|room| room.name == source.room()) else {
        return vec![format!(
            "{}: say in tests/tidy/main.rs whom this room may import",
            source.path
        )];
    };
    let code = source.code();
    let mut complaints = Vec::new();
    for name in imports(&code) {
        let is_room = ROOMS.iter().any(|r| r.name == name) || ABOVE.contains(&name.as_str());
        if is_room && name != room.name && !room.may_import.contains(&name.as_str()) {
            complaints.push(format!("{}: {} may not import {name}", source.path, room.name));
        }
    }
    for word in room.never.iter().filter(|word| code.contains(*word)) {
        if !is_excepted(source, word) {
            complaints
                .push(format!("{}: {} has no business with `{word}`", source.path, room.name));
        }
    }
    if code.contains("super::super") {
        complaints.push(format!("{}: write crate:: instead of super::super", source.path));
    }
    complaints
}

/// The name of a floor always means the floor.
fn aliases(source: &Source) -> Vec<String> {
    let tokens = tokens(&source.text);
    let (imports, _) = imports_and_paths(&tokens);
    let renamed = imports.iter().filter(|import| import.path.last() != Some(&import.name));
    let floors = renamed.filter(|import| ROOMS.iter().any(|room| room.name == import.name));
    floors
        .map(|import| {
            let (path, name) = (import.path.join("::"), import.name);
            format!("{}: `{path} as {name}`, and {name} is a floor", source.path)
        })
        .collect()
}

/// Short enough to read, and it says what it is for.
fn shape(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = source.text.lines().count();
    if lines > LINES_MAX {
        complaints.push(format!("{}: {lines} lines are more than {LINES_MAX}", source.path));
    }
    if !source.text.starts_with("//! ") {
        complaints.push(format!("{}: open with //! and what this room is for", source.path));
    }
    for (at, line) in source.text.lines().enumerate() {
        let chars = line.chars().count();
        if chars > LINE_CHARS_MAX {
            complaints.push(format!("{}:{}: {chars} characters", source.path, at + 1));
        }
    }
    complaints
}

/// What people read is made in `words` alone: elsewhere, no literal is a sentence.
fn sentences(source: &Source) -> Vec<String> {
    let rooms = ["domain", "flows", "db"];
    if !source.path.starts_with("src/") || !rooms.contains(&source.room()) {
        return Vec::new();
    }
    let code = source.code();
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let is_sentence = |text: &&str| {
        text.starts_with(char::is_uppercase) && text.contains(' ') && text.ends_with('.')
    };
    let found = literals(code).into_iter().filter(is_sentence);
    found.map(|text| format!("{}: {text:?} belongs into src/words", source.path)).collect()
}

/// The string literals of the code, save those of attributes; raw ones are SQL.
fn literals(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once('"') {
        // A quote as a character.
        if before.ends_with('\'') && after.starts_with('\'') {
            rest = after;
            continue;
        }
        let mut end = 0;
        while let Some(at) = after[end..].find('"') {
            end += at;
            let slashes = after[..end].chars().rev().take_while(|c| *c == '\\').count();
            if slashes % 2 == 0 {
                break;
            }
            end += 1;
        }
        let line = before.lines().last().unwrap_or_default().trim_start();
        if !line.starts_with("#[") && !line.ends_with("r#") {
            found.push(&after[..end]);
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    found
}

/// A name says what is inside.
fn name(source: &Source) -> Vec<String> {
    let vague = ["common", "helper", "helpers", "misc", "shared", "util", "utils"];
    let parts = source.path.trim_end_matches(".rs").split('/');
    parts
        .filter(|part| vague.contains(part))
        .map(|part| format!("{}: `{part}` says nothing about what is inside", source.path))
        .collect()
}

/// The same noun has the same file name on every floor.
fn noun(source: &Source, nouns: &BTreeSet<String>) -> Vec<String> {
    let must_be_noun = ["src/db/", "src/api/"].iter().any(|floor| source.path.starts_with(floor));
    let stem = source.stem();
    if !must_be_noun || nouns.contains(stem) || NOT_NOUNS.contains(&stem) {
        return Vec::new();
    }
    vec![format!("{}: `{stem}` is no file of src/domain, no table, no exception", source.path)]
}

/// The files of the domain and the tables of the database.
fn nouns() -> BTreeSet<String> {
    let domain = sources("src/domain", ".rs").into_iter().map(|file| file.stem().to_owned());
    let schema = sources("migrations", ".sql").into_iter().map(|file| file.text);
    let tables = schema
        .flat_map(|sql| sql.split("create table ").skip(1).map(first_word).collect::<Vec<_>>());
    domain.chain(tables).collect()
}

/// What is left to do belongs in an issue.
fn unfinished(source: &Source) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let found = marks.iter().filter(|mark| source.text.contains(*mark));
    found.map(|mark| format!("{}: {mark}", source.path)).collect()
}

/// Migrations are numbered without gaps; one that has landed is never edited, and none is put
/// before it. `landed` is what sha256sum writes: what has landed is listed there.
fn migrations(files: &[Source], landed: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let number = format!("{:04}_", at + 1);
        if !file.stem().starts_with(&number) {
            complaints.push(format!("{}: the next number is {number}", file.path));
        }
    }
    for (at, line) in landed.lines().enumerate() {
        let (sum, name) = line.split_once("  ").unwrap_or((line, ""));
        match files.get(at) {
            Some(file) if !file.path.ends_with(&format!("/{name}")) => {
                complaints.push(format!("{}: {name} has landed in its place", file.path));
            }
            Some(file) if sha256(&file.text) != sum => {
                complaints.push(format!("{}: has landed; write a new migration", file.path));
            }
            Some(_) => {}
            None => complaints.push(format!("{name}: has landed and is gone")),
        }
    }
    complaints
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The map shows every folder of `src`.
fn on_the_map(folders: &[String], map: &str) -> Vec<String> {
    let missing = folders.iter().filter(|folder| !map.contains(&format!("{folder}/")));
    missing.map(|folder| format!("ARCHITECTURE.md does not mention {folder}/")).collect()
}

/// What Cargo.toml asks for is used.
fn unused_dependencies(cargo_toml: &str, sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut lists_dependencies = false;
    for line in cargo_toml.lines() {
        if line.starts_with('[') {
            lists_dependencies = line.ends_with("dependencies]");
        } else if let Some((package, _)) = line.split_once(" = ").filter(|_| lists_dependencies) {
            let path = format!("{}::", package.replace('-', "_"));
            if !sources.iter().any(|source| source.text.contains(&path)) {
                complaints.push(format!("Cargo.toml: nobody uses {package}"));
            }
        }
    }
    complaints
}

#[test]
fn each_floor_imports_only_those_below_it() {
    assert_clean(&rust_sources().iter().flat_map(floors).collect::<Vec<_>>());

    let complaints = |path, text| floors(&Source::new(path, text));
    assert_complains(&complaints("src/domain/a.rs", "use crate::db;"), "not import db");
    let group = "use crate::{\n    domain::{self, Slot},\n    api::Problem,\n};";
    assert_complains(&complaints("src/flows/a.rs", group), "not import api");
    assert_complains(&complaints("src/api/a.rs", "db::in_tx(pool)"), "`in_tx`");
    assert_complains(&complaints("src/api/a.rs", "use super::super::db;"), "super::super");
    assert_complains(&complaints("src/new/a.rs", ""), "whom this room may import");
    assert_clean(&complaints("src/flows/a.rs", "use crate::{db, domain::{app, Slot}};"));
    assert_clean(&complaints("src/domain/a.rs", "// tokio would be wrong here"));
}

#[test]
fn the_name_of_a_floor_always_means_the_floor() {
    assert_clean(&rust_sources().iter().flat_map(aliases).collect::<Vec<_>>());

    let complaints = |text| aliases(&Source::new("src/flows/a.rs", text));
    assert_complains(&complaints("use crate::db::import as db;"), "db is a floor");
    let group = "use crate::{\n    db::{copy::CopyText, import::{self as db, Clinic}},\n};";
    assert_complains(&complaints(group), "`crate::db::import as db`");
    assert_clean(&complaints("use crate::db::{self, import as rows};\nuse std::fmt::Write as _;"));
}

#[test]
fn every_file_is_short_and_says_what_it_is_for() {
    assert_clean(&rust_sources().iter().flat_map(shape).collect::<Vec<_>>());

    let complaints = |text: &str| shape(&Source::new("src/a.rs", text));
    assert_complains(&complaints("use std::fs;"), "open with //!");
    assert_complains(&complaints(&format!("//! A.\n{}", "x\n".repeat(600))), "601 lines");
    assert_complains(&complaints(&format!("//! {}", "é".repeat(97))), "src/a.rs:1: 101");
    assert_clean(&complaints(&format!("//! {}", "é".repeat(96))));
}

#[test]
fn sentences_are_made_in_words_alone() {
    assert_clean(&rust_sources().iter().flat_map(sentences).collect::<Vec<_>>());

    let complaints = |path, text| sentences(&Source::new(path, text));
    let sentence = "fn no() -> Refusal {\n    Refusal::new(\"There is no dose left.\")\n}";
    assert_complains(&complaints("src/flows/a.rs", sentence), "no dose left");
    let later = "let a = '\"';\nlet b = \"x \\\" y\";\nlet c = \"Only {n} are left.\";";
    assert_complains(&complaints("src/domain/a.rs", later), "{n} are left");
    assert_complains(&complaints("src/db/a.rs", "f(\"Two\\\n    lines.\")"), "lines.");
    assert_clean(&complaints("src/words/a.rs", sentence));
    assert_clean(&complaints("src/db/a.rs", "#[error(\"No such row.\")]\n// \"As here.\""));
    assert_clean(&complaints("src/db/a.rs", "query!(\"Select a from b\"), \"code\""));
    let test = format!("#[cfg(test)]\nmod tests {{ {sentence} }}");
    assert_clean(&complaints("src/domain/a.rs", &test));
}

#[test]
fn every_name_says_what_is_inside() {
    assert_clean(&rust_sources().iter().flat_map(name).collect::<Vec<_>>());

    assert_complains(&name(&Source::new("src/api/utils.rs", "")), "`utils`");
    assert_complains(&name(&Source::new("tests/it/common/mod.rs", "")), "`common`");
}

#[test]
fn the_same_noun_has_the_same_file_name_on_every_floor() {
    let real = nouns();
    assert_clean(&rust_sources().iter().flat_map(|file| noun(file, &real)).collect::<Vec<_>>());

    let nouns = BTreeSet::from(["slot".to_owned()]);
    assert_complains(&noun(&Source::new("src/db/slots.rs", ""), &nouns), "`slots`");
    assert_clean(&noun(&Source::new("src/api/slot.rs", ""), &nouns));
}

#[test]
fn every_dependency_is_used() {
    let packages: [(&str, &[&str]); 2] = [("", &["src", "tests"]), ("bench", &["bench/src"])];
    for (package, folders) in packages {
        let cargo_toml = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        let sources: Vec<_> = folders.iter().flat_map(|folder| sources(folder, ".rs")).collect();
        assert_clean(&unused_dependencies(&cargo_toml, &sources));
    }

    let cargo_toml = "[dev-dependencies]\nchrono-tz = \"1\"\nuuid = \"1\"\n[lints.rust]\nx = 1";
    let sources = [Source::new("src/a.rs", "use chrono_tz::Tz;")];
    let complaints = unused_dependencies(cargo_toml, &sources);
    assert_eq!(complaints, ["Cargo.toml: nobody uses uuid"]);
}

#[test]
fn every_statement_begins_with_the_name_of_its_function() {
    let files = sources("src/db", ".rs");
    assert_clean(&files.iter().flat_map(statement::unnamed).collect::<Vec<_>>());

    let complaints = |path, text| statement::unnamed(&Source::new(path, text));
    let clean = |text| assert_clean(&complaints("src/db/a/b.rs", text));
    clean("fn find() { query!(\"/* a::b::find */ select 1\") }");
    clean("fn find() {\n    query!(\n        r#\"/* a::b::find */\n    select \"x\" \"#)\n}");
    clean("const INTO: &str = \"/* a::b::INTO */ copy t from stdin\";");
    clean("fn begin() { conn.execute(\"begin\"); conn.execute(\"set local jit = off\") }");
    clean("fn quote() { push('\"'); query!(\"/* a::b::quote */ select 1\") }");
    assert_clean(&complaints("src/db/a/mod.rs", "fn all() { query!(\"/* a::all */ select 1\") }"));
    let missing = complaints("src/db/a/b.rs", "fn find() { staged(\"delete from t\") }");
    assert_complains(&missing, "must begin with /* a::b::find */");
    let wrong = "fn find() {}\nfn list() { query!(r#\"/* a::b::find */ select 1\"#) }";
    assert_complains(&complaints("src/db/a/b.rs", wrong), "must begin with /* a::b::list */");
}

#[test]
fn nothing_is_left_for_later() {
    let mut files = rust_sources();
    files.extend(sources("migrations", ".sql"));
    assert_clean(&files.iter().flat_map(unfinished).collect::<Vec<_>>());

    let later = concat!("//! A.\n// TO", "DO: the rest");
    assert_complains(&unfinished(&Source::new("src/a.rs", later)), "src/a.rs");
}

#[test]
fn migrations_have_no_gaps_and_never_change_once_landed() {
    let landed = fs::read_to_string(root().join("migrations/landed.sha256")).unwrap();
    assert_clean(&migrations(&sources("migrations", ".sql"), &landed));

    let files = || {
        vec![
            Source::new("migrations/0001_place.sql", "select 1;\n"),
            Source::new("migrations/0002_person.sql", "select 2;\n"),
        ]
    };
    let landed = format!("{}  0001_place.sql\n", sha256("select 1;\n"));
    assert_clean(&migrations(&files(), &landed));
    assert_complains(&migrations(&[], &landed), "is gone");
    assert_complains(&migrations(&files()[1..], ""), "the next number is 0001");
    let mut edited = files();
    edited[0].text.push_str("-- a small correction\n");
    assert_complains(&migrations(&edited, &landed), "write a new migration");
    let mut renamed = files();
    renamed[0].path = "migrations/0001_region.sql".to_owned();
    assert_complains(&migrations(&renamed, &landed), "has landed in its place");
}

#[test]
fn the_map_shows_every_folder() {
    let entries = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap());
    let folders: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert_clean(&on_the_map(&folders, &map));

    assert_complains(&on_the_map(&["attic".to_owned()], "src/domain/ nouns"), "attic/");
}
