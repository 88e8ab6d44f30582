//! Fills a world as fast as PostgreSQL takes it: foreign keys are not checked, commits do not wait,
//! indexes are created at the end.

use chrono::NaiveDate;
use dosebook::domain::{birth_date::BirthDate, keys::Keys, person, session::staff_token};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};

use crate::shape::{PERSON_STEP, SLOT_STEP, Shape};

const PROVINCES: i64 = 17;
const DISTRICTS: i64 = 255;
pub(crate) const DAYS: i64 = 14;
/// The first day on which there are doses.
pub(crate) const FIRST_DAY: &str = "current_date + 2";
/// The clinics that are open on the present day, where a day is begun.
pub(crate) const DAY_CLINICS: i64 = 1_450;
/// The number of that day's doses at their clinic, and of its first slot; `END_DAY` has it too.
const DAY_NUMBER: i64 = 9_000_000;
const DAY_SLOTS: i64 = 6;
/// Connections that write people at the same time.
const WRITERS: i64 = 2;

/// Settings of a session that loads.
const LOADING: &str = "set session_replication_role = replica; set synchronous_commit = off;
    set maintenance_work_mem = '512MB'; set work_mem = '256MB'";

/// The grants in the journal, as they stand in the tables.
const GRANTS: &str = "
    insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
        select 20, 0, 7, received, pool_id, 4 from pool;
    insert into movement (kind, from_bucket, to_bucket, doses, from_pool_id, allocation_id,
            actor_role)
        select 22, 7, 1, granted, 1, allocation_id, 4 from allocation;";

/// People of the demonstration who have not booked, and a slot with a seat and a dose for each.
pub(crate) const ROOM: &str = "
    with seat as (
        select s.slot_id, row_number() over (order by md5(s.slot_id::text), g) as n from (
            select s.slot_id, s.seats - s.taken as seats, a.open,
                coalesce(sum(s.seats - s.taken) over (partition by allocation_id order by slot_id
                    rows between unbounded preceding and 1 preceding), 0) as before
            from slot s join allocation a using (clinic_id, on_date) where not s.is_closed
        ) s, lateral generate_series(1, least(s.seats, s.open - s.before)) g
    ), citizen as (
        select person_id, row_number() over (order by match_key) as n from person
        where birth_date between '1962-01-01' and '1966-12-31'
            and not exists (select from booking b where b.person_id = person.person_id)
    )
    select person_id, slot_id from citizen join seat using (n) order by n";

pub(crate) async fn world(root: &mut PgConnection, superuser: &PgConnectOptions, shape: &Shape) {
    run(root, "alter system set max_wal_size = '16GB'").await;
    run(root, "select pg_reload_conf()").await;
    run(root, LOADING).await;
    run(root, &places(shape)).await;
    run(root, GRANTS).await;
    let indexes = drop_indexes(root, &["slot", "person"]).await;
    let first = |writer: i64| shape.people * writer / WRITERS + 1;
    let mut jobs = vec![slots(shape)];
    jobs.extend((0..WRITERS).map(|writer| people(first(writer), first(writer + 1) - 1)));
    join_all(jobs.iter().map(|job| run_apart(superuser, job))).await;
    join_all(indexes.iter().map(|index| run_apart(superuser, index))).await;
    let sequences = format!(
        "select setval(pg_get_serial_sequence('person', 'person_id'), {});
         create sequence bench_person minvalue 0 cache 100;
         grant usage on sequence bench_person to dosebook_owner;",
        shape.people
    );
    run(root, &sequences).await;
    settle(root).await;
}

/// Empties the ledger.
pub(crate) async fn reset(root: &mut PgConnection) {
    run(root, LOADING).await;
    run(
        root,
        &format!(
            "truncate journal_seal, journal_sum, journal_pool_sum;
             truncate booking, movement, outbox, visit_step, exclusion, clinic_day_close;
             {END_DAY}
             update notice_cursor set seen = pg_current_snapshot(), ahead = null, done_id = 0;
             update slot set taken = 0 where taken <> 0;
             update allocation set open = granted, booked = 0 where booked <> 0;
             alter sequence bench_person restart;
             {GRANTS}"
        ),
    )
    .await;
    settle(root).await;
}

