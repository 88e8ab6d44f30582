//! Every operation once, in an order in which each succeeds; some again, with more to carry.

use std::fmt::Write;

use chrono::{Days, TimeDelta, Utc};
use dosebook::flows::staff_user::{self, Post};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Recorder, day, desk};
use crate::support::{Client, make::confirming};

const ADMIN: &str = "/v1/admin";
const PASSWORD: &str = "correct horse battery staple";

pub async fn tell(recorder: &mut Recorder) {
    let admin = recorder.app.admin().await;
    warm_up(recorder, &admin).await;
    everybody(recorder).await;
    citizen(recorder).await;
    staff(recorder).await;
    places(recorder, &admin).await;
    let product = rules(recorder, &admin).await;
    campaign(recorder, &admin, &product).await;
    doses(recorder, &admin).await;
    splits(recorder, &admin).await;
    recorder.get(&admin, "/v1/admin/imports/register/template").await;
    names(recorder, &admin).await;
    users(recorder, &admin).await;
    files(recorder, &admin).await;
    persons(recorder, &admin).await;
    desk::tell(recorder).await;
    day::tell(recorder, &admin).await;
    let listed = recorder.get(&admin, "/v1/admin/imports").await;
    let last = &listed["imports"][0];
    let kind = last["kind"].as_str().unwrap();
    recorder.get(&admin, &format!("/v1/admin/imports/{kind}/{}", last["import_id"])).await;
}

const HOURS: &str =
    "clinic_code,weekdays,opens,closes,slot_minutes,seats_per_slot,from_date,to_date";

/// Connections are made on first use, and each lane reads the rules before its first batch.
async fn warm_up(recorder: &Recorder, admin: &Client) {
    let new = json!({ "code": "warm", "name": "Warm" });
    admin.post("/v1/admin/rosters", &new).await.ok(201);
    let nobodys = json!({ "challenge_id": Uuid::now_v7(), "code": "000000" });
    let tried = recorder.app.public().post("/v1/auth/sessions", &nobodys).await;
    tried.problem(401, "wrong_credentials");
    let made = &recorder.made;
    for clinic in 0..made.clinics.len() {
        let citizen = recorder.app.citizen(&made.people[39 - clinic]);
        let body = made.booking(made.slot(clinic, 4, 0));
        citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
        citizen.get("/v1/bookings").await.ok(200);
        citizen.get("/v1/me").await.ok(200);
    }
}

async fn everybody(recorder: &mut Recorder) {
    let public = recorder.app.public();
    for path in ["/docs", "/openapi.yaml", "/healthz", "/readyz", "/metrics", "/v1/regions"] {
        recorder.get(&public, path).await;
    }
    recorder.get(&public, "/v1/campaigns").await;
    let campaign = format!("/v1/campaigns/{}", recorder.made.campaign_id);
    for path in ["", "/supply", "/supply/history", "/clinics"] {
        recorder.get(&public, &format!("{campaign}{path}")).await;
    }
    let clinic = recorder.made.clinics[0];
    let day = recorder.made.allocation(0, 1).on_date;
    let slots =
        format!("/v1/clinics/{clinic}/slots?campaign_id={}&date={day}", recorder.made.campaign_id);
    recorder.get(&public, &slots).await;
    let question = json!({ "campaign_id": recorder.made.campaign_id, "birth_date": "1964-05-06" });
    recorder.post(&public, "/v1/eligibility", question).await;
}

