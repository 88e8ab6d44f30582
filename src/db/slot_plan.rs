//! How the slots of some days shall be, against how they are: staged, compared, and carried out.
//! Bookings go on meanwhile. What is to be changed is locked first, clinics before slots and each
//! by id, and everything after that is decided by what the locked rows say.
//!
//! The staging tables live in one transaction: statements on them cannot be checked when they are
//! compiled.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{
    PgConnection, Postgres, Row as _,
    postgres::{PgArguments, PgCopyIn},
};
use uuid::Uuid;

use super::{clinic::zone, closure, copy::CopyText};
use crate::domain::{
    BookingId, ClinicId,
    booking::State,
    slot::NewSlot,
    slot_plan::{Changes, Hit, KEPT_MAX, Kept, Missing, Why},
};

/// A row is a slot as it shall be, or, without times, a day that shall have no others.
pub const STAGED: (&str, &str) = (
    "/* slot_plan::STAGED */
     create temporary table staged_slot (line bigint not null, clinic_id int not null,
         on_date date not null, starts_at timestamptz, ends_at timestamptz, seats int)
         on commit drop",
    "/* slot_plan::STAGED */
     copy staged_slot (line, clinic_id, on_date, starts_at, ends_at, seats) from stdin",
);

fn staged(sql: &'static str) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    #[expect(clippy::disallowed_methods, reason = "the staging tables are not in the schema")]
    sqlx::query(sql).persistent(false)
}

/// Makes the staging table and puts days with their slots into it, all of one line.
pub async fn stage(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    days: &[NaiveDate],
    slots: &[NewSlot],
) -> sqlx::Result<()> {
    staged(STAGED.0).execute(&mut *conn).await?;
    let mut rows = CopyText::default();
    write_rows(&mut rows, 1, clinic_id, days, slots);
    let mut copy = open(conn).await?;
    copy.send(rows.into_bytes()).await?;
    copy.finish().await?;
    analyze(conn).await
}

/// The rows of a line, as the staging table has them.
pub fn write_rows(
    to: &mut CopyText,
    line: u64,
    clinic_id: ClinicId,
    days: &[NaiveDate],
    slots: &[NewSlot],
) {
    for day in days {
        to.row(line)
            .value(clinic_id)
            .value(day)
            .optional(None::<i64>)
            .optional(None::<i64>)
            .optional(None::<i32>)
            .end();
    }
    for slot in slots {
        to.row(line)
            .value(clinic_id)
            .value(slot.on_date)
            .value(slot.starts_at.to_rfc3339())
            .value(slot.ends_at.to_rfc3339())
            .value(slot.seats)
            .end();
    }
}

/// Lets the planner know what is staged.
pub async fn analyze(conn: &mut PgConnection) -> sqlx::Result<()> {
    staged("/* slot_plan::analyze */ analyze staged_slot").execute(conn).await.map(drop)
}

/// Opens the staging table for rows.
pub async fn open(conn: &mut PgConnection) -> sqlx::Result<PgCopyIn<&mut PgConnection>> {
    conn.copy_in_raw(STAGED.1).await
}

