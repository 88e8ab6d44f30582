//! README's walk-through, run by bash as it stands there, against the demonstration.

use std::{
    fs::{self, File},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use dosebook::{
    db::Db,
    demo::{self, Loaded, Scale},
    domain::keys::Keys,
    flows::discrepancy::verify,
};
use tokio::process::Command;

use crate::support::{TestApp, app::SECRET, database::TestDatabase};

const README: &str = include_str!("../../README.md");
/// Stands alone on a line of the output before that of each block.
const MARK: &str = "--- the next block ---";
/// What a reader is told to look for.
const PRINTS: &str = "# prints ";
/// The whole of it takes seconds.
const SECONDS_MAX: Duration = Duration::from_secs(120);

/// The shell blocks of the walk-through.
fn blocks(readme: &str) -> Vec<&str> {
    let (_, from) = readme.split_once("\n## Walk-through\n").expect("a walk-through");
    let section = from.split("\n## ").next().expect("its text");
    let fenced = section.split("```sh\n").skip(1);
    fenced.map(|block| block.split("\n```").next().expect("its end")).collect()
}

/// The promises of a block that its output does not keep.
fn broken<'a>(block: &'a str, output: &str) -> Vec<&'a str> {
    let promises = block.lines().filter_map(|line| line.strip_prefix(PRINTS));
    promises.filter(|promise| !output.contains(promise)).collect()
}

async fn demonstration() -> (TestApp, Loaded) {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let scale = Scale { people: 1_000, doses: 230, clinics: 10 };
    let loaded = demo::load(&db, &Keys::new(&SECRET), scale).await.expect("the demonstration");
    db.close().await;
    (TestApp::with().start_on(Arc::new(database)).await, loaded)
}

fn password(loaded: &Loaded, username: &str) -> String {
    let found = loaded.sign_ins.iter().find(|sign_in| sign_in.username == username);
    found.and_then(|sign_in| sign_in.password.clone()).expect("a password that is printed")
}

#[tokio::test]
async fn the_walk_through_does_what_it_says() {
    let blocks = blocks(README);
    let promises: usize = blocks.iter().map(|block| block.matches(PRINTS).count()).sum();
    assert!(blocks.len() >= 8 && promises >= 12, "{} blocks, {promises} promises", blocks.len());
    let (app, loaded) = demonstration().await;
    let folder = tempfile::tempdir().expect("a folder");
    let script = blocks.iter().map(|block| format!("echo '{MARK}'\n{block}\n"));
    let printed = folder.path().join("printed");
    let file = File::create(&printed).expect("a file for what is printed");
    let mut bash = Command::new("bash")
        .args(["-euc", &script.collect::<String>()])
        .current_dir(folder.path())
        .env("URL", &app.url)
        .env("CODES_URL", app.codes_url.as_ref().expect("codes are shown"))
        .env("STAFF_PASSWORD", password(&loaded, "clinic-1"))
        .env("ADMIN_PASSWORD", password(&loaded, "admin"))
        .env("no_proxy", "127.0.0.1")
        .stdin(Stdio::null())
        .stderr(file.try_clone().expect("the same file"))
        .stdout(file)
        .kill_on_drop(true)
        .spawn()
        .expect("bash");
    let done = tokio::time::timeout(SECONDS_MAX, bash.wait()).await;
    let output = fs::read_to_string(&printed).expect("what was printed");
    let is_done = matches!(done, Ok(Ok(status)) if status.success());
    assert!(is_done, "{done:?}\n{output}");
    let outputs: Vec<&str> = output.split(MARK).skip(1).collect();
    assert_eq!(outputs.len(), blocks.len());
    for (block, output) in blocks.iter().zip(outputs) {
        let broken = broken(block, output);
        assert!(broken.is_empty(), "{block}\ndoes not print {broken:?} but\n{output}");
    }
    assert_eq!(verify(&app.app.db).await.expect("verified"), []);
}

#[test]
fn a_promise_that_is_not_kept_is_noticed() {
    let readme = "# x\n\n## Walk-through\n\n```sh\na\n# prints b\n# prints c\n```\n\n\
                  ## More\n```sh\nd\n```\n";
    let blocks = blocks(readme);
    assert_eq!(blocks, ["a\n# prints b\n# prints c"]);
    assert_eq!(broken(blocks[0], "xbx"), ["c"]);
    assert!(broken(blocks[0], "c\nb").is_empty());
}