async fn citizen(recorder: &mut Recorder) {
    let public = recorder.app.public();
    let person = recorder.made.people[0].clone();
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    let challenge = recorder.post(&public, "/v1/auth/codes", claim).await["challenge_id"].clone();
    // Nobody is told apart from somebody.
    let nobody = json!({ "name": "No One", "birth_date": "1964-05-06", "phone": "01000000000" });
    recorder.post(&public, "/v1/auth/codes", nobody).await;
    let codes = recorder.app.shown_codes().await;
    let is_ours = |code: &&Value| code["challenge_id"] == challenge;
    let code = codes.iter().find(is_ours).unwrap()["code"].clone();
    let answer = json!({ "challenge_id": challenge, "code": code });
    let session = recorder.post(&public, "/v1/auth/sessions", answer).await;
    let signed_in = recorder.app.holder_of(session["token"].as_str().unwrap());
    recorder.delete(&signed_in, "/v1/auth/sessions").await;
    let neighbour = recorder.app.citizen(&recorder.made.people[35].clone());
    recorder.delete(&neighbour, "/v1/me/sessions").await;
    // Somebody else: a session of the same person could expire in the same second, and is the
    // same then.
    let person = recorder.made.people[36].clone();
    let me = recorder.app.citizen(&person);
    recorder.get(&me, "/v1/me").await;
    let (id, body) = (Uuid::now_v7(), recorder.made.booking(recorder.made.slot(0, 3, 0)));
    let one = format!("/v1/bookings/{id}");
    recorder.put(&me, &one, body.clone()).await;
    recorder.case = Some("the same again");
    recorder.put(&me, &one, body).await;
    recorder.get(&me, &one).await;
    recorder.get(&me, "/v1/bookings").await;
    recorder.delete(&me, &one).await;
    // The booking by its number, for somebody and for nobody.
    let mut claim = json!({
        "number": recorder.app.number(id).to_string(), "birth_date": person.birth_date,
    });
    recorder.post(&public, "/v1/auth/booking-codes", claim.clone()).await;
    claim["birth_date"] = json!("1964-05-06");
    recorder.post(&public, "/v1/auth/booking-codes", claim).await;
}

async fn staff(recorder: &mut Recorder) {
    let made = recorder.made.clone();
    let day = made.allocation(0, 3).on_date;
    let path = format!("/v1/clinics/{}/schedule?date={day}", made.clinics[0]);
    let staff = recorder.app.staff(made.clinics[0]).await;
    recorder.get(&staff, &path).await;
    find(recorder, &staff).await;
    visits(recorder).await;
    let app = &recorder.app;
    join_all(made.people[1..20].iter().map(async |person| {
        let body = made.booking(made.slot(0, 3, 1));
        app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201)
    }))
    .await;
    recorder.get(&staff, &path).await;
    staff_user::add(&recorder.app.app.db, "boss", PASSWORD, Post::Administrator).await.unwrap();
    let body = json!({ "username": "boss", "password": PASSWORD });
    let public = recorder.app.public();
    let session = recorder.post(&public, "/v1/auth/staff-sessions", body).await;
    let boss = recorder.app.holder_of(session["token"].as_str().unwrap());
    recorder.delete(&boss, "/v1/auth/staff-sessions").await;
}

/// Visits at a clinic whose day has begun: a person who is given a dose, and one who is not.
async fn visits(recorder: &mut Recorder) {
    let made = recorder.made.clone();
    let staff = recorder.app.staff(made.clinics[2]).await;
    let mut paths = Vec::new();
    for person in [28, 29] {
        let id = Uuid::now_v7();
        let citizen = recorder.app.citizen(&made.people[person]);
        citizen.put_booking(id, &made.booking(made.slot(2, 1, 0))).await.ok(201);
        paths.push(format!("/v1/clinics/{}/bookings/{id}", made.clinics[2]));
    }
    made.begin_day(&recorder.app.db, 2, 1).await;
    let step = |path: &str| format!("{path}/steps/{}", Uuid::now_v7());
    for path in &paths {
        recorder.put(&staff, &step(path), json!({ "step": "arrive" })).await;
        recorder.get(&staff, path).await;
    }
    let (give, body) = (
        step(&paths[0]),
        json!({
            "step": "give", "answers": ["identity", "screening"], "site": "left_arm",
            "lot": "EW0182",
        }),
    );
    recorder.put(&staff, &give, body.clone()).await;
    recorder.case = Some("the same again");
    recorder.put(&staff, &give, body).await;
    recorder.case = Some("not vaccinated");
    let body = json!({ "step": "not_vaccinated", "reason": "already_had" });
    recorder.put(&staff, &step(&paths[1]), body).await;
    recorder.case = Some("after the dose");
    recorder.get(&staff, &paths[0]).await;
    let admin = recorder.app.admin().await;
    let person = format!("{ADMIN}/persons/{}/exclusions", made.people[29].person_id);
    let list = recorder.get(&admin, &person).await;
    let lift = format!("{person}/{}/lift", list["exclusions"][0]["exclusion_id"]);
    recorder.post(&admin, &lift, json!({ "reason": "x" })).await;
}

