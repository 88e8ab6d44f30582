//! The public picture follows the journal: nothing is lost, nothing counted twice, and what comes
//! out is what the tables say.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use dosebook::{
    board::{
        Board,
        snapshot::{Snapshot, Supply},
    },
    db::{self, Db},
    domain::campaign::State,
    jobs,
    random::Random,
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, query, query_scalar};
use uuid::Uuid;

use crate::support::{Made, Person, TestApp, World, database::TestDatabase, make, until};

fn supply<'a>(snapshot: &'a Snapshot, made: &Made) -> &'a Supply {
    &snapshot.supplies[&made.campaign_id].supply
}

fn picture(app: &TestApp, made: &Made) -> Value {
    picture_of(&app.app.board.now(), made)
}

/// The supply of the campaign, without what changes with time alone.
fn picture_of(snapshot: &Snapshot, made: &Made) -> Value {
    let mut picture = serde_json::to_value(supply(snapshot, made)).unwrap();
    picture["as_of"] = Value::Null;
    let clinics: Vec<_> = snapshot.clinics.iter().map(|clinic| format!("{clinic:?}")).collect();
    picture["clinics"] = clinics.into();
    picture
}

fn lost(app: &TestApp, made: &Made) -> (i64, i64) {
    let snapshot = app.app.board.now();
    let supply = &snapshot.supplies[&made.campaign_id].supply;
    (supply.totals.lost, supply.version)
}

/// One dose is wasted, in the transaction of whoever calls.
async fn waste(conn: &mut PgConnection, allocation_id: i64) {
    query("update allocation set open = open - 1, lost = lost + 1 where allocation_id = $1")
        .bind(allocation_id)
        .execute(&mut *conn)
        .await
        .unwrap();
    query(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
         values (8, 1, 6, 1, $1, 4)",
    )
    .bind(allocation_id)
    .execute(conn)
    .await
    .unwrap();
}

/// One dose more in each allocation, of which nobody is told.
async fn add_secretly(db: &PgPool) {
    let sql = "update allocation set granted = granted + 1, open = open + 1";
    query(sql).execute(db).await.unwrap();
}

/// Follows the tables until this holds: after a change outside the journal, a tick may still wait
/// until it reads.
async fn follow(app: &TestApp, holds: impl Fn(&Snapshot) -> bool) {
    for _ in 0..1000 {
        app.tick().await;
        if holds(&app.app.board.now()) {
            return;
        }
    }
    panic!("it never comes to hold");
}

/// An administrator takes the campaign through a step, and the board has read it.
async fn step(app: &TestApp, made: &Made, (step, body, state): (&str, Value, State)) {
    let path = format!("/v1/admin/campaigns/{}/{step}", made.campaign_id);
    app.admin().await.post(&path, &body).await.ok(200);
    follow(app, |now| supply(now, made).state == state).await;
}

async fn pause(app: &TestApp, made: &Made) {
    step(app, made, ("pause", json!({ "reason": "Rain" }), State::Paused)).await;
}

async fn open_again(app: &TestApp, made: &Made) {
    step(app, made, ("open", json!({}), State::Open)).await;
}

/// A reader that goes by ids, as many outboxes are read: the control.
struct ByIds {
    last: i64,
}

impl ByIds {
    async fn new(db: &PgPool) -> Self {
        let sql = "select max(id) from movement";
        Self { last: query_scalar(sql).fetch_one(db).await.unwrap() }
    }

    async fn read(&mut self, db: &PgPool) -> usize {
        let sql = "select id from movement where id > $1 order by id";
        let ids: Vec<i64> = query_scalar(sql).bind(self.last).fetch_all(db).await.unwrap();
        self.last = ids.last().copied().unwrap_or(self.last);
        ids.len()
    }
}

#[tokio::test]
async fn a_late_commit_is_not_lost() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let (_, version) = lost(&app, &made);
    let mut by_ids = ByIds::new(&app.db).await;

    let mut late = app.db.begin().await.unwrap();
    waste(&mut late, made.allocation(0, 1).allocation_id.0).await;
    let mut early = app.db.begin().await.unwrap();
    waste(&mut early, made.allocation(1, 1).allocation_id.0).await;
    early.commit().await.unwrap();
    app.tick().await;
    assert_eq!(lost(&app, &made), (1, version + 1), "what is committed is in, and nothing else");
    assert_eq!(by_ids.read(&app.db).await, 1);

    late.commit().await.unwrap();
    app.tick().await;
    assert_eq!(lost(&app, &made), (2, version + 2), "and so is what committed late");
    assert_eq!(by_ids.read(&app.db).await, 0, "the control: by ids it is lost");

    app.tick().await;
    assert_eq!(lost(&app, &made), (2, version + 2), "nothing is counted twice");
}

