//! Users: invited once, reset, disabled and enabled, and the last administrator kept.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, make};

const PASSWORD: &str = "quiet river carries stones";

async fn invite(admin: &Client, body: Value) -> Value {
    admin.post("/v1/admin/users", &body).await.ok(201)
}

async fn accept(app: &TestApp, token: &Value, password: &str) -> crate::support::Answer {
    let body = json!({ "token": token, "password": password });
    app.public().post("/v1/auth/invitations", &body).await
}

async fn sign_in(app: &TestApp, username: &str) -> crate::support::Answer {
    let body = json!({ "username": username, "password": PASSWORD });
    app.public().post("/v1/auth/staff-sessions", &body).await
}

async fn signed_in(app: &TestApp, username: &str) -> Client {
    let session = sign_in(app, username).await.ok(201);
    app.holder_of(session["token"].as_str().unwrap())
}

/// Invites an administrator who accepts.
async fn administrator(app: &TestApp, admin: &Client, username: &str) -> (Client, Value) {
    let body = json!({ "username": username, "role": "administrator" });
    let invited = invite(admin, body).await;
    accept(app, &invited["invitation"]["token"], PASSWORD).await.ok(200);
    (signed_in(app, username).await, invited["user"]["user_id"].clone())
}

async fn act(admin: &Client, id: &Value, verb: &str) -> crate::support::Answer {
    admin.post(&format!("/v1/admin/users/{id}/{verb}"), &json!({})).await
}

