//! How PostgreSQL runs the statements of a booking transaction on a large ledger: by index, and
//! without touching an index when a counter changes. Plans and counts, no timings.

use dosebook::{
    db::{self, Db, MIGRATOR, booking, own_booking, person, schedule, staff_user, visit},
    domain::{
        BookingId, StepId,
        batch::{Request, decide},
        birth_date::BirthDate,
        booking::Book,
        own_booking::OfDose,
    },
    flows::lane::transaction::{self, Done, KnownRules, Locks},
    postgres::{Durability, Private},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::support::{Made, World, database::TestDatabase};

const CLINICS: i64 = 2_000;
const SLOTS_PER_CLINIC: i64 = 10;
const BOOKINGS: i64 = 300_000;
/// Two rows, four index entries, two locks and two counters, with room for a page split.
const WAL_BYTES_MAX: i64 = 1_000;

/// A server of its own: a transaction of another test, in any database, or a run of autovacuum can
/// keep old row versions alive, and then an update finds no room beside the row.
pub struct Grown {
    pub postgres: Private,
    pub db: PgPool,
    pub made: Made,
    pub lane: PgConnection,
    pub _folder: tempfile::TempDir,
}

/// The small world, grown: 20,000 slots, 300,000 people with a booking each.
pub async fn grown() -> Grown {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Private::start(folder.path(), None, Durability::Disposable).await.unwrap();
    let mut owner = PgConnection::connect_with(&postgres.owner_options()).await.unwrap();
    MIGRATOR.run(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let db = PgPool::connect_with(postgres.superuser_options("dosebook")).await.unwrap();
    db.execute("alter system set autovacuum = off").await.unwrap();
    db.execute("select pg_reload_conf()").await.unwrap();
    let made = World::new().clinics(3).people(900).seats(500).doses(500).make(&db).await;
    let sql = format!(
        "insert into clinic (region_id, code, name, zone, address, phone)
             select {district}, 'G' || n, 'Grown ' || n, 'Asia/Seoul', 'Street', '02'
             from generate_series(4, {CLINICS}) n;
         insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats, taken)
             select (clinic_id::bigint << 24) + k, clinic_id, current_date + 9,
                 current_date + 9 + k * interval '1 hour',
                 current_date + 9 + (k + 1) * interval '1 hour', 100, 0
             from clinic, generate_series(1, {SLOTS_PER_CLINIC}) k where code like 'G%';
         insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                 pool_id, granted, open)
             select (clinic_id::bigint << 24) + k, clinic_id, {campaign}, {product},
                 current_date + 8 + k, 1, 300, 300
             from clinic, generate_series(1, 10) k where code like 'G%';
         insert into person (match_key, birth_date, region_id, name, phone, fold)
             select decode(md5('grown' || n), 'hex'), '1964-01-01', {district}, 'Grown', '010', 2
             from generate_series(1, {BOOKINGS}) n;
         insert into roster (code, name) values ('nurses', 'Nurses');
         insert into roster_member (person_id, roster_id)
             select person_id, 1 from person where name = 'Grown' and person_id % 10 = 0;
         insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             select gen_random_uuid(), person_id, {campaign}, {product}, {course}, 1,
                 ((4 + person_id % ({CLINICS} - 3)) << 24) + 1 + person_id % {SLOTS_PER_CLINIC},
                 ((4 + person_id % ({CLINICS} - 3)) << 24) + 1, 1, now()
             from person where name = 'Grown';",
        district = made.districts[0],
        campaign = made.campaign_id,
        product = made.product_id,
        course = made.course_id,
    );
    db.execute(AssertSqlSafe(sql)).await.unwrap();
    db.execute("vacuum analyze").await.unwrap();
    let mut lane = Db::new(postgres.app_options(), 1).connect("plan").await.unwrap();
    lane.execute(db::PLANNER_SETTINGS).await.unwrap();
    Grown { postgres, db, made, lane, _folder: folder }
}