async fn scans(conn: &mut PgConnection) -> i64 {
    conn.execute("select pg_stat_force_next_flush()").await.unwrap();
    let sql = "select seq_scan from pg_stat_user_tables where relname = 'movement'";
    query_scalar(sql).fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn new_lines_are_found_by_index_in_a_large_journal() {
    // Nobody else may look at this journal.
    let database = TestDatabase::new().await;
    // One transaction wrote most lines, which is what misleads the planner.
    let sql = "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
               select 20, 0, 7, 1, 1, 4 from generate_series(1, 200000)";
    query(sql).execute(&database.pool).await.unwrap();
    query("analyze movement").execute(&database.pool).await.unwrap();
    let mut conn = database.pool.acquire().await.unwrap();
    let mut under_way = database.pool.begin().await.unwrap();
    waste(&mut under_way, 1).await;
    let mut tx = conn.begin().await.unwrap();
    let position = db::board::hold_still(&mut tx).await.unwrap().position;
    tx.commit().await.unwrap();
    under_way.commit().await.unwrap();
    waste(&mut conn, 1).await;

    let before = scans(&mut conn).await;
    let mut tx = conn.begin().await.unwrap();
    let lines = db::board::lines_since(&mut tx, &position).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(lines.iter().map(|line| line.lines).sum::<i64>(), 2);
    assert_eq!(scans(&mut conn).await, before);
    query("select sum(doses) from movement").execute(&mut *conn).await.unwrap();
    assert!(scans(&mut conn).await > before, "the control");
}

#[tokio::test]
async fn many_overlapping_transactions_are_each_counted_once() {
    let app = TestApp::start().await;
    let made = World::new().doses(100).make(&app.db).await;
    app.refresh().await;
    let (_, version) = lost(&app, &made);
    let allocation_of = |n: usize| made.allocation(n % 3, 1 + n % 4).allocation_id.0;
    // Three are open at any time, and end in another order than that in which they began.
    let mut open = Vec::new();
    for n in 0..60 {
        let mut tx = app.database.pool.begin().await.unwrap();
        query("set local lock_timeout = '5s'").execute(&mut *tx).await.unwrap();
        waste(&mut tx, allocation_of(n)).await;
        open.push(tx);
        if open.len() == 3 {
            let tx = open.remove((n * 7) % 2);
            match n % 5 {
                0 => tx.rollback().await.unwrap(),
                _ => tx.commit().await.unwrap(),
            }
        }
        app.tick().await;
    }
    for tx in open {
        tx.commit().await.unwrap();
    }
    app.tick().await;
    let sql = "select count(*) from movement where kind = 8";
    let wasted: i64 = query_scalar(sql).fetch_one(&app.db).await.unwrap();
    assert!(wasted > 40, "{wasted}");
    assert_eq!(lost(&app, &made), (wasted, version + wasted));
}

#[tokio::test]
async fn the_journal_tells_the_same_as_the_tables() {
    let app = TestApp::start().await;
    let made = World::new().people(30).make(&app.db).await;
    app.refresh().await;
    let start = picture(&app, &made);
    for n in 0..12 {
        let citizen = app.citizen(&made.people[n]);
        let id = Uuid::now_v7();
        // Of tomorrow's doses some are spare after they are cancelled, of later ones all are open.
        let slot = made.slot(n % 3, 1 + n % 4, n % 2);
        citizen.put_booking(id, &made.booking(slot)).await.ok(201);
        if n % 3 == 0 {
            citizen.delete_booking(id).await.ok(200);
        }
        if n % 4 == 0 {
            app.tick().await;
        }
    }
    // An allocation that the picture does not know, granted from a pool that it does.
    grant_new(&app.db, &made, (0, 1)).await;
    app.tick().await;
    let followed = picture(&app, &made);
    app.refresh().await;
    assert_eq!(followed, picture(&app, &made));
    assert_ne!(followed, start, "the control: something happened");
    assert_eq!(followed["totals"]["booked"], 8);
}

/// Five doses more for a clinic and a day (1 is tomorrow), for walk-ins, out of the nation's pool;
/// the id of their allocation.
async fn grant_new(db: &PgPool, made: &Made, (clinic, day): (usize, usize)) -> i64 {
    let like = made.allocation(clinic, day).allocation_id.0;
    grant_like(db, made, (like, like + 1000)).await
}

/// The same in an allocation with this id, which names its clinic.
async fn grant_like(db: &PgPool, made: &Made, (like, new): (i64, i64)) -> i64 {
    let mut tx = db.begin().await.unwrap();
    query(
        "insert into allocation
             (allocation_id, clinic_id, campaign_id, product_id, on_date, channel, pool_id,
              granted, open)
         select $3, $3 >> 24, campaign_id, product_id, on_date, 3, $2, 5, 5
         from allocation where allocation_id = $1",
    )
    .bind(like)
    .bind(made.nation.0)
    .bind(new)
    .execute(&mut *tx)
    .await
    .unwrap();
    query(
        "update pool set received = received + 10, open = open + 5, passed_on = passed_on + 5 \
         where pool_id = $1",
    )
    .bind(made.nation.0)
    .execute(&mut *tx)
    .await
    .unwrap();
    query(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             to_pool_id, actor_role)
         values (20, 0, 7, 10, null, null, $1, 4), (22, 7, 1, 5, $2, $1, null, 4)",
    )
    .bind(made.nation.0)
    .bind(new)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    new
}

