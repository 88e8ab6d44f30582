//! Whose bookings of a day are counted.

use sqlx::{PgConnection, query};

/// Has these persons' bookings counted from now on, of those whom nobody else has locked: the next
/// cancellation tries again.
pub async fn set_limited(conn: &mut PgConnection, person_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* booking_limit::set_limited */
         update person set is_limited = true where person_id in (
             select person_id from person where person_id = any($1) order by person_id
             for no key update skip locked)",
        person_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}
