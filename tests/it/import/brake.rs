//! What is far more than usual stops whole, and asks.

use serde_json::{Value, json};

use super::{all_counts, command, number, people, post};
use crate::support::{Client, TestApp, make};

const HEADER: &str = "name,birth_date,phone,region_code";

fn register(rows: std::ops::Range<u32>, region: &str) -> String {
    let row = |n: u32| format!("Person {n},1962-03-01,011{n:08},{region}\n");
    format!("{HEADER}\n{}", rows.map(row).collect::<String>())
}

async fn start() -> (TestApp, Client) {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    post(&admin, "register", register(0..180, "P1D1")).await.ok(200);
    assert_eq!(people(&app.db).await, 200);
    (app, admin)
}

#[track_caller]
fn shares(asked: &Value) -> (&Value, u64) {
    (&asked["facts"]["shares"], asked["facts"]["confirm"].as_u64().unwrap())
}

#[tokio::test]
async fn a_file_that_changes_far_more_than_usual_asks() {
    let (app, admin) = start().await;
    let moved = "select count(*) from person join region using (region_id) where code = 'P1D2'";
    let before = number(&app.db, moved).await;
    let report = post(&admin, "register", register(0..40, "P1D2")).await.ok(200);
    assert_eq!(all_counts(&report), [0, 40, 0, 0], "a fifth is usual");
    for what in ["register", "register?dry_run=true", "register?confirm=40"] {
        let asked = post(&admin, what, register(100..141, "P1D2")).await;
        let asked = asked.problem(409, "confirmation_needed");
        let changed = json!([{"what": "changed", "rows": 41, "of": 200, "percent_max": 20}]);
        assert_eq!(shares(&asked), (&changed, 41), "{what}");
        assert_eq!(all_counts(&asked), [0, 41, 0, 0], "with the report");
    }
    assert_eq!(number(&app.db, moved).await, before + 40, "stopped whole");
    let meant = "register?confirm=41&dry_run=true";
    let tried = post(&admin, meant, register(100..141, "P1D2")).await.ok(200);
    let run = format!("register?confirm=41&dry_run_id={}", tried["import_id"]);
    post(&admin, &run, register(100..141, "P1D2")).await.ok(200);
    assert_eq!(number(&app.db, moved).await, before + 81);
}

#[tokio::test]
async fn a_partial_import_that_leaves_out_most_of_a_file_asks() {
    let (app, admin) = start().await;
    sqlx::query("insert into roster (code, name) values ('police', 'Police')")
        .execute(&app.db)
        .await
        .unwrap();
    let row = |n: u32| format!("police,Person {n},1962-03-01,011{n:08}\n");
    let roster = |rows: std::ops::Range<u32>| {
        format!("roster_code,name,birth_date,phone\n{}", rows.map(row).collect::<String>())
    };
    // Of 100 rows 80 are in the register, and of 101 too: one more is unmatched.
    let report = post(&admin, "roster?partial=true", roster(100..200)).await.ok(200);
    assert_eq!(all_counts(&report), [80, 0, 0, 20]);
    let asked = post(&admin, "roster?partial=true", roster(100..201)).await;
    let asked = asked.problem(409, "confirmation_needed");
    let rejected = json!([{"what": "rejected", "rows": 21, "of": 101, "percent_max": 20}]);
    assert_eq!(shares(&asked), (&rejected, 21));
    post(&admin, "roster?partial=true&confirm=21", roster(100..201)).await.ok(200);

    // A roster of which the end is missing; and a few of its members, which is a part.
    let cut = post(&admin, "roster", roster(100..150)).await.problem(409, "confirmation_needed");
    let missing = json!([{"what": "missing", "rows": 30, "of": 80, "percent_max": 20}]);
    assert_eq!(shares(&cut), (&missing, 30));
    let part = post(&admin, "roster", roster(100..110)).await.ok(200);
    assert_eq!((all_counts(&part), &part["rows_missing"]), ([0, 0, 10, 0], &json!(70)));
    assert_eq!(number(&app.db, "select count(*) from roster_member").await, 80);
}

#[tokio::test]
async fn the_limits_are_settings_of_the_command_too() {
    let (app, _) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.csv");
    std::fs::write(&path, register(0..100, "P1D2")).unwrap();
    let path = path.to_str().unwrap();
    let (code, text) = command(&app, &["register", path]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("100 of 200 that are known would change (limit 20 %)"), "{text}");
    assert!(text.contains("--confirm 100"), "{text}");
    let (code, text) = command(&app, &["register", path, "--confirm", "99"]).await;
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = command(&app, &["register", path, "--import-changed-max", "50"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 accepted, 100 changed, 0 unchanged, 0 rejected"), "{text}");
}
