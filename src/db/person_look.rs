//! Who looked at whom: the records of access to the register.

use sqlx::{PgExecutor, query};

use crate::domain::{
    PersonId, StaffUserId,
    person_change::{Look, Way},
};

/// Which looks are wanted; none of a kind is all of that kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub person_id: Option<PersonId>,
    pub staff_user_id: Option<StaffUserId>,
    /// Goes on below this one.
    pub before: Option<i64>,
}

/// A look, with its number and whom it was at; none where nobody was found.
pub type LookAt = (i64, Option<PersonId>, Look);

/// Writes down that somebody looked at this person, unless they did so a quarter of an hour ago: a
/// visit is opened once for each press, and is one look.
pub async fn insert_unless_recent(
    db: impl PgExecutor<'_>,
    by: StaffUserId,
    person_id: PersonId,
) -> sqlx::Result<()> {
    query!(
        "/* person_look::insert_unless_recent */
         insert into person_look (staff_user_id, person_id, way)
         select $1, $2, $3 where not exists (
             select from person_look l where l.person_id = $2 and l.staff_user_id = $1
                 and l.at > clock_timestamp() - interval '15 minutes')",
        by.0,
        person_id.0,
        Way::ById.number(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Newest first.
///
/// # Errors
/// `Decode` for a way that this program does not know.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: Filter,
    limit: i64,
) -> sqlx::Result<Vec<LookAt>> {
    let rows = query!(
        r#"/* person_look::list */
           select l.person_look_id, l.at, l.staff_user_id as "staff_user_id: StaffUserId",
               u.username, l.person_id as "person_id: PersonId", l.way, l.reason
           from person_look l join staff_user u using (staff_user_id)
           where ($1::bigint is null or l.person_id = $1)
               and ($2::int is null or l.staff_user_id = $2)
               and ($3::bigint is null or l.person_look_id < $3)
           order by l.person_look_id desc limit $4"#,
        filter.person_id.map(|id| id.0),
        filter.staff_user_id.map(|id| id.0),
        filter.before,
        limit,
    )
    .fetch_all(db)
    .await?;
    let look = rows.into_iter().map(|row| {
        let way = Way::try_from(row.way).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let (at, staff_user_id, username) = (row.at, row.staff_user_id, row.username);
        let look = Look { at, staff_user_id, username, way, reason: row.reason };
        Ok((row.person_look_id, row.person_id, look))
    });
    look.collect()
}
