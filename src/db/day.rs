//! A clinic's local date, as its staff account for it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, query_as, query_scalar};

use super::clinic::zone;
use crate::domain::{
    ClinicId, StaffUserId,
    channel::Channel,
    day::{By, Closed, Day, DayDoses, NextDay, People, Reopened},
    day_policy::LeftOver,
    grant::Grant,
};

/// A clinic's day beside each of its allocations: what lacks on the right is null.
struct Row {
    zone: String,
    today: NaiveDate,
    first_starts_at: Option<DateTime<Utc>>,
    last_starts_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    closed_by: Option<i32>,
    closed_by_name: Option<String>,
    note: Option<String>,
    closed_granted: Option<i32>,
    returned: Option<i32>,
    kept: Option<i32>,
    reopened_at: Option<DateTime<Utc>>,
    reopened_by: Option<i32>,
    reopened_by_name: Option<String>,
    reopen_reason: Option<String>,
    arrived: i32,
    waiting: i32,
    to_come: i32,
    people_given: i32,
    not_vaccinated: i32,
    no_shows: i32,
    cancelled: i32,
    not_recorded: i32,
    walk_ins: i32,
    allocation_id: Option<i64>,
    campaign_id: Option<i32>,
    product_id: Option<i32>,
    tranche_id: Option<i32>,
    channel: Option<Channel>,
    pool_id: Option<i32>,
    granted: Option<i32>,
    open: Option<i32>,
    held: Option<i32>,
    booked: Option<i32>,
    spare: Option<i32>,
    given: Option<i32>,
    lost: Option<i32>,
    doses_per_vial: Option<i16>,
    left_over: Option<LeftOver>,
    next_id: Option<i64>,
    next_on: Option<NaiveDate>,
}

