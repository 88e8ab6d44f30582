//! Files of slots: they say how things are on the days that they name.

use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use super::{case::bytes, counts, post};
use crate::support::{Client, Made, TestApp, make};

async fn start() -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    (app, made, admin)
}

/// Rows for the first clinic on its second day: (start, end, seats), by the clock.
fn file(made: &Made, rows: &[(&str, &str, i32)]) -> String {
    let date = made.allocation(0, 2).on_date;
    let row =
        |(from, to, seats): &(&str, &str, i32)| format!("C1,{date}T{from},{date}T{to},{seats}\n");
    let rows: String = rows.iter().map(row).collect();
    format!("clinic_code,starts_at,ends_at,seats\n{rows}")
}

async fn book(app: &TestApp, made: &Made, person: usize, number: usize) {
    let body = made.booking(made.slot(0, 2, number));
    app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.ok(201);
}

/// Seats of the slots of that day, by time.
async fn seats(app: &TestApp, made: &Made) -> Vec<i32> {
    let sql = "select coalesce(array_agg(seats order by starts_at), '{}') from slot
               where clinic_id = $1 and on_date = $2 and removed_at is null";
    let query = query_scalar(sql).bind(made.clinics[0].0).bind(made.allocation(0, 2).on_date);
    query.fetch_one(&app.db).await.unwrap()
}

#[track_caller]
fn changes(report: &Value) -> [u64; 5] {
    let slots = &report["slots"];
    let names = ["added", "changed", "unchanged", "removed", "missing"];
    names.map(|name| slots[name].as_u64().unwrap())
}

