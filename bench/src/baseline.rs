//! The baselines of bookings: the same rows written by pgbench on the same PostgreSQL, in one
//! transaction per booking, or in batches as a lane does, but without HTTP and without rules.

use std::{io::Write, process::Command};

use dosebook::db::PLANNER_SETTINGS;

use crate::{
    shape::{PERSON_STEP, SLOT_STEP},
    world::World,
};

/// Bookings of one transaction of the ceiling.
const BATCH: i64 = 256;
/// Clients of the ceiling: as many as the service has lanes, each with its own clinics.
const LANES: usize = 2;

/// What pgbench measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) bookings_per_second: f64,
    /// Of a transaction.
    pub(crate) latency_ms: f64,
}

/// Where the bookings of a baseline go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    Spread,
    Hot,
}

/// One transaction per booking, as plainly and as fast as SQL allows: one statement, one round
/// trip, prepared. It writes the same rows as a lane does, and checks seats and doses only.
pub(crate) async fn single(world: &mut World, aim: Aim, clients: usize, seconds: u64) -> Measured {
    let (clinics, slots) = match aim {
        Aim::Spread => (world.shape.clinics, world.shape.slots_per_clinic),
        Aim::Hot => (1, 1),
    };
    let people = world.shape.people;
    let script = format!(
        "\\set c random(1, {clinics})\n\\set k random(1, {slots})\n\
         \\set slot :c * 16777216 + :k\n\\set allocation :c * 16777216 + 1\n\
         with s as (update slot set taken = taken + 1 where slot_id = :slot and taken < seats \
         returning slot_id), \
         a as (update allocation set open = open - 1, booked = booked + 1 \
         where allocation_id = :allocation and open > 0 returning allocation_id), \
         b as (insert into booking (booking_id, person_id, campaign_id, product_id, course_id, \
         dose_number, slot_id, allocation_id, rule_version, booked_at) \
         select lpad(to_hex(n), 32, '0')::uuid, n * {PERSON_STEP} % {people} + 1, 1, 1, 1, 1, \
         slot_id, allocation_id, 1, clock_timestamp() \
         from s, a, (select nextval('bench_person') as n) n \
         returning booking_id, allocation_id, slot_id) \
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id, \
         booking_id, actor_role) select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from b;\n"
    );
    pgbench(world, &script, clients, seconds, 1).await
}

/// How much of a lane's batch the ceiling does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Every statement of a lane's transaction.
    Whole,
    /// Locks and writes, and looks at neither campaign nor people nor their bookings.
    Blind,
}