fn requests(made: &Made, people: std::ops::Range<usize>) -> Vec<Request> {
    let request = |n: usize| {
        Request::Book(Book {
            booking_id: BookingId(Uuid::now_v7()),
            person_id: made.people[n].person_id,
            campaign_id: made.campaign_id,
            slot_id: made.slots[n % made.slots.len()].slot_id,
            product_id: made.product_id,
        })
    };
    people.map(request).collect()
}

async fn plans(lane: &mut PgConnection) -> Vec<(String, String)> {
    let statements = sqlx::raw_sql(
        "select name, statement, cardinality(parameter_types)::int as parameters
         from pg_prepared_statements",
    )
    .fetch_all(&mut *lane)
    .await
    .unwrap();
    let mut plans = Vec::new();
    for row in statements {
        let (name, statement): (String, String) = (row.get("name"), row.get("statement"));
        let nulls = vec!["null"; row.get::<i32, _>("parameters") as usize].join(", ");
        let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        let sql = format!("explain execute {name} {arguments}");
        let lines = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *lane).await.unwrap();
        let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        plans.push((statement, lines.join("\n")));
    }
    plans
}

/// Where a table that grows is read from end to end: by a scan, or by an index without a condition
/// that narrows it. Campaigns and their rules are a handful of rows, and scanned.
fn scans(plan: &str) -> Vec<&str> {
    let large = [
        "booking",
        "slot",
        "allocation",
        "person",
        "movement",
        "roster_member",
        "clinic",
        "person_spelling",
        "booking_cancellation",
        "clinic_closure",
        "staff_session",
        "staff_user",
        "visit_step",
        "clinic_day_close",
    ];
    let names_one = |line: &str| large.iter().any(|table| line.contains(&format!(" on {table} ")));
    let lines: Vec<_> = plan.lines().collect();
    let is_whole = |at: usize| {
        let line = lines[at];
        let has_condition = lines.get(at + 1).is_some_and(|next| next.contains("Index Cond:"));
        line.contains("Seq Scan on ") || (line.contains("Index ") && !has_condition)
    };
    let whole = (0..lines.len()).filter(|&at| lines[at].contains("Scan") && is_whole(at));
    whole.map(|at| lines[at]).filter(|line| names_one(line)).collect()
}

#[tokio::test]
async fn a_booking_transaction_reads_by_index_and_updates_in_place() {
    let Grown { postgres, db, made, mut lane, _folder } = grown().await;
    let mut known = KnownRules::default();
    let requests = requests(&made, 0..300);
    let run = transaction::run(&mut lane, &mut known, decide, &requests, Locks::Wait);
    let Done { outcomes, .. } = run.await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.name() == "booked"), "{outcomes:?}");
    let plans = plans(&mut lane).await;
    assert!(plans.len() >= 4, "the statements of a batch: {}", plans.len());
    for (statement, plan) in &plans {
        assert_eq!(scans(plan), [""; 0], "{statement}\n{plan}");
    }
    budgets(&db, &mut lane, &mut known, &made).await;
    hot(&db, &mut lane, &mut known, &made).await;
    assert_eq!(look_ups(&postgres, &made).await, [""; 0]);

    // The control: the same search finds the scan where an index is missing.
    db.execute("drop index booking_slot_idx").await.unwrap();
    assert_eq!(look_ups(&postgres, &made).await.len(), 1, "a clinic's bookings are scanned for");
    let plan = sqlx::raw_sql("explain select from booking where slot_id = 1")
        .fetch_all(&db)
        .await
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
    assert_eq!(scans(&plan.join("\n")).len(), 1, "{plan:?}");
    lane.close().await.unwrap();
    db.close().await;
    postgres.stop().await.unwrap();
}

