//! A clinic's day.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, query_as};
use uuid::Uuid;

use crate::domain::{
    BookingId, ClinicId, ProductId, SlotId,
    booking::State,
    schedule::{Booking, Patient, Schedule, Slot},
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
               b.booking_id as "booking_id?", b.state as "state?", b.product_id as "product_id?",
               b.dose_number as "dose_number?",
               p.name as "name?", p.birth_date as "birth_date?", p.phone as "phone?"
           from clinic c
           left join slot s on s.clinic_id = c.clinic_id and s.on_date = $2
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
            person: Patient { name: row.name?, birth_date: row.birth_date?, phone: row.phone? },
        })
    };
    Ok((slot, booking()))
}
