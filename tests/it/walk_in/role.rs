//! The call centre: how its users come about, and what they may see.

use serde_json::json;
use uuid::Uuid;

use super::{assist, assisted, call_centre};
use crate::support::{TestApp, make};

#[tokio::test]
async fn the_call_centre_is_invited_and_signs_in() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let mut body = json!({ "username": "agent", "role": "call_centre" });
    let invited = admin.post("/v1/admin/users", &body).await.ok(201);
    assert_eq!(invited["user"]["role"], "call_centre");
    body["clinic_id"] = json!(made.clinics[0]);
    admin.post("/v1/admin/users", &body).await.blames(422, "invalid_field", "clinic_id");
    let password = "quiet river carries stones";
    let accepted = json!({ "token": invited["invitation"]["token"], "password": password });
    let accepted = app.public().post("/v1/auth/invitations", &accepted).await.ok(200);
    assert_eq!(accepted["role"], "call_centre");
    let session = json!({ "username": "agent", "password": password });
    let session = app.public().post("/v1/auth/staff-sessions", &session).await.ok(201);
    assert_eq!((&session["role"], session["clinic_id"].is_null()), (&json!("call_centre"), true));
    let agent = app.holder_of(session["token"].as_str().unwrap());
    agent
        .put(&format!("/v1/assisted-bookings/{}", Uuid::now_v7()), &assisted(&made, 0, 1))
        .await
        .ok(201);
}

#[tokio::test]
async fn a_file_makes_and_unmakes_users_of_the_call_centre() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let load = async |rows: &str| {
        let path = "/v1/admin/imports/users";
        let file = format!("username,role,clinic_code\n{rows}");
        admin.request(reqwest::Method::POST, path).body("text/csv", file).send().await
    };
    load("agent,call_centre,\ndesk-1,staff,C1\n").await.ok(200);
    load("agent,staff,C1\ndesk-1,상담원,\n").await.ok(200);
    let roles: Vec<(String, i16, bool)> = sqlx::query_as(
        "select username, role, clinic_id is null from staff_user
         where username not like 'test-%' order by username",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(roles, [("agent".to_owned(), 2, false), ("desk-1".to_owned(), 5, true)]);
    let name: String = sqlx::query_scalar("select username from staff_user where role = 3")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let last = load(&format!("{name},call_centre,\n")).await.problem(422, "rows_rejected");
    assert_eq!(last["rejects"][0]["cause"], "last_administrator");
    let bad = load("agent,call_centre,C1\n").await.problem(422, "rows_rejected");
    assert_eq!(bad["rejects"][0]["cause"], "call_centre_at_clinic");
}

#[tokio::test]
async fn each_role_does_its_own_work_only() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (agent, admin) = (call_centre(&app).await, app.admin().await);
    let staff = app.staff(made.clinics[0]).await;
    let clinic = format!("/v1/clinics/{}", made.clinics[0]);
    let day = format!("{clinic}/schedule?date={}", made.allocations[0].on_date);
    assert_eq!(agent.get(&day).await.problem(403, "forbidden")["cause"], "only_clinics");
    staff.get(&day).await.ok(200);
    agent.get("/v1/admin/users").await.problem(403, "forbidden");
    assist(&agent, &made, Uuid::now_v7(), &assisted(&made, 0, 1)).await.problem(403, "forbidden");
    let wanted = json!({ "name": "Nobody", "birth_date": "1962-01-01" });
    agent.post(&format!("{clinic}/persons/find"), &wanted).await.problem(403, "forbidden");

    let anywhere = format!("/v1/assisted-bookings/{}", Uuid::now_v7());
    let refused = staff.put(&anywhere, &assisted(&made, 0, 1)).await.problem(403, "forbidden");
    assert_eq!(refused["cause"], "only_call_centre");
    staff.post("/v1/persons/find", &wanted).await.problem(403, "forbidden");
    app.public().post("/v1/persons/find", &wanted).await.problem(401, "unauthenticated");
    admin.post("/v1/persons/find", &wanted).await.ok(200);
    admin.put(&anywhere, &assisted(&made, 0, 1)).await.ok(201);
}