#[tokio::test]
async fn a_change_of_a_campaign_has_no_allocations_read() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    // Whoever reads an allocation now will show eight doses of it.
    add_secretly(&app.db).await;
    pause(&app, &made).await;
    let open = || supply(&app.app.board.now(), &made).totals.open;
    assert_eq!(open(), 84, "not read");
    waste(&mut app.db.acquire().await.unwrap(), made.allocation(0, 1).allocation_id.0).await;
    let new = grant_new(&app.db, &made, (1, 1)).await;
    open_again(&app, &made).await;
    assert_eq!(open(), 84 - 1 + 5, "not read, and yet followed");
    waste(&mut app.db.acquire().await.unwrap(), new).await;
    app.tick().await;
    assert_eq!(open(), 84 - 1 + 5 - 1, "what is new is known from then on");
    // The control: what changed is not told, and everything is read.
    query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    follow(&app, |now| supply(now, &made).totals.open == 84 - 1 + 5 - 1 + 12).await;
}

/// The picture of a board that has just begun.
async fn fresh(db: &Db, made: &Made) -> Value {
    let board = Board::open(db.clone()).await.unwrap();
    board.count_eligible().await.unwrap();
    picture_of(&board.now(), made)
}

/// People of whom some book, some of them cancel, and the board now and then has a look.
async fn crowd(app: &TestApp, made: &Made, people: &[Person], random: &mut Random) {
    let mut booked = Vec::new();
    for person in people {
        let slot = made.slot(random.index(3), 1 + random.index(4), random.index(2));
        let id = Uuid::now_v7();
        let answer = app.citizen(person).put_booking(id, &made.booking(slot)).await;
        if answer.status == 201 {
            booked.push((person, id));
        }
        if !booked.is_empty() && random.chance(0.3) {
            let (person, id) = booked.swap_remove(random.index(booked.len()));
            app.citizen(person).delete_booking(id).await.ok(200);
        }
        if random.chance(0.3) {
            app.tick().await;
        }
    }
}

#[tokio::test]
async fn what_is_carried_on_is_what_a_board_reads_that_has_just_begun() {
    let app = TestApp::start().await;
    let made = World::new().people(48).make(&app.db).await;
    app.refresh().await;
    let (start, db) = (picture(&app, &made), Db::new(app.database.options.clone(), 2));
    let mut random = Random::new(7);
    for (round, people) in made.people.chunks(6).enumerate() {
        crowd(&app, &made, people, &mut random).await;
        let new = grant_new(&app.db, &made, (round % 3, 1 + round / 3)).await;
        // Somebody who has begun before the board reads, and commits afterwards.
        let mut late = app.db.begin().await.unwrap();
        waste(&mut late, new).await;
        pause(&app, &made).await;
        assert_eq!(picture(&app, &made), fresh(&db, &made).await, "paused in round {round}");
        late.commit().await.unwrap();
        if random.chance(0.5) {
            app.tick().await;
        }
        open_again(&app, &made).await;
        app.tick().await;
        assert_eq!(picture(&app, &made), fresh(&db, &made).await, "opened in round {round}");
    }
    let end = picture(&app, &made);
    assert_eq!((&end["totals"]["granted"], &end["totals"]["lost"]), (&json!(84 + 40), &json!(8)));
    assert!(end["totals"]["booked"].as_i64() > Some(8), "the control: something happened");
    assert_ne!(end["clinics"], start["clinics"]);
    add_secretly(&app.db).await;
    pause(&app, &made).await;
    assert_ne!(picture(&app, &made), fresh(&db, &made).await, "the control: it was carried on");
}

