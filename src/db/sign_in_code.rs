//! One-time codes that wait to be used.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

use crate::domain::{
    PersonId,
    code_cap::{CODE_WINDOW_MINUTES, CodeCounts, TRY_WINDOW_HOURS, TryCounts},
    outbox::CodeMessage,
    person_key::Sought,
    sign_in_code::ATTEMPTS_MAX,
};

/// Who asks for a code.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub sought: &'a Sought,
    /// Digits only.
    pub phone: &'a str,
    pub counts: &'a CodeCounts,
    pub now: DateTime<Utc>,
}

/// Keeps a code for the person whose main name or spelling has the first of the keys that is one
/// person's, and puts the message to them in the outbox; for nobody, and for people without a
/// phone, keeps a decoy and a message that is never sent. Ends the older codes of the same origin,
/// and counts the new one for the address and the network.
///
/// The statement does the same for everybody, as fast: for every key it reads the person with the
/// next one where there is none with this one, and it writes as many rows, as long. A key that two
/// people share is nobody's. Whoever has the turn of the person has their codes to themselves; of
/// what is locked here others want only the counts of the address and the network, which are locked
/// in this order.
///
/// Whoever was merged is whom they were merged into, and a code goes to that one's phone. Whoever
/// is marked as moved away or dead gets none.
pub async fn insert(
    conn: &mut PgConnection,
    asking: Asking<'_>,
    code_hash: &[u8; 32],
    message: &CodeMessage,
) -> sqlx::Result<()> {
    let Asking { sought, phone, counts, now } = asking;
    let keys: Vec<_> = sought.keys().iter().map(|key| key.to_vec()).collect();
    query!(
        r#"/* sign_in_code::insert */
        with main as (
            select k.nth, p.person_id, p.merged_into, p.match_key = k.key as is_theirs
            from unnest($1::bytea[]) with ordinality k (key, nth)
            cross join lateral (select person_id, merged_into, match_key from person
                where match_key >= k.key order by match_key limit 1) p),
        spelled as (
            select k.nth, p.person_id, p.merged_into, s.match_key = k.key as is_theirs
            from unnest($1::bytea[]) with ordinality k (key, nth)
            cross join lateral (select match_key, person_id from person_spelling
                where match_key >= k.key order by match_key limit 1) s
            join person p using (person_id)),
        either as materialized (
            select nth, is_theirs, p.person_id, p.phone, p.mark
            from (select * from main union all select * from spelled) named
            join person p on p.person_id = coalesce(named.merged_into, named.person_id)),
        found as (
            select max(person_id) as person_id, max(phone) as phone
            from either where is_theirs and phone <> ''
            group by nth having count(distinct person_id) = 1 and count(mark) = 0
            order by nth limit 1),
        holder as (
            select coalesce(max(person_id), 0) as person_id,
                   coalesce(max(phone), translate($2, '123456789', '000000000')) as phone
            from found),
        replaced as (
            update sign_in_code set used_at = $7
            where person_key = $3 and origin_key = $4 and created_at > $8
                and expires_at > $7 and used_at is null),
        challenge as (
            insert into sign_in_code (challenge_id, person_id, code_hash, created_at, expires_at,
                person_key, origin_key)
            select $9, person_id, $10, $7, $11, $3, $4 from holder),
        message as (
            insert into outbox (kind, recipient, body, is_decoy, person_id, expires_at)
            select 'sign_in_code', phone, $12, person_id = 0, person_id, $11 from holder)
        insert into code_cap as c (key, used, ends_at)
        select key, 1, $7 + ($7 - $8) from (values (1, $5::bytea), (2, $6)) k (nth, key)
        order by nth
        on conflict (key) do update set
            used = case when c.ends_at > $7 then c.used + 1 else 1 end,
            ends_at = case when c.ends_at > $7 then c.ends_at else excluded.ends_at end"#,
        &keys,
        phone,
        &counts.person,
        &counts.origin,
        &counts.address,
        &counts.network,
        now,
        now - TimeDelta::minutes(CODE_WINDOW_MINUTES),
        message.challenge_id,
        code_hash,
        message.expires_at,
        message.to_body(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What became of a try.
pub struct Tried {
    /// Who has signed in.
    pub person_id: Option<PersonId>,
    /// How often the code can still be tried after a wrong one; none where it cannot be used.
    pub tries_left: Option<i16>,
}

/// Tries an open code and uses it up if it is the right one: then, and only then, gives the person.
/// The code of somebody who was merged or marked meanwhile is never the right one.
/// A wrong try is counted for the code, and, in this order, for its person and origin, the address
/// and the network; a try at no open code for the latter two.
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
        with holder as (
            select person_id from sign_in_code join person using (person_id)
            where challenge_id = $1 and merged_into is null and mark is null),
        attempt as (
            update sign_in_code set attempts = attempts + 1,
                used_at = case when code_hash = $2
                    and person_id = (select person_id from holder) then $3 end,
                signed_in_at = case when code_hash = $2
                    and person_id = (select person_id from holder) then $3 end
            where challenge_id = $1 and used_at is null and attempts < $4 and expires_at > $3
            returning person_key, origin_key, attempts,
                case when used_at is not null then person_id end as person_id),
        wrong as (
            select nth, key, $7::timestamptz as ends_at
            from attempt, lateral (values (1, person_key), (2, origin_key)) k (nth, key)
            where person_id is null
            union all
            select nth, key, $8 from (values (3, $5::bytea), (4, $6)) k (nth, key)
            where not exists (select from attempt where person_id is not null)),
        counted as (
            insert into code_cap as c (key, used, ends_at)
            select key, 1, ends_at from wrong order by nth
            on conflict (key) do update set
                used = case when c.ends_at > $3 then c.used + 1 else 1 end,
                ends_at = case when c.ends_at > $3 then c.ends_at else excluded.ends_at end)
        select max(person_id) as "person_id: PersonId",
            max($4 - attempts) filter (where person_id is null) as "tries_left: i16"
        from attempt"#,
        challenge_id,
        code_hash,
        now,
        ATTEMPTS_MAX,
        &counts.address,
        &counts.network,
        now + TimeDelta::hours(TRY_WINDOW_HOURS),
        now + TimeDelta::minutes(CODE_WINDOW_MINUTES),
    )
    .fetch_one(conn)
    .await
}

/// Whom this code has signed in since then, and when.
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
