//! How often staff look for people of the register.

use sqlx::{PgExecutor, query};

use crate::domain::StaffUserId;

/// Counts a search of this user's. None while there are at most `max` in the present minute, else
/// the seconds until the next one begins.
pub async fn count(
    db: impl PgExecutor<'_>,
    by: StaffUserId,
    max: i32,
) -> sqlx::Result<Option<u64>> {
    let row = query!(
        r#"/* person_find::count */
           insert into person_find as f (staff_user_id, minute, finds)
           values ($1, date_trunc('minute', statement_timestamp()), 1)
           on conflict (staff_user_id) do update set
               finds = case when f.minute = excluded.minute then least(f.finds, $2) + 1 else 1 end,
               minute = excluded.minute
           returning finds,
               (60 - extract(second from statement_timestamp()))::int as "seconds!""#,
        by.0,
        max,
    )
    .fetch_one(db)
    .await?;
    let seconds = u64::try_from(row.seconds).unwrap_or(0).max(1);
    Ok((row.finds > max).then_some(seconds))
}
