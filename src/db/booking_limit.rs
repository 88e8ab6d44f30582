//! Whose bookings of a day are counted, and which.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use super::locked::{self, Asked};
use crate::domain::{BookingId, booking::Booking};

/// Has these persons' bookings counted from now on. They are locked already: a cancellation that
/// did not tell would let one more be booked.
pub async fn set_limited(conn: &mut PgConnection, person_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* booking_limit::set_limited */
         update person set is_limited = true where person_id = any($1)",
        person_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What these persons have booked of late and cancelled themselves: read as a batch reads it of
/// those who cancel in it.
pub async fn cancelled(
    conn: &mut PgConnection,
    person_ids: &[i64],
) -> sqlx::Result<HashMap<BookingId, Booking>> {
    let asked = Asked { counted: person_ids, ..Asked::default() };
    locked::look(conn, &asked).await.map(|now| now.bookings)
}
