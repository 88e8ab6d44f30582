//! Files of regions and of users: they say how things are, and are compared with the present.

use serde_json::{Value, json};

use super::{counts, number, post};
use crate::support::{TestApp, make};

const REGIONS: &str = "code,name,parent_code,name_en
21680,강남구,21,Gangnam-gu
21,서울특별시,,Seoul
21110,종로구,21,
";

fn rejected(report: &Value) -> Vec<(u64, &str, &str)> {
    let rejects = report["rejects"].as_array().unwrap().iter();
    rejects
        .map(|reject| {
            let word = |name: &str| reject[name].as_str().unwrap();
            (reject["line"].as_u64().unwrap(), word("column"), word("cause"))
        })
        .collect()
}

#[tokio::test]
async fn a_file_of_regions_is_new_changed_or_unchanged() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let dry = post(&admin, "regions?dry_run=true", REGIONS).await.ok(200);
    assert_eq!(counts(&dry), (3, 0, 0));
    assert_eq!(number(&app.db, "select count(*) from region").await, 0, "taken back");
    assert_eq!(counts(&post(&admin, "regions", REGIONS).await.ok(200)), (3, 0, 0));

    // In other words and bytes: one name is corrected, one English name is taken away.
    let corrected = "지역코드;지역명;시도코드;영문명\r\n21110;종로구;21;Jongno-gu\r\n\
                     21;서울특별시;;\r\n21680;강남구;21;Gangnam-gu\r\n";
    let report = post(&admin, "regions", corrected).await.ok(200);
    assert_eq!(counts(&report), (2, 1, 0));
    app.refresh().await;
    let regions = app.public().get("/v1/regions").await.ok(200)["regions"].clone();
    let of = |code: &str| {
        let regions = regions.as_array().unwrap().iter();
        regions.clone().find(|region| region["code"] == code).unwrap().clone()
    };
    assert_eq!(
        (&of("21110")["name_en"], &of("21")["name_en"]),
        (&json!("Jongno-gu"), &Value::Null)
    );
    assert_eq!(of("21680")["parent_id"], of("21")["region_id"]);
}

#[tokio::test]
async fn a_region_that_cannot_be_is_rejected_with_its_line() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    post(&admin, "regions", REGIONS).await.ok(200);
    let bad = "code,name,parent_code
22,부산광역시,
22,부산,
22110,중구,99
22140,서구,22
22141,서구동,22140
21111,동,21680
21680,강남구,22
21,서울특별시,22
";
    let report = post(&admin, "regions", bad).await.problem(422, "rows_rejected");
    assert_eq!(
        rejected(&report),
        [
            (3, "code", "same_as_line"),
            (4, "parent_code", "no_such"),
            (6, "parent_code", "district_of_district"),
            (7, "parent_code", "district_of_district"),
            (8, "parent_code", "region_elsewhere"),
            (9, "parent_code", "region_elsewhere"),
        ]
    );
    assert_eq!(number(&app.db, "select count(*) from region").await, 3, "nothing half done");
    let report = post(&admin, "regions?partial=true", bad).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 6), "the control: the good ones");
}

#[tokio::test]
async fn users_of_a_file_are_invited_once() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let file = "username,role,clinic_code\ndesk-1,staff,C1\ndesk-2,직원,C2\nboss,administrator,\n";
    let dry = post(&admin, "users?dry_run=true", file).await.ok(200);
    assert_eq!((counts(&dry), dry.get("invitations")), ((3, 0, 0), None));
    let users = "select count(*) from staff_user where username not like 'test-%'";
    assert_eq!(number(&app.db, users).await, 0, "taken back");

    let report = post(&admin, "users", file).await.ok(200);
    assert_eq!(counts(&report), (3, 0, 0));
    let invitations = report["invitations"].as_array().unwrap();
    let names: Vec<_> = invitations.iter().map(|one| one["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["desk-1", "desk-2", "boss"]);
    for one in invitations {
        let body = json!({ "token": one["token"], "password": "quiet river carries stones" });
        let accepted = app.public().post("/v1/auth/invitations", &body).await.ok(200);
        assert_eq!(accepted["username"], one["username"]);
    }
    let kept = "select count(*) from import where rejects::text like '%token%'";
    assert_eq!(number(&app.db, kept).await, 0, "never kept");

    // One moves to another clinic, one is new, and nobody is invited twice.
    let later = "username,role,clinic_code\ndesk-1,staff,C2\ndesk-2,staff,C2\ndesk-3,staff,C3\n";
    let report = post(&admin, "users", later).await.ok(200);
    assert_eq!(counts(&report), (2, 1, 0));
    let invitations = report["invitations"].as_array().unwrap();
    assert_eq!((invitations.len(), &invitations[0]["username"]), (1, &json!("desk-3")));
    let body = json!({ "username": "desk-1", "password": "quiet river carries stones" });
    app.public().post("/v1/auth/staff-sessions", &body).await.ok(201);
}

#[tokio::test]
async fn a_file_does_not_take_the_last_administrator_away() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let name: String = sqlx::query_scalar("select username from staff_user where role = 3")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let file =
        format!("username,role,clinic_code\ndesk-1,staff,C1\n{name},staff,C1\ndesk-1,staff,C2\n");
    let report = post(&admin, "users", file.clone()).await.problem(422, "rows_rejected");
    assert_eq!(
        rejected(&report),
        [(3, "role", "last_administrator"), (4, "username", "same_as_line")]
    );
    let second = app.admin().await;
    let report = post(&admin, "users?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 1), "the control: another one is left");
    let bad = "username,role,clinic_code\ndesk-9,staff,C9\ndesk-8,staff,\nboss,administrator,C1\n";
    let report = post(&second, "users", bad).await.problem(422, "rows_rejected");
    assert_eq!(
        rejected(&report),
        [
            (2, "clinic_code", "no_such"),
            (3, "clinic_code", "staff_without_clinic"),
            (4, "clinic_code", "administrator_at_clinic"),
        ]
    );
}
