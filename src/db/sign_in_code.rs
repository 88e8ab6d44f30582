//! One-time codes that wait to be used, and the caps on asking for them and on guessing them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{
    PersonId,
    code_cap::{
        ADDRESS_MAX, ALL_CODES_MAX, ALL_TRIES_MAX, CODE_WINDOW_MINUTES, CodeCounts, NETWORK_MAX,
        ORIGIN_CODES_MAX, ORIGIN_TRIES_MAX, PERSON_CODES_MAX, PERSON_TRIES_MAX, TRY_WINDOW_HOURS,
        TryCounts,
    },
    outbox::CodeMessage,
    person::Match,
    sign_in_code::ATTEMPTS_MAX,
};

/// Who asks for a code.
pub struct Asking<'a> {
    pub match_key: &'a Match,
    /// Digits only.
    pub phone: &'a str,
    pub counts: &'a CodeCounts,
    pub now: DateTime<Utc>,
}

/// Waits until no other transaction asks for a code for this person; then has that to itself. A
/// statement of its own: what the next one counts must have been written before it begins.
pub async fn wait_for_turn(conn: &mut PgConnection, counts: &CodeCounts) -> sqlx::Result<()> {
    query!("/* sign_in_code::wait_for_turn */ select pg_advisory_xact_lock($1)", counts.turn())
        .fetch_one(conn)
        .await
        .map(drop)
}

/// Keeps a code for the person whose main name or spelling has this match key, and puts the message
/// to them in the outbox; for nobody, keeps a decoy and a message that is never sent. Ends the
/// older codes of the same origin. Where a cap is reached, does nothing and gives the time from
/// which it is not.
///
/// The statement does the same for everybody, as fast: it reads the person with the next key where
/// there is none with this one, and writes as many rows, as long. A key that two people share is
/// nobody's. Nothing is locked but what this person and this origin have, and last, in this order,
/// the counts of the address and the network.
pub async fn insert(
    conn: &mut PgConnection,
    asking: Asking<'_>,
    code_hash: &[u8; 32],
    message: &CodeMessage,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let Asking { match_key, phone, counts, now } = asking;
    query_scalar!(
        r#"/* sign_in_code::insert */
        with recent as (
            select array_agg(created_at order by created_at desc) as of_person,
                   array_agg(created_at order by created_at desc)
                       filter (where origin_key = $2) as of_origin
            from sign_in_code where person_key = $1 and created_at > $10),
        used as (
            select coalesce(max(used) filter (where key = $1), 0) as person_tries,
                   max(ends_at) filter (where key = $1) as person_ends_at,
                   coalesce(max(used) filter (where key = $2), 0) as origin_tries,
                   max(ends_at) filter (where key = $2) as origin_ends_at,
                   max(ends_at) filter (where key = $3 and used >= $17
                                           or key = $4 and used >= $18) as place_ends_at
            from code_cap where key in ($1, $2, $3, $4) and ends_at > $5),
        cap as (
            select greatest(
                of_person[$13] + ($5 - $10),
                case when of_person[$11] is not null and of_origin[$12] is not null
                    then least(of_person[$11], of_origin[$12]) + ($5 - $10) end,
                case when person_tries >= $16 then person_ends_at
                     when person_tries >= $14 and origin_tries >= $15
                         then least(person_ends_at, origin_ends_at) end,
                place_ends_at) as ends_at
            from recent, used),
        main as (
            select person_id, phone, match_key = $6 as is_theirs from person
            where match_key >= $6 order by match_key limit 1),
        spelled as (
            select person_id, phone, s.match_key = $6 as is_theirs
            from (select match_key, person_id from person_spelling
                  where match_key >= $6 order by match_key limit 1) s
            join person using (person_id)),
        found as (
            select max(person_id) as person_id, max(phone) as phone
            from (select * from main union all select * from spelled) either
            where is_theirs having count(*) = 1),
        holder as (
            select coalesce(max(person_id), 0) as person_id,
                   coalesce(max(phone), translate($7, '123456789', '000000000')) as phone
            from found),
        replaced as (
            update sign_in_code set used_at = $5
            where person_key = $1 and origin_key = $2 and created_at > $10
                and expires_at > $5 and used_at is null and (select ends_at from cap) is null),
        challenge as (
            insert into sign_in_code (challenge_id, person_id, code_hash, created_at, expires_at,
                person_key, origin_key)
            select $8, person_id, $9, $5, $19, $1, $2 from holder, cap where ends_at is null),
        message as (
            insert into outbox (kind, recipient, body, is_decoy)
            select 'sign_in_code', phone, $20, person_id = 0 from holder, cap
            where ends_at is null),
        counted as (
            insert into code_cap as c (key, used, ends_at)
            select key, 1, $5 + ($5 - $10) from cap, (values (1, $3), (2, $4)) k (nth, key)
            where cap.ends_at is null order by nth
            on conflict (key) do update set
                used = case when c.ends_at > $5 then c.used + 1 else 1 end,
                ends_at = case when c.ends_at > $5 then c.ends_at else excluded.ends_at end)
        select ends_at from cap"#,
        &counts.person,
        &counts.origin,
        &counts.address,
        &counts.network,
        now,
        match_key,
        phone,
        message.challenge_id,
        code_hash,
        now - TimeDelta::minutes(CODE_WINDOW_MINUTES),
        PERSON_CODES_MAX,
        ORIGIN_CODES_MAX,
        ALL_CODES_MAX,
        PERSON_TRIES_MAX,
        ORIGIN_TRIES_MAX,
        ALL_TRIES_MAX,
        ADDRESS_MAX,
        NETWORK_MAX,
        message.expires_at,
        message.to_body(),
    )
    .fetch_one(conn)
    .await
}

