//! Who comes to a clinic on a day, and how far the day is.

use chrono::NaiveDate;
use sqlx::{PgExecutor, query, query_as};

use crate::domain::{
    BookingId, ClinicId, ProductId,
    booking::State,
    channel::Channel,
    day_list::{DayInShort, DayList, DayRow, Pulse, Shut},
    localized::Localized,
};

/// Everybody who is booked on a local date, and was given a dose without; none for a clinic that is
/// not there.
pub async fn find(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Option<DayList>> {
    let rows = query!(
        r#"/* day_list::find */ select statement_timestamp() as "as_of!",
               (statement_timestamp() at time zone c.zone)::date as "today!",
               b.starts_at as "starts_at?", b.ends_at as "ends_at?",
               b.booking_id as "booking_id?", b.state as "state?", b.channel as "channel?",
               b.arrived_at as "arrived_at?", b.product_id as "product_id?",
               b.dose_number as "dose_number?", b.name as "name?"
           from clinic c
           left join lateral (
               select s.starts_at, s.ends_at, b.booking_id, b.channel, b.arrived_at, b.product_id,
                   b.state + 2 * (b.not_given is not null)::int as state, b.dose_number, p.name
               from slot s
               join booking b on b.slot_id = s.slot_id and b.state <> $3
               join person p on p.person_id = b.person_id
               where s.clinic_id = c.clinic_id and s.on_date = $2) b on true
           where c.clinic_id = $1
           order by b.starts_at, b.name, b.booking_id"#,
        clinic_id.0,
        date,
        State::Cancelled.number(),
    )
    .fetch_all(db)
    .await?;
    let Some((as_of, today)) = rows.first().map(|row| (row.as_of, row.today)) else {
        return Ok(None);
    };
    let unknown = |error| sqlx::Error::Decode(Box::new(error));
    let mut list = DayList { as_of, today, rows: Vec::with_capacity(rows.len()) };
    for row in rows {
        let number = row.state.map(i16::try_from).transpose();
        let number = number.map_err(|error| sqlx::Error::Decode(error.into()))?;
        let Some(state) = number.map(State::try_from).transpose().map_err(unknown)? else {
            continue;
        };
        let channel = row.channel.and_then(Channel::of).unwrap_or(Channel::Web);
        let booking = || {
            Some(DayRow {
                starts_at: row.starts_at?,
                ends_at: row.ends_at?,
                booking_id: BookingId(row.booking_id?),
                channel,
                state,
                arrived_at: row.arrived_at,
                product_id: ProductId(row.product_id?),
                dose_number: row.dose_number?,
                name: row.name?,
            })
        };
        list.rows.extend(booking());
    }
    Ok(Some(list))
}

/// How a local date stands. For every clinic that has its page open it runs each ten seconds: it
/// reads the bookings of one day by their slots and the doses of that day, and no person.
pub async fn pulse(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Pulse> {
    let row = query!(
        r#"/* day_list::pulse */ select
               count(*) filter (where b.state in (1, 5) and b.arrived_at is null) as "awaited!",
               count(*) filter (where b.state in (1, 5) and b.arrived_at is null
                   and s.ends_at <= statement_timestamp()) as "late!",
               count(*) filter (where b.state in (1, 5) and b.arrived_at is not null)
                   as "waiting!",
               count(*) filter (where b.state = 2 and b.channel <> 3) as "given!",
               count(*) filter (where b.state = 2 and b.channel = 3) as "walk_ins!",
               count(*) filter (where b.state = 4 and b.not_given is not null)
                   as "not_vaccinated!",
               count(*) filter (where b.state = 4 and b.not_given is null) as "no_shows!",
               max(greatest(b.booked_at, b.arrived_at, b.ended_at)) as last,
               (select coalesce(sum(a.open + a.held + a.booked + a.spare), 0) from allocation a
                   where a.clinic_id = $1 and a.on_date = $2) as "on_hand!",
               (select coalesce(sum(a.spare), 0) from allocation a
                   where a.clinic_id = $1 and a.on_date = $2) as "spare!"
           from slot s join booking b on b.slot_id = s.slot_id
           where s.clinic_id = $1 and s.on_date = $2"#,
        clinic_id.0,
        date,
    )
    .fetch_one(db)
    .await?;
    Ok(Pulse {
        awaited: row.awaited,
        late: row.late,
        waiting: row.waiting,
        given: row.given,
        walk_ins: row.walk_ins,
        not_vaccinated: row.not_vaccinated,
        no_shows: row.no_shows,
        last: row.last,
        on_hand: row.on_hand,
        spare: row.spare,
    })
}

/// Why nobody comes to a clinic on a local date, as far as somebody has said so; none for a clinic
/// that is not there.
pub async fn shut(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Option<Shut>> {
    let row = query!(
        r#"/* day_list::shut */
           select x.reason as "reason?", x.reason_ko, x.reason_en, d.closed_at as "closed_at?",
               u.username as "username?",
               exists (select from slot s where s.clinic_id = c.clinic_id and s.on_date = $2
                   and (s.removed_at is null or s.taken > 0)) as "has_hours!"
           from clinic c
           left join clinic_closure x on x.clinic_id = c.clinic_id and x.on_date = $2
           left join clinic_day_close d on d.clinic_id = c.clinic_id and d.on_date = $2
               and d.reopened_at is null
           left join staff_user u using (staff_user_id)
           where c.clinic_id = $1"#,
        clinic_id.0,
        date,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Shut {
        reason: row.reason.map(|main| Localized::new(main, row.reason_ko, row.reason_en)),
        accounted: row.closed_at.map(|at| (at, row.username)),
        has_hours: row.has_hours,
    }))
}

/// The local dates of a clinic from `from` on that have slots or doses, `until` not included.
pub async fn days(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    (from, until): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<DayInShort>> {
    query_as!(
        DayInShort,
        r#"/* day_list::days */ with seats as (
               select on_date, sum(seats) as seats, sum(taken) as taken from slot
               where clinic_id = $1 and on_date >= $2 and on_date < $3
                   and (removed_at is null or taken > 0)
               group by on_date),
           doses as (
               select on_date, sum(granted) as granted, sum(open) as open, sum(spare) as spare,
                   sum(given) as given, sum(lost) as lost
               from allocation where clinic_id = $1 and on_date >= $2 and on_date < $3
               group by on_date)
           select on_date as "on_date!", coalesce(seats, 0)::bigint as "seats!",
               coalesce(taken, 0)::bigint as "taken!", coalesce(granted, 0)::bigint as "granted!",
               coalesce(open, 0)::bigint as "open!", coalesce(spare, 0)::bigint as "spare!",
               coalesce(given, 0)::bigint as "given!", coalesce(lost, 0)::bigint as "lost!",
               exists (select from clinic_day_close c where c.clinic_id = $1
                   and c.on_date = d.on_date and c.reopened_at is null) as "is_closed!"
           from (select * from seats full join doses using (on_date)) d order by on_date"#,
        clinic_id.0,
        from,
        until,
    )
    .fetch_all(db)
    .await
}