/// Bookings by number, first one of today and then one of another day.
async fn find(recorder: &mut Recorder, staff: &Client) {
    let made = recorder.made.clone();
    let path = format!("/v1/clinics/{}/bookings/find", made.clinics[0]);
    for (person, is_today, case) in [(20, true, "today"), (21, false, "on another day")] {
        let (id, slot) = (Uuid::now_v7(), made.slot(0, 2, person % 2));
        let citizen = recorder.app.citizen(&made.people[person]);
        citizen.put_booking(id, &made.booking(slot)).await.ok(201);
        if is_today {
            let sql = "update slot set on_date = (now() at time zone 'Asia/Seoul')::date
                       where slot_id = $1";
            sqlx::query(sql).bind(slot.slot_id.0).execute(&recorder.app.db).await.unwrap();
        }
        recorder.case = Some(case);
        let body = json!({ "number": recorder.app.number(id).to_string() });
        recorder.post(staff, &path, body).await;
    }
}

/// Persons with few bookings and with several, merged and marked.
async fn persons(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    let one = |person: usize, below: &str| {
        format!("{ADMIN}/persons/{}{below}", made.people[person].person_id)
    };
    for person in [22, 23] {
        let id = Uuid::now_v7();
        let citizen = recorder.app.citizen(&made.people[person]);
        citizen.put_booking(id, &made.booking(made.slot(1, 1, 0))).await.ok(201);
        let someone = &made.people[person];
        let number = recorder.app.number(id).to_string();
        for (case, mut body) in [
            ("by name", json!({ "name": someone.name, "birth_date": someone.birth_date })),
            (
                "by number and birth date",
                json!({ "booking_number": number, "birth_date": someone.birth_date }),
            ),
        ] {
            body["reason"] = json!("x");
            recorder.case = Some(case);
            recorder.post(admin, &format!("{ADMIN}/persons/find"), body).await;
        }
        recorder.get(admin, &one(person, "")).await;
        let phone = format!("010777700{person}");
        recorder.correct(admin, &one(person, ""), json!({ "phone": phone, "reason": "x" })).await;
        recorder.get(admin, &one(person, "/changes")).await;
    }
    let number = {
        let id = Uuid::now_v7();
        let citizen = recorder.app.citizen(&made.people[24]);
        citizen.put_booking(id, &made.booking(made.slot(1, 1, 1))).await.ok(201);
        recorder.app.number(id).to_string()
    };
    recorder.case = Some("by code");
    let body = json!({ "person_code": "R-1", "reason": "x" });
    recorder.post(admin, &format!("{ADMIN}/persons/find"), body).await;
    recorder.case = Some("by number at the clinic");
    let body = json!({ "booking_number": number, "clinic_id": made.clinics[1], "reason": "x" });
    recorder.post(admin, &format!("{ADMIN}/persons/find"), body).await;
    for (from, into) in [(22, 25), (25, 26)] {
        let body = json!({ "into_person_id": made.people[into].person_id, "reason": "x" });
        recorder.post(admin, &one(from, "/merge"), body).await;
    }
    for person in [27, 23] {
        let body = json!({ "mark": "moved_away", "reason": "x" });
        recorder.post(admin, &one(person, "/mark"), body).await;
    }
    recorder.case = Some("with cancelling");
    let body = json!({ "mark": "deceased", "reason": "x", "cancel_bookings": true });
    recorder.post(admin, &one(24, "/mark"), body).await;
}