/// The day; none for a clinic that is not there. One statement, so that people and doses agree; the
/// `offset` keeps the planner to the index of slots.
#[expect(clippy::too_many_lines, reason = "one statement")]
pub async fn find(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Option<Day>> {
    let rows = query_as!(
        Row,
        r#"/* day::find */
           select c.zone, (statement_timestamp() at time zone c.zone)::date as "today!",
               t.first_starts_at, t.last_starts_at,
               k.closed_at as "closed_at?", k.staff_user_id as "closed_by?",
               u.username as "closed_by_name?", k.note as "note?", k.granted as "closed_granted?",
               k.returned as "returned?", k.kept as "kept?", k.reopened_at as "reopened_at?",
               k.reopened_by as "reopened_by?", r.username as "reopened_by_name?",
               k.reopen_reason as "reopen_reason?",
               p.arrived as "arrived!", p.waiting as "waiting!", p.to_come as "to_come!",
               p.given as "people_given!", p.not_vaccinated as "not_vaccinated!",
               p.no_shows as "no_shows!", p.cancelled as "cancelled!",
               p.not_recorded as "not_recorded!", p.walk_ins as "walk_ins!",
               a.allocation_id as "allocation_id?", a.campaign_id as "campaign_id?",
               a.product_id as "product_id?", a.tranche_id as "tranche_id?",
               a.channel as "channel?: Channel", a.pool_id as "pool_id?",
               a.granted as "granted?", a.open as "open?", a.held as "held?",
               a.booked as "booked?", a.spare as "spare?", a.given as "given?", a.lost as "lost?",
               v.doses_per_vial as "doses_per_vial?", m.left_over as "left_over?: LeftOver",
               n.allocation_id as "next_id?", n.on_date as "next_on?"
           from clinic c
           cross join lateral (
               select min(starts_at) as first_starts_at, max(starts_at) as last_starts_at
               from slot
               where clinic_id = c.clinic_id and on_date = $2 and removed_at is null) t
           cross join lateral (
               select count(*) filter (where arrived_at is not null and channel <> 3
                       and state <> 3)::int as arrived,
                   count(*) filter (
                       where state in (1, 5) and arrived_at is not null)::int as waiting,
                   count(*) filter (where state in (1, 5) and arrived_at is null)::int as to_come,
                   count(*) filter (where state = 2 and channel <> 3)::int as given,
                   count(*) filter (
                       where state = 4 and not_given between 1 and 4)::int as not_vaccinated,
                   count(*) filter (where state = 4 and not_given is null)::int as no_shows,
                   count(*) filter (where state = 3 and channel <> 3 and ended_at
                       > s.starts_at - make_interval(hours => o.cancel_until_hours)
                   )::int as cancelled,
                   count(*) filter (where state = 4 and not_given = 5)::int as not_recorded,
                   count(*) filter (where state = 2 and channel = 3)::int as walk_ins
               from slot s
               cross join lateral (
                   select campaign_id, state, channel, arrived_at, not_given, ended_at
                   from booking where slot_id = s.slot_id offset 0) b
               left join lateral (
                   select cancel_until_hours from campaign
                   where campaign_id = b.campaign_id and b.state = 3) o on true
               where s.clinic_id = c.clinic_id and s.on_date = $2) p
           left join lateral (
               select * from clinic_day_close
               where clinic_id = c.clinic_id and on_date = $2
               order by clinic_day_close_id desc limit 1) k on true
           left join staff_user u on u.staff_user_id = k.staff_user_id
           left join staff_user r on r.staff_user_id = k.reopened_by
           left join allocation a on a.clinic_id = c.clinic_id and a.on_date = $2
           left join product v on v.product_id = a.product_id
           left join campaign m on m.campaign_id = a.campaign_id
           left join lateral (
               select n.allocation_id, n.on_date from allocation n
               where m.left_over = 2 and m.state <> 5 and n.clinic_id = a.clinic_id
                   and n.on_date > $2
                   and n.on_date >= (statement_timestamp() at time zone c.zone)::date
                   and (n.campaign_id, n.product_id, n.pool_id, n.channel)
                       = (a.campaign_id, a.product_id, a.pool_id, a.channel)
                   and n.tranche_id is not distinct from a.tranche_id and n.granted > 0
                   and not exists (select from clinic_closure x
                       where (x.clinic_id, x.on_date) = (n.clinic_id, n.on_date))
                   and not exists (select from clinic_day_close x
                       where (x.clinic_id, x.on_date) = (n.clinic_id, n.on_date)
                           and x.reopened_at is null)
               order by n.on_date limit 1) n on true
           where c.clinic_id = $1
           order by a.allocation_id"#,
        clinic_id.0,
        date,
    )
    .fetch_all(db)
    .await?;
    let mut day: Option<Day> = None;
    for row in rows {
        let doses = doses_of(&row, clinic_id, date);
        match &mut day {
            Some(day) => day.doses.extend(doses),
            None => day = Some(day_of(row, (clinic_id, date), doses)?),
        }
    }
    Ok(day)
}

fn day_of(
    row: Row,
    (clinic_id, date): (ClinicId, NaiveDate),
    doses: Option<DayDoses>,
) -> sqlx::Result<Day> {
    let by = |id: Option<i32>, name: Option<String>| {
        id.zip(name).map(|(id, username)| By { staff_user_id: StaffUserId(id), username })
    };
    let reopened = row.reopened_at.map(|at| Reopened {
        at,
        by: by(row.reopened_by, row.reopened_by_name),
        reason: row.reopen_reason.unwrap_or_default(),
    });
    let closed = row.closed_at.filter(|_| reopened.is_none()).map(|at| Closed {
        at,
        by: by(row.closed_by, row.closed_by_name),
        note: row.note,
        granted: row.closed_granted.unwrap_or(0),
        returned: row.returned.unwrap_or(0),
        kept: row.kept.unwrap_or(0),
    });
    Ok(Day {
        clinic_id,
        date,
        today: row.today,
        zone: zone(&row.zone)?.name().to_owned(),
        slots: row.first_starts_at.zip(row.last_starts_at),
        closed,
        reopened,
        people: People {
            arrived: row.arrived,
            waiting: row.waiting,
            to_come: row.to_come,
            given: row.people_given,
            not_vaccinated: row.not_vaccinated,
            no_shows: row.no_shows,
            cancelled: row.cancelled,
            not_recorded: row.not_recorded,
            walk_ins: row.walk_ins,
        },
        doses: doses.into_iter().collect(),
    })
}

fn doses_of(row: &Row, clinic_id: ClinicId, on_date: NaiveDate) -> Option<DayDoses> {
    Some(DayDoses {
        grant: Grant {
            allocation_id: row.allocation_id?.into(),
            clinic_id,
            campaign_id: row.campaign_id?.into(),
            product_id: row.product_id?.into(),
            on_date,
            tranche_id: row.tranche_id.map(Into::into),
            channel: row.channel?,
            pool_id: row.pool_id?.into(),
            granted: row.granted?,
            open: row.open?,
            held: row.held?,
            booked: row.booked?,
            spare: row.spare?,
            given: row.given?,
            lost: row.lost?,
        },
        doses_per_vial: row.doses_per_vial?,
        left_over: row.left_over?,
        next: row
            .next_id
            .zip(row.next_on)
            .map(|(id, on_date)| NextDay { allocation_id: id.into(), on_date }),
    })
}

/// Whether the account of the day is closed. For whoever has locked the clinic, a slot or an
/// allocation of the day it stays so.
pub async fn is_closed(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* day::is_closed */
           select exists (select from clinic_day_close
               where clinic_id = $1 and on_date = $2 and reopened_at is null) as "is_closed!""#,
        clinic_id.0,
        date,
    )
    .fetch_one(db)
    .await
}

/// The first of these days whose account is closed.
pub async fn first_closed(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    dates: impl IntoIterator<Item = NaiveDate>,
) -> sqlx::Result<Option<NaiveDate>> {
    let dates: Vec<_> = dates.into_iter().collect();
    query_scalar!(
        "/* day::first_closed */
         select on_date from clinic_day_close
         where clinic_id = $1 and on_date = any($2) and reopened_at is null
         order by on_date limit 1",
        clinic_id.0,
        &dates,
    )
    .fetch_optional(db)
    .await
}

/// Whether somebody could still book an open dose of the day: a free seat is to come in a slot that
/// is not closed.
pub async fn has_seats_to_come(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* day::has_seats_to_come */
           select exists (select from slot
               where clinic_id = $1 and on_date = $2 and not is_closed and taken < seats
                   and starts_at > clock_timestamp()) as "has_seats!""#,
        clinic_id.0,
        date,
    )
    .fetch_one(db)
    .await
}

/// Lost doses of an allocation that stand for people who waited when the service closed the day.
pub async fn not_recorded(db: impl PgExecutor<'_>, grant: &Grant) -> sqlx::Result<i32> {
    query_scalar!(
        r#"/* day::not_recorded */
           select count(*)::int as "people!" from slot s cross join lateral (
               select allocation_id, state, not_given from booking
               where slot_id = s.slot_id offset 0) b
           where s.clinic_id = $1 and s.on_date = $2 and b.allocation_id = $3 and b.state = 4
               and b.not_given = 5"#,
        grant.clinic_id.0,
        grant.on_date,
        grant.allocation_id.0,
    )
    .fetch_one(db)
    .await
}
