//! The statements of a batch of sign-ins, in the order in which it runs them: for whom the
//! challenges are, whose turn it is, what there is, and what becomes of it. As many, and as large,
//! whoever is in the register.
//!
//! Whoever has the turns has all that is read and written here to itself, but for the languages of
//! persons, which are left as they are where somebody else has locked them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, query, query_scalar};
use uuid::Uuid;

use crate::domain::{
    PersonId, RegionId,
    code_cap::{CODE_WINDOW_MINUTES, Counted},
    outbox::CodeMessage,
    sign_in::{Asked, Count, Holder, KeptCode, Owner, Writes},
};

/// For whom the challenges were made: this never changes, so it can be read before it is known
/// whose turn it is.
pub async fn owners(
    conn: &mut PgConnection,
    challenge_ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Owner>> {
    let rows = query!(
        "/* sign_in::owners */
         select challenge_id, person_key, origin_key from sign_in_code
         where challenge_id = any($1)",
        challenge_ids,
    )
    .fetch_all(conn)
    .await?;
    let owners = rows.into_iter().map(|row| {
        let owner = Owner { person: exactly(row.person_key)?, origin: exactly(row.origin_key)? };
        Ok((row.challenge_id, owner))
    });
    owners.collect()
}

/// Waits until nobody else has one of these turns; then has them until the transaction ends. They
/// come in the order in which everybody takes them. A statement of its own: what the next one reads
/// must have been written before it begins.
pub async fn wait_for_turns(conn: &mut PgConnection, turns: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* sign_in::wait_for_turns */
         select count(pg_advisory_xact_lock(turn)) from unnest($1::bigint[]) turn",
        turns,
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Takes those of the turns that nobody else has.
pub async fn take_free_turns(conn: &mut PgConnection, turns: &[i64]) -> sqlx::Result<HashSet<i64>> {
    let taken = query_scalar!(
        r#"/* sign_in::take_free_turns */
           select turn as "turn!" from unnest($1::bigint[]) turn
           where pg_try_advisory_xact_lock(turn)"#,
        turns,
    )
    .fetch_all(conn)
    .await?;
    Ok(taken.into_iter().collect())
}

/// Which codes to read.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those of these challenges that somebody tries, with whether their persons may sign in, and
    /// where they live.
    pub tried: Vec<Uuid>,
    /// Those of these challenges, should they be there already.
    pub asked: Vec<Uuid>,
    /// Those that were made for these persons since `since`.
    pub people: Vec<Counted>,
    pub since: DateTime<Utc>,
}

/// The codes that are wanted. Whoever was merged or marked may not sign in.
pub async fn codes(
    conn: &mut PgConnection,
    wanted: &Wanted,
) -> sqlx::Result<HashMap<Uuid, KeptCode>> {
    let people: Vec<_> = wanted.people.iter().map(|key| key.to_vec()).collect();
    let named: Vec<_> = wanted.tried.iter().chain(&wanted.asked).copied().collect();
    let rows = query!(
        r#"/* sign_in::codes */
        select c.challenge_id as "challenge_id!", c.person_key as "person_key!",
            c.origin_key as "origin_key!", coalesce(c.person_id, 0) as "person_id!",
            p.person_id is not null as "may_sign_in!", p.region_id as "region_id?",
            c.code_hash as "code_hash!", c.created_at as "created_at!",
            c.expires_at as "expires_at!", c.attempts as "attempts!", c.used_at as "used_at?",
            c.signed_in_at as "signed_in_at?"
        from sign_in_code c
        left join person p on p.merged_into is null and p.mark is null
            and p.person_id = case when c.challenge_id = any($1) then c.person_id end
        where c.challenge_id = any($2) or c.person_key = any($3) and c.created_at > $4"#,
        &wanted.tried,
        &named,
        &people,
        wanted.since,
    )
    .fetch_all(conn)
    .await?;
    let codes = rows.into_iter().map(|row| {
        let kept = KeptCode {
            owner: Owner { person: exactly(row.person_key)?, origin: exactly(row.origin_key)? },
            person_id: (row.person_id > 0).then_some(PersonId(row.person_id)),
            may_sign_in: row.may_sign_in,
            home: row.region_id.map(RegionId),
            code_hash: exactly(row.code_hash)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            attempts: row.attempts,
            used_at: row.used_at,
            signed_in_at: row.signed_in_at,
        };
        Ok((row.challenge_id, kept))
    });
    codes.collect()
}

/// How often what these keys stand for was done, in spans that last.
///
/// `offset 0` has each found by its key. This is planned while nothing is counted, when it seems as
/// cheap to read all that lasts, by the index of the sweep.
pub async fn counts(
    conn: &mut PgConnection,
    keys: &[Counted],
    now: DateTime<Utc>,
) -> sqlx::Result<HashMap<Counted, Count>> {
    let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
    let rows = query!(
        "/* sign_in::counts */
         select c.key, c.used, c.ends_at
         from unnest($1::bytea[]) k (key)
         cross join lateral (select * from code_cap where key = k.key offset 0) c
         where c.ends_at > $2",
        &keys,
        now,
    )
    .fetch_all(conn)
    .await?;
    let counts = rows
        .into_iter()
        .map(|row| Ok((exactly(row.key)?, Count { used: row.used, ends_at: row.ends_at })));
    counts.collect()
}

/// For whom codes are that somebody asks for: the person whose main name or spelling has the first
/// of the keys that is one person's. Nobody's is who is not there, has no phone, or shares the key.
///
/// The statement does the same for everybody, as fast: for every key it reads the person with the
/// next one where there is none with this one. Where that one was merged, it reads whom they were
/// merged into: whether somebody's own row or a neighbour's has led there, cannot be told.
///
/// Whoever was merged is whom they were merged into, and a code goes to that one's phone. Whoever
/// is marked as moved away or dead gets none.
pub async fn holders(
    conn: &mut PgConnection,
    asked: &[&Asked],
) -> sqlx::Result<HashMap<Uuid, Holder>> {
    let (mut challenge_ids, mut keys) = (Vec::new(), Vec::new());
    for asked in asked {
        let first = keys.len();
        for key in asked.sought.keys().iter().map(|key| key.to_vec()) {
            // Two forms of a key are often the same; the first of them counts.
            if !keys.iter().skip(first).any(|known| *known == key) {
                challenge_ids.push(asked.challenge_id);
                keys.push(key);
            }
        }
    }
    let rows = query!(
        r#"/* sign_in::holders */
        with sought as (
            select * from unnest($1::uuid[], $2::bytea[]) with ordinality k (asked, key, nth)),
        main as (
            select k.asked, k.nth, p.person_id, p.merged_into, p.phone, p.mark,
                p.match_key = k.key as is_theirs
            from sought k
            cross join lateral (select person_id, merged_into, phone, mark, match_key from person
                where match_key >= k.key order by match_key limit 1) p),
        spelled as (
            select k.asked, k.nth, p.person_id, p.merged_into, p.phone, p.mark,
                s.match_key = k.key as is_theirs
            from sought k
            cross join lateral (select match_key, person_id from person_spelling
                where match_key >= k.key order by match_key limit 1) s
            join person p using (person_id)),
        either as (
            select asked, nth, is_theirs, coalesce(p.person_id, named.person_id) as person_id,
                case when p.person_id is null then named.phone else p.phone end as phone,
                case when p.person_id is null then named.mark else p.mark end as mark
            from (select * from main union all select * from spelled) named
            left join person p on p.person_id = named.merged_into),
        of_key as (
            select asked, nth, min(person_id) filter (where is_theirs and phone <> '') as first_id,
                max(person_id) filter (where is_theirs and phone <> '') as last_id,
                max(phone) filter (where is_theirs) as phone,
                count(mark) filter (where is_theirs and phone <> '') as marks
            from either group by asked, nth),
        found as (
            select asked, nth, phone,
                case when first_id = last_id and marks = 0 then last_id else 0 end as person_id
            from of_key)
        select distinct on (asked) asked as "asked!", person_id as "person_id!", phone
        from found order by asked, person_id = 0, nth"#,
        &challenge_ids,
        &keys,
    )
    .fetch_all(conn)
    .await?;
    let phones = asked.iter().map(|asked| (asked.challenge_id, asked.phone.len()));
    let phones: HashMap<_, _> = phones.collect();
    let holders = rows.into_iter().map(|row| {
        let length = phones.get(&row.asked).copied().unwrap_or_default();
        let holder = match row.person_id {
            0 => Holder { person_id: None, phone: "0".repeat(length) },
            id => Holder { person_id: Some(PersonId(id)), phone: row.phone.unwrap_or_default() },
        };
        (row.asked, holder)
    });
    Ok(holders.collect())
}

/// Writes what was decided at `now`: codes and their messages in the order in which they were asked
/// for, tries, counts, and the languages of persons.
///
/// Codes are found by an array, which is looked up by index: joined to it, all codes would be read,
/// because this is planned while there are none.
#[expect(clippy::as_conversions, reason = "how sqlx is told that elements may be null")]
pub async fn write(
    conn: &mut PgConnection,
    writes: &Writes,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let new = NewColumns::of(writes);
    let changed = ChangedColumns::of(writes);
    let counted: Vec<_> = writes.counted.keys().map(|key| key.to_vec()).collect();
    let used: Vec<_> = writes.counted.values().map(|count| count.used).collect();
    let until: Vec<_> = writes.counted.values().map(|count| count.ends_at).collect();
    query!(
        r#"/* sign_in::write */
        with new as materialized (
            select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[],
                $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[]) with ordinality
                n (challenge_id, person_id, code_hash, person_key, origin_key, expires_at, used_at,
                    phone, body, nth)),
        codes as (
            insert into sign_in_code (challenge_id, person_id, code_hash, created_at, expires_at,
                used_at, person_key, origin_key)
            select challenge_id, person_id, code_hash, $10, expires_at, used_at, person_key,
                origin_key
            from new order by nth),
        messages as (
            insert into outbox (kind, recipient, body, is_decoy, person_id, expires_at)
            select 'sign_in_code', phone, body, person_id = 0, person_id, expires_at
            from new order by nth),
        changed as (
            update sign_in_code c set (attempts, used_at, signed_in_at) = (
                select ($12::smallint[])[n], ($13::timestamptz[])[n], ($14::timestamptz[])[n]
                from array_position($11::uuid[], c.challenge_id) n)
            where c.challenge_id = any($11))
        insert into code_cap as c (key, used, ends_at)
        select key, used, ends_at
        from unnest($15::bytea[], $16::int[], $17::timestamptz[]) d (key, used, ends_at)
        order by key
        on conflict (key) do update set
            used = case when c.ends_at > $10 then c.used + excluded.used else excluded.used end,
            ends_at = case when c.ends_at > $10 then c.ends_at else excluded.ends_at end"#,
        &new.challenge_ids,
        &new.person_ids,
        &new.code_hashes,
        &new.person_keys,
        &new.origin_keys,
        &new.expires_at,
        &new.used_at as &[Option<DateTime<Utc>>],
        &new.phones,
        &new.bodies,
        now,
        &changed.challenge_ids,
        &changed.attempts,
        &changed.used_at as &[Option<DateTime<Utc>>],
        &changed.signed_in_at as &[Option<DateTime<Utc>>],
        &counted,
        &used,
        &until,
    )
    .execute(&mut *conn)
    .await?;
    if writes.languages.is_empty() {
        return Ok(());
    }
    set_languages(conn, writes).await
}

