//! What people are told of their appointments: everything that was committed, once, in order, and
//! nothing else.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use dosebook::{
    clock::Clock,
    db::notice::{NEWS_HOURS_MAX, Ways},
    domain::{BookingId, booking_number::BookingNumber, keys::Keys},
    flows::notice::{Marks, Progress, remind, tell},
};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, PgPool, query, query_as, query_scalar};
use uuid::Uuid;

use crate::support::{Made, Person, TestApp, World, app::SECRET, gateway::Gateway, make::ZONE};

const BOTH: Ways = Ways { texts: true, mails: true };

/// A message in the outbox: kind, queue, person and booking.
type Row = (String, i16, i64, Uuid);

async fn rows(db: &PgPool) -> Vec<Row> {
    let sql = "select kind, queue, person_id, booking_id from outbox order by outbox_id";
    query_as(sql).fetch_all(db).await.expect("rows")
}

async fn kinds(db: &PgPool) -> Vec<String> {
    rows(db).await.into_iter().map(|row| row.0).collect()
}

/// Tells until there is nothing more to tell.
async fn tell_all(app: &TestApp) {
    while tell(&app.app.db, &mut Marks::default(), app.app.clock.held(), BOTH).await.expect("told")
        != Progress::Nothing
    {}
}

/// A service that sends nothing, so that what is told stays to be looked at.
async fn silent(world: World) -> (TestApp, Made) {
    let app = TestApp::with().local(false).start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    tell_all(&app).await;
    (app, made)
}

async fn book(app: &TestApp, made: &Made, person: usize, day: usize) -> Uuid {
    let id = Uuid::now_v7();
    let body = made.booking(made.slot(0, day, 0));
    app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    id
}

/// Writes a booking and its line, as a lane does.
async fn write_booking(conn: &mut PgConnection, made: &Made, person: usize) -> Uuid {
    let id = Uuid::now_v7();
    query(
        "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
             dose_number, slot_id, allocation_id, rule_version, booked_at)
         values ($1, $2, $3, $4, $5, 1, $6, $7, 1, clock_timestamp())",
    )
    .bind(id)
    .bind(made.people[person].person_id.0)
    .bind(made.campaign_id.0)
    .bind(made.product_id.0)
    .bind(made.course_id.0)
    .bind(made.slot(0, 3, 0).slot_id.0)
    .bind(made.allocation(0, 3).allocation_id.0)
    .execute(&mut *conn)
    .await
    .expect("a booking");
    write_line(conn, made, id, (1, 1, 3)).await;
    id
}

async fn write_line(conn: &mut PgConnection, made: &Made, id: Uuid, what: (i16, i16, i16)) {
    query(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, booking_id,
             actor_role)
         values ($1, $2, $3, 1, $4, $5, 1)",
    )
    .bind(what.0)
    .bind(what.1)
    .bind(what.2)
    .bind(made.allocation(0, 3).allocation_id.0)
    .bind(id)
    .execute(conn)
    .await
    .expect("a line");
}

#[tokio::test]
async fn whoever_books_and_cancels_is_told_by_every_way_there_is() {
    let (app, made) = silent(World::new().people(2)).await;
    let sql = "update person set email = 'kim@example.kr' where person_id = $1";
    query(sql).bind(made.people[1].person_id.0).execute(&app.db).await.expect("an address");
    let [without, with] = [book(&app, &made, 0, 3).await, book(&app, &made, 1, 3).await];
    app.citizen(&made.people[1]).delete_booking(with).await.ok(200);
    tell_all(&app).await;
    let [one, other] = [made.people[0].person_id.0, made.people[1].person_id.0];
    let expected = [
        ("booked", 2, one, without),
        ("booked", 2, other, with),
        ("booked", 3, other, with),
        ("cancelled", 2, other, with),
        ("cancelled", 3, other, with),
    ];
    let mut told = rows(&app.db).await;
    told.sort_by_key(|row| (row.2, row.0.clone(), row.1));
    let expected = expected.map(|(kind, queue, person, id)| (kind.to_owned(), queue, person, id));
    assert_eq!(told, expected);
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await.len(), 5, "once");
}

