//! Rosters, and who is on them.

use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    PersonId, RosterId,
    roster::{NewRoster, Roster},
};

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: RosterId,
    limit: i64,
) -> sqlx::Result<Vec<Roster>> {
    query_as!(
        Roster,
        "/* roster::list */ select roster_id, code, name from roster
         where roster_id > $1 order by roster_id limit $2",
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// # Errors
/// The database's; the roster's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewRoster) -> sqlx::Result<RosterId> {
    query_scalar!(
        r#"/* roster::insert */
           insert into roster (code, name) values ($1, $2) returning roster_id as "id: RosterId""#,
        new.code,
        new.name,
    )
    .fetch_one(conn)
    .await
}

/// Those of `roster_ids` that exist, by id.
pub async fn known(
    db: impl PgExecutor<'_>,
    roster_ids: &[RosterId],
) -> sqlx::Result<Vec<RosterId>> {
    let ids: Vec<_> = roster_ids.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"/* roster::known */
           select roster_id as "id: RosterId" from roster where roster_id = any($1)
           order by roster_id"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// Puts a person on rosters, once each.
pub async fn insert_member(
    conn: &mut PgConnection,
    person_id: PersonId,
    roster_ids: &[RosterId],
) -> sqlx::Result<()> {
    let ids: Vec<_> = roster_ids.iter().map(|id| id.0).collect();
    query!(
        "/* roster::insert_member */ insert into roster_member (person_id, roster_id)
         select $1, roster_id from unnest($2::int[]) as roster_id
         on conflict do nothing",
        person_id.0,
        &ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Corrects the name of a roster; none if there is no such roster.
pub async fn rename(
    conn: &mut PgConnection,
    roster_id: RosterId,
    name: &str,
) -> sqlx::Result<Option<Roster>> {
    query_as!(
        Roster,
        "/* roster::rename */
         update roster set name = $2 where roster_id = $1 returning roster_id, code, name",
        roster_id.0,
        name,
    )
    .fetch_optional(conn)
    .await
}