/// Administrators who can sign in.
async fn administrators(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "select count(*) from staff_user
         where role = 3 and is_active and password_hash is not null",
    )
    .fetch_one(&app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_invitation_lets_somebody_choose_their_password_once() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let body = json!({ "username": "Desk-1", "role": "staff", "clinic_id": made.clinics[0] });
    let invited = invite(&admin, body.clone()).await;
    let user = &invited["user"];
    assert_eq!((&user["username"], &user["has_password"]), (&json!("desk-1"), &json!(false)));
    assert_eq!(user["invited_until"], invited["invitation"]["expires_at"]);
    admin.post("/v1/admin/users", &body).await.blames(409, "already_exists", "username");
    sign_in(&app, "desk-1").await.problem(401, "wrong_credentials");

    let token = invited["invitation"]["token"].clone();
    assert!(token.as_str().unwrap().len() >= 43, "too long to be guessed");
    let kept: String = sqlx::query_scalar("select string_agg(i::text, '') from staff_invitation i")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert!(!kept.contains(token.as_str().unwrap()), "never in clear");

    accept(&app, &token, "too short").await.blames(422, "invalid_field", "password");
    for wrong in [json!("x"), json!(""), json!(format!("{}x", token.as_str().unwrap()))] {
        accept(&app, &wrong, PASSWORD).await.problem(401, "wrong_credentials");
    }
    // Of many who have it, one is first.
    let tries = join_all((0..5).map(|_| accept(&app, &token, PASSWORD))).await;
    let statuses: Vec<_> = tries.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
    let session = sign_in(&app, "desk-1").await.ok(201);
    assert_eq!(session["clinic_id"], json!(made.clinics[0]));
    let listed = admin.get("/v1/admin/users").await.ok(200);
    let user = listed["users"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&user["has_password"], &user["invited_until"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn an_invitation_ends_by_time_by_a_newer_one_and_with_its_user() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let body = |name: &str| json!({ "username": name, "role": "administrator" });
    let first = invite(&admin, body("first")).await;
    let sql = "update staff_invitation set expires_at = clock_timestamp()";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    let over = accept(&app, &first["invitation"]["token"], PASSWORD).await;
    assert_eq!(over.problem(401, "wrong_credentials")["cause"], "invitation_over");

    let again = act(&admin, &first["user"]["user_id"], "reset").await.ok(200);
    let older = accept(&app, &first["invitation"]["token"], PASSWORD).await;
    older.problem(401, "wrong_credentials");
    accept(&app, &again["invitation"]["token"], PASSWORD).await.ok(200);

    let second = invite(&admin, body("second")).await;
    let disabled = act(&admin, &second["user"]["user_id"], "disable").await.ok(200);
    assert_eq!(
        (&disabled["is_enabled"], &disabled["invited_until"]),
        (&json!(false), &Value::Null)
    );
    let gone = accept(&app, &second["invitation"]["token"], PASSWORD).await;
    gone.problem(401, "wrong_credentials");
    act(&admin, &second["user"]["user_id"], "reset").await.problem(409, "wrong_state");
}

#[tokio::test]
async fn sessions_end_at_once_and_do_not_come_back() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let (second, id) = administrator(&app, &admin, "second").await;
    second.get("/v1/admin/users").await.ok(200);

    act(&admin, &id, "disable").await.ok(200);
    second.get("/v1/admin/users").await.problem(401, "unauthenticated");
    sign_in(&app, "second").await.problem(401, "wrong_credentials");
    let enabled = act(&admin, &id, "enable").await.ok(200);
    assert_eq!((&enabled["is_enabled"], &enabled["has_password"]), (&json!(true), &json!(true)));
    second.get("/v1/admin/users").await.problem(401, "unauthenticated");
    let second = signed_in(&app, "second").await;

    let invited = act(&admin, &id, "reset").await.ok(200);
    second.get("/v1/admin/users").await.problem(401, "unauthenticated");
    sign_in(&app, "second").await.problem(401, "wrong_credentials");
    accept(&app, &invited["invitation"]["token"], PASSWORD).await.ok(200);
    sign_in(&app, "second").await.ok(201);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let (admin, own) = app.staff_user(3, None).await;
    let own = json!(own);
    let invited = invite(&admin, json!({ "username": "second", "role": "administrator" })).await;
    // Who has no password yet could let nobody in.
    for verb in ["disable", "reset"] {
        let refused = act(&admin, &own, verb).await.problem(409, "last_administrator");
        assert_eq!(refused["cause"], "last_administrator");
    }
    accept(&app, &invited["invitation"]["token"], PASSWORD).await.ok(200);
    act(&admin, &own, "disable").await.ok(200);
    assert_eq!(administrators(&app).await, 1);
}

#[tokio::test]
async fn of_two_administrators_who_disable_each_other_one_remains() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    for round in 0..5 {
        let sql = "update staff_user set is_active = false where role = 3";
        sqlx::query(sql).execute(&app.db).await.unwrap();
        let (first, first_id) = app.staff_user(3, None).await;
        let (second, second_id) = app.staff_user(3, None).await;
        let (first_id, second_id) = (json!(first_id), json!(second_id));
        let answers =
            tokio::join!(act(&first, &second_id, "disable"), act(&second, &first_id, "disable"));
        let statuses = [answers.0.status, answers.1.status];
        // Whoever comes second is refused as the last one, or is nobody any more.
        assert!(statuses.contains(&200), "{round}: {statuses:?}");
        assert!(statuses.iter().any(|status| [401, 409].contains(status)), "{statuses:?}");
        assert_eq!(administrators(&app).await, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_user_who_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    for (body, field) in [
        (json!({ "username": "a b", "role": "administrator" }), "username"),
        (json!({ "username": "desk", "role": "owner" }), "role"),
        (json!({ "username": "desk", "role": "staff" }), "clinic_id"),
        (json!({ "username": "desk", "role": "staff", "clinic_id": 999_999 }), "clinic_id"),
        (
            json!({ "username": "boss", "role": "administrator", "clinic_id": made.clinics[0] }),
            "clinic_id",
        ),
    ] {
        admin.post("/v1/admin/users", &body).await.blames(422, "invalid_field", field);
    }
    assert_eq!(admin.get("/v1/admin/users").await.ok(200)["users"].as_array().unwrap().len(), 1);
}
