//! The database itself says no: attacks by raw SQL, as the service's own role and as the owner of
//! everything. Each has a lawful neighbour that goes through.

use std::{fs, path::Path};

use dosebook::{
    db::Db,
    domain::{booking, movement::Kind},
    flows::discrepancy::verify,
};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::support::{Made, TestApp, make};

struct Attack {
    app: TestApp,
    made: Made,
    /// As the service is connected: switched to its role.
    service: PgConnection,
}

async fn attack() -> Attack {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let db = Db::new(app.database.options.clone(), 1);
    let service = db.connect("attack").await.unwrap();
    Attack { app, made, service }
}

impl Attack {
    /// The SQLSTATE, or the name of the constraint, with which the statement is refused.
    async fn refused(&mut self, sql: &str) -> String {
        refused(&mut self.service, sql).await
    }

    async fn done(&mut self, sql: &str) {
        self.service.execute(AssertSqlSafe(sql.to_owned())).await.expect(sql);
    }
}

async fn refused(conn: &mut PgConnection, sql: &str) -> String {
    let error = conn.execute(AssertSqlSafe(sql.to_owned())).await.expect_err(sql);
    let error = error.as_database_error().expect("a database's error");
    let constraint = error.constraint().map(str::to_owned);
    constraint.unwrap_or_else(|| error.code().unwrap_or_default().into_owned())
}

const INSUFFICIENT_PRIVILEGE: &str = "42501";
const RESTRICT_VIOLATION: &str = "23001";

#[tokio::test]
async fn counters_can_neither_go_below_zero_nor_lose_a_dose() {
    let mut attack = attack().await;
    for (sql, constraint) in [
        ("update allocation set open = open - 1", "allocation_balances_check"),
        ("update allocation set booked = booked + 1", "allocation_balances_check"),
        ("update allocation set open = -1, booked = 8", "allocation_no_negative_check"),
        ("update slot set taken = seats + 1", "slot_seats_check"),
        ("update slot set taken = -1", "slot_seats_check"),
        ("update pool set open = open + 1", "pool_balances_check"),
        (
            "update pool set open = -1, passed_on = received + 1 where region_id is not null",
            "pool_no_negative_check",
        ),
    ] {
        assert_eq!(attack.refused(sql).await, constraint, "{sql}");
    }
    attack.done("update allocation set open = open - 1, booked = booked + 1").await;
    attack.done("update slot set taken = taken + 1").await;
}

#[tokio::test]
async fn the_journal_is_only_appended_to() {
    let mut attack = attack().await;
    for sql in ["update movement set doses = 1", "delete from movement", "truncate movement"] {
        assert_eq!(attack.refused(sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
        // Whoever may do everything is held up by the trigger.
        let mut owner = attack.app.db.acquire().await.unwrap();
        assert_eq!(refused(&mut owner, sql).await, RESTRICT_VIOLATION, "{sql}");
    }
    let pool = attack.made.nation;
    attack
        .done(&format!(
            "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values (20, 0, 7, 10, {pool}, 4)"
        ))
        .await;
}

#[tokio::test]
async fn a_booking_is_another_persons_only_where_two_persons_are_one() {
    let mut attack = attack().await;
    let made = attack.made.clone();
    let [one, other] = [0, 1].map(|n| made.people[n].person_id);
    let citizen = attack.app.citizen(&made.people[0]);
    citizen.put_booking(uuid::Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await.ok(201);
    let take = format!("update booking set person_id = {other} where person_id = {one}");
    assert_eq!(attack.refused(&take).await, RESTRICT_VIOLATION);
    let mut owner = attack.app.db.acquire().await.unwrap();
    assert_eq!(refused(&mut owner, &take).await, RESTRICT_VIOLATION, "whoever writes");
    attack.done(&format!("update person set merged_into = {other} where person_id = {one}")).await;
    attack.done(&take).await;
    let back = format!("update booking set person_id = {one} where person_id = {other}");
    assert_eq!(attack.refused(&back).await, RESTRICT_VIOLATION, "and not back");
}

#[tokio::test]
async fn a_line_that_names_another_slot_is_found() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (slot, other) = (made.slot(0, 1, 0), made.slot(0, 1, 1));
    let id = uuid::Uuid::now_v7();
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(id, &made.booking(slot)).await.ok(201);
    assert_eq!(verify(&app.app.db).await.unwrap(), [], "the control");
    sqlx::query(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
             booking_id, actor_role)
         values (2, 3, 1, 1, $1, $2, $3, 1)",
    )
    .bind(made.allocation(0, 1).allocation_id.0)
    .bind(other.slot_id.0)
    .bind(id)
    .execute(&app.db)
    .await
    .unwrap();
    let found = verify(&app.app.db).await.unwrap();
    let found = found.iter().find(|found| found.of == "movement.slot").expect("it is found");
    assert_eq!((found.stored, found.derived), (Some(other.slot_id.0), Some(slot.slot_id.0)));
}

#[tokio::test]
async fn only_lawful_movements_are_written() {
    let mut attack = attack().await;
    let allocation = attack.made.allocation(0, 1).allocation_id;
    let slot = attack.made.slot(0, 1, 0).slot_id;
    let elsewhere = attack.made.slot(1, 1, 0).slot_id;
    let line = |kind: i16, from: i16, to: i16, doses: i32, more: &str| {
        format!(
            "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, booking_id,
                 actor_role, staff_user_id, slot_id) values ({kind}, {from}, {to}, {doses}, {more})"
        )
    };
    let walk_in = format!("{allocation}, null, 4, null, null");
    let booked = format!("{allocation}, gen_random_uuid(), 1, null, {slot}");
    let seated_elsewhere = format!("{allocation}, gen_random_uuid(), 1, null, {elsewhere}");
    let seated_walk_in = format!("{allocation}, null, 4, null, {slot}");
    for (sql, constraint) in [
        (line(1, 3, 1, 1, &booked), "movement_lawful_check"),
        (line(6, 4, 6, 1, &walk_in), "movement_lawful_check"),
        (line(99, 1, 3, 1, &walk_in), "movement_lawful_check"),
        (line(6, 4, 5, 0, &walk_in), "movement_doses_check"),
        (line(6, 4, 5, -1, &walk_in), "movement_doses_check"),
        (line(6, 4, 5, 1, "null, null, 4, null, null"), "movement_sides_check"),
        (line(1, 1, 3, 1, &walk_in), "movement_booking_check"),
        (line(6, 4, 5, 1, &format!("{allocation}, null, 2, null, null")), "movement_actor_check"),
        (line(6, 4, 5, 1, &format!("{allocation}, null, 9, null, null")), "movement_actor_check"),
        (line(1, 1, 3, 1, &seated_elsewhere), "movement_slot_check"),
        (line(6, 4, 5, 1, &seated_walk_in), "movement_slot_check"),
    ] {
        assert_eq!(attack.refused(&sql).await, constraint, "{sql}");
    }
    attack.done(&line(6, 4, 5, 1, &walk_in)).await;
    attack.done(&line(1, 1, 3, 1, &booked)).await;
}

