//! Who must not be booked for a course, or has had a dose of it elsewhere. `db::visit` writes it.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use crate::domain::{
    CourseId, PersonId,
    person_state::PersonState,
    visit::{Exclusion, ExclusionReason, NotGiven},
};

/// What clinics have found of these persons. Most people have nothing of the kind, and a batch of
/// them does without this statement. Where no clinic's day is known, the day is the latest that it
/// was anywhere: no interval is cut short.
pub(super) async fn add(
    conn: &mut PgConnection,
    person_ids: &[i64],
    people: &mut HashMap<PersonId, PersonState>,
) -> sqlx::Result<()> {
    let rows = query!(
        r#"/* exclusion::add */
           select e.person_id, e.course_id, e.dose_number, e.reason, e.had_on,
               coalesce(s.on_date, (e.at at time zone 'Etc/GMT-14')::date) as "by_then!"
           from exclusion e
           left join booking b on b.booking_id = e.booking_id
           left join slot s on s.slot_id = b.slot_id
           where e.person_id = any($1) and e.lifted_at is null order by e.exclusion_id"#,
        person_ids,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let reason = match NotGiven::of(row.reason) {
            Some(NotGiven::AlreadyHad) => {
                ExclusionReason::AlreadyHad { had_on: row.had_on, by_then: row.by_then }
            }
            _ => ExclusionReason::Contraindicated,
        };
        let dose_number = (row.dose_number > 0).then_some(row.dose_number);
        if let Some(person) = people.get_mut(&PersonId(row.person_id)) {
            person.add_exclusion(CourseId(row.course_id), Exclusion { dose_number, reason });
        }
    }
    Ok(())
}