/// A lane plans once, perhaps before anybody has booked, and keeps its plans all evening.
#[tokio::test]
async fn plans_made_on_an_empty_ledger_go_by_index_too() {
    let database = TestDatabase::new().await;
    let made = World::new().people(40).seats(100).doses(100).make(&database.pool).await;
    database.pool.execute("vacuum analyze").await.unwrap();
    let ways = Db::new(database.options.clone(), 1);
    looked_up_together(&ways, &made).await;
    let mut lane = ways.connect("plan").await.unwrap();
    lane.execute(db::PLANNER_SETTINGS).await.unwrap();
    let (first, second) = (requests(&made, 0..20), requests(&made, 20..40));
    let known = &mut KnownRules::default();
    transaction::run(&mut lane, known, decide, &first, Locks::Wait).await.unwrap();
    let skip = Locks::Skip { batch_max: 40 };
    transaction::run(&mut lane, known, decide, &second, skip).await.unwrap();
    for (statement, plan) in &plans(&mut lane).await {
        assert_eq!(scans(plan), [""; 0], "{statement}\n{plan}");
    }
    // A control: an index can be read from end to end as well.
    let plan = sqlx::raw_sql("explain select from booking order by booking_id")
        .fetch_all(&mut lane)
        .await
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
    assert_eq!(scans(&plan.join("\n")).len(), 1, "{plan:?}");
    // The control: without the lane's settings the planner scans what is small today.
    lane.execute("discard all").await.unwrap();
    let plan = sqlx::raw_sql("explain select from booking where booking_id = any(array[]::uuid[])")
        .fetch_all(&mut lane)
        .await
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
    assert_eq!(scans(&plan.join("\n")).len(), 1, "{plan:?}");
}

/// What many look up together is planned once too, on connections that live all evening.
async fn looked_up_together(ways: &Db, made: &Made) {
    let conn = &mut ways.connect("look-ups").await.unwrap();
    conn.execute(db::PLANNER_SETTINGS).await.unwrap();
    let person_id = made.people[0].person_id;
    let dose = OfDose { person_id, course_id: made.course_id, dose_number: 1 };
    own_booking::find(&mut *conn, &[BookingId(Uuid::now_v7())]).await.unwrap();
    own_booking::find_live(&mut *conn, &[dose]).await.unwrap();
    person::find(&mut *conn, &[person_id]).await.unwrap();
    staff_user::find_by_sessions(&mut *conn, &[[7; 32]]).await.unwrap();
    let booking_id = BookingId(Uuid::now_v7());
    let press = visit::Asked { booking_id, step_id: StepId(Uuid::now_v7()), by: None };
    visit::bookings(&mut *conn, &[booking_id]).await.unwrap();
    visit::find(&mut *conn, &[press]).await.unwrap();
    let names = [
        "own_booking::find */",
        "own_booking::find_live",
        "person::find */",
        "find_by_sessions",
        "visit::bookings",
        "visit::find",
        "visit::steps",
    ];
    let plans = plans(conn).await;
    for name in names {
        let found = plans.iter().find(|(statement, _)| statement.contains(name));
        let (statement, plan) = found.expect(name);
        assert_eq!(scans(plan), [""; 0], "{statement}\n{plan}");
    }
    // The control: the same without the settings of these connections.
    conn.execute("discard all").await.unwrap();
    let sql = "explain select from person where person_id = any(array[1, 2]::bigint[])";
    let plan = sqlx::raw_sql(sql).fetch_all(&mut *conn).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
    assert_eq!(scans(&plan.join("\n")).len(), 1, "{plan:?}");
}

/// Where looking a booking up by its number, at a clinic or among those who were born on a day,
/// reads more than what it asks for.
async fn look_ups(postgres: &Private, made: &Made) -> Vec<String> {
    let mut conn = Db::new(postgres.app_options(), 1).connect("number").await.unwrap();
    let (clinic, date) = (made.clinics[0], made.allocations[0].on_date);
    schedule::booking_ids(&mut conn, clinic, (date, date)).await.unwrap();
    let born = BirthDate::new(made.people[0].birth_date, date).unwrap();
    booking::list_of_born_on(&mut conn, born).await.unwrap();
    conn.execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    let plans = plans(&mut conn).await;
    assert_eq!(plans.len(), 2);
    conn.close().await.unwrap();
    let scans = plans.iter().flat_map(|(_, plan)| scans(plan));
    scans.map(|line| line.trim().to_owned()).collect()
}

