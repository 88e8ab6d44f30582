//! Counts of wrong passwords, in the table of caps: `code_cap` deletes those that are done with.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, query};

use crate::domain::{
    code_cap::Counted,
    sign_in_delay::{Try, address_seconds, kept_until, name_seconds, next_at},
};

/// Counts a try as wrong, unless one of its counts must wait; gives that one, and until when.
/// Tries at the same time, in other processes too, are counted one after the other.
pub async fn count(
    db: impl PgExecutor<'_>,
    one: Try,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(Counted, DateTime<Utc>)>> {
    let address = one.address.as_ref().map(<[u8; 16]>::as_slice);
    let row = query!(
        r#"/* sign_in_delay::count */
        with kept as (
            select key, ends_at, case key
                when $1 then ($3::int[])[least(used, cardinality($3::int[]))]
                else ($4::int[])[least(used, cardinality($4::int[]))] end as seconds
            from code_cap where key in ($1, $2) and ends_at > $5
            order by key for update
        ), late as (
            select key, ends_at, seconds from kept
            where ends_at + make_interval(secs => seconds) > $6
        ), counted as (
            insert into code_cap as c (key, used, ends_at)
            select key, 1, $6 from unnest(array[$1, $2]::bytea[]) key
            where key is not null and not exists (select from late)
            order by key
            on conflict (key) do update set
                used = case when c.ends_at > $5 then c.used + 1 else 1 end,
                ends_at = excluded.ends_at
        )
        select key as "key!", ends_at as "ends_at!", seconds as "seconds!" from late
        order by ends_at + make_interval(secs => seconds) desc limit 1"#,
        &one.name[..],
        address,
        &name_seconds(),
        &address_seconds(),
        now,
        kept_until(now),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let is_name = row.key == one.name;
        let key = one.address.filter(|_| !is_name).unwrap_or(one.name);
        (key, next_at(row.ends_at, row.seconds))
    }))
}

/// Forgets wrong tries with the name of one that was right, and takes back what was counted for
/// its address.
pub async fn was_right(db: impl PgExecutor<'_>, one: Try) -> sqlx::Result<()> {
    take_back(db, one, true).await
}

/// Takes back what was counted for a try that told nothing.
pub async fn was_not_looked_at(db: impl PgExecutor<'_>, one: Try) -> sqlx::Result<()> {
    take_back(db, one, false).await
}

/// Who comes next is looked at as soon as this one was: the delay that this one has begun ends with
/// it. The wrong tries before it have had theirs, or it would not have been looked at.
async fn take_back(db: impl PgExecutor<'_>, one: Try, is_name_forgotten: bool) -> sqlx::Result<()> {
    let address = one.address.as_ref().map(<[u8; 16]>::as_slice);
    query!(
        "/* sign_in_delay::take_back */
        with kept as (
            select key, used - 1 as used, key = $1 and $3 as is_forgotten, ends_at, case key
                when $1 then ($4::int[])[least(used - 1, cardinality($4::int[]))]
                else ($5::int[])[least(used - 1, cardinality($5::int[]))] end as seconds
            from code_cap where key in ($1, $2)
            order by key for update
        ), gone as (
            delete from code_cap c using kept
            where c.key = kept.key and (kept.is_forgotten or kept.used = 0)
        )
        update code_cap c set used = kept.used,
            ends_at = kept.ends_at - make_interval(secs => kept.seconds)
        from kept
        where c.key = kept.key and not kept.is_forgotten and kept.used > 0",
        &one.name[..],
        address,
        is_name_forgotten,
        &name_seconds(),
        &address_seconds(),
    )
    .execute(db)
    .await
    .map(drop)
}