/// Locks every slot that the staged ones change, bring back or leave out, in the order of their
/// ids. The clinics are locked before. Slots that have begun are nobody's to leave out.
pub async fn lock_slots(conn: &mut PgConnection) -> sqlx::Result<()> {
    staged(
        "/* slot_plan::lock_slots */
         create temporary table touched_slot on commit drop as
         with named as (
             select distinct clinic_id, on_date from staged_slot
         ), wanted as materialized (
             select k.slot_id from staged_slot s
             join slot k on (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at)
             where (k.ends_at, k.seats) is distinct from (s.ends_at, s.seats)
                 or k.removed_at is not null
             union all
             select k.slot_id from named n join slot k using (clinic_id, on_date)
             where k.removed_at is null and k.starts_at > statement_timestamp() and not exists (
                 select from staged_slot s
                 where (s.clinic_id, s.starts_at) = (k.clinic_id, k.starts_at))
         )
         select k.slot_id, k.clinic_id, k.on_date, k.starts_at, k.ends_at, k.seats, k.taken,
             k.is_closed, k.removed_at is not null as is_removed
         from slot k join wanted using (slot_id)
         order by k.slot_id for no key update of k",
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A row that is refused, and what it is in the way of.
#[derive(Clone, Copy, Debug)]
pub struct Overlap {
    pub line: u64,
    /// Where the other one stands, if it is in the file.
    pub other_line: Option<u64>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Of the clinic.
    pub zone: Tz,
}

/// Takes out staged slots that are new or get another end and would then overlap another slot of
/// the clinic; says how many, and the first of them. Both of two new ones go. A slot that is to be
/// removed is in nobody's way, nor is one that stays only for those who are booked there.
pub async fn remove_overlapping(
    conn: &mut PgConnection,
    missing: Missing,
) -> sqlx::Result<(u64, Vec<Overlap>)> {
    let rows = staged(
        "/* slot_plan::remove_overlapping */
         with every as (
             select s.clinic_id, s.starts_at, s.ends_at, s.line,
                 k.slot_id is null or k.ends_at <> s.ends_at as is_fresh
             from staged_slot s left join slot k on k.removed_at is null
                 and (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at)
             where s.starts_at is not null
             union all
             select k.clinic_id, k.starts_at, k.ends_at, 0, false from slot k
             where k.clinic_id in (select clinic_id from staged_slot) and k.removed_at is null
                 and k.starts_at >= (select min(starts_at) - interval '1 day' from staged_slot)
                 and not exists (
                     select from staged_slot s
                     where (s.clinic_id, s.starts_at) = (k.clinic_id, k.starts_at))
                 and not ($1 and k.slot_id in (select slot_id from touched_slot))
         ), seen as (
             select *,
                 max(array[(extract(epoch from ends_at) * 1000)::bigint,
                         (extract(epoch from starts_at) * 1000)::bigint, line])
                     over (by_time rows between unbounded preceding and 1 preceding) as before,
                 lead(array[(extract(epoch from ends_at) * 1000)::bigint,
                         (extract(epoch from starts_at) * 1000)::bigint, line])
                     over by_time as after
             from every window by_time as (partition by clinic_id order by starts_at)
         ), bad as (
             select clinic_id, line, starts_at,
                 case when before[1] > (extract(epoch from starts_at) * 1000)::bigint
                     then before else after end as other
             from seen
             where is_fresh and (before[1] > (extract(epoch from starts_at) * 1000)::bigint
                 or after[2] < (extract(epoch from ends_at) * 1000)::bigint)
         ), gone as (
             delete from staged_slot s using bad b
             where s.line = b.line and s.starts_at = b.starts_at
         )
         select b.line, other[3] as other_line, to_timestamp(other[2] / 1000.0) as starts_at,
             to_timestamp(other[1] / 1000.0) as ends_at, zone, count(*) over () as total
         from bad b join clinic using (clinic_id) order by b.line limit 1000",
    )
    .bind(missing != Missing::Leave)
    .fetch_all(conn)
    .await?;
    let mut total = 0;
    let overlaps = rows.iter().map(|row| {
        total = unsigned(row.try_get("total")?);
        let other_line = unsigned(row.try_get("other_line")?);
        Ok(Overlap {
            line: unsigned(row.try_get("line")?),
            other_line: (other_line > 0).then_some(other_line),
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            zone: zone(row.try_get("zone")?)?,
        })
    });
    let overlaps = overlaps.collect::<sqlx::Result<_>>()?;
    Ok((total, overlaps))
}

/// Takes out staged slots that would end at another time while people are booked there: line and
/// how many, the first of them, and how many slots those were.
pub async fn remove_taken_with_other_end(
    conn: &mut PgConnection,
) -> sqlx::Result<(u64, Vec<(u64, i32)>)> {
    let rows = staged(
        "/* slot_plan::remove_taken_with_other_end */
         with gone as (
             delete from staged_slot s using touched_slot k
             where (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at)
                 and k.ends_at <> s.ends_at and k.taken > 0
             returning s.line, k.slot_id, k.taken
         ), forgotten as (
             delete from touched_slot where slot_id in (select slot_id from gone)
         )
         select line, taken, count(*) over () as total from gone order by line limit 1000",
    )
    .fetch_all(conn)
    .await?;
    let mut total = 0;
    let listed = rows.iter().map(|row| {
        total = unsigned(row.try_get("total")?);
        Ok((unsigned(row.try_get("line")?), row.try_get("taken")?))
    });
    let listed = listed.collect::<sqlx::Result<_>>()?;
    Ok((total, listed))
}

/// Makes the slots as they are staged, and says what that came to. Everything is locked.
pub async fn carry_out(conn: &mut PgConnection, missing: Missing) -> sqlx::Result<Changes> {
    let mut changes = Changes::default();
    let changed = staged(SET).fetch_one(&mut *conn).await?;
    changes.changed = unsigned(changed.try_get("changed")?);
    changes.lines.extend(changed.try_get::<Vec<i64>, _>("lines")?.into_iter().map(unsigned));
    let gone = staged(REMOVE)
        .bind(missing == Missing::Remove)
        .bind(missing == Missing::Lose)
        .fetch_one(&mut *conn)
        .await?;
    changes.removed = unsigned(gone.try_get("removed")?);
    changes.missing = unsigned(gone.try_get("left")?);
    changes.bookings_hit = unsigned(gone.try_get("hit")?);
    changes.lines.extend(gone.try_get::<Vec<i64>, _>("lines")?.into_iter().map(unsigned));
    let added = staged(ADD).fetch_one(&mut *conn).await?;
    changes.added = unsigned(added.try_get("added")?);
    changes.lines.extend(added.try_get::<Vec<i64>, _>("lines")?.into_iter().map(unsigned));
    changes.lines.sort_unstable();
    changes.lines.dedup();
    let all = staged("/* slot_plan::carry_out */ select count(starts_at) as n from staged_slot");
    let all = unsigned(all.fetch_one(&mut *conn).await?.try_get("n")?);
    changes.unchanged = all.saturating_sub(changes.added + changes.changed);
    let (gone, back) = turned(conn).await?;
    if !gone.is_empty() {
        closure::note_lost_anew(conn, &gone).await?;
    }
    if !back.is_empty() {
        closure::note_reopened(conn, &back).await?;
    }
    staged(TELL).bind(missing == Missing::Lose).execute(&mut *conn).await?;
    (changes.kept_counted, changes.kept) = kept(conn, missing).await?;
    Ok(changes)
}

/// Slots that are there get the end and the seats of the staged one, never fewer than are taken,
/// and come back where they were removed.
const SET: &str = "/* slot_plan::SET */ with told as (
     update clinic set slots_revision = slots_revision + 1
     where clinic_id in (select clinic_id from touched_slot)
 ), done as (
     update slot k set ends_at = s.ends_at, seats = greatest(s.seats, t.taken),
         removed_at = null, on_date = s.on_date,
         is_closed = case when t.is_removed then exists (
                 select from clinic_closure x
                 where (x.clinic_id, x.on_date) = (s.clinic_id, s.on_date))
                 or exists (select from clinic_day_close x
                 where (x.clinic_id, x.on_date) = (s.clinic_id, s.on_date)
                     and x.reopened_at is null)
             else t.is_closed end
     from touched_slot t join staged_slot s
         on (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at)
     where k.slot_id = t.slot_id and (t.is_removed
         or (t.ends_at, t.seats) is distinct from (s.ends_at, greatest(s.seats, t.taken)))
     returning s.line
 )
 select count(*) as changed, coalesce(array_agg(distinct line), '{}') as lines from done";

/// Slots that are not staged go where nobody is booked. The others keep their bookings and no other
/// seat ($1), or are closed and gone too ($2).
const REMOVE: &str = "/* slot_plan::REMOVE */ with missing as (
     select t.slot_id, t.clinic_id, t.on_date, t.taken from touched_slot t
     where not t.is_removed and not exists (
         select from staged_slot s
         where (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at))
 ), gone as (
     update slot k set removed_at = statement_timestamp(), is_closed = true, seats = k.taken
     from missing m
     where k.slot_id = m.slot_id and ($2 or $1 and m.taken = 0)
     returning k.slot_id, k.clinic_id, k.on_date, m.taken
 ), narrowed as (
     update slot k set seats = m.taken from missing m
     where k.slot_id = m.slot_id and $1 and not $2 and m.taken > 0 and k.seats <> m.taken
     returning k.slot_id, k.clinic_id, k.on_date
 )
 select (select count(*) from gone) as removed,
     (select coalesce(sum(taken), 0) from gone) as hit,
     (select count(*) from missing) - (select count(*) from gone) as left,
     coalesce((select array_agg(distinct s.line) from staged_slot s join (
         select clinic_id, on_date from gone union select clinic_id, on_date from narrowed) d
         using (clinic_id, on_date)), '{}') as lines";