/// What became of a try.
pub struct Tried {
    /// Who has signed in.
    pub person_id: Option<PersonId>,
    /// From when on another try is let through, where a cap stood in the way of this one.
    pub capped_until: Option<DateTime<Utc>>,
    /// How often the code can still be tried after a wrong one; none where it cannot be used.
    pub tries_left: Option<i16>,
}

/// Tries an open code and uses it up if it is the right one: then, and only then, gives the person.
/// A wrong try is counted for the code, its person and origin, the address and the network, in that
/// order. One statement on one locked row, so that of many at once each counts and at most one
/// succeeds.
pub async fn attempt(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    code_hash: &[u8; 32],
    counts: &TryCounts,
    now: DateTime<Utc>,
) -> sqlx::Result<Tried> {
    query_as!(
        Tried,
        r#"/* sign_in_code::attempt */
        with asked as (
            select person_key, origin_key from sign_in_code where challenge_id = $1),
        used as (
            select coalesce(max(used) filter (where key = person_key), 0) as person_tries,
                   max(ends_at) filter (where key = person_key) as person_ends_at,
                   coalesce(max(used) filter (where key = origin_key), 0) as origin_tries,
                   max(ends_at) filter (where key = origin_key) as origin_ends_at,
                   max(ends_at) filter (where key = $5 and used >= $12
                                           or key = $6 and used >= $13) as place_ends_at
            from code_cap left join asked on true
            where key = any(array[$5, $6, (select person_key from asked),
                                  (select origin_key from asked)]) and ends_at > $3),
        cap as (
            select greatest(
                case when person_tries >= $11 then person_ends_at
                     when person_tries >= $9 and origin_tries >= $10
                         then least(person_ends_at, origin_ends_at) end,
                place_ends_at) as ends_at
            from used),
        attempt as (
            update sign_in_code set attempts = attempts + 1,
                used_at = case when code_hash = $2 and person_id > 0 then $3 end,
                signed_in_at = case when code_hash = $2 and person_id > 0 then $3 end
            where challenge_id = $1 and used_at is null and attempts < $4 and expires_at > $3
                and (select ends_at from cap) is null
            returning person_key, origin_key, attempts,
                case when used_at is not null then person_id end as person_id),
        wrong as (
            select 1 as nth, person_key as key, $7::timestamptz as until
            from attempt where person_id is null
            union all
            select 2, origin_key, $7 from attempt where person_id is null
            union all
            select nth, key, $8 from cap, (values (3, $5), (4, $6)) k (nth, key)
            where ends_at is null
                and not exists (select from attempt where person_id is not null)),
        counted as (
            insert into code_cap as c (key, used, ends_at)
            select key, 1, until from wrong order by nth
            on conflict (key) do update set
                used = case when c.ends_at > $3 then c.used + 1 else 1 end,
                ends_at = case when c.ends_at > $3 then c.ends_at else excluded.ends_at end)
        select ends_at as "capped_until",
            (select person_id from attempt) as "person_id: PersonId",
            (select $4 - attempts from attempt where person_id is null) as "tries_left: i16"
        from cap"#,
        challenge_id,
        code_hash,
        now,
        ATTEMPTS_MAX,
        &counts.address,
        &counts.network,
        now + TimeDelta::hours(TRY_WINDOW_HOURS),
        now + TimeDelta::minutes(CODE_WINDOW_MINUTES),
        PERSON_TRIES_MAX,
        ORIGIN_TRIES_MAX,
        ALL_TRIES_MAX,
        ADDRESS_MAX,
        NETWORK_MAX,
    )
    .fetch_one(conn)
    .await
}

/// Whom this code has signed in since then, and when. A statement of its own: a try at the same
/// time must have been written before it begins.
pub async fn signed_in_since(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    code_hash: &[u8; 32],
    since: DateTime<Utc>,
) -> sqlx::Result<Option<(PersonId, DateTime<Utc>)>> {
    let row = query!(
        r#"/* sign_in_code::signed_in_since */
           select person_id as "person_id: PersonId", signed_in_at as "signed_in_at!"
           from sign_in_code
           where challenge_id = $1 and code_hash = $2 and signed_in_at > $3"#,
        challenge_id,
        code_hash,
        since,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| Some((row.person_id?, row.signed_in_at))))
}

/// Deletes up to `limit` codes whose challenges come before this one, oldest first, and says how
/// many those were.
pub async fn delete_before(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* sign_in_code::delete_before */
         delete from sign_in_code where challenge_id in (
             select challenge_id from sign_in_code where challenge_id < $1
             order by challenge_id limit $2 for update skip locked)",
        challenge_id,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` counts whose span of time has ended, and says how many those were.
pub async fn delete_counts_ended(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* sign_in_code::delete_counts_ended */
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
