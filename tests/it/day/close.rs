//! Closing a day and opening it again, by those who work there.

use serde_json::{Value, json};
use sqlx::query;
use uuid::Uuid;

use super::{Stage, buckets, people, world};

/// Six were given a dose, two did not come, and twelve doses were booked by nobody.
async fn evening() -> Stage {
    let mut stage = Stage::set(world()).await;
    let mut ids = Vec::new();
    for person in 0..8 {
        ids.push(stage.book(person).await);
    }
    stage.move_to(0).await;
    for id in &ids[..6] {
        stage.give(*id).await;
    }
    stage
}

async fn policy(stage: &Stage, left_over: &str) {
    let path = format!("/v1/admin/campaigns/{}", stage.made.campaign_id);
    let campaign = admin_patch(stage, &path, &json!({ "left_over": left_over })).await;
    assert_eq!(campaign["left_over"], left_over);
}

async fn admin_patch(stage: &Stage, path: &str, body: &Value) -> Value {
    stage.admin.request(reqwest::Method::PATCH, path).json(body).send().await.ok(200)
}

#[tokio::test]
async fn a_closed_day_holds_no_dose_and_accounts_for_each() {
    let stage = evening().await;
    let before = stage.day().await;
    assert_eq!(before["state"], "open");
    assert_eq!((people(&before, "expected"), people(&before, "to_come")), (8, 2));
    assert_eq!(buckets(&before), [12, 2, 0, 6, 0]);
    let open_in_pool = stage.number("select sum(open) from pool").await;

    let closed = stage.close(&json!({ "note": "One vial was dropped." })).await.ok(200);
    assert_eq!((&closed["state"], buckets(&closed)), (&json!("closed"), [0, 0, 0, 6, 4]));
    assert_eq!((people(&closed, "no_shows"), people(&closed, "given")), (2, 6));
    assert_eq!((people(&closed, "expected"), people(&closed, "to_come")), (8, 0));
    let account = &closed["closed"];
    assert_eq!((&account["granted"], &account["returned"]), (&json!(20), &json!(10)));
    assert_eq!((&account["kept"], &account["note"]), (&json!(0), &json!("One vial was dropped.")));
    assert!(account["by"]["username"].is_string(), "{account}");
    assert_eq!(stage.number("select sum(open) from pool").await, open_in_pool + 10);
    assert_eq!(stage.number("select count(*) from visit_step where kind = 3").await, 2);
    stage.is_sound().await;
    // The public picture has no dose of the day as open.
    let supply = format!("/v1/campaigns/{}/supply", stage.made.campaign_id);
    let supply = stage.app.public().get(&supply).await.ok(200);
    let of_day = supply["by_day"].as_array().unwrap().iter();
    let of_day = of_day.filter(|day| day["date"] == json!(stage.date)).collect::<Vec<_>>();
    assert!(of_day.iter().all(|day| day["open"] == 0 && day["spare"] == 0), "{of_day:?}");
}

#[tokio::test]
async fn a_second_press_ends_on_the_same_state() {
    let stage = evening().await;
    let seen = stage.staff.get(&stage.path("")).await;
    let (etag, key, body) = (seen.header("etag").to_owned(), Uuid::now_v7(), json!({}));
    let press = async || {
        let request = stage.staff.request(reqwest::Method::POST, &stage.path("/close"));
        let request = request.header("if-match", &etag).header("idempotency-key", &key.to_string());
        request.json(&body).send().await
    };
    let first = press().await.ok(200);
    assert_eq!(press().await.ok(200), first, "sent again, it is the same");
    let other = stage.close(&body).await;
    let problem = other.problem(409, "wrong_state");
    assert_eq!(problem["cause"], "day_accounted", "{problem}");
    assert_eq!(stage.number("select count(*) from clinic_day_close").await, 1);
    stage.is_sound().await;
}