/// Of those whose rows nobody else has locked: a language is a preference, which the next sign-in
/// sets, and a file that has many persons' rows is not waited for.
async fn set_languages(conn: &mut PgConnection, writes: &Writes) -> sqlx::Result<()> {
    let person_ids: Vec<_> = writes.languages.keys().map(|person_id| person_id.0).collect();
    let languages: Vec<_> =
        writes.languages.values().map(|language| language.tag().to_owned()).collect();
    query!(
        "/* sign_in::set_languages */
         with changed as materialized (
             select p.person_id, d.language
             from unnest($1::bigint[], $2::text[]) d (person_id, language)
             join person p on p.person_id = d.person_id
                 and p.language is distinct from d.language
             order by p.person_id for no key update of p skip locked)
         update person p set language = d.language
         from changed d where p.person_id = d.person_id",
        &person_ids,
        &languages,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// New codes, column by column.
#[derive(Default)]
struct NewColumns {
    challenge_ids: Vec<Uuid>,
    person_ids: Vec<i64>,
    code_hashes: Vec<Vec<u8>>,
    person_keys: Vec<Vec<u8>>,
    origin_keys: Vec<Vec<u8>>,
    expires_at: Vec<DateTime<Utc>>,
    used_at: Vec<Option<DateTime<Utc>>>,
    phones: Vec<String>,
    bodies: Vec<String>,
}

impl NewColumns {
    fn of(writes: &Writes) -> Self {
        let mut columns = Self::default();
        for new in &writes.codes {
            let (challenge_id, kept) = (new.challenge_id, &new.kept);
            let (code, expires_at) = (new.code.clone(), kept.expires_at);
            columns.challenge_ids.push(challenge_id);
            columns.person_ids.push(kept.person_id.map_or(0, |person_id| person_id.0));
            columns.code_hashes.push(kept.code_hash.to_vec());
            columns.person_keys.push(kept.owner.person.to_vec());
            columns.origin_keys.push(kept.owner.origin.to_vec());
            columns.expires_at.push(expires_at);
            columns.used_at.push(kept.used_at);
            columns.phones.push(new.phone.clone());
            columns.bodies.push(CodeMessage { challenge_id, code, expires_at }.to_body());
        }
        columns
    }
}

/// Codes that were there before, column by column.
#[derive(Default)]
struct ChangedColumns {
    challenge_ids: Vec<Uuid>,
    attempts: Vec<i16>,
    used_at: Vec<Option<DateTime<Utc>>>,
    signed_in_at: Vec<Option<DateTime<Utc>>>,
}

impl ChangedColumns {
    fn of(writes: &Writes) -> Self {
        let mut columns = Self::default();
        for (challenge_id, kept) in &writes.changed {
            columns.challenge_ids.push(*challenge_id);
            columns.attempts.push(kept.attempts);
            columns.used_at.push(kept.used_at);
            columns.signed_in_at.push(kept.signed_in_at);
        }
        columns
    }
}

/// Since when codes of a person count.
pub fn since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::minutes(CODE_WINDOW_MINUTES)
}

/// As many bytes as there must be.
fn exactly<const BYTES: usize>(bytes: Vec<u8>) -> sqlx::Result<[u8; BYTES]> {
    let length = |bytes: Vec<u8>| format!("{} bytes where {BYTES} belong", bytes.len());
    bytes.try_into().map_err(|bytes| sqlx::Error::Decode(length(bytes).into()))
}
