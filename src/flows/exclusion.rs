//! What keeps persons from doses, for administrators: seen, and lifted with a reason. Staff of a
//! clinic lift it by taking back the step that found it.

use sqlx::PgConnection;

use super::{Result, person_record};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ExclusionId, PersonId, Refusal,
        exclusion::Written,
        fact::Noun,
        person_change::{Kind, NewChange},
    },
    flows::person_record::Doing,
};

/// All that clinics have found of the person, newest first.
///
/// # Errors
/// `not_found` for a person who is not in the register.
pub async fn list(db: &Db, person_id: PersonId) -> Result<Vec<Written>> {
    let found = db::exclusion::list(&db.read, person_id).await?;
    if found.is_empty() && db::person_record::find(&db.read, person_id).await?.is_none() {
        return Err(Refusal::not_found().into());
    }
    Ok(found)
}

/// Lifts a finding: the person has the right again that it took. What is lifted already stays as it
/// is. Bookings are not made anew.
///
/// Locks: the person, and then the finding, as the presses of a clinic do.
///
/// # Errors
/// `not_found` for a person who is not in the register, and a finding that is not theirs;
/// `person_merged`; `changed_meanwhile`.
pub async fn lift(
    db: &Db,
    (person_id, exclusion_id): (PersonId, ExclusionId),
    doing: Doing<'_>,
) -> Result<Written> {
    in_tx(&db.write, "lift exclusion", async |conn| {
        person_record::lock(conn, person_id, doing.version).await?;
        let found = find(conn, person_id, exclusion_id).await?;
        if found.lifted.is_some() {
            return Ok(found);
        }
        db::exclusion::lift(conn, (person_id, exclusion_id), (doing.by, doing.reason)).await?;
        let change = NewChange {
            by: doing.by,
            person_id,
            kind: Kind::ExclusionLifted,
            reason: doing.reason,
            fields: &[],
            other_person_id: None,
            booking_ids: &[found.booking_id],
        };
        db::person_change::insert(conn, &change).await?;
        find(conn, person_id, exclusion_id).await
    })
    .await
}

async fn find(
    conn: &mut PgConnection,
    person_id: PersonId,
    exclusion_id: ExclusionId,
) -> Result<Written> {
    let found = db::exclusion::list(conn, person_id).await?;
    let found = found.into_iter().find(|one| one.exclusion_id == exclusion_id);
    Ok(found.ok_or_else(|| Refusal::none(Noun::Exclusion, exclusion_id))?)
}
