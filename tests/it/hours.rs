//! Opening hours: a series makes the slots of its days, says before what it would come to, and
//! never loses sight of whoever is booked.

use chrono::{Datelike, Days, NaiveDate};
use dosebook::flows::discrepancy::verify;
use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use crate::{
    import,
    support::{Client, Made, TestApp, World, make},
};

async fn start() -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    (app, made, admin)
}

/// Every day from 09:00 to 11:00, by the hour, on the four days of the world.
fn series(made: &Made, change: impl FnOnce(&mut Value)) -> Value {
    let mut series = json!({
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "opens": "09:00", "closes": "11:00", "slot_minutes": 60, "seats_per_slot": 10,
        "from_date": made.allocation(0, 1).on_date, "to_date": made.allocation(0, 4).on_date,
    });
    change(&mut series);
    series
}

fn hours_of(made: &Made, clinic: usize) -> String {
    format!("/v1/admin/clinics/{}/hours", made.clinics[clinic])
}

/// Slots added, changed, unchanged and removed, and bookings hit.
#[track_caller]
fn came_to(outcome: &Value) -> [u64; 5] {
    ["added", "changed", "unchanged", "removed", "bookings_hit"]
        .map(|name| outcome[name].as_u64().unwrap_or_else(|| panic!("{name} in {outcome}")))
}

async fn book(app: &TestApp, made: &Made, person: usize, slot: make::Slot) -> Uuid {
    let id = Uuid::now_v7();
    app.citizen(&made.people[person]).put_booking(id, &made.booking(slot)).await.ok(201);
    id
}