/// Whoever staff book for hears of it as if they had booked themselves, and of a cancellation that
/// the clinic took back: nobody stays at home for a wrong press.
#[tokio::test]
async fn whoever_staff_book_for_is_told_and_told_again_when_a_cancellation_was_wrong() {
    let (app, made) = silent(World::new().people(3).cancel_until_hours(480)).await;
    let agent = app.staff_user(5, None).await.0;
    let staff = app.staff(made.clinics[0]).await;
    let id = Uuid::now_v7();
    let body = json!({
        "person_id": made.people[0].person_id, "campaign_id": made.campaign_id,
        "product_id": made.product_id, "slot_id": made.slot(0, 3, 0).slot_id,
        "reason": "Called; has no internet", "consent": "person",
    });
    agent.put(&format!("/v1/assisted-bookings/{id}"), &body).await.ok(201);
    tell_all(&app).await;
    let person = made.people[0].person_id.0;
    assert_eq!(rows(&app.db).await, [("booked".to_owned(), 2, person, id)]);

    let visit = format!("/v1/clinics/{}/bookings/{id}", made.clinics[0]);
    let press = async |body: serde_json::Value| {
        let step = Uuid::now_v7();
        staff.put(&format!("{visit}/steps/{step}"), &body).await.ok(201);
        step
    };
    let cancelled = press(json!({ "step": "cancel" })).await;
    tell_all(&app).await;
    press(json!({ "step": "undo", "undoes": cancelled })).await;
    tell_all(&app).await;
    assert_eq!(kinds(&app.db).await, ["booked", "cancelled", "booked"]);
}

#[tokio::test]
async fn whoever_staff_book_for_is_told_in_their_language() {
    let gateway = Gateway::start().await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    in_language(&app, &made.people[1], "en").await;
    let staff = app.staff(made.clinics[0]).await;
    for person in [0, 1] {
        let body = json!({
            "person_id": made.people[person].person_id, "campaign_id": made.campaign_id,
            "product_id": made.product_id, "slot_id": made.slot(0, 3, 0).slot_id,
            "reason": "Asked at the desk", "consent": "person",
        });
        let path = format!("/v1/clinics/{}/assisted-bookings/{}", made.clinics[0], Uuid::now_v7());
        staff.put(&path, &body).await.ok(201);
    }
    let accepted = gateway.until_accepted(2).await;
    let text_to = |person: usize| {
        let phone = &made.people[person].phone;
        accepted.iter().find(|got| got.to() == phone).expect("a message").text().to_owned()
    };
    let (korean, english) = (text_to(0), text_to(1));
    assert!(korean.starts_with("[질병관리청] ") && korean.contains("예약"), "{korean}");
    assert!(english.starts_with("[KDCA] Booked: "), "{english}");
}

#[tokio::test]
async fn nothing_is_told_of_what_was_not_committed_and_a_late_commit_is_not_lost() {
    let (app, made) = silent(World::new()).await;
    let mut last: i64 =
        query_scalar("select max(id) from movement").fetch_one(&app.db).await.unwrap();
    let mut late = app.db.begin().await.unwrap();
    let id = write_booking(&mut late, &made, 0).await;
    let mut undone = app.db.begin().await.unwrap();
    write_booking(&mut undone, &made, 1).await;
    book(&app, &made, 2, 3).await;
    undone.rollback().await.unwrap();
    tell_all(&app).await;
    let persons = async || rows(&app.db).await.iter().map(|row| row.2).collect::<Vec<_>>();
    assert_eq!(persons().await, [made.people[2].person_id.0]);
    // Whoever goes by the ids of lines, as many outboxes do.
    let by_ids = async |last: &mut i64| {
        let sql = "select id from movement where id > $1 order by id";
        let ids: Vec<i64> = query_scalar(sql).bind(*last).fetch_all(&app.db).await.unwrap();
        *last = ids.last().copied().unwrap_or(*last);
        ids.len()
    };
    assert_eq!(by_ids(&mut last).await, 1);

    late.commit().await.unwrap();
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await[1].3, id, "what committed late is told");
    assert_eq!(by_ids(&mut last).await, 0, "the control: by ids it is lost");
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await.len(), 2, "nothing twice");
}

