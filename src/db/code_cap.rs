//! Counts of codes that are asked for by booking number, and counts that are done with. Those of
//! codes and tries are `sign_in`'s.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::code_cap::{ADDRESS_LOOK_UPS_MAX, CODE_WINDOW_MINUTES, Counted};

/// Counts a code that is asked for by booking number, before anything is looked for; gives the time
/// from which one may be asked for, where this one is too many.
pub async fn count_look_up(
    db: impl PgExecutor<'_>,
    address: &Counted,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    query_scalar!(
        r#"/* code_cap::count_look_up */
        insert into code_cap as c (key, used, ends_at) values ($1, 1, $2)
        on conflict (key) do update set
            used = case when c.ends_at > $3 then least(c.used + 1, $4 + 1) else 1 end,
            ends_at = case when c.ends_at > $3 then c.ends_at else excluded.ends_at end
        returning case when used > $4 then ends_at end"#,
        &address[..],
        now + TimeDelta::minutes(CODE_WINDOW_MINUTES),
        now,
        ADDRESS_LOOK_UPS_MAX,
    )
    .fetch_one(db)
    .await
}

/// Deletes up to `limit` counts whose span of time has ended, and says how many those were.
pub async fn delete_ended(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* code_cap::delete_ended */
         delete from code_cap where key = any(array(
             select key from code_cap where ends_at <= $1
             order by ends_at limit $2 for update skip locked))",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