fn slots(day: u64, count: u32) -> Value {
    let from = Utc::now().date_naive() + Days::new(day);
    let slot = |n: u32| {
        let at =
            from.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::minutes(15 * i64::from(n));
        json!({ "starts_at": at, "ends_at": at + TimeDelta::minutes(15), "seats": 5 })
    };
    json!({ "slots": (0..count).map(slot).collect::<Vec<_>>() })
}

async fn places(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    for (what, body) in [
        ("regions", json!({ "code": "N", "name": "New", "parent_id": made.provinces[0] })),
        ("courses", json!({ "code": "flu", "name": "Influenza" })),
        ("rosters", json!({ "code": "teachers", "name": "Teachers" })),
        (
            "clinics",
            json!({
                "region_id": made.districts[0], "code": "N-1", "name": "New", "zone": "Asia/Seoul",
                "address": "1 Main Street", "phone": "02-000-0000",
            }),
        ),
        (
            "persons",
            json!({
                "name": "Kim Minji", "birth_date": "1964-05-06", "phone": "010-1234-5678",
                "region_id": made.districts[0],
            }),
        ),
    ] {
        let path = format!("{ADMIN}/{what}");
        recorder.post(admin, &path, body).await;
        if what != "persons" {
            recorder.get(admin, &path).await;
        }
    }
    let clinic = format!("{ADMIN}/clinics/{}", made.clinics[2]);
    recorder.patch(admin, &clinic, json!({ "name": "Moved" })).await;
    let path = format!("{clinic}/slots");
    recorder.get(admin, &path).await;
    recorder.post(admin, &path, slots(20, 1)).await;
    recorder.post(admin, &path, slots(21, 80)).await;
    recorder.get(admin, &path).await;
    let slot = format!("{ADMIN}/slots/{}", made.slot(2, 1, 0).slot_id);
    recorder.patch(admin, &slot, json!({ "seats": 50 })).await;
    let day = format!("{clinic}/closures/{}", made.allocation(2, 1).on_date);
    recorder.put(admin, &day, json!({ "reason": "Typhoon" })).await;
    recorder.get(admin, &format!("{clinic}/closures")).await;
    recorder.delete(admin, &day).await;
    hours(recorder, admin, &clinic).await;
}

/// Opening hours, and a closed day with those who are booked then.
async fn hours(recorder: &mut Recorder, admin: &Client, clinic: &str) {
    let made = recorder.made.clone();
    let (date, later) = (made.allocation(2, 1).on_date, made.allocation(2, 4).on_date);
    let series = |minutes: u32| {
        json!({ "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "opens": "09:00",
            "closes": "18:00", "slot_minutes": minutes, "seats_per_slot": 100,
            "from_date": date, "to_date": later })
    };
    let path = format!("{clinic}/hours");
    recorder.post(admin, &path, series(60)).await;
    recorder.post(admin, &path, series(30)).await;
    recorder.get(admin, &path).await;
    let own = json!({ "opens": "09:00", "closes": "12:00", "slot_minutes": 60,
        "seats_per_slot": 100 });
    recorder.put(admin, &format!("{path}/{date}"), own).await;
    recorder.delete(admin, &format!("{path}/{date}")).await;
    let many = json!({ "clinic_ids": [made.clinics[2]], "series": series(60) });
    recorder.post(admin, "/v1/admin/hours", many).await;

    let slot = made.slot(2, 2, 0);
    let (lost, left) = (&made.people[30], &made.people[31]);
    let (lost_id, left_id) = (Uuid::now_v7(), Uuid::now_v7());
    for (person, id) in [(lost, lost_id), (left, left_id)] {
        recorder.app.citizen(person).put_booking(id, &made.booking(slot)).await.ok(201);
    }
    let day = format!("{clinic}/closures/{}", slot.on_date);
    admin.put(&day, &json!({ "reason": "Snow" })).await.ok(200);
    let citizen = recorder.app.citizen(lost);
    recorder.get(&citizen, &format!("/v1/bookings/{lost_id}/alternatives")).await;
    let to = json!({ "booking_id": Uuid::now_v7(), "slot_id": made.slot(0, 2, 1).slot_id });
    recorder.post(&citizen, &format!("/v1/bookings/{lost_id}/move"), to).await;
    recorder.get(admin, &format!("{clinic}/unreached?date={}", slot.on_date)).await;
    let tick = format!("{clinic}/unreached/{left_id}");
    recorder.put(admin, &tick, json!({ "how": "phone" })).await;
    recorder.delete(admin, &tick).await;
    let because = json!({ "reason": "Snow" });
    recorder.post(admin, &format!("{day}/cancellations"), because).await;
    admin.delete(&day).await;
}