/// New slots, numbered on from the clinic's last one; closed where the clinic is, or where the day
/// is accounted for.
const ADD: &str = "/* slot_plan::ADD */ with last as materialized (
     select c.clinic_id, coalesce(
         (select max(k.slot_id) from slot k
          where k.slot_id >= c.clinic_id::bigint << 24
              and k.slot_id < (c.clinic_id::bigint + 1) << 24),
         c.clinic_id::bigint << 24) as slot_id
     from (select distinct clinic_id from staged_slot) c
 ), fresh as materialized (
     select s.*, row_number() over (partition by s.clinic_id order by s.starts_at) as n
     from staged_slot s
     where s.starts_at is not null and not exists (
         select from slot k where (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at))
 ), told as (
     update clinic set slots_revision = slots_revision + 1
     where clinic_id in (select clinic_id from fresh)
 ), done as (
     insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats, is_closed)
     select last.slot_id + n, clinic_id, f.on_date, f.starts_at, f.ends_at, f.seats,
         exists (select from clinic_closure x
                 where (x.clinic_id, x.on_date) = (f.clinic_id, f.on_date))
             or exists (select from clinic_day_close x
                 where (x.clinic_id, x.on_date) = (f.clinic_id, f.on_date)
                     and x.reopened_at is null)
     from fresh f join last using (clinic_id)
 )
 select count(*) as added, coalesce(array_agg(distinct line), '{}') as lines from fresh";

