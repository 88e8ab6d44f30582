//! A migration runs beside a service: it may wait for a lock for a moment only, because everybody
//! who comes after it waits behind it, and it reads no table while it holds one.

use super::source::{Source, assert_clean, assert_complains, sources};

/// The first migration that this is asked of; those before have landed.
const FIRST: u32 = 26;
/// What a migration may wait for a lock at most, in milliseconds.
const LOCK_MS_MAX: u32 = 1000;
/// From here on it says nothing of that: `db/migration.rs` does, and waits for a moment only.
const FIRST_SILENT: u32 = 35;
/// The first line of a migration that is run outside a transaction: an index is built beside others
/// who write. `db/migration.rs` says how long it waits, and takes away what is left of one that
/// failed.
const BESIDE: &str = "-- no-transaction\n";
/// From here on indexes of tables that have rows are built so.
const FIRST_BESIDE: u32 = 32;
/// From here on there may be a board that carries allocations on by the journal.
const FIRST_CARRIED: u32 = 35;

/// Migrations that would keep bookings waiting.
fn impatient(file: &Source) -> Vec<String> {
    let number: Option<u32> = file.stem().split('_').next().and_then(|part| part.parse().ok());
    let Some(number @ FIRST..) = number else { return Vec::new() };
    let text = without_comments(&file.text);
    if file.text.starts_with(BESIDE) {
        let is_such = text.split(';').map(str::trim).eq([text.trim_end_matches(';'), ""])
            && text
                .split_once(" concurrently if not exists ")
                .is_some_and(|(begin, _)| matches!(begin, "create index" | "create unique index"));
        let complaint =
            format!("{}: must be one create index concurrently if not exists", file.path);
        return if is_such { Vec::new() } else { vec![complaint] };
    }
    let mut complaints = Vec::new();
    for index in text.split(';').filter(|_| number >= FIRST_BESIDE).filter_map(indexed_table) {
        if !text.contains(&format!("create table {index} (")) {
            complaints.push(format!("{}: an index of {index} is built concurrently", file.path));
        }
    }
    let mut statements = text.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    if number >= FIRST_SILENT {
        if text.contains("lock_timeout") {
            complaints.push(format!("{}: dosebook migrate sets lock_timeout", file.path));
        }
    } else if !statements.next().is_some_and(waits_a_moment) {
        complaints.push(format!(
            "{}: must begin with set local lock_timeout, of {LOCK_MS_MAX} ms at most",
            file.path
        ));
    }
    for part in text.split(';').filter(|part| part.contains("alter table")) {
        let table =
            part.split("alter table").nth(1).and_then(|rest| rest.split_whitespace().next());
        let is_new = table.is_some_and(|table| text.contains(&format!("create table {table} (")));
        let added = part.split("add c").skip(1).filter(|_| !is_new);
        for added in added {
            let reads = [" check (", " check(", "foreign key", " references "];
            let reads = reads.iter().any(|word| added.contains(word));
            if reads && !added.contains("not valid") {
                let name = added.split_whitespace().nth(1).unwrap_or_default();
                complaints.push(format!("{}: {name} must be added not valid", file.path));
            }
        }
        if part.contains("validate constraint") {
            complaints.push(format!("{}: dosebook migrate validates", file.path));
        }
    }
    complaints
}

/// Migrations that change allocations and do not have every board read them: no line of the journal
/// tells of it.
fn secretive(file: &Source) -> Vec<String> {
    let number: Option<u32> = file.stem().split('_').next().and_then(|part| part.parse().ok());
    let Some(FIRST_CARRIED..) = number else { return Vec::new() };
    let text = without_comments(&file.text);
    let writes = ["update allocation ", "insert into allocation ", "delete from allocation "];
    let is_changed = writes.iter().any(|words| text.contains(words));
    let is_untold = text.contains("update catalogue set revision = revision + 1;");
    match is_changed && !is_untold {
        true => vec![format!("{}: must move catalogue.revision alone", file.path)],
        false => Vec::new(),
    }
}