/// Local times and seats of a day, as an administrator sees them.
async fn day(admin: &Client, made: &Made, date: NaiveDate) -> Vec<(String, i64)> {
    let path = format!("/v1/admin/clinics/{}/slots?date={date}", made.clinics[0]);
    let list = admin.get(&path).await.ok(200);
    let mut slots: Vec<_> = list["slots"].as_array().unwrap().iter().collect();
    slots.sort_by_key(|slot| slot["starts_at"].as_str().unwrap().to_owned());
    let local = |slot: &&Value| {
        let at: chrono::DateTime<chrono::Utc> =
            slot["starts_at"].as_str().unwrap().parse().unwrap();
        at.with_timezone(&make::ZONE).format("%H:%M").to_string()
    };
    slots.iter().map(|slot| (local(slot), slot["seats"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn a_series_that_says_what_is_so_changes_nothing() {
    let (app, made, admin) = start().await;
    let path = hours_of(&made, 0);
    let said = admin.post(&path, &series(&made, |_| {})).await.ok(200);
    assert_eq!(came_to(&said), [0, 0, 8, 0, 0], "two slots on each of four days");
    assert_eq!((&said["days"], &said["slots"], &said["seats"]), (&json!(4), &json!(8), &json!(80)));
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_dry_run_says_what_the_run_does_and_does_nothing() {
    let (app, made, admin) = start().await;
    let first = made.slot(0, 2, 0);
    let id = book(&app, &made, 0, first).await;
    let path = hours_of(&made, 0);
    // Half hours from ten: nine o'clock goes, half past ten comes, ten gets another end.
    let change = series(&made, |series| {
        series["opens"] = json!("10:00");
        series["slot_minutes"] = json!(30);
    });
    let before = day(&admin, &made, first.on_date).await;
    let mut dry = admin.post(&format!("{path}?dry_run=true"), &change).await.ok(200);
    assert_eq!(came_to(&dry), [4, 4, 0, 4, 1]);
    assert_eq!(dry["bookings"][0]["booking_id"], json!(id));
    assert_eq!(dry["bookings"][0]["on_date"], json!(first.on_date));
    assert_eq!(day(&admin, &made, first.on_date).await, before, "nothing was done");
    let none = admin.get(&path).await.ok(200);
    assert_eq!(none["hours"], json!([]), "and nothing saved");

    let run = admin.post(&path, &change).await.ok(200);
    dry["dry_run"] = json!(false);
    assert_eq!(run, dry);
    let expected = [("10:00".to_owned(), 10), ("10:30".to_owned(), 10)];
    assert_eq!(day(&admin, &made, first.on_date).await, expected);
    let saved = admin.get(&path).await.ok(200);
    assert_eq!(saved["hours"][0]["opens"], "10:00");
    assert_eq!(verify(&app.app.db).await.unwrap(), [], "bookings still name a slot");
}

#[tokio::test]
async fn a_booking_whose_slot_goes_stays_in_sight_and_is_whole_again_when_it_comes_back() {
    let (app, made, admin) = start().await;
    let slot = made.slot(0, 2, 0);
    let id = book(&app, &made, 0, slot).await;
    let citizen = app.citizen(&made.people[0]);
    let standing =
        async || citizen.get(&format!("/v1/bookings/{id}")).await.ok(200)["standing"].clone();
    assert_eq!(standing().await["code"], "ahead", "the control");
    let late = series(&made, |series| series["opens"] = json!("10:00"));
    admin.post(&hours_of(&made, 0), &late).await.ok(200);
    let lost = standing().await;
    assert_eq!((&lost["code"], &lost["next"]["code"]), (&json!("lost"), &json!("choose")));
    let schedule = format!("/v1/clinics/{}/schedule?date={}", slot.clinic_id, slot.on_date);
    let seen = app.staff(slot.clinic_id).await.get(&schedule).await.ok(200);
    assert_eq!(seen["slots"][0]["bookings"][0]["booking_id"], json!(id), "for the clinic too");
    let other = app.citizen(&made.people[1]).put_booking(Uuid::now_v7(), &made.booking(slot)).await;
    other.problem(409, "slot_closed");

    let back = admin.post(&hours_of(&made, 0), &series(&made, |_| {})).await.ok(200);
    assert_eq!(came_to(&back), [0, 4, 4, 0, 0], "four slots came back");
    assert_eq!(standing().await["code"], "ahead");
    let news = "select distinct on_date::text from closure_change";
    let news: Vec<String> = query_scalar(news).fetch_all(&app.db).await.unwrap();
    assert_eq!(news, [slot.on_date.to_string()], "whoever is booked will be told");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn seats_are_never_fewer_than_are_taken() {
    let (app, made, admin) = start().await;
    let slot = made.slot(0, 2, 0);
    for person in 0..3 {
        book(&app, &made, person, slot).await;
    }
    let few = series(&made, |series| series["seats_per_slot"] = json!(2));
    let said = admin.post(&hours_of(&made, 0), &few).await.ok(200);
    assert_eq!(came_to(&said), [0, 8, 0, 0, 0], "nobody loses a seat");
    let seats = day(&admin, &made, slot.on_date).await;
    assert_eq!(seats.iter().map(|(_, seats)| *seats).collect::<Vec<_>>(), [3, 2]);
}

#[tokio::test]
async fn one_day_can_differ_and_keeps_to_itself() {
    let (_app, made, admin) = start().await;
    let date = made.allocation(0, 2).on_date;
    let path = format!("{}/{date}", hours_of(&made, 0));
    let own = json!({ "opens": "14:00", "closes": "15:00", "slot_minutes": 20, "seats_per_slot": 3,
        "breaks": [{ "from": "14:20", "to": "14:40" }] });
    let said = admin.put(&path, &own).await.ok(200);
    assert_eq!(came_to(&said), [2, 0, 0, 2, 0]);
    let expected = [("14:00".to_owned(), 3), ("14:40".to_owned(), 3)];
    assert_eq!(day(&admin, &made, date).await, expected);

    let later = series(&made, |series| series["seats_per_slot"] = json!(4));
    let said = admin.post(&hours_of(&made, 0), &later).await.ok(200);
    assert_eq!((&said["days"], &said["days_kept"]), (&json!(3), &json!(1)));
    assert_eq!(day(&admin, &made, date).await, expected, "a later series leaves it alone");

    let back = admin.delete(&path).await.ok(200);
    assert_eq!(came_to(&back["outcome"]), [0, 2, 0, 2, 0], "the newest series again");
    assert_eq!(day(&admin, &made, date).await[0], ("09:00".to_owned(), 4));
    admin.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn days_left_out_have_no_slots_and_what_cannot_be_is_refused_by_name() {
    let (_app, made, admin) = start().await;
    let (path, date) = (hours_of(&made, 0), made.allocation(0, 3).on_date);
    let said = admin.post(&path, &series(&made, |series| series["except"] = json!([date]))).await;
    assert_eq!(came_to(&said.ok(200)), [0, 0, 6, 2, 0]);
    assert_eq!(day(&admin, &made, date).await, []);
    for (member, value, field) in [
        ("closes", json!("09:00"), "closes"),
        ("opens", json!("9 o'clock"), "opens"),
        ("slot_minutes", json!(1), "slot_minutes"),
        ("slot_minutes", json!(300), "slot_minutes"),
        ("seats_per_slot", json!(-1), "seats_per_slot"),
        ("weekdays", json!([]), "weekdays"),
        ("weekdays", json!(["someday"]), "weekdays[0]"),
        ("to_date", json!("2020-01-01"), "to_date"),
        ("to_date", json!(made.allocation(0, 1).on_date + Days::new(366)), "to_date"),
        ("breaks", json!([{ "from": "10:00", "to": "09:00" }]), "breaks"),
    ] {
        let answer = admin.post(&path, &series(&made, |series| series[member] = value)).await;
        answer.blames(422, "invalid_field", field);
    }
    let nowhere = admin.post("/v1/admin/clinics/999/hours", &series(&made, |_| {})).await;
    nowhere.problem(404, "not_found");
}

#[tokio::test]
async fn a_closed_day_stays_closed_and_past_days_are_left_alone() {
    let (app, made, admin) = start().await;
    let date = made.allocation(0, 2).on_date;
    let closure = format!("/v1/admin/clinics/{}/closures/{date}", made.clinics[0]);
    admin.put(&closure, &json!({ "reason": "Snow" })).await.ok(200);
    let more = series(&made, |series| {
        series["closes"] = json!("12:00");
        series["from_date"] = json!(made.allocation(0, 1).on_date - Days::new(10));
    });
    let said = admin.post(&hours_of(&made, 0), &more).await.ok(200);
    assert_eq!(said["days"].as_u64().unwrap(), 5, "today and four days: {said}");
    let sql = "select bool_and(is_closed = (on_date = $1)) from slot where clinic_id = $2";
    let only: bool =
        query_scalar(sql).bind(date).bind(made.clinics[0].0).fetch_one(&app.db).await.unwrap();
    assert!(only, "new slots of the closed day are closed, and no others");
}

#[tokio::test]
async fn many_clinics_at_once_by_list_or_by_region() {
    let (_app, made, admin) = start().await;
    let path = "/v1/admin/hours";
    let more = series(&made, |series| series["closes"] = json!("12:00"));
    let body = json!({ "clinic_ids": [made.clinics[0], made.clinics[1], 999], "series": more });
    let dry = admin.post(&format!("{path}?dry_run=true"), &body).await.ok(200);
    assert_eq!((&dry["unknown"], &dry["total"]["added"]), (&json!([999]), &json!(8)));
    let by_region = json!({ "region_id": made.provinces[0], "series": more });
    let said = admin.post(path, &by_region).await.ok(200);
    assert_eq!((&said["total"]["clinics"], &said["total"]["added"]), (&json!(2), &json!(8)));
    let again = admin.post(path, &by_region).await.ok(200);
    assert_eq!((&again["total"]["added"], &again["total"]["unchanged"]), (&json!(0), &json!(24)));
    let none = admin.post(path, &json!({ "series": more })).await;
    none.blames(422, "invalid_field", "clinic_ids");
    let nowhere = admin.post(path, &json!({ "region_id": 9999, "series": more })).await;
    nowhere.blames(422, "invalid_field", "region_id");
}

#[tokio::test]
async fn a_file_of_hours_makes_slots_and_one_day_wins() {
    let (app, made, admin) = start().await;
    let (from, to) = (made.allocation(0, 1).on_date, made.allocation(0, 4).on_date);
    let own = made.allocation(0, 2).on_date;
    let header = "clinic_code,weekdays,opens,closes,slot_minutes,seats_per_slot,from_date,to_date,\
                  break_from,break_to,except";
    let weekday = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        [own.weekday().num_days_from_monday() as usize];
    let file = format!(
        "{header}\nC1,daily,09:00,12:00,60,10,{from},{to},10:00,11:00,\n\
         C1,{weekday},14:00,15:00,30,2,{own},{own},,,\nC2,매일,09:00,11:00,60,10,{from},{to},,,\n"
    );
    let dry = import::post(&admin, "hours?dry_run=true", file.clone()).await.ok(200);
    let run = import::post(&admin, "hours", file.clone()).await.ok(200);
    assert_eq!(dry["slots"], run["slots"]);
    let slots = &run["slots"];
    let expected = json!([5, 0, 11, 5]);
    let found = json!([slots["added"], slots["changed"], slots["unchanged"], slots["removed"]]);
    assert_eq!(found, expected, "{slots}");
    assert_eq!((&run["rows_accepted"], &run["rows_unchanged"]), (&json!(2), &json!(1)));
    let times = day(&admin, &made, own).await;
    assert_eq!(times, [("14:00".to_owned(), 2), ("14:30".to_owned(), 2)]);
    let saved = admin.get(&hours_of(&made, 0)).await.ok(200);
    assert_eq!(saved["hours"].as_array().unwrap().len(), 2);

    // The other weekdays are in both; the day with hours of its own is in neither.
    let twice = format!(
        "{header}\nC1,daily,09:00,12:00,60,10,{from},{to},,,\n\
         C1,daily,13:00,14:00,60,1,{to},{later},,,\n",
        later = to + Days::new(3),
    );
    let refused = import::post(&admin, "hours", twice).await.problem(422, "rows_rejected");
    let reject = &refused["rejects"][0];
    assert_eq!((&reject["line"], &reject["cause"]), (&json!(3), &json!("day_has_hours")));
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn hours_that_are_saved_beside_bookings_keep_every_promise() {
    let app = TestApp::start().await;
    let made = World::new().people(40).doses(60).make(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    let path = hours_of(&made, 0);
    let (short, long) =
        (series(&made, |series| series["opens"] = json!("10:00")), series(&made, |_| {}));
    let bookings = (0..40).map(|person| {
        let (app, made) = (&app, &made);
        async move {
            let slot = made.slot(0, 1 + person % 4, person % 2);
            let body = made.booking(slot);
            app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.status
        }
    });
    let saving = async {
        for _ in 0..3 {
            admin.post(&path, &short).await.ok(200);
            admin.post(&path, &long).await.ok(200);
        }
        admin.post(&path, &short).await.ok(200)
    };
    let (booked, _) = tokio::join!(futures_util::future::join_all(bookings), saving);
    assert!(booked.iter().all(|status| [201, 409].contains(status)), "{booked:?}");
    assert!(booked.contains(&201), "the control: some were booked");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
    let sql = "select count(*) from slot where removed_at is not null
               and (seats <> taken or not is_closed)";
    let wrong: i64 = query_scalar(sql).fetch_one(&app.db).await.unwrap();
    assert_eq!(wrong, 0, "nobody gets into a slot that is gone");
}
