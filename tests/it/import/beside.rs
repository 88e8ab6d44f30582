//! Files of persons beside an administrator who corrects or merges the same persons: the file meets
//! them as they are when it is written, and never fails for it.

use reqwest::Method;
use serde_json::json;
use sqlx::{PgPool, Postgres, Transaction, query, query_as, query_scalar};

use super::{counts, lock::until_it_waits, post};
use crate::support::{Client, Made, Person, TestApp, make};

async fn service() -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

fn path(person: &Person, below: &str) -> String {
    format!("/v1/admin/persons/{}{below}", person.person_id)
}

async fn locked(db: &PgPool, person: &Person) -> Transaction<'static, Postgres> {
    let mut holder = db.begin().await.unwrap();
    query("select from person where person_id = $1 for update")
        .bind(person.person_id.0)
        .execute(&mut *holder)
        .await
        .unwrap();
    holder
}

async fn correct(admin: &Client, person: &Person, mut body: serde_json::Value) {
    body["reason"] = json!("Showed a passport");
    let etag = admin.get(&path(person, "")).await.header("etag").to_owned();
    let request = admin.request(Method::PATCH, &path(person, ""));
    request.header("if-match", &etag).json(&body).send().await.ok(200);
}

fn send(
    admin: &Client,
    what: &'static str,
    file: &str,
) -> tokio::task::JoinHandle<crate::support::Answer> {
    let (admin, file) = (admin.clone(), file.to_owned());
    tokio::spawn(async move { post(&admin, what, file).await })
}

/// The file gives one person, by the code, the identity that another is given while it is written.
#[tokio::test]
async fn a_register_that_is_overtaken_by_a_correction_is_judged_anew() {
    let (app, made, admin) = service().await;
    let (coded, other) = (&made.people[0], &made.people[1]);
    correct(&admin, coded, json!({ "person_code": "R-1" })).await;
    let born = coded.birth_date;
    let file = format!(
        "name,birth_date,phone,region_code,person_code\n\
         Kim Min-ji,{born},010-4444-5555,P1D1,R-1\n"
    );
    let holder = locked(&app.db, coded).await;
    let run = send(&admin, "register", &file);
    until_it_waits(&app.db, "correct_coded").await;
    correct(
        &admin,
        other,
        json!({ "name": "Kim Min-ji", "birth_date": born, "phone": "+821044445555" }),
    )
    .await;
    holder.rollback().await.unwrap();
    let problem = run.await.unwrap().problem(422, "rows_rejected");
    assert_eq!(problem["rejects"][0]["cause"], "key_of_other_person");
    // The control: without the correction the same file is taken.
    correct(&admin, other, json!({ "phone": "+821044445556" })).await;
    assert_eq!(counts(&send(&admin, "register", &file).await.unwrap().ok(200)), (1, 0, 0));
}

/// After a merge the register still has both, until it learns that they are one.
#[tokio::test]
async fn a_register_may_name_the_merged_by_either_code_and_either_identity() {
    let (app, made, admin) = service().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    correct(&admin, from, json!({ "person_code": "R-1" })).await;
    correct(&admin, into, json!({ "person_code": "R-2" })).await;
    let body = json!({ "into_person_id": into.person_id, "reason": "Registered twice" });
    admin.post(&path(from, "/merge"), &body).await.ok(200);
    let seen = "select person_id, name, phone, merged_into from person order by person_id";
    let before: Vec<(i64, String, String, Option<i64>)> =
        query_as(seen).fetch_all(&app.db).await.unwrap();
    let row = |person: &Person, code: &str| {
        let Person { name, birth_date, phone, .. } = person;
        format!(
            "name,birth_date,phone,region_code,person_code\n\
             {name},{birth_date},{phone},P1D1,{code}\n"
        )
    };
    for (who, code) in [(from, "R-1"), (into, "R-2"), (into, "R-1")] {
        // The first may say where somebody lives.
        post(&admin, "register", row(who, code)).await.ok(200);
        let done = post(&admin, "register", row(who, code)).await.ok(200);
        assert_eq!(counts(&done), (0, 1, 0), "{} {code}", who.name);
    }
    let after: Vec<(i64, String, String, Option<i64>)> =
        query_as(seen).fetch_all(&app.db).await.unwrap();
    assert_eq!(before, after);
    // The control: the code of somebody who is nobody else is not forgotten.
    let refused = post(&admin, "register", row(&made.people[2], "R-2")).await;
    let cause = &refused.problem(422, "rows_rejected")["rejects"][0]["cause"];
    assert_eq!(cause, "key_of_other_person");
}

/// Whichever comes first, the survivor is on the list, and nobody else.
#[tokio::test]
async fn a_roster_beside_a_merge_lists_the_survivor() {
    let (app, made, admin) = service().await;
    query("insert into roster (code, name) values ('t', 'T')").execute(&app.db).await.unwrap();
    for (nth, file_first) in [true, false, true, false].into_iter().enumerate() {
        let (from, into) = (&made.people[2 * nth], &made.people[2 * nth + 1]);
        let file = format!(
            "roster_code,name,birth_date,phone\nt,{},{},{}\n",
            from.name, from.birth_date, from.phone
        );
        let holder = locked(&app.db, from).await;
        let merge = {
            let (admin, path) = (admin.clone(), path(from, "/merge"));
            let body = json!({ "into_person_id": into.person_id, "reason": "Registered twice" });
            async move { admin.post(&path, &body).await }
        };
        let (file, merge) = if file_first {
            let file = send(&admin, "roster", &file);
            until_it_waits(&app.db, "import::roster").await;
            let merge = tokio::spawn(merge);
            until_it_waits(&app.db, "person_record::").await;
            (file, merge)
        } else {
            let merge = tokio::spawn(merge);
            until_it_waits(&app.db, "person_record::").await;
            let file = send(&admin, "roster", &file);
            until_it_waits(&app.db, "import::roster").await;
            (file, merge)
        };
        holder.rollback().await.unwrap();
        assert_eq!(counts(&file.await.unwrap().ok(200)), (1, 0, 0));
        merge.await.unwrap().ok(200);
        let members: Vec<i64> =
            query_scalar("select person_id from roster_member where person_id in ($1, $2)")
                .bind(from.person_id.0)
                .bind(into.person_id.0)
                .fetch_all(&app.db)
                .await
                .unwrap();
        assert_eq!(members, [into.person_id.0], "the file was first: {file_first}");
    }
}