/// The program's table of lawful moves and the database's are one.
#[tokio::test]
async fn the_database_and_the_program_know_the_same_movements() {
    let mut attack = attack().await;
    let check: String = sqlx::query_scalar(
        "select pg_get_constraintdef(oid) from pg_constraint
         where conname = 'movement_lawful_check'",
    )
    .fetch_one(&mut attack.service)
    .await
    .unwrap();
    let numbers: Vec<i16> = check
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let mut database: Vec<[i16; 3]> =
        numbers.chunks_exact(3).map(|triple| [triple[0], triple[1], triple[2]]).collect();
    let mut program: Vec<[i16; 3]> = Kind::ALL
        .iter()
        .flat_map(|kind| {
            kind.lawful().map(|(from, to)| [kind.number(), from.number(), to.number()])
        })
        .collect();
    database.sort_unstable();
    program.sort_unstable();
    assert_eq!(database, program);
}

/// The states for which an SQL condition on `state` holds.
async fn states(db: &mut PgConnection, condition: &str) -> Vec<i16> {
    let sql = format!(
        "select state from (select n::smallint as state from generate_series(1, 5) n) booking
         where {condition} order by state"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(db).await.unwrap()
}

/// `NotVaccinated` has no number of its own: it is a no-show with a reason beside.
fn states_that(holds: impl Fn(booking::State) -> bool) -> Vec<i16> {
    let kept = booking::State::ALL.into_iter().filter(|&s| s != booking::State::NotVaccinated);
    let mut states: Vec<_> = kept.filter(|&s| holds(s)).map(booking::State::number).collect();
    states.sort_unstable();
    states
}

#[tokio::test]
async fn the_database_and_the_program_know_the_same_live_bookings() {
    let mut attack = attack().await;
    let mut predicates = Vec::new();
    for index in ["booking_one_live_key", "booking_ended_idx"] {
        let predicate: String = sqlx::query_scalar(
            "select pg_get_expr(indpred, indrelid) from pg_index where indexrelid = $1::regclass",
        )
        .bind(index)
        .fetch_one(&mut attack.service)
        .await
        .unwrap();
        predicates.push(states(&mut attack.service, &predicate).await);
    }
    let live = states_that(booking::State::is_live);
    assert_eq!(predicates, [live.clone(), states_that(|state| !state.is_live())]);
    assert_ne!(states(&mut attack.service, "state in (1, 2)").await, live, "the control");
}

/// The lists of states in the statements of the program, as they are written there.
fn lists(folder: &Path, lists: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::lists(&path, lists);
            continue;
        }
        for after in fs::read_to_string(&path).unwrap().split("state in (").skip(1) {
            lists.push(after.split(')').next().unwrap().to_owned());
        }
    }
}