/// Gives the id of another vaccine.
async fn rules(recorder: &mut Recorder, admin: &Client) -> Value {
    let made = recorder.made.clone();
    let campaign = format!("{ADMIN}/campaigns/{}", made.campaign_id);
    let body = json!({ "code": "208", "name": "Pfizer", "doses_per_vial": 6 });
    let product = recorder.post(admin, "/v1/admin/products", body).await["product_id"].clone();
    recorder.get(admin, "/v1/admin/products").await;
    let path = format!("{campaign}/products");
    recorder.put(admin, &path, json!({ "product_ids": [made.product_id, product] })).await;
    recorder.get(admin, &path).await;
    let path = format!("{campaign}/cohorts");
    let body = json!({ "name": "1970", "born_from": "1970-01-01", "born_to": "1970-12-31" });
    let cohort = recorder.post(admin, &path, body).await;
    recorder.get(admin, &path).await;
    let one = format!("{path}/{}", cohort["cohort_id"]);
    recorder.patch(admin, &one, json!({ "name_en": "Born in 1970" })).await;
    recorder.delete(admin, &one).await;
    let path = format!("{campaign}/tranches");
    let opens_at = Utc::now() + TimeDelta::hours(1);
    let body = json!({ "name": "later", "birth_day_digits": [1, 6], "opens_at": opens_at });
    let tranche = recorder.post(admin, &path, body).await;
    recorder.get(admin, &path).await;
    let one = format!("{path}/{}", tranche["tranche_id"]);
    recorder.patch(admin, &one, json!({ "name_en": "Later" })).await;
    recorder.delete(admin, &one).await;
    product
}

async fn campaign(recorder: &mut Recorder, admin: &Client, product: &Value) {
    let made = recorder.made.clone();
    let body = json!({
        "code": "autumn", "name": "Autumn", "course_id": made.course_id,
        "opens_at": Utc::now() - TimeDelta::hours(1), "closes_at": Utc::now() + TimeDelta::days(30),
        "zone": "Asia/Seoul",
    });
    let campaign = recorder.post(admin, "/v1/admin/campaigns", body).await["campaign_id"].clone();
    recorder.get(admin, "/v1/admin/campaigns").await;
    let one = format!("{ADMIN}/campaigns/{campaign}");
    recorder.get(admin, &one).await;
    recorder.patch(admin, &one, json!({ "name": "Autumn 2026" })).await;
    let body = json!({ "product_ids": [product] });
    recorder.put(admin, &format!("{one}/products"), body).await;
    let body = json!({ "name": "all", "born_from": "1930-01-01" });
    recorder.post(admin, &format!("{one}/cohorts"), body).await;
    let body = json!({
        "campaign_id": campaign, "product_id": product, "parent_id": null, "region_id": null,
    });
    let pool = recorder.post(admin, "/v1/admin/pools", body).await["pool_id"].clone();
    let body = json!({ "doses": 60, "reason": "Delivery" });
    recorder.post(admin, &format!("{ADMIN}/pools/{pool}/receipts"), body).await;
    // What is opened has something to book.
    let body = json!({
        "clinic_id": made.clinics[1], "campaign_id": campaign, "product_id": product,
        "on_date": made.allocation(1, 2).on_date, "pool_id": pool, "doses": 6, "reason": "x",
    });
    admin.post("/v1/admin/allocations", &body).await.ok(201);
    recorder.get(admin, &format!("{one}/check")).await;
    for (step, body) in [
        ("publish", confirming(json!({ "reason": "The limit is known" }))),
        ("open", confirming(json!({}))),
        ("pause", json!({ "reason": "A fault" })),
        ("close", json!({ "reason": "Over" })),
    ] {
        recorder.post(admin, &format!("{one}/{step}"), body).await;
    }
}