/// What `day` added is gone; journal and bookings are emptied beside it.
const END_DAY: &str = "
    delete from slot where slot_id & 16777215 >= 9000000;
    with gone as (delete from allocation where allocation_id & 16777215 >= 9000000
        returning granted)
    update pool set received = received - doses, passed_on = passed_on - doses
        from (select coalesce(sum(granted), 0)::int as doses from gone) g where pool_id = 1;";

/// The present day at some clinics, with a user of each of them, and so many bookings of people who
/// are not signed in. The nth has the id n + 1, and is at the clinic n modulo their number.
pub(crate) async fn day(root: &mut PgConnection, keys: &Keys, shape: &Shape, bookings: i64) {
    assert!(bookings <= shape.people - shape.signed_in, "somebody has two bookings");
    run(root, LOADING).await;
    run(root, &day_places(bookings)).await;
    run(root, &day_bookings(shape, bookings)).await;
    let tokens: Vec<_> = (1..=DAY_CLINICS).map(|clinic| desk_token(keys, clinic)).collect();
    let sql = "with desk as (
            insert into staff_user (username, role, clinic_id)
                select 'desk.' || n, 2, n from generate_series(1, $2) n
                on conflict (username) do update set is_active = true
                returning staff_user_id, clinic_id)
        insert into staff_session (token_hash, staff_user_id, expires_at)
            select sha256(convert_to(($1::text[])[clinic_id], 'UTF8')), staff_user_id,
                now() + interval '6 hours'
            from desk
            on conflict (token_hash) do update set expires_at = excluded.expires_at";
    let desks = sqlx::query(sql).bind(tokens).bind(DAY_CLINICS as i32);
    desks.execute(&mut *root).await.expect("users of the clinics");
    settle(root).await;
}

/// The first clinic gets bookings of others on the day, until it has so many; which date that is.
pub(crate) async fn fill_day(root: &mut PgConnection, bookings: i64) -> NaiveDate {
    let sql = format!(
        "with other as (
             select booking_id from booking
             where slot_id & 16777215 >= {DAY_NUMBER} and slot_id >> 24 <> 1
             limit greatest(0, $1 - (
                 select count(*) from booking
                 where slot_id & 16777215 >= {DAY_NUMBER} and slot_id >> 24 = 1)))
         update booking set slot_id = (1::bigint << 24) + (slot_id & 16777215),
             allocation_id = (1::bigint << 24) + (allocation_id & 16777215)
         where booking_id in (select booking_id from other)"
    );
    let moved = sqlx::query(AssertSqlSafe(sql)).bind(bookings);
    moved.execute(&mut *root).await.expect("a full day");
    settle(root).await;
    let date = sqlx::query_scalar("select (now() at time zone 'Asia/Seoul')::date");
    date.fetch_one(root).await.expect("a date")
}

/// What the user of a clinic is signed in by.
pub(crate) fn desk_token(keys: &Keys, clinic: i64) -> String {
    staff_token(keys, &format!("bench-desk-{clinic:06}"))
}

/// A campaign beside the first one, with doses and without anybody who could book them; its id.
pub(crate) async fn quiet_campaign(root: &mut PgConnection) -> i64 {
    let sql = "with new as (
            insert into campaign (code, name, course_id, dose_number, state, opens_at, closes_at,
                zone, published_quota, published_at)
            select 'quiet', 'Quiet', course_id, 2, 3, opens_at, closes_at, zone, 1, now()
            from campaign where campaign_id = 1
                and not exists (select from campaign where code = 'quiet')
            returning campaign_id)
        select campaign_id::bigint from new
        union all select campaign_id::bigint from campaign where code = 'quiet'";
    sqlx::query_scalar(sql).fetch_one(root).await.expect("a campaign")
}