#[tokio::test]
async fn clinics_that_are_new_or_in_another_region_are_carried_on_too() {
    let app = TestApp::start().await;
    let made = World::new().people(12).make(&app.db).await;
    app.refresh().await;
    let db = Db::new(app.database.options.clone(), 2);
    let (admin, mut random) = (app.admin().await, Random::new(11));
    let region_of =
        |now: &Snapshot, n: usize| now.catalogue.clinic(made.clinics[n]).unwrap().region_id;
    for (round, people) in made.people.chunks(4).enumerate() {
        crowd(&app, &made, people, &mut random).await;
        let clinic = json!({ "region_id": made.districts[round], "code": format!("N-{round}"),
            "name": "New", "zone": "Asia/Seoul", "address": "9, North", "phone": "02-0000-0012" });
        let clinic = admin.post("/v1/admin/clinics", &clinic).await.ok(201);
        let clinic_id = clinic["clinic_id"].as_i64().unwrap();
        let like = made.allocation(round, 1).allocation_id.0;
        let known = |now: &Snapshot| {
            now.catalogue.clinics.iter().any(|site| i64::from(site.clinic.clinic_id.0) == clinic_id)
        };
        follow(&app, known).await;
        grant_like(&app.db, &made, (like, (clinic_id << 24) + 1)).await;
        app.tick().await;
        assert_eq!(picture(&app, &made), fresh(&db, &made).await, "a new clinic in round {round}");

        let (path, to) =
            (format!("/v1/admin/clinics/{}", made.clinics[round]), made.districts[3 - round]);
        let from = region_of(&app.app.board.now(), round);
        assert_ne!(from, to, "the control");
        let request = admin.request(Method::PATCH, &path).json(&json!({ "region_id": to }));
        let answer = request.header("if-match", "*").send().await;
        answer.ok(200);
        follow(&app, |now| region_of(now, round) == to).await;
        assert_eq!(
            picture(&app, &made),
            fresh(&db, &made).await,
            "another region in round {round}"
        );
    }
    let granted = supply(&app.app.board.now(), &made).totals.granted;
    assert_eq!(granted, 84 + 15, "the control");
    add_secretly(&app.db).await;
    pause(&app, &made).await;
    assert_ne!(picture(&app, &made), fresh(&db, &made).await, "the control: it was carried on");
}

/// What changes what a clinic's doses and seats come to, without a line in the journal.
const CHANGES: [&str; 6] = [
    "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
     select campaign_id, 'First', '{0,1,2,3,4}', clock_timestamp() - interval '1 hour', rule_version
     from campaign",
    "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
     select campaign_id, 'Second', '{5,6,7,8,9}', clock_timestamp() + interval '1 day', rule_version
     from campaign",
    "update tranche set opens_at = clock_timestamp() - interval '2 hours' where name = 'Second'",
    "create table kept as select * from campaign_product; delete from campaign_product",
    "insert into campaign_product select * from kept; drop table kept",
    "update clinic set zone = 'Pacific/Honolulu'
     where clinic_id = (select min(clinic_id) from clinic)",
];

#[tokio::test]
async fn rules_and_zones_that_change_are_carried_on_too() {
    let app = TestApp::start().await;
    let made = World::new().people(20).make(&app.db).await;
    app.refresh().await;
    let db = Db::new(app.database.options.clone(), 2);
    crowd(&app, &made, &made.people, &mut Random::new(13)).await;
    let touch = "; update catalogue set revision = revision + 1, slots_told = slots_told + 1";
    let change = async |sql: &str| {
        let old = app.app.board.now().catalogue.clone();
        app.db.execute(AssertSqlSafe(format!("{sql}{touch}"))).await.unwrap();
        follow(&app, |now| !Arc::ptr_eq(&now.catalogue, &old)).await;
    };
    for (nth, sql) in CHANGES.into_iter().enumerate() {
        let before = picture(&app, &made);
        change(sql).await;
        assert_eq!(picture(&app, &made), fresh(&db, &made).await, "after {sql}");
        assert!(nth == 5 || picture(&app, &made) != before, "the control: {sql}");
    }
    change("update allocation set granted = granted + 1, open = open + 1").await;
    assert_ne!(picture(&app, &made), fresh(&db, &made).await, "the control: it was carried on");
}