/// Another node's cancellation has taken its transaction's id before the booking had one: it waited
/// for the row.
#[tokio::test]
async fn what_depends_on_something_is_told_after_it_whatever_the_ids_of_transactions_are() {
    let (app, made) = silent(World::new()).await;
    let mut cancelling = app.db.begin().await.unwrap();
    cancelling.execute("select pg_current_xact_id()").await.unwrap();
    let mut booking = app.db.begin().await.unwrap();
    let id = write_booking(&mut booking, &made, 0).await;
    booking.commit().await.unwrap();
    write_line(&mut cancelling, &made, id, (2, 3, 1)).await;
    cancelling.commit().await.unwrap();
    let by_transaction: Vec<i16> =
        query_scalar("select kind from movement where kind < 20 order by tx, id")
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(by_transaction, [2, 1], "the control: by transactions it is the wrong way round");
    tell_all(&app).await;
    assert_eq!(kinds(&app.db).await, ["booked", "cancelled"]);
}

#[tokio::test]
async fn each_booking_is_told_once_however_many_tell() {
    let (app, made) = silent(World::new().people(120).seats(200).doses(200)).await;
    let done = std::sync::atomic::AtomicBool::new(false);
    let telling = (0..4).map(|_| async {
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            tell(&app.app.db, &mut Marks::default(), None, BOTH).await.expect("told");
        }
    });
    let booking = async {
        join_all((0..made.people.len()).map(|person| book(&app, &made, person, 3))).await;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    tokio::join!(join_all(telling), booking);
    tell_all(&app).await;
    let mut told: Vec<_> = rows(&app.db).await.iter().map(|row| row.2).collect();
    told.sort_unstable();
    assert_eq!(told, made.people.iter().map(|person| person.person_id.0).collect::<Vec<_>>());
}

/// Whoever tells is killed before the commit: the transaction ends, and another begins.
#[tokio::test]
async fn a_teller_that_dies_half_way_has_told_nothing() {
    let (app, made) = silent(World::new()).await;
    book(&app, &made, 0, 3).await;
    let mut dying = app.db.acquire().await.unwrap();
    let mut tx = dying.begin().await.unwrap();
    let cursor = dosebook::db::notice::lock_cursor(&mut tx).await.unwrap().expect("the cursor");
    let ahead = dosebook::db::notice::look_ahead(&mut tx, None).await.unwrap();
    let at = (&cursor, ahead.as_str());
    let told = dosebook::db::notice::tell_lines(&mut tx, at, (None, BOTH), 10).await.unwrap();
    assert_eq!(told.messages, 1, "the control: it was about to");
    let elsewhere = tell(&app.app.db, &mut Marks::default(), None, BOTH).await.expect("asked");
    assert_eq!(elsewhere, Progress::Elsewhere, "nobody else tells meanwhile");
    tx.rollback().await.unwrap();
    assert_eq!(rows(&app.db).await, []);
    tell_all(&app).await;
    assert_eq!(kinds(&app.db).await, ["booked"]);
}

#[tokio::test]
async fn old_news_is_no_news() {
    let (app, made) = silent(World::new()).await;
    let now = Utc::now();
    let id = book(&app, &made, 0, 3).await;
    let sql = "alter table movement disable trigger movement_append_only";
    app.db.execute(sql).await.unwrap();
    let age = |hours: i32| {
        let at = now - TimeDelta::hours(hours.into());
        query("update movement set at = $1 where booking_id = $2").bind(at).bind(id)
    };
    age(NEWS_HOURS_MAX + 1).execute(&app.db).await.unwrap();
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await, []);
    let id = book(&app, &made, 1, 3).await;
    let sql = "update movement set at = $1 where booking_id = $2";
    let at = now - TimeDelta::hours(i64::from(NEWS_HOURS_MAX) - 1);
    query(sql).bind(at).bind(id).execute(&app.db).await.unwrap();
    tell_all(&app).await;
    assert_eq!(kinds(&app.db).await, ["booked"], "the control");
}

async fn close(app: &TestApp, made: &Made, day: usize) {
    let (clinic, date) = (made.clinics[0], made.allocation(0, day).on_date);
    let path = format!("/v1/admin/clinics/{clinic}/closures/{date}");
    let reason = json!({ "reason": "Burst pipe", "reason_ko": "수도관 파열" });
    app.admin().await.put(&path, &reason).await.ok(200);
}