/// A lane's transaction without HTTP and without rules: 256 bookings, each client with every second
/// clinic, as a lane has. The statements are those of `db::batch` and `db::locked`; what a lane
/// sends as arrays is made by SQL. A lane's commit begins the next transaction while it is busy;
/// pgbench lets no transaction outlive its script.
pub(crate) async fn ceiling(world: &mut World, batch: Batch, seconds: u64) -> Measured {
    let shape = world.shape;
    let (per_clinic, half, people) = (shape.slots_per_clinic, shape.slots() / 2, shape.people);
    let pick = |columns: &str| {
        format!(
            "select {columns} from generate_series(0::bigint, {BATCH} - 1) n, \
             lateral (select (:first + n * {SLOT_STEP}) % {half} as at) a, \
             lateral (select 2 * (at / {per_clinic}) + 1 + :client_id as clinic) c"
        )
    };
    let slot = pick(&format!("(clinic << 24) + 1 + at % {per_clinic}"));
    let person = pick(&format!("(:batch * {BATCH} + n) * {PERSON_STEP} % {people} + 1"));
    let booking = pick(&format!("lpad(to_hex(:batch * {BATCH} + n), 32, '0')::uuid"));
    let new = pick(&format!(
        "lpad(to_hex(:batch * {BATCH} + n), 32, '0')::uuid as booking_id, \
         (:batch * {BATCH} + n) * {PERSON_STEP} % {people} + 1 as person_id, \
         (clinic << 24) + 1 + at % {per_clinic} as slot_id, (clinic << 24) + 1 as allocation_id"
    ));
    let reads = format!(
        "select clock_timestamp(), c.campaign_id, c.state, c.rule_version, null::uuid, \
         null::bigint, null::int, null::int, null::smallint, null::bigint, null::bigint, \
         null::timestamptz, null::timestamptz, null::date, null::timestamptz, null::timestamptz \
         from campaign c where c.campaign_id = 1 union all \
         select clock_timestamp(), b.campaign_id, b.state, b.rule_version, b.booking_id, \
         b.person_id, b.product_id, b.course_id, b.dose_number, b.slot_id, b.allocation_id, \
         b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at from (select * from booking \
         where person_id = any(array({person})) and state in (1, 2, 5) union all \
         select * from booking where booking_id = any(array({booking}))) b \
         join slot s using (slot_id);\n\
         select p.person_id, p.birth_date, p.region_id, (select r.parent_id from region r \
         where :asked = 1 and r.region_id = p.region_id), array(select m.roster_id \
         from roster_member m where :asked = 1 and m.person_id = p.person_id) from person p \
         where p.person_id = any(array({person}));\n"
    );
    let reads = if batch == Batch::Whole { reads } else { String::new() };
    let script = format!(
        "\\set first random(0, {half} - 1)\n\\set asked 0\n\
         select nextval('bench_person') as batch \\gset\n\
         begin;\n\
         with s as materialized (select s.slot_id, s.on_date, s.starts_at, s.ends_at, s.seats, \
         s.taken, s.is_closed from unnest(array({slot})) k (slot_id) join slot s using (slot_id) \
         order by s.slot_id for no key update of s) select on_date, slot_id, starts_at, ends_at, \
         seats, taken, is_closed, null::bigint, null::int, null::int, null::int, null::int \
         from s union all select a.on_date, null, null, null, null, null, null, \
         a.allocation_id, a.tranche_id, \
         a.open, a.booked, a.spare from (select a.* from s join allocation a \
         on a.clinic_id = (s.slot_id >> 24)::int and a.campaign_id = 1 and a.product_id = 1 \
         and a.on_date = s.on_date where a.channel = 1 order by a.allocation_id \
         for no key update of a) a;\n\
         {reads}\
         with n as materialized ({new}), \
         booked as (insert into booking (booking_id, person_id, campaign_id, product_id, \
         course_id, dose_number, slot_id, allocation_id, rule_version, booked_at) \
         select booking_id, person_id, 1, 1, 1, 1, slot_id, allocation_id, 1, clock_timestamp() \
         from n order by person_id), \
         seats as (update slot s set taken = s.taken + d.taken from (select slot_id, \
         count(*)::int as taken from n group by slot_id) d where s.slot_id = d.slot_id), \
         doses as (update allocation a set open = a.open - d.doses, booked = a.booked + d.doses \
         from (select allocation_id, count(*)::int as doses from n group by allocation_id) d \
         where a.allocation_id = d.allocation_id) \
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id, \
         booking_id, actor_role) select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from n;\n\
         commit;\n"
    );
    pgbench(world, &script, LANES, seconds, BATCH).await
}

/// Runs the script and checks that what it booked is in the ledger.
async fn pgbench(
    world: &mut World,
    script: &str,
    clients: usize,
    seconds: u64,
    bookings: i64,
) -> Measured {
    let before = world.sums().await.bookings;
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(script.as_bytes()).expect("the script");
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-U", "dosebook_owner", "-j", "1", "-h"]);
    command.arg(world.socket_dir());
    command.args(["-c", &clients.to_string(), "-T", &seconds.to_string(), "-f"]);
    command.arg(file.path()).arg("dosebook");
    if bookings > 1 {
        command.env("PGOPTIONS", planner_options());
    }
    let output = tokio::process::Command::from(command).output().await;
    let output = output.expect("pgbench is part of PostgreSQL");
    let text = String::from_utf8_lossy(&output.stdout);
    let said = |name: &str| -> f64 {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.split([' ', '/']).next()?.parse().ok())
            .unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
    };
    let done = said("number of transactions actually processed: ") as i64 * bookings;
    assert_eq!(world.sums().await.bookings - before, done, "pgbench booked what it says");
    Measured {
        bookings_per_second: said("tps = ") * bookings as f64,
        latency_ms: said("latency average = "),
    }
}

/// The lanes' settings, as a connection's options.
fn planner_options() -> String {
    let settings = PLANNER_SETTINGS.split(';').map(|setting| setting.trim().replace(" = ", "="));
    settings
        .filter_map(|s| Some(format!("-c {}", s.strip_prefix("set ")?)))
        .collect::<Vec<_>>()
        .join(" ")
}
