//! Whose bookings of a day are counted, and which.

use std::collections::HashMap;

use sqlx::{PgConnection, query, query_as};

use super::booking::{Row, booking_of};
use crate::domain::{BookingId, booking::Booking, channel::Channel};

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

/// What these persons have booked of late and cancelled themselves.
pub async fn cancelled(
    conn: &mut PgConnection,
    person_ids: &[i64],
) -> sqlx::Result<HashMap<BookingId, Booking>> {
    let rows = query_as!(
        Row,
        r#"/* booking_limit::cancelled */ select b.booking_id, b.person_id, b.campaign_id,
               b.product_id, b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id,
               b.rule_version, b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
               b.channel as "channel: Channel", b.arrived_at, b.not_given
           from booking b join slot s using (slot_id)
           where b.person_id = any($1) and b.state = 3
               and b.booked_at > clock_timestamp() - interval '27 hours'
               and (select true from booking_cancellation c
                   where c.booking_id = b.booking_id) is null"#,
        person_ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| booking_of(row).map(|b| (b.booking_id, b))).collect()
}
