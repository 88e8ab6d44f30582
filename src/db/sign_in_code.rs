//! One-time codes that wait to be used.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, query, query_scalar};
use uuid::Uuid;

use crate::domain::{PersonId, outbox::CodeMessage, person::Match, sign_in_code::ATTEMPTS_MAX};

/// Keeps a code for the person whose main name or spelling has this match key, and puts the message
/// to them in the outbox; for nobody, keeps a decoy and sends nothing. One statement does either,
/// and looks into both indexes for everybody, so that the caller's time and steps are the same. A
/// key that two people share is nobody's.
pub async fn insert(
    conn: &mut PgConnection,
    match_key: &Match,
    code_hash: &[u8; 32],
    message: &CodeMessage,
) -> sqlx::Result<()> {
    query!(
        "/* sign_in_code::insert */
         with found as (
             select person_id from person where match_key = $1
             union all select person_id from person_spelling where match_key = $1),
         holder as (
             select person_id, phone from person
             where person_id = (select min(person_id) from found having count(*) = 1)),
         challenge as (
             insert into sign_in_code (challenge_id, person_id, code_hash, expires_at)
             select $2, (select person_id from holder), $3, $4)
         insert into outbox (kind, recipient, body)
         select 'sign_in_code', phone, $5 from holder",
        match_key,
        message.challenge_id,
        code_hash,
        message.expires_at,
        message.to_body(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts one attempt at an open code and uses it up if it is the right one: then, and only then,
/// gives the person. One statement on one locked row, so that of many at once each counts and at
/// most one succeeds.
pub async fn attempt(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    code_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<PersonId>> {
    let used_by = query_scalar!(
        r#"/* sign_in_code::attempt */ update sign_in_code set attempts = attempts + 1,
               used_at = case when code_hash = $2 and person_id is not null then $3 end
           where challenge_id = $1 and used_at is null and attempts < $4 and expires_at > $3
           returning case when used_at is not null then person_id end as "person_id: PersonId""#,
        challenge_id,
        code_hash,
        now,
        ATTEMPTS_MAX,
    )
    .fetch_optional(conn)
    .await?;
    Ok(used_by.flatten())
}