/// Whoever is booked in a slot that came back, or that was lost ($1), will be told.
const TELL: &str = "/* slot_plan::TELL */
 insert into closure_change (clinic_id, on_date)
 select distinct t.clinic_id, t.on_date from touched_slot t
 where t.taken > 0 and (t.is_removed and exists (
         select from staged_slot s
         where (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at))
     or $1 and not t.is_removed and not exists (
         select from staged_slot s
         where (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at)))";

/// Slots in which people are booked that are closed by now and were open, and the other way round.
async fn turned(conn: &mut PgConnection) -> sqlx::Result<(Vec<i64>, Vec<i64>)> {
    let rows = staged(
        "/* slot_plan::turned */
         select slot_id, k.is_closed from touched_slot t join slot k using (slot_id)
         where t.taken > 0 and k.is_closed <> t.is_closed order by slot_id",
    )
    .fetch_all(conn)
    .await?;
    let (mut gone, mut back) = (Vec::new(), Vec::new());
    for row in rows {
        let to = if row.try_get("is_closed")? { &mut gone } else { &mut back };
        to.push(row.try_get("slot_id")?);
    }
    Ok((gone, back))
}

/// Slots that are not as the staged ones would have them, because people are booked there.
async fn kept(conn: &mut PgConnection, missing: Missing) -> sqlx::Result<(u64, Vec<Kept>)> {
    if missing == Missing::Lose {
        return Ok((0, Vec::new()));
    }
    let rows = staged(
        "/* slot_plan::kept */ with one as (
             select t.*, s.starts_at is null as is_missing from touched_slot t
             left join staged_slot s
                 on (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at)
             where t.taken > 0 and (s.seats < t.taken
                 or s.starts_at is null and not t.is_removed and $2)
         )
         select code, zone, starts_at, taken, is_missing, count(*) over () as total
         from one join clinic using (clinic_id) order by clinic_id, starts_at limit $1",
    )
    .bind(KEPT_MAX)
    .bind(missing == Missing::Remove)
    .fetch_all(conn)
    .await?;
    let mut total = 0;
    let kept = rows.iter().map(|row| {
        total = unsigned(row.try_get("total")?);
        Ok(Kept {
            clinic_code: row.try_get("code")?,
            starts_at: row.try_get("starts_at")?,
            zone: zone(row.try_get("zone")?)?,
            taken: row.try_get("taken")?,
            why: if row.try_get("is_missing")? { Why::Missing } else { Why::FewerSeats },
        })
    });
    let kept = kept.collect::<sqlx::Result<_>>()?;
    Ok((total, kept))
}

/// Bookings in slots that go: how many, and the first of them.
pub async fn hits(conn: &mut PgConnection, limit: i64) -> sqlx::Result<(u64, Vec<Hit>)> {
    let rows = staged(
        "/* slot_plan::hits */
         select b.booking_id, t.on_date, t.starts_at, count(*) over () as total
         from touched_slot t join booking b using (slot_id)
         where b.state = any($2) and not t.is_removed and not exists (
             select from staged_slot s
             where (s.clinic_id, s.starts_at) = (t.clinic_id, t.starts_at))
         order by t.starts_at, b.booked_at, b.booking_id limit $1",
    )
    .bind(limit)
    .bind(State::PROMISED.map(State::number).to_vec())
    .fetch_all(conn)
    .await?;
    let mut total = 0;
    let hits = rows.iter().map(|row| {
        total = unsigned(row.try_get("total")?);
        Ok(Hit {
            booking_id: BookingId(row.try_get::<Uuid, _>("booking_id")?),
            on_date: row.try_get("on_date")?,
            starts_at: row.try_get("starts_at")?,
        })
    });
    let hits = hits.collect::<sqlx::Result<_>>()?;
    Ok((total, hits))
}

fn unsigned(count: i64) -> u64 {
    count.try_into().unwrap_or(0)
}