async fn doses(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    let nation = format!("{ADMIN}/pools/{}", made.nation);
    let path = format!("{ADMIN}/pools?campaign_id={}", made.campaign_id);
    let pools = recorder.get(admin, &path).await;
    let is_province = |pool: &&Value| pool["region_id"] == json!(made.provinces[0]);
    let province = pools["pools"].as_array().unwrap().iter().find(is_province).unwrap();
    let province = &province["pool_id"];
    recorder.case = Some("of a public campaign");
    recorder
        .post(admin, &format!("{nation}/receipts"), json!({ "doses": 5000, "reason": "x" }))
        .await;
    let body = json!({ "to_pool_id": province, "doses": 4500, "reason": "x" });
    recorder.post(admin, &format!("{nation}/transfers"), body).await;
    recorder.case = Some("across");
    let sibling = pools["pools"].as_array().unwrap();
    let is_sibling = |pool: &&Value| pool["region_id"] == json!(made.provinces[1]);
    let sibling = &sibling.iter().find(is_sibling).unwrap()["pool_id"];
    let body = json!({ "to_pool_id": sibling, "doses": 20, "reason": "x" });
    recorder.post(admin, &format!("{ADMIN}/pools/{province}/transfers"), body).await;
    let body = json!({ "doses": 10, "reason": "x" });
    recorder.post(admin, &format!("{nation}/losses"), body.clone()).await;
    let lines = format!("{ADMIN}/movements?pool_id={}", made.nation);
    let lines = admin.get(&lines).await.ok(200);
    for (kind, case) in [("lose", None), ("receive", Some("of a public campaign"))] {
        let mut lines = lines["movements"].as_array().unwrap().iter();
        let line = lines.rfind(|line| line["kind"] == kind).unwrap();
        recorder.case = case;
        let path =
            format!("{ADMIN}/movements/{}/correction", line["movement_id"].as_str().unwrap());
        recorder.post(admin, &path, body.clone()).await;
    }
    let body = json!({
        "clinic_id": made.clinics[0], "campaign_id": made.campaign_id,
        "product_id": made.product_id, "on_date": "2030-03-04", "pool_id": province,
        "doses": 20, "reason": "x",
    });
    let one = recorder.post(admin, "/v1/admin/allocations", body).await["allocation_id"].clone();
    let path = format!("{ADMIN}/allocations?clinic_id={}", made.clinics[0]);
    recorder.get(admin, &path).await;
    let one = format!("{ADMIN}/allocations/{one}");
    let body = json!({ "doses": 10, "reason": "x" });
    recorder.post(admin, &format!("{one}/grants"), body.clone()).await;
    recorder.post(admin, &format!("{one}/retractions"), body).await;
    recorder.get(admin, "/v1/admin/movements").await;
}

/// The next split over clinics goes to more of them, and needs as many statements.
async fn splits(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    let nation = format!("{ADMIN}/pools/{}", made.nation);
    recorder.case = Some("of a public campaign");
    let body = json!({ "doses": 1_000, "reason": "x" });
    recorder.post(admin, &format!("{nation}/receipts"), body).await;
    let last = made.allocation(0, 1).on_date + chrono::Days::new(13);
    for (over, case, doses) in [
        ("regions", "over regions", 20),
        ("clinics", "over clinics", 20),
        ("clinics", "over clinics", 400),
    ] {
        let mut body = json!({
            "over": over, "by": "population", "doses": doses,
            "from_date": made.allocation(0, 1).on_date, "to_date": last,
        });
        recorder.case = Some("dry run");
        let path = format!("{nation}/splits?dry_run=true");
        let seen = recorder.post(admin, &path, body.clone()).await;
        body["state"] = seen["state"].clone();
        body["reason"] = "x".into();
        recorder.case = Some(case);
        recorder.post(admin, &format!("{nation}/splits"), body).await;
    }
    let body = json!({
        "over": "clinics", "by": "equal", "doses": 100,
        "from_date": made.allocation(0, 1).on_date, "to_date": last,
    });
    let path = format!("{nation}/splits/file");
    recorder.post(admin, &path, body).await;
}

