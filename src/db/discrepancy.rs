//! The ledger derived anew from the journal and the bookings, compared with what is stored. Each
//! statement answers with the differences only; run them in one snapshot.

use sqlx::{PgConnection, query_as};

use crate::domain::discrepancy::Discrepancy;

/// Every bucket of every allocation against the journal.
pub async fn allocations(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::allocations */ with line as (
               select allocation_id, to_bucket as bucket, doses from movement
               where allocation_id is not null
               union all
               select allocation_id, from_bucket, -doses from movement
               where allocation_id is not null
           ), derived as (
               select allocation_id,
                   sum(doses) filter (where bucket between 1 and 6) as granted,
                   sum(doses) filter (where bucket = 1) as open,
                   sum(doses) filter (where bucket = 2) as held,
                   sum(doses) filter (where bucket = 3) as booked,
                   sum(doses) filter (where bucket = 4) as spare,
                   sum(doses) filter (where bucket = 5) as given,
                   sum(doses) filter (where bucket = 6) as lost
               from line group by allocation_id
           )
           select 'allocation.' || v.bucket as "of!",
               coalesce(a.allocation_id, d.allocation_id)::text as "id!",
               v.stored::bigint as stored, coalesce(v.derived, 0)::bigint as derived
           from allocation a full join derived d using (allocation_id)
           cross join lateral (values
               ('granted', a.granted, d.granted), ('open', a.open, d.open),
               ('held', a.held, d.held), ('booked', a.booked, d.booked),
               ('spare', a.spare, d.spare), ('given', a.given, d.given),
               ('lost', a.lost, d.lost)) v (bucket, stored, derived)
           where v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Every bucket of every pool against the journal.
pub async fn pools(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::pools */ with derived as (
               select pool_id,
                   sum(case when is_in then doses else -doses end)
                       filter (where (is_in and kind in (20, 21))
                           or (not is_in and kind in (25, 26))) as received,
                   sum(case when is_in then doses else -doses end) as open,
                   sum(case when is_in then -doses else doses end)
                       filter (where (not is_in and kind in (21, 22))
                           or (is_in and kind in (23, 25))) as passed_on,
                   sum(case when is_in then -doses else doses end)
                       filter (where kind in (24, 27)) as lost
               from (
                   select to_pool_id as pool_id, true as is_in, kind, doses from movement
                   where to_pool_id is not null
                   union all
                   select from_pool_id, false, kind, doses from movement
                   where from_pool_id is not null
               ) line group by pool_id
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
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Seats taken, and doses booked, held and given, against the bookings. Walk-ins take no seat;
/// those of before had no booking, and the journal counts them.
pub async fn promises(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::promises */ with seats as (
               select slot_id, count(*) as taken from booking
               where state in (1, 2, 5) and channel <> 3 group by slot_id
           ), doses as (
               select allocation_id, count(*) filter (where state = 1) as booked,
                   count(*) filter (where state = 2) as given,
                   count(*) filter (where state = 5) as held
               from booking group by allocation_id
           ), walk_ins as (
               select allocation_id, sum(doses) as given from movement
               where kind = 6 and booking_id is null group by allocation_id
           )
           select 'slot.taken' as "of!", coalesce(s.slot_id, d.slot_id)::text as "id!",
               s.taken::bigint as stored, coalesce(d.taken, 0) as derived
           from slot s full join seats d using (slot_id)
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
           where v.stored is distinct from coalesce(v.derived, 0)
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Each booking against its journal lines, and against the slot, allocation and person it names.
pub async fn bookings(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::bookings */ with lines as (
               select booking_id,
                   sum((to_bucket = 3)::int - (from_bucket = 3)::int) as booked,
                   sum((to_bucket = 5)::int - (from_bucket = 5)::int) as given
               from movement where booking_id is not null group by booking_id
           )
           select 'booking.' || v.what as "of!",
               coalesce(b.booking_id, l.booking_id)::text as "id!",
               v.stored::bigint as stored, v.derived::bigint as derived
           from booking b full join lines l using (booking_id)
           cross join lateral (values
               ('booked', (b.state = 1)::int, coalesce(l.booked, 0)),
               ('given', (b.state = 2)::int, coalesce(l.given, 0))) v (what, stored, derived)
           where v.stored is distinct from v.derived
           union all
           select 'booking.refers', b.booking_id::text, 1, null
           from booking b
           left join slot s using (slot_id)
           left join allocation a on a.allocation_id = b.allocation_id
               and (a.clinic_id, a.on_date, a.campaign_id, a.product_id)
                   = (s.clinic_id, s.on_date, b.campaign_id, b.product_id)
           left join person p using (person_id)
           where s.slot_id is null or a.allocation_id is null or p.person_id is null
           union all
           select 'booking.merged', b.booking_id::text, p.person_id, p.merged_into
           from person p join booking b using (person_id)
           where p.merged_into is not null and b.state in (1, 2, 5)
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Each booking against the steps that were made of it at the clinic, and each person who is
/// excluded against what was found. What a booking came to without a step (a day that was closed)
/// is told by the booking alone.
pub async fn visits(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::visits */ with standing as (
               select s.* from visit_step s
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
           from booking b
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
           union all
           select 'person.is_excluded', p.person_id::text, p.is_excluded::int,
               (x.person_id is not null)::int
           from person p left join (
               select distinct person_id from exclusion where lifted_at is null
           ) x using (person_id)
           where p.is_excluded <> (x.person_id is not null)
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Closed days: none of their doses is open, held, booked or spare; their accounts agree with the
/// bookings, with what their allocations came to, and with the lines of the journal that closed
/// them.
pub async fn days(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::days */ with closed as (
               select * from clinic_day_close where reopened_at is null
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
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// What the constraints promise, looked at without trusting them: a restore may have left one out.
pub async fn constraints(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Discrepancy>> {
    query_as!(
        Discrepancy,
        r#"/* discrepancy::constraints */
           select 'person.live_bookings' as "of!", person_id::text as "id!",
               count(*) as stored, 1::bigint as derived
           from booking where state in (1, 2, 5)
           group by person_id, course_id, dose_number having count(*) > 1
           union all
           select 'allocation.least', allocation_id::text,
               least(open, held, booked, spare, given, lost)::bigint, 0
           from allocation where least(open, held, booked, spare, given, lost) < 0
           union all
           select 'slot.seats', slot_id::text, taken::bigint, seats::bigint
           from slot where taken not between 0 and seats
           union all
           select 'movement.pool', m.tx::text || ' ' || m.id, coalesce(from_pool_id, to_pool_id),
               a.pool_id
           from movement m join allocation a using (allocation_id)
           where m.kind in (22, 23) and coalesce(from_pool_id, to_pool_id) <> a.pool_id
           union all
           select 'movement.slot', m.tx::text || ' ' || m.id, m.slot_id, b.slot_id
           from movement m join booking b using (booking_id)
           where m.slot_id <> b.slot_id
           union all
           select 'person.merged_into', p.person_id::text, p.merged_into, s.merged_into
           from person p left join person s on s.person_id = p.merged_into
           where p.merged_into is not null and (s.person_id is null or s.merged_into is not null)
           order by 2, 1 limit $1"#,
        limit,
    )
    .fetch_all(conn)
    .await
}
