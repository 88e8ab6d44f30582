//! The ledger derived anew from the journal and the bookings, compared with what is stored. Each
//! statement answers with the differences only. The journal is the sealed sums and the lines since;
//! the statements of one range of clinics run in one snapshot.

use chrono::NaiveDate;
use sqlx::{PgConnection, query_as, query_scalar};

use crate::domain::{discrepancy::Discrepancy, journal_seal::SealedTo};

/// Clinics that are looked at in one snapshot. Ids of slots and allocations begin with the
/// clinic's.
#[derive(Clone, Debug)]
pub struct Range {
    /// The first id of a slot or an allocation, and the first after them.
    pub from: i64,
    pub to: i64,
    /// Only days from this one on; none is all. Buckets are compared on all days.
    pub since: Option<NaiveDate>,
    /// At most so many differences of a kind.
    pub limit: i64,
}

/// Parts of all clinics, of so many each, as ids of slots and allocations at which they begin.
pub async fn starts(conn: &mut PgConnection, clinics: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        r#"/* discrepancy::starts */ select (clinic_id::bigint << 24) as "start!" from (
               select clinic_id, row_number() over (order by clinic_id) as n from clinic
           ) numbered where n > 1 and (n - 1) % $1 = 0 order by 1"#,
        clinics,
    )
    .fetch_all(conn)
    .await
}