/// Slots that have begun or are about to, and doses for everybody who is booked.
fn day_places(bookings: i64) -> String {
    let doses = bookings / DAY_CLINICS + 20;
    format!(
        "insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
             select (n << 24) + {DAY_NUMBER} + k, n, (now() at time zone 'Asia/Seoul')::date,
                 now() - interval '30 min' + k * interval '10 min',
                 now() + interval '1 hour' + k * interval '10 min', {doses}
             from generate_series(1::bigint, {DAY_CLINICS}) n,
                 generate_series(0, {DAY_SLOTS} - 1) k;
         insert into allocation (
                 allocation_id, clinic_id, campaign_id, product_id, on_date, pool_id, granted, open)
             select (n << 24) + {DAY_NUMBER}, n, 1, 1, (now() at time zone 'Asia/Seoul')::date, 1,
                 {doses}, {doses}
             from generate_series(1::bigint, {DAY_CLINICS}) n;
         update pool set received = received + {DAY_CLINICS} * {doses},
             passed_on = passed_on + {DAY_CLINICS} * {doses} where pool_id = 1;
         insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values (20, 0, 7, {DAY_CLINICS} * {doses}, 1, 4);
         insert into movement (kind, from_bucket, to_bucket, doses, from_pool_id, allocation_id,
                 actor_role)
             select 22, 7, 1, granted, 1, allocation_id, 4 from allocation
             where allocation_id & 16777215 >= {DAY_NUMBER};"
    )
}

/// The bookings of the day, with their lines in the journal, and counted.
fn day_bookings(shape: &Shape, bookings: i64) -> String {
    let Shape { people, signed_in, .. } = shape;
    format!(
        "with b as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             select lpad(to_hex(nth + 1), 32, '0')::uuid,
                 ({signed_in} + nth) * {PERSON_STEP} % {people} + 1, 1, 1, 1, 1,
                 (clinic << 24) + {DAY_NUMBER} + nth / {DAY_CLINICS} % {DAY_SLOTS},
                 (clinic << 24) + {DAY_NUMBER}, 1, now()
             from generate_series(0::bigint, {bookings} - 1) nth,
                 lateral (select nth % {DAY_CLINICS} + 1 as clinic) c
             returning allocation_id, slot_id, booking_id)
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
                 booking_id, actor_role)
             select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from b;
         update slot s set taken = b.taken
             from (select slot_id, count(*) as taken from booking group by slot_id) b
             where b.slot_id = s.slot_id;
         update allocation a set open = granted - b.booked, booked = b.booked
             from (select allocation_id, count(*) as booked from booking group by allocation_id) b
             where b.allocation_id = a.allocation_id;"
    )
}

/// `count` bookings from the arrival number `first` on, with their lines in the journal, and
/// counted.
pub(crate) async fn bookings(
    root: &mut PgConnection,
    superuser: &PgConnectOptions,
    shape: &Shape,
    (first, count): (i64, i64),
) {
    run(root, "alter system set max_wal_size = '16GB'").await;
    run(root, "select pg_reload_conf()").await;
    run(root, LOADING).await;
    let indexes = drop_indexes(root, &["booking", "movement"]).await;
    let part = |writer: i64| first + count * writer / WRITERS;
    let parts = (0..WRITERS).map(|writer| journaled(shape, part(writer), part(writer + 1) - 1));
    let parts: Vec<_> = parts.collect();
    join_all(parts.iter().map(|part| run_apart(superuser, part))).await;
    run(
        root,
        "update slot s set taken = b.taken
             from (select slot_id, count(*) as taken from booking group by slot_id) b
             where b.slot_id = s.slot_id;
         update allocation a set open = granted - b.booked, booked = b.booked
             from (select allocation_id, count(*) as booked from booking group by allocation_id) b
             where b.allocation_id = a.allocation_id;",
    )
    .await;
    join_all(indexes.iter().map(|index| run_apart(superuser, index))).await;
    settle(root).await;
}

/// So many more lines of the journal: receipts of a dose each, in transactions of half a million.
pub(crate) async fn receipts(root: &mut PgConnection, superuser: &PgConnectOptions, count: i64) {
    run(root, "alter system set max_wal_size = '16GB'").await;
    run(root, "select pg_reload_conf()").await;
    run(root, LOADING).await;
    let each = count / WRITERS;
    let parts = (0..WRITERS).map(|nth| if nth == 0 { count - each * (WRITERS - 1) } else { each });
    join_all(parts.map(|part| receipts_apart(superuser, part))).await;
    let sum = format!(
        "update pool set received = received + {count}, open = open + {count} where pool_id = 1"
    );
    run(root, &sum).await;
    settle(root).await;
}