async fn open(app: &TestApp, made: &Made, day: usize) {
    let (clinic, date) = (made.clinics[0], made.allocation(0, day).on_date);
    let path = format!("/v1/admin/clinics/{clinic}/closures/{date}");
    app.admin().await.delete(&path).await.ok(204);
}

#[tokio::test]
async fn whoever_is_booked_on_a_closed_day_is_told_once_and_again_when_it_opens() {
    let (app, made) = silent(World::new()).await;
    book(&app, &made, 0, 3).await;
    book(&app, &made, 1, 2).await;
    let gone = book(&app, &made, 2, 3).await;
    app.citizen(&made.people[2]).delete_booking(gone).await.ok(200);
    close(&app, &made, 3).await;
    tell_all(&app).await;
    let told = kinds(&app.db).await;
    assert_eq!(told, ["booked", "booked", "booked", "cancelled", "closed"]);
    assert_eq!(rows(&app.db).await[4].2, made.people[0].person_id.0);
    close(&app, &made, 3).await;
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await.len(), 5, "another reason is no other news");
    open(&app, &made, 3).await;
    tell_all(&app).await;
    assert_eq!(kinds(&app.db).await[5..], ["opened"]);
    close(&app, &made, 3).await;
    open(&app, &made, 3).await;
    tell_all(&app).await;
    assert_eq!(rows(&app.db).await.len(), 6, "closed and opened before anybody was told");
}

#[tokio::test]
async fn whoever_is_booked_hears_of_the_booking_before_the_closure() {
    let (app, made) = silent(World::new()).await;
    // Nobody tells between the two.
    book(&app, &made, 0, 3).await;
    close(&app, &made, 3).await;
    open(&app, &made, 3).await;
    book(&app, &made, 1, 3).await;
    close(&app, &made, 3).await;
    tell_all(&app).await;
    let of = |told: &[Row], person: usize| {
        let of = |row: &&Row| row.2 == made.people[person].person_id.0;
        told.iter().filter(of).map(|row| row.0.clone()).collect::<Vec<_>>()
    };
    let told = rows(&app.db).await;
    assert_eq!(of(&told, 0), ["booked", "closed"]);
    assert_eq!(of(&told, 1), ["booked", "closed"]);
}

/// An instant of the clinic's clock on the day before tomorrow's appointments.
fn today_at(made: &Made, hour: u32) -> DateTime<Utc> {
    let today = made.allocation(0, 1).on_date - Days::new(1);
    ZONE.from_local_datetime(&today.and_hms_opt(hour, 0, 0).unwrap()).unwrap().to_utc()
}

async fn booked_before(db: &PgPool, at: DateTime<Utc>) {
    let sql = "update booking set booked_at = $1";
    query(sql).bind(at - TimeDelta::hours(13)).execute(db).await.unwrap();
}

async fn remind_at(app: &TestApp, at: DateTime<Utc>) -> Progress {
    let ten = NaiveTime::from_hms_opt(10, 0, 0).unwrap();
    remind(&app.app.db, Some(at), ten, BOTH).await.expect("reminded")
}

#[tokio::test]
async fn everybody_is_reminded_once_on_the_day_before_in_the_zone_of_the_clinic() {
    let (app, made) = silent(World::new()).await;
    book(&app, &made, 0, 1).await;
    book(&app, &made, 1, 2).await;
    let gone = book(&app, &made, 2, 1).await;
    app.citizen(&made.people[2]).delete_booking(gone).await.ok(200);
    let ten = today_at(&made, 10);
    booked_before(&app.db, ten).await;
    query("delete from outbox").execute(&app.db).await.unwrap();
    assert_eq!(remind_at(&app, ten - TimeDelta::seconds(1)).await, Progress::Nothing, "not yet");
    assert_eq!(remind_at(&app, ten).await, Progress::Told(1));
    assert_eq!(remind_at(&app, ten).await, Progress::Nothing, "once");
    let told = rows(&app.db).await;
    let told: Vec<_> = told.iter().map(|row| (row.0.as_str(), row.2)).collect();
    assert_eq!(told, [("reminder", made.people[0].person_id.0)]);
    let expires: DateTime<Utc> =
        query_scalar("select expires_at from outbox").fetch_one(&app.db).await.unwrap();
    assert_eq!(expires, today_at(&made, 0) + TimeDelta::days(1), "tomorrow it would be wrong");
    let tomorrow = ten + TimeDelta::days(1);
    assert_eq!(remind_at(&app, tomorrow).await, Progress::Told(1), "the other one's turn");
}