#[test]
fn statements_list_the_states_that_the_program_calls_live() {
    use booking::State::{Booked, Held};
    let list = |states: Vec<i16>| states.iter().map(i16::to_string).collect::<Vec<_>>().join(", ");
    let live = list(states_that(booking::State::is_live));
    let known = [
        live.clone(),
        list(states_that(|state| !state.is_live())),
        list(states_that(|state| matches!(state, Booked | Held))),
    ];
    let mut found = Vec::new();
    for folder in ["src/db", "bench/src"] {
        lists(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.iter().filter(|list| **list == live).count() > 5, "{found:?}");
    assert_eq!(found.iter().find(|list| !known.contains(list)), None);
    assert!(!known.contains(&"1, 2".to_owned()), "the control");
}

#[tokio::test]
async fn a_person_has_one_live_booking_per_dose_whatever_writes() {
    let attack = attack().await;
    // The service may not even choose a state: this is whoever may do everything.
    let mut owner = attack.app.db.acquire().await.unwrap();
    let made = attack.made.clone();
    let booking = |state: i16, slot: i64, ended: &str| {
        format!(
            "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, state, slot_id, allocation_id, rule_version, booked_at, ended_at)
             values (gen_random_uuid(), {}, {}, {}, {}, 1, {state}, {slot}, {}, 1, now(), {ended})",
            made.people[0].person_id,
            made.campaign_id,
            made.product_id,
            made.course_id,
            made.allocation(0, 1).allocation_id,
        )
    };
    let [here, elsewhere] = [0, 1].map(|clinic| made.slot(clinic, 1, 0).slot_id.0);
    owner.execute(AssertSqlSafe(booking(3, here, "now()"))).await.unwrap();
    owner.execute(AssertSqlSafe(booking(1, here, "null"))).await.unwrap();
    let again = refused(&mut owner, &booking(1, here, "null")).await;
    assert_eq!(again, "booking_one_live_key");
    let two_clinics = refused(&mut owner, &booking(3, elsewhere, "now()")).await;
    assert_eq!(two_clinics, "booking_one_clinic_check");
    let ended_and_live = refused(&mut owner, &booking(3, here, "null")).await;
    assert_eq!(ended_and_live, "booking_ended_check");
}

#[tokio::test]
async fn a_campaign_is_not_public_without_its_quota() {
    let mut attack = attack().await;
    for (sql, constraint) in [
        ("update campaign set published_quota = null", "campaign_quota_published_check"),
        ("update campaign set published_quota = 0", "campaign_quota_published_check"),
        ("update campaign set published_at = null", "campaign_quota_published_check"),
        ("update campaign set state = 5", "campaign_closed_with_reason_check"),
        ("update campaign set closes_at = opens_at", "campaign_window_check"),
    ] {
        assert_eq!(attack.refused(sql).await, constraint, "{sql}");
    }
    attack.done("update campaign set state = 5, state_reason = 'all doses are booked'").await;
}

#[tokio::test]
async fn the_service_owns_nothing() {
    let mut attack = attack().await;
    for sql in [
        "alter table booking drop constraint booking_state_check",
        "drop table movement",
        "alter table movement disable trigger movement_append_only",
        "drop index booking_one_live_key",
        "create table extra (n int)",
        "delete from booking",
        "delete from person",
        "truncate allocation",
        "update booking set allocation_id = 1",
        "update booking set slot_id = 1",
        "update allocation set clinic_id = 1",
        "update cohort set born_from = '1900-01-01'",
        "update supply_history set reason = 'another'",
        "delete from supply_history",
        "insert into movement (tx, kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values ('3', 20, 0, 7, 10, 1, 4)",
        "insert into movement (at, kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values ('2000-01-01', 20, 0, 7, 10, 1, 4)",
        "insert into booking (booking_id, state) values (gen_random_uuid(), 2)",
        "grant update on movement to dosebook_app",
    ] {
        // A grant of what one does not have is a warning to PostgreSQL, and grants nothing.
        if sql.starts_with("grant") {
            let _ = attack.service.execute(sql).await;
        } else {
            assert_eq!(attack.refused(sql).await, INSUFFICIENT_PRIVILEGE, "{sql}");
        }
    }
    assert_eq!(attack.refused("update movement set doses = 1").await, INSUFFICIENT_PRIVILEGE);
    let owned: i64 = sqlx::query_scalar(
        "select count(*) from pg_class where relowner = 'dosebook_app'::regrole",
    )
    .fetch_one(&mut attack.service)
    .await
    .unwrap();
    assert_eq!(owned, 0);
    attack.done("update allocation set spare = spare + 1, open = open - 1").await;
}
