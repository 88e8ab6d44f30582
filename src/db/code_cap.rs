//! The caps on one-time codes and on guessing them: whose turn it is, what is used up, and until
//! when. What is counted is written with the codes and tries themselves (`db/sign_in_code.rs`).

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::code_cap::{
    ADDRESS_CODES_MAX, ADDRESS_TRIES_MAX, ALL_CODES_MAX, ALL_TRIES_MAX, CODE_WINDOW_MINUTES,
    Capped, CodeCounts, NETWORK_CODES_MAX, NETWORK_TRIES_MAX, ORIGIN_CODES_MAX, ORIGIN_TRIES_MAX,
    PERSON_CODES_MAX, PERSON_TRIES_MAX, TryCounts,
};

/// Waits until no other transaction asks for a code for this person or tries one; then has that to
/// itself. A statement of its own: what the next one counts must have been written before it
/// begins.
pub async fn wait_for_turn(conn: &mut PgConnection, counts: &CodeCounts) -> sqlx::Result<()> {
    query!(
        "/* code_cap::wait_for_turn */
         select pg_advisory_xact_lock(
             ('x' || encode(substr($1::bytea, 1, 8), 'hex'))::bit(64)::bigint)",
        &counts.person[..],
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// The same for the person whom this challenge was made for. A challenge that is not there is
/// nobody's, and has nothing to wait for.
pub async fn wait_for_turn_of(conn: &mut PgConnection, challenge_id: Uuid) -> sqlx::Result<()> {
    query!(
        "/* code_cap::wait_for_turn_of */
         select pg_advisory_xact_lock(
             ('x' || encode(substr(person_key, 1, 8), 'hex'))::bit(64)::bigint)
         from sign_in_code where challenge_id = $1",
        challenge_id,
    )
    .fetch_optional(conn)
    .await
    .map(drop)
}

/// What stands in the way of one more code, and until when.
pub async fn of_codes(
    conn: &mut PgConnection,
    counts: &CodeCounts,
    now: DateTime<Utc>,
) -> sqlx::Result<Capped> {
    query_as!(
        Capped,
        r#"/* code_cap::of_codes */
        with recent as (
            select array_agg(created_at order by created_at desc) as of_person,
                   array_agg(created_at order by created_at desc)
                       filter (where origin_key = $2) as of_origin
            from sign_in_code where person_key = $1 and created_at > $6),
        used as (
            select coalesce(max(used) filter (where key = $1), 0) as person_tries,
                   max(ends_at) filter (where key = $1) as person_ends_at,
                   coalesce(max(used) filter (where key = $2), 0) as origin_tries,
                   max(ends_at) filter (where key = $2) as origin_ends_at,
                   max(ends_at) filter (where key = $3 and used >= $13
                                           or key = $4 and used >= $14) as place_ends_at
            from code_cap where key in ($1, $2, $3, $4) and ends_at > $5)
        select greatest(
                of_person[$9] + ($5 - $6),
                case when of_person[$7] is not null and of_origin[$8] is not null
                    then least(of_person[$7], of_origin[$8]) + ($5 - $6) end,
                place_ends_at) as codes_until,
            case when person_tries >= $12 then person_ends_at
                 when person_tries >= $10 and origin_tries >= $11
                     then least(person_ends_at, origin_ends_at) end as tries_until
        from recent, used"#,
        &counts.person,
        &counts.origin,
        &counts.address,
        &counts.network,
        now,
        now - TimeDelta::minutes(CODE_WINDOW_MINUTES),
        PERSON_CODES_MAX,
        ORIGIN_CODES_MAX,
        ALL_CODES_MAX,
        PERSON_TRIES_MAX,
        ORIGIN_TRIES_MAX,
        ALL_TRIES_MAX,
        ADDRESS_CODES_MAX,
        NETWORK_CODES_MAX,
    )
    .fetch_one(conn)
    .await
}

/// Until when a try at this challenge is not looked at, where a cap stands in its way.
pub async fn of_tries(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    counts: &TryCounts,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    query_scalar!(
        r#"/* code_cap::of_tries */
        with asked as (
            select person_key, origin_key from sign_in_code where challenge_id = $1),
        used as (
            select coalesce(max(used) filter (where key = person_key), 0) as person_tries,
                   max(ends_at) filter (where key = person_key) as person_ends_at,
                   coalesce(max(used) filter (where key = origin_key), 0) as origin_tries,
                   max(ends_at) filter (where key = origin_key) as origin_ends_at,
                   max(ends_at) filter (where key = $2 and used >= $8
                                           or key = $3 and used >= $9) as place_ends_at
            from code_cap left join asked on true
            where key = any(array[$2, $3, (select person_key from asked),
                                  (select origin_key from asked)]) and ends_at > $4)
        select greatest(
            case when person_tries >= $7 then person_ends_at
                 when person_tries >= $5 and origin_tries >= $6
                     then least(person_ends_at, origin_ends_at) end,
            place_ends_at)
        from used"#,
        challenge_id,
        &counts.address,
        &counts.network,
        now,
        PERSON_TRIES_MAX,
        ORIGIN_TRIES_MAX,
        ALL_TRIES_MAX,
        ADDRESS_TRIES_MAX,
        NETWORK_TRIES_MAX,
    )
    .fetch_one(conn)
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
         delete from code_cap where key in (
             select key from code_cap where ends_at <= $1
             order by ends_at limit $2 for update skip locked)",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
