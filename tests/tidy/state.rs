//! What a process knows stands in values that are passed in, so that a test can run two services in
//! one process and see which of them did what.

use crate::{
    source::{Source, assert_clean, assert_complains, sources},
    syntax::tokens,
};

/// Statics that never change once they are made.
const CONSTANTS: &[(&str, &str)] = &[
    // The contract, compressed once.
    ("src/api/openapi.rs", "DOCUMENT"),
    // The files of migrations/.
    ("src/db/mod.rs", "MIGRATOR"),
    // Where the files of the pages lie: a hash of each, computed once.
    ("src/web/asset.rs", "PATHS"),
    // The page at /docs, written once.
    ("src/web/docs/mod.rs", "PAGE"),
];

fn statics(source: &Source) -> Vec<String> {
    let tokens = tokens(&source.text);
    let mut complaints = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = |n: usize| tokens.get(at + n).copied().unwrap_or_default();
        let name = match *token {
            "static" if next(1) == "mut" => next(2),
            "static" => next(1),
            "thread_local" => "thread_local!",
            _ => continue,
        };
        if !CONSTANTS.contains(&(source.path.as_str(), name)) {
            let path = &source.path;
            complaints.push(format!("{path}: {name} is state of the process; pass it in"));
        }
    }
    complaints
}

#[test]
fn no_state_is_kept_in_statics() {
    assert_clean(&sources("src", ".rs").iter().flat_map(statics).collect::<Vec<_>>());

    let complaints = |text| statics(&Source::new("src/a.rs", text));
    assert_complains(&complaints("pub static TURN: Semaphore = Semaphore::const_new(1);"), "TURN");
    assert_complains(&complaints("static mut COUNT: u64 = 0;"), "COUNT");
    assert_complains(&complaints("fn f() { static N: AtomicU64 = AtomicU64::new(0); }"), "N is");
    assert_complains(&complaints("thread_local! { static X: Cell<u8> = Cell::new(0) }"), "thread");
    assert_clean(&complaints("const NAME: &'static str = \"static\";"));
    assert_clean(&complaints("#[cfg(test)]\nmod tests { static N: AtomicU64 = X; }"));
}
