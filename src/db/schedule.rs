//! A clinic's day.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{
    BookingId, ClinicId, ProductId, SlotId,
    birth_date::{BirthDate, Precision},
    booking::State,
    schedule::{Booking, Found, Patient, Schedule, Slot},
};

/// A clinic beside its slots of the day beside their bookings: what lacks on the right is null.
struct Row {
    as_of: DateTime<Utc>,
    slot_id: Option<i64>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    seats: Option<i32>,
    taken: Option<i32>,
    booking_id: Option<Uuid>,
    state: Option<i16>,
    product_id: Option<i32>,
    dose_number: Option<i16>,
    name: Option<String>,
    birth_date: Option<NaiveDate>,
    birth_precision: Option<i16>,
    phone: Option<String>,
}

/// The slots of a local date with everybody booked into them; none for a clinic that is not there.
/// One statement, so that seats and bookings agree.
pub async fn find(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Option<Schedule>> {
    let rows = query_as!(
        Row,
        r#"/* schedule::find */ select statement_timestamp() as "as_of!",
               s.slot_id as "slot_id?", s.starts_at as "starts_at?", s.ends_at as "ends_at?",
               s.seats as "seats?", s.taken as "taken?",
               b.booking_id as "booking_id?",
               case when b.not_given is null then b.state else 6::smallint end as "state?",
               b.product_id as "product_id?",
               b.dose_number as "dose_number?",
               p.name as "name?", p.birth_date as "birth_date?",
               p.birth_precision as "birth_precision?", p.phone as "phone?"
           from clinic c
           left join slot s on s.clinic_id = c.clinic_id and s.on_date = $2
               and (s.removed_at is null or s.taken > 0)
           left join booking b on b.slot_id = s.slot_id and b.state <> $3
           left join person p on p.person_id = b.person_id
           where c.clinic_id = $1
           order by s.starts_at, b.booked_at, b.booking_id"#,
        clinic_id.0,
        date,
        State::Cancelled.number(),
    )
    .fetch_all(db)
    .await?;
    let Some(as_of) = rows.first().map(|row| row.as_of) else { return Ok(None) };
    let mut slots: Vec<Slot> = Vec::new();
    for row in rows {
        let (slot, booking) = pieces(row)?;
        let Some(slot) = slot else { continue };
        if slots.last().is_none_or(|last| last.slot_id != slot.slot_id) {
            slots.push(slot);
        }
        if let Some(last) = slots.last_mut() {
            last.bookings.extend(booking);
        }
    }
    Ok(Some(Schedule { clinic_id, date, as_of, slots }))
}

/// The local date that it now is at a clinic; none for a clinic that is not there.
pub async fn today(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
) -> sqlx::Result<Option<NaiveDate>> {
    query_scalar!(
        r#"/* schedule::today */
           select (statement_timestamp() at time zone zone)::date as "today!"
           from clinic where clinic_id = $1"#,
        clinic_id.0,
    )
    .fetch_optional(db)
    .await
}

/// Every booking of a clinic on these local dates, both included, whatever its state. One row holds
/// them all: a clinic that gives thousands of doses a day has a hundred thousand. The `offset`
/// keeps the planner to the index of slots: else it may read all bookings of all clinics.
pub async fn booking_ids(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<BookingId>> {
    let ids = query_scalar!(
        "/* schedule::booking_ids */ select array_agg(b.booking_id)
         from slot s cross join lateral (
             select booking_id from booking where slot_id = s.slot_id offset 0) b
         where s.clinic_id = $1 and s.on_date between $2 and $3",
        clinic_id.0,
        from,
        to,
    )
    .fetch_one(db)
    .await?;
    Ok(ids.unwrap_or_default().into_iter().map(BookingId).collect())
}

/// These bookings with their persons, by time.
pub async fn list_found(
    db: impl PgExecutor<'_>,
    ids: &[BookingId],
    today: NaiveDate,
) -> sqlx::Result<Vec<Found>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* schedule::list_found */ select b.booking_id,
               case when b.not_given is null then b.state else 6::smallint end as "state!",
               b.product_id, b.dose_number,
               b.ended_at, b.slot_id, s.on_date, s.on_date = $2 as "is_today!", s.starts_at,
               s.ends_at, p.name, p.birth_date, p.birth_precision, p.phone
           from booking b join slot s using (slot_id) join person p using (person_id)
           where b.booking_id = any($1) order by s.starts_at, b.booked_at, b.booking_id"#,
        &ids,
        today,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| {
        let state =
            State::try_from(row.state).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Found {
            on_date: row.on_date,
            is_today: row.is_today,
            slot_id: SlotId(row.slot_id),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            ended_at: row.ended_at,
            booking: Booking {
                booking_id: BookingId(row.booking_id),
                state,
                product_id: ProductId(row.product_id),
                dose_number: row.dose_number,
                person: Patient {
                    name: row.name,
                    birth_date: born(row.birth_date, row.birth_precision),
                    phone: row.phone,
                },
            },
        })
    });
    found.collect()
}

fn born(date: NaiveDate, precision: i16) -> BirthDate {
    BirthDate::kept(date, Precision::numbered(precision))
}

fn pieces(row: Row) -> sqlx::Result<(Option<Slot>, Option<Booking>)> {
    let slot = || {
        Some(Slot {
            slot_id: SlotId(row.slot_id?),
            starts_at: row.starts_at?,
            ends_at: row.ends_at?,
            seats: row.seats?,
            taken: row.taken?,
            bookings: Vec::new(),
        })
    };
    let slot = slot();
    let state = row.state.map(State::try_from).transpose();
    let state = state.map_err(|error| sqlx::Error::Decode(error.into()))?;
    let booking = || {
        Some(Booking {
            booking_id: BookingId(row.booking_id?),
            state: state?,
            product_id: ProductId(row.product_id?),
            dose_number: row.dose_number?,
            person: Patient {
                name: row.name?,
                birth_date: born(row.birth_date?, row.birth_precision?),
                phone: row.phone?,
            },
        })
    };
    Ok((slot, booking()))
}