/// The table of an index that keeps writers out while it is built.
fn indexed_table(statement: &str) -> Option<&str> {
    let made = statement.trim().strip_prefix("create ")?;
    let made = made.strip_prefix("unique ").unwrap_or(made).strip_prefix("index ")?;
    made.split_once(" on ")?.1.split_whitespace().next()
}

fn waits_a_moment(statement: &str) -> bool {
    let value = statement.strip_prefix("set local lock_timeout = '");
    let milliseconds = value.and_then(|value| {
        let value = value.strip_suffix('\'')?;
        match value.strip_suffix("ms") {
            Some(number) => number.parse().ok(),
            None => value.strip_suffix('s')?.parse::<u32>().ok().map(|seconds| seconds * 1000),
        }
    });
    milliseconds.is_some_and(|wait: u32| wait > 0 && wait <= LOCK_MS_MAX)
}

/// In lower case, each line without its comment, the words one blank apart.
fn without_comments(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").to_lowercase()
}

#[test]
fn a_migration_that_changes_allocations_has_them_read() {
    let files = sources("migrations", ".sql");
    assert_clean(&files.iter().flat_map(secretive).collect::<Vec<_>>());
    let complaints = |text: &str| secretive(&Source::new("migrations/0036_a.sql", text));
    let moved =
        "update allocation set channel = 1;\nupdate catalogue set revision = revision + 1;\n";
    assert_clean(&complaints(moved));
    let told = moved.replace("+ 1;", "+ 1, slots_told = slots_told + 1;");
    assert_complains(&complaints(&told), "must move");
    assert_complains(&complaints("delete from allocation where granted = 0;\n"), "must move");
}

#[test]
fn a_migration_keeps_nobody_waiting() {
    let files = sources("migrations", ".sql");
    assert_clean(&files.iter().flat_map(impatient).collect::<Vec<_>>());

    let patient = "-- Why.\nset local lock_timeout = '500ms';\n\
        alter table slot add column a int, add constraint slot_a_check check (a > 0) not valid;\n\
        create table t (a int constraint t_a_check check (a > 0));\n\
        alter table t add constraint t_b_check check (a > 1);\n";
    let complaints = |text: &str| impatient(&Source::new("migrations/0026_a.sql", text));
    assert_clean(&complaints(patient));
    assert_clean(&impatient(&Source::new("migrations/0025_a.sql", "select 1;\n")));
    assert_complains(&complaints("alter table slot add column a int;\n"), "must begin with");
    assert_complains(&complaints(&patient.replace("500ms", "3s")), "must begin with");
    assert_complains(&complaints(&patient.replace(" not valid", "")), "must be added not valid");
    let checked = patient.replace("column a int,", "column a int check (a > 0),");
    assert_complains(&complaints(&checked), "must be added not valid");
    let silent = |text: &str| impatient(&Source::new("migrations/0036_a.sql", text));
    assert_clean(&silent("alter table slot add column a int;\n"));
    assert_complains(&silent(patient), "dosebook migrate sets lock_timeout");
    let scans = format!("{patient}alter table slot validate constraint slot_a_check;\n");
    assert_complains(&complaints(&scans), "dosebook migrate validates");

    let beside = "-- no-transaction\n-- Why.\n\
        create index concurrently if not exists a_idx on slot (a)\n where a > 0;\n";
    let complaints = |text: &str| impatient(&Source::new("migrations/0032_a.sql", text));
    assert_clean(&complaints(beside));
    assert_clean(&complaints(&beside.replace("create index", "create unique index")));
    assert_complains(&complaints(&beside.replace(" if not exists", "")), "must be one");
    assert_complains(&complaints(&format!("{beside}select 1;\n")), "must be one");
    let together = "set local lock_timeout = '1s';\ncreate index a_idx on slot (a);\n";
    assert_complains(&complaints(together), "an index of slot is built concurrently");
    assert_clean(&complaints(&format!("{together}create table slot (a int);\n")));
    assert_clean(&impatient(&Source::new("migrations/0031_a.sql", together)));
}