#[tokio::test]
async fn nobody_is_reminded_who_has_just_booked_or_whose_clinic_is_closed() {
    let (app, made) = silent(World::new()).await;
    book(&app, &made, 0, 1).await;
    let ten = today_at(&made, 10);
    query("update booking set booked_at = $1").bind(ten).execute(&app.db).await.unwrap();
    assert_eq!(remind_at(&app, ten).await, Progress::Told(0), "just booked");
    query("delete from reminder_day").execute(&app.db).await.unwrap();
    booked_before(&app.db, ten).await;
    close(&app, &made, 1).await;
    assert_eq!(remind_at(&app, ten).await, Progress::Told(0), "closed");
    query("delete from reminder_day").execute(&app.db).await.unwrap();
    open(&app, &made, 1).await;
    assert_eq!(remind_at(&app, ten).await, Progress::Told(1), "the control");
}

async fn in_language(app: &TestApp, person: &Person, language: &str) {
    let sql = "update person set language = $2 where person_id = $1";
    query(sql).bind(person.person_id.0).bind(language).execute(&app.db).await.expect("a language");
}

#[tokio::test]
async fn the_confirmation_says_when_and_where_in_the_language_of_the_person() {
    let gateway = Gateway::start().await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    in_language(&app, &made.people[1], "en").await;
    let slot = made.slot(0, 3, 0);
    let keys = Keys::new(&SECRET);
    let mut numbers = Vec::new();
    for person in [0, 1] {
        let id = book(&app, &made, person, 3).await;
        numbers.push(BookingNumber::of(&keys.booking_number, BookingId(id)).to_string());
    }
    let accepted = gateway.until_accepted(2).await;
    let text_to = |person: usize| {
        let phone = &made.people[person].phone;
        accepted.iter().find(|got| got.to() == phone).expect("a message").text().to_owned()
    };
    let local = slot.starts_at.with_timezone(&ZONE);
    let (korean, english) = (text_to(0), text_to(1));
    assert!(korean.starts_with("[질병관리청] "), "{korean}");
    assert!(korean.contains("Clinic 1") && korean.contains("예약"), "{korean}");
    assert!(korean.contains(&numbers[0]), "{korean} {numbers:?}");
    assert!(english.starts_with("[KDCA] Booked: "), "{english}");
    assert!(english.contains(&numbers[1]), "{english} {numbers:?}");
    assert!(english.contains(&local.format("%a %-d %b 09:00").to_string()), "{english}");
}

#[tokio::test]
async fn in_quiet_hours_nothing_leaves_but_codes() {
    let gateway = Gateway::start().await;
    let settings = gateway.provider("gateway");
    let clock = Clock::fixed(Utc::now());
    let app = TestApp::with().messages(&settings).clock(clock.clone()).start().await;
    let made = World::new().people(2).make(&app.db).await;
    app.refresh().await;
    let night = today_at(&made, 22);
    clock.set(night);
    book(&app, &made, 0, 3).await;
    let held = "select count(*) from outbox where due_at > clock_timestamp() + interval '9 hours'";
    let looking =
        async { while query_scalar::<_, i64>(held).fetch_one(&app.db).await.unwrap() == 0 {} };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it is held back");
    let person = &made.people[1];
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    app.public().post("/v1/auth/codes", &claim).await.ok(202);
    let accepted = gateway.until_accepted(1).await;
    assert_eq!(accepted[0].to(), person.phone, "the code, and nothing else");
    clock.set(night + TimeDelta::hours(10));
    query("update outbox set due_at = clock_timestamp()").execute(&app.db).await.unwrap();
    let accepted = gateway.until_accepted(2).await;
    assert_eq!(accepted[1].to(), made.people[0].phone, "in the morning");
}
