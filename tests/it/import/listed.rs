//! What is remembered of files.

use serde_json::{Value, json};

use super::{REGISTER, command, post};
use crate::support::{TestApp, make};

#[tokio::test]
async fn files_are_listed_with_who_when_and_what() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, user) = app.staff_user(3, None).await;
    let bad = format!("{REGISTER}Park Doyun,1962-02-30,01011112222,P1D1\n");
    post(&admin, "register", bad.clone()).await.problem(422, "rows_rejected");
    post(&admin, "register?dry_run=true&file_name=July.csv", REGISTER).await.ok(200);
    let done = post(&admin, "register?partial=true", bad).await.ok(200);
    let slots = "clinic_code,starts_at,ends_at,seats\nC1,2030-01-01T09:00,2030-01-01T10:00,5\n";
    post(&admin, "slots", slots).await.ok(200);

    let page = admin.get("/v1/admin/imports").await.ok(200);
    assert_eq!(page["next_after"], Value::Null);
    let imports = page["imports"].as_array().unwrap();
    let kinds: Vec<_> = imports.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["slots", "register", "register"], "the latest first, and no refused file");
    let (run, tried) = (&imports[1], &imports[2]);
    assert_eq!(run["import_id"], done["import_id"]);
    assert_eq!((&run["staff_user_id"], &run["dry_run"]), (&json!(user.0), &json!(false)));
    assert_eq!((&run["rows_accepted"], &run["rows_rejected"]), (&json!(2), &json!(1)));
    assert_eq!(run["file_name"], Value::Null, "not kept unless it was given");
    assert_eq!((&tried["file_name"], &tried["dry_run"]), (&json!("July.csv"), &json!(true)));
    let sha256 = done["sha256"].as_str().unwrap();
    assert_eq!(run["fingerprint"], sha256[..12]);

    let of_kind = admin.get("/v1/admin/imports?kind=slots").await.ok(200);
    assert_eq!(of_kind["imports"].as_array().unwrap().len(), 1);
    let first = admin.get("/v1/admin/imports?limit=2").await.ok(200);
    let after = &first["next_after"];
    assert_eq!(after, &done["import_id"]);
    let rest = admin.get(&format!("/v1/admin/imports?limit=2&after={after}")).await.ok(200);
    assert_eq!((&rest["imports"][0], &rest["next_after"]), (tried, &Value::Null));

    let id = &done["import_id"];
    let one = admin.get(&format!("/v1/admin/imports/register/{id}")).await.ok(200);
    assert_eq!((&one["import_id"], &one["rejects"]), (id, &done["rejects"]));
    for path in [format!("slots/{id}"), "register/99".into(), "register/x".into()] {
        admin.get(&format!("/v1/admin/imports/{path}")).await.problem(404, "not_found");
    }
    let staff = app.staff(made.clinics[0]).await;
    staff.get("/v1/admin/imports").await.problem(403, "forbidden");
    staff.get(&format!("/v1/admin/imports/register/{id}")).await.problem(403, "forbidden");
}

#[tokio::test]
async fn the_command_lists_them_too() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.csv");
    std::fs::write(&path, REGISTER).unwrap();
    let path = path.to_str().unwrap();
    let (_, text) = command(&app, &["register", path, "--dry-run", "--name", "July"]).await;
    let id = text.trim().rsplit(' ').next().unwrap().to_owned();
    let (code, text) = command(&app, &["register", path, "--dry-run-id", &id]).await;
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = command(&app, &["register", path, "--dry-run-id", &id]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("Since the dry run something has changed"), "{text}");
    let (_, list) = super::run(&app, &["imports"]).await;
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(lines[1].contains("register") && lines[1].ends_with("the command"), "{list}");
    assert!(lines[2].ends_with("the command, July, a dry run"), "{list}");
}