#[tokio::test]
async fn a_change_of_a_slot_has_the_slots_of_its_clinic_read() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let seats = |now: &Snapshot, clinic: usize| {
        let place = now.catalogue.place_of(made.clinics[clinic]).unwrap();
        now.clinics[place].days.iter().map(|day| day.seats_left).max()
    };
    assert_eq!(seats(&app.app.board.now(), 0), Some(20), "two slots of ten seats");
    // Whoever reads the slots of another clinic now will show two hundred more.
    let secretly = "update slot set seats = seats + 100 where clinic_id = $1";
    query(secretly).bind(made.clinics[1].0).execute(&app.db).await.unwrap();
    for slot in &made.slots[..8] {
        let path = format!("/v1/admin/slots/{}", slot.slot_id);
        let request = app.admin().await.request(Method::PATCH, &path).json(&json!({ "seats": 4 }));
        request.header("if-match", "*").send().await.ok(200);
    }
    follow(&app, |now| seats(now, 0) == Some(8)).await;
    assert_eq!(seats(&app.app.board.now(), 1), Some(20), "not read");
    app.refresh().await;
    assert_eq!(seats(&app.app.board.now(), 1), Some(220), "the control");
}

#[tokio::test]
async fn a_seat_in_a_closed_slot_is_not_offered_when_it_is_given_back() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let (slot, id) = (made.slot(0, 4, 0), Uuid::now_v7());
    citizen.put_booking(id, &made.booking(slot)).await.ok(201);
    let mut tx = app.db.begin().await.unwrap();
    query("update slot set is_closed = true where slot_id = $1")
        .bind(slot.slot_id.0)
        .execute(&mut *tx)
        .await
        .unwrap();
    query("update catalogue set revision = revision + 1").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    app.refresh().await;
    let seats = || {
        let snapshot = app.app.board.now();
        let place = snapshot.catalogue.place_of(made.clinics[0]).unwrap();
        let day = snapshot.clinics[place].days.iter().find(|day| day.date == slot.on_date).unwrap();
        day.seats_left
    };
    assert_eq!(seats(), 10, "of two slots of ten seats one is closed");
    citizen.delete_booking(id).await.ok(200);
    app.tick().await;
    assert_eq!(seats(), 10);
    let other = made.slot(0, 4, 1);
    citizen.put_booking(Uuid::now_v7(), &made.booking(other)).await.ok(201);
    app.tick().await;
    assert_eq!(seats(), 9, "the control");
}

#[tokio::test]
async fn a_picture_that_does_not_balance_is_not_shown() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let before = picture(&app, &made);
    waste_in_the_journal(&mut app.db.acquire().await.unwrap(), &made).await;
    app.tick().await;
    let after = picture(&app, &made);
    assert_eq!(after["totals"], before["totals"], "the tables are asked instead");
    assert_eq!(after["totals"]["open"], 84, "the control");
}

/// Lines without the counters that they are about: the sums from the journal are then wrong.
async fn waste_in_the_journal(conn: &mut PgConnection, made: &Made) {
    query(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
         values (8, 1, 6, 1000, $1, 4)",
    )
    .bind(made.allocation(0, 1).allocation_id.0)
    .execute(conn)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_does_not_balance_is_not_carried_on() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    add_secretly(&app.db).await;
    let mut tx = app.db.begin().await.unwrap();
    waste_in_the_journal(&mut tx, &made).await;
    db::catalogue::touch(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    follow(&app, |now| supply(now, &made).totals.open == 84 + 12).await;
}

#[tokio::test]
async fn two_boards_on_one_database_say_the_same() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await.ok(201);
    app.tick().await;
    let other = Board::open(Db::new(app.database.options.clone(), 2)).await.unwrap();
    let (ours, theirs) = (app.app.board.now(), other.now());
    let supplies = [&ours, &theirs].map(|s| &s.supplies[&made.campaign_id].supply);
    assert_eq!(supplies[0].version, supplies[1].version);
    assert_eq!(supplies[0].totals, supplies[1].totals);
}

/// Reading says nothing of writing, and lanes have no doubts while nobody books.
#[tokio::test]
async fn that_nothing_can_be_written_ends_with_a_commit_alone() {
    let app = TestApp::start().await;
    let board = Board::open(app.app.db.clone()).await.unwrap();
    board.set_cut_off(true);
    let asked = Arc::new(AtomicU32::new(0));
    let asks = asked.clone();
    let reach = jobs::board::Reach {
        is_doubtful: Box::new(|| false),
        can_write: Box::new(move || {
            let before = asks.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { before >= 2 })
        }),
    };
    let following = jobs::board::run(board.clone(), app.app.metrics.clone(), reach);
    tokio::select! {
        () = following => unreachable!("it goes on until it is dropped"),
        () = until(|| board.cut_off_for().is_none()) => {}
    }
    assert_eq!(asked.load(Ordering::Relaxed), 3, "the third look says that it can be done");
}
