//! Rotating the keys of sessions.

use dosebook::flows::session_key::{self, OpenSessions};
use serde_json::json;

use crate::support::{Person, TestApp, make::world};

async fn hear(app: &TestApp) {
    let app = &app.app;
    app.sign_outs.refresh(&app.db, &app.keys, &app.clock).await.expect("read");
}

/// A citizen's token, by a code.
async fn sign_in(app: &TestApp, person: &Person) -> String {
    let Person { name, birth_date, phone, .. } = person;
    let claim = json!({ "name": name, "birth_date": birth_date, "phone": phone });
    app.public().post("/v1/auth/codes", &claim).await.ok(202);
    let code = app.shown_codes().await.remove(0);
    let answer = json!({ "challenge_id": code["challenge_id"], "code": code["code"] });
    let session = app.public().post("/v1/auth/sessions", &answer).await.ok(201);
    session["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn sessions_live_on_when_the_keys_are_rotated() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let (citizen, admin) = (app.citizen(&made.people[0]), app.admin().await);
    let rotated = session_key::rotate(&app.app.db, &app.app.clock, OpenSessions::LiveOn).await;
    assert_eq!(rotated.expect("a key"), 1);
    hear(&app).await;
    citizen.get("/v1/me").await.ok(200);
    admin.get("/v1/admin/movements").await.ok(200);
    let kept = session_key::list(&app.app.db).await.expect("listed");
    assert_eq!(kept.iter().map(|key| key.key_id).collect::<Vec<_>>(), [1, 0]);
    assert!(kept[0].ends_at.is_none() && kept[1].ends_at.is_some());
}

#[tokio::test]
async fn sessions_end_with_their_key_and_new_ones_begin_by_another() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let (citizen, admin) = (app.citizen(&made.people[0]), app.admin().await);
    citizen.get("/v1/me").await.ok(200);
    let end = OpenSessions::End;
    session_key::rotate(&app.app.db, &app.app.clock, end).await.expect("a key");
    hear(&app).await;
    citizen.get("/v1/me").await.problem(401, "unauthenticated");
    admin.get("/v1/admin/movements").await.problem(401, "unauthenticated");
    let token = sign_in(&app, &made.people[0]).await;
    assert!(token.starts_with("c2."), "{token}");
    let again = app.holder_of(&token);
    again.get("/v1/me").await.ok(200);
    // Another process with the same secret reads the same keys.
    let other = app.another().await;
    other.holder_of(&token).get("/v1/me").await.ok(200);
    assert_eq!(again.delete("/v1/auth/sessions").await.ok(204), json!(null));
    again.get("/v1/me").await.problem(401, "unauthenticated");
}