async fn receipts_apart(superuser: &PgConnectOptions, mut left: i64) {
    let mut conn = PgConnection::connect_with(superuser).await.expect("a connection");
    run(&mut conn, LOADING).await;
    while left > 0 {
        let part = left.min(500_000);
        let lines = format!(
            "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             select 20, 0, 7, 1, 1, 4 from generate_series(1, {part})"
        );
        run(&mut conn, &lines).await;
        left -= part;
    }
    conn.close().await.expect("closed");
}

/// Cancels every tenth booking, with its line in the journal; counters are left as they are. Says
/// how many those were.
pub(crate) async fn cancel_every_tenth(root: &mut PgConnection) -> u64 {
    let sql = "with ended as (
            update booking set state = 3, ended_at = clock_timestamp()
            where person_id % 10 = 0 returning booking_id, slot_id, allocation_id)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
            booking_id, actor_role)
        select 2, 3, 1, 1, allocation_id, slot_id, booking_id, 1 from ended";
    let done = root.execute(sql).await.expect("cancelled");
    done.rows_affected()
}

/// Bookings of the arrivals `first` to `last`, with their lines in the journal.
fn journaled(shape: &Shape, first: i64, last: i64) -> String {
    let Shape { people, slots_per_clinic, slots_per_day, .. } = shape;
    let slots = shape.slots();
    format!(
        "with b as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             select gen_random_uuid(), nth * {PERSON_STEP} % {people} + 1, 1, 1, 1, 1,
                 (clinic << 24) + 1 + k, (clinic << 24) + 1 + k / {slots_per_day}, 1, now()
             from generate_series({first}::bigint, {last}) nth,
                 lateral (select nth * {SLOT_STEP} % {slots} as at) a,
                 lateral (select at / {slots_per_clinic} + 1 as clinic,
                     at % {slots_per_clinic} as k) c
             returning allocation_id, slot_id, booking_id)
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
                 booking_id, actor_role)
             select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from b"
    )
}

fn places(shape: &Shape) -> String {
    let Shape { clinics, slots_per_clinic, slots_per_day, doses, .. } = shape;
    let days = (slots_per_clinic + slots_per_day - 1) / slots_per_day;
    let pool = clinics * days * doses;
    format!(
        "insert into region (code, name) select 'P' || n, 'Province ' || n
             from generate_series(1, {PROVINCES}) n;
         insert into region (parent_id, code, name)
             select 1 + n % {PROVINCES}, 'D' || n, 'District ' || n
             from generate_series(0, {DISTRICTS} - 1) n;
         insert into product (code, name, doses_per_vial, age_months_min)
             values ('207', 'Moderna', 10, 216);
         insert into course (code, name) values ('covid-19', 'COVID-19');
         insert into campaign (code, name, course_id, state, opens_at, closes_at, zone,
                 published_quota, published_at)
             values ('bench', 'Bench', 1, 3, now(), now() + interval '7 days', 'Asia/Seoul',
                 {pool}, now());
         insert into campaign_product values (1, 1);
         insert into cohort (campaign_id, name, born_from, born_to, since_version)
             values (1, 'Born 1962 to 1966', '1962-01-01', '1966-12-31', 1);
         insert into clinic (region_id, code, name, zone, address, phone, latitude, longitude)
             select {PROVINCES} + 1 + n % {DISTRICTS}, 'C' || n, 'Clinic ' || n, 'Asia/Seoul',
                 'Street ' || n, '02-000', 34 + n % 97 * 0.03, 126 + n % 101 * 0.03
             from generate_series(1, {clinics}) n;
         insert into pool (campaign_id, product_id, received, passed_on)
             values (1, 1, {pool}, {pool});
         insert into allocation (
                 allocation_id, clinic_id, campaign_id, product_id, on_date, pool_id, granted, open)
             select (n << 24) + 1 + d, n, 1, 1, {FIRST_DAY} + ((n + d) % {DAYS})::int, 1,
                 {doses}, {doses}
             from generate_series(1::bigint, {clinics}) n, generate_series(0, {days} - 1) d;"
    )
}