/// Every bucket of the range's allocations against the journal.
pub async fn allocations(
    conn: &mut PgConnection,
    range: &Range,
    sealed: &SealedTo,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::allocations */ with line as (
               select allocation_id, to_bucket as bucket, doses from movement
               where (tx, id) > ($3::text::xid8, $4)
                   and allocation_id >= $1 and allocation_id < $2
               union all
               select allocation_id, from_bucket, -doses from movement
               where (tx, id) > ($3::text::xid8, $4)
                   and allocation_id >= $1 and allocation_id < $2
           ), part as (
               select allocation_id, open, held, booked, spare, given, lost from journal_sum
               where allocation_id >= $1 and allocation_id < $2
               union all
               select allocation_id, coalesce(sum(doses) filter (where bucket = 1), 0),
                   coalesce(sum(doses) filter (where bucket = 2), 0),
                   coalesce(sum(doses) filter (where bucket = 3), 0),
                   coalesce(sum(doses) filter (where bucket = 4), 0),
                   coalesce(sum(doses) filter (where bucket = 5), 0),
                   coalesce(sum(doses) filter (where bucket = 6), 0)
               from line group by allocation_id
           ), derived as (
               select allocation_id, sum(open + held + booked + spare + given + lost) as granted,
                   sum(open) as open, sum(held) as held, sum(booked) as booked,
                   sum(spare) as spare, sum(given) as given, sum(lost) as lost
               from part group by allocation_id
           ), stored as (
               select * from allocation where allocation_id >= $1 and allocation_id < $2
           )
           select 'allocation.' || v.bucket as "of!",
               coalesce(a.allocation_id, d.allocation_id)::text as "id!",
               v.stored::bigint as stored, coalesce(v.derived, 0)::bigint as derived
           from stored a full join derived d using (allocation_id)
           cross join lateral (values
               ('granted', a.granted, d.granted), ('open', a.open, d.open),
               ('held', a.held, d.held), ('booked', a.booked, d.booked),
               ('spare', a.spare, d.spare), ('given', a.given, d.given),
               ('lost', a.lost, d.lost)) v (bucket, stored, derived)
           where v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $5"#,
        range.from,
        range.to,
        sealed.tx,
        sealed.id,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// Every bucket of every pool against the journal.
pub async fn pools(
    conn: &mut PgConnection,
    sealed: &SealedTo,
    limit: i64,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::pools */ with line as (
               select to_pool_id as pool_id, true as is_in, kind, doses from movement
               where (tx, id) > ($1::text::xid8, $2) and to_pool_id is not null
               union all
               select from_pool_id, false, kind, doses from movement
               where (tx, id) > ($1::text::xid8, $2) and from_pool_id is not null
           ), part as (
               select pool_id, received, open, passed_on, lost from journal_pool_sum
               union all
               select pool_id,
                   coalesce(sum(case when is_in then doses else -doses end)
                       filter (where (is_in and kind in (20, 21))
                           or (not is_in and kind in (25, 26))), 0),
                   sum(case when is_in then doses else -doses end),
                   coalesce(sum(case when is_in then -doses else doses end)
                       filter (where (not is_in and kind in (21, 22))
                           or (is_in and kind in (23, 25))), 0),
                   coalesce(sum(case when is_in then -doses else doses end)
                       filter (where kind in (24, 27)), 0)
               from line group by pool_id
           ), derived as (
               select pool_id, sum(received) as received, sum(open) as open,
                   sum(passed_on) as passed_on, sum(lost) as lost
               from part group by pool_id
           )
           select 'pool.' || v.bucket as "of!",
               coalesce(p.pool_id, d.pool_id)::text as "id!",
               v.stored::bigint as stored, coalesce(v.derived, 0)::bigint as derived
           from pool p full join derived d using (pool_id)
           cross join lateral (values
               ('received', p.received, d.received), ('open', p.open, d.open),
               ('passed_on', p.passed_on, d.passed_on), ('lost', p.lost, d.lost))
               v (bucket, stored, derived)
           where v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $3"#,
        sealed.tx,
        sealed.id,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Seats taken, and doses booked, held and given, against the bookings. Walk-ins take no seat;
/// those of before had no booking, and the journal counts them.
pub async fn promises(
    conn: &mut PgConnection,
    range: &Range,
    sealed: &SealedTo,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::promises */ with own as (
               select * from slot where slot_id >= $1 and slot_id < $2
                   and ($3::date is null or on_date >= $3)
           ), promised as (
               select b.* from booking b where b.slot_id >= $1 and b.slot_id < $2
                   and ($3::date is null or exists (
                       select from slot s where s.slot_id = b.slot_id and s.on_date >= $3))
           ), seats as (
               select slot_id, count(*) as taken from promised
               where state in (1, 2, 5) and channel <> 3 group by slot_id
           ), doses as (
               select allocation_id, count(*) filter (where state = 1) as booked,
                   count(*) filter (where state = 2) as given,
                   count(*) filter (where state = 5) as held
               from promised group by allocation_id
           ), walk_ins as (
               select allocation_id, sum(given) as given from (
                   select allocation_id, walk_ins as given from journal_sum
                   where allocation_id >= $1 and allocation_id < $2
                   union all
                   select allocation_id, doses from movement
                   where (tx, id) > ($4::text::xid8, $5) and kind = 6 and booking_id is null
                       and allocation_id >= $1 and allocation_id < $2
               ) one group by allocation_id
           )
           select 'slot.taken' as "of!", coalesce(s.slot_id, d.slot_id)::text as "id!",
               s.taken::bigint as stored, coalesce(d.taken, 0) as derived
           from own s full join seats d using (slot_id)
           where s.taken is distinct from coalesce(d.taken, 0)
           union all
           select 'promise.' || v.bucket, a.allocation_id::text, v.stored::bigint,
               coalesce(v.derived, 0)::bigint
           from allocation a left join doses d using (allocation_id)
           left join walk_ins w using (allocation_id)
           cross join lateral (values
               ('booked', a.booked, d.booked), ('held', a.held, d.held),
               ('given', a.given, coalesce(d.given, 0) + coalesce(w.given, 0)))
               v (bucket, stored, derived)
           where a.allocation_id >= $1 and a.allocation_id < $2
               and ($3::date is null or a.on_date >= $3)
               and v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $6"#,
        range.from,
        range.to,
        range.since,
        sealed.tx,
        sealed.id,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// Allocations whose bookings are not those that the journal names, though they may be as many.
pub async fn unmatched(
    conn: &mut PgConnection,
    range: &Range,
    sealed: &SealedTo,
) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        r#"/* discrepancy::unmatched */ with part as (
               select allocation_id, booked_mark::numeric as booked, given_mark::numeric as given
               from journal_sum where allocation_id >= $1 and allocation_id < $2
               union all
               select allocation_id,
                   ((to_bucket = 3)::int - (from_bucket = 3)::int)
                       * (uuid_hash_extended(booking_id, 0) >> 20),
                   ((to_bucket = 5)::int - (from_bucket = 5)::int)
                       * (uuid_hash_extended(booking_id, 0) >> 20)
               from movement
               where (tx, id) > ($4::text::xid8, $5) and booking_id is not null
                   and allocation_id >= $1 and allocation_id < $2
               union all
               select allocation_id, -(state = 1)::int * (uuid_hash_extended(booking_id, 0) >> 20),
                   -(state = 2)::int * (uuid_hash_extended(booking_id, 0) >> 20)
               from booking where slot_id >= $1 and slot_id < $2 and state in (1, 2, 5)
                   and ($3::date is null or exists (select from slot s
                       where s.slot_id = booking.slot_id and s.on_date >= $3))
           )
           select p.allocation_id as "allocation_id!"
           from part p left join allocation a using (allocation_id)
           where $3::date is null or a.on_date >= $3
           group by p.allocation_id having sum(p.booked) <> 0 or sum(p.given) <> 0
           order by 1 limit $6"#,
        range.from,
        range.to,
        range.since,
        sealed.tx,
        sealed.id,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// Each booking of these allocations against its lines of the journal. Reads all of the journal:
/// only where something is wrong.
pub async fn bookings(
    conn: &mut PgConnection,
    allocation_ids: &[i64],
    limit: i64,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::bookings */ with lines as (
               select booking_id,
                   sum((to_bucket = 3)::int - (from_bucket = 3)::int) as booked,
                   sum((to_bucket = 5)::int - (from_bucket = 5)::int) as given
               from movement where booking_id is not null and allocation_id = any($1)
               group by booking_id
           ), own as (
               select b.* from booking b where b.allocation_id = any($1)
           )
           select 'booking.' || v.what as "of!",
               coalesce(b.booking_id, l.booking_id)::text as "id!",
               v.stored::bigint as stored, v.derived::bigint as derived
           from own b full join lines l using (booking_id)
           cross join lateral (values
               ('booked', (b.state = 1)::int, coalesce(l.booked, 0)),
               ('given', (b.state = 2)::int, coalesce(l.given, 0))) v (what, stored, derived)
           where v.stored is distinct from v.derived
           order by 2, 1 limit $2"#,
        allocation_ids,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// The slot, allocation and person that each booking names.
pub async fn references(conn: &mut PgConnection, range: &Range) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::references */
           select 'booking.refers' as "of!", b.booking_id::text as "id!", 1::bigint as stored,
               null::bigint as derived
           from booking b
           left join slot s using (slot_id)
           left join allocation a on a.allocation_id = b.allocation_id
               and (a.clinic_id, a.on_date, a.campaign_id, a.product_id)
                   = (s.clinic_id, s.on_date, b.campaign_id, b.product_id)
           left join person p using (person_id)
           where b.slot_id >= $1 and b.slot_id < $2
               and ($3::date is null or s.on_date is null or s.on_date >= $3)
               and (s.slot_id is null or a.allocation_id is null or p.person_id is null)
           union all
           select 'booking.merged', b.booking_id::text, p.person_id, p.merged_into
           from booking b join person p using (person_id)
           where b.slot_id >= $1 and b.slot_id < $2 and p.merged_into is not null
               and b.state in (1, 2, 5)
               and ($3::date is null or exists (
                   select from slot s where s.slot_id = b.slot_id and s.on_date >= $3))
           order by 2, 1 limit $4"#,
        range.from,
        range.to,
        range.since,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// Lines after a position, up to another, that name another pool than that of their allocation, or
/// another slot than that of their booking.
pub async fn lines(
    conn: &mut PgConnection,
    (after, to): (&SealedTo, Option<&SealedTo>),
    limit: i64,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::lines */ with own as (
               select * from movement where (tx, id) > ($1::text::xid8, $2)
                   and ($3::text is null or (tx, id) <= ($3::text::xid8, $4))
           )
           select 'movement.pool' as "of!", m.tx::text || ' ' || m.id as "id!",
               coalesce(from_pool_id, to_pool_id)::bigint as stored, a.pool_id::bigint as derived
           from own m join allocation a using (allocation_id)
           where m.kind in (22, 23) and coalesce(from_pool_id, to_pool_id) <> a.pool_id
           union all
           select 'movement.slot', m.tx::text || ' ' || m.id, m.slot_id, b.slot_id
           from own m join booking b using (booking_id)
           where m.slot_id <> b.slot_id
           order by 2, 1 limit $5"#,
        after.tx,
        after.id,
        to.map(|to| to.tx.as_str()),
        to.map(|to| to.id),
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Each booking against the steps that were made of it at the clinic. What a booking came to
/// without a step (a day that was closed) is told by the booking alone.
pub async fn visits(conn: &mut PgConnection, range: &Range) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::visits */ with own as (
               select b.* from booking b where b.slot_id >= $1 and b.slot_id < $2
                   and ($3::date is null or exists (
                       select from slot s where s.slot_id = b.slot_id and s.on_date >= $3))
           ), standing as (
               select s.* from visit_step s join own using (booking_id)
               where s.kind in (1, 2, 3, 4, 5, 7)
                   and not exists (select from visit_step u where u.undoes = s.step_id)
           ), ends as (
               select booking_id, count(*) as ends, max(kind) as kind, max(reason) as reason
               from standing where kind <> 1 group by booking_id
           ), arrivals as (
               select distinct booking_id from standing where kind = 1
           )
           select 'visit.' || v.what as "of!", b.booking_id::text as "id!",
               v.stored::bigint as stored, v.derived::bigint as derived
           from own b
           left join ends e using (booking_id)
           left join arrivals a using (booking_id)
           cross join lateral (values
               ('steps', 1, coalesce(e.ends, 1)),
               ('state', b.state::int, case e.kind when 2 then 2 when 3 then 4 when 4 then 4
                   when 5 then 3 when 7 then 2
                   else case when b.state = 2 then 0 else b.state end end),
               ('not_given', coalesce(b.not_given, 0)::int,
                   case when e.kind is null then coalesce(b.not_given, 0)
                       else coalesce(e.reason, 0) end),
               ('arrived', (b.arrived_at is not null)::int,
                   case when e.kind = 7 then (b.arrived_at is not null)::int
                       else (a.booking_id is not null)::int end))
               v (what, stored, derived)
           where v.stored is distinct from v.derived
               and (b.arrived_at is not null or b.state <> 1 or e.kind is not null
                   or a.booking_id is not null)
           order by 2, 1 limit $4"#,
        range.from,
        range.to,
        range.since,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// Closed days: none of their doses is open, held, booked or spare; their accounts agree with the
/// bookings, with what their allocations came to, and with the lines of the journal that closed
/// them.
pub async fn days(conn: &mut PgConnection, range: &Range) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::days */ with closed as (
               select * from clinic_day_close where reopened_at is null
                   and clinic_id >= $1::bigint >> 24 and clinic_id <= ($2::bigint - 1) >> 24
                   and ($3::date is null or on_date >= $3)
           ), doses as (
               select clinic_day_close_id, sum(a.open + a.held + a.booked + a.spare) as left_over,
                   sum(a.lost) as lost, sum(a.given) as given, sum(a.granted) as granted
               from closed k join allocation a using (clinic_id, on_date)
               group by clinic_day_close_id
           ), people as (
               select clinic_day_close_id,
                   count(*) filter (where b.state = 2 and b.channel <> 3) as given,
                   count(*) filter (where b.state = 2 and b.channel = 3) as walk_ins,
                   count(*) filter (where b.state = 4 and b.not_given between 1 and 4)
                       as not_vaccinated,
                   count(*) filter (where b.state = 4 and b.not_given is null) as no_shows,
                   count(*) filter (where b.state = 4 and b.not_given = 5) as not_recorded,
                   count(*) filter (where b.state in (1, 5)) as standing
               from closed k join slot s using (clinic_id, on_date) join booking b using (slot_id)
               group by clinic_day_close_id
           ), lines as (
               select clinic_day_close_id,
                   sum(m.doses) filter (where m.kind = 23) as gone,
                   sum(m.doses) filter (where m.kind = 22) as kept
               from closed k join movement m using (tx) group by clinic_day_close_id
           )
           select 'day.' || v.what as "of!", k.clinic_id || ' ' || k.on_date as "id!",
               v.stored::bigint as stored, coalesce(v.derived, 0)::bigint as derived
           from closed k
           left join doses d using (clinic_day_close_id)
           left join people p using (clinic_day_close_id)
           left join lines l using (clinic_day_close_id)
           cross join lateral (values
               ('left_over', 0, d.left_over),
               ('standing', 0, p.standing),
               ('given', k.given, p.given), ('walk_ins', k.walk_ins, p.walk_ins),
               ('not_vaccinated', k.not_vaccinated, p.not_vaccinated),
               ('no_shows', k.no_shows, p.no_shows),
               ('not_recorded', k.not_recorded, p.not_recorded),
               ('doses_given', k.given + k.walk_ins, d.given),
               ('lost', k.lost, d.lost),
               ('granted', k.granted - k.returned - k.kept, d.granted),
               ('returned', k.returned, coalesce(l.gone, 0) - coalesce(l.kept, 0)),
               ('kept', k.kept, l.kept)) v (what, stored, derived)
           where v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $4"#,
        range.from,
        range.to,
        range.since,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// What the constraints of the range's rows promise, looked at without trusting them: a restore may
/// have left one out.
pub async fn constraints(conn: &mut PgConnection, range: &Range) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::constraints */
           select 'allocation.least' as "of!", allocation_id::text as "id!",
               least(open, held, booked, spare, given, lost)::bigint as stored,
               0::bigint as derived
           from allocation where allocation_id >= $1 and allocation_id < $2
               and least(open, held, booked, spare, given, lost) < 0
           union all
           select 'slot.seats', slot_id::text, taken::bigint, seats::bigint
           from slot where slot_id >= $1 and slot_id < $2 and taken not between 0 and seats
           order by 2, 1 limit $3"#,
        range.from,
        range.to,
        range.limit,
    )
    .fetch_all(conn)
    .await
}

/// The persons from one id up to another: that each has one live booking of a dose, is excluded
/// where a clinic found so, and is merged into somebody who is there.
pub async fn persons(
    conn: &mut PgConnection,
    (from, to): (i64, i64),
    limit: i64,
) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::persons */
           select 'person.live_bookings' as "of!", person_id::text as "id!",
               count(*) as stored, 1::bigint as derived
           from booking where state in (1, 2, 5) and person_id >= $1 and person_id < $2
           group by person_id, course_id, dose_number having count(*) > 1
           union all
           select 'person.is_excluded', p.person_id::text, p.is_excluded::int,
               (x.person_id is not null)::int
           from person p left join (
               select distinct person_id from exclusion
               where lifted_at is null and person_id >= $1 and person_id < $2
           ) x using (person_id)
           where p.person_id >= $1 and p.person_id < $2
               and p.is_excluded <> (x.person_id is not null)
           union all
           select 'person.merged_into', p.person_id::text, p.merged_into, s.merged_into
           from person p left join person s on s.person_id = p.merged_into
           where p.person_id >= $1 and p.person_id < $2 and p.merged_into is not null
               and (s.person_id is null or s.merged_into is not null)
           order by 2, 1 limit $3"#,
        from,
        to,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// The highest id of a person of the register, or of one that a booking names.
pub async fn last_person(conn: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* discrepancy::last_person */
           select greatest((select max(person_id) from person),
               (select max(person_id) from booking where state in (1, 2, 5)), 0) as "last!""#
    )
    .fetch_one(conn)
    .await
}

/// What is today, by the clock that is furthest behind.
pub async fn today(conn: &mut PgConnection) -> sqlx::Result<NaiveDate> {
    query_scalar!(
        r#"/* discrepancy::today */
           select (clock_timestamp() at time zone 'Etc/GMT+12')::date as "today!""#
    )
    .fetch_one(conn)
    .await
}