#[tokio::test]
async fn whoever_waits_or_is_still_to_come_stands_in_the_way() {
    let mut stage = Stage::set(world()).await;
    let (waiting, coming) = (stage.book(0).await, stage.book(1).await);
    stage.close(&json!({})).await.problem(409, "wrong_state");
    stage.move_slots(0, "2 hours").await;
    stage.arrive(waiting).await;
    let refused = stage.close(&json!({})).await.problem(409, "wrong_state");
    assert_eq!(
        (&refused["cause"], &refused["waiting_booking_ids"]),
        (&json!("people_waiting"), &json!([waiting]))
    );
    stage.give(waiting).await;
    let refused = stage.close(&json!({})).await.problem(409, "wrong_state");
    assert_eq!(
        (&refused["cause"], &refused["coming_booking_ids"]),
        (&json!("people_to_come"), &json!([coming]))
    );
    assert_eq!(buckets(&stage.day().await), [18, 1, 0, 1, 0], "nothing moved");
    stage.move_to(0).await;
    stage.close(&json!({})).await.ok(200);
    stage.is_sound().await;
}

#[tokio::test]
async fn a_day_ahead_is_not_closed() {
    let stage = Stage::set(world()).await;
    let refused = stage.close(&json!({})).await.problem(409, "wrong_state");
    assert_eq!(refused["cause"], "day_ahead");
}

#[tokio::test]
async fn the_second_of_two_sees_what_the_first_did() {
    let stage = evening().await;
    let seen = stage.staff.get(&stage.path("")).await;
    stage.doses("waste", 1).await.ok(200);
    let refused = stage.close_as(&stage.admin, seen.header("etag"), &json!({})).await;
    let refused = refused.problem(412, "changed_meanwhile");
    assert_eq!(refused["cause"], "day_changed");
    let bare = stage.staff.post(&stage.path("/close"), &json!({})).await;
    bare.problem(428, "precondition_required");
    assert_eq!(stage.day().await["state"], "open");
    stage.close_as(&stage.admin, "*", &json!({})).await.ok(200);
}

#[tokio::test]
async fn an_answer_that_did_not_change_is_not_sent_again() {
    let stage = evening().await;
    let seen = stage.staff.get(&stage.path("")).await;
    let etag = seen.header("etag").to_owned();
    let again = async || {
        let request = stage.staff.request(reqwest::Method::GET, &stage.path(""));
        request.header("if-none-match", &etag).send().await.status
    };
    assert_eq!(again().await, 304);
    stage.doses("waste", 1).await.ok(200);
    assert_eq!(again().await, 200, "the control");
}

#[tokio::test]
async fn whole_vials_go_where_the_policy_says() {
    for (left_over, granted_next, returned, kept, lost) in
        [("pool", 20, 10, 0, 4), ("next_day", 30, 0, 10, 4), ("waste", 20, 0, 0, 14)]
    {
        let stage = evening().await;
        policy(&stage, left_over).await;
        let closed = stage.close(&json!({})).await.ok(200);
        let account = &closed["closed"];
        assert_eq!(account["returned"], returned, "{left_over}: {account}");
        assert_eq!(account["kept"], kept, "{left_over}: {account}");
        assert_eq!(buckets(&closed), [0, 0, 0, 6, lost], "{left_over}");
        let next = stage.made.allocation(0, 2).allocation_id;
        let path = format!("/v1/admin/allocations?clinic_id={}", stage.made.clinics[0]);
        let rows = stage.admin.get(&path).await.ok(200);
        let rows = rows["allocations"].as_array().unwrap().iter();
        let next = rows.filter(|row| row["allocation_id"] == json!(next)).collect::<Vec<_>>();
        assert_eq!(next[0]["granted"], granted_next, "{left_over}");
        stage.is_sound().await;
    }
}

#[tokio::test]
async fn where_there_is_no_next_day_the_pool_has_the_vials() {
    let stage = evening().await;
    policy(&stage, "next_day").await;
    let closing = "insert into clinic_closure (clinic_id, on_date, reason)
                   select clinic_id, on_date, 'snow' from allocation where on_date > $1";
    query(closing).bind(stage.date).execute(&stage.app.db).await.unwrap();
    assert_eq!(stage.day().await["doses"][0]["next_day"], Value::Null);
    let closed = stage.close(&json!({})).await.ok(200);
    assert_eq!((&closed["closed"]["returned"], &closed["closed"]["kept"]), (&json!(10), &json!(0)));
    stage.is_sound().await;
}