async fn updates(lane: &mut PgConnection) -> (i64, i64) {
    lane.execute("select pg_stat_force_next_flush()").await.unwrap();
    sqlx::query_as(
        "select sum(n_tup_upd)::bigint, sum(n_tup_hot_upd)::bigint from pg_stat_user_tables
         where relname in ('slot', 'allocation')",
    )
    .fetch_one(lane)
    .await
    .unwrap()
}

/// Batches of 15 on the same rows.
async fn book(
    lane: &mut PgConnection,
    known: &mut KnownRules,
    made: &Made,
    people: std::ops::Range<usize>,
) {
    for from in people.step_by(15) {
        let requests = requests(made, from..from + 15);
        transaction::run(lane, known, decide, &requests, Locks::Wait).await.unwrap();
    }
}

/// How often the lane's prepared statements were run, the measuring ones left out.
async fn runs(lane: &mut PgConnection) -> i64 {
    let sql = "select sum(generic_plans + custom_plans)::bigint from pg_prepared_statements
               where statement not like '%pg_%'";
    sqlx::query_scalar(sql).fetch_one(lane).await.unwrap()
}

/// Bytes of WAL that so many bookings need.
async fn written(
    lane: &mut PgConnection,
    known: &mut KnownRules,
    made: &Made,
    people: std::ops::Range<usize>,
) -> i64 {
    let lsn = "select (pg_current_wal_insert_lsn() - '0/0')::bigint";
    let before: i64 = sqlx::query_scalar(lsn).fetch_one(&mut *lane).await.unwrap();
    let count = i64::try_from(people.len()).unwrap();
    book(lane, known, made, people).await;
    let after: i64 = sqlx::query_scalar(lsn).fetch_one(&mut *lane).await.unwrap();
    (after - before) / count
}

/// What a batch may cost, whatever its size: four statements beside begin and commit, and in the
/// log less than a kilobyte a booking (no page images here).
async fn budgets(db: &PgPool, lane: &mut PgConnection, known: &mut KnownRules, made: &Made) {
    let before = runs(lane).await;
    book(lane, known, made, 300..450).await;
    assert_eq!(runs(lane).await - before, 10 * 4, "statements of ten batches");
    let bytes = written(lane, known, made, 450..525).await;
    assert!(bytes < WAL_BYTES_MAX, "{bytes} bytes of WAL per booking");

    // The controls: rules that must be read first, and indexes that nobody asked for.
    let before = runs(lane).await;
    book(lane, &mut KnownRules::default(), made, 525..540).await;
    assert!(runs(lane).await - before > 4, "a batch that reads the rules as well");
    let sql =
        "create index a on booking (booked_at, booking_id); create index b on booking (person_id);
               create index c on booking (allocation_id); create index d on booking (booked_at)";
    db.execute(sql).await.unwrap();
    let more = written(lane, known, made, 540..600).await;
    assert!(more > bytes + 150, "{more} bytes with four more indexes, {bytes} without");
    db.execute("drop index a, b, c, d").await.unwrap();
}

/// Counter updates leave every index alone: 20 batches of 15 on the same rows.
async fn hot(db: &PgPool, lane: &mut PgConnection, known: &mut KnownRules, made: &Made) {
    let before = updates(lane).await;
    book(lane, known, made, 600..900).await;
    let after = updates(lane).await;
    let (all, hot) = (after.0 - before.0, after.1 - before.1);
    assert!(all > 400, "{all} updates of counters");
    assert_eq!(hot, all, "updates in place");

    // The control: an index that mentions a counter ends it.
    db.execute("create index bad on allocation (open)").await.unwrap();
    let before = updates(lane).await;
    lane.execute("update allocation set open = open - 1, spare = spare + 1").await.unwrap();
    let after = updates(lane).await;
    assert_eq!(after.1 - before.1, 0, "no update in place with such an index");
}