#[tokio::test]
async fn untaken_slots_change_and_stay_or_go_as_asked() {
    let (app, made, admin) = start().await;
    let fewer = file(&made, &[("09:00", "09:45", 6)]);
    let report = post(&admin, "slots", fewer.clone()).await.ok(200);
    assert_eq!(changes(&report), [0, 1, 0, 0, 1], "one is changed; one is not named and stays");
    assert_eq!(seats(&app, &made).await, [6, 10]);
    let more = file(&made, &[("09:00", "09:45", 6), ("11:00", "12:00", 4)]);
    let dry = post(&admin, "slots?remove_missing=true&dry_run=true", more.clone()).await.ok(200);
    assert_eq!(changes(&dry), [1, 0, 1, 1, 0]);
    assert_eq!(seats(&app, &made).await, [6, 10], "nothing was done");
    let run = post(&admin, "slots?remove_missing=true", more).await.ok(200);
    assert_eq!((changes(&run), counts(&run)), (changes(&dry), counts(&dry)));
    assert_eq!(seats(&app, &made).await, [6, 4]);
    app.refresh().await;
    let (clinic, date) = (made.clinics[0], made.allocation(0, 2).on_date);
    let path = format!("/v1/clinics/{clinic}/slots?campaign_id={}&date={date}", made.campaign_id);
    let public = app.public().get(&path).await.ok(200);
    assert_eq!(public["slots"].as_array().unwrap().len(), 2, "what is gone is seen nowhere");
    // Named again, it is back under its old id.
    let back = file(&made, &[("10:00", "11:00", 3)]);
    let report = post(&admin, "slots", back).await.ok(200);
    assert_eq!(changes(&report), [0, 1, 0, 0, 2]);
    let slots = admin.get(&format!("/v1/admin/clinics/{clinic}/slots?date={date}")).await.ok(200);
    let ids = slots["slots"].as_array().unwrap().iter();
    assert!(ids.clone().any(|slot| slot["slot_id"] == json!(made.slot(0, 2, 1).slot_id)));
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn taken_slots_are_named_and_let_nobody_else_in() {
    let (app, made, admin) = start().await;
    for person in 0..3 {
        book(&app, &made, person, person / 2).await;
    }
    let fewer = file(&made, &[("09:00", "10:00", 1)]);
    let report = post(&admin, "slots?remove_missing=true", fewer).await.ok(200);
    let why: Vec<_> = report["slots"]["kept_because_taken"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| (kept["taken"].as_i64().unwrap(), kept["why"].as_str().unwrap()))
        .collect();
    assert_eq!(why, [(2, "fewer_seats"), (1, "missing")]);
    assert_eq!(seats(&app, &made).await, [2, 1], "as many seats as are taken");
    let body = made.booking(made.slot(0, 2, 1));
    let late = app.citizen(&made.people[5]).put_booking(Uuid::now_v7(), &body).await;
    late.problem(409, "seat_taken");
    let shorter = file(&made, &[("09:00", "09:30", 10)]);
    let refused = post(&admin, "slots", shorter).await.problem(422, "rows_rejected");
    let reject = &refused["rejects"][0];
    assert_eq!((&reject["cause"], &reject["facts"]["taken"]), (&json!("slot_taken"), &json!(2)));
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_is_removed_where_a_row_is_rejected() {
    let (app, made, admin) = start().await;
    let typo = file(&made, &[("09:00", "10:00", 5)]) + "C1,10 o'clock,11 o'clock,5\n";
    let what = "slots?remove_missing=true&partial=true";
    let report = post(&admin, what, typo).await.ok(200);
    assert_eq!(changes(&report), [0, 1, 0, 0, 1], "the rejected row may have named it");
    assert_eq!(seats(&app, &made).await, [5, 10]);
}

#[tokio::test]
async fn slots_that_overlap_are_named() {
    let (_app, made, admin) = start().await;
    let file_of = |rows: &[(&str, &str, i32)]| file(&made, rows);
    let causes = async |rows: &[(&str, &str, i32)], query: &str| {
        let report = post(&admin, &format!("slots?dry_run=true{query}"), file_of(rows)).await;
        let rejects = report.body["rejects"].as_array().cloned().unwrap_or_default();
        let cause = |reject: &Value| {
            (reject["line"].as_u64().unwrap(), reject["cause"].as_str().unwrap().to_owned())
        };
        rejects.iter().map(cause).collect::<Vec<_>>()
    };
    let old = |line| (line, "slot_overlaps".to_owned());
    let row = |line| (line, "slot_overlaps_line".to_owned());
    assert_eq!(causes(&[("11:00", "12:00", 1)], "").await, [], "the control: next to it");
    assert_eq!(causes(&[("10:30", "11:30", 1)], "").await, [old(2)]);
    assert_eq!(causes(&[("08:30", "09:01", 1)], "").await, [old(2)]);
    assert_eq!(causes(&[("08:00", "12:00", 1)], "").await, [old(2)]);
    assert_eq!(causes(&[("09:00", "10:30", 1)], "").await, [old(2)], "a longer end");
    assert_eq!(causes(&[("10:30", "11:30", 1)], "&remove_missing=true").await, [], "it goes");
    let both = [("13:00", "14:00", 1), ("13:30", "14:30", 1)];
    assert_eq!(causes(&both, "").await, [row(2), row(3)], "both are named");
    let report = post(&admin, "slots", file_of(&[("10:30", "11:30", 1)])).await;
    let text = report.problem(422, "rows_rejected")["rejects"][0]["text"].to_string();
    assert!(text.contains("10:00 (Asia/Seoul)"), "it says which: {text}");

    let slot = made.slot(0, 2, 1);
    let at = |minutes| slot.starts_at + chrono::TimeDelta::minutes(minutes);
    let body =
        |from, to| json!({ "slots": [{ "starts_at": at(from), "ends_at": at(to), "seats": 1 }] });
    let path = format!("/v1/admin/clinics/{}/slots", slot.clinic_id);
    let refused = admin.post(&path, &body(30, 90)).await;
    let refused = refused.blames(409, "already_exists", "slots[0].starts_at");
    assert_eq!(refused["cause"], "slot_overlaps");
    admin.post(&path, &body(60, 90)).await.ok(201);
}

#[tokio::test]
async fn the_corrected_file_of_practice_changes_the_seats() {
    let (app, admin) = super::case::setting().await;
    let first = post(&admin, "slots", bytes("slots-v1.csv")).await.ok(200);
    assert_eq!(changes(&first)[..2], [1, 0]);
    let fewer = post(&admin, "slots", bytes("slots-v2-fewer.csv")).await.ok(200);
    assert_eq!(changes(&fewer), [0, 1, 0, 0, 0]);
    let sql = "select seats from slot join clinic using (clinic_id) where code = 'C-1'";
    let seats: i32 = query_scalar(sql).fetch_one(&app.db).await.unwrap();
    assert_eq!(seats, 6);
}

#[tokio::test]
async fn removing_a_slot_beside_booking_keeps_or_refuses_each() {
    let (app, made, admin) = start().await;
    let only = file(&made, &[("09:00", "10:00", 10)]);
    let bookings = (0..12).map(|person| {
        let (app, made) = (&app, &made);
        async move {
            let body = made.booking(made.slot(0, 2, 1));
            app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.status
        }
    });
    let removing = post(&admin, "slots?remove_missing=true", only);
    let (booked, report) = tokio::join!(futures_util::future::join_all(bookings), removing);
    let report = report.ok(200);
    let won = booked.iter().filter(|status| **status == 201).count() as u64;
    assert!(booked.iter().all(|status| [201, 409].contains(status)), "{booked:?}");
    let kept = report["slots"]["kept"].as_u64().unwrap();
    assert_eq!(kept, u64::from(won > 0), "a slot with people in it is kept: {report}");
    let sql = "select removed_at is null from slot where slot_id = $1";
    let slot_id = made.slot(0, 2, 1).slot_id.0;
    let is_there: bool = query_scalar(sql).bind(slot_id).fetch_one(&app.db).await.unwrap();
    assert_eq!(is_there, won > 0);
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_slot_that_somebody_is_booking_is_judged_by_what_comes_of_it() {
    let (app, made, _) = start().await;
    let slot_id = made.slot(0, 2, 1).slot_id.0;
    // A booking under way, which takes a seat before the file gets the slot.
    let mut under_way = app.db.begin().await.unwrap();
    let take = "update slot set taken = taken + 1 where slot_id = $1";
    sqlx::query(take).bind(slot_id).execute(&mut *under_way).await.unwrap();
    let only = file(&made, &[("09:00", "10:00", 10)]);
    let removing = {
        let admin = app.admin().await;
        tokio::spawn(async move { post(&admin, "slots?remove_missing=true", only).await.ok(200) })
    };
    let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    loop {
        let waiting: i64 = query_scalar(waits).fetch_one(&app.db).await.unwrap();
        if waiting > 0 {
            break;
        }
    }
    under_way.commit().await.unwrap();
    let report = removing.await.unwrap();
    assert_eq!(report["slots"]["kept"], 1, "it was free when the file came: {report}");
}