async fn names(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    let change = json!({ "name": "Right", "name_ko": "바른 이름" });
    for path in [
        format!("regions/{}", made.districts[0]),
        format!("courses/{}", made.course_id),
        format!("products/{}", made.product_id),
    ] {
        recorder.patch(admin, &format!("{ADMIN}/{path}"), change.clone()).await;
    }
    recorder.patch(admin, &format!("{ADMIN}/rosters/1"), json!({ "name": "Right" })).await;
}

async fn users(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    let body = json!({ "username": "desk", "role": "staff", "clinic_id": made.clinics[0] });
    let invited = recorder.post(admin, "/v1/admin/users", body).await;
    let token = &invited["invitation"]["token"];
    let body = json!({ "token": token, "password": PASSWORD });
    let public = recorder.app.public();
    recorder.post(&public, "/v1/auth/invitations", body).await;
    recorder.get(admin, "/v1/admin/users").await;
    let one = format!("{ADMIN}/users/{}", invited["user"]["user_id"]);
    for verb in ["reset", "disable", "enable"] {
        recorder.post(admin, &format!("{one}/{verb}"), json!({})).await;
    }
    let body = json!({
        "code": "spring", "name": "Spring", "zone": "Asia/Seoul",
        "opens_at": Utc::now(), "closes_at": Utc::now() + TimeDelta::days(30),
        "course": { "code": "covid-19", "name": "COVID-19" },
        "products": [{
            "product": { "code": "141", "name": "Influenza", "doses_per_vial": 10 }, "doses": 10,
        }],
        "cohorts": [{ "name": "all", "born_from": "1930-01-01" }],
    });
    recorder.post(admin, "/v1/admin/campaign-drafts", body).await;
}

/// Each kind of file with one row, and with hundreds.
async fn files(recorder: &mut Recorder, admin: &Client) {
    for rows in [1..2_u32, 2..400] {
        let (mut register, mut roster) = (String::new(), String::new());
        let (mut clinics, mut slots) = (String::new(), String::new());
        let (mut allocations, mut hours) = (String::new(), String::new());
        let (mut regions, mut users) = (String::new(), String::new());
        for n in rows {
            let person = format!("Person {n},1962-03-01,011{n:08}");
            writeln!(register, "{person},P1D1").unwrap();
            writeln!(roster, "teachers,{person}").unwrap();
            writeln!(clinics, "F{n},Clinic {n},P1D1,Asia/Seoul,Street,1339,37.5,127").unwrap();
            writeln!(slots, "F{n},2030-03-04T09:00,2030-03-04T10:00,5").unwrap();
            writeln!(allocations, "test,F{n},207,2030-03-04,10").unwrap();
            writeln!(hours, "F{n},daily,09:00,12:00,30,5,2030-04-01,2030-04-07").unwrap();
            writeln!(regions, "R{n},Region {n},P1").unwrap();
            writeln!(users, "user-{n},staff,F{n}").unwrap();
        }
        let person = "name,birth_date,phone";
        let clinic = "code,name,region_code,zone,address,phone,latitude,longitude";
        let allocation = "campaign_code,clinic_code,product_code,on_date,doses";
        for (kind, header, rows) in [
            ("register", &format!("{person},region_code"), register),
            ("roster", &format!("roster_code,{person}"), roster),
            ("clinics", &clinic.to_owned(), clinics),
            ("slots", &"clinic_code,starts_at,ends_at,seats".to_owned(), slots),
            ("allocations", &allocation.to_owned(), allocations),
            ("hours", &HOURS.to_owned(), hours),
            ("regions", &"code,name,parent_code".to_owned(), regions),
            ("users", &"username,role,clinic_code".to_owned(), users),
        ] {
            recorder.import(admin, kind, format!("{header}\n{rows}")).await;
        }
    }
}