fn slots(shape: &Shape) -> String {
    let Shape { clinics, slots_per_clinic, slots_per_day, doses, .. } = shape;
    format!(
        "insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
             select (n << 24) + 1 + k, n, day, day + (9 + k % {slots_per_day}) * interval '20 min',
                 day + (10 + k % {slots_per_day}) * interval '20 min', {doses}
             from generate_series(1::bigint, {clinics}) n,
                 generate_series(0, {slots_per_clinic} - 1) k,
                 lateral (select {FIRST_DAY} + ((n + k / {slots_per_day}) % {DAYS})::int) d (day)"
    )
}

fn people(first: i64, last: i64) -> String {
    format!(
        "insert into person (person_id, match_key, birth_date, region_id, name, phone, fold)
             overriding system value
             select n, decode(md5(n::text), 'hex'), date '1962-01-01' + (n % 1826)::int,
                 {PROVINCES} + 1 + n % {DISTRICTS}, 'Kim Min-jun', '010' || lpad(n::text, 8, '0'),
                 2
             from generate_series({first}::bigint, {last}) n"
    )
}

/// What a person types to sign in: name, birth date and phone, as `people` makes them.
pub(crate) fn claim(person: i64) -> (&'static str, NaiveDate, String) {
    let first = NaiveDate::from_ymd_opt(1962, 1, 1).expect("a date");
    let born = first + chrono::TimeDelta::days(person % 1826);
    ("Kim Min-jun", born, format!("010{person:08}"))
}

/// Gives people the keys by which they are found when they sign in.
pub(crate) async fn register(root: &mut PgConnection, keys: &Keys, people: &[i64]) {
    let today = chrono::Utc::now().date_naive();
    let key = |id: &i64| {
        let (name, born, phone) = claim(*id);
        let born = BirthDate::new(born, today).expect("a birth date");
        person::match_key(&keys.matching, name, born, &phone).to_vec()
    };
    let of: Vec<_> = people.iter().map(key).collect();
    sqlx::query(
        "update person p set match_key = d.key from unnest($1::bigint[], $2::bytea[]) d (id, key)
         where p.person_id = d.id",
    )
    .bind(people)
    .bind(of)
    .execute(root)
    .await
    .expect("registered");
}

/// Drops the indexes of the tables, except those that a foreign key needs. Returns the statements
/// that create them again.
async fn drop_indexes(root: &mut PgConnection, tables: &[&str]) -> Vec<String> {
    let sql = "select format('alter table %I drop constraint %I', conrelid::regclass, conname),
                   format('alter table %I add constraint %I %s', conrelid::regclass, conname,
                       pg_get_constraintdef(oid))
               from pg_constraint c where conrelid = any($1::regclass[]) and contype in ('p', 'u')
                   and not exists (select from pg_constraint f
                       where f.contype = 'f' and f.conindid = c.conindid)
               union all
               select format('drop index %I', indexrelid::regclass), pg_get_indexdef(indexrelid)
               from pg_index i where indrelid = any($1::regclass[])
                   and not exists (select from pg_constraint c where c.conindid = i.indexrelid)";
    let tables: Vec<_> = tables.iter().map(|&table| table.to_owned()).collect();
    let rows = sqlx::query(sql).bind(tables).fetch_all(&mut *root).await.expect("indexes");
    let mut again = Vec::new();
    for row in rows {
        run(root, row.get(0)).await;
        again.push(row.get(1));
    }
    again
}

/// Everything is on disk, statistics are fresh, and autovacuum has nothing to do.
async fn settle(root: &mut PgConnection) {
    run(root, "set session_replication_role = origin").await;
    run(root, "vacuum analyze").await;
    run(root, "alter system reset max_wal_size").await;
    run(root, "select pg_reload_conf()").await;
    run(root, "checkpoint").await;
}

async fn run_apart(superuser: &PgConnectOptions, sql: &str) {
    let mut conn = PgConnection::connect_with(superuser).await.expect("a connection");
    run(&mut conn, LOADING).await;
    run(&mut conn, sql).await;
    conn.close().await.expect("closed");
}

async fn run(conn: &mut PgConnection, sql: &str) {
    conn.execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
}