#[tokio::test]
async fn vials_that_were_opened_are_waste_whatever_the_policy() {
    let stage = evening().await;
    let row = stage.allocation().allocation_id;
    let unopened = |doses: i32| json!({ "unopened": [{ "allocation_id": row, "doses": doses }] });
    let refused = stage.close(&unopened(5)).await;
    refused.blames(422, "not_whole_vials", "unopened");
    stage.close(&unopened(20)).await.blames(422, "invalid_field", "unopened[0].doses");
    let other = json!({ "unopened": [{ "allocation_id": row.0 + 1, "doses": 10 }] });
    stage.close(&other).await.blames(422, "invalid_field", "unopened[0].allocation_id");
    assert_eq!(buckets(&stage.day().await), [12, 2, 0, 6, 0], "nothing moved");
    let closed = stage.close(&unopened(0)).await.ok(200);
    assert_eq!((&closed["closed"]["returned"], buckets(&closed)[4]), (&json!(0), 14));
    stage.is_sound().await;
}

#[tokio::test]
async fn opening_a_day_again_brings_its_doses_back() {
    for left_over in ["pool", "next_day", "waste"] {
        let stage = evening().await;
        policy(&stage, left_over).await;
        stage.close(&json!({})).await.ok(200);
        let day = stage.reopen(&stage.staff).await.ok(200);
        // The two who did not come are corrected one by one.
        assert_eq!(
            (&day["state"], buckets(&day)),
            (&json!("open"), [12, 0, 2, 6, 0]),
            "{left_over}"
        );
        assert_eq!(day["reopened"]["reason"], "closed too early");
        stage.is_sound().await;
        let problem = stage.reopen(&stage.staff).await.problem(409, "wrong_state");
        assert_eq!(problem["cause"], "day_not_accounted");
        let closed = stage.close(&json!({})).await.ok(200);
        assert_eq!((&closed["reopened"], people(&closed, "no_shows")), (&Value::Null, 2));
        stage.is_sound().await;
    }
}

#[tokio::test]
async fn doses_that_have_gone_on_stay_where_they_are() {
    let stage = evening().await;
    policy(&stage, "next_day").await;
    stage.close(&json!({})).await.ok(200);
    // All but five of the next day's thirty doses are booked meanwhile.
    for person in 10..35 {
        stage.book_at(person, stage.made.slot(0, 2, person % 2)).await;
    }
    let day = stage.reopen(&stage.staff).await.ok(200);
    assert_eq!(buckets(&day), [2, 0, 2, 6, 0]);
    assert_eq!(day["doses"][0]["granted"], 10, "the vial is where it is needed");
    stage.is_sound().await;
}

#[tokio::test]
async fn doses_that_the_pool_has_given_to_others_stay_with_them() {
    let stage = evening().await;
    policy(&stage, "pool").await;
    stage.close(&json!({})).await.ok(200);
    let next = stage.made.allocation(0, 2).allocation_id;
    let path = format!("/v1/admin/allocations/{next}/grants");
    stage.admin.post(&path, &json!({ "doses": 10, "reason": "They are needed." })).await.ok(200);
    let day = stage.reopen(&stage.staff).await.ok(200);
    assert_eq!(buckets(&day), [2, 0, 2, 6, 0], "the vial is where it was given");
    stage.is_sound().await;
}

#[tokio::test]
async fn only_administrators_open_another_day_again() {
    let mut stage = evening().await;
    stage.move_to(-1).await;
    stage.close(&json!({})).await.ok(200);
    stage.reopen(&stage.staff).await.problem(403, "forbidden");
    stage.reopen(&stage.admin).await.ok(200);
    stage.is_sound().await;
}

#[tokio::test]
async fn another_clinic_has_no_such_day() {
    let stage = Stage::set(world().clinics(2)).await;
    let other = stage.app.staff(stage.made.clinics[1]).await;
    other.get(&stage.path("")).await.problem(404, "not_found");
    stage.close_as(&other, "*", &json!({})).await.problem(404, "not_found");
    let nowhere = format!("/v1/clinics/999999/days/{}", stage.date);
    stage.admin.get(&nowhere).await.problem(404, "not_found");
}
