//! A run that names its dry run does what that said, or nothing.

use serde_json::json;

use super::{REGISTER, all_counts, number, people, post};
use crate::support::{TestApp, make};

const REST: &str = "Park Doyun,1962-02-01,01011112222,P9\n";

#[tokio::test]
async fn a_run_does_what_its_dry_run_said() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let tried = post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    let id = &tried["import_id"];
    let run = format!("register?dry_run_id={id}");
    let done = post(&admin, &run, REGISTER).await.ok(200);
    assert_eq!(all_counts(&done), all_counts(&tried));
    assert_eq!(people(&app.db).await, 22);
    // What it did has changed the world: the same run again is not what was tried.
    let refused = post(&admin, &run, REGISTER).await.problem(409, "dry_run_differs");
    assert_eq!(refused["cause"], "changed_since_dry_run");
    assert_eq!(refused["facts"]["then"]["rows_accepted"], 2);
    assert_eq!(refused["facts"]["now"]["rows_unchanged"], 2);
    assert_eq!(all_counts(&refused), [0, 0, 2, 0], "with the report");
}

#[tokio::test]
async fn another_file_or_no_dry_run_is_refused() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let tried = post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    let id = &tried["import_id"];
    let run = format!("register?dry_run_id={id}");
    let other = REGISTER.replace("P1D1", "P1D2");
    let refused = post(&admin, &run, other).await.problem(409, "dry_run_differs");
    assert_eq!(refused["cause"], "other_file_than_tried");
    let kind = format!("roster?dry_run_id={id}");
    post(&admin, &kind, REGISTER).await.problem(409, "dry_run_differs");
    let unknown = post(&admin, "register?dry_run_id=99", REGISTER).await;
    assert_eq!(unknown.blames(422, "invalid_field", "dry_run_id")["cause"], "no_such");
    let done = post(&admin, "register", REGISTER).await.ok(200);
    let not_dry = format!("register?dry_run_id={}", done["import_id"]);
    post(&admin, &not_dry, REGISTER).await.blames(422, "invalid_field", "dry_run_id");
    assert_eq!(people(&app.db).await, 22, "the control");
}

#[tokio::test]
async fn what_changed_since_the_dry_run_is_said_and_nothing_is_loaded() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let file = format!("{REGISTER}{REST}");
    let tried = post(&admin, "register?dry_run=true&partial=true", file.clone()).await.ok(200);
    assert_eq!(all_counts(&tried), [2, 0, 0, 1]);
    let run = format!("register?partial=true&dry_run_id={}", tried["import_id"]);
    // What does not matter to the file does not stop it, wherever the world went meanwhile.
    sqlx::query("insert into region (code, name) values ('P9', 'Nine')")
        .execute(&app.db)
        .await
        .unwrap();
    let refused = post(&admin, &run, file.clone()).await.problem(409, "dry_run_differs");
    let counts = |accepted: u32, rejected: u32| {
        json!({
            "rows_accepted": accepted, "rows_changed": 0, "rows_unchanged": 0,
            "rows_rejected": rejected,
        })
    };
    assert_eq!(refused["facts"]["then"], counts(2, 1));
    assert_eq!(refused["facts"]["now"], counts(3, 0));
    assert_eq!(people(&app.db).await, 20, "stopped whole");
    sqlx::query("update region set code = 'P8' where code = 'P9'").execute(&app.db).await.unwrap();
    assert_eq!(all_counts(&post(&admin, &run, file).await.ok(200)), [2, 0, 0, 1]);

    // As many rows, and others.
    let rows = "Han Jimin,1962-03-02,01011113333,X1\nChoi Yuna,1962-03-03,01011114444,X2\n";
    let file = format!("name,birth_date,phone,region_code\n{rows}");
    let region = async |from: &str, to: &str| {
        let sql = "update region set code = $2 where code = $1";
        sqlx::query(sql).bind(from).bind(to).execute(&app.db).await.unwrap();
    };
    region("P8", "X1").await;
    let tried = post(&admin, "register?dry_run=true&partial=true", file.clone()).await.ok(200);
    region("X1", "X2").await;
    let run = format!("register?partial=true&dry_run_id={}", tried["import_id"]);
    let refused = post(&admin, &run, file).await.problem(409, "dry_run_differs");
    assert_eq!(refused["facts"]["then"], refused["facts"]["now"]);
    assert!(refused["detail"].as_str().unwrap().contains("other rows"), "{refused}");
}

#[tokio::test]
async fn a_run_all_of_which_is_rejected_by_now_says_what_it_was() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let tried = post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    sqlx::query("update region set code = 'P7' where code = 'P1D1'")
        .execute(&app.db)
        .await
        .unwrap();
    let run = format!("register?dry_run_id={}", tried["import_id"]);
    let refused = post(&admin, &run, REGISTER).await.problem(409, "dry_run_differs");
    assert_eq!(refused["facts"]["now"]["rows_rejected"], 1);
    assert_eq!(refused["rejects"][0]["column"], "region_code", "and why");
}

#[tokio::test]
async fn dry_runs_are_forgotten_and_imports_are_not() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    post(&admin, "register", REGISTER).await.ok(200);
    sqlx::query("update import set at = at - interval '31 days'").execute(&app.db).await.unwrap();
    post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    let clock = dosebook::clock::Clock::System;
    dosebook::flows::sweep::sweep(&app.app.db, &clock).await.unwrap();
    let kept = "select count(*) from import";
    assert_eq!(number(&app.db, kept).await, 2, "the import, and the dry run of today");
}
