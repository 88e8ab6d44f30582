//! The journal of what administrators did with persons of the register, and of their looks.

use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::{
    BookingId, PersonId, StaffUserId,
    person_change::{Change, Kind, Look, NewChange, Way},
};

/// Writes a change down.
pub async fn insert(conn: &mut PgConnection, new: &NewChange<'_>) -> sqlx::Result<()> {
    let fields: Vec<_> = new.fields.iter().map(|&field| field.to_owned()).collect();
    let booking_ids: Vec<_> = new.booking_ids.iter().map(|id| id.0).collect();
    query!(
        "/* person_change::insert */ insert into person_change
             (staff_user_id, person_id, kind, reason, fields, other_person_id, booking_ids)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.by.0,
        new.person_id.0,
        new.kind.number(),
        new.reason,
        &fields,
        new.other_person_id.map(|id| id.0),
        &booking_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The changes of a person, newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<Change>> {
    let rows = query!(
        r#"/* person_change::list */ select c.person_change_id, c.at,
               c.staff_user_id as "staff_user_id: StaffUserId", u.username, c.kind, c.reason,
               c.fields, c.other_person_id as "other_person_id: PersonId", c.booking_ids
           from person_change c join staff_user u using (staff_user_id)
           where c.person_id = $1 and ($2::bigint is null or c.person_change_id < $2)
           order by c.person_change_id desc limit $3"#,
        person_id.0,
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    let changes = rows.into_iter().map(|row| {
        Ok(Change {
            person_change_id: row.person_change_id,
            at: row.at,
            staff_user_id: row.staff_user_id,
            username: row.username,
            kind: Kind::try_from(row.kind).map_err(|error| sqlx::Error::Decode(error.into()))?,
            reason: row.reason,
            fields: row.fields,
            other_person_id: row.other_person_id,
            booking_ids: row.booking_ids.into_iter().map(BookingId).collect(),
        })
    });
    changes.collect()
}

/// Writes down that an administrator looked at these persons; at none, that somebody was looked
/// for.
pub async fn insert_looks(
    conn: &mut PgConnection,
    (by, way): (StaffUserId, Way),
    person_ids: &[PersonId],
    reason: Option<&str>,
) -> sqlx::Result<()> {
    // 0 is nobody.
    let ids: Vec<_> = match person_ids {
        [] => vec![0],
        ids => ids.iter().map(|id| id.0).collect(),
    };
    query!(
        "/* person_change::insert_looks */
         insert into person_look (staff_user_id, person_id, way, reason)
         select $1, nullif(person_id, 0), $3, $4 from unnest($2::bigint[]) as at (person_id)",
        by.0,
        &ids,
        way.number(),
        reason,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The looks at a person, newest first.
pub async fn list_looks(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    limit: i64,
) -> sqlx::Result<Vec<Look>> {
    let rows = query!(
        r#"/* person_change::list_looks */ select l.at,
               l.staff_user_id as "staff_user_id: StaffUserId", u.username, l.way, l.reason
           from person_look l join staff_user u using (staff_user_id)
           where l.person_id = $1 order by l.person_look_id desc limit $2"#,
        person_id.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    let looks = rows.into_iter().map(|row| {
        Ok(Look {
            at: row.at,
            staff_user_id: row.staff_user_id,
            username: row.username,
            way: Way::try_from(row.way).map_err(|error| sqlx::Error::Decode(error.into()))?,
            reason: row.reason,
        })
    });
    looks.collect()
}
